"""Many requests at once, on both databases: one posting each, no group overfull, no stock oversold (R13, R14)."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.suites.referral_shops import Shop, open_shop
from weaktie.business.referral.invariants import broken
from weaktie.business.referral.logic import replay
from weaktie.kit.errors import Refused


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    address = "sqlite:"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        from tests.suites.databases import _command, _of

        name = "weaktie_referral"
        _command(server, f"CREATE DATABASE {name}")
        address = _of(server, name)
    with open_shop(tmp_path_factory.mktemp("many"), database=address) as opened:
        yield opened


@pytest.fixture
def shop(home: Shop) -> Iterator[Shop]:
    home.clear()
    yield home
    with home.database.connect() as connection:
        assert broken(connection) == {}
        assert home.ledger.total(connection) == 0


def at_once(number: int, run: Callable[[int], Any]) -> list[Any]:
    """What each of `number` threads got, a refusal as its code."""
    ready = threading.Barrier(number)
    got: list[Any] = [None] * number

    def go(n: int) -> None:
        ready.wait()
        try:
            got[n] = run(n)
        except Refused as refused:
            got[n] = refused.code

    threads = [threading.Thread(target=go, args=(n,)) for n in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def offer(shop: Shop, size: int = 3, stock: int = 0) -> str:
    body = {
        "name": "tea",
        "product_id": "p1",
        "price_minor": 9_900,
        "currency": "CNY",
        "size": size,
        "hours": 24,
        "stock": stock,
    }
    made = shop.console("POST", "/offers", body)
    shop.console("POST", f"/offers/{made['offer_id']}/start")
    return str(made["offer_id"])


def test_equal_requests_at_once_make_one_posting_and_one_answer(shop: Shop) -> None:
    campaign = shop.launched()
    code = shop.invite(campaign, "ann")["code"]
    shop.referral.enrolled("user", "bob", "default")
    body = {"user_id": "bob", "code": code}
    answers = at_once(16, lambda _n: shop.call("POST", "/registrations", body))
    assert all(a == answers[0] for a in answers)
    assert answers[0]["invited"]
    assert shop.purse("bob") == 5_000
    orders = at_once(16, lambda _n: shop.order("o1", "bob", paid_time="2026-09-21T12:00:00Z"))
    assert {o["order_id"] for o in orders} == {"o1"}
    assert len({str(o) for o in orders}) == 1
    shop.order("o2", "bob")
    assert [r["kind"] for r in shop.status(campaign, "ann")["rewards"]] == ["inviter"]
    sent = at_once(12, lambda _n: shop.invite(campaign, "eve"))
    assert Counter(s.get("error", {}).get("code", "sent") for s in sent) == {"sent": 5, "daily_limit": 7}


def test_an_invitations_places_and_the_coupons_in_stock_are_given_out_exactly(shop: Shop) -> None:
    campaign = shop.launched(friend_stock=3, friends_per_invitation=5)
    code = shop.invite(campaign, "ann")["code"]
    people = [shop.referral.enrolled("user", f"n{n}", "default") for n in range(16)]
    assert len({p.alias_no for p in people}) == 16
    answers = at_once(16, lambda n: shop.call("POST", "/registrations", {"user_id": f"n{n}", "code": code}))
    assert Counter(a["reason"] or "invited" for a in answers) == {"invited": 5, "invitation_used": 11}
    coupons = Counter((r["state"], r["reason"]) for a in answers for r in a["rewards"])
    assert coupons == {("paid", ""): 3, ("refused", "sold_out"): 2}


def test_the_most_holds_when_friends_order_at_once(shop: Shop) -> None:
    campaign = shop.launched(daily_invitations=20)
    for n in range(8):
        shop.bring(campaign, "ann", f"m{n}", order=False)
    at_once(8, lambda n: shop.order(f"om{n}", f"m{n}"))
    mine = shop.status(campaign, "ann")["rewards"]
    assert sum(r["amount_minor"] for r in mine if r["state"] == "pending") == 20_000
    assert Counter((r["kind"], r["state"]) for r in mine)["bonus", "pending"] == 1


def test_a_group_is_never_overfull_and_losers_are_told_why(shop: Shop) -> None:
    offer_id = offer(shop, size=3)
    people = [shop.referral.enrolled("user", f"g{n}", "default") for n in range(16)]
    with shop.database.begin() as tx:
        group = shop.referral.groups.open(tx, offer_id, people[0], "go-0", 9_900)

    def join(n: int) -> str:
        with shop.database.begin() as tx:
            return shop.referral.groups.join(
                tx, group.group_id, people[n % 15 + 1], f"go-{n % 15 + 1}", 9_900
            ).state

    got = at_once(30, join)  # everybody but the initiator, each twice: a double click
    assert Counter(got)["group_full"] == 26, got
    found = shop.call("GET", f"/groups/{group.group_id}")
    assert (found["state"], found["joined"], found["missing"]) == ("succeeded", 3, 0)
    tally = shop.console("GET", "/offers")["items"][0]
    assert (tally["succeeded"], tally["people"], tally["sold"]) == (1, 3, 3)


def test_groups_fail_when_their_time_is_over_and_are_refunded(shop: Shop) -> None:
    offer_id = offer(shop, size=2, stock=2)
    opened = shop.call(
        "POST", "/groups", {"offer_id": offer_id, "user_id": "a", "order_id": "x1", "amount_minor": 9_900}
    )
    again = shop.call(
        "POST", "/groups", {"offer_id": offer_id, "user_id": "a", "order_id": "x1", "amount_minor": 9_900}
    )
    assert (again, opened["missing"]) == (opened, 1)
    join = f"/groups/{opened['group_id']}/join"
    mine = {"user_id": "a", "order_id": "x2", "amount_minor": 9_900}
    assert shop.call("POST", join, mine, status=409)["error"]["code"] == "in_group"
    stolen = {"user_id": "b", "order_id": "x1", "amount_minor": 9_900}
    assert shop.call("POST", join, stolen, status=409)["error"]["code"] == "other_order"
    early = shop.call("POST", "/groups/refunds", {"order_id": "x1"}, status=409)
    assert early["error"]["code"] == "campaign_state"
    shop.later(1.01)
    late = shop.call("POST", join, {"user_id": "b", "order_id": "x3", "amount_minor": 9_900}, status=409)
    assert late["error"]["code"] == "group_over"
    for _ in range(2):
        assert shop.call("POST", "/groups/refunds", {"order_id": "x1"})["state"] == "refunded"
    fresh = shop.call(
        "POST", "/groups", {"offer_id": offer_id, "user_id": "b", "order_id": "x4", "amount_minor": 9_900}
    )
    done = shop.call(
        "POST", f"/groups/{fresh['group_id']}/join", {"user_id": "c", "order_id": "x5", "amount_minor": 9_900}
    )
    assert done["state"] == "succeeded", "the failed group gave its piece back"
    sold_out = {"offer_id": offer_id, "user_id": "d", "order_id": "x6", "amount_minor": 9_900}
    assert shop.call("POST", "/groups", sold_out, status=409)["error"]["code"] == "sold_out"


def test_recorded_groups_come_to_the_same_through_the_database_as_through_the_rules(shop: Shop) -> None:
    offer_id = offer(shop, size=3)
    records = [
        ("i0", "p"),
        ("i1", "p", "a"),
        ("i2", "p", "a", "b"),
        ("i3", "p", "c", "d", "e"),
        ("i4", "p", "f", "g"),
    ]
    surplus = 0
    for number, (initiator, _, *others) in enumerate(records):
        opened = {"offer_id": offer_id, "user_id": initiator, "order_id": f"r{number}", "amount_minor": 1}
        group = shop.call("POST", "/groups", opened)["group_id"]
        for place, user in enumerate(others):
            body = {"user_id": user, "order_id": f"r{number}-{place}", "amount_minor": 1}
            surplus += "error" in shop.call("POST", f"/groups/{group}/join", body, status=None)
    shop.later(1.1)
    tally = shop.console("GET", "/offers")["items"][0]
    ours = replay(records, 3)
    assert (
        (tally["succeeded"], tally["failed"], surplus)
        == (ours.succeeded, ours.failed, ours.surplus)
        == (3, 2, 1)
    )
