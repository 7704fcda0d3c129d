"""Days of people without sequences: equal to what the sequences say, over random events of every awkward kind."""

from pathlib import Path

import numpy as np
import pytest

from tests.suites.homes import START_US, bring_in, fresh_app, put, track
from weaktie.data.behaviour.contracts import ANY_EVENT, Condition, Days, Matcher
from weaktie.data.behaviour.service import NEVER
from weaktie.kit.clock import DAY_US, HOUR_US, MINUTE_US, business_day

MATCHERS = [
    Matcher("Product Viewed"),
    Matcher(ANY_EVENT),
    Matcher("Share", (Condition("product_id", "in", ("p1", "p2")),)),
    Matcher(ANY_EVENT, (Condition("channel", "unset"),)),
    Matcher("Product Viewed", (Condition("list", "eq", ("b",)),)),
]


@pytest.mark.parametrize("portion", [1, 10_000_000])
def test_days_equal_the_sequences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, portion: int) -> None:
    monkeypatch.setattr("weaktie.data.behaviour.days.ROWS_AT_ONCE", portion)
    chance = np.random.default_rng(7)
    with fresh_app(tmp_path) as wt:
        for batch in range(4):
            calls = [
                track(
                    1000 * batch + n,
                    f"u{chance.integers(6)}" if chance.random() < 0.6 else None,
                    anonymous=f"a{chance.integers(5)}",
                    event=str(chance.choice(["Product Viewed", "Share"])),
                    properties={"product_id": f"p{n % 7}", "list": "ab"[n % 2]},
                    at_us=START_US - int(chance.integers(6 * 24)) * HOUR_US,
                )
                for n in range(60)
            ]
            put(wt, *calls)
            bring_in(wt)
        minute = (START_US - 2 * DAY_US) // MINUTE_US * MINUTE_US
        put(wt, *(track(9000 + n, "u1", at_us=minute + n) for n in range(wt.quality.limit + 1)))
        put(wt, track("s1", "u2", user_agent="x"), user_agent="Baiduspider/2.0")
        bring_in(wt)
        crowd = wt.behaviour.crowd()
        assert crowd.spans.num_rows > 0, "no shared identifier among them: the exact pass is not tried"
        today = business_day(START_US, wt.settings.zone)
        days = Days(today - 5, today)
        found = wt.behaviour.days(MATCHERS, days)
        said = wt.behaviour.sequences(MATCHERS, days)
        cells = np.zeros_like(found.cells)
        rows = np.repeat(np.searchsorted(crowd.people(), said.people), np.diff(said.starts))
        np.bitwise_or.at(cells, (rows, said.day - days.first), said.matched.astype(np.uint8))
        assert found.people.tolist() == crowd.people().tolist()
        assert found.cells.tolist() == cells.tolist()
        assert found.cells.any()
        first = wt.behaviour.first_days()
        seen = wt.behaviour.days([Matcher(ANY_EVENT)], Days(today - 30, today + 1)).cells != 0
        expected = np.where(seen.any(axis=1), today - 30 + seen.argmax(axis=1), NEVER)
        assert first.tolist() == expected.tolist()


def test_impossible_days_are_left_out_alone(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        minute = (START_US - 2 * DAY_US) // MINUTE_US * MINUTE_US
        put(wt, *(track(n, "u1", at_us=minute + n) for n in range(wt.quality.limit + 1)))
        put(wt, track("x", "u1", at_us=START_US - DAY_US), track("y", "u2", at_us=START_US - 2 * DAY_US))
        bring_in(wt)
        today = business_day(START_US, wt.settings.zone)
        cells = wt.behaviour.days([Matcher("Product Viewed")], Days(today - 2, today)).cells
        assert sorted(cells.tolist()) == [[0, 1, 0], [1, 0, 0]]
