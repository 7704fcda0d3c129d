"""What is known of events once and for all: whose day counts nowhere because nobody can do so much in a minute, and which
orders an event marks. Both are exact, and kept up by reading newer files alone."""

import threading
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.data.quality.queries import busy, customers, each_once, flagged_orders, impossible
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile, Snapshot
from weaktie.store.lake.tables import EVENTS

PAIRS = pa.schema([("alias_no", pa.int32()), ("day", pa.int32())])
FLAGGED = pa.schema([("order_id", pa.string()), ("crawler", pa.int32()), ("test", pa.int32())])


@dataclass(frozen=True, slots=True)
class Rates:
    """The identifiers beyond `limit` by day, as of one version of the lake. Plain values, so that a build can keep them."""

    version: int = 0
    limit: int = 0
    days: dict[int, list[int]] = field(default_factory=dict)

    def pairs(self, first_day: int, last_day: int) -> pa.Table:
        """alias_no, day of these days."""
        rows = [
            (a, d) for d, aliases in sorted(self.days.items()) if first_day <= d <= last_day for a in aliases
        ]
        return pa.table([[a for a, _ in rows], [d for _, d in rows]], schema=PAIRS)


def renewed(session: Session, snapshot: Snapshot, known: Rates | None, limit: int) -> Rates:
    """The rates as of the snapshot. Only days that a file newer than what is known may hold are looked at again.

    More than the limit in a minute is more than the limit on the day and on all days together, so only identifiers that
    are busy in that sense are looked at by the minute. What erasure takes out names nobody who is still there.
    """
    if not limit:
        return Rates(snapshot.version, limit)
    if known is None or known.limit != limit or known.version > snapshot.version:
        known = Rates(0, limit)
    newer = [(f.min_day, f.max_day) for f in snapshot.of("events", since_version=known.version)]
    if not newer:
        return Rates(snapshot.version, limit, known.days)
    stale = _merged(newer)
    files = [
        f for f in snapshot.of("events") if any(f.min_day <= high and f.max_day >= low for low, high in stale)
    ]
    found = _found(session, files, stale, limit)
    kept = {d: a for d, a in known.days.items() if not any(low <= d <= high for low, high in stale)}
    return Rates(snapshot.version, limit, kept | found)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same days as few spans."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _found(
    session: Session, files: list[LakeFile], days: list[tuple[int, int]], limit: int
) -> dict[int, list[int]]:
    events: nw.LazyFrame[Any] = session.scan([f.path for f in files], EVENTS.schema)
    some = session.collect(busy(events, ["alias_no"], limit))
    if not some.num_rows:
        return {}
    may = customers(events.filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null()))
    may = may.join(session.table(some), on="alias_no", how="semi")
    on_days = session.collect(busy(may, ["alias_no", "day"], limit))
    day = on_days["day"].to_numpy()
    wanted = np.zeros(len(day), np.bool_)
    for low, high in days:
        wanted |= (day >= low) & (day <= high)
    on_days = on_days.filter(pa.array(wanted))
    if not on_days.num_rows:
        return {}
    rows = impossible(may.join(session.table(on_days), on=["alias_no", "day"], how="semi"), limit)
    found: dict[int, list[int]] = {}
    for row in session.collect(rows.select("alias_no", "day").sort("day", "alias_no")).to_pylist():
        found.setdefault(row["day"], []).append(row["alias_no"])
    return found


@dataclass(frozen=True, slots=True)
class Flagged:
    """Orders of which an event is marked, as of one version of the lake: order_id → [crawler, test], 0 or 1 each.

    Files are never changed, so that an order stays marked; one whose events are gone is in no table any more.
    """

    version: int = 0
    orders: dict[str, list[int]] = field(default_factory=dict)


class FlaggedBook:
    """The orders that events mark, of the newest version that anybody asked for. Safe from any thread."""

    def __init__(self) -> None:
        self.known = Flagged()
        self._lock = threading.Lock()

    def offer(self, known: Flagged) -> None:
        """Begin with what somebody else found, where that is more."""
        with self._lock:
            if known.version > self.known.version:
                self.known = known

    def table(self, session: Session, snapshot: Snapshot) -> pa.Table:
        """The orders as of the snapshot or later: order_id, crawler, test."""
        with self._lock:
            newer = snapshot.of("events", since_version=self.known.version)
            if newer:
                found = session.scan([f.path for f in newer], EVENTS.schema)
                orders = {order: list(marks) for order, marks in self.known.orders.items()}
                for row in session.collect(each_once([flagged_orders(found)])).to_pylist():
                    before = orders.get(row["order_id"], [0, 0])
                    orders[row["order_id"]] = [max(before[0], row["crawler"]), max(before[1], row["test"])]
                self.known = Flagged(snapshot.version, orders)
            orders = self.known.orders
        columns = [list(orders), [c for c, _ in orders.values()], [t for _, t in orders.values()]]
        return pa.table(columns, schema=FLAGGED)
