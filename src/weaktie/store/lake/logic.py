"""Telling duplicates: sorted files of 128-bit ids, looked up by binary search. And whether rows stand in order."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.store.lake.contracts import DUPLICATE, NEW, OTHER_PAYLOAD, U64


def sorted_ids(ids: U64) -> U64:
    """The rows (id high, id low, payload) in ascending order of the id: shape (n, 3)."""
    assert ids.ndim == 2 and ids.shape[1] == 3, ids.shape
    return np.ascontiguousarray(ids[_order(ids, ids[:, 2])])


def _order(ids: U64, then: npt.NDArray[np.generic]) -> npt.NDArray[np.intp]:
    """Rows in the order of their ids, rows of one id in the order of `then`. The first words rarely agree: sorting by
    them alone, in any order of equals, is several times quicker."""
    first = np.ascontiguousarray(ids[:, 0])
    order = np.argsort(first)
    ordered = first[order]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort((then, ids[:, 1], first))
    return order


class IdIndex:
    """The ids of the files that count. Arrays are memory-mapped: what is resident is the system's to decide."""

    def __init__(self) -> None:
        self._files: dict[Path, U64] = {}

    def keep_only(self, paths: set[Path]) -> None:
        """Follow the manifest: open what is new in it, drop what left it."""
        for path in self._files.keys() - paths:
            del self._files[path]
        for path in paths - self._files.keys():
            self._files[path] = np.load(path, mmap_mode="r", allow_pickle=False)

    def classify(self, ids: U64) -> npt.NDArray[np.int8]:
        """NEW, DUPLICATE or OTHER_PAYLOAD for each row of `ids` (shape (n, 3)), earlier rows of it included."""
        order = _order(ids, np.arange(len(ids)))
        ranked = ids[order]
        state = np.full(len(ids), NEW, np.int8)
        for known in self._files.values():
            _merge(state, _against(known, ranked))
        _within(state, ranked)
        result = np.empty(len(ids), np.int8)
        result[order] = state
        return result


def _merge(state: npt.NDArray[np.int8], found: npt.NDArray[np.int8]) -> None:
    state[(found == OTHER_PAYLOAD) & (state == NEW)] = OTHER_PAYLOAD
    state[found == DUPLICATE] = DUPLICATE


def _against(known: U64, ranked: U64) -> npt.NDArray[np.int8]:
    """The state of sorted ids against one sorted file."""
    found = np.full(len(ranked), NEW, np.int8)
    if len(known) == 0:
        return found
    high = known[:, 0]
    at = np.searchsorted(high, ranked[:, 0])
    candidates = np.flatnonzero((at < len(known)) & (high[np.minimum(at, len(known) - 1)] == ranked[:, 0]))
    for row in candidates:
        place = at[row]
        while place < len(known) and high[place] == ranked[row, 0]:
            if known[place, 1] == ranked[row, 1]:
                if known[place, 2] == ranked[row, 2]:
                    found[row] = DUPLICATE
                    break
                found[row] = OTHER_PAYLOAD
            place += 1
    return found


def _within(state: npt.NDArray[np.int8], ranked: U64) -> None:
    """Rows that repeat an id of an earlier row of the same batch; rows of one id are in order of arrival."""
    same = np.flatnonzero((ranked[1:, 0] == ranked[:-1, 0]) & (ranked[1:, 1] == ranked[:-1, 1])) + 1
    seen: set[int] = set()
    previous = -1
    for row in same:
        if row - 1 != previous:
            seen = {int(ranked[row - 1, 2])}
        previous = int(row)
        payload = int(ranked[row, 2])
        if payload in seen:
            state[row] = DUPLICATE
        elif state[row] == NEW:
            state[row] = OTHER_PAYLOAD
        seen.add(payload)


def in_order(data: pa.Table, columns: Sequence[str]) -> bool:
    """Whether the rows stand in the order of these columns; False also where that is dear to tell (nulls, texts)."""
    plain = [data[name] for name in columns]
    if any(c.null_count or not (pa.types.is_integer(c.type) or pa.types.is_timestamp(c.type)) for c in plain):
        return False
    undecided = np.ones(max(data.num_rows - 1, 0), np.bool_)
    for column in plain:
        values = (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_numpy()
        if (undecided & (values[1:] < values[:-1])).any():
            return False
        undecided &= values[1:] == values[:-1]
    return True
