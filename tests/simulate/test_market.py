"""The events of a market: the same every time, and true to what the market knows."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from tests.simulate.conftest import SPEC, Market
from weaktie.kit.clock import business_day
from weaktie.simulate.contracts import MarketSpec, Truth
from weaktie.simulate.days import happened
from weaktie.simulate.events import NAMES, Kind, made
from weaktie.simulate.sensors import SENSORS_NAMES
from weaktie.simulate.service import EVENTS_PER_USER, generate, truths
from weaktie.simulate.timeline import NEVER_MS
from weaktie.simulate.world import world_of

SENSORS_TO_NAME = {short: NAMES[kind] for kind, short in SENSORS_NAMES.items()}


def at_us(event: dict[str, Any]) -> int:
    if "time" in event:
        return int(event["time"]) * 1000
    return round(datetime.fromisoformat(event["timestamp"]).timestamp() * 1_000_000)


def name_of(event: dict[str, Any]) -> str:
    if "time" in event:
        return SENSORS_TO_NAME.get(event.get("event", ""), event["type"])
    return str(event.get("event", event["type"]))


def user_of(event: dict[str, Any]) -> str | None:
    user = event.get("userId") or event.get("login_id")
    return str(user) if user else None


def device_of(event: dict[str, Any]) -> str:
    return str(event.get("anonymousId") or event["anonymous_id"])


def everything(market: Market) -> list[dict[str, Any]]:
    return [*market.segment, *market.sensors]


def by_user(market: Market) -> dict[str, Truth]:
    return {t.user_id: t for t in market.truth if t.user_id}


def products_of(event: dict[str, Any]) -> list[dict[str, Any]]:
    lines = event["properties"]["products"]
    return [json.loads(line) if isinstance(line, str) else line for line in lines]


def test_equal_specs_give_equal_bytes(market: Market) -> None:
    # The world is made anew, or the test would compare one cached object with itself.
    world_of.cache_clear()
    assert list(generate(SPEC)) == market.days


def test_another_seed_or_end_gives_another_market(market: Market) -> None:
    small = replace(SPEC, days=2)
    first = next(generate(small))
    assert next(generate(replace(small, seed=8))).segment != first.segment
    moved = next(generate(replace(small, end_us=SPEC.end_us + 3_600_000_000)))
    ids = {json.loads(event)["messageId"] for event in first.segment}
    assert not ids & {json.loads(event)["messageId"] for event in moved.segment}


def test_every_event_has_an_id_of_its_own(market: Market) -> None:
    ids = [event["messageId"] for event in market.segment]
    tracks = [event["_track_id"] for event in market.sensors]
    assert len(set(ids)) == len(ids)
    assert len(set(tracks)) == len(tracks)


def test_the_count_grows_with_the_users() -> None:
    spec = MarketSpec(end_us=SPEC.end_us, users=1000, seed=3, days=90)
    one = sum(day.events for day in generate(spec))
    two = sum(day.events for day in generate(replace(spec, users=2000)))
    assert 0.8 < one / (1000 * EVENTS_PER_USER) < 1.25
    assert 1.7 < two / one < 2.3


def test_one_event_in_ten_comes_from_mini_programs(market: Market) -> None:
    assert 0.06 < len(market.sensors) / (len(market.sensors) + len(market.segment)) < 0.15


def test_days_are_business_days_in_order_and_end_with_the_end(market: Market) -> None:
    zone = ZoneInfo(SPEC.timezone)
    days = [day.day for day in market.days]
    assert days == list(
        range(business_day(SPEC.end_us, zone) - SPEC.days + 1, business_day(SPEC.end_us, zone) + 1)
    )
    assert max(at_us(event) for event in everything(market)) <= SPEC.end_us
    for day in market.days:
        times = [at_us(json.loads(event)) for event in day.segment]
        assert times == sorted(times)
        assert business_day(times[0], zone) == day.day


def test_nobody_acts_before_joining_or_after_leaving(market: Market) -> None:
    truth, last, first = by_user(market), dict[str, int](), dict[str, int]()
    for event in everything(market):
        user = user_of(event)
        if user:
            last[user] = max(last.get(user, 0), at_us(event))
            first[user] = min(first.get(user, 2**62), at_us(event))
    churned = [user for user in last if truth[user].churn_us is not None]
    assert len(churned) > 50
    for user in last:
        churn, join = truth[user].churn_us, truth[user].join_us
        assert churn is None or last[user] < churn
        assert join is not None and first[user] >= join


def test_people_who_leave_fade_before(market: Market) -> None:
    day_us = 86_400_000_000
    early = late = 0
    start = SPEC.end_us - SPEC.days * day_us
    leaving = {
        u: t.churn_us for u, t in by_user(market).items() if t.churn_us and t.churn_us > start + 28 * day_us
    }
    leaving = {u: c for u, c in leaving.items() if (by_user(market)[u].join_us or 0) < start}
    for event in everything(market):
        churn = leaving.get(user_of(event) or "")
        if churn is not None:
            early += churn - 28 * day_us <= at_us(event) < churn - 21 * day_us
            late += churn - 7 * day_us <= at_us(event)
    assert late < 0.75 * early


def test_invitations_are_sent_before_they_are_accepted(market: Market) -> None:
    sent: dict[str, tuple[int, str | None]] = {}
    accepted = []
    for event in sorted(everything(market), key=at_us):
        if name_of(event) == "Invite Sent":
            invite = event["properties"]["invite_id"]
            assert invite not in sent
            sent[invite] = (at_us(event), user_of(event))
        elif name_of(event) == "Invite Accepted":
            accepted.append(event)
    assert len(accepted) > 10
    assert len(sent) > 2 * len(accepted)
    truth = by_user(market)
    for event in accepted:
        at, inviter = sent[event["properties"]["invite_id"]]
        assert at < at_us(event)
        assert inviter == event["properties"]["referrer_id"] == truth[user_of(event) or ""].inviter


def test_registrations_begin_anonymous_and_happen_once(market: Market) -> None:
    truth = by_user(market)
    signed_up = Counter(user_of(e) for e in everything(market) if name_of(e) == "Signed Up")
    start_us = min(at_us(e) for e in everything(market))
    joined = {u for u, t in truth.items() if t.join_us and t.join_us >= start_us}
    assert set(signed_up) == joined
    assert set(signed_up.values()) == {1}
    anonymous = {device_of(e) for e in everything(market) if user_of(e) is None}
    for user in joined:
        assert truth[user].devices[0] in anonymous
    linked = {(e["userId"], e["anonymousId"]) for e in market.segment if e["type"] == "identify"}
    linked |= {(e["distinct_id"], e["original_id"]) for e in market.sensors if e["type"] == "track_signup"}
    assert {(u, truth[u].devices[0]) for u in joined} <= linked


def test_some_devices_have_two_logins_and_some_people_two_devices(market: Market) -> None:
    users, devices = defaultdict(set), defaultdict(set)
    for event in everything(market):
        if user_of(event):
            users[device_of(event)].add(user_of(event))
            devices[user_of(event)].add(device_of(event))
    assert any(len(some) > 1 for some in users.values())
    assert sum(len(some) > 1 for some in users.values()) < 0.03 * len(users)
    assert sum(len(some) > 1 for some in devices.values()) > 0.03 * len(devices)


def test_orders_add_up_and_hold_goods_of_the_catalogue(market: Market) -> None:
    shelf = {p.product_id: p.price_minor for p in world_of(SPEC).shelf.products}
    orders = [e for e in everything(market) if name_of(e) == "Order Completed"]
    assert len(orders) > 50
    seen = set()
    for order in orders:
        properties = order["properties"]
        assert user_of(order)
        assert properties["order_id"] not in seen
        seen.add(properties["order_id"])
        lines = products_of(order)
        assert lines
        for line in lines:
            assert round(line["price"] * 100) == shelf[line["product_id"]]
        worth = sum(round(line["price"] * 100) * line["quantity"] for line in lines)
        assert worth - round(properties.get("discount", 0) * 100) == round(properties["total"] * 100) > 0
        assert ("coupon" in properties) == ("discount" in properties)
        assert properties["currency"] == "CNY"
    refunds = [e for e in everything(market) if name_of(e) == "Order Refunded"]
    assert refunds
    paid = {e["properties"]["order_id"]: at_us(e) for e in orders}
    assert all(paid[e["properties"]["order_id"]] < at_us(e) for e in refunds)


def test_the_funnel_narrows_for_each_person_and_product(market: Market) -> None:
    many = Counter(name_of(event) for event in everything(market))
    steps = ["Content Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"]
    assert all(many[a] > many[b] > 0 for a, b in pairwise(steps))
    assert 0.06 < many["Content Clicked"] / many["Content Viewed"] < 0.10
    assert 0.015 < many["Order Completed"] / many["Product Viewed"] < 0.05
    assert set(NAMES.values()) <= set(many)
    started: dict[str, int] = {}
    for event in sorted(everything(market), key=at_us):
        if name_of(event) == "Checkout Started":
            started[event["properties"]["order_id"]] = at_us(event)
        elif name_of(event) == "Order Completed":
            assert started[event["properties"]["order_id"]] < at_us(event)


def test_tastes_show_in_what_people_look_at(market: Market) -> None:
    names = [p.category for p in world_of(SPEC).shelf.products]
    truth, own, views = by_user(market), 0.0, 0
    for event in market.segment:
        user = user_of(event)
        if event.get("event") == "Product Viewed" and user:
            category = names[int(event["properties"]["product_id"][1:]) - 1]
            own += truth[user].taste[category]
            views += 1
    assert own / views > 2.5 / 12


def test_shared_links_bring_friends(market: Market) -> None:
    ties = world_of(SPEC).ties
    known = set(zip(ties.src.tolist(), ties.dst.tolist(), strict=True))
    number = {t.user_id: t.person for t in market.truth if t.user_id}
    landings = [
        e for e in everything(market) if name_of(e) == "Product Viewed" and "sharer_id" in e["properties"]
    ]
    assert len(landings) > 10
    for event in landings:
        assert event["properties"]["channel"] == "wechat_share"
        user = user_of(event)
        if user:
            a, b = number[event["properties"]["sharer_id"]], number[user]
            assert (a, b) in known or (b, a) in known


def test_everything_says_that_it_is_simulated(market: Market) -> None:
    assert {e["context"]["library"]["name"] for e in market.segment} == {"weaktie-simulate"}
    assert {e["lib"]["$lib_version"] for e in market.sensors} == {"weaktie-simulate-1"}
    traits = [e["traits"] for e in market.segment if e["type"] == "identify"]
    traits += [e["properties"] for e in market.sensors if e["type"] == "profile_set"]
    assert traits
    for some in traits:
        assert some["simulated"] is True
        assert some.get("phone", "1990000").startswith("1990000")
        assert some.get("email", "@example.com").endswith("@example.com")


def test_names_fit_the_sensors_rules(market: Market) -> None:
    for event in market.sensors:
        if event["type"] == "track":
            assert event["event"].isidentifier()
        for value in event["properties"].values():
            assert isinstance(value, str | int | float) or all(isinstance(one, str) for one in value)


def test_truth_describes_everybody() -> None:
    some = list(truths(SPEC))
    assert sum(t.user_id is not None for t in some) == SPEC.users
    assert len(some) > SPEC.users
    assert all(abs(sum(t.taste) - 1) < 1e-4 for t in some)
    assert any(t.private_domain for t in some)
    assert {t.channel for t in some} >= {"referral", "douyin_ads", "organic"}
    assert all((t.inviter is not None) == (t.channel == "referral") for t in some)


def test_what_lies_past_an_end_did_not_happen() -> None:
    world = world_of(SPEC)
    leaver = int(np.flatnonzero(world.folk.churn_ms < world.line.end_ms)[0])
    stayer = int(np.flatnonzero(world.folk.churn_ms == NEVER_MS)[0])
    churn, end = int(world.folk.churn_ms[leaver]), world.line.end_ms
    events = made(
        Kind.APP_OPENED,
        np.array([churn - 1, churn, end, end + 1]),
        np.array([leaver, leaver, stayer, stayer], np.int32),
        np.zeros(4, np.int32),
        np.zeros(4, np.int8),
        np.ones(4, np.bool_),
    )
    assert happened(world, events).time_ms.tolist() == [churn - 1, end]
