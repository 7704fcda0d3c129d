"""What can be asked for: the events that were seen, and what an event carries. Never the identifiers of people."""

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import ANY_EVENT, Crowd
from weaktie.data.behaviour.queries import event_counts, newest_rows
from weaktie.data.collect.service import VOCABULARY
from weaktie.data.tracking.contracts import Plan, Text
from weaktie.data.tracking.service import current
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import Lake, LakeFile, PromotedColumn, Snapshot
from weaktie.store.lake.service import frame_of
from weaktie.store.lake.tables import EVENTS

Kind = Literal["text", "number", "boolean", "time"]
DAYS: Final = 90
"""Events are counted over this many days before the newest."""
ROWS: Final = 20_000
SHOWN_VALUES: Final = 10
MOST_PROPERTIES: Final = 60
LONGEST_VALUE: Final = 80
PORTION_ROWS: Final = 500_000
KINDS: Final[dict[str, Kind]] = {
    "text": "text",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "time": "time",
}
COLUMN_WORDS: Final[dict[str, Words]] = {
    "channel": Words("渠道", "Channel"),
    "platform": Words("平台", "Platform"),
    "app_version": Words("应用版本", "App version"),
    "product_id": Words("商品 id", "Product"),
    "content_id": Words("内容 id", "Content"),
    "shop_id": Words("店铺", "Shop"),
    "source": Words("数据源", "Source"),
    "amount_minor": Words("金额（最小货币单位）", "Amount in minor units"),
    "currency": Words("货币", "Currency"),
    "order_id": Words("订单号", "Order number"),
    "session_id": Words("会话 id", "Session"),
}
"""The columns of `events` that a builder offers."""
UNSHOWN: Final = {"order_id", "session_id"}
"""Columns whose values are each of one person."""
_PERSONAL: Final = re.compile(
    r"user|uid|openid|unionid|device|phone|mobile|mail|name|nick|addr|card|invit|sharer|member|anonymous|distinct|login"
    r"|account|wechat|qq|passport|receiver|buyer|contact|avatar|ip$|idfa|imei|oaid|token|姓名|手机|电话|邮箱|地址|昵称|用户",
    re.IGNORECASE,
)
"""Properties that may well name somebody: they are offered, their values are not."""
_LOOKS_PERSONAL: Final = re.compile(r"@|\d{7,}")
_OPEN = msgspec.json.Decoder(dict[str, Any])
_ENCODER = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event name, how it is called, and how often it came in the last 90 days of the data."""

    event: str
    words: Words
    count: int


@dataclass(frozen=True, slots=True)
class SeenProperty:
    """A property that an event carries; `values` are its most frequent ones as texts, none where they could name somebody."""

    property: str
    words: Words
    type: Kind
    values: list[str]


class Vocabulary:
    """Events and properties as builders offer them; each is looked up again when the crowd has changed."""

    def __init__(self, lake: Lake, named: Callable[[Connection, str], bool]) -> None:
        self._lake, self._named = lake, named
        self._lock = threading.Lock()
        self._key = ""
        self._events: list[tuple[str, int]] | None = None
        self._properties: dict[str, list[tuple[str, Kind, list[str]]]] = {}

    def events(self, connection: Connection, session: Session, crowd: Crowd) -> list[SeenEvent]:
        """Every event that was seen, the most frequent first."""
        plan = current(connection).plan
        with self._lock:
            self._follow(crowd)
            if self._events is None:
                self._events = _counted(session, crowd.snapshot)
        return [SeenEvent(event, event_words(plan, event), count) for event, count in self._events]

    def properties(
        self, connection: Connection, session: Session, crowd: Crowd, event: str
    ) -> list[SeenProperty]:
        """What an event carries, or with ANY_EVENT any of them: columns, promoted columns, keys of recent rows."""
        plan = current(connection).plan
        with self._lock:
            self._follow(crowd)
            found = self._properties.get(event)
            if found is None:
                found = self._observed(connection, session, crowd, event)
                if len(self._properties) < 1_000:
                    self._properties[event] = found
        return [SeenProperty(p, _property_words(plan, event, p), kind, values) for p, kind, values in found]

    def _follow(self, crowd: Crowd) -> None:
        if self._key != crowd.key:
            self._key, self._events = crowd.key, None
            self._properties.clear()

    def _observed(
        self, connection: Connection, session: Session, crowd: Crowd, event: str
    ) -> list[tuple[str, Kind, list[str]]]:
        promoted = [c for c in self._lake.columns("events") if not c.event or event in (ANY_EVENT, c.event)]
        rows = _recent(session, crowd, event, promoted)
        found: list[tuple[str, Kind, list[str]]] = []
        for column in COLUMN_WORDS:
            kind: Kind = "number" if pa.types.is_integer(EVENTS.schema.field(column).type) else "text"
            found.append(
                (column, kind, [] if column in UNSHOWN else self._values(connection, column, rows[column]))
            )
        found += [
            (c.name, KINDS[c.type], self._values(connection, c.property, rows[c.name])) for c in promoted
        ]
        members: dict[str, list[Any]] = {}
        for text in rows["properties"].to_pylist():
            for key, value in _members(text).items():
                if value is not None and (key in members or len(members) < MOST_PROPERTIES):
                    members.setdefault(key, []).append(value)
        for key, values in sorted(members.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            if key not in COLUMN_WORDS:
                found.append(
                    (
                        key,
                        _kind(values),
                        self._values(connection, key, pa.array(map(_text, values), pa.string())),
                    )
                )
        return found

    def _values(self, connection: Connection, name: str, column: "pa.Array | pa.ChunkedArray") -> list[str]:
        """The most frequent values, none of which names a person; none where nearly every row has its own."""
        texts = column.cast(pa.string()).drop_null()
        if _PERSONAL.search(name) or not len(texts):
            return []
        counts = Counter(texts.to_pylist())
        if len(counts) > 50 and len(counts) > len(texts) / 2:
            return []
        most = [v for v, _ in counts.most_common(4 * SHOWN_VALUES) if v and len(v) <= LONGEST_VALUE]
        kept: list[str] = []
        for value in most:
            if not _LOOKS_PERSONAL.search(value) and not self._named(connection, value):
                kept.append(value)
            if len(kept) == SHOWN_VALUES:
                break
        return kept


def event_words(plan: Plan, event: str) -> Words:
    """What the plan calls an event, else our vocabulary; its own name where neither says anything."""
    planned = plan.event(event)
    label = planned.label if planned else Text()
    known = VOCABULARY.get(event)
    return _words(Text(label.zh or known.zh, label.en) if known else label, event)


def _property_words(plan: Plan, event: str, name: str) -> Words:
    if name in COLUMN_WORDS:
        return COLUMN_WORDS[name]
    planned = plan.event(event)
    known = [*(planned.properties if planned else ()), *plan.common]
    if event == ANY_EVENT:
        known += [p for e in plan.events for p in e.properties]
    return _words(next((p.label for p in known if p.name == name), Text()), name)


def _words(label: Text, name: str) -> Words:
    return Words(label.zh or label.en or name, label.en or name)


def _counted(session: Session, snapshot: Snapshot) -> list[tuple[str, int]]:
    files = snapshot.of("events")
    first = max((f.max_day for f in files), default=0) - DAYS
    recent = [f.path for f in files if f.max_day > first]
    rows = session.collect(event_counts(session.scan(recent, EVENTS.schema), first)).to_pylist()
    return sorted(
        ((r["event"], r["events"]) for r in rows if r["event"]), key=lambda pair: (-pair[1], pair[0])
    )


def _recent(session: Session, crowd: Crowd, event: str, promoted: Sequence[PromotedColumn]) -> pa.Table:
    """Some of the newest rows of an event by people who may be analysed."""
    names = [*COLUMN_WORDS, *(c.name for c in promoted), "properties"]
    tables: list[pa.Table] = []
    gathered = 0
    for files in _portions(crowd.snapshot):
        frame = frame_of(session, files, "events", tuple(promoted))
        rows = session.collect(newest_rows(frame, event, ["alias_no", *names], ROWS))
        numbers = rows["alias_no"].to_numpy()
        known = numbers < len(crowd.persons)
        may = known & (crowd.persons[numbers * known] >= 0)
        tables.append(rows.filter(pa.array(may)).select(names))
        gathered += tables[-1].num_rows
        if gathered >= ROWS:
            break
    if not tables:
        frame = frame_of(session, [], "events", tuple(promoted))
        return session.collect(frame.select(*names))
    return pa.concat_tables(tables).slice(0, ROWS)


def _portions(snapshot: Snapshot) -> Iterator[list[LakeFile]]:
    """The files of events, the newest first, some at a time."""
    portion: list[LakeFile] = []
    for file in sorted(snapshot.of("events"), key=lambda f: (-f.max_day, -f.file_id)):
        portion.append(file)
        if sum(f.rows for f in portion) >= PORTION_ROWS:
            yield portion
            portion = []
    if portion:
        yield portion


def _members(text: str | None) -> dict[str, Any]:
    try:
        return _OPEN.decode(text) if text else {}
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}


def _kind(values: Iterable[Any]) -> Kind:
    kinds = {type(v) for v in values}
    if kinds == {bool}:
        return "boolean"
    return "number" if kinds <= {int, float} else "text"


def _text(value: Any) -> str:
    return value if type(value) is str else _ENCODER.encode(value).decode()
