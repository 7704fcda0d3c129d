"""Connections and transactions. Services take a Connection; only entry points begin and end one."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    CursorResult,
    Engine,
    Select,
    bindparam,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import QueuePool

from weaktie.store.database.contracts import DatabaseUnavailable

BUSY_TIMEOUT_MS = 15_000
ROWS_A_STATEMENT = 20_000


class ByValues:
    """A read over a list of values, for hot paths: one statement for each of a few lengths, compiled once.

    SQLAlchemy's own `in_` writes its statement anew at every execution, which takes longer than a point read. `make`
    gives the statement for a list of bound values; a list between two lengths repeats its last value.
    """

    def __init__(self, make: Callable[[list[BindParameter[Any]]], Select[Any]]) -> None:
        self._make = make
        self._by_length: dict[int, Select[Any]] = {}

    def run(self, connection: Connection, values: Sequence[Any], **more: Any) -> CursorResult[Any]:
        """Execute it over at least one and at most 16,384 values; `more` are the statement's other bound values."""
        assert 0 < len(values) <= 16_384, len(values)
        length = 1 << (len(values) - 1).bit_length()
        statement = self._by_length.get(length)
        if statement is None:
            statement = self._by_length[length] = self._make([bindparam(f"v{i}") for i in range(length)])
        padded = [*values, *[values[-1]] * (length - len(values))]
        return connection.execute(statement, {f"v{i}": v for i, v in enumerate(padded)} | more)


def write_many(
    tx: Connection, target: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]], conflict: str = ""
) -> None:
    """Insert many rows on a hot path, past SQLAlchemy's work on each row; on PostgreSQL as arrays, an order of magnitude
    faster than row by row.

    `target` is `table (columns)`, `types` PostgreSQL's types of these columns, `conflict` what follows ON CONFLICT: constants
    of the calling module, never values. A row may not stand twice where `conflict` updates.
    """
    tail = f" ON CONFLICT {conflict}" if conflict else ""
    insertion = f"INSERT INTO {target}"
    if tx.dialect.name == "sqlite":
        marks = ", ".join("?" * len(types))
        for at in range(0, len(rows), ROWS_A_STATEMENT):
            tx.exec_driver_sql(f"{insertion} VALUES ({marks}){tail}", list(rows[at : at + ROWS_A_STATEMENT]))
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    for at in range(0, len(rows), ROWS_A_STATEMENT):
        columns = tuple(list(column) for column in zip(*rows[at : at + ROWS_A_STATEMENT], strict=True))
        tx.exec_driver_sql(f"{insertion} SELECT * FROM unnest({arrays}){tail}", columns)  # noqa: S608  constants only


def append_many(tx: Connection, target: str, types: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """As `write_many` for rows that conflict with nothing; on PostgreSQL by COPY, which spares the quoting of arrays of text."""
    if tx.dialect.name == "sqlite":
        write_many(tx, target, types, rows)
        return
    driver: Any = tx.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def read_among(
    connection: Connection, source: str, column: str, kind: str, values: Sequence[Any]
) -> Sequence[Any]:
    """Rows whose `column` is among many values, whatever their number: one statement with one bound value.

    `source` is `SELECT columns FROM table`, `kind` PostgreSQL's type of the column: constants, as in `write_many`.
    """
    if connection.dialect.name == "sqlite":
        among = "IN (SELECT value FROM json_each(?))"
        return connection.exec_driver_sql(
            f"{source} WHERE {column} {among}", (json.dumps(list(values)),)
        ).all()
    return connection.exec_driver_sql(f"{source} WHERE {column} = ANY(%s::{kind}[])", (list(values),)).all()


class Database:
    """One SQLite file (WAL, synchronous=FULL, one writer at a time) or one PostgreSQL database."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer = threading.RLock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, undone when it raises.

        Raises DatabaseUnavailable when the database cannot be reached or stays locked; then nothing was kept.
        """
        if not self.is_sqlite:
            with self._reachable(), self.engine.begin() as tx:
                yield tx
            return
        with self._writer, self._reachable(), self.engine.connect() as tx:
            tx.execute(text("BEGIN IMMEDIATE"))
            try:
                yield tx
            except BaseException:
                tx.rollback()
                raise
            tx.commit()

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A read: one snapshot for the whole block, never written through."""
        with self._reachable(), self.engine.connect() as connection:
            if self.is_sqlite:
                connection.execute(text("BEGIN"))
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            raise DatabaseUnavailable(str(error.orig)) from error

    def settle(self) -> None:
        """Write SQLite's journal into its file and empty it, so that deleted rows stand nowhere any more.

        A long reader (a backup, say) puts it off to the next call: waiting for one would make every writer wait.
        """
        if self.is_sqlite:
            with self._writer, self._reachable(), self.engine.connect() as connection:
                connection.execute(text("PRAGMA busy_timeout=0"))
                try:
                    connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
                finally:
                    connection.execute(text(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}"))

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def open_database(address: str, home: Path) -> Database:
    """The database at `sqlite:FILE` (an empty file is `weaktie.db` in the home) or `postgresql://…`."""
    if address.startswith("sqlite:"):
        path = home / (address.removeprefix("sqlite:").removeprefix("//") or "weaktie.db")
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            f"sqlite:///{path}",
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=32,
            connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return Database(engine)
    assert address.startswith("postgresql"), f"no database is known at {address}"
    url = address.replace("postgresql://", "postgresql+psycopg://", 1)
    return Database(create_engine(url, pool_pre_ping=True, pool_size=8, max_overflow=32))


def _prepare_sqlite(connection, _record) -> None:  # type: ignore[no-untyped-def]
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
