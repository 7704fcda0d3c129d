"""What conditions mean over which columns, and putting rows into the order of people and time. Pure."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.behaviour.contracts import I32, I64, U32, BadCondition, Condition, Matcher, Op, Value
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import MemberType
from weaktie.store.lake.contracts import PromotedColumn
from weaktie.store.lake.tables import EVENTS

Kind = Literal["text", "number", "boolean", "time", "open"]
MOST_CONDITIONS: Final = 10
MOST_VALUES: Final = 200
LONGEST: Final = 255
NO_VALUES: Final[frozenset[Op]] = frozenset({"set", "unset"})
MANY_VALUES: Final[frozenset[Op]] = frozenset({"in", "not_in"})
SAME: Final[frozenset[Op]] = frozenset({"eq", "ne", *MANY_VALUES, *NO_VALUES})
ORDERED: Final[frozenset[Op]] = SAME | {"gt", "ge", "lt", "le"}
OPS: Final[dict[Kind, frozenset[Op]]] = {
    "text": ORDERED | {"contains"}, "number": ORDERED, "boolean": SAME, "time": ORDERED, "open": ORDERED | {"contains"},
}  # fmt: skip
PLAIN: Final[dict[str, Kind]] = {
    f.name: "text" if f.type == pa.string() else "time" if pa.types.is_timestamp(f.type) else "number"
    for f in EVENTS.schema
    if f.name != EVENTS.open_column
}
_LARGEST: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Reading:
    """Matchers whose conditions name columns of the frame, and what the frame has to have for them.

    `members` are columns made of the open properties, `promoted` those of the files, `columns` says for each column
    that was asked for under which name the frame has it.
    """

    matchers: tuple[Matcher, ...]
    members: Mapping[str, tuple[str, MemberType]]
    promoted: tuple[PromotedColumn, ...]
    columns: Mapping[str, str]


def reading(
    matchers: Sequence[Matcher],
    columns: Sequence[str],
    promoted: Sequence[PromotedColumn],
    places: Sequence[str] = (),
) -> Reading:
    """How to read the matchers and columns; raises BadCondition at `PLACE.where.N.property`, `.op` or `.values`.

    A property is a column of events, else a promoted column, else a key of the open properties. Such a key is compared as
    a number where numbers are given (a text that is nothing but a number is one), else as text; where an event has no such
    key, or what it has is no number, it is null.
    """
    known = {c.name: c for c in promoted}
    kinds: dict[str, Kind] = {n: _promoted_kind(c) for n, c in known.items()} | PLAIN
    members: dict[tuple[str, MemberType], str] = {}
    used: dict[str, PromotedColumn] = {}

    def column(name: str, kind: MemberType) -> str:
        if name in PLAIN:
            return name
        if name in known:
            used[name] = known[name]
            return name
        return members.setdefault((name, kind), f"member_{len(members)}")

    meant: list[Matcher] = []
    for i, matcher in enumerate(matchers):
        place = places[i] if i < len(places) else f"matchers.{i}"
        if len(matcher.event) > LONGEST:
            raise BadCondition(f"{place}.event", Words("事件名过长。", "The event's name is too long."))
        if len(matcher.where) > MOST_CONDITIONS:
            raise BadCondition(
                f"{place}.where",
                Words(f"每步最多 {MOST_CONDITIONS} 个条件。", f"At most {MOST_CONDITIONS} conditions."),
            )
        where: list[Condition] = []
        for j, one in enumerate(matcher.where):
            at = f"{place}.where.{j}"
            _nameable(one.property, f"{at}.property")
            kind = kinds.get(one.property, "open")
            values = _values(one, kind, at)
            number = kind == "open" and bool(values) and not isinstance(values[0], str)
            where.append(Condition(column(one.property, "number" if number else "text"), one.op, values))
        meant.append(Matcher(matcher.event, tuple(where)))
    for i, name in enumerate(columns):
        _nameable(name, f"columns.{i}")
    asked = {name: column(name, "text") for name in columns}
    made = {name: key for key, name in members.items()}
    return Reading(tuple(meant), made, tuple(used.values()), asked)


def _promoted_kind(column: PromotedColumn) -> Kind:
    kind: dict[str, Kind] = {"text": "text", "boolean": "boolean", "time": "time"}
    return kind.get(column.type, "number")


def _nameable(name: str, place: str) -> None:
    if not name or len(name) > LONGEST or any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in name):
        raise BadCondition(place, Words("属性名无效。", "This cannot be the name of a property."))


def _values(condition: Condition, kind: Kind, place: str) -> tuple[Value, ...]:
    """The values as the column's type has them; raises BadCondition."""
    op, values = condition.op, condition.values
    if op not in OPS[kind]:
        raise BadCondition(
            f"{place}.op", Words("此属性不支持该比较。", "This property cannot be compared in that way.")
        )
    least, most = (0, 0) if op in NO_VALUES else (1, MOST_VALUES) if op in MANY_VALUES else (1, 1)
    if not least <= len(values) <= most:
        raise BadCondition(
            f"{place}.values", Words("值的个数不对。", "This comparison takes another number of values.")
        )
    if kind == "open":
        kind = "number" if values and all(_is_number(v) for v in values) and op != "contains" else "text"
        if any(isinstance(v, bool) for v in values):
            if op not in SAME:
                raise BadCondition(
                    f"{place}.op", Words("布尔值只能比较是否相等。", "True and false are only equal or not.")
                )
            values = tuple(("true" if v else "false") if isinstance(v, bool) else v for v in values)
    fits: Callable[[Value], bool] = {
        "text": lambda v: isinstance(v, str) and len(v) <= 4 * LONGEST and "\0" not in v,
        "number": _is_number,
        "boolean": lambda v: isinstance(v, bool),
        "time": lambda v: isinstance(v, str) and _moment(v) is not None,
    }[kind]
    if not all(fits(v) for v in values):
        words = {
            "text": Words("此属性是文本，请填写文本。", "This property is text: give texts."),
            "number": Words("此属性是数值，请填写数值。", "This property is a number: give numbers."),
            "boolean": Words("此属性是布尔值，请填写 true 或 false。", "This property is true or false."),
            "time": Words("此属性是时间，请填写 ISO 8601 时间。", "This property is a time: give ISO 8601."),
        }[kind]
        raise BadCondition(f"{place}.values", words)
    return cast(tuple[Value, ...], tuple(_moment(str(v)) for v in values)) if kind == "time" else values


def _is_number(value: Value) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else -_LARGEST <= value < _LARGEST


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def passes(op: str, wanted: tuple[Any, ...], text: str | None) -> bool:
    """Whether one value passes a test; a null passes `unset`, `ne` and `not_in` alone. Numbers and booleans that a column holds
    are compared as what is wanted of them."""
    if text is None:
        return op in ("unset", "ne", "not_in")
    if op in ("set", "unset"):
        return op == "set"
    found: Any = _as(text, wanted[0])
    if op in ("eq", "in"):
        return found in [_same(w) for w in wanted]
    if op in ("ne", "not_in"):
        return found not in [_same(w) for w in wanted]
    if op == "contains":
        return str(wanted[0]) in text
    if found is None:
        return False
    first = _same(wanted[0])
    return bool({"gt": found > first, "ge": found >= first, "lt": found < first, "le": found <= first}[op])


def _same(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return float(value) if isinstance(value, int | float) else value


def _as(text: str, like: Any) -> Any:
    if isinstance(like, bool | str):
        return text.lower() if isinstance(like, bool) else text
    try:
        return float(text)
    except ValueError:
        return None


# ---- order


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows in any order, each (m): whose, when, on which business day, what it matched, and where it stands in the log."""

    person: I32
    time_us: I64
    day: I32
    matched: U32
    partition: I32
    record: I64
    index: I32


@dataclass(frozen=True, slots=True)
class Order:
    """The rows by person and time: as `Sequences`; `row` (m) is where each was, empty where nobody asked."""

    people: I32
    starts: I64
    time_us: I64
    day: I32
    matched: U32
    row: I64


def ordered(rows: Rows, people: int, *, with_row: bool) -> Order:
    """Rows by person, then time, then order of arrival (partition, record, index), then what they matched.

    Rows of person -1 are left out; `people` is one more than the greatest person. A counting sort by person moves whole
    rows; then each person's few are sorted where they do not stand in order already.
    """
    found, starts, places = _by_person(rows.person, people)
    packed = _packed(
        rows.person, places, rows.time_us, rows.day, rows.matched, rows.partition, rows.record, rows.index,
        int(starts[-1]), with_row,
    )  # fmt: skip
    _by_time(starts, packed)
    time_us, day, matched = _unpacked(packed)
    row = packed[:, 3].copy() if with_row else np.empty(0, np.int64)
    return Order(found, starts, time_us, day, matched, row)


@numba.njit(cache=True, nogil=True)
def _by_person(person: I32, people: int) -> tuple[I32, I64, I64]:
    """Those with rows, where each one's begin, and the same by person number."""
    counts = np.zeros(people + 1, np.int64)
    for p in person:
        if p >= 0:
            counts[p] += 1
    with_rows = 0
    for p in range(people):
        if counts[p] > 0:
            with_rows += 1
    found = np.empty(with_rows, np.int32)
    starts = np.zeros(with_rows + 1, np.int64)
    at = 0
    rows = 0
    for p in range(people):
        if counts[p] > 0:
            found[at] = p
            starts[at] = rows
            at += 1
            n = counts[p]
            counts[p] = rows
            rows += n
    starts[at] = rows
    return found, starts, counts


@numba.njit(cache=True, nogil=True)
def _packed(
    person: I32, places: I64, time_us: I64, day: I32, matched: U32, partition: I32, record: I64, index: I32, rows: int,
    with_row: bool,
) -> "npt.NDArray[np.int64]":  # fmt: skip
    """Each row as [time, arrival, matched and day, row]: one move instead of four."""
    packed = np.empty((rows, 4 if with_row else 3), np.int64)
    for i in range(len(person)):
        p = person[i]
        if p < 0:
            continue
        k = places[p]
        places[p] = k + 1
        packed[k, 0] = time_us[i]
        # 9 bits of partition, 37 of record, 16 of index
        packed[k, 1] = (
            ((partition[i] + 1) & 511) << 53 | (record[i] & 137438953471) << 16 | (index[i] & 65535)
        )
        packed[k, 2] = np.int64(matched[i]) << 31 | (np.int64(day[i]) + 1073741824)
        if with_row:
            packed[k, 3] = i
    return packed


@numba.njit(cache=True, nogil=True, inline="always")
def _after(packed: "npt.NDArray[np.int64]", i: int, j: int) -> bool:
    """Whether row i comes after row j."""
    if packed[i, 0] != packed[j, 0]:
        return packed[i, 0] > packed[j, 0]  # type: ignore[no-any-return]
    if packed[i, 1] != packed[j, 1]:
        return packed[i, 1] > packed[j, 1]  # type: ignore[no-any-return]
    return packed[i, 2] > packed[j, 2]  # type: ignore[no-any-return]


@numba.njit(cache=True, nogil=True)
def _by_time(starts: I64, packed: "npt.NDArray[np.int64]") -> None:
    for p in range(len(starts) - 1):
        low, high = starts[p], starts[p + 1]
        wrong = 0
        for k in range(low + 1, high):
            if _after(packed, k - 1, k):
                wrong += 1
        if wrong == 0:
            continue
        if high - low > 64:  # stable sorts from the last key to the first
            for key in (2, 1, 0):
                rows = packed[low:high].copy()
                order = np.argsort(rows[:, key].copy(), kind="mergesort")
                for k in range(high - low):
                    packed[low + k] = rows[order[k]]
            continue
        width = packed.shape[1]
        held = np.empty(width, np.int64)
        for k in range(low + 1, high):
            if not _after(packed, k - 1, k):
                continue
            held[:] = packed[k]
            at = k
            while at > low and (
                packed[at - 1, 0] > held[0]
                or (packed[at - 1, 0] == held[0] and packed[at - 1, 1] > held[1])
                or (
                    packed[at - 1, 0] == held[0]
                    and packed[at - 1, 1] == held[1]
                    and packed[at - 1, 2] > held[2]
                )
            ):
                packed[at] = packed[at - 1]
                at -= 1
            packed[at] = held


@numba.njit(cache=True, nogil=True)
def _unpacked(packed: "npt.NDArray[np.int64]") -> tuple[I64, I32, U32]:
    rows = len(packed)
    time_us, day, matched = np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.uint32)
    for k in range(rows):
        time_us[k] = packed[k, 0]
        day[k] = (packed[k, 2] & 2147483647) - 1073741824
        matched[k] = packed[k, 2] >> 31
    return time_us, day, matched


@numba.njit(cache=True, nogil=True)
def persons_of(persons: I32, alias_no: I32) -> I32:
    """The person of each row where nothing is shared; -1 where the map does not know the identifier."""
    found = np.empty(len(alias_no), np.int32)
    for i in range(len(alias_no)):
        a = alias_no[i]
        found[i] = persons[a] if a < len(persons) else -1
    return found


def size_of(arrays: Iterable[npt.NDArray[np.generic]]) -> int:
    """Bytes that arrays hold."""
    return sum(a.nbytes for a in arrays)
