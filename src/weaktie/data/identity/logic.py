"""Grouping identifiers into persons. Pure, and independent of the order in which facts arrived."""

from collections.abc import Iterable

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.identity.contracts import ERASED

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SPANS = pa.schema(
    [("alias_no", pa.int32()), ("from_us", pa.int64()), ("to_us", pa.int64()), ("owner_no", pa.int32())]
)
FOREVER_US = 2**62


def persons(tier: I8, a: I32, b: I32) -> tuple[I32, Bools]:
    """The person of each alias number, and which identifiers several logins contend for.

    `tier` is `contracts.TIER` of each number's kind; `a[i]` and `b[i]` belong together. Logins are one person only by a
    link between them. Then, tier by tier, everything that links join stays one person as long as no second login is in
    it. An identifier with several logins beside it joins nobody; and where a chain of weaker ones would still join two
    logins, each of them joins only the one login that it was seen with. So two logins never merge through what two
    people can share, and the outcome is a function of the set of links: no order, copy or batch changes it.
    """
    parent = np.arange(len(tier), dtype=np.int32)
    contended = np.zeros(len(tier), np.bool_)
    _group(parent, contended, tier, a, b)
    return _roots(parent), contended


def shortest_chain(pairs: Iterable[tuple[int, int]], start: int, end: int) -> list[int] | None:
    """The fewest numbers that lead over pairs from one to the other, both included; of equal ones that with the smallest
    numbers. None where nothing leads there."""
    near: dict[int, list[int]] = {}
    for a, b in pairs:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    came: dict[int, int] = {start: start}
    frontier = [start]
    while frontier and end not in came:
        reached: list[int] = []
        for here in frontier:
            for there in sorted(near.get(here, ())):
                if there not in came:
                    came[there] = here
                    reached.append(there)
        frontier = reached
    if end not in came:
        return None
    chain = [end]
    while chain[-1] != start:
        chain.append(came[chain[-1]])
    return chain[::-1]


def hide(person_of: I32, erased: Iterable[int]) -> I32:
    """The map with erased identifiers belonging to nobody; the rest of a component keeps its smallest living number."""
    gone = np.fromiter(erased, np.int32)
    if len(gone) == 0:
        return person_of
    result = person_of.copy()
    result[gone] = ERASED
    living = np.flatnonzero(result != ERASED)
    smallest: dict[int, int] = {}
    for alias in living[np.isin(result[living], gone)]:
        smallest.setdefault(int(result[alias]), int(alias))
    for old, new in smallest.items():
        result[(result == old)] = new
    return result


def spans_of(alias_no: I32, at_us: I64, owner_no: I32) -> pa.Table:
    """Whose a shared anonymous id was when: from instants at which a login used it (any order).

    Its events belong to the login that used it last before them, and before the first login to that one.
    """
    order = np.lexsort((owner_no, at_us, alias_no))
    rows: list[tuple[int, int, int, int]] = []
    for i in order:
        alias, at, owner = int(alias_no[i]), int(at_us[i]), int(owner_no[i])
        if rows and rows[-1][0] == alias:
            last = rows[-1]
            if last[3] == owner:
                continue
            rows[-1] = (alias, last[1], at, last[3])
            rows.append((alias, at, FOREVER_US, owner))
        else:
            rows.append((alias, -FOREVER_US, FOREVER_US, owner))
    kept = [r for r in rows if r[1] < r[2]]
    columns = [pa.array([row[i] for row in kept], field.type) for i, field in enumerate(SPANS)]
    return pa.table(columns, schema=SPANS)


@numba.njit(cache=True)
def _find(parent, x):  # type: ignore[no-untyped-def]
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@numba.njit(cache=True)
def _unite(parent, x, y):  # type: ignore[no-untyped-def]
    x, y = _find(parent, x), _find(parent, y)
    if x < y:
        parent[y] = x
    elif y < x:
        parent[x] = y


@numba.njit(cache=True)
def _group(parent, contended, tier, a, b):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        if tier[a[i]] == 0 and tier[b[i]] == 0:
            _unite(parent, a[i], b[i])
    owner = np.full(len(tier), -1, np.int32)
    for level in range(1, 4):
        login = _login_of(parent, tier)
        for i in range(len(a)):
            _own(parent, contended, owner, tier, login, level, a[i], b[i])
            _own(parent, contended, owner, tier, login, level, b[i], a[i])
        trial = parent.copy()
        for i in range(len(a)):
            if max(tier[a[i]], tier[b[i]]) == level and not (contended[a[i]] or contended[b[i]]):
                _unite(trial, a[i], b[i])
        logins = np.zeros(len(tier), np.int32)
        for x in range(len(tier)):
            if parent[x] == x and login[x] >= 0:
                logins[_find(trial, x)] += 1
        for i in range(len(a)):
            x, y = a[i], b[i]
            if max(tier[x], tier[y]) != level or contended[x] or contended[y]:
                continue
            if logins[_find(trial, x)] < 2:
                _unite(parent, x, y)
            else:
                for end in (x, y):
                    if tier[end] == level and owner[end] >= 0:
                        _unite(parent, end, owner[end])


@numba.njit(cache=True)
def _login_of(parent, tier):  # type: ignore[no-untyped-def]
    """A login of each component, by the component's root; -1 where it has none."""
    login = np.full(len(tier), -1, np.int32)
    for x in range(len(tier)):
        if tier[x] == 0:
            login[_find(parent, x)] = x
    return login


@numba.njit(cache=True)
def _own(parent, contended, owner, tier, login, level, x, y):  # type: ignore[no-untyped-def]
    if tier[x] != level or tier[y] >= level:
        return
    found = login[_find(parent, y)]
    if found < 0 or contended[y]:
        return
    if owner[x] < 0:
        owner[x] = found
    elif owner[x] != found:
        contended[x] = True


@numba.njit(cache=True)
def _roots(parent):  # type: ignore[no-untyped-def]
    result = np.empty_like(parent)
    for x in range(len(parent)):
        result[x] = _find(parent, x)
    return result
