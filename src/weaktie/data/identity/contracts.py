"""Identifiers, persons and the map between them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.collect.contracts import Identifier

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


__all__ = ["ERASED", "Alias", "Identifier", "PersonMap", "SearchKeys"]
