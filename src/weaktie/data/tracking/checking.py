"""Holding the events of one lake file against the plan: counts by day, platform and version, and where they differ.

Rows that say the same are counted together first, so that what is looked at grows with the variety of events, not with
their number. The result depends on the file and the plan alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow.parquet as pq

from weaktie.data.collect.service import ORDER_EVENTS, OWN_EVENTS, SLOTS
from weaktie.data.tracking.contracts import Plan, PlannedEvent, Property
from weaktie.data.tracking.logic import column_name
from weaktie.data.tracking.report import OTHERS
from weaktie.kit.logs import mask

BATCH_ROWS = 250_000
MOST_NAMES = 300
"""Property names of one event that a file is counted by; what goes beyond (names made of ids, say) is counted as one."""
COLUMNS = {
    "content_id": "content_id", "product_id": "product_id", "order_id": "order_id", "session_id": "session_id",
    "shop_id": "shop_id", "channel": "channel", "currency": "currency", "amount_minor": "amount",
    "sharer_alias_no": "sharer_id",
}  # fmt: skip
"""Columns of the lake that hold what was sent as a property, and the property's name."""
COLUMN_TYPES = {"amount": "money"}
ELSEWHERE = frozenset({"invitee_id", "recipient_id", "to_user_id", "followed_id", "friend_id", "platform"})
"""Properties that enter other tables or columns: whether an event carried them cannot be told from the event's row."""
OF_ORDERS = frozenset({"products", "coupon"})
AUTOMATIC = frozenset(
    {"url", "path", "title", "referrer", "search", "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
     "device_model", "os", "model", "scene", "screen_name", "url_path", "url_host", "url_query", "referrer_host",
     "browser", "browser_version", "user_agent", "event_duration", "screen_orientation", "is_first_day",
     "is_first_time", "page_name", "locale", "timezone"}
)  # fmt: skip
"""What SDKs add by themselves: never called unplanned."""
_NUMBER_TEXT = re.compile(r"\s*[¥￥$€£]?\s*[+-]?\d[\d,]*(\.\d+)?\s*")
_DECODER = msgspec.json.Decoder(dict[str, Any])
_KEYS = ("day", "event", "platform", "app_version", "source")
_LENGTHS = {"event": 255, "platform": 32, "app_version": 64, "source": 64}

Group = tuple[int, str, str, str, str]


@dataclass(slots=True)
class Facts:
    """What a file says. Groups are (day, event, platform, app version, source); a tally is a count and the smallest id
    of such an event, masked."""

    seen: dict[Group, list[int]] = field(default_factory=dict)
    observed: dict[tuple[int, str, str, str], tuple[int, str]] = field(default_factory=dict)
    violations: dict[tuple[Group, str, str], tuple[int, str]] = field(default_factory=dict)
    rows: int = 0

    @property
    def size(self) -> int:
        """Rows that keeping it takes."""
        return len(self.seen) + len(self.observed) + len(self.violations)


@dataclass(frozen=True, slots=True)
class Rule:
    """One planned event, ready to be asked: properties by the name that the lake has for them."""

    platforms: frozenset[str]
    properties: Mapping[str, Property]
    required: tuple[tuple[str, str], ...]


class Rules:
    """A plan, ready to be asked. Without a saved plan nothing is a violation."""

    def __init__(self, plan: Plan, *, enforced: bool) -> None:
        self.enforced = enforced
        common = {column_name(p.name, SLOTS): p for p in plan.common}
        self._events = {e.name: _rule(e, common) for e in plan.events}

    def of(self, event: str) -> Rule | None:
        """The rule of a planned event."""
        return self._events.get(event)


def _rule(event: PlannedEvent, common: Mapping[str, Property]) -> Rule:
    properties = {**common, **{column_name(p.name, SLOTS): p for p in event.properties}}
    unseen = ELSEWHERE | OF_ORDERS if event.name in ORDER_EVENTS else ELSEWHERE
    required = tuple((kept, p.name) for kept, p in properties.items() if p.required and kept not in unseen)
    return Rule(frozenset(event.platforms), properties, required)


def check_file(path: Path, rules: Rules) -> Facts:
    """Everything about one file of events."""
    facts = Facts()
    names: dict[str, set[str]] = {}
    for frame in _batches(path):
        facts.rows += int(frame["n"].sum())
        for row in frame.iter_rows():
            _take(facts, row, rules, names)
    return facts


def _batches(path: Path) -> Iterator[pl.DataFrame]:
    """Rows that are alike, with how many they are (`n`) and the smallest id (`sample`)."""
    wanted = [*_KEYS, *COLUMNS, "properties", "event_id"]
    present = pl.sum_horizontal(
        *(pl.col(c).is_not_null().cast(pl.Int32) * (1 << i) for i, c in enumerate(COLUMNS))
    )
    keys = [
        pl.col("day"), *(pl.col(n).fill_null("").str.slice(0, k).alias(n) for n, k in _LENGTHS.items()),
        present.alias("present"), pl.col("properties"),
    ]  # fmt: skip
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=wanted):
            frame = pl.DataFrame(pl.from_arrow(batch)).filter(~pl.col("event").is_in(list(OWN_EVENTS)))
            yield frame.group_by(keys, maintain_order=True).agg(
                pl.len().alias("n"), pl.col("event_id").min().alias("sample")
            )


def _take(facts: Facts, row: tuple[Any, ...], rules: Rules, names: dict[str, set[str]]) -> None:
    day, event, platform, version, source, present, text, n, sample = row
    group: Group = (day, event, platform, version, source)
    sample = mask(sample or "")[:80]
    values = {k: v for k, v in _decoded(text).items() if v is not None}
    columns = [name for i, name in enumerate(COLUMNS.values()) if present >> i & 1]
    known = names.setdefault(event, set())
    for name, value in values.items():
        _add(facts.observed, (day, event, _counted(name, known), observed_type(value)), n, sample)
    for name in columns:
        _add(facts.observed, (day, event, name, COLUMN_TYPES.get(name, "text")), n, sample)
    found = set(_differences(rules.of(event), values, columns, platform)) if rules.enforced else set()
    tally = facts.seen.setdefault(group, [0, 0])
    tally[0] += n
    tally[1] += n if found else 0
    for kind, name in found:
        shown = _counted(name, known) if kind == "unplanned_property" else name[:255]
        _add(facts.violations, (group, kind, shown), n, sample)


def _decoded(text: str | None) -> dict[str, Any]:
    try:
        return _DECODER.decode(text) if text else {}
    except msgspec.DecodeError:
        return {}


def _counted(name: str, known: set[str]) -> str:
    """The name to count under; once an event has too many names, new ones are counted together."""
    cut = name[:255]
    if cut not in known:
        if len(known) >= MOST_NAMES:
            return OTHERS
        known.add(cut)
    return cut


def _add(into: dict[Any, tuple[int, str]], key: Any, n: int, sample: str) -> None:
    before = into.get(key)
    into[key] = (n, sample) if before is None else (before[0] + n, min(before[1], sample))


def _differences(
    rule: Rule | None, values: Mapping[str, Any], columns: list[str], platform: str
) -> Iterator[tuple[str, str]]:
    """Kinds of violations and the property each is about."""
    if rule is None:
        yield "unplanned_event", ""
        return
    if platform and rule.platforms and platform not in rule.platforms:
        yield "unexpected_platform", ""
    here = {column_name(name, SLOTS) for name in values} | set(columns)
    for kept, name in rule.required:
        if kept not in here:
            yield "missing_required", name
    for name, value in values.items():
        planned = rule.properties.get(column_name(name, SLOTS))
        if planned is None:
            if name not in AUTOMATIC and not name.startswith("latest_"):
                yield "unplanned_property", name
        elif not fits(value, planned.type):
            yield "wrong_type", planned.name
        elif planned.type == "enum" and not _is_hidden(value) and _as_text(value) not in planned.values:
            yield "not_in_enum", planned.name


def observed_type(value: Any) -> str:
    """What a value is: text, time, integer, number, boolean, list, object, or hidden where personal data was put out."""
    kind = type(value)
    if kind is str:
        return "hidden" if _is_hidden(value) else "time" if _is_time(value) else "text"
    if kind is bool:
        return "boolean"
    if kind is int:
        return "integer"
    if kind is float:
        return "integer" if value.is_integer() else "number"
    return "list" if kind is list else "object"


def fits(value: Any, planned: str) -> bool:
    """Whether a value may stand for the planned type; whole floats are integers, money and times may be texts."""
    kind = observed_type(value)
    if kind == "hidden":
        return True
    if planned == "text":
        return kind in ("text", "time")
    if planned == "enum":
        return kind in ("text", "time", "integer", "number", "boolean")
    if planned == "number":
        return kind in ("integer", "number")
    if planned == "money":
        return kind in ("integer", "number") or (kind == "text" and _NUMBER_TEXT.fullmatch(value) is not None)
    if planned == "time":
        return kind == "time" or (kind == "integer" and value >= 100_000_000)
    return kind == planned


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _is_hidden(value: Any) -> bool:
    return type(value) is str and value[:1] == "‹" and value[-1:] == "›"


def _is_time(text: str) -> bool:
    if not 10 <= len(text) <= 35 or text[4] != "-" or text[7] != "-":
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
