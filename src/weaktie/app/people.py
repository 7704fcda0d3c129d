"""What the floor of trust asks of the floors above: who somebody is, their tags, how a new person is enrolled."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from weaktie.data.identity.contracts import Identifier, IdentifierKind, LinkFact
from weaktie.data.identity.service import (
    add_links,
    add_sources,
    is_usable,
    lookup_of,
    normalised,
    person_map,
    undo_links,
)
from weaktie.data.sources import service as sources
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import I32, SENSITIVE_FIELDS, Chooser, Purpose, SeenIn, ShownTag
from weaktie.trust.rights.contracts import Person

if TYPE_CHECKING:
    from weaktie.app.wiring_analyse import AnalyseParts
    from weaktie.app.wiring_base import BaseParts

CONTACTS: dict[str, IdentifierKind] = {"phone": "phone", "email": "email"}


class ConsentPeople:
    """`trust.consent.contracts.People` over identity, sources, profiles and rights."""

    def __init__(self, wt: "AnalyseParts") -> None:
        self._wt = wt

    def find(self, connection: Connection, user_id: str) -> Chooser | None:
        """The living person behind an id of any kind."""
        alias_no = self._wt.identity.find(connection, user_id)
        return None if alias_no is None else self.of(connection, alias_no)

    def of(self, connection: Connection, alias_no: int) -> Chooser | None:
        """The living person who has this identifier."""
        members = self._wt.identity.component(connection, alias_no)
        if alias_no not in members:
            return None
        lookups = self._wt.identity.lookups(connection, members)
        return Chooser(tuple(members), lookups, tuple(self._wt.permits.bases(connection, members)))

    def enrol(self, kind: str, value: str, source_id: str) -> int:
        """The number of an identifier, made when it is new; one that was erased becomes a new person's."""
        identifier: Identifier = (kind, value)  # type: ignore[assignment]
        if not is_usable(identifier):
            raise Refused(
                "bad_identifier", Words("标识为空、过长或已打码。", "The identifier is empty, too long or masked."), place="user_id"
            )  # fmt: skip
        try:
            return self._enrolled(identifier, source_id)
        except IntegrityError:  # another request made the same identifier: now it is found
            return self._enrolled(identifier, source_id)

    def _enrolled(self, identifier: Identifier, source_id: str) -> int:
        wt = self._wt
        now_us = wt.clock.now_us()
        with wt.database.begin() as tx:
            number = wt.registry.number_in(tx, identifier, now_us)
            add_sources(tx, [(number, source_id)], now_us)
            wt.consent.reopen(tx, [lookup_of(identifier, wt.vault)])
        return number

    def source_kind(self, connection: Connection, source_id: str) -> str:
        """Of which kind a source is."""
        return sources.find(connection, source_id).kind

    def tags(self, alias_nos: Sequence[int]) -> list[ShownTag]:
        """The person's tags."""
        return [*self._wt.profiles.own_tags(list(alias_nos)), *self._wt.custom_tags.own_tags(alias_nos)]

    def crowd(self, connection: Connection) -> tuple[I32, SeenIn, Mapping[str, int]]:
        """Everybody, where they were seen, and what the sources grant."""
        return (
            person_map(connection).person_of,
            self._wt.identity.seen_in(connection),
            sources.purposes(connection),
        )

    def request(self, alias_no: int, kind: str, text: str) -> str:
        """Put a request into the queue; the personal link is the check of identity."""
        wt = self._wt
        with wt.database.begin() as tx:
            person = person_at(wt, tx, alias_no)
            if person is None:
                raise Refused(
                    "no_such_person", Words("没有这个用户。", "There is no such person."), status=404
                )
            queue = wt.requests
            made = queue.open(tx, person, kind, channel="page", actor="person", text=text)
            queue.move(tx, made.request_id, "verified", action="verify", actor="system", note="personal link")
        return made.request_id

    def requests(self, alias_nos: Sequence[int]) -> list[dict[str, object]]:
        """The person's requests."""
        with self._wt.database.connect() as connection:
            found = self._wt.requests.of_person(connection, alias_nos)
        return [
            {"request_id": r.request_id, "kind": r.kind, "state": r.state, "due_us": r.due_us} for r in found
        ]


def person_at(wt: "BaseParts", connection: Connection, alias_no: int) -> Person | None:
    """The living person who has this identifier."""
    members = wt.identity.component(connection, alias_no)
    return Person(min(members), tuple(members)) if alias_no in members else None


def relink(
    wt: "BaseParts",
    tx: Connection,
    alias_nos: Sequence[int],
    kind: str,
    old: str | None,
    new: str,
    now_us: int,
) -> None:
    """Untie a person from a phone or e-mail that was wrong and tie them to the right one."""
    contact = CONTACTS[kind]
    named = {a.alias_no: a.kind for a in wt.identity.described(tx, list(alias_nos))}
    own = [n for n, k in named.items() if k != contact] or list(alias_nos)
    if old is not None and normalised(contact, old) != normalised(contact, new) and is_usable((contact, old)):
        undo_links(tx, own, wt.registry.number_in(tx, (contact, old), now_us), now_us)
    if is_usable((contact, new)):
        number = wt.registry.number_in(tx, (contact, new), now_us)
        login = next((n for n, k in sorted(named.items()) if k == "user"), min(own))
        if number != login:
            a, b = min(login, number), max(login, number)
            add_links(tx, [LinkFact(a, b, "correction", now_us, "default")])


def held_back(
    wt: "BaseParts", connection: Connection, fields: Iterable[tuple[int, str]]
) -> set[tuple[int, str]]:
    """Values that must not be written: corrected ones, and sensitive ones of people who have not consented to that."""
    wanted = set(fields)
    refused = {
        (n, field)
        for n, field in wanted
        if field in SENSITIVE_FIELDS
        and not wt.consent.allows(connection, wt.identity.component(connection, n) or [n], Purpose.SENSITIVE)
    }
    return refused | wt.corrections.held(connection, wanted)


def reopen(wt: "BaseParts", tx: Connection, identifiers: Sequence[Identifier]) -> None:
    """The door keeps again what comes for identifiers of somebody who registered anew."""
    wt.consent.reopen(tx, [lookup_of(i, wt.vault) for i in identifiers])
