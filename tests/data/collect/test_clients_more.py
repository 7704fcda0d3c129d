"""More official clients of PyPI and npm, unchanged, against the door: what they sent is what the decoders give."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from posthog import Posthog
from rudderstack.analytics.client import Client as Rudder
from sensorsanalytics.sdk import DebugConsumer, SensorsAnalytics, SensorsAnalyticsDebugException

from tests.suites.doors import KEY, BlockedSet, RunningDoor, running_door
from tests.suites.nodes import run_client
from weaktie.data.collect.contracts import Event, Identifier, Link

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
AT_US = 1_767_323_045_678_000


@pytest.fixture
def door(tmp_path: Path) -> Iterator[RunningDoor]:
    with running_door(tmp_path / "log") as running:
        yield running


def all_good(door: RunningDoor) -> list[Event]:
    """Every event in the log; none may be bad and none may have another's id."""
    events, bad = door.decoded()
    assert bad == []
    assert len({e.event_id for e in events}) == len(events)
    return events


def numbers(events: list[Event]) -> list[int]:
    return sorted(int(str(e.properties["n"])) for e in events if e.event == "Counted")


def is_order(event: Event) -> bool:
    assert event.order is not None
    paid = (event.order.order_id, event.order.amount, event.order.currency)
    return paid == ("o1", Decimal("59.9"), "CNY") and event.client_us == AT_US


@pytest.mark.parametrize("zipped", [True, False])
def test_rudder_python(door: RunningDoor, zipped: bool) -> None:
    failures: list[object] = []
    client = Rudder(KEY, host=door.url, gzip=zipped, on_error=lambda *a: failures.append(a), max_retries=1)
    order = {"order_id": "o1", "total": 59.9, "currency": "CNY"}
    client.track("u1", "Order Completed", order, timestamp=AT)
    client.identify("u1", {"city": "杭州"}, anonymous_id="a1")
    client.page("u1", "category", "name", {"url": "https://shop.example/"})
    client.screen("u1", "category", "Home")
    client.group("u1", "g1", {"name": "Mothers"})
    client.alias("a0", "u1")
    for number in range(1, 121):
        client.track(f"v{number}", "Counted", {"n": number})
    client.flush()
    client.join()
    assert failures == []
    events = all_good(door)
    assert is_order(events[0])
    assert events[1].identifiers == (("user", "u1"), ("anonymous", "a1"))
    names = ["User Identified", "Page Viewed", "Screen Viewed", "Group Joined", "Identity Aliased"]
    assert [e.event for e in events[1:6]] == names
    assert events[5].links == (Link(("anonymous", "a0"), ("user", "u1"), "alias"),)
    assert numbers(events) == list(range(1, 121))


@pytest.mark.parametrize("zipped", [True, False])
def test_posthog_python(door: RunningDoor, zipped: bool) -> None:
    failures: list[object] = []
    client = Posthog(KEY, host=door.url, gzip=zipped, on_error=lambda *a: failures.append(a), max_retries=1)
    order = {"order_id": "o1", "total": 59.9, "currency": "CNY"}
    client.capture("Order Completed", distinct_id="u1", properties=order, timestamp=AT)
    client.set(distinct_id="u1", properties={"city": "杭州", "phone": "13800000000"})
    client.set_once(distinct_id="u1", properties={"first": 1})
    client.alias("a0", "u1")
    client.group_identify("company", "g1", {"name": "Mothers"}, distinct_id="u1")
    client.capture("Looked Around")
    known = client.capture(
        "$pageview", distinct_id="u1", properties={"$current_url": "https://shop.example/"}
    )
    for number in range(1, 121):
        client.capture("Counted", distinct_id=f"v{number}", properties={"n": number})
    client.shutdown()
    assert failures == []
    order_event, told, once, alias, group, nobody, page, *_ = events = all_good(door)
    assert is_order(order_event)
    assert (order_event.identifiers, order_event.platform) == ((("user", "u1"),), "server")
    assert (told.event, told.traits) == ("Profile Set", {"city": "杭州", "phone": "13800000000"})
    assert (once.event, once.traits) == ("Profile Set Once", {"first": 1})
    assert alias.links == (Link(("user", "a0"), ("user", "u1"), "alias"),)
    assert (group.event, group.properties["group_id"]) == ("Group Described", "g1")
    assert [kind for kind, _ in nobody.identifiers] == ["anonymous"]
    assert (page.event, page.event_id) == ("Page Viewed", known)
    assert page.properties["url"] == "https://shop.example/"
    assert numbers(events) == list(range(1, 121))


def test_segment_node(door: RunningDoor) -> None:
    assert run_client("segment.mjs", door.url, KEY) == []
    events = all_good(door)
    assert events[0].traits == {"city": "杭州", "phone": "13800000000"}
    assert is_order(events[1])
    names = ["Page Viewed", "Screen Viewed", "Group Joined", "Identity Aliased"]
    assert [e.event for e in events[2:6]] == names
    assert numbers(events) == list(range(1, 61))


def test_posthog_node(door: RunningDoor) -> None:
    assert run_client("posthog.mjs", door.url, KEY) == []
    order, identify, alias, group, *_ = events = all_good(door)
    assert is_order(order)
    assert order.traits == {"city": "杭州"}
    assert identify.identifiers == (("user", "u1"), ("anonymous", "a1"))
    assert identify.traits == {"phone": "13800000000"}
    former: Identifier = ("anonymous", "0196aaaa-0000-7000-8000-000000000001")
    assert alias.links == (Link(former, ("user", "u1"), "alias"),)
    assert (group.event, group.identifiers) == ("Group Described", ())
    assert numbers(events) == list(range(1, 41))


@pytest.mark.parametrize("form", ["gzip", "plain"])
def test_sensors_node(door: RunningDoor, form: str) -> None:
    assert run_client("sensors.mjs", f"{door.url}/sa?project=default&token={KEY}", "track", form) == []
    viewed, signup, told, *others = all_good(door)
    assert (viewed.event, viewed.identifiers, viewed.product_id) == (
        "Product Viewed",
        (("user", "u1"),),
        "p1",
    )
    assert (viewed.client_us, viewed.platform) == (AT_US, "server")
    assert signup.identifiers == (("user", "u1"), ("anonymous", "a1"))
    assert told.traits == {"city": "杭州", "name": "小鹿"}
    names = ["Profile Set Once", "Profile Incremented", "Profile Appended", "Profile Unset"]
    assert [e.event for e in others] == names


@pytest.mark.parametrize(("mode", "stored"), [("debug_and_track", 2), ("debug_only", 0)])
def test_sensors_node_in_debug_mode(door: RunningDoor, mode: str, stored: int) -> None:
    (failure,) = run_client("sensors.mjs", f"{door.url}/sa?token={KEY}", mode, "gzip")
    assert '"code":"no_order_id"' in failure
    assert len(door.requests()) == stored


def test_sensors_mini_program(door: RunningDoor) -> None:
    assert set(run_client("miniprogram.cjs", f"{door.url}/sa?token={KEY}")) == {200}
    events = {e.event: e for e in all_good(door)}
    assert {"App Foregrounded", "App Backgrounded", "Screen Viewed", "ViewProduct", "Signed In"} <= set(
        events
    )
    viewed, order, told = events["ViewProduct"], events["Order Completed"], events["Profile Set"]
    assert (viewed.platform, viewed.product_id, viewed.identifiers[0][0]) == (
        "mini_program",
        "p1",
        "anonymous",
    )
    assert order.order is not None
    assert order.identifiers[0] == ("user", "u1")
    assert set(viewed.identifiers) < set(order.identifiers)
    assert told.traits == {"city": "杭州"}
    bound = [i for e in door.decoded()[0] if e.event == "Identity Bound" for i in e.identifiers]
    assert {kind for kind, value in bound if "openid-1" in value} == {"openid"}
    assert ("unionid", "unionid-1") in bound


@pytest.mark.parametrize("write", [True, False])
def test_sensors_python_in_debug_mode(
    door: RunningDoor, write: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    sa = SensorsAnalytics(DebugConsumer(f"{door.url}/sa?project=default&token={KEY}", write_data=write))
    sa.track("u1", "ProductViewed", {"product_id": "p1"}, is_login_id=True)
    with pytest.raises(SensorsAnalyticsDebugException):
        sa.track("u1", "OrderCompleted", {"total": 5}, is_login_id=True)
    assert "no_order_id" in capsys.readouterr().out
    events, bad = door.decoded()
    assert ([e.product_id for e in events], [b.code for b in bad]) == (
        (["p1"], ["no_order_id"]) if write else ([], [])
    )


def test_posthog_in_the_forms_of_its_browser_and_older_clients(tmp_path: Path) -> None:
    one = {"event": "x", "properties": {"distinct_id": "u1", "token": KEY}}
    blocked = BlockedSet({("anonymous", "gone")})
    with running_door(tmp_path, blocked=blocked) as door:
        from tests.data.collect.test_door import ask, code

        zipped = gzip.compress(json.dumps([one, one | {"distinct_id": "u2"}]).encode())
        assert ask(door, "POST", "/e/?compression=gzip-js", zipped)[0] == 200
        status, _, answer = ask(door, "POST", "/i/v0/e/", json.dumps(one | {"api_key": KEY, "uuid": "m1"}))
        assert (status, json.loads(answer)) == (200, {"status": 1})
        gone = {"event": "y", "distinct_id": "u3", "properties": {"$device_id": "gone"}}
        body = json.dumps({"api_key": KEY, "batch": [gone, {"event": "z", "distinct_id": "u4"}]})
        assert ask(door, "POST", "/batch", body)[0] == 200
        assert code(ask(door, "POST", "/batch/", '{"api_key":"wkw_no","batch":[{}]}')) == (401, "bad_key")
        assert code(ask(door, "POST", "/capture/", '{"event":"x","distinct_id":"u"}')) == (401, "no_key")
        assert [e.identifiers for e in door.decoded()[0]] == [
            (("user", "u1"),), (("user", "u2"),), (("user", "u1"),), (("user", "u4"),),
        ]  # fmt: skip
        assert b"gone" not in b"".join(r.body for r in door.requests())
