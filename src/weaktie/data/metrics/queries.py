"""Lazy tables for the overview: tables in, tables out."""

from typing import Any

import narwhals as nw

from weaktie.data.quality.service import customers, without_impossible

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
