"""Invitations: sent, opened, registered by. Who is attributed to whom, by written rules.

Attribution: the first touch wins. A touch is the first opening of an invitation by an identifier of the friend, before or at the
registration and not older than the campaign's window; a code given at the registration is a touch of that moment. Of several, the
earliest whose campaign runs and whose invitation has a place left counts; a person is brought once, in all campaigns together, and
never again. What is refused stays refused, with its reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.business.referral.campaigns import Campaigns
from weaktie.business.referral.codes import Codes
from weaktie.business.referral.contracts import (
    Campaign,
    Friend,
    Invitation,
    NoInvitation,
    NotInvited,
    Signals,
)
from weaktie.business.referral.hooks import Hooks
from weaktie.business.referral.logic import closes_circle
from weaktie.business.referral.tables import friends, invitations, inviters, touches
from weaktie.data.identity.service import Identity
from weaktie.kit.clock import DAY_US, Clock, business_day, day_to_date, from_datetime
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import Chooser, People
from weaktie.trust.consent.service import Consent

NEW_WITHIN_US = DAY_US
"""A login seen for the first time within this of a registration by a typed code is new: the shop's own events may come first."""
MOST_TOUCHES = 50


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation that was sent, how many more the inviter may send today, and whether it had been sent before."""

    invitation: Invitation
    left_today: int
    repeated: bool


@dataclass(frozen=True, slots=True)
class Came:
    """When somebody registered; `member_since_us` where the shop's own books know them longer. A login that was first seen within
    `new_within_us` before counts as new at a code that was given: other news of the same sign-up may come first."""

    at_us: int
    member_since_us: int | None = None
    new_within_us: int = NEW_WITHIN_US


@dataclass(frozen=True, slots=True)
class _Touch:
    invitation: Invitation
    at_us: int
    via: str


class Inviting:
    """Invitations over one database. Everything that writes takes the caller's transaction."""

    def __init__(
        self, settings: Settings, clock: Clock, campaigns: Campaigns, codes: Codes, people: People, identity: Identity,
        consent: Consent, hooks: Hooks,
    ) -> None:  # fmt: skip
        self._settings, self._clock, self._campaigns, self._codes = settings, clock, campaigns, codes
        self._people, self._identity, self._consent, self._hooks = people, identity, consent, hooks

    # ---- sending

    def send(
        self, tx: Connection, campaign_id: str, inviter: Chooser, channel: str, *, request_key: str = ""
    ) -> Sent:
        """A new invitation; the same `request_key` gives the same invitation again. Raises NoCampaign, NotInvited
        `campaign_over`, `budget`, `minor`, `sold_out`, `bad_channel`, `daily_limit` or `key_reused`."""
        self.lock(tx, campaign_id, inviter)
        campaign = self._campaigns.find(tx, campaign_id)
        if request_key and (known := self._by_key(tx, campaign_id, inviter, request_key)) is not None:
            return Sent(known, self.left_today(tx, campaign, inviter), repeated=True)
        self._check_send(tx, campaign, inviter, channel)
        now_us = self._clock.now_us()
        invitation_id = new_id("inv", now_us)
        try:
            with tx.begin_nested():
                tx.execute(
                    insert(invitations).values(
                        invitation_id=invitation_id, campaign_id=campaign_id, version=campaign.current.version,
                        code=self._codes.new(), inviter=inviter.alias_no, channel=channel, day=self._today(), sent_us=now_us,
                        request_key=request_key or None, opens=0, friends=0,
                    )
                )  # fmt: skip
        except IntegrityError:
            raise NotInvited(
                "key_reused",
                Words("请求键已用于别的请求。", "The key belongs to another request."),
                place="request_key",
            ) from None
        return Sent(self.find(tx, invitation_id), self.left_today(tx, campaign, inviter), repeated=False)

    def _check_send(self, tx: Connection, campaign: Campaign, inviter: Chooser, channel: str) -> None:
        if why := self._campaigns.is_open(campaign):
            raise NotInvited(why, place="campaign_id")
        if channel not in campaign.current.spec.channels:
            raise NotInvited(
                "bad_channel",
                Words("本活动不在该渠道进行。", "The campaign does not use this channel."),
                place="channel",
            )
        if not self.is_adult(tx, inviter):
            raise NotInvited("minor")
        if self.coupons_left(campaign) == 0:
            raise NotInvited("sold_out")
        if self.left_today(tx, campaign, inviter) <= 0:
            most = campaign.current.spec.daily_invitations
            again = datetime.combine(
                day_to_date(self._today()) + timedelta(days=1), time(), self._settings.zone
            ).strftime("%m-%d %H:%M")
            raise NotInvited(
                "daily_limit",
                Words(f"今天的 {most} 次邀请已用完，{again} 后可继续。", f"Today's {most} invitations are used; go on after {again}."),
                place="user_id",
            )  # fmt: skip

    def coupons_left(self, campaign: Campaign) -> int | None:
        """Friends' coupons that are left; None without a stock of their own."""
        stock = campaign.current.spec.friend_stock
        return max(stock - campaign.granted, 0) if stock else None

    def left_today(self, connection: Connection, campaign: Campaign, inviter: Chooser) -> int:
        """How many invitations the person may still send today."""
        sent = connection.execute(
            select(func.count()).select_from(invitations).where(
                invitations.c.campaign_id == campaign.campaign_id, invitations.c.inviter.in_(inviter.alias_nos),
                invitations.c.day == self._today(),
            )
        ).scalar_one()  # fmt: skip
        return max(campaign.current.spec.daily_invitations - int(sent), 0)

    def lock(self, tx: Connection, campaign_id: str, inviter: Chooser) -> None:
        """Let nobody else count this inviter's limits until the transaction ends."""
        mine = (inviters.c.campaign_id == campaign_id) & (inviters.c.alias_no == inviter.alias_no)
        if tx.execute(select(inviters.c.first_us).where(mine).with_for_update()).first() is None:
            values = {
                "campaign_id": campaign_id,
                "alias_no": inviter.alias_no,
                "first_us": self._clock.now_us(),
            }
            try:
                with tx.begin_nested():
                    tx.execute(insert(inviters).values(**values))
            except IntegrityError:
                tx.execute(select(inviters.c.first_us).where(mine).with_for_update())

    # ---- opening

    def open(self, tx: Connection, code: str, visitor: int | None) -> Invitation:
        """Count that an invitation was opened; by whom, where the shop says so. Raises NoInvitation."""
        found = self.by_code(tx, code)
        now_us = self._clock.now_us()
        tx.execute(
            update(invitations)
            .where(invitations.c.invitation_id == found.invitation_id)
            .values(
                opens=invitations.c.opens + 1,
                first_open_us=func.coalesce(invitations.c.first_open_us, now_us),
            )
        )
        if visitor is not None:
            mine = (touches.c.invitation_id == found.invitation_id) & (touches.c.visitor == visitor)
            if tx.execute(select(touches.c.at_us).where(mine)).first() is None:
                try:
                    with tx.begin_nested():
                        tx.execute(
                            insert(touches).values(
                                invitation_id=found.invitation_id, visitor=visitor, at_us=now_us
                            )
                        )
                except IntegrityError:
                    pass  # another request of the same visitor was first
        return self.find(tx, found.invitation_id)

    # ---- registering

    def register(
        self, tx: Connection, friend: Chooser, *, anonymous: int | None = None, code: str = "", signals: Signals | None = None,
        came: Came | None = None,
    ) -> tuple[Friend, bool]:  # fmt: skip
        """Whom a newcomer is attributed to, and whether this is new. A refusal by a rule is kept and answered with its reason. Raises
        NoInvitation where they came by none."""
        known = self.friend_of(tx, friend.alias_nos)
        if known is not None:
            return known, False
        came = came or Came(self._clock.now_us())
        found = self._touches(tx, friend, anonymous, code, came)
        if not found:
            raise NoInvitation
        chosen, reason = found[0], ""
        for place, touch in enumerate(found):
            self._lock_invitation(tx, touch.invitation.invitation_id)
            why = self._refusal(tx, touch, friend, came)
            if place == 0 or not why:
                chosen, reason = touch, why
            if not why:
                break
        return self._keep(tx, chosen, reason, friend, signals or Signals(), came)

    def _keep(
        self, tx: Connection, touch: _Touch, reason: str, friend: Chooser, signals: Signals, came: Came
    ) -> tuple[Friend, bool]:
        friend_id, invitation = new_id("rfr", self._clock.now_us()), touch.invitation
        campaign = self._campaigns.find(tx, invitation.campaign_id)
        try:
            with tx.begin_nested():
                tx.execute(
                    insert(friends).values(
                        friend_id=friend_id, campaign_id=invitation.campaign_id, version=campaign.current.version,
                        invitation_id=invitation.invitation_id, inviter=invitation.inviter, friend=friend.alias_no,
                        state="refused" if reason else "registered", reason=reason, via=touch.via, touched_us=touch.at_us,
                        registered_us=came.at_us, ip_hash=self._codes.hashed("ip", signals.ip),
                        device_hash=self._codes.hashed("device", signals.device),
                        account_hash=self._codes.hashed("account", signals.account),
                    )
                )  # fmt: skip
        except IntegrityError:  # another request for the same person was first
            known = self.friend_of(tx, friend.alias_nos)
            assert known is not None, "the row that was in the way"
            return known, False
        if not reason:
            tx.execute(
                update(invitations)
                .where(invitations.c.invitation_id == invitation.invitation_id)
                .values(friends=invitations.c.friends + 1)
            )
        self._hooks.tell(tx, "friend.refused" if reason else "friend.registered", friend_id)
        return self.one_friend(tx, friend_id), True

    def _touches(
        self, tx: Connection, friend: Chooser, anonymous: int | None, code: str, came: Came
    ) -> list[_Touch]:
        """Touches of the person, the earliest first, within the window of each campaign."""
        numbers = sorted({*friend.alias_nos, *([] if anonymous is None else [anonymous])})
        rows = tx.execute(
            select(touches.c.invitation_id, touches.c.at_us).where(touches.c.visitor.in_(numbers))
            .order_by(touches.c.at_us, touches.c.invitation_id).limit(MOST_TOUCHES)
        ).all()  # fmt: skip
        found: list[_Touch] = []
        for row in rows:
            invitation = self.find(tx, row.invitation_id)
            spec = self._campaigns.spec_of(tx, invitation.campaign_id, invitation.version)
            if row.at_us >= came.at_us - spec.window_days * DAY_US:
                found.append(_Touch(invitation, int(row.at_us), "open"))
        if code:
            given = self.by_code(tx, code)
            if all(t.invitation.invitation_id != given.invitation_id for t in found):
                found.append(_Touch(given, came.at_us, "code"))
        return found

    def _refusal(self, tx: Connection, touch: _Touch, friend: Chooser, came: Came) -> str:
        """Why a touch does not count, hard rules first; empty where it does."""
        invitation = self.find(tx, touch.invitation.invitation_id)
        inviter = None if invitation.inviter is None else self._people.of(tx, invitation.inviter)
        if inviter is None:
            return "campaign_over"
        if set(inviter.alias_nos) & set(friend.alias_nos):
            return "self_invite"
        if self._circle(tx, inviter, friend):
            return "cycle"
        if self._was_here(tx, friend, touch, came):
            return "existing_user"
        if not (self.is_adult(tx, friend) and self.is_adult(tx, inviter)):
            return "minor"
        campaign = self._campaigns.find(tx, invitation.campaign_id)
        spec = self._campaigns.spec_of(tx, campaign.campaign_id, invitation.version)
        if why := self._campaigns.is_open(campaign):
            return why
        return "invitation_used" if invitation.friends >= spec.friends_per_invitation else ""

    def _was_here(self, tx: Connection, friend: Chooser, touch: _Touch, came: Came) -> bool:
        since_us = touch.at_us if touch.via == "open" else touch.at_us - came.new_within_us
        if came.member_since_us is not None and came.member_since_us < since_us:
            return True
        return any(
            a.kind in ("user", "unionid") and a.first_seen_us < since_us
            for a in self._identity.described(tx, friend.alias_nos)
        )

    def _circle(self, tx: Connection, inviter: Chooser, friend: Chooser) -> bool:
        def up(person: int) -> int | None:
            chooser = self._people.of(tx, person)
            if chooser is None:
                return None
            row = tx.execute(
                select(friends.c.inviter).where(
                    friends.c.friend.in_(chooser.alias_nos), friends.c.state != "refused"
                )
            ).first()
            above = None if row is None or row.inviter is None else self._people.of(tx, row.inviter)
            return None if above is None else above.alias_no

        return closes_circle(up, inviter.alias_no, friend.alias_no)

    def is_adult(self, connection: Connection, person: Chooser) -> bool:
        """Whether nothing says that the person is under 18."""
        return self._consent.young(connection, person.alias_nos).may_be_profiled_for_referral

    # ---- reading

    def find(self, connection: Connection, invitation_id: str) -> Invitation:
        """One invitation; raises NoInvitation."""
        row = connection.execute(
            select(invitations).where(invitations.c.invitation_id == invitation_id)
        ).mappings().first()  # fmt: skip
        if row is None:
            raise NoInvitation
        return _invitation(row)

    def by_code(self, connection: Connection, code: str) -> Invitation:
        """The invitation with a code, however it was typed; raises NoInvitation."""
        row = connection.execute(
            select(invitations).where(invitations.c.code == self._codes.checked(code))
        ).mappings().first()  # fmt: skip
        if row is None:
            raise NoInvitation
        return _invitation(row)

    def keyed(self, connection: Connection, campaign_id: str, request_key: str) -> Invitation | None:
        """The invitation that was sent under a key."""
        query = select(invitations).where(
            invitations.c.campaign_id == campaign_id, invitations.c.request_key == request_key
        )
        row = connection.execute(query).mappings().first()
        return None if row is None else _invitation(row)

    def sent_by(
        self, connection: Connection, campaign_id: str, alias_nos: Sequence[int], most: int = 50
    ) -> list[Invitation]:
        """The newest invitations of a person in a campaign."""
        query = select(invitations).where(
            invitations.c.campaign_id == campaign_id, invitations.c.inviter.in_(alias_nos)
        )
        newest = query.order_by(invitations.c.sent_us.desc(), invitations.c.invitation_id.desc()).limit(most)
        return [_invitation(row) for row in connection.execute(newest).mappings()]

    def friend_of(self, connection: Connection, alias_nos: Sequence[int]) -> Friend | None:
        """How a person was brought; a place that was kept wins over a refusal where two rows became one person's."""
        query = select(friends).where(friends.c.friend.in_(alias_nos))
        rows = (
            connection.execute(query.order_by(friends.c.registered_us, friends.c.friend_id)).mappings().all()
        )
        found = [friend_from(row) for row in rows]
        return next((f for f in found if f.state != "refused"), found[0] if found else None)

    def one_friend(self, connection: Connection, friend_id: str) -> Friend:
        """One friend by the row's id; raises NoInvitation."""
        row = connection.execute(select(friends).where(friends.c.friend_id == friend_id)).mappings().first()
        if row is None:
            raise NoInvitation
        return friend_from(row)

    def friends_of(self, connection: Connection, campaign_id: str, alias_nos: Sequence[int]) -> list[Friend]:
        """Whom a person brought in a campaign, the newest first, refusals too."""
        query = select(friends).where(friends.c.campaign_id == campaign_id, friends.c.inviter.in_(alias_nos))
        rows = connection.execute(
            query.order_by(friends.c.registered_us.desc(), friends.c.friend_id.desc())
        ).mappings()
        return [friend_from(row) for row in rows]

    def _by_key(self, tx: Connection, campaign_id: str, inviter: Chooser, key: str) -> Invitation | None:
        row = tx.execute(
            select(invitations).where(
                invitations.c.request_key == key, invitations.c.campaign_id == campaign_id,
                invitations.c.inviter.in_(inviter.alias_nos),
            )
        ).mappings().first()  # fmt: skip
        return None if row is None else _invitation(row)

    def _lock_invitation(self, tx: Connection, invitation_id: str) -> None:
        tx.execute(
            select(invitations.c.friends)
            .where(invitations.c.invitation_id == invitation_id)
            .with_for_update()
        )

    def _today(self) -> int:
        return business_day(self._clock.now_us(), self._settings.zone)


def midnight_us(day: int, settings: Settings) -> int:
    """When a business day begins."""
    return from_datetime(datetime.combine(day_to_date(day), time(), settings.zone))


def _invitation(row: RowMapping) -> Invitation:
    return Invitation(
        row["invitation_id"], row["campaign_id"], row["version"], row["code"], row["inviter"], row["channel"], row["sent_us"],
        row["opens"], row["first_open_us"], row["friends"],
    )  # fmt: skip


def friend_from(row: RowMapping) -> Friend:
    """A row of `referral_friends`."""
    return Friend(
        row["friend_id"], row["campaign_id"], row["version"], row["invitation_id"], row["inviter"], row["friend"], row["state"],
        row["reason"], row["via"], row["touched_us"], row["registered_us"], row["order_id"], row["ordered_us"],
    )  # fmt: skip
