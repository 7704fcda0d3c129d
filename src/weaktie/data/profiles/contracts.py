"""What a build needs, gives, and what a profile is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from weaktie.data.identity.contracts import Alias, PersonMap
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import Clock
from weaktie.kit.errors import NotFound
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.trust.consent.contracts import PurposeState, Receipt, Young

I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
ANALYTICS = 1
"""The bit of the analytics purpose: tags, RFM and profiles serve it."""

PROFILES_LEASE = "profiles"
"""Held by whoever changes what builds made: a build, or an erasure."""

Progress = Callable[[float, Words], None]
"""Called with the share that is done (0…1) and what is being done."""


class People(Protocol):
    """What profiles ask of identity."""

    def person_map(self, connection: Connection, session: Session, snapshot: Snapshot) -> PersonMap:
        """The map from identifiers to persons as the links stand now."""
        ...

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        ...

    def component(self, connection: Connection, alias_no: int) -> list[int]:
        """The living alias numbers of the person that `alias_no` belongs to now."""
        ...

    def described(self, connection: Connection, alias_nos: Sequence[int]) -> list[Alias]:
        """Kind and value of the living ones among these numbers."""
        ...

    def described_between(self, connection: Connection, first: int, last: int) -> list[Alias]:
        """Kind and value of the living ones with these numbers."""
        ...

    def decided_after(self, connection: Connection, alias_nos: Sequence[int], decision_id: int) -> bool:
        """Whether a person decided about one of these after that decision."""
        ...


class Permits(Protocol):
    """What profiles ask of consent and of the sources' declared bases."""

    def masks(self, connection: Connection, person_of: I32) -> tuple[U8, U8]:
        """(granted, refused) purposes of everybody as bits, both indexed by person number."""
        ...

    def states(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        """Every purpose of the one person who has these identifiers, as it stands now."""
        ...

    def granted_many(self, connection: Connection, people: Sequence[Sequence[int]]) -> list[int]:
        """The granted purposes of each of these people (lists of their identifiers) as bits, in few queries."""
        ...

    def receipts(self, connection: Connection, alias_nos: Sequence[int]) -> list[Receipt]:
        """Every receipt of the person, newest first."""
        ...

    def record(
        self, tx: Connection, alias_nos: Sequence[int], purpose: str, *, granted: bool, how: str
    ) -> Receipt:
        """Add a receipt for the person; raises Refused `bad_purpose`."""
        ...

    def newest_receipt(self, connection: Connection) -> int:
        """The number of the newest receipt."""
        ...

    def said_since(self, connection: Connection, receipt_id: int) -> list[int]:
        """Identifiers with receipts after this one."""
        ...

    def separate(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        """The person's separate consents: sensitive data, sharing, a guardian's."""
        ...

    def young(self, connection: Connection, alias_nos: Sequence[int]) -> Young:
        """The person's age band."""
        ...

    def deleted_tags(self, connection: Connection, alias_nos: Sequence[int]) -> frozenset[str]:
        """The tags that the person deleted: not shown and not computed for them again."""
        ...

    def all_deleted_tags(self, connection: Connection) -> list[tuple[int, str]]:
        """(identifier, tag) of every deletion."""
        ...

    def corrections(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, str]:
        """Fields (`city`, `phone` …) that the person had corrected, with the value that holds against imports and events."""
        ...

    def all_corrections(self, connection: Connection) -> list[tuple[int, str, str]]:
        """(identifier, attribute, value) of every correction of an attribute that is a tag."""
        ...


class Personal(Protocol):
    """What profiles ask of the vault."""

    def open(self, tx: Connection, alias_nos: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
        """The personal fields of each identifier in the clear; identifiers without any are missing."""
        ...


class LiveState(Protocol):
    """What was seen of somebody since the last build."""

    @property
    def last_us(self) -> int: ...
    @property
    def events(self) -> int: ...
    @property
    def last_event(self) -> str: ...


class Live(Protocol):
    """What profiles ask of collect: the live overlay."""

    def seen(self, connection: Connection, alias_nos: Sequence[int], since_version: int) -> LiveState | None:
        """The newest of what was seen of these identifiers, and how many events, after this version of the lake."""
        ...

    def settle(self, tx: Connection, lake_version: int, limit: int) -> int:
        """Forget at most `limit` rows that a build of this lake version holds already; returns how many went."""
        ...


class Grounds(Protocol):
    """What everything that computes over the lake works with; the application's object has these attributes."""

    @property
    def settings(self) -> Settings: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def database(self) -> Database: ...
    @property
    def lake(self) -> Lake: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def quality(self) -> Quality: ...


class BuildParts(Grounds, Protocol):
    """What a build works with."""

    @property
    def people(self) -> People: ...
    @property
    def permits(self) -> Permits: ...
    @property
    def personal(self) -> Personal: ...
    @property
    def live(self) -> Live: ...


@dataclass(frozen=True, slots=True)
class LeftOutReason:
    """How many people a number leaves out for one reason."""

    code: str
    words: Words
    count: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """People whom the answer leaves out because they may not be analysed."""

    total: int = 0
    reasons: tuple[LeftOutReason, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The shape of the HTTP API: `{"total", "reasons": [{"code","words","count"}]}`."""
        return {
            "total": self.total,
            "reasons": [{"code": r.code, "words": r.words.as_dict(), "count": r.count} for r in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Everybody:
    """Who is who, and who granted and refused what (by person number), as a build read it: for the steps after it."""

    person_map: PersonMap
    granted: U8
    refused: U8


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made. `unchanged` means that nothing was new and the last generation stands."""

    generation: int
    unchanged: bool
    people: int
    visitors: int
    left_out: LeftOut
    as_of_day: int
    days_computed: int
    seconds: float
    steps: dict[str, float] = field(default_factory=dict)
    everybody: Everybody | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Generation:
    """One published generation: a read-only file with a row for each person."""

    number: int
    path: str
    built_us: int
    snapshot_version: int
    people: int
    as_of_day: int
    code_version: str
    details: dict[str, object]


@dataclass(frozen=True, slots=True)
class UserFilter:
    """What a list of users is narrowed to; None means no limit."""

    search: str | None = None
    tier: str | None = None
    rfm: str | None = None
    r: str | None = None
    f: str | None = None
    m: str | None = None
    channel: str | None = None
    gender: str | None = None
    province: str | None = None
    min_spend_minor: int | None = None
    active_within_days: int | None = None
    visitors: bool = False
    sort: str = "last_seen"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people somebody asked for, and how many of them the published list has as users and as visitors."""

    asked: int
    users: int
    visitors: int

    @property
    def unpublished(self) -> int:
        """Those whom the list does not know: they came, or were joined, after the last build."""
        return self.asked - self.users - self.visitors


class NobodyThere(NotFound):
    """No person has this id, or the person may not be shown."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_user",
            Words("没有这个用户，或该用户不可查看。", "There is no such user, or it may not be shown."),
            place="user_id",
        )


class NotAnalysable(NotFound):
    """The person has not granted analysis: there is no profile to show."""

    def __init__(self) -> None:
        super().__init__(
            "purpose_not_granted",
            Words(
                "该用户未授权统计分析，画像不可查看。",
                "The person has not granted analytics; there is no profile.",
            ),
            place="user_id",
        )


class NothingPublished(NotFound):
    """No build has finished yet."""

    def __init__(self) -> None:
        super().__init__(
            "nothing_published",
            Words(
                "还没有构建过用户画像，请先运行一次构建。", "No profiles were built yet; run a build first."
            ),
        )
