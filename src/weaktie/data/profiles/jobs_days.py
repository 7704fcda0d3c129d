"""Keeping `user_day` up with events and orders: only days that something touched are computed again.

Files of `user_day` never reach over a block of 32 days. A touched block gets one file with its touched days; what the
replaced files held of other days goes unchanged into another. All enters the manifest in one commit; a build that
was killed finds the files that it had written already.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.identity.contracts import PersonMap
from weaktie.data.profiles import day_kernel, queries, state
from weaktie.data.profiles.catalogue import code_version
from weaktie.data.profiles.contracts import BuildParts, Progress
from weaktie.data.profiles.tables import ORDERS_NOW, USER_DAY
from weaktie.data.quality.service import Rates, renewed
from weaktie.kit.clock import day_to_date
from weaktie.kit.threads import side_by_side
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile, Snapshot, Staged
from weaktie.store.lake.tables import EVENTS, ORDERS, PRODUCTS

BLOCK_DAYS = 32
AT_ONCE = 2
"""Blocks that are worked on at a time: each takes about half a gigabyte for seven million events."""
INTEREST_DAYS = 90
Frame = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a build reads: one snapshot, one person map, the orders as they stand and those that no figure counts."""

    session: Session
    snapshot: Snapshot
    person_map: PersonMap
    orders: pa.Table
    categories: pa.Table
    left_out: pa.Table

    def scan(self, table: str, schema: pa.Schema, **limits: int) -> Frame:
        """The files of a lake table as one frame."""
        return self.session.scan([f.path for f in self.snapshot.of(table, **limits)], schema)

    def spans(self) -> Frame | None:
        """The spans of shared anonymous ids; None where there are none."""
        spans = self.person_map.spans
        return self.session.table(spans) if spans.num_rows else None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the last build had seen, as it is kept in the database."""

    version: int
    spans: list[list[int]]
    categories: str
    code: str
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Block:
    """Days to compute within one block, the files they replace, and a hash of all that goes in."""

    number: int
    days: list[int]
    replaced: list[LakeFile]
    fingerprint: str


def read_orders(session: Session, snapshot: Snapshot, person_map: PersonMap, left_out: pa.Table) -> pa.Table:
    """Every order as it stands, with its owner: `tables.ORDERS_NOW`; without those of `left_out` (column order_id)."""
    frame = queries.orders_now(session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema))
    frame = frame.join(session.table(left_out.select(["order_id"])), on="order_id", how="anti")
    spans = session.table(person_map.spans) if person_map.spans.num_rows else None
    owned = queries.owned(frame, spans, "paid_time").select(*ORDERS_NOW.names)
    return session.collect(owned).cast(ORDERS_NOW)


def read_categories(session: Session, snapshot: Snapshot) -> pa.Table:
    """product_id, category of every product, in the order of ids."""
    frame = queries.product_categories(
        session.scan([f.path for f in snapshot.of("products")], PRODUCTS.schema)
    )
    return session.collect(frame).sort_by("product_id")


def update(parts: BuildParts, inputs: Inputs, progress: Progress) -> int:
    """Bring `user_day` up to the snapshot; returns how many days were computed."""
    with parts.database.connect() as connection:
        known = state.recall(connection, "user_day")
        known_rates = state.kept_rates(connection)
    before = msgspec.convert(known, Seen) if known else None
    now_seen = Seen(
        inputs.snapshot.version, span_rows(inputs.person_map), _digest(inputs.categories),
        f"{code_version()}|{parts.quality.limit}", inputs.left_out["order_id"].to_pylist(),
    )  # fmt: skip
    rates = renewed(inputs.session, inputs.snapshot, known_rates, parts.quality.limit)
    days = sorted(_touched(inputs, before, now_seen))
    blocks = [_block(inputs, number, group, now_seen) for number, group in _grouped(days)]
    staged: list[Staged] = []

    def stage(block: Block) -> list[Staged]:
        with parts.engine.session() as session:
            return _stage(parts, replace(inputs, session=session), block, rates)

    # While one block is written the next is read and counted.
    made = side_by_side(stage, blocks, AT_ONCE) if parts.engine.in_process else map(stage, blocks)
    for done, files in enumerate(made, 1):
        progress(
            done / len(blocks), Words(f"每日汇总 {done}/{len(blocks)}", f"daily rows {done}/{len(blocks)}")
        )
        staged += files
    with parts.database.begin() as tx:
        state.remember(tx, state.RATES, asdict(rates), parts.clock.now_us())
        state.remember(tx, state.FLAGGED, asdict(parts.quality.flagged.known), parts.clock.now_us())
        removed = [f.file_id for block in blocks for f in block.replaced]
        if staged or removed:
            parts.lake.commit(tx, staged, remove=removed, reason="build: user_day")
        state.remember(tx, "user_day", asdict(now_seen), parts.clock.now_us())
        state.forget(tx, "block:")
    return len(days)


def remember_rates(parts: BuildParts) -> None:
    """Keep whose days count nowhere, as every build does."""
    with parts.database.connect() as connection:
        known, snapshot = state.kept_rates(connection), parts.lake.snapshot(connection, tables=["events"])
    with parts.engine.session() as session:
        rates = renewed(session, snapshot, known, parts.quality.limit)
    with parts.database.begin() as tx:
        state.remember(tx, state.RATES, asdict(rates), parts.clock.now_us())


def offset_minutes(day: int, zone: ZoneInfo) -> int:
    """Zone minus UTC at noon of the business day, in minutes."""
    noon = datetime.combine(day_to_date(day), time(12), tzinfo=zone)
    return int((noon.utcoffset() or timedelta()) / timedelta(minutes=1))


def _touched(inputs: Inputs, before: Seen | None, now_seen: Seen) -> set[int]:
    fresh = before is None or before.code != now_seen.code
    since = 0 if fresh or before is None else before.version
    session, snapshot = inputs.session, inputs.snapshot
    days = _days(session, queries.days_of(inputs.scan("events", EVENTS.schema, since_version=since)))
    new_orders = inputs.scan("orders", ORDERS.schema, since_version=since)
    if snapshot.of("orders", since_version=since):
        orders = inputs.scan("orders", ORDERS.schema)
        days |= _days(session, queries.order_days_touched(orders, new_orders))
    rows = session.scan([f.path for f in snapshot.of("user_day")], USER_DAY.schema)
    if fresh or before is None:
        return days | _days(session, queries.days_of(rows))
    changed = {s[0] for s in _difference(before.spans, now_seen.spans)}
    if changed:
        days |= _days(session, queries.days_of(rows.filter(nw.col("alias_no").is_in(sorted(changed)))))
    other = set(before.left_out) ^ set(now_seen.left_out)
    if other:
        orders = inputs.scan("orders", ORDERS.schema)
        days |= _days(session, queries.days_of(orders.filter(nw.col("order_id").is_in(sorted(other)))))
    if before.categories != now_seen.categories:
        latest = max((f.max_day for f in snapshot.of("events")), default=0)
        met = inputs.scan("events", EVENTS.schema, from_day=latest - INTEREST_DAYS)
        days |= _days(session, queries.days_of(met.filter(nw.col("day") > latest - INTEREST_DAYS)))
    return days


def _days(session: Session, frame: Frame) -> set[int]:
    return {d for d in session.collect(frame)["day"].to_pylist() if d is not None}


def _difference(a: list[list[int]], b: list[list[int]]) -> set[tuple[int, ...]]:
    return {tuple(s) for s in a} ^ {tuple(s) for s in b}


def span_rows(person_map: PersonMap) -> list[list[int]]:
    """The spans as plain rows: alias_no, from_us, to_us, owner_no."""
    spans = person_map.spans
    return [list(row) for row in zip(*(spans[c].to_pylist() for c in spans.schema.names), strict=True)]


def _digest(table: pa.Table) -> str:
    rows = "\n".join(f"{a}\x1f{b}" for a, b in zip(*(c.to_pylist() for c in table.columns), strict=True))
    return hashlib.sha256(rows.encode()).hexdigest()[:16]


def _grouped(days: Iterable[int]) -> list[tuple[int, list[int]]]:
    groups: dict[int, list[int]] = {}
    for day in days:
        groups.setdefault(day // BLOCK_DAYS, []).append(day)
    return sorted(groups.items())


def _block(inputs: Inputs, number: int, days: list[int], seen: Seen) -> Block:
    wanted = set(days)
    snapshot = inputs.snapshot
    replaced = [
        f for f in snapshot.of("user_day", from_day=days[0], to_day=days[-1])
        if wanted & set(range(f.min_day, f.max_day + 1))
    ]  # fmt: skip
    read = [
        *(f.file_id for f in snapshot.of("events", from_day=days[0], to_day=days[-1])),
        *(f.file_id for f in snapshot.of("orders")),
    ]
    text = f"{seen.code}|{days}|{read}|{[f.file_id for f in replaced]}|{seen.spans}|{seen.categories}|{seen.left_out}"
    return Block(number, days, replaced, hashlib.sha256(text.encode()).hexdigest()[:16])


def _computed(
    parts: BuildParts, inputs: Inputs, days: list[int], offsets: list[int], rates: Rates
) -> dict[str, pa.Table]:
    """The days' rows by identifier: by a walk over arrays where the engine is in this process, else by its query."""
    session = inputs.session
    columns = {"day": pa.array(days, pa.int32()), "offset_minutes": pa.array(offsets, pa.int32())}
    as_frame = session.table(pa.table(columns))
    bought = queries.order_days(session.table(inputs.orders), as_frame)
    if not parts.engine.in_process:
        categories = session.table(inputs.categories) if inputs.categories.num_rows else None
        events = inputs.scan("events", EVENTS.schema, from_day=days[0], to_day=days[-1])
        counts = queries.event_days(events, as_frame, inputs.spans(), categories, parts.quality.limit)
        return {"days": session.collect(queries.user_day(counts, bought))}
    names = sorted({c for c in inputs.categories["category"].to_pylist() if c is not None})
    numbers = pc.index_in(inputs.categories["category"], pa.array(names, pa.string()))
    numbered = inputs.categories.select(["product_id"]).append_column("category_no", numbers)
    fast = rates.pairs(days[0], days[-1])
    files = inputs.snapshot.of("events", from_day=days[0], to_day=days[-1])
    found = day_kernel.rows_of(
        files, days, inputs.person_map.spans, numbered, fast, parts.settings.engine.at_once
    )
    made = day_kernel.with_orders(day_kernel.event_days(found, days, offsets, names), session.collect(bought))
    return dict(zip(("days", "bought"), made, strict=True))


def _stage(parts: BuildParts, inputs: Inputs, block: Block, rates: Rates) -> list[Staged]:
    """The block's new files: found from a killed build, or computed and written."""
    name = f"block:{block.number}"
    with parts.database.connect() as connection:
        known = state.recall(connection, name)
    if known and known["fingerprint"] == block.fingerprint:
        staged = msgspec.convert(known["staged"], list[Staged])
        if all(parts.lake.is_there(s) for s in staged):
            return staged
    session = inputs.session
    offsets = [offset_minutes(d, parts.settings.zone) for d in block.days]
    old = session.scan([f.path for f in block.replaced], USER_DAY.schema)
    made = _computed(parts, inputs, block.days, offsets, rates)
    if block.replaced:
        made["rest"] = session.collect(old.filter(~nw.col("day").is_in(block.days)))
    staged = [
        parts.lake.stage(
            "user_day", table.cast(USER_DAY.schema), part_day=block.days[0],
            origin=f"build-{inputs.snapshot.version}-{block.number}-{block.fingerprint}-{kind}",
        )
        for kind, table in made.items()
        if table.num_rows
    ]  # fmt: skip
    with parts.database.begin() as tx:
        value = {"fingerprint": block.fingerprint, "staged": [asdict(s) for s in staged]}
        state.remember(tx, name, value, parts.clock.now_us())
    return staged
