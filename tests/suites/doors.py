"""A door under a real server on a free port, with a real log in a folder: what collect's tests and others send to."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import uvicorn

from weaktie.data.collect import posthog, segment, sensors
from weaktie.data.collect.contracts import (
    BadRow,
    Blocked,
    Event,
    Grant,
    IdentifierKind,
    NothingBlocked,
    RawRequest,
)
from weaktie.data.collect.door import Door
from weaktie.kit import settings
from weaktie.kit.clock import Clock, SystemClock
from weaktie.store.log.files import Disk, FileLog

KEY = "wkw_0123456789abcdefghijklmn"
DECODERS = {"segment": segment, "sensors": sensors, "posthog": posthog}
GRANT = Grant("src_test", 15)


class PlainKeys:
    """Day keys that are simple and the same in every process."""

    def day_key(self, day: int) -> bytes:
        return day.to_bytes(8, "big") * 4

    def destroy(self, day: int) -> None:
        """Nothing is kept."""


@dataclass
class OneKey:
    """Write keys with a single one in it."""

    key: str = KEY

    async def find(self, key: str) -> Grant | None:
        return GRANT if key == self.key else None


@dataclass
class BlockedSet:
    """Named identifiers are blocked."""

    names: set[tuple[str, str]] = field(default_factory=set)

    def any(self) -> bool:
        return bool(self.names)

    def blocks(self, kind: IdentifierKind, value: str) -> bool:
        return (kind, value) in self.names

    def refuses(self, kind: IdentifierKind, value: str) -> bool:
        return (kind, value) in self.names


@dataclass
class RunningDoor:
    """Where it listens, and what its log holds."""

    port: int
    log: FileLog

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def requests(self) -> list[RawRequest]:
        """Requests in the log, in order."""
        return [
            msgspec.msgpack.decode(record.payload, type=RawRequest)
            for partition in self.log.partitions()
            for record in self.log.read(partition, 0)
        ]

    def decoded(self) -> tuple[list[Event], list[BadRow]]:
        """Everything in the log as events and bad rows."""
        events: list[Event] = []
        bad: list[BadRow] = []
        for request in self.requests():
            more, worse = DECODERS[request.protocol].decode(request)
            events += more
            bad += worse
        return events, bad


@contextmanager
def running_door(
    folder: Path,
    *,
    limits: settings.Door | None = None,
    blocked: Blocked | None = None,
    disk: Disk | None = None,
    clock: Clock | None = None,
) -> Iterator[RunningDoor]:
    """Serve until the block ends."""
    the_clock = clock or SystemClock()
    log = FileLog(folder, PlainKeys(), the_clock, segment_bytes=1 << 26, disk=disk)
    writer = log.writer()
    door = Door(writer, OneKey(), limits or settings.Door(), blocked or NothingBlocked(), the_clock)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        server = uvicorn.Server(uvicorn.Config(door, lifespan="off", log_level="error", loop="asyncio"))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), daemon=True)
        thread.start()
        try:
            yield RunningDoor(listener.getsockname()[1], log)
        finally:
            server.should_exit = True
            thread.join(20)
            writer.close()
