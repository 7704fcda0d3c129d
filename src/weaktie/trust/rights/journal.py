"""The erasure journal: a file outside the database and its backups, so that a restored backup forgets again."""

import fcntl
import os
from pathlib import Path

from weaktie.kit.disk import sync
from weaktie.trust.rights.contracts import Replayed
from weaktie.trust.rights.logic import JournalLine, read_lines, write_line

JOURNAL = "journal/erasures.jsonl"


class Journal:
    """Append-only lines in `journal/erasures.jsonl` of the home."""

    def __init__(self, home: Path) -> None:
        self.path = home / JOURNAL

    def append(self, line: JournalLine) -> None:
        """Add a line; returns when it would survive a power loss. A torn end of an earlier writer is closed first."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            raw = (b"\n" if torn else b"") + write_line(line)
            while raw:
                raw = raw[os.write(descriptor, raw) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync(self.path.parent)

    def read(self) -> tuple[list[JournalLine], Replayed]:
        """Every sound line, oldest first, and what was counted."""
        raw = self.path.read_bytes() if self.path.exists() else b""
        lines, damaged = read_lines(raw)
        return lines, Replayed(len(lines), damaged, [])
