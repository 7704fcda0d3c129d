"""Sending a market over HTTP: what is acknowledged is what arrived, whatever the server does meanwhile."""

import threading

import pytest

from tests.simulate.capture import Capture
from tests.simulate.conftest import END_US, SPEC, Market
from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.kit.errors import Refused, Unavailable
from weaktie.simulate.client import MOST_BYTES, MOST_EVENTS, Address, Delivery, cut
from weaktie.simulate.contracts import DayBatch, SentReport
from weaktie.simulate.service import replay


class Hurried(threading.Event):
    """A stop that is never set while waiting, and does not wait; it keeps how long it should have."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.asked.append(timeout or 0.0)
        return self.is_set()


def send(capture: Capture, batch: DayBatch, stop: threading.Event) -> SentReport:
    address = Address("127.0.0.1", capture.port, "seg-key", "sa-key")
    with Delivery(address, clock=FixedClock(END_US + DAY_US), stop=stop) as delivery:
        delivery.send(batch)
        delivery.finish()
        return delivery.report()


def test_a_replay_arrives_whole(market: Market, capture: Capture) -> None:
    seen: list[tuple[int, int]] = []

    def progress(done: int, expected: int) -> None:
        seen.append((done, expected))

    clock = FixedClock(END_US + DAY_US)
    report = replay(SPEC, "127.0.0.1", capture.port, "seg-key", "sa-key", progress, clock=clock)
    assert report.segment_events == len(market.segment) == len(capture.segment)
    assert report.sensors_events == len(market.sensors) == len(capture.sensors)
    assert report.batches == len(capture.sizes)
    assert report.body_bytes == sum(size for _, size in capture.sizes)
    assert report.retries == 0
    assert {e["messageId"] for e in capture.segment} == {e["messageId"] for e in market.segment}
    assert sorted(e["_track_id"] for e in capture.sensors) == sorted(e["_track_id"] for e in market.sensors)
    assert capture.keys == {"segment seg-key:", "sensors sa-key"}
    assert set(capture.sent_at) == {"2026-11-25T06:00:00.000Z"}
    assert len(capture.ports) <= 2
    assert max(count for count, _ in capture.sizes) <= MOST_EVENTS
    assert seen == sorted(seen, key=lambda one: one[0])
    assert all(done < expected for done, expected in seen[:-1])
    assert seen[-1] == (report.events, report.events)


@pytest.mark.parametrize("trouble", [[503], [429, 503], [0], [502, 0, 429]])
def test_a_server_in_trouble_gets_everything_once(
    market: Market, capture: Capture, trouble: list[int]
) -> None:
    capture.answers = list(trouble)
    stop = Hurried()
    batch = market.days[3]
    report = send(capture, batch, stop)
    assert report.retries == len(trouble) == len(stop.asked)
    assert report.events == batch.events == len(capture.segment) + len(capture.sensors)
    assert len({e["messageId"] for e in capture.segment}) == len(batch.segment)


def test_retry_after_is_honoured(market: Market, capture: Capture) -> None:
    capture.answers = [429]
    stop = Hurried()
    send(capture, DayBatch(1, market.days[0].segment[:5], ()), stop)
    assert stop.asked == [3.0]


@pytest.mark.parametrize("status", [400, 401, 413])
def test_a_refusal_is_raised_with_its_status(market: Market, capture: Capture, status: int) -> None:
    capture.answers = [status]
    with pytest.raises(Refused) as refused:
        send(capture, DayBatch(1, market.days[0].segment[:5], ()), Hurried())
    assert (refused.value.code, refused.value.status) == ("simulation_refused", status)
    assert capture.segment == []


def test_a_server_that_stays_away_is_given_up(market: Market, capture: Capture) -> None:
    capture.answers = [503] * 50
    stop = Hurried()
    with pytest.raises(Unavailable):
        send(capture, DayBatch(1, market.days[0].segment[:5], ()), stop)
    assert len(stop.asked) == 8
    assert 20 < sum(stop.asked) < 60


def test_a_stop_ends_a_replay_early(capture: Capture) -> None:
    stop = threading.Event()
    days: list[int] = []

    def progress(done: int, expected: int) -> None:
        days.append(done)
        if len(days) == 3:
            stop.set()

    report = replay(SPEC, "127.0.0.1", capture.port, "a", "b", progress, clock=FixedClock(END_US), stop=stop)
    assert report.events == len(capture.segment) + len(capture.sensors)
    assert len(days) == 4


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [
        (0, 10, []),
        (401, 10, [400, 1]),
        (800, 10, [400, 400]),
        (5, 200_000, [2, 2, 1]),
        (2, MOST_BYTES, [1, 1]),
    ],
)
def test_parcels_keep_both_limits(count: int, size: int, expected: list[int]) -> None:
    events = [bytes([65 + k % 26]) * size for k in range(count)]
    parcels = list(cut("segment", events))
    assert [len(p.events) for p in parcels] == expected
    assert [e for p in parcels for e in p.events] == events
