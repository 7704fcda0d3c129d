"""When a pull is due, and which queries it may ask. Pure."""

import re
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from weaktie.data.pulls.contracts import BadPull
from weaktie.kit.clock import MINUTE_US, from_datetime, to_datetime
from weaktie.kit.words import Words

FEWEST_MINUTES, MOST_MINUTES = 1, 30 * 1440
_DAILY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WRITES = re.compile(
    r"\b(insert|update|delete|merge|drop|alter|create|truncate|grant|revoke|copy|call|attach|detach|pragma|vacuum|into|"
    r"set|begin|commit|rollback|lock|execute|do)\b",
    re.IGNORECASE,
)


def checked_schedule(every_minutes: int | None, daily_at: str | None) -> None:
    """Raises BadPull `pull_bad_schedule` unless exactly one of both is given and sound."""
    sound = (every_minutes is None) != (daily_at is None)
    if every_minutes is not None:
        sound = sound and FEWEST_MINUTES <= every_minutes <= MOST_MINUTES
    if daily_at is not None:
        sound = sound and _DAILY.fullmatch(daily_at) is not None
    if not sound:
        raise BadPull(
            "pull_bad_schedule",
            Words(
                "请选择每 N 分钟（1 到 43200）或每天某时某分（hh:mm）之一。",
                "Choose either every N minutes (1 to 43,200) or a time of day (hh:mm).",
            ),
            place="every_minutes",
        )


def next_due(now_us: int, every_minutes: int | None, daily_at: str | None, zone: ZoneInfo) -> int:
    """The next instant after now at which the pull runs. A local time that a change of clocks skips is moved on."""
    if every_minutes is not None:
        return now_us + every_minutes * MINUTE_US
    assert daily_at is not None
    hour, minute = map(int, daily_at.split(":"))
    local = to_datetime(now_us).astimezone(zone)
    for days in range(3):
        day = local.date() + timedelta(days=days)
        due = from_datetime(datetime.combine(day, time(hour, minute), tzinfo=zone))
        if due > now_us:
            return due
    raise AssertionError(daily_at)


def checked_query(query: str) -> str:
    """The one SELECT that a pull asks; raises BadPull `pull_bad_query` for anything else."""
    plain = query.strip().rstrip(";").strip()
    bare = _LITERALS.sub(" ", plain)
    if not re.match(r"(select|with)\b", bare.lstrip(), re.IGNORECASE) or ";" in bare or _WRITES.search(bare):
        raise BadPull(
            "pull_bad_query",
            Words("只能是一条 SELECT 查询。", "Only one SELECT query may be asked."),
            place="query",
        )
    return plain


def allowed_folder(address: str, roots: str) -> Path:
    """The folder, resolved; raises BadPull where it does not lie under a root that the settings allow."""
    allowed = [Path(root.strip()).resolve() for root in roots.split(",") if root.strip()]
    if not allowed:
        raise BadPull(
            "pull_no_folder_allowed",
            Words(
                "尚未允许任何文件夹：请在设置 imports.folders 中列出。",
                "No folder is allowed yet: name some in the setting imports.folders.",
            ),
            place="address",
        )
    path = Path(address)
    found = path.resolve()
    if not path.is_absolute() or not any(found == root or found.is_relative_to(root) for root in allowed):
        raise BadPull(
            "pull_folder_not_allowed",
            Words(
                "该路径不在设置 imports.folders 允许的文件夹内。",
                "The path does not lie in a folder that the setting imports.folders allows.",
            ),
            place="address",
        )
    return found
