"""What the lake promises.

A file is immutable. The manifest says which files count; readers take a snapshot of it and never see half a change.
A file enters with the ids of its rows, so that a row with the same id cannot enter twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.words import Words

U64 = npt.NDArray[np.uint64]
NEW, DUPLICATE, OTHER_PAYLOAD = 0, 1, 2
PromotedType = Literal["text", "number", "integer", "boolean", "time"]
Fitted = tuple[int, int]
"""Of one promoted column in one file: rows with a value, and rows whose value did not fit the type and so is null."""


@dataclass(frozen=True, slots=True)
class PromotedColumn:
    """A typed column that the files of a table carry, derived from its open JSON column.

    Readers know it as `name`; in the files it is `stored_as`, which no other column ever was. An empty `event` means
    every event, any other only the rows of that event.
    """

    column_id: int
    table: str
    name: str
    stored_as: str
    type: PromotedType
    property: str
    event: str
    made_us: int
    made_by: str


@dataclass(frozen=True, slots=True)
class LakeFile:
    """One entry of the manifest; `path` is absolute."""

    file_id: int
    table: str
    path: Path
    part_day: int
    min_day: int
    max_day: int
    rows: int
    bytes: int
    sha256: str
    origin: str
    ids_path: Path | None
    added_version: int
    promoted: Mapping[str, Fitted] = field(default_factory=dict)

    def lacks(self, columns: "tuple[PromotedColumn, ...]") -> bool:
        """Whether it was written before one of these columns was declared."""
        return any(c.stored_as not in self.promoted for c in columns)


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is written and durable but not in the manifest yet."""

    table: str
    path: str
    part_day: int
    min_day: int
    max_day: int
    rows: int
    bytes: int
    sha256: str
    origin: str
    ids_path: str | None
    promoted: dict[str, Fitted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled:
    """What one run of filling did."""

    files: int
    rows: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files that counted at one version; they stay readable for the grace time after being replaced."""

    version: int
    files: tuple[LakeFile, ...]

    def of(
        self, table: str, *, from_day: int | None = None, to_day: int | None = None, since_version: int = 0
    ) -> list[LakeFile]:
        """Files of the table that may hold business days within [from_day, to_day] and came after `since_version`."""
        return [
            f
            for f in self.files
            if f.table == table
            and f.added_version > since_version
            and (from_day is None or f.max_day >= from_day)
            and (to_day is None or f.min_day <= to_day)
        ]


class Lake(Protocol):
    """One lake; the manifest lives in the database, so that it changes together with offsets and aliases."""

    def stage(
        self, table: str, data: pa.Table, *, part_day: int, origin: str, ids: U64 | None = None
    ) -> Staged:
        """Write rows as a durable file. `origin` names what made it: the same origin writes the same path again.

        `ids` has shape (rows, 3): the 128-bit id of each row and 64 bits of its payload. The rows have the table's declared
        columns; the promoted ones that are declared at this moment are added to them, whoever writes.
        """
        ...

    def is_there(self, staged: Staged) -> bool:
        """Whether a file that was staged earlier (by a build that was killed, say) is still there, whole."""
        ...

    def commit(
        self, tx: Connection, add: list[Staged], *, remove: list[int] | None = None, reason: str
    ) -> int:
        """Change the manifest in the caller's transaction; returns the new version."""
        ...

    def swap(self, tx: Connection, rewritten: Mapping[int, Staged], *, reason: str) -> int:
        """Put other bytes of the same rows in the place of files, by file id; returns the new version.

        A file keeps its number, its ids and the version it came with: nothing that counts by file takes it for new.
        """
        ...

    def columns(self, table: str) -> tuple[PromotedColumn, ...]:
        """The promoted columns of the table, as they are declared now."""
        ...

    def snapshot(self, tx: Connection, *, tables: list[str] | None = None) -> Snapshot:
        """The files that count now."""
        ...

    def classify(self, tx: Connection, table: str, ids: U64, *, since_day: int) -> npt.NDArray[np.int8]:
        """For each id: NEW, DUPLICATE (same id, same payload) or OTHER_PAYLOAD, against files received since `since_day`
        and against the rows before it in the same array (the first copy wins)."""
        ...

    def sweep(self, tx: Connection) -> int:
        """Delete files that were replaced longer than the grace time ago, and orphans of crashed writers; returns how many."""
        ...


class ColumnNameTaken(Conflict):
    """Another promoted column has the name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "column_name_taken",
            Words(f"列名 {name} 已被使用。", f"A column is called {name} already."),
            place="name",
        )


class NoSuchColumn(NotFound):
    """There is no promoted column with this id, or it was taken back."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_column",
            Words("没有这一列，或已撤回。", "There is no such column, or it was taken back."),
            place="column_id",
        )
