"""Taking a person out of the shop's own tags, and showing them what is kept."""

from collections.abc import Sequence

import narwhals as nw
from sqlalchemy import Connection, delete, select

from weaktie.data.tags.tables import CUSTOM_TAGS, marks
from weaktie.kit.clock import Clock
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake, LakeFile, Staged


class TagsEraser:
    """Deletes marks and rewrites the files of computed values."""

    name = "tags"

    def __init__(self, database: Database, lake: Lake, engine: Engine, clock: Clock) -> None:
        self._database, self._lake, self._engine, self._clock = database, lake, engine, clock

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove every value of these identifiers; returns how many rows went, by table."""
        with self._database.begin() as tx:
            gone = tx.execute(delete(marks).where(marks.c.alias_no.in_(alias_nos))).rowcount
            snapshot = self._lake.snapshot(tx, tables=[CUSTOM_TAGS.name])
        added: list[Staged] = []
        removed: list[LakeFile] = []
        rows = 0
        for file in snapshot.of(CUSTOM_TAGS.name):
            with self._engine.session() as session:
                scanned = session.scan([file.path], CUSTOM_TAGS.schema)
                kept = session.collect(scanned.filter(~nw.col("person_no").is_in(list(alias_nos))))
            if kept.num_rows == file.rows:
                continue
            rows += file.rows - kept.num_rows
            removed.append(file)
            if kept.num_rows:
                origin = f"{file.origin.partition('#')[0]}#erase-{self._clock.now_us()}-{file.file_id}"
                added.append(self._lake.stage(CUSTOM_TAGS.name, kept, part_day=file.part_day, origin=origin))
        if removed:
            with self._database.begin() as tx:
                self._lake.commit(tx, added, remove=[f.file_id for f in removed], reason="erasure: tags")
        return {"tag_marks": gone, "custom_tags": rows}


class TagsExporter:
    """The person's values of the shop's own tags."""

    name = "tags"

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake, self._engine = lake, engine

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Marks and computed values of these identifiers."""
        rows = connection.execute(select(marks).where(marks.c.alias_no.in_(alias_nos))).mappings()
        snapshot = self._lake.snapshot(connection, tables=[CUSTOM_TAGS.name])
        with self._engine.session() as session:
            frame = session.scan([f.path for f in snapshot.of(CUSTOM_TAGS.name)], CUSTOM_TAGS.schema)
            computed = session.collect(frame.filter(nw.col("person_no").is_in(list(alias_nos)))).to_pylist()
        return {marks.name: [dict(row) for row in rows], CUSTOM_TAGS.name: computed}
