"""The market after its last day: a thin stream of visits that begin now."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from weaktie.kit.clock import Clock
from weaktie.simulate.behaviour import play
from weaktie.simulate.days import Scene, free_visits
from weaktie.simulate.timeline import I64, MINUTE_MS, NEVER_MS, SECOND_MS, stream
from weaktie.simulate.world import World

SLOT_MS = 10 * SECOND_MS
TICK_S = 1.0
EVENTS_PER_VISIT = 12.0
_LONGEST_VISIT_MS = 15 * MINUTE_MS
_STREAM = 20


@dataclass(slots=True)
class _Running:
    """The visits that began in one slot, with how many of their events have been handed out."""

    scene: Scene
    done: int


@dataclass(frozen=True, slots=True)
class Due:
    """Events whose time has come: the `rows` of the scene that belongs to a slot of wall time."""

    slot: int
    scene: Scene
    rows: I64


def live(world: World, rate_per_s: float, clock: Clock, stop: threading.Event) -> Iterator[list[Due]]:
    """What has happened since the tick before, about once a second until `stop` is set.

    A slot's visits depend on the spec, the rate and the slot only. Visits that would have begun shortly before the
    start are joined in their course, so that the stream is at its full rate at once; a gap of the caller's is not
    made up for beyond the longest visit.
    """
    running: dict[int, _Running] = {}
    began = clock.now_us() // 1000
    next_slot = (began - _LONGEST_VISIT_MS) // SLOT_MS
    while not stop.is_set():
        now = clock.now_us() // 1000
        for slot in range(max(next_slot, (now - _LONGEST_VISIT_MS) // SLOT_MS), now // SLOT_MS + 1):
            scene = slot_scene(world, rate_per_s, slot)
            running[slot] = _Running(scene, int(np.searchsorted(scene.events.time_ms, began)))
        next_slot = max(next_slot, now // SLOT_MS + 1)
        due = []
        for slot, one in list(running.items()):
            until = int(np.searchsorted(one.scene.events.time_ms, now, "right"))
            if until > one.done:
                due.append(Due(slot, one.scene, np.arange(one.done, until)))
                one.done = until
            if one.done == len(one.scene.events):
                del running[slot]
        if due:
            yield due
        stop.wait(TICK_S)


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
    ids = tuple(f"live{slot:x}-{k:03d}" for k in range(len(orders)))
    return Scene(events, orders, ids, ())
