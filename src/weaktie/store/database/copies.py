"""Copies of a database as one SQLite file, whichever database it is, and loading one into either."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from weaktie.store.database.jobs import upgrade
from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import metadata

PAGES_A_STEP = 2_000
ROWS_A_STATEMENT = 2_000
Share = Callable[[float], None]


def copy_out(database: Database, path: Path, told: Share) -> None:
    """Write one consistent copy to a new SQLite file while others read and write; no writer waits for it.

    SQLite: the online backup API over one pinned read, which in WAL mode holds up nobody. PostgreSQL: all rows of one
    REPEATABLE READ snapshot, in the schema of this release.
    """
    if database.is_sqlite:
        _copy_sqlite(str(database.engine.url.database), path, told)
        return
    target = open_database(f"sqlite:{path}", Path())
    try:
        upgrade(target)
        snapshot = database.engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with snapshot as source, target.begin() as tx:
            source.execute(text("SET TRANSACTION READ ONLY"))
            _copy_rows(source, tx, told)
        target.settle()
    finally:
        target.close()


def load(path: Path, database: Database, told: Share) -> None:
    """Fill an empty PostgreSQL database from a copy, in one transaction after the schema was made."""
    assert not database.is_sqlite, "a copy is a SQLite database already"
    source = open_database(f"sqlite:{path}", Path())
    try:
        upgrade(source)
        upgrade(database)
        with source.connect() as rows, database.begin() as tx:
            _copy_rows(rows, tx, told)
            _continue_counting(tx)
    finally:
        source.close()


def is_empty(database: Database) -> bool:
    """Whether it holds no table at all."""
    return not inspect(database.engine).get_table_names()


def drop_all(database: Database) -> None:
    """Empty a database that a restore had begun to fill."""
    with database.begin() as tx:
        for name in inspect(tx).get_table_names():
            tx.execute(text(f"DROP TABLE {tx.dialect.identifier_preparer.quote(name)} CASCADE"))


def rows_by_table(connection: Connection) -> dict[str, int]:
    """How many rows each declared table that is there has."""
    there = set(inspect(connection).get_table_names())
    return {
        t.name: int(connection.execute(select(func.count()).select_from(t)).scalar_one())
        for t in metadata.sorted_tables
        if t.name in there
    }


def _copy_sqlite(source_path: str, path: Path, told: Share) -> None:
    source = sqlite3.connect(f"{Path(source_path).absolute().as_uri()}?mode=ro", uri=True)
    target = sqlite3.connect(path)
    try:
        source.isolation_level = None
        source.execute("BEGIN")
        # The first read pins the snapshot: without it each foreign write would start the copy over.
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        target.execute("PRAGMA synchronous=OFF")
        source.backup(
            target,
            pages=PAGES_A_STEP,
            sleep=0.0,
            progress=lambda _s, left, total: told(1 - left / max(total, 1)),
        )
    finally:
        target.close()
        source.close()


def _copy_rows(source: Connection, target: Connection, told: Share) -> None:
    tables = metadata.sorted_tables
    for number, table in enumerate(tables):
        target.execute(table.delete())
        found = source.execution_options(yield_per=ROWS_A_STATEMENT).execute(select(table))
        for part in found.mappings().partitions(ROWS_A_STATEMENT):
            target.execute(insert(table), [dict(row) for row in part])
        told((number + 1) / len(tables))


def _continue_counting(tx: Connection) -> None:
    """PostgreSQL's counters go on above what was loaded."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None and _counts(tx, table, column.name):
            tx.execute(
                text("SELECT setval(pg_get_serial_sequence(:t, :c), :n)"),
                {
                    "t": table.name,
                    "c": column.name,
                    "n": tx.execute(select(func.max(column))).scalar() or 1,
                },
            )


def _counts(tx: Connection, table: Table, column: str) -> bool:
    query = text("SELECT pg_get_serial_sequence(:t, :c)")
    return tx.execute(query, {"t": table.name, "c": column}).scalar() is not None
