"""Lazy tables from the lake to `user_day` and to the facts of a person. Table in, table out, no connection.

Only what every engine can do is used: no `first`/`last` by order, no `unique`. The last row of a group is the one
whose reversed running count is 1.
"""

from typing import Any

import narwhals as nw

from weaktie.data.profiles.tables import COUNTED, DAY_PARTS, PLATFORM_COLUMNS, USER_DAY
from weaktie.data.quality.service import customers, without_impossible
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]
KEYS = ("alias_no", "owner_no", "day")
SESSION_GAP_MINUTES = 30
OPENS_DAY = tuple(c for c in USER_DAY.schema.names if c not in KEYS)


def count_if(condition: nw.Expr) -> nw.Expr:
    """How many rows of a group meet the condition; a null does not."""
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def last_by(frame: Frame, key: str | list[str], order: list[str]) -> Frame:
    """Of each key the row that comes last in the order; the first column of the order is never null."""
    return frame.filter(nw.col(order[0]).cum_count(reverse=True).over(key, order_by=order) == 1)


def analysable(frame: Frame) -> Frame:
    """Rows that may serve analytics (bit 1 of their purposes) and belong to an identifier."""
    return frame.filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null())


def owned(frame: Frame, spans: Frame | None, time: str) -> Frame:
    """Adds `owner_no`: whose a row of a shared anonymous id is by its time, else the identifier itself.

    `spans` (alias_no, from_us, to_us, owner_no) covers all time for each identifier in it; None where nothing is shared.
    """
    if spans is None:
        return frame.with_columns(owner_no=nw.col("alias_no"))
    shared = (
        frame.join(
            spans.rename({"alias_no": "shared_no"}), left_on="alias_no", right_on="shared_no", how="inner"
        )
        .filter(micros(time) >= nw.col("from_us"), micros(time) < nw.col("to_us"))
        .drop("from_us", "to_us")
    )
    rest = frame.join(spans.select("alias_no"), on="alias_no", how="anti").with_columns(
        owner_no=nw.col("alias_no")
    )
    columns = rest.collect_schema().names()
    return nw.concat([rest, shared.select(*columns)])  # fmt: skip


def days_of(frame: Frame) -> Frame:
    """The business days that occur: column `day`."""
    return frame.group_by("day").agg(nw.len().alias("rows")).select("day")


def order_days_touched(orders: Frame, new: Frame) -> Frame:
    """Days of every version of the orders of which a version is new."""
    ids = new.group_by("order_id").agg(nw.len().alias("rows")).select("order_id")
    return days_of(orders.join(ids, on="order_id", how="semi"))


def orders_now(orders: Frame) -> Frame:
    """Each order as it stands, by its versions: columns of `tables.ORDERS_NOW` without
    `owner_no`, and channel and status.

    The latest paid (or adjusting) version says the amount; what was given back is the most that any version says, and a
    refund that comes as a negative amount counts the same. A cancelled order that had been paid is worth nothing; one
    that was never seen paid (a credit note of its own) is worth its negative amount. An order counts when it is paid
    and not wholly given back.
    """
    status = nw.col("status")
    kind = (
        nw.when(status == "refunded").then(nw.lit("refund")).when(status == "cancelled").then(nw.lit("cancel"))
        .otherwise(nw.lit("paid"))
    )  # fmt: skip
    versions = orders.with_columns(kind=kind)
    last = last_by(versions, ["order_id", "kind"], ["version_time", "event_id"])
    final = last_by(last, "order_id", ["version_time", "event_id"]).select(
        "order_id", final=nw.col("kind"), final_purposes=nw.col("purposes")
    )
    given_back = (
        nw.when(nw.col("kind") != "refund").then(nw.coalesce(nw.col("refunded_minor"), nw.lit(0)))
        .when(nw.col("refunded_minor") > 0).then(nw.col("refunded_minor"))
        .when(nw.col("amount_minor") < 0).then(-nw.col("amount_minor"))
        .otherwise(nw.col("amount_minor"))
    )  # fmt: skip
    refunds = versions.with_columns(back=given_back).group_by("order_id").agg(nw.col("back").max())
    rank = nw.when(nw.col("kind") == "paid").then(nw.lit(3)).when(nw.col("kind") == "cancel").then(nw.lit(2))
    base = last_by(last.with_columns(rank=rank.otherwise(nw.lit(1))), "order_id", ["rank"])
    whole = base.join(final, on="order_id", how="inner").join(refunds, on="order_id", how="inner")
    amount, back = nw.col("amount_minor"), nw.col("back")
    net = (
        nw.when((nw.col("final") == "cancel") & (nw.col("kind") == "paid")).then(nw.lit(0))
        .when(nw.col("kind") == "cancel").then(nw.min_horizontal(amount, nw.lit(0)))
        .when(nw.col("kind") == "refund").then(nw.when(amount < 0).then(amount).otherwise(amount - back))
        .otherwise(amount - back)
    )  # fmt: skip
    whole = whole.with_columns(net_minor=net.cast(nw.Int64))
    paid = (nw.col("kind") != "cancel") & (nw.col("final") != "cancel") & (nw.col("status") != "adjustment")
    counts = paid & (amount >= 0) & ((amount == 0) | (nw.col("net_minor") > 0))
    undone = (nw.col("final") == "cancel") | (back > 0)
    stands = (
        nw.when(nw.col("final") == "cancel").then(nw.lit("cancelled")).when(back > 0).then(nw.lit("refunded"))
        .otherwise(status)
    )  # fmt: skip
    return whole.select(
        "order_id", "alias_no", "day", "paid_time", "currency", "net_minor", "channel", status=stands,
        gross_minor=amount.cast(nw.Int64),
        refunded_minor=back.cast(nw.Int64), counted=_flag(counts), undone=_flag(undone),
        has_coupon=_flag(~nw.col("coupon_id").is_null()), referrer_alias_no=nw.col("referrer_alias_no"),
        purposes=nw.col("final_purposes"),
    )  # fmt: skip


def product_categories(products: Frame) -> Frame:
    """The category of each product by its latest version: product_id, category."""
    known = products.filter(~nw.col("category").is_null())
    return last_by(known, "product_id", ["version_time", "event_id"]).select("product_id", "category")


def event_days(
    events: Frame, days: Frame, spans: Frame | None, categories: Frame | None, most_a_minute: int
) -> Frame:
    """Events of the days as rows of `user_day` without orders. `days` has day and offset_minutes (zone minus UTC).

    What crawlers did is left out, and the days of identifiers that did more in a minute than `most_a_minute`.
    """
    minute = nw.col("event_time").dt.hour() * 60 + nw.col("event_time").dt.minute() + nw.col("offset_minutes")
    wanted = (
        "alias_no", "day", "event", "event_time", "session_id", "platform", "product_id", "purposes",
    )  # fmt: skip
    of_people = without_impossible(customers(analysable(events)), most_a_minute)
    rows = owned(of_people.select(*wanted), spans, "event_time").join(days, on="day", how="inner")
    rows = rows.with_columns(
        hour=(minute + 1440) % 1440 // 60, system=nw.col("platform").str.to_lowercase(), us=micros("event_time")
    )  # fmt: skip
    counts = rows.group_by(*KEYS).agg(
        nw.len().cast(nw.Int64).alias("events"),
        (
            nw.col("session_id").n_unique() - nw.col("session_id").is_null().cast(nw.Int32).max()
        ).alias("given_sessions"),
        *(count_if(nw.col("event").is_in(list(c.events))).alias(c.column) for c in COUNTED),
        *(count_if(_within(nw.col("hour"), low, high)).alias(name) for name, low, high in DAY_PARTS),
        *(count_if(nw.col("system").is_in(list(names))).alias(c) for c, _, names in PLATFORM_COLUMNS),
        nw.col("us").min().alias("first_us"),
        nw.col("us").max().alias("last_us"),
    )  # fmt: skip
    counts = _left(counts, _cut_sessions(rows))
    sessions = nw.col("given_sessions") + nw.coalesce(nw.col("cut_sessions"), nw.lit(0))
    counts = counts.with_columns(sessions=sessions.cast(nw.Int64))
    if categories is None:
        return counts.with_columns(
            top_category=nw.lit(None, nw.String), top_category_events=nw.lit(0, nw.Int64)
        )
    met = nw.coalesce(nw.col("top_category_events"), nw.lit(0)).cast(nw.Int64)
    return _left(counts, _top_category(rows, categories)).with_columns(top_category_events=met)


def order_days(orders: Frame, days: Frame) -> Frame:
    """Orders as they stand (with owner_no), by identifier and day: KEYS, orders, refunds, amount, currency, times."""
    rows = analysable(orders).join(days, on="day", how="semi").with_columns(us=micros("paid_time"))
    per_currency = rows.group_by(*KEYS, "currency").agg(
        nw.col("counted").sum().cast(nw.Int64).alias("orders"),
        nw.col("undone").sum().cast(nw.Int64).alias("refunds"),
        nw.col("net_minor").sum().cast(nw.Int64).alias("amount_minor"),
        nw.col("us").min().alias("first_us"),
        nw.col("us").max().alias("last_us"),
    )
    first = per_currency.group_by(*KEYS).agg(
        nw.col("orders").sum().cast(nw.Int64),
        nw.col("refunds").sum().cast(nw.Int64),
        nw.col("currency").min().alias("main_currency"),
        nw.col("first_us").min(),
        nw.col("last_us").max(),
    )
    amounts = per_currency.select(*KEYS, "currency", "amount_minor")
    return first.join(
        amounts, left_on=[*KEYS, "main_currency"], right_on=[*KEYS, "currency"], how="left"
    ).rename({"main_currency": "currency"})


def user_day(counts: Frame, bought: Frame) -> Frame:
    """Both sides as one row for each identifier and day, in the columns of the table. On most days nobody buys anything: only
    days with both are added up."""
    columns = (*KEYS, *OPENS_DAY)
    a = counts.with_columns(
        orders=nw.lit(0, nw.Int64), refunds=nw.lit(0, nw.Int64), amount_minor=nw.lit(0, nw.Int64),
        currency=nw.lit(None, nw.String),
    ).select(*columns)  # fmt: skip
    nothing = {name: nw.lit(0, nw.Int64) for name in OPENS_DAY if name not in bought.collect_schema().names()}
    nothing["top_category"] = nw.lit(None, nw.String)
    b = bought.with_columns(**nothing).select(*columns)
    alone = a.join(b.select(*KEYS), on=list(KEYS), how="anti")
    both = nw.concat([a.join(b.select(*KEYS), on=list(KEYS), how="semi"), b])
    how = {"first_us": "min", "last_us": "max", "currency": "max", "top_category": "max"}
    summed = [
        getattr(nw.col(c), how.get(c, "sum"))().alias(c)
        if c in how
        else nw.col(c).sum().cast(nw.Int64).alias(c)
        for c in OPENS_DAY
    ]
    return nw.concat([alone, both.group_by(*KEYS).agg(*summed).select(*columns)]).select(
        *USER_DAY.schema.names
    )


def _flag(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)


def _within(hour: nw.Expr, low: int, high: int) -> nw.Expr:
    return (hour >= low) & (hour < high) if low < high else (hour >= low) | (hour < high)


def _left(frame: Frame, more: Frame) -> Frame:
    """Left join on the keys; the joined side's keys are not repeated."""
    return frame.join(more, on=list(KEYS), how="left")


def _cut_sessions(rows: Frame) -> Frame:
    """Sessions of events without a session id, cut where somebody was idle for 30 minutes."""
    bare = rows.filter(nw.col("session_id").is_null()).select(*KEYS, "us")
    before = nw.col("us").shift(1).over(*KEYS, order_by="us")
    gap_us = SESSION_GAP_MINUTES * 60_000_000
    starts = before.is_null() | (nw.col("us") - before > gap_us)
    return bare.with_columns(starts=_flag(starts)).group_by(*KEYS).agg(
        nw.col("starts").sum().cast(nw.Int64).alias("cut_sessions")
    )  # fmt: skip


def _top_category(rows: Frame, categories: Frame) -> Frame:
    met = rows.join(categories, on="product_id", how="inner").group_by(*KEYS, "category")
    counted = met.agg(nw.len().cast(nw.Int64).alias("top_category_events"))
    top = last_by(counted, list(KEYS), ["top_category_events", "category"])
    return top.select(*KEYS, "top_category_events", top_category=nw.col("category"))
