"""The database's contract on SQLite and PostgreSQL, the migrations, jobs and leases."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, insert, inspect, select, text

import weaktie.app.wiring  # noqa: F401  every capability declares its tables
from weaktie.kit.clock import FixedClock
from weaktie.kit.words import Words
from weaktie.store.database.contracts import DatabaseUnavailable
from weaktie.store.database.jobs import head, revision, upgrade
from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import lake_versions, metadata
from weaktie.store.runs.contracts import Busy, Cancelled, NoSuchJob
from weaktie.store.runs.service import Jobs, Lease, lease


def versions(database: Database) -> int:
    with database.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(lake_versions)).scalar_one())


def add(database: Database) -> None:
    with database.begin() as tx:
        tx.execute(insert(lake_versions).values(made_us=1, reason="test"))


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    add(database)
    with pytest.raises(RuntimeError), database.begin() as tx:
        tx.execute(insert(lake_versions).values(made_us=2, reason="lost"))
        raise RuntimeError
    assert versions(database) == 1


def test_writers_from_many_threads_wait_for_each_other(database: Database) -> None:
    def ten() -> None:
        for _ in range(10):
            add(database)

    threads = [threading.Thread(target=ten) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions(database) == 60


def test_a_reader_sees_one_moment(sqlite_database: Database) -> None:
    add(sqlite_database)
    with sqlite_database.connect() as connection:
        count = select(func.count()).select_from(lake_versions)
        before = connection.execute(count).scalar_one()
        add(sqlite_database)
        assert connection.execute(count).scalar_one() == before


def test_what_cannot_be_reached_is_a_named_refusal() -> None:
    nowhere = open_database("postgresql://nobody@127.0.0.1:1/nothing", Path())
    with pytest.raises(DatabaseUnavailable), nowhere.connect() as connection:
        connection.execute(text("select 1"))
    nowhere.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        opened = open_database("sqlite:", tmp_path)
        yield opened
        opened.close()
        return
    opened = open_database(request.getfixturevalue("empty_postgresql_address"), Path())
    yield opened
    opened.close()


def test_the_migrations_make_exactly_the_tables_that_are_declared(empty: Database) -> None:
    assert revision(empty) is None
    assert upgrade(empty) == head() == revision(empty)
    assert upgrade(empty) == head(), "running it again changes nothing"
    with empty.begin() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert set(inspect(empty.engine).get_table_names()) - {"alembic_version"} == set(metadata.tables)


def test_a_lease_has_one_holder_until_it_lapses(database: Database) -> None:
    clock = FixedClock()
    mine, other = Lease(database, clock, "work"), Lease(database, clock, "work")
    assert mine.acquire()
    assert not other.acquire()
    clock.move(20)
    mine.renew()
    clock.move(20)
    assert not other.acquire(), "it was renewed"
    clock.move(31)
    assert other.acquire()
    with pytest.raises(Busy):
        mine.renew()
    with database.begin() as tx, pytest.raises(Busy):
        mine.check(tx)
    other.release()
    with lease(database, clock, "work"), pytest.raises(Busy), lease(database, clock, "work"):
        pass


def test_two_at_once_never_both_hold_a_lease(database: Database) -> None:
    clock = FixedClock()
    got: list[bool] = []
    threads = [
        threading.Thread(target=lambda: got.append(Lease(database, clock, "work").acquire()))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


def test_a_job_goes_from_waiting_to_its_end(database: Database) -> None:
    clock = FixedClock()
    jobs = Jobs(database, clock)
    made = jobs.start("build", {}, "anna")
    assert jobs.start("build", {}, "ben").job_id == made.job_id, "one that waits is not queued twice"
    waiting = jobs.next_waiting()
    assert waiting is not None
    assert waiting.job_id == made.job_id
    assert jobs.begin(made.job_id)
    assert not jobs.begin(made.job_id)
    jobs.report(made.job_id, 0.5, Words("一半", "half"))
    assert jobs.get(made.job_id).progress == 0.5
    jobs.end(made.job_id, result={"people": 3})
    ended = jobs.get(made.job_id)
    assert (ended.state, ended.progress, ended.result) == ("done", 1.0, {"people": 3})
    with pytest.raises(NoSuchJob):
        jobs.get("job_none")


def test_a_cancelled_job_stops_at_its_next_report_and_a_silent_one_is_failed(database: Database) -> None:
    clock = FixedClock()
    jobs = Jobs(database, clock)
    first = jobs.start("build", {}, "anna")
    jobs.begin(first.job_id)
    jobs.cancel(first.job_id)
    with pytest.raises(Cancelled):
        jobs.report(first.job_id, 0.5, Words("一半", "half"))
    clock.move(1)
    second = jobs.start("build", {}, "anna")
    jobs.begin(second.job_id)
    clock.move(61)
    assert jobs.next_waiting() is None
    assert jobs.get(second.job_id).error == "process_died"
    third = jobs.start("import", {"import_id": "x"}, "anna")
    page = jobs.page(None, 2)
    assert [j.job_id for j in page.items] == [third.job_id, second.job_id]
    assert [j.job_id for j in jobs.page(page.next_cursor, 2).items] == [first.job_id]
