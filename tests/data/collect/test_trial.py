"""Trying events over HTTP, and the settings for Segment's browser SDK: nothing is stored by either."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import bring_in, fresh_app, track
from weaktie.app.http import make_api
from weaktie.app.wiring import App


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


@pytest.fixture
def browser(wt: App) -> Iterator[Browser]:
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name="dev", email="dev@example.com", role="developer")
        wt.accounts.use_invitation(tx, token, name=None, password_hash=wt.accounts.hash_password(PASSWORD))
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        signed_in = Browser(client)
        assert signed_in.sign_in("dev@example.com").status_code == 200
        yield signed_in


def tried(browser: Browser, protocol: str, given: Any) -> list[dict[str, Any]]:
    text = given if isinstance(given, str) else json.dumps(given)
    answer = browser.send("POST", f"/api/collect/validate?protocol={protocol}", {"text": text})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


ORDER = {"order_id": "o1", "total": 59.9, "products": [{"product_id": "p1", "quantity": 2, "price": 29.95}]}


def test_each_event_is_shown_as_it_would_be_stored_or_with_its_fault(wt: App, browser: Browser) -> None:
    good = track(1, "u1", event="Order Completed", properties=ORDER)
    bad = track(2, "u1", event="Order Completed", properties={"total": 5})
    said = {"type": "identify", "userId": "u1", "traits": {"phone": "13800000000", "city": "杭州"}}
    paid, faulty, person = tried(browser, "segment", {"batch": [good, bad, said]})
    assert (paid["ok"], paid["event_id"], paid["identifiers"]) == (
        True,
        "m1",
        [{"kind": "user", "value": "u1"}],
    )
    (order,) = paid["rows"]["orders"]
    assert (order["amount_minor"], order["currency"], order["items"]) == (5990, "CNY", 1)
    assert paid["rows"]["order_items"][0]["quantity"] == 2
    assert (faulty["ok"], faulty["code"], faulty["place"]) == (False, "no_order_id", "properties.order_id")
    assert faulty["message"]["zh"]
    assert faulty["message"]["en"]
    assert person["personal"] == ["phone"]
    assert person["rows"]["users"][0]["city"] == "杭州"
    assert "13800000000" not in json.dumps(person["rows"])
    assert not bring_in(wt).requests_read


def test_every_protocol_is_taken_as_one_event_and_as_a_list(browser: Browser) -> None:
    segment = track(1)
    sensors = {
        "type": "track",
        "event": "ViewProduct",
        "distinct_id": "a1",
        "time": 1767225600000,
        "properties": {},
    }
    posthog = {"event": "$pageview", "distinct_id": "u1", "uuid": "x"}
    for protocol, event in (("segment", segment), ("sensors", sensors), ("posthog", posthog)):
        assert [one["ok"] for one in tried(browser, protocol, event)] == [True]
        assert [one["ok"] for one in tried(browser, protocol, [event, event])] == [True, True]
    poisoned = (
        '{"batch":[{"type":"track","event":"x","userId":"u","properties":{"n":NaN}},'
        + json.dumps(segment)
        + "]}"
    )
    assert [one["code"] for one in tried(browser, "segment", poisoned)] == ["not_a_number", None]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"batch":', "not_json"),
        ('{"batch":7}', "no_batch"),
        ('{"a":"' + "x" * 40_000 + '"}', "event_too_large"),
    ],
)
def test_what_is_no_request_is_refused(browser: Browser, text: str, code: str) -> None:
    answer = browser.send("POST", "/api/collect/validate?protocol=segment", {"text": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


def test_the_settings_of_segments_browser_sdk_name_this_server(wt: App, browser: Browser) -> None:
    key = wt.create_key("write", "web", source_id=None, actor="test")
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        answer = client.get(f"/v1/projects/{key}/settings", headers={"Origin": "https://shop.example"})
        assert answer.json()["integrations"]["Segment.io"] | {"versionSettings": None} == {
            "apiKey": key, "apiHost": "testserver/v1", "protocol": "http", "versionSettings": None,
        }  # fmt: skip
        assert answer.headers["access-control-allow-origin"] == "*"
        refused = client.get("/v1/projects/wkw_wrong/settings")
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "bad_key")
