"""Keeping the lake readable: merging the small files that live ingestion leaves behind."""

import math
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Lake, LakeFile

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
        lake.commit(tx, [staged], remove=[f.file_id for f in files], reason=f"merge {len(files)} files of {table}")
