"""Rewriting files: merging the small ones that live ingestion leaves behind, taking people out, filling columns."""

import functools
import math
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from weaktie.kit.clock import Clock
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Filled, Lake, LakeFile, Staged
from weaktie.store.lake.tables import TABLES
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import Lease, kept_alive

MERGE_AT = 16
SMALLEST_TIER_BYTES = 128 * 1024
LARGEST_MERGED_BYTES = 256 * 1024 * 1024
REWRITE_LEASE = "lake:rewrite"
"""Held by whatever replaces files of arrived rows: compaction, erasure and filling never work at the same time."""
FILL_ROWS, FILL_FILES = 500_000, 64
"""What one commit of filling rewrites at most, but for a single larger file; between two commits others have their turn."""
TURN_SECONDS = 0.2
PATIENCE_SECONDS = 15.0
"""How long merging and erasure wait for their turn while columns are filled: several commits of ordinary files."""


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
    rows = pa.concat_tables([_declared_rows(f.path, table) for f in files])
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
        rows = _declared_rows(file.path, table)
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


def fill(database: Database, lake: Lake, clock: Clock, table: str, progress: Progress) -> Filled:
    """Give every file of the table the promoted columns that are declared, the newest files first.

    Each commit swaps some files for their like with the columns; a run that was killed left whole commits, and the next
    goes on with what is lacking. Others that rewrite files are waited for, and have their turn between commits.
    """
    files = rows = 0
    while True:
        with _in_turn(database, clock, progress) as held:
            with database.connect() as connection:
                living = lake.snapshot(connection, tables=[table])
            columns = lake.columns(table)
            lacking = [f for f in living.of(table) if f.lacks(columns)]
            if not lacking:
                return Filled(files, rows)
            behind = sum(f.rows for f in lacking)
            staged: dict[int, Staged] = {}
            written = 0
            for file in _portion(lacking):
                progress(rows / (rows + behind) if rows + behind else 0.0, _filling(rows, rows + behind))
                # A name that no earlier commit gave: what a killed run left under it counts nowhere.
                origin = f"{table}-columns-{living.version}-{file.file_id}"
                staged[file.file_id] = lake.stage(
                    table, _declared_rows(file.path, table), part_day=file.part_day, origin=origin
                )
                written, rows, behind = written + file.rows, rows + file.rows, behind - file.rows
            with database.begin() as tx:
                held.check(tx)
                lake.swap(tx, staged, reason=f"columns: {len(staged)} files of {table}, {written} rows")
            files += len(staged)
        time.sleep(TURN_SECONDS)  # who waits for the lease gets it now


def _portion(lacking: list[LakeFile]) -> Iterator[LakeFile]:
    """As much as one commit takes, the newest first."""
    rows = 0
    for number, file in enumerate(sorted(lacking, key=lambda f: f.file_id, reverse=True)):
        if number >= FILL_FILES or (rows and rows + file.rows > FILL_ROWS):
            return
        rows += file.rows
        yield file


def _filling(done: int, total: int) -> Words:
    return Words(f"回填历史 {done:,}/{total:,} 行", f"filling history, {done:,} of {total:,} rows")


@contextmanager
def _in_turn(database: Database, clock: Clock, progress: Progress) -> Iterator[Lease]:
    """Hold REWRITE_LEASE, waiting for who has it."""
    held = Lease(database, clock, REWRITE_LEASE)
    while not held.acquire():
        progress(0.0, Words("等待其他整理完成", "waiting for another rewriting"))
        time.sleep(TURN_SECONDS)
    try:
        with kept_alive(held):
            yield held
    finally:
        held.release()


def _declared_rows(path: Path, table: str) -> pa.Table:
    """A file's rows in the declared columns: promoted ones are made anew when they are written."""
    return pq.read_table(path, columns=TABLES[table].schema.names, partitioning=None)
