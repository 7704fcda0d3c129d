"""The overview: computed from the lake, kept for a few seconds, never from figures that can drift from it."""

import threading

import narwhals as nw
import numpy as np
from sqlalchemy import func, select

from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import count_people, person_map
from weaktie.data.metrics.contracts import Overview, Sales
from weaktie.data.metrics.queries import active_pairs, event_counts, sales_by_day
from weaktie.data.profiles.contracts import ANALYTICS, Permits
from weaktie.data.profiles.service import orders_now
from weaktie.data.quality.contracts import Marked
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import Clock, business_day
from weaktie.kit.settings import Settings
from weaktie.store.database.service import Database
from weaktie.store.database.tables import lake_versions
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.store.lake.tables import EVENTS, ORDERS

KEPT_SECONDS = 4.0
DAYS = 30
ARRIVED = ["events", "orders", "order_items"]


class Metrics:
    """Numbers about the whole shop."""

    def __init__(
        self,
        *,
        database: Database,
        lake: Lake,
        engine: Engine,
        settings: Settings,
        clock: Clock,
        quality: Quality,
        permits: Permits | None = None,
    ) -> None:
        self._permits = permits
        self._database, self._lake, self._engine = database, lake, engine
        self._settings, self._clock, self._quality = settings, clock, quality
        self._kept: Overview | None = None
        self._kept_for = ""
        self._kept_at = 0.0
        self._lock = threading.Lock()

    def overview(self) -> Overview:
        """The shop at a glance; at most four seconds old, and recomputed only when the lake has changed."""
        with self._lock:
            if self._kept is not None and self._clock.monotonic() - self._kept_at < KEPT_SECONDS:
                return self._kept
            with self._database.connect() as connection:
                snapshot = self._lake.snapshot(connection, tables=ARRIVED)
                marked = self._quality.marked(connection)
                said = self._permits.newest_receipt(connection) if self._permits is not None else 0
            wanted = f"{snapshot.version}|{marked.digest}|{said}"
            if self._kept is None or self._kept_for != wanted:
                self._kept, self._kept_for = self._compute(snapshot, marked), wanted
            self._kept_at = self._clock.monotonic()
            return self._kept

    def totals(self) -> tuple[int, int, int]:
        """(events, people, distinct orders) in the lake now."""
        with self._database.connect() as connection:
            snapshot = self._lake.snapshot(connection, tables=ARRIVED)
            people = count_people(connection)
        with self._engine.session() as session:
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            distinct = session.collect(orders.select(orders_no=_n_unique("order_id")))
        return sum(f.rows for f in snapshot.of("events")), people, int(distinct["orders_no"][0].as_py() or 0)

    def _compute(self, snapshot: Snapshot, marked: Marked) -> Overview:
        now_us = self._clock.now_us()
        with self._database.connect() as connection:
            people = count_people(connection)
            persons = person_map(connection).person_of
            own = marked.persons(persons) - {ERASED}
            if self._permits is not None:  # who does not grant analysis is not counted among the active
                granted, _ = self._permits.masks(connection, persons)
                living = np.maximum(persons, 0)
                persons = np.where((granted[living] & ANALYTICS) != 0, persons, np.int32(ERASED))
            lake_us = connection.execute(
                select(func.max(lake_versions.c.made_us)).where(lake_versions.c.version <= snapshot.version)
            ).scalar()
        with self._engine.session() as session:
            sales = self._sales(session, snapshot, marked)
            top = session.collect(
                event_counts(session.scan([f.path for f in snapshot.of("events")], EVENTS.schema))
            )
            last_day = business_day(now_us, self._settings.zone)
            active = self._active(session, snapshot, persons, last_day - DAYS + 1, own)
        gmv: dict[str, int] = {}
        for sale in sales:
            gmv[sale.currency] = gmv.get(sale.currency, 0) + sale.amount_minor
        recent = [s for s in sales if s.day > last_day - DAYS]
        return Overview(
            made_us=now_us,
            lake_version=snapshot.version,
            lake_us=lake_us,
            users=people - len(own),
            orders=sum(s.orders for s in sales),
            gmv=sorted(
                ((amount, currency) for currency, amount in gmv.items()), key=lambda pair: -abs(pair[0])
            ),
            events=sum(f.rows for f in snapshot.of("events")),
            sales_by_day=recent,
            active_by_day=active,
            top_events=[(row["event"], row["events"]) for row in top.slice(0, 12).to_pylist()],
        )

    def _sales(self, session: Session, snapshot: Snapshot, marked: Marked) -> list[Sales]:
        orders = orders_now(session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema))
        left_out = self._quality.left_out_orders(session, snapshot, marked).select(["order_id"])
        orders = orders.join(session.table(left_out), on="order_id", how="anti")
        rows = session.collect(sales_by_day(orders)).to_pylist()
        found = [Sales(r["day"], r["orders"], int(r["amount_minor"] or 0), r["currency"] or "") for r in rows]
        return sorted(found, key=lambda s: (s.day, s.currency))

    def _active(
        self,
        session: Session,
        snapshot: Snapshot,
        persons: "np.ndarray[tuple[int], np.dtype[np.int32]]",
        first_day: int,
        own: set[int],
    ) -> list[tuple[int, int]]:
        files = [f.path for f in snapshot.of("events", from_day=first_day)]
        pairs = session.collect(
            active_pairs(session.scan(files, EVENTS.schema), first_day, self._quality.limit)
        )
        days, aliases = pairs["day"].to_numpy(), pairs["alias_no"].to_numpy()
        known = aliases < len(persons)
        people = persons[aliases[known]]
        living = (people != ERASED) & ~np.isin(people, sorted(own))
        unique = np.unique(np.column_stack([days[known][living], people[living]]), axis=0)
        found, counts = np.unique(unique[:, 0], return_counts=True)
        by_day = dict(zip(found.tolist(), counts.tolist(), strict=True))
        return [(day, by_day.get(day, 0)) for day in range(first_day, first_day + DAYS)]


def _n_unique(column: str) -> nw.Expr:
    return nw.col(column).n_unique()
