"""What the metrics' routes take and give."""

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.aarrr import Item, Loop
from weaktie.data.metrics.contracts import Answer, By, Change, Metric, Part, Point, Question, Series
from weaktie.data.metrics.custom import Saved
from weaktie.data.metrics.referral import Cascades
from weaktie.kit.clock import date_to_day, day_to_date, to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

Name = Annotated[PlainText, Field(min_length=1, max_length=80)]
About = Annotated[PlainText, Field(min_length=1, max_length=400)]


class PartBody(BaseModel):
    """One of the two aggregates of a metric. `people` says whether it is a number of people; `window_days` is null where it is
    the period alone, -1 for all time."""

    words: WordsBody
    events: list[str]
    window_days: int | None
    people: bool
    has_people: bool


class MetricBody(BaseModel):
    """A metric as it is declared. `no_data` says why the shop has none yet."""

    key: str
    words: WordsBody
    definition: WordsBody
    group: str
    unit: str
    up_is_good: bool | None
    numerator: PartBody
    denominator: PartBody | None
    refunds: WordsBody
    zone: str
    mature_days: int
    events: list[str]
    sources: list[str]
    purposes: list[str]
    custom: bool
    version: int
    formula: list[str]
    no_data: WordsBody | None


class MetricQuery(BaseModel):
    """Which metrics, over which days (both included), by which period, split and narrowed how."""

    model_config = ConfigDict(extra="forbid")

    metrics: Annotated[list[Annotated[str, Field(max_length=80)]], Field(min_length=1, max_length=80)]
    from_day: Annotated[date, Field(alias="from")]
    to_day: Annotated[date, Field(alias="to")]
    by: By = "day"
    split: Annotated[str, Field(max_length=100)] = ""
    segment: Annotated[PlainText, Field(max_length=80)] = ""
    compare: bool = True

    def question(self) -> Question:
        """The question that is meant."""
        days = Days(date_to_day(self.from_day), date_to_day(self.to_day))
        return Question(tuple(self.metrics), days, self.by, self.split, self.segment, self.compare)


class ChangeBody(BaseModel):
    """Another period's value and how much larger this one is, relative to it; null with a reason where there is none."""

    value: float | None
    change: float | None
    reason: WordsBody | None


class PointBody(BaseModel):
    """One period. `previous` is 环比, `year` 同比. Money is in minor units."""

    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]
    value: float | None
    numerator: float | None
    denominator: float | None
    state: Literal["complete", "incomplete", "missing"]
    reason: WordsBody | None
    previous: ChangeBody
    year: ChangeBody


class SeriesBody(BaseModel):
    """A metric over periods, of one value of the split, in one currency (empty where it is no money)."""

    metric: str
    split: str
    split_words: WordsBody
    currency: str
    points: list[PointBody]


class AnswerBody(BaseModel):
    """The series, the metrics that they are of, and why others have none."""

    made_time: str
    metrics: list[MetricBody]
    series: list[SeriesBody]


class CustomBody(BaseModel):
    """One version of a custom metric."""

    key: str
    version: int
    words: WordsBody
    definition: WordsBody
    up_is_good: bool
    spec: dict[str, Any]
    state: str
    saved_time: str
    actor: str


class CustomAsk(BaseModel):
    """What a custom metric is to be. `spec` is a measure, two divided, or a formula over two metrics."""

    model_config = ConfigDict(extra="forbid")

    name_zh: Name
    name_en: Name
    definition_zh: About
    definition_en: About
    up_is_good: bool = True
    spec: dict[str, Any]


class NewCustom(CustomAsk):
    """A custom metric with its key."""

    key: Annotated[str, Field(max_length=48)]


def metric_body(metric: Metric, zone: str, no_data: WordsBody | None = None) -> MetricBody:
    """A declaration as an answer carries it."""
    return MetricBody(
        key=metric.key, words=words_body(metric.words), definition=words_body(metric.definition), group=metric.group,
        unit=metric.unit, up_is_good=metric.up_is_good, numerator=_part(metric.numerator),
        denominator=_part(metric.denominator) if metric.denominator is not None else None,
        refunds=words_body(metric.refunds), zone=zone, mature_days=metric.mature_days, events=list(metric.events),
        sources=list(metric.reads), purposes=["analytics"], custom=metric.custom, version=metric.version,
        formula=[m.key for m in metric.formula] if metric.formula is not None else [], no_data=no_data,
    )  # fmt: skip


def answer_body(answer: Answer, metrics: list[Metric], zone: str) -> AnswerBody:
    """An answer with the definitions of its metrics."""
    why = {key: words_body(words) for key, words in answer.no_data.items()}
    return AnswerBody(
        made_time=to_iso(answer.made_us),
        metrics=[metric_body(m, zone, why.get(m.key)) for m in metrics],
        series=[series_body(s) for s in answer.series],
    )


def series_body(series: Series) -> SeriesBody:
    """One series."""
    return SeriesBody(
        metric=series.metric, split=series.split, split_words=words_body(series.split_words), currency=series.currency,
        points=[point_body(p) for p in series.points],
    )  # fmt: skip


def point_body(point: Point) -> PointBody:
    """One point."""
    return PointBody(
        from_day=day_to_date(point.period.first).isoformat(), to_day=day_to_date(point.period.last).isoformat(),
        value=point.value, numerator=point.numerator, denominator=point.denominator, state=point.state,
        reason=words_body(point.reason) if point.reason is not None else None, previous=_change(point.previous),
        year=_change(point.year),
    )  # fmt: skip


def custom_body(saved: Saved) -> CustomBody:
    """One version of a custom metric."""
    return CustomBody(
        key=saved.key, version=saved.version, words=words_body(saved.words), definition=words_body(saved.definition),
        up_is_good=saved.up_is_good, spec=msgspec.to_builtins(saved.spec), state=saved.state,
        saved_time=to_iso(saved.saved_us), actor=saved.actor,
    )  # fmt: skip


def _part(part: Part) -> PartBody:
    return PartBody(
        words=words_body(part.words), events=list(part.events), window_days=part.window_days or None,
        people=part.counts_people, has_people=part.names_people,
    )  # fmt: skip


def _change(change: Change) -> ChangeBody:
    return ChangeBody(
        value=change.value, change=change.change,
        reason=words_body(change.reason) if change.reason is not None else None,
    )  # fmt: skip


class ItemBody(BaseModel):
    """One metric of a stage of the loop over its days; no point where there is no data, and why."""

    metric: MetricBody
    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]
    currency: str
    point: PointBody | None


class StageBody(BaseModel):
    """One stage of AARRR."""

    stage: Literal["acquisition", "activation", "retention", "revenue", "referral"]
    items: list[ItemBody]


class CacBody(BaseModel):
    """What a new person cost, in minor units."""

    amount_minor: float
    currency: str


class ChannelBody(BaseModel):
    """What a channel brought. `activation` is of newcomers of days that ended early enough to be known."""

    channel: str
    words: WordsBody
    newcomers: int
    before: ChangeBody
    cac: list[CacBody]
    activation: float | None


class CascadesBody(BaseModel):
    """Accepted invitations: people at each depth from 1, the deepest, the mean, the median days between being brought and
    bringing somebody, and over how many."""

    accepted: int
    by_depth: list[int]
    deepest: int
    mean_depth: float | None
    cycle_days: float | None
    cycles: int


class LoopBody(BaseModel):
    """The AARRR page."""

    from_day: Annotated[str, Field(serialization_alias="from")]
    to_day: Annotated[str, Field(serialization_alias="to")]
    stages: list[StageBody]
    channels: list[ChannelBody]
    cac_missing: WordsBody | None
    cascades: CascadesBody
    cascades_before: CascadesBody
    trend: list[SeriesBody]


def loop_body(loop: Loop, zone: str) -> LoopBody:
    """The page as an answer carries it."""
    return LoopBody(
        from_day=day_to_date(loop.days.first).isoformat(), to_day=day_to_date(loop.days.last).isoformat(),
        stages=[
            StageBody(stage=stage, items=[_item(i, zone) for i in items])  # type: ignore[arg-type]
            for stage, items in loop.stages.items()
        ],
        channels=[
            ChannelBody(
                channel=c.channel, words=words_body(c.words), newcomers=c.newcomers, before=_change(c.before),
                cac=[CacBody(amount_minor=amount, currency=currency) for amount, currency in c.cac], activation=c.activation,
            )
            for c in loop.channels
        ],
        cac_missing=words_body(loop.cac_missing) if loop.cac_missing is not None else None,
        cascades=_cascades(loop.cascades), cascades_before=_cascades(loop.cascades_before),
        trend=[series_body(s) for s in loop.trend],
    )  # fmt: skip


def _item(item: Item, zone: str) -> ItemBody:
    return ItemBody(
        metric=metric_body(item.metric, zone, words_body(item.no_data) if item.no_data is not None else None),
        from_day=day_to_date(item.days.first).isoformat(), to_day=day_to_date(item.days.last).isoformat(),
        currency=item.currency, point=point_body(item.point) if item.point is not None else None,
    )  # fmt: skip


def _cascades(found: Cascades) -> CascadesBody:
    return CascadesBody(
        accepted=found.accepted, by_depth=found.by_depth, deepest=found.deepest, mean_depth=found.mean_depth,
        cycle_days=found.cycle_days, cycles=found.cycles,
    )  # fmt: skip
