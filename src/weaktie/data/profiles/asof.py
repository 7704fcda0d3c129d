"""What RFM is cut from as of a day in the past: the orders as they stood then, of people who may be analysed now.

A version of an order counts when it came before the end of the day. The first version of an order counts from the day of
the order on, whenever it came in: a file that is loaded today tells of orders of last year.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.data.profiles import queries
from weaktie.data.profiles import queries_people as qp
from weaktie.data.profiles.logic import CLASSES, LEVELS, TIER_OF_CLASS, Cutoffs, rfm
from weaktie.data.profiles.rules import Rule
from weaktie.data.profiles.tables import ORDERS_NOW, RFM
from weaktie.store.engine.contracts import Session, micros
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import ORDERS

Frame = nw.LazyFrame[Any]
BUYERS = pa.schema(
    [
        ("person_no", pa.int32()), ("currency", pa.string()), ("f_orders", pa.int64()), ("m_minor", pa.int64()),
        ("first_day", pa.int32()), ("last_day", pa.int32()),
    ]
)  # fmt: skip
"""What RFM is cut from."""


@dataclass(frozen=True, slots=True)
class End:
    """A day as of which to look, and the moment at which it ends."""

    day: int
    end_us: int


def buyers_as_of(
    session: Session, snapshot: Snapshot, persons: pa.Table, spans: pa.Table, left_out: pa.Table, ends: Sequence[End]
) -> dict[int, pa.Table]:  # fmt: skip
    """For each day person_no, currency, f_orders, m_minor, first_day, last_day of every buyer as of then, by person.

    `persons` has alias_no and person_no, `left_out` the order_id of what no figure counts. All days are one pass over the
    orders: every order stands there once for each day, under a number of its own.
    """
    known = [e for e in ends if any(f.min_day <= e.day for f in snapshot.of("orders"))]
    found = {e.day: BUYERS.empty_table() for e in ends}
    if not known:
        return found
    n = len(known)
    wanted = pa.table(
        {
            "place": pa.array(range(n), pa.int64()), "end_day": pa.array([e.day for e in known], pa.int32()),
            "end_us": pa.array([e.end_us for e in known], pa.int64()),
        }
    )  # fmt: skip
    orders = session.collect(_orders_then(session, snapshot, spans, left_out, wanted))
    alias = persons["alias_no"].to_numpy().astype(np.int64)
    person = persons["person_no"].to_numpy().astype(np.int64)
    everyone = pa.table(
        {
            "alias_no": pa.array(np.concatenate([alias * n + i for i in range(n)])),
            "person_no": pa.array(np.concatenate([person * n + i for i in range(n)])),
        }
    )
    latest = max(e.day for e in known)
    rows = qp.person_orders(session.table(orders), session.table(everyone), latest)
    buyers = session.collect(qp.buyers(rows)).sort_by("person_no")
    number = buyers["person_no"].to_numpy()
    for place, end in enumerate(known):
        mine = buyers.filter(pa.array(number % n == place))
        whose = pa.array(mine["person_no"].to_numpy() // n, pa.int32())
        found[end.day] = mine.set_column(0, "person_no", whose).select(BUYERS.names).cast(BUYERS)
    return found


def _orders_then(
    session: Session, snapshot: Snapshot, spans: pa.Table, left_out: pa.Table, ends: pa.Table
) -> Frame:
    """Orders as they stood at each end: columns of ORDERS_NOW with numbers of orders and owners that hold the end's place."""
    n = ends.num_rows
    versions = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
    versions = versions.join(session.table(left_out.select(["order_id"])), on="order_id", how="anti")
    first = nw.col("version_time").cum_count().over("order_id", order_by=["version_time", "event_id"]) == 1
    then = versions.with_columns(is_first=first).join(session.table(ends), how="cross")
    then = then.filter(nw.col("is_first") | (micros("version_time") < nw.col("end_us")))
    placed = then.with_columns(
        order_id=nw.concat_str([nw.col("place").cast(nw.String), nw.lit("|"), nw.col("order_id")])
    )
    stood = queries.orders_now(placed)
    owners = session.table(spans) if spans.num_rows else None
    owned = queries.owned(stood, owners, "paid_time").with_columns(
        place=nw.col("order_id").str.replace_all(r"\|.*$", "").cast(nw.Int64)
    )
    mine = owned.join(session.table(ends), on="place", how="inner").filter(nw.col("day") <= nw.col("end_day"))
    return mine.with_columns(owner_no=nw.col("owner_no").cast(nw.Int64) * n + nw.col("place")).select(
        *ORDERS_NOW.names
    )


def rfm_table(buyers: pa.Table, as_of_day: int, rule: Rule) -> tuple[pa.Table, dict[str, Cutoffs]]:
    """The lake table `rfm` of these buyers as of the day, cut by the rule; and the cut-offs by currency."""
    first = buyers["first_day"].to_numpy().astype(np.int64)
    last = buyers["last_day"].to_numpy().astype(np.int64)
    r_days = np.maximum(as_of_day - last, 0)
    f_orders = buyers["f_orders"].to_numpy().astype(np.int64)
    m_minor = buyers["m_minor"].to_numpy().astype(np.int64)
    currency = np.array(buyers["currency"].to_pylist(), object)
    found = rfm(currency, r_days, f_orders, m_minor, np.maximum(as_of_day - first, 0), rule)
    classes = [CLASSES[i] for i in found.cls]
    columns = {
        "person_no": buyers["person_no"],
        "as_of_day": pa.array(np.full(len(r_days), as_of_day), pa.int32()),
        "currency": buyers["currency"],
        "r_days": r_days,
        "f_orders": f_orders,
        "m_minor": m_minor,
        **{k: [LEVELS[i] for i in getattr(found, k)] for k in ("r", "f", "m")},
        "rfm_class": classes,
        "tier": [TIER_OF_CLASS[c] for c in classes],
        "first_day": buyers["first_day"],
        "last_day": buyers["last_day"],
    }
    return pa.table(columns).cast(RFM.schema), found.cutoffs
