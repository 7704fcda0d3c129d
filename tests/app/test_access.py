"""Every route against every role and kind of key (R26); a route that nobody classified fails here."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.suites.consoles import ORIGIN, PASSWORD, Browser
from tests.suites.homes import fresh_app
from weaktie.app.http import make_api
from weaktie.app.wiring import App
from weaktie.trust.accounts.contracts import Role
from weaktie.trust.accounts.gate import route_permissions
from weaktie.trust.accounts.logic import ROLE_PERMISSIONS

PUBLIC = {
    ("GET", "/api/health"),
    ("GET", "/api/setup"),
    ("POST", "/api/setup"),
    ("GET", "/api/invitation"),
    ("POST", "/api/invitation"),
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("DELETE", "/api/session"),
    ("GET", "/api/openapi.json"),
    ("HEAD", "/api/openapi.json"),
    ("GET", "/assets/{name:path}"),
    ("GET", "/{page:path}"),
    ("GET", "/v1/projects/{write_key}/settings"),
    ("GET", "/webhooks/{webhook_id}"),
    ("POST", "/webhooks/{webhook_id}"),
    ("GET", "/consent/{token}"),
    ("POST", "/consent/v1/mine"),
    ("GET", "/l/{code}"),
    ("POST", "/loyalty/v1/{action}"),
    ("GET", "/c/{token}"),
    ("POST", "/c/v1/mine"),
    ("GET", "/r/{code}"),
    ("GET", "/r/{code}/poster.svg"),
    ("GET", "/r/{code}/qr.{kind}"),
}
"""Routes that ask for no sign-in: the way in, the health check, the console's files; SDKs show their write key, other systems
sign what they push or ask, a person's own page is a signed link, and a channel link
is for everybody, as is an invitation; an inviter's page is a signed address."""
WRITE_KEYED = {
    ("GET", "/consent/v1/prompt"), ("POST", "/consent/v1/receipts"), ("POST", "/consent/v1/links"),
    ("POST", "/risk/v1/sightings"), ("POST", "/risk/v1/assess"), ("POST", "/risk/v1/appeals"),
    ("GET", "/v1/referral/campaigns"), ("GET", "/v1/referral/status"), ("GET", "/v1/referral/board"),
    ("GET", "/v1/referral/groups/{group_id}"),
    *(
        ("POST", f"/v1/referral/{path}")
        for path in (
            "invitations", "opens", "registrations", "orders", "refunds", "pages", "groups", "groups/refunds",
            "groups/{group_id}/join",
        )
    ),
}  # fmt: skip
"""Routes of a shop's server: a write key opens them, and nothing else does."""
STREAMS = {("GET", "/api/live/stream")}
"""Routes that never end for whoever may call them; only the refusals are tried."""


@pytest.fixture(scope="module")
def wt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with fresh_app(tmp_path_factory.mktemp("access")) as app:
        yield app


@pytest.fixture(scope="module")
def api(wt: App) -> FastAPI:
    return make_api(wt)


@pytest.fixture(scope="module")
def guarded(api: FastAPI) -> dict[tuple[str, str], str]:
    return {route: asked for route, asked in route_permissions(api).items() if asked is not None}


def called(path: str) -> str:
    """The path with an id that does not exist in each place."""
    return re.sub(r"\{[^}]+\}", "nothing-here", path)


def client(api: FastAPI) -> TestClient:
    return TestClient(api, base_url=ORIGIN, raise_server_exceptions=False)


def person(wt: App, role: Role, email: str) -> str:
    """An account that can sign in; returns its e-mail address."""
    with wt.database.begin() as tx:
        _, token = wt.accounts.invite(tx, name=str(role), email=email, role=str(role))
    hashed = wt.accounts.hash_password(PASSWORD)
    with wt.database.begin() as tx:
        wt.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
    return email


def test_every_route_is_public_by_name_or_asks_for_a_permission(api: FastAPI) -> None:
    open_routes = {route for route, asked in route_permissions(api).items() if asked is None}
    assert open_routes - PUBLIC - WRITE_KEYED == set(), "classify these routes"
    assert len(route_permissions(api)) > 40


def test_nobody_passes_without_a_sign_in(api: FastAPI, guarded: dict[tuple[str, str], str]) -> None:
    with client(api) as http:
        for method, path in guarded:
            assert http.request(method, called(path)).status_code == 401, (method, path)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_passes_where_its_permissions_reach_and_nowhere_else(
    wt: App, api: FastAPI, guarded: dict[tuple[str, str], str], role: Role
) -> None:
    email = person(wt, role, f"{role}@example.com")
    with client(api) as http:
        browser = Browser(http)
        assert browser.sign_in(email).status_code == 200
        for (method, path), permission in sorted(guarded.items()):
            allowed = not ROLE_PERMISSIONS[role].isdisjoint(permission.split("|"))
            if allowed and (method, path) in STREAMS:
                continue
            answer = browser.send(method, called(path))
            refused = answer.status_code in (401, 403)
            assert refused is not allowed, (method, path, permission, answer.status_code, answer.text[:200])
            assert answer.status_code < 500, (method, path, answer.text[:300])


def test_keys_read_what_may_be_viewed_and_write_keys_read_nothing(
    wt: App, api: FastAPI, guarded: dict[tuple[str, str], str]
) -> None:
    read = wt.create_key("read", "test", source_id=None, actor="test")
    write = wt.create_key("write", "test", source_id=None, actor="test")
    with client(api) as http:
        for (method, path), permission in sorted(guarded.items()):
            answer = http.request(method, called(path), headers={"Authorization": f"Bearer {write}"})
            assert answer.status_code == 401, (method, path)
            if permission == "view" and (method, path) in STREAMS:
                continue
            answer = http.request(method, called(path), headers={"Authorization": f"Bearer {read}"})
            passed = answer.status_code not in (401, 403)
            assert passed is (permission == "view"), (method, path, permission, answer.status_code)


def test_an_unsafe_request_of_a_person_needs_its_token_and_our_own_origin(
    wt: App, api: FastAPI, guarded: dict[tuple[str, str], str]
) -> None:
    email = person(wt, Role.OWNER, "another-owner@example.com")
    with client(api) as http:
        browser = Browser(http)
        assert browser.sign_in(email).status_code == 200
        for method, path in guarded:
            if method in ("GET", "HEAD"):
                continue
            assert browser.send(method, called(path), X_CSRF_Token="").status_code == 403, (method, path)
            elsewhere = browser.send(method, called(path), Origin="https://evil.example")
            assert elsewhere.status_code == 403, (method, path)


def test_a_shops_server_needs_its_write_key(wt: App, api: FastAPI) -> None:
    read = wt.create_key("read", "test", source_id=None, actor="test")
    with client(api) as http:
        for method, path in WRITE_KEYED:
            for headers in ({}, {"Authorization": f"Bearer {read}"}, {"Authorization": "Basic !!"}):
                answer = http.request(method, called(path) + "?user_id=u1", json={}, headers=headers)
                assert answer.status_code in (401, 422), (method, path, answer.text)
                assert answer.status_code == 401 or not headers, (method, path, answer.text)
