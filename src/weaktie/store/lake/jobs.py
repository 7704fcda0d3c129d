"""Rewriting files: merging the small ones that live ingestion leaves behind, and taking people out."""

import functools
import math
from collections import defaultdict
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Lake, LakeFile, Staged
from weaktie.store.lake.tables import TABLES

MERGE_AT = 16
SMALLEST_TIER_BYTES = 128 * 1024
LARGEST_MERGED_BYTES = 256 * 1024 * 1024
REWRITE_LEASE = "lake:rewrite"
"""Held by whatever replaces files of arrived rows: compaction and erasure never work at the same time."""


def compact(database: Database, lake: Lake, tables: Iterable[str]) -> int:
    """Merge files of one received day wherever sixteen of about one size have gathered; returns how many were merged.

    Tiers grow eightfold, so a row is rewritten a few times in its life. The caller holds REWRITE_LEASE.
    """
    with database.connect() as connection:
        snapshot = lake.snapshot(connection, tables=list(tables))
    groups: dict[tuple[str, int, int], list[LakeFile]] = defaultdict(list)
    for file in snapshot.files:
        groups[file.table, file.part_day, _tier(file.bytes)].append(file)
    merged = 0
    for (table, day, _), files in sorted(groups.items()):
        if len(files) >= MERGE_AT and sum(f.bytes for f in files) <= LARGEST_MERGED_BYTES:
            _merge(database, lake, table, day, files)
            merged += len(files)
    return merged


def _tier(size: int) -> int:
    return max(0, math.ceil(math.log(max(size, 1) / SMALLEST_TIER_BYTES, 8)))


def _merge(database: Database, lake: Lake, table: str, day: int, files: list[LakeFile]) -> None:
    rows = pa.concat_tables([pq.read_table(f.path, partitioning=None) for f in files])
    sidecars = [np.load(f.ids_path, allow_pickle=False) for f in files if f.ids_path is not None]
    ids = np.concatenate(sidecars) if sidecars else None
    origin = f"{table}-merged-{files[0].file_id}-{files[-1].file_id}"
    staged = lake.stage(table, rows, part_day=day, origin=origin, ids=ids)
    with database.begin() as tx:
        lake.commit(
            tx, [staged], remove=[f.file_id for f in files], reason=f"merge {len(files)} files of {table}"
        )


def take_out(
    database: Database,
    lake: Lake,
    table: str,
    alias_nos: Collection[int],
    *,
    blank: Collection[str],
    now_us: int,
) -> int:
    """Rewrite every file of the table that names these identifiers; returns how many rows were dropped or blanked.

    A row goes when one of its alias columns outside `blank` names one of them; in the columns of `blank` the number is
    taken out and the row stays. The ids of dropped rows stay known, so that late copies do not come back. The files
    that were replaced are deleted by the next sweep after the grace time. The caller holds REWRITE_LEASE.
    """
    declared = TABLES[table]
    with database.connect() as connection:
        files = lake.snapshot(connection, tables=[table]).of(table)
    wanted = pa.array(sorted(alias_nos), pa.int32())
    staged: list[Staged] = []
    replaced: list[int] = []
    touched = 0
    for file in files:
        aliases = pq.read_table(file.path, columns=list(declared.alias_columns), partitioning=None)
        named = {c: pc.is_in(aliases[c], wanted) for c in declared.alias_columns}
        anywhere = functools.reduce(pc.or_, named.values())
        count = pc.sum(anywhere).as_py() or 0
        if not count:
            continue
        touched += count
        rows = pq.read_table(file.path, partitioning=None)
        for column in blank:
            position = rows.schema.get_field_index(column)
            cleared = pc.if_else(named[column], pa.scalar(None, pa.int32()), rows[column])
            rows = rows.set_column(position, rows.schema.field(position), cleared)
        dropping = [named[c] for c in declared.alias_columns if c not in blank]
        if dropping:
            rows = rows.filter(pc.invert(functools.reduce(pc.or_, dropping)))
        ids = np.load(file.ids_path, allow_pickle=False) if file.ids_path is not None else None
        origin = f"{table}-without-{now_us}-{file.file_id}"
        staged.append(lake.stage(table, rows, part_day=file.part_day, origin=origin, ids=ids))
        replaced.append(file.file_id)
    if replaced:
        with database.begin() as tx:
            lake.commit(tx, staged, remove=replaced, reason=f"erasure: {table}")
    return touched
