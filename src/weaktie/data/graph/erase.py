"""Taking a person out of the graph, and showing them what is kept."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import narwhals as nw
from sqlalchemy import Connection

from weaktie.data.graph import state
from weaktie.data.graph.tables import TIE_DAY, TIE_PEOPLE, TIES
from weaktie.data.profiles.contracts import PROFILES_LEASE, Grounds
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake, LakeFile, Staged
from weaktie.store.lake.tables import LakeTable
from weaktie.store.runs.service import lease

OWNED: tuple[LakeTable, ...] = (TIE_DAY, TIES, TIE_PEOPLE)
MOST_EXPORTED = 10_000


class GraphEraser:
    """Rewrites every file that names a person, and forgets the pairs beside."""

    name = "graph"

    def __init__(self, parts: Grounds) -> None:
        self.parts = parts

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove every row that names these identifiers; returns how many rows went, by table. Raises Busy while a build
        runs: try again after it."""
        with lease(self.parts.database, self.parts.clock, PROFILES_LEASE):
            state.drop_pairs(self.parts.settings.home)
            return {table.name: self._rewrite(table, alias_nos) for table in OWNED}

    def _rewrite(self, table: LakeTable, alias_nos: Sequence[int]) -> int:
        parts = self.parts
        with parts.database.connect() as connection:
            snapshot = parts.lake.snapshot(connection, tables=[table.name])
        added: list[Staged] = []
        removed: list[LakeFile] = []
        gone = 0
        for file in snapshot.of(table.name):
            with parts.engine.session() as session:
                rows = session.scan([file.path], table.schema)
                kept = session.collect(rows.filter(~_names(table, alias_nos)))
            if kept.num_rows == file.rows:
                continue
            gone += file.rows - kept.num_rows
            removed.append(file)
            if kept.num_rows:
                origin = f"erase-{parts.clock.now_us()}-{file.file_id}"
                added.append(parts.lake.stage(table.name, kept, part_day=file.part_day, origin=origin))
        if removed:
            with parts.database.begin() as tx:
                parts.lake.commit(tx, added, remove=[f.file_id for f in removed], reason="erasure: graph")
        return gone


class GraphExporter:
    """The person's side of the graph: figures of their own, and their ties by number."""

    name = "graph"

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake, self._engine = lake, engine

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows that name these identifiers. Of others only a mark stands there: who they are is theirs."""
        snapshot = self._lake.snapshot(connection, tables=[t.name for t in OWNED])
        own = set(alias_nos)
        found: dict[str, list[dict[str, object]]] = {}
        for table in OWNED:
            with self._engine.session() as session:
                frame = session.scan([f.path for f in snapshot.of(table.name)], table.schema)
                rows = session.collect(frame.filter(_names(table, alias_nos)).head(MOST_EXPORTED)).to_pylist()
            for row in rows:
                for column in table.alias_columns:
                    if row[column] not in own:
                        row[column] = "‹another person›"
            found[table.name] = rows
        return found


def _names(table: LakeTable, alias_nos: Sequence[int]) -> nw.Expr:
    return reduce(or_, (nw.col(c).is_in(list(alias_nos)) for c in table.alias_columns))
