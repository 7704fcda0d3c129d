"""What is wrong with a home, and how to mend it."""

import queue
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import pyarrow as pa

from weaktie.app.backup import backups_in
from weaktie.app.home import check_home
from weaktie.kit.clock import SECOND_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.settings import Addresses, Settings, load
from weaktie.kit.words import Words
from weaktie.store.database.jobs import head, revision
from weaktie.store.database.service import Database, open_database
from weaktie.store.engine.service import open_engine
from weaktie.store.lake.service import open_lake
from weaktie.trust.vault.service import Vault

LOW_BYTES = 2 * 1024**3
ENGINE_SECONDS = 90.0
NOT_YET = {"log": ("kafka:",), "lake": ("s3:",)}
SIDES = {
    "log": ("file:",),
    "lake": ("file:",),
    "engine": ("duckdb:", "spark://"),
    "database": ("sqlite:", "postgresql:"),
}
CONSOLE = Path(__file__).parent / "static" / "console" / "index.html"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `mend` says what to do when it is not ok."""

    name: str
    ok: bool
    message: Words
    mend: Words

    def as_dict(self) -> dict[str, object]:
        """The shape of the HTTP API and of `--json`."""
        return {
            "check": self.name,
            "ok": self.ok,
            "message": self.message.as_dict(),
            "mend": self.mend.as_dict(),
        }


NOTHING = Words("无需处理。", "Nothing to do.")


def examine(home: Path, clock: Clock) -> list[Check]:
    """Look at everything that can be looked at; a broken part does not hide the others."""
    first = _guarded("home", lambda: _home(home))
    if not first.ok:
        return [first]
    try:
        settings = load(home)
    except Refused as error:
        mend = Words(
            "修改 weaktie.toml 或对应的环境变量。", "Correct weaktie.toml or the environment variable."
        )
        return [first, Check("settings", False, error.words, mend)]
    return [
        first,
        Check("settings", True, Words("设置有效。", "The settings are valid."), NOTHING),
        *_rest(settings, clock),
    ]


def _rest(settings: Settings, clock: Clock) -> Iterator[Check]:
    yield _guarded("disk", lambda: _disk(settings))
    for name, sides in SIDES.items():
        yield _address(name, getattr(settings.addresses, name), sides)
    yield from _together(settings.addresses)
    database: Database | None = None
    try:
        database = open_database(settings.addresses.database, settings.home)
        yield _guarded("database", lambda: _database(database))
        yield _guarded("master key", lambda: _vault(database, settings))
        yield _guarded("lake", lambda: _lake(database, settings, clock))
    except (AssertionError, OSError) as error:
        mend = Words("检查数据库地址是否可达。", "Check that the database's address can be reached.")
        yield Check(
            "database", False, Words("无法打开数据库。", f"The database cannot be opened ({error})."), mend
        )
    finally:
        if database is not None:
            database.close()
    yield _guarded("backup", lambda: _backup(settings, clock))
    yield _guarded("engine", lambda: _engine(settings))
    yield _console()


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except Refused as error:
        mend = Words("按提示处理后重试。", "Do as the message says, then look again.")
        return Check(name, False, error.words, mend)
    except Exception as error:  # noqa: BLE001  whatever is broken is what the doctor is there to name
        why = type(error).__name__
        mend = Words("查看服务日志以了解详情。", "See the server's log for details.")
        return Check(name, False, Words(f"检查失败：{why}", f"The check failed: {why}"), mend)


def _home(home: Path) -> Check:
    check_home(home)
    return Check(
        "home", True, Words("数据目录格式正确。", "The home has the format of this release."), NOTHING
    )


def _disk(settings: Settings) -> Check:
    usage = shutil.disk_usage(settings.home)
    free = Words(f"剩余 {usage.free / 1024**3:.1f} GB。", f"{usage.free / 1024**3:.1f} GB are free.")
    mend = Words(
        "清理磁盘或扩容；磁盘写满后采集会返回 503，已确认的数据不受影响。",
        "Free or add space; when the disk is full the collector answers 503 and what was acknowledged stays.",
    )
    ok = usage.free > LOW_BYTES
    return Check("disk", ok, free, NOTHING if ok else mend)


def _address(name: str, address: str, sides: tuple[str, ...]) -> Check:
    if address.startswith(sides):
        return Check(name + " address", True, Words(f"{address} 可用。", f"{address} is supported."), NOTHING)
    planned = address.startswith(NOT_YET.get(name, ("-",)))
    message = Words(
        f"{address} {'尚未支持' if planned else '无法识别'}。",
        f"{address} is {'not supported yet' if planned else 'not known'}.",
    )
    mend = Words(f"改为 {'、'.join(sides)}。", f"Use one of {', '.join(sides)}")
    return Check(name + " address", False, message, mend)


def _database(database: Database) -> Check:
    found, newest = revision(database), head()
    if found == newest:
        return Check(
            "database", True, Words(f"数据库版本 {found}。", f"The database is at revision {found}."), NOTHING
        )
    message = Words(
        f"数据库版本为 {found}，需要 {newest}。", f"The database is at revision {found}, {newest} is needed."
    )
    return Check("database", False, message, Words("运行 weaktie upgrade。", "Run weaktie upgrade."))


def _vault(database: Database, settings: Settings) -> Check:
    vault = Vault(database, settings.home)
    with database.connect() as connection:
        vault.check(connection)
    return Check(
        "master key", True, Words("主密钥与数据库匹配。", "The master key belongs to the database."), NOTHING
    )


def _lake(database: Database, settings: Settings, clock: Clock) -> Check:
    lake = open_lake(settings.addresses.lake, settings.home, clock, grace_seconds=settings.lake.grace_seconds)
    with database.connect() as connection:
        files = lake.snapshot(connection).files
    missing = [f for f in files if not f.path.exists() or f.path.stat().st_size != f.bytes]
    if not missing:
        return Check(
            "lake",
            True,
            Words(
                f"清单中的 {len(files)} 个文件完整。", f"All {len(files)} files of the manifest are there."
            ),
            NOTHING,
        )
    names = ", ".join(f.path.name for f in missing[:3])
    message = Words(
        f"{len(missing)} 个文件缺失或损坏：{names}", f"{len(missing)} files are missing or damaged: {names}"
    )
    return Check("lake", False, message, Words("从备份恢复这些文件。", "Restore these files from a backup."))


def _backup(settings: Settings, clock: Clock) -> Check:
    chosen = settings.backup
    if not chosen.folder:
        message = Words(
            "未设置自动备份（backup.folder 为空）。", "No scheduled backups: backup.folder is not set."
        )
        return Check("backup", True, message, NOTHING)
    mend = Words(
        "运行 weaktie backup，并在任务页查看失败原因。",
        "Run weaktie backup, and see on the jobs page why it failed.",
    )
    newest = next(iter(backups_in(Path(chosen.folder))), None)
    if newest is None:
        message = Words(
            f"{chosen.folder} 中还没有备份。", f"There is no complete backup in {chosen.folder} yet."
        )
        return Check("backup", False, message, mend)
    hours = (clock.now_us() - newest.taken_us) / (3600 * SECOND_US)
    message = Words(f"最近一次备份在 {hours:.1f} 小时前。", f"The newest backup is {hours:.1f} hours old.")
    fresh = not chosen.every_hours or hours <= 2 * chosen.every_hours
    return Check("backup", fresh, message, NOTHING if fresh else mend)


def _together(addresses: Addresses) -> Iterator[Check]:
    """Addresses that are known by themselves and not yet together."""
    if addresses.engine.startswith("spark://") and addresses.lake.startswith("s3:"):
        message = Words(
            "spark:// 读取 s3:// 需要集群安装 hadoop-aws，weaktie 尚未支持。",
            "spark:// reads s3:// only with hadoop-aws on the cluster, which weaktie does not set up yet.",
        )
        mend = Words(
            "数据湖使用各工作节点都能访问的 file: 路径。",
            "Use a file: lake that every worker sees under one path.",
        )
        yield Check("engine and lake", False, message, mend)


def _engine(settings: Settings) -> Check:
    """Runs a small aggregation, which on a cluster is work for a worker; nobody waits for a free one for ever."""
    found: queue.Queue[pa.Table | Exception] = queue.Queue()
    threading.Thread(target=_ask, args=(settings, found), daemon=True).start()
    try:
        answer = found.get(timeout=ENGINE_SECONDS)
    except queue.Empty:
        message = Words(
            f"查询引擎 {ENGINE_SECONDS:.0f} 秒内没有给出结果。",
            f"The query engine gave no result within {ENGINE_SECONDS:.0f} seconds.",
        )
        mend = Words(
            "检查集群是否有空闲的工作节点，以及工作节点能否连回本机（spark.driver.host）。",
            "See whether the cluster has a free worker, and whether workers reach this machine (spark.driver.host).",
        )
        return Check("engine", False, message, mend)
    if isinstance(answer, Exception):
        raise answer
    return Check("engine", True, Words("查询引擎可用。", "The query engine answers."), NOTHING)


def _ask(settings: Settings, found: "queue.Queue[pa.Table | Exception]") -> None:
    try:
        engine = open_engine(settings.addresses.engine, settings.home, settings.engine)
        try:
            with engine.session() as session:
                numbers = session.table(pa.table({"n": [1, 2, 3]}))
                found.put(session.collect(numbers.select(nw.col("n").sum())))
        finally:
            engine.close()
    except Exception as error:  # noqa: BLE001  said by the check that waits for it
        found.put(error)


def _console() -> Check:
    if CONSOLE.exists():
        return Check("console", True, Words("控制台已就绪。", "The console is built."), NOTHING)
    message = Words("控制台尚未构建，只有接口可用。", "The console is not built; only the API answers.")
    return Check(
        "console",
        False,
        message,
        Words(
            "在源码目录运行 make run，或安装发布的 wheel。",
            "Run make run in the source tree, or install the released wheel.",
        ),
    )
