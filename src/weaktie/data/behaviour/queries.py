"""Lazy tables: the events that matchers look for, as numbers."""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals as nw

from weaktie.data.behaviour.contracts import ANY_EVENT, Condition, Days, Matcher
from weaktie.data.quality.service import customers

Frame = nw.LazyFrame[Any]
ARRIVED = ("log_partition", "log_record", "log_index")
"""Where a row stands in the log (of imports: the line): what orders events of one instant."""


def passes(condition: Condition) -> nw.Expr:
    """A condition over a column of the frame."""
    column = nw.col(condition.property)
    if condition.op in {"set", "unset"}:
        return column.is_null() if condition.op == "unset" else ~column.is_null()
    if condition.op in {"in", "not_in"}:
        among = column.is_in(list(condition.values))
        return among if condition.op == "in" else ~among | column.is_null()
    value = condition.values[0]
    if condition.op == "contains":
        return column.str.contains(str(value), literal=True)
    if condition.op == "ne":
        return (column != value) | column.is_null()
    compared: nw.Expr = {
        "eq": column == value, "gt": column > value, "ge": column >= value, "lt": column < value, "le": column <= value,
    }[condition.op]  # fmt: skip
    return compared


def matches(matcher: Matcher) -> nw.Expr:
    """Whether a row passes a matcher."""
    tests = [] if matcher.event == ANY_EVENT else [nw.col("event") == matcher.event]
    tests += [passes(c) for c in matcher.where]
    return reduce(and_, tests) if tests else ~nw.col("event").is_null()


def matched_events(
    events: Frame, matchers: Sequence[Matcher], days: Days, columns: Sequence[str], impossible: Frame | None
) -> Frame:
    """Rows that pass a matcher: alias_no, event_time, day, matched (bit i for matcher i), ARRIVED, the columns asked for.

    Only what may serve analytics and what customers did: crawlers, tests and impossible rates are nobody's. `impossible`
    (alias_no, day) are identifiers and days at rates beyond a person's; None where there are none. Times are given as they
    are stored: arithmetic on them costs more than the whole scan.
    """
    tests = [matches(m) for m in matchers]
    bits = [
        nw.when(test).then(nw.lit(1 << i)).otherwise(nw.lit(0)).cast(nw.Int64) for i, test in enumerate(tests)
    ]
    may = events.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), nw.col("day") >= days.first, nw.col("day") <= days.last
    )  # fmt: skip
    rows = customers(may).filter(reduce(or_, tests))
    if impossible is not None:
        rows = rows.join(impossible, on=["alias_no", "day"], how="anti")
    rows = rows.with_columns(matched=reduce(lambda a, b: a + b, bits).cast(nw.UInt32))
    return rows.select(
        "alias_no", "event_time", "day", "matched", *ARRIVED, *(c for c in columns if c not in ARRIVED)
    )


def event_counts(events: Frame, after_day: int) -> Frame:
    """Events that analysis may count by name, on days after one: event, events."""
    may = customers(events.filter(nw.col("purposes") % 2 == 1, nw.col("day") > after_day))
    return may.group_by("event").agg(nw.len().alias("events"))


def newest_rows(events: Frame, event: str, columns: Sequence[str], most: int) -> Frame:
    """The latest rows of an event (of any with ANY_EVENT) that analysis may read."""
    may = customers(events.filter(nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null()))
    may = may if event == ANY_EVENT else may.filter(nw.col("event") == event)
    return may.sort("event_time", descending=True).head(most).select(*columns)
