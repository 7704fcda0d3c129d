"""What the HTTP of coupons and points says and takes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.business.loyalty.contracts import (
    Basket,
    BasketLine,
    Coupon,
    Goods,
    PointsRule,
    Redemption,
    Shop,
    Template,
    Terms,
)
from weaktie.business.loyalty.logic import rules_of
from weaktie.kit.clock import to_iso
from weaktie.kit.money import LARGEST_MINOR
from weaktie.kit.web import PlainText, WordsBody, words_body

Name = Annotated[PlainText, Field(min_length=1, max_length=120)]
Key = Annotated[PlainText, Field(min_length=1, max_length=120)]
Id = Annotated[PlainText, Field(min_length=1, max_length=128)]
UserId = Annotated[PlainText, Field(min_length=1, max_length=200)]
Reason = Annotated[PlainText, Field(min_length=2, max_length=200)]
Minor = Annotated[int, Field(ge=0, le=LARGEST_MINOR)]
Code = Annotated[PlainText, Field(min_length=4, max_length=64)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


# ---- coupons


class TermsBody(_Strict):
    """What a coupon is worth and where. Everything is public, and nothing asks who somebody is: there is no field for a tag."""

    kind: Literal["amount", "percent"]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    amount_minor: Minor = 0
    percent: Annotated[int, Field(ge=0, le=99)] = 0
    most_off_minor: Minor = 0
    minimum_minor: Minor = 0
    stacking: Literal["alone", "others"] = "alone"
    products: Annotated[list[Id], Field(max_length=500)] = Field(default_factory=list)
    channels: Annotated[list[Id], Field(max_length=50)] = Field(default_factory=list)


class TemplateRequest(_Strict):
    """A kind of coupon to make; `codes` make it a pool of uploaded codes, `code_count` of new ones."""

    name: Name
    terms: TermsBody
    starts_time: datetime | None = None
    ends_time: datetime
    valid_days: Annotated[int, Field(ge=0, le=3_650)] = 0
    per_person: Annotated[int, Field(ge=0, le=1_000)] = 1
    stock: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    codes: Annotated[list[Code], Field(max_length=10_000)] = Field(default_factory=list)
    code_count: Annotated[int, Field(ge=0, le=10_000)] = 0
    elsewhere: bool = False
    budget_id: Annotated[str, Field(max_length=40)] | None = None


class TemplateBody(BaseModel):
    """A kind of coupon with its published rules; `issued` pieces were put into circulation, `stock` of them nobody has yet."""

    template_id: str
    name: str
    terms: TermsBody
    rules: WordsBody
    starts_time: str
    ends_time: str
    valid_days: int
    per_person: int
    pool: bool
    elsewhere: bool
    budget_id: str | None
    state: Literal["active", "paused", "ended"]
    issued: int
    stock: int
    created_time: str


class TemplatesBody(BaseModel):
    """A page of templates."""

    items: list[TemplateBody]
    next_cursor: str | None


class TemplateDetailBody(TemplateBody):
    """A template with its coupons by state."""

    counts: dict[str, int]


class TemplateStateRequest(_Strict):
    """Pause, go on, or end."""

    state: Literal["active", "paused", "ended"]


class StockRequest(_Strict):
    """Pieces to put into stock, or to take out (below zero); `key` makes it happen once."""

    key: Key
    change: Annotated[int, Field(ge=-10_000_000, le=10_000_000)]


class CodesRequest(_Strict):
    """Codes for a pool: uploaded ones, or so many new ones."""

    codes: Annotated[list[Code], Field(max_length=10_000)] = Field(default_factory=list)
    count: Annotated[int, Field(ge=0, le=10_000)] = 0


class CouponBody(BaseModel):
    """One coupon; `person` is `p` and the person's number, null for a free code and for somebody who was erased."""

    coupon_id: str
    template_id: str
    code: str
    state: Literal["free", "held", "reserved", "redeemed", "expired", "withdrawn"]
    person: str | None
    expires_time: str
    claimed_time: str | None
    order_id: str | None
    off_minor: int | None
    reserved_until_time: str | None
    changed_time: str


class CouponsBody(BaseModel):
    """A page of coupons."""

    items: list[CouponBody]
    next_cursor: str | None


class GrantRequest(_Strict):
    """Somebody to give a coupon to; `key` makes it happen once."""

    key: Key
    user_id: UserId


class WhyRequest(_Strict):
    """Why it is done, for the audit log."""

    reason: Reason


class ShopBody(BaseModel):
    """A shop system; its secret is never shown again."""

    shop_id: str
    name: str
    created_time: str
    rotated_time: str
    ended_time: str | None
    last_time: str | None
    accepted: int
    refused: int


class ShopSecretBody(BaseModel):
    """A shop system with its new secret, shown this once."""

    shop: ShopBody
    secret: str


class ShopRequest(_Strict):
    """A shop system to connect."""

    name: Name


# ---- points


class PointsRuleRequest(_Strict):
    """A rule to make. With `per_minor` above 0 each so many minor units of the event's amount earn `points`."""

    name: Name
    event: Name
    points: Annotated[int, Field(ge=1, le=1_000_000)]
    per_minor: Minor = 0
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    most_a_day: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    valid_days: Annotated[int, Field(ge=1, le=3_650)] = 365


class PointsRuleBody(PointsRuleRequest):
    """A rule."""

    rule_id: str
    created_time: str
    ended_time: str | None


class PointsStateBody(BaseModel):
    """All points: with people, spent, ended, and given out in all."""

    with_people: int
    people: int
    held: int
    redeemed: int
    expired: int


class PointsOfBody(BaseModel):
    """What one person has."""

    person: str | None
    posted: int
    held: int
    available: int


class PointsGrantRequest(_Strict):
    """Points for somebody, or from somebody (below zero), and why."""

    key: Key
    user_id: UserId
    points: Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]
    reason: Reason


class GoodsBody(BaseModel):
    """Something to be had for points."""

    goods_id: str
    name: str
    points: int
    state: Literal["active", "paused"]
    stock: int
    created_time: str


class GoodsRequest(_Strict):
    """Something to offer for points."""

    name: Name
    points: Annotated[int, Field(ge=1, le=1_000_000_000)]
    stock: Annotated[int, Field(ge=0, le=10_000_000)] = 0


class GoodsStateRequest(_Strict):
    """Offer it, or not for now."""

    state: Literal["active", "paused"]


class RedemptionBody(BaseModel):
    """Points that somebody gave for goods."""

    redemption_id: str
    goods_id: str
    goods_name: str
    person: str | None
    pieces: int
    points: int
    state: Literal["placed", "cancelled"]
    time: str
    transfer_id: str


class RedemptionsBody(BaseModel):
    """A page of redemptions."""

    items: list[RedemptionBody]
    next_cursor: str | None


# ---- what a shop system sends


class BasketLineBody(_Strict):
    """A line of a basket, before any coupon."""

    product_id: Id
    amount_minor: Minor


class BasketBody(_Strict):
    """What is bought. There is no field for who buys it."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    channel: Annotated[PlainText, Field(max_length=128)] = ""
    lines: Annotated[list[BasketLineBody], Field(min_length=1, max_length=500)]


class ClaimCall(_Strict):
    """Give one coupon of a template to a user."""

    key: Key
    template_id: Id
    user_id: UserId


class UserCall(_Strict):
    """What a user has."""

    user_id: UserId


class QuoteCall(_Strict):
    """What codes take off a basket."""

    codes: Annotated[list[Code], Field(min_length=1, max_length=5)]
    basket: BasketBody


class ReserveCall(QuoteCall):
    """Hold coupons for an order; `minutes` until they are free again."""

    order_id: Id
    user_id: UserId | None = None
    minutes: Annotated[int, Field(ge=1, le=1_440)] = 30


class OrderCall(_Strict):
    """An order that was paid, given up or returned."""

    order_id: Id


class RedeemedCall(_Strict):
    """A code that was used at the shop's own till."""

    code: Code
    order_id: Id
    off_minor: Minor = 0


class SpendCall(_Strict):
    """Points for goods."""

    key: Key
    user_id: UserId
    goods_id: Id
    pieces: Annotated[int, Field(ge=1, le=100)] = 1


class EmptyCall(_Strict):
    """A question without anything in it."""


def terms_of(body: TermsBody) -> Terms:
    """Terms as the service takes them."""
    return Terms(
        body.kind, body.currency, body.amount_minor, body.percent, body.most_off_minor, body.minimum_minor, body.stacking,
        tuple(body.products), tuple(body.channels),
    )  # fmt: skip


def basket_of(body: BasketBody) -> Basket:
    """A basket as the service takes it."""
    lines = tuple(BasketLine(line.product_id, line.amount_minor) for line in body.lines)
    return Basket(body.currency, lines, body.channel)


def template_fields(t: Template) -> dict[str, object]:
    """What both bodies of a template hold."""
    s = t.terms
    terms = TermsBody(
        kind=s.kind, currency=s.currency, amount_minor=s.amount_minor, percent=s.percent, most_off_minor=s.most_off_minor,
        minimum_minor=s.minimum_minor, stacking=s.stacking, products=list(s.products), channels=list(s.channels),
    )  # fmt: skip
    return {
        "template_id": t.template_id, "name": t.name, "terms": terms,
        "rules": words_body(rules_of(s, t.valid_days, t.per_person)), "starts_time": to_iso(t.starts_us),
        "ends_time": to_iso(t.ends_us), "valid_days": t.valid_days, "per_person": t.per_person, "pool": t.pool,
        "elsewhere": t.elsewhere, "budget_id": t.budget_id, "state": t.state, "issued": t.issued, "stock": t.stock,
        "created_time": to_iso(t.created_us),
    }  # fmt: skip


def template_body(t: Template) -> TemplateBody:
    """A template."""
    return TemplateBody.model_validate(template_fields(t))


def detail_body(t: Template, counts: Mapping[str, int]) -> TemplateDetailBody:
    """A template with its coupons by state."""
    return TemplateDetailBody.model_validate(template_fields(t) | {"counts": dict(counts)})


def _person(number: int | None) -> str | None:
    return None if number is None else f"p{number}"


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else to_iso(at_us)


def coupon_body(c: Coupon) -> CouponBody:
    """A coupon."""
    return CouponBody(
        coupon_id=c.coupon_id, template_id=c.template_id, code=c.code, state=c.state, person=_person(c.person_no),
        expires_time=to_iso(c.expires_us), claimed_time=_iso(c.claimed_us), order_id=c.order_id, off_minor=c.off_minor,
        reserved_until_time=_iso(c.reserved_until_us), changed_time=to_iso(c.changed_us),
    )  # fmt: skip


def shop_body(s: Shop) -> ShopBody:
    """A shop system."""
    return ShopBody(
        shop_id=s.shop_id, name=s.name, created_time=to_iso(s.created_us), rotated_time=to_iso(s.rotated_us),
        ended_time=_iso(s.ended_us), last_time=_iso(s.last_us), accepted=s.accepted, refused=s.refused,
    )  # fmt: skip


def rule_body(r: PointsRule) -> PointsRuleBody:
    """A rule."""
    return PointsRuleBody(
        rule_id=r.rule_id, name=r.name, event=r.event, points=r.points, per_minor=r.per_minor, currency=r.currency,
        most_a_day=r.most_a_day, valid_days=r.valid_days, created_time=to_iso(r.created_us), ended_time=_iso(r.ended_us),
    )  # fmt: skip


def goods_body(g: Goods) -> GoodsBody:
    """Goods."""
    return GoodsBody(
        goods_id=g.goods_id, name=g.name, points=g.points, state=g.state, stock=g.stock, created_time=to_iso(g.created_us)
    )  # fmt: skip


def redemption_body(r: Redemption, names: Mapping[str, str]) -> RedemptionBody:
    """A redemption; `names` are those of the goods by id."""
    return RedemptionBody(
        redemption_id=r.redemption_id, goods_id=r.goods_id, goods_name=names.get(r.goods_id, r.goods_id),
        person=_person(r.person_no), pieces=r.pieces, points=r.points, state=r.state, time=to_iso(r.at_us),
        transfer_id=r.transfer_id,
    )  # fmt: skip
