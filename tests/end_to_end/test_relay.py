"""A real server relays what its door takes, and stops within seconds."""

import base64
import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.data.relay.test_jobs import Vendor, vendor  # noqa: F401  a fixture
from tests.suites.servers import last_line, run, serving
from weaktie.app.wiring import open_app
from weaktie.data.relay.contracts import RelaySpec


def waited(taken: Sequence[object], count: int, seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while len(taken) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return len(taken) >= count


def test_what_the_door_takes_reaches_the_old_address_until_it_is_switched_off(
    tmp_path: Path,
    vendor: Vendor,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEAKTIE_OUTBOUND_ALLOW", "127.0.0.0/8")
    home = tmp_path / "home"
    run("init", "--home", str(home))
    key = last_line(run("key", "create", "--kind", "write", "--name", "w", "--home", str(home)))
    basic = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    with serving(home) as server, open_app(home) as wt:
        with wt.database.begin() as tx:
            relay = wt.relays.create(tx, RelaySpec("default", "segment", vendor.url, "theirs"))
            wt.relays.change(tx, relay.relay_id, None, enabled=True)

        def send(name: str) -> float:
            call = {"type": "track", "event": "Seen", "userId": "u1", "messageId": name, "writeKey": key}
            began = time.monotonic()
            assert server.call("/v1/batch", {"batch": [call]}, headers=basic)[0] == 200
            return time.monotonic() - began

        vendor.answers = [(503, {})]
        send("m1")
        assert waited(vendor.taken, 1), "a failure is tried again"
        path, headers, body = vendor.taken[0]
        assert path == "/v1/batch"
        assert headers["Authorization"] == "Basic " + base64.b64encode(b"theirs:").decode()
        assert key.encode() not in body
        assert json.loads(body)["batch"][0]["messageId"] == "m1"
        with wt.database.begin() as tx:
            wt.relays.change(tx, relay.relay_id, None, enabled=False)

        def counts() -> dict[str, int]:
            with wt.database.connect() as connection:
                return dict(wt.relays.health(connection, wt.relays.find(connection, relay.relay_id)).counts)

        deadline, number = time.monotonic() + 5, 1
        while "switched_off" not in counts():
            assert time.monotonic() < deadline, "switched off within seconds"
            number += 1
            send(f"m{number}")
            waited(vendor.taken, number, 0.2)
        gone = len(vendor.taken)
        for _ in range(3):
            number += 1
            send(f"m{number}")
        assert not waited(vendor.taken, gone + 1, 2)
        assert sum(counts().values()) == number
