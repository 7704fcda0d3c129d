"""The door of reconciliation: compare with a file, with another source, or with one number; kept with its history."""

import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
from sqlalchemy import Connection, RowMapping, insert, select

from weaktie.data.imports.service import Importer, display_name, shipped
from weaktie.data.profiles.service import orders_now
from weaktie.data.quality.service import Quality
from weaktie.data.reconcile.comparing import MOST_DIFFERING, compare, order_facts
from weaktie.data.reconcile.contracts import (
    MEASURES,
    BadReconciliation,
    Compared,
    Definition,
    Explanation,
    Measure,
    NoReconciliation,
)
from weaktie.data.reconcile.logic import NAMES, Facts, Split
from weaktie.data.reconcile.queries import copies
from weaktie.data.reconcile.tables import reconciliation_orders, reconciliations
from weaktie.data.sources import service as sources
from weaktie.kit.clock import Clock, to_datetime
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.store.lake.tables import ORDERS

ROWS_A_STATEMENT = 1_000
_OPEN: dict[str, object] = {"version_time": to_datetime(0), "day": 0, "purposes": 15}
_KEPT = (
    "order_id",
    "alias_no",
    "paid_time",
    "currency",
    "gross_minor",
    "refunded_minor",
    "net_minor",
    "status",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A number to explain; `toggles` and `their_zone` say the other definition where it is known."""

    measure: Measure
    number: int
    from_day: int
    to_day: int
    zone: str
    currency: str
    name: str = ""
    toggles: frozenset[str] | None = None
    their_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Comparisons over the lake. `zone` is the workspace's."""

    database: Database
    clock: Clock
    lake: Lake
    engine: Engine
    importer: Importer
    quality: Quality
    zone: str
    home: Path

    def with_file(self, path: Path, mapping: str | None, zone: str | None) -> tuple[Compared, str]:
        """Our orders against an export's, and the zone of the days. Raises BadImport for a file that cannot be used."""
        named = checked_zone(zone or self.zone)
        work = path.parent / "work"
        try:
            tables, bad, _ = self.importer.orders_in(path, mapping, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        with self.engine.session() as session:
            theirs = self._standing(session, _as_lake(tables))
            ours = self._ours(session)
        left_out = Counter(line.code for line in bad)
        return compare(ours, theirs, named, left_out), named

    def with_source(self, source_id: str, zone: str | None) -> tuple[Compared, str]:
        """Orders that one source said (an import of the shop's export, say) against those of all other sources."""
        named = checked_zone(zone or self.zone)
        with self.database.connect() as connection:
            sources.find(connection, source_id)
        with self.engine.session() as session:
            theirs = self._ours(session, only=source_id)
            ours = self._ours(session, without=source_id)
        return compare(ours, theirs, named, {}), named

    def explain(self, asked: Asked) -> Explanation:
        """Another system's number split into reasons; raises BadReconciliation."""
        if asked.measure not in MEASURES:
            raise _bad("measure", "未知的指标。", "The measure is not known.")
        if not asked.from_day <= asked.to_day <= asked.from_day + 3700:
            raise _bad("to", "日期范围无效。", "The period is not valid.")
        zone = checked_zone(asked.zone)
        split = Split(self.facts(asked.currency), asked.measure, asked.from_day, asked.to_day, zone)
        if asked.toggles is None and asked.their_zone is None:
            return split.explain(asked.number)
        toggles = asked.toggles or frozenset()
        if not toggles <= set(NAMES):
            raise _bad("toggles", "未知的口径。", "A toggle is not known.")
        return split.split(asked.number, Definition(toggles, checked_zone(asked.their_zone or zone)))

    def facts(self, currency: str) -> Facts:
        """What every order is, for splitting numbers in a currency."""
        with self.engine.session() as session:
            snapshot = self._snapshot()
            with self.database.connect() as connection:
                marked = self.quality.marked(connection)
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            now = pl.from_arrow(session.collect(orders_now(orders).select(*_KEPT)))
            often = pl.from_arrow(session.collect(copies(orders)))
            left_out = pl.from_arrow(self.quality.left_out_orders(session, snapshot, marked))
        assert isinstance(now, pl.DataFrame)
        assert isinstance(often, pl.DataFrame)
        assert isinstance(left_out, pl.DataFrame)
        columns = order_facts(now, often, left_out, currency)
        return Facts(*(columns[name].to_numpy().astype(np.int64) for name in Facts.__slots__))

    def save_compared(
        self, tx: Connection, found: Compared, *, kind: str, name: str, zone: str, actor: str
    ) -> str:
        """Keep a comparison; returns its id. At most `MOST_DIFFERING` orders are kept one by one; all are counted."""
        rec_id = new_id("rec", self.clock.now_us())
        days = [asdict(day) for day in found.days]
        result = {
            "days": days, "reasons": dict(found.reasons), "orders": found.orders, "agreeing": found.agreeing,
            "left_out": dict(found.left_out), "kept": len(found.differing),
        }  # fmt: skip
        span = [day["day"] for day in days]
        self._insert(
            tx, rec_id, kind=kind, name=name, zone=zone, from_day=min(span, default=None),
            to_day=max(span, default=None), accuracy=found.accuracy, differing=found.wrong, result=result,
            actor=actor,
        )  # fmt: skip
        kept = [{"rec_id": rec_id, **row} for row in found.differing]
        for at in range(0, len(kept), ROWS_A_STATEMENT):
            tx.execute(insert(reconciliation_orders), kept[at : at + ROWS_A_STATEMENT])
        return rec_id

    def save_explained(self, tx: Connection, asked: Asked, found: Explanation, *, actor: str) -> str:
        """Keep a split number; returns its id."""
        rec_id = new_id("rec", self.clock.now_us())
        result = {
            "measure": asked.measure, "currency": asked.currency, "ours": found.ours, "theirs": found.theirs,
            "reasons": [list(pair) for pair in found.reasons], "unexplained": found.unexplained, "also": found.also,
            "zone": found.definition.zone, "toggles": sorted(found.definition.toggles),
            "given": asked.toggles is not None or asked.their_zone is not None,
        }  # fmt: skip
        self._insert(
            tx, rec_id, kind="number", name=asked.name, zone=asked.zone, from_day=asked.from_day, to_day=asked.to_day,
            accuracy=None, differing=abs(found.unexplained), result=result, actor=actor,
        )  # fmt: skip
        return rec_id

    def _insert(
        self,
        tx: Connection,
        rec_id: str,
        *,
        name: str,
        actor: str,
        result: Mapping[str, object],
        **values: object,
    ) -> None:
        tx.execute(
            insert(reconciliations).values(
                rec_id=rec_id, name=display_name(name or "–"), result_json=json.dumps(result), actor=actor[:64],
                created_us=self.clock.now_us(), **values,
            )
        )  # fmt: skip

    def _snapshot(self) -> Snapshot:
        with self.database.connect() as connection:
            return self.lake.snapshot(connection, tables=["orders", "order_items", "events"])

    def _ours(self, session: Session, *, only: str | None = None, without: str | None = None) -> pl.DataFrame:
        frame = session.scan([f.path for f in self._snapshot().of("orders")], ORDERS.schema)
        if only is not None:
            frame = frame.filter(nw.col("source") == only)
        if without is not None:
            frame = frame.filter(nw.col("source") != without)
        found = pl.from_arrow(session.collect(orders_now(frame).select(*_KEPT)))
        assert isinstance(found, pl.DataFrame)
        return found

    def _standing(self, session: Session, orders: pa.Table) -> pl.DataFrame:
        found = pl.from_arrow(session.collect(orders_now(session.table(orders)).select(*_KEPT)))
        assert isinstance(found, pl.DataFrame)
        return found


def find(connection: Connection, rec_id: str) -> RowMapping:
    """One reconciliation; raises NoReconciliation."""
    row = (
        connection.execute(select(reconciliations).where(reconciliations.c.rec_id == rec_id))
        .mappings()
        .first()
    )
    if row is None:
        raise NoReconciliation
    return row


def history(connection: Connection, cursor: str | None, limit: int | None) -> Page[RowMapping]:
    """Reconciliations, newest first."""
    size = page_size(limit)
    table = reconciliations
    query = select(table).order_by(table.c.created_us.desc(), table.c.rec_id.desc()).limit(size + 1)
    if cursor:
        at, after = read_cursor(cursor, 2)
        query = query.where(
            (table.c.created_us < at) | ((table.c.created_us == at) & (table.c.rec_id < after))
        )
    rows = connection.execute(query).mappings().all()
    last = rows[size - 1] if len(rows) > size else None
    return Page(list(rows[:size]), write_cursor(last["created_us"], last["rec_id"]) if last else None)


def differing(
    connection: Connection, rec_id: str, day: int | None, limit: int = MOST_DIFFERING
) -> Sequence[RowMapping]:
    """Orders that differ, of one day (on either side) or all."""
    find(connection, rec_id)
    table = reconciliation_orders
    query = select(table).where(table.c.rec_id == rec_id).order_by(table.c.day, table.c.order_id).limit(limit)
    if day is not None:
        query = query.where((table.c.day == day) | (table.c.their_day == day))
    return connection.execute(query).mappings().all()


def checked_zone(zone: str) -> str:
    """The zone, if there is such a one; raises BadReconciliation."""
    if zone not in available_timezones():
        raise _bad("zone", "没有这个时区。", "There is no such zone.")
    return ZoneInfo(zone).key


def checked_mapping(mapping: str | None) -> None:
    """A mapping over HTTP is a shipped one's name; raises BadReconciliation."""
    if mapping and mapping not in shipped():
        raise _bad("mapping", "没有这个映射。", "There is no such mapping.")


def _bad(place: str, zh: str, en: str) -> BadReconciliation:
    return BadReconciliation(f"bad_{place}", Words(zh, en), place=place)


def _as_lake(tables: Sequence[pa.Table]) -> pa.Table:
    """Rows of a file with the columns of the lake's orders; what only the loader knows is left open."""
    made = []
    for table in tables:
        columns = {
            field.name: table[field.name].cast(field.type)
            if field.name in table.schema.names
            else pa.array([_OPEN.get(field.name)] * table.num_rows, field.type)
            for field in ORDERS.schema
        }
        made.append(pa.table(columns, schema=ORDERS.schema))
    return pa.concat_tables(made) if made else ORDERS.schema.empty_table()
