"""Reading links out of the database: all of them as arrays, or those near one identifier."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, cast

import numpy as np
from sqlalchemy import BindParameter, Connection, Select, func, select, union_all

from weaktie.data.identity.contracts import DEVICE, LOGIN, TIER, Decision, Pair
from weaktie.data.identity.logic import I8, I32, I64, Bools, Ranked, persons
from weaktie.data.identity.tables import aliases, identity_decisions, links
from weaktie.store.database.service import ByValues

MOST_NEAR = 10_000
CHUNK = 500
HALF = 32
CUTS = ("undone", "different")


def _around(numbers: list[BindParameter[Any]]) -> Select[Any]:
    """Links that touch these numbers, with the kind of the other end."""
    sides = [
        select(links.c.a_alias, links.c.b_alias, links.c.event_us, aliases.c.alias_no, aliases.c.kind)
        .join(aliases, aliases.c.alias_no == other)
        .where(own.in_(numbers))
        for own, other in ((links.c.a_alias, links.c.b_alias), (links.c.b_alias, links.c.a_alias))
    ]
    return cast(Select[Any], union_all(*sides))


_AROUND = ByValues(_around)
_KINDS = ByValues(
    lambda numbers: select(aliases.c.alias_no, aliases.c.kind).where(aliases.c.alias_no.in_(numbers))
)
_SAID = ByValues(
    lambda numbers: (
        select(identity_decisions)
        .where(
            identity_decisions.c.a_alias.in_(numbers) | identity_decisions.c.b_alias.in_(numbers),
            identity_decisions.c.verdict != "later",
        )
        .order_by(identity_decisions.c.at_us, identity_decisions.c.decision_id)
    )
)


@dataclass(frozen=True, slots=True)
class Graph:
    """Every link that holds, as pairs of alias numbers with their rank, and the tier of each number.

    Facts rank by their first sighting; words of people rank before all facts, the latest first. `cut` are pairs whose facts
    count no more, as `a << 32 | b`; `decided` is the last decision that was read.
    """

    tier: I8
    a: I32
    b: I32
    rank: I64
    apart: list[Ranked]
    cut: I64
    erased: I32
    version: int
    decided: int

    def grouped(self) -> tuple[I32, Bools]:
        """The person of each number, and which are contended; erased ones are still in it."""
        return persons(self.tier, self.a, self.b, self.rank, self.apart)


def read_graph(connection: Connection) -> Graph:
    """All of it. Rows come through the driver's own cursor, in the caller's snapshot: three million take seconds."""
    said = connection.execute(
        select(identity_decisions)
        .where(identity_decisions.c.verdict != "later")
        .order_by(identity_decisions.c.at_us, identity_decisions.c.decision_id)
    ).all()
    latest = {(row.a_alias, row.b_alias): row for row in said}
    last = connection.execute(
        select(func.coalesce(func.max(identity_decisions.c.decision_id), 0))
    ).scalar_one()
    count = connection.execute(select(func.coalesce(func.max(aliases.c.alias_no), 0))).scalar_one() + 1
    tier = np.full(count, DEVICE, np.int8)
    cases = " ".join(f"WHEN '{kind}' THEN {number}" for kind, number in TIER.items())
    query = f"SELECT alias_no, CASE kind {cases} ELSE {DEVICE} END, erased_us IS NOT NULL FROM aliases"  # noqa: S608 - our kinds
    numbers = _ints(connection, query, 3)
    tier[numbers[:, 0]] = numbers[:, 1]
    facts = _ints(connection, "SELECT a_alias, b_alias, event_us FROM links", 3)
    version = len(facts)
    cut = np.array([_key(*pair) for pair, row in latest.items() if row.verdict in CUTS], np.int64)
    if len(cut):
        facts = facts[~np.isin(facts[:, 0] << HALF | facts[:, 1], cut)]
    joined = [(*pair, -row.at_us) for pair, row in latest.items() if row.verdict == "same"]
    if joined:
        facts = np.concatenate([facts, np.array(joined, np.int64)])
    apart = [(*pair, -row.at_us) for pair, row in latest.items() if row.verdict == "different"]
    a, b = (np.ascontiguousarray(facts[:, column].astype(np.int32)) for column in (0, 1))
    erased = numbers[numbers[:, 2] != 0, 0].astype(np.int32)
    rank = np.ascontiguousarray(facts[:, 2])
    return Graph(tier, a, b, rank, _of_logins(apart, tier), cut, erased, version, last)


def _of_logins(apart: list[Ranked], tier: I8) -> list[Ranked]:
    return [(x, y, rank) for x, y, rank in apart if tier[x] == LOGIN and tier[y] == LOGIN]


def _key(a: int, b: int) -> int:
    return min(a, b) << HALF | max(a, b)


def _ints(
    connection: Connection, query: str, width: int
) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    cursor = connection.connection.cursor()
    try:
        cursor.execute(query)
        flat = np.fromiter(chain.from_iterable(cast(Iterable[Iterable[int]], cursor)), np.int64)
    finally:
        cursor.close()
    found: np.ndarray[tuple[int, int], np.dtype[np.int64]] = flat.reshape(-1, width)
    return found


@dataclass(slots=True)
class Near:
    """What stands around one identifier: kinds by number, facts (pair → first sighting), and the latest word of people
    about each pair. `complete` is False where it stopped at ten thousand identifiers."""

    kinds: dict[int, str] = field(default_factory=dict)
    facts: dict[Pair, int] = field(default_factory=dict)
    said: dict[Pair, Decision] = field(default_factory=dict)
    complete: bool = True
    beside: dict[int, set[int]] = field(default_factory=dict)
    read: set[int] = field(default_factory=set)

    def holds(self, pair: Pair) -> bool:
        """Whether the pair counts as linked."""
        word = self.said.get(pair)
        if word is None or word.verdict == "redone":
            return pair in self.facts
        return word.verdict == "same"

    def look(self, connection: Connection, numbers: Iterable[int]) -> None:
        """Read the links of these numbers, what people said of them, and the kinds of those beside them."""
        fresh = sorted(set(numbers) - self.read)
        self.read.update(fresh)
        met: set[int] = set(fresh)
        for part in _parts(fresh):
            for row in _AROUND.run(connection, part):
                pair = pair_of(row.a_alias, row.b_alias)
                self.facts[pair] = min(row.event_us, self.facts.get(pair, row.event_us))
                self.kinds[row.alias_no] = row.kind
                self._put(pair)
            for said in _SAID.run(connection, part).mappings():
                word = Decision(**said)
                pair = pair_of(word.a_alias, word.b_alias)
                known = self.said.get(pair)
                if known is None or (known.at_us, known.decision_id) <= (word.at_us, word.decision_id):
                    self.said[pair] = word
                self._put(pair)
                met |= set(pair)
        for part in _parts(sorted(met - self.kinds.keys())):
            self.kinds |= {row.alias_no: row.kind for row in _KINDS.run(connection, part)}

    def _put(self, pair: Pair) -> None:
        self.beside.setdefault(pair[0], set()).add(pair[1])
        self.beside.setdefault(pair[1], set()).add(pair[0])

    def linked(self, number: int) -> set[int]:
        """The numbers that hold together with this one."""
        return {m for m in self.beside.get(number, ()) if self.holds(pair_of(number, m))}

    def is_login(self, number: int) -> bool:
        """Whether the number is a login."""
        return self.kinds.get(number) == "user"


def read_near(connection: Connection, alias_no: int) -> Near:
    """Everything that can decide whose the identifier is, without the whole map.

    It goes along links, but not beyond an identifier that several logins contend for: that one joins nobody, so what
    lies behind it changes nothing. Stops at ten thousand identifiers.
    """
    near = Near()
    frontier = {alias_no}
    done: set[int] = set()
    while frontier and len(near.kinds) < MOST_NEAR:
        near.look(connection, frontier)
        done |= frontier
        following: set[int] = set()
        for n in frontier:
            beside = near.linked(n)
            logins = {m for m in beside if near.is_login(m)}
            if near.is_login(n) or len(logins) < 2 or _one_person(connection, near, logins):
                following |= beside
        frontier = {n for n in following if n in near.kinds} - done
    near.complete = not frontier
    return near


def _one_person(connection: Connection, near: Near, logins: set[int]) -> bool:
    """Whether logins are one person by links between logins."""
    first = min(logins)
    reached, frontier = {first}, {first}
    while frontier and not logins <= reached:
        near.look(connection, frontier)
        frontier = {m for n in frontier for m in near.linked(n) if near.is_login(m)} - reached
        reached |= frontier
    return logins <= reached


def _parts(numbers: list[int]) -> Iterable[list[int]]:
    return (numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK))


def pair_of(a: int, b: int) -> Pair:
    """The pair in its order."""
    return (a, b) if a < b else (b, a)


@dataclass(frozen=True, slots=True)
class Grouped:
    """Persons near by, exact for the identifier that was asked for: by number, and the contended ones."""

    person_of: dict[int, int]
    contended: frozenset[int]

    def members(self, alias_no: int) -> list[int]:
        """The numbers of one person, erased ones included."""
        mine = self.person_of.get(alias_no)
        return sorted(n for n, person in self.person_of.items() if person == mine)


def grouped(near: Near) -> Grouped:
    """The same rules as those of the whole map, over what is near by."""
    order = sorted(near.kinds)
    local = {number: i for i, number in enumerate(order)}
    tier = np.array([TIER.get(near.kinds[n], DEVICE) for n in order], np.int8)
    pairs: list[Ranked] = []
    apart: list[Ranked] = []
    for pair in near.facts.keys() | near.said.keys():
        if pair[0] not in local or pair[1] not in local:
            continue
        word = near.said.get(pair)
        ends = (local[pair[0]], local[pair[1]])
        if near.holds(pair):
            by_hand = word is not None and word.verdict == "same"
            pairs.append((*ends, -word.at_us if word is not None and by_hand else near.facts[pair]))
        elif word is not None and word.verdict == "different":
            apart.append((*ends, -word.at_us))
    rows = np.array(pairs, np.int64).reshape(-1, 3)
    a, b = (np.ascontiguousarray(rows[:, column].astype(np.int32)) for column in (0, 1))
    person_of, contended = persons(tier, a, b, np.ascontiguousarray(rows[:, 2]), _of_logins(apart, tier))
    return Grouped(
        {n: order[int(person_of[i])] for n, i in local.items()},
        frozenset(n for n, i in local.items() if contended[i]),
    )
