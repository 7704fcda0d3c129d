"""Keeping `tie_day` up with what arrives: only days that something touched are read again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.data.graph import queries, state
from weaktie.data.graph.assembling import ROW, Rows, difference
from weaktie.data.graph.contracts import SOCIAL
from weaktie.data.graph.tables import TIE_DAY
from weaktie.data.profiles.contracts import BuildParts
from weaktie.data.profiles.service import kept_rates, orders_now
from weaktie.data.quality.service import Rates, renewed
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile, Snapshot, Staged
from weaktie.store.lake.tables import CONTENTS, EVENTS, ORDER_ITEMS, ORDERS, RELATIONS
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import Lease

Frame = nw.LazyFrame[Any]
BLOCK_DAYS: Final = 32
OWN_DAYS: Final = 8
"""The last days have a file each, so that a day that is touched again is cheap."""
MOST_ROWS: Final = 40_000_000
"""Events that one query may read."""
NEW_CONTENT_DAYS: Final = 14
"""Likes of a content that was described only later are looked for so many days back."""
_COLUMNS: Final = ("day", "src_no", "dst_no", "kind", "times")


@dataclass(slots=True)
class Changed:
    """What a run changed in `tie_day`: the files that counted before, and rows of touched days before and after;
    `everything` where all days were computed anew, and no rows are kept here."""

    old: list[LakeFile]
    everything: bool
    days: int = 0
    before: list[Rows] = field(default_factory=list)
    after: list[Rows] = field(default_factory=list)

    def more(self) -> Rows | None:
        """What came on top of what was there; None where something went."""
        return difference(joined(self.before), joined(self.after))


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows of several parts as one."""
    if not parts:
        empty = np.empty(0, np.int32)
        return Rows(empty, empty, np.empty(0, np.int8), empty, empty, empty)
    return Rows(*(np.concatenate([getattr(p, n) for p in parts]) for n in ROW))


def update(
    parts: BuildParts, session: Session, snapshot: Snapshot, since: int | None, held: Lease, told: Progress
) -> Changed:
    """Compute every day that files newer than the version `since` touched (all of them for None), and commit them."""
    old = snapshot.of(TIE_DAY.name)
    changed = Changed(old, since is None)
    days = sorted(_touched(session, snapshot, since))
    with parts.database.connect() as connection:
        rates = renewed(session, snapshot, kept_rates(connection), parts.quality.limit)
    replaced = old if changed.everything else _holding(old, days)
    tables = [] if changed.everything else [_rest(session, file, days, changed) for file in replaced]
    chunks = _chunks(snapshot, days)
    for number, chunk in enumerate(chunks):
        told(number / len(chunks), Words("汇总每日互动", "interactions by day"))
        fresh = session.collect(interactions(session, snapshot, chunk, rates)).cast(_schema())
        if not changed.everything:
            changed.after.append(state.rows_of(fresh))
        tables += _by_block(fresh, chunk)
    stamp = f"build-{snapshot.version}-{parts.clock.now_us()}"
    staged = [_staged(parts, t, f"{stamp}-{n}") for n, t in enumerate(tables) if t.num_rows]
    changed.days = len(days)
    if staged or replaced:
        with parts.database.begin() as tx:
            held.check(tx)
            parts.lake.commit(tx, staged, remove=[f.file_id for f in replaced], reason="build: tie_day")
    return changed


def _schema() -> pa.Schema:
    return pa.schema([TIE_DAY.schema.field(n) for n in _COLUMNS])


def _rest(session: Session, file: LakeFile, days: list[int], changed: Changed) -> pa.Table:
    """Rows of a replaced file on other days; those of the days themselves are noted as what was there before."""
    kept = session.collect(session.scan([file.path], TIE_DAY.schema).select(*_COLUMNS)).cast(_schema())
    inside = np.isin(kept["day"].to_numpy(), days)
    changed.before.append(state.rows_of(kept.filter(pa.array(inside))))
    return kept.filter(pa.array(~inside))


def _staged(parts: BuildParts, table: pa.Table, origin: str) -> Staged:
    purposes = pa.array(np.full(table.num_rows, SOCIAL, np.int16))
    data = table.append_column("purposes", purposes)
    return parts.lake.stage(TIE_DAY.name, data, part_day=int(table["day"].to_numpy().min()), origin=origin)


def _holding(files: list[LakeFile], days: list[int]) -> list[LakeFile]:
    wanted = set(days)
    return [f for f in files if wanted & set(range(f.min_day, f.max_day + 1))]


def _chunks(snapshot: Snapshot, days: list[int]) -> list[list[int]]:
    """Days that one query reads: all of them where the rows fit into memory with ease, else a block at a time."""
    if not days:
        return []
    rows = sum(f.rows for f in snapshot.of(EVENTS.name, from_day=days[0], to_day=days[-1]))
    if rows <= MOST_ROWS:
        return [days]
    blocks: dict[int, list[int]] = {}
    for day in days:
        blocks.setdefault(day // BLOCK_DAYS, []).append(day)
    return list(blocks.values())


def _by_block(table: pa.Table, days: list[int]) -> list[pa.Table]:
    """The rows of each file: a block of days, but the last days each by itself."""
    day = table["day"].to_numpy()
    own = days[-1] - OWN_DAYS
    key = np.where(day > own, day.astype(np.int64) + (1 << 32), day // BLOCK_DAYS)
    names = np.unique(key)
    return [table] if len(names) < 2 else [table.filter(pa.array(key == name)) for name in names]


def _touched(session: Session, snapshot: Snapshot, since: int | None) -> set[int]:
    after = since or 0
    days: set[int] = set()
    for table in (EVENTS, RELATIONS, ORDER_ITEMS):
        files = snapshot.of(table.name, since_version=after)
        if files:
            days |= _days(session, queries.days_of(session.scan([f.path for f in files], table.schema)))
    newer = snapshot.of(ORDERS.name, since_version=after)
    if newer:
        orders = session.scan([f.path for f in snapshot.of(ORDERS.name)], ORDERS.schema)
        fresh = session.scan([f.path for f in newer], ORDERS.schema)
        days |= _days(session, queries.days_of_orders(orders, fresh))
    contents = snapshot.of(CONTENTS.name, since_version=after)
    if contents and since is not None:
        latest = max((f.max_day for f in snapshot.of(EVENTS.name)), default=0) - NEW_CONTENT_DAYS
        events = session.scan([f.path for f in snapshot.of(EVENTS.name, from_day=latest)], EVENTS.schema)
        described = session.scan([f.path for f in contents], CONTENTS.schema)
        days |= _days(session, queries.days_of_likes(events.filter(nw.col("day") >= latest), described))
    return days


def _days(session: Session, frame: Frame) -> set[int]:
    return {d for d in session.collect(frame)["day"].to_pylist() if d is not None}


def interactions(session: Session, snapshot: Snapshot, days: list[int], rates: Rates) -> Frame:
    """Rows of `tie_day` without purposes for these days (ascending), from every table that names two people."""
    first, last = days[0], days[-1]
    odd = rates.pairs(first, last)
    impossible = session.table(odd) if odd.num_rows else None

    def scan(name: str, schema: pa.Schema, *, all_days: bool = False) -> Frame:
        files = snapshot.of(name) if all_days else snapshot.of(name, from_day=first, to_day=last)
        return session.scan([f.path for f in files], schema)

    parts = [queries.of_relations(scan(RELATIONS.name, RELATIONS.schema), first, last)]
    if snapshot.of(EVENTS.name, from_day=first, to_day=last):
        events = scan(EVENTS.name, EVENTS.schema)
        parts.append(queries.of_events(events, impossible, first, last))
        if snapshot.of(CONTENTS.name):
            contents = scan(CONTENTS.name, CONTENTS.schema, all_days=True)
            parts.append(queries.of_contents(events, contents, impossible, first, last))
    if snapshot.of(ORDERS.name):
        referred = queries.referred(scan(ORDERS.name, ORDERS.schema, all_days=True))
        parts.append(queries.of_orders(orders_now(referred), first, last))
    if snapshot.of(ORDER_ITEMS.name, from_day=first, to_day=last):
        parts.append(queries.of_items(scan(ORDER_ITEMS.name, ORDER_ITEMS.schema), first, last))
    rows = queries.by_day(parts)
    return rows if len(days) == last - first + 1 else rows.filter(nw.col("day").is_in(days))
