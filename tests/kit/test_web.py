"""What every HTTP face shares."""

from typing import Any

import pytest
from fastapi import FastAPI, Request
from pydantic import BaseModel
from starlette.testclient import TestClient

from weaktie.kit import logs, web
from weaktie.kit.errors import Conflict, TooMany
from weaktie.kit.words import Words

WORDS = Words("不行", "no")


class Given(BaseModel):
    """A body."""

    name: web.PlainText
    count: int = 0


def make() -> FastAPI:
    app = FastAPI()
    web.install_error_handlers(app)
    app.add_middleware(web.RequestGuard, largest_bytes=1000, unlimited=[("POST", "/large")])
    app.add_middleware(web.SecurityHeaders, https=True)

    @app.get("/refused")
    def refused() -> None:
        raise Conflict("taken", WORDS, place="name")

    @app.get("/many")
    def many() -> None:
        raise TooMany("slow_down", WORDS, retry_after_s=7)

    @app.get("/broken")
    def broken() -> None:
        raise RuntimeError("13812345678 broke it")

    @app.post("/given")
    def given(body: Given) -> Given:
        return body

    @app.post("/large")
    async def large(request: Request) -> int:
        return len(await request.body())

    @app.get("/api/nonce")
    def nonce(request: Request) -> str:
        return str(request.state.csp_nonce)

    return app


@pytest.fixture
def client() -> TestClient:
    return TestClient(make(), raise_server_exceptions=False)


def error(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()["error"]
    assert set(body) == {"code", "message", "place"}
    assert set(body["message"]) == {"zh", "en"}
    return body


def test_refusals_have_one_shape(client: TestClient) -> None:
    taken = client.get("/refused")
    assert (taken.status_code, error(taken)) == (
        409,
        {"code": "taken", "message": WORDS.as_dict(), "place": "name"},
    )
    many = client.get("/many")
    assert (many.status_code, many.headers["retry-after"]) == (429, "7")
    assert (client.get("/nothing").status_code, error(client.get("/nothing"))["code"]) == (404, "not_found")
    assert error(client.put("/given"))["code"] == "method_not_allowed"


def test_a_failure_tells_nothing(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(json=True)
    answer = client.get("/broken")
    written = capsys.readouterr().err
    assert "broke it" in written
    assert "13812345678" not in written
    assert (answer.status_code, error(answer)["code"]) == (500, "internal")
    assert "13812345678" not in answer.text


def test_an_invalid_field_is_named_and_not_repeated(client: TestClient) -> None:
    answer = client.post("/given", json={"name": "x", "count": "13812345678x"})
    assert (answer.status_code, error(answer)["place"]) == (422, "count")
    assert "13812345678" not in answer.text


@pytest.mark.parametrize("text", ["a\u0000b", "\u001b[2J", "a\r\nb"])
def test_control_characters_are_refused(client: TestClient, text: str) -> None:
    assert client.post("/given", json={"name": text}).status_code == 422
    assert client.post("/given", json={"name": "line\n\tnext 中文"}).status_code == 200


@pytest.mark.parametrize("body", [b'{"name": "\\ud800"}', b"[" * 100_00, b"{", b'{"name": NaN}', b"\xff\xfe"])
def test_hostile_bodies_are_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/given", content=body[:900], headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)
    error(answer)


def test_large_bodies_are_refused_early(client: TestClient) -> None:
    assert error(client.post("/given", content=b"x" * 1001))["code"] == "too_large"
    taken = 0

    def pieces() -> Any:
        nonlocal taken
        for _ in range(100_000):
            taken += 100
            yield b"x" * 100

    answer = client.post("/given", content=pieces(), headers={"content-type": "application/json"})
    assert (answer.status_code, error(answer)["code"]) == (413, "too_large")
    assert client.post("/large", content=b"x" * 5000).json() == 5000


def test_a_nul_in_the_address_is_refused(client: TestClient) -> None:
    assert client.get("/refused%00").status_code == 400
    assert client.get("/refused?search=%00").status_code == 400


def test_security_headers_and_a_fresh_nonce(client: TestClient) -> None:
    one, two = client.get("/api/nonce"), client.get("/api/nonce")
    assert one.json() != two.json()
    policy = one.headers["content-security-policy"]
    assert f"script-src 'self' 'nonce-{one.json()}'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert one.headers["x-content-type-options"] == "nosniff"
    assert one.headers["cache-control"] == "no-store"
    assert one.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "seen"),
    [
        ("1.1.1.1", [], "", "1.1.1.1"),
        ("1.1.1.1", ["9.9.9.9"], "", "1.1.1.1"),
        ("10.0.0.1", ["9.9.9.9"], "10.0.0.1", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6, 9.9.9.9"], "10.0.0.1", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6, 9.9.9.9, 10.0.0.2"], "10.0.0.0/24", "9.9.9.9"),
        ("10.0.0.1", ["6.6.6.6", "9.9.9.9"], "10.0.0.1", "9.9.9.9"),
        ("10.0.0.1", ["not an address"], "10.0.0.1", "unknown"),
        ("10.0.0.1", [""], "10.0.0.1", "unknown"),
        ("::1", ["2001:db8::5"], "::1", "2001:db8::5"),
    ],
)
def test_only_trusted_proxies_say_who_asks(peer: str, forwarded: list[str], trusted: str, seen: str) -> None:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert web.client_ip(request, web.networks(trusted)) == seen
