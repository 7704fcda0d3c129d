"""Coupons on both databases: stock, claims at once, checkout, refunds, ends, pools; every piece is on the ledger."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from weaktie.business.loyalty.checkout import person_account, stock_account
from weaktie.business.loyalty.contracts import Basket, BasketLine, Coupon, Template, Terms
from weaktie.business.loyalty.invariants import coupons_lie_where_they_should
from weaktie.business.loyalty.service import Coupons
from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.kit.errors import Refused
from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import Account, NotEnough
from weaktie.trust.ledger.erase import LedgerEraser
from weaktie.trust.ledger.invariants import verify
from weaktie.trust.ledger.jobs import void_overdue
from weaktie.trust.ledger.service import Ledger, budget_account

FIFTY = Terms("amount", "CNY", amount_minor=5_000)
BASKET = Basket("CNY", (BasketLine("p1", 20_000),))


class Somebody:
    """People who have one number each, but for those that were merged."""

    def __init__(self) -> None:
        self.merged: dict[int, list[int]] = {}

    def members(self, _connection: object, person_no: int) -> list[int]:
        return self.merged.get(person_no, [person_no])


class Desk:
    """Coupons with a transaction for each call."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock, self.people = database, FixedClock(), Somebody()
        self.ledger = Ledger(self.clock)
        self.coupons = Coupons(self.ledger, self.people, self.clock)  # type: ignore[arg-type]

    def do(self, what: Callable[..., Any]) -> Any:
        with self.database.begin() as tx:
            return what(tx)

    def template(self, stock: int = 5, terms: Terms = FIFTY, **more: Any) -> Template:
        now_us = self.clock.now_us()
        given = {"starts_us": now_us, "ends_us": now_us + 30 * DAY_US} | more
        made: Template = self.do(
            lambda tx: self.coupons.create(tx, name="t", terms=terms, stock=stock, actor="acc", **given)
        )
        return made

    def claim(self, template_id: str, person: int, key: str = "k") -> Coupon:
        made: Coupon = self.do(lambda tx: self.coupons.claim(tx, template_id, person, key=key, actor="shop"))
        return made

    def reserve(
        self, order: str, *codes: str, person: int | None = None, what: Basket = BASKET
    ) -> list[Coupon]:
        held: list[Coupon] = self.do(
            lambda tx: self.coupons.reserve(
                tx, order_id=order, person_no=person, codes=codes, basket=what, actor="shop"
            )
        )
        return held

    def redeem(self, order: str) -> list[Coupon]:
        done: list[Coupon] = self.do(lambda tx: self.coupons.redeem(tx, order_id=order, actor="shop"))
        return done

    def refund(self, order: str) -> list[Coupon]:
        done: list[Coupon] = self.do(
            lambda tx: self.coupons.refund(tx, order_id=order, reason="returned", actor="shop")
        )
        return done

    def refused(self, what: Callable[[], Any]) -> str:
        with pytest.raises(Refused) as refused:
            what()
        return refused.value.code

    def has(self, account: Account) -> int:
        with self.database.connect() as connection:
            return self.ledger.balance(connection, account).posted

    def sound(self) -> None:
        with self.database.connect() as connection:
            assert verify(connection, self.clock, more=[coupons_lie_where_they_should]).problems == ()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_stock_is_given_out_to_the_last_piece_and_losers_are_told_why(desk: Desk) -> None:
    t = desk.template(stock=2)
    one = desk.claim(t.template_id, 1)
    assert desk.refused(lambda: desk.claim(t.template_id, 1, "another")) == "per_person"
    assert desk.claim(t.template_id, 2).code != one.code
    assert desk.claim(t.template_id, 1) == one, "a retry gives the same coupon"
    assert desk.refused(lambda: desk.claim(t.template_id, 3)) == "sold_out"
    after = desk.do(lambda tx: desk.coupons.change_stock(tx, t.template_id, 1, key="more", actor="a"))
    again = desk.do(lambda tx: desk.coupons.change_stock(tx, t.template_id, 1, key="more", actor="a"))
    assert (after.stock, again.stock, again.issued) == (1, 1, 3)
    assert desk.claim(t.template_id, 3).state == "held"
    desk.sound()


def test_a_claim_needs_an_open_template(desk: Desk) -> None:
    t = desk.template(starts_us=desk.clock.now_us() + DAY_US)
    assert desk.refused(lambda: desk.claim(t.template_id, 1)) == "not_begun"
    desk.clock.move(86_400)
    desk.do(lambda tx: desk.coupons.set_state(tx, t.template_id, "paused"))
    assert desk.refused(lambda: desk.claim(t.template_id, 1)) == "paused"
    desk.do(lambda tx: desk.coupons.set_state(tx, t.template_id, "active"))
    kept = desk.claim(t.template_id, 1)
    desk.clock.move(40 * 86_400)
    assert desk.refused(lambda: desk.claim(t.template_id, 2)) == "over"
    assert desk.claim(t.template_id, 1) == kept, "the answer to a retry does not change with time"
    desk.do(lambda tx: desk.coupons.set_state(tx, t.template_id, "ended"))
    assert (
        desk.refused(lambda: desk.do(lambda tx: desk.coupons.set_state(tx, t.template_id, "active")))
        == "over"
    )


def test_two_accounts_of_one_person_count_as_one(desk: Desk) -> None:
    t = desk.template()
    desk.claim(t.template_id, 7)
    desk.people.merged = {5: [5, 7]}
    assert desk.refused(lambda: desk.claim(t.template_id, 5)) == "per_person"


def test_checkout_reserves_redeems_and_gives_back(desk: Desk) -> None:
    t = desk.template()
    coupon = desk.claim(t.template_id, 1)
    (held,) = desk.reserve("o1", coupon.code, person=1)
    assert (held.state, held.off_minor) == ("reserved", 5_000)
    assert desk.reserve("o1", coupon.code, person=1) == [held]
    assert desk.refused(lambda: desk.reserve("o2", coupon.code)) == "coupon_reserved"
    desk.sound()
    (used,) = desk.redeem("o1")
    assert (used.state, desk.redeem("o1")) == ("redeemed", [used])
    assert desk.refused(lambda: desk.reserve("o3", coupon.code)) == "coupon_used"
    desk.sound()
    (back,) = desk.refund("o1")
    assert (back.state, back.order_id) == ("held", None)
    assert desk.refund("o1") == [back], "asked twice, given back once"
    assert desk.reserve("o3", coupon.code)[0].state == "reserved"
    assert desk.do(lambda tx: desk.coupons.release(tx, order_id="o3", actor="s"))[0].state == "held"
    assert desk.do(lambda tx: desk.coupons.release(tx, order_id="o3", actor="s")) == []
    assert desk.refused(lambda: desk.redeem("o3")) == "nothing_reserved"
    desk.sound()


def test_somebody_elses_coupon_is_refused(desk: Desk) -> None:
    coupon = desk.claim(desk.template().template_id, 1)
    assert desk.refused(lambda: desk.reserve("o1", coupon.code, person=2)) == "not_yours"
    assert desk.refused(lambda: desk.reserve("o1", "NOSUCHCODE")) == "no_coupon"
    assert desk.refused(lambda: desk.reserve("o1", coupon.code, coupon.code)) == "not_together"


def test_a_budget_pays_what_is_taken_off_and_stops_at_zero(desk: Desk) -> None:
    budget = desk.do(lambda tx: desk.ledger.create_budget(tx, name="b", currency="CNY", actor="a"))
    desk.do(lambda tx: desk.ledger.fund(tx, budget.budget_id, 7_000, key="f", actor="a"))
    t = desk.template(budget_id=budget.budget_id, per_person=0)
    one, two = desk.claim(t.template_id, 1, "a"), desk.claim(t.template_id, 1, "b")
    desk.reserve("o1", one.code)
    with pytest.raises(NotEnough):
        desk.reserve("o2", two.code)
    desk.redeem("o1")
    assert desk.has(budget_account(budget)) == 2_000
    desk.refund("o1")
    assert desk.has(budget_account(budget)) == 7_000
    desk.sound()


def test_a_reservation_runs_out_and_a_late_payment_keeps_its_price(desk: Desk) -> None:
    t = desk.template(valid_days=20)
    one, two = desk.claim(t.template_id, 1), desk.claim(t.template_id, 2)
    desk.reserve("o1", one.code)
    desk.reserve("o2", two.code)
    desk.clock.move(31 * 60)
    assert void_overdue(desk.database, desk.ledger) == 2
    assert desk.redeem("o1")[0].state == "redeemed"
    assert desk.reserve("o3", two.code)[0].order_id == "o3", "another order may have it now"
    assert desk.refused(lambda: desk.redeem("o2")) == "nothing_reserved"
    desk.sound()
    desk.clock.move(31 * 60)
    desk.do(desk.coupons.expire)
    with desk.database.connect() as connection:
        assert desk.coupons.coupon(connection, code=two.code).state == "held"
    desk.sound()


def test_coupons_end_with_their_day(desk: Desk) -> None:
    t = desk.template(valid_days=7)
    one, two = desk.claim(t.template_id, 1), desk.claim(t.template_id, 2)
    desk.reserve("o1", one.code)
    desk.clock.move(7 * 86_400 - 60)
    desk.reserve("o1", one.code)
    desk.clock.move(61)
    assert desk.refused(lambda: desk.reserve("o2", two.code)) == "coupon_expired"
    assert desk.do(desk.coupons.expire) >= 1
    with desk.database.connect() as connection:
        assert desk.coupons.coupon(connection, code=two.code).state == "expired"
    assert desk.has(Account("expired", t.template_id, f"coupon:{t.template_id}")) >= 1
    assert desk.do(desk.coupons.expire) == 0
    desk.sound()


def test_a_pool_gives_out_uploaded_codes_once_each(desk: Desk) -> None:
    t = desk.template(stock=0, codes=["AAAA1", "AAAA2", "AAAA3"], elsewhere=True, per_person=1)
    assert (t.stock, t.pool) == (3, True)
    one, two = (desk.claim(t.template_id, n).code for n in (1, 2))
    (three,) = {"AAAA1", "AAAA2", "AAAA3"} - {one, two}

    def add(*codes: str) -> Template:
        made: Template = desk.do(lambda tx: desk.coupons.add_codes(tx, t.template_id, codes, actor="a"))
        return made

    def report(code: str, order: str) -> Coupon:
        used: Coupon = desk.do(
            lambda tx: desk.coupons.redeemed_elsewhere(
                tx, code=code, order_id=order, off_minor=5_000, actor="shop"
            )
        )
        return used

    assert desk.refused(lambda: add("BBBB1", "AAAA3")) == "bad_codes"
    more = lambda tx: desk.coupons.change_stock(tx, t.template_id, 1, key="x", actor="a")  # noqa: E731
    assert desk.refused(lambda: desk.do(more)) == "has_codes"
    first = report(one, "w1")
    assert (first.state, report(one, "w1")) == ("redeemed", first)
    assert desk.refused(lambda: report(one, "w2")) == "coupon_used"
    assert report(three, "w3").state == "redeemed", "a code that was printed and never claimed"
    assert desk.has(stock_account(t.template_id)) == 0
    assert desk.refused(lambda: desk.claim(t.template_id, 9)) == "sold_out"
    desk.sound()
    assert desk.refund("w3")[0].state == "free"
    assert desk.do(lambda tx: desk.coupons.make_codes(tx, t.template_id, 4, actor="a")).stock == 5
    desk.reserve("w5", three)
    desk.sound()


def test_a_coupon_is_withdrawn_once_and_not_while_an_order_has_it(desk: Desk) -> None:
    coupon = desk.claim(desk.template().template_id, 1)
    withdraw = lambda: desk.do(lambda tx: desk.coupons.withdraw(tx, coupon.coupon_id, actor="a"))  # noqa: E731
    desk.reserve("o1", coupon.code)
    assert desk.refused(withdraw) == "coupon_reserved"
    desk.do(lambda tx: desk.coupons.release(tx, order_id="o1", actor="s"))
    assert withdraw().state == "withdrawn"
    assert withdraw().state == "withdrawn"
    assert desk.refused(lambda: desk.reserve("o2", coupon.code)) == "coupon_withdrawn"
    desk.sound()


def test_an_erased_persons_coupons_end_and_what_was_used_stays_without_them(desk: Desk) -> None:
    t = desk.template(per_person=0)
    used, reserved, held = (desk.claim(t.template_id, 1, key) for key in "abc")
    desk.reserve("o1", used.code)
    desk.redeem("o1")
    desk.reserve("o2", reserved.code)
    assert desk.do(lambda tx: desk.coupons.forget(tx, [1])) == 3
    assert desk.do(lambda tx: desk.coupons.forget(tx, [1])) == 0
    LedgerEraser(desk.database, desk.ledger).erase([1])
    desk.sound()
    with desk.database.connect() as connection:
        found = [desk.coupons.coupon(connection, code=c.code) for c in (used, reserved, held)]
    assert [(c.state, c.person_no) for c in found] == [
        ("redeemed", None),
        ("expired", None),
        ("expired", None),
    ]
    assert desk.refund("o1")[0].state == "expired"
    assert desk.refused(lambda: desk.reserve("o3", used.code)) == "coupon_expired"
    desk.sound()


def claims(desk: Desk, template_id: str, people: Sequence[int]) -> list[str]:
    def one(n: int) -> str:
        try:
            desk.claim(template_id, n)
        except Refused as refused:
            return refused.code
        return "given"

    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(one, people))


def test_the_last_coupons_are_neither_oversold_nor_undersold(desk: Desk) -> None:
    """R14 at a small count; the full count runs in benchmarks/bench_ledger.py."""
    t = desk.template(stock=10)
    outcomes = claims(desk, t.template_id, range(1, 61))
    assert (outcomes.count("given"), outcomes.count("sold_out")) == (10, 50)
    assert desk.has(stock_account(t.template_id)) == 0
    desk.sound()


def test_one_person_clicking_at_once_gets_one(desk: Desk) -> None:
    t = desk.template(stock=50)
    assert set(claims(desk, t.template_id, [3] * 30)) == {"given"}
    assert desk.has(person_account(t.template_id, 3)) == 1
    desk.sound()
