"""Purposes, bases, receipts and what follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from weaktie.kit.words import Words

I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]


class Purpose(IntFlag):
    """What personal data may serve; a set of purposes is a bit mask."""

    ANALYTICS = 1
    PERSONALISATION = 2
    MARKETING = 4
    SOCIAL = 8
    SENSITIVE = 16
    SHARING = 32
    GUARDIAN = 64


ALL_PURPOSES = Purpose.ANALYTICS | Purpose.PERSONALISATION | Purpose.MARKETING | Purpose.SOCIAL
PURPOSE_NAMES: dict[str, Purpose] = {
    "analytics": Purpose.ANALYTICS,
    "personalisation": Purpose.PERSONALISATION,
    "marketing": Purpose.MARKETING,
    "social": Purpose.SOCIAL,
}
SEPARATE_NAMES: dict[str, Purpose] = {
    "sensitive": Purpose.SENSITIVE,
    "sharing": Purpose.SHARING,
    "guardian": Purpose.GUARDIAN,
}
"""Consents that stand apart and that no source's basis can grant: PIPL 23 (sharing), 29 (sensitive data), 31 (a guardian's)."""
SUBJECTS: dict[str, Purpose] = PURPOSE_NAMES | SEPARATE_NAMES
"""Everything a notice is written for and a receipt is given to."""
SENSITIVE_FIELDS: frozenset[str] = frozenset({"id_card"})
"""Personal values that are kept only where the separate consent for sensitive data stands. Precise locations are never kept."""
REFUSED_TO_CHILDREN = Purpose.PERSONALISATION | Purpose.MARKETING | Purpose.SOCIAL
"""What nobody under 14 is served without a guardian's consent, whatever receipts say."""
NAME_OF: dict[Purpose, str] = {purpose: name for name, purpose in SUBJECTS.items()}
PURPOSE_WORDS: dict[Purpose, Words] = {
    Purpose.ANALYTICS: Words("统计分析", "Analytics"),
    Purpose.PERSONALISATION: Words("个性化推荐", "Personalisation"),
    Purpose.MARKETING: Words("营销触达", "Marketing"),
    Purpose.SOCIAL: Words("社交关系分析", "Social relations"),
    Purpose.SENSITIVE: Words("敏感个人信息（单独同意）", "Sensitive data (separate consent)"),
    Purpose.SHARING: Words("向第三方提供（单独同意）", "Sharing with others (separate consent)"),
    Purpose.GUARDIAN: Words("监护人同意（未满 14 周岁）", "Guardian's consent (under 14)"),
}

Basis = Literal["contract", "consented_upstream", "ask_us"]
BASES: dict[str, Words] = {
    "contract": Words("履行合同所必需", "Needed for the contract"),
    "consented_upstream": Words("上游已取得同意", "Consent was taken upstream"),
    "ask_us": Words("由本系统征求同意", "Consent is to be asked here"),
}
RECEIPT_WORDS = Words("本人选择", "The person's own choice")
NO_SOURCE_WORDS = Words("未知来源", "No known source")
NOT_ASKED_WORDS = Words("尚未作出选择", "Not chosen yet")
OUTDATED_WORDS = Words(
    "告知文本已有重大变更，需重新征求同意", "The notice changed materially: consent has to be asked again"
)
CHILD_WORDS = Words("未满 14 周岁且无监护人同意", "Under 14 without a guardian's consent")

REASONS: dict[str, Words] = {
    "no_receipt": Words("来源要求征求同意，尚未取得", "The source says to ask, and no consent was given yet"),
    "refused": Words("本人已拒绝或撤回同意", "The person refused or withdrew consent"),
    "minor": CHILD_WORDS,
    "erased": Words("已按请求删除", "Erased on request"),
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """One choice of one person for one purpose; receipts are only ever added."""

    receipt_id: int
    alias_no: int
    purpose: Purpose
    granted: bool
    basis: str
    source_id: str | None
    how: str
    at_us: int
    notice_version: int | None = None


@dataclass(frozen=True, slots=True)
class SourceBasis:
    """A source in which the person was seen, and its basis per purpose."""

    source_id: str
    basis: dict[str, str]
    since_us: int


@dataclass(frozen=True, slots=True)
class PurposeState:
    """Whether a purpose is served for one person now, on which basis, and since when (None where nothing says so)."""

    purpose: Purpose
    granted: bool
    basis: str
    basis_words: Words
    source_id: str | None
    since_us: int | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """People who are not in an answer, and why."""

    code: str
    words: Words
    count: int

    def as_dict(self) -> dict[str, object]:
        """The shape in which every answer of the HTTP API names them."""
        return {"code": self.code, "words": self.words.as_dict(), "count": self.count}


@dataclass(frozen=True, slots=True)
class SeenIn:
    """In which sources each identifier was seen: parallel arrays, the source as an index into `source_ids`."""

    alias_nos: I32
    source_codes: I32
    source_ids: Sequence[str]


class SourcesOf(Protocol):
    """Where identity tells consent which identifiers were seen in which sources."""

    def __call__(self, connection: Connection, /) -> SeenIn:
        """Every pair of identifier and source."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for every person at one moment. `people` are person numbers, ascending; `granted` and `refused` are masks
    aligned with them; a purpose in neither has no receipt. `minor` is the mask of what a child's age refuses, aligned too.
    `erased` counts people who are gone."""

    people: I32
    granted: U8
    refused: U8
    erased: int = field(default=0)
    minor: U8 | None = field(default=None)

    def allowed(self, purpose: Purpose) -> npt.NDArray[np.bool_]:
        """For each of `people`, whether every purpose of the mask is granted."""
        wanted = np.uint8(purpose)
        allowed: npt.NDArray[np.bool_] = (self.granted & wanted) == wanted
        return allowed

    def left_out(self, purpose: Purpose) -> list[LeftOut]:
        """How many people are not served for the purpose, by reason; reasons without people are absent."""
        out = ~self.allowed(purpose)
        said_no = out & ((self.refused & np.uint8(purpose)) != 0)
        minor = np.zeros_like(self.granted) if self.minor is None else self.minor
        young = out & ~said_no & ((minor & np.uint8(purpose)) != 0)
        refused, children = int(np.count_nonzero(said_no)), int(np.count_nonzero(young))
        counts = {
            "no_receipt": int(np.count_nonzero(out)) - refused - children,
            "refused": refused,
            "minor": children,
            "erased": self.erased,
        }
        return [LeftOut(code, REASONS[code], count) for code, count in counts.items() if count]


# --- notices, prompts, age, personal links ---------------------------------------------------------------------------

DRAFT, PUBLISHED = "draft", "published"
Band = Literal["child", "youth", "adult"]
"""Under 14, from 14 to under 18, 18 and over or unknown."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One version of the text that a person is told before choosing. A published version never changes.

    `material` says that what is done with the data has changed: grants given to earlier versions count no more.
    """

    subject: str
    version: int
    state: str
    title: Words
    body: Words
    material: bool
    created_us: int
    created_by: str
    published_us: int | None
    published_by: str | None

    @property
    def digest_text(self) -> str:
        """What is compared: both languages."""
        return f"{self.title.zh}\n{self.body.zh}\n\n{self.title.en}\n{self.body.en}"


@dataclass(frozen=True, slots=True)
class Material:
    """The newest published version of a subject that changed materially."""

    version: int
    published_us: int


@dataclass(frozen=True, slots=True)
class Prompt:
    """Whether a shop should ask a person now, why or why not, with which text, and else when it may ask again."""

    subject: str
    ask: bool
    reason: str
    notice: Notice | None
    again_us: int | None = None


@dataclass(frozen=True, slots=True)
class Young:
    """What is known of a person's age: bands only, with the days (since 1970) on which they end, rounded up to a month."""

    band: Band
    guardian: bool

    @property
    def refused(self) -> int:
        """The mask of purposes that age refuses whatever receipts say."""
        return int(REFUSED_TO_CHILDREN) if self.band == "child" and not self.guardian else 0

    @property
    def may_be_profiled_for_referral(self) -> bool:
        """Nobody under 18 is profiled for referral rewards (未成年人网络保护条例)."""
        return self.band == "adult"


ADULT = Young("adult", guardian=False)


@dataclass(frozen=True, slots=True)
class ShownTag:
    """A tag of a person as the person is shown it."""

    key: str
    words: Words
    value: Words
    definition: Words


@dataclass(frozen=True, slots=True)
class Chooser:
    """A living person as consent sees them: all identifiers, their look-up texts, and the bases of their sources."""

    alias_nos: tuple[int, ...]
    lookups: Mapping[int, str]
    bases: tuple[SourceBasis, ...]

    @property
    def alias_no(self) -> int:
        """The number under which what the person says is kept."""
        return min(self.alias_nos)


class People(Protocol):
    """What consent asks of the floors above: who somebody is, what is said of them, who there is."""

    def find(self, connection: Connection, user_id: str, /) -> Chooser | None:
        """The living person behind an id of any kind."""
        ...

    def of(self, connection: Connection, alias_no: int, /) -> Chooser | None:
        """The living person who has this identifier."""
        ...

    def enrol(self, kind: str, value: str, source_id: str, /) -> int:
        """The number of an identifier, made when it is new, in a transaction of its own. An erased identifier becomes a new
        person's. Raises Refused `bad_identifier`."""
        ...

    def source_kind(self, connection: Connection, source_id: str, /) -> str:
        """Of which kind a source is: `server`, `web` …"""
        ...

    def tags(self, alias_nos: Sequence[int], /) -> list[ShownTag]:
        """The tags that the person has now, without those they deleted."""
        ...

    def crowd(self, connection: Connection, /) -> tuple[I32, SeenIn, Mapping[str, int]]:
        """(person number by identifier, who was seen where, mask of each source's basis)."""
        ...

    def request(self, alias_no: int, kind: str, text: str, /) -> str:
        """Put a request of the person into the queue of rights; returns its number."""
        ...

    def requests(self, alias_nos: Sequence[int], /) -> list[dict[str, object]]:
        """The person's requests: kind, state, asked and due instants."""
        ...
