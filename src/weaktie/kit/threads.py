"""Doing the same for many things on a few threads: for work that lets go of the interpreter (kernels, files, compression)."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from typing import TypeVar

Some = TypeVar("Some")
Made = TypeVar("Made")


def side_by_side(do: Callable[[Some], Made], each: Iterable[Some], threads: int) -> Iterator[Made]:
    """What `do` makes of each, in their order, made by some threads; few that are made wait to be taken."""
    with ThreadPoolExecutor(threads, thread_name_prefix="side") as pool:
        ahead: deque[Future[Made]] = deque()
        for one in each:
            ahead.append(pool.submit(do, one))
            if len(ahead) > 2 * threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def shares(sizes: Callable[[int], int], count: int, parts: int) -> list[tuple[int, int]]:
    """`count` things as at most `parts` runs of about the same size; `sizes(i)` is how much the first i of them are together."""
    whole = sizes(count)
    ends = [0]
    for part in range(1, parts):
        low, high = ends[-1], count
        while low < high:
            middle = (low + high) // 2
            if sizes(middle) * parts < whole * part:
                low = middle + 1
            else:
                high = middle
        ends.append(low)
    ends.append(count)
    return [(a, b) for a, b in pairwise(ends) if a < b]
