"""What units are assigned to, and what an assignment says."""

from dataclasses import dataclass
from typing import Final, Literal

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

BUCKETS: Final = 10_000
HOLDOUT: Final = "holdout"
UnitKind = Literal["person", "cluster"]


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to treat a unit; `share` in ten-thousandths of those who are not held out."""

    name: str
    share: int


@dataclass(frozen=True, slots=True)
class Flag:
    """What units are assigned to. The same `salt` always gives the same assignment: a new draw needs a new salt.

    `unit` is a person, or a cluster of people (a community of the graph) who are all treated alike, as invitations need.
    `holdout` ten-thousandths of the units stay without any of it; shares of variants add up to 10,000.
    """

    key: str
    version: int
    salt: str
    unit: UnitKind
    variants: tuple[Variant, ...]
    holdout: int
    made_by: str = ""
    made_us: int = 0
    stopped_us: int | None = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where a unit belongs: the variant or `holdout`, its bucket (0–9,999), and the probability with which it came there."""

    key: str
    version: int
    variant: str
    bucket: int
    probability: float


@dataclass(frozen=True, slots=True)
class Exposed:
    """How many units were exposed to a variant."""

    variant: str
    units: int
    expected: float


class NoFlag(NotFound):
    """The key of a flag is not known, or it was stopped."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "no_such_flag",
            Words("没有这个开关，或已停止。", "There is no such flag, or it was stopped."),
            place=key,
        )


class BadFlag(Refused):
    """A flag that cannot assign."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_flag", words, place=place)


class FlagTaken(Conflict):
    """A flag of this key assigns already."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "flag_taken",
            Words("该开关已在使用，请先停止。", "This flag is in use; stop it first."),
            place=key,
        )
