"""What the ledger's HTTP says and takes."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.trust.ledger.contracts import (
    KIND_WORDS,
    PROBLEM_WORDS,
    Account,
    AccountState,
    Balance,
    Budget,
    Check,
    Problem,
    Transfer,
)
from weaktie.trust.ledger.statements import Statement

Key = Annotated[PlainText, Field(min_length=1, max_length=120)]
Amount = Annotated[int, Field(ge=-(10**15), le=10**15)]


class LedgerTotalBody(BaseModel):
    """All accounts of a kind and unit together; amounts of a currency are in minor units."""

    kind: str
    words: WordsBody
    unit: str
    accounts: int
    posted: int
    pending_in: int
    pending_out: int


class LedgerProblemBody(BaseModel):
    """An invariant that does not hold, and a few places where."""

    code: str
    words: WordsBody
    count: int
    examples: list[str]


class LedgerCheckBody(BaseModel):
    """What a check of the whole ledger found."""

    time: str
    ok: bool
    rows: int
    ms: int
    problems: list[LedgerProblemBody]


class LedgerStateBody(BaseModel):
    """What lies where; `check` is the last one, null before the first."""

    totals: list[LedgerTotalBody]
    check: LedgerCheckBody | None


class LedgerAlarmBody(BaseModel):
    """How many invariants are broken."""

    problems: int


class LedgerAccountName(BaseModel):
    """An account in a move."""

    kind: str
    words: WordsBody
    owner: str
    unit: str


class LedgerAccountBody(LedgerAccountName):
    """An account with what it has; `available` is posted without what is held."""

    account_id: int
    posted: int
    pending_in: int
    pending_out: int
    available: int
    opened_time: str
    erased: bool


class LedgerAccountsBody(BaseModel):
    """A page of accounts."""

    items: list[LedgerAccountBody]
    next_cursor: str | None


class MoveBody(BaseModel):
    """So much from one account to another."""

    source: LedgerAccountName
    target: LedgerAccountName
    amount: int


class TransferBody(BaseModel):
    """One row of the ledger as it was written."""

    transfer_id: str
    step: Literal["post", "hold", "settle", "void", "reverse"]
    state: Literal["pending", "posted", "voided"]
    kind: str
    moves: list[MoveBody]
    memo: dict[str, str]
    actor: str
    actor_name: str | None
    time: str
    refers: str | None
    until_time: str | None
    reason: str


class TransfersBody(BaseModel):
    """A page of transfers, newest first."""

    items: list[TransferBody]
    next_cursor: str | None


class TransferDetailBody(BaseModel):
    """A transfer and what refers to it."""

    transfer: TransferBody
    following: list[TransferBody]


class StatementLineBody(BaseModel):
    """One entry: the amount (below zero left the account) and the balance after it."""

    transfer_id: str
    kind: str
    step: str
    other: list[LedgerAccountName]
    memo: dict[str, str]
    time: str
    amount: int
    after: int


class LedgerStatementBody(BaseModel):
    """`opening` plus all lines of the period is `closing`."""

    account: LedgerAccountBody
    opening: int
    closing: int
    items: list[StatementLineBody]
    next_cursor: str | None


class ReverseRequest(BaseModel):
    """Why a transfer is taken back."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    reason: Annotated[PlainText, Field(min_length=2, max_length=200)]


class BudgetBody(BaseModel):
    """A budget and what is left of it, in minor units; `held` is promised and not paid yet."""

    budget_id: str
    name: str
    currency: str
    available_minor: int
    held_minor: int
    created_time: str


class BudgetRequest(BaseModel):
    """A budget to make."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[PlainText, Field(min_length=1, max_length=120)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "CNY"
    amount_minor: Annotated[int, Field(ge=0, le=10**15)] = 0


class FundRequest(BaseModel):
    """Money for a budget, or out of it."""

    model_config = ConfigDict(extra="forbid")

    key: Key
    amount_minor: Amount


def total_body(kind: str, unit: str, accounts: int, balance: Balance) -> LedgerTotalBody:
    """A line of the state."""
    return LedgerTotalBody(
        kind=kind, words=_kind(kind), unit=unit, accounts=accounts, posted=balance.posted,
        pending_in=balance.pending_in, pending_out=balance.pending_out,
    )  # fmt: skip


def _kind(kind: str) -> WordsBody:
    found = next((words for known, words in KIND_WORDS.items() if known == kind), None)
    return WordsBody(zh=kind, en=kind) if found is None else words_body(found)


def check_body(check: Check) -> LedgerCheckBody:
    """A check as the API shows it."""
    return LedgerCheckBody(
        time=to_iso(check.at_us), ok=check.ok, rows=check.rows, ms=check.ms,
        problems=[_problem(p) for p in check.problems],
    )  # fmt: skip


def _problem(problem: Problem) -> LedgerProblemBody:
    words = problem.words or PROBLEM_WORDS[problem.code]
    return LedgerProblemBody(
        code=problem.code, words=words_body(words), count=problem.count, examples=list(problem.examples)
    )


def name_body(account: Account) -> LedgerAccountName:
    """An account by its name."""
    return LedgerAccountName(
        kind=account.kind, words=_kind(account.kind), owner=account.owner, unit=account.unit
    )


def account_body(state: AccountState) -> LedgerAccountBody:
    """An account with what it has."""
    a, have = state.account, state.balance
    return LedgerAccountBody(
        account_id=state.account_id, kind=a.kind, words=_kind(a.kind), owner=a.owner, unit=a.unit, posted=have.posted,
        pending_in=have.pending_in, pending_out=have.pending_out, available=have.available,
        opened_time=to_iso(state.opened_us), erased=state.erased_us is not None,
    )  # fmt: skip


def transfer_body(transfer: Transfer, names: Mapping[str, str]) -> TransferBody:
    """A transfer; `names` are those of the console's accounts by id."""
    t = transfer
    return TransferBody(
        transfer_id=t.transfer_id, step=t.step, state=t.state, kind=t.kind,
        moves=[MoveBody(source=name_body(m.src), target=name_body(m.dst), amount=m.amount) for m in t.moves],
        memo=t.memo, actor=t.actor, actor_name=names.get(t.actor), time=to_iso(t.at_us), refers=t.refers,
        until_time=None if t.until_us is None else to_iso(t.until_us), reason=t.reason,
    )  # fmt: skip


def statement_body(found: Statement) -> LedgerStatementBody:
    """A page of a statement."""
    return LedgerStatementBody(
        account=account_body(found.account), opening=found.opening, closing=found.closing, next_cursor=found.next_cursor,
        items=[
            StatementLineBody(
                transfer_id=x.transfer_id, kind=x.kind, step=x.step, other=[name_body(o) for o in x.other], memo=x.memo,
                time=to_iso(x.at_us), amount=x.amount, after=x.after,
            )
            for x in found.lines
        ],
    )  # fmt: skip


def budget_body(budget: Budget, balance: Balance) -> BudgetBody:
    """A budget and what is left."""
    return BudgetBody(
        budget_id=budget.budget_id, name=budget.name, currency=budget.currency, available_minor=balance.available,
        held_minor=balance.pending_out, created_time=to_iso(budget.created_us),
    )  # fmt: skip
