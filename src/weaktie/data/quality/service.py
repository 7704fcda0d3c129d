"""The door of quality: marks that people set and end, and what follows from them for events and orders."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import narwhals as nw
import pyarrow as pa
from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.data.quality.contracts import (
    MARK_KINDS,
    MOST_VALUES,
    Added,
    BadMark,
    Counts,
    DayCount,
    Mark,
    Marked,
    MarkKind,
    MayBeShown,
    NoMark,
    People,
    Rate,
)
from weaktie.data.quality.logic import COUNTING as COUNTING
from weaktie.data.quality.logic import among as among
from weaktie.data.quality.logic import counts as counts
from weaktie.data.quality.queries import counted_days, declared_orders, each_once, impossible
from weaktie.data.quality.queries import customers as customers
from weaktie.data.quality.queries import without_impossible as without_impossible
from weaktie.data.quality.rates import Flagged as Flagged
from weaktie.data.quality.rates import FlaggedBook as FlaggedBook
from weaktie.data.quality.rates import Rates as Rates
from weaktie.data.quality.rates import renewed as renewed
from weaktie.data.quality.tables import marks
from weaktie.kit.clock import Clock, business_day
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.store.lake.tables import EVENTS, ORDER_ITEMS, ORDERS

DAYS = 30
MOST_RATES = 200
READS = ("events", "orders", "order_items")


@dataclass(frozen=True, slots=True)
class Quality:
    """Marks, and what they and the flags of events take out of figures. `may_be_shown` tells whose identifiers may be named
    now; those of others only count."""

    database: Database
    lake: Lake
    engine: Engine
    people: People
    settings: Settings
    clock: Clock
    may_be_shown: MayBeShown | None = None
    flagged: FlaggedBook = field(default_factory=FlaggedBook)

    @property
    def limit(self) -> int:
        """Events a minute beyond which nobody is a person; 0 where that is not looked at."""
        return self.settings.build.most_events_a_minute

    def add(self, tx: Connection, kind: MarkKind, values: Sequence[str], *, note: str, actor: str) -> Added:
        """Mark people (by any identifier of theirs) or orders; what is marked already stays as it is.

        Raises BadMark for an unknown kind, no value, or more than a thousand.
        """
        wanted = list(dict.fromkeys(v.strip() for v in values if v.strip()))
        if kind not in MARK_KINDS:
            raise BadMark("kind")
        if not wanted or len(wanted) > MOST_VALUES or any(len(v) > 200 for v in wanted):
            raise BadMark("values")
        now_us = self.clock.now_us()
        ids: list[str] = []
        unknown: list[str] = []
        for value in wanted:
            alias_no = self.people.find(tx, value) if kind == "person" else None
            if kind == "person" and alias_no is None:
                unknown.append(value)
                continue
            row = {"kind": kind, "alias_no": alias_no, "value": None if kind == "person" else value}
            known = tx.execute(
                select(marks.c.mark_id).where(
                    marks.c.ended_us.is_(None),
                    *(
                        marks.c[name] == held if held is not None else marks.c[name].is_(None)
                        for name, held in row.items()
                    ),
                )
            ).scalar()
            if known is None:
                known = new_id("mark", now_us)
                tx.execute(
                    insert(marks).values(
                        mark_id=known, note=note[:200], made_us=now_us, made_by=actor[:64], **row
                    )
                )
            ids.append(known)
        return Added(self._found(tx, ids), unknown)

    def end(self, tx: Connection, mark_id: str, *, actor: str) -> Mark:
        """Let a mark hold no more; what it took out comes back with the next build. Raises NoMark."""
        return self._set(tx, mark_id, self.clock.now_us(), actor)

    def resume(self, tx: Connection, mark_id: str) -> Mark:
        """Let an ended mark hold again. Raises NoMark."""
        return self._set(tx, mark_id, None, None)

    def _set(self, tx: Connection, mark_id: str, ended_us: int | None, actor: str | None) -> Mark:
        changed = tx.execute(
            update(marks).where(marks.c.mark_id == mark_id).values(ended_us=ended_us, ended_by=actor)
        )
        if not changed.rowcount:
            raise NoMark(mark_id)
        return self._found(tx, [mark_id])[0]

    def listed(self, connection: Connection) -> list[Mark]:
        """Every mark, the newest first; of erased people none is left."""
        rows = connection.execute(select(marks).order_by(marks.c.made_us.desc(), marks.c.mark_id.desc()))
        return self._marks(connection, list(rows.mappings()))

    def marked(self, connection: Connection) -> Marked:
        """The marks that hold."""
        rows = connection.execute(
            select(marks.c.kind, marks.c.alias_no, marks.c.value)
            .where(marks.c.ended_us.is_(None))
            .order_by(marks.c.kind, marks.c.alias_no, marks.c.value)
        ).all()
        by_kind: dict[str, list[str]] = {}
        for row in rows:
            if row.value is not None:
                by_kind.setdefault(row.kind, []).append(row.value)
        people = tuple(int(row.alias_no) for row in rows if row.alias_no is not None)
        own = {n for alias_no in people for n in self.people.component(connection, alias_no)}
        return Marked(
            people, tuple(sorted(own)),
            *(tuple(by_kind.get(kind, ())) for kind in ("order_prefix", "product", "coupon")),
        )  # fmt: skip

    def own_people(self, connection: Connection) -> tuple[int, ...]:
        """Identifiers by which own people are named now: one look-up, for those who only ask whether it changed."""
        rows = connection.execute(
            select(marks.c.alias_no)
            .where(marks.c.ended_us.is_(None), marks.c.alias_no.is_not(None))
            .order_by(marks.c.alias_no)
        )
        return tuple(int(n) for n in rows.scalars())

    def left_out_orders(self, session: Session, snapshot: Snapshot, marked: Marked) -> pa.Table:
        """Orders that no figure counts: order_id, crawler, test (0 or 1; own people's are tests), in the order of ids."""
        flagged = session.table(self.flagged.table(session, snapshot))
        orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
        items = session.scan([f.path for f in snapshot.of("order_items")], ORDER_ITEMS.schema)
        declared = declared_orders(orders, items, marked)
        return session.collect(each_once([flagged, *declared])).sort_by("order_id")

    def counts(self) -> Counts:
        """What figures leave out: events of the last 30 days, orders and people of all time."""
        today = business_day(self.clock.now_us(), self.settings.zone)
        with self.database.connect() as connection:
            snapshot = self.lake.snapshot(connection, tables=list(READS))
            marked = self.marked(connection)
        first = today - DAYS + 1
        with self.engine.session() as session:
            files = [f.path for f in snapshot.of("events", from_day=first)]
            events = session.scan(files, EVENTS.schema).filter(nw.col("day") >= first, nw.col("day") <= today)
            crawlers = {r["day"]: r["crawlers"] for r in session.collect(counted_days(events)).to_pylist()}
            orders = self.left_out_orders(session, snapshot, marked)
            may = events.filter(nw.col("purposes") % 2 == 1)
            fast = session.collect(impossible(may, self.limit)).to_pylist() if self.limit else []
        rates: dict[int, int] = {}
        for row in fast:
            rates[row["day"]] = rates.get(row["day"], 0) + row["events"]
        days = [DayCount(d, crawlers.get(d, 0), rates.get(d, 0)) for d in range(first, today + 1)]
        tests = orders["test"].to_pylist()
        return Counts(
            days, len(marked.people), sum(tests), len(tests) - sum(tests), self._named(fast), self.limit
        )

    def _named(self, fast: list[dict[str, int]]) -> list[Rate]:
        most = sorted(fast, key=lambda r: (-r["day"], -r["most_a_minute"], r["alias_no"]))[:MOST_RATES]
        with self.database.connect() as connection:
            known = {a.alias_no: a for a in self.people.described(connection, [r["alias_no"] for r in most])}
            if self.may_be_shown is not None:
                shown = self.may_be_shown(connection, sorted(known))
                known = {n: alias for n, alias in known.items() if n in shown}
        return [
            Rate(
                known[r["alias_no"]].kind, known[r["alias_no"]].value, r["day"], r["most_a_minute"], r["events"]
            )
            for r in most
            if r["alias_no"] in known
        ]  # fmt: skip

    def _found(self, connection: Connection, ids: list[str]) -> list[Mark]:
        rows = connection.execute(select(marks).where(marks.c.mark_id.in_(ids)).order_by(marks.c.mark_id))
        return self._marks(connection, list(rows.mappings()))

    def _marks(self, connection: Connection, rows: list[RowMapping]) -> list[Mark]:
        numbers = [row["alias_no"] for row in rows if row["alias_no"] is not None]
        named = {a.alias_no: a.value for a in self.people.described(connection, numbers)}
        return [
            Mark(
                row["mark_id"], row["kind"], row["value"] or named.get(row["alias_no"]) or "", row["note"],
                row["made_us"], row["made_by"], row["ended_us"],
            )
            for row in rows
        ]  # fmt: skip
