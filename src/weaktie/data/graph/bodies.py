"""What the routes of the graph take and give."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from weaktie.kit.web import PlainText, WordsBody


class TiePartBody(BaseModel):
    """One part of strength: what it means, what it counts, and how it is spread over ties (twenty parts of 0 to 1)."""

    part: str
    words: WordsBody
    about: WordsBody
    weight: float
    default_weight: float
    mean: float
    histogram: list[int]


class TieKindBody(BaseModel):
    """In how many pairs of people a kind was seen; what one time counts (0 for standing relations)."""

    kind: str
    words: WordsBody
    pairs: int
    effort: float


class TieWeightsBody(BaseModel):
    """How the weights came about; figures of a held-out fifth of those who shared."""

    learned: bool
    why: WordsBody
    bias: float
    positives: int
    negatives: int
    auc: float | None
    default_auc: float | None
    log_loss: float | None


class GraphLeftOutBody(BaseModel):
    """Living people by whether they may be in the graph, as the build found them."""

    living: int
    granted: int
    refused: int
    no_receipt: int
    internal: int


class CommunityBody(BaseModel):
    """A community: its people, the share of their strength that stays inside, and the query of its people."""

    number: int
    people: int
    inside: float
    query: dict[str, Any]


class BridgeBody(BaseModel):
    """Somebody between communities: `bridge` 0 to 1, strength into other communities, how many of them."""

    user_id: str | None
    person_no: int
    bridge: float
    outside: float
    communities: int
    degree: int


class GraphBody(BaseModel):
    """The graph as it stands, of those who grant social analysis now."""

    built_time: str
    as_of_day: str
    whole_day: str
    people: int
    pairs: int
    ties: int
    strong: int
    strong_from: float
    interactions: int
    histogram: list[int]
    parts: list[TiePartBody]
    kinds: list[TieKindBody]
    weights: TieWeightsBody
    communities: int
    modularity: float
    left_out: GraphLeftOutBody
    seconds: dict[str, float]


class CommunitiesBody(BaseModel):
    """The largest communities."""

    items: list[CommunityBody]
    total: int


class BridgesBody(BaseModel):
    """The people most between communities."""

    items: list[BridgeBody]


class TieAudienceAsk(BaseModel):
    """Whom to look for: near whom (`user_id`, or a query of people), of what kind, how many."""

    audience: Literal["strong", "weak", "fof"]
    user_id: PlainText | None = Field(default=None, min_length=1, max_length=255)
    people: dict[str, Any] | None = None
    size: int = Field(default=1_000, ge=1, le=1_000_000)
    shown: int = Field(default=50, ge=1, le=500)


class TieAudiencePerson(BaseModel):
    """Somebody of an audience: score 0 to 1, through whom, over how many ties or ways."""

    user_id: str | None
    person_no: int
    score: float
    through: str | None
    through_no: int
    paths: int


class TieAudienceBody(BaseModel):
    """An audience: how many there were before the cut, how many it has, the first of them, and its query of people."""

    audience: str
    words: WordsBody
    asked: int
    reachable: int
    size: int
    items: list[TieAudiencePerson]
    query: dict[str, Any]


class TieReasonBody(BaseModel):
    """One part of a tie and what it adds before the curve."""

    part: str
    value: float
    weight: float
    adds: float


class EgoNodeBody(BaseModel):
    """Somebody in a neighbourhood; `distance` 0 is the person asked for."""

    person_no: int
    user_id: str | None
    distance: int
    community: int


class EgoTieBody(BaseModel):
    """A tie in a neighbourhood with its reasons, the most telling first."""

    src: int
    dst: int
    strength: float
    strong: bool
    common: int
    interactions: int
    last_day: str | None
    kinds: list[str]
    reasons: list[TieReasonBody]


class EgoBody(BaseModel):
    """A neighbourhood; `left` neighbours are not shown."""

    user_id: str
    nodes: list[EgoNodeBody]
    ties: list[EgoTieBody]
    neighbours: int
    left: int
