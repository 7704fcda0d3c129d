"""Lazy tables over the lake that identity needs."""

from typing import Any

import narwhals as nw

from weaktie.store.engine.contracts import has_bit, micros

Frame = nw.LazyFrame[Any]
NO_BUYER, HIDDEN_BUYER, FILE = "no_buyer", "hidden_buyer", "file"


def login_instants(events: nw.LazyFrame[Any], shared: list[int]) -> nw.LazyFrame[Any]:
    """When each shared anonymous id was used by a login: columns anon_alias_no, alias_no, event_time."""
    return (
        events.filter(nw.col("anon_alias_no").is_in(shared))
        .select("anon_alias_no", "alias_no", "event_time")
        .filter(~nw.col("alias_no").is_null())
    )


def unidentified(orders: Frame, events: Frame, hidden: int) -> Frame:
    """Orders of which no version names a buyer, each once: order_id, us (paid), amount_minor, currency, source, status,
    and the reason: `hidden_buyer` where an event of it had a masked or encrypted one (bit `hidden` of its flags),
    `no_buyer` where its event had none, `file` where it came without events."""
    named = nw.when(nw.col("alias_no").is_null()).then(0).otherwise(1)
    nobody = orders.with_columns(named=named).group_by("order_id").agg(nw.col("named").max())
    nobody = nobody.filter(nw.col("named") == 0).select("order_id")
    open_ones = orders.join(nobody, on="order_id", how="semi")
    found = open_ones.with_columns(us=micros("paid_time")).group_by("order_id").agg(
        nw.col("us").min(), nw.col("amount_minor").max(), nw.col("currency").max(), nw.col("source").max(),
    )  # fmt: skip
    marks = events.filter(~nw.col("order_id").is_null(), nw.col("alias_no").is_null()).select(
        "order_id", hidden=has_bit("flags", hidden).cast(nw.Int32)
    )
    marks = marks.group_by("order_id").agg(nw.col("hidden").max())
    reason = (
        nw.when(nw.col("hidden").is_null()).then(nw.lit(FILE))
        .when(nw.col("hidden") == 1).then(nw.lit(HIDDEN_BUYER)).otherwise(nw.lit(NO_BUYER))
    )  # fmt: skip
    return found.join(marks, on="order_id", how="left").with_columns(reason=reason).drop("hidden")
