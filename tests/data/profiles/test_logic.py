"""RFM's arithmetic and what is shown of personal values."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weaktie.data.profiles.logic import (
    CLASSES,
    HIGH,
    LOW,
    MID,
    TIER_OF_CLASS,
    TIERS,
    bucket_labels,
    classify,
    level,
    masked,
    neutralised,
    rfm,
    tertiles,
)

OLD = 1000


def class_of(r: int, f: int, m: int, age: int = OLD) -> str:
    levels = (np.array([v], np.int8) for v in (r, f, m))
    r_level, f_level, m_level = levels
    return CLASSES[int(classify(r_level, f_level, m_level, np.array([age], np.int64))[0])]


def test_the_plans_three_classes_are_exactly_their_cells() -> None:
    found = {cell: class_of(cell[0], cell[1], cell[2]) for cell in product((LOW, MID, HIGH), repeat=3)}
    assert [c for c, name in found.items() if name == "high_value"] == [(HIGH, HIGH, HIGH)]
    assert [c for c, name in found.items() if name == "potential"] == [(LOW, HIGH, HIGH)]
    assert [c for c, name in found.items() if name == "at_risk"] == [(LOW, MID, MID)]


def test_the_other_cells_are_lost_ordinary_or_new() -> None:
    planned = {(HIGH, HIGH, HIGH), (LOW, HIGH, HIGH), (LOW, MID, MID)}
    for cell in product((LOW, MID, HIGH), repeat=3):
        expected = "lost" if cell[0] == LOW else "ordinary"
        if cell not in planned:
            assert class_of(cell[0], cell[1], cell[2]) == expected, cell
            assert class_of(cell[0], cell[1], cell[2], 29) == "new", cell
            assert class_of(cell[0], cell[1], cell[2], 30) == expected, cell
        else:
            assert class_of(cell[0], cell[1], cell[2], 0) == class_of(cell[0], cell[1], cell[2]), cell


def test_every_class_has_one_tier_and_every_tier_a_class() -> None:
    assert set(TIER_OF_CLASS) == set(CLASSES)
    assert set(TIER_OF_CLASS.values()) == set(TIERS)


@pytest.mark.parametrize(
    ("values", "cuts"),
    [([1, 2, 3], (1, 2)), ([5], (5, 5)), ([1, 1, 1, 1, 2, 3], (1, 1)), ([3, 1, 2, 6, 5, 4], (2, 4))],
)
def test_tertiles_are_values_at_the_ranks(values: list[int], cuts: tuple[int, int]) -> None:
    assert tertiles(np.array(values, np.int64)) == cuts


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=60), st.randoms())
def test_levels_keep_order_and_never_part_equals(values: list[int], random: object) -> None:
    array = np.array(values, np.int64)
    levels = level(array, tertiles(array))
    by_value = dict(zip(values, levels.tolist(), strict=True))
    assert all(by_value[v] == lv for v, lv in zip(values, levels.tolist(), strict=True))
    ordered = [by_value[v] for v in sorted(by_value)]
    assert ordered == sorted(ordered)
    shuffled = array.copy()
    random.shuffle(values)  # type: ignore[attr-defined]
    assert tertiles(np.array(values, np.int64)) == tertiles(shuffled)


def test_currencies_are_cut_apart() -> None:
    currency = np.array(["CNY"] * 3 + ["JPY"] * 3, object)
    r = np.array([1, 5, 9, 1, 5, 9], np.int64)
    money = np.array([100, 200, 300, 10_000, 20_000, 30_000], np.int64)
    orders = np.array([1, 2, 3, 1, 2, 3], np.int64)
    found = rfm(currency, r, orders, money, np.full(6, OLD, np.int64))
    assert found.m.tolist() == [LOW, MID, HIGH] * 2
    assert found.r.tolist() == [HIGH, MID, LOW] * 2
    assert found.cutoffs["JPY"].m_minor == (10_000, 20_000)


def test_labels_of_classes() -> None:
    assert bucket_labels((0, 0.5, 10)) == ["≤ 0", "0–0.5", "0.5–10", "> 10"]
    assert bucket_labels((0, 1, 5), whole=True) == ["0", "1", "2–5", "≥ 6"]
    assert bucket_labels((7, 30), whole=True) == ["0–7", "8–30", "≥ 31"]


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phone", "19900001234", "199******34"),
        ("phone", "123", "***"),
        ("email", "ann@example.org", "a***@example.org"),
        ("email", "broken", "***"),
        ("nickname", "小鹿", "小***"),
        ("nickname", "", ""),
    ],
)
def test_masked(field: str, value: str, shown: str) -> None:
    assert masked(field, value) == shown


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_a_cell_that_would_run_is_neutralised(cell: str) -> None:
    assert neutralised(cell) == "'" + cell


@pytest.mark.parametrize(("cell", "kept"), [("-3.50", "-3.50"), (-3, -3), ("小鹿", "小鹿"), (None, "")])
def test_other_cells_stay(cell: object, kept: object) -> None:
    assert neutralised(cell) == kept
