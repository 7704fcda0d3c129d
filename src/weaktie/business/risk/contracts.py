"""Cases that are judged, what is said of them, the rules, and the errors: what callers may rely on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

CaseKind = Literal["sign_up", "invitation", "reward"]
Decision = Literal["pass", "hold", "refuse"]
KINDS: Final[dict[str, Words]] = {
    "sign_up": Words("注册", "Sign-up"),
    "invitation": Words("邀请", "Invitation"),
    "reward": Words("奖励", "Reward"),
}
DECISIONS: Final[dict[str, Words]] = {
    "pass": Words("通过", "Pass"),
    "hold": Words("审核中", "Held"),
    "refuse": Words("不予发放", "Refused"),
}
SIGHTED: Final[dict[str, Words]] = {
    "device": Words("设备", "Device"),
    "app_id": Words("应用内 openid", "App-scoped id"),
    "ip": Words("IP 地址", "IP address"),
    "network": Words("IP 网段（/24）", "Network (/24)"),
    "payout": Words("收款账号", "Payout account"),
    "address": Words("收货地址", "Delivery address"),
    "phone": Words("虚拟号段", "Virtual number range"),
}
"""What accounts may share. Kept as keyed hashes only; of a phone no more than whether it is of a virtual range."""
SIGHTED_NUMBER: Final = {name: n for n, name in enumerate(SIGHTED)}
HOLD_FROM: Final = 40
REFUSE_FROM: Final = 70
APPEAL_DAYS: Final = 30
"""How long somebody may appeal against a refusal."""
ANSWER_DAYS: Final = 15
"""How long the shop may take to answer an appeal."""
STALE_US: Final = 2 * 3_600_000_000
"""After two hours without a good canary nothing passes."""
NONE: Final = np.int64(-1)
"""An instant that is not known, or has not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be judged: a sign-up, an invitation or a reward of `account_no` (an identifier's number).

    `ref` names it in the asker's books (a reward's id): asked again, the answer stays what it was. `evidence` holds raw
    values by the names of SIGHTED (an address, a device's id); only keyed hashes of them are kept. `hashed` holds
    values that the asker keyed itself: they are compared with each other, not with raw ones. `invited_us` is when the
    invitation was sent, `registered_us` when the account came to be; None where the asker does not know.
    """

    kind: CaseKind
    ref: str
    account_no: int
    inviter_no: int | None = None
    at_us: int | None = None
    invited_us: int | None = None
    registered_us: int | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    hashed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why points were given. `code` is stable; `words` explain it in plain words with the figure; a `hard` one decides alone."""

    code: str
    words: Words
    points: float
    hard: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """The answer: below 40 points pass, from 40 hold, from 70 refuse, hard reasons refuse at once.

    A person's decision replaces the score's; `case_id` finds the case in the queue. While the watch over the scorer
    is not content everything that would pass is held, with the reason `scorer_stale`. `as_of_us` is when a canary was
    last run, 0 for never.
    """

    case_id: str
    decision: Decision
    score: float
    reasons: tuple[Reason, ...]
    as_of_us: int


class Assess(Protocol):
    """The port by which others have rewards judged, in their own transaction."""

    def __call__(self, tx: Connection, case: Case) -> Assessment:
        """Judge; raises NoAccount for an account that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One soft signal: no points up to `low` of what it measures, `points` from `high` on, evenly between."""

    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class RulesVersion:
    """Rules as they were saved; version 0 is the house's own. `note` says why."""

    version: int
    rules: Mapping[str, Rule]
    made_by: str
    made_us: int
    note: str


@dataclass(frozen=True, slots=True)
class Accounts:
    """Accounts side by side, n of them. Instants are microseconds UTC, -1 where unknown or not yet.

    `inviter` is a row or -1; `seen_us` the last time the account did anything; `known_buyer` marks those who have long
    been honest buyers (seeds of trust).
    """

    registered_us: I64
    invited_us: I64
    inviter: I32
    ordered_us: I64
    orders: I32
    refunds: I32
    seen_us: I64
    known_buyer: B

    def __len__(self) -> int:
        return len(self.registered_us)


@dataclass(frozen=True, slots=True)
class Links:
    """What was seen of accounts, m sightings: row of the account, number of the thing (from 0), its kind (SIGHTED_NUMBER)."""

    account: I32
    thing: I32
    kind: I8


@dataclass(frozen=True, slots=True)
class Scores:
    """What the scorer says of n accounts: `points[rule]` are arrays of n, `hard[code]` masks of n, `measures[rule]` what
    was measured."""

    score: F64
    points: Mapping[str, F64]
    measures: Mapping[str, F64]
    hard: Mapping[str, B]

    def decisions(self) -> I8:
        """0 pass, 1 hold, 2 refuse, by account."""
        refuse = self.score >= REFUSE_FROM
        for mask in self.hard.values():
            refuse = refuse | mask
        found: I8 = np.where(refuse, 2, np.where(self.score >= HOLD_FROM, 1, 0)).astype(np.int8)
        return found


@dataclass(frozen=True, slots=True)
class StoredCase:
    """A case in the queue. `verdict` is what a person decided (None while nobody has), `appeal` the appellant's words."""

    case_id: str
    kind: CaseKind
    ref: str
    account_no: int | None
    inviter_no: int | None
    at_us: int
    score: float
    decision: Decision
    reasons: tuple[Reason, ...]
    rules_version: int
    verdict: Decision | None
    note: str
    decided_by: str | None
    decided_us: int | None
    appeal: str | None
    appealed_us: int | None
    appeal_until_us: int | None

    @property
    def outcome(self) -> Decision:
        """What holds now."""
        return self.verdict or self.decision

    @property
    def waits(self) -> bool:
        """Whether somebody has to look at it: held, or appealed against and not answered."""
        answered = (
            self.appealed_us is not None
            and self.decided_us is not None
            and self.decided_us > self.appealed_us
        )
        return (self.decision == "hold" and self.verdict is None) or (
            self.appealed_us is not None and not answered
        )


@dataclass(frozen=True, slots=True)
class Evidence:
    """The neighbourhood of a case as a small graph: account numbers, (kind, short name) of shared things, edges between
    rows of both, and who invited whom."""

    accounts: Sequence[int]
    registered_us: Sequence[int]
    things: Sequence[tuple[str, str]]
    edges: Sequence[tuple[int, int]]
    invited: Sequence[tuple[int, int]]
    more: int
    """Accounts of the neighbourhood that are not drawn."""


@dataclass(frozen=True, slots=True)
class Watch:
    """The state of the scorer. `ok` while the last canary was caught less than two hours ago; `caught` None before the
    first."""

    ok: bool
    at_us: int | None
    caught: bool | None
    score: float | None


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How a rule's cases ended: people passed or refused them, since `since_us`."""

    code: str
    refused: int
    passed: int


class NoAccount(NotFound):
    """Nobody is known under this id."""

    def __init__(self, place: str = "account") -> None:
        super().__init__("no_such_account", Words("没有这个账号。", "There is no such account."), place=place)


class NoCase(NotFound):
    """The id of a case is not known."""

    def __init__(self) -> None:
        super().__init__(
            "no_risk_case", Words("没有这条风控记录。", "There is no such case."), place="case_id"
        )


class NoVersion(NotFound):
    """There is no such version of the rules."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_version", Words("没有这个版本。", "There is no such version."), place="version"
        )


class BadCase(Refused):
    """A case that says too little or nonsense."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_risk_case", words, place=place)


class BadRules(Refused):
    """Rules that cannot score; `place` names the rule."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_risk_rules", words, place=place)


class NoAppeal(Conflict):
    """Nothing can be appealed against here: it was not refused, the time is over, or an appeal was answered."""

    def __init__(self, words: Words) -> None:
        super().__init__("no_appeal", words, place="case_id")
