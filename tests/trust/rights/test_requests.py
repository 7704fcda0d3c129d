"""The queue of rights, end to end over the real parts: see, copy, correct, erase, and coming back as somebody new."""

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import bring_in, fresh_app, put, stored, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.imports.contracts import ImportSpec, Kind
from weaktie.kit.clock import DAY_US, FixedClock, to_datetime
from weaktie.trust.audit import service as audit
from weaktie.trust.rights.logic import due_instant
from weaktie.trust.rights.service import sweep

USER, PHONE, NICK = "u-rights", "19955551234", "金丝雀五五一二"
WISH = "金丝雀改名请求九九"


@dataclass
class Office:
    """The parts and a compliance officer's browser."""

    wt: App
    officer: Browser
    phone: TestClient

    @property
    def clock(self) -> FixedClock:
        assert isinstance(self.wt.clock, FixedClock)
        return self.wt.clock

    def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.officer.send(method, path, body)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return answer.json() if answer.headers["content-type"].startswith("application/json") else answer

    def take_in(self, kind: str, user: str = USER, text: str = "", *, verified: bool = True) -> str:
        body = {"user_id": user, "kind": kind, "text": text} | (
            {"verified_how": "called back"} if verified else {}
        )
        return str(self.call("POST", "/api/rights-requests", body, 201)["request_id"])

    def steps(self, request_id: str) -> list[str]:
        return [s["action"] for s in self.call("GET", f"/api/rights-requests/{request_id}")["steps"]]

    def profile(self, user: str = USER) -> Any:
        self.clock.move(2)
        return self.call("GET", f"/api/profiles/{user}")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with fresh_app(tmp_path) as wt:
        order = {
            "order_id": "o1",
            "total": 99,
            "currency": "CNY",
            "products": [{"product_id": "p", "price": 99}],
        }
        traits = {"phone": PHONE, "nickname": NICK, "city": "杭州"}
        put(
            wt,
            track(1, None, anonymous="a-rights"),
            track(2, USER, type="identify", event=None, traits=traits, anonymousId="a-rights"),
            track(3, USER, event="Order Completed", properties=order),
            track(4, "other"),
        )
        bring_in(wt)
        build_once(wt, lambda *_: None)
        with wt.database.begin() as tx:
            _, token = wt.accounts.invite(tx, name="c", email="c@example.com", role="compliance")
        hashed = wt.accounts.hash_password(PASSWORD)
        with wt.database.begin() as tx:
            wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        api = make_api(wt)
        with TestClient(api, base_url=ORIGIN) as console, TestClient(api, base_url=ORIGIN) as phone:
            browser = Browser(console)
            assert browser.sign_in("c@example.com").status_code == 200
            yield Office(wt, browser, phone)


def test_every_owner_of_peoples_data_erases_and_exports(office: Office) -> None:
    rights = office.wt.rights
    assert {e.name for e in rights.erasers} == {e.name for e in rights.exporters}
    assert len(rights.exporters) >= 7


OWNERS = {
    "vault", "consent", "rights", "profiles", "collect", "imports", "webhooks", "quality", "segments", "tags", "identity",
    "graph", "influence", "flags", "risk", "ledger", "loyalty", "referral",
}  # fmt: skip


def test_see_and_copy(office: Office) -> None:
    request_id = office.take_in("see", verified=False)
    refused = office.call("POST", f"/api/rights-requests/{request_id}/data", status=409)
    assert refused["error"]["code"] == "not_verified"
    office.call("POST", f"/api/rights-requests/{request_id}/verify", {"note": "id card at the counter"})
    data = office.call("POST", f"/api/rights-requests/{request_id}/data")["data"]
    assert set(data) == OWNERS
    assert {(v["field"], v["value"]) for v in data["vault"]["values"]} >= {
        ("phone", PHONE),
        ("nickname", NICK),
    }
    assert {r["event_id"] for r in data["collect"]["events"]} == {"m1", "m2", "m3"}
    assert [r["order_id"] for r in data["collect"]["orders"]] == ["o1"]
    assert data["profiles"]["published"][0]["tags"]["city"] == "杭州"
    assert data["rights"]["rights_requests"][0]["request_id"] == request_id

    ticket = office.call("POST", f"/api/rights-requests/{request_id}/copy")
    packed = office.call("GET", ticket["path"])
    assert packed.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert set(archive.namelist()) == {"data.json", "index.zh.html", "index.en.html"}
        whole = json.loads(archive.read("data.json"))
        assert PHONE in json.dumps(whole, ensure_ascii=False)
        assert "我的个人信息副本" in archive.read("index.zh.html").decode()
        assert NICK in archive.read("index.en.html").decode()
    assert office.call("GET", ticket["path"], status=404)["error"]["code"] == "copy_gone", "once"
    late = office.call("POST", f"/api/rights-requests/{request_id}/copy")
    office.clock.move(3600 * 11)
    with office.wt.database.begin() as tx:
        office.clock.at_us += DAY_US
        with pytest.raises(Exception, match="copy_gone"):
            office.wt.rights.copies.take(tx, late["path"].rpartition("/")[2])
    office.clock.at_us -= DAY_US
    assert PHONE.encode() not in b"".join(
        p.read_bytes() for p in office.wt.settings.home.rglob("*") if p.is_file() and "log" not in str(p)
    ), "no copy lies anywhere"
    office.call("POST", f"/api/rights-requests/{request_id}/done", {"note": "handed over"})
    assert office.steps(request_id) == ["received", "verify", "look", "copy", "download", "copy", "answer"]
    proof = office.call("GET", f"/api/rights-requests/{request_id}/proof")
    assert proof["sound"]
    assert proof["document"]["in_time"]
    assert proof["hash"] in office.call("GET", f"/api/rights-requests/{request_id}/proof.html").text


def test_a_correction_holds_against_imports_and_events(office: Office, tmp_path: Path) -> None:
    wt = office.wt
    request_id = office.take_in("correct", text=WISH)
    assert office.call("GET", f"/api/rights-requests/{request_id}")["said"] == WISH
    path = f"/api/rights-requests/{request_id}/correct"
    for field, value in (("nickname", "新名字"), ("city", "成都"), ("phone", "13900001111")):
        office.call("POST", path, {"field": field, "value": value})
    assert office.call("POST", path, {"field": "spend", "value": "1"}, 400)["error"]["code"] == "bad_field"

    def holds() -> None:
        found = office.profile()
        tags = {t["key"]: t["value"] for t in found["tags"]}
        assert tags["city"] == "成都"
        assert found["names"]["phone"].startswith("139")
        names = office.call("POST", f"/api/profiles/{USER}/reveal", {"reason": "a check"})
        assert (names["nickname"], names["phone"]) == ("新名字", "13900001111")
        with wt.database.connect() as connection:
            alias = wt.identity.find(connection, "13900001111")
            assert alias is not None
            assert wt.identity.find(connection, USER) in wt.identity.component(connection, alias)
            old = wt.identity.find(connection, PHONE)
            assert old is None or wt.identity.find(connection, USER) not in wt.identity.component(
                connection, old
            )

    holds()
    office.clock.move(3600)
    traits = {"phone": PHONE, "nickname": NICK, "city": "杭州"}
    put(wt, track(30, USER, type="identify", event=None, traits=traits, at_us=office.clock.now_us()))
    bring_in(wt)
    file = tmp_path / "users.csv"
    file.write_text(f"user_id,nickname,phone\n{USER},{NICK},{PHONE}\n", "utf-8")
    wt.importer.import_file(ImportSpec(path=file, kind="users"), actor="test", progress=lambda *_: None)
    build_once(wt, lambda *_: None)
    holds()
    assert wt.arrivals.totals()["held_by_correction"] == 2, "kept out, and counted"
    office.call("POST", path, {"field": "city", "value": "重庆"})
    assert {t["key"]: t["value"] for t in office.profile()["tags"]}["city"] == "重庆", (
        "a newer statement of the person"
    )
    data = office.call("POST", f"/api/rights-requests/{request_id}/data")["data"]
    sealed = {v["value"] for v in data["vault"]["values"] if v["field"].startswith("cor_")}
    assert sealed >= {NICK, "新名字", "成都", "重庆"}, "before and after are kept, sealed"
    plain = sweep(wt.settings.home, [WISH.encode(), "新名字".encode()], log=wt.log, database=wt.database)
    assert plain == []


def test_erase_by_request(office: Office) -> None:
    wt = office.wt
    request_id = office.take_in("erase", text=WISH)
    other = office.take_in("see")
    twice = {"user_id": "a-rights", "kind": "erase", "text": ""}
    assert office.call("POST", "/api/rights-requests", twice, 409)["error"]["code"] == "already_asked"
    by_hand = office.call("POST", f"/api/rights-requests/{request_id}/done", {"note": "x"}, 409)
    assert by_hand["error"]["code"] == "erase_first"
    office.call("POST", f"/api/rights-requests/{request_id}/erase", {"confirm": "wrong"}, 400)
    office.call("POST", f"/api/rights-requests/{request_id}/erase", {"confirm": request_id}, 202)
    found = office.call("GET", f"/api/rights-requests/{request_id}")
    assert (found["state"], found["said"]) == ("done", "")
    assert wt.rights.verify(found["erasure_id"])
    besides = office.call("GET", f"/api/rights-requests/{other}")
    assert (besides["state"], besides["erasure_id"]) == ("done", found["erasure_id"]), (
        "nobody is left to answer"
    )
    assert office.call("GET", f"/api/rights-requests/{request_id}/proof")["sound"]
    wt.database.settle()
    needles = [USER, PHONE, NICK, WISH]
    hits = sweep(wt.settings.home, [n.encode() for n in needles], database=wt.database)
    assert [h for h in hits if not h.store.startswith("log")] == []


def register(office: Office) -> tuple[int, int]:
    """Somebody who was erased registers anew; returns an instant before the erasure and that of registering."""
    wt = office.wt
    old_us, now_us = office.clock.now_us() - 7200 * 1_000_000, office.clock.now_us()
    put(
        wt,
        track(42, USER, event="Signed Up", at_us=now_us),
        track(43, USER, at_us=now_us + 1),
        track(44, USER, at_us=old_us),
    )
    assert bring_in(wt).stored == 2
    wt.blocked.refresh()
    return old_us, now_us


def test_whoever_was_erased_stays_away_until_they_register_anew(office: Office) -> None:
    wt = office.wt
    with wt.database.connect() as connection:
        alias = wt.identity.find(connection, USER)
    wt.rights.erase(USER, reason="test", actor="test")
    office.clock.move(3600)
    old_us, now_us = office.clock.now_us() - 7200 * 1_000_000, office.clock.now_us()
    put(wt, track(40, USER, at_us=old_us), track(41, USER, at_us=now_us))
    assert bring_in(wt).stored == 0, "neither a late copy nor going on as before"
    wt.blocked.refresh()
    assert wt.blocked.blocks("user", USER)
    register(office)
    assert not wt.blocked.blocks("user", USER), "the door keeps the new person's events"
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, USER) not in (None, alias)
    build_once(wt, lambda *_: None)
    fresh = office.profile()
    assert fresh["counts"] == {"events": 2, "orders": 0}
    assert fresh["names"]["phone"] is None


def test_no_file_brings_back_what_was_before_an_erasure(office: Office, tmp_path: Path) -> None:
    wt = office.wt
    wt.rights.erase(USER, reason="test", actor="test")
    office.clock.move(3600)
    old_us, now_us = register(office)

    def load(name: str, text: str, kind: Kind) -> None:
        (tmp_path / name).write_text(text, "utf-8")
        spec = ImportSpec(path=tmp_path / name, kind=kind)
        wt.importer.import_file(spec, actor="test", progress=lambda *_: None)

    sale = "2025-01-01 10:00:00,5,CNY\n"
    load("old.csv", f"order_id,user_id,paid_time,amount,currency\nold1,{USER},{sale}", "orders")
    load("phones.csv", f"order_id,phone,paid_time,amount,currency\nold2,{PHONE},{sale}", "orders")
    buyers = {r["order_id"]: r["alias_no"] for r in stored(wt, "orders") if r["order_id"] != "o1"}
    assert buyers == {"old1": None, "old2": None}, "sales without their buyer"
    with wt.database.connect() as connection:
        assert wt.identity.find(connection, PHONE) is None, "an old sale brings no number back"
    calls = [track(50, USER, at_us=old_us), track(51, USER, at_us=now_us + 2)]
    calls.append(track(52, None, anonymous="a-rights", at_us=now_us))
    load("calls.jsonl", "".join(json.dumps(c) + "\n" for c in calls), "events")
    ids = {r["event_id"] for r in stored(wt)}
    assert ids & {"m50", "m51", "m52"} == {"m51"}, "only what came after registering anew"


def test_queue_deadlines_and_order(office: Office) -> None:
    first = office.take_in("explain", "other", verified=False)
    office.clock.move(60)
    second = office.take_in("see")
    page = office.call("GET", "/api/rights-requests?limit=1")
    assert [r["request_id"] for r in page["items"]] == [first]
    rest = office.call("GET", f"/api/rights-requests?limit=1&cursor={page['next_cursor']}")
    assert [r["request_id"] for r in rest["items"]] == [second]
    assert page["total"] == 2
    assert [r["request_id"] for r in office.call("GET", "/api/rights-requests?search=a-rights")["items"]] == [
        second
    ]
    assert [
        r["request_id"] for r in office.call("GET", f"/api/rights-requests?search={first[-8:]}")["items"]
    ] == [first]
    assert office.call("GET", "/api/rights-requests?kind=see&state=verified")["total"] == 1
    office.call("POST", f"/api/rights-requests/{first}/refuse", {"note": "not the account's owner"})
    assert (
        office.call("POST", f"/api/rights-requests/{first}/verify", {"note": "x"}, 409)["error"]["code"]
        == "bad_step"
    )
    office.clock.at_us += 30 * DAY_US
    with office.wt.database.connect() as connection:
        states, late = office.wt.requests.counts(connection)
    assert (states, late) == ({"refused": 1, "verified": 1}, 1)


@pytest.mark.parametrize(
    ("asked", "policy", "days", "due"),
    [
        ("2026-11-02T03:00", "pipl", 15, "2026-11-23"),  # Monday + 15 working days
        ("2026-11-06T03:00", "pipl", 1, "2026-11-09"),  # Friday: the next is Monday
        ("2026-11-06T17:00", "pipl", 1, "2026-11-09"),  # already Saturday in Shanghai
        ("2026-11-02T03:00", "gdpr", 15, "2026-12-02"),
    ],
)
def test_when_an_answer_is_due(asked: str, policy: str, days: int, due: str) -> None:
    from datetime import UTC, datetime

    zone = ZoneInfo("Asia/Shanghai")
    at_us = int(datetime.fromisoformat(asked).replace(tzinfo=UTC).timestamp()) * 1_000_000
    assert to_datetime(due_instant(at_us, policy, days, zone)).astimezone(zone).date().isoformat() == due


def test_a_person_asks_on_their_page_and_the_audit_names_nobody(
    office: Office, capfd: pytest.CaptureFixture[str]
) -> None:
    wt = office.wt
    link = office.call("POST", "/api/consent/links", {"user_id": USER})
    token = link["path"].rpartition("/")[2]
    body = {"token": token, "do": "ask", "kind": "correct", "text": WISH}
    assert office.phone.post("/consent/v1/mine", json=body, headers={"Origin": ORIGIN}).status_code == 400
    done = office.phone.post("/consent/v1/mine", json=body | {"confirm": True}, headers={"Origin": ORIGIN})
    assert done.status_code == 200, done.text
    found = office.call("GET", f"/api/rights-requests/{done.json()['request_id']}")
    assert (found["channel"], found["state"], found["said"]) == ("page", "verified", WISH)
    assert found["request_id"] in office.phone.get(link["path"]).text
    with wt.database.connect() as connection:
        lines = "".join(audit.export(connection))
    logged = lines + "".join(capfd.readouterr())
    for canary in (USER, PHONE, NICK, WISH, token):
        assert canary not in logged
