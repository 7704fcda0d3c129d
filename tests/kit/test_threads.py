"""Work on a few threads comes back in its order, and is shared out evenly."""

import threading
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.kit.threads import shares, side_by_side


def test_results_come_in_the_order_of_what_was_asked() -> None:
    here = threading.current_thread()
    found = list(side_by_side(lambda n: (n * n, threading.current_thread() is here), range(50), 3))
    assert found == [(n * n, False) for n in range(50)]


def test_what_fails_is_raised_where_it_is_taken() -> None:
    def fails(n: int) -> int:
        if n == 3:
            raise ValueError("three")
        return n

    taken: list[int] = []
    with pytest.raises(ValueError, match="three"):
        taken.extend(side_by_side(fails, range(9), 2))


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), max_size=60), st.integers(1, 5))
def test_shares_cover_everything_once_and_are_about_even(sizes: list[int], parts: int) -> None:
    sums = [0, *accumulate(sizes)]
    found = shares(lambda i: sums[i], len(sizes), parts)
    assert [i for low, high in found for i in range(low, high)] == list(range(len(sizes)))
    assert len(found) <= parts
    for low, high in found:
        assert sums[high] - sums[low] <= sums[-1] / parts + max(sizes, default=0)
