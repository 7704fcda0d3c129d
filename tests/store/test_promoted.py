"""Promoted columns: what each type takes, and that a column is the same whenever it was declared."""

import json
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktie.kit.clock import FixedClock, SystemClock
from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import lake_columns, lake_files, lake_versions, metadata
from weaktie.store.lake import jobs
from weaktie.store.lake.contracts import ColumnNameTaken, Lake, NoSuchColumn, PromotedColumn, PromotedType
from weaktie.store.lake.promoted import SLICE_ROWS, with_columns
from weaktie.store.lake.service import REWRITE_LEASE, columns_of, declare, drop, fill, open_lake
from weaktie.store.lake.tables import EVENTS
from weaktie.store.runs.contracts import Busy
from weaktie.store.runs.service import Lease, lease
from weaktie.store.runs.tables import leases

DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)
FITS: list[tuple[PromotedType, object, object]] = [
    ("text", "红", "红"), ("text", 7, "7"), ("text", 1.5, "1.5"), ("text", True, "true"), ("text", [1, "a"], '[1,"a"]'),
    ("text", {"b": 1, "a": 2}, '{"a":2,"b":1}'), ("text", "", ""), ("text", None, None), ("text", 2**64, str(2**64)),
    ("number", 7, 7.0), ("number", -1.5, -1.5), ("number", " 12.50 ", 12.5), ("number", "1e3", 1000.0), ("number", 10**400, ...),
    ("number", "1,200", ...), ("number", "12 元", ...), ("number", True, ...), ("number", [1], ...), ("number", "1e999", ...),
    ("number", "nan", ...), ("number", "٣", ...), ("number", "", ...),
    ("integer", 7, 7), ("integer", 7.0, 7), ("integer", "-42", -42), ("integer", 7.5, ...), ("integer", True, ...),
    ("integer", 2**63 - 1, 2**63 - 1), ("integer", 2**63, ...), ("integer", "9" * 19, ...), ("integer", 1e300, ...),
    ("integer", "7.0", ...), ("integer", {}, ...),
    ("boolean", True, True), ("boolean", False, False), ("boolean", "TRUE", True), ("boolean", 0, False), ("boolean", 1.0, True),
    ("boolean", 2, ...), ("boolean", "yes", ...), ("boolean", [], ...),
    ("time", "2026-01-01T08:00:00+08:00", DAY_ONE), ("time", "2026-01-01", DAY_ONE), ("time", "2026-01-01 00:00:00", DAY_ONE),
    ("time", 1_767_225_600, DAY_ONE), ("time", 1_767_225_600_000, DAY_ONE), ("time", 1_767_225_600_000_000, DAY_ONE),
    ("time", "20260101", ...), ("time", "2026-13-01", ...), ("time", "0001-01-01T00:00:00+14:00", ...), ("time", 12, ...),
    ("time", True, ...), ("time", "9999-12-31T23:59:59-14:00", ...), ("time", 1e300, ...),
]  # fmt: skip


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(1_790_000_000_000_000)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = open_database("sqlite:", tmp_path)
    metadata.create_all(database.engine, tables=[lake_files, lake_versions, lake_columns, leases])
    return database


@pytest.fixture
def lake(tmp_path: Path, clock: FixedClock, database: Database) -> Lake:
    return open_lake("file:", tmp_path, clock, grace_seconds=600, database=database)


def column(kind: PromotedType, prop: str = "x", event: str = "", name: str = "p_x") -> PromotedColumn:
    return PromotedColumn(1, "events", name, name, kind, prop, event, 0, "test")


def rows(texts: list[str | None], events: list[str | None] | None = None) -> pa.Table:
    """Events with these properties, each with its place as its id."""
    given: dict[str, Any] = {
        "event_id": [f"e{i}" for i in range(len(texts))],
        "properties": texts,
        "day": [1] * len(texts),
    }
    given["event"] = events or ["seen"] * len(texts)
    arrays = [
        pa.array(given[f.name], f.type) if f.name in given else pa.nulls(len(texts), f.type)
        for f in EVENTS.schema
    ]
    return pa.table(arrays, schema=EVENTS.schema)


@pytest.mark.parametrize(("kind", "value", "expected"), FITS)
def test_a_value_fits_or_is_null_and_counted(kind: PromotedType, value: object, expected: object) -> None:
    made, fitted = with_columns(rows([json.dumps({"x": value, "y": 1})]), EVENTS, [column(kind)])
    assert made["p_x"].to_pylist() == [None if expected is ... else expected]
    assert fitted == {"p_x": (int(expected is not ... and expected is not None), int(expected is ...))}


def test_what_is_no_object_or_not_there_is_null_and_no_misfit() -> None:
    made, fitted = with_columns(
        rows([None, "", "[1]", "{", '{"x":"\\ud800"}', "[" * 100_000, '{"y":1}', '{"x":null}']),
        EVENTS,
        [column("integer")],
    )
    assert made["p_x"].to_pylist() == [None] * 8
    assert fitted == {"p_x": (0, 0)}
    nothing, _ = with_columns(rows([]), EVENTS, [column("integer")])
    assert nothing.schema.field("p_x").type == pa.int64()


def test_a_column_of_one_event_is_null_elsewhere_and_its_misfits_are_its_own() -> None:
    texts: list[str | None] = ['{"x":1}', '{"x":1}', '{"x":"no"}', '{"x":"no"}', '{"x":2}']
    events = ["seen", "bought", "seen", "bought", None]
    made, fitted = with_columns(rows(texts, events), EVENTS, [column("integer", event="seen")])
    assert made["p_x"].to_pylist() == [1, None, None, None, None]
    assert fitted == {"p_x": (1, 1)}


def test_large_tables_are_read_in_slices() -> None:
    count = SLICE_ROWS + 3
    made, fitted = with_columns(rows([f'{{"x":{i % 5}}}' for i in range(count)]), EVENTS, [column("integer")])
    assert made["p_x"].to_pylist() == [i % 5 for i in range(count)]
    assert fitted == {"p_x": (count, 0)}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from(["1", "1.0", "true", "2026-01-01", "2026-01-01T00:00:00Z", "١", "1_0", "0x1", "‹phone›"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=4,
)  # fmt: skip
NAMES = ("x", "颜色", "a.b", "$x", "with space", 'quo"te', "f0")
PROPERTIES = st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PROPERTIES, min_size=1, max_size=8), st.data())
def test_history_gets_the_very_column_that_new_events_would_have(
    tmp_path_factory: pytest.TempPathFactory, given_rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    texts: list[str | None] = [json.dumps(one).replace("Infinity", "1e999") for one in given_rows]
    events = [data.draw(st.sampled_from(["seen", "bought"])) for _ in texts]
    home, clock = tmp_path_factory.mktemp("lake"), FixedClock(1_790_000_000_000_000)
    database = open_database("sqlite:", home)
    metadata.create_all(database.engine, tables=[lake_files, lake_versions, lake_columns, leases])
    lake = open_lake("file:", home, clock, grace_seconds=600, database=database)

    def put(origin: str) -> None:
        staged = lake.stage("events", rows(texts, list(events)), part_day=1, origin=origin)
        with database.begin() as tx:
            lake.commit(tx, [staged], reason=origin)

    put("before")
    for number, kind in enumerate(("text", "number", "integer", "boolean", "time")):
        prop, event = data.draw(st.sampled_from(NAMES)), data.draw(st.sampled_from(["", "seen"]))
        with database.begin() as tx:
            declare(tx, "events", f"p_{number}", kind, prop, event, now_us=1, actor="t")  # type: ignore[arg-type]
        if data.draw(st.booleans()):
            fill(database, lake, clock, "events", lambda *_: None)
    put("after")
    fill(database, lake, clock, "events", lambda *_: None)
    with database.connect() as connection:
        before, after = lake.snapshot(connection).files
    assert before.origin == "before"
    assert before.promoted == after.promoted
    tables = [pq.read_table(f.path, partitioning=None) for f in (before, after)]
    assert tables[0].equals(tables[1])
    database.close()


def test_a_killed_filling_goes_on_where_it_was(
    lake: Lake, database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(7):
        staged = lake.stage("events", rows([f'{{"x":{number}}}']), part_day=1, origin=f"o{number}")
        with database.begin() as tx:
            lake.commit(tx, [staged], reason="test")
    with database.begin() as tx:
        declare(tx, "events", "p_x", "integer", "x", "", now_us=1, actor="t")
    monkeypatch.setattr(jobs, "FILL_FILES", 2)
    asked = 0

    def dies(share: float, step: object) -> None:
        nonlocal asked
        del share, step
        asked += 1
        if asked == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(database, lake, clock, "events", dies)
    with database.connect() as connection:
        files = lake.snapshot(connection).files
    assert [bool(f.promoted) for f in files] == [False] * 5 + [True] * 2, (
        "the newest first, whole commits only"
    )
    done = fill(database, lake, clock, "events", lambda *_: None)
    assert (done.files, done.rows) == (5, 5)
    with database.connect() as connection:
        files = lake.snapshot(connection).files
    assert [pq.read_table(f.path, partitioning=None)["p_x"].to_pylist() for f in files] == [
        [n] for n in range(7)
    ]
    assert fill(database, lake, clock, "events", lambda *_: None).files == 0


def test_others_that_rewrite_files_have_their_turn_between_commits(
    lake: Lake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An erasure does not wait until all of history is filled."""
    clock = SystemClock()
    for number in range(8):
        staged = lake.stage("events", rows(['{"x":1}']), part_day=1, origin=f"o{number}")
        with database.begin() as tx:
            lake.commit(tx, [staged], reason="test")
    with database.begin() as tx:
        declare(tx, "events", "p_x", "integer", "x", "", now_us=1, actor="t")
    monkeypatch.setattr(jobs, "FILL_FILES", 1)
    begun = threading.Event()
    filling = threading.Thread(
        target=fill, args=(database, lake, clock, "events", lambda *_: begun.set()), daemon=True
    )
    filling.start()
    assert begun.wait(10)
    with lease(database, clock, REWRITE_LEASE, patience_s=10.0), database.connect() as connection:
        left = [f for f in lake.snapshot(connection).files if not f.promoted]
        assert left, "it got the lease before the end"
    filling.join(30)
    with database.connect() as connection:
        assert all(f.promoted for f in lake.snapshot(connection).files)
    other = Lease(database, clock, REWRITE_LEASE)
    assert other.acquire()
    with pytest.raises(Busy), lease(database, clock, REWRITE_LEASE, patience_s=0.1):
        pass


def test_a_name_that_was_taken_back_finds_nothing_of_the_old_column(
    lake: Lake, database: Database, clock: FixedClock
) -> None:
    with database.begin() as tx:
        first = declare(tx, "events", "p_x", "text", "x", "", now_us=1, actor="t")
        with pytest.raises(ColumnNameTaken):
            declare(tx, "events", "p_x", "integer", "y", "", now_us=1, actor="t")
    staged = lake.stage("events", rows(['{"x":"5"}']), part_day=1, origin="one")
    with database.begin() as tx:
        lake.commit(tx, [staged], reason="test")
        drop(tx, first.column_id, now_us=2, actor="t")
        with pytest.raises(NoSuchColumn):
            drop(tx, first.column_id, now_us=2, actor="t")
        assert columns_of(tx, "events") == ()
        second = declare(tx, "events", "p_x", "integer", "x", "", now_us=3, actor="t")
        third = declare(tx, "events", "p_y", "integer", "y", "", now_us=3, actor="t")
    assert (second.name, second.stored_as, third.stored_as) == ("p_x", "p_x__2", "p_y")
    fill(database, lake, clock, "events", lambda *_: None)
    with database.connect() as connection:
        (file,) = lake.snapshot(connection).files
    table = pq.read_table(file.path, partitioning=None)
    assert table.schema.names == [*EVENTS.schema.names, "p_x__2", "p_y"], "rewriting takes the old one out"
    assert table["p_x__2"].to_pylist() == [5]
