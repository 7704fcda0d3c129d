"""What the HTTP answers of profiles hold, for the API's description. Hot answers are written by `show` instead."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.kit.web import PlainText, WordsBody

Level = Literal["high", "mid", "low"]
PurposeName = Literal["analytics", "personalisation", "marketing", "social"]
SubjectName = Literal[
    "analytics", "personalisation", "marketing", "social", "sensitive", "sharing", "guardian"
]


class Reason(BaseModel):
    """Why people are left out, and how many."""

    code: str
    words: WordsBody
    count: int


class LeftOutBody(BaseModel):
    """How many people a page does not show, by reason."""

    total: int
    reasons: list[Reason]


class UserBody(BaseModel):
    """One line of the list of users; `name` is masked, `spend_minor` is in the person's main currency."""

    user_id: str
    person_no: int
    name: str | None
    tier: str | None
    rfm_class: str | None
    orders: int
    spend_minor: int
    currency: str | None
    last_seen_time: str | None
    registered_time: str | None
    channel: str | None
    province: str | None
    city: str | None
    gender: str | None


class AskedBody(BaseModel):
    """The people behind a figure, as the list was narrowed to them: who they are, how many, and how many of them the list
    has as users and as visitors; `unpublished` came, or were joined, after the last build."""

    words: WordsBody
    count: int
    users: int
    visitors: int
    unpublished: int


class UsersBody(BaseModel):
    """A page of users; `people` is there where the list was narrowed to the people behind a figure."""

    items: list[UserBody]
    next_cursor: str | None
    total: int | None
    left_out: LeftOutBody
    people: AskedBody | None = None


class FacetBody(BaseModel):
    """A value to filter by, and how many people have it."""

    value: str
    words: WordsBody
    count: int


class FacetsBody(BaseModel):
    """What the list of users can be filtered by."""

    tiers: list[FacetBody]
    rfm: list[FacetBody]
    channels: list[FacetBody]
    provinces: list[FacetBody]
    genders: list[FacetBody]


class AliasBody(BaseModel):
    """One identifier; `value` is masked where it is personal."""

    kind: str
    value: str
    first_seen_time: str


class LiveBody(BaseModel):
    """What was seen since the build."""

    last_seen_time: str | None
    events_since_build: int
    last_event: str | None


class NamesBody(BaseModel):
    """Personal names and contacts: masked in a profile, in the clear after a reveal."""

    nickname: str | None
    phone: str | None
    email: str | None


class TagHead(BaseModel):
    """What is declared of a tag."""

    key: str
    words: WordsBody
    dimension: Literal["basic", "behaviour", "social", "spending"]
    dimension_words: WordsBody
    unit: WordsBody | None
    definition: WordsBody


class TagValue(TagHead):
    """A tag of one person."""

    value: str | int | float | bool
    display: WordsBody


class RfmBody(BaseModel):
    """RFM of one buyer; `m_minor` in the main currency."""

    model_config = ConfigDict(populate_by_name=True)

    r: Level
    f: Level
    m: Level
    r_days: int
    f_orders: int
    m_minor: int
    currency: str | None
    rfm_class: str = Field(alias="class")
    class_words: WordsBody
    tier: str
    tier_words: WordsBody


class CountsBody(BaseModel):
    """Events, with those since the build, and orders that count."""

    events: int
    orders: int


class PurposeBody(BaseModel):
    """One purpose and the ground on which it is granted or not."""

    purpose: SubjectName
    words: WordsBody
    granted: bool
    basis: str
    basis_words: WordsBody
    since_time: str | None


class ProfileBody(BaseModel):
    """A person: the published row and the live overlay."""

    person_no: int
    user_id: str
    aliases: list[AliasBody]
    generation: int | None
    built_time: str | None
    live: LiveBody
    names: NamesBody
    tags: list[TagValue]
    rfm: RfmBody | None
    counts: CountsBody
    purposes: list[PurposeBody]


class MoneyBody(BaseModel):
    """Integer minor units and their currency."""

    amount_minor: int
    currency: str | None


class EventBody(BaseModel):
    """One event of a timeline."""

    event_id: str
    event: str
    event_time: str
    received_time: str | None
    source: str | None
    platform: str | None
    channel: str | None
    content_id: str | None
    product_id: str | None
    order_id: str | None
    amount: MoneyBody | None
    properties: dict[str, object]


class TimelineBody(BaseModel):
    """A page of events, newest first."""

    items: list[EventBody]
    next_cursor: str | None
    total: int | None


class LineBody(MoneyBody):
    """One line of an order."""

    product_id: str | None
    name: str | None
    quantity: int


class OrderBody(MoneyBody):
    """One order as it stands; `net_minor` is the amount without what was given back."""

    order_id: str
    paid_time: str
    status: str
    channel: str | None
    net_minor: int
    refunded_minor: int
    counts: bool
    items: list[LineBody]


class OrdersBody(BaseModel):
    """A page of orders, newest first."""

    items: list[OrderBody]
    next_cursor: str | None
    total: int | None


class TieBody(BaseModel):
    """A tie to somebody else; `user_id` is null where the other may not be shown."""

    user_id: str | None
    kind: str
    direction: Literal["out", "in"]
    count: int
    weight: float | None
    last_time: str


class TiesBody(BaseModel):
    """The newest ties, at most 500."""

    items: list[TieBody]


class ReceiptBody(BaseModel):
    """One choice of the person; `notice_version` is the text that was shown."""

    purpose: SubjectName
    granted: bool
    basis: str
    how: str
    source: str | None
    at_time: str
    notice_version: int | None


class ReceiptsBody(BaseModel):
    """Every receipt, newest first, and what holds now: the purposes, the separate consents, the age band, deleted tags."""

    items: list[ReceiptBody]
    purposes: list[PurposeBody]
    separate: list[PurposeBody]
    age_band: Literal["child", "youth", "adult"]
    deleted_tags: list[str]


class ChoiceBody(BaseModel):
    """A choice that somebody takes down for the person."""

    purpose: SubjectName
    granted: bool
    how: PlainText = Field(min_length=1, max_length=64)


class RevealBody(BaseModel):
    """Why contacts are looked at in the clear; it stands in the audit log."""

    reason: PlainText = Field(min_length=3, max_length=200)


class LabelCount(BaseModel):
    """How many people have a value."""

    label: WordsBody
    count: int


class TagCard(TagHead):
    """A tag of the catalogue; `coverage` is the share of people who have a value."""

    source_tables: list[str]
    window_days: int | None
    coverage: float
    freshness_time: str | None
    distribution: list[LabelCount]


class TagOriginBody(BaseModel):
    """A column of the lake, the events that fill it (`*`: every event) and their properties."""

    column: str
    events: list[str]
    properties: list[str]


class TagAggregateBody(BaseModel):
    """What a tag takes from one source: how, of which column, over how many days."""

    name: str
    source: str
    how: str
    column: str
    days: int | None
    columns: list[TagOriginBody]


class TagLineageBody(BaseModel):
    """Where a tag comes from."""

    key: str
    aggregates: list[TagAggregateBody]


class Sums(BaseModel):
    """People, orders and net spend; `spend_minor` in the matrix's currency, `spend` in each."""

    count: int
    share: float
    orders: int
    spend_minor: int
    spend: list[MoneyBody]


class CellBody(Sums):
    """One cell of the RFM matrix."""

    r: Level
    f: Level
    m: Level


class GroupBody(Sums):
    """One class or tier."""

    key: str
    words: WordsBody


class CutoffsBody(BaseModel):
    """Cut-offs of one currency: at most the first, at most the second, above."""

    r_days: list[int]
    f: list[int]
    m_minor: list[int]


class MatrixBody(BaseModel):
    """The RFM matrix of the published generation."""

    generation: int
    as_of_day: int
    people: int
    currency: str | None
    cells: list[CellBody]
    classes: list[GroupBody]
    tiers: list[GroupBody]
    eights: list[GroupBody]
    rule_version: int
    cutoffs: dict[str, CutoffsBody]
    definition: WordsBody
    left_out: LeftOutBody
