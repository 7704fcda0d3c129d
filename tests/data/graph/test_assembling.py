"""Ties from rows: sums by pair as a dictionary would have them, and day by day the same as all at once."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.graph import assembling as a
from weaktie.data.graph.contracts import CODE, KINDS, MUTUAL

PEOPLE = 8
LAST = 100
row = st.tuples(
    st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1), st.sampled_from([k.key for k in KINDS]), st.integers(60, LAST),
    st.integers(1, 14),
)  # fmt: skip
Row = tuple[int, int, str, int, int]


def rows_of(rows: list[Row]) -> a.Rows:
    columns: list[Any] = list(zip(*rows, strict=True)) if rows else [(), (), (), (), ()]
    src, dst, kind, day, times = columns
    return a.Rows(
        np.array(src, np.int32), np.array(dst, np.int32), np.array([CODE[k] for k in kind], np.int8), np.array(day, np.int32),
        np.array(times, np.int32), np.zeros(len(rows), np.int32),
    )  # fmt: skip


def unique(rows: list[Row]) -> list[Row]:
    """Each pair, kind and day once, as `tie_day` has them, and nobody with themselves."""
    return list({r[:4]: r for r in rows if r[0] != r[1]}.values())


def expected(rows: list[Row], persons: list[int]) -> dict[tuple[int, int], dict[str, float]]:
    """What each person did towards each other, both ways."""
    found: dict[tuple[int, int], dict[str, float]] = {}
    for src, dst, kind, day, times in rows:
        s, d = persons[src], persons[dst]
        if s < 0 or d < 0 or s == d:
            continue
        effort = KINDS[CODE[kind]].effort
        weight = effort * min(times, a.MOST_A_DAY) * 0.5 ** ((LAST - day) / a.HALF_LIFE_DAYS)
        for pair, side in (((s, d), "given"), ((d, s), "back")):
            cell = found.setdefault(pair, {"given": 0.0, "back": 0.0, "count": 0, "last": 0, "mask": 0})
            cell[side] += weight
            cell["mask"] = int(cell["mask"]) | 1 << CODE[kind]
            if effort:
                cell["count"] += times
                cell["last"] = max(cell["last"], day)
    return {pair: cell for pair, cell in found.items() if cell["mask"] != a.CO_ORDER}


def cells(people: np.ndarray[Any, Any], pairs: a.Pairs) -> dict[tuple[int, int], dict[str, float]]:
    names = ("given", "back", "count", "last", "mask")
    return {
        (int(people[pairs.src[i]]), int(people[pairs.dst[i]])): {
            n: float(getattr(pairs, n)[i]) for n in names
        }
        for i in range(len(pairs))
    }


@given(st.lists(row, max_size=60), st.lists(st.integers(-1, PEOPLE - 1), min_size=PEOPLE, max_size=PEOPLE))
@settings(max_examples=200, deadline=None)
def test_pairs_are_what_a_dictionary_says(given_rows: list[Row], owners: list[int]) -> None:
    rows = unique(given_rows)
    pairs = a.of_rows(rows_of(rows), PEOPLE, LAST)
    people, found = a.of_people(pairs, np.array(owners, np.int32))
    theirs, ours = expected(rows, owners), cells(people, found)
    assert set(ours) == set(theirs)
    for pair, cell in theirs.items():
        assert ours[pair] == pytest.approx(cell, rel=1e-4, abs=1e-6)
    assert found.indptr[-1] == len(found)
    assert people.tolist() == sorted({p for pair in theirs for p in pair})
    keys = found.src.astype(np.int64) * len(people) + found.dst
    assert (np.diff(keys) > 0).all()


@given(st.lists(row, max_size=40), st.lists(row, max_size=40))
@settings(max_examples=150, deadline=None)
def test_a_day_on_top_is_the_same_as_all_at_once(first: list[Row], second: list[Row]) -> None:
    """The second look sees every row of the first, some more often, and others beside them."""
    old = {r[:4]: r for r in unique(first) if r[3] < LAST}
    new = dict(old)
    for r in unique(second):
        new[r[:4]] = (*r[:4], r[4] + (old[r[:4]][4] if r[:4] in old else 0))
    then = max([r[3] for r in old.values()], default=60)
    kept = a.of_rows(rows_of(list(old.values())), PEOPLE, then)
    more = a.difference(rows_of(list(old.values())), rows_of(list(new.values())))
    assert more is not None
    found = a.added(kept, a.of_rows(more, PEOPLE, LAST), LAST - then)
    whole = a.of_rows(rows_of(list(new.values())), PEOPLE, LAST)
    for name in ("src", "dst", "count", "last", "mask"):
        assert getattr(found, name).tolist() == getattr(whole, name).tolist(), name
    assert found.given == pytest.approx(whole.given, rel=1e-4)


def test_what_is_gone_cannot_be_added() -> None:
    rows = [(0, 1, "chat", 90, 3), (1, 2, "share", 90, 1)]
    assert a.difference(rows_of(rows), rows_of(rows[:1])) is None
    assert a.difference(rows_of(rows), rows_of([(0, 1, "chat", 90, 2), rows[1]])) is None
    same = a.difference(rows_of(rows), rows_of(rows))
    assert same is not None
    assert len(same) == 0


def test_a_friendship_stands_on_both_sides_and_a_follow_on_one() -> None:
    pairs = a.of_rows(rows_of([(0, 1, "friend", 1, 1), (2, 3, "follow", 1, 1)]), 4, LAST)
    assert list(zip(pairs.src.tolist(), pairs.dst.tolist(), strict=True)) == [(0, 1), (1, 0), (2, 3)]
    assert {"friend", "group"} == MUTUAL
