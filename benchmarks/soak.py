"""Kill the server again and again and count: nothing acknowledged is lost, nothing is counted twice (R1, R5).

    python -m benchmarks.soak [--rounds 100] [--seed N]

Each round starts a real server, sends batches over HTTP from several threads, some of them twice, kills the server and
its worker with SIGKILL at a random moment, and starts the next round on the same home. At the end the ids in the lake
are compared with the ids that were answered with 200. The seed is printed; the same seed repeats the schedule of sends
and kills, not the scheduling of the system.
"""

import argparse
import base64
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.suites.servers import Server, last_line, run
from weaktie.app.wiring import open_app

SENDERS = 3
EVENTS_A_BATCH = 20


class Sender(threading.Thread):
    """Sends batches until the server dies; remembers what was acknowledged."""

    def __init__(self, port: int, key: str, name: str, chance: random.Random, again: list[list[str]]) -> None:
        super().__init__(daemon=True)
        self.port, self.label, self.chance, self.again = port, name, chance, again
        self.headers = {
            "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
            "Content-Type": "application/json",
        }
        self.acknowledged: list[str] = []
        self.sent: list[str] = []

    def run(self) -> None:
        """Send until an error ends the connection."""
        try:
            line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            number = 0
            while True:
                if self.again and self.chance.random() < 0.2:
                    ids = self.chance.choice(self.again)
                else:
                    ids = [f"{self.label}-{number}-{i}" for i in range(EVENTS_A_BATCH)]
                    number += 1
                self.sent += ids
                line.request("POST", "/v1/batch", body_of(ids), self.headers)
                answer = line.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged += ids
                    self.again.append(ids)
        except (OSError, http.client.HTTPException):
            return


def body_of(ids: list[str]) -> bytes:
    """The same ids always give the same bytes."""
    calls = [
        {
            "type": "track",
            "event": "Product Viewed",
            "userId": f"u{hash_of(i) % 500}",
            "messageId": i,
            "properties": {"n": i},
        }
        for i in ids
    ]
    return json.dumps({"batch": calls}).encode()


def hash_of(text: str) -> int:
    """A small number from a text, the same in every process."""
    return sum(ord(c) * (i + 7) for i, c in enumerate(text))


def soak(home: Path, rounds: int, seed: int, *, longest_s: float = 0.8) -> dict[str, int]:
    """Run the rounds; returns counts of acknowledged, lost, doubled and foreign ids."""
    chance = random.Random(seed)
    run("init", "--home", str(home))
    key = last_line(run("key", "create", "--kind", "write", "--name", "soak", "--home", str(home)))
    acknowledged: set[str] = set()
    sent: set[str] = set()
    again: list[list[str]] = []
    for number in range(rounds):
        server = Server(home)
        senders = [
            Sender(server.port, key, f"r{number}s{s}", random.Random(chance.random()), again)
            for s in range(SENDERS)
        ]
        for sender in senders:
            sender.start()
        time.sleep(chance.uniform(0.02, longest_s))
        server.kill()
        for sender in senders:
            sender.join(timeout=20)
            acknowledged.update(sender.acknowledged)
            sent.update(sender.sent)
        print(f"round {number + 1}/{rounds}: {len(acknowledged)} acknowledged", file=sys.stderr)
    status = json.loads(run("status", "--home", str(home), "--json"))
    with open_app(home) as wt, wt.database.connect() as connection:
        files = [f.path for f in wt.lake.snapshot(connection).of("events")]
    found = [
        i
        for f in files
        for i in pq.read_table(f, columns=["event_id"], partitioning=None)["event_id"].to_pylist()
    ]
    return {
        "rounds": rounds,
        "acknowledged": len(acknowledged),
        "lost": len(acknowledged - set(found)),
        "counted_twice": len(found) - len(set(found)),
        "never_sent": len(set(found) - sent),
        "lag": int(status["lag"]),
    }


def main() -> None:
    """Run the soak as a script; ends with status 1 when anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    given = parser.parse_args()
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as folder:
        counts = soak(Path(folder) / "home", given.rounds, given.seed)
    print(json.dumps(counts))
    if counts["lost"] or counts["counted_twice"] or counts["never_sent"] or counts["lag"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
