"""Memberships from joins and leaves in any order: against a plain model."""

from bisect import bisect_right
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.private.contracts import OPEN_END, Moves, Spans
from weaktie.data.private.logic import anywhere, inside, merged, periods_of, spans_of

MOVE = st.tuples(st.integers(1, 3), st.integers(0, 1), st.integers(0, 2), st.integers(0, 12), st.booleans())
MOMENTS = range(-1, 15)


def moves_of(rows: list[tuple[int, int, int, int, bool]]) -> Moves:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    kinds = (np.int32, np.int32, np.int32, np.int64, np.bool_)
    return Moves(*(np.array(c, k) for c, k in zip(columns, kinds, strict=True)))


def is_member(rows: list[tuple[int, int, int, int, bool]], person: int, channel: int | None, at: int) -> bool:
    """The model: at each place the last thing that happened by then says it; at one instant a join comes last."""
    places = {(c, p) for who, c, p, _, _ in rows if who == person and (channel is None or c == channel)}
    for place in places:
        said = [
            (us, joined) for who, c, p, us, joined in rows if (who, c, p) == (person, *place) and us <= at
        ]
        if said and max(said)[1]:
            return True
    return False


@settings(max_examples=300, deadline=None)
@given(st.lists(MOVE, max_size=30), st.randoms(use_true_random=False))
def test_spans_are_the_model_whatever_the_order_and_repeats(
    rows: list[tuple[int, int, int, int, bool]], dice: object
) -> None:
    spans = spans_of(moves_of(rows))
    shuffled = [*rows, *rows[: len(rows) // 2]]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    again = spans_of(moves_of(shuffled))
    for name in ("person", "channel", "start", "end"):
        assert getattr(spans, name).tolist() == getattr(again, name).tolist(), "order and repeats say nothing"
    people = np.repeat(np.arange(0, 5, dtype=np.int32), len(MOMENTS))
    at = np.tile(np.array(MOMENTS, np.int64), 5)
    for channel in (0, 1):
        mine = spans.where(spans.channel == channel)
        found = inside(mine, people, at).tolist()
        assert found == [
            is_member(rows, p, channel, t) for p, t in zip(people.tolist(), at.tolist(), strict=True)
        ]
    found = inside(anywhere(spans), people, at).tolist()
    assert found == [is_member(rows, p, None, t) for p, t in zip(people.tolist(), at.tolist(), strict=True)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9), st.integers(1, 5)), max_size=20))
def test_merged_spans_neither_overlap_nor_touch(rows: list[tuple[int, int, int]]) -> None:
    given_spans = Spans(
        np.array([r[0] for r in rows], np.int32), np.zeros(len(rows), np.int32), np.array([r[1] for r in rows], np.int64),
        np.array([r[1] + r[2] for r in rows], np.int64),
    )  # fmt: skip
    found = merged(given_spans)
    for person in (1, 2, 3):
        mine = sorted(
            zip(
                found.start[found.person == person].tolist(),
                found.end[found.person == person].tolist(),
                strict=True,
            )
        )
        assert all(a[1] < b[0] for a, b in pairwise(mine))
        starts = [s for s, _ in mine]
        for t in range(16):
            at = bisect_right(starts, t) - 1
            expected = any(p == person and s <= t < s + n for p, s, n in rows)
            assert (at >= 0 and t < mine[at][1]) == expected


def test_a_leave_without_a_join_says_nothing_and_a_join_without_a_leave_goes_on() -> None:
    spans = spans_of(moves_of([(1, 0, 0, 5, False), (2, 0, 0, 5, True)]))
    assert spans.person.tolist() == [2]
    assert spans.end.tolist() == [OPEN_END]


def test_periods_begin_on_mondays_and_on_the_first() -> None:
    assert periods_of(20_000, 20_012, "week") == [(20_000, 20_002), (20_003, 20_009), (20_010, 20_012)]
    months = periods_of(20_000, 20_100, "month")
    assert months[0][0] == 20_000 and months[-1][1] == 20_100
    assert all(b[0] == a[1] + 1 for a, b in pairwise(months))
    assert len(periods_of(20_000, 20_002, "day")) == 3
