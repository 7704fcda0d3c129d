"""The ledger on both databases: what moves, what is refused, that a key works once, and that any change of a row is found."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from weaktie.kit.clock import HOUR_US, FixedClock
from weaktie.kit.errors import Refused
from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import (
    Account,
    BadPosting,
    Balance,
    Check,
    HoldClosed,
    KeyReused,
    Move,
    NotEnough,
    NoTransfer,
    NotReversible,
    Posting,
    Transfer,
)
from weaktie.trust.ledger.erase import LedgerEraser, LedgerExporter
from weaktie.trust.ledger.invariants import check_now, last_check, verify
from weaktie.trust.ledger.jobs import check_if_due, void_overdue
from weaktie.trust.ledger.service import Ledger, Poster, following

WORLD, BUDGET = Account("world", "", "CNY"), Account("budget", "b1", "CNY")
ANN, BEN = Account("user", "p1", "CNY"), Account("user", "p2", "CNY")


class Book:
    """A ledger with a transaction for each call."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, FixedClock()
        self.ledger = Ledger(self.clock)

    def post(self, src: Account, dst: Account, amount: int, key: str, **more: Any) -> Transfer:
        return self._do(
            lambda tx: self.ledger.post(
                tx, key=key, kind="test", moves=[Move(src, dst, amount)], actor="acc", **more
            )
        )

    def hold(
        self, src: Account, dst: Account, amount: int, key: str, until_us: int | None = None
    ) -> Transfer:
        return self._do(
            lambda tx: self.ledger.hold(
                tx, key=key, kind="test", moves=[Move(src, dst, amount)], until_us=until_us, actor="acc"
            )
        )

    def settle(self, transfer_id: str, key: str) -> Transfer:
        return self._do(lambda tx: self.ledger.settle(tx, key=key, transfer_id=transfer_id, actor="acc"))

    def void(self, transfer_id: str, key: str) -> Transfer:
        return self._do(
            lambda tx: self.ledger.void(tx, key=key, transfer_id=transfer_id, reason="no", actor="acc")
        )

    def reverse(self, transfer_id: str, key: str, moves: list[Move] | None = None) -> Transfer:
        return self._do(
            lambda tx: self.ledger.reverse(
                tx, key=key, transfer_id=transfer_id, reason="back", actor="acc", moves=moves
            )
        )

    def _do(self, what: Callable[..., Transfer]) -> Transfer:
        with self.database.begin() as tx:
            return what(tx)

    def has(self, account: Account) -> Balance:
        with self.database.connect() as connection:
            return self.ledger.balance(connection, account)

    def check(self) -> Check:
        with self.database.connect() as connection:
            return verify(connection, self.clock)

    def bad(self) -> dict[str, list[str]]:
        return {p.code: list(p.examples) for p in self.check().problems}


@pytest.fixture
def book(database: Database) -> Book:
    made = Book(database)
    made.post(WORLD, BUDGET, 10_000, "fund")
    return made


# ---- moving


def test_a_move_takes_and_gives_and_only_the_outside_goes_below_zero(book: Book) -> None:
    done = book.post(BUDGET, ANN, 3_000, "pay", memo={"order": "o1"})
    assert (done.state, done.moves, done.memo) == ("posted", (Move(BUDGET, ANN, 3_000),), {"order": "o1"})
    assert [book.has(a).posted for a in (WORLD, BUDGET, ANN)] == [-10_000, 7_000, 3_000]
    with pytest.raises(NotEnough) as refused:
        book.post(BUDGET, ANN, 7_001, "too much")
    assert (refused.value.account, refused.value.available) == (BUDGET, 7_000)
    assert book.has(BUDGET) == Balance(7_000, 0, 0)
    assert book.bad() == {}


def test_several_moves_stand_or_fall_together(book: Book) -> None:
    through = [Move(BUDGET, ANN, 500), Move(ANN, BEN, 400)]
    with book.database.begin() as tx:
        book.ledger.post(tx, key="both", kind="test", moves=through, actor="acc")
    assert (book.has(ANN).posted, book.has(BEN).posted) == (100, 400)
    with pytest.raises(NotEnough), book.database.begin() as tx:
        moves = [Move(BUDGET, ANN, 1), Move(BEN, ANN, 401)]
        book.ledger.post(tx, key="neither", kind="test", moves=moves, actor="acc")
    assert (book.has(ANN).posted, book.has(BEN).posted) == (100, 400)


def test_a_hold_takes_what_is_available_and_is_settled_or_voided_once(book: Book) -> None:
    first, second = book.hold(BUDGET, ANN, 6_000, "h1"), book.hold(BUDGET, BEN, 4_000, "h2")
    assert book.has(BUDGET) == Balance(10_000, 0, 10_000)
    assert (book.has(BUDGET).available, book.has(ANN)) == (0, Balance(0, 6_000, 0))
    with pytest.raises(NotEnough):
        book.post(BUDGET, ANN, 1, "nothing left")
    settled = book.settle(first.transfer_id, "s1")
    assert (settled.state, settled.refers, settled.moves) == ("posted", first.transfer_id, first.moves)
    assert book.void(second.transfer_id, "v2").state == "voided"
    assert (book.has(BUDGET), book.has(ANN), book.has(BEN)) == (
        Balance(4_000, 0, 0), Balance(6_000, 0, 0), Balance(0, 0, 0),
    )  # fmt: skip
    for again in (lambda: book.void(first.transfer_id, "v1"), lambda: book.settle(second.transfer_id, "s2")):
        with pytest.raises(HoldClosed):
            again()
    with pytest.raises(NoTransfer):
        book.settle("tr_999", "s3")
    assert book.bad() == {}


def test_reversals_never_take_back_more_than_was_moved(book: Book) -> None:
    paid = book.post(BUDGET, ANN, 1_000, "pay")
    book.reverse(paid.transfer_id, "r1", [Move(ANN, BUDGET, 300)])
    with pytest.raises(NotReversible):
        book.reverse(paid.transfer_id, "r2", [Move(BUDGET, ANN, 701)])
    rest = book.reverse(paid.transfer_id, "r3")
    assert rest.moves == (Move(ANN, BUDGET, 700),)
    with pytest.raises(NotReversible):
        book.reverse(paid.transfer_id, "r4")
    with pytest.raises(NotReversible):
        book.reverse(rest.transfer_id, "r5")
    assert book.has(ANN).posted == 0
    held = book.hold(BUDGET, ANN, 50, "h")
    with pytest.raises(NotReversible):
        book.reverse(held.transfer_id, "r6")
    book.settle(held.transfer_id, "s")
    assert book.reverse(held.transfer_id, "r7").moves == (Move(ANN, BUDGET, 50),)
    assert book.bad() == {}


def test_what_was_spent_cannot_be_clawed_back(book: Book) -> None:
    paid = book.post(BUDGET, ANN, 1_000, "pay")
    book.post(ANN, BEN, 900, "spend")
    with pytest.raises(NotEnough):
        book.reverse(paid.transfer_id, "claw")
    assert book.reverse(paid.transfer_id, "part", [Move(ANN, BUDGET, 100)]).moves[0].amount == 100


@pytest.mark.parametrize(
    "moves",
    [
        [],
        [Move(BUDGET, ANN, 0)],
        [Move(BUDGET, ANN, -5)],
        [Move(BUDGET, ANN, True)],
        [Move(BUDGET, BUDGET, 5)],
        [Move(BUDGET, Account("user", "p1", "USD"), 5)],
        [Move(BUDGET, Account("user", "p1 x", "CNY"), 5)],
        [Move(BUDGET, Account("user", "erased:3", "CNY"), 5)],
        [Move(Account("bank", "", "CNY"), ANN, 5)],  # type: ignore[arg-type]
        [Move(Account("world", "", "cny"), Account("user", "p1", "cny"), 5)],
    ],
)
def test_what_is_no_transfer_is_refused(book: Book, moves: list[Move]) -> None:
    with pytest.raises(BadPosting), book.database.begin() as tx:
        book.ledger.post(tx, key="bad", kind="test", moves=moves, actor="acc")


# ---- keys (R13)


def test_a_key_works_once_and_says_the_same_again(book: Book) -> None:
    first = book.post(BUDGET, ANN, 100, "k", memo={"who": "p9", "order": "o1"})
    assert book.post(BUDGET, ANN, 100, "k", memo={"who": "p9", "order": "o1"}) == first
    for other in ({"who": "p8", "order": "o1"}, {}):
        with pytest.raises(KeyReused):
            book.post(BUDGET, ANN, 100, "k", memo=other)
    with pytest.raises(KeyReused):
        book.post(BUDGET, ANN, 101, "k", memo={"who": "p9", "order": "o1"})
    with pytest.raises(KeyReused):
        book.hold(BUDGET, ANN, 100, "k")
    held = book.hold(BUDGET, ANN, 5, "h", until_us=1)
    assert book.hold(BUDGET, ANN, 5, "h", until_us=2) == held, "a retry may name another end"
    settled = book.settle(held.transfer_id, "s")
    assert book.settle(held.transfer_id, "s") == settled
    back = book.reverse(settled.transfer_id, "r")
    assert book.reverse(settled.transfer_id, "r") == back
    assert book.has(ANN).posted == 100


def test_fifty_at_once_make_one_posting_with_one_body(book: Book) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: book.post(BUDGET, ANN, 250, "double click"), range(50)))
    assert len({a.transfer_id for a in answers}) == 1
    assert all(a == answers[0] for a in answers)
    assert book.has(ANN).posted == 250
    assert book.bad() == {}


def test_a_posting_that_was_rolled_back_can_be_made(book: Book) -> None:
    with pytest.raises(RuntimeError), book.database.begin() as tx:
        book.ledger.post(tx, key="k", kind="test", moves=[Move(BUDGET, ANN, 1)], actor="acc")
        raise RuntimeError("the order failed")
    assert book.has(ANN).posted == 0
    assert book.post(BUDGET, ANN, 1, "k").transfer_id == "tr_2"


def test_many_are_written_together_and_each_has_its_own_outcome(book: Book) -> None:
    asked = [Posting(f"k{n}", "test", [Move(BUDGET, ANN, 4_000)], "acc") for n in range(3)]
    asked += [asked[0], Posting("k1", "test", [Move(BUDGET, BEN, 1)], "acc")]
    with book.database.begin() as tx:
        one, two, three, again, reused = book.ledger.write(tx, asked)
    assert isinstance(one, Transfer)
    assert isinstance(two, Transfer)
    assert isinstance(three, NotEnough)
    assert again == one
    assert isinstance(reused, KeyReused)
    assert book.has(ANN).posted == 8_000
    assert book.bad() == {}


def test_a_poster_answers_each_after_its_commit(book: Book) -> None:
    poster = Poster(book.database, book.clock)
    asked = [poster.submit(Posting(f"n{n}", "test", [Move(BUDGET, ANN, 100)], "acc")) for n in range(150)]
    done = [a.exception() or a.result() for a in asked]
    poster.stop()
    assert sum(isinstance(d, Transfer) for d in done) == 100
    assert sum(isinstance(d, NotEnough) for d in done) == 50
    assert book.has(ANN).posted == 10_000
    assert poster.commits < 150


# ---- finding changes (R16)


@pytest.fixture
def six(book: Book) -> Book:
    for n in range(4):
        book.post(BUDGET, ANN, 10 + n, f"k{n}", memo={"order": f"o{n}", "friend": "p7"})
    book.hold(BUDGET, BEN, 5, "h")
    return book


def tamper(book: Book, sql: str, **values: object) -> None:
    with book.database.begin() as tx:
        assert tx.execute(text(sql), values).rowcount >= 1


CHANGES = {
    "step": "void", "kind": "other", "key_digest": "f" * 64, "content": "f" * 64, "at_us": 1, "actor": "x", "refers": 1,
    "until_us": 9, "reason": "x", "previous_hash": "f" * 64, "hash": "f" * 64,
}  # fmt: skip


def test_an_updated_row_is_found_at_that_row(six: Book) -> None:
    for row in (1, 3, 6):
        for column, value in CHANGES.items():
            with six.database.connect() as connection:
                was = connection.execute(
                    text(f"SELECT {column} FROM ledger_rows WHERE row_no = :row"), {"row": row}
                ).scalar()
            tamper(six, f"UPDATE ledger_rows SET {column} = :v WHERE row_no = :row", v=value, row=row)
            assert six.bad()["chain"] == [f"tr_{row}"], (row, column)
            tamper(six, f"UPDATE ledger_rows SET {column} = :v WHERE row_no = :row", v=was, row=row)
    assert six.bad() == {}


@pytest.mark.parametrize("row", [2, 4])
def test_a_changed_entry_or_memo_is_found_at_its_row(six: Book, row: int) -> None:
    tamper(six, "UPDATE ledger_entries SET amount = amount + 1 WHERE row_no = :row AND place = 1", row=row)
    bad = six.bad()
    assert (bad["chain"], bad["unbalanced"]) == ([f"tr_{row}"], [f"tr_{row}"])
    assert len(bad["balance"]) == 1
    tamper(six, "UPDATE ledger_entries SET amount = amount - 1 WHERE row_no = :row AND place = 1", row=row)
    assert six.bad() == {}
    tamper(six, "UPDATE ledger_memos SET value = 'o9' WHERE row_no = :row AND name = 'order'", row=row)
    assert six.bad()["chain"] == [f"tr_{row}"]


@pytest.mark.parametrize("row", [1, 3, 6])
def test_a_deleted_row_is_found_at_that_row(six: Book, row: int) -> None:
    for table in ("ledger_rows", "ledger_entries"):
        tamper(six, f"DELETE FROM {table} WHERE row_no = :row", row=row)
    assert six.bad()["chain"] == [f"tr_{row}"]


def test_an_entry_put_in_a_cut_end_and_an_emptied_ledger_are_found(six: Book) -> None:
    tamper(six, "INSERT INTO ledger_entries VALUES (3, 2, 2, 5)")
    assert six.bad()["chain"] == ["tr_3"]
    tamper(six, "DELETE FROM ledger_entries WHERE row_no = 3 AND place = 2")
    tamper(six, "DELETE FROM ledger_rows WHERE row_no > 4")
    assert six.bad()["chain"] == ["tr_5", "tr_6"]
    tamper(six, "DELETE FROM ledger_rows")
    assert six.bad()["chain"] == [f"tr_{n}" for n in range(1, 7)]


def test_a_balance_or_an_owner_that_was_changed_is_found(six: Book) -> None:
    tamper(six, "UPDATE ledger_balances SET posted = posted + 100 WHERE account_id = 3")
    assert six.bad() == {"balance": ["3"]}
    tamper(six, "UPDATE ledger_balances SET posted = posted - 100 WHERE account_id = 3")
    tamper(
        six,
        "UPDATE ledger_accounts SET owner = 'p9', name = 'user|p9|CNY' WHERE owner = 'p1' AND unit = 'CNY'",
    )
    assert six.bad() == {"renamed": ["3"]}
    tamper(six, "UPDATE ledger_accounts SET salt = NULL WHERE owner = 'p9'")
    assert six.bad() == {"renamed": ["3"]}, (
        "an account that was not erased cannot be passed off as one that was"
    )


def test_a_check_is_remembered_and_raises_the_alarm(six: Book) -> None:
    assert check_if_due(six.database, six.clock) is not None
    assert check_if_due(six.database, six.clock) is None, "it was checked just now"
    tamper(six, "UPDATE ledger_rows SET kind = 'other' WHERE row_no = 2")
    six.clock.move(601)
    found = check_if_due(six.database, six.clock)
    with six.database.connect() as connection:
        assert last_check(connection) == found
    assert found is not None
    assert [(p.code, p.count, p.examples) for p in found.problems] == [("chain", 1, ("tr_2",))]


# ---- time, people, writers at once


def test_holds_run_out(book: Book) -> None:
    held = book.hold(BUDGET, ANN, 6_000, "h", until_us=book.clock.now_us() + 10)
    book.hold(BUDGET, ANN, 1_000, "stays")
    assert void_overdue(book.database, book.ledger) == 0
    book.clock.move(2 * HOUR_US / 1_000_000)
    assert book.bad() == {"overdue": [held.transfer_id]}
    assert void_overdue(book.database, book.ledger) == 1
    assert book.has(BUDGET) == Balance(10_000, 0, 1_000)
    with book.database.connect() as connection:
        (after,) = following(connection, held.transfer_id)
    assert (after.step, after.reason) == ("void", "overdue")
    assert book.bad() == {}


def test_an_erased_person_is_named_nowhere_and_the_chain_still_holds(book: Book) -> None:
    book.post(BUDGET, Account("user", "p41", "CNY"), 700, "k1")
    book.post(BUDGET, BEN, 50, "k2", memo={"friend": "p41", "order": "o7"})
    with book.database.begin() as tx:
        book.ledger.post(tx, key="own", kind="test", moves=[Move(BUDGET, BEN, 1)], actor="p41")
    with book.database.connect() as connection:
        copy = LedgerExporter().export(connection, [41])
    assert [r["amount"] for r in copy["ledger_entries"]] == [700]
    eraser = LedgerEraser(book.database, book.ledger)
    assert eraser.erase([41, 42]) == {"ledger_accounts": 2}
    assert eraser.erase([41, 42]) == {"ledger_accounts": 0}
    assert book.bad() == {}
    assert book.has(Account("expired", "", "CNY")).posted == 700, "what was left lapsed"
    with book.database.connect() as connection:
        tables = ("ledger_accounts", "ledger_rows", "ledger_entries", "ledger_memos")
        kept = " ".join(str(row) for t in tables for row in connection.execute(text(f"SELECT * FROM {t}")))
        assert "p41" not in kept
        (about,) = book.ledger.transfers(connection, memo=("order", "o7")).items
        assert about.memo["friend"].startswith("erased:")
    assert book.post(BUDGET, Account("user", "p41", "CNY"), 1, "anew").transfer_id
    assert book.bad() == {}


def test_many_writers_on_one_account_never_oversell(book: Book) -> None:
    def take(n: int) -> int:
        try:
            book.post(BUDGET, Account("user", f"p{n}", "CNY"), 1_000, f"take{n}")
        except NotEnough:
            return 0
        return 1

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(take, range(40))) == 10
    assert book.has(BUDGET).posted == 0
    assert book.bad() == {}


def test_transfers_are_listed_by_account_memo_and_kind(six: Book) -> None:
    with six.database.connect() as connection:
        of_ann = six.ledger.transfers(connection, ANN, limit=3)
        rest = six.ledger.transfers(connection, ANN, limit=3, cursor=of_ann.next_cursor)
        assert [t.moves[0].amount for t in of_ann.items + rest.items] == [13, 12, 11, 10]
        assert [t.memo["order"] for t in six.ledger.transfers(connection, memo=("order", "o2")).items] == [
            "o2"
        ]
        assert len(six.ledger.transfers(connection, memo=("friend", "p7")).items) == 4
        assert six.ledger.transfers(connection, kind="nothing").items == []
        assert six.ledger.transfers(connection, BEN).items[0].state == "pending"


def test_a_refusal_in_a_batch_opens_no_account(book: Book) -> None:
    with pytest.raises(Refused):
        book.post(ANN, BEN, 1, "nothing there")
    with book.database.connect() as connection:
        assert [s.account for s in book.ledger.accounts(connection).items] == [BUDGET, WORLD]
    assert check_now(book.database, book.clock).ok
