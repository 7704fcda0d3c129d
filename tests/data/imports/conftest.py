"""An importer over a database of its own, and a bulk entry that keeps rows the way the lake does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from sqlalchemy import Connection

from weaktie.data.collect.contracts import BadRow, Event, LoadBatch, LoadOutcome
from weaktie.data.imports import tables
from weaktie.data.imports.contracts import ImportResult, ImportSpec, Kind
from weaktie.data.imports.converters import Defaults
from weaktie.data.imports.service import Importer
from weaktie.kit.clock import FixedClock
from weaktie.kit.words import Words
from weaktie.store.database.service import Database, open_database


@dataclass
class FakeLake:
    """Takes batches as collect's bulk entry does: an id enters once, everything with `commit` or nothing."""

    database: Database
    rows: dict[str, list[pa.Table]] = field(default_factory=dict)
    ids: dict[str, set[str]] = field(default_factory=dict)
    personal: list[pa.Table] = field(default_factory=list)
    fail_at: int | None = None
    calls: int = 0

    def __call__(
        self, batches: Sequence[LoadBatch], commit: Callable[[Connection, Sequence[LoadOutcome]], None]
    ) -> Sequence[LoadOutcome]:
        """Keep what is new."""
        self.calls += 1
        if self.fail_at is not None and self.calls == self.fail_at:
            raise KeyboardInterrupt
        outcomes, new = [], []
        for batch in batches:
            known = self.ids.setdefault(batch.table, set())
            fresh: dict[str, int] = {}
            for row, event_id in enumerate(batch.rows["event_id"].to_pylist()):
                if event_id not in known:
                    fresh.setdefault(event_id, row)
            outcomes.append(LoadOutcome(len(fresh), batch.rows.num_rows - len(fresh)))
            new.append((batch, fresh))
        with self.database.begin() as tx:
            commit(tx, outcomes)
        for batch, fresh in new:
            self.ids[batch.table] |= set(fresh)
            self.rows.setdefault(batch.table, []).append(
                batch.rows.take(pa.array(list(fresh.values()), pa.int64()))
            )
            if batch.personal is not None:
                self.personal.append(batch.personal)
        return outcomes

    def table(self, name: str) -> pl.DataFrame:
        """All rows of a table."""
        frame = pl.from_arrow(pa.concat_tables(self.rows[name]))
        assert isinstance(frame, pl.DataFrame)
        return frame


class OneSource:
    """Every import belongs to one source."""

    def for_import(
        self, tx: Connection, *, source_id: str | None, basis: Mapping[str, str] | None
    ) -> tuple[str, int]:
        """The named source, or a fixed one."""
        return source_id or "src_import", 15


class NoHistory:
    """No file of these tests holds calls: tests of such files use the whole product."""

    def decode(self, protocol: str, line: bytes) -> tuple[list[Event], list[BadRow]]:
        """Never called."""
        raise AssertionError(protocol, line)

    def load(self, events: Sequence[tuple[int, Event]], **more: object) -> None:
        """Never called."""
        raise AssertionError(events, more)


@dataclass
class Bench:
    """What a test needs: the importer, the lake behind it, a folder."""

    importer: Importer
    lake: FakeLake
    clock: FixedClock
    folder: Path

    def write(self, name: str, content: str | bytes) -> Path:
        """A file in the test's folder."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, path: Path, kind: Kind, mapping: object = None, **more: object) -> ImportResult:
        """Import a file from the command line."""
        self.clock.move(1)
        spec = ImportSpec(path, kind, mapping, **more)  # type: ignore[arg-type]
        return self.importer.import_file(spec, actor="test", progress=silent)


def silent(share: float, step: Words) -> None:
    """Progress that nobody watches."""
    assert 0.0 <= share <= 1.0


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """An importer in Shanghai whose money is CNY."""
    database = open_database("sqlite:", tmp_path)
    tables.imports.create(database.engine)
    tables.import_mappings.create(database.engine)
    clock = FixedClock()
    lake = FakeLake(database)
    importer = Importer(
        database, clock, tmp_path, Defaults("Asia/Shanghai", "CNY"), lake, OneSource(), NoHistory()
    )
    return Bench(importer, lake, clock, tmp_path)
