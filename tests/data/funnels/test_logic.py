"""The search for the greatest step: equal to ClickHouse's windowFunnel, and what is ours beside it."""

import json
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.behaviour.contracts import Matcher, Sequences
from weaktie.data.funnels.contracts import Exclusion, Funnel
from weaktie.data.funnels.logic import figures, reached, trend

Rows = list[tuple[int, int]]
"""(time, bits of steps) of one person."""


def funnel(steps: int, window: int, **more: Any) -> Funnel:
    return Funnel(tuple(Matcher(f"s{i}") for i in range(steps)), window, 0, 10_000, **more)


def sequences(people: list[Rows], day: int = 5) -> Sequences:
    """Each person's rows by time, those of one time as they come."""
    ordered = [sorted(rows, key=lambda r: r[0]) for rows in people]
    flat = [row for rows in ordered for row in rows]
    return Sequences(
        np.arange(len(people), dtype=np.int32),
        np.cumsum([0, *(len(rows) for rows in ordered)]).astype(np.int64),
        np.array([t for t, _ in flat], np.int64),
        np.full(len(flat), day, np.int32),
        np.array([b for _, b in flat], np.uint32),
    )


def people_of(steps: int) -> st.SearchStrategy[list[Rows]]:
    row = st.tuples(
        st.integers(0, 14), st.integers(1, (1 << steps) - 1) | st.sampled_from([1 << i for i in range(steps)])
    )
    return st.lists(st.lists(row, max_size=14), min_size=1, max_size=40)


MODES = [
    ("loose", False, ()),
    ("strict", False, ("strict_order",)),
    ("loose", True, ("strict_increase",)),
    ("strict", True, ("strict_order", "strict_increase")),
]


@pytest.mark.parametrize(
    ("order", "increase", "modes"), MODES, ids=["default", "strict_order", "strict_increase", "both"]
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_equals_window_funnel(
    order: Any, increase: bool, modes: tuple[str, ...], data: st.DataObject
) -> None:
    """Ties in time are frequent: both take the events of one instant in the order of the steps."""
    chdb = pytest.importorskip("chdb", reason="chdb, the oracle of funnels, is not installed here")
    steps = data.draw(st.integers(2, 6))
    window = data.draw(st.integers(0, 14))
    people = data.draw(people_of(steps))
    rows = [
        {"p": p, "t": t, **{f"s{i}": bits >> i & 1 for i in range(steps)}}
        for p, of in enumerate(people)
        for t, bits in of
    ]
    told = ", ".join(f"'{m}'" for m in modes)
    tests = ", ".join(f"s{i}" for i in range(steps))
    columns = ", ".join(["p UInt32", "t UInt64", *(f"s{i} UInt8" for i in range(steps))])
    text = "\n".join(map(json.dumps, rows)).replace("'", "''")
    query = (
        f"SELECT p, windowFunnel({window}{', ' + told if told else ''})(t, {tests}) AS level "
        f"FROM format(JSONEachRow, '{columns}', '{text}') GROUP BY p ORDER BY p"
    )
    theirs = {}
    if rows:
        found = json.loads(str(chdb.query(query, "JSONCompact")))["data"]
        theirs = {int(p): int(level) for p, level in found}
    ours = reached(sequences(people), funnel(steps, window, order=order, increase=increase)).level
    assert ours.tolist() == [theirs.get(p, 0) for p in range(len(people))]


def slow(rows: Rows, steps: int, window: int, spans: list[tuple[int, int]]) -> int:
    """The same search written plainly: an attempt is the list of its steps' times."""
    attempts: dict[int, list[int]] = {}
    best = 0
    for now, same in groupby(sorted(rows, key=lambda r: r[0]), key=lambda r: r[0]):
        bits = 0
        for _, b in same:
            bits |= b
        for step in range(steps):
            if not bits >> step & 1:
                continue
            if step == 0:
                attempts[0] = [now]
            elif step - 1 in attempts and now <= attempts[step - 1][0] + window:
                attempts[step] = [*attempts[step - 1], now]
            else:
                continue
            best = max(best, step + 1)
        if best == steps:
            return best
        for e, (after, before) in enumerate(spans):
            if bits >> (steps + e) & 1:
                attempts = {
                    k: a for k, a in attempts.items() if not (after <= k + 1 < before and a[-1] < now)
                }
    return best


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 4), st.integers(0, 14), st.data())
def test_exclusions_equal_the_plain_search(steps: int, window: int, data: st.DataObject) -> None:
    spans = data.draw(
        st.lists(
            st.tuples(st.integers(1, steps - 1), st.integers(2, steps)).filter(lambda s: s[0] < s[1]),
            max_size=2,
        )
    )
    people = data.draw(people_of(steps + len(spans)))
    told = tuple(Exclusion(Matcher("x"), after, before) for after, before in spans)
    found = reached(sequences(people), funnel(steps, window, exclusions=told))
    assert found.level.tolist() == [slow(rows, steps, window, spans) for rows in people]


def test_an_exclusion_ends_the_attempt_and_another_may_begin() -> None:
    a, b, x = 1, 2, 4
    people = [
        [(0, a), (1, x), (2, b)],
        [(0, a), (1, x), (2, a), (3, b)],
        [(0, x), (1, a), (2, b)],
        [(0, a), (1, b | x)],
    ]
    found = reached(sequences(people), funnel(2, 10, exclusions=(Exclusion(Matcher("x"), 1, 2),)))
    assert found.level.tolist() == [1, 2, 2, 2]


def test_times_are_of_the_attempt_that_first_reached_the_greatest_step() -> None:
    second = 1_000_000
    people = [
        [(0, 1), (10 * second, 2), (500 * second, 1), (501 * second, 2)],
        [(0, 1), (30 * second, 1), (70 * second, 2)],
    ]
    found = reached(sequences(people), funnel(2, 100 * second))
    assert found.time_us.tolist() == [[0, 10 * second], [30 * second, 70 * second]]
    made = figures(found, np.ones(2, np.bool_), 2)
    assert made[1].times is not None
    assert (made[1].times.median_s, made[1].people, made[0].times) == (25.0, 2, None)
    assert made[1].times.histogram[0] == 2


def test_entries_are_those_of_the_days_and_later_steps_may_come_after() -> None:
    found = Sequences(
        np.arange(2, dtype=np.int32), np.array([0, 2, 4]), np.array([0, 10, 0, 10]), np.array([5, 6, 6, 6], np.int32),
        np.array([1, 2, 1, 2], np.uint32),
    )  # fmt: skip
    wanted = Funnel((Matcher("a"), Matcher("b")), 100, 5, 5)
    assert reached(found, wanted).level.tolist() == [2, 0]


def test_days_whose_windows_are_open_have_no_conversions_yet() -> None:
    wanted = Funnel((Matcher("a"), Matcher("b")), 100, 20_000, 20_009)
    entered = np.array([20_000, 20_000, 20_009], np.int32)
    points = trend(entered, np.array([True, False, False]), wanted, 20_004)
    assert [(p.entered, p.converted) for p in points] == [(2, 1), *[(0, 0)] * 4, *[(0, None)] * 4, (1, None)]
    weeks = trend(
        entered,
        np.array([True, False, False]),
        Funnel(wanted.steps, 100, 20_000, 20_009, grain="week"),
        20_004,
    )
    assert [(p.day, p.until_day, p.entered, p.converted) for p in weeks] == [
        (19_996, 20_002, 2, 1),
        (20_003, 20_009, 1, None),
    ]
