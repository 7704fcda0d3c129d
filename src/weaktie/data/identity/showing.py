"""Identity as people see it: masked values, names of sources and actors, words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from sqlalchemy import Connection, select

from weaktie.data.identity import bodies as b
from weaktie.data.identity import reviews
from weaktie.data.identity.contracts import Alias, Decision, Explained, Link, NoSuchReview
from weaktie.data.identity.reviews import REASONS, Contender, Review
from weaktie.data.identity.rules import shown
from weaktie.data.identity.service import described
from weaktie.data.identity.tables import links
from weaktie.data.identity.unidentified import WHY, OpenOrder, Tally
from weaktie.kit.clock import to_iso
from weaktie.kit.web import words_body

ANALYTICS = 1
NAMES = ("nickname", "name")
MOST_SHOWN = 6
"""People of a question that a page shows."""


class Opens(Protocol):
    """What is asked of the vault."""

    def open(self, connection: Connection, alias_nos: Iterable[int], /) -> Mapping[int, Mapping[str, str]]:
        """The personal fields of each identifier in the clear."""
        ...


class Grants(Protocol):
    """What is asked of consent."""

    def granted_many(self, connection: Connection, people: Sequence[Sequence[int]], /) -> list[int]:
        """The granted purposes of each of these people as bits."""
        ...


class Eyes:
    """What a caller may see of identifiers: masked values, and none of people who did not grant analytics."""

    def __init__(
        self,
        connection: Connection,
        vault: Opens,
        grants: Grants,
        sources: Mapping[str, str],
        actors: Mapping[str, str],
    ) -> None:
        self._connection, self._vault, self._grants = connection, vault, grants
        self._sources, self._actors = sources, actors

    def identifiers(
        self, groups: Sequence[Sequence[int]], persons: Sequence[int | None] | None = None
    ) -> dict[int, b.IdentifierShown]:
        """The identifiers of each of these people by number."""
        every = sorted({n for group in groups for n in group})
        if not every:
            return {}
        known = {a.alias_no: a for a in described(self._connection, every)}
        opened = self._vault.open(self._connection, every)
        masks = self._grants.granted_many(self._connection, groups)
        found: dict[int, b.IdentifierShown] = {}
        for i, (group, mask) in enumerate(zip(groups, masks, strict=True)):
            for number in group:
                alias = known.get(number)
                if alias is None:
                    continue
                value = _value(alias, opened.get(number, {})) if mask & ANALYTICS else None
                found[number] = b.IdentifierShown(
                    alias_no=number, kind=alias.kind, value=value, first_seen_time=to_iso(alias.first_seen_us),
                    person_no=persons[i] if persons is not None else None,
                )  # fmt: skip
        return found

    def name(self, members: Sequence[int], *, allowed: bool) -> str | None:
        """The first letter of somebody's name or nickname."""
        if not allowed:
            return None
        for fields in self._vault.open(self._connection, members).values():
            for field in NAMES:
                if fields.get(field):
                    return shown("name", fields[field])
        return None

    def decision(self, said: Decision) -> b.DecisionBody:
        """A word of people."""
        return b.DecisionBody(
            decision_id=said.decision_id, a=said.a_alias, b=said.b_alias, verdict=said.verdict, about=said.about_alias,
            time=to_iso(said.at_us), actor=said.actor, actor_name=self._actors.get(said.actor), reason=said.reason,
        )  # fmt: skip

    def link(self, link: Link) -> b.IdentityLinkBody:
        """A link with its evidence."""
        evidence = [
            b.EvidenceBody(
                kind=e.kind, first_time=to_iso(e.first_us), last_time=to_iso(e.last_us), source_id=e.source_id,
                source=self._sources.get(e.source_id),
            )
            for e in link.evidence
        ]  # fmt: skip
        said = self.decision(link.decided) if link.decided is not None else None
        state: str = link.state
        return b.IdentityLinkBody.model_validate(
            {"a": link.a_alias, "b": link.b_alias, "state": state, "evidence": evidence, "decision": said}
        )

    def person(
        self, why: Explained, owners: Mapping[int, Sequence[int]], said: Sequence[Decision]
    ) -> b.PersonIdentity:
        """Why somebody is one person; `owners` are the identifiers of the people beside."""
        mine = self.identifiers([why.members], [why.person_no])
        groups = [owners.get(n, [n]) for n in why.beside]
        others = self.identifiers(groups, [min(group) for group in groups])
        return b.PersonIdentity(
            person_no=why.person_no,
            identifiers=[mine[n] for n in why.members if n in mine],
            beside=[others[n] for n in why.beside if n in others],
            links=[self.link(link) for link in why.links],
            chains=[b.ChainBody(alias_no=n, through=chain) for n, chain in sorted(why.chains.items())],
            decisions=[self.decision(word) for word in said],
        )

    def review(self, review: Review) -> b.ReviewBody:
        """A question with the people whom it is about."""
        people = reviews.contenders(self._connection, review, MOST_SHOWN)
        ends = [n for n in (review.about_alias, review.other_alias) if n]
        own = [[n] for n in ends if not any(n in c.members for c in people)]
        groups = [[*c.members[:20]] for c in people] + own
        found = self.identifiers(groups, [*(c.person_no for c in people), *(None for _ in own)])
        about = found.get(review.about_alias)
        if about is None:
            raise NoSuchReview
        if not review.other_alias and review.people > 1 and about.value is None:
            # What several people share is nobody's alone: it is shown where any of them may be seen.
            visible = any(i.value for i in found.values())
            about = self._plain(review.about_alias, about) if visible else about
        return b.ReviewBody(
            review_id=review.review_id, reason=review.reason, words=words_body(REASONS[review.reason]), about=about,
            other=found.get(review.other_alias), people=[self._contender(review, c, found) for c in people],
            people_count=max(review.people, len(people)), state=_state(review.state),
            found_time=to_iso(review.found_us),
            decided_time=to_iso(review.decided_us) if review.decided_us is not None else None,
        )  # fmt: skip

    def _plain(self, number: int, hidden: b.IdentifierShown) -> b.IdentifierShown:
        found = described(self._connection, [number])
        if not found:
            return hidden
        value = _value(found[0], self._vault.open(self._connection, [number]).get(number, {}))
        return hidden.model_copy(update={"value": value})

    def _contender(
        self, review: Review, person: Contender, found: Mapping[int, b.IdentifierShown]
    ) -> b.ContenderBody:
        mine = [found[n] for n in person.members if n in found]
        allowed = any(i.value is not None for i in mine)
        anchor = found.get(person.anchor)
        seen = self._seen(review, person.via)
        return b.ContenderBody(
            person_no=person.person_no, user_id=anchor.value if anchor is not None else None,
            name=self.name(person.members, allowed=allowed), identifiers=mine, via=person.via,
            first_time=to_iso(seen[0]) if seen else None, last_time=to_iso(seen[1]) if seen else None,
            source=self._sources.get(seen[2]) if seen else None,
        )  # fmt: skip

    def _seen(self, review: Review, via: int) -> tuple[int, int, str] | None:
        first, second = sorted((review.about_alias, review.other_alias or via))
        query = select(links.c.event_us, links.c.last_us, links.c.source_id).where(
            links.c.a_alias == first, links.c.b_alias == second
        )
        rows = self._connection.execute(query.order_by(links.c.event_us)).all()
        return (rows[0].event_us, max(r.last_us for r in rows), rows[0].source_id) if rows else None

    def order(self, order: OpenOrder) -> b.OpenOrderBody:
        """An order without a buyer."""
        return b.OpenOrderBody.model_validate(
            {
                "order_id": order.order_id, "paid_time": to_iso(order.paid_us), "amount_minor": order.amount_minor,
                "currency": order.currency, "source_id": order.source_id,
                "source": self._sources.get(order.source_id), "reason": order.reason,
            }
        )  # fmt: skip


def tally(found: Tally) -> b.OpenOrderTally:
    """How many orders have no buyer for a reason."""
    return b.OpenOrderTally(
        reason=found.reason, words=words_body(WHY[found.reason]), currency=found.currency, orders=found.orders,
        amount_minor=found.amount_minor,
    )  # fmt: skip


def _value(alias: Alias, fields: Mapping[str, str]) -> str:
    if alias.value is not None:
        return alias.value
    return shown(alias.kind, fields.get("identifier", "")) or "***"


def _state(state: str) -> Literal["open", "later", "different"]:
    return "later" if state == "later" else "different" if state == "different" else "open"
