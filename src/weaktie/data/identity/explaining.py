"""Why identifiers are one person: links with their evidence, and how each hangs on the strongest one."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from weaktie.data.identity.contracts import (
    DEVICE,
    TIER,
    Decision,
    Evidence,
    Explained,
    Link,
    NoSuchIdentifier,
    Pair,
)
from weaktie.data.identity.logic import shortest_chain
from weaktie.data.identity.reading import Grouped, Near, grouped, pair_of, read_near
from weaktie.data.identity.tables import aliases, identity_decisions, links
from weaktie.store.database.service import ByValues

CHUNK = 500
MOST_LINKS = 2_000

_EVIDENCE = ByValues(
    lambda numbers: (
        select(
            links.c.a_alias,
            links.c.b_alias,
            links.c.kind,
            links.c.event_us,
            links.c.last_us,
            links.c.source_id,
        )
        .where(links.c.a_alias.in_(numbers) | links.c.b_alias.in_(numbers))
        .limit(MOST_LINKS)
    )
)


def explain(connection: Connection, alias_no: int) -> Explained:
    """The person who has this identifier now; raises NoSuchIdentifier where nobody living has it."""
    near = read_near(connection, alias_no)
    found = grouped(near)
    members = living(connection, found.members(alias_no))
    if alias_no not in members:
        raise NoSuchIdentifier
    shown = _links(connection, near, found, members)
    start = strongest(near.kinds, members)
    holding = [(link.a_alias, link.b_alias) for link in shown if link.state == "holds"]
    chains = {n: chain for n in members if (chain := shortest_chain(holding, start, n)) is not None}
    around = {n for link in shown for n in (link.a_alias, link.b_alias)} - set(members)
    beside = living(connection, sorted(around))
    kept = tuple(link for link in shown if {link.a_alias, link.b_alias} <= {*members, *beside})
    return Explained(min(members), tuple(members), tuple(beside), kept, chains)


def strongest(kinds: dict[int, str], members: Sequence[int]) -> int:
    """The identifier of a person that says most, the oldest of equals."""
    return min(members, key=lambda n: (TIER.get(kinds.get(n, ""), DEVICE), n))


def living(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Those that were not erased, in their order."""
    found: list[int] = []
    for start in range(0, len(numbers), CHUNK):
        query = select(aliases.c.alias_no).where(
            aliases.c.alias_no.in_(numbers[start : start + CHUNK]), aliases.c.erased_us.is_(None)
        )
        found += connection.execute(query).scalars()
    return sorted(found)


def _links(connection: Connection, near: Near, found: Grouped, members: list[int]) -> list[Link]:
    """Every link that touches the person, as it stands; pairs of which only people spoke among them."""
    mine = set(members)
    evidence: dict[Pair, list[Evidence]] = {}
    for start in range(0, len(members), CHUNK):
        for row in _EVIDENCE.run(connection, members[start : start + CHUNK]):
            one = Evidence(row.kind, row.event_us, row.last_us, row.source_id)
            known = evidence.setdefault(pair_of(row.a_alias, row.b_alias), [])
            if one not in known:
                known.append(one)
    by_hand = [p for p, word in near.said.items() if mine & set(p) and word.verdict != "redone"]
    shown = []
    for pair in sorted(evidence.keys() | set(by_hand)):
        if pair[0] == pair[1]:
            continue
        facts = tuple(sorted(evidence.get(pair, ()), key=lambda e: (e.first_us, e.kind)))
        shown.append(Link(*pair, _state(near, found, pair, mine), facts, near.said.get(pair)))
    return shown


def _state(near: Near, found: Grouped, pair: Pair, mine: set[int]) -> str:
    if not near.holds(pair):
        return "undone"
    if set(pair) <= mine:
        return "holds"
    return "contended" if set(pair) & found.contended else "withheld"


def history(connection: Connection, numbers: Sequence[int]) -> list[Decision]:
    """What people said of these identifiers, newest first, at most 200."""
    said = identity_decisions.c
    query = (
        select(identity_decisions)
        .where(said.a_alias.in_(numbers) | said.b_alias.in_(numbers))
        .order_by(said.at_us.desc(), said.decision_id.desc())
        .limit(200)
    )
    return [Decision(*row) for row in connection.execute(query)]
