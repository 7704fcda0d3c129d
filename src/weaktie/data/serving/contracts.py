"""Who may be served, and refusals of the tables that are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Look:
    """Who may be served for one purpose, as it stood at one moment.

    `aliases` are identifiers, ascending, `persons` the person of each; `deleted` are the persons who deleted a tag from
    themselves, by tag. Looks with the same `key` say the same.
    """

    purpose: int
    aliases: I32
    persons: I32
    deleted: Mapping[str, tuple[int, ...]]
    key: str

    def table(self) -> pa.Table:
        """Identifiers and persons as a table."""
        return pa.table({"alias_no": pa.array(self.aliases), "person_no": pa.array(self.persons)})

    def within(self, other: "Look") -> bool:
        """Whether nobody is in this look who is not in `other`, and nobody deleted a tag there that is still here."""
        if self.key == other.key:
            return True
        if not bool(np.isin(self.aliases, other.aliases, assume_unique=True).all()):
            return False
        return all(set(who) <= set(self.deleted.get(tag, ())) for tag, who in other.deleted.items())


@dataclass(frozen=True, slots=True)
class ServedColumn:
    """A column of a served table."""

    name: str
    type: str
    doc: Words


@dataclass(frozen=True, slots=True)
class ServedTable:
    """A table as analysts know it; `rows` are those of its files, before anybody is left out."""

    name: str
    doc: Words
    columns: tuple[ServedColumn, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Texts:
    """Served tables as texts of the engine's SQL, with the files that they read, for a process of its own."""

    texts: Mapping[str, str]
    files: tuple[str, ...]
    version: int


class BadPurpose(Refused):
    """There is no such purpose."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(
            "bad_purpose",
            Words(f"目的只能是 {'、'.join(names)}。", f"A purpose is one of {', '.join(names)}."),
            place="purpose",
        )


class NoSuchTable(Refused):
    """There is no such table."""

    def __init__(self, name: str, names: list[str]) -> None:
        known = ", ".join(names)
        super().__init__(
            "no_such_table",
            Words(f"没有表 {name}；可用：{known}", f"There is no table {name}; there are {known}"),
            place=name,
        )
