"""有赞's webhooks: the message of a push as events. Pure. What was signed is the message alone, so it alone is read."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Final

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import MOST_ITEMS, line_of, to_decimal
from weaktie.data.collect.contracts import BadRow, Event, Identifier, Link, OrderFacts, OrderItem, RawRequest
from weaktie.data.collect.logic import channel_of, check, clean_id, hidden_flag, settle_times, text_or_none
from weaktie.data.collect.splitting import why_unreadable

BEIJING: Final = timezone(timedelta(hours=8))
"""有赞 writes its times without a zone."""
PERSONAL: Final = ("buyer_info", "address_info", "remark_info", "invoice_info", "child_info")
NAMING: Final = ("outer_user_id", "yz_open_id", "buyer_phone")
UNPAID: Final = "WAIT_BUYER_PAY"
CLOSED: Final = "TRADE_CLOSED"
WHOLLY_REFUNDED: Final = 12
PARTLY_REFUNDED: Final = 2
_ANY = msgspec.json.Decoder()


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a message, or the reason why it cannot be stored."""
    try:
        message = _ANY.decode(request.body)
        if not isinstance(message, dict):
            raise Bad("not_an_object")
        check(message)
        if isinstance(message.get("full_order_info"), dict):
            events = _order(message, message["full_order_info"], request)
        else:
            events = [_thin(message, request)]
        settle_times(events, request.received_us)
        return events, []
    except Bad as reason:
        return [], [reason.row(request.body)]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return [], [Bad(why_unreadable(request.body)).row(request.body)]


def without_person(body: bytes) -> bytes | None:
    """The message without its buyer."""
    message = _ANY.decode(body)
    if not isinstance(message, dict):
        return None
    whole = message.get("full_order_info")
    if isinstance(whole, dict):
        message["full_order_info"] = {k: v for k, v in whole.items() if k not in PERSONAL}
    return msgspec.json.encode({k: v for k, v in message.items() if k not in PERSONAL})


def _order(message: dict[str, Any], whole: dict[str, Any], request: RawRequest) -> list[Event]:
    info, pay = _part(whole, "order_info"), _part(whole, "pay_info")
    number = _number(info)
    status = text_or_none(info.get("status"), 64) or ""
    at_us = _time(info, "update_time", "pay_time", "created") or request.received_us
    paid_us = _time(info, "pay_time")
    buyer = _part(whole, "buyer_info")
    who, links = _buyer(buyer)
    hidden = 0 if who else hidden_flag(*(buyer.get(name) for name in NAMING))
    name = text_or_none(info.get("status_str"), 64)
    version = Event(
        f"youzan:order:{number}:{status}:{at_us}", "Order Updated", who, at_us, at_us, request.body
    )
    events = [version]
    if paid_us is not None and status != UNPAID:
        amount = _amount(pay, "payment")
        items = _items(whole)
        given_back = _given_back(message, info, amount)
        events.append(_step(f"youzan:order:{number}:paid", "Order Completed", who, paid_us, amount))
        # A closed order that had been paid went back in full: the version says so, its step says what was paid.
        closed = status == CLOSED
        events[-1].order = (
            OrderFacts(number, "paid", amount, "CNY", items, paid_us=paid_us) if closed else None
        )
        version.order = OrderFacts(
            number, "cancelled" if closed else "paid", Decimal(0) if closed else amount, "CNY", items,
            refunded=amount if closed else given_back, paid_us=paid_us,
        )  # fmt: skip
    elif status == CLOSED:
        version.order = OrderFacts(number, "cancelled", Decimal(0), "CNY", paid_us=at_us)
    if status == CLOSED:
        events.append(_step(f"youzan:order:{number}:cancelled", "Order Cancelled", who, at_us, None))
    source = _part(_part(whole, "source_info"), "source")
    channel = channel_of(None, text_or_none(source.get("platform"), 64), None, None, None)
    for event in events:
        event.order_id, event.channel, event.platform, event.links = number, channel, "server", links
        event.flags |= hidden
        event.currency = "CNY" if event.amount is not None else None
        event.properties = {"status": status}
        if name is not None:
            event.properties["status_words"] = name
    return events


def _thin(message: dict[str, Any], request: RawRequest) -> Event:
    """A message that carries little more than the order's number: a refund, a closing, any other step."""
    number = _number(message)
    at_us = _time(message, "update_time", "refunded_time", "create_time") or request.received_us
    refund = text_or_none(message.get("refund_id"), 64)
    fee = to_decimal(message.get("refunded_fee"))
    if refund is not None and fee is not None:
        event = _step(f"youzan:refund:{refund}", "Order Refunded", (), at_us, fee)
        event.order = OrderFacts(number, "refunded", Decimal(0), "CNY", refunded=fee)
    elif "close_type" in message or "close_reason" in message:
        event = _step(f"youzan:order:{number}:cancelled", "Order Cancelled", (), at_us, None)
        event.order = OrderFacts(number, "cancelled", Decimal(0), "CNY")
    else:
        event = Event(f"youzan:order:{number}:{at_us}", "Order Updated", (), at_us, at_us, request.body)
    event.order_id, event.platform = number, "server"
    event.currency = "CNY" if event.amount is not None else None
    return event


def _step(event_id: str, name: str, who: tuple[Identifier, ...], at_us: int, amount: Decimal | None) -> Event:
    """One step of an order; every message that shows it brings the same event."""
    return Event(event_id, name, who, at_us, at_us, event_id.encode(), amount=amount)


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    found = whole.get(name)
    return found if isinstance(found, dict) else {}


def _number(message: dict[str, Any]) -> str:
    found = clean_id(message.get("tid"), "tid")
    if found is None:
        raise Bad("no_order_id", "tid")
    return found


def _time(part: dict[str, Any], *names: str) -> int | None:
    """有赞's `2026-11-25 12:00:00` is Beijing's time."""
    for name in names:
        value = part.get(name)
        if type(value) is not str or not value:
            continue
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise Bad("bad_time", name) from None
        return round((moment if moment.tzinfo else moment.replace(tzinfo=BEIJING)).timestamp() * 1e6)
    return None


def _amount(part: dict[str, Any], name: str) -> Decimal:
    amount = to_decimal(part.get(name))
    if amount is None:
        raise Bad("bad_amount", name)
    return amount


def _given_back(message: dict[str, Any], info: dict[str, Any], paid: Decimal) -> Decimal:
    state = info.get("refund_state")
    if state == WHOLLY_REFUNDED:
        return paid
    refunds = message.get("refund_order")
    if state != PARTLY_REFUNDED or not isinstance(refunds, list):
        return Decimal(0)
    fees = (to_decimal(one.get("refund_fee")) for one in refunds if isinstance(one, dict))
    return min(sum((fee for fee in fees if fee is not None), Decimal(0)), paid)


def _items(whole: dict[str, Any]) -> tuple[OrderItem, ...]:
    lines = whole.get("orders")
    if not isinstance(lines, list):
        return ()
    if len(lines) > MOST_ITEMS:
        raise Bad("bad_order_items", "orders")
    return tuple(_item(line, number) for number, line in enumerate(lines))


def _item(line: object, number: int) -> OrderItem:
    place = f"orders[{number}]"
    if not isinstance(line, dict):
        raise Bad("bad_order_items", place)
    product = text_or_none(line.get("item_id") or line.get("outer_item_id") or line.get("oid"))
    return line_of(product, line.get("title"), line.get("num"), to_decimal(line.get("payment")), place)


def _buyer(info: dict[str, Any]) -> tuple[tuple[Identifier, ...], tuple[Link, ...]]:
    """Who bought: the shop's own user id, 有赞's open id, the phone where it is neither masked nor encrypted."""
    login = clean_id(info.get("outer_user_id"), "buyer_info.outer_user_id")
    openid = clean_id(info.get("yz_open_id"), "buyer_info.yz_open_id")
    phone = clean_id(info.get("buyer_phone"), "buyer_info.buyer_phone")
    found: list[Identifier] = [("user", login)] if login else []
    if phone is not None and phone.lstrip("+").isdigit():
        found.append(("phone", phone))
    if openid is not None:
        found.append(("anonymous", f"yz_open_id+{openid}"))
    links = tuple(Link(other, found[0], "trait" if other[0] == "phone" else "login") for other in found[1:])
    return tuple(found), links if login else ()
