"""A rule over people as arrays: a mask for each part, combined. Pure; who answers the leaves is handed in."""

from dataclasses import dataclass, field
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32
from weaktie.data.behaviour.service import passes
from weaktie.data.segments.contracts import (
    All,
    Behind,
    Did,
    InOrder,
    InRfm,
    InSegment,
    Listed,
    Mask,
    Rule,
    Some,
    TagIs,
    Tied,
    Where,
    Without,
)
from weaktie.data.segments.rules import day_of

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TagValues:
    """A tag of n people: texts as `codes` into `texts` (-1 is null), everything else as `numbers` (NaN is null)."""

    codes: I32 | None = None
    texts: list[str] = field(default_factory=list)
    numbers: F64 | None = None

    def at(self, places: I32) -> "TagValues":
        """The values of these places; a place below 0 is null."""
        if self.codes is not None:
            return TagValues(np.where(places < 0, np.int32(-1), self.codes[places]), self.texts)
        assert self.numbers is not None
        return TagValues(numbers=np.where(places < 0, np.nan, self.numbers[places]))


class World(Protocol):
    """Answers the leaves of rules for n people, `people` (n), ascending."""

    @property
    def people(self) -> I32: ...
    def tag(self, key: str) -> TagValues:
        """A tag of everybody; days and money as numbers."""
        ...

    def did(self, part: Did) -> Mask:
        """Who did it so often."""
        ...

    def ordered(self, part: InOrder) -> Mask:
        """Who did these in order."""
        ...

    def tied(self, part: Tied) -> Mask:
        """Who is tied so."""
        ...

    def rfm(self, part: InRfm) -> Mask:
        """Who is of these levels."""
        ...

    def among(self, part: InSegment | Behind | Listed) -> Mask:
        """Who is in a segment, behind a figure, or on a list."""
        ...


def evaluate(rule: Rule, world: World, parts: dict[str, Mask] | None = None, place: str = "rule") -> Mask:
    """Who of the world's people is in the rule; `parts` is filled with the mask of each part by its place."""
    if isinstance(rule, All):
        mask = np.ones(len(world.people), np.bool_)
        for number, part in enumerate(rule.of):
            mask = mask & evaluate(part, world, parts, f"{place}.of[{number}]")
    elif isinstance(rule, Some):
        mask = np.zeros(len(world.people), np.bool_)
        for number, part in enumerate(rule.of):
            mask = mask | evaluate(part, world, parts, f"{place}.of[{number}]")
    elif isinstance(rule, Without):
        mask = ~evaluate(rule.of, world, parts, f"{place}.of")
    else:
        mask = _leaf(rule, world)
    if parts is not None:
        parts[place] = mask
    return mask


def _leaf(part: Rule, world: World) -> Mask:
    if isinstance(part, TagIs):
        return compare(part, world.tag(part.tag))
    if isinstance(part, Did):
        return world.did(part)
    if isinstance(part, InOrder):
        return world.ordered(part)
    if isinstance(part, Tied):
        return world.tied(part)
    if isinstance(part, InRfm):
        return world.rfm(part)
    assert isinstance(part, InSegment | Behind | Listed)
    return world.among(part)


def compare(part: TagIs, values: TagValues) -> Mask:
    """A tag against its values; a null passes `unset`, `ne` and `not_in` alone. A day is a number in the column and a text in
    the rule."""
    if values.codes is not None:
        table = np.array([passes(part.op, part.values, text) for text in (*values.texts, None)], np.bool_)
        return cast(Mask, table[values.codes])  # the null's -1 takes the last
    numbers = values.numbers
    assert numbers is not None
    if part.op in ("set", "unset"):
        return cast(Mask, np.isnan(numbers) == (part.op == "unset"))
    wanted = np.array([float(day_of(v, "")) if isinstance(v, str) else float(v) for v in part.values], float)
    if part.op in ("eq", "in"):
        return np.isin(numbers, wanted)
    if part.op in ("ne", "not_in"):
        return ~np.isin(numbers, wanted)
    if part.op == "between":
        return cast(Mask, (numbers >= wanted.min()) & (numbers <= wanted.max()))
    compared: Mask = {
        "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    }[part.op](numbers, wanted[0])  # fmt: skip
    return compared


def table_of(where: Where, values: list[str]) -> Mask:
    """Which of a column's distinct values pass a test of an event's property; the last is the null."""
    return np.array([passes(where.op, where.values, text) for text in (*values, None)], np.bool_)


def inside(people: I32, some: I32) -> Mask:
    """Which of `people` are among `some`; both ascending."""
    result = np.zeros(len(people), np.bool_)
    if len(people) and len(some):
        at = np.searchsorted(people, some)
        at[at == len(people)] = 0
        result[at[people[at] == some]] = True
    return result
