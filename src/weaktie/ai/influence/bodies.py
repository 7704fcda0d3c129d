"""What the HTTP requests and answers of influence hold."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.ai.influence.contracts import (
    CascadeFigures,
    Drawn,
    KocRule,
    Model,
    Reason,
    RuleVersion,
    Weights,
)
from weaktie.ai.influence.planning import SeedAsk
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

Need = Literal["both", "either", "reach", "trust"]
Minor = Annotated[int, Field(ge=0, le=10**12)]


class InfluenceMoney(BaseModel):
    """An amount in minor units of a currency."""

    currency: str
    amount_minor: int


def money(net: Mapping[str, int]) -> list[InfluenceMoney]:
    """Amounts by currency, those of nothing left out."""
    return [InfluenceMoney(currency=c, amount_minor=n) for c, n in sorted(net.items()) if n]


# --- rules


class KocRuleBody(BaseModel):
    """Who is a KOC; see `contracts.KocRule`."""

    model_config = ConfigDict(extra="forbid")

    min_friends: int = 500
    min_fans: int = 20
    min_interaction: float = 0.10
    min_repurchase: float = 0.50
    interaction_days: int = 30
    repurchase_days: int = 365
    need: Need = "both"
    cap: int = 2

    def rule(self) -> KocRule:
        """As the service takes it."""
        return KocRule(**self.model_dump())


class KocVersionBody(BaseModel):
    """A rule as it was saved; version 0 is the one of a new home."""

    version: int
    rule: KocRuleBody
    made_time: str | None
    made_by: str
    made_by_name: str | None
    restored_from: int | None


class KocRulesBody(BaseModel):
    """The rule that holds and every one before it, the newest first."""

    current: KocVersionBody
    versions: list[KocVersionBody]


class KocPreviewBody(BaseModel):
    """How many creators pass each part of a rule, and how many come and go against the one that holds."""

    creators: int
    reach: int
    trust: int
    koc: int
    before: int
    entered: int
    left: int


class KocSavedBody(BaseModel):
    """The version that holds now."""

    version: int


def version_body(one: RuleVersion, names: Mapping[str, str]) -> KocVersionBody:
    """A version as an answer carries it."""
    rule = KocRuleBody(**{f: getattr(one.rule, f) for f in KocRuleBody.model_fields})
    return KocVersionBody(
        version=one.version, rule=rule, made_time=to_iso(one.made_us) if one.made_us else None, made_by=one.made_by,
        made_by_name=names.get(one.made_by), restored_from=one.restored_from,
    )  # fmt: skip


# --- creators


class CreatorBody(BaseModel):
    """A creator in the list. Rates are null of nothing; `predicted` is the reach of the running month, `last_predicted` what
    was said of the last full one and `last_actual` what came."""

    person_no: int
    user_id: str
    friends: int
    followers: int
    fans: int
    interacted: int
    interaction_rate: float | None
    buyers: int
    repeat: int
    repurchase_rate: float | None
    contents: int
    shares: int
    opened: int
    orders: int
    net: list[InfluenceMoney]
    passes_reach: bool
    passes_trust: bool
    koc: bool
    predicted: float | None
    last_predicted: float | None
    last_actual: int


class ReachErrorBody(BaseModel):
    """How well last month was predicted. `kept` says whether the predictions were stored when the month began, or made now
    from what was known before it."""

    month: str
    creators: int
    median_error: float | None
    spearman: float | None
    kept: bool


class CreatorsBody(BaseModel):
    """A page of creators. `month` is the running one, whose reach is predicted; `pairs` how many creator-months that stands on,
    null where they are too few. `days` are the rule's days of interaction, over which shares, openings and orders count."""

    items: list[CreatorBody]
    next_cursor: str | None
    total: int
    creators: int
    koc: int
    reach: int
    trust: int
    rule: KocRuleBody
    month: str
    pairs: int | None
    error: ReachErrorBody
    days: int


class ReachReasonBody(BaseModel):
    """A part of a prediction: the creator's own figure, and by which factor it moves the reach against the average."""

    key: str
    words: WordsBody
    value: float
    factor: float


class ReachMonthBody(BaseModel):
    """The reach of a month; `complete` is false for the one that still runs."""

    month: str
    reach: int
    complete: bool


class CreatorContentBody(BaseModel):
    """A content: people whom it reached in the last 90 days, who did something with it, and its cascade."""

    content_id: str
    title: str
    kind: str
    published_time: str
    reached: int
    acted: int
    cascade: int
    orders: int


class CascadeFiguresBody(BaseModel):
    """Figures of one or more trees; see `contracts.CascadeFigures`. `by_depth` counts people from who began on."""

    people: int
    roots: int
    depth: int
    breadth: int
    virality: float | None
    cycle_seconds: int | None
    orders: int
    net: list[InfluenceMoney]
    by_depth: list[int]


class CreatorPageBody(BaseModel):
    """One creator: whom they have around them, what came of it, their contents and cascades of the last 90 days."""

    creator: CreatorBody
    rule: KocRuleBody
    reasons: list[ReachReasonBody]
    months: list[ReachMonthBody]
    month: str
    contents: list[CreatorContentBody]
    contents_total: int
    cascade: CascadeFiguresBody
    from_day: str
    to_day: str


def reason_body(reason: Reason) -> ReachReasonBody:
    """A reason as an answer carries it."""
    return ReachReasonBody(
        key=reason.key, words=words_body(reason.words), value=reason.value, factor=reason.factor
    )


# --- cascades


class CascadeBody(BaseModel):
    """All trees of one item; `item` names it in links."""

    item: str
    kind: str
    kind_words: WordsBody
    title: str
    figures: CascadeFiguresBody
    first_time: str
    last_time: str


class CreatorCascadeBody(BaseModel):
    """The trees of one creator."""

    person_no: int
    user_id: str
    figures: CascadeFiguresBody


class CascadesBody(BaseModel):
    """Cascades of some days, the largest first, at most a hundred; `total` is how many items there are."""

    from_day: str
    to_day: str
    items: list[CascadeBody]
    creators: list[CreatorCascadeBody]
    total: int
    everybody: CascadeFiguresBody


class CascadeNodeBody(BaseModel):
    """A node of the tree. `others` counts people who are not drawn beside it; its person number is -1 then, as at the top."""

    person_no: int
    name: str
    depth: int
    below: int
    orders: int
    time: str | None
    others: int
    children: list["CascadeNodeBody"]


class CascadeTreeBody(BaseModel):
    """A drawing of cascades and their figures. `creator_no` is the person number of who was asked about, null for an item."""

    from_day: str
    to_day: str
    title: str
    creator_no: int | None
    figures: CascadeFiguresBody
    drawn: int
    tree: CascadeNodeBody


def figures_body(found: CascadeFigures) -> CascadeFiguresBody:
    """Figures as an answer carries them."""
    return CascadeFiguresBody(
        people=found.people, roots=found.roots, depth=found.depth, breadth=found.breadth, virality=found.virality,
        cycle_seconds=None if found.cycle_us is None else found.cycle_us // 1_000_000, orders=found.orders,
        net=money(found.net_minor), by_depth=found.by_depth,
    )  # fmt: skip


def node_body(node: Drawn) -> CascadeNodeBody:
    """A drawn node with all below it."""
    return CascadeNodeBody(
        person_no=node.person_no, name=node.name, depth=node.depth, below=node.below, orders=node.orders,
        time=to_iso(node.us) if node.us else None, others=node.others, children=[node_body(c) for c in node.children],
    )  # fmt: skip


# --- seeds


class SeedsAsk(BaseModel):
    """A choice of seeds that is wanted; see `planning.SeedAsk`."""

    model_config = ConfigDict(extra="forbid")

    most: int = 50
    budget_minor: Minor | None = None
    base_minor: Minor = 0
    per_friend_minor: Minor = 0
    among: Literal["everybody", "creators", "koc", "people"] = "everybody"
    people: dict[str, Any] | None = None
    model: Model = "cascade"
    weights: Weights = "in_degree"
    epsilon: float = 0.1

    def ask(self) -> SeedAsk:
        """As the service takes it."""
        return SeedAsk(**self.model_dump())


class SeedMethodBody(BaseModel):
    """What one method reaches: the mean over simulations with its 95 % interval."""

    method: str
    words: WordsBody
    seeds: int
    cost_minor: int
    mean: float
    low: float
    high: float


class SeedPersonBody(BaseModel):
    """A seed: what they add to those before them, what they would reach alone, in people."""

    place: int
    person_no: int
    user_id: str
    gain: float
    alone: float
    cost_minor: int


class SeedPlanBody(BaseModel):
    """A choice of seeds. `method` is the one whose people are taken. `guarantee` is the part of the best possible spread that
    the chosen reach at least, but for one chance in the number of people."""

    plan_id: str
    made_time: str
    made_by: str
    made_by_name: str | None
    ask: SeedsAsk
    currency: str
    method: str
    method_words: WordsBody
    model_words: WordsBody
    weights_words: WordsBody
    methods: list[SeedMethodBody]
    overlap: float | None
    people: int
    ties: int
    candidates: int
    sets: int
    guarantee: float
    took_ms: int
    seeds: list[SeedPersonBody]
    gone: int


class SeedPlansBody(BaseModel):
    """The last hundred choices, without their people."""

    items: list[SeedPlanBody]
    currency: str


# --- audiences


class AudienceDraftAsk(BaseModel):
    """Whose content is to go to how many; `content_id` is empty for none in particular."""

    model_config = ConfigDict(extra="forbid")

    creator: Annotated[PlainText, Field(min_length=1, max_length=255)]
    content_id: Annotated[PlainText, Field(max_length=255)] = ""
    size: Annotated[int, Field(ge=1, le=100_000)] = 500


class AudienceAsk(AudienceDraftAsk):
    """The same with a name, to be kept."""

    name: Annotated[PlainText, Field(min_length=1, max_length=100)]


class AudiencePersonBody(BaseModel):
    """Somebody in an audience: the chance that word comes by a mutual friend, the likeliest of these, and how many there are."""

    place: int
    person_no: int
    user_id: str
    score: float
    through_no: int | None
    through: str | None
    ways: int


class AudienceReasonBody(BaseModel):
    """Why people were not taken, and how many."""

    code: str
    words: WordsBody
    count: int


class AudienceDraftBody(BaseModel):
    """An audience before it is made: `pool` are all friends of friends, `items` the first hundred of `size`."""

    creator_no: int
    friends: int
    pool: int
    size: int
    cap: int
    left_out: list[AudienceReasonBody]
    items: list[AudiencePersonBody]


class AudienceBody(BaseModel):
    """An audience that was made. `now` are those of its people who may be analysed at this moment."""

    audience_id: str
    name: str
    creator_no: int | None
    creator: str | None
    content_id: str
    title: str
    size: int
    asked: int
    cap: int
    left_out: list[AudienceReasonBody]
    made_time: str
    made_by: str
    made_by_name: str | None


class AudiencesBody(BaseModel):
    """Audiences, the newest first."""

    items: list[AudienceBody]


class AudiencePageBody(BaseModel):
    """One audience with its people who may be told now, at most 500 of them."""

    audience: AudienceBody
    people: int
    items: list[AudiencePersonBody]
