"""A funnel's definition and its figures, as callers see them."""

from dataclasses import dataclass, field
from typing import Final, Literal

from weaktie.data.behaviour.contracts import Matcher
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

LEAST_STEPS: Final = 2
MOST_STEPS: Final = 20
MOST_EXCLUSIONS: Final = 5
MOST_SEGMENTS: Final = 4
LONGEST_WINDOW_S: Final = 180 * 86_400
LONGEST_RANGE_DAYS: Final = 1_100
TOP_VALUES: Final = 10
Order = Literal["loose", "strict"]
Grain = Literal["day", "week"]
BOUNDS_S: Final = (60, 300, 1_800, 7_200, 43_200, 86_400, 259_200, 604_800)
"""Upper ends of the histogram of the time between two steps, in seconds; the last part is open."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """An event that ends an attempt which stands between two steps: after step `after`, before step `before` (from 1)."""

    matcher: Matcher
    after: int
    before: int


@dataclass(frozen=True, slots=True)
class Breakdown:
    """By a tag of people (`by` tag) or by a property of the event with which somebody entered (`by` property)."""

    by: Literal["tag", "property"]
    key: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """An ordered funnel. Meaning of every part:

    Somebody enters with an event of step 1 on the business days `first_day` … `last_day`. Later steps count within
    `window_us` of that event, on whatever day. Each person counts once, with the greatest step that any attempt reached:
    any event of step 1 may begin an attempt, and the latest attempt stands for its step. One event that meets several steps
    serves them all; events of one instant are taken in the order of the steps. With order `loose` other steps may lie in
    between; with `strict` the first event of a step whose turn it is not ends the search for that person. With `increase`
    each step has to be later than the one before, by a microsecond at least. That is ClickHouse's windowFunnel (its
    default, `strict_order` and `strict_increase`) over the events of the steps, and a test compares them.

    An exclusion ends the attempts that stand between its two steps; it has to lie after the last step in time. What the
    attempt had reached stays reached. `segments` are compared with each other, `within` narrows to the people of one.
    """

    steps: tuple[Matcher, ...]
    window_us: int
    first_day: int
    last_day: int
    order: Order = "loose"
    increase: bool = False
    exclusions: tuple[Exclusion, ...] = ()
    breakdown: Breakdown | None = None
    segments: tuple[str, ...] = ()
    within: str | None = None
    grain: Grain = "day"


@dataclass(frozen=True, slots=True)
class StepTime:
    """Between a step and the one before, of those who reached it in the attempt that counts: seconds, and how many fall
    into each part of BOUNDS_S."""

    median_s: float
    p75_s: float
    p90_s: float
    histogram: list[int]


@dataclass(frozen=True, slots=True)
class StepFigures:
    """How many reached a step; `times` is None for the first and where nobody did."""

    people: int
    times: StepTime | None


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of some people. `key` names them in queries of people: `all`, `value:…`, `none`, `other`,
    `segment:…`."""

    key: str
    words: Words
    steps: list[StepFigures]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """Those who entered on a day or in a week that begins with it. `converted` is None while a window is still open."""

    day: int
    entered: int
    converted: int | None
    until_day: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything about a funnel. `open_people` have not converted and still may: their window has not elapsed."""

    groups: list[Group]
    trend: list[TrendPoint]
    open_people: int
    as_of_us: int
    last_event_day: int | None


@dataclass(frozen=True, slots=True)
class Saved:
    """A kept funnel: its definition as the request had it."""

    funnel_id: str
    name: str
    definition: dict[str, object]
    made_us: int
    made_by: str
    changed_us: int
    deleted_us: int | None = field(default=None)


class BadFunnel(Refused):
    """A funnel that cannot be computed; `place` says what of it."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_funnel", words, place=place)


class NoFunnel(NotFound):
    """There is no saved funnel with this id."""

    def __init__(self, funnel_id: str) -> None:
        super().__init__("no_funnel", Words("没有这个漏斗。", "There is no such funnel."), place=funnel_id)


class FunnelNameTaken(Conflict):
    """Another saved funnel has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "funnel_name_taken",
            Words(f"漏斗名 {name} 已被使用。", f"A funnel is called {name} already."),
            place="name",
        )
