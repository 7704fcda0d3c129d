"""Segment's protocol: what each call becomes, and what a poisoned one does not do to its neighbours."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.collect import segment
from weaktie.data.collect.contracts import LATE, TIME_CORRECTED, BadRow, Event, OrderItem, RawRequest
from weaktie.data.identity.contracts import HIDDEN_PERSON
from weaktie.kit.clock import DAY_US, HOUR_US, SECOND_US

RECEIVED_US = 1_767_225_600 * SECOND_US  # 2026-01-01T00:00:00Z
GOOD = {"type": "track", "event": "Seen", "userId": "u1", "messageId": "good"}


def decode(
    *events: Any, sent: str | None = None, raw: bytes | None = None
) -> tuple[list[Event], list[BadRow]]:
    body = raw or json.dumps({"batch": events, "sentAt": sent}, ensure_ascii=False).encode()
    return segment.decode(RawRequest("segment", "/v1/batch", "src", 15, RECEIVED_US, body))


def one(**event: Any) -> Event:
    (found,), bad = decode({"type": "track", "event": "Seen", "userId": "u1"} | event)
    assert bad == []
    return found


def test_columns_and_the_rest() -> None:
    event = one(
        event="Product Viewed",
        anonymousId="a1",
        messageId="m1",
        properties={"product_id": 7, "content_id": "c1", "price": 9.9, "sharer_id": "u9", "currency": "cny"},
        context={
            "app": {"version": "1.2"},
            "os": {"name": "iOS"},
            "library": {"name": "analytics-ios"},
            "campaign": {"source": "douyin", "medium": "cpc", "name": "spring"},
            "page": {"url": "https://shop.example/p/7", "referrer": "https://www.douyin.com/x"},
            "shop_id": "s1",
            "sessionId": 12,
        },
    )
    assert event.event_id == "m1"
    assert event.identifiers == (("user", "u1"), ("anonymous", "a1"))
    assert (event.product_id, event.content_id, event.sharer) == ("7", "c1", ("user", "u9"))
    assert (event.currency, event.platform, event.app_version) == ("CNY", "iOS", "1.2")
    assert (event.channel, event.shop_id, event.session_id) == ("douyin_ads", "s1", "12")
    assert event.properties == {
        "price": 9.9,
        "url": "https://shop.example/p/7",
        "referrer": "https://www.douyin.com/x",
        "utm_campaign": "spring",
    }


def test_orders() -> None:
    products = [
        {"product_id": "p1", "name": "锅", "quantity": 2, "price": "19.90"},
        {"sku": "p2", "price": 5},
    ]
    order = {
        "order_id": "o1",
        "total": 44.8,
        "currency": "CNY",
        "coupon": "C5",
        "referrer_id": "u3",
        "products": products,
    }
    event = one(event="Order Completed", properties=order)
    facts = event.order
    assert facts is not None
    assert (facts.status, facts.amount, facts.coupon_id, facts.referrer) == (
        "paid",
        Decimal("44.8"),
        "C5",
        "u3",
    )
    assert facts.items == (
        OrderItem("p1", "锅", 2, Decimal("39.80")),
        OrderItem("p2", None, 1, Decimal(5)),
    )
    assert event.properties == {}
    refund = one(event="Order Refunded", properties={"order_id": "o1", "total": "¥1,044.80"}).order
    assert refund is not None
    assert (refund.status, refund.amount, refund.refunded) == ("refunded", Decimal(0), Decimal("1044.80"))
    summed = one(event="Order Completed", properties={"order_id": "o2", "products": products}).order
    assert summed is not None
    assert summed.amount == Decimal("44.80")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({}, "no_order_id"),
        ({"total": 5}, "no_order_id"),
        ({"order_id": "o"}, "bad_amount"),
        ({"order_id": "o", "total": "many"}, "bad_amount"),
        ({"order_id": "o", "total": 1e300}, "bad_amount"),
        (
            {"order_id": "o", "products": [{"product_id": "p", "price": 10**11, "quantity": 10**8}]},
            "bad_amount",
        ),
        ({"order_id": "o", "products": [{"product_id": "p", "price": 10**12}] * 9}, "bad_amount"),
        ({"order_id": "o", "total": 5, "products": "p1"}, "bad_order_items"),
        ({"order_id": "o", "total": 5, "products": [7]}, "bad_order_items"),
        (
            {"order_id": "o", "total": 5, "products": [{"product_id": "p", "quantity": "x"}]},
            "bad_order_items",
        ),
        ({"order_id": "o", "total": 5, "products": [{"product_id": "p", "price": "x"}]}, "bad_amount"),
    ],
)
def test_orders_that_cannot_be_understood(properties: dict[str, Any], code: str) -> None:
    events, bad = decode(
        GOOD, {"type": "track", "event": "Order Completed", "userId": "u", "properties": properties}
    )
    assert [e.event_id for e in events] == ["good"]
    assert [row.code for row in bad] == [code]


def test_relations() -> None:
    accepted = one(event="Invite Accepted", properties={"inviter_id": "u5"}).relation
    assert accepted is not None
    assert (accepted.kind, accepted.other, accepted.reverse) == ("invite", ("user", "u5"), True)
    sent = one(event="Invite Sent", properties={"invitee_id": "u6"}).relation
    assert sent is not None
    assert (sent.other, sent.reverse) == (("user", "u6"), False)
    shared = one(event="Product Shared", properties={"recipient_id": "u7", "product_id": "p"})
    assert shared.relation is not None
    assert shared.relation.kind == "share"
    assert one(event="Product Shared", properties={"product_id": "p"}).relation is None


def test_other_calls() -> None:
    identify = one(type="identify", traits={"phone": "13800000000", "city": "杭州"})
    assert (identify.event, identify.traits) == ("User Identified", {"phone": "13800000000", "city": "杭州"})
    assert "13800000000" not in str(identify.properties)
    alias = one(type="alias", previousId="a1")
    assert [(link.a, link.b, link.kind) for link in alias.links] == [
        (("anonymous", "a1"), ("user", "u1"), "alias")
    ]
    assert one(type="page", name="Home", properties={"url": "/"}).properties == {"name": "Home", "url": "/"}
    assert one(type="group", groupId="g1", traits={"size": 5}).properties["group_id"] == "g1"


@pytest.mark.parametrize("nobody", [None, "", " ", "null", "undefined", "186******05", "0"])
def test_ids_that_name_nobody(nobody: object) -> None:
    events, bad = decode(
        {"type": "track", "event": "x", "userId": nobody},
        {"type": "track", "event": "x", "userId": nobody, "anonymousId": "a"},
    )
    assert [e.identifiers for e in events] == [(("anonymous", "a"),)]
    assert [row.code for row in bad] == ["no_identifier"]


def test_identifiers_of_wechat_and_external_ids_stand_strongest_first_and_openids_within_their_app() -> None:
    given = {
        "externalIds": [
            {"type": "openid", "id": "oA1", "app_id": "wx1"}, {"type": "unionid", "id": "oU1"}, {"type": "phone", "id": "186******05"},
            {"type": "shoe_size", "id": "42"}, "nonsense",
        ],
        "app": {"namespace": "wx2"},
    }  # fmt: skip
    (event,), _ = decode(
        {
            "type": "identify",
            "userId": "u1",
            "anonymousId": "a",
            "context": given,
            "traits": {"openid": "oB2"},
        }
    )
    assert event.identifiers == (
        ("user", "u1"), ("unionid", "oU1"), ("openid", "wx1/oA1"), ("openid", "wx2/oB2"), ("anonymous", "a"),
    )  # fmt: skip


@pytest.mark.parametrize("hidden", ["186******05", "~AbCdEf12345678==~", "138xxxx1234"])
def test_an_order_of_a_masked_buyer_is_kept_and_is_nobodys(hidden: str) -> None:
    call = {
        "type": "track",
        "event": "Order Completed",
        "userId": hidden,
        "properties": {"order_id": "o1", "total": 5},
    }
    (event,), bad = decode(call)
    assert (event.identifiers, event.flags & HIDDEN_PERSON, bad) == ((), HIDDEN_PERSON, [])


def test_clock_skew_is_taken_out_and_the_client_time_kept() -> None:
    stamp, sent = "2016-03-01T10:00:00Z", "2016-03-01T11:00:00Z"  # ten years behind, an hour before sending
    (event,), _ = decode(GOOD | {"timestamp": stamp}, sent=sent)
    assert event.event_us == RECEIVED_US - HOUR_US
    assert event.client_us == 1_456_826_400 * SECOND_US
    assert event.flags == TIME_CORRECTED
    (fine,), _ = decode(GOOD | {"timestamp": "2025-12-31T23:00:00+00:00"}, sent="2025-12-31T23:59:50Z")
    assert (fine.event_us, fine.flags) == (RECEIVED_US - HOUR_US, 0)
    (late,), _ = decode(GOOD | {"timestamp": "2025-12-01T00:00:00Z"})
    assert (late.event_us, late.flags) == (RECEIVED_US - 31 * DAY_US, LATE)
    (ahead,), _ = decode(GOOD | {"timestamp": "2036-01-01T00:00:00Z"})
    assert (ahead.event_us, ahead.flags) == (RECEIVED_US, TIME_CORRECTED)
    (zoned,), _ = decode(GOOD | {"timestamp": "2026-01-01T07:59:00+08:00"})
    assert zoned.event_us == RECEIVED_US - 60 * SECOND_US
    assert decode(GOOD | {"timestamp": "yesterday"})[1][0].code == "bad_time"


def test_a_second_try_of_a_single_call_is_the_same_event() -> None:
    def single(sent: str) -> Event:
        body = json.dumps(
            {"event": "x", "userId": "u", "messageId": "m", "sentAt": sent, "writeKey": "k"}
        ).encode()
        (event,), _ = segment.decode(RawRequest("segment", "/v1/track", "src", 15, RECEIVED_US, body))
        return event

    assert single("2026-01-01T00:00:00Z").raw == single("2026-01-01T00:00:09Z").raw
    assert b"writeKey" not in single("2026-01-01T00:00:00Z").raw


def test_an_event_without_an_id_gets_the_same_one_each_time() -> None:
    assert one(properties={"n": 1}).event_id == one(properties={"n": 1}).event_id
    assert one(properties={"n": 1}).event_id != one(properties={"n": 2}).event_id


POISON = [
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":NaN}}', "not_a_number"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":-Infinity}}', "not_a_number"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":"\\ud800"}}', "lone_surrogate"),
    (b'{"type":"track","event":"x","userId":"u\\u0000"}', "nul_character"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":"\\u0000"}}', "nul_character"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n\\u0000":1}}', "nul_character"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":"\x00"}}', "nul_character"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":"\x01"}}', "control_character"),
    (
        b'{"type":"track","event":"x","userId":"u","properties":{"n":9223372036854775808}}',
        "number_out_of_range",
    ),
    (
        b'{"type":"track","event":"x","userId":"u","properties":{"a":{"n":-9223372036854775809}}}',
        "number_out_of_range",
    ),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":1e999}}', "number_out_of_range"),
    (b'{"type":"track","event":"x","userId":"u","properties":{"n":"\xff"}}', "not_utf8"),
    (
        b'{"type":"track","event":"x","userId":"u","properties":{"n":' + b"[" * 50 + b"]" * 50 + b"}}",
        "too_deep",
    ),
    (b'{"type":"track","event":"x","userId":"u","properties":7}', "bad_shape"),
    (b'{"type":"track","event":"x","userId":{}}', "bad_identifier"),
    (b'{"type":"track","event":"x","userId":"' + b"u" * 300 + b'"}', "bad_identifier"),
    (b'{"type":"track","userId":"u"}', "no_event_name"),
    (b'{"type":"dance","userId":"u"}', "unknown_type"),
    (b"[1,2]", "not_an_object"),
    (b"null", "not_an_object"),
    (b'{"type":"track" "event":"x"}', "not_json"),
]


@pytest.mark.parametrize(("poison", "code"), POISON, ids=lambda p: None if isinstance(p, bytes) else p)
def test_poison_is_told_apart_and_spares_its_neighbours(poison: bytes, code: str) -> None:
    good = json.dumps(GOOD).encode()
    events, bad = decode(
        raw=b'{"batch":[' + good + b"," + poison + b"," + good + b'],"sentAt":"2026-01-01T00:00:00Z"}'
    )
    assert [row.code for row in bad] == [code]
    assert bad[0].sample == poison
    assert bad[0].words.zh
    assert [e.event_id for e in events] == ["good", "good"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    "type",
    "event",
    "userId",
    "anonymousId",
    "messageId",
    "timestamp",
    "properties",
    "traits",
    "context",
    "sentAt",
]


@settings(max_examples=400, deadline=None)
@given(
    item=st.dictionaries(st.sampled_from(NAMES), JSON) | JSON,
    kind=st.sampled_from(["track", "identify", "page", None]),
)
def test_whatever_comes_becomes_an_event_or_a_bad_row(item: Any, kind: str | None) -> None:
    if isinstance(item, dict) and kind:
        item = {"userId": "u", "event": "x"} | item | {"type": kind}
    body = b'{"batch":[' + json.dumps(item).encode() + b"," + json.dumps(GOOD).encode() + b"]}"
    events, bad = decode(raw=body)
    assert len(events) + len(bad) == 2
    assert events[-1].event_id == "good"
    for event in events:
        msgspec.json.encode([event.properties, event.traits])
        assert "\x00" not in str(event.properties)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_decoder_raise(body: bytes) -> None:
    decode(raw=body or b"x")
    decode(raw=b'{"batch":[' + body + b"]}")
