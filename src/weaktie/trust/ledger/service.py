"""The door of the ledger. Nothing here commits: a posting stands when the caller's transaction does."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, RowMapping, insert, select

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page
from weaktie.trust.ledger import reading, writing
from weaktie.trust.ledger.batching import Poster as Poster
from weaktie.trust.ledger.contracts import (
    Account,
    AccountState,
    Balance,
    Budget,
    HoldClosed,
    Move,
    NoBudget,
    Posting,
    Transfer,
)
from weaktie.trust.ledger.reading import following as following
from weaktie.trust.ledger.reading import id_of as id_of
from weaktie.trust.ledger.reading import totals as totals
from weaktie.trust.ledger.tables import ledger_budgets

OVERDUE_VOIDED = 500


class Ledger:
    """Accounts and the moves between them. `key` makes each call happen once, for ever: the same key with the same content
    gives the same transfer again, with other content raises KeyReused. Who is paid has to be checked before."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now_us(self) -> int:
        """The time by the ledger's clock."""
        return self._clock.now_us()

    def write(self, tx: Connection, postings: Sequence[Posting]) -> list[Transfer | Refused]:
        """What became of each of many postings, in order: the way of bulk work. One that is refused leaves the others alone."""
        return writing.write(tx, self._clock.now_us(), postings)

    def post(
        self, tx: Connection, *, key: str, kind: str, moves: Sequence[Move], memo: Mapping[str, str] | None = None,
        actor: str,
    ) -> Transfer:  # fmt: skip
        """Move at once; raises NotEnough, KeyReused or BadPosting."""
        return self._one(tx, Posting(key, kind, moves, actor, memo or {}))

    def hold(
        self, tx: Connection, *, key: str, kind: str, moves: Sequence[Move], until_us: int | None = None,
        memo: Mapping[str, str] | None = None, actor: str,
    ) -> Transfer:  # fmt: skip
        """Take out of what the sources have available, until it is settled or voided; after `until_us` it voids by itself."""
        return self._one(tx, Posting(key, kind, moves, actor, memo or {}, "hold", until_us=until_us))

    def settle(self, tx: Connection, *, key: str, transfer_id: str, actor: str) -> Transfer:
        """Post what was held, as a new row; raises NoTransfer or HoldClosed."""
        return self._one(tx, Posting(key, "settle", None, actor, step="settle", refers=transfer_id))

    def void(self, tx: Connection, *, key: str, transfer_id: str, reason: str, actor: str) -> Transfer:
        """Give back what was held, as a new row; raises NoTransfer or HoldClosed."""
        return self._one(
            tx, Posting(key, "void", None, actor, step="void", refers=transfer_id, reason=reason)
        )

    def reverse(
        self, tx: Connection, *, key: str, transfer_id: str, reason: str, actor: str,
        moves: Sequence[Move] | None = None, kind: str = "reverse",
    ) -> Transfer:  # fmt: skip
        """Take a posted transfer back by new entries, whole or in part (`moves`, in either direction); several reversals never
        take back more than it moved. Of a hold its settlement is reversed. Raises NotReversible, and NotEnough where what is
        taken back was spent."""
        posting = Posting(key, kind, moves, actor, step="reverse", refers=transfer_id, reason=reason)
        return self._one(tx, posting)

    def _one(self, tx: Connection, posting: Posting) -> Transfer:
        (found,) = self.write(tx, [posting])
        if isinstance(found, Refused):
            raise found
        return found

    def void_overdue(self, tx: Connection) -> int:
        """Void holds whose time has passed, 500 at most; returns how many."""
        overdue = reading.open_holds(tx, before_us=self._clock.now_us(), limit=OVERDUE_VOIDED)
        done = self.write(
            tx,
            [
                Posting(f"overdue:{one}", "void", None, "system", step="void", refers=one, reason="overdue")
                for one in overdue
            ],
        )
        assert all(isinstance(d, Transfer | HoldClosed) for d in done)
        return sum(isinstance(d, Transfer) for d in done)

    # ---- reading

    def lock(self, tx: Connection) -> None:
        """Let nobody else write until the caller's transaction ends, for checks that have to hold while something is posted."""
        writing.lock(tx)

    def by_key(self, connection: Connection, key: str) -> Transfer | None:
        """What a key wrote; None where it wrote nothing yet."""
        return reading.by_key(connection, key)

    def balance(self, connection: Connection, account: Account) -> Balance:
        """What an account has; one that does not exist yet has nothing."""
        return reading.balance(connection, account)

    def known_keys(self, connection: Connection, keys: Sequence[str]) -> set[str]:
        """Which of these keys wrote something."""
        return reading.known_keys(connection, keys)

    def taken_back(self, connection: Connection, transfer_id: str) -> int:
        """How much of a transfer was reversed so far, all its moves together; of a hold, how much of its settlement."""
        later = reading.following(connection, transfer_id)
        later += [
            t for s in later if s.step == "settle" for t in reading.following(connection, s.transfer_id)
        ]
        return sum(m.amount for t in later if t.step == "reverse" for m in t.moves)

    def lapsed(
        self, connection: Connection, *, unit: str, memo: str, after: str, default_since_us: int
    ) -> list[tuple[int, Account, int]]:
        """People's accounts that have more than what came to them and is still good: (number, account, the rest).

        What came is good while its memo of that name is a text above `after`, or, without one, where it came since an instant.
        """
        return reading.lapsed(connection, unit, memo, after, default_since_us)

    def sums_by_memo(
        self, connection: Connection, name: str, values: Sequence[str], by: str, among: Sequence[str]
    ) -> dict[tuple[str, str, str], int]:
        """What came to people by (value of memo `name`, owner, value of memo `by`), for these values of both."""
        return reading.sums_by_memo(connection, name, values, by, among)

    def find(self, connection: Connection, transfer_id: str) -> Transfer:
        """One transfer as it was written; raises NoTransfer."""
        return reading.find(connection, transfer_id)

    def account(self, connection: Connection, account_id: int) -> AccountState:
        """One account by its number; raises NoAccount."""
        return reading.account(connection, account_id)

    def accounts(
        self, connection: Connection, *, kind: str = "", unit: str = "", owner: str = "", cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[AccountState]:  # fmt: skip
        """Accounts, the newest first."""
        return reading.accounts(connection, kind=kind, unit=unit, owner=owner, cursor=cursor, limit=limit)

    def transfers(
        self, connection: Connection, account: Account | None = None, *, memo: tuple[str, str] | None = None,
        kind: str = "", cursor: str | None = None, limit: int | None = None,
    ) -> Page[Transfer]:  # fmt: skip
        """Transfers, newest first: of one account, with one memo (name, value), of one kind; each filter narrows."""
        return reading.transfers(connection, account, memo=memo, kind=kind, cursor=cursor, limit=limit)

    # ---- budgets

    def create_budget(self, tx: Connection, *, name: str, currency: str, actor: str) -> Budget:
        """A budget without money; `fund` gives it some."""
        now_us = self._clock.now_us()
        made = Budget(new_id("bdg", now_us), name, currency, now_us, actor)
        tx.execute(
            insert(ledger_budgets).values(
                budget_id=made.budget_id, name=name, currency=currency, created_us=now_us, created_by=actor[:64]
            )
        )  # fmt: skip
        return made

    def budget(self, connection: Connection, budget_id: str) -> Budget:
        """One budget; raises NoBudget."""
        row = connection.execute(select(ledger_budgets).where(ledger_budgets.c.budget_id == budget_id))
        found = row.mappings().first()
        if found is None:
            raise NoBudget
        return _budget(found)

    def budgets(self, connection: Connection) -> list[Budget]:
        """Every budget, the newest first."""
        rows = connection.execute(select(ledger_budgets).order_by(ledger_budgets.c.budget_id.desc()))
        return [_budget(row) for row in rows.mappings()]

    def fund(self, tx: Connection, budget_id: str, amount_minor: int, *, key: str, actor: str) -> Transfer:
        """Bring money into a budget from outside, or take it out again (below zero); raises NoBudget or NotEnough."""
        found = self.budget(tx, budget_id)
        inside, outside = budget_account(found), Account("world", "", found.currency)
        move = (
            Move(outside, inside, amount_minor) if amount_minor >= 0 else Move(inside, outside, -amount_minor)
        )
        return self.post(
            tx, key=f"fund:{budget_id}:{key}", kind="budget.fund", moves=[move], memo={"budget": budget_id}, actor=actor
        )  # fmt: skip


def budget_account(budget: Budget) -> Account:
    """Where a budget's money is."""
    return Account("budget", budget.budget_id, budget.currency)


def _budget(row: RowMapping) -> Budget:
    return Budget(row["budget_id"], row["name"], row["currency"], row["created_us"], row["created_by"])
