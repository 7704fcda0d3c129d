"""What the routes of acquisition take and give."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.acquisition.contracts import (
    PLATFORMS,
    BadLine,
    BatchState,
    CampaignMap,
    CostBatch,
    Figures,
    Group,
    Link,
    NamingRule,
    Problem,
    Share,
    TargetKind,
)
from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

Text200 = Annotated[PlainText, Field(max_length=200)]


class ChannelLinkBody(BaseModel):
    """A channel link. `address` is what is shared and printed; `opens` counts all time."""

    link_id: str
    code: str
    address: str
    name: str
    target_kind: TargetKind
    target: str
    leads_to: str
    channel: str
    medium: str
    campaign: str
    content: str
    creator: str
    note: str
    made_time: str
    made_by: str
    archived_time: str | None
    opens: int


class ChannelLinkPage(BaseModel):
    """A page of links."""

    items: list[ChannelLinkBody]
    next_cursor: str | None
    total: int | None


class NewLinkBody(BaseModel):
    """A link to be made. An empty code is replaced by a new one."""

    model_config = ConfigDict(extra="forbid")

    name: Text200
    target_kind: TargetKind = "url"
    target: Annotated[PlainText, Field(max_length=2000)]
    channel: Annotated[PlainText, Field(max_length=64)]
    medium: Annotated[PlainText, Field(max_length=64)] = ""
    campaign: Text200 = ""
    content: Text200 = ""
    creator: Text200 = ""
    note: Annotated[PlainText, Field(max_length=500)] = ""
    code: Annotated[PlainText, Field(max_length=64)] = ""


class LinkTable(BaseModel):
    """Links as CSV text with a header; with `dry` nothing is made."""

    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, Field(max_length=900_000)]
    dry: bool = False


class BadLineBody(BaseModel):
    """A line that is left out, and why."""

    line: int
    code: str
    column: str
    cell: str
    words: WordsBody


class MadeBody(BaseModel):
    """What came of a table of links: names that were (or would be) made, and lines that were not."""

    made: list[str]
    bad: list[BadLineBody]


class ProblemBody(BaseModel):
    """Something that is wrong with a name."""

    place: str
    words: WordsBody


class RuleBody(BaseModel):
    """A naming rule; version 0 is the one before any was made."""

    version: int
    template: str
    choices: dict[str, list[str]]
    made_time: str | None
    made_by: str


class PartBody(BaseModel):
    """What a template may name."""

    key: str
    words: WordsBody


class NamingBody(BaseModel):
    """The rule that holds, those before it, and the parts that a template may name."""

    rule: RuleBody
    before: list[RuleBody]
    parts: list[PartBody]


class NewRule(BaseModel):
    """A naming rule to be."""

    model_config = ConfigDict(extra="forbid")

    template: Annotated[PlainText, Field(max_length=400)]
    choices: dict[
        str, Annotated[list[Annotated[PlainText, Field(max_length=64)]], Field(max_length=200)]
    ] = {}


class NameCheck(BaseModel):
    """A name to try, with the fields of its link; without `template` the rule that holds."""

    model_config = ConfigDict(extra="forbid")

    name: Text200
    fields: dict[str, Text200] = {}
    rule: NewRule | None = None


class NameAnswer(BaseModel):
    """Whether a name follows the rule, what it says, and what is wrong with it."""

    fits: bool
    parts: dict[str, str]
    problems: list[ProblemBody]


class CampaignBody(BaseModel):
    """A campaign of a file, its rows and cost, and the channel it belongs to (null: nobody said)."""

    campaign: str
    channel: str | None
    code: str | None
    rows: int
    cost_minor: int
    currency: str


class CampaignSaid(BaseModel):
    """To which channel (and code) a campaign belongs; null takes it out of the figures."""

    model_config = ConfigDict(extra="forbid")

    campaign: Text200
    channel: Annotated[PlainText, Field(max_length=64)] | None
    code: Annotated[PlainText, Field(max_length=64)] | None = None


class ApplyBody(BaseModel):
    """The mapping of a draft's campaigns."""

    model_config = ConfigDict(extra="forbid")

    campaigns: Annotated[list[CampaignSaid], Field(max_length=5_000)] = []


class CostMoney(BaseModel):
    """Integer minor units of a currency."""

    amount_minor: int
    currency: str


class BatchBody(BaseModel):
    """A file of costs. `counts` of its `rows` are the newest of their day and campaign; `without_channel` count nowhere."""

    batch_id: str
    state: BatchState
    filename: str
    platform: str
    platform_words: WordsBody
    columns: dict[str, str]
    rows: int
    counts: int
    without_channel: int
    from_day: str | None
    to_day: str | None
    totals: list[CostMoney]
    bad: list[BadLineBody]
    made_time: str
    made_by: str
    ended_time: str | None
    ended_by: str | None


class BatchDetail(BaseModel):
    """A batch with its campaigns."""

    batch: BatchBody
    campaigns: list[CampaignBody]


class OverShareBody(BaseModel):
    """A share of people whose window is over; `value` is null where nobody's is, with `reason` incomplete."""

    value: float | None
    part: int
    whole: int
    reason: Literal["incomplete"] | None


class CostBody(BaseModel):
    """Cost in one currency; `cac_minor` is null without newcomers. `payback` is revenue so far by cost, `payback_days` the
    day after coming on which the cost was brought in, null where it was not yet."""

    currency: str
    cost_minor: int
    cac_minor: int | None
    revenue_minor: int
    payback: float | None
    payback_days: int | None


class ScoreBody(BaseModel):
    """The value score (0–100) and its parts (0–1); `missing` says why there is none."""

    value: float | None
    quality: float | None
    retention: float | None
    payback: float | None
    missing: Literal["too_few", "incomplete", "cost_missing"] | None


class AcquiredBody(BaseModel):
    """A channel, a code, or everybody. `costs` is empty where the cost is missing (`cost_missing`) or nothing (`free`)."""

    key: str | None
    words: WordsBody | None
    newcomers: int
    registered: int
    ordered: OverShareBody
    high_value: OverShareBody
    d1: OverShareBody
    d7: OverShareBody
    d30: OverShareBody
    orders: int
    revenue: list[CostMoney]
    costs: list[CostBody]
    cost_missing: bool
    free: bool
    days_without_cost: int
    trend: list[int]
    score: ScoreBody | None
    name: str | None = None
    opens: int | None = None


class AcquisitionFiguresBody(BaseModel):
    """Acquisition of some days, by channel and by code; `complete_day` is the last one that is over and built."""

    from_day: str
    to_day: str
    complete_day: str
    everybody: AcquiredBody
    channels: list[AcquiredBody]
    codes: list[AcquiredBody]
    order_days: int
    high_value_minor: int
    currency: str
    built: bool


class FreeBody(BaseModel):
    """Whether a channel is declared to cost nothing."""

    model_config = ConfigDict(extra="forbid")

    free: bool


class SeedAsk(BaseModel):
    """Whose phones are to be hashed, how, and for what; the purpose is written into the audit log."""

    model_config = ConfigDict(extra="forbid")

    people: dict[str, object]
    algorithm: Literal["sha256", "md5"] = "sha256"
    reason: Annotated[PlainText, Field(min_length=4, max_length=200)]


class SeedReason(BaseModel):
    """Why people are left out, and how many."""

    code: str
    words: WordsBody
    count: int


class SeedCount(BaseModel):
    """How many digests a seed file has, of how many people, and who is left out."""

    people: int
    seeds: int
    left_out: list[SeedReason]


def link_body(link: Link, address: str, leads_to: str) -> ChannelLinkBody:
    """A link as it is shown."""
    return ChannelLinkBody(
        link_id=link.link_id, code=link.code, address=address, name=link.name, target_kind=link.target_kind,
        target=link.target, leads_to=leads_to, channel=link.channel, medium=link.medium, campaign=link.campaign,
        content=link.content, creator=link.creator, note=link.note, made_time=to_iso(link.made_us), made_by=link.made_by,
        archived_time=None if link.archived_us is None else to_iso(link.archived_us), opens=link.opens,
    )  # fmt: skip


def bad_body(bad: BadLine) -> BadLineBody:
    """A line that is left out."""
    return BadLineBody(
        line=bad.line, code=bad.code, column=bad.column, cell=bad.cell, words=words_body(bad.words)
    )


def problem_body(problem: Problem) -> ProblemBody:
    """Something that is wrong with a name."""
    return ProblemBody(place=problem.place, words=words_body(problem.words))


def rule_body(rule: NamingRule) -> RuleBody:
    """A naming rule."""
    return RuleBody(
        version=rule.version, template=rule.template, choices={k: list(v) for k, v in rule.choices.items()},
        made_time=to_iso(rule.made_us) if rule.made_us else None, made_by=rule.made_by,
    )  # fmt: skip


def batch_body(batch: CostBatch) -> BatchBody:
    """A batch of costs."""
    return BatchBody(
        batch_id=batch.batch_id, state=batch.state, filename=batch.filename, platform=batch.platform,
        platform_words=words_body(PLATFORMS[batch.platform]), columns=dict(batch.columns), rows=batch.rows, counts=batch.counts,
        without_channel=batch.without_channel, from_day=_date(batch.from_day), to_day=_date(batch.to_day),
        totals=[CostMoney(amount_minor=n, currency=c) for c, n in sorted(batch.totals.items())],
        bad=[bad_body(b) for b in batch.bad], made_time=to_iso(batch.made_us), made_by=batch.made_by,
        ended_time=None if batch.ended_us is None else to_iso(batch.ended_us), ended_by=batch.ended_by,
    )  # fmt: skip


def campaign_body(one: CampaignMap) -> CampaignBody:
    """A campaign of a batch."""
    return CampaignBody(
        campaign=one.campaign, channel=one.channel, code=one.code, rows=one.rows, cost_minor=one.cost_minor,
        currency=one.currency,
    )  # fmt: skip


def group_body(
    group: Group, words: WordsBody | None, name: str | None = None, opens: int | None = None
) -> AcquiredBody:
    """The figures of a channel or code."""
    score = group.score
    return AcquiredBody(
        key=group.key, words=words, newcomers=group.newcomers, registered=group.registered, ordered=_share(group.ordered),
        high_value=_share(group.high_value), d1=_share(group.d1), d7=_share(group.d7), d30=_share(group.d30),
        orders=group.orders, revenue=[CostMoney(amount_minor=n, currency=c) for c, n in sorted(group.revenue.items())],
        costs=[
            CostBody(
                currency=c.currency, cost_minor=c.cost_minor, cac_minor=c.cac_minor, revenue_minor=c.revenue_minor,
                payback=c.payback, payback_days=c.payback_days,
            )
            for c in group.costs
        ],
        cost_missing=group.cost_missing, free=group.free, days_without_cost=group.days_without_cost, trend=group.trend,
        score=None if score is None else ScoreBody(
            value=score.value, quality=score.quality, retention=score.retention, payback=score.payback,
            missing=score.missing,  # type: ignore[arg-type]
        ),
        name=name, opens=opens,
    )  # fmt: skip


def dates_of(found: Figures) -> dict[str, str]:
    """The days of figures."""
    return {
        "from_day": day_to_date(found.from_day).isoformat(), "to_day": day_to_date(found.to_day).isoformat(),
        "complete_day": day_to_date(found.complete_day).isoformat(),
    }  # fmt: skip


def _share(share: Share) -> OverShareBody:
    return OverShareBody(
        value=share.value, part=share.part, whole=share.whole, reason=None if share.whole else "incomplete"
    )


def _date(day: int | None) -> str | None:
    return None if day is None else day_to_date(day).isoformat()
