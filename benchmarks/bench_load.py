"""The whole way under load: a steady stream of events, then bursts of ten times as many, into a real server and its worker.

Prints how far the consumers are behind at the end of the steady part, the memory of server and worker, what was answered
during the bursts, and whether every acknowledged event is in the lake once. The named peer is the plainest durable way in
the same run: one process that inserts the same events into SQLite in the same batches, one transaction each.
BENCH_LOAD_SECONDS (600) and BENCH_LOAD_RATE (20,000 events a second) shorten it; BENCH_LOAD_BURST_SECONDS is 30.
"""

import asyncio
import base64
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from tests.suites.servers import Server, last_line, run, serving

RATE = int(os.environ.get("BENCH_LOAD_RATE", "20000"))
SECONDS = int(os.environ.get("BENCH_LOAD_SECONDS", "600"))
BURST_SECONDS = int(os.environ.get("BENCH_LOAD_BURST_SECONDS", "30"))
BURST_TIMES = 10
EVENTS_A_REQUEST, CONNECTIONS, PEOPLE = 50, 16, 100_000
LARGEST_LAG_S, LARGEST_GROWTH_MB = 5.0, 200.0
PEER_EVENTS = 200_000
ROOT = Path(__file__).resolve().parent.parent
_NAMES = ("Product Viewed", "Content Viewed", "Product Added", "App Opened", "Search Performed")


def pieces(chance: random.Random) -> list[bytes]:
    """A request's body cut where each event has its id and the batch its time; `b"".join` with ids between makes a body."""
    cut: list[bytes] = []
    text = b'{"batch":['
    for number in range(EVENTS_A_REQUEST):
        person = chance.randrange(PEOPLE)
        anonymous = hashlib.blake2b(b"%d" % person, digest_size=6).hexdigest()
        event = {
            "type": "track", "event": chance.choice(_NAMES), "userId": f"u{person}", "anonymousId": f"a-{anonymous}",
            "properties": {
                "product_id": f"p{chance.randrange(600)}", "category": chance.choice(["美妆护肤", "厨房用品", "箱包"]),
                "price": chance.randrange(100, 90_000) / 100, "currency": "CNY", "content_id": f"c{chance.randrange(800)}",
            },
            "context": {
                "app": {"name": "shop", "version": "3.2.1"}, "os": {"name": "iOS"},
                "library": {"name": "analytics-ios", "version": "4"},
                "campaign": {"source": "douyin", "medium": "cpc", "name": "spring"},
            },
        }  # fmt: skip
        text += (
            (b"," if number else b"")
            + json.dumps(event, ensure_ascii=False).encode()[:-1]
            + b',"messageId":"'
        )
        cut.append(text)
        text = b'"}'
    return [*cut, b'"}],"sentAt":"']


class Sender:
    """Sends requests over a few connections; counts what came back."""

    def __init__(self, port: int, key: str, name: str) -> None:
        self.port, self.name = port, name
        basic = base64.b64encode(f"{key}:".encode()).decode()
        self.head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Basic {basic}\r\n"
        chance = random.Random(11)
        self.shapes = [pieces(chance) for _ in range(400)]
        self.answers: Counter[int] = Counter()
        self.late_s: list[float] = []
        self.without_wait = 0
        self.made = 0

    def request(self) -> bytes:
        """The next request: ids that were never used, the present time."""
        number, self.made = self.made, self.made + 1
        cut = self.shapes[number % len(self.shapes)]
        parts: list[bytes] = []
        for at in range(EVENTS_A_REQUEST):
            parts += (cut[at], b"%s-%d-%d" % (self.name.encode(), number, at))
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
        body = b"".join(parts) + cut[-1] + now + b'"}'
        return f"{self.head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def send(self, rate: float, seconds: float) -> None:
        """An open loop: requests are due at their time, whether the ones before were answered or not."""
        due: asyncio.Queue[float | None] = asyncio.Queue()
        lines = [asyncio.create_task(self._line(due)) for _ in range(CONNECTIONS)]
        begun, count = time.perf_counter(), int(rate * seconds / EVENTS_A_REQUEST)
        for number in range(count):
            at = begun + number * EVENTS_A_REQUEST / rate
            wait = at - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            due.put_nowait(at)
        for _ in lines:
            due.put_nowait(None)
        await asyncio.gather(*lines)

    async def _line(self, due: "asyncio.Queue[float | None]") -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while (at := await due.get()) is not None:
            writer.write(self.request())
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            length = next(
                int(x[15:]) for x in head.lower().split(b"\r\n") if x.startswith(b"content-length:")
            )
            await reader.readexactly(length)
            self.answers[status] += 1
            self.without_wait += status == 429 and b"retry-after:" not in head.lower()
            self.late_s.append(time.perf_counter() - at)
        writer.close()


def memory_mb(pid: int) -> float:
    """Resident memory of a process and its children that is their own: pages of mapped files are the system's to drop."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    own = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
    return own * 1024 / 1e6 + sum(map(memory_mb, _children(pid)))


def _children(pid: int) -> list[int]:
    """Child processes, whichever thread began them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def events_in(server: Server) -> int:
    """What the lake holds now, by its manifest: asking the command would start an interpreter beside the worker each time."""
    with closing(sqlite3.connect(f"file:{server.home}/weaktie.db?mode=ro", uri=True)) as manifest:
        query = "SELECT coalesce(sum(rows), 0) FROM lake_files WHERE table_name = 'events' AND removed_version IS NULL"
        return int(manifest.execute(query).fetchone()[0])


def settle(server: Server, expected: int) -> float:
    """Seconds until the lake holds so many events."""
    begun = time.perf_counter()
    while events_in(server) < expected:
        assert time.perf_counter() - begun < 600, (events_in(server), expected)
        time.sleep(0.1)
    return time.perf_counter() - begun


async def _watched(sender: Sender, server: Server) -> list[float]:
    """The steady part, and the memory every tenth of it."""
    sending = asyncio.create_task(sender.send(RATE, SECONDS))
    memory: list[float] = []
    while not sending.done():
        await asyncio.wait([sending], timeout=SECONDS / 10 + 1)
        memory.append(memory_mb(server.process.pid))
    await sending
    return memory


def peer(folder: Path) -> float:
    """CPU seconds of inserting each event's JSON into SQLite, 50 a transaction, synced like our log."""
    connection = sqlite3.connect(folder / "peer.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, body TEXT)")
    sender = Sender(0, "", "peer")
    begun = time.process_time()
    for _ in range(PEER_EVENTS // EVENTS_A_REQUEST):
        batch = json.loads(sender.request().split(b"\r\n\r\n", 1)[1])["batch"]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT OR IGNORE INTO events VALUES (?, ?)", [(e["messageId"], json.dumps(e)) for e in batch]
        )
        connection.execute("COMMIT")
    return time.process_time() - begun


def steady(server: Server, key: str) -> int:
    """The steady part; returns the events that were acknowledged."""
    sender = Sender(server.port, key, "steady")
    before = _cpu_s(server.process.pid)
    memory = uvloop.run(_watched(sender, server))
    acknowledged = sender.answers[200] * EVENTS_A_REQUEST
    lag = settle(server, acknowledged)
    cpu = _cpu_s(server.process.pid) - before
    late = sorted(sender.late_s)[int(len(sender.late_s) * 0.99)]
    print(
        f"steady: {RATE:,} events a second for {SECONDS} s: answers {dict(sender.answers)}, p99 {late * 1000:.0f} ms; "
        f"behind by {lag:.1f} s at the end (goal ≤ {LARGEST_LAG_S:.0f} s)"
    )
    shown = " ".join(f"{m:.0f}" for m in memory)
    print(
        f"steady: own memory of server and worker, MB: {shown}; {cpu / acknowledged * 1e6:.1f} µs of CPU an event in all"
    )
    assert events_in(server) == acknowledged, (events_in(server), acknowledged)
    assert lag <= LARGEST_LAG_S, f"behind by {lag:.1f} s"
    assert memory[-1] - max(memory[: len(memory) // 2]) <= LARGEST_GROWTH_MB, memory
    return acknowledged


def bursts(server: Server, key: str, already: int) -> None:
    """Ten times the rate: answered, refused with a time to come back, and nothing acknowledged lost."""
    sender = Sender(server.port, key, "burst")
    uvloop.run(sender.send(RATE * BURST_TIMES, BURST_SECONDS))
    acknowledged = sender.answers[200] * EVENTS_A_REQUEST
    took = settle(server, already + acknowledged)
    print(
        f"burst: {RATE * BURST_TIMES:,} events a second were due for {BURST_SECONDS} s: answers {dict(sender.answers)}, "
        f"{acknowledged:,} events acknowledged; all in the lake {took:.0f} s after"
    )
    assert sender.answers.keys() <= {200, 429}, sender.answers
    assert sender.without_wait == 0
    assert events_in(server) == already + acknowledged


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(map(_cpu_s, _children(pid)))


def main() -> None:
    """Steady, bursts, peer; AssertionError where a figure is missed."""
    with tempfile.TemporaryDirectory(prefix="weaktie-bench-") as name:
        folder = Path(name)
        run("init", "--home", str(folder / "home"))
        key = last_line(
            run("key", "create", "--kind", "write", "--name", "load", "--home", str(folder / "home"))
        )
        usual = peer(folder) / PEER_EVENTS * 1e6
        print(f"peer: {usual:.1f} µs of CPU an event for JSON into SQLite, nothing else done with it")
        with serving(folder / "home") as server:
            acknowledged = steady(server, key)
            bursts(server, key, acknowledged)


if __name__ == "__main__":
    sys.exit(
        subprocess.call([sys.executable, "-c", "from benchmarks.bench_load import main; main()"], cwd=ROOT)
    )
