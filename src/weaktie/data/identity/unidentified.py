"""Orders of which nobody knows the buyer: how many, why, and which."""

from dataclasses import dataclass

import narwhals as nw

from weaktie.data.identity.contracts import HIDDEN_PERSON
from weaktie.data.identity.queries import FILE, HIDDEN_BUYER, NO_BUYER, unidentified
from weaktie.data.quality.service import Quality
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import EVENTS, ORDERS

WHY: dict[str, Words] = {
    HIDDEN_BUYER: Words("买家标识被打码或加密", "The buyer is masked or encrypted"),
    NO_BUYER: Words("上报时没有买家", "It came without a buyer"),
    FILE: Words(
        "导入文件没有可用的买家标识（缺失、打码或加密）",
        "The imported file names no usable buyer (none, masked or encrypted)",
    ),
}


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order without a buyer. Money in minor units; `paid_us` is when it was paid."""

    order_id: str
    paid_us: int
    amount_minor: int | None
    currency: str | None
    source_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many orders have no buyer for a reason, and their amount in one currency."""

    reason: str
    currency: str | None
    orders: int
    amount_minor: int


class Unidentified:
    """Reads the lake's orders, without those that no figure counts (tests, crawlers)."""

    def __init__(self, database: Database, lake: Lake, engine: Engine, quality: Quality) -> None:
        self._database, self._lake, self._engine, self._quality = database, lake, engine, quality

    def read(
        self, reason: str | None, cursor: str | None, limit: int | None
    ) -> tuple[int, list[Tally], Page[OpenOrder]]:
        """All orders that count, the tallies of those without a buyer, and a page of these, the newest first."""
        size = page_size(limit)
        with self._database.connect() as connection:
            snapshot = self._lake.snapshot(connection, tables=["orders", "order_items", "events"])
            marked = self._quality.marked(connection)
        if not snapshot.of("orders"):
            return 0, [], Page([], None)
        with self._engine.session() as session:
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            left_out = self._quality.left_out_orders(session, snapshot, marked).select(["order_id"])
            orders = orders.join(session.table(left_out), on="order_id", how="anti")
            events = session.scan([f.path for f in snapshot.of("events")], EVENTS.schema)
            every = session.collect(orders.select(nw.col("order_id").n_unique()))["order_id"][0].as_py()
            frame = unidentified(orders, events, HIDDEN_PERSON)
            tallied = session.collect(
                frame.group_by("reason", "currency").agg(
                    nw.len().alias("orders"), nw.col("amount_minor").sum().alias("amount_minor")
                )
            )
            if reason:
                frame = frame.filter(nw.col("reason") == reason)
            if cursor:
                us, order_id = read_cursor(cursor, 2)
                later = nw.col("us") < us
                frame = frame.filter(later | ((nw.col("us") == us) & (nw.col("order_id") < order_id)))
            rows = session.collect(frame.sort("us", "order_id", descending=True).head(size + 1))
        found = rows.sort_by([("us", "descending"), ("order_id", "descending")]).to_pylist()
        items = [
            OpenOrder(
                row["order_id"], row["us"], row["amount_minor"], row["currency"], row["source"], row["reason"]
            )
            for row in found[:size]
        ]
        more = write_cursor(items[-1].paid_us, items[-1].order_id) if len(found) > size else None
        tallies = [
            Tally(row["reason"], row["currency"], int(row["orders"]), int(row["amount_minor"] or 0))
            for row in tallied.sort_by([("reason", "ascending"), ("currency", "ascending")]).to_pylist()
        ]
        return int(every), tallies, Page(items, more)
