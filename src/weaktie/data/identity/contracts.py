"""Identifiers, persons and the map between them."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

IdentifierKind = Literal["user", "unionid", "phone", "email", "wecom", "openid", "anonymous", "device"]
KINDS: Final[tuple[IdentifierKind, ...]] = get_args(IdentifierKind)
"""Every kind, strongest first: an event belongs to the strongest identifier that it names."""
LOGIN, ACCOUNT, CONTACT, APP_USER, DEVICE = range(5)
TIER: Final[dict[str, int]] = {
    "user": LOGIN, "unionid": ACCOUNT, "phone": CONTACT, "email": CONTACT, "wecom": CONTACT, "openid": APP_USER,
    "anonymous": DEVICE, "device": DEVICE,
}  # fmt: skip
"""How much an identifier says, 0 most. A login and a WeChat account each name one person; a contact may be given by
several; what an app or a device is used under, people use one after another."""
SHARED_TIER: Final = APP_USER
"""From this tier on, the events of an identifier that several people used are told apart by their time."""
HIDDEN_PERSON: Final = 128
"""Bit of `events.flags`: the event named its person by a masked or encrypted value alone."""
Identifier = tuple[IdentifierKind, str]
"""One name of a person: its kind and its value as the client wrote it."""

Pair = tuple[int, int]
"""Two alias numbers, the smaller first."""

ERASED = -1
Verdict = Literal["undone", "redone", "same", "different", "later"]
"""What a person said of two identifiers. The latest word about a pair holds: `undone` facts between them count no more,
`redone` they count again, `same` they are one person whatever the facts, `different` they are two; `later` changes nothing."""


class Alias(msgspec.Struct, frozen=True):
    """One identifier of a person; `value` is None where it is personal (it is in the vault then)."""

    alias_no: int
    kind: str
    value: str | None
    first_seen_us: int


@dataclass(frozen=True, slots=True)
class PersonMap:
    """Which person each identifier belongs to.

    `person_of[alias_no]` is the smallest alias number of the person, or ERASED. An anonymous id that several logins
    used belongs to none of them as a whole; `spans` (alias_no, from_us, to_us, owner_no) says whose its events are by
    their time, and `person_of` gives such an id to itself.
    """

    version: int
    person_of: npt.NDArray[np.int32]
    spans: pa.Table
    decided: int = 0
    """The last decision of people (`identity_decisions.decision_id`) that the map knows."""


class SearchKeys(Protocol):
    """The keyed look-up of personal identifiers (the vault's blind index)."""

    def lookup_key(self, kind: str, value: str) -> str:
        """A hex text that is equal for equal values and tells nothing without the key."""
        ...

    def seal_many(self, tx: Connection, rows: list[tuple[int, str, str]]) -> None:
        """Keep (alias number, field, value) encrypted under the identifier's own key."""
        ...


class LinkFact(msgspec.Struct, frozen=True):
    """Two identifiers belong to one person, by their numbers; `event_us` is when somebody showed it.

    `kind` says how: `login` (a device or the like was used with it), `trait` (a contact given for it), `alias` (two
    identifiers came together without a login, or a client said so).
    """

    a_alias: int
    b_alias: int
    kind: str
    event_us: int
    source_id: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why two identifiers are linked: a fact of one kind, with its first and last sighting."""

    kind: str
    first_us: int
    last_us: int
    source_id: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody said of two identifiers; `about` is the identifier that raised the question, if one did."""

    decision_id: int
    a_alias: int
    b_alias: int
    verdict: Verdict
    about_alias: int | None
    at_us: int
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Link:
    """Two identifiers with all that speaks for their belonging together, and the last word of people about them.

    `state` is `holds` (it joins them), `undone` (a person said so), `withheld` (it would make two people one), or
    `contended` (one end is used by several people, and joins none).
    """

    a_alias: int
    b_alias: int
    state: str
    evidence: tuple[Evidence, ...]
    decided: Decision | None


@dataclass(frozen=True, slots=True)
class Explained:
    """One person: identifiers, the links among them and to what was kept apart, and how each hangs on the first one.

    `chains[alias_no]` are the numbers that lead from the strongest identifier to this one.
    """

    person_no: int
    members: tuple[int, ...]
    beside: tuple[int, ...]
    links: tuple[Link, ...]
    chains: dict[int, list[int]]


class NoSuchIdentifier(NotFound):
    """Nobody living has such an identifier."""

    def __init__(self, place: str = "user_id") -> None:
        super().__init__(
            "no_such_identifier",
            Words("没有使用这个标识的用户。", "Nobody living has such an identifier."),
            place=place,
        )


class NoSuchLink(NotFound):
    """Nothing ever linked the two identifiers."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_link",
            Words("这两个标识之间没有关联。", "Nothing links these two identifiers."),
            place="b",
        )


class LinkStands(Conflict):
    """The link holds already, or does not hold any more: somebody else was quicker."""

    def __init__(self, *, holds: bool) -> None:
        words = (
            Words("这条关联已经有效。", "The link holds already.")
            if holds
            else Words("这条关联已经撤销。", "The link was undone already.")
        )
        super().__init__("link_holds" if holds else "link_undone", words, place="b")


class NoSuchReview(NotFound):
    """The question is not open (any more)."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_review",
            Words("没有这个待审核项，或已被处理。", "There is no such question, or it was settled."),
            place="review",
        )


class NotAboutThese(Refused):
    """The people named in a decision are not those whom the question is about."""

    def __init__(self) -> None:
        super().__init__(
            "not_about_these",
            Words("所选用户与此审核项无关，请刷新。", "The question is not about these people; reload it."),
            place="people",
        )


class AlreadyOne(Conflict):
    """The two identifiers belong to one person already."""

    def __init__(self) -> None:
        super().__init__(
            "already_one",
            Words("这两个标识已属于同一个人。", "The two identifiers belong to one person already."),
            place="b",
        )


class StillJoined(Conflict):
    """Other links would go on joining the two."""

    def __init__(self) -> None:
        super().__init__(
            "still_joined",
            Words(
                "还有其他关联把两者连在一起，请先撤销其中一条。",
                "Other links go on joining the two; undo one of these first.",
            ),
            place="b",
        )


class SharedByOthers(Conflict):
    """Several people use one of the identifiers, so that it joins none of them."""

    def __init__(self) -> None:
        super().__init__(
            "shared_by_others",
            Words(
                "其中一个标识由多个用户共用，请先处理它的审核项。",
                "Several people use one of the identifiers; answer its question first.",
            ),
            place="b",
        )
