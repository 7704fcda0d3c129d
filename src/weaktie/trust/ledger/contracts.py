"""Accounts, moves and transfers, as callers see them, and why one is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

AccountKind = Literal[
    "world", "budget", "campaign", "user", "coupons", "goods", "redeemed", "expired", "revenue", "escrow"
]
KINDS: Final[tuple[AccountKind, ...]] = get_args(AccountKind)
KIND_WORDS: Final[dict[AccountKind, Words]] = {
    "world": Words("外部", "Outside"),
    "budget": Words("预算", "Budgets"),
    "campaign": Words("活动", "Campaigns"),
    "user": Words("用户", "Users"),
    "coupons": Words("券库存", "Coupon stock"),
    "goods": Words("兑换商品库存", "Stock of goods"),
    "redeemed": Words("已核销", "Redeemed"),
    "expired": Words("已过期", "Expired"),
    "revenue": Words("收入", "Revenue"),
    "escrow": Words("暂存", "Escrow"),
}
POINTS: Final = "points"
LARGEST: Final = 10**15
"""The most that one move carries."""
LONGEST_MEMO: Final = 120
"""Letters of a memo's value."""

Step = Literal["post", "hold", "settle", "void", "reverse"]
State = Literal["pending", "posted", "voided"]
STATE_OF: Final[dict[str, State]] = {
    "post": "posted", "hold": "pending", "settle": "posted", "void": "voided", "reverse": "posted",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Account:
    """Where something lies; made on first use.

    `owner` is empty, the id of a budget, campaign or template, or `p` and the number of a person. `unit` is a currency (amounts in
    its minor units), `points`, or what is counted in pieces: `coupon:<template>`, `goods:<id>`. A `world` account is where things
    come from and go to, and the only kind that may be below zero.
    """

    kind: AccountKind
    owner: str
    unit: str


@dataclass(frozen=True, slots=True)
class Move:
    """So much from one account to another, in their common unit; `amount` is above zero."""

    src: Account
    dst: Account
    amount: int


@dataclass(frozen=True, slots=True)
class Posting:
    """What is asked of the ledger; `key` makes it happen once. `refers` is the transfer that is settled, voided or reversed."""

    key: str
    kind: str
    moves: Sequence[Move] | None
    actor: str
    memo: Mapping[str, str] = field(default_factory=dict)
    step: Step = "post"
    refers: str | None = None
    until_us: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Transfer:
    """One row of the ledger as it was written: it never changes.

    `state` is what this row says; a hold stays `pending` in its own row, and what became of it is another row that `refers` to
    it. An owner that was erased reads `erased:<number>`.
    """

    transfer_id: str
    step: Step
    state: State
    kind: str
    moves: tuple[Move, ...]
    memo: dict[str, str]
    actor: str
    at_us: int
    refers: str | None
    until_us: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has: `posted` for good, `pending_in` on its way to it, `pending_out` held for something."""

    posted: int
    pending_in: int
    pending_out: int

    @property
    def available(self) -> int:
        """What can be taken."""
        return self.posted - self.pending_out


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account with its number and its balance."""

    account_id: int
    account: Account
    balance: Balance
    opened_us: int
    erased_us: int | None


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget by name; its money is on the account `Account("budget", budget_id, currency)`."""

    budget_id: str
    name: str
    currency: str
    created_us: int
    created_by: str


@dataclass(frozen=True, slots=True)
class Problem:
    """An invariant that does not hold: its code, and a few of the rows, accounts or things where it fails. `words` are given by
    others than the ledger."""

    code: str
    count: int
    examples: tuple[str, ...]
    words: Words | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """What a check of the whole ledger found."""

    at_us: int
    rows: int
    ms: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Whether everything holds."""
        return not self.problems


PROBLEM_WORDS: Final[dict[str, Words]] = {
    "chain": Words("账本行被修改或删除（哈希链在此断开）", "Rows were changed or removed: the hash chain fails there"),
    "unbalanced": Words("转账的借贷不相等", "Entries of a transfer do not sum to zero"),
    "balance": Words("账户余额与逐笔重放不一致", "The balance of an account differs from replaying its entries"),
    "negative": Words("除外部账户外出现负余额", "An account other than an outside one is below zero"),
    "renamed": Words("账户的归属被改动", "The owner of an account was changed"),
    "overdue": Words("待结转账超过期限仍未处理", "Holds are long past their time and still open"),
}  # fmt: skip


class NotEnough(Conflict):
    """The account does not have so much available; nothing moved."""

    def __init__(self, account: Account, available: int) -> None:
        name = KIND_WORDS.get(account.kind, Words(account.kind, account.kind))
        super().__init__(
            "not_enough",
            Words(f"{name.zh}账户可用余额不足。", f"The account ({name.en}) does not have enough available."),
            place=account.kind,
        )
        self.account, self.available = account, available


class KeyReused(Conflict):
    """The idempotency key was used for something else."""

    def __init__(self) -> None:
        words = Words("该幂等键已用于另一笔转账。", "This idempotency key was used for another transfer.")
        super().__init__("key_reused", words, place="key")


class HoldClosed(Conflict):
    """The hold was settled or voided already."""

    def __init__(self, state: State) -> None:
        done = Words("已入账", "posted") if state == "posted" else Words("已作废", "voided")
        super().__init__(
            "hold_closed",
            Words(f"该笔待结转账{done.zh}。", f"The transfer is {done.en} already."),
            place="transfer_id",
        )
        self.state: State = state


class NotReversible(Conflict):
    """The transfer cannot be taken back: it did not post, is itself a reversal, or less of it remains."""

    def __init__(self) -> None:
        words = Words(
            "该笔转账不可冲回，或可冲回的金额不足。",
            "The transfer cannot be reversed, or less of it remains than that.",
        )
        super().__init__("not_reversible", words, place="transfer_id")


class NoTransfer(NotFound):
    """There is no such transfer."""

    def __init__(self) -> None:
        super().__init__(
            "no_transfer", Words("没有这笔转账。", "There is no such transfer."), place="transfer_id"
        )


class NoAccount(NotFound):
    """There is no such account."""

    def __init__(self) -> None:
        super().__init__(
            "no_account", Words("没有这个账户。", "There is no such account."), place="account_id"
        )


class NoBudget(NotFound):
    """There is no such budget."""

    def __init__(self) -> None:
        super().__init__("no_budget", Words("没有这个预算。", "There is no such budget."), place="budget_id")


class BadPosting(Refused):
    """What is asked cannot be written; `place` names the part."""

    def __init__(self, place: str) -> None:
        words = Words(f"转账内容无效（{place}）。", f"The transfer is not valid ({place}).")
        super().__init__("bad_posting", words, place=place, status=422)
