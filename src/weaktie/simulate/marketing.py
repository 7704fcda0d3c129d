"""What the market's own staff would keep in tables: advertising costs by day, and the lists of their owned channels."""

import csv
import io

import numpy as np

from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.money import to_major
from weaktie.simulate.channels import ACQUISITION, CHANNELS
from weaktie.simulate.timeline import DAY_MS, HOUR_MS, stream
from weaktie.simulate.world import World

_STREAM = 30
LEAD_DAYS = 30
"""Members of owned channels began to join this many days before the window."""


def paid_channels() -> list[tuple[str, str]]:
    """(channel, code of its link) of every channel that costs something; the code is the name of its campaign in events."""
    return [(c.key, f"sim-{c.key}") for c in ACQUISITION if c.cost_minor]


def free_channels() -> list[str]:
    """Channels that bring people for nothing."""
    return [c.key for c in ACQUISITION if not c.cost_minor]


def cost_table(world: World) -> str:
    """A CSV of what each paid channel cost on each day: date, channel, code, cost, currency."""
    folk, line, currency = world.folk, world.line, world.spec.currency
    day = line.index_of(folk.join_ms)
    inside = (folk.join_ms >= line.start_ms) & (np.arange(len(folk)) < folk.registered)
    rows: list[tuple[object, ...]] = [("date", "channel", "code", "cost", "currency")]
    for index in range(len(line.weight)):
        came = np.bincount(folk.channel[inside & (day == index)], minlength=len(ACQUISITION))
        date = day_to_date(line.first_day + index).isoformat()
        for number, channel in enumerate(ACQUISITION):
            if channel.cost_minor:
                cost = to_major(int(came[number]) * channel.cost_minor, currency)
                rows.append((date, channel.key, f"sim-{channel.key}", cost, currency))
    return _csv(rows)


def member_table(world: World) -> str:
    """A CSV of who joined and left which owned channel when: user_id, channel, joined, left, place_id.

    Who belongs to the private domain joins some time after registering; most of those who leave the shop leave their channel
    then, a few of the others leave it anyway.
    """
    folk, line = world.folk, world.line
    rng = stream(world.spec, _STREAM)
    people = np.flatnonzero(folk.private >= 0)
    ready = np.maximum(folk.join_ms[people], line.start_ms - LEAD_DAYS * DAY_MS)
    joined = ready + HOUR_MS + (rng.exponential(12.0, len(people)) * DAY_MS).astype(np.int64)
    tired = joined + (rng.exponential(60.0, len(people)) * DAY_MS).astype(np.int64)
    draw = rng.random(len(people))
    gone = np.where(draw < 0.6, folk.churn_ms[people], np.int64(2) ** 62)
    left = np.where(draw > 0.92, tired, gone)
    place = rng.integers(1, 9, len(people))
    rows: list[tuple[object, ...]] = [("user_id", "channel", "joined", "left", "place_id")]
    for at, person in enumerate(people.tolist()):
        if joined[at] >= min(int(folk.churn_ms[person]), line.end_ms):
            continue
        until = to_iso(int(left[at]) * 1000) if joined[at] < left[at] <= line.end_ms else ""
        channel = CHANNELS[int(folk.private[person])].key
        rows.append(
            (world.user_id(person), channel, to_iso(int(joined[at]) * 1000), until, f"{channel}-{place[at]}")
        )
    return _csv(rows)


def _csv(rows: list[tuple[object, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
