"""The gate before every route of `/api`: who asks, and whether they may."""

import base64
import binascii
import hmac
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.concurrency import run_in_threadpool

from weaktie.kit.errors import Forbidden, NotSignedIn
from weaktie.kit.web import app_part, same_origin
from weaktie.kit.words import Words
from weaktie.trust.accounts.contracts import (
    CSRF_HEADER,
    PERMISSION_NAMES,
    SESSION_COOKIE,
    Caller,
    KeyRecord,
    NoPermission,
    Permission,
)
from weaktie.trust.accounts.logic import READ_KEY_PERMISSIONS, ROLE_PERMISSIONS, SAFE_METHODS, csrf_of

if TYPE_CHECKING:
    from weaktie.trust.accounts.service import Accounts


class Require:
    """A dependency that lets a request pass with any of its permissions, and tells the route who the caller is."""

    def __init__(self, *permissions: Permission) -> None:
        assert permissions
        assert set(permissions) <= set(PERMISSION_NAMES)
        self.permissions = permissions

    async def __call__(self, request: Request) -> Caller:
        """The caller; raises NotSignedIn without a valid session or key, Forbidden without the permission."""
        caller = await caller_of(request, reads=self.permissions == ("view",))
        if caller.permissions.isdisjoint(self.permissions):
            raise NoPermission(self.permissions[0])
        return caller


def require(*permissions: Permission) -> Require:
    """The dependency for a route: `Depends(require("view"))`; with several, any of them is enough."""
    return Require(*permissions)


async def write_key(request: Request) -> KeyRecord:
    """The write key of a request to a public protocol of ours, as Bearer or as the user name of Basic; raises NotSignedIn."""
    accounts: Accounts = app_part(request, "accounts")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    plain = given.strip()
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(plain, validate=True).decode("utf-8").partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            plain = ""
    found = accounts.known_key(plain, "write") if plain else None
    if found is None and plain:
        found = await run_in_threadpool(accounts.look_up_key, plain, "write")
    if found is None:
        raise NotSignedIn("no_write_key", Words("请提供有效的写入密钥。", "Send a valid write key."))
    return found


async def caller_of(request: Request, *, reads: bool = False) -> Caller:
    """Who asks: a program by `Authorization: Bearer <read key>`, else a person by the session cookie.

    A program may GET; a POST only where the route `reads`: one that asks to view and no more takes a question as its body.

    An unsafe request of a person must come from our own pages and carry the session's CSRF token.
    """
    accounts: Accounts = app_part(request, "accounts")
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = accounts.known_key(key.strip(), "read")
        if found is None:
            found = await run_in_threadpool(accounts.look_up_key, key.strip(), "read")
        return _program(request, found, reads=reads)
    token = session_token(request)
    session = await run_in_threadpool(_session_of, accounts, token) if token else None
    if session is None or token is None:
        raise _not_signed_in()
    if request.method not in SAFE_METHODS:
        check_csrf(request, token)
    account = session.account
    return Caller(account.account_id, "person", account.role, ROLE_PERMISSIONS[account.role])


def _session_of(accounts: "Accounts", token: str) -> Any:
    with accounts.database.connect() as connection:
        return accounts.session_of(connection, token)


def _program(request: Request, key: KeyRecord | None, *, reads: bool) -> Caller:
    if key is None:
        raise _not_signed_in()
    if request.method not in SAFE_METHODS and not (reads and request.method == "POST"):
        raise NoPermission("own")
    return Caller(key.key_id, "key", None, READ_KEY_PERMISSIONS)


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn(
        "not_signed_in",
        Words("请先登录，或提供有效的只读密钥。", "Sign in first, or send a valid read key."),
    )


def session_token(request: Request) -> str | None:
    """The session token that came with the request, under the name that the deployment uses."""
    secure = app_part(request, "settings").security.secure_cookies
    return request.cookies.get(cookie_name(secure=secure))


def cookie_name(*, secure: bool) -> str:
    """Over TLS the `__Host-` prefix binds the cookie to this host; browsers refuse it on plain HTTP."""
    return f"__Host-{SESSION_COOKIE}" if secure else SESSION_COOKIE


def check_csrf(request: Request, token: str) -> None:
    """Raises Forbidden `csrf` unless the request comes from our own origin and carries the session's token."""
    given = request.headers.get(CSRF_HEADER, "")
    if not same_origin(request) or not hmac.compare_digest(given.encode(), csrf_of(token).encode()):
        raise Forbidden(
            "csrf",
            Words(
                "请求缺少有效的防伪令牌，请刷新页面。", "The request lacks a valid token; reload the page."
            ),
            place=CSRF_HEADER,
        )


def route_permissions(app: FastAPI) -> dict[tuple[str, str], str | None]:
    """(method, path) of every route and the permission it asks for (`a|b`: either); None for one that asks for none.

    What is mounted or is no FastAPI route (the schema's own page) asks for none.
    """
    found: dict[tuple[str, str], str | None] = {}
    for context in iter_route_contexts(app.routes):
        path, methods = getattr(context, "path", ""), getattr(context, "methods", None) or {"*"}
        dependant = getattr(context, "dependant", None)
        asked = None if dependant is None else next(_permissions(dependant), None)
        found |= {(str(method), str(path)): asked for method in methods}
    return found


def _permissions(dependant: Dependant) -> Iterator[str]:
    if isinstance(dependant.call, Require):
        yield "|".join(dependant.call.permissions)
    for inner in dependant.dependencies:
        yield from _permissions(inner)
