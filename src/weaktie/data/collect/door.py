"""The door: a bare ASGI application that takes events in, makes them durable and says so. It does nothing else.

It is dispatched before FastAPI. For each request: who (write key), how much (limits, while it streams), what (just
enough parsing to know that events are in it), may it be kept (consent), append, wait for the sync, answer.
"""

import asyncio
import binascii
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

import msgspec

from weaktie.data.collect import sensors, taking
from weaktie.data.collect.bodies import gunzip
from weaktie.data.collect.contracts import Blocked, Grant, RawRequest, WriteKeys
from weaktie.data.collect.refusals import refuse
from weaktie.kit import settings
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.store.log.contracts import LogUnavailable, Writer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LOG = get_logger("collect.door")
SEGMENT_BATCHES: Final = ("/v1/batch", "/v1/b")
SEGMENT_SINGLES: Final = tuple(
    f"/v1/{call}"
    for name in ("track", "identify", "page", "screen", "group", "alias")
    for call in (name, name[0])
)
"""The browser's SDK calls each by its first letter."""
SENSORS_PATHS: Final = ("/sa", "/sa.gif", "/debug")
POSTHOG_PATHS: Final = tuple(
    path + slash for path in ("/batch", "/capture", "/e", "/i/v0/e", "/track") for slash in ("", "/")
)
MOST_EVENTS: Final = 5_000
LONGEST_AGENT: Final = 256
MOST_WAITING_BYTES: Final = 32 * 1024 * 1024
RETRY_AFTER_S: Final = {429: b"1", 503: b"5"}

_OK_JSON: Final = b'{"success":true}'
_OK_POSTHOG: Final = b'{"status":1}'
_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_Headers = list[tuple[bytes, bytes]]
_PACK = msgspec.msgpack.Encoder()


class _Request:
    """What the headers of a request say."""

    __slots__ = ("agent", "authorization", "dry", "encoding", "length", "method", "origin", "path", "query")

    def __init__(self, scope: Message) -> None:
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.query: bytes = scope.get("query_string", b"")
        self.authorization = self.encoding = self.agent = b""
        self.origin: bytes | None = None
        self.length = -1
        self.dry = False
        for name, value in scope["headers"]:
            if name == b"authorization":
                self.authorization = value
            elif name == b"content-encoding":
                self.encoding = value.strip().lower()
            elif name == b"content-length":
                self.length = int(value) if value.isdigit() else -1
            elif name == b"origin":
                self.origin = value
            elif name == b"user-agent":
                self.agent = value[:LONGEST_AGENT]
            elif name == b"dry-run":
                self.dry = value.strip().lower() == b"true"


class Door:
    """The ASGI application behind `Door.paths`; any other path is not its business.

    `keys` finds write keys, `blocked` knows of whom nothing may be kept, `writer` makes requests durable. An answer
    of 200 is sent only after `writer.append` returned. Errors are `{"success":false,"code","message"}`.
    """

    paths: Final = frozenset((*SEGMENT_BATCHES, *SEGMENT_SINGLES, *SENSORS_PATHS, *POSTHOG_PATHS))

    def __init__(
        self, writer: Writer, keys: WriteKeys, limits: settings.Door, blocked: Blocked, clock: Clock
    ) -> None:
        self._writer = writer
        self._keys = keys
        self._blocked = blocked
        self._clock = clock
        self._event_bytes = limits.max_event_bytes
        self._batch_bytes = limits.max_batch_bytes
        origins = [o.strip().rstrip("/") for o in limits.cors_origins.split(",") if o.strip()]
        self._origins = None if "*" in origins else frozenset(o.encode() for o in origins)
        self._waiting = 0
        self._ok_json = _answer(200, _OK_JSON, b"application/json")
        self._ok_empty = _answer(200, b"", b"text/plain")
        self._ok_gif = _answer(200, _GIF, b"image/gif")
        self._ok_posthog = _answer(200, _OK_POSTHOG, b"application/json")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one HTTP request to one of `paths`."""
        request = _Request(scope)
        cors = self._cors(request.origin)
        try:
            if request.method == "OPTIONS":
                await _send(send, _preflight(), cors)
                return
            answer = await self._take(request, receive)
            if answer is None:
                return
        except LogUnavailable as error:
            _LOG.error("requests are refused: the log takes none", why=error.why)
            answer = _refusal(refuse("log_unavailable"))
        except Refused as error:
            answer = _refusal(error)
        await _send(send, answer, cors)

    async def _take(self, request: _Request, receive: Receive) -> tuple[Message, Message] | None:
        form = request.path in SENSORS_PATHS
        if request.method != "POST" and not (form and request.method == "GET"):
            raise refuse("method_not_allowed")
        if request.origin is not None and self._origins is not None and request.origin not in self._origins:
            raise refuse("origin_not_allowed")
        if request.encoding not in (b"", b"gzip", b"identity"):
            raise refuse("unsupported_encoding")
        # A key in the header is checked before the body is read.
        grant = await self._grant(_basic(request.authorization)) if request.authorization else None
        # Base64 and percent signs blow a form up; what is in it is measured again.
        limit = 3 * self._batch_bytes if form else self._batch_bytes
        if request.length > limit:
            raise refuse("body_too_large", str(limit))
        held = 0
        try:
            chunks: list[bytes] = []
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                chunk: bytes = message.get("body", b"")
                if chunk:
                    chunks.append(chunk)
                    held += len(chunk)
                    self._waiting += len(chunk)
                    if held > limit:
                        raise refuse("body_too_large", str(limit))
                    if self._waiting > MOST_WAITING_BYTES:
                        raise refuse("too_busy")
                if not message.get("more_body", False):
                    break
            data = chunks[0] if len(chunks) == 1 else b"".join(chunks)
            if request.encoding == b"gzip":
                data = gunzip(data, limit)
            return await self._keep(request, data, grant)
        finally:
            self._waiting -= held

    async def _keep(self, request: _Request, data: bytes, grant: Grant | None) -> tuple[Message, Message]:
        """Read the events of a body, check them, make them durable; returns the answer of the protocol."""
        taken = self._read(request, data)
        self._check_sizes(taken.items)
        if grant is None:
            grant = await self._grant(taken.key)
        if request.path == "/debug":
            return await self._debug(request, taken, grant)
        await self._store(request, taken, grant)
        if taken.protocol == "segment":
            return self._ok_json
        if taken.protocol == "posthog":
            return self._ok_posthog
        return self._ok_gif if request.path == "/sa.gif" else self._ok_empty

    def _read(self, request: _Request, data: bytes) -> taking.Taken:
        path = request.path
        if path in SEGMENT_BATCHES:
            return taking.segment_batch(data)
        if path in SENSORS_PATHS:
            form = None if request.method == "GET" else data
            return taking.sensors(request.query, form, self._batch_bytes)
        if path in POSTHOG_PATHS:
            return taking.posthog(data, self._batch_bytes)
        return taking.segment_single(data)

    async def _store(self, request: _Request, taken: taking.Taken, grant: Grant) -> None:
        body, items = taken.body, taken.items
        if not items:
            return
        if self._blocked.any():
            kept = taking.kept(items, self._blocked, taken.protocol)
            if not kept:
                return
            if len(kept) < len(items):
                assert taken.join is not None, "a single event goes as a whole"
                body = taken.join(kept)
        await self._append(taken.protocol, request, body, grant)

    async def _debug(self, request: _Request, taken: taking.Taken, grant: Grant) -> tuple[Message, Message]:
        """神策's debug mode: the events are checked before the answer; with `Dry-Run: true` none is stored.

        What is wrong is answered as 400 with code, place and words of each event; it goes to the dead letters too,
        unless it was a dry run.
        """
        raw = RawRequest(taken.protocol, request.path, "", 0, self._clock.now_us(), taken.body)
        events, bad = await asyncio.to_thread(sensors.decode, raw)
        if not request.dry:
            await self._store(request, taken, grant)
        faults = [{"code": b.code, "place": b.place, "message": b.words.as_dict()} for b in bad]
        answer = {"success": not bad, "stored": not request.dry, "accepted": len(events), "errors": faults}
        return _answer(400 if bad else 200, msgspec.json.encode(answer), b"application/json")

    async def _append(self, protocol: str, request: _Request, body: bytes, grant: Grant) -> None:
        packed = _PACK.encode(
            RawRequest(
                protocol,
                request.path,
                grant.source_id,
                grant.purposes,
                self._clock.now_us(),
                body,
                request.agent.decode("latin-1"),
            )
        )
        await self._writer.append(packed)

    async def _grant(self, key: object) -> Grant:
        if type(key) is not str or not key:
            raise refuse("no_key")
        grant = await self._keys.find(key)
        if grant is None:
            raise refuse("bad_key")
        return grant

    def _check_sizes(self, items: list[Any]) -> None:
        if len(items) > MOST_EVENTS:
            raise refuse("too_many_events", str(MOST_EVENTS))
        limit = self._event_bytes
        for number, item in enumerate(items):
            if len(memoryview(item)) > limit:
                raise refuse("event_too_large", f"batch[{number}]")

    def _cors(self, origin: bytes | None) -> _Headers:
        if origin is None:
            return []
        if self._origins is None:
            return [(b"access-control-allow-origin", b"*")]
        if origin in self._origins:
            return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        return [(b"vary", b"Origin")]


def _basic(header: bytes) -> str:
    """The user name of a Basic authorization (the password is empty), or the token of a Bearer one."""
    scheme, _, value = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return value.strip().decode("latin-1")
    if scheme.lower() != b"basic":
        raise refuse("bad_key")
    try:
        plain = binascii.a2b_base64(value.strip())
    except binascii.Error:
        raise refuse("bad_key") from None
    return plain.partition(b":")[0].decode("utf-8", "replace")


def _answer(
    status: int, body: bytes, kind: bytes, more: Iterable[tuple[bytes, bytes]] = ()
) -> tuple[Message, Message]:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *more,
    ]
    return {"type": "http.response.start", "status": status, "headers": headers}, {
        "type": "http.response.body",
        "body": body,
    }


def _refusal(error: Refused) -> tuple[Message, Message]:
    message = error.words.en + (f" ({error.place})" if error.place else "")
    body = msgspec.json.encode({"success": False, "code": error.code, "message": message})
    wait = RETRY_AFTER_S.get(error.status)
    return _answer(error.status, body, b"application/json", [(b"retry-after", wait)] if wait else ())


def _preflight() -> tuple[Message, Message]:
    return _answer(
        204,
        b"",
        b"text/plain",
        (
            (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
            (
                b"access-control-allow-headers",
                b"Authorization, Content-Type, Content-Encoding, Dry-Run, X-Retry-Count",
            ),
            (b"access-control-max-age", b"86400"),
        ),
    )


async def _send(send: Send, answer: tuple[Message, Message], cors: _Headers) -> None:
    start, body = answer
    if cors:
        start = {**start, "headers": [*start["headers"], *cors]}
    await send(start)
    await send(body)
