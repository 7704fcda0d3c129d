"""What properties say about contents, products, orders and relations, in Segment's e-commerce words, for all protocols."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.contracts import Event, Identifier, OrderFacts, OrderItem, RelationFacts
from weaktie.data.collect.logic import clean_id, personal_kind, scrub, scrub_text, text_or_none
from weaktie.data.collect.vocabulary import ORDER_EVENTS, RELATION_EVENTS

SLOTS: Final = {
    "content_id": "content_id", "contentId": "content_id", "video_id": "content_id", "note_id": "content_id",
    "product_id": "product_id", "productId": "product_id", "goods_id": "product_id",
    "order_id": "order_id", "orderId": "order_id",
    "session_id": "session_id", "sessionId": "session_id", "$event_session_id": "session_id",
    "shop_id": "shop_id", "shopId": "shop_id",
    "currency": "currency", "channel": "channel", "platform": "platform",
    "total": "total", "revenue": "revenue", "value": "value", "amount": "amount",
    "coupon": "coupon", "coupon_id": "coupon", "products": "products",
    "sharer_id": "sharer_id", "sharerId": "sharer_id", "sharer": "sharer_id", "share_user_id": "sharer_id",
    "referrer_id": "referrer_id", "referrerId": "referrer_id", "inviter_id": "inviter_id", "inviterId": "inviter_id",
    "invitee_id": "invitee_id", "inviteeId": "invitee_id", "recipient_id": "recipient_id",
    "to_user_id": "to_user_id", "followed_id": "followed_id", "friend_id": "friend_id",
}  # fmt: skip
"""Properties that have a column of their own, or name other people, and so do not stay among the properties."""
_AMOUNTS: Final = ("total", "revenue", "value", "amount")
LARGEST_AMOUNT: Final = Decimal(10) ** 12
MOST_ITEMS: Final = 1000


def fill(event: Event, given: dict[str, Any], suspicious: bool) -> dict[str, Any]:
    """Put what the properties say into the event's fields, and the rest, scrubbed, into its properties.

    Answers what had a column of its own, by slot. Raises Bad where an order cannot be understood, and for values
    that no store can hold.
    """
    found: dict[str, Any] = {}
    rest: dict[str, object] = {}
    for name, value in given.items():
        slot = SLOTS.get(name)
        kind = type(value)
        if slot is not None and slot not in found and kind is not dict:
            if suspicious and kind is not list:
                scrub(value)
            found[slot] = value
            continue
        hidden = personal_kind(name)
        if hidden is not None and value is not None:
            rest[name] = f"‹{hidden}›"
        elif kind is dict or kind is list or suspicious:
            rest[scrub_text(name) if suspicious else name] = scrub(value)
        else:
            rest[name] = value
    event.properties = rest
    if found:
        _columns(event, found)
        products = found.get("products")
        if event.event in ORDER_EVENTS:
            event.order = _order(event, found)
        elif products is not None:
            rest["products"] = scrub(products)
        if event.event not in ORDER_EVENTS and found.get("coupon") is not None:
            rest["coupon"] = scrub(found["coupon"])
    elif event.event in ORDER_EVENTS:
        raise Bad("no_order_id", "properties.order_id")
    if event.event in RELATION_EVENTS:
        event.relation = _relation(event.event, found)
    return found


def _columns(event: Event, found: dict[str, Any]) -> None:
    get = found.get
    event.content_id = text_or_none(get("content_id"))
    event.product_id = text_or_none(get("product_id"))
    event.order_id = text_or_none(get("order_id"))
    event.session_id = text_or_none(get("session_id"))
    event.shop_id = text_or_none(get("shop_id"))
    currency = get("currency")
    if type(currency) is str and len(currency) == 3 and currency.isascii() and currency.isalpha():
        event.currency = currency.upper()
    for slot in _AMOUNTS:
        if (value := get(slot)) is not None:
            if event.amount is None:
                event.amount = to_decimal(value)
                if event.amount is not None:
                    continue
            # A second amount, or something that is none, is a property like any other.
            event.properties[slot] = scrub(value)
    sharer = get("sharer_id") or get("referrer_id") or get("inviter_id")
    if sharer is not None:
        event.sharer = _user(sharer)


def to_decimal(value: object) -> Decimal | None:
    """An amount in major units from a number or a text like `¥1,299.00`; None where it is none or beyond 10^12."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = value.replace(",", "").strip().lstrip("¥￥$€£").strip() if isinstance(value, str) else str(value)
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and abs(amount) <= LARGEST_AMOUNT else None


def _user(value: object) -> Identifier | None:
    try:
        name = clean_id(value, "")
    except Bad:
        return None
    return ("user", name) if name else None


def _order(event: Event, found: dict[str, Any]) -> OrderFacts:
    if not event.order_id:
        raise Bad("no_order_id", "properties.order_id")
    status = ORDER_EVENTS[event.event]
    items = _items(found.get("products"))
    amount = event.amount
    if amount is None:
        if any(found.get(slot) is not None for slot in _AMOUNTS) or (status == "paid" and not items):
            raise Bad("bad_amount", "properties.total")
        amount = sum((item.amount for item in items), Decimal(0))
        if abs(amount) > LARGEST_AMOUNT:
            raise Bad("bad_amount", "properties.products")
        event.amount = amount if items else None
    referrer = _user(found.get("referrer_id") or found.get("inviter_id") or found.get("sharer_id"))
    paid = status == "paid"
    return OrderFacts(
        order_id=event.order_id,
        status=status,
        amount=amount if paid else Decimal(0),
        currency=event.currency or "",
        items=items,
        coupon_id=text_or_none(found.get("coupon")),
        referrer=referrer[1] if referrer else None,
        refunded=Decimal(0) if paid else amount,
    )


def _items(products: object) -> tuple[OrderItem, ...]:
    if products is None:
        return ()
    if type(products) is str:
        products = _json(products)
    if not isinstance(products, list) or len(products) > MOST_ITEMS:
        raise Bad("bad_order_items", "properties.products")
    return tuple(_item(line, number) for number, line in enumerate(products))


def _item(line: object, number: int) -> OrderItem:
    place = f"properties.products[{number}]"
    if type(line) is str:  # 神策 takes lists of texts only: each is a JSON object, or a bare product number
        line = _json(line) if line.startswith("{") else {"product_id": line}
    if not isinstance(line, dict):
        raise Bad("bad_order_items", place)
    get = line.get
    product = text_or_none(
        get("product_id") or get("productId") or get("sku") or get("id") or get("goods_id")
    )
    quantity = to_decimal(get("quantity", 1))
    if (
        product is None
        or quantity is None
        or quantity != quantity.to_integral_value()
        or abs(quantity) > 10**9
    ):
        raise Bad("bad_order_items", place)
    whole, each = get("total", get("amount")), get("price", 0)
    amount = to_decimal(whole) if whole is not None else to_decimal(each)
    if amount is None:
        raise Bad("bad_amount", place)
    if whole is None:
        amount *= int(quantity)
    if abs(amount) > LARGEST_AMOUNT:
        raise Bad("bad_amount", place)
    name = get("name")
    return OrderItem(
        product_id=scrub_text(product),
        name=scrub_text(name[:255]) if isinstance(name, str) and name else None,
        quantity=int(quantity),
        amount=amount,
    )


def line_of(
    product: str | None, name: object, quantity: object, amount: Decimal | None, place: str
) -> OrderItem:
    """A line of an order that a shop pushed, within the same bounds as a client's. Raises Bad."""
    pieces = to_decimal(quantity)
    if product is None or pieces is None or pieces != pieces.to_integral_value() or abs(pieces) > 10**9:
        raise Bad("bad_order_items", place)
    if amount is None or abs(amount) > LARGEST_AMOUNT:
        raise Bad("bad_amount", place)
    title = text_or_none(name)
    return OrderItem(scrub_text(product), None if title is None else scrub_text(title), int(pieces), amount)


def _json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise Bad("bad_order_items", "properties.products") from None


def _relation(name: str, found: dict[str, Any]) -> RelationFacts | None:
    kind, slots, reverse = RELATION_EVENTS[name]
    for slot in slots:
        if (value := found.get(slot)) is not None and (other := _user(value)) is not None:
            return RelationFacts(kind=kind, other=other, reverse=reverse)
    return None
