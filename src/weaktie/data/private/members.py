"""Lists of members as files: each line becomes a join and, where it says so, a leave. Pure."""

import csv
import hashlib
import io
import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from weaktie.data.collect.contracts import Event, Identifier
from weaktie.data.identity.service import is_usable
from weaktie.data.private.contracts import CHANNELS, MOST_MEMBER_ROWS, OTHER_NAMES, BadMember, BadMembers
from weaktie.kit.clock import DAY_US, from_datetime
from weaktie.kit.words import Words

HEADERS: dict[str, tuple[str, ...]] = {
    "user_id": ("user_id", "userid", "用户id", "会员id", "会员编号", "用户编号"),
    "wecom": ("external_userid", "externaluserid", "企微外部联系人id", "外部联系人id"),
    "unionid": ("unionid", "union_id"),
    "phone": ("phone", "mobile", "手机号", "手机"),
    "channel": ("channel", "private_channel", "渠道", "私域渠道"),
    "joined": ("joined", "joined_time", "join_time", "加入时间", "添加时间", "入群时间", "关注时间", "订阅时间"),
    "left": ("left", "left_time", "leave_time", "离开时间", "删除时间", "退群时间", "取消关注时间", "取消订阅时间"),
    "place": ("place_id", "place", "group_id", "staff_id", "群id", "群名", "员工", "添加人"),
}  # fmt: skip
WHO = {"user_id": "user", "wecom": "wecom", "unionid": "unionid", "phone": "phone"}
KEPT_BAD = 200
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_NO_PERSON = Words("没有可用的用户标识", "no usable id of a person")
_NO_CHANNEL = Words("未知的私域渠道", "the owned channel is not known")
_NO_TIME = Words("时间无法识别", "the time cannot be read")
_FUTURE = Words("时间在未来", "the time is in the future")
_BEFORE = Words("离开早于加入", "it was left before it was joined")


def read_members(
    text: str, *, channel: str, zone: ZoneInfo, now_us: int, source_id: str
) -> tuple[int, list[tuple[int, Event]], list[BadMember]]:
    """(lines, events with their line, bad lines) of a CSV or TSV text; `channel` is for files without such a column.

    Times without an offset are of `zone`; a date alone means its first moment for joining and its last for leaving. The same
    line gives the same event every time. Raises BadMembers.
    """
    head = text[:4000]
    delimiter = max(",\t;", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter))
    except csv.Error:
        raise BadMembers(Words("不是有效的 CSV 文件。", "The file is no valid CSV.")) from None
    if len(rows) > MOST_MEMBER_ROWS + 1:
        most = MOST_MEMBER_ROWS
        raise BadMembers(Words(f"一次最多 {most} 行。", f"At most {most} lines at once."), status=413)
    columns = _columns(rows[0] if rows else [], channel)
    events: list[tuple[int, Event]] = []
    bad: list[BadMember] = []
    lines = 0
    for line, cells in enumerate(rows[1:], 2):
        if not any(c.strip() for c in cells):
            continue
        lines += 1
        given = {what: cells[at].strip() if at < len(cells) else "" for what, at in columns.items()}
        found = _events(given, channel, zone, now_us, source_id)
        if isinstance(found, tuple):
            if len(bad) < KEPT_BAD:
                bad.append(BadMember(line, found[0], found[1]))
        else:
            events += [(line, event) for event in found]
    return lines, events, bad


def _columns(header: list[str], channel: str) -> dict[str, int]:
    names = [re.sub(r"[\s_]+", "_", h.strip().lower()) for h in header]
    columns = {}
    for what, known in HEADERS.items():
        at = next((names.index(name) for name in known if name in names), None)
        if at is not None:
            columns[what] = at
    if (
        "joined" not in columns
        or not WHO.keys() & columns.keys()
        or ("channel" not in columns and not channel)
    ):
        raise BadMembers(
            Words(
                "表头需要：用户标识（user_id、external_userid、unionid 或 phone）、channel、joined；left 与 place_id 可选。",
                "The header needs a person (user_id, external_userid, unionid or phone), channel and joined; left and place_id "
                "may stand beside.",
            )
        )
    return columns


def _events(
    given: dict[str, str], channel: str, zone: ZoneInfo, now_us: int, source_id: str
) -> list[Event] | tuple[str, Words]:
    who: list[Identifier] = [
        (kind, given[what])  # type: ignore[misc]
        for what, kind in WHO.items()
        if given.get(what)
        and len(given[what]) <= 200
        and "\0" not in given[what]
        and is_usable((kind, given[what]))
    ]
    if not who:
        return "user_id", _NO_PERSON
    said = given.get("channel", "").lower() or channel
    where = OTHER_NAMES.get(said, said)
    if where not in CHANNELS:
        return "channel", _NO_CHANNEL
    joined = instant(given["joined"], zone, last=False)
    left = instant(given["left"], zone, last=True) if given.get("left") else None
    if joined is None:
        return "joined", _NO_TIME
    if given.get("left") and left is None:
        return "left", _NO_TIME
    if max(joined, left or 0) > now_us + DAY_US:
        return "joined" if joined > now_us + DAY_US else "left", _FUTURE
    if left is not None and left < joined:
        return "left", _BEFORE
    place = given.get("place", "")[:200]
    steps = [("Subscribed", joined), *([("Unsubscribed", min(left, now_us))] if left is not None else [])]
    return [_event(name, tuple(who), where, place, us, source_id) for name, us in steps]


def _event(
    name: str, who: tuple[Identifier, ...], channel: str, place: str, us: int, source_id: str
) -> Event:
    said = repr((source_id, who, channel, place, us, name))
    digest = hashlib.blake2b(said.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    event = Event(f"member:{digest}", name, who, us, us, digest.encode())
    event.platform = "server"
    event.properties = {"private_channel": channel}
    if place:
        event.properties["place_id"] = place
    return event


def instant(text: str, zone: ZoneInfo, *, last: bool) -> int | None:
    """Microseconds of a time or date in one of the usual forms, or None; of a date its first or last moment."""
    plain = re.sub(r"[年月/.]", "-", text.strip().replace("日", ""), count=0) if len(text) <= 40 else ""
    whole = re.fullmatch(r"(\d{4})-?(\d{1,2})-?(\d{1,2})", plain)
    try:
        if whole:
            day = date(int(whole[1]), int(whole[2]), int(whole[3]))
            moment = datetime.combine(day, time.min, tzinfo=zone)
            if last:
                moment = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone) - timedelta(
                    seconds=1
                )
        else:
            moment = datetime.fromisoformat(text.strip().replace("/", "-")) if len(text) <= 40 else _EARLIEST
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return from_datetime(moment) if moment > _EARLIEST else None
    except (ValueError, OverflowError):
        return None
