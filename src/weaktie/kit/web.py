"""What every HTTP face shares: parts of the application, answers to errors, headers, limits, the client's address."""

import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import AfterValidator, BaseModel
from starlette.exceptions import HTTPException

from weaktie.kit.errors import Refused, TooMany
from weaktie.kit.logs import get_logger
from weaktie.kit.words import Words

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

LARGEST_BODY_BYTES = 1_000_000
_log = get_logger("http")


def app_part(request: Request, name: str) -> Any:
    """A part of the application that the wiring built, such as `database`, `clock` or `vault`."""
    return getattr(request.app.state.weaktie, name)


def _plain(value: str) -> str:
    if any((ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in value):
        raise ValueError("control characters are not allowed")
    return value


PlainText = Annotated[str, AfterValidator(_plain)]
"""A text field of a request without control characters, which no database has to choke on."""


class WordsBody(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


def words_body(words: Words) -> WordsBody:
    """Words as an answer carries them."""
    return WordsBody(zh=words.zh, en=words.en)


# --- errors ----------------------------------------------------------------------------------------------------------

_STATUS_WORDS = {
    400: ("bad_request", Words("请求无法解析。", "The request cannot be read.")),
    404: ("not_found", Words("没有这个地址或对象。", "There is nothing at this address.")),
    405: ("method_not_allowed", Words("此地址不支持该方法。", "This address does not take that method.")),
    413: ("too_large", Words("请求体过大。", "The body is too large.")),
    415: ("bad_media_type", Words("不支持的内容类型。", "This content type is not taken.")),
    500: ("internal", Words("服务内部错误，已记录。", "Something went wrong inside; it was logged.")),
}


def error_response(refused: Refused) -> Response:
    """The JSON answer of a refusal, with its status and, after a limit, Retry-After."""
    headers = {"Retry-After": str(refused.retry_after_s)} if isinstance(refused, TooMany) else None
    return JSONResponse(refused.as_dict(), refused.status, headers)


def status_response(status: int) -> Response:
    """The JSON answer for a status that no rule of ours gave."""
    code, words = _STATUS_WORDS.get(
        status, (f"http_{status}", Words("请求未被接受。", "The request was not accepted."))
    )
    return error_response(Refused(code, words, status=status))


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error in one shape: `{"error": {"code", "message": {"zh","en"}, "place"}}`. Nothing of the request is
    repeated in it."""

    async def on_refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return error_response(error)

    async def on_invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"] if step != "body")[:120]
        kind = str(first["type"])
        words = Words(f"请求的字段无效（{kind}）。", f"A field of the request is not valid ({kind}).")
        return error_response(Refused("bad_request", words, place=place, status=422))

    async def on_http(_request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return status_response(error.status_code)

    async def on_anything(request: Request, error: Exception) -> Response:
        _log.error("request failed", method=request.method, route=_route(request), exc_info=error)
        return status_response(500)

    app.add_exception_handler(Refused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(Exception, on_anything)


def _route(request: Request) -> str:
    """The declared path, not the one that was asked: ids in paths are personal."""
    return str(getattr(request.scope.get("route"), "path", "unknown"))


# --- headers and limits ----------------------------------------------------------------------------------------------


class SecurityHeaders:
    """Sets the security headers of every answer, and a nonce per request in `request.state.csp_nonce`."""

    def __init__(self, app: Asgi, *, https: bool = False) -> None:
        self.app = app
        self.fixed = [
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"same-origin"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
        ]
        if https:
            self.fixed.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce
        private = str(scope["path"]).startswith("/api/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                wanted = [*self.fixed, (b"content-security-policy", content_policy(nonce).encode())]
                if private:
                    wanted.append((b"cache-control", b"no-store"))
                headers += [(name, value) for name, value in wanted if name not in present]
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, with_headers)


def content_policy(nonce: str) -> str:
    """The content security policy of the console: its own files, and inline only what carries the nonce."""
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


class RequestGuard:
    """Refuses a NUL in the address, and bodies over a limit as they stream in: nothing large is ever held.

    `unlimited` are (method, path) of routes that stream their body themselves and keep a limit of their own.
    """

    def __init__(
        self,
        app: Asgi,
        *,
        largest_bytes: int = LARGEST_BODY_BYTES,
        unlimited: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.app = app
        self.largest_bytes = largest_bytes
        self.unlimited = frozenset(unlimited)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
            await status_response(400)(scope, receive, send)
            return
        if (scope["method"], scope["path"]) in self.unlimited:
            await self.app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > self.largest_bytes:
            await status_response(413 if declared.isdigit() else 400)(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, counted, send)


# --- who asks --------------------------------------------------------------------------------------------------------


def networks(trusted: str) -> Networks:
    """The networks of a comma list of addresses and CIDR ranges; raises ValueError for what is neither."""
    return tuple(
        ipaddress.ip_network(part.strip(), strict=False) for part in trusted.split(",") if part.strip()
    )


def client_ip(request: Request, trusted: Networks) -> str:
    """The client's address. X-Forwarded-For counts only as far as it was written by trusted proxies, from the right."""
    here = request.client.host if request.client else "unknown"
    forwarded = [
        part.strip() for value in request.headers.getlist("x-forwarded-for") for part in value.split(",")
    ]
    while forwarded and _within(here, trusted):
        here = forwarded.pop()
    try:
        return str(ipaddress.ip_address(here))
    except ValueError:
        return "unknown"


def _within(address: str, trusted: Networks) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in trusted)


def same_origin(request: Request) -> bool:
    """Whether a browser's unsafe request comes from our own pages; requests of no browser carry none of these headers."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    return origin.partition("://")[2].lower() == request.headers.get("host", "").lower()


def json_bytes(value: object) -> Response:
    """A value as a JSON answer, encoded by msgspec."""
    return Response(msgspec.json.encode(value), media_type="application/json")
