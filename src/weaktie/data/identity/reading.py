"""Reading links out of the database: all of them as arrays, or those near one identifier."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from sqlalchemy import Connection, func, select

from weaktie.data.identity.contracts import TIER
from weaktie.data.identity.logic import I8, I32, persons
from weaktie.data.identity.tables import aliases, identity_decisions, links
from weaktie.store.database.service import ByValues

Pair = tuple[int, int]
MOST_NEAR = 10_000
CHUNK = 500
NUMBER = 2**32

_TOUCHING = ByValues(
    lambda numbers: select(links.c.a_alias, links.c.b_alias).where(links.c.a_alias.in_(numbers))
)
_TOUCHED = ByValues(
    lambda numbers: select(links.c.a_alias, links.c.b_alias).where(links.c.b_alias.in_(numbers))
)
_KINDS = ByValues(
    lambda numbers: select(aliases.c.alias_no, aliases.c.kind).where(aliases.c.alias_no.in_(numbers))
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the latest decisions say of pairs: those whose links hold no more, and those that are one person by hand."""

    cut: frozenset[Pair]
    joined: frozenset[Pair]


@dataclass(frozen=True, slots=True)
class Graph:
    """Every link that holds, as pairs of alias numbers, and the tier of each number; `erased` numbers are nobody's."""

    tier: I8
    a: I32
    b: I32
    erased: I32
    decided: Decided
    version: int


def decided(connection: Connection) -> Decided:
    """The decision that holds for each pair that anybody decided on: the latest one."""
    rows = connection.execute(
        select(identity_decisions.c.a_alias, identity_decisions.c.b_alias, identity_decisions.c.verdict)
        .where(identity_decisions.c.verdict != "later")
        .order_by(identity_decisions.c.at_us, identity_decisions.c.decision_id)
    )
    last = {(row.a_alias, row.b_alias): row.verdict for row in rows}
    cut = frozenset(pair for pair, verdict in last.items() if verdict in ("undone", "different"))
    return Decided(cut, frozenset(pair for pair, verdict in last.items() if verdict == "same"))


def read_graph(connection: Connection) -> Graph:
    """All of it. Rows come through the driver's own cursor, in the caller's snapshot: three million take seconds."""
    known = decided(connection)
    count = connection.execute(select(func.coalesce(func.max(aliases.c.alias_no), 0))).scalar_one() + 1
    tier = np.full(count, 3, np.int8)
    cases = " ".join(f"WHEN '{kind}' THEN {number}" for kind, number in TIER.items())
    query = f"SELECT alias_no, CASE kind {cases} ELSE 3 END, erased_us IS NOT NULL FROM aliases"  # noqa: S608 - our kinds
    numbers = _ints(connection, query, 3)
    tier[numbers[:, 0]] = numbers[:, 1]
    pairs = _ints(connection, "SELECT a_alias, b_alias FROM links", 2)
    version = len(pairs)
    if known.cut:
        keys = np.minimum(pairs[:, 0], pairs[:, 1]) * NUMBER + np.maximum(pairs[:, 0], pairs[:, 1])
        pairs = pairs[~np.isin(keys, [a * NUMBER + b for a, b in known.cut])]
    if known.joined:
        pairs = np.concatenate([pairs, np.array(sorted(known.joined), np.int64)])
    flat = pairs.astype(np.int32)
    erased = numbers[numbers[:, 2] != 0, 0].astype(np.int32)
    return Graph(
        tier, np.ascontiguousarray(flat[:, 0]), np.ascontiguousarray(flat[:, 1]), erased, known, version
    )


def _ints(
    connection: Connection, query: str, width: int
) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query)
        flat = np.fromiter(chain.from_iterable(cursor), np.int64)  # type: ignore[call-overload]
    finally:
        cursor.close()
    found: np.ndarray[tuple[int, int], np.dtype[np.int64]] = flat.reshape(-1, width)
    return found


@dataclass(frozen=True, slots=True)
class Near:
    """What stands around one identifier: kinds by number, the pairs that hold, and all that was decided."""

    kinds: dict[int, str]
    pairs: frozenset[Pair]
    decided: Decided
    complete: bool


def read_near(connection: Connection, alias_no: int) -> Near:
    """Everything that can decide whose the identifier is, without the whole map.

    It goes along links, but not beyond an identifier that several logins contend for: that one joins nobody, so what
    lies behind it changes nothing. Stops at ten thousand identifiers (`complete` is False then).
    """
    known = decided(connection)
    by_hand: dict[int, set[int]] = {}
    for a, b in known.joined:
        by_hand.setdefault(a, set()).add(b)
        by_hand.setdefault(b, set()).add(a)
    kinds = _kinds(connection, [alias_no])
    pairs: set[Pair] = set()
    done: set[int] = set()
    frontier = set(kinds)
    while frontier and len(kinds) < MOST_NEAR:
        found = _links(connection, frontier, known) | {
            _pair(n, m) for n in frontier for m in by_hand.get(n, ())
        }
        pairs |= found
        done |= frontier
        beside: dict[int, set[int]] = {}
        for a, b in found:
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
        kinds |= _kinds(connection, sorted({n for pair in found for n in pair} - kinds.keys()))
        following: set[int] = set()
        for n in frontier:
            logins = {m for m in beside.get(n, ()) if kinds.get(m) == "user"}
            if (
                kinds[n] == "user"
                or len(logins) < 2
                or _one_person(connection, logins, by_hand, known, pairs, kinds)
            ):
                following |= beside.get(n, set())
        frontier = {n for n in following if n in kinds} - done
    return Near(kinds, frozenset(pairs), known, not frontier)


def _one_person(
    connection: Connection,
    logins: set[int],
    by_hand: dict[int, set[int]],
    known: Decided,
    pairs: set[Pair],
    kinds: dict[int, str],
) -> bool:
    """Whether logins are one person by links between logins; these links join the pairs, so that nobody asks again."""
    first = min(logins)
    reached, frontier = {first}, {first}
    while frontier and not logins <= reached:
        found = _links(connection, frontier, known)
        kinds |= _kinds(connection, sorted({n for pair in found for n in pair} - kinds.keys()))
        found = {(a, b) for a, b in found if kinds.get(a) == kinds.get(b) == "user"}
        found |= {_pair(n, m) for n in frontier for m in by_hand.get(n, ())}
        kinds |= _kinds(connection, sorted({n for pair in found for n in pair} - kinds.keys()))
        pairs |= found
        frontier = {n for pair in found for n in pair} - reached
        reached |= frontier
    return logins <= reached


def _links(connection: Connection, numbers: set[int], known: Decided) -> set[Pair]:
    found: set[Pair] = set()
    every = sorted(numbers)
    for start in range(0, len(every), CHUNK):
        part = every[start : start + CHUNK]
        for statement in (_TOUCHING, _TOUCHED):
            found.update(_pair(row.a_alias, row.b_alias) for row in statement.run(connection, part))
    return found - known.cut


def _kinds(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for start in range(0, len(numbers), CHUNK):
        for row in _KINDS.run(connection, numbers[start : start + CHUNK]):
            found[row.alias_no] = row.kind
    return found


def _pair(a: int, b: int) -> Pair:
    return (a, b) if a < b else (b, a)


def grouped(near: Near) -> tuple[dict[int, int], set[int]]:
    """The person of each identifier near by, and the contended ones; exact for the identifier that was asked for."""
    order = sorted(near.kinds)
    local = {number: i for i, number in enumerate(order)}
    pairs = [(local[a], local[b]) for a, b in near.pairs if a in local and b in local]
    tier = np.array([TIER.get(near.kinds[n], 3) for n in order], np.int8)
    ends = np.array(pairs, np.int32).reshape(-1, 2)
    person_of, contended = persons(tier, np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1]))
    return (
        {n: order[int(person_of[i])] for n, i in local.items()},
        {n for n, i in local.items() if contended[i]},
    )
