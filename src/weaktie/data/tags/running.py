"""Running a query that a person wrote: apart from everybody's engine, over the offered tables, for a bounded time."""

import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import duckdb
import narwhals as nw
import pyarrow as pa

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.tags.checking import check
from weaktie.data.tags.contracts import BadTagSql, SlowTagSql
from weaktie.data.tags.frames import OFFERED, People
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.engine.service import open_apart

PREVIEW_SECONDS = 15.0
FILL_SECONDS = 600.0
MEMORY_GB = 1.0
THREADS = 2


class Runner:
    """Queries of tags, each in an engine of its own."""

    def __init__(self, settings: Settings, most_a_minute: int) -> None:
        self._settings, self._limit = settings, most_a_minute
        self._schema: dict[str, list[tuple[str, str]]] = {}

    def run(self, sql: str, crowd: Crowd, seconds: float) -> pa.Table:
        """The query's whole answer; raises BadTagSql or SlowTagSql."""
        engine = open_apart(self._settings.home, memory_gb=MEMORY_GB, threads=THREADS)
        try:
            with engine.session() as session:
                text = check(session, sql, OFFERED)
                people = People(session, crowd, self._limit)
                named = {name for name in OFFERED if re.search(rf"\b{name}\b", text, re.IGNORECASE)}
                frames: Mapping[str, nw.LazyFrame[Any]] = {name: people.frame(name) for name in sorted(named)}
                session.seal([f.path for f in crowd.snapshot.files])
                with _within(session, seconds):
                    return session.sql(f"SELECT * FROM (\n{text}\n) AS answer", frames)  # noqa: S608 (checked, and sealed off)
        except duckdb.InterruptException as stopped:
            raise SlowTagSql(seconds) from stopped
        except duckdb.Error as error:
            said = str(error).splitlines()[0][:300]
            raise BadTagSql(Words(f"查询无法执行：{said}", f"The query does not run: {said}")) from error
        finally:
            engine.close()

    def schema(self, crowd: Crowd) -> dict[str, list[tuple[str, str]]]:
        """The offered tables with names and types of their columns; they change with a release, never while it runs."""
        if self._schema:
            return self._schema
        engine = open_apart(self._settings.home, memory_gb=MEMORY_GB, threads=THREADS)
        try:
            with engine.session() as session:
                people = People(session, crowd, self._limit)
                self._schema = {name: people.columns(name) for name in OFFERED}
                return self._schema
        finally:
            engine.close()


@contextmanager
def _within(session: Session, seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, session.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
