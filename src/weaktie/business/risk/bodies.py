"""What HTTP takes and gives of risk."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.business.risk.contracts import CaseKind, Decision
from weaktie.kit.web import PlainText, WordsBody

Text = Annotated[PlainText, Field(max_length=200)]
Id = Annotated[PlainText, Field(min_length=1, max_length=200)]
MOST_SIGHTINGS = 1_000


class RiskSighting(BaseModel):
    """What a shop's server knows of one account. Values are hashed with the home's key at once; none is kept in the clear.

    `time` is when the account was seen so (now where it is absent), `registered_time` when it came to be.
    """

    model_config = ConfigDict(extra="forbid")

    user_id: Id
    time: Annotated[str, Field(max_length=40)] | None = None
    registered_time: Annotated[str, Field(max_length=40)] | None = None
    inviter_id: Id | None = None
    invited_time: Annotated[str, Field(max_length=40)] | None = None
    device: Text | None = None
    app_id: Text | None = None
    ip: Text | None = None
    payout: Text | None = None
    address: Text | None = None
    phone: Text | None = None


class RiskSightings(BaseModel):
    """Many accounts at once."""

    model_config = ConfigDict(extra="forbid")

    sightings: Annotated[list[RiskSighting], Field(min_length=1, max_length=MOST_SIGHTINGS)]


class RiskTaken(BaseModel):
    """How many were taken."""

    taken: int


class RiskAsk(RiskSighting):
    """A sign-up, invitation or reward to be judged; `ref` names it in the asker's books."""

    kind: CaseKind
    ref: Annotated[PlainText, Field(min_length=1, max_length=128)]


class RiskAppealAsk(BaseModel):
    """What a refused person says, by the name of the case in the shop's books."""

    model_config = ConfigDict(extra="forbid")

    kind: CaseKind
    ref: Annotated[PlainText, Field(min_length=1, max_length=128)]
    words: Annotated[PlainText, Field(min_length=1, max_length=1_000)]


class RiskReason(BaseModel):
    """Why points were given; a `hard` one decides alone."""

    code: str
    words: WordsBody
    points: float
    hard: bool


class RiskAnswer(BaseModel):
    """What holds of a case: pass, hold (somebody will look) or refuse (with an appeal until `appeal_until`)."""

    case_id: str
    decision: Decision
    score: float
    reasons: list[RiskReason]
    appeal_until: str | None


class RiskCaseBody(BaseModel):
    """A case as the queue shows it. `decision` is the score's, `verdict` a person's, `outcome` what holds; ids are null for
    accounts that are known by no user id."""

    case_id: str
    kind: CaseKind
    kind_words: WordsBody
    ref: str
    user_id: str | None
    inviter_id: str | None
    time: str
    score: float
    decision: Decision
    outcome: Decision
    waits: bool
    reasons: list[RiskReason]
    rules_version: int
    verdict: Decision | None
    note: str
    decided_by: str | None
    decided_time: str | None
    appeal: str | None
    appealed_time: str | None
    appeal_until: str | None
    answer_until: str | None


class RiskCases(BaseModel):
    """A page of the queue."""

    items: list[RiskCaseBody]
    next_cursor: str | None
    total: int


class RiskNode(BaseModel):
    """An account of the neighbourhood."""

    user_id: str | None
    registered_time: str | None
    judged: bool


class RiskThing(BaseModel):
    """Something shared: its kind, and the beginning of its keyed hash."""

    kind: str
    words: WordsBody
    name: str


class RiskEvidence(BaseModel):
    """Accounts and shared things around a case; edges are pairs of rows (account, thing), `invited` of (inviter, invitee)."""

    accounts: list[RiskNode]
    things: list[RiskThing]
    edges: list[tuple[int, int]]
    invited: list[tuple[int, int]]
    more: int


class RiskCaseDetail(BaseModel):
    """A case with what speaks for and against it."""

    case: RiskCaseBody
    evidence: RiskEvidence


class RiskDecision(BaseModel):
    """A person's decision."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["pass", "refuse"]
    note: Annotated[PlainText, Field(min_length=1, max_length=500)]


class RiskAppeal(BaseModel):
    """What the account's owner says, written down by staff."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[PlainText, Field(min_length=1, max_length=1_000)]


class RiskCanary(BaseModel):
    """One look at the scorer."""

    time: str
    caught: bool
    score: float


class RiskSummary(BaseModel):
    """The queue in numbers (of the last 30 days), and the watch: while it is not ok everything is held."""

    waiting: int
    appealed: int
    passed: int
    held: int
    refused: int
    watch_ok: bool
    watch_time: str | None
    canaries: list[RiskCanary]


class RiskRule(BaseModel):
    """Points of one rule: none up to `low`, all from `high` on."""

    model_config = ConfigDict(extra="forbid")

    points: Annotated[float, Field(ge=0, le=100)]
    low: float
    high: float


class RiskRuleRow(BaseModel):
    """A rule as it holds, what decisions say of it, and what they suggest."""

    key: str
    words: WordsBody
    points: float
    low: float
    high: float
    refused: int
    passed: int
    suggested_points: float


class RiskVersion(BaseModel):
    """Rules as they were saved."""

    version: int
    note: str
    made_by: str
    made_time: str | None
    rules: dict[str, RiskRule]


class RiskRules(BaseModel):
    """The rules that hold, and every version, the newest first. `hard` decide alone and have no weight."""

    version: int
    rules: list[RiskRuleRow]
    hard: list[WordsBody]
    versions: list[RiskVersion]


class RiskNewRules(BaseModel):
    """Every rule, and why they change."""

    model_config = ConfigDict(extra="forbid")

    rules: dict[str, RiskRule]
    note: Annotated[PlainText, Field(min_length=1, max_length=200)]
