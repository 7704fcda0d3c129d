"""神策's protocol beyond what the Python client sends: browsers, mini-programs, identities."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.collect import sensors
from weaktie.data.collect.contracts import BadRow, Event, RawRequest
from weaktie.data.collect.vocabulary import SENSORS_EVENTS
from weaktie.kit.clock import SECOND_US

RECEIVED_US = 1_767_225_600 * SECOND_US
GOOD = {"type": "track", "event": "good", "distinct_id": "d", "time": 1767225600000, "properties": {}}


def decode(*events: Any, raw: bytes | None = None) -> tuple[list[Event], list[BadRow]]:
    body = raw or json.dumps(events).encode()
    return sensors.decode(RawRequest("sensors", "/sa", "src", 15, RECEIVED_US, body))


def one(**event: Any) -> Event:
    (found,), bad = decode(GOOD | event)
    assert bad == []
    return found


def test_a_browser_event() -> None:
    event = one(
        event="$pageview",
        anonymous_id="c1",
        distinct_id="c1",
        _track_id=123,
        properties={
            "$lib": "js",
            "$url": "https://shop.example/?token=secret1&x=1",
            "$referrer": "https://www.xiaohongshu.com/explore",
            "$title": "锅",
            "$ip": "1.2.3.4",
            "$screen_width": 390,
        },
    )
    assert (event.event, event.platform, event.channel) == ("Page Viewed", "web", "xiaohongshu")
    assert event.identifiers == (("anonymous", "c1"),)
    assert event.properties == {
        "url": "https://shop.example/?token=‹secret›&x=1",
        "referrer": "https://www.xiaohongshu.com/explore",
        "title": "锅",
    }


def test_a_mini_program_order() -> None:
    event = one(
        event="OrderCompleted",
        login_id="u1",
        anonymous_id="o1",
        properties={
            "$lib": "MiniProgram",
            "$scene": "1175",
            "order_id": "x1",
            "total": "20.50",
            "products": ['{"product_id":"p1","quantity":2,"price":10.25}'],
        },
    )
    assert (event.event, event.platform, event.channel) == (
        "Order Completed",
        "mini_program",
        "wechat_channels",
    )
    assert event.identifiers == (("user", "u1"), ("anonymous", "o1"))
    assert event.order is not None
    assert [(i.product_id, i.quantity, str(i.amount)) for i in event.order.items] == [("p1", 2, "20.50")]


@pytest.mark.parametrize(("preset", "name"), SENSORS_EVENTS.items())
def test_preset_events(preset: str, name: str) -> None:
    assert one(event=preset).event == name


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("ProductViewed", "Product Viewed"),
        ("product_viewed", "Product Viewed"),
        ("OrderCompletedX", "OrderCompletedX"),
    ],
)
def test_names_without_blanks(sent: str, name: str) -> None:
    assert one(event=sent).event == name


def test_a_second_flush_is_the_same_event_and_an_equal_act_is_another() -> None:
    first, again = one(_track_id=5, _flush_time=1767225600001), one(_track_id=5, _flush_time=1767225600999)
    assert (first.event_id, first.raw) == (again.event_id, again.raw)
    twice, _ = decode(GOOD, GOOD)
    assert twice[0].event_id != twice[1].event_id
    assert [e.event_id for e in decode(GOOD, GOOD)[0]] == [e.event_id for e in twice]
    assert one(_track_id=5).event_id != one(_track_id=6).event_id


def test_the_flush_time_corrects_a_wrong_clock() -> None:
    event = one(time=1451606400000, _flush_time=1451606460000)  # 2016
    assert event.event_us == RECEIVED_US - 60 * SECOND_US
    assert event.client_us == 1451606400 * SECOND_US


def test_identities() -> None:
    bound = one(
        type="track_id_bind",
        event="$BindID",
        distinct_id="$identity_mp_openid+x",
        identities={"$identity_mp_openid": "x", "$identity_cookie_id": "c", "$identity_email": "a@b.co"},
    )
    assert bound.identifiers == (("email", "a@b.co"), ("openid", "x"), ("anonymous", "c"))
    assert one(distinct_id="$identity_mp_openid+x").identifiers == (("openid", "x"),)
    unbound = one(
        type="track_id_unbind", event="$UnbindID", distinct_id="u1", login_id="u1",
        identities={"$identity_login_id": "u1", "$identity_mobile": "13912345670"},
    )  # fmt: skip
    assert unbound.identifiers == (("user", "u1"),), "what was unbound is not the person's"
    masked, bad = decode(GOOD | {"distinct_id": "186******05"})
    assert masked == []
    assert bad[0].code == "no_identifier"


def test_items_and_refusals() -> None:
    content = one(
        type="item_set", item_type="note", item_id="n1", properties={"title": "锅", "topics": ["a"]}
    )
    assert content.entity is not None
    assert content.entity.fields == {"content_id": "n1", "kind": "note", "title": "锅", "topics": '["a"]'}
    events, bad = decode(
        GOOD,
        GOOD | {"type": "item_set", "item_type": "planet", "item_id": "1"},
        GOOD | {"type": "item_delete"},
        GOOD | {"event": ""},
        GOOD | {"time": "soon"},
        GOOD | {"distinct_id": None},
        GOOD,
    )
    assert len(events) == 2
    assert [row.code for row in bad] == [
        "unknown_item_type",
        "unknown_type",
        "no_event_name",
        "bad_time",
        "no_identifier",
    ]


def test_poison_spares_its_neighbours() -> None:
    good = json.dumps(GOOD).encode()
    for poison, code in ((b'{"a":NaN}', "not_a_number"), (b'{"a":"\\udc00"}', "lone_surrogate")):
        events, bad = decode(raw=b"[" + good + b"," + poison + b"," + good + b"]")
        assert len(events) == 2
        assert [row.code for row in bad] == [code]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_raise(body: bytes) -> None:
    decode(raw=body or b"x")
    decode(raw=b"[" + body + b"]")
