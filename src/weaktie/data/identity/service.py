"""The door of identity: numbers for identifiers, links between them, and the map to persons."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, func, insert, select, update

from weaktie.data.identity.contracts import (
    KINDS,
    SHARED_TIER,
    Alias,
    Identifier,
    LinkFact,
    PersonMap,
    SearchKeys,
)
from weaktie.data.identity.deciding import undo_links as undo_links
from weaktie.data.identity.logic import SPANS, hide, spans_of
from weaktie.data.identity.logic import owner_of as owner_of
from weaktie.data.identity.queries import login_instants
from weaktie.data.identity.reading import HALF, Graph, grouped, read_graph, read_near
from weaktie.data.identity.rules import former_forms as former_forms
from weaktie.data.identity.rules import is_hidden as is_hidden
from weaktie.data.identity.rules import is_personal
from weaktie.data.identity.rules import is_usable as is_usable
from weaktie.data.identity.rules import normalised as normalised
from weaktie.data.identity.tables import alias_counter, alias_sources, aliases, identity_decisions
from weaktie.data.identity.unidentified import Unidentified as Unidentified
from weaktie.store.database.service import ByValues, Database, read_among, write_many
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import EVENTS
from weaktie.trust.consent.contracts import SeenIn

CHUNK = 5_000
NOBODY_YET = ("phone", "email")

# The reads that every profile makes.
_LIVING = ByValues(
    lambda lookups: select(aliases.c.lookup, aliases.c.alias_no).where(
        aliases.c.lookup.in_(lookups), aliases.c.erased_us.is_(None)
    )
)
_SOURCES_OF = ByValues(
    lambda numbers: (
        select(alias_sources.c.source_id, func.min(alias_sources.c.first_us).label("since_us"))
        .where(alias_sources.c.alias_no.in_(numbers))
        .group_by(alias_sources.c.source_id)
        .order_by(func.min(alias_sources.c.first_us), alias_sources.c.source_id)
    )
)


class Registry:
    """Gives every identifier its number. One per process; what it remembers is only what was committed."""

    def __init__(self, database: Database, keys: SearchKeys, *, remember: int = 500_000) -> None:
        self._database = database
        self._keys = keys
        self._known: dict[Identifier, int] = {}
        self._remember = remember
        self._erased: dict[str, int] = {}
        self._erased_seen = -1

    def numbers(self, identifiers: Iterable[Identifier], now_us: int) -> dict[Identifier, int]:
        """The number of each identifier, new ones made and committed before this returns."""
        self._follow_erasures()
        wanted = dict.fromkeys(identifiers)
        found = {i: n for i in wanted if (n := self._known.get(i)) is not None}
        missing = [i for i in wanted if i not in found]
        for start in range(0, len(missing), CHUNK):
            found.update(self._fetch_or_make(missing[start : start + CHUNK], now_us))
        self._known.update((identifier, found[identifier]) for identifier in missing)
        # The longest known go first; somebody who is still here is found again by one read.
        for identifier in list(islice(self._known, max(0, len(self._known) - self._remember))):
            del self._known[identifier]
        return found

    def is_usable(self, identifier: Identifier) -> bool:
        """As `rules.is_usable`; of what has a number already it is known."""
        return identifier in self._known or is_usable(identifier)

    def erased_at(self, identifier: Identifier) -> int | None:
        """When a person with this identifier was erased; events from before that instant must not come back."""
        if not self._erased:
            return None
        known = [self._erased.get(self._tombstone(form)) for form in former_forms(identifier)]
        return max((at for at in known if at is not None), default=None)

    def follow(self) -> None:
        """Read the erasures that were added since the last look."""
        self._follow_erasures()

    def has_erased(self) -> bool:
        """Whether anybody was ever erased."""
        return bool(self._erased)

    def number_in(self, tx: Connection, identifier: Identifier, now_us: int) -> int:
        """The number of one identifier in the caller's transaction; it is remembered only once it is committed."""
        lookup = lookup_of(identifier, self._keys)
        known = tx.execute(select(aliases.c.alias_no).where(aliases.c.lookup == lookup)).scalar()
        return int(known) if known is not None else self._make(tx, [(lookup, identifier)], now_us)[lookup]

    def is_known(self, identifier: Identifier) -> bool:
        """Whether a living person has this identifier; one who was erased and came back has."""
        lookup = lookup_of(identifier, self._keys)
        with self._database.connect() as connection:
            return _LIVING.run(connection, [lookup]).first() is not None

    def forget_cached(self) -> None:
        """Drop what is remembered; the next call reads the database."""
        self._known.clear()
        self._erased_seen = -1

    def _follow_erasures(self) -> None:
        with self._database.connect() as connection:
            count = connection.execute(
                select(func.count()).select_from(aliases).where(aliases.c.erased_us.is_not(None))
            ).scalar_one()
            if count == self._erased_seen:
                return
            rows = connection.execute(
                select(aliases.c.lookup, aliases.c.erased_us).where(aliases.c.erased_us.is_not(None))
            )
            self._erased = {}
            for row in rows:
                key = row.lookup.partition("@")[0]
                self._erased[key] = max(self._erased.get(key, 0), row.erased_us)
        self._known.clear()
        self._erased_seen = count

    def _tombstone(self, identifier: Identifier) -> str:
        return tombstone(identifier, self._keys)

    def _fetch_or_make(self, identifiers: Sequence[Identifier], now_us: int) -> dict[Identifier, int]:
        lookup_by = {i: lookup_of(i, self._keys) for i in identifiers}
        lookups = {lookup: i for i, lookup in lookup_by.items()}
        with self._database.connect() as connection:
            numbers = _numbers_of(connection, list(lookups))
        new = [k for k in lookups if k not in numbers]
        if new:
            with self._database.begin() as tx:
                numbers.update(_numbers_of(tx, new))
                new = [k for k in new if k not in numbers]
                numbers.update(self._make(tx, [(k, lookups[k]) for k in new], now_us))
        return {i: numbers[lookup] for i, lookup in lookup_by.items()}

    def _make(self, tx: Connection, new: list[tuple[str, Identifier]], now_us: int) -> dict[str, int]:
        if not new:
            return {}
        first = take_numbers(tx, len(new))
        rows: list[tuple[int, str, str, str | None, int]] = []
        sealed: list[tuple[int, str, str]] = []
        for number, (lookup, (kind, value)) in enumerate(new, first):
            personal = is_personal(kind, normalised(kind, value))
            rows.append((number, kind, lookup, None if personal else value, now_us))
            if personal:
                sealed.append((number, "identifier", value))
        write_many(
            tx, "aliases (alias_no, kind, lookup, value, first_seen_us)", ("integer", "text", "text", "text", "bigint"), rows
        )  # fmt: skip
        if sealed:
            self._keys.seal_many(tx, sealed)
        return {row[2]: row[0] for row in rows}


def _numbers_of(connection: Connection, lookups: list[str]) -> dict[str, int]:
    rows = read_among(connection, "SELECT lookup, alias_no FROM aliases", "lookup", "text", lookups)
    return {row.lookup: row.alias_no for row in rows}


def lookup_of(identifier: Identifier, keys: SearchKeys) -> str:
    """The text under which an identifier is stored: in the clear, or a keyed hash where it is personal."""
    kind, value = identifier[0], normalised(*identifier)
    return f"{kind}#{keys.lookup_key(kind, value)}" if is_personal(kind, value) else f"{kind}:{value}"


def tombstone(identifier: Identifier, keys: SearchKeys) -> str:
    """What stays of an erased identifier: a keyed hash, so that late copies of its events can be told."""
    return f"erased#{keys.lookup_key(identifier[0], normalised(*identifier))}"


def take_numbers(tx: Connection, count: int) -> int:
    """Reserve `count` alias numbers; returns the first."""
    first = tx.execute(
        update(alias_counter)
        .where(alias_counter.c.counter_id == 1)
        .values(next_alias=alias_counter.c.next_alias + count)
        .returning(alias_counter.c.next_alias)
    ).scalar()
    if first is None:
        tx.execute(insert(alias_counter).values(counter_id=1, next_alias=1 + count))
        return 1
    return int(first) - count


def add_links(tx: Connection, facts: Iterable[LinkFact]) -> None:
    """Append links; a known one only widens the times between which it was seen."""
    merged: dict[tuple[int, int, str], LinkFact] = {}
    last: dict[tuple[int, int, str], int] = {}
    for fact in facts:
        key = (fact.a_alias, fact.b_alias, fact.kind)
        if key not in merged or fact.event_us < merged[key].event_us:
            merged[key] = fact
        last[key] = max(last.get(key, fact.event_us), fact.event_us)
    if not merged:
        return
    smaller, larger = ("min", "max") if tx.dialect.name == "sqlite" else ("least", "greatest")
    write_many(
        tx, "links (a_alias, b_alias, kind, event_us, last_us, source_id)",
        ("integer", "integer", "text", "bigint", "bigint", "text"),
        [(f.a_alias, f.b_alias, f.kind, f.event_us, last[key], f.source_id) for key, f in merged.items()],
        f"(a_alias, b_alias, kind) DO UPDATE SET event_us = {smaller}(links.event_us, excluded.event_us), "
        f"last_us = {larger}(links.last_us, excluded.last_us), source_id = CASE WHEN excluded.event_us < links.event_us "
        "THEN excluded.source_id ELSE links.source_id END",
    )  # fmt: skip


def add_sources(tx: Connection, pairs: Iterable[tuple[int, str]], now_us: int) -> None:
    """Remember which sources have sent which identifiers: the ground of their consent."""
    rows = [(alias_no, source_id, now_us) for alias_no, source_id in sorted(set(pairs))]
    write_many(
        tx, "alias_sources (alias_no, source_id, first_us)", ("integer", "text", "bigint"), rows, "DO NOTHING"
    )


def person_map(
    connection: Connection, session: Session | None = None, snapshot: Snapshot | None = None
) -> PersonMap:
    """The map from identifiers to persons as the links stand now.

    With a session and a snapshot of the lake, `spans` says whose the events of shared anonymous ids are.
    """
    graph = read_graph(connection)
    person_of, contended = graph.grouped()
    person_of = hide(person_of, graph.erased)
    spans = SPANS.empty_table()
    shared = np.flatnonzero(contended & (graph.tier >= SHARED_TIER))
    if len(shared) and session is not None and snapshot is not None:
        events = session.scan([f.path for f in snapshot.of("events")], EVENTS.schema)
        spans = _spans(session.collect(login_instants(events, shared.tolist())), person_of, graph)
    return PersonMap(graph.version, person_of, spans, graph.decided)


def _spans(
    found: pa.Table, person_of: "np.ndarray[tuple[int], np.dtype[np.int32]]", graph: Graph
) -> pa.Table:
    """Whose shared identifiers are when; sign-ins under a link that was undone say nothing."""
    anonymous, login = found["anon_alias_no"].to_numpy(), found["alias_no"].to_numpy()
    instants = found["event_time"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    if len(graph.cut):
        keys = np.minimum(anonymous, login).astype(np.int64) << HALF | np.maximum(anonymous, login)
        holds = ~np.isin(keys, graph.cut)
        anonymous, login, instants = anonymous[holds], login[holds], instants[holds]
    return spans_of(anonymous, instants, person_of[login].astype(np.int32))


def count_people(connection: Connection) -> int:
    """How many living people there are; a phone or e-mail alone is nobody yet."""
    return len(np.unique(person_map(connection).person_of[named_aliases(connection)]))


def named_aliases(connection: Connection) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    """The living identifiers that make somebody a person: all but phones and e-mails."""
    names = select(aliases.c.alias_no).where(aliases.c.erased_us.is_(None), aliases.c.kind.not_in(NOBODY_YET))
    return np.fromiter(connection.execute(names).scalars(), np.int32)


def find(connection: Connection, user_id: str, keys: SearchKeys) -> int | None:
    """The living alias number of an id of any kind; a login wins over the other kinds."""
    lookups = [lookup_of((kind, user_id), keys) for kind in KINDS]
    numbers = {row.lookup: row.alias_no for row in _LIVING.run(connection, lookups)}
    return next((numbers[lookup] for lookup in lookups if lookup in numbers), None)


def find_many(connection: Connection, user_ids: Sequence[str], keys: SearchKeys) -> dict[str, int]:
    """The living alias number of each of these ids, of whatever kind, as `find` gives it; who is not known is missing."""
    wanted = {
        (user_id, kind): lookup_of((kind, user_id), keys)
        for user_id in user_ids
        for kind in KINDS
        if (kind != "email" or "@" in user_id) and (kind != "phone" or any(c.isdigit() for c in user_id))
    }
    source = "SELECT lookup, alias_no, erased_us FROM aliases"
    rows = read_among(connection, source, "lookup", "text", list(dict.fromkeys(wanted.values())))
    living = {row.lookup: int(row.alias_no) for row in rows if row.erased_us is None}
    found: dict[str, int] = {}
    for (user_id, _), lookup in wanted.items():  # the kinds stand strongest first
        if lookup in living:
            found.setdefault(user_id, living[lookup])
    return found


def aliases_of(
    connection: Connection, person_no: int, person_of: "np.ndarray[tuple[int], np.dtype[np.int32]]"
) -> list[Alias]:
    """The living identifiers of a person under a map; new ones that the map does not know yet are not in it."""
    members = [int(a) for a in np.flatnonzero(person_of == person_no)]
    return described(connection, members)


def described(connection: Connection, numbers: Sequence[int]) -> list[Alias]:
    """The living identifiers with these numbers, in their order of number."""
    rows = connection.execute(
        select(aliases.c.alias_no, aliases.c.kind, aliases.c.value, aliases.c.first_seen_us)
        .where(aliases.c.alias_no.in_(numbers), aliases.c.erased_us.is_(None))
        .order_by(aliases.c.alias_no)
    )
    return [Alias(*row) for row in rows]


def described_between(connection: Connection, first: int, last: int) -> list[Alias]:
    """The living identifiers with numbers from one to another, in their order of number."""
    rows = connection.execute(
        select(aliases.c.alias_no, aliases.c.kind, aliases.c.value, aliases.c.first_seen_us)
        .where(aliases.c.alias_no.between(first, last), aliases.c.erased_us.is_(None))
        .order_by(aliases.c.alias_no)
    )
    return [Alias(*row) for row in rows]


def component(connection: Connection, alias_no: int) -> list[int]:
    """The living numbers of one person, found from one of its identifiers without the whole map; same rules."""
    near = read_near(connection, alias_no)
    if near.complete:
        members = grouped(near).members(alias_no)
    else:
        person_of = read_graph(connection).grouped()[0]
        members = np.flatnonzero(person_of == person_of[alias_no]).tolist()
    living: list[int] = []
    for start in range(0, len(members), CHUNK):
        query = select(aliases.c.alias_no).where(
            aliases.c.alias_no.in_(members[start : start + CHUNK]), aliases.c.erased_us.is_(None)
        )
        living += connection.execute(query).scalars()
    return sorted(living)


_ERASED = select(func.count()).select_from(aliases).where(aliases.c.erased_us.is_not(None))
_LAST_DECISION = select(func.max(identity_decisions.c.decision_id))
_DECIDED = ByValues(
    lambda numbers: (
        select(identity_decisions.c.decision_id)
        .where(
            identity_decisions.c.a_alias.in_(numbers) | identity_decisions.c.b_alias.in_(numbers),
            identity_decisions.c.decision_id > bindparam("after"),
        )
        .limit(1)
    )
)


def last_decision(connection: Connection) -> int:
    """The number of the last decision that people took; 0 before the first."""
    return int(connection.execute(_LAST_DECISION).scalar() or 0)


def decided_after(connection: Connection, numbers: Sequence[int], decision_id: int) -> bool:
    """Whether anybody decided about one of these identifiers after that decision."""
    if not numbers or last_decision(connection) <= decision_id:
        return False
    return _DECIDED.run(connection, numbers, after=decision_id).first() is not None


def all_lookups(connection: Connection) -> Iterator[tuple[int, str]]:
    """(number, look-up text) of every living identifier."""
    rows = connection.execute(
        select(aliases.c.alias_no, aliases.c.lookup).where(aliases.c.erased_us.is_(None))
    )
    for row in rows:
        yield row.alias_no, row.lookup


FIND_CHUNK = 100
"""Ids that are looked up at once."""


class Identity:
    """Identity as the other capabilities ask it: with the vault's keys for personal identifiers at hand."""

    def __init__(self, keys: SearchKeys) -> None:
        self.keys = keys

    def person_map(self, connection: Connection, session: Session, snapshot: Snapshot) -> PersonMap:
        """The map from identifiers to persons as the links stand now, shared anonymous ids included."""
        return person_map(connection, session, snapshot)

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        return find(connection, user_id, self.keys)

    def find_many(self, connection: Connection, user_ids: Sequence[str]) -> dict[str, int]:
        """The living alias number of each of these ids; who is not known is missing."""
        return find_many(connection, user_ids, self.keys)

    def names_one_of(self, connection: Connection, user_id: str, alias_nos: Sequence[int]) -> bool:
        """Whether a user id is one of these identifiers, or was before it was erased."""
        wanted = {lookup_of(("user", user_id), self.keys), tombstone(("user", user_id), self.keys)}
        rows = connection.execute(select(aliases.c.lookup).where(aliases.c.alias_no.in_(alias_nos))).scalars()
        return any(lookup in wanted or lookup.partition("@")[0] in wanted for lookup in rows)

    def component(self, connection: Connection, alias_no: int) -> list[int]:
        """The living numbers of the person that has this one."""
        return component(connection, alias_no)

    def last_decision(self, connection: Connection) -> int:
        """The number of the last decision that people took."""
        return last_decision(connection)

    def erased(self, connection: Connection) -> int:
        """How many identifiers are tombstones."""
        return int(connection.execute(_ERASED).scalar_one())

    def decided_after(self, connection: Connection, alias_nos: Sequence[int], decision_id: int) -> bool:
        """Whether a person decided about one of these after that decision: what was built before is not true any more."""
        return decided_after(connection, alias_nos, decision_id)

    def described(self, connection: Connection, alias_nos: Sequence[int]) -> list[Alias]:
        """Kind and value of the living ones among these numbers."""
        return described(connection, alias_nos)

    def described_between(self, connection: Connection, first: int, last: int) -> list[Alias]:
        """Kind and value of the living ones with these numbers."""
        return described_between(connection, first, last)

    def seen_in(self, connection: Connection) -> SeenIn:
        """Which identifiers were seen in which sources."""
        # A column at a time: a row object for each of millions would take seconds.
        names = list(connection.execute(select(alias_sources.c.source_id).distinct()).scalars())
        seen = [
            np.fromiter(
                connection.execute(
                    select(alias_sources.c.alias_no).where(alias_sources.c.source_id == name)
                ).scalars(),
                np.int32,
            )
            for name in names
        ]
        found = np.repeat(np.arange(len(names), dtype=np.int32), [len(part) for part in seen])
        numbers = np.concatenate(seen) if seen else np.empty(0, np.int32)
        return SeenIn(numbers, found.astype(np.int32), names)

    def sources_of(self, connection: Connection, alias_nos: Sequence[int]) -> list[tuple[str, int]]:
        """(source, since_us) of the sources in which any of these identifiers was seen, the earliest first."""
        rows = _SOURCES_OF.run(connection, alias_nos)
        return [(row.source_id, int(row.since_us)) for row in rows]

    def lookups(self, connection: Connection, alias_nos: Sequence[int]) -> dict[int, str]:
        """The look-up text of each living identifier among these."""
        rows = connection.execute(
            select(aliases.c.alias_no, aliases.c.lookup).where(
                aliases.c.alias_no.in_(alias_nos), aliases.c.erased_us.is_(None)
            )
        )
        return {row.alias_no: row.lookup for row in rows}
