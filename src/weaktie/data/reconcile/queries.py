"""Lazy tables: what is known of each order beside how it stands."""

from typing import Any

import narwhals as nw

Frame = nw.LazyFrame[Any]
TESTS, BOTS = 64, 16 | 32
"""Bits of `events.flags`: internal and test people; crawlers and impossible rates."""


def copies(orders: Frame) -> Frame:
    """How often each order was said to be paid: order_id, copies."""
    paid = orders.filter(nw.col("status") == "paid")
    return paid.group_by("order_id").agg(nw.len().alias("copies"))


def marked(events: Frame) -> Frame:
    """Orders whose events are marked as those of tests or bots: order_id, flags."""
    some = events.filter(~nw.col("order_id").is_null(), nw.col("flags") >= min(TESTS, BOTS & -BOTS))
    return some.select("order_id", "flags")
