"""A kept request goes out as its protocol wants it, and never with our key."""

import base64
import gzip
import json
import random
from urllib.parse import parse_qs

import pytest

from weaktie.data.collect.bodies import form_fields, sensors_json
from weaktie.data.collect.contracts import RawRequest
from weaktie.data.relay.contracts import BadRelay
from weaktie.data.relay.logic import checked_url, is_retried, items_of, outgoing, token_in, wait_s, with_items

NOW = 1_790_000_000_000_000


def raw(protocol: str, endpoint: str, body: bytes, received_us: int = NOW) -> RawRequest:
    return RawRequest(protocol, endpoint, "default", 15, received_us, body, "agent/1")


def test_a_request_on_time_goes_out_byte_by_byte() -> None:
    body = b'{ "batch":[{"type":"track","event":"A" }] , "sentAt":"2026-09-21T14:13:20.000Z"}'
    request = raw("segment", "/v1/batch", body)
    sent = outgoing(request, body, "segment", "https://old.example", "theirs", NOW)
    assert (sent.url, sent.body) == ("https://old.example/v1/batch", body)
    assert sent.headers["Authorization"] == "Basic " + base64.b64encode(b"theirs:").decode()
    assert sent.headers["User-Agent"] == "agent/1"
    assert not any("forwarded" in name.lower() for name in sent.headers)


def test_our_key_stays_here_wherever_it_stands() -> None:
    body = b'{"writeKey":"wkw_ours","batch":[{"event":"A","writeKey":"wkw_ours"},{"event":"B"}],"n":1.50}'
    sent = outgoing(raw("segment", "/v1/batch", body), body, "segment", "https://old.example", "theirs", NOW)
    assert b"wkw_ours" not in sent.body
    assert b"1.50" in sent.body, "what is not a key stays as it was written"
    items = b'[{"event":"A","token":"wkw_ours"}]'
    sensors = outgoing(
        raw("sensors", "/sa", items), items, "sensors", "https://s.example/sa?project=p", "tok", NOW
    )
    form = parse_qs(sensors.body.decode())
    plain = gzip.decompress(base64.b64decode(form["data_list"][0]))
    assert json.loads(plain) == [{"event": "A", "token": "tok"}]
    assert form["gzip"] == ["1"]
    assert sensors.url == "https://s.example/sa?project=p&token=tok"
    hog = b'{"api_key":"wkw_ours","batch":[{"event":"A","properties":{"token":"wkw_ours","x":1}}]}'
    out = outgoing(raw("posthog", "/batch/", hog), hog, "posthog", "https://p.example", "phc", NOW)
    assert b"wkw_ours" not in out.body
    assert out.url == "https://p.example/batch/"


def test_one_event_of_sensors_is_data_and_many_are_data_list() -> None:
    one = b'{"event":"A"}'
    sent = outgoing(raw("sensors", "/sa", one), one, "sensors", "https://s.example/sa", "", NOW)
    assert gzip.decompress(base64.b64decode(parse_qs(sent.body.decode())["data"][0])) == one


@pytest.mark.parametrize(
    "body", [b'{"event":"A","properties":{"n":"\xe5\xbc\xb1+/="}}', b'[{"event":"A"},{"event":"B"}]']
)
def test_our_own_door_reads_what_a_relay_sends(body: bytes) -> None:
    sent = outgoing(raw("sensors", "/sa", body), body, "sensors", "https://s.example/sa", "", NOW)
    assert sensors_json(form_fields(sent.body), 1 << 20) == body


def test_a_request_that_waited_is_not_read_as_a_late_clock() -> None:
    body = b'{"batch":[],"sentAt":"2026-09-21T10:00:00.250Z"}'
    sent = outgoing(
        raw("segment", "/v1/batch", body), body, "segment", "https://o.example", "k", NOW + 90_000_000
    )
    assert json.loads(sent.body)["sentAt"] == "2026-09-21T10:01:30.250Z"


def test_events_are_taken_out_and_the_rest_stays() -> None:
    request = raw("segment", "/v1/batch", b'{"batch":[{"a":1},{"a":2},{"a":3}],"sentAt":"x","z":[1]}')
    assert items_of(request) == [b'{"a":1}', b'{"a":2}', b'{"a":3}']
    assert json.loads(with_items(request, [b'{"a":2}'])) == {"batch": [{"a": 2}], "sentAt": "x", "z": [1]}
    assert items_of(raw("segment", "/v1/batch", b"no json")) == [b"no json"]


@pytest.mark.parametrize(("asked", "least"), [(None, 0.5), ("30", 30.0), ("999999", 3600.0), ("soon", 0.5)])
def test_waiting_grows_and_honours_what_is_asked(asked: str | None, least: float) -> None:
    chance = random.Random(1)
    waits = [wait_s(tries, asked, chance) for tries in range(12)]
    assert min(waits) >= least
    assert max(waits) <= max(60.0, least)
    assert wait_s(9, None, chance) >= 30.0


def test_what_is_the_set_ups_fault_waits_and_a_refusal_does_not() -> None:
    assert all(is_retried(s) for s in (301, 401, 403, 404, 408, 429, 500, 503))
    assert not any(is_retried(s) for s in (200, 400, 413, 422))


def test_addresses_are_kept_without_secrets() -> None:
    assert checked_url("segment", "https://dp.example/v1/batch") == "https://dp.example"
    assert (
        checked_url("sensors", "https://s.example/sa?project=p&token=t") == "https://s.example/sa?project=p"
    )
    assert token_in("https://s.example/sa?project=p&token=t") == "t"
    for wrong in ("ftp://x", "nothing", "https://me:pw@x"):
        with pytest.raises(BadRelay):
            checked_url("segment", wrong)
