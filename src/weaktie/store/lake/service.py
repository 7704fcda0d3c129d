"""Opening the lake that an address names."""

from pathlib import Path
from typing import Any

import narwhals as nw
from sqlalchemy import Connection, func, select

from weaktie.kit.clock import Clock
from weaktie.store.database.service import Database
from weaktie.store.database.tables import lake_versions
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.arrays import Piece as Piece
from weaktie.store.lake.arrays import Texts as Texts
from weaktie.store.lake.arrays import read_piece as read_piece
from weaktie.store.lake.contracts import Lake, LakeFile, PromotedColumn
from weaktie.store.lake.files import FileLake
from weaktie.store.lake.jobs import PATIENCE_SECONDS as PATIENCE_SECONDS
from weaktie.store.lake.jobs import REWRITE_LEASE as REWRITE_LEASE
from weaktie.store.lake.jobs import fill as fill
from weaktie.store.lake.jobs import take_out as take_out
from weaktie.store.lake.promoted import columns_of as columns_of
from weaktie.store.lake.promoted import declare as declare
from weaktie.store.lake.promoted import drop as drop
from weaktie.store.lake.promoted import schema_with
from weaktie.store.lake.tables import TABLES


def open_lake(
    address: str, home: Path, clock: Clock, *, grace_seconds: int, database: Database | None = None
) -> Lake:
    """The lake at `file:FOLDER`; an empty folder means `lake` in the home. Who writes gives the database, which declares
    the promoted columns."""

    def columns(table: str) -> tuple[PromotedColumn, ...]:
        if database is None:
            return ()
        with database.connect() as connection:
            return columns_of(connection, table)

    assert address.startswith("file:"), f"no lake is known at {address}"
    return FileLake(
        home / (address.removeprefix("file:") or "lake"), clock, grace_seconds=grace_seconds, columns=columns
    )


def newest_version(connection: Connection) -> int:
    """The version a snapshot would have now, without reading the manifest."""
    return int(connection.execute(select(func.coalesce(func.max(lake_versions.c.version), 0))).scalar_one())


def made_since(connection: Connection, version: int) -> bool:
    """Whether more than newly arrived events has changed the lake after a version: a build, an import, a tag, an erasure."""
    changed = select(lake_versions.c.version).where(
        lake_versions.c.version > version, lake_versions.c.reason.not_like("log-%")
    )
    return connection.execute(changed.limit(1)).first() is not None


def frame_of(
    session: Session, files: list[LakeFile], table: str, columns: tuple[PromotedColumn, ...]
) -> nw.LazyFrame[Any]:
    """These files of a table with promoted columns under their names, null where a file has not been filled yet."""
    missing = {c.stored_as for c in columns for f in files if c.stored_as not in f.promoted}
    frame = session.scan([f.path for f in files], schema_with(TABLES[table], columns), may_lack=missing)
    return frame.rename({c.stored_as: c.name for c in columns if c.stored_as != c.name})
