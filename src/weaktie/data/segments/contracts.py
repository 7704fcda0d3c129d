"""What a rule of a segment is made of, what a segment is, and what is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, Op
from weaktie.data.profiles.contracts import Generation, LeftOut
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

Mask = npt.NDArray[np.bool_]
Value = str | int | float | bool
TagOp = Literal["eq", "ne", "in", "not_in", "gt", "ge", "lt", "le", "between", "contains", "set", "unset"]
TagType = Literal["text", "number", "money", "bool", "day"]
Way = Literal["friend_of", "followed_by", "follows", "invited_by", "invited"]
Level = Literal["high", "mid", "low"]

SEGMENT_KINDS = ("segment", "segment_entered", "segment_left")
"""Kinds of queries of people that segments answer."""
DEEPEST, MOST_LEAVES, MOST_VALUES, MOST_STEPS, MOST_WHERE = 8, 50, 500, 8, 8
MOST_DAYS, MOST_MINUTES = 3650, 60 * 24 * 365
LARGEST_LIST_LINES = 200_000
LARGEST_LIST_BYTES = 32 << 20
RUNS_KEPT = 1_000
"""Recomputations that changed something and are remembered for each segment."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="is"):
    """A part of a rule; `is` says which."""


class All(Part, frozen=True, tag="all"):
    """Everybody in every part; without parts everybody."""

    of: tuple["Rule", ...]


class Some(Part, frozen=True, tag="any"):
    """Everybody in at least one part; without parts nobody."""

    of: tuple["Rule", ...]


class Without(Part, frozen=True, tag="not"):
    """Everybody who may be analysed and is not in the part."""

    of: "Rule"


class TagIs(Part, frozen=True, tag="tag"):
    """A comparison of a tag as the last build left it. A null passes `unset`, `ne` and `not_in` alone. Money is in minor
    units of the person's main currency; days are written `2026-01-31`."""

    tag: str
    op: TagOp
    values: tuple[Value, ...] = ()


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A test of a property of an event."""

    property: str
    op: Op
    values: tuple[Value, ...] = ()


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event of an order of events."""

    event: str
    where: tuple[Where, ...] = ()


class Did(Part, frozen=True, tag="event"):
    """Did an event (empty: any event) at least `least` and at most `most` times, in the last `days` days (today included),
    or from `since` to `until` (both included, `2026-01-31`), or ever. `most` = 0 is "not since" and "never"."""

    event: str
    where: tuple[Where, ...] = ()
    least: int | None = None
    most: int | None = None
    days: int | None = None
    since: str | None = None
    until: str | None = None


class InOrder(Part, frozen=True, tag="order"):
    """Did these events in this order, the last at most `within_minutes` after the first. One event serves one step."""

    steps: tuple[Step, ...]
    within_minutes: int
    days: int | None = None
    since: str | None = None
    until: str | None = None


class Tied(Part, frozen=True, tag="tie"):
    """Friends of, followed by, following, invited by, or who invited, members of a segment or one person. A person is kept as
    `@number`, never by an identifier."""

    way: Way
    segment: str | None = None
    user: str | None = None


class InRfm(Part, frozen=True, tag="rfm"):
    """Buyers of these levels, classes and tiers; what is empty narrows nothing."""

    r: tuple[Level, ...] = ()
    f: tuple[Level, ...] = ()
    m: tuple[Level, ...] = ()
    classes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()


class InSegment(Part, frozen=True, tag="segment"):
    """Members of another segment."""

    segment: str


class Behind(Part, frozen=True, tag="people"):
    """The people behind a figure: a query of people of any registered kind."""

    query: dict[str, Any]


class Listed(Part, frozen=True, tag="list"):
    """The people of an uploaded list."""

    list: str


Rule = All | Some | Without | TagIs | Did | InOrder | Tied | InRfm | InSegment | Behind | Listed
Leaf = TagIs | Did | InOrder | Tied | InRfm | InSegment | Behind | Listed


@dataclass(frozen=True, slots=True)
class TagInfo:
    """What a rule needs to know of a tag. `labels` name its values."""

    key: str
    words: Words
    type: TagType
    dimension: Words
    unit: Words | None = None
    labels: Mapping[str, Words] = field(default_factory=dict)


class TagBook(Protocol):
    """The catalogue of tags, as segments ask it."""

    def tag(self, key: str) -> TagInfo | None:
        """A tag by its key."""
        ...

    def tags(self) -> list[TagInfo]:
        """All of them in the order in which pages show them."""
        ...


class Directory(Protocol):
    """The published people, as segments ask them."""

    def ids_of(self, people: I32) -> Iterator[list[tuple[int, str]]]:
        """(person_no, user_id) of those who are published."""
        ...

    def left_out(self) -> LeftOut:
        """Who may not be analysed, by reason."""
        ...

    def current(self) -> Generation | None:
        """The generation that is read now; None before the first build."""
        ...


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it stands: its newest version and its newest members. `members` are alias numbers, ascending."""

    segment_id: str
    name: str
    note: str
    owner: str
    frozen: bool
    version: int
    rule: Rule
    made_us: int
    changed_us: int
    archived_us: int | None
    run_no: int
    size: int
    computed_us: int | None
    generation: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants a segment to be."""

    name: str
    note: str
    rule: Rule
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many people of a preview are in another segment too."""

    segment_id: str
    name: str
    size: int
    both: int


@dataclass(frozen=True, slots=True)
class Preview:
    """The size of a rule's people among `everybody`. Where it was `sampled`, `low` and `high` are the ends of the 95 %
    interval (Wilson) and `asked` how many people were looked at. `parts` are the sizes of the rule's parts by place."""

    size: int
    low: int
    high: int
    everybody: int
    sampled: bool
    asked: int
    parts: dict[str, int]
    overlaps: tuple[Overlap, ...]
    took_ms: int


@dataclass(frozen=True, slots=True)
class IdList:
    """An uploaded list: how many lines it had, and how many named somebody."""

    list_id: str
    lines: int
    matched: int
    unmatched: int
    repeated: int
    people: int

    @property
    def rate(self) -> float:
        """The share of lines that named somebody."""
        return self.matched / self.lines if self.lines else 0.0


class BadRule(Refused):
    """A rule cannot be understood; `place` says which part."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_rule", words, place=place)


class RuleTooLarge(Refused):
    """A rule is nested too deeply or has too many parts."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("rule_too_large", words, place=place)


class SegmentCycle(Refused):
    """A segment would be part of itself."""

    def __init__(self, place: str, name: str) -> None:
        super().__init__(
            "segment_cycle",
            Words(f"分群不能包含自身：“{name}”已引用当前分群。", f"A segment cannot be part of itself: “{name}” refers to this one."),
            place=place,
        )  # fmt: skip


class NoSegment(NotFound):
    """There is no segment, version, run or list with this id."""

    def __init__(self, place: str = "segment_id") -> None:
        super().__init__(
            "no_such_segment",
            Words("没有这个分群、版本或名单。", "There is no such segment, version or list."),
            place=place,
        )


class SegmentChanged(Conflict):
    """Somebody else changed the segment since it was read."""

    def __init__(self) -> None:
        super().__init__(
            "segment_changed",
            Words(
                "分群已被他人修改，请重新打开后再保存。", "Somebody else changed the segment; open it again."
            ),
            place="version",
        )


class SegmentInUse(Conflict):
    """Other segments refer to it."""

    def __init__(self, names: list[str]) -> None:
        said = "、".join(names[:3])
        super().__init__(
            "segment_in_use",
            Words(f"该分群被其他分群引用：{said}。", f"Other segments refer to it: {', '.join(names[:3])}."),
            place="segment_id",
        )


class BadList(Refused):
    """An uploaded list cannot be read."""

    def __init__(self, code: str, words: Words) -> None:
        super().__init__(code, words, place="file")
