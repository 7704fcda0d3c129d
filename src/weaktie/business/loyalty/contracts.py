"""Coupons, baskets, points and goods, as callers see them, and why something is refused."""

from dataclasses import dataclass
from typing import Final, Literal

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

OffKind = Literal["amount", "percent"]
Stacking = Literal["alone", "others"]
TemplateState = Literal["active", "paused", "ended"]
CouponState = Literal["free", "held", "reserved", "redeemed", "expired", "withdrawn"]
COUPON_STATES: Final[tuple[CouponState, ...]] = (
    "free", "held", "reserved", "redeemed", "expired", "withdrawn",
)  # fmt: skip
MOST_COUPONS: Final = 5
"""Coupons that one order may use together."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a coupon is worth and where: all of it public, about the basket and the day, never about the person.

    `amount_minor` off, or `percent` off of what is eligible and `most_off_minor` at the most (0: no cap). `products` and
    `channels` narrow what is eligible; empty means everything. `stacking` says whether other coupons may stand beside it.
    """

    kind: OffKind
    currency: str
    amount_minor: int = 0
    percent: int = 0
    most_off_minor: int = 0
    minimum_minor: int = 0
    stacking: Stacking = "alone"
    products: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of coupon. Its terms never change: other terms are another template.

    `stock` is what is left to give out. Claimed between `starts_us` and `ends_us`, it is good for `valid_days` after the claim (0:
    until `ends_us`) and never longer than `ends_us`. `pool` gives out codes that were uploaded or made before; `elsewhere` is
    redeemed by another shop system that reports it. `budget_id` pays what is taken off.
    """

    template_id: str
    name: str
    terms: Terms
    starts_us: int
    ends_us: int
    valid_days: int
    per_person: int
    pool: bool
    elsewhere: bool
    budget_id: str | None
    state: TemplateState
    created_us: int
    created_by: str
    issued: int = 0
    stock: int = 0


@dataclass(frozen=True, slots=True)
class Coupon:
    """One coupon. `person_no` is null for a free code and once its person was erased."""

    coupon_id: str
    template_id: str
    code: str
    state: CouponState
    person_no: int | None
    expires_us: int
    claimed_us: int | None
    order_id: str | None
    off_minor: int | None
    reserved_until_us: int | None
    changed_us: int


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One line of a basket: what it costs before any coupon."""

    product_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What is bought, where, in one currency."""

    currency: str
    lines: tuple[BasketLine, ...]
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """What each coupon takes off, in the order in which they were given."""

    off_minor: tuple[int, ...]

    @property
    def total_minor(self) -> int:
        """What is taken off altogether."""
        return sum(self.off_minor)


@dataclass(frozen=True, slots=True)
class PointsRule:
    """How points are earned. Each `event` earns `points`; with `per_minor` above 0 it earns them for each so many minor units of
    its amount in `currency`. At most `most_a_day` for a person and day (0: no cap); they are good for `valid_days`."""

    rule_id: str
    name: str
    event: str
    points: int
    per_minor: int
    currency: str
    most_a_day: int
    valid_days: int
    created_us: int
    created_by: str
    ended_us: int | None


@dataclass(frozen=True, slots=True)
class Goods:
    """What points are redeemed for; `stock` is what is left."""

    goods_id: str
    name: str
    points: int
    state: Literal["active", "paused"]
    created_us: int
    stock: int = 0


@dataclass(frozen=True, slots=True)
class Redemption:
    """Points that somebody gave for goods."""

    redemption_id: str
    goods_id: str
    person_no: int | None
    pieces: int
    points: int
    state: Literal["placed", "cancelled"]
    at_us: int
    transfer_id: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop system that asks for coupons and points, or reports redemptions; it signs with a secret that is shown once."""

    shop_id: str
    name: str
    created_us: int
    rotated_us: int
    ended_us: int | None
    last_us: int | None
    accepted: int
    refused: int


REFUSALS: Final[dict[str, tuple[int, Words]]] = {
    "sold_out": (409, Words("该券已领完。", "There are no coupons left.")),
    "not_begun": (409, Words("活动尚未开始。", "It has not begun yet.")),
    "over": (409, Words("活动已结束。", "It is over.")),
    "paused": (409, Words("该券已暂停发放。", "It is paused.")),
    "per_person": (409, Words("您已达到该券的领取上限。", "You have as many of these as one person may have.")),
    "coupon_expired": (409, Words("该券已过期。", "The coupon has expired.")),
    "coupon_used": (409, Words("该券已被使用。", "The coupon was used already.")),
    "coupon_reserved": (409, Words("该券已被另一笔订单占用。", "Another order holds the coupon.")),
    "coupon_withdrawn": (409, Words("该券已被收回。", "The coupon was withdrawn.")),
    "not_yours": (409, Words("该券不属于此用户。", "The coupon belongs to somebody else.")),
    "wrong_currency": (409, Words("订单货币与券不一致。", "The order is in another currency than the coupon.")),
    "not_for_channel": (409, Words("该券不适用于此渠道。", "The coupon is not for this channel.")),
    "no_product": (409, Words("订单中没有适用商品。", "Nothing in the order is eligible for the coupon.")),
    "not_together": (409, Words("这些券不可同时使用。", "These coupons cannot be used together.")),
    "too_many_coupons": (409, Words("一笔订单最多使用 5 张券。", "An order takes 5 coupons at the most.")),
    "nothing_reserved": (404, Words("该订单没有占用任何券。", "The order holds no coupon.")),
    "bad_terms": (422, Words("券的条件无效。", "The terms are not valid.")),
    "bad_codes": (422, Words("券码无效或重复。", "A code is not valid or stands there twice.")),
    "not_a_pool": (409, Words("该券不使用券码池。", "The template has no pool of codes.")),
    "has_codes": (409, Words("券码池的库存由券码决定。", "The stock of a pool is its codes.")),
    "no_reward_for_sharing": (422, Words("分享行为不可获得积分或奖励。", "Sharing never earns points or rewards.")),
    "bad_rule": (422, Words("积分规则无效。", "The rule is not valid.")),
    "not_enough_points": (409, Words("积分不足。", "There are not enough points.")),
    "goods_gone": (409, Words("商品已兑完。", "The goods are gone.")),
    "redemption_closed": (409, Words("该兑换已取消。", "The redemption was cancelled already.")),
    "bad_signature": (401, Words("签名不正确。", "The signature is not right.")),
    "old_timestamp": (401, Words("请求时间与服务器相差超过 5 分钟。", "The request's time is over 5 minutes off.")),
    "request_repeated": (409, Words("该请求已处理过，请勿重放。", "This very request was taken before.")),
    "bad_request": (400, Words("请求内容无法识别。", "The request cannot be read.")),
    "no_action": (404, Words("没有这个操作。", "There is no such action.")),
    "no_user": (422, Words("用户 ID 无效。", "The user's id is not valid.")),
}  # fmt: skip


def refuse(code: str, place: str = "", words: Words | None = None) -> Refused:
    """The refusal of that code."""
    status, known = REFUSALS[code]
    kind = Conflict if status == 409 else Refused
    return kind(code, words or known, place=place, status=status)


class NoTemplate(NotFound):
    """There is no such coupon template."""

    def __init__(self) -> None:
        super().__init__(
            "no_template", Words("没有这个券模板。", "There is no such coupon template."), place="template_id"
        )


class NoCoupon(NotFound):
    """There is no such coupon or code."""

    def __init__(self) -> None:
        super().__init__("no_coupon", Words("没有这张券。", "There is no such coupon."), place="code")


class NoGoods(NotFound):
    """There is no such rule, goods, redemption or shop."""

    def __init__(self, place: str) -> None:
        super().__init__("no_such_thing", Words("没有这个对象。", "There is no such thing."), place=place)


class MinimumNotMet(Conflict):
    """The basket is below the coupon's minimum; `lacks_minor` is exactly what is missing."""

    def __init__(self, lacks: str, lacks_minor: int) -> None:
        super().__init__(
            "minimum_not_met",
            Words(f"还差 {lacks} 才可使用该券。", f"{lacks} more is needed for this coupon."),
            place="basket",
        )
        self.lacks_minor = lacks_minor
