"""Official clients, unchanged, against the door under a real server: what they sent is what the decoders give."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from segment.analytics.client import Client
from sensorsanalytics.sdk import BatchConsumer, DefaultConsumer, SensorsAnalytics, SensorsAnalyticsIdentity

from tests.suites.doors import KEY, RunningDoor, running_door


@pytest.fixture
def door(tmp_path: Path) -> Iterator[RunningDoor]:
    with running_door(tmp_path / "log") as running:
        yield running


@pytest.mark.parametrize("gzip", [False, True])
def test_segment_python(door: RunningDoor, gzip: bool) -> None:
    failures: list[object] = []
    client = Client(
        KEY, host=door.url, gzip=gzip, on_error=lambda *args: failures.append(args), max_retries=1
    )
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    client.track("u1", "Order Completed", {"order_id": "o1", "total": 59.9, "currency": "CNY"}, timestamp=at)
    client.identify("u1", {"city": "杭州", "phone": "13800000000"}, anonymous_id="a1")
    client.page("u1", "category", "name", {"url": "https://shop.example/"})
    client.screen("u1", None, "Home")
    client.group("u1", "g1", {"name": "Mothers"})
    client.alias("a0", "u1")
    client.track(anonymous_id="a9", event="Not A Number", properties={"n": float("nan")})
    for number in range(1, 121):
        client.track(number, "Counted", {"n": number})
    client.shutdown()
    assert failures == []
    events, bad = door.decoded()
    # The client writes NaN, which is no JSON: that event alone goes to the dead letters.
    assert [row.code for row in bad] == ["not_a_number"]
    first, identify, page, screen, group, alias, *counted = events
    assert first.identifiers == (("user", "u1"),)
    assert (first.client_us, first.platform) == (1_767_323_045_678_000, "server")
    assert first.order is not None
    assert (first.order.order_id, first.order.amount, first.order.currency) == ("o1", Decimal("59.9"), "CNY")
    assert identify.traits == {"city": "杭州", "phone": "13800000000"}
    assert identify.identifiers == (("user", "u1"), ("anonymous", "a1"))
    assert (page.event, page.properties["name"]) == ("Page Viewed", "name")
    assert (screen.event, screen.properties["name"]) == ("Screen Viewed", "Home")
    assert (group.event, group.properties["group_id"]) == ("Group Joined", "g1")
    assert (alias.links[0].a, alias.links[0].b) == (("anonymous", "a0"), ("user", "u1"))
    assert sorted(int(str(e.properties["n"])) for e in counted) == list(range(1, 121))
    assert len({e.event_id for e in events}) == len(events)


@pytest.mark.parametrize("consumer", [DefaultConsumer, BatchConsumer])
def test_sensors_python(door: RunningDoor, consumer: type) -> None:
    sa = SensorsAnalytics(consumer(f"{door.url}/sa?project=default&token={KEY}"))
    at = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - the client takes the machine's local time
    sa.track(
        "u1", "ProductViewed", {"product_id": "p1", "$time": at, "$app_version": "1.2"}, is_login_id=True
    )
    sa.track("a1", "custom_event", {"n": 1})
    sa.track_signup("u1", "a1")
    sa.profile_set("u1", {"city": "杭州", "$name": "小鹿"}, is_login_id=True)
    sa.profile_set_once("u1", {"first": 1}, is_login_id=True)
    sa.profile_increment("u1", {"points": 3}, is_login_id=True)
    sa.profile_append("u1", {"topics": ["a", "b"]}, is_login_id=True)
    sa.profile_unset("u1", ["city"], is_login_id=True)
    sa.profile_delete("u1", is_login_id=True)
    sa.item_set("product", "p1", {"name": "锅", "price": 59.9, "category": "厨房"})
    login = SensorsAnalyticsIdentity("$identity_login_id", "u1")
    phone = SensorsAnalyticsIdentity("$identity_mobile", "13800000000")
    sa.bind(login, phone)
    sa.track_by_id("paid", {}, login)
    sa.close()
    events, bad = door.decoded()
    assert bad == []
    viewed, custom, signup, told, once, more, appended, unset, deleted, item, bound, by_id = events
    assert (viewed.event, viewed.identifiers, viewed.product_id) == (
        "Product Viewed",
        (("user", "u1"),),
        "p1",
    )
    assert (viewed.client_us, viewed.app_version, viewed.platform) == (
        round(at.timestamp() * 1e6),
        "1.2",
        "server",
    )
    assert (custom.event, custom.identifiers, custom.properties["n"]) == (
        "custom_event",
        (("anonymous", "a1"),),
        1,
    )
    assert (signup.event, signup.identifiers) == ("Signed In", (("user", "u1"), ("anonymous", "a1")))
    assert told.traits == {"city": "杭州", "name": "小鹿"}
    assert (once.event, once.traits) == ("Profile Set Once", {"first": 1})
    assert (more.event, more.traits, more.properties) == ("Profile Incremented", None, {"points": 3})
    assert (appended.event, appended.properties) == ("Profile Appended", {"topics": ["a", "b"]})
    assert (unset.event, unset.traits) == ("Profile Unset", {"city": None})
    assert (deleted.event, deleted.identifiers) == ("Profile Deleted", (("user", "u1"),))
    assert item.entity is not None
    assert (item.entity.table, item.entity.fields["product_id"], item.entity.fields["price"]) == (
        "products",
        "p1",
        Decimal("59.9"),
    )
    assert bound.identifiers == (("user", "u1"), ("phone", "13800000000"))
    assert bound.links == (), "what one event names is linked by the lake writer"
    assert by_id.identifiers == (("user", "u1"),)


def test_nothing_is_lost_over_many_batches(door: RunningDoor) -> None:
    picks = random.Random(5)
    sent = [f"o{picks.randrange(10**9)}" for _ in range(700)]
    sa = SensorsAnalytics(BatchConsumer(f"{door.url}/sa?token={KEY}", max_size=50))
    for order in sent:
        sa.track("u1", "OrderCompleted", {"order_id": order, "total": 1.5}, is_login_id=True)
    sa.close()
    events, bad = door.decoded()
    assert bad == []
    assert [e.order.order_id for e in events if e.order] == sent
    assert len({e.event_id for e in events}) == len(set(sent))
