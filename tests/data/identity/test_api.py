"""The routes of identity over real calls: what came in, why it is one person, undo and its undo, the queue, open orders."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import bring_in, fresh_app, put, track
from weaktie.app.cli_data import build_once
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.data.imports.contracts import ImportSpec

PHONE, OTHER = "13912345670", "13912345671"


@pytest.fixture
def wt(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


@pytest.fixture
def owner(wt: App) -> Iterator[Browser]:
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        yield signed_in(wt, client, "operator")


def signed_in(wt: App, client: TestClient, role: str) -> Browser:
    email = f"{role}@example.com"
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name=f"The {role}", email=email, role=role)
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    browser = Browser(client)
    assert browser.sign_in(email).status_code == 200
    return browser


def identify(number: int, user: str, **traits: Any) -> dict[str, Any]:
    return track(number, user, type="identify", traits=traits)


def order(number: int, user: str | None, **more: Any) -> dict[str, Any]:
    properties = {"order_id": f"o{number}", "total": 10 * number, "currency": "CNY"}
    return track(number, user, event="Order Completed", properties=properties, **more)


def test_a_person_explains_itself_and_a_link_is_undone_and_done_again(wt: App, owner: Browser) -> None:
    put(
        wt,
        identify(1, "u1", phone=f"+86 {PHONE}", name="张三"),
        track(2, "u1", anonymous="cookie-1"),
        track(3, None, anonymous="cookie-1", context={"externalIds": [{"type": "unionid", "id": "oUNION1"}]}),
        track(4, "u1", context={"externalIds": [{"type": "openid", "id": "oA1", "app_id": "wx1"}]}),
    )
    bring_in(wt)
    build_once(wt, lambda _share, _step: None)
    why = owner.send("GET", "/api/profiles/u1/identity").json()
    shown = {i["kind"]: i["value"] for i in why["identifiers"]}
    assert shown == {
        "user": "u1", "phone": "139******70", "anonymous": "cookie-1", "unionid": "oUNION1", "openid": "wx1/oA1",
    }  # fmt: skip
    number = {i["kind"]: i["alias_no"] for i in why["identifiers"]}
    assert all(link["state"] == "holds" and link["evidence"][0]["source_id"] for link in why["links"])
    chains = {chain["alias_no"]: chain["through"] for chain in why["chains"]}
    assert chains[number["unionid"]] == [number["user"], number["anonymous"], number["unionid"]]

    body = {"a": number["user"], "b": number["anonymous"], "reason": "a shared tablet"}
    after = owner.send("POST", "/api/identity/links/undo", body).json()
    assert sorted(after["b_person"]) == sorted([number["anonymous"], number["unionid"]])
    assert after["decision"]["actor_name"] == "The operator"
    assert owner.send("POST", "/api/identity/links/undo", body).json()["error"]["code"] == "link_undone"
    kinds = {a["kind"] for a in owner.send("GET", "/api/profiles/u1").json()["aliases"]}
    assert kinds == {"user", "phone", "openid"}, "lookups see it at once"
    other = owner.send("GET", "/api/profiles/oUNION1").json()
    assert {a["kind"] for a in other["aliases"]} == {"unionid", "anonymous"}
    assert other["tags"] == [], "what was published belongs to the one who was parted from"
    result = build_once(wt, lambda _share, _step: None)
    assert result["unchanged"] is False
    wt.clock.move(5)  # type: ignore[attr-defined]
    assert owner.send("GET", "/api/profiles/oUNION1").json()["generation"] == result["generation"]

    again = owner.send("GET", "/api/profiles/u1/identity").json()
    undone = next(link for link in again["links"] if link["b"] == number["anonymous"])
    assert (undone["state"], undone["decision"]["reason"]) == ("undone", "a shared tablet")
    assert [i["kind"] for i in again["beside"]] == ["anonymous"]
    assert owner.send("POST", "/api/identity/links/redo", body).status_code == 200
    kinds = {a["kind"] for a in owner.send("GET", "/api/profiles/oUNION1").json()["aliases"]}
    assert "user" in kinds
    acts = [a["action"] for a in owner_audit(wt, owner)]
    assert [a for a in acts if a.startswith("identity")] == ["identity_link_redone", "identity_link_undone"]


def owner_audit(wt: App, browser: Browser) -> list[dict[str, str]]:
    with TestClient(browser.client.app, base_url=ORIGIN) as client:
        found: list[dict[str, str]] = (
            signed_in(wt, client, "compliance").send("GET", "/api/audit").json()["items"]
        )
    return found


def test_one_phone_with_two_names_is_answered_in_the_queue(wt: App, owner: Browser) -> None:
    put(
        wt,
        identify(1, "u1", phone=PHONE, name="张三"),
        identify(2, "u2", phone=PHONE, name="李四"),
        identify(3, "u3", phone=OTHER),
        identify(4, "u4", phone="186******05"),
        identify(5, "u5", phone="186******05"),
        track(6, "u1", anonymous="tablet"),
        track(7, "u2", anonymous="tablet"),
    )
    bring_in(wt)
    wt.review_queue.refresh()
    found = owner.send("GET", "/api/identity/reviews").json()["items"]
    assert len(found) == 1, "a masked phone is nobody's key"
    (question,) = found
    assert (question["reason"], question["about"]["value"]) == ("shared_phone", "139******70")
    assert [(p["user_id"], p["name"]) for p in question["people"]] == [("u1", "张***"), ("u2", "李***")]
    assert PHONE not in str(found)
    counts = {
        (c["reason"], c["state"]): c["count"]
        for c in owner.send("GET", "/api/identity/reviews/counts").json()["items"]
    }
    assert counts == {("shared_phone", "open"): 1, ("shared_device", "open"): 1}
    path = f"/api/identity/reviews/{question['review_id']}"
    assert owner.send("POST", path, {"verdict": "same", "reason": "x"}).status_code == 422
    done = owner.send("POST", path, {"verdict": "same", "reason": "asked both"}).json()
    assert (done["review"], len(done["decisions"])) == (None, 1)
    assert (
        owner.send("POST", path, {"verdict": "same", "reason": "asked both"}).json()["error"]["code"]
        == "no_such_review"
    )
    assert {a["value"] for a in owner.send("GET", "/api/profiles/u2").json()["aliases"]} >= {"u1", "u2"}
    body = {"verdict": "different", "a": "u1", "b": "u3", "reason": "two people"}
    assert owner.send("POST", "/api/identity/decisions", body).status_code == 200
    assert owner.send("GET", "/api/identity/reviews?reason=none").json()["error"]["code"] == "bad_reason"


def test_an_analyst_reads_and_decides_nothing(wt: App) -> None:
    put(wt, identify(1, "u1", phone=PHONE))
    bring_in(wt)
    with TestClient(make_api(wt), base_url=ORIGIN) as client:
        analyst = signed_in(wt, client, "analyst")
        assert analyst.send("GET", "/api/profiles/u1/identity").status_code == 200
        body = {"a": 1, "b": 2, "reason": "because"}
        for path in ("links/undo", "links/redo", "reviews/1"):
            assert analyst.send("POST", f"/api/identity/{path}", body).status_code == 403
        assert (
            analyst.send("GET", "/api/profiles/nobody/identity").json()["error"]["code"]
            == "no_such_identifier"
        )


def test_people_who_did_not_grant_analytics_are_shown_without_values(wt: App, owner: Browser) -> None:
    put(wt, identify(1, "u1", phone=PHONE))
    bring_in(wt)
    with wt.database.begin() as tx:
        members = wt.identity.component(tx, wt.identity.find(tx, "u1") or 0)
        wt.permits.record(tx, members, "analytics", granted=False, how="test")
    why = owner.send("GET", "/api/profiles/u1/identity").json()
    assert [i["value"] for i in why["identifiers"]] == [None, None]


def test_orders_without_a_buyer_are_counted_by_reason_and_listed(
    wt: App, owner: Browser, tmp_path: Path
) -> None:
    put(
        wt,
        order(1, "u1"),
        order(2, "186******05"),
        order(3, "~AbCdEf12345678==~"),
        order(4, "186******05"),
        order(4, "u4") | {"messageId": "m4b"},
    )
    bring_in(wt)
    head = "order_id,user_id,phone,paid_time,amount,currency,status\n"
    path = tmp_path / "orders.csv"
    path.write_text(
        head + "i1,,139****0000,2026-09-01 10:00:00,5.00,CNY,paid\ni2,u9,,2026-09-01 10:00:00,5.00,CNY,paid\n"
    )
    wt.importer.import_file(ImportSpec(path, "orders", None), actor="me", progress=lambda _d, _s: None)
    found = owner.send("GET", "/api/identity/unidentified").json()
    assert found["all_orders"] == 6
    assert {(t["reason"], t["orders"], t["amount_minor"]) for t in found["tallies"]} == {
        ("hidden_buyer", 2, 5000), ("file", 1, 500),
    }  # fmt: skip
    assert {o["order_id"] for o in found["items"]} == {"o2", "o3", "i1"}
    assert "186***" not in str(found["items"])
    page = owner.send("GET", "/api/identity/unidentified?reason=hidden_buyer&limit=1").json()
    rest = owner.send(
        "GET", f"/api/identity/unidentified?reason=hidden_buyer&limit=1&cursor={page['next_cursor']}"
    ).json()
    assert {page["items"][0]["order_id"], rest["items"][0]["order_id"]} == {"o2", "o3"}
    assert rest["next_cursor"] is None
