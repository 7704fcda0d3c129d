"""The door of referral."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from weaktie.business.referral.campaigns import Campaigns
from weaktie.business.referral.codes import Codes
from weaktie.business.referral.contracts import (
    Assess,
    Campaign,
    Friend,
    Group,
    Invitation,
    Ledger,
    NoInvitation,
    NotInvited,
    Reward,
    Signals,
    Strength,
)
from weaktie.business.referral.groups import Groups
from weaktie.business.referral.hooks import Hooks
from weaktie.business.referral.inviting import Came, Inviting, Sent
from weaktie.business.referral.paying import Counted, Paying
from weaktie.business.referral.rewards import RewardBook
from weaktie.business.referral.words import REASONS, STATE_WORDS
from weaktie.data.identity.service import Identity
from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.logs import get_logger
from weaktie.kit.outbound import Outbound
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.consent.contracts import Chooser, People
from weaktie.trust.consent.service import Consent
from weaktie.trust.vault.service import Vault

_LOG = get_logger("referral")
NOBODY = -1
"""No identifier has this number."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an inviter stands in a campaign: what was sent, who came of it, what is to be had and when."""

    campaign: Campaign
    sent: list[Invitation]
    left_today: int
    friends: list[Friend]
    rewards: list[Reward]
    paid_minor: int
    waiting_minor: int


@dataclass(frozen=True)
class Referral:
    """Everything of referral over one database. `ledger`, `assess` and `strength` may be absent: then nothing is launched, every
    payout is held, and every tie is unknown."""

    database: Database
    settings: Settings
    clock: Clock
    vault: Vault
    people: People
    identity: Identity
    consent: Consent
    outbound: Outbound
    ledger: Ledger | None = None
    assess: Assess | None = None
    strength: Strength | None = None

    @cached_property
    def codes(self) -> Codes:
        """Codes, page tokens and hashes."""
        return Codes(self.clock, self.vault)

    @cached_property
    def hooks(self) -> Hooks:
        """Messages to the shop."""
        return Hooks(self.clock, self.vault, self.outbound)

    @cached_property
    def campaigns(self) -> Campaigns:
        """Campaigns and their versions."""
        return Campaigns(self.settings, self.clock, self.ledger)

    @cached_property
    def inviting(self) -> Inviting:
        """Invitations and attribution."""
        return Inviting(
            self.settings, self.clock, self.campaigns, self.codes, self.people, self.identity, self.consent, self.hooks
        )  # fmt: skip

    @cached_property
    def book(self) -> RewardBook:
        """Rewards."""
        return RewardBook(
            self.clock,
            self.campaigns,
            self.inviting,
            self.people,
            self.hooks,
            ledger=self.ledger,
            assess=self.assess,
        )

    @cached_property
    def paying(self) -> Paying:
        """Orders and the ladder."""
        return Paying(self.clock, self.campaigns, self.inviting, self.people, self.book, self.strength)

    @cached_property
    def groups(self) -> Groups:
        """Group buying."""
        return Groups(self.clock, self.hooks)

    # ---- what a shop's server says

    def person(self, connection: Connection, user_id: str) -> Chooser:
        """The living person behind an id; raises NotFound `no_such_person`."""
        found = self.people.find(connection, user_id)
        if found is None:
            raise NotFound(
                "no_such_person", Words("没有这个用户。", "There is no such person."), place="user_id"
            )
        return found

    def enrolled(self, kind: str, value: str, source_id: str) -> Chooser:
        """The person behind an id that the shop vouches for, made where it is new, in a transaction of its own."""
        number = self.people.enrol(kind, value, source_id)
        with self.database.connect() as connection:
            found = self.people.of(connection, number)
        if found is None:
            raise NotFound(
                "no_such_person", Words("没有这个用户。", "There is no such person."), place="user_id"
            )
        return found

    def send(self, campaign_id: str, inviter: Chooser, channel: str, *, request_key: str = "") -> Sent:
        """An invitation, in a transaction of its own. See `Inviting.send`."""
        with self.database.begin() as tx:
            return self.inviting.send(
                tx, campaign_id, self._now(tx, inviter), channel, request_key=request_key
            )

    def register(
        self, friend: Chooser, *, anonymous: int | None, code: str, signals: Signals, came: Came | None = None
    ) -> tuple[Friend, list[Reward]]:
        """Attribute a newcomer and give the friend's coupon, in one transaction. See `Inviting.register`."""
        self.warm()
        with self.database.begin() as tx:
            found, new = self.inviting.register(
                tx, self._now(tx, friend), anonymous=anonymous, code=code, signals=signals, came=came
            )
            if new and found.state != "refused":
                self.paying.welcome(tx, found)
            return found, self.rewards_of(tx, found)

    def ordered(
        self, buyer: Chooser, order_id: str, *, amount_minor: int, currency: str, paid_us: int, received_us: int | None = None
    ) -> Counted:  # fmt: skip
        """Take down a paid order, in a transaction of its own. See `Paying.ordered`."""
        self.warm()
        with self.database.begin() as tx:
            return self.paying.ordered(
                tx, self._now(tx, buyer), order_id, amount_minor=amount_minor, currency=currency, paid_us=paid_us,
                received_us=received_us,
            )  # fmt: skip

    def warm(self) -> None:
        """Let the social graph load what it has to load now, so that no writer waits for it inside a transaction."""
        if self.strength is not None:
            with self.database.connect() as connection:
                self.strength(connection, NOBODY, NOBODY)

    def rewards_of(self, connection: Connection, friend: Friend) -> list[Reward]:
        """What a friend is to get for registering."""
        person = None if friend.friend is None else self.people.of(connection, friend.friend)
        if person is None:
            return []
        return self.book.of_payee(connection, friend.campaign_id, person.alias_nos, ("friend", "weak"))

    def progress(self, connection: Connection, campaign_id: str, inviter: Chooser) -> Progress:
        """Where an inviter stands."""
        campaign = self.campaigns.find(connection, campaign_id)
        mine = self.book.of_payee(connection, campaign_id, inviter.alias_nos, ("inviter", "bonus"))
        return Progress(
            campaign, self.inviting.sent_by(connection, campaign_id, inviter.alias_nos),
            self.inviting.left_today(connection, campaign, inviter),
            self.inviting.friends_of(connection, campaign_id, inviter.alias_nos), mine,
            sum(r.amount_minor for r in mine if r.state == "paid"),
            sum(r.amount_minor for r in mine if r.state in ("pending", "held")),
        )  # fmt: skip

    def open_campaigns(self, connection: Connection) -> list[Campaign]:
        """Campaigns in which anybody may invite now, the newest first."""
        return [c for c in self.campaigns.listed(connection, ("running",)) if not self.campaigns.is_open(c)]

    # ---- on a schedule

    def tick(self) -> dict[str, int]:
        """Pay what is due, fail groups whose time is over; each in a transaction of its own, safe to repeat and to break off."""
        done = {"looked_at": 0, "paid": 0, "failed_groups": 0}
        with self.database.connect() as connection:
            due = self.book.due(connection)
        for reward_id in due:
            try:
                with self.database.begin() as tx:
                    after = self.paying.attempt(tx, reward_id)
            except Refused as refused:  # one reward must not keep the others waiting
                _LOG.warning("reward_waits", code=refused.code)
                continue
            done["looked_at"] += 1
            done["paid"] += after.state == "paid"
        with self.database.begin() as tx:
            done["failed_groups"] = len(self.groups.expire(tx))
            self.hooks.forget(tx)
            self.campaigns.give_back(tx)
        return done

    def send_messages(self) -> int:
        """Send what waits for the shop; returns how many were taken."""
        return self.hooks.send_due(self.database, self.message)

    # ---- messages

    def message(self, connection: Connection, event: str, ref: str) -> Mapping[str, Any]:
        """What a message says: as things stand when it is sent. People are named by the shop's own ids."""
        kind = event.partition(".")[0]
        try:
            if kind == "friend":
                return self._friend_data(connection, self.inviting.one_friend(connection, ref))
            if kind == "reward":
                return self._reward_data(connection, self.book.find(connection, ref))
            return self._group_data(connection, self.groups.find(connection, ref))
        except (NotFound, NoInvitation):
            return {"id": ref, "gone": True}

    def user_id(self, connection: Connection, person: int | None) -> str | None:
        """The shop's own id of a person; None for one who was erased or has none."""
        chooser = None if person is None else self.people.of(connection, person)
        if chooser is None:
            return None
        named = self.identity.described(connection, chooser.alias_nos)
        return next((a.value for a in named if a.kind == "user" and a.value), None)

    def _friend_data(self, connection: Connection, friend: Friend) -> dict[str, Any]:
        return {
            "friend_id": friend.friend_id, "campaign_id": friend.campaign_id, "state": friend.state, "reason": friend.reason,
            "friend_user_id": self.user_id(connection, friend.friend), "inviter_user_id": self.user_id(connection, friend.inviter),
            "registered_time": to_iso(friend.registered_us), "order_id": friend.order_id,
        }  # fmt: skip

    def _reward_data(self, connection: Connection, reward: Reward) -> dict[str, Any]:
        why = REASONS.get(reward.reason)
        return {
            "reward_id": reward.reward_id, "campaign_id": reward.campaign_id, "kind": reward.kind, "form": reward.form,
            "user_id": self.user_id(connection, reward.payee), "amount_minor": reward.amount_minor, "currency": reward.currency,
            "state": reward.state, "state_words": STATE_WORDS[reward.state].as_dict(), "reason": reward.reason,
            "reason_words": None if why is None else why.as_dict(), "due_time": to_iso(reward.due_us),
        }  # fmt: skip

    def _group_data(self, connection: Connection, group: Group) -> dict[str, Any]:
        return {
            "group_id": group.group_id, "offer_id": group.offer_id, "state": group.state, "size": group.size,
            "joined": group.joined, "missing": group.missing, "expires_time": to_iso(group.expires_us),
            "orders": [
                {"order_id": m.order_id, "state": m.state, "amount_minor": m.amount_minor}
                for m in self.groups.members_of(connection, group.group_id)
            ],
        }  # fmt: skip

    def _now(self, tx: Connection, chooser: Chooser) -> Chooser:
        """The person as they are in this transaction: they may have been merged or erased meanwhile."""
        found = self.people.of(tx, chooser.alias_no)
        if found is None:
            raise NotFound(
                "no_such_person", Words("没有这个用户。", "There is no such person."), place="user_id"
            )
        return found


__all__ = ["NotInvited", "Progress", "Referral", "Sent"]
