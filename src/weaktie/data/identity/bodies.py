"""Bodies of the HTTP API of identity."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.kit.web import PlainText, WordsBody

Reason = Annotated[
    PlainText, Field(min_length=3, max_length=500, description="Why; it stands in the audit log")
]
AliasNo = Annotated[int, Field(ge=1, le=2**31 - 1)]
UserId = Annotated[PlainText, Field(min_length=1, max_length=200)]


class IdentifierShown(BaseModel):
    """One identifier; personal ones are masked, and those of people who may not be analysed have no value. `person_no` is
    the person who has it now."""

    alias_no: int
    kind: str
    value: str | None
    first_seen_time: str
    person_no: int | None = None


class EvidenceBody(BaseModel):
    """A fact that speaks for a link: how it was seen, when first and last, and in which source first."""

    kind: str
    first_time: str
    last_time: str
    source_id: str
    source: str | None


class DecisionBody(BaseModel):
    """What somebody said of two identifiers."""

    decision_id: int
    a: int
    b: int
    verdict: Literal["undone", "redone", "same", "different", "later"]
    about: int | None
    time: str
    actor: str
    actor_name: str | None
    reason: str


class IdentityLinkBody(BaseModel):
    """Two identifiers and all that speaks for their belonging together. `state`: `holds` joins them; `undone` was taken
    back by a person; `withheld` would make two people one; `contended` is used by several people and joins none."""

    a: int
    b: int
    state: Literal["holds", "undone", "withheld", "contended"]
    evidence: list[EvidenceBody]
    decision: DecisionBody | None


class ChainBody(BaseModel):
    """Over which identifiers one hangs on the strongest: the numbers from there to it, both included."""

    alias_no: int
    through: list[int]


class PersonIdentity(BaseModel):
    """Why these identifiers are one person. `beside` are identifiers of others that a link names."""

    person_no: int
    identifiers: list[IdentifierShown]
    beside: list[IdentifierShown]
    links: list[IdentityLinkBody]
    chains: list[ChainBody]
    decisions: list[DecisionBody]


class IdentityLinkRequest(BaseModel):
    """A link by its two identifiers, and why."""

    model_config = ConfigDict(extra="forbid")

    a: AliasNo
    b: AliasNo
    reason: Reason


class DecisionRequest(BaseModel):
    """Two people, by any of their identifiers or `@number`, are one or are two."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["same", "different"]
    a: UserId
    b: UserId
    reason: Reason


class AfterDecision(BaseModel):
    """What was said, and the identifiers that each of the two has now: equal lists are one person."""

    decision: DecisionBody
    a_person: list[int]
    b_person: list[int]


class ContenderBody(BaseModel):
    """One of the people whom a question is about."""

    person_no: int
    user_id: str | None
    name: str | None
    identifiers: list[IdentifierShown]
    via: int
    first_time: str | None
    last_time: str | None
    source: str | None


class ReviewBody(BaseModel):
    """A question of the queue. `people` may be fewer than `people_count` where they are many."""

    review_id: int
    reason: str
    words: WordsBody
    about: IdentifierShown
    other: IdentifierShown | None
    people: list[ContenderBody]
    people_count: int
    state: Literal["open", "later", "different"]
    found_time: str
    decided_time: str | None


class ReviewPage(BaseModel):
    """Questions, the newest first."""

    items: list[ReviewBody]
    next_cursor: str | None


class ReviewCount(BaseModel):
    """How many questions stand in the queue for a reason in a state."""

    state: str
    reason: str
    words: WordsBody
    count: int


class ReviewCounts(BaseModel):
    """All of them."""

    items: list[ReviewCount]


class ReviewAnswer(BaseModel):
    """`same`: the people (all, or those named by number) are one; `different`: they are not; `later`: ask again."""

    model_config = ConfigDict(extra="forbid")

    verdict: Literal["same", "different", "later"]
    people: Annotated[list[AliasNo], Field(max_length=200)] = []
    reason: Reason


class ReviewOutcome(BaseModel):
    """What was written, and the question where it still stands."""

    decisions: list[DecisionBody]
    review: ReviewBody | None


class OpenOrderBody(BaseModel):
    """An order of which nobody knows the buyer."""

    order_id: str
    paid_time: str
    amount_minor: int | None
    currency: str | None
    source_id: str
    source: str | None
    reason: Literal["no_buyer", "hidden_buyer", "file"]


class OpenOrderTally(BaseModel):
    """How many orders have no buyer for a reason, in one currency."""

    reason: str
    words: WordsBody
    currency: str | None
    orders: int
    amount_minor: int


class UnidentifiedBody(BaseModel):
    """Orders without a buyer: of how many, why, and a page of them."""

    all_orders: int
    tallies: list[OpenOrderTally]
    items: list[OpenOrderBody]
    next_cursor: str | None
