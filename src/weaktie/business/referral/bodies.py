"""Bodies of the referral routes."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.business.referral.contracts import (
    Campaign,
    CampaignState,
    Finding,
    Hook,
    Reward,
    RewardState,
    Spec,
    Version,
)
from weaktie.business.referral.figures import Figures
from weaktie.business.referral.rules import published
from weaktie.business.referral.spec import spec_body
from weaktie.business.referral.words import REASONS, STATE_WORDS
from weaktie.kit.clock import day_to_iso, to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

Id = Annotated[PlainText, Field(min_length=1, max_length=200)]
Minor = Annotated[int, Field(ge=0, le=10**15)]


class ReferralBonus(BaseModel):
    """A step of the ladder."""

    model_config = ConfigDict(extra="forbid")
    at: int
    amount_minor: int


class ReferralTies(BaseModel):
    """What the strength of a tie changes; strength is 0 to 1."""

    model_config = ConfigDict(extra="forbid")
    strong_from: float = 0.6
    strong_extra_minor: int = 0
    weak_below: float = 0.3
    weak_extra_minor: int = 0


class ReferralSpec(BaseModel):
    """A campaign's rules; days are YYYY-MM-DD in the workspace's zone, amounts minor units. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")
    title: WordsBody
    text: WordsBody
    channels: Annotated[
        list[Literal["wechat", "wecom", "h5", "app", "sms"]], Field(min_length=1, max_length=5)
    ]
    target_url: Annotated[PlainText, Field(max_length=1000)]
    currency: Annotated[PlainText, Field(min_length=3, max_length=3)]
    first_day: Annotated[PlainText, Field(max_length=10)]
    last_day: Annotated[PlainText, Field(max_length=10)]
    budget_minor: int
    budget_id: Annotated[PlainText, Field(max_length=40)] = ""
    friend_minor: int
    friend_form: Literal["coupon", "cash"] = "coupon"
    friend_stock: int = 0
    friend_min_spend_minor: int = 0
    friend_valid_days: int = 30
    inviter_minor: int
    inviter_form: Literal["coupon", "cash"] = "cash"
    most_minor: int
    bonuses: Annotated[list[ReferralBonus], Field(max_length=10)] = []
    order_min_minor: int = 0
    order_within_days: int = 30
    return_days: int = 7
    settle_days: int = 7
    window_days: int = 30
    daily_invitations: int = 5
    friends_per_invitation: int = 1
    from_events: bool = False
    strength: ReferralTies = ReferralTies()


class NewCampaign(BaseModel):
    """A campaign and its first rules."""

    name: Annotated[PlainText, Field(min_length=1, max_length=120)]
    spec: ReferralSpec


class ReferralTemplate(BaseModel):
    """Rules to begin with."""

    key: str
    words: WordsBody
    spec: ReferralSpec


class LintAsk(BaseModel):
    """Rules to hold against the linter, without keeping them."""

    spec: ReferralSpec


class LintFinding(BaseModel):
    """What the validator or a channel's linter says."""

    code: str
    severity: Literal["error", "warning"]
    place: str
    words: WordsBody
    source: WordsBody
    channel: str


class LintAnswer(BaseModel):
    """Findings, errors first, the rules as participants will read them, and what is worse for them than now."""

    findings: list[LintFinding]
    rules: list[WordsBody]
    worse: list[str]


class VersionBody(BaseModel):
    """One version; `effective_time` is null while it was never launched."""

    version: int
    spec: ReferralSpec
    made_time: str
    made_by: str
    effective_time: str | None
    worse: list[str]


class CampaignCard(BaseModel):
    """A campaign in the list."""

    campaign_id: str
    name: str
    state: CampaignState
    reason: str
    first_day: str
    last_day: str
    currency: str
    budget_minor: int
    created_time: str
    created_by: str
    registered: int
    paid_minor: int
    held: int


class CampaignList(BaseModel):
    """Every campaign, the newest first; which parts that payouts need are wired."""

    items: list[CampaignCard]
    ledger: bool
    scorer: bool
    ties: bool


class CampaignBody(BaseModel):
    """A campaign with the version that holds, the one that is announced, and the rules as participants read them."""

    campaign_id: str
    name: str
    state: CampaignState
    reason: str
    created_time: str
    created_by: str
    started_time: str | None
    ended_time: str | None
    granted: int
    current: VersionBody
    coming: VersionBody | None
    versions: int
    rules: list[WordsBody]


class CheckedBody(BaseModel):
    """A campaign after its check."""

    campaign: CampaignBody
    findings: list[LintFinding]


class ReasonCount(BaseModel):
    """How often a reason was given."""

    reason: str
    words: WordsBody
    count: int


class RewardSum(BaseModel):
    """Rewards by kind, state and reason."""

    kind: str
    state: str
    reason: str
    words: WordsBody | None
    count: int
    amount_minor: int


class ReferralDay(BaseModel):
    """One business day."""

    day: str
    sent: int
    registered: int
    ordered: int


class CampaignFigures(BaseModel):
    """The funnel and what it cost."""

    inviters: int
    participants: int
    sent: int
    opened: int
    registered: int
    ordered: int
    rewarded: int
    refused: list[ReasonCount]
    k_factor: float | None
    cycle_days: float | None
    cost_minor: int
    promised_minor: int
    cost_per_new_minor: int | None
    available_minor: int | None
    money: list[RewardSum]
    days: list[ReferralDay]
    granted: int
    currency: str


class ReferralCascadeNode(BaseModel):
    """Somebody in the cascade, by pseudonym; `parent` is null where nobody brought them."""

    key: str
    parent: str | None
    depth: int
    at: str


class ReferralCascadeBody(BaseModel):
    """Friends by depth, by day and depth (cumulative), and the newest part of the tree: content travels so, pay does not."""

    depths: list[int]
    total: int
    days: list[str]
    grown: list[list[int]]
    nodes: list[ReferralCascadeNode]


class RewardRow(BaseModel):
    """A reward for the console; `person` is what the person is called on boards."""

    reward_id: str
    kind: str
    person: str
    amount_minor: int
    currency: str
    form: str
    state: RewardState
    state_words: WordsBody
    reason: str
    reason_words: WordsBody | None
    note: str
    step: int
    score: int | None
    evidence: list[WordsBody]
    due_time: str
    made_time: str


class RewardRows(BaseModel):
    """Rewards, the newest first, at most 200."""

    items: list[RewardRow]


class ReviewAsk(BaseModel):
    """What a person decides about a reward, and why."""

    pay: bool
    reason: Annotated[PlainText, Field(min_length=1, max_length=300)]


class BoardPlace(BaseModel):
    """A place on the board."""

    place: int
    name: str
    friends: int


class BoardList(BaseModel):
    """The board, without anybody's data."""

    items: list[BoardPlace]


class HookAsk(BaseModel):
    """An address that is to be told."""

    url: Annotated[PlainText, Field(min_length=1, max_length=2000)]
    events: Annotated[list[str], Field(min_length=1, max_length=20)]


class HookSwitch(BaseModel):
    """Whether an address is told."""

    enabled: bool


class HookBody(BaseModel):
    """An address of the shop; the secret is shown once, when it is made."""

    hook_id: str
    url: str
    events: list[str]
    enabled: bool
    made_time: str
    waiting: int
    failed: int
    error: str
    secret: str | None = None


class HookList(BaseModel):
    """Every address, and every event there is."""

    items: list[HookBody]
    events: list[str]


# --- from what the services give -------------------------------------------------------------------------------------


def reason_words(reason: str) -> WordsBody | None:
    """A reason in words; None for none."""
    return words_body(REASONS[reason]) if reason in REASONS else None


def spec_answer(spec: Spec) -> ReferralSpec:
    """Rules as an answer carries them."""
    return ReferralSpec(**spec_body(spec))


def version_body(version: Version) -> VersionBody:
    """One version."""
    return VersionBody(
        version=version.version, spec=spec_answer(version.spec), made_time=to_iso(version.made_us), made_by=version.made_by,
        effective_time=None if version.effective_us is None else to_iso(version.effective_us), worse=list(version.worse),
    )  # fmt: skip


def campaign_body(campaign: Campaign) -> CampaignBody:
    """A campaign."""
    return CampaignBody(
        campaign_id=campaign.campaign_id, name=campaign.name, state=campaign.state, reason=campaign.reason,
        created_time=to_iso(campaign.created_us), created_by=campaign.created_by,
        started_time=None if campaign.started_us is None else to_iso(campaign.started_us),
        ended_time=None if campaign.ended_us is None else to_iso(campaign.ended_us), granted=campaign.granted,
        current=version_body(campaign.current), coming=None if campaign.coming is None else version_body(campaign.coming),
        versions=campaign.versions, rules=[words_body(r) for r in published(campaign.current.spec)],
    )  # fmt: skip


def campaign_card(campaign: Campaign, registered: int, paid_minor: int, held: int) -> CampaignCard:
    """A campaign in the list."""
    spec = campaign.current.spec
    return CampaignCard(
        campaign_id=campaign.campaign_id, name=campaign.name, state=campaign.state, reason=campaign.reason,
        first_day=day_to_iso(spec.first_day), last_day=day_to_iso(spec.last_day), currency=spec.currency,
        budget_minor=spec.budget_minor, created_time=to_iso(campaign.created_us), created_by=campaign.created_by,
        registered=registered, paid_minor=paid_minor, held=held,
    )  # fmt: skip


def finding_body(one: Finding) -> LintFinding:
    """A finding."""
    return LintFinding(
        code=one.code, severity=one.severity, place=one.place, words=words_body(one.words), source=words_body(one.source),
        channel=one.channel,
    )  # fmt: skip


def figures_body(found: Figures, currency: str, available_minor: int | None) -> CampaignFigures:
    """Figures."""
    plain: dict[str, Any] = {
        name: getattr(found, name)
        for name in (
            "inviters", "participants", "sent", "opened", "registered", "ordered", "rewarded", "k_factor", "cycle_days",
            "cost_minor", "promised_minor", "cost_per_new_minor",
        )
    }  # fmt: skip
    return CampaignFigures(
        **plain, currency=currency, available_minor=available_minor, granted=found.friend_coupons,
        refused=[ReasonCount(reason=r, words=words_body(REASONS[r]), count=n) for r, n in found.refused],
        money=[
            RewardSum(
                kind=m.kind, state=m.state, reason=m.reason, words=reason_words(m.reason), count=m.count, amount_minor=m.amount_minor
            )
            for m in found.money
        ],
        days=[
            ReferralDay(day=day_to_iso(d.day), sent=d.sent, registered=d.registered, ordered=d.ordered) for d in found.days
        ],
    )  # fmt: skip


def reward_row(reward: Reward, person: str) -> RewardRow:
    """A reward for the console."""
    reasons = reward.evidence.get("reasons", [])
    return RewardRow(
        reward_id=reward.reward_id, kind=reward.kind, person=person, amount_minor=reward.amount_minor, currency=reward.currency,
        form=reward.form, state=reward.state, state_words=words_body(STATE_WORDS[reward.state]), reason=reward.reason,
        reason_words=reason_words(reward.reason), note=reward.note, step=reward.step, score=reward.score,
        evidence=[WordsBody(**r) for r in reasons] if isinstance(reasons, list) else [], due_time=to_iso(reward.due_us),
        made_time=to_iso(reward.made_us),
    )  # fmt: skip


def hook_body(hook: Hook, secret: str | None = None) -> HookBody:
    """An address."""
    return HookBody(
        hook_id=hook.hook_id, url=hook.url, events=list(hook.events), enabled=hook.enabled, made_time=to_iso(hook.made_us),
        waiting=hook.waiting, failed=hook.failed, error=hook.error, secret=secret,
    )  # fmt: skip
