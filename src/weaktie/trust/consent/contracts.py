"""Purposes, bases, receipts and what follows from them."""

from collections.abc import Sequence
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


ALL_PURPOSES = Purpose.ANALYTICS | Purpose.PERSONALISATION | Purpose.MARKETING | Purpose.SOCIAL
PURPOSE_NAMES: dict[str, Purpose] = {
    "analytics": Purpose.ANALYTICS,
    "personalisation": Purpose.PERSONALISATION,
    "marketing": Purpose.MARKETING,
    "social": Purpose.SOCIAL,
}
NAME_OF: dict[Purpose, str] = {purpose: name for name, purpose in PURPOSE_NAMES.items()}
PURPOSE_WORDS: dict[Purpose, Words] = {
    Purpose.ANALYTICS: Words("统计分析", "Analytics"),
    Purpose.PERSONALISATION: Words("个性化推荐", "Personalisation"),
    Purpose.MARKETING: Words("营销触达", "Marketing"),
    Purpose.SOCIAL: Words("社交关系分析", "Social relations"),
}

Basis = Literal["contract", "consented_upstream", "ask_us"]
BASES: dict[str, Words] = {
    "contract": Words("履行合同所必需", "Needed for the contract"),
    "consented_upstream": Words("上游已取得同意", "Consent was taken upstream"),
    "ask_us": Words("由本系统征求同意", "Consent is to be asked here"),
}
RECEIPT_WORDS = Words("本人选择", "The person's own choice")
NO_SOURCE_WORDS = Words("未知来源", "No known source")

REASONS: dict[str, Words] = {
    "no_receipt": Words("来源要求征求同意，尚未取得", "The source says to ask, and no consent was given yet"),
    "refused": Words("本人已拒绝或撤回同意", "The person refused or withdrew consent"),
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
    aligned with them; a purpose in neither has no receipt. `erased` counts people who are gone."""

    people: I32
    granted: U8
    refused: U8
    erased: int = field(default=0)

    def allowed(self, purpose: Purpose) -> npt.NDArray[np.bool_]:
        """For each of `people`, whether every purpose of the mask is granted."""
        wanted = np.uint8(purpose)
        allowed: npt.NDArray[np.bool_] = (self.granted & wanted) == wanted
        return allowed

    def left_out(self, purpose: Purpose) -> list[LeftOut]:
        """How many people are not served for the purpose, by reason; reasons without people are absent."""
        out = ~self.allowed(purpose)
        refused = int(np.count_nonzero(out & ((self.refused & np.uint8(purpose)) != 0)))
        counts = {
            "no_receipt": int(np.count_nonzero(out)) - refused,
            "refused": refused,
            "erased": self.erased,
        }
        return [LeftOut(code, REASONS[code], count) for code, count in counts.items() if count]
