"""The market after its last day: a thin stream of visits that begin now."""

import heapq
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from weaktie.kit.clock import DAY_US, Clock
from weaktie.simulate.behaviour import play
from weaktie.simulate.contracts import DayBatch
from weaktie.simulate.days import Scene, free_visits
from weaktie.simulate.social import addressed
from weaktie.simulate.timeline import MINUTE_MS, NEVER_MS, SECOND_MS, stream
from weaktie.simulate.world import World

SLOT_MS = 10 * SECOND_MS
TICK_S = 1.0
EVENTS_PER_VISIT = 8.5
_LONGEST_VISIT_MS = 15 * MINUTE_MS
_STREAM = 20


@dataclass(frozen=True, slots=True)
class SlotText:
    """The encoded events of the visits that began in one slot, each with its time in milliseconds."""

    segment: list[tuple[int, bytes]]
    sensors: list[tuple[int, bytes]]


def live(
    world: World,
    rate_per_s: float,
    clock: Clock,
    stop: threading.Event,
    write: Callable[[int, Scene], SlotText],
) -> Iterator[DayBatch]:
    """What has happened since the tick before, about once a second until `stop` is set.

    A slot's visits depend on the spec, the rate and the slot only. Visits that would have begun shortly before
    the start are joined in their course, so that the stream is at its full rate at once; a gap of the caller's
    is not made up for beyond the longest visit.
    """
    ahead = SlotText([], [])
    began = clock.now_us() // 1000
    next_slot = 0
    while not stop.is_set():
        now = clock.now_us() // 1000
        next_slot = max(next_slot, (now - _LONGEST_VISIT_MS) // SLOT_MS)
        for slot in range(next_slot, now // SLOT_MS + 1):
            text = write(slot, slot_scene(world, rate_per_s, slot))
            for heap, events in ((ahead.segment, text.segment), (ahead.sensors, text.sensors)):
                for event in events:
                    if event[0] >= began:
                        heapq.heappush(heap, event)
        next_slot = max(next_slot, now // SLOT_MS + 1)
        due = DayBatch(now * 1000 // DAY_US, _until(ahead.segment, now), _until(ahead.sensors, now))
        if due.events:
            yield due
        stop.wait(TICK_S)


def _until(heap: list[tuple[int, bytes]], now_ms: int) -> tuple[bytes, ...]:
    due = []
    while heap and heap[0][0] <= now_ms:
        due.append(heapq.heappop(heap)[1])
    return tuple(due)


def slot_scene(world: World, rate_per_s: float, slot: int) -> Scene:
    """The visits that begin in the ten seconds of `slot` (counted from 1970), to their ends."""
    rng = stream(world.spec, _STREAM, slot)
    folk = world.folk
    opens = slot * SLOT_MS
    here = (folk.first_ms <= opens) & (folk.churn_ms == NEVER_MS)
    rise = np.cumsum(np.where(here, folk.rate, 0.0))
    count = int(rng.poisson(rate_per_s * SLOT_MS / SECOND_MS / EVENTS_PER_VISIT))
    person = np.searchsorted(rise, rng.random(count) * rise[-1], "right").astype(np.int32)
    start = opens + rng.integers(0, SLOT_MS, count)
    visits = free_visits(world, np.minimum(person, len(folk) - 1).astype(np.int32), start, rng)
    events, orders = play(folk, world.shelf, visits, rng)
    addressed(world.ties, events, rng)
    ids = tuple(f"live{slot:x}-{k:03d}" for k in range(len(orders)))
    return Scene(events, orders, ids, ())
