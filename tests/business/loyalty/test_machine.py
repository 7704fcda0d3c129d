"""R15: random operations on the ledger and on coupons against a model; after each, what there is equals the model, and at the end
the whole ledger is read: postings sum to 0, balances equal their replay, no budget is below zero."""

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from tests.business.loyalty.test_coupons import BASKET, FIFTY, Desk
from weaktie.business.loyalty.contracts import Coupon
from weaktie.kit.errors import Refused
from weaktie.store.database.service import open_database
from weaktie.store.database.tables import metadata
from weaktie.trust.ledger.contracts import Account, HoldClosed, Move, NotEnough, NotReversible, Transfer
from weaktie.trust.ledger.jobs import void_overdue
from weaktie.trust.ledger.service import budget_account

PEOPLE = [Account("user", f"p{n}", "CNY") for n in range(1, 4)]
WORLD = Account("world", "", "CNY")
OFF = 5_000
amounts = st.integers(1, 4_000)


class LedgerMachine(RuleBasedStateMachine):
    """Money of a budget and three people, and a coupon whose discount the budget pays."""

    posted: Bundle[Any] = Bundle("posted")
    held: Bundle[Any] = Bundle("held")
    mine: Bundle[Any] = Bundle("mine")
    orders: Bundle[Any] = Bundle("orders")
    paid: Bundle[Any] = Bundle("paid")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = open_database("sqlite:", Path(self.folder.name))
        metadata.create_all(self.database.engine)
        with self.database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA synchronous=OFF")
        self.desk = Desk(self.database)
        self.keys = 0
        self.have: dict[Account, int] = {}
        self.out: dict[Account, int] = {}
        self.states: dict[str, str] = {}
        self.voided: set[str] = set()

    @initialize()
    def begin(self) -> None:
        budget = self.desk.do(
            lambda tx: self.desk.ledger.create_budget(tx, name="b", currency="CNY", actor="a")
        )
        self.budget = budget_account(budget)
        self.have = dict.fromkeys([*PEOPLE, self.budget, WORLD], 0)
        self.out = dict.fromkeys(self.have, 0)
        self.fund(20_000)
        self.stock = 6
        self.template = self.desk.template(stock=6, terms=FIFTY, budget_id=budget.budget_id, per_person=0)

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    def free(self, account: Account) -> int:
        return self.have[account] - self.out[account]

    def moved(self, *moves: Move) -> None:
        for move in moves:
            self.have[move.src] -= move.amount
            self.have[move.dst] += move.amount

    # ---- money

    @rule(amount=st.integers(3_000, 30_000))
    def fund(self, amount: int) -> None:
        move = Move(WORLD, self.budget, amount)
        key = self.key()
        for _ in range(2):  # a retry changes nothing
            self.desk.do(lambda tx: self.desk.ledger.post(tx, key=key, kind="fund", moves=[move], actor="a"))
        self.moved(move)

    @rule(target=posted, amount=amounts, src=st.sampled_from([3, 3, 3, 0, 1, 2]), dst=st.integers(0, 2))
    def pay(self, amount: int, src: int, dst: int) -> Any:
        source = ([*PEOPLE, self.budget])[src]
        if source == PEOPLE[dst]:
            return multiple()
        move = Move(source, PEOPLE[dst], amount)
        try:
            done = self.desk.do(
                lambda tx: self.desk.ledger.post(tx, key=self.key(), kind="pay", moves=[move], actor="a")
            )
        except NotEnough:
            assert self.free(source) < amount
            return multiple()
        self.moved(move)
        return done, [amount]

    @rule(target=held, amount=amounts, dst=st.integers(0, 2), minutes=st.integers(1, 90))
    def hold(self, amount: int, dst: int, minutes: int) -> Any:
        move, until_us = (
            Move(self.budget, PEOPLE[dst], amount),
            self.desk.clock.now_us() + minutes * 60_000_000,
        )
        try:
            done = self.desk.do(
                lambda tx: self.desk.ledger.hold(
                    tx, key=self.key(), kind="hold", moves=[move], until_us=until_us, actor="a"
                )
            )
        except NotEnough:
            assert self.free(self.budget) < amount
            return multiple()
        self.out[self.budget] += amount
        return done, None

    @rule(target=posted, one=consumes(held), settle=st.booleans())
    def close(self, one: Any, settle: bool) -> Any:
        hold, is_open = one[0], one[0].transfer_id not in self.voided
        ledger, (move,) = self.desk.ledger, hold.moves
        try:
            if settle:
                done: Transfer = self.desk.do(
                    lambda tx: ledger.settle(tx, key=self.key(), transfer_id=hold.transfer_id, actor="a")
                )
            else:
                self.desk.do(
                    lambda tx: ledger.void(
                        tx, key=self.key(), transfer_id=hold.transfer_id, reason="", actor="a"
                    )
                )
        except HoldClosed:
            assert not is_open
            return multiple()
        assert is_open
        self.out[move.src] -= move.amount
        if not settle:
            return multiple()
        self.moved(move)
        return done, [move.amount]

    @rule(one=posted, part=st.integers(1, 4_000))
    def claw_back(self, one: Any, part: int) -> None:
        done, left = one
        (move,) = done.moves
        for wanted in (part, left[0] - part + 1):  # the second is always one too much
            if wanted < 1:
                return
            back = Move(move.dst, move.src, wanted)
            try:
                self.desk.do(
                    lambda tx: self.desk.ledger.reverse(
                        tx,
                        key=self.key(),
                        transfer_id=done.transfer_id,
                        reason="",
                        actor="a",
                        moves=[back],  # noqa: B023
                    )
                )
            except NotReversible:
                assert wanted > left[0]
                return
            except NotEnough:
                assert wanted <= left[0]
                assert self.free(move.dst) < wanted
                return
            assert wanted <= left[0]
            left[0] -= wanted
            self.moved(back)

    # ---- coupons

    @rule(target=mine, person=st.integers(1, 3))
    def claim(self, person: int) -> Any:
        try:
            coupon = self.desk.claim(self.template.template_id, person, self.key())
        except Refused as refused:
            assert (refused.code, self.stock) == ("sold_out", 0)
            return multiple()
        self.stock -= 1
        self.states[coupon.code] = "held"
        return coupon

    @rule(target=orders, coupon=mine)
    def reserve(self, coupon: Coupon) -> Any:
        order = self.key()
        try:
            self.desk.reserve(order, coupon.code, what=BASKET)
        except NotEnough:
            assert self.free(self.budget) < OFF
            return multiple()
        except Refused:
            assert self.states[coupon.code] != "held"
            return multiple()
        assert self.states[coupon.code] == "held"
        self.states[coupon.code] = order
        self.out[self.budget] += OFF
        return order, coupon.code

    @rule(target=paid, one=consumes(orders), pays=st.booleans())
    def end_order(self, one: Any, pays: bool) -> Any:
        if self.states[one[1]] != one[0]:
            return multiple()
        order, code = one
        self.out[self.budget] -= OFF
        if not pays:
            self.desk.do(lambda tx: self.desk.coupons.release(tx, order_id=order, actor="s"))
            self.states[code] = "held"
            return multiple()
        self.desk.redeem(order)
        self.have[self.budget] -= OFF
        self.states[code] = "redeemed"
        return order, code

    @rule(one=consumes(paid))
    def refund(self, one: Any) -> None:
        self.desk.refund(one[0])
        self.have[self.budget] += OFF
        self.states[one[1]] = "held"

    # ---- time

    @rule(minutes=st.integers(5, 60))
    def wait(self, minutes: int) -> None:
        before = self.out[self.budget]
        self.desk.clock.move(60 * minutes)
        with self.database.connect() as connection:
            open_before = self.desk.ledger.balance(connection, self.budget).pending_out
        assert before == open_before
        self.desk.do(self.desk.coupons.expire)
        with self.database.connect() as connection:
            for code, state in list(self.states.items()):
                if self.desk.coupons.coupon(connection, code=code).state == "held" and state not in (
                    "held",
                    "redeemed",
                ):
                    self.states[code] = "held"
                    self.out[self.budget] -= OFF
            late = self.desk.ledger.transfers(connection, kind="hold", limit=500).items
        void_overdue(self.database, self.desk.ledger)
        with self.database.connect() as connection:
            for hold in late:
                after = self.desk.ledger.by_key(connection, f"overdue:{hold.transfer_id}")
                if after is not None and hold.transfer_id not in self.voided:
                    self.voided.add(hold.transfer_id)
                    self.out[self.budget] -= hold.moves[0].amount

    # ---- what always holds

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        if not self.have:
            return
        with self.database.connect() as connection:
            for account, posted in self.have.items():
                found = self.desk.ledger.balance(connection, account)
                assert (found.posted, found.pending_out) == (posted, self.out[account]), account
                assert account.kind == "world" or found.available >= 0

    def teardown(self) -> None:
        if self.have:
            self.desk.sound()
        self.database.close()
        self.folder.cleanup()


LedgerMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=50,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
TestLedgerMachine = LedgerMachine.TestCase
