"""The walk over arrays says what the query says, for any events in any order of files."""

from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.data.profiles.market import DAY, Market, at
from tests.suites.homes import file_of
from weaktie.data.identity.logic import SPANS
from weaktie.data.profiles import day_kernel, queries
from weaktie.data.profiles.tables import USER_DAY
from weaktie.data.quality.queries import impossible
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.tables import EVENTS

NAMES = ("Product Viewed", "product_view", "Content Liked", "Something Else", "$AppStart")
PLATFORMS = ("iOS", "ANDROID", "MiniProgram", "h5", "toaster", None)
EVENT = st.fixed_dictionaries(
    {
        "alias_no": st.integers(1, 4),
        "event": st.sampled_from(NAMES),
        "minute": st.integers(0, 3 * 1440 - 1),
        "platform": st.sampled_from(PLATFORMS),
        "session_id": st.sampled_from([None, "s1", "s2", "s3"]),
        "product_id": st.sampled_from([None, "p1", "p2", "p3", "px"]),
        "flags": st.sampled_from([0, 0, 0, 16, 64]),
        "purposes": st.sampled_from([15, 15, 14]),
    }
)
CATEGORIES = {"p1": "茶", "p2": "包", "p3": "茶"}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.lists(EVENT, max_size=60), min_size=1, max_size=3),
    shared=st.booleans(),
    limit=st.sampled_from([0, 3]),
)
def test_both_forms_agree(
    market: Market, files: list[list[dict[str, Any]]], shared: bool, limit: int
) -> None:
    tables = [_table(events, number) for number, events in enumerate(files)]
    spans = SPANS.empty_table()
    if shared:
        turn = at(DAY - 1)
        rows = [[3, 3], [-(1 << 62), turn], [turn, 1 << 62], [1, 2]]
        spans = pa.table([pa.array(v, f.type) for v, f in zip(rows, SPANS, strict=True)], schema=SPANS)
    days, offsets = [DAY - 2, DAY - 1, DAY], [480, 480, 540]
    categories = pa.table({"product_id": list(CATEGORIES), "category": list(CATEGORIES.values())})
    with market.engine.session() as session:
        frame = session.table(pa.concat_tables(tables))
        as_frame = session.table(
            pa.table({"day": pa.array(days, pa.int32()), "offset_minutes": pa.array(offsets, pa.int32())})
        )
        asked = queries.event_days(
            frame, as_frame, session.table(spans) if shared else None, session.table(categories), limit
        )
        expected = session.collect(asked)
        fast = pa.table({"alias_no": pa.array([], pa.int32()), "day": pa.array([], pa.int32())})
        if limit:
            fast = session.collect(impossible(queries.analysable(frame), limit).select("alias_no", "day"))
        numbered = pa.table(
            {"product_id": ["p1", "p2", "p3"], "category_no": pa.array([1, 0, 1], pa.int32())}
        )
        found = day_kernel.event_days(
            day_kernel.rows_of(_files(market, tables), days, spans, numbered, fast, 2),
            days,
            offsets,
            ["包", "茶"],
        )
    columns = sorted(found.schema.names)
    assert columns == sorted(c for c in expected.schema.names if c not in {"given_sessions", "cut_sessions"})
    assert _lines(found, columns) == _lines(expected, columns)


KEY = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(DAY - 2, DAY))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(did=st.sets(KEY, max_size=12), paid=st.sets(KEY, max_size=8), chance=st.integers(0, 1 << 30))
def test_orders_meet_their_days_as_the_query_says(
    market: Market, did: set[tuple[int, ...]], paid: set[tuple[int, ...]], chance: int
) -> None:
    random = np.random.default_rng(chance)
    rows = sorted(((a, d, o) for a, o, d in did))
    small = [f.name for f in USER_DAY.schema if f.type == pa.int32() and f.name not in queries.KEYS]
    counts = pa.table(
        {
            "alias_no": [a for a, _, _ in rows],
            "owner_no": [o for _, _, o in rows],
            "day": [d for _, d, _ in rows],
        }
        | {n: random.integers(0, 9, len(rows)) for n in small if n not in ("orders", "refunds")}
        | {n: random.integers(10, 99, len(rows)) for n in ("first_us", "last_us")}
        | {"top_category": pa.array(["茶"] * len(rows), pa.string())}
    )
    keys = list(paid)
    bought = pa.table(
        {name: [key[i] for key in keys] for i, name in enumerate(queries.KEYS)}
        | {n: random.integers(0, 5, len(keys)) for n in ("orders", "refunds", "amount_minor")}
        | {n: random.integers(1, 200, len(keys)) for n in ("first_us", "last_us")}
        | {"currency": pa.array(["CNY"] * len(keys), pa.string())}
    )
    wide = {f.name: f.type for f in USER_DAY.schema}
    counts, bought = (
        t.cast(
            pa.schema(
                [
                    (n, pa.int64() if wide[n] == pa.int32() and n not in queries.KEYS else wide[n])
                    for n in t.schema.names
                ]
            )
        )
        for t in (counts, bought)
    )
    with market.engine.session() as session:
        asked = session.collect(queries.user_day(session.table(counts), session.table(bought))).cast(
            USER_DAY.schema
        )
    days, others = day_kernel.with_orders(counts, bought)
    columns = USER_DAY.schema.names
    assert _lines(pa.concat_tables([days, others]), columns) == _lines(asked, columns)
    assert days.select(list(queries.KEYS)).to_pylist() == counts.select(list(queries.KEYS)).to_pylist()


def test_many_rows_out_of_order_are_sorted() -> None:
    n = 5_000
    random = np.random.default_rng(3)
    us = random.permutation(n).astype(np.int64) * 1_000_000
    none = np.full(n, day_kernel.NONE)
    rows = day_kernel.Rows(
        np.ones(n, np.int32), np.ones(n, np.int32), np.full(n, 5, np.int32), us, none.astype(np.int8), none.astype(np.int8),
        np.zeros(n, np.uint64), none.astype(np.int32),
    )  # fmt: skip
    (line,) = day_kernel.event_days(rows, [5], [0], []).to_pylist()
    assert (line["events"], line["sessions"], line["first_us"], line["last_us"]) == (
        n,
        1,
        0,
        (n - 1) * 1_000_000,
    )


def test_no_events_are_no_rows() -> None:
    numbers, times, small = np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int8)
    nothing = day_kernel.Rows(numbers, numbers, numbers, times, small, small, np.empty(0, np.uint64), numbers)
    assert day_kernel.event_days(nothing, [], [], []).num_rows == 0


def _files(market: Market, tables: list[pa.Table]) -> list[LakeFile]:
    staged = [
        market.lake.stage("events", table, part_day=DAY, origin=f"kernel-{n}")
        for n, table in enumerate(tables)
        if table.num_rows
    ]
    return [file_of(market.lake, n, one) for n, one in enumerate(staged)]


def _table(events: list[dict[str, Any]], number: int) -> pa.Table:
    rows = []
    for i, event in enumerate(events):
        us = at(DAY - 2, 0) + event["minute"] * 60_000_000
        given = {k: v for k, v in event.items() if k != "minute"}
        row = dict.fromkeys(EVENTS.schema.names) | given
        rows.append(
            row
            | {
                "event_id": f"{number}-{i}",
                "event_time": us,
                "day": DAY - 2 + event["minute"] // 1440,
                "log_partition": 0,
            }
        )
    return pa.Table.from_pylist(rows, schema=EVENTS.schema)


def _lines(table: pa.Table, columns: list[str]) -> list[tuple[object, ...]]:
    """Rows in one order; no category met is 0 in one form and null in the other, which `user_day` takes for 0."""
    rows = [row | {"top_category_events": row["top_category_events"] or 0} for row in table.to_pylist()]
    return sorted((tuple(row[c] for c in columns) for row in rows), key=repr)
