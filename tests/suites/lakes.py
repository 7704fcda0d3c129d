"""What every lake must do, whichever address is behind it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from weaktie.kit.clock import DAY_US, FixedClock
from weaktie.kit.hashing import hash128
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import DUPLICATE, NEW, OTHER_PAYLOAD, U64, Lake
from weaktie.store.lake.tables import TABLES

LAKES = [
    "file",
    pytest.param("s3", marks=pytest.mark.skip(reason="notyet: s3:// is the next side of the lake's address")),
]


def rows(days: list[int], names: list[str]) -> pa.Table:
    """Events with these days and ids; the other columns are null."""
    schema = TABLES["events"].schema
    given: dict[str, Any] = {"event_id": names, "day": days, "alias_no": list(range(len(days), 0, -1))}
    arrays = [
        pa.array(given[f.name], f.type) if f.name in given else pa.nulls(len(days), f.type) for f in schema
    ]
    return pa.table(arrays, schema=schema)


def words(names: list[str], payload: int = 1) -> U64:
    """The id words of rows that all have one payload."""
    return np.column_stack([hash128(names), np.full(len(names), payload, np.uint64)])


class LakeSuite:
    """Inherited by the test of each side; `lake`, `database` and `clock` come from its fixtures."""

    def put(self, lake: Lake, database: Database, days: list[int], names: list[str], origin: str) -> int:
        staged = lake.stage("events", rows(days, names), part_day=20_000, origin=origin, ids=words(names))
        with database.begin() as tx:
            return lake.commit(tx, [staged], reason=origin)

    def test_a_staged_file_counts_only_after_the_commit(self, lake: Lake, database: Database) -> None:
        staged = lake.stage("events", rows([1], ["a"]), part_day=20_000, origin="one", ids=words(["a"]))
        with database.connect() as connection:
            assert lake.snapshot(connection).files == ()
        with database.begin() as tx:
            version = lake.commit(tx, [staged], reason="test")
        with database.connect() as connection:
            snapshot = lake.snapshot(connection)
        assert snapshot.version == version
        assert [f.rows for f in snapshot.files] == [1]

    def test_a_rolled_back_commit_leaves_nothing(self, lake: Lake, database: Database) -> None:
        staged = lake.stage("events", rows([1], ["a"]), part_day=20_000, origin="one", ids=words(["a"]))
        with pytest.raises(RuntimeError, match="power"), database.begin() as tx:
            lake.commit(tx, [staged], reason="test")
            raise RuntimeError("power")
        with database.connect() as connection:
            assert lake.snapshot(connection).files == ()
            states = lake.classify(connection, "events", words(["a"]), since_day=0)
        assert states.tolist() == [NEW]

    def test_days_prune_files(self, lake: Lake, database: Database) -> None:
        self.put(lake, database, [10, 12], ["a", "b"], "one")
        self.put(lake, database, [20], ["c"], "two")
        with database.connect() as connection:
            snapshot = lake.snapshot(connection)
        assert [f.origin for f in snapshot.of("events", from_day=11, to_day=15)] == ["one"]
        assert [f.origin for f in snapshot.of("events", from_day=13)] == ["two"]
        assert snapshot.of("orders") == []

    def test_ids_tell_duplicates_and_other_payloads(self, lake: Lake, database: Database) -> None:
        self.put(lake, database, [1, 1], ["a", "b"], "one")
        asked = np.vstack([words(["a", "c", "b"]), words(["b", "c", "c"], payload=2), words(["c"])])
        with database.connect() as connection:
            states = lake.classify(connection, "events", asked, since_day=0)
        assert states.tolist() == [
            DUPLICATE,
            NEW,
            DUPLICATE,
            OTHER_PAYLOAD,
            OTHER_PAYLOAD,
            DUPLICATE,
            DUPLICATE,
        ]

    def test_ids_older_than_the_window_are_new_again(self, lake: Lake, database: Database) -> None:
        self.put(lake, database, [1], ["a"], "one")
        with database.connect() as connection:
            assert lake.classify(connection, "events", words(["a"]), since_day=20_001).tolist() == [NEW]

    def test_a_swap_is_seen_whole_or_not_at_all(self, lake: Lake, database: Database) -> None:
        self.put(lake, database, [1], ["a"], "one")
        self.put(lake, database, [1], ["b"], "two")
        with database.connect() as connection:
            before = lake.snapshot(connection)
        merged = lake.stage(
            "events", rows([1, 1], ["a", "b"]), part_day=20_000, origin="both", ids=words(["a", "b"])
        )
        with database.begin() as tx:
            lake.commit(tx, [merged], remove=[f.file_id for f in before.files], reason="merge")
        with database.connect() as connection:
            after = lake.snapshot(connection)
            states = lake.classify(connection, "events", words(["a", "b", "c"]), since_day=0)
        assert [f.origin for f in after.files] == ["both"]
        assert states.tolist() == [DUPLICATE, DUPLICATE, NEW]
        assert all(f.path.exists() for f in before.files), "readers of the old snapshot go on"

    def test_the_sweep_takes_replaced_files_and_orphans_after_the_grace(
        self, lake: Lake, database: Database, clock: FixedClock, listing: Callable[[], set[str]]
    ) -> None:
        self.put(lake, database, [1], ["a"], "one")
        lake.stage("events", rows([1], ["x"]), part_day=20_000, origin="orphan", ids=words(["x"]))
        with database.connect() as connection:
            (old,) = lake.snapshot(connection).files
        with database.begin() as tx:
            lake.commit(tx, [], remove=[old.file_id], reason="gone")
            lake.sweep(tx)
        assert any("one" in name for name in listing()), "the grace time is not over"
        clock.move(7 * DAY_US / 1_000_000)
        with database.begin() as tx:
            assert lake.sweep(tx) > 0
        assert listing() == set()

    def test_rows_are_stored_in_the_tables_own_order(self, lake: Lake, database: Database) -> None:
        import pyarrow.parquet as pq

        self.put(lake, database, [1, 1, 1], ["a", "b", "c"], "one")
        with database.connect() as connection:
            (file,) = lake.snapshot(connection).files
        assert pq.read_table(file.path, partitioning=None)["alias_no"].to_pylist() == [1, 2, 3]
