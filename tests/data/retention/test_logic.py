"""Cohorts and states against plain Python that counts people one by one."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.behaviour.contracts import Days
from weaktie.data.retention.logic import (
    BACK,
    START,
    averages,
    by_unit,
    came_back,
    cohorts_of,
    members,
    next_unit,
    states,
    triangle,
    unit_start,
    unit_starts,
    why_not,
)

UNITS, COHORTS, PERIODS = 14, 6, 9
person_days = st.dictionaries(st.integers(0, UNITS - 1), st.integers(1, 3), max_size=8)
crowds = st.lists(st.tuples(person_days, st.integers(-1, COHORTS), st.booleans()), min_size=1, max_size=12)


def oracle(people, mode, count):
    """(size, back) as sets of people: who is in a cohort, and who of them came back at n."""
    size: dict[int, set[int]] = {c: set() for c in range(COHORTS)}
    back: dict[tuple[int, int], set[int]] = {
        (c, n): set() for c in range(COHORTS) for n in range(PERIODS + 1)
    }
    for number, (days, new, among) in enumerate(people):
        if not among:
            continue
        started = sorted(d for d, bits in days.items() if bits & START and d < COHORTS)
        mine = {"each": started, "first": started[:1], "new": [new] if 0 <= new < COHORTS else []}[mode]
        for c in mine:
            size[c].add(number)
            for n in range(PERIODS + 1):
                there = [d for d, bits in days.items() if bits & BACK]
                if any(d == c + n if count == "on" else d >= c + n for d in there):
                    back[c, n].add(number)
    return size, back


@pytest.mark.parametrize("count", ["on", "after"])
@pytest.mark.parametrize("mode", ["first", "each", "new"])
@settings(max_examples=150, deadline=None)
@given(people=crowds)
def test_the_triangle_counts_as_one_would_by_hand(people, mode, count):
    cells = np.zeros((len(people), UNITS), np.uint8)
    for row, (days, _, _) in enumerate(people):
        for day, bits in days.items():
            cells[row, day] = bits
    first = np.array([new for _, new, _ in people], np.int32)
    among = np.array([a for _, _, a in people])
    size, back = triangle(cells, first, mode, count, COHORTS, PERIODS, among)
    sizes, backs = oracle(people, mode, count)
    assert size.tolist() == [len(sizes[c]) for c in range(COHORTS)]
    for c in range(COHORTS):
        who = members(cells, first, mode, c) & among
        assert set(np.flatnonzero(who).tolist()) == sizes[c]
        for n in range(min(PERIODS, UNITS - 1 - c) + 1):
            assert back[c, n] == len(backs[c, n])
            assert set(np.flatnonzero(who & came_back(cells, c, n, count)).tolist()) == backs[c, n]


@given(
    first=st.integers(18_000, 21_000),
    length=st.integers(0, 90),
    unit=st.sampled_from(["day", "week", "month"]),
)
def test_units_are_whole_and_follow_each_other(first, length, unit):
    starts = unit_starts(Days(first, first + length), unit).tolist()
    assert starts[0] <= first < next_unit(starts[0], unit)
    assert starts[-1] <= first + length < next_unit(starts[-1], unit)
    for start, following in pairwise(starts):
        assert next_unit(start, unit) == following
    day = date(1970, 1, 1) + timedelta(days=starts[0])
    assert unit == "day" or (day.weekday() == 0 if unit == "week" else day.day == 1)
    assert all(unit_start(d, unit) in starts for d in range(first, first + length + 1))


def test_days_become_units():
    cells = np.array([[1, 0, 0, 2, 0, 0, 0, 0, 3, 0]], np.uint8)
    assert by_unit(cells, 100, np.array([100, 103, 109], np.int32)).tolist() == [[1, 3, 0]]


def test_what_has_not_passed_is_null_with_its_reason_and_is_in_no_average():
    held = Days(90, 104)
    assert why_not(105, 105, held) == "not_passed"
    assert why_not(104, 106, held) is None
    assert why_not(105, 120, held) == "no_data"
    assert why_not(89, 120, held) == "no_data"
    assert why_not(89, 120, None) == "no_data"
    size, back = np.array([4, 6]), np.array([[4, 1], [6, 0]])
    cohorts = cohorts_of(size, back, [100, 101], [[None, None], [None, "not_passed"]])
    assert [c.returned for c in cohorts] == [(4, 1), (6, None)]
    zero, one = averages(cohorts, 1)
    assert (zero.returned, zero.people, one.returned, one.people, one.why) == (10, 10, 1, 4, None)
    open_cohorts = cohorts_of(size, back, [100, 101], [[None, "no_data"], [None, "no_data"]])
    assert averages(open_cohorts, 1)[1].why == "no_data"


@given(rows=st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_everybody_active_is_in_one_state(rows):
    before, now, new = (np.array([r[i] for r in rows]) for i in range(3))
    new &= ~before
    found = states(before, now, new)
    active = np.sum([found["new"], found["retained"], found["resurrected"]], axis=0)
    assert active.tolist() == now.astype(int).tolist()
    assert (found["retained"] | found["dormant"]).tolist() == before.tolist()
    assert not (found["dormant"] & now).any()
