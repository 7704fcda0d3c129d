"""One person's rows straight from the lake: events, orders, ties. The engine reads only row groups of the identifiers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import narwhals as nw
import pyarrow as pa

from weaktie.data.profiles.queries import last_by, orders_now
from weaktie.kit.clock import to_iso
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.store.engine.contracts import Engine, Session, micros
from weaktie.store.lake.contracts import LakeFile, Snapshot
from weaktie.store.lake.tables import EVENTS, ORDER_ITEMS, ORDERS, RELATIONS

Json = dict[str, Any]
FILES_A_LOOK = 48
SHOWN = (
    "event_id", "event", "event_time", "received_time", "day", "source", "platform", "channel", "content_id",
    "product_id", "order_id", "amount_minor", "currency", "properties",
)  # fmt: skip
TIES = 500


def events(
    engine: Engine,
    snapshot: Snapshot,
    alias_nos: Sequence[int],
    event: str | None,
    cursor: str | None,
    limit: int | None,
) -> Page[Json]:
    """Events, newest first. Files are looked at from the newest day on, until no older one can hold a row of the page."""
    size = page_size(limit)
    after = read_cursor(cursor, 2) if cursor else None
    files = sorted(snapshot.of("events"), key=lambda f: (-f.max_day, f.file_id))
    rows = pa.table({n: [] for n in SHOWN} | {"us": []})
    with engine.session() as session:
        for start in range(0, len(files), FILES_A_LOOK):
            if rows.num_rows > size and files[start].max_day < rows["day"][size].as_py():
                break
            part = _look(session, files[start : start + FILES_A_LOOK], alias_nos, event, after, size + 1)
            both = pa.concat_tables([rows, part], promote_options="permissive") if rows.num_rows else part
            rows = both.sort_by([("us", "descending"), ("event_id", "descending")]).slice(0, size + 1)
    found = rows.to_pylist()
    items = [_event(row) for row in found[:size]]
    more = write_cursor(found[size - 1]["us"], found[size - 1]["event_id"]) if len(found) > size else None
    return Page(items, more)


def orders(
    engine: Engine, snapshot: Snapshot, alias_nos: Sequence[int], cursor: str | None, limit: int | None
) -> Page[Json]:
    """Orders as they stand, newest first, each with the lines of its latest version."""
    size = page_size(limit)
    after = read_cursor(cursor, 2) if cursor else None
    with engine.session() as session:
        every = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
        mine = every.filter(nw.col("alias_no").is_in(list(alias_nos)), nw.col("purposes") % 2 == 1)
        ids = mine.group_by("order_id").agg(nw.len().alias("n")).select("order_id")
        frame = orders_now(every.join(ids, on="order_id", how="semi")).with_columns(us=micros("paid_time"))
        rows = session.collect(
            _after(frame, after, "order_id").sort("us", "order_id", descending=True).head(size + 1)
        )
        # A last sort in memory: the engine may give the rows of a limit in any order.
        found = rows.sort_by([("us", "descending"), ("order_id", "descending")]).to_pylist()
        lines = _lines(session, snapshot, [row["order_id"] for row in found[:size]])
    items = [
        {
            "order_id": row["order_id"], "paid_time": to_iso(row["us"]), "status": row["status"],
            "channel": row["channel"], "amount_minor": row["gross_minor"], "net_minor": row["net_minor"],
            "refunded_minor": row["refunded_minor"], "currency": row["currency"], "counts": bool(row["counted"]),
            "items": lines.get(row["order_id"], []),
        }
        for row in found[:size]
    ]  # fmt: skip
    more = write_cursor(found[size - 1]["us"], found[size - 1]["order_id"]) if len(found) > size else None
    return Page(items, more)


def relations(engine: Engine, snapshot: Snapshot, alias_nos: Sequence[int]) -> list[Json]:
    """Ties from and to the identifiers: other_alias, kind, direction, count, weight, last_time; the newest first, at most
    500."""
    mine = list(alias_nos)
    with engine.session() as session:
        every = session.scan([f.path for f in snapshot.of("relations")], RELATIONS.schema)
        every = every.filter(nw.col("purposes") % 2 == 1).with_columns(us=micros("time"))
        sides = [
            every.filter(nw.col(own).is_in(mine), ~nw.col(other).is_in(mine)).select(
                nw.col(other).alias("other_alias"),
                "kind",
                nw.lit(direction).alias("direction"),
                "weight",
                "us",
            )
            for own, other, direction in (
                ("src_alias_no", "dst_alias_no", "out"),
                ("dst_alias_no", "src_alias_no", "in"),
            )
        ]
        ties = (
            nw.concat(sides)
            .group_by("other_alias", "kind", "direction")
            .agg(nw.col("weight").max(), nw.col("us").max(), nw.len().alias("count"))
            .sort("us", "other_alias", "kind", "direction", descending=[True, False, False, False])
            .head(TIES)
        )
        found = (
            session.collect(ties).sort_by([("us", "descending"), ("other_alias", "ascending")]).to_pylist()
        )
    return [
        {
            "other_alias": r["other_alias"], "kind": r["kind"], "direction": r["direction"], "count": r["count"],
            "weight": r["weight"], "last_time": to_iso(r["us"]),
        }
        for r in found
    ]  # fmt: skip


def _look(
    session: Session,
    files: list[LakeFile],
    alias_nos: Sequence[int],
    event: str | None,
    after: Any,
    size: int,
) -> pa.Table:
    frame = session.scan([f.path for f in files], EVENTS.schema)
    frame = frame.filter(nw.col("alias_no").is_in(list(alias_nos)), nw.col("purposes") % 2 == 1)
    if event is not None:
        frame = frame.filter(nw.col("event") == event)
    frame = frame.select(*SHOWN).with_columns(us=micros("event_time"))
    return session.collect(
        _after(frame, after, "event_id").sort("us", "event_id", descending=True).head(size)
    )


def _after(frame: nw.LazyFrame[Any], after: Any, key: str) -> nw.LazyFrame[Any]:
    if after is None:
        return frame
    us, last = after
    return frame.filter((nw.col("us") < us) | ((nw.col("us") == us) & (nw.col(key) < last)))


def _event(row: Json) -> Json:
    received: datetime | None = row["received_time"]
    return {
        "event_id": row["event_id"], "event": row["event"], "event_time": to_iso(row["us"]),
        "received_time": received.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" if received else None,
        "source": row["source"], "platform": row["platform"], "channel": row["channel"],
        "content_id": row["content_id"], "product_id": row["product_id"], "order_id": row["order_id"],
        "amount": _money(row["amount_minor"], row["currency"]),
        "properties": msgspec.json.decode(row["properties"]) if row["properties"] else {},
    }  # fmt: skip


def _money(amount_minor: int | None, currency: str | None) -> Json | None:
    return None if amount_minor is None else {"amount_minor": amount_minor, "currency": currency}


def _lines(session: Session, snapshot: Snapshot, order_ids: list[str]) -> dict[str, list[Json]]:
    if not order_ids:
        return {}
    every = session.scan([f.path for f in snapshot.of("order_items")], ORDER_ITEMS.schema)
    mine = every.filter(nw.col("order_id").is_in(order_ids))
    newest = mine.group_by("order_id").agg(nw.col("version_time").max().alias("newest"))
    mine = mine.join(newest, on="order_id", how="inner").filter(nw.col("version_time") == nw.col("newest"))
    rows = session.collect(last_by(mine, ["order_id", "line_no"], ["version_time", "event_id"]))
    lines: dict[str, list[Json]] = {}
    for row in rows.sort_by([("order_id", "ascending"), ("line_no", "ascending")]).to_pylist():
        lines.setdefault(row["order_id"], []).append(
            {
                "product_id": row["product_id"], "name": row["name"], "quantity": row["quantity"],
                "amount_minor": row["amount_minor"], "currency": row["currency"],
            }
        )  # fmt: skip
    return lines
