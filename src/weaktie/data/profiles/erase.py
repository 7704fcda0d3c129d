"""Taking a person out of everything that builds made: published generations, `user_day`, `user_tags`, `rfm`."""

from collections.abc import Sequence

import narwhals as nw
import pyarrow as pa
from sqlalchemy import Connection, select

from weaktie.data.profiles import publish
from weaktie.data.profiles.catalogue import USER_TAGS
from weaktie.data.profiles.contracts import PROFILES_LEASE, BuildParts
from weaktie.data.profiles.published import Published
from weaktie.data.profiles.tables import RFM, USER_DAY, generations
from weaktie.store.lake.contracts import LakeFile, Staged
from weaktie.store.lake.tables import LakeTable
from weaktie.store.runs.service import lease

DERIVED: tuple[LakeTable, ...] = (USER_DAY, USER_TAGS, RFM)


class ProfileEraser:
    """Removes people from what builds derived. The tombstone of identity has hidden them before this is called."""

    name = "profiles"

    def __init__(self, parts: BuildParts) -> None:
        self.parts = parts

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Rewrite every file that holds rows of these identifiers; returns how many rows left each table.

        `alias_nos` are all identifiers of one person, its person number among them. Raises Busy while a build runs:
        try again after it. Doing it twice removes nothing more.
        """
        parts = self.parts
        with lease(parts.database, parts.clock, PROFILES_LEASE):
            gone = {"published": self._published(alias_nos)}
            for table in DERIVED:
                gone[table.name] = self._rewrite(table, alias_nos)
        return gone

    def _published(self, alias_nos: Sequence[int]) -> int:
        with self.parts.database.connect() as connection:
            paths = connection.execute(
                select(generations.c.path).where(generations.c.retired_us.is_(None))
            ).scalars()
            files = [self.parts.settings.home / path for path in paths]
        return sum(publish.without(path, alias_nos, alias_nos) for path in files if path.exists())

    def _rewrite(self, table: LakeTable, alias_nos: Sequence[int]) -> int:
        parts = self.parts
        with parts.database.connect() as connection:
            snapshot = parts.lake.snapshot(connection, tables=[table.name])
        added: list[Staged] = []
        removed: list[LakeFile] = []
        gone = 0
        for file in snapshot.of(table.name):
            kept = self._kept(table, file, alias_nos)
            if kept is None:
                continue
            gone += file.rows - kept.num_rows
            removed.append(file)
            if kept.num_rows:
                origin = f"erase-{parts.clock.now_us()}-{file.file_id}"
                added.append(parts.lake.stage(table.name, kept, part_day=file.part_day, origin=origin))
        if removed:
            with parts.database.begin() as tx:
                parts.lake.commit(tx, added, remove=[f.file_id for f in removed], reason="erasure: profiles")
        return gone

    def _kept(self, table: LakeTable, file: LakeFile, alias_nos: Sequence[int]) -> pa.Table | None:
        """The file's rows without these people; None when it has none of theirs."""
        with self.parts.engine.session() as session:
            theirs = nw.lit(False)
            for column in table.alias_columns:
                theirs = theirs | nw.col(column).is_in(list(alias_nos))
            rows = session.scan([file.path], table.schema)
            kept = session.collect(rows.filter(~theirs))
        return None if kept.num_rows == file.rows else kept


class ProfileExporter:
    """The published profile and the derived rows behind it."""

    name = "profiles"

    def __init__(self, parts: BuildParts, published: Published) -> None:
        self.parts, self._published = parts, published

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """The published row with its tags by key, and rows of `user_day`, `user_tags`, `rfm`."""
        parts = self.parts
        found: dict[str, list[dict[str, object]]] = {"published": self._shown(alias_nos)}
        snapshot = parts.lake.snapshot(connection, tables=[t.name for t in DERIVED])
        with parts.engine.session() as session:
            for table in DERIVED:
                theirs = nw.lit(False)
                for column in table.alias_columns:
                    theirs = theirs | nw.col(column).is_in(list(alias_nos))
                frame = session.scan([f.path for f in snapshot.of(table.name)], table.schema)
                found[table.name] = session.collect(frame.filter(theirs)).to_pylist()
        return found

    def _shown(self, alias_nos: Sequence[int]) -> list[dict[str, object]]:
        if self._published.newest() is None:
            return []
        shown: dict[int, dict[str, object]] = {}
        for alias_no in alias_nos:
            known = self._published.body_of(alias_no)
            if known is not None:
                person_no, body = known
                tags = dict(zip(self._published.tag_keys(), body.tags, strict=True))
                shown[person_no] = {
                    "person_no": person_no, "user_id": body.user_id, "names": body.names, "events": body.events,
                    "orders": body.orders, "last_us": body.last_us,
                    "tags": {k: v for k, v in tags.items() if v is not None},
                    "rfm": None if body.rfm is None else body.rfm.rfm_class,
                }  # fmt: skip
        return list(shown.values())
