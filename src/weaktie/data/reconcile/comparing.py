"""Two sets of orders as they stand, order by order and day by day. Pure.

A frame of orders has `order_id, alias_no, paid_time, currency, gross_minor, refunded_minor, net_minor, status` as
`orders_now` gives them. What is paid of an order is its amount where it is not cancelled and not negative; what is given
back is that less its net. Paid less given back is therefore net, whatever the order is.
"""

from collections.abc import Mapping

import polars as pl

from weaktie.data.reconcile.contracts import ORDER_REASONS, Compared, Day

MOST_DIFFERING = 20_000


def measured(orders: pl.DataFrame, zone: str) -> pl.DataFrame:
    """The orders with `day` in the zone, `counts` (1 where one is an order), `paid_minor` and `refunded_minor`."""
    gone = pl.col("status") == "cancelled"
    paid = pl.when(gone).then(0).otherwise(pl.col("gross_minor").clip(lower_bound=0))
    local = pl.col("paid_time").cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
    made = orders.with_columns(
        day=local.dt.date().cast(pl.Int32), paid_minor=paid.cast(pl.Int64),
        counts=(~gone & (pl.col("status") != "adjustment") & (pl.col("gross_minor") >= 0)).cast(pl.Int64),
    )  # fmt: skip
    return made.with_columns(refunded_minor=pl.col("paid_minor") - pl.col("net_minor")).select(
        "order_id", "day", "currency", "status", "counts", "paid_minor", "refunded_minor"
    )


def compare(ours: pl.DataFrame, theirs: pl.DataFrame, zone: str, left_out: Mapping[str, int]) -> Compared:
    """Ours against theirs. Of ours, only orders within theirs' days are looked at, and those that theirs name."""
    here, there = measured(ours, zone), measured(theirs, zone)
    if there.height:
        span = there.select(low=pl.col("day").min(), high=pl.col("day").max()).row(0)
        named = here["order_id"].is_in(there["order_id"].implode())
        here = here.filter(pl.col("day").is_between(*span) | named)
    else:
        here = here.clear()
    both = here.join(there, on="order_id", how="full", suffix="_there", coalesce=True)
    reason = pl.when(pl.col("day").is_null()).then(pl.lit("missing_here")).when(False).then(None)
    for code, wrong in (
        ("missing_there", pl.col("day_there").is_null()),
        ("other_currency", pl.col("currency").ne_missing(pl.col("currency_there"))),
        ("other_status", pl.col("counts") != pl.col("counts_there")),
        ("other_amount", pl.col("paid_minor") != pl.col("paid_minor_there")),
        ("other_refund", pl.col("refunded_minor") != pl.col("refunded_minor_there")),
        ("other_day", pl.col("day") != pl.col("day_there")),
    ):
        assert code in ORDER_REASONS
        reason = reason.when(wrong).then(pl.lit(code))
    both = both.with_columns(reason=reason)
    wrong_rows = both.filter(pl.col("reason").is_not_null()).sort("day", "order_id")
    counts = wrong_rows.group_by("reason").len().sort("len", "reason", descending=[True, False])
    listed = wrong_rows.head(MOST_DIFFERING).select(
        "order_id", "reason", pl.coalesce("day", "day_there").alias("day"), pl.col("day_there").alias("their_day"),
        pl.coalesce("currency", "currency_there").alias("currency"), pl.col("paid_minor").alias("our_minor"),
        pl.col("paid_minor_there").alias("their_minor"), pl.col("refunded_minor").alias("our_refunded_minor"),
        pl.col("refunded_minor_there").alias("their_refunded_minor"), pl.col("status").alias("our_status"),
        pl.col("status_there").alias("their_status"),
    )  # fmt: skip
    return Compared(
        _days(here, there, wrong_rows), listed.to_dicts(), dict(counts.iter_rows()), both.height,
        both.height - wrong_rows.height, dict(left_out), wrong_rows.height,
    )  # fmt: skip


def _days(here: pl.DataFrame, there: pl.DataFrame, wrong: pl.DataFrame) -> list[Day]:
    sums = [pl.col(name).sum() for name in ("counts", "paid_minor", "refunded_minor")]
    keys = ["day", "currency"]
    both = here.group_by(keys).agg(sums).join(
        there.group_by(keys).agg(sums), on=keys, how="full", suffix="_there", coalesce=True, nulls_equal=True
    )  # fmt: skip
    touched = pl.concat(
        [
            wrong.select("order_id", "day", "currency"),
            wrong.select("order_id", pl.col("day_there").alias("day"), pl.col("currency_there").alias("currency")),
        ]
    ).filter(pl.col("day").is_not_null())  # fmt: skip
    often = touched.unique().group_by(keys).agg(differing=pl.len())
    rows = both.join(often, on=keys, how="left", nulls_equal=True).fill_null(strategy="zero").sort(keys)
    return [
        Day(
            row["day"], row["currency"] or "", (row["counts"], row["counts_there"]),
            (row["paid_minor"], row["paid_minor_there"]), (row["refunded_minor"], row["refunded_minor_there"]),
            row["differing"],
        )
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def order_facts(
    now: pl.DataFrame, often: pl.DataFrame, left_out: pl.DataFrame, currency: str
) -> pl.DataFrame:
    """The columns of `Facts` of every order. A cancelled order keeps what was paid, for definitions that count it; a credit
    note or a negative adjustment is all refund."""
    marks = left_out.select("order_id", tests=pl.col("test") == 1, bots=pl.col("crawler") == 1)
    joined = now.join(often, on="order_id", how="left").join(marks, on="order_id", how="left")
    cancelled = (pl.col("status") == "cancelled") & (pl.col("net_minor") >= 0)
    paid = pl.col("gross_minor").clip(lower_bound=0)
    refunded = (
        pl.when(cancelled)
        .then(pl.min_horizontal("refunded_minor", paid))
        .otherwise(paid - pl.col("net_minor"))
    )
    note = (pl.col("gross_minor") < 0) | (pl.col("status") == "adjustment")
    bits = (
        cancelled.cast(pl.Int64) + 2 * pl.col("tests").fill_null(False).cast(pl.Int64)
        + 4 * pl.col("bots").fill_null(False).cast(pl.Int64)
        + 8 * pl.col("currency").ne_missing(pl.lit(currency)).cast(pl.Int64)
        + 16 * pl.col("alias_no").is_null().cast(pl.Int64)
    )  # fmt: skip
    return joined.select(
        paid_us=pl.col("paid_time").cast(pl.Datetime("us", "UTC")).dt.epoch("us"),
        paid_minor=paid,
        refunded_minor=refunded, counts=(~note).cast(pl.Int64), copies=pl.col("copies").fill_null(1).cast(pl.Int64),
        marks=bits,
    )  # fmt: skip
