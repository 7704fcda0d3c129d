"""Lazy tables: the events that matchers look for, as numbers."""

from functools import reduce
from operator import and_, or_
from typing import Any

import narwhals as nw

from weaktie.data.behaviour.contracts import ANY_EVENT, Condition, Days, Matcher
from weaktie.data.quality.service import customers, without_impossible
from weaktie.store.engine.contracts import micros

Frame = nw.LazyFrame[Any]


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
    events: Frame, matchers: tuple[Matcher, ...], days: Days, columns: tuple[str, ...], most_a_minute: int
) -> Frame:
    """Rows that pass a matcher: alias_no, time_us, day, event_id, matched (bit i for matcher i), and the columns asked for.

    Only what may serve analytics and what customers did: crawlers, tests and impossible rates are nobody's.
    """
    may = events.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), nw.col("day") >= days.first, nw.col("day") <= days.last
    )  # fmt: skip
    may = without_impossible(customers(may), most_a_minute)
    tests = [matches(m) for m in matchers]
    bits = [
        nw.when(test).then(nw.lit(1 << i)).otherwise(nw.lit(0)).cast(nw.Int64) for i, test in enumerate(tests)
    ]
    rows = may.filter(reduce(or_, tests)).with_columns(
        time_us=micros("event_time"), matched=reduce(lambda a, b: a + b, bits)
    )
    return rows.select("alias_no", "time_us", "day", "event_id", "event_time", "matched", *columns)
