"""Identity at a million people: merging their three million aliases, and undoing one link, on two cores.

The input is simulated: each person has a login, a device and a phone; one phone in a hundred and one device in fifty is used by
a second person, and one person in ten signed in on a second device of somebody else's chain. The named peer of the merge is the
usual way, a dictionary with union-find over rows that SQLAlchemy reads, in the same run; that of an undo is merging everything
again. BENCH_IDENTITY sets another number of people.
"""

import os
import random
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import Connection, select

from weaktie.app.home import make_home
from weaktie.app.wiring import App, open_app, prepare_home
from weaktie.data.identity.contracts import LinkFact
from weaktie.data.identity.deciding import Decisions
from weaktie.data.identity.service import add_links, component, person_map
from weaktie.data.identity.tables import links
from weaktie.kit.clock import SystemClock
from weaktie.store.database.service import write_many

PEOPLE = int(os.environ.get("BENCH_IDENTITY", "1000000"))
PER_PERSON = 3
UNDONE = 500
LARGEST_MERGE_S, LARGEST_UNDO_MS = 60.0, 50.0
A_TIME = 100_000


def number(person: int, which: int) -> int:
    """The alias number of a person's login (0), device (1) or phone (2)."""
    return person * PER_PERSON + which + 1


def stock(wt: App) -> float:
    """Write the identifiers, and then the links as they arrive; returns the seconds of the links."""
    kinds = ("user", "anonymous", "phone")
    for start in range(0, PEOPLE, A_TIME):
        rows = [
            (n := number(p, which), kind, f"{kind}:{n}", None if which == 2 else f"{kind[0]}{n}", p)
            for p in range(start, min(start + A_TIME, PEOPLE))
            for which, kind in enumerate(kinds)
        ]
        with wt.database.begin() as tx:
            write_many(
                tx, "aliases (alias_no, kind, lookup, value, first_seen_us)", ("integer", "text", "text", "text", "bigint"), rows
            )  # fmt: skip
    chance = random.Random(7)
    taken = 0.0
    for start in range(0, PEOPLE, A_TIME):
        facts: list[LinkFact] = []
        for p in range(start, min(start + A_TIME, PEOPLE)):
            other = chance.randrange(PEOPLE)
            facts.append(fact(number(p, 0), number(p, 1), "login", p))
            facts.append(fact(number(p, 0), number(p, 2), "trait", p))
            if chance.random() < 0.01 and other != p:
                facts.append(fact(number(p, 0), number(other, 2), "trait", p))
            if chance.random() < 0.02 and other != p:
                facts.append(fact(number(p, 0), number(other, 1), "login", p))
            if chance.random() < 0.1 and other != p:
                facts.append(fact(number(p, 1), number(other, 1), "alias", p))
        chance.shuffle(facts)
        begun = time.perf_counter()
        with wt.database.begin() as tx:
            add_links(tx, facts)
        taken += time.perf_counter() - begun
    return taken


def fact(a: int, b: int, kind: str, at_us: int) -> LinkFact:
    """A link between two numbers."""
    return LinkFact(min(a, b), max(a, b), kind, 1_700_000_000_000_000 + at_us, "bench")


def peer(connection: Connection) -> int:
    """Connected components by a dictionary: no rules, no reviews, the usual way. Returns how many there are."""
    parent: dict[int, int] = {}

    def find(n: int) -> int:
        while parent.setdefault(n, n) != n:
            parent[n] = parent[parent[n]]
            n = parent[n]
        return n

    for row in connection.execute(select(links.c.a_alias, links.c.b_alias)):
        a, b = find(row.a_alias), find(row.b_alias)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return len({find(n) for n in range(1, PEOPLE * PER_PERSON + 1)})


def undo_some(wt: App) -> tuple[list[float], list[float]]:
    """Undo links of random people and look two of the identifiers up again; then take it back. Milliseconds of each."""
    decisions, chance = Decisions(wt.clock), random.Random(11)
    undone: list[float] = []
    redone: list[float] = []
    for _ in range(UNDONE):
        person = chance.randrange(PEOPLE)
        login, device = number(person, 0), number(person, 1)
        begun = time.perf_counter()
        with wt.database.begin() as tx:
            decisions.undo(tx, login, device, actor="bench", reason="benchmark")
        with wt.database.connect() as connection:
            assert device not in component(connection, login)
        middle = time.perf_counter()
        with wt.database.begin() as tx:
            decisions.redo(tx, login, device, actor="bench", reason="benchmark")
        undone.append((middle - begun) * 1000)
        redone.append((time.perf_counter() - middle) * 1000)
    return undone, redone


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return float(np.percentile(values, share * 100))


def main() -> None:
    """Fill, merge, ask the queue, undo, compare."""
    with tempfile.TemporaryDirectory(prefix="weaktie-bench-") as name:
        home = Path(name) / "home"
        home.mkdir()
        make_home(
            home, {"name": "bench", "timezone": "Asia/Shanghai", "currency": "CNY", "language": "zh-CN"}
        )
        prepare_home(home, SystemClock())
        with open_app(home) as wt:
            arrival = stock(wt)
            with wt.database.connect() as connection:
                begun = time.perf_counter()
                persons = person_map(connection).person_of
                merge = time.perf_counter() - begun
                begun = time.perf_counter()
                peer(connection)
                usual = time.perf_counter() - begun
            begun = time.perf_counter()
            questions = wt.review_queue.refresh()
            asked = time.perf_counter() - begun
            people = len(np.unique(persons[1:]))
            undo_some(wt)
            undone, redone = undo_some(wt)
    aliases = PEOPLE * PER_PERSON
    print(
        f"identity: simulated, {PEOPLE:,} people, {aliases:,} aliases; links written in {arrival:.1f} s as they arrive"
    )
    print(
        f"identity: merged into {people:,} in {merge:.1f} s, with writing {arrival + merge:.1f} s "
        f"(goal ≤ {LARGEST_MERGE_S:.0f} s for a million people)"
    )
    print(f"identity: {merge / usual:.2f} of the time of union-find in Python ({usual:.1f} s, without rules)")
    print(f"identity: the queue of {questions:,} questions brought up to date in {asked:.1f} s")
    print(
        f"identity: undoing one, looked up again: p50 {percentile(undone, 0.5):.1f} ms, p99 {percentile(undone, 0.99):.1f} ms "
        f"(goal ≤ {LARGEST_UNDO_MS:.0f} ms), most {max(undone):.1f} ms; redoing p99 {percentile(redone, 0.99):.1f} ms; "
        f"{percentile(undone, 0.5) / 1000 / merge:.5f} of merging everything again"
    )
    assert arrival + merge <= LARGEST_MERGE_S * max(1.0, PEOPLE / 1_000_000), (arrival, merge)
    assert percentile(undone, 0.99) <= LARGEST_UNDO_MS, percentile(undone, 0.99)


if __name__ == "__main__":
    main()
