"""A small application of the trust floor's routes, for tests that need no home."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.testclient import TestClient

from weaktie.kit.clock import FixedClock
from weaktie.kit.settings import Settings, load
from weaktie.kit.web import RequestGuard, SecurityHeaders, install_error_handlers
from weaktie.store.database.service import Database
from weaktie.trust.accounts import api as accounts_api
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit import api as audit_api

PASSWORD = "correct horse battery"
ORIGIN = "http://testserver"


class Console:
    """The parts of one application and browsers that talk to it."""

    def __init__(self, database: Database, home: Path, *routers: APIRouter, **parts: object) -> None:
        self.database = database
        self.clock = FixedClock()
        self.settings: Settings = load(home, {})
        self.accounts = Accounts(database, self.clock, self.settings)
        self.parts = SimpleNamespace(
            database=database, clock=self.clock, settings=self.settings, accounts=self.accounts,
            create_key=self._create_key, **parts,
        )  # fmt: skip
        self.app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        self.app.state.weaktie = self.parts
        install_error_handlers(self.app)
        self.app.add_middleware(RequestGuard, largest_bytes=100_000)
        self.app.add_middleware(SecurityHeaders)
        for router in (accounts_api.router, audit_api.router, *routers):
            self.app.include_router(router)

    def _create_key(self, kind: str, name: str, *, source_id: str | None, actor: str) -> str:
        with self.database.begin() as tx:
            return self.accounts.create_key(tx, kind, name, source_id=source_id)

    def secure(self) -> None:
        """Behave as behind TLS."""
        security = replace(self.settings.security, secure_cookies=True)
        self.settings = replace(self.settings, security=security)
        self.parts.settings = self.settings

    @contextmanager
    def browser(self, ip: str = "10.0.0.1") -> Iterator["Browser"]:
        """A fresh browser at an address."""
        with TestClient(
            self.app, base_url=ORIGIN, client=(ip, 50000), raise_server_exceptions=False
        ) as client:
            yield Browser(client)

    def person(self, role: str, email: str | None = None) -> str:
        """An account that can sign in with PASSWORD; returns its e-mail address."""
        email = email or f"{role}@example.com"
        with self.database.begin() as tx:
            account, token = self.accounts.invite(tx, name=role, email=email, role=role)
        hashed = self.accounts.hash_password(PASSWORD)
        with self.database.begin() as tx:
            self.accounts.use_invitation(tx, token, name=None, password_hash=hashed)
        assert account.invited
        return email


class Browser:
    """Keeps its cookies and sends the CSRF token as the console does."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """One request with the console's headers; given headers replace them, an empty one is left out."""
        sent = {"Origin": ORIGIN, "X-CSRF-Token": self.csrf} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        return self.client.request(method, path, json=body, headers={k: v for k, v in sent.items() if v})

    def sign_in(self, email: str, password: str = PASSWORD) -> Any:
        """Sign in and keep the token."""
        answer = self.send("POST", "/api/session", {"email": email, "password": password})
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer
