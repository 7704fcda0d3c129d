"""Lazy tables from lake rows to rows of persons: what the aggregates of tags are taken over."""

from typing import Any

import narwhals as nw

from weaktie.data.profiles.queries import analysable, last_by
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]
DAY_US = 86_400_000_000


def of_person(frame: Frame, persons: Frame, alias: str) -> Frame:
    """Rows of people who may be analysed, with person_no. `persons` has one row for each alias: alias_no, person_no."""
    return frame.join(persons.rename({"alias_no": "who"}), left_on=alias, right_on="who", how="inner")


def person_days(user_day: Frame, persons: Frame, as_of_day: int) -> Frame:
    """`user_day` up to the as-of day with person_no, and columns that tags take beside the table's own."""
    rows = of_person(user_day.filter(nw.col("day") <= as_of_day), persons, "owner_no")
    return rows.with_columns(
        weekend_events=nw.when(weekend("day")).then(nw.col("events")).otherwise(nw.lit(0)),
        share_day=nw.when(nw.col("shares") > 0).then(nw.col("day")),
    )


def weekend(day: str) -> nw.Expr:
    """Whether a business day is a Saturday or a Sunday; day 0 was a Thursday."""
    return (nw.col(day) + 3) % 7 >= 5


def person_orders(orders: Frame, persons: Frame, as_of_day: int) -> Frame:
    """Orders as they stand, with person_no, what lies in the main currency, and columns that tags sum.

    The main currency is that of most orders that count, then of the larger net amount, then the first by alphabet.
    """
    own = of_person(analysable(orders).filter(nw.col("day") <= as_of_day), persons, "owner_no")
    by_currency = own.group_by("person_no", "currency").agg(
        nw.col("counted").sum().cast(nw.Int64).alias("n"),
        nw.col("net_minor").sum().cast(nw.Int64).alias("net"),
    )
    best = by_currency.group_by("person_no").agg(nw.col("n").max().alias("best_n"))
    by_currency = by_currency.join(best, on="person_no", how="inner").filter(nw.col("n") == nw.col("best_n"))
    best_net = by_currency.group_by("person_no").agg(nw.col("net").max().alias("best_net"))
    main = (
        by_currency.join(best_net, on="person_no", how="inner")
        .filter(nw.col("net") == nw.col("best_net"))
        .group_by("person_no")
        .agg(nw.col("currency").min().alias("main_currency"))
    )
    rows = own.join(main, on="person_no", how="left")
    is_main = nw.col("currency") == nw.col("main_currency")
    counts = nw.col("counted") == 1
    zero = nw.lit(0)
    return rows.with_columns(
        net_main_minor=nw.when(is_main).then(nw.col("net_minor")).otherwise(zero),
        counted_main=nw.when(is_main).then(nw.col("counted")).otherwise(zero),
        counted_main_minor=nw.when(is_main & counts).then(nw.col("net_minor")).otherwise(zero),
        counted_day=nw.when(counts).then(nw.col("day")),
        counted_coupon=nw.col("counted") * nw.col("has_coupon"),
        counted_weekend=nw.when(weekend("day")).then(nw.col("counted")).otherwise(zero),
        counted_referred=nw.when(nw.col("referrer_alias_no") != nw.col("owner_no"))
        .then(nw.col("counted"))
        .otherwise(zero),
        gross_main_minor=nw.when(is_main & (nw.col("gross_minor") > 0))
        .then(nw.col("gross_minor"))
        .otherwise(zero),
        refunded_main_minor=nw.when(is_main).then(nw.col("refunded_minor")).otherwise(zero),
        one=nw.lit(1),
    )


def brought_orders(orders: Frame, persons: Frame, everybody: Frame) -> Frame:
    """Orders of others that name a person as referrer: person_no (the referrer), day, counted."""
    buyers = everybody.rename({"alias_no": "buyer_alias", "person_no": "buyer_no"})
    rows = of_person(analysable(orders), persons, "referrer_alias_no")
    rows = rows.join(buyers, left_on="owner_no", right_on="buyer_alias", how="left")
    others = rows.filter(nw.col("buyer_no").is_null() | (nw.col("buyer_no") != nw.col("person_no")))
    return others.select(
        "person_no", "day", "counted", counted_buyer=nw.when(nw.col("counted") == 1).then(nw.col("buyer_no"))
    )


def person_attributes(users: Frame, persons: Frame, offset_minutes: int) -> Frame:
    """Declared attributes: one row for each person, each column its latest value that is not null.

    `offset_minutes` is the workspace's zone minus UTC, by which the day of registration is told.
    """
    texts = ("gender", "age_band", "province", "city", "channel")
    rows = of_person(analysable(users), persons, "alias_no")
    stamp = nw.concat_str(
        [micros("version_time").cast(nw.String), nw.lit("|"), nw.col("event_id"), nw.lit("\x1f")]
    )
    dated = rows.with_columns(
        stamp=stamp,
        registered_us=micros("registered_time"),
        registered_day=(micros("registered_time") + offset_minutes * 60_000_000) // DAY_US,
    )
    latest = dated.group_by("person_no").agg(
        *(
            nw.when(~nw.col(t).is_null()).then(nw.concat_str([nw.col("stamp"), nw.col(t)])).max().alias(t)
            for t in texts
        ),
        nw.col("registered_us").min(),
        nw.col("registered_day").min(),
    )
    return latest.with_columns(
        *(nw.col(t).str.replace_all("^.*?\x1f", "").alias(t) for t in texts), day=nw.lit(0)
    )


def person_relations(relations: Frame, persons: Frame, everybody: Frame, bought: Frame) -> Frame:
    """One row for each person, other person and kind of tie as seen from the person; flags that tags sum.

    `bought` has person_no of those who may be analysed and have an order that counts.
    """
    valid = relations.filter(nw.col("purposes") % 2 == 1)
    others = everybody.rename({"alias_no": "other_alias", "person_no": "other_no"})
    out = of_person(valid, persons, "src_alias_no").join(
        others, left_on="dst_alias_no", right_on="other_alias", how="inner"
    )
    back = of_person(valid, persons, "dst_alias_no").join(
        others, left_on="src_alias_no", right_on="other_alias", how="inner"
    )
    kind = nw.col("kind")
    seen_back = nw.when(kind == "friend").then(kind).otherwise(nw.concat_str([nw.lit("by_"), kind]))
    edges = nw.concat(
        [
            out.select("person_no", "other_no", "kind"),
            back.with_columns(kind=seen_back).select("person_no", "other_no", "kind"),
        ]
    )
    distinct = (
        edges.filter(nw.col("person_no") != nw.col("other_no"))
        .group_by("person_no", "other_no", "kind")
        .agg(nw.len().alias("times"))
    )
    flags = {
        "is_friend": "friend", "is_following": "follow", "is_follower": "by_follow", "is_invitee": "invite",
        "is_invited": "by_invite",
    }  # fmt: skip
    buyers_too = bought.select(buyer=nw.col("person_no"), bought=nw.lit(1))
    known = distinct.join(buyers_too, left_on="other_no", right_on="buyer", how="left").with_columns(
        bought=nw.coalesce(nw.col("bought"), nw.lit(0))
    )
    return known.with_columns(
        *(
            nw.when(kind == wanted).then(nw.lit(1)).otherwise(nw.lit(0)).alias(name)
            for name, wanted in flags.items()
        ),
        *(
            nw.when(kind == wanted).then(nw.col("bought")).otherwise(nw.lit(0)).alias(f"{name}_bought")
            for name, wanted in flags.items()
            if name in ("is_friend", "is_invitee")
        ),
        day=nw.lit(0),
    )


def person_interests(days: Frame, as_of_day: int) -> Frame:
    """Categories of each person over 90 days: person_no, category (the favourite), breadth (how many), met_top, met_all
    (times met: the favourite, all of them), day. `days` is person_days."""
    recent = days.filter(nw.col("day") > as_of_day - 90, ~nw.col("top_category").is_null())
    met = recent.group_by("person_no", "top_category").agg(
        nw.col("top_category_events").sum().cast(nw.Int64).alias("n")
    )
    top = last_by(met, "person_no", ["n", "top_category"])
    whole = met.group_by("person_no").agg(
        nw.len().cast(nw.Int64).alias("breadth"), nw.col("n").sum().cast(nw.Int64).alias("met_all")
    )
    return top.join(whole, on="person_no", how="inner").select(
        "person_no", "breadth", "met_all", category=nw.col("top_category"), met_top=nw.col("n"), day=nw.lit(0)
    )


def buyers(rows: Frame) -> Frame:
    """What RFM is cut from: person_no, currency, orders that count, net amount, first and last day. Buyers only."""
    per = rows.group_by("person_no").agg(
        nw.col("main_currency").max().alias("currency"),
        nw.col("counted").sum().cast(nw.Int64).alias("f_orders"),
        nw.col("net_main_minor").sum().cast(nw.Int64).alias("m_minor"),
        nw.col("counted_day").min().cast(nw.Int32).alias("first_day"),
        nw.col("counted_day").max().cast(nw.Int32).alias("last_day"),
    )
    return per.filter(nw.col("f_orders") > 0)
