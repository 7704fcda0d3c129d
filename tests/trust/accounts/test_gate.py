"""The gate: who may pass which route with which key, and keys themselves (R26)."""

from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI
from sqlalchemy import text

from tests.suites.consoles import Console
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import PUBLIC_ROUTES
from weaktie.trust.accounts.contracts import PERMISSION_NAMES, Caller, Role
from weaktie.trust.accounts.gate import require, route_permissions
from weaktie.trust.accounts.logic import ROLE_PERMISSIONS

router = APIRouter(prefix="/api/probe")
for name in PERMISSION_NAMES:

    def read(caller: Annotated[Caller, Depends(require(name))]) -> dict[str, object]:
        return {"actor": caller.actor, "kind": caller.kind, "role": caller.role}

    router.add_api_route(f"/{name}", read, methods=["GET", "POST"])


@pytest.fixture
def console(sqlite_database: Database, tmp_path: Path) -> Console:
    return Console(sqlite_database, tmp_path, router)


def key_of(console: Console, kind: str) -> str:
    with console.database.begin() as tx:
        return console.accounts.create_key(tx, kind, "test", source_id="default")


@pytest.mark.parametrize("role", list(Role))
def test_every_role_passes_exactly_its_permissions(console: Console, role: Role) -> None:
    email = console.person(role)
    with console.browser() as browser:
        browser.sign_in(email)
        for permission in PERMISSION_NAMES:
            wanted = 200 if permission in ROLE_PERMISSIONS[role] else 403
            for method in ("GET", "POST"):
                answer = browser.send(method, f"/api/probe/{permission}")
                assert answer.status_code == wanted, (role, permission, method)


def test_an_owner_has_all_and_nobody_else_owns() -> None:
    assert ROLE_PERMISSIONS[Role.OWNER] == set(PERMISSION_NAMES)
    assert [role for role in Role if "own" in ROLE_PERMISSIONS[role]] == [Role.OWNER]


@pytest.mark.parametrize(
    "authorization", ["", "Bearer ", "Bearer wkr_x", "Basic abc", "Bearer \u00ff", "bearer"]
)
def test_without_a_valid_key_or_session_nobody_passes(console: Console, authorization: str) -> None:
    with console.browser() as browser:
        for permission in PERMISSION_NAMES:
            headers = {"Authorization": authorization.encode("latin-1")}
            answer = browser.client.get(f"/api/probe/{permission}", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


def test_a_read_key_only_reads_and_only_views(console: Console) -> None:
    """What asks for `view` and nothing else changes nothing, so that a question too long for an address may be posted."""
    key = key_of(console, "read")
    with console.browser() as browser:
        for permission in PERMISSION_NAMES:
            path, headers = f"/api/probe/{permission}", {"Authorization": f"Bearer {key}"}
            expected = 200 if permission == "view" else 403
            assert browser.client.get(path, headers=headers).status_code == expected
            assert browser.client.post(path, headers=headers).status_code == expected
            assert browser.client.delete(path, headers=headers).status_code in {403, 405}


def test_a_write_key_opens_no_route(console: Console) -> None:
    key = key_of(console, "write")
    with console.browser() as browser:
        for permission in PERMISSION_NAMES:
            headers = {"Authorization": f"Bearer {key}"}
            assert browser.client.get(f"/api/probe/{permission}", headers=headers).status_code == 401


def test_a_key_with_a_cookie_acts_as_the_key(console: Console) -> None:
    email, key = console.person("owner"), key_of(console, "read")
    with console.browser() as browser:
        browser.sign_in(email)
        answer = browser.send("POST", "/api/probe/own", Authorization=f"Bearer {key}")
        assert answer.status_code == 403


def test_a_revoked_key_is_useless_at_once_here_and_soon_elsewhere(console: Console) -> None:
    owner, key = console.person("owner"), key_of(console, "read")
    elsewhere = Console(console.database, console.settings.home, router)
    with console.browser() as browser, elsewhere.browser() as other:
        headers = {"Authorization": f"Bearer {key}"}
        for client in (browser.client, other.client):
            assert client.get("/api/probe/view", headers=headers).status_code == 200
        browser.sign_in(owner)
        (held,) = browser.send("GET", "/api/keys").json()
        assert held["hint"] == key[:8]
        assert key not in str(held)
        assert browser.send("DELETE", f"/api/keys/{held['key_id']}").json()["revoked_time"] is not None
        assert browser.client.get("/api/probe/view", headers=headers).status_code == 401
        elsewhere.clock.move(5.1)
        assert other.client.get("/api/probe/view", headers=headers).status_code == 401


def test_the_use_of_a_key_is_noted_now_and_then(console: Console) -> None:
    key = key_of(console, "read")
    with console.browser() as browser:
        for _ in range(3):
            browser.client.get("/api/probe/view", headers={"Authorization": f"Bearer {key}"})
            console.clock.move(240)
    with console.database.connect() as connection:
        (held,) = console.accounts.list_keys(connection)
    assert held.last_used_us == console.clock.at_us - 3 * 240 * 1_000_000


def test_a_key_is_kept_as_its_hash_only(console: Console) -> None:
    key = key_of(console, "write")
    with console.database.connect() as connection:
        row = connection.execute(text("SELECT * FROM api_keys")).one()
        found = console.accounts.find_key(connection, key, "write")
        assert found is not None
        assert found.source_id == "default"
        assert console.accounts.find_key(connection, key, "read") is None
        assert console.accounts.find_key(connection, key + "x", "write") is None
    assert key not in str(row)


def test_keys_over_http(console: Console) -> None:
    email = console.person("developer")
    with console.browser() as browser:
        browser.sign_in(email)
        made = browser.send("POST", "/api/keys", {"kind": "write", "name": "web"})
        assert made.status_code == 201
        assert made.json()["key"].startswith("wkw_")
        assert browser.send("POST", "/api/keys", {"kind": "admin", "name": "x"}).status_code == 422
        assert browser.send("POST", "/api/keys", {"kind": "read", "name": "a\u0000b"}).status_code == 422
        assert browser.send("DELETE", "/api/keys/nothing").status_code == 404


def test_every_route_of_the_trust_floor_is_classified(console: Console) -> None:
    permissions = route_permissions(console.app)
    assert permissions["GET", "/api/probe/comply"] == "comply"
    assert permissions["GET", "/api/audit/verify"] == "comply"
    open_routes = {route for route, permission in permissions.items() if permission is None}
    assert open_routes == PUBLIC_ROUTES


def test_a_new_route_without_a_permission_is_seen() -> None:
    app = FastAPI(openapi_url=None)
    inner = APIRouter(prefix="/inner", dependencies=[Depends(require("own"))])
    inner.add_api_route("/guarded", lambda: None, methods=["GET"])
    outer = APIRouter(prefix="/api")
    outer.include_router(inner)
    outer.add_api_route("/forgotten", lambda: None, methods=["POST"])
    app.include_router(outer)
    assert route_permissions(app) == {("GET", "/api/inner/guarded"): "own", ("POST", "/api/forgotten"): None}


def test_audit_over_http(console: Console) -> None:
    owner, analyst = console.person("compliance"), console.person("analyst")
    with console.browser() as browser, console.browser() as other:
        browser.sign_in(owner)
        other.sign_in(analyst)
        page = browser.send("GET", "/api/audit?search=session&limit=1").json()
        assert page["items"][0]["action"] == "session.start"
        assert page["items"][0]["actor_name"] == "analyst"
        assert browser.send("GET", f"/api/audit?cursor={page['next_cursor']}").status_code == 200
        assert browser.send("GET", "/api/audit?cursor=%21").json()["error"]["code"] == "bad_cursor"
        assert browser.send("GET", "/api/audit/verify").json() == {
            "ok": True,
            "checked": 2,
            "first_bad": None,
        }
        export = browser.send("GET", "/api/audit/export")
        assert export.headers["content-type"].startswith("text/csv")
        assert "audit.export" in export.text
        assert other.send("GET", "/api/audit/export").status_code == 403
        with console.database.begin() as tx:
            tx.execute(text("UPDATE audit_log SET actor = 'x' WHERE id = 2"))
        assert browser.send("GET", "/api/audit/verify").json()["first_bad"] == 2
