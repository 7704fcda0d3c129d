"""Lazy tables over the lake: what accounts bought and when they were last seen."""

from typing import Any

import narwhals as nw

from weaktie.store.engine.contracts import has_bit, micros

Frame = nw.LazyFrame[Any]
ANALYSIS = 1


def bought(orders: Frame, accounts: Frame) -> Frame:
    """Orders of these accounts (alias_no): orders, refunds (wholly or in part), us of the first one. Several versions of an
    order count once: it was refunded where any of them says so."""
    mine = orders.filter(~nw.col("alias_no").is_null()).join(accounts, on="alias_no", how="semi")
    back = nw.when((nw.col("status") != "paid") | (nw.col("refunded_minor") > 0)).then(1).otherwise(0)
    once = mine.with_columns(back=back, us=micros("paid_time")).group_by("alias_no", "order_id").agg(
        nw.col("back").max(), nw.col("us").min()
    )  # fmt: skip
    return once.group_by("alias_no").agg(
        nw.len().alias("orders"),
        nw.col("back").sum().cast(nw.Int64).alias("refunds"),
        nw.col("us").min().alias("ordered_us"),
    )


def last_seen(events: Frame, accounts: Frame) -> Frame:
    """The last event of these accounts of which analysis is granted: alias_no, seen_us."""
    mine = events.filter(~nw.col("alias_no").is_null(), has_bit("purposes", ANALYSIS))
    mine = mine.join(accounts, on="alias_no", how="semi")
    return (
        mine.with_columns(us=micros("event_time"))
        .group_by("alias_no")
        .agg(nw.col("us").max().alias("seen_us"))
    )
