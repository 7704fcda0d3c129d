"""The lake's contract suite on each side, and the merging of small files."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.suites.lakes import LAKES, LakeSuite, rows, words
from weaktie.kit.clock import FixedClock
from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import metadata
from weaktie.store.lake.contracts import DUPLICATE, Lake
from weaktie.store.lake.jobs import MERGE_AT, compact
from weaktie.store.lake.service import open_lake


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(time.time_ns() // 1000)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = open_database("sqlite:", tmp_path)
    metadata.create_all(database.engine)
    return database


@pytest.fixture(params=LAKES)
def lake(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, database: Database) -> Lake:
    return open_lake(f"{request.param}:", tmp_path, clock, grace_seconds=600, database=database)


@pytest.fixture
def listing(tmp_path: Path) -> Callable[[], set[str]]:
    return lambda: {str(p) for p in (tmp_path / "lake").rglob("*") if p.is_file()}


class TestFileLake(LakeSuite):
    """`file:`."""

    def test_small_files_are_merged_and_still_tell_duplicates(self, lake: Lake, database: Database) -> None:
        names = [f"e{i}" for i in range(MERGE_AT)]
        for i, name in enumerate(names):
            self.put(lake, database, [i], [name], f"file {i}")
        assert compact(database, lake, ["events"]) == MERGE_AT
        assert compact(database, lake, ["events"]) == 0
        with database.connect() as connection:
            (merged,) = lake.snapshot(connection).files
            states = lake.classify(connection, "events", words(names), since_day=0)
        assert (merged.rows, merged.min_day, merged.max_day) == (MERGE_AT, 0, MERGE_AT - 1)
        assert set(states.tolist()) == {DUPLICATE}

    def test_the_same_origin_writes_the_same_path(self, lake: Lake) -> None:
        first = lake.stage("events", rows([1], ["a"]), part_day=1, origin="again", ids=words(["a"]))
        second = lake.stage("events", rows([1], ["a"]), part_day=1, origin="again", ids=words(["a"]))
        assert first == second
