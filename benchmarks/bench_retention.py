"""Retention of 60 days over simulated events, against the same counts by hand-written DuckDB SQL over the same files.

Two questions: cohorts by the first view of a product with any return, and cohorts of whoever viewed one that day. Ours is
cold: a new reader of behaviour each time, nothing kept but the crowd and what the build keeps of impossible rates. Both
read the same Parquet files, from the same page cache, and have to agree on every cell. BENCH_RETENTION sets another number
of events (their people are a hundredth); the seed is printed.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.crowds import fresh_home, make_events
from weaktie.app.wiring import App, open_app
from weaktie.data.behaviour.contracts import ANY_EVENT, Days, Matcher
from weaktie.data.retention.contracts import Mode, RetentionQuery, Table
from weaktie.data.retention.service import Retention

EVENTS = int(os.environ.get("BENCH_RETENTION", "20000000"))
PEOPLE = EVENTS // 100
DAYS, COHORTS, PERIODS, SEED, ROUNDS = 90, 30, 60, 4, 3
LONGEST_S = 2.0

PEER = """
WITH acts AS (
  SELECT DISTINCT alias_no, day FROM read_parquet($files)
  WHERE purposes % 2 = 1 AND flags = 0 AND alias_no IS NOT NULL AND day BETWEEN $first AND $first + 89
), starts AS (
  SELECT alias_no, {cohort} AS cohort FROM read_parquet($files)
  WHERE event = 'Product Viewed' AND purposes % 2 = 1 AND flags = 0 AND alias_no IS NOT NULL
    AND day BETWEEN $first AND $first + 29 {group}
)
SELECT cohort - $first, day - cohort, count(*) FROM starts JOIN acts USING (alias_no)
WHERE day BETWEEN cohort AND cohort + 60 GROUP BY ALL
"""
COHORT = {"first": ("min(day)", "GROUP BY alias_no"), "each": ("day", "GROUP BY alias_no, day")}


def cells(table: Table) -> Any:
    """How many came back, (cohorts, periods + 1)."""
    return np.array([c.returned for c in table.groups[0].cohorts], np.int64)


def ours(wt: App, query: RetentionQuery) -> tuple[float, Any]:
    """Seconds and cells, with nothing read before."""
    wt.__dict__.pop("behaviour", None)
    wt.behaviour.crowd()
    begun = time.perf_counter()
    table = Retention(wt.behaviour, wt.clock, wt.settings).table(query)
    return time.perf_counter() - begun, cells(table)


def peer(wt: App, mode: Mode, first: int) -> tuple[float, Any]:
    """The same by SQL."""
    cohort, group = COHORT[mode]
    files = [str(f.path) for f in wt.behaviour.crowd().snapshot.of("events")]
    connection = duckdb.connect()
    connection.execute("SET enable_progress_bar = false")
    begun = time.perf_counter()
    rows = connection.execute(
        PEER.format(cohort=cohort, group=group), {"files": files, "first": first}
    ).fetchall()
    seconds = time.perf_counter() - begun
    found = np.zeros((COHORTS, PERIODS + 1), np.int64)
    for c, n, count in rows:
        found[c, n] = count
    return seconds, found


def main() -> None:
    """Both questions, the middle of three rounds each."""
    with tempfile.TemporaryDirectory() as folder:
        home = fresh_home(Path(folder))
        # No rate is impossible here: both count every event.
        os.environ["WEAKTIE_BUILD_MOST_EVENTS_A_MINUTE"] = "0"
        with open_app(home) as wt:
            made = make_events(wt, events=EVENTS, users=PEOPLE, days=DAYS, seed=SEED)
            print(f"{made.events:,} events of {made.users:,} people over {DAYS} days, seed {SEED}")
            first = made.first_day
            period = Days(first, first + COHORTS - 1)
            wt.behaviour.days(
                [Matcher("Product Viewed")], Days(first, first)
            )  # compiles, and knows the crowd
            worst = 0.0
            for mode in ("first", "each"):
                query = RetentionQuery(
                    Matcher("Product Viewed"), Matcher(ANY_EVENT), period, "day", mode, "on", PERIODS, (), ""
                )  # fmt: skip
                ours(wt, query)
                rounds = [(ours(wt, query), peer(wt, mode, first)) for _ in range(ROUNDS)]
                assert all((a[1] == b[1]).all() for a, b in rounds), "the two do not agree"
                mine, theirs = (sorted(r[side][0] for r in rounds)[ROUNDS // 2] for side in (0, 1))
                begun = time.perf_counter()
                Retention(wt.behaviour, wt.clock, wt.settings).table(query)
                again = time.perf_counter() - begun
                print(
                    f"cohorts by {mode}: {mine:.2f} s (again {again:.2f} s), DuckDB SQL {theirs:.2f} s: "
                    f"{theirs / mine:.1f} × as fast (goal ≤ {LONGEST_S:.0f} s)"
                )
                worst = max(worst, mine)
            assert worst <= LONGEST_S, f"{worst:.2f} s"
