"""The door of serving: who may be served, and the lake's tables without everybody else."""

import hashlib
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import Identity, person_map
from weaktie.data.profiles.contracts import Permits
from weaktie.data.serving.contracts import BadPurpose, Look, NoSuchTable, ServedColumn, ServedTable, Texts
from weaktie.data.serving.queries import served
from weaktie.kit.clock import Clock
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.store.lake.service import columns_of, frame_of
from weaktie.store.lake.tables import TABLES
from weaktie.trust.consent.contracts import PURPOSE_NAMES

POLL_S = 5.0
"""A withdrawal, an erasure or a decision about identity is seen within this time."""
OLDEST_S = 30.0
"""And everything else that takes people out (a source's basis, an age) within this one."""
_PERSON = ServedColumn("person_no", "int32", Words("人的编号", "number of the person"))


class Serving:
    """The tables that analysts read. Safe from any thread."""

    def __init__(
        self, *, database: Database, lake: Lake, engine: Engine, people: Identity, permits: Permits, clock: Clock
    ) -> None:  # fmt: skip
        self.database, self.lake, self.engine, self.clock = database, lake, engine, clock
        self._people, self._permits = people, permits
        self._lock = threading.Lock()
        self._looks: dict[int, tuple[Look, tuple[int, ...], float, float]] = {}

    def look(self, purpose: str = "analytics") -> Look:
        """Who may be served for a purpose now. Raises BadPurpose."""
        if purpose not in PURPOSE_NAMES:
            raise BadPurpose(tuple(PURPOSE_NAMES))
        bit = int(PURPOSE_NAMES[purpose])
        with self._lock:
            now = self.clock.monotonic()
            kept = self._looks.get(bit)
            if kept is not None and now - kept[3] < POLL_S:
                return kept[0]
            with self.database.connect() as connection:
                said = (
                    self._permits.newest_receipt(connection), self._people.last_decision(connection),
                    self._people.erased(connection),
                )  # fmt: skip
                if kept is not None and kept[1] == said and now - kept[2] < OLDEST_S:
                    self._looks[bit] = (*kept[:3], now)
                    return kept[0]
                persons = person_map(connection).person_of
                granted, _ = self._permits.masks(connection, persons)
                deleted = self._permits.all_deleted_tags(connection)
            numbers = np.flatnonzero(persons != ERASED).astype(np.int32)
            allowed = numbers[(granted[persons[numbers]] & bit) != 0]
            gone: dict[str, set[int]] = {}
            for alias_no, tag in deleted:
                if alias_no < len(persons):
                    gone.setdefault(tag, set()).add(int(persons[alias_no]))
            tags = {tag: tuple(sorted(who)) for tag, who in sorted(gone.items())}
            key = hashlib.sha256(allowed.tobytes() + persons[allowed].tobytes() + repr(tags).encode())
            found = Look(bit, allowed, persons[allowed].astype(np.int32), tags, key.hexdigest())
            self._looks[bit] = (found, said, now, now)
            return found

    def snapshot(self) -> Snapshot:
        """The lake as it stands now."""
        with self.database.connect() as connection:
            return self.lake.snapshot(connection)

    def frame(self, session: Session, snapshot: Snapshot, name: str, look: Look) -> nw.LazyFrame[Any]:
        """One table of a snapshot as it may be served; raises NoSuchTable.

        Properties that were promoted to columns stand behind the declared ones.
        """
        return self._frame(session, snapshot, name, look, session.table(look.table()))

    def tables(self) -> list[ServedTable]:
        """Every table, by name, with its columns."""
        found = []
        with self.database.connect() as connection:
            snapshot = self.lake.snapshot(connection)
            for name in sorted(TABLES):
                declared = TABLES[name]
                columns = [ServedColumn(c.name, str(c.dtype), c.doc) for c in declared.columns]
                if declared.open_column:
                    columns += [
                        ServedColumn(c.name, c.type, Words(f"提升自属性 {c.property}", f"promoted from {c.property}"))
                        for c in columns_of(connection, name)
                    ]  # fmt: skip
                if "alias_no" in declared.schema.names:
                    columns.append(_PERSON)
                rows = sum(f.rows for f in snapshot.of(name))
                found.append(ServedTable(name, declared.doc, tuple(columns), rows))
        return found

    def texts(self, names: Iterable[str], look: Look, folder: Path) -> Texts:
        """These tables as SQL of the engine, for a process that has nothing but the engine; raises NoSuchTable.

        What a look says of people is written into `folder`, which the caller empties.
        """
        snapshot = self.snapshot()
        folder.mkdir(parents=True, exist_ok=True)
        people = folder / f"people-{look.key[:32]}.parquet"
        _write_once(people, look.table())
        texts, files = {}, {str(people)}
        with self.engine.session() as session:
            known = session.scan([people], look.table().schema)
            for name in sorted(set(names)):
                frame = self._frame(session, snapshot, name, look, known, folder)
                texts[name] = session.text(frame)
                there = [str(f.path) for f in snapshot.of(name)]
                files.update(there or [str(_empty(folder, name))])
        return Texts(texts, tuple(sorted(files)), snapshot.version)

    def _frame(
        self, session: Session, snapshot: Snapshot, name: str, look: Look, people: nw.LazyFrame[Any],
        folder: Path | None = None,
    ) -> nw.LazyFrame[Any]:  # fmt: skip
        declared = TABLES.get(name)
        if declared is None:
            raise NoSuchTable(name, sorted(TABLES))
        files = snapshot.of(name)
        if not files and folder is not None:
            empty = _empty(folder, name)
            _write_once(empty, declared.schema.empty_table())
            return served(session.scan([empty], declared.schema), declared, people, look)
        with self.database.connect() as connection:  # one that was taken back is gone at once
            promoted = columns_of(connection, name) if declared.open_column else ()
        return served(frame_of(session, files, name, promoted), declared, people, look)


def _empty(folder: Path, name: str) -> Path:
    return folder / f"empty-{name}.parquet"


def _write_once(path: Path, table: pa.Table) -> None:
    """Whole or not at all: two threads may write the same."""
    if not path.exists():
        part = path.with_suffix(f".{threading.get_ident()}.part")
        pq.write_table(table, part)
        part.rename(path)
