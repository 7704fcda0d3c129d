"""The server process: door and API in one event loop, and the worker as its child."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from weaktie.app.http import make_api
from weaktie.app.warm import Warmer
from weaktie.app.wiring import App
from weaktie.data.collect.door import Door
from weaktie.kit.logs import get_logger

_LOG = get_logger("server")
Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]],
    Awaitable[None],
]
RESTART_SECONDS = 2.0


class Dispatch:
    """Sends the door's paths to the door and everything else to the API; `looked` hears of the console's requests."""

    def __init__(self, door: Door, api: Asgi, looked: Callable[[], None] = lambda: None) -> None:
        self._door, self._api, self._looked = door, api, looked
        self._paths = door.paths

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] in self._paths:
            await self._door(scope, receive, send)
        else:
            if scope["type"] == "http" and any(name == b"cookie" for name, _ in scope["headers"]):
                self._looked()  # a person in the console: programs come with keys
            await self._api(scope, receive, send)


class Worker:
    """The child process that consumes the log; it is started again when it dies."""

    def __init__(self, home: Path) -> None:
        self._command = [sys.executable, "-m", "weaktie", "worker", "--home", str(home), "--watch-parent"]
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Begin keeping it alive."""
        self._thread.start()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._child = subprocess.Popen(self._command, stdin=subprocess.PIPE)  # noqa: S603  our own command
            self._child.wait()
            if not self._stopping.is_set():
                _LOG.error("worker_died", status=self._child.returncode)
                self._stopping.wait(RESTART_SECONDS)

    def stop(self) -> None:
        """End it; what it had not committed is repeated by the next one."""
        self._stopping.set()
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()
            try:
                self._child.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._child.kill()


def listen(host: str, port: int) -> socket.socket:
    """The listening socket; what it accepts sends at once.

    An answer's head and body are two writes: under Nagle's algorithm the second would wait for the client's delayed
    acknowledgement of the first, 40 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=2048)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def serve(
    wt: App, host: str, port: int, *, worker: bool = True, told: Callable[[str], None] | None = None
) -> None:
    """Serve until interrupted. `told` hears the address once requests are answered."""
    listening = listen(host, port)
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{listening.getsockname()[1]}"  # noqa: S104
    door = Door(wt.log_writer, wt.key_book, wt.settings.door, wt.blocked, wt.clock)
    warmer = Warmer(wt)
    config = uvicorn.Config(
        Dispatch(door, make_api(wt), warmer.somebody_looks),
        http="httptools",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=5,
        ws="none",
        lifespan="off",
    )
    child = Worker(wt.settings.home)
    note = wt.settings.home / "run" / "server.json"
    try:
        if worker:
            child.start()
        whole = note.with_suffix(".part")
        whole.write_bytes(msgspec.json.encode({"pid": os.getpid(), "address": address}))
        whole.rename(note)

        def started() -> None:
            warmer.start()
            if told:
                told(address)

        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(_serve(uvicorn.Server(config), listening, started))
    finally:
        note.unlink(missing_ok=True)
        warmer.stop()
        if worker:
            child.stop()


async def _serve(server: uvicorn.Server, listening: socket.socket, started: Callable[[], None]) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started and not serving.done():  # noqa: ASYNC110  uvicorn tells it by a flag
        await asyncio.sleep(0.01)
    if server.started:
        started()
    await serving
