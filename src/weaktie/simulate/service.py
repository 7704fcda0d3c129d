"""The door of the simulation: generate a market, send it, keep it living, write its entities and truth."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weaktie.kit.clock import DAY_US, Clock, SystemClock
from weaktie.simulate.client import Address, Delivery
from weaktie.simulate.contracts import (
    DayBatch,
    EntityKind,
    Marketing,
    MarketSpec,
    SentReport,
    SignUp,
    TrueTie,
    Truth,
)
from weaktie.simulate.days import Scene, day_scenes
from weaktie.simulate.encoding import SegmentText, pieces, properties, shops
from weaktie.simulate.entities import entity_files, truth_files
from weaktie.simulate.entities import sign_ups as sign_ups_of
from weaktie.simulate.entities import true_ties as ties_of
from weaktie.simulate.events import Kind
from weaktie.simulate.marketing import cost_table, free_channels, member_table, paid_channels
from weaktie.simulate.sensors import SensorsText
from weaktie.simulate.social import new_buyers as drawn
from weaktie.simulate.timeline import I64
from weaktie.simulate.trickle import SLOT_MS, SlotText, live
from weaktie.simulate.world import World, world_of

EVENTS_PER_USER = 103
_TRACKS_PER_DAY = 20_000_000
_TRACKS_PER_SLOT = 100_000
_SYSTEM = SystemClock()


class Scribe:
    """Turns scenes into the events of both protocols."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._bits = pieces(world)
        self._segment = SegmentText(self._bits)
        self._sensors = SensorsText(self._bits)

    def rows(self, scene: Scene) -> tuple[I64, I64]:
        """Which rows of the scene become events of Segment's protocol, and which of Sensors'.

        Each has its own way to say who somebody is: identify there; here track_signup, which is itself the sign-in,
        and profile_set.
        """
        kind = scene.events.kind
        mini = self._world.devices.is_mini_program()[scene.events.device]
        return np.flatnonzero(~mini & (kind != Kind.TRAITS)), np.flatnonzero(mini & (kind != Kind.SIGNED_IN))

    def write(self, scene: Scene, day: int, prefix: str, first_track: int) -> DayBatch:
        """The scene's events as bytes.

        `prefix` begins the message ids and must belong to this scene alone, as must the numbers from
        `first_track` on.
        """
        app, form = self.rows(scene)
        props = properties(self._bits, scene, prefix)
        shop = shops(self._bits, scene)
        return DayBatch(
            day=day,
            segment=self._segment.write(scene, app, props, shop, prefix),
            sensors=self._sensors.write(scene, form, props, shop, first_track),
        )


def generate(spec: MarketSpec) -> Iterator[DayBatch]:
    """The market's events, one business day after the other; equal specs give equal bytes."""
    world = world_of(spec)
    scribe = Scribe(world)
    for day, scene in day_scenes(world):
        prefix = f"sim{spec.seed}-{spec.end_us // 1000:x}-{day:03d}-"
        yield scribe.write(scene, world.line.first_day + day, prefix, day * _TRACKS_PER_DAY)


def replay(
    spec: MarketSpec,
    host: str,
    port: int,
    segment_key: str,
    sensors_key: str,
    progress: Callable[[int, int], None],
    *,
    clock: Clock = _SYSTEM,
    stop: threading.Event | None = None,
) -> SentReport:
    """Send the whole market over HTTP; `progress(acknowledged, expected)` after every day.

    The expectation is an estimate until the end. `stop` ends it early, after what is under way. Raises
    `Unavailable` where the server does not come back, `Refused` where it will not have a batch.
    """
    expected = spec.users * EVENTS_PER_USER
    started = clock.monotonic()
    with Delivery(Address(host, port, segment_key, sensors_key), clock=clock, stop=stop) as delivery:
        for batch in generate(spec):
            if stop is not None and stop.is_set():
                break
            delivery.send(batch)
            acknowledged = delivery.report().events
            progress(acknowledged, max(expected, acknowledged + 1))
        delivery.finish()
        report = replace(delivery.report(), seconds=clock.monotonic() - started)
    progress(report.events, max(report.events, 1))
    return report


def trickle(
    spec: MarketSpec,
    host: str,
    port: int,
    key: str,
    rate_per_s: float,
    stop: threading.Event,
    *,
    clock: Clock = _SYSTEM,
) -> SentReport:
    """Send about `rate_per_s` new events a second at the present until `stop` is set; blocks meanwhile.

    What happens is decided by the spec and the wall time, so that a trickle that is started again goes on with
    the same people, and events sent twice carry the same ids. A server that is away is waited for.
    """
    world = world_of(spec)
    scribe = Scribe(world)
    with Delivery(Address(host, port, key, key), clock=clock, stop=stop, patient=True) as delivery:
        for due in live(world, rate_per_s, clock, stop, partial(_write_slot, spec, scribe)):
            delivery.send(due)
            delivery.finish()
        return delivery.report()


def _write_slot(spec: MarketSpec, scribe: Scribe, slot: int, scene: Scene) -> SlotText:
    prefix = f"live{spec.seed}-{spec.end_us // 1000:x}-{slot:x}-"
    batch = scribe.write(scene, slot * SLOT_MS * 1000 // DAY_US, prefix, slot * _TRACKS_PER_SLOT % 2**52)
    app, form = scribe.rows(scene)
    times = scene.events.time_ms
    return SlotText(
        segment=list(zip(times[app].tolist(), batch.segment, strict=True)),
        sensors=list(zip(times[form].tolist(), batch.sensors, strict=True)),
    )


def write_entities(spec: MarketSpec, folder: Path) -> dict[EntityKind, Path]:
    """Write products, contents, users and relations as JSON Lines into `folder`; answers the files."""
    return entity_files(world_of(spec), folder)


def write_truth(spec: MarketSpec, folder: Path) -> dict[str, Path]:
    """Write `truth.jsonl` (a line a person), `ties.jsonl` (a line a pair and direction) and `channel_costs.jsonl` (a line
    a day and channel)."""
    return truth_files(world_of(spec), folder)


def marketing(spec: MarketSpec) -> Marketing:
    """Costs, links and members of the market's owned channels, as its staff would enter them."""
    world = world_of(spec)
    return Marketing(cost_table(world), member_table(world), tuple(paid_channels()), tuple(free_channels()))


def truths(spec: MarketSpec) -> Iterator[Truth]:
    """What is really so about each person, visitors last."""
    world = world_of(spec)
    return (world.truth(person) for person in range(len(world.folk)))


def true_ties(spec: MarketSpec) -> Iterator[TrueTie]:
    """How close each friend really feels to the other, a row a direction."""
    return ties_of(world_of(spec))


def sign_ups(spec: MarketSpec) -> Iterator[SignUp]:
    """What the shop's server knows of each registration inside the window, by time."""
    return sign_ups_of(world_of(spec))


def new_buyers(
    spec: MarketSpec, sharer: int, category: int, people: Sequence[int], seed: int
) -> npt.NDArray[np.bool_]:
    """Who of `people` (person numbers) becomes a new buyer of a category after seeing what `sharer` tells of it."""
    world = world_of(spec)
    return drawn(spec, world.folk, world.social, sharer, category, np.asarray(people, np.int32), seed)
