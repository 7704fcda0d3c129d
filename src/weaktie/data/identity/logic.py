"""Grouping identifiers into persons. Pure, and independent of the order in which facts arrived."""

from collections.abc import Iterable, Sequence

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.identity.contracts import ACCOUNT, DEVICE, ERASED, LOGIN, Pair

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SPANS = pa.schema(
    [("alias_no", pa.int32()), ("from_us", pa.int64()), ("to_us", pa.int64()), ("owner_no", pa.int32())]
)
FOREVER_US = 2**62
Ranked = tuple[int, int, int]
"""Two logins and a rank: the lower, the more it counts."""


def persons(
    tier: I8, a: I32, b: I32, rank: I64 | None = None, apart: Sequence[Ranked] = ()
) -> tuple[I32, Bools]:
    """The person of each alias number, and which identifiers several people contend for.

    `tier` is `contracts.TIER` of each number's kind; `a[i]` and `b[i]` belong together. Logins are one person only by a
    link between them. Then, tier by tier, everything that links join stays one person as long as no second login and no
    second WeChat account of somebody else is in it. An identifier with several of them beside it joins nobody; and where a
    chain of weaker ones would still join two, each of the chain joins only the one that it was seen with. So nobody's
    logins merge through what two people can share, and the outcome is a function of the set of links: no order, copy or
    batch changes it.

    `apart` are logins that a person said are two people, with `rank`s among the links' own: a link between logins that
    counts less than such a word, and would make them one, does not hold.
    """
    parent = np.arange(len(tier), dtype=np.int32)
    both = (tier[a] == LOGIN) & (tier[b] == LOGIN)
    if apart and rank is not None:
        _settle(parent, a[both], b[both], rank[both], apart)
    else:
        _unite_all(parent, a[both], b[both])
    contended = np.zeros(len(tier), np.bool_)
    _group(parent, contended, tier, a, b)
    return _roots(parent), contended


def owners(tier: I8, a: I32, b: I32, person_of: I32, contended: Bools) -> tuple[I32, I32]:
    """Who contends: (contended identifier, person) pairs, each once, in their order; persons without a login or a WeChat
    account contend for nothing."""
    anchored = np.zeros(len(tier), np.bool_)
    anchored[person_of[tier <= ACCOUNT]] = True
    found: list[I64] = []
    for x, y in ((a, b), (b, a)):
        chosen = contended[x] & (tier[y] < tier[x]) & ~contended[y] & anchored[person_of[y]]
        found.append(x[chosen].astype(np.int64) << 32 | person_of[y[chosen]])
    pairs = np.unique(np.concatenate(found))
    return (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)


def withheld(a: I32, b: I32, person_of: I32, contended: Bools) -> Bools:
    """Which links join nobody although neither of their ends is contended: the chain would make two people one, or a
    person said that they are two."""
    held: Bools = (person_of[a] != person_of[b]) & ~contended[a] & ~contended[b]
    return held


def shortest_chain(pairs: Iterable[Pair], start: int, end: int) -> list[int] | None:
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
    orphans = living[np.isin(result[living], gone)]
    roots, first = np.unique(result[orphans], return_index=True)
    named = np.arange(len(result), dtype=np.int32)
    named[roots] = orphans[first]
    result[living] = named[result[living]]
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


def owner_of(persons: I32, spans: pa.Table, alias_no: I32, at_us: I64) -> I32:
    """Whose each row is, by its identifier and time, or ERASED; shape (rows,).

    `persons[alias_no]` is the person of each identifier; `spans` (by alias, then time) names the owners of shared ones.
    """
    known = alias_no < len(persons)
    found: I32 = np.where(known, persons[np.where(known, alias_no, 0)], np.int32(ERASED)).astype(np.int32)
    if not spans.num_rows:
        return found
    shared = spans["alias_no"].to_numpy()
    rows = np.flatnonzero(np.isin(alias_no, shared))
    starts, owners = spans["from_us"].to_numpy(), spans["owner_no"].to_numpy()
    for alias in np.unique(alias_no[rows]):
        own = rows[alias_no[rows] == alias]
        low, high = np.searchsorted(shared, [alias, alias + 1])
        found[own] = persons[
            owners[low + np.maximum(np.searchsorted(starts[low:high], at_us[own], "right") - 1, 0)]
        ]
    return found


def _settle(parent: I32, a: I32, b: I32, rank: I64, apart: Sequence[Ranked]) -> None:
    """Unite logins where people were told apart by hand.

    Components without such a word are united as ever. In the others, links and words go by their rank: a word about two
    that are already one is void, a link that would join two who are told apart is left out.
    """
    trial = parent.copy()
    _unite_all(trial, a, b)
    roots = _roots(trial)
    told = {int(roots[x]) for x, y, _ in apart if roots[x] == roots[y]}
    hard = np.isin(roots[a], np.fromiter(told, np.int32))
    _unite_all(parent, a[~hard], b[~hard])
    facts: list[tuple[int, int, int, bool]] = [
        (int(r), min(x, y), max(x, y), True)
        for r, x, y in zip(rank[hard], a[hard].tolist(), b[hard].tolist(), strict=True)
    ]
    facts += [(r, min(x, y), max(x, y), False) for x, y, r in apart if int(roots[x]) in told]
    root = {n: n for _, x, y, _ in facts for n in (x, y)}
    enemies: set[Pair] = set()

    def find(n: int) -> int:
        while root[n] != n:
            n = root[n]
        return n

    for _, x, y, joins in sorted(facts):
        here, there = find(x), find(y)
        if here == there:
            continue
        if not joins:
            enemies.add((x, y))
        elif not any({find(p), find(q)} == {here, there} for p, q in enemies):
            root[max(here, there)] = min(here, there)
            _unite_all(parent, np.array([x], np.int32), np.array([y], np.int32))


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
def _unite_all(parent, a, b):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        _unite(parent, a[i], b[i])


@numba.njit(cache=True)
def _group(parent, contended, tier, a, b):  # type: ignore[no-untyped-def]
    for level in range(ACCOUNT, DEVICE + 1):
        login = _anchors(parent, tier, LOGIN)
        account = _anchors(parent, tier, ACCOUNT if level > ACCOUNT else LOGIN)
        owner = np.full(len(tier), -1, np.int32)
        second = np.full(len(tier), -1, np.int32)
        for i in range(len(a)):
            _own(parent, contended, owner, second, tier, login, account, level, a[i], b[i])
            _own(parent, contended, owner, second, tier, login, account, level, b[i], a[i])
        trial = parent.copy()
        for i in range(len(a)):
            if max(tier[a[i]], tier[b[i]]) == level and not (contended[a[i]] or contended[b[i]]):
                _unite(trial, a[i], b[i])
        logins = np.zeros(len(tier), np.int32)
        accounts = np.zeros(len(tier), np.int32)
        for x in range(len(tier)):
            if parent[x] == x and (login[x] or account[x]):
                root = _find(trial, x)
                logins[root] += login[x]
                accounts[root] += account[x]
        _join(parent, contended, owner, second, tier, level, a, b, trial, logins, accounts)


@numba.njit(cache=True)
def _join(parent, contended, owner, second, tier, level, a, b, trial, logins, accounts):  # type: ignore[no-untyped-def]
    for i in range(len(a)):
        x, y = a[i], b[i]
        if max(tier[x], tier[y]) != level or contended[x] or contended[y]:
            continue
        root = _find(trial, x)
        if logins[root] < 2 and accounts[root] < 2:
            _unite(parent, x, y)
            continue
        for end in (x, y):
            if tier[end] == level:
                mine = owner[end] if owner[end] >= 0 else second[end]
                if mine >= 0:
                    _unite(parent, end, mine)


@numba.njit(cache=True)
def _anchors(parent, tier, which):  # type: ignore[no-untyped-def]
    """By root: whether the component holds an identifier of this tier."""
    found = np.zeros(len(tier), np.bool_)
    for x in range(len(tier)):
        if tier[x] == which:
            found[_find(parent, x)] = True
    return found


@numba.njit(cache=True)
def _own(parent, contended, owner, second, tier, login, account, level, x, y):  # type: ignore[no-untyped-def]
    """Take note of the people beside x: `owner` the one with a login, `second` the one with a WeChat account."""
    if tier[x] != level or tier[y] >= level or contended[y]:
        return
    root = _find(parent, y)
    if login[root]:
        if owner[x] < 0:
            owner[x] = root
        elif owner[x] != root:
            contended[x] = True
    if account[root]:
        if second[x] < 0:
            second[x] = root
        elif second[x] != root:
            contended[x] = True


@numba.njit(cache=True)
def _roots(parent):  # type: ignore[no-untyped-def]
    result = np.empty_like(parent)
    for x in range(len(parent)):
        result[x] = _find(parent, x)
    return result
