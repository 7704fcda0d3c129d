"""Simulated events in millions, written straight as lake files through the lake's own API: for benchmarks of analyses.

People come to the shop over `days` days and walk a funnel (see content → click → view a product → add → order), most of
them only its beginning; the rest of what they do is noise. Everything follows from the seed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from weaktie.app.wiring import App
from weaktie.kit.clock import DAY_US
from weaktie.store.lake.contracts import Staged
from weaktie.store.lake.tables import EVENTS

FUNNEL = ("Content Viewed", "Content Clicked", "Product Viewed", "Product Added", "Order Completed")
NOISE = ("Product List Viewed", "Content Liked", "Product Shared", "Search Performed", "App Opened")
NAMES = (*FUNNEL, *NOISE)
WEIGHTS = (0.30, 0.12, 0.20, 0.06, 0.02, 0.10, 0.06, 0.04, 0.05, 0.05)
CHANNELS = ("douyin", "xiaohongshu", "wechat", "organic", "offline", "referral")
PLATFORMS = ("mini_program", "iOS", "Android", "web")
PART_DAYS = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: how many events of how many people, from which day to which."""

    events: int
    users: int
    first_day: int
    last_day: int


def make_events(
    wt: App, *, events: int, users: int, days: int = 90, seed: int = 4, last_day: int | None = None
) -> Made:
    """Write about `events` events of `users` people over `days` days; one file of the lake for each day received.

    The people are made with a number each and an identity, so that they may be analysed as those of a home would be.
    """
    random = np.random.default_rng(seed)
    last = last_day if last_day is not None else wt.clock.now_us() // DAY_US - 1
    first = last - days + 1
    numbers = people_of(wt, users)
    # Who does much and who little: a long tail, as in every shop.
    habit = random.gamma(1.2, 1.0, users)
    share = habit / habit.sum()
    staged: list[Staged] = []
    made = 0
    for day in range(first, last + 1, PART_DAYS):
        rows = events // days if day + PART_DAYS <= last else events - made
        who = random.choice(users, rows, p=share)
        staged.append(
            wt.lake.stage(
                "events", _rows(random, numbers[who], day, made), part_day=day, origin=f"bench-{day}"
            )
        )
        made += rows
    with wt.database.begin() as tx:
        wt.lake.commit(tx, staged, reason="benchmark")
    return Made(made, users, first, last)


def people_of(wt: App, users: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """A number for each person, seen in the default source, which people consented to."""
    from weaktie.data.identity.service import add_sources
    from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID

    now_us = wt.clock.now_us()
    found = wt.registry.numbers([("user", f"bench-{n}") for n in range(users)], now_us)
    numbers = np.fromiter(found.values(), np.int32, users)
    with wt.database.begin() as tx:
        add_sources(tx, ((int(n), DEFAULT_SOURCE_ID) for n in numbers), now_us)
    return numbers


def _rows(random: np.random.Generator, alias_no: Any, day: int, start: int) -> pa.Table:
    n = len(alias_no)
    time_us = day * DAY_US + random.integers(0, DAY_US // 1000, n) * 1000
    event = random.choice(len(NAMES), n, p=WEIGHTS)
    columns: dict[str, Any] = {
        "event_id": pa.array(np.char.add("b", np.arange(start, start + n).astype("U12"))),
        "event": named(event, NAMES),
        "alias_no": pa.array(alias_no),
        "event_time": pa.array(time_us, pa.timestamp("us", tz="UTC")),
        "client_time": pa.array(time_us, pa.timestamp("us", tz="UTC")),
        "received_time": pa.array(time_us + 40_000, pa.timestamp("us", tz="UTC")),
        "day": pa.array(np.full(n, day, np.int32)),
        "log_partition": pa.array(np.zeros(n, np.int32)),
        "log_record": pa.array(np.arange(start, start + n) // 20),
        "log_index": pa.array((np.arange(start, start + n) % 20).astype(np.int32)),
        "source": named(np.zeros(n, np.int64), ("default",)),
        "platform": named(random.integers(0, len(PLATFORMS), n), PLATFORMS),
        "channel": named(random.integers(0, len(CHANNELS), n), CHANNELS),
        "product_id": named(random.integers(0, 500, n), tuple(f"p{i}" for i in range(500))),
        "purposes": pa.array(np.full(n, 15, np.int16)),
        "flags": pa.array(np.zeros(n, np.int16)),
    }
    missing = {f.name: pa.nulls(n, f.type) for f in EVENTS.schema if f.name not in columns}
    return pa.table({f.name: (columns | missing)[f.name] for f in EVENTS.schema}).cast(EVENTS.schema)


def named(codes: Any, names: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names)).cast(pa.string())


def fresh_home(folder: Path) -> Path:
    """A new home below the folder whose people consented upstream."""
    from weaktie.app.home import make_home
    from weaktie.app.wiring import prepare_home
    from weaktie.kit.clock import SystemClock

    home = folder / "home"
    home.mkdir()
    make_home(home, {"name": "bench", "timezone": "Asia/Shanghai", "currency": "CNY", "language": "zh-CN"})
    prepare_home(home, SystemClock(), simulated=True)
    return home
