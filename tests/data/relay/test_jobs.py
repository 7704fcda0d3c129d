"""Every accepted event is relayed or counted with the reason, whatever the other side does."""

import base64
import json
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import select, update

from tests.suites.homes import START_US, bring_in, fresh_app, put, stored, track
from weaktie.app.ports import RelayPermits
from weaktie.app.wiring import App
from weaktie.app.wiring_base import DECODERS
from weaktie.app.worker import drop_old_log
from weaktie.data.relay import jobs
from weaktie.data.relay.contracts import Relay, RelaySpec
from weaktie.data.relay.jobs import Runner
from weaktie.data.relay.service import offset
from weaktie.data.relay.tables import relay_counts, relays
from weaktie.kit.clock import FixedClock, business_day
from weaktie.kit.outbound import OutboundRefused


class Vendor:
    """The old system: answers what it is told to, and keeps what came."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers = vendor.answers.pop(0) if vendor.answers else (200, {})
                if status < 300:
                    vendor.taken.append((self.path, dict(self.headers), body))
                self.send_response(status)
                for name, value in {**headers, "Content-Length": "2"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def names(self) -> list[str]:
        return sorted(e["messageId"] for _, _, body in self.taken for e in json.loads(body)["batch"])


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    made = Vendor()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def wt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setenv("WEAKTIE_OUTBOUND_ALLOW", "127.0.0.0/8")
    with fresh_app(tmp_path) as app:
        yield app


def relayed(wt: App, vendor: Vendor, *, enabled: bool = True, kind: str = "segment", **more: int) -> Relay:
    with wt.database.begin() as tx:
        made = wt.relays.create(tx, RelaySpec("default", kind, vendor.url, "theirs", **more))
        return wt.relays.change(tx, made.relay_id, None, enabled=enabled)


def runner(wt: App, relay: Relay, waited: list[float] | None = None) -> Runner:
    clock = wt.clock
    assert isinstance(clock, FixedClock)
    guard = threading.Lock()

    def pause(seconds: float) -> None:
        with guard:
            clock.move(seconds)
            if waited is not None:
                waited.append(seconds)

    permits = RelayPermits(wt.database, wt.blocked, wt.permits, wt.identity, wt.vault, wt.clock)
    with wt.database.connect() as connection:
        relay = wt.relays.find(connection, relay.relay_id)
    return Runner(
        wt.relays, relay, "theirs", decoders=DECODERS, permits=permits, zone=wt.settings.zone, pause=pause,
        chance=random.Random(3),
    )  # fmt: skip


def outcomes(wt: App, relay: Relay) -> dict[str, int]:
    with wt.database.connect() as connection:
        return dict(wt.relays.health(connection, relay).counts)


def test_requests_go_out_with_the_other_sides_key_and_count_by_day_and_event(wt: App, vendor: Vendor) -> None:
    put(wt, track(0))
    relay = relayed(wt, vendor)
    put(wt, track(1), track(2, event="Order Paid"))
    put(wt, track(3))
    work = runner(wt, relay)
    assert work.step()
    work.step()
    assert not work.step()
    assert vendor.names() == ["m1", "m2", "m3"], "what came before the beginning is not relayed"
    path, headers, _ = vendor.taken[0]
    assert path == "/v1/batch"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"theirs:").decode()
    day = business_day(START_US, wt.settings.zone)
    with wt.database.connect() as connection:
        rows = {(r.day, r.event, r.outcome): r.events for r in connection.execute(select(relay_counts))}
        found = wt.relays.find(connection, relay.relay_id)
    bring_in(wt)
    lake: dict[tuple[int, str, str], int] = {}
    for event in stored(wt):
        if event["event_id"] != "m0":
            key = (day, event["event"], "delivered")
            lake[key] = lake.get(key, 0) + 1
    assert rows == lake
    assert sorted(rows.values()) == [1, 2]
    assert (found.error, found.last_ok_us) == (None, wt.clock.now_us())


def test_a_side_that_is_down_is_tried_again_and_nothing_is_lost_or_doubled(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, connections=1)
    vendor.answers = [(503, {}), (500, {}), (429, {"Retry-After": "90"}), (401, {}), (200, {})]
    put(wt, track(1))
    waited: list[float] = []
    work = runner(wt, relay, waited)
    work.step()
    assert vendor.names() == ["m1"]
    assert sum(waited) >= 90
    assert outcomes(wt, relay) == {"delivered": 1}


def test_what_waits_too_long_is_counted_and_the_rest_goes_on(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, max_lag_s=60, connections=1)
    vendor.answers = [(503, {})] * 50
    put(wt, track(1))
    runner(wt, relay).step()
    with wt.database.connect() as connection:
        found = wt.relays.find(connection, relay.relay_id)
    assert found.error is not None
    assert "503" in found.error.en
    assert found.failing_us is not None
    vendor.answers = []
    put(wt, track(2))
    work = runner(wt, relay)
    while work.step():
        pass
    assert vendor.names() == ["m2"]
    assert outcomes(wt, relay) == {"too_late": 1, "delivered": 1}


def test_a_refused_request_is_counted_and_does_not_hold_up_the_next(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, connections=1)
    vendor.answers = [(422, {})]
    put(wt, track(1))
    put(wt, track(2))
    work = runner(wt, relay)
    while work.step():
        pass
    assert outcomes(wt, relay) == {"vendor_refused": 1, "delivered": 1}


def test_people_who_refuse_and_sources_that_may_not_are_left_out(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor)
    put(wt, track(1, "u1"), track(2, "u2", anonymous="a2"))
    put(wt, track(3, "u1"), purposes=2)
    bring_in(wt)
    with wt.database.begin() as tx:
        alias_no = wt.identity.find(tx, "u2")
        assert alias_no is not None
        wt.permits.record(tx, wt.identity.component(tx, alias_no), "analytics", granted=False, how="api")
    put(wt, track(4, None, anonymous="a2"))
    work = runner(wt, relay)
    while work.step():
        pass
    assert vendor.names() == ["m1"]
    assert outcomes(wt, relay) == {"delivered": 1, "consent": 3}


def test_off_means_counted_and_not_sent_and_another_protocol_is_told(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, enabled=False)
    put(wt, track(1))
    runner(wt, relay).step()
    with wt.database.begin() as tx:
        wt.relays.change(tx, relay.relay_id, None, enabled=True)
        tx.execute(update(relays).values(kind="sensors"))
    put(wt, track(2), track(3, None))
    work = runner(wt, relay)
    while work.step():
        pass
    assert vendor.taken == []
    assert outcomes(wt, relay) == {"switched_off": 1, "other_protocol": 2}


def test_a_stopped_runner_leaves_what_is_not_settled(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, connections=1)
    vendor.answers = [(503, {})]
    put(wt, track(1))
    work = runner(wt, relay)
    work._pause = lambda _seconds: work.stop.set()
    with pytest.raises(jobs.Stopped):
        work.step()
    assert outcomes(wt, relay) == {}
    runner(wt, relay).step()
    assert vendor.names() == ["m1"]


def test_a_crash_before_the_commit_sends_again_with_the_same_ids(
    wt: App, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = relayed(wt, vendor)
    put(wt, track(1))
    with monkeypatch.context() as broken:
        broken.setattr(jobs, "move_offset", lambda *_: (_ for _ in ()).throw(RuntimeError("power")))
        with pytest.raises(RuntimeError):
            runner(wt, relay).step()
    runner(wt, relay).step()
    assert vendor.names() == ["m1", "m1"]
    assert outcomes(wt, relay) == {"delivered": 1}


def test_the_log_keeps_what_a_relay_has_not_counted(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, enabled=False)
    put(wt, track(1))
    bring_in(wt)
    assert isinstance(wt.clock, FixedClock)
    wt.clock.move(20 * 86_400)
    put(wt, track(2))
    bring_in(wt)
    assert drop_old_log(wt) == 0
    work = runner(wt, relay)
    while work.step():
        pass
    assert outcomes(wt, relay) == {"switched_off": 2}
    assert drop_old_log(wt) == 1


def test_the_key_is_sealed_and_inner_addresses_are_refused(
    wt: App, vendor: Vendor, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = relayed(wt, vendor)
    with wt.database.connect() as connection:
        sealed = connection.execute(select(relays.c.sealed_key)).scalar_one()
        assert b"theirs" not in bytes(sealed)
        assert wt.relays.key(connection, relay.relay_id) == "theirs"
        assert offset(connection, relay.relay_id, 0) == 0
    monkeypatch.setenv("WEAKTIE_OUTBOUND_ALLOW", "")
    with (
        fresh_app(tmp_path_factory.mktemp("guarded")) as other,
        pytest.raises(OutboundRefused, match="not_public"),
        other.database.begin() as tx,
    ):
        other.relays.create(tx, RelaySpec("default", "segment", vendor.url, "k"))


def test_parity_accounts_for_every_event(wt: App, vendor: Vendor) -> None:
    relay = relayed(wt, vendor, connections=1)
    put(wt, track(1), track(2), track(2), track(9, event=None))
    vendor.answers = [(200, {}), (422, {})]
    put(wt, track(3))
    work = runner(wt, relay)
    while work.step():
        pass
    day = business_day(START_US, wt.settings.zone)
    assert wt.relays.parity(relay.relay_id, day, day).lake_behind
    bring_in(wt)
    with wt.database.begin() as tx:
        name = next(
            e
            for e in work._decoders["segment"](jobs._REQUEST.decode(next(iter(wt.log.read(0, 0))).payload))[0]
        )
        wt.relays.note_vendor(tx, relay.relay_id, [(day, name.event, 3)], "me")
        wt.relays.note_vendor(tx, relay.relay_id, [(day, name.event, 2)], "me")
    found = wt.relays.parity(relay.relay_id, day, day)
    rows = {row.event: row for row in found.rows}
    seen = rows[name.event]
    assert not found.lake_behind
    assert (seen.ours, seen.delivered, dict(seen.lost), seen.not_stored) == (3, 3, {"vendor_refused": 1}, 1)
    assert seen.vendor == 2
    assert seen.difference == pytest.approx(-1 / 3)
    assert rows[""].delivered == 1, "unreadable here, and told"
