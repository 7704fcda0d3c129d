"""Events read straight from their files are those that a query finds, in the same order, whatever the files hold."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.suites.homes import file_of, fresh_app
from weaktie.app.wiring import App
from weaktie.data.behaviour.contracts import Condition, Crowd, Days, Matcher, Sequences
from weaktie.data.identity.logic import spans_of
from weaktie.kit.clock import DAY_US, SECOND_US
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.service import read_piece
from weaktie.store.lake.tables import EVENTS

NAMES = ("Product Viewed", "Product Added", "Order Completed", "App Opened")
FIRST_DAY = 20_600
MATCHERS = (
    Matcher("Product Viewed"),
    Matcher("", (Condition("channel", "in", ("douyin", "wechat")),)),
    Matcher("Product Added", (Condition("channel", "ne", ("douyin",)), Condition("platform", "unset"))),
    Matcher("Product Viewed", (Condition("product_id", "ge", ("p3",)), Condition("channel", "contains", ("e",)))),
    Matcher("Order Completed", (Condition("channel", "not_in", ("wechat", "organic")),)),
)  # fmt: skip


def _rows(chance: np.random.Generator, day: int, n: int, aliases: int, record: int) -> pa.Table:
    """Events of a day as they may come: many of one instant, some late, some without what others have."""

    def text(values: tuple[str | None, ...]) -> pa.Array:
        return pa.array([values[i] for i in chance.integers(0, len(values), n)], pa.string())

    coarse = chance.choice([SECOND_US, 3600 * SECOND_US])
    time_us = day * DAY_US + chance.integers(0, DAY_US // coarse, n) * coarse
    if chance.random() < 0.3:  # more in a minute than a person can do
        time_us[: n // 2] = day * DAY_US
    late = np.where(chance.random(n) < 0.2, chance.integers(0, 4, n), 0)
    columns = {
        "event_id": pa.array([f"{day}-{record}-{i}" for i in range(n)]),
        "event": text(NAMES),
        "alias_no": pa.array(chance.integers(0, aliases, n).astype(np.int32), mask=chance.random(n) < 0.05),
        "event_time": pa.array(time_us - late * DAY_US, pa.timestamp("us", tz="UTC")),
        "day": pa.array((day - late).astype(np.int32)),
        "log_partition": pa.array(chance.integers(-1, 2, n).astype(np.int32)),
        "log_record": pa.array(chance.permutation(n) + record, pa.int64()),
        "log_index": pa.array(chance.integers(0, 3, n).astype(np.int32)),
        "platform": text(("web", None)),
        "channel": text(("douyin", "wechat", "organic", None, "é")),
        "product_id": text(tuple(f"p{i}" for i in range(6))),
        "purposes": pa.array(chance.choice([15, 1, 14], n, p=[0.8, 0.1, 0.1]).astype(np.int16)),
        "flags": pa.array(
            chance.choice([0, 1, 16, 64], n, p=[0.7, 0.2, 0.05, 0.05]).astype(np.int16), mask=chance.random(n) < 0.2
        ),
    }  # fmt: skip
    missing = {f.name: pa.nulls(n, f.type) for f in EVENTS.schema if f.name not in columns}
    return pa.table({f.name: (columns | missing)[f.name] for f in EVENTS.schema}, schema=EVENTS.schema)


def _crowd(wt: App, seed: int) -> Crowd:
    chance = np.random.default_rng(seed)
    aliases = int(chance.integers(3, 40))
    files = [
        file_of(
            wt.lake,
            k,
            wt.lake.stage(
                "events",
                _rows(chance, FIRST_DAY + k % 6, int(chance.integers(0, 700)), aliases, k * 350),
                part_day=FIRST_DAY + k % 6,
                origin=f"s{seed}-{k}",
            ),
            seed + 1,
        )
        for k in range(8)
    ]
    persons = chance.integers(-1, max(2, aliases // 2), aliases - 1).astype(np.int32)  # the last is not known
    shared = sorted(chance.choice(aliases - 1, 2, replace=False).tolist()) if seed % 3 == 0 else []
    starts = (0, (FIRST_DAY + 2) * DAY_US)
    table = spans_of(
        np.array([a for a in shared for _ in starts], np.int32),
        np.array([start for _ in shared for start in starts], np.int64),
        chance.integers(0, aliases - 1, 2 * len(shared)).astype(np.int32),
    )
    return Crowd(Snapshot(seed + 1, tuple(files)), persons, table, f"walk-{seed}")


def _same(one: Sequences, other: Sequences) -> None:
    for name in ("people", "starts", "time_us", "day", "matched"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name
    for name, column in one.columns.items():
        theirs = other.columns[name]
        assert [column.values[c] if c >= 0 else None for c in column.codes] == [
            theirs.values[c] if c >= 0 else None for c in theirs.codes
        ]


@pytest.mark.parametrize("columns", [(), ("channel", "event_id")], ids=["no column", "columns"])
def test_the_files_say_what_a_query_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: tuple[str, ...]
) -> None:
    with fresh_app(tmp_path) as wt:
        monkeypatch.setattr(type(wt.quality), "limit", property(lambda _: 4))
        fast = 0
        for seed in range(7):
            crowd, days = _crowd(wt, seed), Days(FIRST_DAY - 1, FIRST_DAY + 4)
            walked = wt.behaviour.sequences(MATCHERS, days, columns, crowd)
            cells = wt.behaviour.days(MATCHERS, days, crowd)
            asked = [(m, Days(days.first + n, days.last)) for n, m in enumerate(MATCHERS)]
            counted = wt.behaviour.counts(asked, crowd)
            wt.behaviour.forget()
            with monkeypatch.context() as patch:
                patch.setattr(type(wt.engine), "in_process", False)
                other = Crowd(crowd.snapshot, crowd.persons, crowd.spans, crowd.key + "|query")
                _same(walked, wt.behaviour.sequences(MATCHERS, days, columns, other))
                assert len(walked.time_us) and np.array_equal(
                    cells.cells, wt.behaviour.days(MATCHERS, days, other).cells
                )
                for ours, theirs in zip(counted, wt.behaviour.counts(asked, other), strict=True):
                    assert np.array_equal(ours, theirs)
            with wt.engine.session() as session:
                fast += wt.behaviour.impossible(session, crowd.snapshot, days).num_rows
        assert fast > 0


def test_counts_are_those_of_the_sequences(tmp_path: Path) -> None:
    with fresh_app(tmp_path) as wt:
        crowd = _crowd(wt, 5)
        day = Days(FIRST_DAY, FIRST_DAY + 2)
        (counted,) = wt.behaviour.counts([(MATCHERS[0], day)], crowd)
        rows = wt.behaviour.sequences([MATCHERS[0]], day, (), crowd)
        people = crowd.people()
        expected = np.zeros(len(people), np.int64)
        expected[np.searchsorted(people, rows.people)] = np.diff(rows.starts)
        assert counted.tolist() == expected.tolist() and counted.sum() > 0


def test_a_column_of_one_value_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with fresh_app(tmp_path) as wt:
        chance = np.random.default_rng(1)
        rows = _rows(chance, FIRST_DAY, 50, 5, 0)
        for name, value in (("purposes", 15), ("flags", 0), ("day", FIRST_DAY)):
            at = rows.schema.get_field_index(name)
            rows = rows.set_column(
                at, rows.schema.field(name), pa.array([value] * 50, rows.schema.field(name).type)
            )
        file = file_of(wt.lake, 1, wt.lake.stage("events", rows, part_day=FIRST_DAY, origin="one"))
        read: list[list[str]] = []
        plain = pq.ParquetFile.read

        def noted(parquet: pq.ParquetFile, columns: list[str], **more: Any) -> pa.Table:
            read.append(columns)
            return plain(parquet, columns=columns, **more)

        monkeypatch.setattr(pq.ParquetFile, "read", noted)
        piece = read_piece(file, {"alias_no": -1, "purposes": 0, "flags": 0, "day": 0}, ["event"])
        assert read == [["alias_no", "event"]]
        assert set(piece.numbers["purposes"]) == {15} and set(piece.numbers["day"]) == {FIRST_DAY}
        assert piece.texts["event"].values and len(piece.texts["event"].codes) == 50
