"""What the lake promises.

A file is immutable. The manifest says which files count; readers take a snapshot of it and never see half a change.
A file enters with the ids of its rows, so that a row with the same id cannot enter twice.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlalchemy import Connection

U64 = npt.NDArray[np.uint64]
NEW, DUPLICATE, OTHER_PAYLOAD = 0, 1, 2


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

        `ids` has shape (rows, 3): the 128-bit id of each row and 64 bits of its payload.
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
