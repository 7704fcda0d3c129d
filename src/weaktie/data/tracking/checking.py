"""Holding the events of one lake file against the plan: counts by day, platform and version, and where they differ.

Rows that say the same are counted together first, so that what is looked at grows with the variety of events, not with
their number. The result depends on the file and the plan alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
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
MOST_LOOKS = 100_000
"""Kinds of rows whose look is remembered within a file."""
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


def check_file(path: Path, rules: Rules, beat: Callable[[], None] = lambda: None) -> Facts:
    """Everything about one file of events; `beat` is called now and then, for files that take long."""
    reading = _Reading(rules)
    for frame in _batches(path):
        beat()
        reading.facts.rows += int(frame["n"].sum())
        for row in frame.iter_rows():
            reading.take(*row)
    return reading.finished()


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
                pl.len().alias("n"), pl.col("event_id").min().fill_null("").alias("sample")
            )


Look = tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]
"""What was looked at once: (property, type) of all it carries, (kind, property) of all that is wrong."""


class _Reading:
    """The facts of one file while its rows come in. Samples are masked at the end: their smallest is wanted, not each."""

    def __init__(self, rules: Rules) -> None:
        self.rules, self.facts = rules, Facts()
        self.names: dict[str, set[str]] = {}
        self.looks: dict[tuple[str, str, int, str | None], Look] = {}

    def take(
        self, day: int, event: str, platform: str, version: str, source: str, present: int, text: str | None, n: int,
        sample: str,
    ) -> None:  # fmt: skip
        """One kind of row, `n` times."""
        key = (event, platform, present, text)
        look = self.looks.get(key)
        if look is None:
            if len(self.looks) >= MOST_LOOKS:
                self.looks.clear()
            look = self.looks[key] = self._look(event, platform, present, text)
        facts = self.facts
        for name, kind in look[0]:
            _add(facts.observed, (day, event, name, kind), n, sample)
        group: Group = (day, event, platform, version, source)
        tally = facts.seen.setdefault(group, [0, 0])
        tally[0] += n
        if look[1]:
            tally[1] += n
            for kind, name in look[1]:
                _add(facts.violations, (group, kind, name), n, sample)

    def _look(self, event: str, platform: str, present: int, text: str | None) -> Look:
        values = {k: v for k, v in decoded(text).items() if v is not None}
        columns = [name for i, name in enumerate(COLUMNS.values()) if present >> i & 1]
        known = self.names.setdefault(event, set())
        carried = [(_counted(name, known), observed_type(value)) for name, value in values.items()]
        carried += [(name, COLUMN_TYPES.get(name, "text")) for name in columns]
        wrong: set[tuple[str, str]] = set()
        if self.rules.enforced:
            for kind, name in _differences(self.rules.of(event), values, columns, platform):
                wrong.add((kind, _counted(name, known) if kind == "unplanned_property" else name[:255]))
        return tuple(carried), tuple(sorted(wrong))

    def finished(self) -> Facts:
        """The facts, their samples masked."""
        for tallies in (self.facts.observed, self.facts.violations):
            for key, (n, sample) in tallies.items():
                tallies[key] = (n, mask(sample)[:80])  # type: ignore[index]
        return self.facts


def decoded(text: str | None) -> dict[str, Any]:
    """The members of a JSON object; none where the text is no object."""
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


@lru_cache(16_384)
def _kept(name: str) -> str:
    return column_name(name, SLOTS)


def _differences(
    rule: Rule | None, values: Mapping[str, Any], columns: list[str], platform: str
) -> Iterator[tuple[str, str]]:
    """Kinds of violations and the property each is about."""
    if rule is None:
        yield "unplanned_event", ""
        return
    if platform and rule.platforms and platform not in rule.platforms:
        yield "unexpected_platform", ""
    here = {_kept(name) for name in values} | set(columns)
    for kept, name in rule.required:
        if kept not in here:
            yield "missing_required", name
    for name, value in values.items():
        planned = rule.properties.get(_kept(name))
        if planned is None:
            if name not in AUTOMATIC and not name.startswith("latest_"):
                yield "unplanned_property", name
        elif not fits(value, planned.type):
            yield "wrong_type", planned.name
        elif planned.type == "enum" and not is_hidden(value) and as_text(value) not in planned.values:
            yield "not_in_enum", planned.name


def observed_type(value: Any) -> str:
    """What a value is: text, time, integer, number, boolean, list, object, or hidden where personal data was put out."""
    kind = type(value)
    if kind is str:
        return "hidden" if is_hidden(value) else "time" if _is_time(value) else "text"
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


def as_text(value: Any) -> str:
    """A value as the plan writes the values of an enum."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_hidden(value: Any) -> bool:
    """Whether personal data was put out in the value's place."""
    return type(value) is str and value[:1] == "‹" and value[-1:] == "›"


def _is_time(text: str) -> bool:
    if not 10 <= len(text) <= 35 or text[4] != "-" or text[7] != "-":
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
