"""A door in a process of its own, so that a test can weigh it: prints its port, serves until standard input closes."""

import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from tests.suites.doors import OneKey, PlainKeys
from weaktie.data.collect.contracts import NothingBlocked
from weaktie.data.collect.door import Door
from weaktie.kit import settings
from weaktie.kit.clock import SystemClock
from weaktie.store.log.files import FileLog


async def serve(folder: Path) -> None:
    """Serve a log in `folder`."""
    writer = FileLog(folder, PlainKeys(), SystemClock(), segment_bytes=1 << 26).writer()
    door = Door(writer, OneKey(), settings.Door(), NothingBlocked(), SystemClock())
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    server = uvicorn.Server(uvicorn.Config(door, lifespan="off", log_level="error"))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    closed = loop.run_in_executor(None, sys.stdin.read)
    closed.add_done_callback(lambda _: setattr(server, "should_exit", True))
    await server.serve([listener])
    writer.close()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
