"""What every log promises, whichever address is behind it.

A log holds opaque records in partitions. A record's place is (partition, record number); numbers grow, may have gaps,
and are never given twice. `append` returns only when the record would survive a power loss.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from weaktie.kit.errors import Unavailable
from weaktie.kit.words import Words


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: numbers within one partition are ordered and unique."""

    partition: int
    record: int


@dataclass(frozen=True, slots=True)
class Record:
    """A request as it was appended, with the instant at which the log took it."""

    place: Place
    received_us: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a segment that cannot be read; its neighbours are not affected.

    `first_byte`/`bytes` locate it in `segment`; `record` is its number where the header survived.
    """

    partition: int
    segment: str
    first_byte: int
    bytes: int
    reason: str
    record: int | None = None


class Keys(Protocol):
    """Keys that encrypt the log, one a UTC day; a destroyed key makes that day's records unreadable for ever."""

    def day_key(self, day: int) -> bytes:
        """The 32-byte key of an integer UTC day, made when it is first asked for."""
        ...

    def destroy(self, day: int) -> None:
        """Forget the key of the day."""
        ...


class LogUnavailable(Unavailable):
    """The record was not kept (disk full, I/O error) and was not acknowledged; sending it again is safe."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "log_unavailable",
            Words(
                "数据暂时无法落盘，请稍后重试。",
                "The request could not be made durable; send it again later.",
            ),
        )
        self.why = why


class Writer(Protocol):
    """One process's way into the log; it owns one partition."""

    partition: int

    async def append(self, payload: bytes) -> Place:
        """Make the payload durable, together with whatever else waits; raises LogUnavailable."""
        ...

    def append_now(self, payloads: list[bytes]) -> list[Place]:
        """The same for callers without an event loop; all of them or none."""
        ...

    def close(self) -> None:
        """Give the partition back."""
        ...


class Log(Protocol):
    """A log: one writer per process, any number of readers."""

    def writer(self) -> Writer:
        """Claim a free partition for this process."""
        ...

    def partitions(self) -> list[int]:
        """Every partition that has ever held a record."""
        ...

    def read(
        self, partition: int, first_record: int, *, damage: list[Damage] | None = None
    ) -> Iterator[Record]:
        """Durable records from `first_record` on, in order, up to the present end; damaged stretches are skipped,
        and noted in `damage` when the caller wants to know."""
        ...

    def end(self, partition: int) -> int:
        """One more than the largest record number that is durable now."""
        ...

    def drop_before(self, partition: int, record: int, day: int) -> int:
        """Delete segments that only hold records below `record`, received before the UTC `day`; returns how many."""
        ...

    def copy_out(self, partition: int, first_record: int, folder: Path, *, last_day: int) -> list[Path]:
        """Copy what holds durable records from `first_record` on, received up to the UTC `last_day`, into `folder`, so
        that a log opened over it reads them; returns the files. Numbers given out later are above those in the copy."""
        ...
