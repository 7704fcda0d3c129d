"""Shopify's webhooks: a delivery as events. Pure.

What a delivery is about is told by its body alone: only the body is signed, the topic in the header is not. An order's
body is one version of the order (`Order Updated`), and each step that it shows (paid, each refund, cancelled) is one
event of its own with an id that never changes, however many deliveries show it.
"""

import hashlib
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import MOST_ITEMS, line_of, to_decimal
from weaktie.data.collect.contracts import (
    TEST,
    BadRow,
    Entity,
    Event,
    Identifier,
    Link,
    OrderFacts,
    OrderItem,
    RawRequest,
)
from weaktie.data.collect.logic import (
    channel_of,
    check,
    clean_id,
    hidden_flag,
    parse_time,
    scrub,
    settle_times,
    text_or_none,
)
from weaktie.data.collect.splitting import why_unreadable
from weaktie.data.collect.traits import usual
from weaktie.data.collect.vocabulary import IDENTIFIED, ITEM_SET

PAID: Final = ("paid", "partially_refunded", "refunded")
PERSONAL: Final = (
    "customer", "email", "contact_email", "phone", "billing_address", "shipping_address", "client_details", "browser_ip",
    "note", "note_attributes", "destination",
)  # fmt: skip
"""Members of an order's body that say who bought."""
_ANY = msgspec.json.Decoder()


def kind_of(body: dict[str, Any]) -> str | None:
    """order, refund, customer, product, deleted, data_request, customer_redact, shop_redact, or None: by its members."""
    if "line_items" in body and "financial_status" in body:
        return "order"
    if "order_id" in body and "refund_line_items" in body:
        return "refund"
    if "data_request" in body:
        return "data_request"
    if "orders_to_redact" in body:
        return "customer_redact"
    if "shop_domain" in body and "customer" not in body:
        return "shop_redact"
    if "variants" in body and "title" in body:
        return "product"
    if "id" in body and {"email", "phone", "first_name", "verified_email"} & set(body):
        return "customer"
    return "deleted" if set(body) == {"id"} else None


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a delivery, or the reason why it cannot be stored."""
    try:
        body = _ANY.decode(request.body)
        if not isinstance(body, dict):
            raise Bad("not_an_object")
        check(body)
        events = _DECODERS[kind_of(body) or ""](body, request)
        settle_times(events, request.received_us)
        return events, []
    except Bad as reason:
        return [], [reason.row(request.body)]
    except KeyError:
        return [], [Bad("unknown_type", "body").row(request.body)]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [], [Bad(why_unreadable(request.body)).row(request.body)]


def without_person(body: bytes) -> bytes | None:
    """An order's body without its buyer; None for what is about nothing but a person."""
    whole = _ANY.decode(body)
    if not isinstance(whole, dict) or kind_of(whole) not in ("order", "refund"):
        return None
    return msgspec.json.encode({k: v for k, v in whole.items() if k not in PERSONAL})


def _orders(body: dict[str, Any], request: RawRequest) -> list[Event]:
    number = _number(body.get("id"), "id")
    told_us = _time(body, "updated_at", "processed_at", "created_at")
    at_us = request.received_us if told_us is None else told_us
    paid_us = _time(body, "processed_at", "created_at") or at_us
    currency = _currency(body)
    total = _amount(body, "total_price")
    given_back = sum((_refunded(refund) for refund in _list(body, "refunds")), Decimal(0))
    cancelled, paid = bool(body.get("cancelled_at")), body.get("financial_status") in PAID
    who, links = _buyer(body)
    hidden = 0 if who else hidden_flag(body.get("email"), body.get("contact_email"), body.get("phone"))
    seen = text_or_none(body.get("financial_status"), 32)
    properties: dict[str, object] = {"financial_status": seen, "test": body.get("test") is True}
    for name in ("name", "source_name", "fulfillment_status"):
        if (value := text_or_none(body.get(name))) is not None:
            properties["order_name" if name == "name" else name] = scrub(value)
    version = Event(
        f"shopify:order:{number}:{_version(told_us, request)}",
        "Order Updated",
        who,
        at_us,
        at_us,
        request.body,
    )
    events = [version]
    if paid or cancelled:
        version.order = OrderFacts(
            order_id=number,
            status="cancelled" if cancelled else "paid",
            amount=Decimal(0) if cancelled else total,
            currency=currency,
            items=_items(body),
            coupon_id=_coupon(body),
            refunded=given_back,
            paid_us=paid_us,
        )
        if cancelled and _was_paid(body, given_back):
            # An order that was paid before it was cancelled: both versions are known from this one body.
            events.append(_step(f"shopify:order:{number}:paid", "Order Completed", who, paid_us, total))
            events[-1].order = OrderFacts(
                number, "paid", total, currency, version.order.items, paid_us=paid_us
            )
    if paid and not cancelled:
        events.append(_step(f"shopify:order:{number}:paid", "Order Completed", who, paid_us, total))
    if cancelled:
        at = _time(body, "cancelled_at") or at_us
        events.append(_step(f"shopify:order:{number}:cancelled", "Order Cancelled", who, at, None))
    events += [_refund_step(refund, who) for refund in _list(body, "refunds")]
    channel = _channel(body)
    for event in events:
        event.order_id, event.channel, event.links = number, channel, links
        event.currency = currency if event.amount is not None else None
        event.properties = dict(properties)
        event.platform = "server"
        event.flags |= hidden | (TEST if body.get("test") is True else 0)
    return events


def _was_paid(body: dict[str, Any], given_back: Decimal) -> bool:
    """Whether a cancelled order had been paid: its status still says so, or money went back."""
    return body.get("financial_status") in PAID or given_back > 0


def _step(event_id: str, name: str, who: tuple[Identifier, ...], at_us: int, amount: Decimal | None) -> Event:
    """One step of an order. Its bytes are its id, so that every delivery that shows it brings the same event."""
    return Event(event_id, name, who, at_us, at_us, event_id.encode(), amount=amount)


def _refund_step(refund: dict[str, Any], who: tuple[Identifier, ...]) -> Event:
    number = _number(refund.get("id"), "refunds.id")
    at_us = _time(refund, "processed_at", "created_at")
    if at_us is None:
        raise Bad("bad_time", "refunds.created_at")
    return _step(f"shopify:refund:{number}", "Order Refunded", who, at_us, _refunded(refund))


def _refunds(body: dict[str, Any], _request: RawRequest) -> list[Event]:
    event = _refund_step(body, ())
    event.order_id = _number(body.get("order_id"), "order_id")
    event.platform = "server"
    currency = next((_currency(t) for t in _list(body, "transactions") if t.get("currency")), "")
    event.currency = currency or None
    event.order = OrderFacts(
        event.order_id, "refunded", Decimal(0), currency, refunded=event.amount or Decimal(0)
    )
    return [event]


def _customers(body: dict[str, Any], request: RawRequest) -> list[Event]:
    number = _number(body.get("id"), "id")
    at_us = _time(body, "updated_at", "created_at") or request.received_us
    address = body.get("default_address")
    traits = {
        "firstName": body.get("first_name"), "lastName": body.get("last_name"), "email": body.get("email"),
        "phone": body.get("phone"), "createdAt": body.get("created_at"), "tags": body.get("tags"),
        "state": body.get("state"),
    }  # fmt: skip
    if isinstance(address, dict):
        traits |= {"province": address.get("province"), "city": address.get("city")}
    known = {k: v for k, v in traits.items() if v not in (None, "") and k != "state"}
    who: tuple[Identifier, ...] = (("user", number),)
    event = Event(f"shopify:customer:{number}:{at_us}", IDENTIFIED, who, at_us, at_us, request.body)
    event.traits, event.platform = usual(known), "server"
    return [event]


def _products(body: dict[str, Any], request: RawRequest) -> list[Event]:
    number = _number(body.get("id"), "id")
    at_us = _time(body, "updated_at", "created_at") or request.received_us
    fields: dict[str, object] = {"product_id": number, "name": text_or_none(body.get("title"))}
    for column, name in (("category", "product_type"), ("brand", "vendor")):
        if (value := text_or_none(body.get(name))) is not None:
            fields[column] = value
    variants = _list(body, "variants")
    prices = [p for v in variants if (p := to_decimal(v.get("price"))) is not None]
    if prices:
        fields["price"] = min(prices)
    stock = [s for v in variants if (s := to_decimal(v.get("inventory_quantity"))) is not None]
    if stock:
        fields["stock"] = int(sum(stock))
    event = Event(f"shopify:product:{number}:{at_us}", ITEM_SET, (), at_us, at_us, request.body)
    event.entity = Entity("products", fields)
    return [event]


def _deleted(body: dict[str, Any], request: RawRequest) -> list[Event]:
    """A product that is sold no more; of a deleted customer or order nothing is said but a number."""
    number, at_us = _number(body.get("id"), "id"), request.received_us
    if "/products/" not in request.endpoint:
        raise Bad("unknown_type", "topic")
    event = Event(f"shopify:product:{number}:deleted", ITEM_SET, (), at_us, at_us, request.body)
    event.entity = Entity("products", {"product_id": number, "stock": 0})
    return [event]


_DECODERS: Final = {
    "order": _orders, "refund": _refunds, "customer": _customers, "product": _products, "deleted": _deleted,
}  # fmt: skip


# ---- members of a body


def _version(told_us: int | None, request: RawRequest) -> str:
    """What tells one version of a thing from another: its time, or its content where it says none."""
    return str(told_us) if told_us is not None else hashlib.sha256(request.body).hexdigest()[:32]


def _number(value: object, place: str) -> str:
    found = clean_id(value, place)
    if found is None:
        raise Bad("bad_identifier", place)
    return found


def _time(body: dict[str, Any], *names: str) -> int | None:
    for name in names:
        if (at_us := parse_time(body.get(name))) is not None:
            return at_us
    return None


def _list(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = body.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _currency(body: dict[str, Any]) -> str:
    found = body.get("currency")
    return (
        found.upper()
        if type(found) is str and len(found) == 3 and found.isalpha() and found.isascii()
        else ""
    )


def _amount(body: dict[str, Any], name: str) -> Decimal:
    amount = to_decimal(body.get(name))
    if amount is None:
        raise Bad("bad_amount", name)
    return amount


def _refunded(refund: dict[str, Any]) -> Decimal:
    """What went back to the buyer: the sum of its successful transactions."""
    paid_back = [t for t in _list(refund, "transactions") if t.get("kind") == "refund"]
    done = [_amount(t, "amount") for t in paid_back if t.get("status") == "success"]
    return sum(done, Decimal(0))


def _coupon(body: dict[str, Any]) -> str | None:
    codes = [text_or_none(one.get("code")) for one in _list(body, "discount_codes")]
    return next((code for code in codes if code), None)


def _items(body: dict[str, Any]) -> tuple[OrderItem, ...]:
    lines = _list(body, "line_items")
    if len(lines) > MOST_ITEMS:
        raise Bad("bad_order_items", "line_items")
    return tuple(_item(line, number) for number, line in enumerate(lines))


def _item(line: dict[str, Any], number: int) -> OrderItem:
    product = text_or_none(line.get("product_id") or line.get("sku") or line.get("id"))
    price, quantity = to_decimal(line.get("price")), to_decimal(line.get("quantity"))
    amount = (
        None if price is None else price * (quantity or 0) - (to_decimal(line.get("total_discount")) or 0)
    )
    return line_of(product, line.get("title"), line.get("quantity"), amount, f"line_items[{number}]")


def _buyer(body: dict[str, Any]) -> tuple[tuple[Identifier, ...], tuple[Link, ...]]:
    """Who bought, and what links the contacts to the customer's number. A guest is known by contacts alone; an order
    without any stays unidentified."""
    customer = body.get("customer") if isinstance(body.get("customer"), dict) else {}
    assert isinstance(customer, dict)
    number = clean_id(customer.get("id"), "customer.id")
    email = clean_id(body.get("email") or body.get("contact_email") or customer.get("email"), "email")
    phone = clean_id(body.get("phone") or customer.get("phone"), "phone")
    found: list[Identifier] = [("user", number)] if number else []
    contacts: list[Identifier] = [("phone", phone)] if phone else []
    contacts += [("email", email)] if email else []
    links = tuple(Link(contact, found[0], "trait") for contact in contacts) if found else ()
    return (*found, *contacts), links


def _channel(body: dict[str, Any]) -> str | None:
    landing = text_or_none(body.get("landing_site"), 2000) or ""
    try:
        asked = parse_qs(urlsplit(landing).query)
    except ValueError:
        asked = {}
    source, medium = (next(iter(asked.get(name, [])), None) for name in ("utm_source", "utm_medium"))
    return channel_of(None, source, medium, None, text_or_none(body.get("referring_site"), 255))


def subject(body: bytes) -> tuple[str, str | None, str] | None:
    """Of a privacy delivery: its kind, the customer's number, and a key that tells a repeated one; else None."""
    try:
        whole = _ANY.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    kind = kind_of(whole) if isinstance(whole, dict) else None
    if kind not in ("data_request", "customer_redact", "shop_redact"):
        return None
    customer = whole.get("customer")
    number = text_or_none(customer.get("id"), 200) if isinstance(customer, dict) else None
    return kind, number, hashlib.sha256(body).hexdigest()
