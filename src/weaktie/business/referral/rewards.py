"""Rewards: set aside, judged by the risk scorer, paid, refused, given back or clawed back. Nothing is paid that no scorer has seen."""

import json
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select, update

from weaktie.business.referral.campaigns import Campaigns, purse_of
from weaktie.business.referral.contracts import (
    Assess,
    BudgetUsedUp,
    Case,
    Friend,
    Ledger,
    NoReward,
    Payment,
    Purse,
    Reward,
    RewardKind,
    Spec,
    Tie,
    Verdict,
    WrongState,
)
from weaktie.business.referral.hooks import Hooks
from weaktie.business.referral.inviting import Inviting
from weaktie.business.referral.logic import Share
from weaktie.business.referral.tables import friends, rewards
from weaktie.business.referral.words import REASONS
from weaktie.kit.clock import DAY_US, HOUR_US, MINUTE_US, Clock
from weaktie.kit.ids import new_id
from weaktie.kit.logs import get_logger
from weaktie.trust.consent.contracts import People

_LOG = get_logger("referral")
STALE_US = 2 * HOUR_US
"""How old the scorer's knowledge may be; canaries are planted each hour."""
RETRIED = ("budget", "no_ledger", "no_scorer", "scorer_failed", "scorer_stale", "owes", "risk")
RETRIED_EVERY_US = 5 * MINUTE_US
APPEAL_US = 60 * DAY_US
"""For how long a refusal of the scorer is asked again: people may decide otherwise in its queue."""


class RewardBook:
    """Rewards over one database. Everything that writes takes the caller's transaction."""

    def __init__(
        self, clock: Clock, campaigns: Campaigns, inviting: Inviting, people: People, hooks: Hooks, *,
        ledger: Ledger | None, assess: Assess | None,
    ) -> None:  # fmt: skip
        self._clock, self._campaigns, self._inviting, self._people, self._hooks = (
            clock,
            campaigns,
            inviting,
            people,
            hooks,
        )
        self.ledger, self.assess = ledger, assess

    def take_back(self, tx: Connection, reward: Reward, reason: str, *, actor: str) -> None:
        """Give back what was set aside, or claw back what was paid. Doing it twice changes nothing more."""
        if reward.state in ("pending", "held"):
            self._release_hold(tx, reward, reason, actor)
            self._decide(tx, reward, "voided", reason, actor=actor)
        elif reward.state in ("paid", "clawback_open"):
            posted = self._posted(tx, reward.reward_id)
            try:
                if self.ledger is None or posted is None:
                    raise BudgetUsedUp
                with tx.begin_nested():
                    self.ledger.reverse(tx, f"referral:{reward.reward_id}:reverse", posted, reason, actor)
            except (
                BudgetUsedUp
            ):  # it was spent: it stays owed, and nothing more is paid to the person until it is settled
                self._decide(tx, reward, "clawback_open", reason, actor=actor)
                return
            self._decide(tx, reward, "clawed_back", reason, actor=actor)

    # ---- paying

    def due(self, connection: Connection, most: int = 500) -> list[str]:
        """Rewards whose time has come, the oldest first, and held ones that a change may have freed, looked at every five minutes."""
        now_us = self._clock.now_us()
        ripe = select(rewards.c.reward_id).where(rewards.c.state == "pending", rewards.c.due_us <= now_us)
        found = list(
            connection.execute(
                ripe.order_by(rewards.c.due_us, rewards.c.step, rewards.c.reward_id).limit(most)
            ).scalars()
        )
        waiting = ((rewards.c.state == "held") & rewards.c.reason.in_(RETRIED)) | (
            rewards.c.state == "clawback_open"
        )
        appealed = (
            (rewards.c.state == "refused")
            & (rewards.c.reason == "risk_refused")
            & (rewards.c.made_us > now_us - APPEAL_US)
        )
        again = select(rewards.c.reward_id).where(
            waiting | appealed, rewards.c.due_us <= now_us, rewards.c.decided_us <= now_us - RETRIED_EVERY_US
        )
        return found + list(connection.execute(again.order_by(rewards.c.decided_us).limit(most)).scalars())

    def attempt(self, tx: Connection, reward_id: str, *, released_by: str = "") -> Reward:
        """Pay a reward whose time has come if everything lets it pass; else say why it is held or refused. Safe to repeat."""
        tx.execute(select(rewards.c.state).where(rewards.c.reward_id == reward_id).with_for_update())
        reward = self.find(tx, reward_id)
        if reward.state == "clawback_open":
            self.take_back(tx, reward, reward.reason, actor="system")
            return self.find(tx, reward_id)
        if reward.state == "refused" and reward.reason == "risk_refused":
            return self._asked_again(tx, reward)
        if reward.state not in ("pending", "held") or reward.due_us > self._clock.now_us():
            return reward
        hard = self._hard_reason(tx, reward)
        if hard:
            self._release_hold(tx, reward, hard, "system")
            self._decide(tx, reward, "refused", hard, actor="system")
            return self.find(tx, reward_id)
        if reward.kind == "bonus" and not self._bonus_is_ripe(tx, reward):
            return reward
        held = self._set_aside(tx, reward) or self._owes(tx, reward)
        verdict: Verdict | None = None
        if not held:
            held, verdict = self._judge(tx, reward)
        if held == "risk" and released_by:
            held = ""
        if held:
            self._hold(tx, reward, held, verdict)
        else:
            self._settle(tx, self.find(tx, reward_id), verdict, released_by or "system")
        return self.find(tx, reward_id)

    def _asked_again(self, tx: Connection, reward: Reward) -> Reward:
        """A refusal of the scorer, put to it anew: it is paid only where people have let it pass meanwhile."""
        held, verdict = ("erased", None) if self._hard_reason(tx, reward) else self._judge(tx, reward)
        if held or verdict is None:
            tx.execute(
                update(rewards)
                .where(rewards.c.reward_id == reward.reward_id)
                .values(decided_us=self._clock.now_us())
            )
            return self.find(tx, reward.reward_id)
        try:
            with tx.begin_nested():
                return self._reopened(tx, reward.reward_id, "risk")
        except BudgetUsedUp:
            return reward

    def _set_aside(self, tx: Connection, reward: Reward) -> str:
        """Set the amount aside where that is not done yet; returns why it cannot be."""
        row = tx.execute(select(rewards.c.transfer_id).where(rewards.c.reward_id == reward.reward_id)).one()
        if row.transfer_id is not None:
            return ""
        if self.ledger is None:
            return "no_ledger"
        if reward.payee is None:
            return "erased"
        try:
            with tx.begin_nested():
                transfer = self.ledger.hold(
                    tx, f"referral:{reward.reward_id}:hold", f"referral.{reward.kind}",
                    [Payment(purse_of(reward.campaign_id, reward.currency), self._purse(tx, reward), reward.amount_minor)],
                    {"campaign": reward.campaign_id, "reward": reward.reward_id, "form": reward.form}, "system",
                )  # fmt: skip
        except BudgetUsedUp:
            self._campaigns.stop_for_budget(tx, reward.campaign_id)
            return "budget"
        tx.execute(
            update(rewards).where(rewards.c.reward_id == reward.reward_id).values(transfer_id=transfer)
        )
        return ""

    def _judge(self, tx: Connection, reward: Reward) -> tuple[str, Verdict | None]:
        """Why the scorer keeps a payout back (R19: none, one that fails and one that is out of date all do), and its verdict."""
        if self.assess is None:
            return "no_scorer", None
        try:
            verdict = self.assess(tx, self._case(tx, reward))
        except Exception as error:  # noqa: BLE001  a dead detector must hold payouts, whatever killed it
            _LOG.warning("scorer_failed", kind=type(error).__name__)
            return "scorer_failed", None
        if verdict.as_of_us < self._clock.now_us() - STALE_US:
            return "scorer_stale", verdict
        if verdict.decision == "refuse":
            return "risk_refused", verdict
        return ("" if verdict.decision == "pass" else "risk"), verdict

    def _hold(self, tx: Connection, reward: Reward, why: str, verdict: Verdict | None) -> None:
        if why == "risk_refused":
            self._release_hold(tx, reward, why, "system")
            self._decide(tx, reward, "refused", why, verdict, actor="system")
        else:
            self._decide(tx, reward, "held", why, verdict, actor="system")

    def _settle(self, tx: Connection, reward: Reward, verdict: Verdict | None, actor: str) -> None:
        row = tx.execute(select(rewards.c.transfer_id).where(rewards.c.reward_id == reward.reward_id)).one()
        assert self.ledger is not None and row.transfer_id is not None, "nothing was set aside"
        posted = self.ledger.settle(tx, f"referral:{reward.reward_id}:settle", row.transfer_id, actor)
        tx.execute(update(rewards).where(rewards.c.reward_id == reward.reward_id).values(posted_id=posted))
        self._decide(tx, reward, "paid", "", verdict, actor=actor)
        if reward.kind == "inviter" and reward.friend_id:
            tx.execute(
                update(friends)
                .where(friends.c.friend_id == reward.friend_id, friends.c.state == "ordered")
                .values(state="rewarded")
            )

    def _hard_reason(self, tx: Connection, reward: Reward) -> str:
        """What has come to be known since the registration and cannot be reviewed away."""
        if reward.payee is None:
            return "erased"
        payee = self._people.of(tx, reward.payee)
        if payee is None:
            return "erased"
        if not self._inviting.is_adult(tx, payee):
            return "minor"
        if reward.kind == "inviter" and reward.friend_id:
            friend = self._inviting.one_friend(tx, reward.friend_id)
            other = None if friend.friend is None else self._people.of(tx, friend.friend)
            if other is not None and set(other.alias_nos) & set(payee.alias_nos):
                return "self_invite"
            if other is not None and not self._inviting.is_adult(tx, other):
                return "minor"
        return ""

    def _bonus_is_ripe(self, tx: Connection, reward: Reward) -> bool:
        payee = None if reward.payee is None else self._people.of(tx, reward.payee)
        mine = [] if payee is None else self.of_payee(tx, reward.campaign_id, payee.alias_nos, ("inviter",))
        return sum(1 for r in mine if r.state == "paid") >= reward.step

    def _owes(self, tx: Connection, reward: Reward) -> str:
        payee = None if reward.payee is None else self._people.of(tx, reward.payee)
        if payee is None:
            return ""
        owed = self.rows(tx, rewards.c.payee.in_(payee.alias_nos), rewards.c.state == "clawback_open")
        return "owes" if owed else ""

    # ---- a person's review

    def review(self, tx: Connection, reward_id: str, *, pay: bool, actor: str) -> Reward:
        """What a person decided about a reward that the scorer holds. One that no scorer has seen cannot be let pass. Raises
        NoReward, WrongState."""
        tx.execute(select(rewards.c.state).where(rewards.c.reward_id == reward_id).with_for_update())
        reward = self.find(tx, reward_id)
        if pay and reward.state == "refused" and reward.reason in ("risk_refused", "refused_by_review"):
            tx.execute(
                update(rewards).where(rewards.c.reward_id == reward_id).values(
                    state="held", reason="risk", transfer_id=None,
                )
            )  # fmt: skip
            return self._reopened(tx, reward_id, actor)
        if reward.state != "held":
            raise WrongState("只有审核中的奖励可以处理。", "Only a reward under review can be decided.")
        if not pay:
            self._release_hold(tx, reward, "refused_by_review", actor)
            self._decide(tx, reward, "refused", "refused_by_review", actor=actor)
            return self.find(tx, reward_id)
        if reward.reason != "risk":
            raise WrongState(REASONS[reward.reason].zh, REASONS[reward.reason].en)
        return self.attempt(tx, reward_id, released_by=actor)

    def _reopened(self, tx: Connection, reward_id: str, actor: str) -> Reward:
        """An appeal that was granted: the amount is set aside anew and paid, if the budget still holds it."""
        reward = self.find(tx, reward_id)
        again = f"{reward_id}:appeal"
        if reward.kind == "friend":
            self._campaigns.take_coupon(tx, reward.campaign_id, 0)
        if self.ledger is None or reward.payee is None:
            raise WrongState(REASONS["no_ledger"].zh, REASONS["no_ledger"].en)
        purse = purse_of(reward.campaign_id, reward.currency)
        transfer = self.ledger.hold(
            tx, f"referral:{again}:hold", f"referral.{reward.kind}",
            [Payment(purse, self._purse(tx, reward), reward.amount_minor)],
            {"campaign": reward.campaign_id, "reward": reward_id, "form": reward.form}, actor,
        )  # fmt: skip
        tx.execute(update(rewards).where(rewards.c.reward_id == reward_id).values(transfer_id=transfer))
        self._settle(tx, self.find(tx, reward_id), None, actor)
        return self.find(tx, reward_id)

    # ---- rows

    def find(self, connection: Connection, reward_id: str) -> Reward:
        """One reward; raises NoReward."""
        found = self.rows(connection, rewards.c.reward_id == reward_id)
        if not found:
            raise NoReward
        return found[0]

    def of_payee(
        self, connection: Connection, campaign_id: str, alias_nos: Sequence[int], kinds: Sequence[str] = ()
    ) -> list[Reward]:
        """Rewards of a person in a campaign, the oldest first."""
        tests = [rewards.c.campaign_id == campaign_id, rewards.c.payee.in_(alias_nos)]
        return self.rows(connection, *tests, *([rewards.c.kind.in_(kinds)] if kinds else []))

    def of_campaign(
        self, connection: Connection, campaign_id: str, states: Sequence[str], *, most: int = 200
    ) -> list[Reward]:
        """Rewards of a campaign in these states, the newest first."""
        query = select(rewards).where(rewards.c.campaign_id == campaign_id, rewards.c.state.in_(states))
        newest = query.order_by(rewards.c.made_us.desc(), rewards.c.reward_id.desc()).limit(most)
        return [reward_from(row) for row in connection.execute(newest).mappings()]

    def rows(self, connection: Connection, *tests: ColumnElement[bool]) -> list[Reward]:
        query = (
            select(rewards)
            .where(*tests)
            .order_by(rewards.c.made_us, rewards.c.step, rewards.c.kind, rewards.c.reward_id)
        )
        return [reward_from(row) for row in connection.execute(query).mappings()]

    def make(
        self, tx: Connection, friend: Friend, spec: Spec, kind: RewardKind, payee: int, share: Share, *,
        tie: Tie | None = None, order_id: str | None = None, at_us: int | None = None, step: int = 0, refused: str = "",
    ) -> None:  # fmt: skip
        """A new reward: set aside now, and paid now where its time has come."""
        now_us = self._clock.now_us()
        reward_id = new_id("rwd", now_us)
        tx.execute(
            insert(rewards).values(
                reward_id=reward_id, campaign_id=friend.campaign_id, version=friend.version, kind=kind, payee=payee,
                friend_id=None if kind == "bonus" else friend.friend_id, order_id=order_id, step=step,
                amount_minor=share.amount_minor, currency=spec.currency,
                form=spec.friend_form if kind in ("friend", "weak") else spec.inviter_form,
                state="refused" if refused else "pending", reason=refused, note=share.note,
                strength="" if tie is None else f"{tie.strength:.4f}", due_us=now_us if at_us is None else at_us, made_us=now_us,
                decided_us=now_us if refused else None, evidence_json="{}", decided_by="",
            )
        )  # fmt: skip
        if refused:
            self._hooks.tell(tx, "reward.refused", reward_id)
            return
        reward = self.find(tx, reward_id)
        if why := self._set_aside(tx, reward):
            self._decide(tx, reward, "held", why, actor="system")
        elif reward.due_us > now_us:
            self._hooks.tell(tx, "reward.pending", reward_id)
        self.attempt(tx, reward_id)

    def _decide(
        self,
        tx: Connection,
        reward: Reward,
        state: str,
        reason: str,
        verdict: Verdict | None = None,
        *,
        actor: str,
    ) -> None:
        values: dict[str, object] = {
            "state": state, "reason": reason, "decided_us": self._clock.now_us(), "decided_by": actor[:64]
        }  # fmt: skip
        if verdict is not None:
            values |= {
                "score": verdict.score,
                "evidence_json": json.dumps(
                    {"reasons": [r.as_dict() for r in verdict.reasons]}, ensure_ascii=False
                ),
            }
        tx.execute(update(rewards).where(rewards.c.reward_id == reward.reward_id).values(**values))
        told = {"held", "paid", "refused", "voided", "clawed_back"}
        if state in told and (reward.state, reward.reason) != (state, reason):
            self._hooks.tell(tx, f"reward.{state}", reward.reward_id)
        if reward.kind == "friend" and state in ("refused", "voided"):
            self._campaigns.give_coupon_back(tx, reward.campaign_id)

    def _release_hold(self, tx: Connection, reward: Reward, reason: str, actor: str) -> None:
        row = tx.execute(select(rewards.c.transfer_id).where(rewards.c.reward_id == reward.reward_id)).one()
        if row.transfer_id is not None and self.ledger is not None:
            self.ledger.void(tx, f"referral:{reward.reward_id}:void", row.transfer_id, reason, actor)

    def _posted(self, connection: Connection, reward_id: str) -> str | None:
        query = select(rewards.c.posted_id).where(rewards.c.reward_id == reward_id)
        found = connection.execute(query).scalar()
        return None if found is None else str(found)

    def _purse(self, connection: Connection, reward: Reward) -> Purse:
        payee = None if reward.payee is None else self._people.of(connection, reward.payee)
        owner = reward.payee if payee is None else payee.alias_no
        return Purse("user", f"p{owner}", reward.currency)

    def _case(self, connection: Connection, reward: Reward) -> Case:
        row: RowMapping | None = None
        if reward.friend_id:
            row = (
                connection.execute(select(friends).where(friends.c.friend_id == reward.friend_id))
                .mappings()
                .first()
            )
        assert reward.payee is not None

        def told(name: str) -> str:
            return "" if row is None else str(row[name])

        return Case(
            reward.reward_id, reward.campaign_id, reward.kind, reward.payee, None if row is None else row["friend"],
            None if row is None else row["inviter"], reward.amount_minor, reward.currency, reward.order_id, told("ip_hash"),
            told("device_hash"), told("account_hash"), None if row is None else row["touched_us"],
            None if row is None else row["registered_us"],
        )  # fmt: skip


def owed_by_campaign(connection: Connection, campaign_id: str) -> int:
    """Minor units that are still to be paid in a campaign."""
    query = select(func.coalesce(func.sum(rewards.c.amount_minor), 0)).where(
        rewards.c.campaign_id == campaign_id, rewards.c.state.in_(("pending", "held"))
    )
    return int(connection.execute(query).scalar_one())


def reward_from(row: RowMapping) -> Reward:
    """A row of `referral_rewards`."""
    return Reward(
        row["reward_id"], row["campaign_id"], row["kind"], row["payee"], row["friend_id"], row["amount_minor"], row["currency"],
        row["form"], row["state"], row["reason"], row["note"], row["step"], row["due_us"], row["made_us"], row["decided_us"],
        row["score"], json.loads(row["evidence_json"]), row["order_id"],
    )  # fmt: skip
