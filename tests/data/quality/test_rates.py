"""Impossible rates that are kept and renewed are those that grouping every minute finds."""

from pathlib import Path

import numpy as np
import pytest

from tests.data.profiles.market import no_progress
from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import Days, Matcher
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.service import kept_rates
from weaktie.data.quality.queries import impossible
from weaktie.data.quality.service import Rates, customers, renewed
from weaktie.kit.clock import DAY_US, MINUTE_US, business_day
from weaktie.store.lake.tables import EVENTS

LIMIT = 5


def plainly(wt: App) -> dict[int, list[int]]:
    """What `impossible` finds over every event that may be counted."""
    import narwhals as nw

    with wt.database.connect() as connection:
        files = [f.path for f in wt.lake.snapshot(connection).of("events")]
    with wt.engine.session() as session:
        events = customers(session.scan(files, EVENTS.schema).filter(nw.col("purposes") % 2 == 1))
        rows = session.collect(
            impossible(events, LIMIT).select("alias_no", "day").sort("day", "alias_no")
        ).to_pylist()
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row["day"], []).append(row["alias_no"])
    return found


def now(wt: App, known: Rates | None) -> Rates:
    with wt.database.connect() as connection:
        snapshot = wt.lake.snapshot(connection)
    with wt.engine.session() as session:
        return renewed(session, snapshot, known, LIMIT)


@pytest.mark.parametrize("seed", range(3))
def test_renewed_equals_grouping_everything(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    number = 0
    with fresh_app(tmp_path) as wt:
        known: Rates | None = None
        for _ in range(4):
            calls = []
            for _ in range(60):
                day, minute, user = (
                    int(random.integers(0, 4)),
                    int(random.integers(0, 2)),
                    int(random.integers(0, 3)),
                )
                at = START_US // DAY_US * DAY_US - day * DAY_US + minute * MINUTE_US + number
                calls.append(track(number, f"u{user}", at_us=at))
                number += 1
            put(wt, *calls, purposes=14 if random.random() < 0.2 else 15)
            bring_in(wt)
            known = now(wt, known)
            assert known.days == plainly(wt) == now(wt, None).days
        assert known is not None
        assert known.days, "something is impossible, or nothing was tested"
        again = now(wt, known)
        assert again == known


def test_a_build_keeps_them_and_sequences_leave_them_out(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        minute = (START_US - DAY_US) // MINUTE_US * MINUTE_US
        put(wt, *(track(n, "bot", at_us=minute + n) for n in range(wt.quality.limit + 1)), track("x", "u1"))
        bring_in(wt)
        build(wt.build_parts, no_progress)
        with wt.database.connect() as connection:
            kept = kept_rates(connection)
        assert kept is not None
        assert [len(a) for a in kept.days.values()] == [1]
        today = business_day(START_US, wt.settings.zone)

        def events() -> int:
            return len(wt.behaviour.sequences([Matcher("Product Viewed")], Days(today - 3, today)).time_us)

        assert events() == 1
        put(
            wt,
            *(track(2_000 + n, "bot2", at_us=minute + n) for n in range(wt.quality.limit)),
            track("y", "bot"),
        )
        bring_in(wt)
        wt.clock.move(6)  # type: ignore[attr-defined]
        assert events() == 2 + wt.quality.limit, "bot2 is not beyond the limit, bot counts on its other day"
        put(wt, track("z", "bot2", at_us=minute + 999))
        bring_in(wt)
        wt.clock.move(6)  # type: ignore[attr-defined]
        assert events() == 2, "one more event of that minute, in another file"
