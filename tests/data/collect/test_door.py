"""The door: who may enter, how much, and what it answers."""

import base64
import gzip
import http.client
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from tests.suites.doors import KEY, BlockedSet, RunningDoor, running_door
from weaktie.data.collect.bodies import checksum
from weaktie.data.collect.taking import kept
from weaktie.data.identity.contracts import IdentifierKind
from weaktie.kit import settings
from weaktie.store.log.files import Disk

BASIC = {"Authorization": "Basic " + base64.b64encode(f"{KEY}:".encode()).decode()}
EVENT = {
    "type": "track",
    "event": "Product Viewed",
    "userId": "u1",
    "messageId": "m1",
    "properties": {"product_id": "p"},
}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDoor]:
    with running_door(tmp_path_factory.mktemp("log")) as running:
        yield running


def ask(
    door: RunningDoor, method: str, path: str, body: bytes | str = b"", headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=20)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def batch(*events: Any) -> bytes:
    return json.dumps({"batch": events, "sentAt": "2026-01-01T00:00:00Z"}).encode()


def code(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    return answer[0], json.loads(answer[2])["code"]


def test_a_batch_is_kept_as_it_came(door: RunningDoor) -> None:
    before = len(door.requests())
    status, headers, body = ask(door, "POST", "/v1/batch", batch(EVENT), BASIC)
    assert (status, body, headers["content-type"]) == (200, b'{"success":true}', "application/json")
    request = door.requests()[before]
    assert (request.protocol, request.endpoint, request.source_id, request.purposes) == (
        "segment",
        "/v1/batch",
        "src_test",
        15,
    )
    assert request.body == batch(EVENT)


@pytest.mark.parametrize("call", ["track", "identify", "page", "screen", "group", "alias"])
def test_single_calls(door: RunningDoor, call: str) -> None:
    before = len(door.decoded()[0])
    body = {"event": "X", "userId": "u1", "previousId": "a1", "groupId": "g1", "traits": {"city": "杭州"}}
    assert ask(door, "POST", f"/v1/{call}", json.dumps(body), BASIC)[0] == 200
    assert len(door.decoded()[0]) == before + 1


def test_send_beacon_carries_its_key_in_a_plain_text_body(door: RunningDoor) -> None:
    body = json.dumps({"batch": [EVENT], "writeKey": KEY})
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"}
    status, answered, _ = ask(door, "POST", "/v1/batch", body, headers)
    assert status == 200
    assert answered["access-control-allow-origin"] == "*"


def test_gzip_as_rudder_sends_it(door: RunningDoor) -> None:
    before = len(door.requests())
    headers = BASIC | {"Content-Encoding": "gzip"}
    assert ask(door, "POST", "/v1/batch", gzip.compress(batch(EVENT)), headers)[0] == 200
    assert door.requests()[before].body == batch(EVENT)
    assert code(ask(door, "POST", "/v1/batch", gzip.compress(batch(EVENT))[:-9], headers)) == (
        400,
        "bad_gzip",
    )
    assert code(ask(door, "POST", "/v1/batch", b"\x1f\x8bnothing", headers)) == (400, "bad_gzip")


def test_nobody_enters_without_a_key(door: RunningDoor) -> None:
    before = len(door.requests())
    wrong = {"Authorization": "Basic " + base64.b64encode(b"wkw_wrong:").decode()}
    assert code(ask(door, "POST", "/v1/batch", batch(EVENT))) == (401, "no_key")
    assert code(ask(door, "POST", "/v1/batch", batch(EVENT), wrong)) == (401, "bad_key")
    assert code(ask(door, "POST", "/v1/batch", batch(EVENT), {"Authorization": "Digest x"})) == (
        401,
        "bad_key",
    )
    assert code(ask(door, "POST", "/v1/batch", batch(EVENT), {"Authorization": "Basic ="})) == (
        401,
        "no_key",
    )
    assert code(ask(door, "POST", "/sa?token=wrong", urlencode({"data": encoded([EVENT])}))) == (
        401,
        "bad_key",
    )
    assert len(door.requests()) == before


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        (b"", 400, "not_json"),
        (b"{", 400, "not_json"),
        (b"nonsense", 400, "not_json"),
        (b"[]", 400, "no_batch"),
        (b"{}", 400, "no_batch"),
        (b'{"batch":7}', 400, "no_batch"),
        (b'{"batch":[' + b"{}," * 5001 + b"{}]}", 400, "too_many_events"),
        (b'{"batch":[{"a":"' + b"x" * 40_000 + b'"}]}', 400, "event_too_large"),
        (b'{"batch":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", 400, "too_deep"),
    ],
)
def test_refused_bodies(door: RunningDoor, body: bytes, status: int, expected: str) -> None:
    before = len(door.requests())
    assert code(ask(door, "POST", "/v1/batch", body, BASIC)) == (status, expected)
    assert len(door.requests()) == before


def test_limits_while_the_body_streams(door: RunningDoor) -> None:
    big = b'{"batch":[' + b" " * 600_000 + b"]}"
    assert code(ask(door, "POST", "/v1/batch", big, BASIC)) == (413, "body_too_large")
    chunked = (big[i : i + 5_000] for i in range(0, len(big), 5_000))
    assert code(ask(door, "POST", "/v1/batch", chunked, BASIC)) == (413, "body_too_large")  # type: ignore[arg-type]
    assert code(ask(door, "POST", "/v1/batch", gzip.compress(big), BASIC | {"Content-Encoding": "gzip"})) == (
        413,
        "body_too_large",
    )
    assert code(ask(door, "POST", "/v1/batch", b"x", BASIC | {"Content-Encoding": "br"}))[0] == 415
    assert code(ask(door, "GET", "/v1/batch", b"", BASIC)) == (405, "method_not_allowed")


def encoded(events: list[Any], *, pack: bool = True) -> str:
    data = json.dumps(events).encode()
    return base64.b64encode(gzip.compress(data) if pack else data).decode()


SENSORS = {
    "type": "track",
    "event": "$pageview",
    "distinct_id": "a1",
    "time": 1767225600000,
    "properties": {},
}


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize("token_in", ["query", "form", "event"])
def test_sensors_forms(door: RunningDoor, pack: bool, token_in: str) -> None:
    before = len(door.decoded()[0])
    event = SENSORS | ({"token": KEY} if token_in == "event" else {})
    form = {"data_list": encoded([event, event], pack=pack), "gzip": "1"} | (
        {"token": KEY} if token_in == "form" else {}
    )
    path = "/sa?project=default" + (f"&token={KEY}" if token_in == "query" else "")
    status, _, body = ask(door, "POST", path, urlencode(form))
    assert (status, body) == (200, b"")
    assert [e.event for e in door.decoded()[0][before:]] == ["Page Viewed"] * 2


def test_sensors_image_with_a_checksum(door: RunningDoor) -> None:
    before = len(door.requests())
    text = base64.urlsafe_b64encode(json.dumps(SENSORS | {"note": "???>>>"}).encode()).decode()
    path = f"/sa.gif?project=default&token={KEY}&data={quote(text)}&ext={quote(f'crc={checksum(text.encode())}')}"
    status, headers, body = ask(door, "GET", path)
    assert (status, headers["content-type"], body[:6]) == (200, "image/gif", b"GIF89a")
    assert json.loads(door.requests()[before].body)["note"] == "???>>>"
    assert code(ask(door, "GET", path.replace("crc%3D", "crc%3D1"))) == (400, "crc_mismatch")
    assert code(ask(door, "GET", f"/sa.gif?token={KEY}")) == (400, "no_data")
    assert code(ask(door, "GET", f"/sa.gif?token={KEY}&data=%21%21")) == (400, "bad_base64")


def test_preflight_and_origins(tmp_path: Path) -> None:
    with running_door(
        tmp_path, limits=settings.Door(cors_origins="https://shop.example, https://b.example")
    ) as door:
        status, headers, _ = ask(door, "OPTIONS", "/v1/batch", headers={"Origin": "https://shop.example"})
        assert status == 204
        assert headers["access-control-allow-origin"] == "https://shop.example"
        assert "Authorization" in headers["access-control-allow-headers"]
        stranger = BASIC | {"Origin": "https://evil.example"}
        answer = ask(door, "POST", "/v1/batch", batch(EVENT), stranger)
        assert code(answer) == (403, "origin_not_allowed")
        assert "access-control-allow-origin" not in answer[1]
        assert door.requests() == []


def test_blocked_people_are_left_out_and_their_neighbours_kept(tmp_path: Path) -> None:
    blocked = BlockedSet({("user", "gone"), ("anonymous", "gone-too")})
    with running_door(tmp_path, blocked=blocked) as door:
        events = [EVENT, EVENT | {"userId": "gone"}, EVENT | {"userId": None, "anonymousId": "gone-too"}]
        assert ask(door, "POST", "/v1/batch", batch(*events), BASIC)[0] == 200
        assert ask(door, "POST", "/v1/track", json.dumps(events[1]), BASIC)[0] == 200
        one = SENSORS | {"distinct_id": "gone"}
        form = urlencode({"data_list": encoded([SENSORS, one])})
        assert ask(door, "POST", f"/sa?token={KEY}", form)[0] == 200
        stored = door.requests()
        assert len(stored) == 2
        assert b"gone" not in b"".join(r.body for r in stored)
        assert json.loads(stored[0].body)["sentAt"] == "2026-01-01T00:00:00Z"
        assert len(door.decoded()[0]) == 2


COMING_BACK: list[tuple[str, dict[str, object], bool]] = [
    ("segment", {"type": "track", "event": "Signed Up", "userId": "gone"}, True),
    ("segment", {"type": "track", "event": "Signed Up", "userId": "no"}, False),
    ("segment", {"type": "track", "event": "Signed Up", "userId": "gone", "anonymousId": "no"}, False),
    ("segment", {"type": "track", "event": "Seen", "userId": "gone"}, False),
    ("segment", {"type": "track", "event": "Seen", "userId": "new", "anonymousId": "gone"}, True),
    ("segment", {"type": "track", "event": "Seen", "userId": "gone", "anonymousId": "new"}, False),
    ("segment", {"type": "identify", "userId": "gone", "traits": {"createdAt": "2030-01-01"}}, True),
    ("segment", {"type": "identify", "userId": "gone", "traits": {"city": "x"}}, False),
    ("sensors", {"type": "track", "event": "SignedUp", "distinct_id": "gone"}, True),
    ("sensors", {"type": "profile_set", "distinct_id": "gone", "properties": {"registered_at": "2030-01-01"}}, True),
    ("sensors", {"type": "track", "event": "x", "distinct_id": "gone", "properties": {"registered_at": "2030-01-01"}}, False),
    ("sensors", {"type": "track_signup", "event": "x", "distinct_id": "new", "original_id": "gone"}, True),
    ("sensors", {"type": "track_signup", "event": "x", "distinct_id": "gone", "original_id": "new"}, False),
    ("sensors", {"type": "track", "event": "x", "identities": {"$identity_login_id": "gone"}}, False),
    ("posthog", {"event": "Signed Up", "distinct_id": "gone"}, True),
    ("posthog", {"event": "$identify", "distinct_id": "new", "properties": {"$anon_distinct_id": "gone"}}, True),
    ("posthog", {"event": "x", "distinct_id": "gone", "properties": {"$user_id": "new"}}, True),
    ("posthog", {"event": "$set", "distinct_id": "gone", "$set": {"created_at": "2030-01-01"}}, True),
    ("posthog", {"event": "Signed Up", "distinct_id": "no", "$set": {"created_at": "2030-01-01"}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("protocol", "event", "passes"), COMING_BACK)
def test_whoever_was_erased_may_register_anew_and_whoever_refuses_may_not(
    protocol: str, event: dict[str, object], passes: bool
) -> None:
    class Some(BlockedSet):
        def refuses(self, kind: IdentifierKind, value: str) -> bool:
            return self.blocks(kind, value) and value == "no"

    blocked = Some({(kind, name) for kind in ("user", "anonymous") for name in ("gone", "no")})
    assert bool(kept([json.dumps(event).encode()], blocked, protocol)) is passes


def test_a_poisoned_event_does_not_take_its_neighbours_along(door: RunningDoor) -> None:
    before, worse = (len(part) for part in door.decoded())
    raw = batch(EVENT, "POISON", EVENT).replace(
        b'"POISON"', b'{"type":"track","event":"x","userId":"u","properties":{"n":NaN}}'
    )
    assert ask(door, "POST", "/v1/batch", raw, BASIC)[0] == 200
    events, bad = door.decoded()
    assert len(events) == before + 2
    assert [row.code for row in bad[worse:]] == ["not_a_number"]


def test_disk_full_is_refused_and_the_door_goes_on_when_it_is_free_again(tmp_path: Path) -> None:
    full = [False]

    def write(descriptor: int, data: bytes) -> int:
        if full[0]:
            os.write(descriptor, data[: len(data) // 2])
            raise OSError(28, "No space left on device")
        return os.write(descriptor, data)

    with running_door(tmp_path, disk=Disk(write=write)) as door:
        assert ask(door, "POST", "/v1/batch", batch(EVENT), BASIC)[0] == 200
        full[0] = True
        for _ in range(3):
            answer = ask(door, "POST", "/v1/batch", batch(EVENT | {"messageId": "refused"}), BASIC)
            assert code(answer) == (503, "log_unavailable")
            assert answer[1]["retry-after"] == "5"
        full[0] = False
        assert ask(door, "POST", "/v1/batch", batch(EVENT | {"messageId": "m2"}), BASIC)[0] == 200
        assert [e.event_id for e in door.decoded()[0]] == ["m1", "m2"]
