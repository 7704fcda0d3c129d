"""Coupons, points and the ledger over HTTP: an operator's console, a shop system that signs, and the worker's part."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.app.worker import keep_books
from weaktie.business.loyalty.jobs import earn, end_points
from weaktie.business.loyalty.logic import signature_of
from weaktie.kit.clock import DAY_US, FixedClock, to_iso
from weaktie.trust.ledger.contracts import Account
from weaktie.trust.ledger.invariants import check_now


@dataclass
class House:
    """A home with its HTTP side, an owner's browser and a shop system."""

    wt: App
    clock: FixedClock
    http: TestClient
    owner: Browser
    shop_id: str = ""
    secret: str = ""
    calls: int = 0

    def ask(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self.owner.send(method, path, body)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json()

    def signed(self, action: str, body: dict[str, Any], status: int = 200, **changed: str) -> Any:
        """A call of the shop system; each has a time of its own, a second apart."""
        self.calls += 1
        raw = json.dumps(body).encode()
        stamp = str(self.clock.now_us() // 1_000_000 + self.calls)
        headers = {
            "X-Weaktie-Shop": self.shop_id, "X-Weaktie-Timestamp": stamp,
            "X-Weaktie-Signature": signature_of(self.secret, stamp, raw),
        } | changed  # fmt: skip
        answer = self.http.post(f"/loyalty/v1/{action}", content=raw, headers=headers)
        assert answer.status_code == status, (action, answer.status_code, answer.text)
        return answer.json() if status == 200 else answer.json()["error"]["code"]

    def template(self, **more: Any) -> Any:
        body = {
            "name": "新人券", "terms": {"kind": "amount", "amount_minor": 5_000}, "stock": 10,
            "ends_time": to_iso(self.clock.now_us() + 30 * DAY_US),
        }  # fmt: skip
        return self.ask("POST", "/api/loyalty/templates", body | more, 201)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    clock = FixedClock(START_US)
    with fresh_app(tmp_path_factory.mktemp("loyalty"), clock) as wt:
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="owner", email="o@example.com", role="owner")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        with TestClient(make_api(wt), base_url=ORIGIN) as http:
            owner = Browser(http)
            assert owner.sign_in("o@example.com").status_code == 200
            made = House(wt, clock, http, owner)
            shop = made.ask("POST", "/api/loyalty/shops", {"name": "商城"}, 201)
            made.shop_id, made.secret = shop["shop"]["shop_id"], shop["secret"]
            yield made


def test_a_coupon_from_its_template_to_its_refund(house: House) -> None:
    budget = house.ask("POST", "/api/ledger/budgets", {"name": "拉新", "amount_minor": 100_000}, 201)
    t = house.template(budget_id=budget["budget_id"])
    (offer,) = [o for o in house.signed("offers", {})["offers"] if o["template_id"] == t["template_id"]]
    assert (offer["stock"], "CNY 50.00" in offer["rules"]["zh"]) == (10, True)
    claim = {"key": "c1", "template_id": t["template_id"], "user_id": "buyer-1"}
    coupon = house.signed("claim", claim)["coupon"]
    assert house.signed("claim", claim)["coupon"] == coupon
    assert house.signed("claim", claim | {"key": "c2"}, 409) == "per_person"
    basket = {"currency": "CNY", "lines": [{"product_id": "p1", "amount_minor": 19_900}]}
    quoted = house.signed("quote", {"codes": [coupon["code"]], "basket": basket})
    assert quoted == {"off_minor": [5_000], "total_off_minor": 5_000}
    reserve = {"order_id": "o1", "user_id": "buyer-1", "codes": [coupon["code"]], "basket": basket}
    assert house.signed("reserve", reserve)["total_off_minor"] == 5_000
    assert house.signed("reserve", reserve | {"order_id": "o2"}, 409) == "coupon_reserved"
    assert house.signed("redeem", {"order_id": "o1"})["coupons"][0]["state"] == "redeemed"
    (b,) = [x for x in house.ask("GET", "/api/ledger/budgets") if x["budget_id"] == budget["budget_id"]]
    assert b["available_minor"] == 95_000
    assert house.signed("refund", {"order_id": "o1"})["coupons"][0]["state"] == "held"
    detail = house.ask("GET", f"/api/loyalty/templates/{t['template_id']}")
    assert (detail["stock"], detail["counts"]) == (9, {"held": 1})
    assert house.signed("mine", {"user_id": "buyer-1"})["coupons"][0]["code"] == coupon["code"]
    about = house.ask("GET", "/api/ledger/transfers?memo=order&value=o1")["items"]
    assert [x["step"] for x in about] == ["reverse", "settle", "hold"]
    one = house.ask("GET", f"/api/ledger/transfers/{about[2]['transfer_id']}")
    assert [x["step"] for x in one["following"]] == ["settle"]


def test_a_request_is_taken_once_and_only_as_it_was_signed(house: House) -> None:
    """R31: a replay, an altered body, an old time, another secret: 0 accepted twice."""
    t = house.template(codes=["POOL-1", "POOL-2"], stock=0, elsewhere=True)
    body = {"code": "POOL-1", "order_id": "w1", "off_minor": 5_000}
    raw = json.dumps(body).encode()
    stamp = str(house.clock.now_us() // 1_000_000 - 1)
    headers = {
        "X-Weaktie-Shop": house.shop_id, "X-Weaktie-Timestamp": stamp,
        "X-Weaktie-Signature": signature_of(house.secret, stamp, raw),
    }  # fmt: skip
    sent = [house.http.post("/loyalty/v1/redeemed", content=raw, headers=headers) for _ in range(3)]
    assert [a.status_code for a in sent] == [200, 409, 409]
    assert sent[1].json()["error"]["code"] == "request_repeated"
    altered = raw.replace(b"POOL-1", b"POOL-2")
    assert house.http.post("/loyalty/v1/redeemed", content=altered, headers=headers).status_code == 401
    assert house.signed("redeemed", body)["coupon"]["state"] == "redeemed", (
        "the same again, signed anew: the same answer"
    )
    two = body | {"code": "POOL-2"}
    assert house.signed("redeemed", two, 401, **{"X-Weaktie-Shop": "shp_unknown"}) == "bad_signature"
    assert house.signed("redeemed", two, 401, **{"X-Weaktie-Timestamp": "1"}) == "bad_signature"
    old = str(house.clock.now_us() // 1_000_000 - 400)
    late = headers | {"X-Weaktie-Timestamp": old, "X-Weaktie-Signature": signature_of(house.secret, old, raw)}
    answer = house.http.post("/loyalty/v1/redeemed", content=raw, headers=late)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "old_timestamp")
    assert house.signed("redeemed", {"code": "POOL-2"}, 400) == "bad_request"
    assert house.signed("destroy", {}, 404) == "no_action"
    assert house.ask("GET", f"/api/loyalty/templates/{t['template_id']}")["counts"] == {
        "free": 1,
        "redeemed": 1,
    }
    before = house.secret
    house.secret = house.ask("POST", f"/api/loyalty/shops/{house.shop_id}/secret", {})["secret"]
    after, house.secret = house.secret, before
    assert house.signed("offers", {})["offers"], "the former secret counts for a day"
    house.secret = after
    assert house.signed("offers", {})["offers"]


def test_points_are_earned_by_events_spent_and_returned(house: House) -> None:
    wt = house.wt
    assert house.ask(
        "POST", "/api/loyalty/points/rules", {"name": "分享", "event": "Product Shared", "points": 5}, 422
    )["error"]["code"] == "no_reward_for_sharing"  # fmt: skip
    rules = [
        {"name": "下单", "event": "Order Completed", "points": 1, "per_minor": 100},
        {"name": "晒单", "event": "Content Published", "points": 20, "most_a_day": 50, "valid_days": 10},
    ]
    for rule in rules:
        house.ask("POST", "/api/loyalty/points/rules", rule, 201)
    order = {"order_id": "A1", "total": 123.45, "currency": "CNY", "products": []}
    put(
        wt, track("e1", "fan", event="Order Completed", properties=order), track("e2", "fan", event="Product Shared"),
        *(track(f"post{n}", "fan", event="Content Published") for n in range(4)),
    )  # fmt: skip
    bring_in(wt)
    assert earn(wt.loyalty_work) == 123 + 50
    assert earn(wt.loyalty_work) == 0
    with wt.database.begin() as tx:
        tx.exec_driver_sql("DELETE FROM points_reading")
    assert earn(wt.loyalty_work) == 0, "read again, an event earns nothing more"
    goods = house.ask("POST", "/api/loyalty/points/goods", {"name": "水杯", "points": 60, "stock": 3}, 201)
    spend = {"key": "s1", "user_id": "fan", "goods_id": goods["goods_id"], "pieces": 2}
    done = house.signed("spend", spend)["redemption"]
    assert house.signed("spend", spend)["redemption"] == done
    assert house.signed("spend", spend | {"key": "s2"}, 409) == "not_enough_points"
    assert house.signed("mine", {"user_id": "fan"})["points"] == 53
    refund = {"order_id": "A1", "total": 123.45, "currency": "CNY", "products": []}
    put(wt, track("e9", "fan", event="Order Refunded", properties=refund))
    bring_in(wt)
    earn(wt.loyalty_work)
    assert house.signed("mine", {"user_id": "fan"})["points"] == 0, (
        "what is still there of the order's points goes"
    )
    back = house.ask(
        "POST", f"/api/loyalty/points/redemptions/{done['redemption_id']}/cancel", {"reason": "no stock"}
    )
    assert back["state"] == "cancelled"
    assert house.ask("GET", "/api/loyalty/points/of?user_id=fan")["available"] == 120
    given = {"key": "g1", "user_id": "fan", "points": -20, "reason": "a mistake"}
    for _ in range(2):
        assert house.ask("POST", "/api/loyalty/points/grant", given, 201)["available"] == 100
    state = house.ask("GET", "/api/loyalty/points")
    assert (state["with_people"], state["people"]) == (100, 1)


def test_points_end_after_their_days_and_the_rest_stays(house: House) -> None:
    wt = house.wt
    house.ask(
        "POST",
        "/api/loyalty/points/grant",
        {"key": "l", "user_id": "late", "points": 30, "reason": "gift"},
        201,
    )
    put(wt, track("late1", "late", event="Content Published", at_us=house.clock.now_us()))
    bring_in(wt)
    assert earn(wt.loyalty_work) == 20
    assert end_points(wt.loyalty_work) == 0
    house.clock.move(12 * 86_400)
    assert house.owner.sign_in("o@example.com").status_code == 200
    ended = end_points(wt.loyalty_work)
    assert ended >= 20
    assert house.ask("GET", "/api/loyalty/points/of?user_id=late")["available"] == 30
    assert end_points(wt.loyalty_work) == 0


def test_statements_add_up_and_the_month_end_ties_to_the_ledger(house: House, tmp_path: Path) -> None:
    budget = house.ask("POST", "/api/ledger/budgets", {"name": "月结", "amount_minor": 50_000}, 201)
    fund = {"key": "f1", "amount_minor": -12_345}
    for _ in range(2):
        house.ask("POST", f"/api/ledger/budgets/{budget['budget_id']}/fund", fund)
    (account,) = house.ask("GET", f"/api/ledger/accounts?owner={budget['budget_id']}")["items"]
    path = f"/api/ledger/accounts/{account['account_id']}/statement"
    shown = house.ask("GET", path)
    assert [(x["amount"], x["after"]) for x in shown["items"]] == [(50_000, 50_000), (-12_345, 37_655)]
    assert (shown["opening"], shown["closing"]) == (0, 37_655)
    page = house.ask("GET", f"{path}?limit=1")
    rest = house.ask("GET", f"{path}?limit=1&cursor={page['next_cursor']}")
    assert page["items"] + rest["items"] == shown["items"]
    text = house.owner.send("GET", f"{path}.csv").text
    assert "-123.45,376.55,CNY" in text
    transfer = shown["items"][1]["transfer_id"]
    body = {"key": "r1", "reason": "entered twice"}
    assert house.ask("POST", f"/api/ledger/transfers/{transfer}/reverse", body)["step"] == "reverse"
    month = to_iso(house.clock.now_us())[:7]
    answer = house.owner.send("GET", f"/api/ledger/months/{month}?language=en")
    (tmp_path / "m.xlsx").write_bytes(answer.content)
    book = CalamineWorkbook.from_path(str(tmp_path / "m.xlsx"))
    summary = book.get_sheet_by_name("Summary").to_python()
    totals = [row for row in summary if row[0] == "Total (must be 0)"]
    assert {row[1] for row in totals} >= {"CNY", "points"}
    assert all(row[3] == 0 and row[6] == 0 and row[4] == row[5] for row in totals)
    state = house.ask("GET", "/api/ledger/state")
    for kind, sheet in (("budget", "Budgets"), ("user", "Users")):
        for line in state["totals"]:
            if line["kind"] == kind:
                rows = book.get_sheet_by_name(sheet).to_python()
                shown_total = next(r[6] for r in rows if r[0] == "Total" and r[2] == line["unit"])
                held = line["posted"] / (100 if line["unit"] == "CNY" else 1)
                assert shown_total == pytest.approx(held), (kind, line["unit"])
    assert house.owner.send("GET", "/api/ledger/months/2026-13").status_code == 422


def test_a_check_finds_what_somebody_changed_behind_our_back(house: House) -> None:
    assert house.ask("POST", "/api/ledger/verify", {})["ok"] is True
    assert house.ask("GET", "/api/ledger/alarm") == {"problems": 0}
    with house.wt.database.begin() as tx:
        tx.exec_driver_sql("UPDATE coupons SET state = 'held' WHERE state = 'redeemed'")
    found = house.ask("POST", "/api/ledger/verify", {})
    assert {p["code"] for p in found["problems"]} == {"coupons_held", "coupons_redeemed"}
    assert house.ask("GET", "/api/ledger/alarm") == {"problems": 2}
    assert house.ask("GET", "/api/ledger/state")["check"]["problems"] == found["problems"]
    with house.wt.database.begin() as tx:
        tx.exec_driver_sql(
            "UPDATE coupons SET state = 'redeemed' WHERE order_id IS NOT NULL AND off_minor IS NOT NULL AND state = 'held'"
        )
    assert house.ask("POST", "/api/ledger/verify", {})["ok"] is True


def test_the_worker_keeps_the_books(house: House) -> None:
    house.clock.move(3 * 3_600)
    keep_books(house.wt)
    with house.wt.database.connect() as connection:
        assert house.wt.ledger.balance(connection, Account("expired", "", "points")).posted >= 0
    assert check_now(house.wt.database, house.clock, house.wt.ledger_invariants).ok
