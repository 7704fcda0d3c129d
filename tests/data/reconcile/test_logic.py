"""A difference is split exactly, and a number made by another definition is explained by no more reasons than made it."""

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weaktie.data.reconcile.contracts import Definition, Measure
from weaktie.data.reconcile.logic import NAMES, ZONES, Facts, Split, bounds
from weaktie.kit.clock import DAY_US, HOUR_US, to_datetime

FIRST, LAST = 20_000, 20_002
HOME = "Asia/Shanghai"
MEASURES: tuple[Measure, ...] = ("gmv", "paid_orders", "refunds", "net")

order = st.tuples(
    st.integers(FIRST * DAY_US - 40 * HOUR_US, (LAST + 1) * DAY_US + 40 * HOUR_US),
    st.integers(0, 10**9),
    st.sampled_from(["none", "part", "whole", "note"]),
    st.integers(1, 4),
    st.integers(0, 31),
)
Order = tuple[int, int, str, int, int]


def facts(orders: list[Order]) -> Facts:
    rows = []
    for at_us, amount, refund, copies, marks in orders:
        paid = 0 if refund == "note" else amount
        back = {"none": 0, "part": amount // 3, "whole": amount, "note": amount}[refund]
        rows.append((at_us, paid, back, int(refund != "note"), copies, marks))
    columns = np.array(rows, np.int64).reshape(-1, 6).T
    return Facts(*columns)


def by_hand(orders: list[Order], measure: Measure, toggles: frozenset[str], zone: str) -> int:
    """The measure of a definition, order by order: another way than the one under test."""
    total = 0
    for at_us, amount, refund, copies, marks in orders:
        day = (to_datetime(at_us).astimezone(ZoneInfo(zone)).date() - to_datetime(0).date()).days
        if not FIRST <= day <= LAST:
            continue
        is_a = {n: bool(marks >> b & 1) for b, n in enumerate(("cancelled", "tests", "bots", "currencies"))}
        if any(is_a[n] and n not in toggles for n in is_a) or (marks >> 4 and "identified_only" in toggles):
            continue
        paid = 0 if refund == "note" else amount
        back = {"none": 0, "part": amount // 3, "whole": amount, "note": amount}[refund]
        whole = back >= paid
        turned = ("full_refunds" if whole else "part_refunds") in toggles
        value = {
            "gmv": paid - (back if turned else 0),
            "net": paid - (0 if turned else back),
            "refunds": 0 if turned else back,
            "paid_orders": int(refund != "note" and not (whole and turned)),
        }[measure]
        total += value * (copies if "duplicates" in toggles else 1)
    return total


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(order, max_size=25),
    st.sampled_from(MEASURES),
    st.sets(st.sampled_from(NAMES), max_size=4),
    st.sampled_from([HOME, *ZONES]),
)
def test_reasons_reproduce_another_systems_number(
    orders: list[Order], measure: Measure, toggles: set[str], zone: str
) -> None:
    theirs = by_hand(orders, measure, frozenset(toggles), zone)
    split = Split(facts(orders), measure, FIRST, LAST, HOME)
    assert split.value(Definition(frozenset(toggles), zone)) == theirs
    told = split.split(theirs, Definition(frozenset(toggles), zone))
    assert told.ours == by_hand(orders, measure, frozenset(), HOME)
    assert told.unexplained == 0
    found = split.explain(theirs)
    assert found.unexplained == 0
    assert found.ours + sum(amount for _, amount in found.reasons) == theirs
    assert len(found.reasons) <= len(toggles) + (zone != HOME)


@settings(max_examples=40, deadline=None)
@given(st.lists(order, max_size=15), st.sampled_from(MEASURES), st.integers(-(10**12), 10**12))
def test_what_cannot_be_explained_is_said(orders: list[Order], measure: Measure, theirs: int) -> None:
    split = Split(facts(orders), measure, FIRST, LAST, HOME)
    found = split.explain(theirs)
    assert found.ours + sum(amount for _, amount in found.reasons) + found.unexplained == theirs
    assert abs(found.unexplained) <= abs(theirs - found.ours)


def test_the_shortest_explanation_wins_and_others_as_short_are_counted() -> None:
    noon = FIRST * DAY_US
    orders: list[Order] = [(noon, 1000, "none", 1, 0), (noon, 500, "none", 1, 1), (noon, 500, "none", 1, 4)]
    found = Split(facts(orders), "gmv", FIRST, LAST, HOME).explain(1500)
    assert (list(found.reasons), found.unexplained, found.also) == ([("cancelled", 500)], 0, 1)
    none = Split(facts(orders), "gmv", FIRST, LAST, HOME).explain(1000)
    assert (list(none.reasons), none.unexplained, none.also) == ([], 0, 0)


def test_days_begin_where_the_zone_says() -> None:
    start, end = bounds(FIRST, FIRST, "Asia/Shanghai")
    assert (start, end) == (FIRST * DAY_US - 8 * HOUR_US, FIRST * DAY_US + 16 * HOUR_US)
    with pytest.raises(KeyError):
        ZoneInfo("Nowhere/At All")
