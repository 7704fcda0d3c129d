"""Lazy tables: events and orders that no customer made."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from weaktie.data.collect.contracts import CRAWLER, TEST
from weaktie.data.quality.contracts import Marked
from weaktie.kit.clock import MINUTE_US
from weaktie.store.engine.contracts import has_bit, micros

Frame = nw.LazyFrame[Any]


def customers(events: Frame) -> Frame:
    """Events that neither a crawler nor a platform's test made."""
    return events.filter(~has_bit("flags", CRAWLER), ~has_bit("flags", TEST))


def impossible(events: Frame, limit: int) -> Frame:
    """Identifiers with more than `limit` events in one minute of a day: alias_no, day, most_a_minute, events.

    Only what came through the door is looked at: files often know the hour or the day alone. Most days are told by their
    sum alone: who did no more in all of a day did no more in one of its minutes.
    """
    through_door = events.filter(~nw.col("alias_no").is_null(), nw.col("log_partition") >= 0)
    keys = ["alias_no", "day"]
    some = through_door.join(busy(through_door, keys, limit), on=keys, how="semi")
    per_minute = some.with_columns(minute=micros("event_time") // MINUTE_US).group_by("alias_no", "day", "minute").agg(
        nw.len().alias("n")
    )  # fmt: skip
    per_day = per_minute.group_by("alias_no", "day").agg(
        nw.col("n").max().alias("most_a_minute"), nw.col("n").sum().alias("events")
    )
    return per_day.filter(nw.col("most_a_minute") > limit)


def busy(events: Frame, keys: Sequence[str], limit: int) -> Frame:
    """Keys with more than `limit` events: whoever did more in a minute did more on the day, and altogether."""
    return events.group_by(*keys).agg(nw.len().alias("n")).filter(nw.col("n") > limit).select(*keys)


def without_impossible(events: Frame, limit: int) -> Frame:
    """Events without those of identifiers and days that `impossible` finds; all of them where the limit is 0."""
    if not limit:
        return events
    suspects = impossible(events, limit).select("alias_no", "day")
    return events.join(suspects, on=["alias_no", "day"], how="anti")


def flagged_orders(events: Frame) -> Frame:
    """Orders of which an event is marked: order_id, crawler, test (0 or 1)."""
    some = events.filter(~nw.col("order_id").is_null(), has_bit("flags", CRAWLER) | has_bit("flags", TEST))
    return some.select("order_id", crawler=_one(has_bit("flags", CRAWLER)), test=_one(has_bit("flags", TEST)))


def declared_orders(orders: Frame, items: Frame, marked: Marked) -> list[Frame]:
    """Orders of own people and those declared to be tests, in the columns of `flagged_orders`; one frame for each way."""
    found: list[Frame] = []
    if marked.aliases:
        found.append(_tests(orders.filter(nw.col("alias_no").is_in(marked.aliases))))
    if marked.prefixes:
        begins = reduce(or_, (nw.col("order_id").str.starts_with(prefix) for prefix in marked.prefixes))
        found.append(_tests(orders.filter(begins)))
    if marked.coupons:
        found.append(_tests(orders.filter(nw.col("coupon_id").is_in(marked.coupons))))
    if marked.products:
        found.append(_tests(items.filter(nw.col("product_id").is_in(marked.products))))
    return found


def counted_days(events: Frame) -> Frame:
    """Marked events by day: day, crawlers."""
    return events.filter(has_bit("flags", CRAWLER)).group_by("day").agg(nw.len().alias("crawlers"))


def each_once(frames: list[Frame]) -> Frame:
    """Each order once: order_id, crawler, test."""
    return nw.concat(frames).group_by("order_id").agg(nw.col("crawler").max(), nw.col("test").max())


def _tests(frame: Frame) -> Frame:
    return frame.select("order_id", crawler=nw.lit(0).cast(nw.Int32), test=nw.lit(1).cast(nw.Int32))


def _one(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).cast(nw.Int32)
