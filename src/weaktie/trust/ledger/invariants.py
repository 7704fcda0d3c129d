"""What is always true of the ledger: read from its first row to its last, and every balance replayed.

Each check reports a few places where it fails. One pass reads everything in one snapshot, so that writers need not wait.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import Connection, RowMapping, insert, select, text

from weaktie.kit.clock import HOUR_US, Clock
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.ledger.contracts import Check, Problem
from weaktie.trust.ledger.logic import FIRST_PREVIOUS, Entry, row_hash, seal_of
from weaktie.trust.ledger.reading import id_of, open_holds
from weaktie.trust.ledger.tables import (
    ledger_accounts,
    ledger_balances,
    ledger_checks,
    ledger_entries,
    ledger_head,
    ledger_memos,
    ledger_rows,
)

ROWS_A_READ = 2_000
SHOWN = 20
LATE_US = HOUR_US
_OWN = (
    "row_no", "step", "kind", "key_digest", "content", "at_us", "actor", "refers", "until_us", "reason",
)  # fmt: skip
More = Callable[[Connection], Sequence[Problem]]
"""Invariants of others over what they keep beside the ledger."""


@dataclass(slots=True)
class _Found:
    """Places by the code of the invariant that fails there."""

    places: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, place: str) -> None:
        self.places.setdefault(code, []).append(place)

    def problems(self) -> list[Problem]:
        return [Problem(code, len(p), tuple(p[:SHOWN])) for code, p in self.places.items()]


@dataclass(slots=True)
class _Replay:
    """What each account must have: posted, pending in, pending out."""

    have: dict[int, list[int]] = field(default_factory=dict)
    holds: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def row(self, row: RowMapping, entries: list[tuple[int, int]]) -> None:
        step = row["step"]
        if step == "hold":
            self.holds[row["row_no"]] = entries
        if step in ("settle", "void"):
            for number, amount in self.holds.pop(row["refers"], []):
                self._at(number)[1 if amount > 0 else 2] -= abs(amount)
        for number, amount in entries:
            if step == "hold":
                self._at(number)[1 if amount > 0 else 2] += abs(amount)
            else:
                self._at(number)[0] += amount

    def _at(self, number: int) -> list[int]:
        return self.have.setdefault(number, [0, 0, 0])


def verify(connection: Connection, clock: Clock, *, more: Sequence[More] = ()) -> Check:
    """Check everything. `connection` must not have read anything yet: on PostgreSQL its snapshot begins here."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    began = clock.monotonic()
    found, replay = _Found(), _Replay()
    seals = _accounts(connection, found)
    rows = _chain(connection, seals, found, replay)
    _balances(connection, seals, found, replay)
    for late in open_holds(connection, before_us=clock.now_us() - LATE_US, limit=SHOWN):
        found.add("overdue", late)
    problems = found.problems() + [p for one in more for p in one(connection)]
    return Check(clock.now_us(), rows, round(1000 * (clock.monotonic() - began)), tuple(problems))


def _accounts(connection: Connection, found: _Found) -> dict[int, tuple[str, str]]:
    """(seal, kind) of every account; one whose name is not the sealed one is reported."""
    seals: dict[int, tuple[str, str]] = {}
    query = select(ledger_accounts).execution_options(yield_per=ROWS_A_READ)
    for a in connection.execute(query).mappings():
        number = a["account_id"]
        seals[number] = (a["seal"], a["kind"])
        erased = a["salt"] is None
        sound = a["owner"] == f"erased:{number}" if erased else a["seal"] == seal_of(a["name"], a["salt"])
        if not sound or a["name"] != f"{a['kind']}|{a['owner']}|{a['unit']}":
            found.add("renamed", str(number))
    return seals


def _chain(connection: Connection, seals: dict[int, tuple[str, str]], found: _Found, replay: _Replay) -> int:
    """Every row's hash and sum; returns how many there are. A removed row is reported by its missing number."""
    head = connection.execute(select(ledger_head.c.last_row, ledger_head.c.last_hash)).first()
    last_row, last_hash = (0, FIRST_PREVIOUS) if head is None else (head.last_row, head.last_hash)
    count, expected, previous, before_bad = 0, 1, FIRST_PREVIOUS, False
    for row, entries, memos in _rows(connection):
        number = row["row_no"]
        count += 1
        missing = range(expected, number)
        for gone in missing[:SHOWN]:
            found.add("chain", id_of(gone))
        sealed: list[Entry] = [(a, amount, seals.get(a, ("", ""))[0]) for a, amount in entries]
        own = row_hash([row[name] for name in _OWN], sealed, memos, row["previous_hash"])
        bad = own != row["hash"] or number < expected
        if bad:
            found.add("chain", id_of(number))
        elif row["previous_hash"] != previous and not before_bad and not missing:
            # This row agrees with itself, so the one before it was rewritten together with its hash.
            found.add("chain", id_of(number - 1) if number > 1 else id_of(number))
        if sum(amount for _, amount in entries) != 0:
            found.add("unbalanced", id_of(number))
        replay.row(row, entries)
        expected, previous, before_bad = number + 1, row["hash"], bad
    for gone in range(expected, min(last_row + 1, expected + SHOWN)):
        found.add("chain", id_of(gone))
    if expected > last_row and previous != last_hash and not before_bad:
        found.add("chain", id_of(expected - 1))
    return count


def _rows(
    connection: Connection,
) -> Iterator[tuple[RowMapping, list[tuple[int, int]], list[tuple[str, str]]]]:
    last = -(2**62)
    while True:
        query = select(ledger_rows).where(ledger_rows.c.row_no > last).order_by(ledger_rows.c.row_no)
        rows = connection.execute(query.limit(ROWS_A_READ)).mappings().all()
        if not rows:
            return
        # Entries of a row that is not there any more are in no part: their sum shows in the balances.
        part = (rows[0]["row_no"], rows[-1]["row_no"])
        e, m = ledger_entries.c, ledger_memos.c
        lines = connection.execute(
            select(e.row_no, e.account_id, e.amount)
            .where(e.row_no.between(*part))
            .order_by(e.row_no, e.place)
        )
        entries = {n: [(x.account_id, x.amount) for x in g] for n, g in groupby(lines, lambda x: x.row_no)}
        found = connection.execute(
            select(m.row_no, m.name, m.value).where(m.row_no.between(*part)).order_by(m.row_no)
        )
        memos = {n: [(x.name, x.value) for x in g] for n, g in groupby(found, lambda x: x.row_no)}
        for row in rows:
            yield row, entries.get(row["row_no"], []), memos.get(row["row_no"], [])
        last = part[1]


def _balances(
    connection: Connection, seals: dict[int, tuple[str, str]], found: _Found, replay: _Replay
) -> None:
    """Every balance against its replay, and none below zero but of what is outside."""
    stored: set[int] = set()
    query = select(ledger_balances).execution_options(yield_per=ROWS_A_READ)
    for b in connection.execute(query):
        stored.add(b.account_id)
        have = replay.have.get(b.account_id, [0, 0, 0])
        if [b.posted, b.pending_in, b.pending_out] != have:
            found.add("balance", str(b.account_id))
        if seals.get(b.account_id, ("", "world"))[1] != "world" and b.posted - b.pending_out < 0:
            found.add("negative", str(b.account_id))
    for number in [n for n, have in replay.have.items() if n not in stored and any(have)]:
        found.add("balance", str(number))
    for number in seals.keys() - stored:
        found.add("balance", str(number))


# ---- checks as they were made


def keep(tx: Connection, check: Check) -> None:
    """Remember what a check found."""
    tx.execute(
        insert(ledger_checks).values(
            at_us=check.at_us, rows=check.rows, ms=check.ms,
            problems_json=json.dumps([_packed(p) for p in check.problems]),
        )
    )  # fmt: skip


def last_check(connection: Connection) -> Check | None:
    """What the newest check found; None before the first."""
    row = connection.execute(select(ledger_checks).order_by(ledger_checks.c.check_id.desc()).limit(1)).first()
    if row is None:
        return None
    problems = tuple(
        Problem(code, count, tuple(examples), None if words is None else Words(*words))
        for code, count, examples, words in json.loads(row.problems_json)
    )
    return Check(row.at_us, row.rows, row.ms, problems)


def _packed(p: Problem) -> list[object]:
    return [p.code, p.count, list(p.examples), None if p.words is None else [p.words.zh, p.words.en]]


def check_now(database: Database, clock: Clock, more: Sequence[More] = ()) -> Check:
    """Check everything now and remember the result."""
    with database.connect() as connection:
        found = verify(connection, clock, more=more)
    with database.begin() as tx:
        keep(tx, found)
    return found
