"""Lazy tables of what influence reads: tables in, tables out. Only rows that may serve social analysis are in them."""

from typing import Any

import narwhals as nw

from weaktie.data.profiles.service import orders_now
from weaktie.data.quality.service import customers
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]
SHARED = ("Content Shared", "Product Shared")
INVITED = ("Invite Sent", "Invite Accepted")
SEEN = "Content Viewed"
"""A content that passed by: it was reached, and nobody did anything with it yet."""


def social(rows: Frame) -> Frame:
    """Rows that may serve analytics and social analysis."""
    return rows.filter(nw.col("purposes") % 2 == 1, nw.col("purposes") // 8 % 2 == 1)


def relations_between(relations: Frame) -> Frame:
    """Relations with both ends: src_alias_no, dst_alias_no, kind, us (the first time)."""
    known = social(relations).filter(~nw.col("src_alias_no").is_null(), ~nw.col("dst_alias_no").is_null())
    return known.group_by("src_alias_no", "dst_alias_no", "kind").agg(micros("time").min().alias("us"))


def published(contents: Frame) -> Frame:
    """Contents with an author by version: content_id, creator_alias_no, title, kind, us, version_us, event_id."""
    known = contents.filter(~nw.col("content_id").is_null(), ~nw.col("creator_alias_no").is_null())
    return known.select(
        "content_id", "creator_alias_no", "title", "kind", "event_id", us=micros("published_time"), version_us=micros("version_time")
    )  # fmt: skip


def named_products(products: Frame) -> Frame:
    """Products by version: product_id, name, version_us."""
    return products.filter(~nw.col("product_id").is_null()).select(
        "product_id", "name", version_us=micros("version_time")
    )


def paid_orders(orders: Frame, left_out: Frame) -> Frame:
    """Orders as they stand that count: alias_no, referrer_alias_no, day, us, net_minor, currency, social (0 or 1).

    `left_out` has order_id of those that no figure counts. `social` says whether who referred may be told.
    """
    kept = orders_now(orders).join(left_out, on="order_id", how="anti")
    counts = kept.filter(nw.col("counted") == 1, ~nw.col("alias_no").is_null(), nw.col("purposes") % 2 == 1)
    return counts.select(
        "alias_no", "referrer_alias_no", "day", "net_minor", "currency", us=micros("paid_time"),
        social=nw.col("purposes") // 8 % 2,
    )  # fmt: skip


# `odd` (alias_no, day) are identifiers and days at rates beyond a person's; None where there are none.


def _may(events: Frame, first: int, last: int, odd: Frame | None) -> Frame:
    rows = social(events).filter(~nw.col("alias_no").is_null(), nw.col("day") >= first, nw.col("day") <= last)
    rows = customers(rows)
    return rows if odd is None else rows.join(odd, on=["alias_no", "day"], how="anti")


def _seats(rows: Frame, shared: Frame) -> Frame:
    """Rows with `slot`: the instant for identifiers that several people share, so that each finds its owner; else 0."""
    known = rows.with_columns(us=micros("event_time")).join(
        shared.with_columns(is_shared=nw.lit(1)), on="alias_no", how="left"
    )
    return known.with_columns(slot=nw.when(nw.col("is_shared") == 1).then(nw.col("us")).otherwise(nw.lit(0)))


def content_touches(
    events: Frame, creators: Frame, shared: Frame, days: tuple[int, int], odd: Frame | None
) -> Frame:
    """Who had to do with whose contents: alias_no, creator_no, slot, first_us, last_day, acted_day (0 for never).

    `creators` (content_id, creator_no) says whose a content is; `acted` is more than that it passed by.
    """
    rows = _may(events, *days, odd).join(creators, on="content_id", how="inner")
    acted = nw.when(nw.col("event") != SEEN).then(nw.col("day")).otherwise(nw.lit(0))
    return (
        _seats(rows, shared)
        .with_columns(acted=acted)
        .group_by("alias_no", "creator_no", "slot")
        .agg(
            nw.col("us").min().alias("first_us"), nw.col("day").max().alias("last_day"), nw.col("acted").max().alias("acted_day")
        )
    )  # fmt: skip


def share_touches(events: Frame, shared: Frame, days: tuple[int, int], odd: Frame | None) -> Frame:
    """Who came through whom: alias_no, sharer_alias_no, slot, first_us, last_day, n."""
    rows = _may(events, *days, odd).filter(~nw.col("sharer_alias_no").is_null())
    return (
        _seats(rows, shared)
        .group_by("alias_no", "sharer_alias_no", "slot")
        .agg(
            nw.col("us").min().alias("first_us"),
            nw.col("day").max().alias("last_day"),
            nw.len().cast(nw.Int64).alias("n"),
        )
    )


def share_counts(events: Frame, shared: Frame, days: tuple[int, int], odd: Frame | None) -> Frame:
    """Who shared how often: alias_no, slot, first_us, last_day, n."""
    rows = _may(events, *days, odd).filter(nw.col("event").is_in(list(SHARED)))
    return (
        _seats(rows, shared)
        .group_by("alias_no", "slot", "day")
        .agg(nw.col("us").min().alias("first_us"), nw.len().cast(nw.Int64).alias("n"))
    )


def passed_on(events: Frame, days: tuple[int, int], odd: Frame | None) -> Frame:
    """What cascades are made of, one row an event: alias_no, us, day, event, sharer_alias_no, content_id, product_id.

    Events that name a sharer, shares, and invitations that were sent.
    """
    rows = _may(events, *days, odd).filter(
        ~nw.col("sharer_alias_no").is_null() | nw.col("event").is_in([*SHARED, INVITED[0]])
    )
    return rows.select(
        "alias_no", "day", "event", "sharer_alias_no", "content_id", "product_id", us=micros("event_time")
    )


def who_saw(events: Frame, content_id: str, days: tuple[int, int], odd: Frame | None) -> Frame:
    """Who had to do with one content: alias_no, us."""
    rows = _may(events, *days, odd).filter(nw.col("content_id") == content_id)
    return rows.group_by("alias_no").agg(micros("event_time").min().alias("us"))


def content_people(
    events: Frame, contents: Frame, shared: Frame, days: tuple[int, int], odd: Frame | None
) -> Frame:
    """Who had to do with each of some contents (`contents` has content_id): content_id, alias_no, slot, first_us, acted_day."""
    rows = _may(events, *days, odd).join(contents, on="content_id", how="inner")
    acted = nw.when(nw.col("event") != SEEN).then(nw.col("day")).otherwise(nw.lit(0))
    return (
        _seats(rows, shared)
        .with_columns(acted=acted)
        .group_by("content_id", "alias_no", "slot")
        .agg(nw.col("us").min().alias("first_us"), nw.col("acted").max().alias("acted_day"))
    )
