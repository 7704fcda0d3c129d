"""Mending and replaying dead letters: 100,000 of them in a minute, from the log to the lake.

The named peer is the way one does it without: each letter mended by a script and sent again over HTTP by itself, to the same
server, measured on a sample in the same run. BENCH_LETTERS sets another number.
"""

import base64
import http.client
import json
import os
import tempfile
import time
from pathlib import Path

import msgspec

from tests.suites.servers import last_line, run, serving
from weaktie.app.status import catch_up
from weaktie.app.wiring import App, open_app
from weaktie.data.collect.contracts import RawRequest
from weaktie.data.collect.letters import LetterFilter
from weaktie.data.collect.mending import Step
from weaktie.kit.words import Words

LETTERS = int(os.environ.get("BENCH_LETTERS", "100000"))
PEER_SAMPLE, EVENTS_A_REQUEST = 1_000, 100
LARGEST_SECONDS = 60.0


def poisoned(number: int) -> bytes:
    """An event with a NaN in it."""
    call = {
        "type": "track", "messageId": f"m{number}", "event": "Order Completed", "userId": f"u{number % 20_000}",
        "properties": {"order_id": f"o{number}", "total": 12.5, "currency": "CNY", "weight": float("nan")},
    }  # fmt: skip
    return json.dumps(call).encode()


def fill(wt: App) -> float:
    """Put the poisoned events into the log and let the lake writer make letters of them; returns its seconds."""
    writer, now_us = wt.log.writer(), wt.clock.now_us()
    for first in range(0, LETTERS, EVENTS_A_REQUEST):
        body = b'{"batch":[' + b",".join(map(poisoned, range(first, first + EVENTS_A_REQUEST))) + b"]}"
        request = RawRequest("segment", "/v1/batch", "default", 15, now_us, body)
        writer.append_now([msgspec.msgpack.encode(request)])
    writer.close()
    begun = time.perf_counter()
    catch_up(wt, patient=True)
    return time.perf_counter() - begun


def peer(home: Path) -> float:
    """Seconds a letter when each is sent again by itself."""
    key = last_line(run("key", "create", "--kind", "write", "--name", "peer", "--home", str(home)))
    basic = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    with serving(home) as server:
        line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        begun = time.perf_counter()
        for number in range(PEER_SAMPLE):
            event = json.loads(poisoned(LETTERS + number))
            event["properties"]["weight"] = None
            line.request("POST", "/v1/batch", json.dumps({"batch": [event]}), {"Authorization": basic})
            assert line.getresponse().read() == b'{"success":true}'
        return (time.perf_counter() - begun) / PEER_SAMPLE


def quiet(share: float, step: Words) -> None:
    """Progress that nobody watches."""


def main() -> None:
    """Fill, mend, compare."""
    with tempfile.TemporaryDirectory(prefix="weaktie-bench-") as name:
        home = Path(name) / "home"
        run("init", "--home", str(home))
        with open_app(home) as wt:
            made = fill(wt)
            begun = time.perf_counter()
            found = wt.mender.replay(LetterFilter(), (Step("null_numbers"),), "bench", quiet)
            seconds = time.perf_counter() - begun
            left = wt.status.dead_letters()
        usual = peer(home)
    print(f"letters: {LETTERS:,} made in {made:.1f} s")
    print(f"letters: mended and stored in {seconds:.1f} s (goal ≤ {LARGEST_SECONDS:.0f} s for 100,000)")
    print(
        f"letters: {seconds / LETTERS / usual:.3f} of the time of sending each again ({usual * 1000:.2f} ms)"
    )
    assert (found["stored"], left) == (LETTERS, 0), found
    assert seconds <= LARGEST_SECONDS * LETTERS / 100_000, seconds


if __name__ == "__main__":
    main()
