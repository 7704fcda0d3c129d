"""Every setting of a deployment: one typed object, read from `weaktie.toml` and `WEAKTIE_*`.

A key is `section.name`; its environment variable is `WEAKTIE_SECTION_NAME` (the four addresses also answer to
`WEAKTIE_LOG`, `WEAKTIE_LAKE`, `WEAKTIE_ENGINE`, `WEAKTIE_DATABASE`). The environment wins over the file.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words


def _setting(default: Any, zh: str, en: str, **limits: Any) -> Any:
    return field(default=default, metadata={"help": Words(zh, en), **limits})


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the four stores are; an empty path means the folder of that name in the home."""

    log: str = _setting(
        "file:",
        "请求日志的地址：file: 加文件夹，或 kafka://（尚未支持）",
        "Address of the request log: file:FOLDER, or kafka:// (not yet)",
    )
    lake: str = _setting(
        "file:",
        "数据湖的地址：file: 加文件夹，或 s3://（尚未支持）",
        "Address of the lake: file:FOLDER, or s3:// (not yet)",
    )
    engine: str = _setting(
        "duckdb:",
        "查询引擎：duckdb:，或 spark://主机:端口（独立集群，需安装 weaktie[spark] 与 Java 17）",
        "Query engine: duckdb:, or spark://HOST:PORT (a standalone cluster; needs weaktie[spark] and Java 17)",
    )
    database: str = _setting(
        "sqlite:", "数据库：sqlite: 加文件，或 postgresql://…", "Database: sqlite:FILE, or postgresql://…"
    )


@dataclass(frozen=True, slots=True)
class Workspace:
    """What the company is; one deployment is one workspace."""

    name: str = _setting("weaktie", "工作区名称", "Name of the workspace")
    timezone: str = _setting(
        "Asia/Shanghai", "业务日期所用的时区（IANA 名称）", "Zone of business dates (an IANA name)", zone=True
    )
    currency: str = _setting(
        "CNY", "汇总金额所用的货币（ISO 4217）", "Currency in which amounts are summed (ISO 4217)", length=3
    )
    language: str = _setting(
        "zh-CN",
        "控制台的默认语言：zh-CN 或 en",
        "Default language of the console: zh-CN or en",
        choices=("zh-CN", "en"),
    )
    simulated: bool = _setting(
        False,
        "数据是否为模拟数据；控制台每页都会注明",
        "Whether the data is simulated; every page of the console then says so",
    )


@dataclass(frozen=True, slots=True)
class Door:
    """Limits of the collector's door."""

    host: str = _setting("127.0.0.1", "监听地址", "Address to listen on")
    port: int = _setting(
        8765, "监听端口；0 表示任选空闲端口", "Port to listen on; 0 takes a free one", low=0, high=65535
    )
    max_event_bytes: int = _setting(32_768, "单个事件的最大字节数", "Largest event in bytes", low=1024)
    max_batch_bytes: int = _setting(
        512_000, "一次请求解压后的最大字节数", "Largest request in bytes after decompression", low=1024
    )
    cors_origins: str = _setting(
        "*",
        "允许网页上报的来源，逗号分隔；* 表示全部",
        "Origins whose pages may send events, by comma; * means all",
    )
    trusted_proxies: str = _setting(
        "", "可信反向代理的 IP，逗号分隔", "IPs of trusted reverse proxies, by comma"
    )


@dataclass(frozen=True, slots=True)
class Log:
    """The durable log of raw requests."""

    segment_bytes: int = _setting(
        64 * 1024 * 1024, "日志分段的大小", "Size of a log segment in bytes", low=4096
    )
    keep_days: int = _setting(
        7,
        "请求入湖后原始日志保留的天数",
        "Days for which raw requests are kept after they are in the lake",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Lake:
    """The Parquet lake."""

    batch_events: int = _setting(
        50_000, "写入程序每批最多的事件数", "Most events the lake writer puts in one file", low=1
    )
    batch_wait_ms: int = _setting(
        1000,
        "写入程序凑批时的最长等待（毫秒）",
        "Longest wait of the lake writer for a fuller batch, in milliseconds",
        low=0,
    )
    dedup_days: int = _setting(
        35, "同一事件 id 被视为重复的天数", "Days over which a repeated event id counts as a duplicate", low=1
    )
    grace_seconds: int = _setting(
        600,
        "被替换的文件保留多久后删除（秒）",
        "Seconds for which replaced files stay for readers that still use them",
        low=0,
    )


@dataclass(frozen=True, slots=True)
class Engine:
    """Resources of the query engine."""

    memory_gb: float = _setting(
        3.0,
        "查询引擎可用内存（GB）；spark:// 时为驱动进程的内存",
        "Memory of the query engine in GB; with spark:// that of the driver",
        low=0.25,
    )
    threads: int = _setting(
        0,
        "查询引擎线程数；0 表示全部核；spark:// 时为保留的核数，0 表示用空闲的核、用完归还",
        "Threads of the query engine; 0 takes all cores; with spark:// cores kept, 0 takes free ones and gives them back",
        low=0,
    )

    @property
    def at_once(self) -> int:
        """Threads of one step in this process."""
        return self.threads or os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Build:
    """The scheduled build of profiles."""

    every_minutes: int = _setting(
        60,
        "服务运行时自动构建的间隔（分钟）；0 表示不自动构建",
        "Minutes between builds while serving; 0 builds only on demand",
        low=0,
    )
    most_events_a_minute: int = _setting(
        300,
        "一个用户一分钟内的事件数上限；超过的，其当天的行为不计入任何指标；0 表示不检查",
        "Events of one identifier in one minute beyond which its behaviour of that day counts in no figure; 0 looks at none",
        low=0,
    )
    keep_generations: int = _setting(3, "保留的已发布代数", "Published generations that are kept", low=2)


@dataclass(frozen=True, slots=True)
class Backup:
    """Scheduled backups."""

    folder: str = _setting(
        "",
        "备份存放的文件夹，应在另一块磁盘上；留空表示不自动备份",
        "Folder of the backups, best on another disk; empty makes none by itself",
    )
    every_hours: int = _setting(
        24, "服务运行时自动备份的间隔（小时）；0 表示不自动备份",
        "Hours between backups while serving; 0 backs up only on demand", low=0,
    )  # fmt: skip
    keep: int = _setting(7, "保留的备份份数", "Backups that are kept", low=1)


@dataclass(frozen=True, slots=True)
class Security:
    """Sign-in and keys."""

    session_hours: int = _setting(12, "登录会话的有效时长（小时）", "Hours for which a sign-in lasts", low=1)
    login_tries: int = _setting(
        10,
        "15 分钟内每账号和每 IP 允许的失败次数",
        "Failed sign-ins per account and per IP in 15 minutes",
        low=1,
    )
    secure_cookies: bool = _setting(
        False,
        "是否只在 HTTPS 上发送 Cookie（启用 TLS 时打开）",
        "Send cookies over HTTPS only (switch on behind TLS)",
    )


@dataclass(frozen=True, slots=True)
class Consent:
    """Asking people, and answering their requests."""

    ask_again_days: int = _setting(
        30,
        "被拒绝后至少隔多少天才能再次征求同意",
        "Days that have to pass after a refusal before somebody may be asked again",
        low=1,
    )
    link_hours: int = _setting(
        72,
        "授权页个人链接的有效期（小时）",
        "Hours for which a personal link to the consent page is good",
        low=1,
    )
    answer_days: int = _setting(
        15,
        "个人权利请求的答复期限（工作日，周一至周五）",
        "Working days (Monday to Friday) in which a person's request has to be answered",
        low=1,
    )
    policy: str = _setting(
        "pipl",
        "权利请求的期限规则：pipl 按 answer_days 个工作日，gdpr 按 30 个自然日",
        "Deadlines of requests: pipl takes answer_days working days, gdpr 30 calendar days",
        choices=("pipl", "gdpr"),
    )


@dataclass(frozen=True, slots=True)
class Imports:
    """Where scheduled pulls may read on this machine."""

    folders: str = _setting(
        "",
        "定时拉取可读取的服务器文件夹（绝对路径，逗号分隔）；为空则不允许",
        "Folders of this machine that scheduled pulls may read (absolute, by comma); empty allows none",
    )


@dataclass(frozen=True, slots=True)
class Outbound:
    """What we fetch from and send to addresses that people gave us."""

    allow: str = _setting(
        "",
        "允许访问的内部主机名或网段，逗号分隔；默认只访问公网地址",
        "Internal host names or networks that may be reached, by comma; otherwise public addresses only",
    )


@dataclass(frozen=True, slots=True)
class Acquisition:
    """Channel links, and what makes a newcomer a good one."""

    hosts: str = _setting(
        "",
        "渠道链接可以跳转到的域名，逗号分隔，*.example.com 含其子域名；为空则不能跳转到网页",
        "Hosts that channel links may lead to, by comma, *.example.com for those below it; empty allows no web page",
    )
    address: str = _setting(
        "",
        "本服务对外的地址，用于渠道链接与二维码，如 https://go.example.com；为空取访问控制台的地址",
        "Address of this server for channel links and QR codes, such as https://go.example.com; empty takes the console's",
    )
    opens_a_minute: int = _setting(
        60,
        "同一地址每分钟最多打开渠道链接的次数",
        "Most opens of channel links a minute from one address",
        low=1,
    )
    order_days: int = _setting(
        7, "新客质量：首次到访后多少天内下单", "Days after the first visit within which a newcomer's order counts", low=1,
        high=90,
    )  # fmt: skip
    high_value: int = _setting(
        500,
        "高质量新客：首次到访后 30 天内净消费达到的金额（工作区货币，元）",
        "Net amount in the first 30 days that makes a newcomer a high-quality one (workspace currency, major units)",
        low=1,
    )


@dataclass(frozen=True, slots=True)
class Sql:
    """Queries that analysts write."""

    seconds: float = _setting(60.0, "一个查询的时限（秒）", "Seconds that one query may take", low=1.0)
    memory_gb: float = _setting(
        1.0,
        "一个查询可用的内存（GB）",
        "Memory of one query in GB; it runs in a process of its own",
        low=0.25,
    )
    threads: int = _setting(2, "一个查询使用的线程数", "Threads of one query", low=1)
    at_once: int = _setting(
        2, "同时运行的查询数，其余的排队", "Queries that run at the same time; others wait", low=1
    )
    most_rows: int = _setting(
        100_000, "一个查询最多保留的结果行数", "Rows of a result that are kept", low=1, high=5_000_000
    )  # fmt: skip
    keep_minutes: int = _setting(60, "结果保留的时长（分钟）", "Minutes for which a result is kept", low=1)
    history_days: int = _setting(
        90, "查询历史保留的天数", "Days for which the history of queries is kept", low=1
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole, and the home folder it belongs to."""

    home: Path
    addresses: Addresses = field(default_factory=Addresses)
    workspace: Workspace = field(default_factory=Workspace)
    door: Door = field(default_factory=Door)
    log: Log = field(default_factory=Log)
    lake: Lake = field(default_factory=Lake)
    engine: Engine = field(default_factory=Engine)
    build: Build = field(default_factory=Build)
    backup: Backup = field(default_factory=Backup)
    security: Security = field(default_factory=Security)
    consent: Consent = field(default_factory=Consent)
    imports: Imports = field(default_factory=Imports)
    outbound: Outbound = field(default_factory=Outbound)
    acquisition: Acquisition = field(default_factory=Acquisition)
    sql: Sql = field(default_factory=Sql)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of business dates."""
        return ZoneInfo(self.workspace.timezone)


SECTIONS: dict[str, type] = {
    "addresses": Addresses, "workspace": Workspace, "door": Door, "log": Log, "lake": Lake, "engine": Engine,
    "build": Build, "backup": Backup, "security": Security, "consent": Consent, "imports": Imports, "outbound": Outbound,
    "acquisition": Acquisition,
    "sql": Sql,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """What the reference page and the settings page show of one setting."""

    key: str
    env: str
    default: object
    type: str
    help: Words


class BadSetting(Refused):
    """A setting that stops the start; `place` is its name."""

    def __init__(self, key: str, value: object, why: Words) -> None:
        super().__init__(
            "bad_setting",
            Words(
                f"设置 {key} 的值 {value!r} 无效：{why.zh}",
                f"Setting {key} has the value {value!r}: {why.en}",
            ),
            place=key,
        )


def env_name(key: str) -> str:
    """The environment variable of `section.name`."""
    section, name = key.split(".", 1)
    return f"WEAKTIE_{name}".upper() if section == "addresses" else f"WEAKTIE_{section}_{name}".upper()


def describe() -> list[SettingDoc]:
    """Every setting with its default and help, in the order of the sections."""
    return [
        SettingDoc(
            f"{section}.{f.name}",
            env_name(f"{section}.{f.name}"),
            f.default,
            _type_name(f),
            f.metadata["help"],
        )
        for section, cls in SECTIONS.items()
        for f in fields(cls)
    ]


def load(home: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings of the home: defaults, then `weaktie.toml`, then the environment; raises BadSetting by name."""
    path = home / "weaktie.toml"
    try:
        written = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(
            "weaktie.toml", str(path), Words(f"无法解析（{error}）", f"it cannot be read ({error})")
        ) from error
    env = os.environ if environ is None else environ
    known = {doc.env: doc.key for doc in describe()}
    for section, values in written.items():
        if section not in SECTIONS or not isinstance(values, dict):
            raise BadSetting(section, values, Words("没有这一节", "there is no such section"))
        names = {f.name for f in fields(SECTIONS[section])}
        for name in values:
            if name not in names:
                raise BadSetting(
                    f"{section}.{name}", values[name], Words("没有这个设置", "there is no such setting")
                )
    for variable in env:
        if variable.startswith("WEAKTIE_") and variable not in known and variable not in OTHER_VARIABLES:
            raise BadSetting(variable, env[variable], Words("没有这个设置", "there is no such setting"))
    settings = Settings(home=home.resolve())
    for section, cls in SECTIONS.items():
        values = {}
        for f in fields(cls):
            key = f"{section}.{f.name}"
            given = env.get(env_name(key), written.get(section, {}).get(f.name, f.default))
            values[f.name] = _checked(key, f, given)
        settings = replace(settings, **{section: cls(**values)})
    return settings


OTHER_VARIABLES = {"WEAKTIE_HOME", "WEAKTIE_TEST_DATA"}


def render_toml(values: Mapping[str, Mapping[str, object]]) -> str:
    """A `weaktie.toml` holding the given sections, each setting under its help as a comment."""
    lines = []
    helps = {doc.key: doc.help for doc in describe()}
    for section, settings in values.items():
        lines.append(f"[{section}]")
        for name, value in settings.items():
            text = str(value).lower() if isinstance(value, bool) else value
            quoted = (
                '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
                if isinstance(value, str)
                else text
            )
            lines += [f"# {helps[f'{section}.{name}'].en}", f"{name} = {quoted}"]
        lines.append("")
    return "\n".join(lines)


def _type_name(f: Field[Any]) -> str:
    return type(f.default).__name__


def _checked(key: str, f: Field[Any], given: object) -> object:
    kind: Any = type(f.default)
    value: Any = given
    if isinstance(given, str) and kind is not str:
        try:
            value = (
                {"true": True, "1": True, "false": False, "0": False}[given.lower()]
                if kind is bool
                else kind(given)
            )
        except (ValueError, KeyError):
            raise BadSetting(
                key, given, Words(f"应为 {kind.__name__}", f"{kind.__name__} expected")
            ) from None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not kind:
        raise BadSetting(key, given, Words(f"应为 {kind.__name__}", f"{kind.__name__} expected"))
    rules: Mapping[str, Any] = f.metadata
    if ("low" in rules and value < rules["low"]) or ("high" in rules and value > rules["high"]):
        limits = f"{rules.get('low', '')}…{rules.get('high', '')}"
        raise BadSetting(key, given, Words(f"超出范围 {limits}", f"outside {limits}"))
    if "choices" in rules and value not in rules["choices"]:
        raise BadSetting(
            key, given, Words(f"只能是 {rules['choices']}", f"one of {rules['choices']} expected")
        )
    if "length" in rules and len(value) != rules["length"]:
        raise BadSetting(
            key, given, Words(f"长度应为 {rules['length']}", f"length {rules['length']} expected")
        )
    if rules.get("zone"):
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError):
            raise BadSetting(key, given, Words("没有这个时区", "there is no such zone")) from None
    return value
