"""Which events an analysis looks at, the sequences it gets, and the people behind a figure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.kit.clock import iso_to_day
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.store.lake.contracts import Snapshot

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U32 = npt.NDArray[np.uint32]

ANY_EVENT = ""
MOST_MATCHERS = 32
Op = Literal["eq", "ne", "in", "not_in", "gt", "ge", "lt", "le", "contains", "set", "unset"]
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of one property of an event.

    `property` is a column of `events` (`channel`, `platform`, `product_id` …), a promoted column, or a key of the open
    properties. `values` has one value for comparisons, several for `in` and `not_in`, none for `set` and `unset`. A null
    passes `unset`, `ne` and `not_in` alone.
    """

    property: str
    op: Op
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Matcher:
    """Events of one name that pass every condition; ANY_EVENT is every name."""

    event: str
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """Business days, both ends included, as days since 1970-01-01."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who may be analysed, as of one snapshot of the lake.

    `persons[alias_no]` is the person's number, or -1 for erased people, those who do not grant analysis, and own people.
    Whatever is computed from a crowd stays true while `key` stays the same. `only` are the identifiers whose events are
    read at all, where somebody needs a sample of people; None for everybody's.
    """

    snapshot: Snapshot
    persons: I32
    spans: pa.Table
    key: str
    only: I32 | None = None

    def people(self) -> I32:
        """Every person who may be analysed, ascending."""
        numbers: I32 = np.unique(self.persons[self.persons >= 0]).astype(np.int32)
        return numbers


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts as numbers: `codes[row]` points into `values`, -1 is null."""

    codes: I32
    values: list[str]


@dataclass(frozen=True, slots=True)
class Sequences:
    """The events of some matchers, by person and, within a person, by time.

    Those of one instant stand in the order in which they arrived (partition, record and index of the log, the line of an
    imported file), and where even that is one, by what they matched.

    People of n persons and m rows: `people` (n) ascending, `starts` (n + 1) into the rows, `time_us` (m), `day` (m),
    `matched` (m) with bit i where the row passes matcher i. `columns` are what was asked for beside them, each (m).
    """

    people: I32
    starts: I64
    time_us: I64
    day: I32
    matched: U32
    columns: Mapping[str, Coded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DaySets:
    """On which days everybody did something, without order within a day.

    `people` (n), ascending, is everybody who may be analysed; `cells` (n, days), where `cells[row, day - first]` has bit i
    where the person did something that passes matcher i on that day.
    """

    people: I32
    first: int
    cells: npt.NDArray[np.uint8]


class PeopleSource(Protocol):
    """Tells who stands behind a figure. A capability registers one for each `kind` of people query that it makes."""

    def people(self, query: Mapping[str, Any]) -> I32:
        """Person numbers, ascending, of a query's people as they are now. Raises BadPeople."""
        ...

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words: what a list or a segment made of them is called. Raises BadPeople."""
        ...


@dataclass(frozen=True, slots=True)
class TagColumns:
    """Tags of people: `people` (n), ascending, and for each tag a column (n), null where somebody has none."""

    people: I32
    columns: Mapping[str, pa.ChunkedArray]


class MoreTags(Protocol):
    """Tags beside the built-in ones. A capability registers one for the keys that begin with its prefix."""

    def columns(self, keys: Sequence[str], crowd: Crowd, people: I32) -> Mapping[str, pa.ChunkedArray]:
        """A column for each key along `people` (ascending), null where somebody has no value. Unknown keys are missing."""
        ...


class BadCondition(Refused):
    """A condition cannot be understood; `place` says which."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_condition", words, place=place)


class BadTag(Refused):
    """There is no tag with this key."""

    def __init__(self, key: str) -> None:
        super().__init__("bad_tag", Words(f"没有标签 {key}。", f"There is no tag {key}."), place=key)


class BadPeople(Refused):
    """A query of people cannot be understood."""

    def __init__(self, words: Words, place: str = "people") -> None:
        super().__init__("bad_people", words, place=place)


def day_asked(query: Mapping[str, Any], name: str) -> int:
    """A day that a query of people names, as a number or as YYYY-MM-DD. Raises BadPeople."""
    value = query.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100_000:
        return value
    try:
        return iso_to_day(str(value))
    except ValueError:
        raise BadPeople(Words("日期无效。", "The day is not valid."), f"people.{name}") from None


def only(people: I32, wanted: Sequence[int] | I32) -> I32:
    """Those of `people` who are among `wanted`; both ascending."""
    kept: I32 = np.intersect1d(people, np.asarray(wanted, np.int32), assume_unique=True).astype(np.int32)
    return kept
