"""Referral as others see it: campaigns, invitations, friends, rewards, and the ports to ledger, risk and ties.

Pay has depth one: the payee of a reward is the person who invited the friend, and nothing here knows anybody further up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from sqlalchemy import Connection

from weaktie.business.referral.words import GROUP_REASONS, REASONS
from weaktie.kit.errors import Conflict, Forbidden, NotFound, Refused
from weaktie.kit.words import Words

CampaignState = Literal["draft", "checked", "running", "paused", "ended"]
FriendState = Literal["registered", "ordered", "rewarded", "refunded", "refused"]
RewardKind = Literal["friend", "weak", "inviter", "bonus"]
"""`friend`: the friend's coupon at registration; `weak`: one more for a weak tie; `inviter`: for a friend's own order;
`bonus`: the further step of the ladder, such as the one for the third friend."""
RewardState = Literal["pending", "held", "paid", "refused", "voided", "clawed_back", "clawback_open"]
Form = Literal["coupon", "cash"]
Channel = Literal["wechat", "wecom", "h5", "app", "sms"]
CHANNELS: Final[tuple[Channel, ...]] = ("wechat", "wecom", "h5", "app", "sms")
LIVE: Final[tuple[RewardState, ...]] = ("pending", "held", "paid", "clawback_open")
"""States in which a reward counts against the ladder and its most."""
NOTICE_DAYS: Final = 7
"""How long a change for the worse is announced before it holds (电商法 34)."""


class NoCampaign(NotFound):
    """There is no such campaign."""

    def __init__(self) -> None:
        super().__init__(
            "no_campaign", Words("没有这个活动。", "There is no such campaign."), place="campaign_id"
        )


class BadSpec(Refused):
    """A campaign's rules that cannot be; `place` names the field."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_campaign", words, place=place)


class WrongState(Conflict):
    """The campaign's state does not allow this."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__("campaign_state", Words(zh, en), place="state")


class NotInvited(Refused):
    """A request of a participant that is refused by the campaign's published rules; `code` is a key of REASONS or a limit."""

    def __init__(self, code: str, words: Words | None = None, *, place: str = "") -> None:
        super().__init__(code, words or REASONS[code], place=place, status=409)


class NoInvitation(NotFound):
    """A code that is forged or unknown: one answer for both."""

    def __init__(self) -> None:
        super().__init__(
            "no_invitation", Words("没有这份邀请。", "There is no such invitation."), place="code"
        )


class NoReward(NotFound):
    """There is no such reward."""

    def __init__(self) -> None:
        super().__init__("no_reward", Words("没有这笔奖励。", "There is no such reward."), place="reward_id")


class PageDead(Forbidden):
    """A personal page's address that is forged or too old: one answer for both."""

    def __init__(self) -> None:
        super().__init__(
            "page_dead", Words("链接无效或已过期，请回到商城重新打开。", "The link is not valid or has expired; open it anew."),
            place="token",
        )  # fmt: skip


class BudgetUsedUp(Conflict):
    """The campaign's account holds less than the reward."""

    def __init__(self) -> None:
        super().__init__("budget", REASONS["budget"], place="budget")


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bonus:
    """What is paid beyond the step of one friend once `at` friends count."""

    at: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class StrengthRule:
    """What a known tie between inviter and friend changes. Strength is 0 to 1; 0 amounts change nothing."""

    strong_from: float = 0.6
    strong_extra_minor: int = 0
    weak_below: float = 0.3
    weak_extra_minor: int = 0


@dataclass(frozen=True, slots=True)
class Spec:
    """A campaign's rules, one version of them. Amounts are minor units of `currency`, days are calendar days of the workspace.

    `from_events` lets invitations, acceptances and orders come from the shop's events as well.

    The only thing that earns an inviter anything is a friend's own order: there is no field for anything else.
    """

    title: Words
    text: Words
    channels: tuple[str, ...]
    target_url: str
    currency: str
    first_day: int
    last_day: int
    budget_minor: int
    friend_minor: int
    inviter_minor: int
    most_minor: int
    bonuses: tuple[Bonus, ...] = ()
    budget_id: str = ""
    friend_form: Form = "coupon"
    friend_stock: int = 0
    friend_min_spend_minor: int = 0
    friend_valid_days: int = 30
    inviter_form: Form = "cash"
    order_min_minor: int = 0
    order_within_days: int = 30
    return_days: int = 7
    settle_days: int = 7
    window_days: int = 30
    daily_invitations: int = 5
    friends_per_invitation: int = 1
    from_events: bool = False
    strength: StrengthRule = field(default=StrengthRule())


@dataclass(frozen=True, slots=True)
class Finding:
    """What the validator or the linter of a channel says of a version. An error keeps it from being launched."""

    code: str
    severity: Literal["error", "warning"]
    place: str
    words: Words
    source: Words
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a campaign's rules; `effective_us` is None while it was never launched."""

    version: int
    spec: Spec
    made_us: int
    made_by: str
    effective_us: int | None
    worse: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; `current` is the version that holds now, `coming` one that was announced and does not hold yet."""

    campaign_id: str
    name: str
    state: CampaignState
    reason: str
    created_us: int
    created_by: str
    started_us: int | None
    ended_us: int | None
    granted: int
    current: Version
    coming: Version | None
    versions: int


# --- participants ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation that somebody sent; `code` is what its link and poster carry."""

    invitation_id: str
    campaign_id: str
    version: int
    code: str
    inviter: int | None
    channel: str
    sent_us: int
    opens: int
    first_open_us: int | None
    friends: int


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody who registered by an invitation, or was refused with a reason."""

    friend_id: str
    campaign_id: str
    version: int
    invitation_id: str
    inviter: int | None
    friend: int | None
    state: FriendState
    reason: str
    via: str
    touched_us: int
    registered_us: int
    order_id: str | None
    ordered_us: int | None


@dataclass(frozen=True, slots=True)
class Reward:
    """What somebody is to get: one posting of the ledger. `payee` is an identifier's number, None once it was erased."""

    reward_id: str
    campaign_id: str
    kind: RewardKind
    payee: int | None
    friend_id: str | None
    amount_minor: int
    currency: str
    form: Form
    state: RewardState
    reason: str
    note: str
    step: int
    due_us: int
    made_us: int
    decided_us: int | None
    score: int | None
    evidence: Mapping[str, object]
    order_id: str | None


@dataclass(frozen=True, slots=True)
class Signals:
    """What the shop's server knows of a registration; kept as keyed hashes for the risk scorer, never in the clear."""

    ip: str = ""
    device: str = ""
    account: str = ""


# --- ports -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Purse:
    """An account of the ledger: `world`, `budget`, `campaign` or `user`, whose it is, and a currency."""

    kind: str
    owner: str
    unit: str


@dataclass(frozen=True, slots=True)
class Payment:
    """A move between two accounts; minor units above zero."""

    src: Purse
    dst: Purse
    amount_minor: int


class Ledger(Protocol):
    """What referral asks of the ledger, in the caller's transaction. Keys are idempotency keys, kept for ever."""

    def post(
        self,
        tx: Connection,
        key: str,
        kind: str,
        payments: Sequence[Payment],
        memo: Mapping[str, str],
        actor: str,
    ) -> str:
        """Move at once; returns the transfer's id. Raises BudgetUsedUp."""
        ...

    def hold(
        self,
        tx: Connection,
        key: str,
        kind: str,
        payments: Sequence[Payment],
        memo: Mapping[str, str],
        actor: str,
    ) -> str:
        """Set aside what the payer has; returns the transfer's id. Raises BudgetUsedUp."""
        ...

    def settle(self, tx: Connection, key: str, transfer_id: str, actor: str) -> str:
        """Let what was set aside go to the payee; returns the id of what was posted."""
        ...

    def void(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        """Give back what was set aside."""
        ...

    def reverse(self, tx: Connection, key: str, transfer_id: str, reason: str, actor: str) -> None:
        """Take back what was posted. Raises BudgetUsedUp where the payee has it no more."""
        ...

    def available(self, connection: Connection, purse: Purse) -> int:
        """What the account can spend."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """A payout before it is made, as the risk scorer gets it. Numbers are identifiers; hashes are keyed."""

    reward_id: str
    campaign_id: str
    kind: RewardKind
    payee: int
    friend: int | None
    inviter: int | None
    amount_minor: int
    currency: str
    order_id: str | None
    ip_hash: str
    device_hash: str
    account_hash: str
    touched_us: int | None
    registered_us: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the scorer says: under 40 pass, 40–69 hold, from 70 refuse. `as_of_us` is how new what it knows is."""

    decision: Literal["pass", "hold", "refuse"]
    score: int
    reasons: tuple[Words, ...]
    as_of_us: int


class Assess(Protocol):
    """The risk scorer. Whatever it raises counts as an answer that never came: the payout is held."""

    def __call__(self, tx: Connection, case: Case, /) -> Verdict:
        """The verdict on one payout."""
        ...


@dataclass(frozen=True, slots=True)
class Tie:
    """The strength of the tie from an inviter to a friend, 0 to 1."""

    strength: float


class Strength(Protocol):
    """Where the social graph tells how strong a tie is; it answers only about people who granted social analysis."""

    def __call__(self, connection: Connection, inviter: int, friend: int, /) -> Tie | None:
        """The tie, or None where nothing is known."""
        ...


# --- group buying ----------------------------------------------------------------------------------------------------

OfferState = Literal["draft", "running", "ended"]
GroupState = Literal["open", "succeeded", "failed"]
MemberState = Literal["paid", "refund_due", "refunded"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A product that people may buy together: `size` people with the initiator, within `hours` of opening."""

    offer_id: str
    name: str
    product_id: str
    price_minor: int
    currency: str
    size: int
    hours: int
    stock: int
    sold: int
    state: OfferState
    made_us: int
    made_by: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group that somebody opened; it succeeds when `joined` reaches `size`, and fails when its time is over before."""

    group_id: str
    offer_id: str
    size: int
    joined: int
    state: GroupState
    opened_us: int
    expires_us: int
    ended_us: int | None

    @property
    def missing(self) -> int:
        """How many people are still needed: exact, and it only ever shrinks."""
        return max(self.size - self.joined, 0) if self.state == "open" else 0


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a group, with the paid order."""

    group_id: str
    person: int | None
    order_id: str
    amount_minor: int
    state: MemberState
    joined_us: int


class GroupRefused(Conflict):
    """A group that cannot be opened or joined; the code is the true reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code, GROUP_REASONS[code], place="group")


class NoGroup(NotFound):
    """There is no such group or offer."""

    def __init__(self) -> None:
        super().__init__("no_group", Words("没有这个团。", "There is no such group."), place="group_id")


# --- hooks -----------------------------------------------------------------------------------------------------------

HOOK_EVENTS: Final[tuple[str, ...]] = (
    "friend.registered", "friend.refused", "reward.pending", "reward.held", "reward.paid", "reward.refused", "reward.voided",
    "reward.clawed_back", "group.opened", "group.joined", "group.succeeded", "group.failed",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hook:
    """An address of the shop that is told what happens; each message is signed with its secret."""

    hook_id: str
    url: str
    events: tuple[str, ...]
    enabled: bool
    made_us: int
    waiting: int
    failed: int
    error: str
