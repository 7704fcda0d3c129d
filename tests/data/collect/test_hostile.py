"""Requests that mean harm are refused early, and the process does not grow by more than 64 MB (R21, R22)."""

import base64
import gzip
import http.client
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.suites.doors import KEY

BASIC = "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()
MOST_GROWTH_KB = 64 * 1024
MEGABYTE = 1 << 20


def bomb(megabytes: int) -> bytes:
    """A gzip stream of that many megabytes of blanks, about a thousandth of it long."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * MEGABYTE) for _ in range(megabytes)) + packer.flush()


class Process:
    """A door of its own."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.suites.door_process", str(folder)]
        root = Path(__file__).resolve().parents[3]
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def peak_kb(self) -> int:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found
        return int(found[1])

    def ask(self, path: str, body: object, **headers: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", path, body, headers)  # type: ignore[arg-type]
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (BrokenPipeError, ConnectionResetError):
            return 0, b""  # the server hung up while we were still sending: refused as well
        finally:
            connection.close()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    running = Process(tmp_path_factory.mktemp("log"))
    good = json.dumps(
        {"batch": [{"type": "track", "event": "x", "userId": "u", "pad": "x" * 900}] * 400}
    ).encode()
    for _ in range(20):
        assert running.ask("/v1/batch", good, Authorization=BASIC)[0] == 200
    yield running
    assert running.ask("/v1/batch", good, Authorization=BASIC)[0] == 200, "it still serves"
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert running.process.wait(20) == 0


GZIPPED = {"Content-Encoding": "gzip"}
FORM = "/sa?token=" + KEY
CASES: dict[str, tuple[str, Callable[[], bytes | int], dict[str, str], int]] = {
    "100 MB": ("/v1/batch", lambda: 100, {}, 413),
    "100 MB without a key": ("/v1/batch", lambda: 100, {"Authorization": "Basic eA=="}, 401),
    "100 MB form": (FORM, lambda: 100, {}, 413),
    "depth": ("/v1/batch", lambda: b'{"batch":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", {}, 400),
    "depth in one event": ("/v1/track", lambda: b'{"a":' * 5_000 + b"1" + b"}" * 5_000, {}, 400),
    "depth never closed": ("/v1/batch", lambda: b'{"batch":[{"a":' + b"[" * 400_000, {}, 400),
    "a million keys": (
        "/v1/batch",
        lambda: b'{"batch":[{' + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}]}",
        {},
        413,
    ),
    "the same key again": ("/v1/batch", lambda: b'{"batch":[{' + b'"k":1,' * 80_000 + b'"k":1}]}', {}, 400),
    "quotes": ("/v1/batch", lambda: b'{"batch":["' + b'\\"' * 200_000, {}, 400),
    "gzip bomb": ("/v1/batch", lambda: bomb(200), GZIPPED, 413),
    "bomb in a form": (FORM, lambda: b"data_list=" + quote(base64.b64encode(bomb(200))).encode(), {}, 413),
    "a bomb in a bomb": ("/v1/batch", lambda: gzip.compress(bomb(100)), GZIPPED, 400),
    "many members": ("/v1/batch", lambda: gzip.compress(b"") * 20_000, GZIPPED, 400),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_refused_and_costs_little(process: Process, case: str) -> None:
    path, make, headers, expected = CASES[case]
    body = make()
    before = process.peak_kb()
    for length_known in (True, False):
        sent: object = body
        extra: dict[str, str] = {}
        if isinstance(body, int):
            sent = (b" " * MEGABYTE for _ in range(body))
            extra = {"Content-Length": str(body * MEGABYTE)} if length_known else {}
        elif not length_known:
            sent = (body[i : i + 65_536] for i in range(0, len(body), 65_536))
        status, _ = process.ask(path, sent, **({"Authorization": BASIC} | extra | headers))
        assert status == expected or (status == 0 and isinstance(body, int))
    assert process.peak_kb() - before <= MOST_GROWTH_KB
