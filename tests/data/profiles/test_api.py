"""HTTP: shapes, permissions, what is refused, the export."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from tests.data.profiles.market import DAY, Market, at, no_progress
from weaktie.data.profiles import api, bodies
from weaktie.data.profiles.jobs import build
from weaktie.data.profiles.service import Profiles
from weaktie.kit.web import install_error_handlers
from weaktie.trust.accounts.contracts import Caller, KeyRecord, NoPermission, Permission
from weaktie.trust.accounts.gate import Require, route_permissions
from weaktie.trust.audit.tables import audit_log


def caller(*permissions: Permission) -> Caller:
    return Caller("anna", "person", None, frozenset(permissions))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    market = Market(tmp_path_factory.mktemp("home"))
    for n, name in enumerate(("ann", "=bob", "cleo"), 1):
        market.user(n, name)
    market.put(
        "orders",
        *({"order_id": f"o{n}", "alias_no": n, "us": at(DAY), "amount_minor": n * 150} for n in (1, 2, 3)),
    )
    market.put("events", {"alias_no": 1, "event": "App Opened", "us": at(DAY)})
    market.put(
        "relations", {"src_alias_no": 1, "dst_alias_no": 2, "kind": "friend", "day": DAY, "weight": 1.0}
    )
    market.personal.fields = {2: {"nickname": "@SUM(1)", "phone": "19900001234"}}
    build(market, no_progress)
    yield market
    market.close()


@pytest.fixture
def who() -> list[Caller]:
    """The caller; a test may put another one in."""
    return [caller("view", "operate")]


def gate_for(gate: Require, who: list[Caller]) -> Callable[[], Awaitable[Caller]]:
    """The gate without sessions: it knows who asks, and keeps its rule."""

    async def known() -> Caller:
        if who[0].permissions.isdisjoint(gate.permissions):
            raise NoPermission(gate.permissions[0])
        return who[0]

    return known


@pytest.fixture
def client(shop: Market, who: list[Caller]) -> Iterator[TestClient]:
    app = FastAPI()
    install_error_handlers(app)
    app.include_router(api.router)
    app.state.weaktie = SimpleNamespace(
        profiles=Profiles(shop), clock=shop.clock, database=shop.database, settings=shop.settings
    )

    for kind in (api.View, api.Care):
        gate: Require = get_args(kind)[1].dependency

        app.dependency_overrides[gate] = gate_for(gate, who)
    shop.permits.refused = set()
    with TestClient(app) as made:
        yield made


def audit(shop: Market) -> list[Any]:
    with shop.database.connect() as connection:
        rows = connection.execute(
            select(audit_log.c.action, audit_log.c.detail_json).order_by(audit_log.c.id)
        )
        return [tuple(row) for row in rows]


def test_every_route_asks_for_a_permission() -> None:
    app = FastAPI()
    app.include_router(api.router)
    asked = {k: v for k, v in route_permissions(app).items() if k[1].startswith("/api/")}
    assert len(asked) == 13
    assert set(asked.values()) == {"view", "operate|comply"}


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/users?sort=spend&order=asc&limit=2", bodies.UsersBody),
        ("/api/users/facets", bodies.FacetsBody),
        ("/api/rfm", bodies.MatrixBody),
        ("/api/profiles/ann", bodies.ProfileBody),
        ("/api/profiles/ann/timeline?limit=1", bodies.TimelineBody),
        ("/api/profiles/ann/orders", bodies.OrdersBody),
        ("/api/profiles/ann/relations", bodies.TiesBody),
        ("/api/profiles/ann/consent", bodies.ReceiptsBody),
    ],
)
def test_answers_are_what_the_description_says(client: TestClient, path: str, model: Any) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    parsed = model.model_validate(answer.json())
    assert parsed.model_dump(by_alias=True) == answer.json(), "no field that the description does not know"


def test_the_catalogue_of_tags(client: TestClient) -> None:
    found = client.get("/api/tags").json()
    assert [bodies.TagCard.model_validate(t).model_dump() for t in found] == found


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/profiles/nobody", 404, "no_such_user"),
        ("/api/profiles/nobody/timeline", 404, "no_such_user"),
        ("/api/users?sort=name", 422, "bad_request"),
        ("/api/users?limit=0", 422, "bad_request"),
        ("/api/users?cursor=zz", 400, "bad_cursor"),
        ("/api/users?tier=none", 422, "bad_request"),
        ("/api/profiles/ann/timeline?cursor=zz", 400, "bad_cursor"),
    ],
)
def test_refusals(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert set(answer.json()["error"]["message"]) == {"zh", "en"}


def test_the_export_is_whole_neutralised_and_on_record(client: TestClient, shop: Market) -> None:
    answer = client.get("/api/users/export?sort=spend")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("user_id,name,tier,")
    assert lines[1].startswith("cleo,,")
    assert "4.50,CNY" in lines[1]
    assert lines[2].startswith("'=bob,'@***,")
    assert [a for a, _ in audit(shop)][-1] == "users_exported"


def test_a_choice_holds_at_once_and_is_on_record(client: TestClient, shop: Market) -> None:
    said = {"purpose": "analytics", "granted": False, "how": "phone call"}
    answer = client.post("/api/profiles/cleo/consent", json=said)
    assert answer.status_code == 200, answer.text
    assert answer.json()["granted"] is False
    assert client.get("/api/profiles/cleo").json()["error"]["code"] == "purpose_not_granted"
    shown = client.get("/api/profiles/cleo/consent").json()
    assert [i["how"] for i in shown["items"]] == ["console: phone call"]
    assert audit(shop)[-1][0] == "consent_recorded"
    client.post("/api/profiles/cleo/consent", json=said | {"granted": True})
    assert client.get("/api/profiles/cleo").status_code == 200


def test_a_reveal_needs_a_reason_and_is_on_record(client: TestClient, shop: Market) -> None:
    assert client.post("/api/profiles/=bob/reveal", json={"reason": ""}).status_code == 422
    answer = client.post("/api/profiles/=bob/reveal", json={"reason": "call back about o2"})
    assert answer.json() == {"nickname": "@SUM(1)", "phone": "19900001234", "email": None}
    action, detail = audit(shop)[-1]
    assert action == "contact_revealed"
    assert "call back" in detail
    assert "19900001234" not in detail


@pytest.mark.parametrize("permission", ["view", "develop"])
def test_who_only_looks_may_neither_reveal_nor_choose(
    client: TestClient, who: list[Caller], permission: Permission
) -> None:
    who[0] = caller("view", permission)
    for path, body in (
        ("reveal", {"reason": "curious"}),
        ("consent", {"purpose": "marketing", "granted": True, "how": "x"}),
    ):
        answer = client.post(f"/api/profiles/ann/{path}", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_permission")


def test_compliance_may_reveal(client: TestClient, who: list[Caller]) -> None:
    who[0] = caller("view", "comply")
    assert (
        client.post("/api/profiles/ann/reveal", json={"reason": "request of the person"}).status_code == 200
    )


async def _ask(
    app: object, path: str, method: str = "GET", *headers: tuple[bytes, bytes]
) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": list(headers), "http_version": "1.1", "scheme": "http", "server": ("x", 1), "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[operator]
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])


@pytest.mark.parametrize(
    ("path", "key", "status", "short"),
    [
        ("/api/profiles/ann", b"right", 200, True),
        ("/api/profiles/ann", b"wrong", 401, False),
        ("/api/profiles/cleo", b"right", 404, False),
        ("/api/profiles/nobody", b"right", 404, False),
        ("/api/profiles/", b"right", 404, False),
        ("/api/profiles/ann/orders", b"right", 200, False),
    ],
)
def test_the_short_way_answers_what_the_route_answers(
    shop: Market, path: str, key: bytes, status: int, short: bool
) -> None:
    known = KeyRecord("k", "read", "n", "h", "x", None, 0, None, None)

    class Keys:
        def known_key(self, given: str, kind: str) -> KeyRecord | None:
            return known if (given, kind) == ("right", "read") else None

        def look_up_key(self, given: str, kind: str) -> None:
            return None

    def answer(*, routes: bool, shortened: bool) -> tuple[int, bytes]:
        made = FastAPI()
        install_error_handlers(made)
        if routes:
            made.include_router(api.router)
        if shortened:
            made.add_middleware(api.ProfileReads)
        made.state.weaktie = SimpleNamespace(
            profiles=Profiles(shop),
            clock=shop.clock,
            database=shop.database,
            settings=shop.settings,
            accounts=Keys(),
        )
        return asyncio.run(_ask(made, path, "GET", (b"authorization", b"Bearer " + key)))

    shop.permits.refused = {3}
    usual = answer(routes=True, shortened=False)
    assert usual[0] == status
    assert answer(routes=True, shortened=True) == usual
    # Without any route only the short way is left: it answers plain profiles and nothing else.
    assert (answer(routes=False, shortened=True)[0] == 200) is short
    shop.permits.refused = set()
