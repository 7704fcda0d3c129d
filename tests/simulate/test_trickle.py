"""The stream of the present: at the asked rate, decided by the wall time, over when it is told."""

import threading
from dataclasses import replace
from datetime import datetime

from tests.simulate.capture import Capture
from tests.simulate.conftest import END_US, SPEC, Market
from weaktie.kit.clock import SECOND_US, FixedClock
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.service import trickle

START_US = END_US + 3_600 * SECOND_US


class Ticks(threading.Event):
    """Time that passes when somebody waits, and ends after `ticks`."""

    def __init__(self, clock: FixedClock, ticks: int) -> None:
        super().__init__()
        self.clock = clock
        self.left = ticks

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.move(timeout or 0.0)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


def run(capture: Capture, spec: MarketSpec, start_us: int, ticks: int, rate_per_s: float) -> int:
    clock = FixedClock(start_us)
    stop = Ticks(clock, ticks)
    return trickle(spec, "127.0.0.1", capture.port, "key", rate_per_s, stop, clock=clock).events


def times(capture: Capture) -> list[float]:
    stamps = [datetime.fromisoformat(e["timestamp"]).timestamp() for e in capture.segment]
    return stamps + [e["time"] / 1000 for e in capture.sensors]


def test_events_happen_now_at_the_rate(capture: Capture) -> None:
    spec = replace(SPEC, days=5)
    events = run(capture, spec, START_US, 240, 20.0)
    assert events == len(capture.segment) + len(capture.sensors)
    assert 0.7 < events / (240 * 20.0) < 1.3
    # At its full rate from the start: the first minute is no thinner than the rest.
    first = sum(at < START_US / SECOND_US + 60 for at in times(capture))
    assert first / (60 * 20.0) > 0.6
    assert min(times(capture)) >= START_US / SECOND_US
    assert max(times(capture)) <= START_US / SECOND_US + 240
    assert {"segment key:", "sensors key"} == capture.keys


def test_a_second_start_repeats_the_same_events(capture: Capture) -> None:
    spec = replace(SPEC, days=5)
    run(capture, spec, START_US, 60, 10.0)
    first = {e["messageId"]: e for e in capture.segment}
    capture.segment.clear()
    run(capture, spec, START_US + 30 * SECOND_US, 60, 10.0)
    again = {e["messageId"]: e for e in capture.segment}
    both = first.keys() & again.keys()
    assert len(both) > 50
    assert all(first[one] == again[one] for one in both)
    overlap = {k for k, e in first.items() if e["timestamp"] >= "2026-11-24T07:00:30"}
    assert overlap == both


def test_only_the_living_come(market: Market, capture: Capture) -> None:
    run(capture, SPEC, START_US, 120, 20.0)
    gone = {t.user_id for t in market.truth if t.user_id and t.churn_us is not None}
    came = {e.get("userId") for e in capture.segment} - {None}
    assert len(came) > 10
    assert not came & gone
    ids = [e["messageId"] for e in capture.segment]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {e["messageId"] for e in market.segment}


def test_a_stop_set_before_sends_nothing(capture: Capture) -> None:
    clock = FixedClock(START_US)
    stop = threading.Event()
    stop.set()
    assert trickle(SPEC, "127.0.0.1", capture.port, "key", 5.0, stop, clock=clock).events == 0
