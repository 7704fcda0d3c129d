"""Identifiers, persons and the map between them."""

from dataclasses import dataclass
from typing import Final, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

IdentifierKind = Literal["user", "unionid", "phone", "email", "wecom", "openid", "anonymous", "device"]
KINDS: Final[tuple[IdentifierKind, ...]] = get_args(IdentifierKind)
"""Every kind, strongest first: an event belongs to the strongest identifier that it names."""
TIER: Final[dict[str, int]] = {
    "user": 0, "unionid": 1, "phone": 1, "email": 1, "wecom": 1, "openid": 2, "anonymous": 3, "device": 3,
}  # fmt: skip
"""What an identifier can join: 0 a login; 1 a contact, which joins one login or, with several, nobody; 2 and 3 what
people may use one after another: with several logins it is shared, and its events belong by their time."""
SHARED_TIER: Final = 2
Identifier = tuple[IdentifierKind, str]
"""One name of a person: its kind and its value as the client wrote it."""

ERASED = -1


@dataclass(frozen=True, slots=True)
class Alias:
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


class SearchKeys(Protocol):
    """The keyed look-up of personal identifiers (the vault's blind index)."""

    def lookup_key(self, kind: str, value: str) -> str:
        """A hex text that is equal for equal values and tells nothing without the key."""
        ...

    def seal_many(self, tx: Connection, rows: list[tuple[int, str, str]]) -> None:
        """Keep (alias number, field, value) encrypted under the identifier's own key."""
        ...


@dataclass(frozen=True, slots=True)
class LinkFact:
    """Two identifiers belong to one person, by their numbers; `event_us` is when somebody showed it.

    `kind` says how: `login` (a device or the like was used with it), `trait` (a contact given for it), `alias` (two
    identifiers came together without a login, or a client said so).
    """

    a_alias: int
    b_alias: int
    kind: str
    event_us: int
    source_id: str
