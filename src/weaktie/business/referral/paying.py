"""Orders and what follows from them: a reward set aside at a friend's first order that counts, the ladder's bonuses, and all of it
given back or clawed back on a refund."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.business.referral.campaigns import Campaigns
from weaktie.business.referral.contracts import (
    LIVE,
    Friend,
    NotInvited,
    Reward,
    RewardKind,
    Spec,
    Strength,
    Tie,
)
from weaktie.business.referral.inviting import Inviting
from weaktie.business.referral.logic import Share, due_us, inviter_share, order_reason, weak_share, within
from weaktie.business.referral.rewards import RewardBook
from weaktie.business.referral.tables import friends, orders, rewards
from weaktie.kit.clock import Clock
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import Chooser, People

FROM_INVITER: tuple[RewardKind, ...] = ("inviter", "bonus")


@dataclass(frozen=True, slots=True)
class Counted:
    """What an order came to: whether it counts, else why not, and whose it is."""

    order_id: str
    counted: bool
    reason: str
    friend: Friend | None


class Paying:
    """Orders over one database. Everything that writes takes the caller's transaction."""

    def __init__(
        self, clock: Clock, campaigns: Campaigns, inviting: Inviting, people: People, book: RewardBook, strength: Strength | None
    ) -> None:  # fmt: skip
        self._clock, self._campaigns, self._inviting, self._people = clock, campaigns, inviting, people
        self.book, self.strength = book, strength

    # ---- at the registration

    def welcome(self, tx: Connection, friend: Friend) -> None:
        """The friend's coupon, and one more at the end of a weak tie. A coupon that is out of stock is not promised."""
        spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
        if friend.friend is None:
            return
        if not self._campaigns.take_coupon(tx, friend.campaign_id, spec.friend_stock):
            self.book.make(
                tx,
                friend,
                spec,
                "friend",
                friend.friend,
                Share(spec.friend_minor, "plain"),
                refused="sold_out",
            )
            return
        self.book.make(tx, friend, spec, "friend", friend.friend, Share(spec.friend_minor, "plain"))
        tie = self._tie(tx, friend)
        share = weak_share(spec, tie)
        if share.amount_minor:
            self.book.make(tx, friend, spec, "weak", friend.friend, share, tie=tie)

    # ---- at an order

    def ordered(
        self, tx: Connection, buyer: Chooser, order_id: str, *, amount_minor: int, currency: str, paid_us: int,
        received_us: int | None = None,
    ) -> Counted:  # fmt: skip
        """Take down a paid order; the first one of a friend that fulfils the rules earns the inviter a reward. The same order id
        again changes nothing but the day on which the goods came. Raises NotInvited `order_reused` for another buyer's."""
        friend = self._inviting.friend_of(tx, buyer.alias_nos)
        if friend is None:
            return Counted(order_id, counted=False, reason="not_invited", friend=None)
        if friend.state != "refused":
            self._lock_inviter(tx, friend)
            friend = self._inviting.one_friend(tx, friend.friend_id)
        reason = self._order_reason(tx, friend, amount_minor, currency, paid_us)
        values = {
            "order_id": order_id, "buyer": buyer.alias_no, "friend_id": friend.friend_id,
            "amount_minor": amount_minor, "currency": currency, "paid_us": paid_us, "received_us": received_us,
            "refunded_minor": 0, "counted": not reason, "reason": reason,
        }  # fmt: skip
        try:
            with tx.begin_nested():
                tx.execute(insert(orders).values(**values))
        except IntegrityError:
            return self._again(tx, buyer, order_id, received_us)
        if not reason:
            self._count(tx, friend, order_id, paid_us, received_us)
            friend = self._inviting.one_friend(tx, friend.friend_id)
        return Counted(order_id, not reason, reason, friend)

    def _order_reason(
        self, tx: Connection, friend: Friend, amount_minor: int, currency: str, paid_us: int
    ) -> str:
        if friend.state == "refused":
            return friend.reason
        if friend.order_id is not None and friend.state in ("ordered", "rewarded"):
            return "not_first"
        spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
        return order_reason(
            spec,
            amount_minor=amount_minor,
            currency=currency,
            paid_us=paid_us,
            registered_us=friend.registered_us,
        )

    def _count(
        self, tx: Connection, friend: Friend, order_id: str, paid_us: int, received_us: int | None
    ) -> None:
        spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
        tx.execute(
            update(friends)
            .where(friends.c.friend_id == friend.friend_id)
            .values(state="ordered", order_id=order_id, ordered_us=paid_us)
        )
        if friend.inviter is None:
            return
        tie = self._tie(tx, friend)
        share = inviter_share(spec, tie)
        at_us = due_us(spec, paid_us, received_us)
        room = within(spec.most_minor, self.live_minor(tx, friend), share.amount_minor)
        if room:
            capped = Share(room, share.note)
            self.book.make(
                tx, friend, spec, "inviter", friend.inviter, capped, tie=tie, order_id=order_id, at_us=at_us
            )
        else:
            self.book.make(
                tx,
                friend,
                spec,
                "inviter",
                friend.inviter,
                share,
                tie=tie,
                order_id=order_id,
                at_us=at_us,
                refused="cap",
            )
        self._true_up(tx, friend, spec, at_us)

    def _again(self, tx: Connection, buyer: Chooser, order_id: str, received_us: int | None) -> Counted:
        row = tx.execute(select(orders).where(orders.c.order_id == order_id)).mappings().one()
        if row["buyer"] not in buyer.alias_nos:
            raise NotInvited(
                "order_reused",
                Words("订单号属于另一位买家。", "The order belongs to another buyer."),
                place="order_id",
            )
        friend = None if row["friend_id"] is None else self._inviting.one_friend(tx, row["friend_id"])
        if received_us is not None and received_us != row["received_us"] and friend is not None:
            spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
            tx.execute(update(orders).where(orders.c.order_id == order_id).values(received_us=received_us))
            moved = due_us(spec, row["paid_us"], received_us)
            waiting = (rewards.c.order_id == order_id) & (rewards.c.state == "pending")
            tx.execute(update(rewards).where(waiting).values(due_us=moved))
        return Counted(order_id, bool(row["counted"]), row["reason"], friend)

    # ---- at a refund

    def refunded(self, tx: Connection, order_id: str, refunded_minor: int | None = None) -> Counted | None:
        """An order was given back, wholly or so far that it no longer fulfils the rules: what was set aside for it is given back,
        what was paid is clawed back, and a bonus that rested on it with it. None for an order that was never reported."""
        row = (
            tx.execute(select(orders).where(orders.c.order_id == order_id).with_for_update())
            .mappings()
            .first()
        )
        if row is None:
            return None
        friend = None if row["friend_id"] is None else self._inviting.one_friend(tx, row["friend_id"])
        back = row["amount_minor"] if refunded_minor is None else min(refunded_minor, row["amount_minor"])
        back = max(back, row["refunded_minor"])
        tx.execute(update(orders).where(orders.c.order_id == order_id).values(refunded_minor=back))
        if friend is None or not row["counted"]:
            return Counted(order_id, False, row["reason"], friend)
        self._lock_inviter(tx, friend)
        spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
        if row["amount_minor"] - back >= max(spec.order_min_minor, 1):
            return Counted(order_id, True, "", friend)
        tx.execute(update(orders).where(orders.c.order_id == order_id).values(counted=False, reason="refund"))
        tx.execute(
            update(friends)
            .where(friends.c.friend_id == friend.friend_id)
            .values(state="refunded", order_id=None, ordered_us=None)
        )
        for reward in self.book.rows(tx, rewards.c.order_id == order_id, rewards.c.kind == "inviter"):
            self.book.take_back(tx, reward, "refund", actor="system")
        self._true_up(tx, friend, spec, self._clock.now_us())
        return Counted(order_id, False, "refund", self._inviting.one_friend(tx, friend.friend_id))

    # ---- the ladder

    def _true_up(self, tx: Connection, friend: Friend, spec: Spec, at_us: int) -> None:
        """Make the bonuses of an inviter what the number of their valid friends says: one more set aside, or one taken back."""
        if friend.inviter is None:
            return
        mine = self._of_inviter(tx, friend)
        count = sum(1 for r in mine if r.kind == "inviter" and r.state in LIVE and r.state != "clawback_open")
        for bonus in spec.bonuses:
            live = next(
                (r for r in mine if r.kind == "bonus" and r.step == bonus.at and r.state in LIVE), None
            )
            if count >= bonus.at and live is None:
                room = within(spec.most_minor, self.live_minor(tx, friend), bonus.amount_minor)
                if room:
                    share = Share(room, "plain")
                    self.book.make(
                        tx, friend, spec, "bonus", friend.inviter, share, step=bonus.at, at_us=at_us
                    )
            elif count < bonus.at and live is not None and live.state != "clawback_open":
                self.book.take_back(tx, live, "not_enough_friends", actor="system")

    def live_minor(self, connection: Connection, friend: Friend) -> int:
        """What the friend's inviter has or is to get in the campaign."""
        return sum(r.amount_minor for r in self._of_inviter(connection, friend) if r.state in LIVE)

    def attempt(self, tx: Connection, reward_id: str) -> Reward:
        """Pay a reward if everything lets it pass (`RewardBook.attempt`), and take bonuses back that rested on one that is refused.
        The inviter's row is locked first, in the same order as everywhere else."""
        self._lock_payee(tx, reward_id)
        after = self.book.attempt(tx, reward_id)
        self._after_refusal(tx, after)
        return after

    def review(self, tx: Connection, reward_id: str, *, pay: bool, actor: str) -> Reward:
        """What a person decided (`RewardBook.review`), and what follows for bonuses."""
        self._lock_payee(tx, reward_id)
        after = self.book.review(tx, reward_id, pay=pay, actor=actor)
        self._after_refusal(tx, after)
        return after

    def _lock_payee(self, tx: Connection, reward_id: str) -> None:
        reward = self.book.find(tx, reward_id)
        payee = None if reward.payee is None else self._people.of(tx, reward.payee)
        if payee is not None and reward.kind in FROM_INVITER:
            self._inviting.lock(tx, reward.campaign_id, payee)

    def _after_refusal(self, tx: Connection, reward: Reward) -> None:
        if reward.kind == "inviter" and reward.state == "refused" and reward.friend_id:
            friend = self._inviting.one_friend(tx, reward.friend_id)
            spec = self._campaigns.spec_of(tx, friend.campaign_id, friend.version)
            self._true_up(tx, friend, spec, reward.due_us)

    def _of_inviter(self, connection: Connection, friend: Friend) -> list[Reward]:
        inviter = None if friend.inviter is None else self._people.of(connection, friend.inviter)
        if inviter is None:
            return []
        return self.book.of_payee(connection, friend.campaign_id, inviter.alias_nos, FROM_INVITER)

    def _lock_inviter(self, tx: Connection, friend: Friend) -> None:
        inviter = None if friend.inviter is None else self._people.of(tx, friend.inviter)
        if inviter is not None:
            self._inviting.lock(tx, friend.campaign_id, inviter)

    def _tie(self, connection: Connection, friend: Friend) -> Tie | None:
        if self.strength is None or friend.inviter is None or friend.friend is None:
            return None
        return self.strength(connection, friend.inviter, friend.friend)

    def orders_of(self, connection: Connection, alias_nos: Sequence[int]) -> list[str]:
        """Ids of the orders of a person that were reported."""
        query = select(orders.c.order_id).where(orders.c.buyer.in_(alias_nos)).order_by(orders.c.paid_us)
        return list(connection.execute(query).scalars())
