"""Queries of people over the graph: audiences, a community, the people between communities.

`{"kind": "ties", "audience": "strong" | "weak" | "fof", "of": {"user_id": …} | {another query of people}, "size": …}`,
`{"kind": "community", "number": …}`, `{"kind": "bridges", "size": …}`.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import numpy as np
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import BadPeople
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.graph.contracts import AUDIENCE_WORDS, AUDIENCES, I32, Audience, AudienceKind
from weaktie.data.graph.service import MOST_SIZE, Graph
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

DEFAULT_SIZE: Final = 1_000
LONGEST_ID: Final = 255


class People(Protocol):
    """What the graph asks of identity."""

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        ...


class GraphPeople:
    """Answers queries of people that begin at ties."""

    def __init__(self, graph: Graph, behaviour: Behaviour, database: Database, identity: People) -> None:
        self.graph, self.behaviour, self.database, self.identity = graph, behaviour, database, identity

    def people(self, query: Mapping[str, Any]) -> I32:
        """See `behaviour.contracts.PeopleSource`."""
        if query.get("kind") == "community":
            measures = self.graph.measures()
            found: I32 = measures.people[measures.community == _whole(query, "number", 0, 2**31 - 1)]
            return found
        if query.get("kind") == "bridges":
            return np.sort(self.bridges(_whole(query, "size", 1, MOST_SIZE, 100))[0])
        return np.sort(self.audience(query).people)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """See `behaviour.contracts.PeopleSource`."""
        if query.get("kind") == "community":
            number = _whole(query, "number", 0, 2**31 - 1) + 1
            return Words(f"社群 {number}", f"Community {number}")
        if query.get("kind") == "bridges":
            size = _whole(query, "size", 1, MOST_SIZE, 100)
            return Words(f"社群之间的 {size} 位桥接者", f"{size} people between communities")
        words, size = AUDIENCE_WORDS[_kind(query)], _size(query)
        of = query.get("of")
        whose = (
            Words(str(of["user_id"]), str(of["user_id"]))
            if isinstance(of, Mapping) and "user_id" in of
            else self.behaviour.describe(_query(of))
        )
        return Words(
            f"{whose.zh}的{words.zh}（至多 {size} 人）", f"{words.en} of {whose.en} (at most {size})"
        )

    def audience(self, query: Mapping[str, Any]) -> Audience:
        """The audience of a query of kind `ties`, the best first. Raises BadPeople, NoGraph."""
        kind, size = _kind(query), _size(query)
        return self.graph.audience(kind, self._of(query.get("of")), size)

    def bridges(self, size: int) -> tuple[I32, I32]:
        """(people, their places in the measures): those with most strength into other communities, evenly spread; the most
        first. Raises NoGraph."""
        ties, measures = self.graph.ties(), self.graph.measures()
        src = np.repeat(np.arange(len(ties.people)), np.diff(ties.indptr))
        across = measures.community[src] != measures.community[ties.dst]
        outside = np.bincount(src[across], ties.strength[across], minlength=len(ties.people))
        worth = outside * measures.bridge
        order = np.lexsort((ties.people, -worth))[:size]
        order = order[worth[order] > 0]
        return ties.people[order], order.astype(np.int32)

    def person(self, user_id: str) -> int:
        """The number of a person who may be looked at now; -1 for nobody."""
        if not user_id or len(user_id) > LONGEST_ID:
            return -1
        with self.database.connect() as connection:
            alias_no = (
                int(user_id[1:])
                if user_id[:1] == "@" and user_id[1:].isascii() and user_id[1:].isdigit()
                else self.identity.find(connection, user_id)
            )
        persons = self.behaviour.crowd().persons
        return int(persons[alias_no]) if alias_no is not None and alias_no < len(persons) else -1

    def _of(self, of: object) -> I32:
        if isinstance(of, Mapping) and "user_id" in of:
            person = self.person(str(of["user_id"]))
            if person < 0:
                raise BadPeople(
                    Words(
                        "没有此用户，或其未授权分析。", "There is no such user, or they may not be analysed."
                    ),
                    "people.of.user_id",
                )
            return np.array([person], np.int32)
        return self.behaviour.people(_query(of))


def _query(of: object) -> Mapping[str, Any]:
    if not isinstance(of, Mapping):
        raise BadPeople(Words("请指定从谁出发。", "Say whose ties are meant."), "people.of")
    return of


def _kind(query: Mapping[str, Any]) -> AudienceKind:
    wanted = query.get("audience")
    for kind in AUDIENCES:
        if kind == wanted:
            return kind
    known = ", ".join(AUDIENCES)
    raise BadPeople(Words(f"人群类型只能是 {known}。", f"An audience is one of {known}."), "people.audience")


def _size(query: Mapping[str, Any]) -> int:
    return _whole(query, "size", 1, MOST_SIZE, DEFAULT_SIZE)


def _whole(query: Mapping[str, Any], name: str, least: int, most: int, default: int | None = None) -> int:
    value = query.get(name, default)
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    raise BadPeople(
        Words(f"{name} 须为 {least} 至 {most} 的整数。", f"{name} is a whole number from {least} to {most}."),
        f"people.{name}",
    )
