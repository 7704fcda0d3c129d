"""What a tag of the shop's own is, and what may go wrong with one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.identity.contracts import Alias
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

I32 = npt.NDArray[np.int32]
Kind = Literal["sql", "python", "manual"]
"""How its values come: computed by SQL or Python, or set on people by hand and from files."""
DType = Literal["text", "number", "bool"]
PREFIX: Final = "x_"
"""Every key of a shop's own tag begins so: a tag of a later release never takes its name."""
KEY: Final = r"^x_[a-z][a-z0-9_]{1,59}$"
MOST_TEXT: Final = 100
MOST_VALUES: Final = 1_000
"""Different texts that one tag may have: a tag is a class of people, not a name of each."""
LONGEST_DAYS: Final = 366
"""A tag set by hand lapses at the latest after this many days."""
DEFAULT_DAYS: Final = 90

PythonTag = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants a tag to be."""

    key: str
    kind: Kind
    words: Words
    definition: Words
    dimension: str
    dtype: DType
    sql: str = ""
    unit: Words | None = None
    expires_us: int | None = None


@dataclass(frozen=True, slots=True)
class CustomTag:
    """A tag of the shop's own as it is kept. `live_version` is the one whose values are read; None before the first."""

    key: str
    kind: Kind
    words: Words
    definition: Words
    dimension: str
    dtype: DType
    unit: Words | None
    sql: str
    owner: str
    version: int
    live_version: int | None
    expires_us: int | None
    made_us: int
    filled_us: int | None
    as_of_day: int | None
    error: str | None
    job_id: str | None

    def is_over(self, now_us: int) -> bool:
        """Whether it has lapsed: nobody has it any more."""
        return self.expires_us is not None and self.expires_us <= now_us


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a tag: what it was, who made it and when."""

    version: int
    words: Words
    definition: Words
    dtype: DType
    sql: str
    made_by: str
    made_us: int


@dataclass(frozen=True, slots=True)
class Values:
    """Who has which value: `people` ascending and each once; `column` text, float64 or bool, without nulls."""

    people: I32
    column: pa.ChunkedArray


@dataclass(frozen=True, slots=True)
class Mark:
    """A value that was set on one person by hand or from a file."""

    key: str
    alias_no: int
    value: str
    how: str
    set_by: str
    set_us: int
    expires_us: int


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of a file of ids: `matched / rows` is the match rate; `bad` are values that do not fit."""

    rows: int
    matched: int
    unknown: int
    bad: int
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonError:
    """Where a tag in Python failed."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A tag that a Python file declares, with its function."""

    wish: Wish
    function: PythonTag
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """Something that is made with a tag: a segment, a breakdown."""

    kind: str
    id: str
    name: str


class UsedBy(Protocol):
    """Tells what uses a tag. Segments and dashboards register one each."""

    def uses(self, key: str) -> Sequence[Use]:
        """What is made with this tag now."""
        ...


class PeopleNames(Protocol):
    """What tags ask of identity."""

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        ...

    def described(self, connection: Connection, alias_nos: Sequence[int]) -> list[Alias]:
        """Kind and value of the living ones among these numbers."""
        ...


@dataclass(frozen=True, slots=True)
class Preview:
    """What a tag would be: how many people of how many, how its values lie, and a few of the people."""

    dtype: DType
    people: int
    crowd: int
    distribution: list[Mapping[str, object]] = field(default_factory=list)
    sample: list[Mapping[str, object]] = field(default_factory=list)
    as_of_day: int = 0


class NoSuchTag(NotFound):
    """There is no tag of the shop's own with this key."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "no_such_tag", Words(f"没有自定义标签 {key}。", f"There is no custom tag {key}."), place="key"
        )


class TagTaken(Conflict):
    """Another tag has the key or the name."""

    def __init__(self, place: str, name: str) -> None:
        super().__init__("tag_taken", Words(f"{name} 已被使用。", f"{name} is taken already."), place=place)


class BadTagDefinition(Refused):
    """A tag cannot be made so; `place` says of what."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_tag_definition", words, place=place)


class ForbiddenTag(Refused):
    """A tag that law forbids: `place` is key, name, definition or value."""

    def __init__(self, place: str, found: str, reason: Words) -> None:
        super().__init__(
            "forbidden_tag",
            Words(
                f"不允许的标签（“{found}”）：{reason.zh}。",
                f"This tag is not allowed (“{found}”): {reason.en}.",
            ),
            place=place,
        )


class BadTagSql(Refused):
    """A query is not one that a tag may be computed by."""

    def __init__(self, words: Words) -> None:
        super().__init__("bad_tag_sql", words, place="sql")


class SlowTagSql(Refused):
    """A query took longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "tag_sql_slow",
            Words(
                f"查询超过 {seconds:g} 秒，已中止。",
                f"The query took over {seconds:g} seconds and was stopped.",
            ),
            place="sql",
        )
