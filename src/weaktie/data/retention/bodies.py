"""Questions and answers about coming back as JSON."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.behaviour.contracts import Days
from weaktie.data.behaviour.service import EventAsk
from weaktie.data.retention.contracts import (
    LIFECYCLE_DEFINITION,
    MOST_DAYS,
    MOST_PERIODS,
    MOST_SEGMENTS,
    Average,
    BadRetention,
    Count,
    Group,
    Life,
    LifecycleQuery,
    Mode,
    RetentionQuery,
    Stage,
    State,
    Table,
    Unit,
    Why,
)
from weaktie.kit.clock import date_to_day, day_to_date
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.kit.words import Words

Ids = Annotated[
    list[Annotated[PlainText, Field(min_length=1, max_length=100)]], Field(max_length=MOST_SEGMENTS)
]


class PeriodAsk(BaseModel):
    """Business days, both ends included; without them the 30 days up to yesterday."""

    model_config = ConfigDict(extra="forbid")

    first_day: date | None = None
    last_day: date | None = None
    unit: Unit = "day"

    def days(self, today: int) -> Days:
        """The days that are asked for. Raises BadRetention."""
        last = date_to_day(self.last_day) if self.last_day else today - 1
        first = date_to_day(self.first_day) if self.first_day else last - 29
        if first < 0 or last > today + 366 or not 0 <= last - first < MOST_DAYS[self.unit]:
            words = Words("时段为空、太长或太远。", "The period is empty, too long or too far away.")
            raise BadRetention("first_day", words)
        return Days(first, last)


class RetentionAsk(PeriodAsk):
    """A question about retention; each page, link and saved query of people holds one.

    `mode`: whom a cohort holds, `count`: exactly the n-th unit or it and later. Either segments or a tag may break it down.
    """

    start: EventAsk = EventAsk()
    back: EventAsk = EventAsk()
    mode: Mode = "first"
    count: Count = "on"
    periods: Annotated[int, Field(ge=1, le=90)] | None = None
    segments: Ids = []
    tag: Annotated[PlainText, Field(max_length=100)] = ""

    def query(self, today: int) -> RetentionQuery:
        """The question as the service takes it. Raises BadRetention."""
        most = MOST_PERIODS[self.unit]
        periods = (
            self.periods if self.periods is not None else {"day": 30, "week": 12, "month": 12}[self.unit]
        )
        if periods > most:
            raise BadRetention("periods", Words(f"最多 {most} 期。", f"At most {most} periods."))
        if self.segments and self.tag:
            words = Words(
                "分群对比与标签细分只能选一个。", "Compare segments or break down by a tag, not both."
            )
            raise BadRetention("tag", words)
        return RetentionQuery(
            self.start.matcher(), self.back.matcher(), self.days(today), self.unit, self.mode, self.count, periods,
            tuple(self.segments), self.tag,
        )  # fmt: skip


class LifecycleAsk(PeriodAsk):
    """A question about how people come and go."""

    event: EventAsk = EventAsk()
    segments: Ids = []

    def query(self, today: int) -> LifecycleQuery:
        """The question as the service takes it. Raises BadRetention."""
        return LifecycleQuery(self.event.matcher(), self.days(today), self.unit, tuple(self.segments))


class RetentionPeopleAsk(BaseModel):
    """Who came back, or did not, of one cohort at n; of one group where there are several."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["retention"]
    query: RetentionAsk
    cohort: date
    n: Annotated[int, Field(ge=0, le=90)] | None = None
    returned: bool = True
    group: Annotated[PlainText, Field(max_length=200)] | None = None


class LifecyclePeopleAsk(BaseModel):
    """Who is in a state in one unit."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["lifecycle"]
    query: LifecycleAsk
    day: date
    state: State
    group: Annotated[PlainText, Field(max_length=200)] | None = None


class RetentionAverageBody(BaseModel):
    """How many came back at n of how many; `share` is null where there is no figure, and `why` says the reason."""

    n: int
    returned: int
    people: int
    share: float | None
    why: Why | None


class CohortBody(BaseModel):
    """One cohort; `returned[n]` is null where n has not fully passed, for the reason `why`."""

    day: str
    size: int
    returned: list[int | None]
    why: Why | None


class RetentionGroupBody(BaseModel):
    """The cohorts of everybody, of a segment or of one value of a tag, with the weighted average and that of marked days."""

    key: str
    words: WordsBody
    people: int
    cohorts: list[CohortBody]
    average: list[RetentionAverageBody]
    marks: list[RetentionAverageBody]


class RetentionBody(BaseModel):
    """Retention; `through_day` is the last day that has fully passed and holds data."""

    unit: Unit
    first_day: str
    last_day: str
    through_day: str | None
    definition: WordsBody
    mode_words: WordsBody
    count_words: WordsBody
    groups: list[RetentionGroupBody]


class LifeStageBody(BaseModel):
    """One unit; counts are null where it has not fully passed, for the reason `why`. Dormant people are a positive count."""

    day: str
    new: int | None
    retained: int | None
    resurrected: int | None
    dormant: int | None
    active: int | None
    quick_ratio: float | None
    why: Why | None


class LifeBody(BaseModel):
    """The units of everybody or one segment."""

    key: str
    words: WordsBody
    stages: list[LifeStageBody]


class LifecycleBody(BaseModel):
    """The lifecycle, and what its states mean."""

    unit: Unit
    first_day: str
    last_day: str
    definition: WordsBody
    states: dict[State, WordsBody]
    groups: list[LifeBody]


def iso(day: int) -> str:
    """A business day as text."""
    return day_to_date(day).isoformat()


def average_body(one: Average) -> RetentionAverageBody:
    """An average with its share."""
    share = one.returned / one.people if one.why is None else None
    return RetentionAverageBody(n=one.n, returned=one.returned, people=one.people, share=share, why=one.why)


def group_body(group: Group) -> RetentionGroupBody:
    """A group as an answer carries it."""
    return RetentionGroupBody(
        key=group.key,
        words=words_body(group.words),
        people=group.people,
        cohorts=[
            CohortBody(day=iso(c.day), size=c.size, returned=list(c.returned), why=c.why)
            for c in group.cohorts
        ],
        average=[average_body(a) for a in group.average],
        marks=[average_body(a) for a in group.marks],
    )


def retention_body(table: Table, query: RetentionQuery, words: tuple[Words, Words, Words]) -> RetentionBody:
    """The answer; `words` are the definition, the mode's and the count's."""
    definition, mode, count = (words_body(w) for w in words)
    return RetentionBody(
        unit=table.unit, first_day=iso(query.days.first), last_day=iso(query.days.last),
        through_day=None if table.through is None else iso(table.through),
        definition=definition, mode_words=mode, count_words=count, groups=[group_body(g) for g in table.groups],
    )  # fmt: skip


def stage_body(stage: Stage) -> LifeStageBody:
    """A unit with its active people and quick ratio."""
    c = stage.counts
    if c is None:
        return LifeStageBody(
            day=iso(stage.day), new=None, retained=None, resurrected=None, dormant=None, active=None, quick_ratio=None,
            why=stage.why,
        )  # fmt: skip
    return LifeStageBody(
        day=iso(stage.day), **c, active=c["new"] + c["retained"] + c["resurrected"],
        quick_ratio=(c["new"] + c["resurrected"]) / c["dormant"] if c["dormant"] else None, why=None,
    )  # fmt: skip


def lifecycle_body(
    lives: tuple[Life, ...], query: LifecycleQuery, states: dict[State, Words]
) -> LifecycleBody:
    """The answer."""
    return LifecycleBody(
        unit=query.unit, first_day=iso(query.days.first), last_day=iso(query.days.last),
        definition=words_body(LIFECYCLE_DEFINITION), states={k: words_body(v) for k, v in states.items()},
        groups=[
            LifeBody(key=life.key, words=words_body(life.words), stages=[stage_body(s) for s in life.stages])
            for life in lives
        ],
    )  # fmt: skip
