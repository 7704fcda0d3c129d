"""Lazy tables: first days, registrations and what the first day's events say of channel and code."""

from typing import Any

import narwhals as nw

from weaktie.data.quality.service import customers, without_impossible
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]


def first_days(user_day: Frame) -> Frame:
    """The first day of each identifier's owner: owner_no, day."""
    return user_day.group_by("owner_no").agg(nw.col("day").min())


def active_days(user_day: Frame, first: int, last: int) -> Frame:
    """Who was active on which of these days: alias_no, owner_no, day, first_us."""
    some = user_day.filter(nw.col("day") >= first, nw.col("day") <= last)
    return some.select("alias_no", "owner_no", "day", "first_us")


def registrations(users: Frame) -> Frame:
    """The earliest registration that any version says: alias_no, registered_us."""
    some = users.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), ~nw.col("registered_time").is_null()
    )
    return (
        some.with_columns(us=micros("registered_time"))
        .group_by("alias_no")
        .agg(nw.col("us").min().alias("registered_us"))
    )


def trait_channels(users: Frame) -> Frame:
    """Channels of acquisition as traits said them: alias_no, channel, us of the first time."""
    some = users.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), ~nw.col("channel").is_null()
    )
    return (
        some.with_columns(us=micros("version_time")).group_by("alias_no", "channel").agg(nw.col("us").min())
    )


def first_touches(events: Frame, pairs: Frame, most_a_minute: int) -> Frame:
    """Events of the identifiers and days in `pairs`: alias_no, us, event_id, channel, properties."""
    may = events.filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null())
    mine = may.join(pairs, on=["alias_no", "day"], how="semi")
    kept = without_impossible(customers(mine), most_a_minute)
    return kept.with_columns(us=micros("event_time")).select(
        "alias_no", "us", "event_id", "channel", "properties"
    )
