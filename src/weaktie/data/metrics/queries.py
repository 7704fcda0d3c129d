"""Lazy tables for the overview: tables in, tables out."""

from typing import Any

import narwhals as nw

from weaktie.data.quality.service import customers, without_impossible
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]


def sales_by_day(orders_now: Frame) -> Frame:
    """Orders and net money by business day and currency, over orders as they stand."""
    return orders_now.group_by("day", "currency").agg(
        nw.len().alias("orders"), nw.col("net_minor").sum().alias("amount_minor")
    )


def active_pairs(events: Frame, from_day: int, most_a_minute: int) -> Frame:
    """Who did anything on which day since `from_day`, as (day, alias_no), of events that may serve analytics.

    Crawlers and identifiers with impossible rates are nobody.
    """
    may = events.filter(nw.col("purposes") % 2 == 1, nw.col("day") >= from_day, ~nw.col("alias_no").is_null())
    may = without_impossible(customers(may), most_a_minute)
    return may.group_by("day", "alias_no").agg(nw.len().alias("events")).select("day", "alias_no")


def event_counts(events: Frame) -> Frame:
    """How often each event happened, crawlers aside, the most frequent first."""
    return (
        customers(events)
        .group_by("event")
        .agg(nw.len().alias("events"))
        .sort("events", "event", descending=[True, False])
    )


ACTIVITY = ("alias_no", "day", "event", "channel", "platform")


def activity(events: Frame, days: tuple[int, int], shared: Frame, impossible: Frame | None) -> Frame:
    """How often who did what: ACTIVITY, slot, n and first_us, of customers' events that may serve analytics.

    `slot` is the instant for identifiers that several people share (`shared` has their alias_no), so that each of their
    events finds its owner by time; 0 for all others, whose events of a day are counted together. `impossible` (alias_no, day)
    is left out; None where there is nothing.
    """
    may = _may(events, days, impossible).with_columns(us=micros("event_time"))
    known = may.join(shared.with_columns(is_shared=nw.lit(1)), on="alias_no", how="left")
    slots = known.with_columns(slot=nw.when(nw.col("is_shared") == 1).then(nw.col("us")).otherwise(nw.lit(0)))
    return slots.group_by(*ACTIVITY, "slot").agg(nw.len().alias("n"), nw.col("us").min().alias("first_us"))


def spent(events: Frame, days: tuple[int, int], impossible: Frame | None, idle_us: int) -> Frame:
    """Time that an identifier spent on a day: alias_no, day, first_us, spent_us; a gap above `idle_us` is no use of the shop."""
    may = _may(events, days, impossible).with_columns(us=micros("event_time"))
    gap = nw.col("us") - nw.col("us").shift(1).over("alias_no", "day", order_by="us")
    gaps = may.select("alias_no", "day", "us", gap=gap)
    used = nw.when(nw.col("gap") <= idle_us).then(nw.col("gap")).otherwise(nw.lit(0))
    return gaps.group_by("alias_no", "day").agg(
        used.sum().alias("spent_us"), nw.col("us").min().alias("first_us")
    )


def registrations(users: Frame) -> Frame:
    """When and through which channel each identifier registered: alias_no, us, channel; one row for each."""
    may = users.filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null())
    return may.group_by("alias_no", "channel").agg(micros("registered_time").min().alias("us"))


def orders_of_customers(orders: Frame, left_out: Frame) -> Frame:
    """Orders as they stand, without those that no figure counts, as numbers."""
    kept = orders.join(left_out, on="order_id", how="anti")
    return kept.select(
        "order_id", "alias_no", "day", "currency", "channel", "status", "net_minor", "gross_minor", "refunded_minor",
        "counted", "undone", "has_coupon", "referrer_alias_no", "purposes", us=micros("paid_time"),
    )  # fmt: skip


def _may(events: Frame, days: tuple[int, int], impossible: Frame | None) -> Frame:
    """Events of these days that may be analysed and that customers did."""
    may = events.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), nw.col("day") >= days[0], nw.col("day") <= days[1]
    )  # fmt: skip
    rows = customers(may)
    return rows if impossible is None else rows.join(impossible, on=["alias_no", "day"], how="anti")
