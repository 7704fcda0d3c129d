"""Group buying: offers, groups that people open and join with paid orders, and refunds of groups that fail.

The number of people in a group and the stock of an offer are each changed by one conditional statement, so that however many come
at once nobody gets in who does not fit.
"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.business.referral.contracts import (
    BadSpec,
    Group,
    GroupRefused,
    Member,
    NoGroup,
    Offer,
    WrongState,
)
from weaktie.business.referral.hooks import Hooks
from weaktie.business.referral.logic import expired, join_refusal, joined, opened
from weaktie.business.referral.tables import groups, members, offers
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id
from weaktie.kit.money import LARGEST_MINOR
from weaktie.kit.pages import Page, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import Chooser

MOST_SIZE, MOST_HOURS = 100, 24 * 14
OFFER_MOVES = {"start": ("draft", "running"), "end": ("running", "ended")}


class Groups:
    """Group buying over one database. Everything that writes takes the caller's transaction."""

    def __init__(self, clock: Clock, hooks: Hooks) -> None:
        self._clock, self._hooks = clock, hooks

    # ---- offers

    def create(
        self, tx: Connection, *, name: str, product_id: str, price_minor: int, currency: str, size: int, hours: int, stock: int,
        actor: str,
    ) -> Offer:  # fmt: skip
        """A draft of an offer; raises BadSpec with the field."""
        limits = {
            "name": 1 <= len(name.strip()) <= 120, "product_id": 1 <= len(product_id.strip()) <= 200,
            "price_minor": 0 < price_minor <= LARGEST_MINOR, "currency": len(currency) == 3 and currency.isupper(),
            "size": 2 <= size <= MOST_SIZE, "hours": 1 <= hours <= MOST_HOURS, "stock": stock == 0 or size <= stock <= 10**8,
        }  # fmt: skip
        for place, holds in limits.items():
            if not holds:
                raise BadSpec(place, Words("字段的值无效。", "The field's value is not valid."))
        now_us = self._clock.now_us()
        offer_id = new_id("rgo", now_us)
        tx.execute(
            insert(offers).values(
                offer_id=offer_id, name=name.strip(), product_id=product_id.strip(), price_minor=price_minor, currency=currency,
                size=size, hours=hours, stock=stock, sold=0, state="draft", made_us=now_us, made_by=actor[:64],
            )
        )  # fmt: skip
        return self.offer(tx, offer_id)

    def move(self, tx: Connection, offer_id: str, to: str) -> Offer:
        """Start a draft or end a running offer; open groups go on to their own end. Raises NoGroup, WrongState."""
        before, after = OFFER_MOVES[to]
        here = offers.c.offer_id == offer_id
        if (
            self.offer(tx, offer_id).state != before
            or not tx.execute(
                update(offers).where(here, offers.c.state == before).values(state=after)
            ).rowcount
        ):
            raise WrongState("当前状态不允许这一步。", "The state does not allow this.")
        return self.offer(tx, offer_id)

    def offer(self, connection: Connection, offer_id: str) -> Offer:
        """One offer; raises NoGroup."""
        row = connection.execute(select(offers).where(offers.c.offer_id == offer_id)).mappings().first()
        if row is None:
            raise NoGroup
        return Offer(**row)

    def offers(self, connection: Connection) -> list[Offer]:
        """Every offer, the newest first."""
        query = select(offers).order_by(offers.c.made_us.desc(), offers.c.offer_id.desc())
        return [Offer(**row) for row in connection.execute(query).mappings()]

    def tally(self, connection: Connection) -> dict[str, dict[str, int]]:
        """For each offer: groups by state, people in them, and refunds that are due."""
        found: dict[str, dict[str, int]] = {}
        query = select(
            groups.c.offer_id,
            groups.c.state,
            func.count().label("n"),
            func.sum(groups.c.joined).label("people"),
        )
        for row in connection.execute(query.group_by(groups.c.offer_id, groups.c.state)):
            mine = found.setdefault(row.offer_id, {})
            mine[row.state] = int(row.n)
            mine["people"] = mine.get("people", 0) + int(row.people)
        due = (
            select(groups.c.offer_id, func.count().label("n"))
            .join(members, members.c.group_id == groups.c.group_id)
            .where(members.c.state == "refund_due")
            .group_by(groups.c.offer_id)
        )
        for row in connection.execute(due):
            found.setdefault(row.offer_id, {})["refund_due"] = int(row.n)
        return found

    # ---- groups

    def open(self, tx: Connection, offer_id: str, who: Chooser, order_id: str, amount_minor: int) -> Group:
        """Open a group with the initiator's paid order; the same order again gives the same group. Raises NoGroup, GroupRefused."""
        offer = self.offer(tx, offer_id)
        if (known := self._by_order(tx, order_id)) is not None:
            return self._same(tx, known, who, offer_id=offer_id)
        try:
            with tx.begin_nested():
                return self._open(tx, offer, who.alias_no, order_id, amount_minor)
        except GroupRefused:
            if (known := self._by_order(tx, order_id)) is not None:  # the same request was first
                return self._same(tx, known, who, offer_id=offer_id)
            raise

    def _open(self, tx: Connection, offer: Offer, person: int, order_id: str, amount_minor: int) -> Group:
        if offer.state != "running":
            raise GroupRefused("offer_over")
        now_us = self._clock.now_us()
        group = opened(new_id("rgp", now_us), offer.offer_id, offer.size, now_us, offer.hours)
        self._take_piece(tx, offer)
        tx.execute(
            insert(groups).values(
                group_id=group.group_id, offer_id=offer.offer_id, size=group.size, joined=1, state=group.state, opened_us=now_us,
                expires_us=group.expires_us,
            )
        )  # fmt: skip
        self._enter(tx, group.group_id, person, order_id, amount_minor, now_us, initiator=True)
        self._hooks.tell(tx, "group.opened", group.group_id)
        return group

    def join(self, tx: Connection, group_id: str, who: Chooser, order_id: str, amount_minor: int) -> Group:
        """Join a group with a paid order; the same order again gives the group as it stands. Raises NoGroup, or GroupRefused with
        the true reason: the caller then refunds the order."""
        if (known := self._by_order(tx, order_id)) is not None:
            return self._same(tx, known, who, group_id=group_id)
        try:
            with tx.begin_nested():
                return self._join(tx, group_id, who, order_id, amount_minor)
        except GroupRefused:
            if (known := self._by_order(tx, order_id)) is not None:  # the same request was first
                return self._same(tx, known, who, group_id=group_id)
            raise

    def _join(self, tx: Connection, group_id: str, who: Chooser, order_id: str, amount_minor: int) -> Group:
        before = self.find(tx, group_id)
        now_us = self._clock.now_us()
        if self.people_of(tx, group_id) & set(who.alias_nos):
            raise GroupRefused("in_group")
        if why := join_refusal(before, now_us):
            raise GroupRefused(why)
        free = (
            (groups.c.group_id == group_id) & (groups.c.state == "open") & (groups.c.joined < groups.c.size)
            & (groups.c.expires_us > now_us)
        )  # fmt: skip
        if not tx.execute(update(groups).where(free).values(joined=groups.c.joined + 1)).rowcount:
            raise GroupRefused(join_refusal(self.find(tx, group_id), now_us) or "group_full")
        self._take_piece(tx, self.offer(tx, before.offer_id))
        self._enter(tx, group_id, who.alias_no, order_id, amount_minor, now_us, initiator=False)
        locked = self.find(
            tx, group_id
        )  # with this one in it: nobody else changes the row before the transaction ends
        after = joined(replace(locked, joined=locked.joined - 1), now_us)
        if after.state == "succeeded":
            tx.execute(
                update(groups)
                .where(groups.c.group_id == group_id)
                .values(state=after.state, ended_us=after.ended_us)
            )
        self._hooks.tell(tx, "group.succeeded" if after.state == "succeeded" else "group.joined", group_id)
        return after

    def expire(self, tx: Connection, most: int = 500) -> list[str]:
        """Fail the open groups whose time is over; their orders are to be refunded. Returns which."""
        now_us = self._clock.now_us()
        query = select(groups).where(groups.c.state == "open", groups.c.expires_us <= now_us)
        rows = tx.execute(query.order_by(groups.c.expires_us).limit(most).with_for_update()).mappings().all()
        failed = [after for row in rows if (after := expired(_group(row), now_us)).state == "failed"]
        for group in failed:
            open_still = (groups.c.group_id == group.group_id) & (groups.c.state == "open")
            tx.execute(update(groups).where(open_still).values(state="failed", ended_us=group.ended_us))
            mine = (members.c.group_id == group.group_id) & (members.c.state == "paid")
            tx.execute(update(members).where(mine).values(state="refund_due"))
            tx.execute(
                update(offers)
                .where(offers.c.offer_id == group.offer_id)
                .values(sold=offers.c.sold - group.joined)
            )
            self._hooks.tell(tx, "group.failed", group.group_id)
        return [g.group_id for g in failed]

    def refunded(self, tx: Connection, order_id: str) -> Member:
        """The shop gave an order of a failed group back; saying so twice changes nothing. Raises NoGroup, WrongState."""
        known = self._by_order(tx, order_id)
        if known is None:
            raise NoGroup
        if known.state == "paid":
            raise WrongState(
                "这个团没有失败，订单不需退款。", "The group has not failed: the order is not to be refunded."
            )
        due = (members.c.order_id == order_id) & (members.c.state == "refund_due")
        tx.execute(update(members).where(due).values(state="refunded", refunded_us=self._clock.now_us()))
        return self._by_order(tx, order_id) or known

    # ---- reading

    def find(self, connection: Connection, group_id: str) -> Group:
        """One group; raises NoGroup."""
        row = connection.execute(select(groups).where(groups.c.group_id == group_id)).mappings().first()
        if row is None:
            raise NoGroup
        return _group(row)

    def listed(
        self,
        connection: Connection,
        offer_id: str,
        state: str = "",
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Group]:
        """Groups of an offer, the newest first."""
        query = select(groups).where(groups.c.offer_id == offer_id)
        if state:
            query = query.where(groups.c.state == state)
        if cursor:
            at_us, group_id = read_cursor(cursor, 2)
            older = (groups.c.opened_us == at_us) & (groups.c.group_id < group_id)
            query = query.where((groups.c.opened_us < at_us) | older)
        rows = connection.execute(
            query.order_by(groups.c.opened_us.desc(), groups.c.group_id.desc()).limit(limit + 1)
        ).mappings().all()  # fmt: skip
        found = [_group(row) for row in rows]
        more = (
            write_cursor(found[limit - 1].opened_us, found[limit - 1].group_id)
            if len(found) > limit
            else None
        )
        return Page(found[:limit], more)

    def members_of(self, connection: Connection, group_id: str) -> list[Member]:
        """Who is in a group, in the order in which they came."""
        query = select(members).where(members.c.group_id == group_id)
        rows = connection.execute(query.order_by(members.c.joined_us, members.c.order_id)).mappings()
        return [_member(row) for row in rows]

    def people_of(self, connection: Connection, group_id: str) -> set[int]:
        """Identifiers of those who are in a group."""
        query = select(members.c.person).where(members.c.group_id == group_id, members.c.person.is_not(None))
        return {int(p) for p in connection.execute(query).scalars()}

    def of_person(self, connection: Connection, alias_nos: Sequence[int]) -> list[Member]:
        """The groups that a person is in."""
        query = select(members).where(members.c.person.in_(alias_nos)).order_by(members.c.joined_us)
        return [_member(row) for row in connection.execute(query).mappings()]

    def _by_order(self, connection: Connection, order_id: str) -> Member | None:
        row = connection.execute(select(members).where(members.c.order_id == order_id)).mappings().first()
        return None if row is None else _member(row)

    def _same(
        self, tx: Connection, known: Member, who: Chooser, *, group_id: str = "", offer_id: str = ""
    ) -> Group:
        group = self.find(tx, known.group_id)
        here = group_id in ("", group.group_id) and offer_id in ("", group.offer_id)
        if known.person not in who.alias_nos or not here:
            raise GroupRefused("other_order")
        return group

    def _take_piece(self, tx: Connection, offer: Offer) -> None:
        query = update(offers).where(offers.c.offer_id == offer.offer_id)
        if offer.stock:
            query = query.where(offers.c.sold < offers.c.stock)
        if not tx.execute(query.values(sold=offers.c.sold + 1)).rowcount:
            raise GroupRefused("sold_out")

    def _enter(
        self,
        tx: Connection,
        group_id: str,
        person: int,
        order_id: str,
        amount_minor: int,
        at_us: int,
        *,
        initiator: bool,
    ) -> None:
        try:
            with tx.begin_nested():
                tx.execute(
                    insert(members).values(
                        order_id=order_id, group_id=group_id, person=person, initiator=initiator, amount_minor=amount_minor,
                        state="paid", joined_us=at_us,
                    )
                )  # fmt: skip
        except IntegrityError:  # the same person or order came twice at once
            raise GroupRefused("in_group") from None


def _group(row: RowMapping) -> Group:
    return Group(
        row["group_id"], row["offer_id"], row["size"], row["joined"], row["state"], row["opened_us"], row["expires_us"],
        row["ended_us"],
    )  # fmt: skip


def _member(row: RowMapping) -> Member:
    return Member(
        row["group_id"], row["person"], row["order_id"], row["amount_minor"], row["state"], row["joined_us"]
    )
