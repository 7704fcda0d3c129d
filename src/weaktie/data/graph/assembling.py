"""From rows of interactions to the arrays of ties: counting sorts and one walk, no hash tables. Pure."""

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from weaktie.data.graph.contracts import CODE, F32, F64, I8, I32, I64, KINDS, MUTUAL, STANDING

HALF_LIFE_DAYS: Final = 45.0
"""What was done counts half after so many days."""
MOST_A_DAY: Final = 10
"""More of one kind towards one person on a day counts no more."""
EFFORT: Final[F64] = np.array([k.effort for k in KINDS])
CO_ORDER: Final = 1 << CODE["co_order"]
_STANDING: Final = np.array([k.key in STANDING for k in KINDS])
_MUTUAL: Final = np.array([k.key in MUTUAL for k in KINDS])


Columns = tuple[I32, I32, F32, F32, I32, I32, I32]
"""The arrays of pairs without where each src begins."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs in the order of (src, dst), each once: `given` (m) is what src did towards dst and `back` what dst did, both
    weighed and decayed to a day; `count` (m) interactions, `last` (m) the day of the latest, `mask` (m) the kinds.

    `src` and `dst` are numbers below `size`, `indptr` (size + 1) says where each src begins.
    """

    indptr: I64
    src: I32
    dst: I32
    given: F32
    back: F32
    count: I32
    last: I32
    mask: I32

    def __len__(self) -> int:
        return len(self.dst)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """By name, for keeping."""
        names = ("indptr", "src", "dst", "given", "back", "count", "last", "mask")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Rows:
    """Interactions in any order, each (m): who, towards whom, which kind (a place in KINDS), on which day, how often, and how
    often of that was counted `before` (0 but for what is added to pairs that are kept)."""

    src: I32
    dst: I32
    kind: I8
    day: I32
    times: I32
    before: I32

    def __len__(self) -> int:
        return len(self.src)

    def where(self, keep: npt.NDArray[np.bool_] | I64) -> "Rows":
        """Some of the rows."""
        return Rows(*(getattr(self, n)[keep] for n in ROW))


ROW: Final = ("src", "dst", "kind", "day", "times", "before")


def decay(days: float) -> float:
    """What is left of something after so many days."""
    return float(0.5 ** (days / HALF_LIFE_DAYS))


def of_rows(rows: Rows, size: int, as_of_day: int) -> Pairs:
    """Rows, by pair of identifiers below `size`, with weights as of a day; `back` is empty of meaning here (zero)."""
    age = np.maximum(as_of_day - rows.day, 0)
    faded = np.power(0.5, np.arange(int(age.max(initial=0)) + 1) / HALF_LIFE_DAYS)
    fresh = np.minimum(rows.times, MOST_A_DAY) - np.minimum(rows.before, MOST_A_DAY)
    given = (EFFORT[rows.kind] * fresh * faded[age]).astype(np.float32)
    standing = _STANDING[rows.kind]
    last = np.where(standing, 0, rows.day).astype(np.int32)
    count = np.where(standing, 0, rows.times - rows.before).astype(np.int32)
    mask = (1 << rows.kind.astype(np.int32)).astype(np.int32)
    mutual = _MUTUAL[rows.kind]
    src, dst = rows.src, rows.dst
    if mutual.any():
        src, dst = np.concatenate([src, rows.dst[mutual]]), np.concatenate([dst, rows.src[mutual]])
        given = np.concatenate([given, given[mutual]])
        last, count, mask = (np.concatenate([a, a[mutual]]) for a in (last, count, mask))
    return _grouped(size, src, dst, given, np.zeros(len(src), np.float32), count, last, mask)


def added(old: Pairs, fresh: Pairs, days: float) -> Pairs:
    """Two sets of pairs as one; what is old fades by so many days first."""
    faded = (old.given * np.float32(decay(days))).astype(np.float32)
    size = max(len(old.indptr), len(fresh.indptr)) - 1
    return Pairs(
        *_merged(size, (old.src, old.dst, faded, old.back, old.count, old.last, old.mask), _columns(fresh))
    )


def of_people(pairs: Pairs, persons: I32) -> tuple[I32, Pairs]:
    """Pairs of identifiers as pairs of people, both ways: the people (ascending), and pairs by place among them.

    `persons[identifier]` is -1 for who may not be looked at. Who only ever bought the same on a day is no pair.
    """
    people, src, dst = _placed(pairs.src, pairs.dst, persons)
    keep = (src >= 0) & (dst >= 0) & (src != dst)
    size = len(people)
    # Identifiers that are their person's own number stand in order already; the others are put in order among themselves.
    own = keep & (people[src] == pairs.src) & (people[dst] == pairs.dst) if size else keep
    values = (pairs.given, pairs.back, pairs.count, pairs.last, pairs.mask)
    found: Columns = (src[own], dst[own], *(v[own] for v in values))
    moved = keep & ~own
    if moved.any():
        found = _merged(
            size, found, _columns(_grouped(size, src[moved], dst[moved], *(v[moved] for v in values)))
        )[1:]
    both = Pairs(*_merged(size, found, _turned(size, found)))
    return _without(people, both, both.mask != CO_ORDER)


def _columns(pairs: Pairs) -> "Columns":
    return pairs.src, pairs.dst, pairs.given, pairs.back, pairs.count, pairs.last, pairs.mask


def _turned(size: int, pairs: "Columns") -> "Columns":
    """The same pairs seen from the other side, in order again."""
    src, dst, given, back, count, last, mask = pairs
    order = by_key(size, dst)
    return dst[order], src[order], back[order], given[order], count[order], last[order], mask[order]


def _without(people: I32, pairs: Pairs, keep: npt.NDArray[np.bool_]) -> tuple[I32, Pairs]:
    """Only the pairs that are kept, and the people who still have one."""
    if not keep.all():
        kept = [getattr(pairs, n)[keep] for n in ("src", "dst", "given", "back", "count", "last", "mask")]
        pairs = Pairs(_starts(kept[0], len(people)), *kept)
    there = np.diff(pairs.indptr) > 0
    if there.all():
        return people, pairs
    place = (np.cumsum(there) - 1).astype(np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.diff(pairs.indptr)[there])]).astype(np.int64)
    return people[there], Pairs(
        indptr,
        place[pairs.src],
        place[pairs.dst],
        pairs.given,
        pairs.back,
        pairs.count,
        pairs.last,
        pairs.mask,
    )


def _placed(src: I32, dst: I32, persons: I32) -> tuple[I32, I32, I32]:
    known = len(persons)
    s = np.where(src < known, persons[np.minimum(src, known - 1)], -1) if known else np.full(len(src), -1)
    d = np.where(dst < known, persons[np.minimum(dst, known - 1)], -1) if known else np.full(len(dst), -1)
    there = np.zeros(max(known, 1), np.bool_)
    there[s[(s >= 0) & (d >= 0)]] = True
    there[d[(s >= 0) & (d >= 0)]] = True
    people = np.flatnonzero(there).astype(np.int32)
    place = np.full(len(there) + 1, -1, np.int32)
    place[people] = np.arange(len(people), dtype=np.int32)
    return people, place[s], place[d]


def _starts(src: I32, size: int) -> I64:
    return np.concatenate([[0], np.cumsum(np.bincount(src, minlength=size))]).astype(np.int64)


def _grouped(
    size: int, src: I32, dst: I32, given: F32, back: F32, count: I32, last: I32, mask: I32
) -> Pairs:  # fmt: skip
    order = by_two_keys(size, src, dst)
    return Pairs(*_combined(size, order, src, dst, given, back, count, last, mask))


@numba.njit(cache=True, nogil=True)
def by_two_keys(size: int, first: I32, second: I32) -> I32:
    """The order of (first, second) by two counting sorts; both keys are within 0 and `size`."""
    rows = len(first)
    begins = np.zeros(size + 1, np.int64)
    for i in range(rows):
        begins[second[i] + 1] += 1
    for k in range(size):
        begins[k + 1] += begins[k]
    half = np.empty(rows, np.int32)
    for i in range(rows):
        k = second[i]
        half[begins[k]] = i
        begins[k] += 1
    begins[:] = 0
    for i in range(rows):
        begins[first[i] + 1] += 1
    for k in range(size):
        begins[k + 1] += begins[k]
    order = np.empty(rows, np.int32)
    for j in range(rows):
        i = half[j]
        k = first[i]
        order[begins[k]] = i
        begins[k] += 1
    return order


@numba.njit(cache=True, nogil=True)
def by_key(size: int, key: I32) -> I32:
    """The order of a key within 0 and `size`, rows of one key in the order in which they stood."""
    begins = np.zeros(size + 1, np.int64)
    for k in key:
        begins[k + 1] += 1
    for k in range(size):
        begins[k + 1] += begins[k]
    order = np.empty(len(key), np.int32)
    for i in range(len(key)):
        k = key[i]
        order[begins[k]] = i
        begins[k] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _merged(size: int, a: Columns, b: Columns) -> tuple[I64, I32, I32, F32, F32, I32, I32, I32]:
    """Two lists of pairs, each in order and without doubles, as one: a pair of both has the sums of both."""
    left, right = len(a[0]), len(b[0])
    indptr = np.zeros(size + 1, np.int64)
    src, dst = np.empty(left + right, np.int32), np.empty(left + right, np.int32)
    given, back = np.empty(left + right, np.float32), np.empty(left + right, np.float32)
    count, last = np.empty(left + right, np.int32), np.empty(left + right, np.int32)
    mask = np.empty(left + right, np.int32)
    i, j, at = 0, 0, 0
    while i < left or j < right:
        first = j >= right or (
            i < left and (a[0][i] < b[0][j] or (a[0][i] == b[0][j] and a[1][i] <= b[1][j]))
        )
        second = i >= left or (
            j < right and (b[0][j] < a[0][i] or (a[0][i] == b[0][j] and b[1][j] <= a[1][i]))
        )
        given[at], back[at], count[at], last[at], mask[at] = 0.0, 0.0, 0, 0, 0
        if first:
            src[at], dst[at], given[at], back[at] = a[0][i], a[1][i], a[2][i], a[3][i]
            count[at], last[at], mask[at] = a[4][i], a[5][i], a[6][i]
            i += 1
        if second:
            src[at], dst[at] = b[0][j], b[1][j]
            given[at] += b[2][j]
            back[at] += b[3][j]
            count[at] += b[4][j]
            last[at] = max(last[at], b[5][j])
            mask[at] |= b[6][j]
            j += 1
        indptr[src[at] + 1] += 1
        at += 1
    for k in range(size):
        indptr[k + 1] += indptr[k]
    return (
        indptr, src[:at].copy(), dst[:at].copy(), given[:at].copy(), back[:at].copy(), count[:at].copy(), last[:at].copy(),
        mask[:at].copy(),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _combined(
    size: int, order: I32, src: I32, dst: I32, given: F32, back: F32, count: I32, last: I32, mask: I32
) -> tuple[I64, I32, I32, F32, F32, I32, I32, I32]:
    """One row for each pair: sums of what was done, the latest day, every kind."""
    rows = len(order)
    distinct = 0
    for j in range(rows):
        i = order[j]
        if j == 0 or src[i] != src[order[j - 1]] or dst[i] != dst[order[j - 1]]:
            distinct += 1
    indptr = np.zeros(size + 1, np.int64)
    one, other = np.empty(distinct, np.int32), np.empty(distinct, np.int32)
    did, got = np.zeros(distinct, np.float32), np.zeros(distinct, np.float32)
    times, day, kinds = (
        np.zeros(distinct, np.int32),
        np.zeros(distinct, np.int32),
        np.zeros(distinct, np.int32),
    )
    at = -1
    for j in range(rows):
        i = order[j]
        if at < 0 or src[i] != one[at] or dst[i] != other[at]:
            at += 1
            one[at], other[at] = src[i], dst[i]
            indptr[src[i] + 1] += 1
        did[at] += given[i]
        got[at] += back[i]
        times[at] += count[i]
        day[at] = max(day[at], last[i])
        kinds[at] |= mask[i]
    for k in range(size):
        indptr[k + 1] += indptr[k]
    return indptr, one, other, did, got, times, day, kinds


def difference(old: Rows, new: Rows) -> Rows | None:
    """What `new` has beyond `old`, with how much of it was counted before; None where anything of `old` is gone.

    Both hold each (src, dst, kind, day) at most once.
    """
    src, dst, kind, day = (np.concatenate([getattr(old, n), getattr(new, n)]) for n in ROW[:4])
    fresh = np.concatenate([np.zeros(len(old), np.bool_), np.ones(len(new), np.bool_)])
    order = np.lexsort((fresh, day, kind, dst, src))
    same = np.zeros(len(order), np.bool_)
    if len(order) > 1:
        a, b = order[:-1], order[1:]
        same[1:] = (src[a] == src[b]) & (dst[a] == dst[b]) & (kind[a] == kind[b]) & (day[a] == day[b])
    stays = np.zeros(len(order), np.bool_)
    stays[:-1] = same[1:]
    sorted_fresh = fresh[order]
    if (~sorted_fresh & ~stays).any():
        return None
    times = np.concatenate([old.times, new.times])[order]
    before = np.zeros(len(order), np.int32)
    before[same] = times[np.flatnonzero(same) - 1]
    if (before > times).any():
        return None
    keep = sorted_fresh & (times > before)
    found = order[keep]
    return Rows(src[found], dst[found], kind[found], day[found], times[keep], before[keep])


def size_of(rows: Rows) -> int:
    """One more than the greatest identifier."""
    return int(max(rows.src.max(initial=0), rows.dst.max(initial=0))) + 1
