"""A real server over a real home, as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WEAKTIE = [sys.executable, "-m", "weaktie"]
START_SECONDS = 60


def run(*arguments: str) -> str:
    """Run a command of ours to its end; returns what it printed."""
    done = subprocess.run([*WEAKTIE, *arguments], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, f"{arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout


def last_line(text: str) -> str:
    """The last line of an output, where `key create` prints the key."""
    return text.strip().splitlines()[-1]


class Server:
    """One running `weaktie serve`."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home = home
        self.log = (home / "run" / "server.log").open("ab")
        command = [*WEAKTIE, "serve", "--home", str(home), "--port", "0", *options]
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, start_new_session=True
        )
        self.setup_token: str | None = None
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert " at http" in line, f"{line!r}\n{(home / 'run' / 'server.log').read_text()[-3000:]}"
        self.address = line.split(" at ")[1].strip()
        self.port = int(self.address.rsplit(":", 1)[1])

    def call(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None, method: str | None = None
    ) -> tuple[int, bytes]:
        """One HTTP request; returns status and body, whatever the status."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, headers=headers or {}, method=method)
        if data is not None and not (headers or {}).get("Content-Type"):
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def get(self, path: str, key: str) -> Any:
        """A JSON answer with a read key; the status must be 200."""
        status, body = self.call(path, headers={"Authorization": f"Bearer {key}"})
        assert status == 200, (path, status, body)
        return json.loads(body)

    def until(self, path: str, key: str, holds: Any, *, seconds: float = 30) -> Any:
        """Ask until the answer satisfies `holds`; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            status, body = self.call(path, headers={"Authorization": f"Bearer {key}"})
            answer = json.loads(body) if body else None
            if status == 200 and holds(answer):
                return answer
            assert time.monotonic() < deadline, (path, status, answer)
            time.sleep(0.1)

    def kill(self) -> None:
        """kill -9, the worker too."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)
        self.log.close()

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.log.close()


@contextmanager
def serving(home: Path, *options: str) -> Iterator[Server]:
    """A server for a block."""
    server = Server(home, *options)
    try:
        yield server
    finally:
        server.stop()
