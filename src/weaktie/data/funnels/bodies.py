"""Shapes of requests and answers, and how they become funnels: of HTTP, of saved definitions and of queries of people."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt

from weaktie.data.behaviour.contracts import Condition, Matcher, Op
from weaktie.data.funnels.contracts import (
    LEAST_STEPS,
    LONGEST_RANGE_DAYS,
    LONGEST_WINDOW_S,
    MOST_EXCLUSIONS,
    MOST_SEGMENTS,
    MOST_STEPS,
    BadFunnel,
    Breakdown,
    Exclusion,
    Figures,
    Funnel,
    Grain,
    Order,
    StepTime,
)
from weaktie.kit.clock import SECOND_US, day_to_date, to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.kit.words import Words

EPOCH = date(1970, 1, 1)
Name = Annotated[PlainText, Field(min_length=1, max_length=120)]
Key = Annotated[PlainText, Field(min_length=1, max_length=255)]
Text = Annotated[PlainText, Field(max_length=1_020)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConditionBody(_Strict):
    """One test of a property; `values` has one value for comparisons, several for `in`, none for `set` and `unset`."""

    property: Key
    op: Op
    values: Annotated[list[StrictBool | StrictInt | StrictFloat | Text], Field(max_length=200)] = []


class StepBody(_Strict):
    """An event and the conditions that it has to meet; an empty name is any event."""

    event: Annotated[PlainText, Field(max_length=255)]
    where: Annotated[list[ConditionBody], Field(max_length=10)] = []


class ExclusionBody(StepBody):
    """An event that ends an attempt after step `after` and before step `before`, from 1."""

    after: Annotated[int, Field(ge=1, lt=MOST_STEPS)] = 1
    before: Annotated[int, Field(ge=2, le=MOST_STEPS)] = 2


class RangeBody(_Strict):
    """Days of entry: the last `recent_days` with today, or from and to, both included."""

    recent_days: Annotated[int, Field(ge=1, le=LONGEST_RANGE_DAYS)] | None = None
    from_day: date | None = None
    to_day: date | None = None


class BreakdownBody(_Strict):
    """By a tag of people, or a property of the event with which they entered."""

    by: Literal["tag", "property"]
    key: Key


class FunnelBody(_Strict):
    """A funnel as it is asked for and kept."""

    steps: Annotated[list[StepBody], Field(min_length=LEAST_STEPS, max_length=MOST_STEPS)]
    window_seconds: Annotated[int, Field(ge=1, le=LONGEST_WINDOW_S)] = 7 * 86_400
    days: RangeBody = RangeBody(recent_days=30)
    order: Order = "loose"
    increase: bool = False
    exclusions: Annotated[list[ExclusionBody], Field(max_length=MOST_EXCLUSIONS)] = []
    breakdown: BreakdownBody | None = None
    segments: Annotated[
        list[Annotated[PlainText, Field(min_length=1, max_length=64)]], Field(max_length=MOST_SEGMENTS)
    ] = []
    within: Annotated[PlainText, Field(min_length=1, max_length=64)] | None = None
    grain: Grain = "day"


class FunnelRequest(_Strict):
    """A query."""

    funnel: FunnelBody


class TimesBody(BaseModel):
    """Seconds between a step and the one before, and how many fall into each part of `bounds_s`."""

    median_s: float
    p75_s: float
    p90_s: float
    histogram: list[int]


class StepFiguresBody(BaseModel):
    """A step: how many reached it, their share of the first and of the former step (null where nobody was there)."""

    people: int
    of_first: float | None
    of_former: float | None
    lost: int
    times: TimesBody | None


class GroupBody(BaseModel):
    """Some people's figures; `key` goes into queries of people as `group`."""

    key: str
    words: WordsBody
    steps: list[StepFiguresBody]


class TrendBody(BaseModel):
    """Entries of a day or week. `converted` and `share` are null while windows are open: `closes_day` says until when."""

    day: str
    until_day: str
    entered: int
    converted: int | None
    share: float | None


class StepWordsBody(BaseModel):
    """What a step is called."""

    event: str
    words: WordsBody


class FunnelFiguresBody(BaseModel):
    """Everything about a funnel."""

    steps: list[StepWordsBody]
    groups: list[GroupBody]
    trend: list[TrendBody]
    bounds_s: list[int]
    open_people: int
    from_day: str
    to_day: str
    as_of_time: str
    last_event_day: str | None


class SaveRequest(_Strict):
    """A funnel to keep."""

    name: Name
    funnel: FunnelBody


class ChangeRequest(_Strict):
    """Another name, another definition, or both."""

    name: Name | None = None
    funnel: FunnelBody | None = None


class SavedBody(BaseModel):
    """A kept funnel."""

    funnel_id: str
    name: str
    funnel: FunnelBody
    made_time: str
    made_by: str
    changed_time: str


class SavedPage(BaseModel):
    """Kept funnels by name."""

    items: list[SavedBody]


def funnel_of(body: FunnelBody, today: int) -> Funnel:
    """The funnel as of a business day; raises BadFunnel for what contradicts itself."""
    first, last = _days(body.days, today)
    for i, one in enumerate(body.exclusions):
        if not one.after < one.before <= len(body.steps):
            raise BadFunnel(
                f"exclusions.{i}",
                Words(
                    "排除步骤的位置须在漏斗的两步之间。",
                    "An exclusion stands between two steps of the funnel.",
                ),
            )
    if len(set(body.segments)) < len(body.segments):
        raise BadFunnel("segments", Words("分群重复。", "A segment is named twice."))
    if body.segments and body.breakdown:
        raise BadFunnel(
            "breakdown",
            Words("对比分群时不能同时拆分。", "A comparison of segments cannot be broken down as well."),
        )
    return Funnel(
        tuple(matcher_of(s) for s in body.steps), body.window_seconds * SECOND_US, first, last, body.order, body.increase,
        tuple(Exclusion(matcher_of(e), e.after, e.before) for e in body.exclusions),
        Breakdown(body.breakdown.by, body.breakdown.key) if body.breakdown else None,
        tuple(body.segments), body.within, body.grain,
    )  # fmt: skip


def matcher_of(step: StepBody) -> Matcher:
    """The events that a step looks for."""
    return Matcher(step.event, tuple(Condition(c.property, c.op, tuple(c.values)) for c in step.where))


def _days(asked: RangeBody, today: int) -> tuple[int, int]:
    if (asked.recent_days is None) == (asked.from_day is None) or (asked.from_day is None) != (
        asked.to_day is None
    ):
        raise BadFunnel("days", Words("请给出最近天数，或起止日期。", "Give recent days, or from and to."))
    if asked.recent_days is not None:
        return today - asked.recent_days + 1, today
    assert asked.from_day is not None
    assert asked.to_day is not None
    first, last = (asked.from_day - EPOCH).days, (asked.to_day - EPOCH).days
    if not first <= last < first + LONGEST_RANGE_DAYS:
        raise BadFunnel("days", Words("日期范围无效或过长。", "The range of days is empty or too long."))
    return first, last


def figures_body(
    funnel: Funnel, words: list[Words], found: Figures, bounds_s: tuple[int, ...]
) -> FunnelFiguresBody:
    """Figures as an answer."""
    groups = [
        GroupBody(
            key=g.key,
            words=words_body(g.words),
            steps=[
                StepFiguresBody(
                    people=s.people, of_first=_share(s.people, g.steps[0].people),
                    of_former=_share(s.people, g.steps[i - 1].people) if i else None,
                    lost=g.steps[i - 1].people - s.people if i else 0, times=_times(s.times),
                )
                for i, s in enumerate(g.steps)
            ],
        )
        for g in found.groups
    ]  # fmt: skip
    return FunnelFiguresBody(
        steps=[
            StepWordsBody(event=s.event, words=words_body(w)) for s, w in zip(funnel.steps, words, strict=True)
        ],
        groups=groups,
        trend=[
            TrendBody(
                day=_iso(p.day), until_day=_iso(p.until_day), entered=p.entered, converted=p.converted,
                share=None if p.converted is None else _share(p.converted, p.entered),
            )
            for p in found.trend
        ],
        bounds_s=list(bounds_s),
        open_people=found.open_people,
        from_day=_iso(funnel.first_day),
        to_day=_iso(funnel.last_day),
        as_of_time=to_iso(found.as_of_us),
        last_event_day=None if found.last_event_day is None else _iso(found.last_event_day),
    )  # fmt: skip


def _times(times: StepTime | None) -> TimesBody | None:
    if times is None:
        return None
    return TimesBody(median_s=times.median_s, p75_s=times.p75_s, p90_s=times.p90_s, histogram=times.histogram)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _iso(day: int) -> str:
    return day_to_date(day).isoformat()
