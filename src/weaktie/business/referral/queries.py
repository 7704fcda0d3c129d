"""Lazy tables: what events say of invitations and orders."""

from typing import Any

import narwhals as nw

from weaktie.data.quality.service import customers
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]
SENT, ACCEPTED, PAID, REFUNDED, CANCELLED = (
    "Invite Sent", "Invite Accepted", "Order Completed", "Order Refunded", "Order Cancelled",
)  # fmt: skip


def dealings(events: Frame, since_us: int) -> Frame:
    """Invitations, orders and refunds from an instant on, made by customers: event_id, event, alias_no, us, order_id,
    amount_minor, currency, channel, sharer_alias_no, properties."""
    ours = events.filter(
        nw.col("event").is_in([SENT, ACCEPTED, PAID, REFUNDED, CANCELLED]), ~nw.col("alias_no").is_null()
    )
    timed = customers(ours).with_columns(us=micros("event_time")).filter(nw.col("us") >= since_us)
    return timed.select(
        "event_id", "event", "alias_no", "us", "order_id", "amount_minor", "currency", "channel", "sharer_alias_no", "properties"
    )  # fmt: skip
