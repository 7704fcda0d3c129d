"""A funnel of five steps over 20 million events of 200,000 people in 90 days: cold from Parquet against the
window-function SQL in DuckDB and chDB's windowFunnel on the same files, then again with another window and a breakdown.

`python benchmarks/bench_funnel.py EVENTS USERS` measures another size.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.crowds import FUNNEL, Made, fresh_home, make_events
from weaktie.app.wiring import App, open_app
from weaktie.data.behaviour.contracts import Matcher
from weaktie.data.funnels.contracts import Breakdown, Funnel
from weaktie.data.profiles.jobs_days import remember_rates
from weaktie.kit.clock import DAY_US

SEED = 4
EVENTS, USERS, DAYS = 20_000_000, 200_000, 90
WINDOW_US = 7 * DAY_US
GOAL_SQL, GOAL_CHDB, GOAL_AGAIN_S = 8.0, 4.0, 0.5
ROUNDS = 3


def timed(do: Callable[[], Any], rounds: int = 1) -> tuple[float, Any]:
    """The shortest of some rounds: what others on the machine do only ever makes it longer."""
    best, found = float("inf"), None
    for _ in range(rounds):
        began = time.perf_counter()
        found = do()
        best = min(best, time.perf_counter() - began)
    return best, found


def window_sql(files: list[str]) -> str:
    """The window-function form: the latest start before each event, then the latest start that a former step carries."""
    names = ", ".join(f"'{n}'" for n in FUNNEL)
    query = (
        "WITH e AS (SELECT alias_no, epoch_us(event_time) AS t, event FROM read_parquet("
        f"{files!r}, hive_partitioning=false) WHERE event IN ({names})), "
        f"s0 AS (SELECT *, CASE WHEN event = '{FUNNEL[0]}' THEN t END AS f FROM e), "
        "s1 AS (SELECT alias_no, t, event, max(f) OVER (PARTITION BY alias_no ORDER BY t ROWS UNBOUNDED PRECEDING) AS c1 FROM s0)"
    )
    for i, name in enumerate(FUNNEL[1:], 2):
        query += (
            f", s{i} AS (SELECT *, max(CASE WHEN event = '{name}' AND t <= c{i - 1} + {WINDOW_US} THEN c{i - 1} END) "
            f"OVER (PARTITION BY alias_no ORDER BY t ROWS UNBOUNDED PRECEDING) AS c{i} FROM s{i - 1})"
        )
    last = len(FUNNEL)
    level = (
        "CASE " + " ".join(f"WHEN max(c{i}) IS NOT NULL THEN {i}" for i in range(last, 0, -1)) + " ELSE 0 END"
    )
    return query + (
        f" SELECT level, count(*) FROM (SELECT alias_no, {level} AS level FROM s{last} GROUP BY alias_no) "
        "WHERE level > 0 GROUP BY level ORDER BY level"
    )


def chdb_sql(folder: Path) -> str:
    """The same by windowFunnel."""
    names = ", ".join(f"'{n}'" for n in FUNNEL)
    steps = ", ".join(f"event = '{n}'" for n in FUNNEL)
    return (
        f"SELECT level, count() FROM (SELECT alias_no, windowFunnel({WINDOW_US})(toUInt64(toUnixTimestamp64Micro(event_time)), "
        f"{steps}) AS level FROM file('{folder}/part-*/*.parquet', Parquet) WHERE event IN ({names}) GROUP BY alias_no) "
        "WHERE level > 0 GROUP BY level ORDER BY level"
    )


def reached(levels: list[tuple[int, int]]) -> list[int]:
    """How many reached each step, from how many ended at each."""
    ended = dict(levels)
    return [sum(n for level, n in ended.items() if level >= step) for step in range(1, len(FUNNEL) + 1)]


def measure(wt: App, made: Made) -> dict[str, float]:
    """Seconds of everything; all answers are equal."""
    steps = tuple(Matcher(n) for n in FUNNEL)
    funnel = Funnel(steps, WINDOW_US, made.first_day, made.last_day)
    took: dict[str, float] = {}
    took["who may be analysed"], crowd = timed(wt.behaviour.crowd)
    files = crowd.snapshot.of("events")

    def cold() -> list[int]:
        wt.behaviour.forget()
        return [s.people for s in wt.funnels.figures(funnel).groups[0].steps]

    cold()  # compiles the kernels, whose code is kept on disk, and warms the files for all three
    took["funnel, cold"], ours = timed(cold, ROUNDS)
    from_sql = duckdb.connect()
    took["window SQL in DuckDB"], rows = timed(
        lambda: from_sql.execute(window_sql([str(f.path) for f in files])).fetchall(), 2
    )
    assert reached(rows) == ours, (reached(rows), ours)
    import chdb

    query: Any = chdb.query
    folder = files[0].path.parent.parent
    took["chDB windowFunnel"], text = timed(lambda: str(query(chdb_sql(folder), "CSV")), 2)
    theirs = reached([(int(a), int(b)) for a, b in (line.split(",") for line in text.split())])
    assert theirs == ours, (theirs, ours)
    wt.funnels.figures(funnel)
    other = Funnel(steps, DAY_US, made.first_day, made.last_day)
    took["again, another window"], _ = timed(lambda: wt.funnels.figures(other), ROUNDS)
    split = Funnel(
        steps, WINDOW_US, made.first_day, made.last_day, breakdown=Breakdown("property", "channel")
    )
    took["broken down by a property, first"], _ = timed(lambda: wt.funnels.figures(split))
    took["broken down by a property, again"], _ = timed(lambda: wt.funnels.figures(split), ROUNDS)
    return took


def main(events: int = EVENTS, users: int = USERS) -> None:
    """Make the events, measure, print, and fail where a goal is missed."""
    folder = Path(tempfile.mkdtemp(prefix="weaktie-bench-funnel-"))
    try:
        with open_app(fresh_home(folder)) as wt:
            print(
                f"seed {SEED}: {events:,} events of {users:,} people in {DAYS} days, numpy {np.__version__}"
            )
            making, made = timed(lambda: make_events(wt, events=events, users=users, days=DAYS, seed=SEED))
            print(f"made in {making:.1f} s")
            # What every build leaves: whose days counted nowhere.
            print(
                f"rates beyond a person's, looked for by the build: {timed(lambda: remember_rates(wt.build_parts))[0]:.2f} s"
            )
            took = measure(wt, made)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, seconds in took.items():
        print(f"{name:36} {seconds:8.2f} s")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB with all peers")
    by_sql = took["window SQL in DuckDB"] / took["funnel, cold"]
    by_chdb = took["chDB windowFunnel"] / took["funnel, cold"]
    print(
        f"{by_sql:.1f} x faster than window SQL (goal {GOAL_SQL}), {by_chdb:.1f} x than chDB (goal {GOAL_CHDB})"
    )
    again = took["again, another window"]
    assert by_sql >= GOAL_SQL, "slower than the goal against SQL"
    assert by_chdb >= GOAL_CHDB, "slower than the goal against chDB"
    assert again <= GOAL_AGAIN_S, "another window takes longer than the goal"


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:3]))
