"""Indicators with their definitions, what they need, what a question is, and what comes back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64, Condition, Days
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

Unit = Literal["count", "share", "money", "ratio", "minutes", "months", "score", "number"]
By = Literal["day", "week", "month", "range"]
PartKind = Literal[
    "events", "people", "person_days", "days", "minutes", "known", "registered_days", "new", "orders", "money", "buyers",
    "active_before", "lost", "referred_buyers", "costs", "members", "member_people", "sum", "score",
]  # fmt: skip
Domain = Literal["", "private", "public"]
Group = Literal[
    "users", "activity", "sales", "retention", "acquisition", "referral", "private", "content", "satisfaction",
    "custom",
]  # fmt: skip
ALL_TIME = -1
NO_MONEY = Words("不涉及订单金额", "no money of orders in it")
MOST_POINTS, MOST_METRICS, MOST_SPLITS = 400, 80, 12


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number means: the same text wherever it is shown."""

    words: Words
    definition: Words


DEFINITIONS: dict[str, Definition] = {
    "events_total": Definition(
        Words("事件数", "Events"),
        Words(
            "入湖事件总数，重复上报只计一次。",
            "Events in the lake; one that was sent several times counts once.",
        ),
    ),
    "events_per_minute": Definition(
        Words("每分钟事件数", "Events a minute"),
        Words(
            "按服务器接收时间统计的入湖事件数。",
            "Events that entered the lake, by the minute at which the server took them.",
        ),
    ),
    "dead_letters": Definition(
        Words("异常数据", "Dead letters"),
        Words(
            "因校验不通过而未入湖、尚未修复或搁置的事件数，原文与原因可查。",
            "Events that could not be stored and are neither mended nor put aside; each is kept with its reason.",
        ),
    ),
    "lag": Definition(
        Words("待处理请求", "Requests waiting"),
        Words(
            "已确认接收、尚未入湖的请求数。", "Requests that were acknowledged and are not in the lake yet."
        ),
    ),
}
"""Numbers about the house; those about the shop are metrics of the catalogue."""


@dataclass(frozen=True, slots=True)
class Sales:
    """Orders and money of one day and currency."""

    day: int
    orders: int
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Overview:
    """What the lake holds, as of one snapshot."""

    made_us: int
    lake_version: int
    lake_us: int | None
    users: int
    orders: int
    gmv: list[tuple[int, str]]
    events: int
    sales_by_day: list[Sales]
    active_by_day: list[tuple[int, int]]
    top_events: list[tuple[str, int]]


class Need(Enum):
    """One source of aggregates: each is read once for all metrics of a question."""

    ACTIVITY = "activity"
    SPENT = "spent"
    ORDERS = "orders"
    PEOPLE = "people"
    INVITES = "invites"
    COSTS = "costs"
    MEMBERS = "members"


class Cost(Protocol):
    """What was spent on a day through a channel, in minor units of a currency."""

    @property
    def day(self) -> int: ...
    @property
    def channel(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def cost_minor(self) -> int: ...


class Costs(Protocol):
    """What acquisition spent; bound where costs are imported."""

    def spent(self, days: Days) -> Sequence[Cost]:
        """Costs of these days by day, channel, code and currency."""
        ...


class Membership(Protocol):
    """Who was in a channel that the shop owns, and when; bound where memberships are kept."""

    def kept(self) -> bool:
        """Whether any membership is known at all: a shop without one has no private domain to tell apart."""
        ...

    def inside(self, person_no: I32, at_us: I64) -> npt.NDArray[np.bool_]:
        """For each person and instant whether they were inside then: booleans of the same length."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """One aggregate that a metric is made of: what is counted or summed in a period.

    `events` are the names that count, none means any. `window_days` replaces the period by the days up to its end; ALL_TIME
    by everything up to it. `after` asks for a sign within these days after a person's first day (`bought`: for an order).
    `least` orders and `least_minor` of CNY narrow buyers. `domain` narrows to who was inside or outside the private domain.
    """

    of: PartKind
    words: Words
    events: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    window_days: int = 0
    month: bool = False
    after: tuple[int, int] | None = None
    bought: bool = False
    least: int = 1
    least_minor: int = 0
    amount: Literal["net", "gross", "refunded"] = "net"
    which: Literal["counted", "undone", "all", "content", "referred"] = "counted"
    domain: Domain = ""
    prop: str = ""

    @property
    def counts_people(self) -> bool:
        """Whether it is a number of different people, so that one can ask who they are."""
        return self.of in PEOPLE_KINDS

    @property
    def names_people(self) -> bool:
        """Whether one can ask who is behind it, be it a number of people or not."""
        return self.of in PEOPLE_KINDS or self.of in {
            "events",
            "person_days",
            "orders",
            "money",
            "sum",
            "minutes",
            "score",
        }


PEOPLE_KINDS = frozenset(
    {
        "people",
        "known",
        "new",
        "buyers",
        "active_before",
        "lost",
        "referred_buyers",
        "members",
        "member_people",
    }
)
_NEEDS: dict[str, tuple[Need, ...]] = {
    "events": (Need.ACTIVITY,), "people": (Need.ACTIVITY,), "person_days": (Need.ACTIVITY,), "days": (),
    "minutes": (Need.SPENT,), "known": (Need.PEOPLE,), "registered_days": (Need.PEOPLE,), "new": (Need.PEOPLE,),
    "orders": (Need.ORDERS,), "money": (Need.ORDERS,), "buyers": (Need.ORDERS,),
    "active_before": (Need.ACTIVITY,), "lost": (Need.ACTIVITY,), "referred_buyers": (Need.ORDERS, Need.INVITES, Need.PEOPLE),
    "costs": (Need.COSTS,), "members": (Need.MEMBERS, Need.PEOPLE),
    "member_people": (Need.MEMBERS, Need.ACTIVITY), "sum": (), "score": (),
}  # fmt: skip


def needs_of(part: Part) -> frozenset[Need]:
    """The sources that a part is made from."""
    needs = set(_NEEDS[part.of])
    if part.where or part.of in {"sum", "score"}:
        needs.discard(Need.ACTIVITY)
    if part.which == "content":
        needs.add(Need.ACTIVITY)
    if part.domain:
        needs.add(Need.MEMBERS)
    if part.of == "new" and part.after is not None:
        needs |= {Need.ORDERS} if part.bought else {Need.ACTIVITY}
    return frozenset(needs)


@dataclass(frozen=True, slots=True)
class Metric:
    """An indicator, declared once. Its value is numerator ÷ denominator, or the numerator where there is none.

    `mature_days` pass after a period before its cohort is complete. `asks` are events of which at least one must have been
    seen, else the shop has no data for it; `lacks` says why there is none whatever was seen.
    """

    key: str
    words: Words
    definition: Words
    group: Group
    unit: Unit
    numerator: Part
    denominator: Part | None = None
    up_is_good: bool | None = True
    refunds: Words = NO_MONEY
    mature_days: int = 0
    asks: tuple[str, ...] = ()
    lacks: Words | None = None
    custom: bool = False
    version: int = 0
    formula: "tuple[Metric, Metric] | None" = None
    """Two metrics whose values are divided; numerator and denominator then only say what is counted."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """Numerator, and denominator where there is one; of a formula those of both metrics."""
        if self.formula is not None:
            return (*self.formula[0].parts, *self.formula[1].parts)
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)

    @property
    def needs(self) -> frozenset[Need]:
        """The aggregates that it asks for, by source."""
        return frozenset().union(*(needs_of(p) for p in self.parts))

    @property
    def per_currency(self) -> bool:
        """Whether there is one value for each currency."""
        return any(p.of in {"money", "costs"} or p.prop == "amount_minor" for p in self.parts)

    @property
    def window_days(self) -> int:
        """The longest look back of its parts, ALL_TIME where one has no limit; 0 for the period alone."""
        windows = [p.window_days for p in self.parts]
        return ALL_TIME if ALL_TIME in windows else max(windows)

    @property
    def reads(self) -> tuple[str, ...]:
        """Tables of the lake, and other sources, that it is made from."""
        needs = self.needs
        tables = {
            "events": {Need.ACTIVITY, Need.SPENT, Need.INVITES, Need.PEOPLE}, "orders": {Need.ORDERS, Need.PEOPLE},
            "users": {Need.PEOPLE}, "costs": {Need.COSTS}, "memberships": {Need.MEMBERS},
        }  # fmt: skip
        custom = {"events"} if any(p.where or p.prop for p in self.parts) else set()
        return tuple(name for name, of in tables.items() if needs & of or name in custom)

    @property
    def events(self) -> tuple[str, ...]:
        """Names of the events that it counts; none where every event counts."""
        named = [name for part in self.parts for name in part.events]
        more = ["Invite Accepted"] if Need.INVITES in self.needs else []
        return tuple(dict.fromkeys([*named, *more]))


@dataclass(frozen=True, slots=True)
class Period:
    """Business days, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Change:
    """The value of another period beside a point: `change` is relative to it. Null with a reason where there is none."""

    value: float | None
    change: float | None
    reason: Words | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One period. `state` is complete, incomplete (not over, or not all of the window is known) or missing (no value)."""

    period: Period
    value: float | None
    numerator: float | None
    denominator: float | None
    state: Literal["complete", "incomplete", "missing"]
    reason: Words | None
    previous: Change
    year: Change


@dataclass(frozen=True, slots=True)
class Series:
    """A metric over periods, of one value of the split and in one currency (empty where it is no money)."""

    metric: str
    split: str
    split_words: Words
    currency: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: metrics over days, by period, split by a dimension, of a segment's people only.

    `split` is empty, channel, platform, domain, or tag: and a tag's key.
    """

    metrics: tuple[str, ...]
    days: Days
    by: By = "day"
    split: str = ""
    segment: str = ""
    compare: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The series of a question, and why a metric has none."""

    question: Question
    series: list[Series]
    no_data: dict[str, Words] = field(default_factory=dict)
    made_us: int = 0


class NoMetric(NotFound):
    """There is no metric with this key, or it was archived."""

    def __init__(self, key: str) -> None:
        super().__init__("no_metric", Words("没有这个指标。", "There is no such metric."), place=key[:80])


class BadQuestion(Refused):
    """A question about metrics cannot be answered as it is."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_question", words, place=place)


class BadMetric(Refused):
    """A custom metric cannot be made as it is."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_metric", words, place=place)


class MetricInUse(Conflict):
    """A metric that other metrics are made of cannot be archived."""

    def __init__(self, by: str) -> None:
        super().__init__(
            "metric_in_use", Words(f"指标“{by}”还在使用它。", f"The metric {by} is made of it."), place=by
        )
