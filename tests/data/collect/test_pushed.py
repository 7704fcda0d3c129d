"""Bodies that other systems push: whatever they hold, the decoders answer with events or reasons."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.suites.pushes import contact_xml, refund, shopify_order, youzan_order
from weaktie.data.collect import posthog, shopify, wecom, youzan
from weaktie.data.collect.contracts import LATE, TIME_CORRECTED, BadRow, Event, RawRequest

NOW_US = 1_790_000_000_000_000
T1 = "2026-09-21T10:00:06+08:00"


def decoded(module: Any, body: object, endpoint: str = "/webhooks/x") -> tuple[list[Event], list[BadRow]]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    events, bad = module.decode(RawRequest("x", endpoint, "src", 15, NOW_US, raw))
    return list(events), list(bad)


def codes(module: Any, body: object) -> list[str]:
    return [row.code for row in decoded(module, body)[1]]


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_body_with_anything_in_any_member_never_raises(data: st.DataObject) -> None:
    for module, whole in (
        (shopify, shopify_order(1, T1, refunds=[refund(2, "1")])),
        (shopify, refund(2, "1")),
        (youzan, youzan_order("E1", "TRADE_PAID", "2026-09-21 10:00:09", pay_time="2026-09-21 10:00:08")),
    ):
        inner: list[dict[str, Any]] = [v for v in whole.values() if isinstance(v, dict)]
        part = data.draw(st.sampled_from([whole, *inner]))
        part[data.draw(st.sampled_from(sorted(part)))] = data.draw(ANY)
        events, bad = decoded(module, whole)
        assert events or bad


@settings(max_examples=40, deadline=None)
@given(ANY)
def test_anything_at_all_never_raises(body: Any) -> None:
    for module in (shopify, youzan, wecom, posthog):
        decoded(module, body)


@pytest.mark.parametrize(
    ("module", "body", "code"),
    [
        (shopify, b"{", "not_json"),
        (shopify, [1], "not_an_object"),
        (shopify, {"id": 1, "what": 2}, "unknown_type"),
        (shopify, {"id": 1}, "unknown_type"),
        (shopify, shopify_order(1, T1, total_price="many"), "bad_amount"),
        (
            shopify,
            shopify_order(1, T1, line_items=[{"product_id": 1, "price": "1", "quantity": 10**12}]),
            "bad_order_items",
        ),
        (
            shopify,
            shopify_order(1, T1, line_items=[{"product_id": 1, "price": "9e11", "quantity": 10**9}]),
            "bad_amount",
        ),
        (shopify, shopify_order(1, T1, name=2**70), "number_out_of_range"),
        (youzan, {"full_order_info": {}}, "no_order_id"),
        (youzan, {"tid": "E1", "update_time": "yesterday"}, "bad_time"),
        (wecom, b"<xml", "bad_shape"),
        (wecom, b'<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>', "bad_shape"),
        (wecom, '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE x><xml/>'.encode("utf-16"), "not_utf8"),
        (
            wecom,
            contact_xml("add_external_contact", 1_790_000_000, ExternalUserID="").encode(),
            "no_identifier",
        ),
    ],
)
def test_what_cannot_be_stored_says_why(module: Any, body: object, code: str) -> None:
    assert codes(module, body) == [code]


def test_times_are_held_to_the_bounds_of_a_clients() -> None:
    (ahead, _), _ = decoded(shopify, shopify_order(1, "2099-01-01T00:00:00Z"))
    assert (ahead.event_us, ahead.flags) == (NOW_US, TIME_CORRECTED)
    (late, *_), _ = decoded(shopify, shopify_order(1, "2026-09-01T00:00:00Z"))
    assert late.flags == LATE


def test_an_order_that_was_cancelled_after_it_was_paid_shows_both() -> None:
    body = shopify_order(1, T1, cancelled_at=T1, financial_status="refunded", refunds=[refund(9, "100.00")])
    events, _ = decoded(shopify, body)
    stands = [(e.event, e.order.status if e.order else None) for e in events]
    assert stands == [
        ("Order Updated", "cancelled"), ("Order Completed", "paid"), ("Order Cancelled", None), ("Order Refunded", None),
    ]  # fmt: skip
    closed = youzan_order("E1", "TRADE_CLOSED", "2026-09-21 11:00:00", pay_time="2026-09-21 10:00:08")
    events, _ = decoded(youzan, closed)
    assert [(e.event, e.order.status if e.order else None) for e in events] == [
        ("Order Updated", "cancelled"), ("Order Completed", "paid"), ("Order Cancelled", None),
    ]  # fmt: skip


def test_the_buyer_is_taken_out_of_a_body_and_the_order_stays() -> None:
    for module, body in (
        (shopify, shopify_order(1, T1)),
        (youzan, youzan_order("E1", "TRADE_PAID", "2026-09-21 10:00:09", pay_time="2026-09-21 10:00:08")),
    ):
        without = module.without_person(json.dumps(body).encode())
        assert without is not None
        for personal in (b"anna", b"Anna", b"Lake", b"1380000000", b"yz1", b"777"):
            assert personal not in without
        events, bad = decoded(module, without)
        assert bad == []
        assert all(e.identifiers == () for e in events)
        assert any(e.order is not None for e in events)
    assert wecom.without_person(b"<xml/>") is None
    assert shopify.without_person(b'{"id":1,"email":"a@example.com"}') is None


@pytest.mark.parametrize(
    ("properties", "who"),
    [
        ({"$is_identified": True, "$device_id": "d"}, (("user", "x"), ("anonymous", "d"))),
        ({"$is_identified": False, "$device_id": "d"}, (("anonymous", "x"), ("anonymous", "d"))),
        ({"$device_id": "x"}, (("anonymous", "x"),)),
        ({"$process_person_profile": False}, (("anonymous", "x"),)),
        (
            {"$user_id": "u", "$anon_distinct_id": "a"},
            (("user", "u"), ("anonymous", "a"), ("anonymous", "x")),
        ),
        ({"batch": [1]}, (("user", "x"),)),
    ],
)
def test_who_a_posthog_event_is_about(properties: dict[str, Any], who: object) -> None:
    (event,), bad = decoded(posthog, {"event": "e", "distinct_id": "x", "properties": properties})
    assert bad == []
    assert event.identifiers == who
