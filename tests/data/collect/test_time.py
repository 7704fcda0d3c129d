"""Time (R7, R8): the order and hour of arrival change no number; wrong clocks are corrected and say so."""

import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.suites.homes import START_US, bring_in, fresh_app, stored, track
from weaktie.app.wiring import App
from weaktie.data.collect.contracts import LATE, TIME_CORRECTED, RawRequest
from weaktie.data.collect.rows import business_days
from weaktie.data.profiles.jobs import build
from weaktie.kit.clock import (
    DAY_US,
    HOUR_US,
    MINUTE_US,
    FixedClock,
    business_day,
    day_to_date,
    from_datetime,
    to_iso,
)
from weaktie.store.lake.tables import TABLES

YEAR_US = 365 * DAY_US


def market(seed: int) -> list[dict[str, Any]]:
    """Events of six people over 30 days, some within minutes of midnight in the workspace's zone, some orders."""
    chance = random.Random(seed)
    midnight = (START_US // DAY_US) * DAY_US - 8 * HOUR_US
    calls = []
    for number in range(60):
        at_us = midnight - chance.randrange(30) * DAY_US + chance.randrange(-90, 90) * MINUTE_US
        more: dict[str, Any] = {}
        if number % 10 == 0:
            paid = {"order_id": f"o{number}", "total": 10 + number, "currency": "CNY"}
            more = {"event": "Order Completed", "properties": paid}
        calls.append(track(number, f"u{number % 6}", at_us=at_us, **more))
    return sorted(calls, key=lambda call: str(call["timestamp"]))


def send(
    wt: App, calls: list[dict[str, Any]], *, sent_us: int | None = None, source: str = "default"
) -> None:
    """One request, whose client says that it sent it at `sent_us`, else now."""
    now_us = wt.clock.now_us()
    body = json.dumps({"batch": calls, "sentAt": to_iso(now_us if sent_us is None else sent_us)}).encode()
    writer = wt.log.writer()
    writer.append_now([msgspec.msgpack.encode(RawRequest("segment", "/v1/batch", source, 15, now_us, body))])
    writer.close()


def numbers(wt: App) -> dict[str, list[str]]:
    """What a build makes, with people under their own ids and without what only says when it was built."""
    build(wt.build_parts, lambda *_: None)
    names: dict[int, str] = {}
    with wt.database.connect() as connection:
        for user in range(6):
            alias = wt.identity.find(connection, f"u{user}")
            assert alias is not None
            names[alias] = f"u{user}"
        snapshot = wt.lake.snapshot(connection)
    found: dict[str, list[str]] = {}
    with wt.engine.session() as session:
        for table in ("user_day", "user_tags", "rfm"):
            files = [f.path for f in snapshot.of(table)]
            rows = session.collect(session.scan(files, TABLES[table].schema)).to_pylist()
            for row in rows:
                for column in {"alias_no", "owner_no", "person_no"} & row.keys():
                    row[column] = names[row[column]]
            found[table] = sorted(str(sorted(row.items())) for row in rows)
    return found


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_and_late_gives_the_same_as_in_order(tmp_path: Path, seed: int) -> None:
    calls = market(seed)
    results = []
    for name in ("ordered", "late"):
        (tmp_path / name).mkdir()
        with fresh_app(tmp_path / name) as wt:
            if name == "ordered":
                for call in calls:
                    wt.clock.at_us = from_datetime(_moment(call))  # type: ignore[attr-defined]
                    send(wt, [call])
                wt.clock.at_us = START_US  # type: ignore[attr-defined]
                bring_in(wt)
            else:
                mixed = list(calls)
                random.Random(seed + 100).shuffle(mixed)
                for start in range(0, len(mixed), 20):
                    send(wt, [*mixed[start : start + 20], mixed[start]])
                    bring_in(wt)
                    build(wt.build_parts, lambda *_: None)
            assert len(stored(wt)) == len(calls)
            results.append(numbers(wt))
    assert results[0] == results[1]
    assert results[0]["user_day"]
    assert results[0]["rfm"]


def _moment(call: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(call["timestamp"])


@pytest.mark.parametrize("off_us", [-10 * YEAR_US, 10 * YEAR_US])
def test_a_clock_ten_years_off_is_corrected_and_kept(tmp_path: Path, off_us: int) -> None:
    with fresh_app(tmp_path) as wt:
        happened = START_US - 2 * HOUR_US
        send(wt, [track(1, at_us=happened + off_us)], sent_us=START_US + off_us)
        bring_in(wt)
        row = stored(wt)[0]
    assert from_datetime(row["event_time"]) == happened
    assert from_datetime(row["client_time"]) == happened + off_us
    assert row["flags"] & TIME_CORRECTED


def test_thirty_days_late_is_kept_under_its_own_day(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        send(wt, [track(1, at_us=START_US - 30 * DAY_US), track(2)])
        bring_in(wt)
        late, now = stored(wt)
    assert now["day"] - late["day"] == 30
    assert late["flags"] & LATE
    assert not now["flags"]


@pytest.mark.parametrize("step_us", [-HOUR_US, HOUR_US])
def test_a_server_clock_that_steps_and_returns_neither_loses_nor_doubles(
    tmp_path: Path, step_us: int
) -> None:
    clock = FixedClock(START_US)
    with fresh_app(tmp_path, clock) as wt:
        for number, at_us in enumerate((START_US, START_US + step_us, START_US)):
            clock.at_us = at_us
            send(wt, [track(number, at_us=START_US - HOUR_US), track(99, at_us=START_US - HOUR_US)])
            bring_in(wt)
        assert [row["event_id"] for row in stored(wt)] == ["m0", "m1", "m2", "m99"]
        assert wt.arrivals.totals()["duplicates"] == 2


INSTANTS = st.integers(-(10**15), 4 * 10**15)
CHANGES = [
    from_datetime(datetime.fromisoformat(t))
    for t in ("2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z")
]
NEAR_CHANGES = st.builds(
    lambda at, seconds: at + seconds * 10**6, st.sampled_from(CHANGES), st.integers(-60, 60)
)
"""Within a minute of a change of clocks in London and New York."""


@given(
    st.lists(INSTANTS | NEAR_CHANGES, max_size=50),
    st.sampled_from(["Asia/Shanghai", "Europe/London", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]),
)  # fmt: skip
def test_the_day_of_many_is_the_day_of_each(instants: list[int], zone: str) -> None:
    """The lake's column of days against the standard library, also about changes of clocks."""
    found = business_days(pa.array(instants, pa.timestamp("us", tz="UTC")), ZoneInfo(zone)).to_pylist()
    assert found == [business_day(at, ZoneInfo(zone)) for at in instants]


def test_the_door_takes_what_is_late_and_ahead(tmp_path: Path) -> None:
    """Several sources at once, each with a clock of its own: the same events give the same days."""
    with fresh_app(tmp_path) as wt:
        for source, off_us in (("default", 0), ("src_slow", -3 * HOUR_US), ("src_fast", 26 * HOUR_US)):
            happened = [START_US - lag for lag in (0, HOUR_US, DAY_US, 30 * DAY_US)]
            calls = [track(f"{source}-{n}", at_us=at + off_us) for n, at in enumerate(happened)]
            send(wt, calls, sent_us=START_US + off_us, source=source)
        bring_in(wt)
        days = {
            source: [r["day"] for r in stored(wt) if r["source"] == source]
            for source in ("default", "src_slow", "src_fast")
        }
    assert days["default"] == days["src_slow"] == days["src_fast"]
    assert len(days["default"]) == 4


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2028-02-28T16:00:00Z", "2028-02-29"),
        ("2028-02-29T15:59:59.999Z", "2028-02-29"),
        ("2028-02-29T16:00:00Z", "2028-03-01"),
        ("2027-12-31T15:59:59Z", "2027-12-31"),
        ("2027-12-31T16:00:00Z", "2028-01-01"),
        ("2028-03-12T01:59:59-08:00", "2028-03-12"),
        ("2028-03-12T03:00:00-07:00", "2028-03-12"),
        ("2028-02-29T00:30:00+08:00", "2028-02-29"),
    ],
)
def test_leap_day_year_end_and_zones(tmp_path: Path, written: str, day: str) -> None:
    clock = FixedClock(from_datetime(_moment({"timestamp": written})) + MINUTE_US)
    with fresh_app(tmp_path, clock) as wt:
        send(wt, [track(1) | {"timestamp": written}])
        bring_in(wt)
        assert day_to_date(stored(wt)[0]["day"]).isoformat() == day
