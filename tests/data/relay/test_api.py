"""Relays over HTTP: set up, test, switch, numbers; the key never comes back."""

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.data.relay.test_jobs import Vendor, vendor  # noqa: F401  a fixture
from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import fresh_app
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.trust.audit import service as audit


def member(wt: App, role: str) -> str:
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name=role, email=f"{role}@example.com", role=role)
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    return f"{role}@example.com"


def test_a_relay_over_http(tmp_path: Path, vendor: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setenv("WEAKTIE_OUTBOUND_ALLOW", "127.0.0.0/8")
    with (
        fresh_app(tmp_path) as wt,
        TestClient(make_api(wt), base_url=ORIGIN, raise_server_exceptions=False) as http,
        TestClient(make_api(wt), base_url=ORIGIN, raise_server_exceptions=False) as other,
    ):
        browser, analyst = Browser(http), Browser(other)
        browser.sign_in(member(wt, "developer"))
        analyst.sign_in(member(wt, "analyst"))
        wanted = {"source_id": "default", "kind": "sensors", "url": vendor.url + "/sa?project=p&token=s3cret"}
        assert analyst.send("POST", "/api/relays", wanted).status_code == 403
        made = browser.send("POST", "/api/relays", wanted)
        assert made.status_code == 201, made.text
        body = made.json()
        assert (body["has_key"], body["enabled"], body["waiting"]) == (True, False, 0)
        assert browser.send("POST", "/api/relays", wanted).json()["error"]["code"] == "relay_exists"
        at = f"/api/relays/{body['relay_id']}"
        tested = browser.send("POST", f"{at}/test").json()
        assert (tested["status"], tested["fine"], tested["answer"]) == (200, True, "ok")
        path, headers, _ = vendor.taken[0]
        assert path == "/debug?project=p&token=s3cret"
        assert headers["Dry-Run"] == "true"
        assert browser.send("PATCH", at, {"enabled": True}).json()["enabled"] is True
        setup = {"kind": "segment", "url": vendor.url, "key": "another"}
        assert browser.send("PATCH", at, {"setup": setup}).json()["kind"] == "segment"
        assert browser.send("PATCH", at, {"setup": {**setup, "url": "http://10.0.0.1"}}).status_code == 400
        noted = browser.send(
            "POST", f"{at}/vendor-numbers", {"csv": 'date,event,count\n2026-09-21,A,"1,200"\n'}
        )
        assert noted.json() == {"rows": 1}
        wrong = browser.send("POST", f"{at}/vendor-numbers", {"csv": "2026-09-21,A\n"}).json()["error"]
        assert (wrong["code"], wrong["place"]) == ("bad_vendor_rows", "line 1")
        rows = analyst.send("GET", f"{at}/parity?from=2026-09-01&to=2026-09-30").json()["rows"]
        assert [(r["event"], r["vendor"], r["difference"], r["within"]) for r in rows] == [
            ("A", 1200, None, False)
        ]
        told = analyst.send("GET", "/api/relays").text + made.text
        with wt.database.connect() as connection:
            chain = "".join(audit.export(connection))
        assert "s3cret" not in told
        assert "another" not in told
        assert "s3cret" not in chain
        assert "another" not in chain
        assert {"relay.create", "relay.test", "relay.change", "relay.vendor_numbers"} <= set(
            chain.replace('"', "").split(",")
        )
        assert browser.send("DELETE", at).status_code == 204
        assert browser.send("GET", "/api/relays").json() == []
