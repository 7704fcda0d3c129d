"""Lazy tables: who did what towards whom, by day, from everything that names two people."""

from collections.abc import Sequence
from typing import Any, Final

import narwhals as nw

from weaktie.data.graph.contracts import KINDS, SOCIAL
from weaktie.data.quality.service import customers
from weaktie.store.engine.contracts import has_bit

Frame = nw.LazyFrame[Any]
ACCEPTED: Final = ("Invite Accepted", "invite_accept", "Signed Up")
ORDERED: Final = ("Order Completed", "Order Refunded", "Order Cancelled", "Order Updated")
LIKED: Final = ("Content Liked", "like", "Content Favourited", "favourite")
COMMENTED: Final = ("Content Commented", "comment")
MOST_BUYERS: Final = 12
"""A product that more people bought on a day says nothing of any two of them."""
KEYS: Final = ("day", "src_no", "dst_no", "kind")


def _may(frame: Frame, first_day: int, last_day: int) -> Frame:
    return frame.filter(has_bit("purposes", SOCIAL), nw.col("day") >= first_day, nw.col("day") <= last_day)


def _pairs(frame: Frame, src: str, dst: str, kind: nw.Expr) -> Frame:
    return frame.filter(
        ~nw.col(src).is_null(), ~nw.col(dst).is_null(), nw.col(src) != nw.col(dst)
    ).select("day", src_no=nw.col(src), dst_no=nw.col(dst), kind=kind)  # fmt: skip


def of_relations(relations: Frame, first_day: int, last_day: int) -> Frame:
    """What names both sides itself: chats, gifts, shares to somebody, invitations, friends, follows."""
    known = _may(relations, first_day, last_day).filter(nw.col("kind").is_in([k.key for k in KINDS]))
    return _pairs(known, "src_alias_no", "dst_alias_no", nw.col("kind"))


def of_events(events: Frame, impossible: Frame | None, first_day: int, last_day: int) -> Frame:
    """Opening what somebody shared, and accepting an invitation: whoever acted answers the sharer. `impossible` (alias_no,
    day) are those at rates beyond a person's, None where there are none."""
    may = _human(events, impossible, first_day, last_day).filter(
        ~nw.col("sharer_alias_no").is_null(), ~nw.col("event").is_in(list(ORDERED))
    )
    kind = nw.when(nw.col("event").is_in(list(ACCEPTED))).then(nw.lit("accept")).otherwise(nw.lit("open"))
    return _pairs(may, "alias_no", "sharer_alias_no", kind)


def of_contents(
    events: Frame, contents: Frame, impossible: Frame | None, first_day: int, last_day: int
) -> Frame:
    """Likes and comments, towards whoever made the content."""
    made = contents.filter(~nw.col("creator_alias_no").is_null(), ~nw.col("content_id").is_null())
    latest = made.group_by("content_id").agg(nw.col("version_time").max().alias("latest"))
    creators = (
        made.join(latest, on="content_id", how="inner")
        .filter(nw.col("version_time") == nw.col("latest"))
        .group_by("content_id")
        .agg(nw.col("creator_alias_no").max().alias("creator"))
    )
    acts = _human(events, impossible, first_day, last_day).filter(
        nw.col("event").is_in([*LIKED, *COMMENTED]), ~nw.col("content_id").is_null()
    )
    kind = nw.when(nw.col("event").is_in(list(COMMENTED))).then(nw.lit("comment")).otherwise(nw.lit("like"))
    return _pairs(acts.join(creators, on="content_id", how="inner"), "alias_no", "creator", kind)


def _human(events: Frame, impossible: Frame | None, first_day: int, last_day: int) -> Frame:
    may = customers(_may(events, first_day, last_day).filter(~nw.col("alias_no").is_null()))
    return may if impossible is None else may.join(impossible, on=["alias_no", "day"], how="anti")


def of_orders(orders: Frame, first_day: int, last_day: int) -> Frame:
    """Orders that count and name who brought the buyer. `orders` stand as `profiles.orders_now` makes them."""
    counted = _may(orders, first_day, last_day).filter(nw.col("counted") == 1)
    return _pairs(counted, "alias_no", "referrer_alias_no", nw.lit("order"))


def of_items(items: Frame, first_day: int, last_day: int) -> Frame:
    """Two who bought the same product on one day, where few did; both ways. It makes no tie by itself."""
    bought = _may(items, first_day, last_day).filter(
        ~nw.col("alias_no").is_null(), ~nw.col("product_id").is_null(), nw.col("quantity") > 0
    )
    buyers = bought.group_by("product_id", "day", "alias_no").agg(nw.len().alias("lines"))
    few = (
        buyers.group_by("product_id", "day")
        .agg(nw.len().alias("buyers"))
        .filter(nw.col("buyers") >= 2, nw.col("buyers") <= MOST_BUYERS)
    )
    some = buyers.join(few.select("product_id", "day"), on=["product_id", "day"], how="semi")
    others = some.select("product_id", "day", other_no=nw.col("alias_no"))
    both = some.join(others, on=["product_id", "day"], how="inner")
    return _pairs(both, "alias_no", "other_no", nw.lit("co_order"))


def by_day(parts: Sequence[Frame]) -> Frame:
    """Rows of `tie_day` without purposes: day, src_no, dst_no, kind, times."""
    rows = nw.concat(list(parts))
    return rows.group_by(*KEYS).agg(nw.len().cast(nw.Int32).alias("times")).select(*KEYS, "times")


def days_of(frame: Frame) -> Frame:
    """The business days that occur: column `day`."""
    return frame.group_by("day").agg(nw.len().alias("rows")).select("day")


def days_of_orders(orders: Frame, newer: Frame) -> Frame:
    """Every day on which a version of an order stood that has a new version: column `day`."""
    ids = newer.group_by("order_id").agg(nw.len().alias("rows")).select("order_id")
    return days_of(orders.join(ids, on="order_id", how="semi"))


def referred(orders: Frame) -> Frame:
    """Every version of the orders of which one names who brought the buyer."""
    named = orders.filter(~nw.col("referrer_alias_no").is_null())
    ids = named.group_by("order_id").agg(nw.len().alias("rows")).select("order_id")
    return orders.join(ids, on="order_id", how="semi")


def days_of_likes(events: Frame, contents: Frame) -> Frame:
    """Days of likes and comments of these contents: column `day`."""
    ids = contents.group_by("content_id").agg(nw.len().alias("rows")).select("content_id")
    acts = events.filter(nw.col("event").is_in([*LIKED, *COMMENTED]))
    return days_of(acts.join(ids, on="content_id", how="semi"))
