"""`file:` the lake as a folder of Parquet files."""

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from sqlalchemy import Connection, RowMapping, func, insert, select, update

from weaktie.kit.clock import SECOND_US, Clock
from weaktie.kit.disk import sync, write_durably
from weaktie.store.database.tables import lake_files, lake_versions
from weaktie.store.lake.contracts import U64, Fitted, LakeFile, PromotedColumn, Snapshot, Staged
from weaktie.store.lake.logic import IdIndex, in_order, sorted_ids
from weaktie.store.lake.promoted import with_columns
from weaktie.store.lake.tables import TABLES

ROW_GROUP = 64 * 1024
DISTINCT = {"event_id", "order_id", "session_id", "properties", "traits", "title", "body"}
"""Texts that hardly repeat: a dictionary of them costs time and saves nothing."""
_FITTED = msgspec.json.Decoder(dict[str, Fitted])
Columns = Callable[[str], tuple[PromotedColumn, ...]]
"""The promoted columns of a table as they are declared now."""


class FileLake:
    """Files `table/part-N/origin.parquet` below a root, with `origin.ids.npy` beside those that are deduplicated."""

    def __init__(
        self, root: Path, clock: Clock, *, grace_seconds: int, columns: Columns = lambda _: ()
    ) -> None:
        self.root = root
        self.clock = clock
        self.grace_us = grace_seconds * SECOND_US
        self._columns = columns
        self._indexes: dict[str, IdIndex] = {}
        root.mkdir(parents=True, exist_ok=True)

    def stage(
        self, table: str, data: pa.Table, *, part_day: int, origin: str, ids: U64 | None = None
    ) -> Staged:
        """Derive promoted columns, sort, write, sync and rename; the row order within the file is the table's own."""
        declared = TABLES[table]
        assert data.schema.names == declared.schema.names, f"{table}: {data.schema.names}"
        columns = self.columns(table)
        data, promoted = with_columns(data.cast(declared.schema), declared, columns)
        if declared.sort and data.num_rows > 1 and not in_order(data, declared.sort):
            data = data.take(pc.sort_indices(data, [(c, "ascending") for c in declared.sort]))
        name = re.sub(r"[^0-9A-Za-z._-]+", "-", origin)
        folder = self.root / table / f"part-{part_day}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.parquet"
        repeated = [
            f.name for f in data.schema
            if (f.type == pa.string() and f.name not in DISTINCT)
            or (declared.counts and f.type == pa.int32() and f.name not in declared.alias_columns)
        ]  # fmt: skip
        write_durably(
            path,
            lambda out: pq.write_table(
                data, out, compression="zstd", row_group_size=ROW_GROUP, use_dictionary=repeated
            ),
        )
        with path.open("rb") as written:
            sha256, size = hashlib.file_digest(written, "sha256").hexdigest(), path.stat().st_size
        ids_path = None
        if ids is not None:
            ids_path = path.with_suffix(".ids.npy")
            ordered = sorted_ids(ids)
            write_durably(ids_path, lambda out: np.save(out, ordered, allow_pickle=False))
        sync(folder)
        days = pc.min_max(data["day"]).as_py() if "day" in data.schema.names and data.num_rows else None
        low, high = (days["min"], days["max"]) if days and days["min"] is not None else (part_day, part_day)
        below = self.root.resolve()
        return Staged(
            table, str(path.resolve().relative_to(below)), part_day, low, high, data.num_rows, size, sha256, origin,
            str(ids_path.resolve().relative_to(below)) if ids_path else None, promoted,
        )  # fmt: skip

    def is_there(self, staged: Staged) -> bool:
        """By its size: the name is only given once the whole file is on disk."""
        path = self.root / staged.path
        return path.exists() and path.stat().st_size == staged.bytes

    def commit(
        self, tx: Connection, add: list[Staged], *, remove: list[int] | None = None, reason: str
    ) -> int:
        """Put the staged files into the manifest and take the removed ones out, as one version."""
        now_us = self.clock.now_us()
        made = tx.execute(insert(lake_versions).values(made_us=now_us, reason=reason)).inserted_primary_key
        assert made is not None
        version = int(made[0])
        for file in add:
            tx.execute(
                insert(lake_files).values(
                    table_name=file.table, path=file.path, part_day=file.part_day, min_day=file.min_day, max_day=file.max_day,
                    rows=file.rows, bytes=file.bytes, sha256=file.sha256, origin=file.origin, ids_path=file.ids_path,
                    added_version=version, promoted=_fitted_text(file),
                )
            )  # fmt: skip
        if remove:
            gone = tx.execute(
                update(lake_files)
                .where(lake_files.c.file_id.in_(remove), lake_files.c.removed_version.is_(None))
                .values(removed_version=version, removed_us=now_us)
            ).rowcount
            assert gone == len(remove), "a replaced file was not in the lake"
        return version

    def swap(self, tx: Connection, rewritten: Mapping[int, Staged], *, reason: str) -> int:
        """The file's row takes the new path; a row that is removed already takes the old one, for the sweep."""
        now_us = self.clock.now_us()
        made = tx.execute(insert(lake_versions).values(made_us=now_us, reason=reason)).inserted_primary_key
        assert made is not None
        version = int(made[0])
        for file_id, file in rewritten.items():
            row = tx.execute(select(lake_files).where(lake_files.c.file_id == file_id)).mappings().one()
            assert row["removed_version"] is None, "a rewritten file was not in the lake"
            assert row["rows"] == file.rows, "a rewritten file has other rows"
            tx.execute(
                update(lake_files)
                .where(lake_files.c.file_id == file_id)
                .values(path=file.path, bytes=file.bytes, sha256=file.sha256, promoted=_fitted_text(file))
            )
            gone = {name: row[name] for name in lake_files.c.keys() if name not in ("file_id", "ids_path")}  # noqa: SIM118
            tx.execute(insert(lake_files).values(gone | {"removed_version": version, "removed_us": now_us}))
        return version

    def columns(self, table: str) -> tuple[PromotedColumn, ...]:
        """Asked at each writing: another process may have declared one a moment ago."""
        return self._columns(table) if TABLES[table].open_column else ()

    def snapshot(self, tx: Connection, *, tables: list[str] | None = None) -> Snapshot:
        """The files that count now, all from one read of the manifest."""
        version = tx.execute(select(func.coalesce(func.max(lake_versions.c.version), 0))).scalar_one()
        query = (
            select(lake_files).where(lake_files.c.removed_version.is_(None)).order_by(lake_files.c.file_id)
        )
        if tables is not None:
            query = query.where(lake_files.c.table_name.in_(tables))
        return Snapshot(version, tuple(self._file(row) for row in tx.execute(query).mappings()))

    def classify(self, tx: Connection, table: str, ids: U64, *, since_day: int) -> npt.NDArray[np.int8]:
        """Look the ids up in the id files of the manifest; only files that are new since the last call are opened."""
        if len(ids) == 0:
            return np.empty(0, np.int8)
        rows = tx.execute(
            select(lake_files.c.ids_path).where(
                lake_files.c.table_name == table,
                lake_files.c.removed_version.is_(None),
                lake_files.c.ids_path.is_not(None),
                lake_files.c.part_day >= since_day,
            )
        )
        index = self._indexes.setdefault(table, IdIndex())
        index.keep_only({self.root / row.ids_path for row in rows})
        return index.classify(ids)

    def sweep(self, tx: Connection) -> int:
        """Unlink what was replaced before the grace time, then forget its rows; then what no manifest row names."""
        before = self.clock.now_us() - self.grace_us
        old = tx.execute(select(lake_files).where(lake_files.c.removed_us < before)).mappings().all()
        for row in old:
            for name in (row["path"], row["ids_path"]):
                if name:
                    (self.root / name).unlink(missing_ok=True)
        if old:
            tx.execute(lake_files.delete().where(lake_files.c.file_id.in_([row["file_id"] for row in old])))
        named = {
            name
            for row in tx.execute(select(lake_files.c.path, lake_files.c.ids_path))
            for name in row
            if name
        }
        orphans = 0
        for path in self.root.rglob("*"):
            aged = path.is_file() and path.stat().st_mtime * SECOND_US < before
            if aged and str(path.relative_to(self.root)) not in named:
                path.unlink(missing_ok=True)
                orphans += 1
        return len(old) + orphans

    def _file(self, row: RowMapping) -> LakeFile:
        return LakeFile(
            row["file_id"], row["table_name"], self.root / row["path"], row["part_day"], row["min_day"], row["max_day"],
            row["rows"], row["bytes"], row["sha256"], row["origin"], self.root / row["ids_path"] if row["ids_path"] else None,
            row["added_version"], _FITTED.decode(row["promoted"]) if row["promoted"] else {},
        )  # fmt: skip


def _fitted_text(file: Staged) -> str | None:
    return msgspec.json.encode(file.promoted).decode() if file.promoted else None
