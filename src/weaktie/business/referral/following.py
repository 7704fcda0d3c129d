"""A campaign that also listens to events: shops that send `Invite Sent`, `Invite Accepted` and orders need no other call.

Files of the lake are read as they are added. Each event is dealt with in a transaction of its own under its own key, so that a file
that is read again (after a compaction, or a break) changes nothing.
"""

import json
from collections import Counter
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from weaktie.business.referral.contracts import Campaign, NoInvitation, Signals
from weaktie.business.referral.inviting import Came
from weaktie.business.referral.queries import ACCEPTED, CANCELLED, PAID, REFUNDED, SENT, dealings
from weaktie.business.referral.service import Referral
from weaktie.kit.clock import HOUR_US, business_day
from weaktie.kit.errors import Refused
from weaktie.store.database.tables import consumer_offsets
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import EVENTS
from weaktie.trust.consent.contracts import Chooser

CONSUMER = "referral"
NEW_WITHIN_US = HOUR_US
"""Events of one sign-up come close together: who was seen earlier than this before it was here already."""
Row = dict[str, Any]


class Follower:
    """Reads new events for the newest running campaign whose rules say so (`from_events`)."""

    def __init__(self, referral: Referral, lake: Lake, engine: Engine) -> None:
        self._referral, self._lake, self._engine = referral, lake, engine

    def run(self) -> dict[str, int]:
        """Deal with what came since the last run; returns how often each outcome was met."""
        part = self._referral
        with part.database.connect() as connection:
            campaign = next((c for c in part.open_campaigns(connection) if c.current.spec.from_events), None)
            if campaign is None or campaign.started_us is None:
                return {}
            after = _offset(connection)
            files = self._lake.snapshot(connection, tables=["events"]).of("events")
        first_day = business_day(campaign.started_us, part.settings.zone)
        new = [f for f in files if f.added_version > after and f.max_day >= first_day]
        if not new:
            return {}
        with self._engine.session() as session:
            found = session.collect(
                dealings(session.scan([f.path for f in new], EVENTS.schema), campaign.started_us)
            )
        met: Counter[str] = Counter()
        for row in sorted(found.to_pylist(), key=lambda r: (r["us"], r["event_id"])):
            met[self._deal(campaign, row)] += 1
        with part.database.begin() as tx:
            _move(tx, max(f.added_version for f in new), part.clock.now_us())
        return dict(met)

    def _deal(self, campaign: Campaign, row: Row) -> str:
        part = self._referral
        properties = json.loads(row["properties"] or "{}")
        try:
            with part.database.begin() as tx:
                who = part.people.of(tx, row["alias_no"])
                if who is None:
                    return "gone"
                if row["event"] == SENT:
                    return self._sent(tx, campaign, who, row, properties)
                if row["event"] in (REFUNDED, CANCELLED):
                    return self._refunded(tx, row)
            if row["event"] == ACCEPTED:
                return self._accepted(campaign, who, row, properties)
            return self._paid(who, row) if row["event"] == PAID else "other"
        except Refused as refused:
            return refused.code

    def _sent(self, tx: Connection, campaign: Campaign, who: Chooser, row: Row, properties: Row) -> str:
        channels = campaign.current.spec.channels
        channel = row["channel"] if row["channel"] in channels else channels[0]
        key = _key(str(properties.get("invite_id") or row["event_id"]))
        return (
            "sent_before"
            if self._referral.inviting.send(tx, campaign.campaign_id, who, channel, request_key=key).repeated
            else "sent"
        )

    def _accepted(self, campaign: Campaign, who: Chooser, row: Row, properties: Row) -> str:
        """A registration by the invitation that the event names, else by the inviter's newest one with a place left."""
        part = self._referral
        with part.database.begin() as tx:
            if part.inviting.friend_of(tx, who.alias_nos) is not None:
                return "known"
            code = self._code(tx, campaign, row, properties)
            part.inviting.open(tx, code, None)
        came = Came(min(row["us"], part.clock.now_us()), new_within_us=NEW_WITHIN_US)
        friend, _ = part.register(who, anonymous=None, code=code, signals=Signals(), came=came)
        return friend.reason or "registered"

    def _code(self, tx: Connection, campaign: Campaign, row: Row, properties: Row) -> str:
        part = self._referral
        if properties.get("invite_id"):
            named = part.inviting.keyed(tx, campaign.campaign_id, _key(str(properties["invite_id"])))
            if named is not None:
                return named.code
        inviter = None if row["sharer_alias_no"] is None else part.people.of(tx, row["sharer_alias_no"])
        if inviter is None:
            raise NoInvitation
        places = campaign.current.spec.friends_per_invitation
        sent = part.inviting.sent_by(tx, campaign.campaign_id, inviter.alias_nos)
        free = next((i for i in sent if i.friends < places), None)
        channel = campaign.current.spec.channels[0]
        return (free or part.inviting.send(tx, campaign.campaign_id, inviter, channel).invitation).code

    def _paid(self, who: Chooser, row: Row) -> str:
        if not row["order_id"] or not row["amount_minor"] or not row["currency"]:
            return "no_order"
        found = self._referral.ordered(
            who,
            row["order_id"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            paid_us=row["us"],
        )
        return found.reason or "counted"

    def _refunded(self, tx: Connection, row: Row) -> str:
        """A cancellation is whole; so is a refund that names no amount."""
        part = row["event"] == REFUNDED and row["amount_minor"]
        found = self._referral.paying.refunded(
            tx, row["order_id"] or "", abs(row["amount_minor"]) if part else None
        )
        if found is None:
            return "no_order"
        return "refunded"


def _key(name: str) -> str:
    return f"event:{name}"[:80]


def _offset(connection: Connection) -> int:
    query = select(consumer_offsets.c.next_record).where(consumer_offsets.c.consumer == CONSUMER)
    return int(connection.execute(query).scalar() or 0)


def _move(tx: Connection, version: int, now_us: int) -> None:
    tx.execute(delete(consumer_offsets).where(consumer_offsets.c.consumer == CONSUMER))
    tx.execute(
        insert(consumer_offsets).values(
            consumer=CONSUMER, partition=0, next_record=version, updated_us=now_us
        )
    )
