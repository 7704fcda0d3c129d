"""Writing postings, many at once: checked one after the other against balances in memory, then written together.

All writers queue at the row of the head, so that what is read here cannot change before the caller's transaction ends.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select, text

from weaktie.kit.errors import Refused
from weaktie.kit.logs import mask
from weaktie.store.database.service import append_many, read_among, write_many
from weaktie.trust.ledger import logic
from weaktie.trust.ledger.contracts import (
    POINTS,
    STATE_OF,
    Account,
    HoldClosed,
    KeyReused,
    Move,
    NotEnough,
    NoTransfer,
    NotReversible,
    Posting,
    Transfer,
)
from weaktie.trust.ledger.reading import id_of, load, row_of
from weaktie.trust.ledger.tables import ledger_head, ledger_rows

Outcome = Transfer | Refused
_BY_NAME = (
    "SELECT a.account_id, a.kind, a.owner, a.unit, a.name, a.seal, b.posted, b.pending_in, b.pending_out "
    "FROM ledger_accounts a JOIN ledger_balances b ON b.account_id = a.account_id"
)


@dataclass(slots=True)
class _Held:
    """An account in memory; `number` is 0 until it is opened."""

    account: Account
    name: str
    number: int = 0
    seal: str = ""
    posted: int = 0
    pending_in: int = 0
    pending_out: int = 0


@dataclass(frozen=True, slots=True)
class _Original:
    row_no: int
    step: str
    moves: tuple[Move, ...]
    memo: dict[str, str]
    children: tuple[tuple[int, str], ...]


def write(tx: Connection, now_us: int, postings: Sequence[Posting]) -> list[Outcome]:
    """What became of each posting, in order. One that is refused changes nothing, and the others stand."""
    return _Writer(tx, now_us).run(postings)


class _Writer:
    def __init__(self, tx: Connection, now_us: int) -> None:
        self.tx, self.now_us = tx, now_us
        self.last_row, self.last_hash, self.last_account = lock(tx)
        self.first_row = self.last_row
        self.by_name: dict[str, _Held] = {}
        self.known: dict[str, tuple[int, str]] = {}
        self.touched: dict[int, _Held] = {}
        self.new: list[tuple[object, ...]] = []
        self.rows: list[tuple[object, ...]] = []
        self.entries: list[tuple[int, int, int, int]] = []
        self.memos: list[tuple[int, str, str]] = []

    def run(self, postings: Sequence[Posting]) -> list[Outcome]:
        self._prepare(postings)
        found: list[Outcome | int] = []
        for one in postings:
            try:
                found.append(self._one(one))
            except Refused as refused:
                found.append(refused)
        self._flush()
        if self.last_row != self.first_row:
            self.tx.execute(
                ledger_head.update().values(
                    last_row=self.last_row, last_hash=self.last_hash, last_account=self.last_account
                )
            )
        again = load(self.tx, [f for f in found if isinstance(f, int)])
        return [again[f] if isinstance(f, int) else f for f in found]

    def _prepare(self, postings: Sequence[Posting]) -> None:
        """Read the keys and accounts that these postings name, in one statement each."""
        digests = [logic.key_digest(p.key) for p in postings]
        source = "SELECT key_digest, row_no, content FROM ledger_rows"
        for row in read_among(self.tx, source, "key_digest", "text", digests):
            self.known[row.key_digest] = (row.row_no, row.content)
        accounts = [a for p in postings for m in p.moves or () for a in (m.src, m.dst)]
        people = {v for p in postings for v in (*p.memo.values(), p.actor) if logic.PERSON.fullmatch(v)}
        self._fetch([*accounts, *(_person(v) for v in people)])

    def _fetch(self, accounts: Iterable[Account]) -> None:
        wanted = {name: a for a in accounts if (name := logic.name_of(a)) not in self.by_name}
        if not wanted:
            return
        for row in read_among(self.tx, _BY_NAME, "a.name", "text", list(wanted)):
            self.by_name[row.name] = _Held(
                wanted[row.name], row.name, row.account_id, row.seal, row.posted, row.pending_in, row.pending_out
            )  # fmt: skip
        for name, account in wanted.items():
            self.by_name.setdefault(name, _Held(account, name))

    def _one(self, posting: Posting) -> Outcome | int:
        """The transfer that was written, or the number of the row that this key wrote before."""
        logic.check_posting(posting.key, posting.kind, posting.memo)
        if posting.step in ("post", "hold") or posting.moves is not None:
            logic.check_moves(posting.moves)
        refers = None if posting.refers is None else row_of(posting.refers)
        key = logic.key_digest(posting.key)
        before = self.known.get(key)
        if before is not None:
            if self._content(posting, refers) != before[1]:
                raise KeyReused
            return before[0]
        if refers is None:
            moves, memo = logic.check_moves(posting.moves), posting.memo
            self._apply(posting.step, moves)
        else:
            moves, memo = self._referring(posting, refers)
        return self._append(posting, key, moves, memo, refers)

    def _content(self, posting: Posting, refers: int | None) -> str:
        """What was asked, in numbers of accounts: no name stands in it."""
        moves = None
        if posting.moves is not None:
            moves = [[self._number(m.src), self._number(m.dst), m.amount] for m in posting.moves]
        return logic.digest([posting.step, posting.kind, moves, sorted(self._memo(posting.memo)), refers])

    def _number(self, account: Account) -> int:
        return self.by_name[logic.name_of(account)].number

    def _memo(self, memo: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(name, self._reference(value)) for name, value in memo.items()]

    def _reference(self, value: str) -> str:
        """A person is named by the number of an account, so that one place alone knows who it is."""
        if not logic.PERSON.fullmatch(value):
            return value
        return f"@{self.by_name[logic.name_of(_person(value))].number}"

    # ---- what refers to another transfer

    def _referring(self, posting: Posting, refers: int) -> tuple[Sequence[Move], Mapping[str, str]]:
        """The moves, and what it is about: the same as what it refers to, unless it says otherwise."""
        self._flush()
        original = _original(self.tx, refers)
        closing = next((step for _, step in original.children if step in ("settle", "void")), None)
        if posting.step == "reverse":
            moves = self._taking_back(posting, original)
        else:
            if original.step != "hold":
                raise NoTransfer
            if closing is not None:
                raise HoldClosed(STATE_OF[closing])
            moves = original.moves
        memo = posting.memo or original.memo
        people = [_person(v) for v in memo.values() if logic.PERSON.fullmatch(v)]
        self._fetch([*(a for m in moves for a in (m.src, m.dst)), *people])
        self._apply(posting.step, moves)
        return (moves if posting.step != "void" else ()), memo

    def _taking_back(self, posting: Posting, original: _Original) -> Sequence[Move]:
        if original.step == "hold":
            settled = next((row for row, step in original.children if step == "settle"), None)
            if settled is None:
                raise NotReversible
            original = _original(self.tx, settled)
        if original.step not in ("post", "settle"):
            raise NotReversible
        rows = [row for row, step in original.children if step == "reverse"]
        done = load(self.tx, rows)
        moves = logic.backwards(logic.remaining(original.moves, [done[r].moves for r in rows]), posting.moves)
        if moves is None:
            raise NotReversible
        return moves

    # ---- balances in memory

    def _apply(self, step: str, moves: Sequence[Move]) -> None:
        """Change the balances, or raise NotEnough and leave them."""
        out: dict[str, int] = {}
        into: dict[str, int] = {}
        for move in moves:
            src, dst = logic.name_of(move.src), logic.name_of(move.dst)
            out[src] = out.get(src, 0) + move.amount
            into[dst] = into.get(dst, 0) + move.amount
        if step in ("post", "reverse", "hold"):
            for name, amount in out.items():
                held = self.by_name[name]
                gets = 0 if step == "hold" else into.get(name, 0)
                available = held.posted - held.pending_out
                if held.account.kind != "world" and available + gets < amount:
                    raise NotEnough(held.account, available)
        for name in {**out, **into}:
            held = self._opened(name)
            gone, got = out.get(name, 0), into.get(name, 0)
            if step != "hold" and step != "void":
                held.posted += got - gone
            if step == "hold":
                held.pending_out += gone
                held.pending_in += got
            elif step in ("settle", "void"):
                held.pending_out -= gone
                held.pending_in -= got

    def _opened(self, name: str) -> _Held:
        held = self.by_name[name]
        if held.number == 0:
            self.last_account += 1
            held.number = self.last_account
            salt = secrets.token_hex(16)
            held.seal = logic.seal_of(name, salt)
            a = held.account
            self.new.append((held.number, name, a.kind, a.owner, a.unit, held.seal, salt, self.now_us))
        self.touched[held.number] = held
        return held

    # ---- rows

    def _append(
        self, posting: Posting, key: str, moves: Sequence[Move], memo: Mapping[str, str], refers: int | None
    ) -> Transfer:
        for value in (*memo.values(), posting.actor):
            if logic.PERSON.fullmatch(value):
                self._opened(logic.name_of(_person(value)))
        self.last_row += 1
        number = self.last_row
        content = self._content(posting, refers)
        memos = self._memo(memo)
        actor = self._reference(posting.actor)[:64]
        reason = "".join(c for c in mask(posting.reason) if c.isprintable())[:200]
        row = (
            number, posting.step, posting.kind, key, content, self.now_us, actor, refers, posting.until_us, reason,
        )  # fmt: skip
        entries: list[logic.Entry] = []
        for place, move in enumerate(moves):
            src, dst = self.by_name[logic.name_of(move.src)], self.by_name[logic.name_of(move.dst)]
            entries += [(src.number, -move.amount, src.seal), (dst.number, move.amount, dst.seal)]
            self.entries += [
                (number, 2 * place, src.number, -move.amount), (number, 2 * place + 1, dst.number, move.amount),
            ]  # fmt: skip
        whole = logic.row_hash(row, entries, memos, self.last_hash)
        self.rows.append((*row, self.last_hash, whole))
        self.memos += [(number, name, value) for name, value in memos]
        self.last_hash = whole
        self.known[key] = (number, content)
        return Transfer(
            id_of(number), posting.step, STATE_OF[posting.step], posting.kind, tuple(moves), dict(sorted(memo.items())),
            posting.actor[:64], self.now_us, None if refers is None else id_of(refers), posting.until_us, reason,
        )  # fmt: skip

    def _flush(self) -> None:
        """Put down what is in memory, so that statements see it."""
        number, words = "bigint", "text"
        if self.new:
            columns = "ledger_accounts (account_id, name, kind, owner, unit, seal, salt, opened_us)"
            append_many(
                self.tx, columns, (number, words, words, words, words, words, words, number), self.new
            )
        if self.rows:
            columns = (
                "ledger_rows (row_no, step, kind, key_digest, content, at_us, actor, refers, until_us, reason, "
                "previous_hash, hash)"
            )
            types = (number, words, words, words, words, number, words, number, number, words, words, words)
            append_many(self.tx, columns, types, self.rows)
            columns = "ledger_entries (row_no, place, account_id, amount)"
            append_many(self.tx, columns, (number, "integer", number, number), self.entries)
            append_many(self.tx, "ledger_memos (row_no, name, value)", (number, words, words), self.memos)
        if self.touched:
            write_many(
                self.tx, "ledger_balances (account_id, posted, pending_in, pending_out)", (number,) * 4,
                [(n, h.posted, h.pending_in, h.pending_out) for n, h in self.touched.items()],
                "(account_id) DO UPDATE SET posted = excluded.posted, pending_in = excluded.pending_in, "
                "pending_out = excluded.pending_out",
            )  # fmt: skip
        self.new, self.rows, self.entries, self.memos, self.touched = [], [], [], [], {}


def _person(value: str) -> Account:
    return Account("user", value, POINTS)


def lock(tx: Connection) -> tuple[int, str, int]:
    """The end of the chain, locked until the caller's transaction ends."""
    query = (
        select(ledger_head.c.last_row, ledger_head.c.last_hash, ledger_head.c.last_account)
        .where(ledger_head.c.head == 1)
        .with_for_update()
    )
    found = tx.execute(query).first()
    if found is None:
        tx.execute(
            text(
                "INSERT INTO ledger_head (head, last_row, last_hash, last_account) VALUES (1, 0, :first, 0) "
                "ON CONFLICT (head) DO NOTHING"
            ),
            {"first": logic.FIRST_PREVIOUS},
        )
        found = tx.execute(query).one()
    return found.last_row, found.last_hash, found.last_account


def _original(tx: Connection, row_no: int) -> _Original:
    found = load(tx, [row_no]).get(row_no)
    if found is None:
        raise NoTransfer
    children = tx.execute(
        select(ledger_rows.c.row_no, ledger_rows.c.step).where(ledger_rows.c.refers == row_no)
    )
    return _Original(row_no, found.step, found.moves, found.memo, tuple((c.row_no, c.step) for c in children))
