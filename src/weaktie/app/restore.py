"""Restoring a backup into an empty folder, with everything verified before and checked after.

The home gets its format stamp last: until then no server starts on it, and a restore that was killed is run again from
the beginning. Before the stamp the erasure journal is applied, so that nobody who was erased since the backup returns.
"""

import shutil
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from sqlalchemy import delete, select

from weaktie.app.backup import (
    DATABASE,
    JOURNAL,
    Backup,
    DamagedFile,
    NoBackup,
    backups_in,
    copy_durably,
    lake_root,
    merge_journals,
    sha256_of,
)
from weaktie.app.home import STAMP, HomeExists, write_stamp
from weaktie.app.sealing import open_file
from weaktie.app.status import catch_up
from weaktie.app.wiring import App
from weaktie.data.collect.jobs import offset_of
from weaktie.data.profiles.tables import generations
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import Conflict
from weaktie.kit.settings import load as load_settings
from weaktie.kit.settings import render_toml
from weaktie.kit.words import Words
from weaktie.store.database.copies import drop_all, is_empty, load, rows_by_table
from weaktie.store.database.jobs import head, revision, upgrade
from weaktie.store.database.service import Database, open_database
from weaktie.store.lake.service import open_lake
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.tables import leases
from weaktie.trust.audit.service import verify as verify_audit
from weaktie.trust.rights.service import Journal
from weaktie.trust.vault.contracts import MASTER_KEY_FILE, WrongMasterKey
from weaktie.trust.vault.service import key_of

MARK = "restoring.json"
Bring = Callable[[Path, Path], None]


class NotRestorable(Conflict):
    """The restore is refused, or what it brought back is not what the backup says; `place` says where."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. `rows` and `lake_rows` were equal to the backup's before erasures were applied."""

    backup_id: str
    taken_us: int
    files: int
    size_bytes: int
    tables: int
    rows: int
    lake_rows: dict[str, int]
    events_from_log: int
    journal_lines: int
    journal_damaged: int
    erased_again: list[str]
    audit_entries: int


def choose(folder: Path, backup_id: str | None) -> Backup:
    """The newest backup, or the one that is named; raises NoBackup or DamagedFile."""
    for backup in backups_in(folder):
        if backup_id in (None, backup.backup_id):
            return backup
    raise NoBackup(str(folder / (backup_id or "")))


def verify(folder: Path, backup: Backup, told: Progress) -> int:
    """Hash every file of the backup; returns how many. Raises DamagedFile for the first that is missing or differs."""
    done = 0
    for held in backup.files:
        if sha256_of(folder / held.stored) != held.sha256:
            raise DamagedFile(held.stored)
        done += held.bytes
        told(done / max(backup.size_bytes, 1), Words("校验", "verify"))
    return len(backup.files)


def restore(
    folder: Path, home: Path, key: Path, clock: Clock, told: Progress, *, backup_id: str | None = None,
    journals: Sequence[Path] = (), database: str = "sqlite:",
) -> Restored:  # fmt: skip
    """Bring a backup back into `home`, a folder that is empty, absent, or left by a killed restore.

    `key` is the master key file, `journals` are further copies of the erasure journal (that of the old home knows
    erasures which the folder's copy may not). Raises DamagedFile, NoBackup, HomeExists, NotRestorable, WrongMasterKey.
    """
    backup = choose(folder, backup_id)
    if key_of(key).fingerprint != backup.fingerprint:
        raise WrongMasterKey
    _check_journals(folder, journals)
    _check_place(home)
    verify(folder, backup, lambda s, w: told(0.2 * s, w))
    _clear(home)
    with rebuilt(folder, backup, home, key, clock, told, journals=journals, database=database) as (
        wt,
        report,
    ):
        wt.note("cli", "restore.done", "backup", backup.backup_id, {"erased_again": len(report.erased_again)})
    write_stamp(home)
    (home / MARK).unlink()
    told(1.0, Words("完成", "done"))
    return report


def _check_journals(folder: Path, journals: Sequence[Path]) -> None:
    missing = [path for path in journals if not path.is_file()]
    if missing or not (journals or (folder / JOURNAL).is_file()):
        where = missing[0] if missing else folder / JOURNAL
        raise NotRestorable(
            "no_journal",
            Words(
                f"找不到删除日志 {where}。没有它，已被删除的人可能会回来；请用 --journal 指定。",
                f"The erasure journal {where} is missing. Without it erased people could return; name one by --journal.",
            ),
            place=str(where),
        )


def _check_place(home: Path) -> None:
    if (home / STAMP).exists():
        raise HomeExists(home)
    if home.exists() and any(home.iterdir()) and not (home / MARK).exists():
        raise NotRestorable(
            "home_not_empty",
            Words(f"{home} 不是空文件夹，未作任何修改。", f"{home} is not empty; nothing was changed."),
            place=str(home),
        )


def _clear(home: Path) -> None:
    """What a killed restore left is not kept; the mark stays until the new home is whole."""
    home.mkdir(parents=True, exist_ok=True)
    (home / MARK).touch()
    for path in home.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()


@contextmanager
def rebuilt(
    folder: Path, backup: Backup, home: Path, key: Path, clock: Clock, told: Progress, *,
    journals: Sequence[Path] = (), database: str = "sqlite:", bring: Bring = copy_durably,
) -> Iterator[tuple[App, Restored]]:  # fmt: skip
    """The parts over a home made from a verified backup, without its stamp; erasures are applied and all is checked."""
    _place_files(folder, backup, home, key, told, bring)
    _settle_addresses(home, database)
    merge_journals(Journal(home).path, [folder / JOURNAL, *journals])
    settings = load_settings(home, {})
    opened = open_database(settings.addresses.database, home)
    try:
        _fill_database(folder, backup, home, opened, key, told)
        wt = App(settings, clock, opened)
        try:
            yield wt, _bring_to_life(wt, backup, told)
        finally:
            wt.close()
    finally:
        opened.close()


def _place_files(folder: Path, backup: Backup, home: Path, key: Path, told: Progress, bring: Bring) -> None:
    for part in ("log", "lake", "published", "keys", "imports", "run", "journal"):
        (home / part).mkdir(parents=True, exist_ok=True)
    (home / "keys").chmod(0o700)
    copy_durably(key, home / MASTER_KEY_FILE)
    (home / MASTER_KEY_FILE).chmod(0o600)
    sealed_key = key_of(key).backup_key
    for number, held in enumerate(backup.files):
        if held.kind == "lake":
            bring(folder / held.stored, _below(home / "lake", held.path))
        elif held.kind == "log":
            copy_durably(folder / held.stored, _below(home / "log", held.path))
        elif held.kind == "sealed":
            target = _below(home, held.path)
            _open(folder, held.stored, target, sealed_key, f"{backup.backup_id}|{held.path}")
            target.chmod(0o600)
        told(0.2 + 0.4 * number / len(backup.files), Words("复制文件", "files"))


def _below(root: Path, path: str) -> Path:
    """A path of the manifest, which may not lead out of its folder."""
    target = (root / path).resolve()
    if not target.is_relative_to(root.resolve()):
        raise DamagedFile(path)
    return target


def _open(folder: Path, stored: str, target: Path, key: bytes, bound: str) -> None:
    try:
        open_file(folder / stored, target, key, bound)
    except ValueError:
        raise DamagedFile(stored) from None


def _settle_addresses(home: Path, database: str) -> None:
    """The new home's stores lie in itself: the old one's addresses would lead to stores that may be alive."""
    path = home / "weaktie.toml"
    written = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    addresses = {n: v for n, v in written.get("addresses", {}).items() if n == "engine"}
    path.write_text(render_toml({**written, "addresses": {**addresses, "database": database}}), "utf-8")


def _fill_database(
    folder: Path, backup: Backup, home: Path, database: Database, key: Path, told: Progress
) -> None:
    held = next(f for f in backup.files if f.kind == DATABASE)
    bound = f"{backup.backup_id}|{held.path}"
    if database.is_sqlite:
        path = Path(str(database.engine.url.database))
        _open(folder, held.stored, path, key_of(key).backup_key, bound)
    else:
        note = msgspec.json.decode((home / MARK).read_bytes() or b"null")
        if not is_empty(database):
            if note != str(database.engine.url):
                raise NotRestorable(
                    "database_not_empty",
                    Words(
                        "目标数据库不是空的，未作任何修改。",
                        "The database is not empty; nothing was changed.",
                    ),
                    place="addresses.database",
                )
            drop_all(database)
        (home / MARK).write_bytes(msgspec.json.encode(str(database.engine.url)))
        copy = home / "run" / "restore.db"
        _open(folder, held.stored, copy, key_of(key).backup_key, bound)
        load(copy, database, lambda s: told(0.6 + 0.1 * s, Words("载入数据库", "database")))
        for left in copy.parent.glob("restore.db*"):
            left.unlink()
    with database.connect() as connection:
        found = rows_by_table(connection)
    differs = [name for name, count in backup.rows.items() if found.get(name) != count]
    if differs:
        raise _wrong("表的行数", "rows of tables", ", ".join(differs))
    if revision(database) != head():
        upgrade(database)


def _bring_to_life(wt: App, backup: Backup, told: Progress) -> Restored:
    """Leases of the dead are dropped, the log's end enters the lake, erasures are applied again, all is checked."""
    with wt.database.begin() as tx:
        tx.execute(delete(leases))
    _forget_generations(wt)
    lake_rows = _check_lake(wt, backup)
    told(0.75, Words("写入日志中的事件", "events of the log"))
    before = wt.metrics.totals()[0]
    catch_up(wt)
    events_from_log = wt.metrics.totals()[0] - before
    told(0.85, Words("重新执行删除", "erasures"))
    replayed = wt.rights.replay()
    finished = wt.rights.finish_open()
    open_still = [e.erasure_id for e in finished if e.state != "done"]
    if open_still:
        raise _wrong("未完成的删除", "erasures that did not end", ", ".join(open_still))
    if replayed.lines or finished:
        _forget_log(wt)
    lake = open_lake(wt.settings.addresses.lake, wt.settings.home, wt.clock, grace_seconds=-1)
    with wt.database.begin() as tx:
        lake.sweep(tx)
    wt.database.settle()
    told(0.9, Words("检查", "checks"))
    audit = _check_invariants(wt)
    return Restored(
        backup.backup_id, backup.taken_us, len(backup.files), backup.size_bytes, len(backup.rows),
        sum(backup.rows.values()), lake_rows, events_from_log, replayed.lines, replayed.damaged, replayed.again, audit,
    )  # fmt: skip


def _forget_generations(wt: App) -> None:
    """Of the published generations a backup holds the newest; the next build makes a new one."""
    with wt.database.begin() as tx:
        for number, path in tx.execute(select(generations.c.number, generations.c.path)).all():
            if not (wt.settings.home / path).exists():
                tx.execute(delete(generations).where(generations.c.number == number))


def _check_lake(wt: App, backup: Backup) -> dict[str, int]:
    """The database's manifest and the backup name the same files with the same hashes, and they are there."""
    held = {f.path: f.sha256 for f in backup.files if f.kind == "lake"}
    root = lake_root(wt.settings)
    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).files
    rows: dict[str, int] = {}
    for file in files:
        name = str(file.path.relative_to(root))
        if held.get(name) != file.sha256 or sha256_of(file.path) != file.sha256:
            raise DamagedFile(f"lake/{name}")
        if file.ids_path is not None:
            ids = str(file.ids_path.relative_to(root))
            if ids not in held or sha256_of(file.ids_path) != held[ids]:
                raise DamagedFile(f"lake/{ids}")
        rows[file.table] = rows.get(file.table, 0) + file.rows
    if rows != backup.lake_rows:
        raise _wrong("数据湖的行数", "rows of the lake", "lake")
    return rows


def _check_invariants(wt: App) -> int:
    """Offsets lie within the log, the audit chain holds; returns how many audit entries were read."""
    for partition in wt.log.partitions():
        with wt.database.connect() as connection:
            offset = offset_of(connection, partition)
        if offset > wt.log.end(partition):
            raise _wrong("日志位置", "offset beyond the log", f"p{partition:03d}")
    with wt.database.connect() as connection:
        chain = verify_audit(connection)
    if not chain.ok:
        raise _wrong("审计链", "audit chain", str(chain.bad[0]))
    return chain.checked


def _forget_log(wt: App) -> None:
    """Everything is in the lake; the raw requests would still name who was erased."""
    far = wt.clock.now_us() // DAY_US + 36_500
    for partition in wt.log.partitions():
        end = wt.log.end(partition)
        wt.log.copy_out(partition, end, wt.settings.home / "log" / f"p{partition:03d}", last_day=far)
        wt.log.drop_before(partition, end, far)


def _wrong(zh: str, en: str, where: str) -> NotRestorable:
    return NotRestorable(
        "restore_differs",
        Words(
            f"恢复后的数据与备份不符（{zh}：{where}）。",
            f"What was restored is not what was backed up ({en}: {where}).",
        ),
        place=where,
    )


def as_dict(report: Restored) -> dict[str, object]:
    """For `--json`."""
    return asdict(report)
