"""The plan's campaign over HTTP, from draft to payout and clawback; refusals with their true reasons (R13, R17, R19)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.suites.homes import track
from tests.suites.referral_shops import Shop, open_shop
from weaktie.business.referral.contracts import Tie
from weaktie.business.referral.invariants import broken
from weaktie.kit.clock import DAY_US, to_iso


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("story")) as opened:
        yield opened


@pytest.fixture
def shop(home: Shop) -> Iterator[Shop]:
    home.clear()
    yield home
    with home.database.connect() as connection:
        assert broken(connection) == {}
        assert home.ledger.total(connection) == 0


def states(found: Any) -> list[tuple[str, str, int]]:
    return [(r["kind"], r["state"], r["amount_minor"]) for r in found["rewards"]]


def test_three_friends_earn_two_hundred_and_not_a_day_too_early(shop: Shop) -> None:
    campaign = shop.launched()
    for n in range(3):
        got = shop.bring(campaign, "ann", f"f{n}")
        assert got["invited"], got
        assert states(got) == [("friend", "paid", 5_000)], "the friend's coupon comes at the registration"
        assert got["via"] == "open"
    assert states(shop.status(campaign, "ann")) == [("inviter", "pending", 5_000)] * 3 + [
        ("bonus", "pending", 5_000)
    ]
    assert shop.later(13.9)["paid"] == 0
    assert shop.purse("ann") == 0
    assert shop.later(0.2)["paid"] == 4
    assert shop.purse("ann") == 20_000
    assert shop.purse("f0") == 5_000
    shop.bring(campaign, "ann", "f3")
    last = shop.status(campaign, "ann")["rewards"][-1]
    assert (last["state"], last["reason"]) == ("refused", "cap")
    found = shop.console("GET", f"/campaigns/{campaign}/figures")
    assert (found["sent"], found["opened"], found["registered"], found["ordered"], found["rewarded"]) == (
        4,
        4,
        4,
        4,
        3,
    )
    assert found["k_factor"] == pytest.approx(4 / 5)
    assert found["cost_minor"] == 20_000 + 4 * 5_000
    assert found["cost_per_new_minor"] == 10_000
    assert found["available_minor"] == 10_000_000 - 40_000
    assert shop.later(30)["paid"] == 0, "paid once"


def test_what_an_ended_campaign_has_left_goes_back_once_nothing_is_owed(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    shop.console("POST", f"/campaigns/{campaign}/end")
    assert shop.invite(campaign, "ann")["error"]["code"] == "campaign_over"
    shop.later(1)
    assert shop.console("GET", f"/campaigns/{campaign}/figures")["available_minor"] == 10_000_000 - 10_000
    for _ in range(2):
        shop.later(14)
    assert shop.purse("ann") == 5_000, "what was earned is paid after the end"
    assert shop.console("GET", f"/campaigns/{campaign}/figures")["available_minor"] == 0


def test_nothing_is_earned_by_sharing_or_registering_alone(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob", order=False)
    shop.later(60)
    assert shop.status(campaign, "ann")["rewards"] == []


def test_five_invitations_a_day_and_the_true_reason_after(shop: Shop) -> None:
    campaign = shop.launched()
    left = [shop.invite(campaign, "ann")["left_today"] for _ in range(5)]
    assert left == [4, 3, 2, 1, 0]
    refused = shop.invite(campaign, "ann")["error"]
    assert refused["code"] == "daily_limit"
    assert "5" in refused["message"]["zh"]
    shop.clock.move(DAY_US / 1e6)
    assert shop.invite(campaign, "ann")["left_today"] == 4


def test_a_repeated_request_makes_nothing_twice(shop: Shop) -> None:
    campaign = shop.launched()
    first = shop.invite(campaign, "ann", request_key="the-same-key")
    assert shop.invite(campaign, "ann", request_key="the-same-key") == first
    assert shop.invite(campaign, "bob", request_key="the-same-key")["error"]["code"] == "key_reused"
    one = shop.bring(campaign, "ann", "cem", order=False)
    again = shop.call("POST", "/registrations", {"user_id": "cem", "code": first["code"]})
    assert again == one
    assert shop.order("o-cem", "cem") == shop.order("o-cem", "cem")
    assert len(shop.status(campaign, "ann")["rewards"]) == 1


def test_inviting_oneself_is_refused(shop: Shop) -> None:
    campaign = shop.launched()
    code = shop.invite(campaign, "ann")["code"]
    got = shop.call("POST", "/registrations", {"user_id": "ann", "code": code})
    assert (got["invited"], got["reason"]) == (False, "self_invite")
    assert got["rewards"] == []


def test_two_logins_that_turn_out_to_be_one_person_are_refused_at_the_payout(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "ann2")
    with shop.database.begin() as tx:
        from weaktie.data.identity.contracts import LinkFact
        from weaktie.data.identity.service import add_links

        a, b = (shop.wt.identity.find(tx, u) for u in ("ann", "ann2"))
        assert a and b
        add_links(tx, [LinkFact(min(a, b), max(a, b), "alias", shop.clock.now_us(), "default")])
    shop.later(15)
    last = shop.status(campaign, "ann")["rewards"][-1]
    assert (last["state"], last["reason"]) == ("refused", "self_invite")


def test_circles_and_members_are_refused(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "a", "b")
    shop.bring(campaign, "b", "c")
    for inviter, friend, reason in (("b", "a", "cycle"), ("c", "a", "cycle"), ("x", "y", "existing_user")):
        if friend == "y":
            shop.invite(campaign, "y")
            shop.clock.move(2 * DAY_US / 1e6)
        code = shop.invite(campaign, inviter)["code"]
        got = shop.call("POST", "/registrations", {"user_id": friend, "code": code})
        assert (got["invited"], got["reason"]) == (False, reason), (inviter, friend)
    code = shop.invite(campaign, "x")["code"]
    since = to_iso(shop.clock.now_us() - 400 * DAY_US)
    got = shop.call("POST", "/registrations", {"user_id": "old", "code": code, "member_since": since})
    assert got["reason"] == "existing_user", "the shop's own books count"


def test_a_minor_earns_nothing_on_either_side(shop: Shop) -> None:
    campaign = shop.launched()
    code = shop.invite(campaign, "ann")["code"]
    shop.clock.move(60)
    friend = shop.referral.enrolled("user", "kid", "default")
    with shop.database.begin() as tx:
        shop.wt.consent.ages.set_flag(tx, friend.alias_no, "youth")
    got = shop.call("POST", "/registrations", {"user_id": "kid", "code": code})
    assert (got["invited"], got["reason"]) == (False, "minor")
    assert shop.invite(campaign, "kid")["error"]["code"] == "minor"


def test_a_refund_cancels_what_was_pending_and_claws_back_what_was_paid(shop: Shop) -> None:
    campaign = shop.launched()
    for n in range(3):
        shop.bring(campaign, "ann", f"f{n}")
    shop.call("POST", "/refunds", {"order_id": "o-f0"})
    assert states(shop.status(campaign, "ann")) == [
        ("inviter", "voided", 5_000), ("inviter", "pending", 5_000), ("inviter", "pending", 5_000), ("bonus", "voided", 5_000),
    ]  # fmt: skip
    shop.bring(campaign, "ann", "f3")
    assert states(shop.status(campaign, "ann"))[-1] == ("bonus", "pending", 5_000), "a third friend again"
    shop.later(15)
    assert shop.purse("ann") == 20_000
    for _ in range(2):
        shop.call("POST", "/refunds", {"order_id": "o-f3"})
    assert shop.purse("ann") == 10_000, "the reward and the bonus that rested on it"
    assert {r["state"] for r in shop.status(campaign, "ann")["rewards"]} == {"voided", "paid", "clawed_back"}
    assert shop.call("POST", "/refunds", {"order_id": "nobody's"}, status=404)["error"]["code"] == "no_order"


def test_a_part_given_back_counts_while_the_rest_fulfils_the_rules(shop: Shop) -> None:
    campaign = shop.launched(order_min_minor=5_000)
    assert shop.bring(campaign, "ann", "small", order=False)["invited"]
    assert shop.order("o-s", "small", 4_999)["reason"] == "below_minimum"
    assert shop.order("o-t", "small", 9_000)["counted"]
    assert shop.call("POST", "/refunds", {"order_id": "o-t", "refunded_minor": 4_000})["counted"]
    assert shop.call("POST", "/refunds", {"order_id": "o-t", "refunded_minor": 4_001})["reason"] == "refund"


@pytest.mark.parametrize("how", ["none", "dead", "stale"])
def test_without_a_scorer_that_knows_nothing_is_paid(shop: Shop, how: str) -> None:
    campaign = shop.launched()
    if how == "none":
        shop.with_ports(assess=None)
    shop.scorer.says = "dead" if how == "dead" else "pass"
    shop.scorer.age_us = 3 * 3_600_000_000 if how == "stale" else 0
    got = shop.bring(campaign, "ann", "bob")
    reason = {"none": "no_scorer", "dead": "scorer_failed", "stale": "scorer_stale"}[how]
    assert [(r["state"], r["reason"]) for r in got["rewards"]] == [("held", reason)]
    shop.later(20)
    assert shop.purse("ann") == shop.purse("bob") == 0
    row = shop.console("GET", f"/campaigns/{campaign}/rewards?state=held")["items"][0]
    by_hand = {"pay": True, "reason": "ok"}  # what no scorer has seen cannot be let pass by hand
    shop.console("POST", f"/rewards/{row['reward_id']}/review", by_hand, status=409)
    shop.with_ports(assess=shop.scorer)
    shop.scorer.says, shop.scorer.age_us = "pass", 0
    shop.later(0.1)
    assert (shop.purse("ann"), shop.purse("bob")) == (5_000, 5_000), "held, not lost"


def test_held_rewards_wait_for_a_person_and_refused_ones_may_be_appealed(shop: Shop) -> None:
    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    shop.scorer.says = "hold"
    shop.later(15)
    (row,) = shop.console("GET", f"/campaigns/{campaign}/rewards?state=held")["items"]
    assert (row["reason"], row["score"], row["evidence"]) == (
        "risk",
        50,
        [{"zh": "同一设备", "en": "same device"}],
    )
    done = shop.console("POST", f"/rewards/{row['reward_id']}/review", {"pay": True, "reason": "a family"})
    assert done["state"] == "paid"
    shop.scorer.says = "refuse"
    got = shop.bring(campaign, "ann", "cem")
    assert [(r["state"], r["reason"]) for r in got["rewards"]] == [("refused", "risk_refused")]
    page = shop.call("POST", "/pages", {"campaign_id": campaign, "user_id": "cem"})["path"]
    body = {"token": page.rpartition("/")[2], "do": "appeal", "reward_id": got["rewards"][0]["reward_id"]}
    answer = shop.http.post("/c/v1/mine", json=body, headers={"Origin": "http://testserver"})
    assert answer.json()["request_id"], answer.text
    others = shop.call("POST", "/pages", {"campaign_id": campaign, "user_id": "ann"})["path"].rpartition("/")[
        2
    ]
    stolen = shop.http.post(
        "/c/v1/mine", json=body | {"token": others}, headers={"Origin": "http://testserver"}
    )
    assert stolen.status_code == 404, "nobody appeals for somebody else"
    granted = shop.console(
        "POST", f"/rewards/{got['rewards'][0]['reward_id']}/review", {"pay": True, "reason": "heard"}
    )
    assert granted["state"] == "paid"
    assert shop.purse("cem") == 5_000


def test_the_first_touch_wins_within_its_window(shop: Shop) -> None:
    campaign = shop.launched(window_days=3)
    late, first, second = (shop.invite(campaign, u)["code"] for u in ("ann", "bob", "cem"))
    shop.call("POST", "/opens", {"code": late, "anonymous_id": "v"})
    shop.clock.move(4 * DAY_US / 1e6)
    for code in (first, second, first):
        shop.call("POST", "/opens", {"code": code, "anonymous_id": "v"})
        shop.clock.move(60)
    got = shop.call("POST", "/registrations", {"user_id": "new", "anonymous_id": "v", "code": second})
    assert got["invited"]
    assert shop.status(campaign, "bob")["friends"] == {"registered": 1}
    assert shop.status(campaign, "cem")["friends"] == shop.status(campaign, "ann")["friends"] == {}


def test_an_opening_before_the_sign_up_is_found_through_identity(shop: Shop) -> None:
    """The shop says no anonymous id at the registration: the identifiers of one person are enough."""
    from tests.suites.homes import bring_in, put

    campaign = shop.launched()
    code = shop.invite(campaign, "ann")["code"]
    shop.call("POST", "/opens", {"code": code, "anonymous_id": "cookie-7"})
    shop.clock.move(120)
    put(shop.wt, track(1, "eve", anonymous="cookie-7", at_us=shop.clock.now_us()))
    bring_in(shop.wt)
    got = shop.call("POST", "/registrations", {"user_id": "eve"})
    assert (got["invited"], got["via"]) == (True, "open")


def test_a_used_invitation_says_so_and_a_later_one_counts(shop: Shop) -> None:
    campaign = shop.launched()
    code = shop.invite(campaign, "ann")["code"]
    assert shop.call("POST", "/registrations", {"user_id": "one", "code": code})["invited"]
    assert (
        shop.call("POST", "/registrations", {"user_id": "two", "code": code})["reason"] == "invitation_used"
    )
    other = shop.invite(campaign, "bob")["code"]
    shop.call("POST", "/opens", {"code": code, "anonymous_id": "t"})
    shop.clock.move(1)
    shop.call("POST", "/opens", {"code": other, "anonymous_id": "t"})
    assert shop.call("POST", "/registrations", {"user_id": "three", "anonymous_id": "t"})["invited"]
    assert shop.status(campaign, "bob")["friends"] == {"registered": 1}


def test_forged_codes_and_pages_are_told_without_a_look_and_browsers_may_not_speak_for_people(
    shop: Shop,
) -> None:
    campaign = shop.launched()
    assert (
        shop.call("POST", "/opens", {"code": "abcdefghjkmn"}, status=404)["error"]["code"] == "no_invitation"
    )
    assert shop.http.get("/r/abcdefghjkmn").status_code == 404
    assert shop.http.get("/c/AAAA").status_code == 403
    body = {"campaign_id": campaign, "user_id": "ann", "channel": "wechat"}
    assert (
        shop.call("POST", "/invitations", body, status=403, Origin="https://evil.example")["error"]["code"]
        == "server_only"
    )


def test_ties_change_rewards_and_an_unknown_tie_says_so(shop: Shop) -> None:
    extras = {"strong_from": 0.6, "strong_extra_minor": 1_000, "weak_below": 0.3, "weak_extra_minor": 700}
    campaign = shop.launched(strength=extras)
    shop.bring(campaign, "ann", "stranger")
    assert shop.status(campaign, "ann")["rewards"][0]["note"] == "no_graph"
    strengths = {"close": 0.9, "far": 0.1}

    def strength(connection: Any, inviter: int, friend: int) -> Tie | None:
        name = shop.referral.user_id(connection, friend)
        return Tie(strengths[name]) if name in strengths else None

    shop.with_ports(assess=shop.scorer, strength=strength)
    assert states(shop.bring(campaign, "ann", "close")) == [("friend", "paid", 5_000)]
    assert states(shop.bring(campaign, "ann", "far")) == [("friend", "paid", 5_000), ("weak", "paid", 700)]
    mine = [
        (r["amount_minor"], r["note"])
        for r in shop.status(campaign, "ann")["rewards"]
        if r["kind"] == "inviter"
    ]
    assert mine == [(5_000, "no_graph"), (6_000, "strong"), (5_000, "plain")]


def test_an_empty_budget_pauses_the_campaign_and_a_topped_up_one_pays(shop: Shop) -> None:
    campaign = shop.launched(budget_minor=12_000)
    shop.bring(campaign, "ann", "bob")
    got = shop.bring(campaign, "ann", "cem", order=False)
    assert [(r["state"], r["reason"]) for r in got["rewards"]] == [("held", "budget")]
    assert shop.console("GET", f"/campaigns/{campaign}")["state"] == "paused"
    assert shop.invite(campaign, "ann")["error"]["code"] == "budget"
    shop.console("PUT", f"/campaigns/{campaign}", {"name": "more", "spec": shop.spec(budget_minor=50_000)})
    assert shop.console("GET", f"/campaigns/{campaign}")["state"] == "running"
    shop.later(0.1)
    assert shop.purse("cem") == 5_000


def test_coupons_in_stock_are_published_and_never_oversold(shop: Shop) -> None:
    campaign = shop.launched(friend_stock=1, friends_per_invitation=3)
    assert shop.call("GET", "/campaigns")["items"][0]["coupons_left"] == 1
    code = shop.invite(campaign, "ann")["code"]
    assert states(shop.call("POST", "/registrations", {"user_id": "one", "code": code})) == [
        ("friend", "paid", 5_000)
    ]
    late = shop.call("POST", "/registrations", {"user_id": "two", "code": code})
    assert [(r["state"], r["reason"]) for r in late["rewards"]] == [("refused", "sold_out")]
    assert shop.invite(campaign, "ann")["error"]["code"] == "sold_out"


def test_what_was_spent_stays_owed_and_nothing_more_is_paid_meanwhile(shop: Shop) -> None:
    from weaktie.business.referral.contracts import Payment, Purse

    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    shop.later(15)
    with shop.database.begin() as tx:
        who = shop.referral.person(tx, "ann")
        mine = Purse("user", f"p{who.alias_no}", "CNY")
        shop.ledger.post(
            tx, "spent", "redeem", [Payment(mine, Purse("revenue", "", "CNY"), 5_000)], {}, "shop"
        )
    shop.call("POST", "/refunds", {"order_id": "o-bob"})
    shop.bring(campaign, "ann", "cem")
    shop.later(15)
    found = {r["reason"]: r["state"] for r in shop.status(campaign, "ann")["rewards"]}
    assert found == {"refund": "clawback_open", "owes": "held"}
    with shop.database.begin() as tx:
        shop.ledger.post(tx, "earned", "sale", [Payment(Purse("world", "", "CNY"), mine, 5_000)], {}, "shop")
    shop.later(0.1)
    shop.later(0.1)
    assert {r["state"] for r in shop.status(campaign, "ann")["rewards"]} == {"clawed_back", "paid"}
    assert shop.purse("ann") == 5_000


def test_an_erased_person_is_in_no_row_and_what_was_set_aside_is_given_back(shop: Shop) -> None:
    from sqlalchemy import select

    from weaktie.business.referral.tables import friends, invitations, orders, rewards, touches

    campaign = shop.launched()
    shop.bring(campaign, "ann", "bob")
    exported = shop.wt.rights.export("bob")["referral"]
    assert len(exported["referral_friends"]) == len(exported["referral_orders"]) == 1
    assert "inviter" not in exported["referral_friends"][0]
    with shop.database.connect() as connection:
        numbers = {u: set(shop.referral.person(connection, u).alias_nos) for u in ("ann", "bob")}
    shop.wt.rights.erase("ann", reason="asked", actor="test")
    shop.wt.rights.erase("bob", reason="asked", actor="test")
    gone = numbers["ann"] | numbers["bob"]
    with shop.database.connect() as connection:
        for column in (
            friends.c.friend, friends.c.inviter, invitations.c.inviter, orders.c.buyer, rewards.c.payee, touches.c.visitor,
        ):  # fmt: skip
            assert not set(connection.execute(select(column)).scalars()) & gone, column
        held = connection.execute(select(rewards.c.state).where(rewards.c.kind == "inviter")).scalars().all()
    assert held == ["voided"]
    assert shop.later(20)["paid"] == 0
