"""What RFM is cut from as of a day in the past: the orders as they stood then, of people who may be analysed now.

A version of an order counts when it came before the end of the day. The first version of an order counts from the day of
the order on, whenever it came in: a file that is loaded today tells of orders of last year.
"""

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


def buyers_as_of(
    session: Session, snapshot: Snapshot, persons: pa.Table, spans: pa.Table, left_out: pa.Table, day: int, end_us: int
) -> pa.Table:  # fmt: skip
    """person_no, currency, f_orders, m_minor, first_day, last_day of every buyer as of the day, by person.

    `persons` has alias_no and person_no, `left_out` the order_id of what no figure counts, `end_us` is when the day ends.
    """
    versions = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
    first = nw.col("version_time").cum_count().over("order_id", order_by=["version_time", "event_id"]) == 1
    then = versions.filter(first | (micros("version_time") < end_us))
    frame = queries.orders_now(then).join(
        session.table(left_out.select(["order_id"])), on="order_id", how="anti"
    )
    owners = session.table(spans) if spans.num_rows else None
    orders = session.collect(queries.owned(frame, owners, "paid_time").select(*ORDERS_NOW.names)).cast(
        ORDERS_NOW
    )
    rows = qp.person_orders(session.table(orders), session.table(persons), day)
    return session.collect(qp.buyers(rows)).sort_by("person_no")


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
