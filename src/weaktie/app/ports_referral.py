"""What referral asks of ledger, risk and the social graph, answered by them."""

from collections.abc import Callable, Mapping, Sequence
from typing import get_args

from sqlalchemy import Connection

from weaktie.business.referral.contracts import BudgetUsedUp, Case, Payment, Purse, Tie, Verdict
from weaktie.business.risk.contracts import Case as RiskCase
from weaktie.business.risk.service import Risk
from weaktie.data.graph.service import Graph
from weaktie.data.identity.service import Identity
from weaktie.trust.ledger.contracts import Account, AccountKind, Move, NotEnough
from weaktie.trust.ledger.service import Ledger


class ReferralLedger:
    """`business.referral.contracts.Ledger` over the ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def post(
        self,
        tx: Connection,
        key: str,
        kind: str,
        payments: Sequence[Payment],
        memo: Mapping[str, str],
        actor: str,
    ) -> str:
        """Move at once."""
        try:
            moves = [_move(p) for p in payments]
            return self._ledger.post(tx, key=key, kind=kind, moves=moves, memo=memo, actor=actor).transfer_id
        except NotEnough as error:
            raise BudgetUsedUp from error

    def hold(
        self,
        tx: Connection,
        key: str,
        kind: str,
        payments: Sequence[Payment],
        memo: Mapping[str, str],
        actor: str,
    ) -> str:
        """Set aside."""
        try:
            moves = [_move(p) for p in payments]
            return self._ledger.hold(tx, key=key, kind=kind, moves=moves, memo=memo, actor=actor).transfer_id
        except NotEnough as error:
            raise BudgetUsedUp from error

    def settle(self, tx: Connection, key: str, transfer_id: str, actor: str) -> str:
        """Let it go to the payee."""
        return self._ledger.settle(tx, key=key, transfer_id=transfer_id, actor=actor).transfer_id

    def void(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        """Give it back."""
        self._ledger.void(tx, key=key, transfer_id=transfer_id, reason=reason, actor=actor)

    def reverse(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        """Take it back."""
        try:
            self._ledger.reverse(tx, key=key, transfer_id=transfer_id, reason=reason, actor=actor)
        except NotEnough as error:
            raise BudgetUsedUp from error

    def available(self, connection: Connection, purse: Purse) -> int:
        """What can be spent."""
        return self._ledger.balance(connection, _account(purse)).available


def _account(purse: Purse) -> Account:
    assert purse.kind in get_args(AccountKind), purse.kind
    return Account(purse.kind, purse.owner, purse.unit)  # type: ignore[arg-type]


def _move(payment: Payment) -> Move:
    return Move(_account(payment.src), _account(payment.dst), payment.amount_minor)


class ReferralAssess:
    """`business.referral.contracts.Assess` over risk: the friend is judged for what the friend's registration and order earn."""

    def __init__(self, risk: Risk) -> None:
        self._risk = risk

    def __call__(self, tx: Connection, case: Case, /) -> Verdict:
        """The verdict; people's decisions in risk's queue come through here too, under the reward's id. While the watch over the
        scorer is not content no case is kept, so that the reward is judged afresh once it is."""
        if not self._risk.watch(tx).ok:
            return Verdict("hold", 0, (), 0)
        hashes = {"ip": case.ip_hash, "device": case.device_hash, "payout": case.account_hash}
        found = self._risk.assess(
            tx,
            RiskCase(
                kind="reward", ref=case.reward_id, account_no=case.payee if case.friend is None else case.friend,
                inviter_no=case.inviter, invited_us=case.touched_us, registered_us=case.registered_us,
                hashed={name: value for name, value in hashes.items() if value},
            ),
        )  # fmt: skip
        reasons = tuple(reason.words for reason in found.reasons)
        return Verdict(found.decision, round(found.score), reasons, found.as_of_us)


class ReferralStrength:
    """`business.referral.contracts.Strength` over the social graph, which knows only people who granted social analysis."""

    def __init__(self, graph: Callable[[], Graph], people: Identity) -> None:
        self._graph, self._people = graph, people

    def __call__(self, connection: Connection, inviter: int, friend: int, /) -> Tie | None:
        """The tie, or None."""
        src, dst = (
            min(self._people.component(connection, n), default=n) if n >= 0 else n for n in (inviter, friend)
        )
        found = self._graph().tie(src, dst)
        return None if found is None else Tie(found.strength)
