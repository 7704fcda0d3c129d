"""The plan that ships: the product's own vocabulary, for shops that have none yet."""

from collections.abc import Iterable

from weaktie.data.collect.service import ORDER_EVENTS, VOCABULARY
from weaktie.data.tracking.contracts import (
    Plan,
    PlannedEvent,
    Platform,
    Property,
    PropertyType,
    PurposeName,
    Text,
)

FRONTS: tuple[Platform, ...] = ("web", "iOS", "Android", "mini_program")
_ALL: tuple[PurposeName, ...] = ("analytics", "personalisation")
_SOCIAL: tuple[PurposeName, ...] = ("analytics", "social")


def _p(
    name: str, kind: PropertyType, zh: str, en: str, *, required: bool = False, values: Iterable[str] = ()
) -> Property:
    return Property(name, kind, Text(zh, en), Text(), required, tuple(values))


def _must(prop: Property) -> Property:
    return Property(prop.name, prop.type, prop.label, prop.about, True, prop.values)


_PRODUCT = _p("product_id", "text", "商品 ID", "Product id")
_PRODUCTS = _p("products", "list", "商品列表", "Products")
_CONTENT = _p("content_id", "text", "内容 ID", "Content id")
_ORDER = _p("order_id", "text", "订单号", "Order number")
_TOTAL = _p("total", "money", "金额", "Amount")
_CURRENCY = _p("currency", "text", "货币", "Currency")
_CATEGORY = _p("category", "text", "类目", "Category")
_PRICE = _p("price", "money", "价格", "Price")
_QUANTITY = _p("quantity", "integer", "数量", "Quantity")
_KIND = _p("kind", "text", "内容类型", "Kind of content")
_COUPON = _p("coupon", "text", "优惠券", "Coupon")
_DISCOUNT = _p("discount", "money", "优惠金额", "Discount")
_LIST = _p("list_id", "text", "列表 ID", "List id")
_SHARER = _p("sharer_id", "text", "分享人", "Who shared")
_RECIPIENT = _p("recipient_id", "text", "接收人", "Recipient")
_INVITE = _p("invite_id", "text", "邀请 ID", "Invitation id")
_QUERY = _p("query", "text", "搜索词", "Search words")
_NAME = _p("name", "text", "名称", "Name")

COMMON = (
    _p("channel", "text", "渠道", "Channel"), _p("shop_id", "text", "店铺 ID", "Shop id"),
    _p("utm_source", "text", "广告来源", "Campaign source"), _p("utm_medium", "text", "广告媒介", "Campaign medium"),
    _p("utm_campaign", "text", "广告系列", "Campaign"), _p("url", "text", "页面地址", "Page address"),
    _p("referrer", "text", "前向地址", "Referrer"), _p("title", "text", "页面标题", "Page title"),
    _p("os", "text", "操作系统", "Operating system"),
)  # fmt: skip

_GOODS = (_must(_PRODUCT), _CATEGORY, _PRICE, _QUANTITY, _NAME, _CONTENT, _SHARER)
_PIECE = (_must(_CONTENT), _KIND, _CATEGORY)
_SALE = (_must(_ORDER), _must(_TOTAL), _CURRENCY, _PRODUCTS, _COUPON, _DISCOUNT, _SHARER)
_EVENTS: dict[str, tuple[tuple[Platform, ...], tuple[PurposeName, ...], tuple[Property, ...]]] = {
    "App Opened": (FRONTS, _ALL, (_SHARER,)),
    "Signed Up": (FRONTS, ("analytics",), ()),
    "Signed In": (FRONTS, ("analytics",), ()),
    "Product List Viewed": (FRONTS, _ALL, (_LIST, _CATEGORY, _PRODUCTS)),
    "Products Searched": (FRONTS, _ALL, (_must(_QUERY),)),
    "Product Clicked": (FRONTS, _ALL, _GOODS),
    "Product Viewed": (FRONTS, _ALL, _GOODS),
    "Product Added": (FRONTS, _ALL, _GOODS),
    "Product Removed": (FRONTS, _ALL, _GOODS),
    "Cart Viewed": (FRONTS, _ALL, (_PRODUCTS,)),
    "Checkout Started": (FRONTS, _ALL, _SALE),
    "Order Completed": ((), _ALL, _SALE),
    "Order Refunded": ((), ("analytics",), (_must(_ORDER), _TOTAL, _CURRENCY, _PRODUCTS)),
    "Order Cancelled": ((), ("analytics",), (_must(_ORDER), _TOTAL, _CURRENCY)),
    "Content Viewed": (FRONTS, _ALL, _PIECE),
    "Content Clicked": (FRONTS, _ALL, _PIECE),
    "Content Liked": (FRONTS, _ALL, _PIECE),
    "Content Commented": (FRONTS, _ALL, _PIECE),
    "Content Favourited": (FRONTS, _ALL, _PIECE),
    "Content Shared": (FRONTS, _SOCIAL, (*_PIECE, _RECIPIENT)),
    "Product Shared": (FRONTS, _SOCIAL, (*_GOODS, _RECIPIENT)),
    "Invite Sent": (FRONTS, _SOCIAL, (_INVITE, _p("invitee_id", "text", "被邀请人", "Invitee"))),
    "Invite Accepted": (FRONTS, _SOCIAL, (_INVITE, _p("inviter_id", "text", "邀请人", "Inviter"))),
    "User Followed": (FRONTS, _SOCIAL, (_p("followed_id", "text", "被关注人", "Who was followed"),)),
}  # fmt: skip
assert set(_EVENTS) <= set(VOCABULARY)
assert set(ORDER_EVENTS) <= set(_EVENTS)


def proposal() -> Plan:
    """The growth loop of a social shop: see content → click → browse → add → order → pay → share → invite."""
    events = tuple(
        PlannedEvent(
            name, Text(VOCABULARY[name].zh, name), Text("", VOCABULARY[name].en), "active", "", platforms, purposes,
            properties,
        )
        for name, (platforms, purposes, properties) in _EVENTS.items()
    )  # fmt: skip
    return Plan(COMMON, (), events)
