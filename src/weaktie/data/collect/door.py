"""The door: a bare ASGI application that takes events in, makes them durable and says so. It does nothing else.

It is dispatched before FastAPI. For each request: who (write key), how much (limits, while it streams), what (just
enough parsing to know that events are in it), may it be kept (consent), append, wait for the sync, answer.
"""

import binascii
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

import msgspec

from weaktie.data.collect.bodies import form_fields, gunzip, sensors_json
from weaktie.data.collect.contracts import Blocked, Grant, IdentifierKind, RawRequest, WriteKeys
from weaktie.data.collect.refusals import refuse
from weaktie.data.collect.returning import REGISTRATIONS
from weaktie.data.collect.splitting import TooDeep, split
from weaktie.data.collect.traits import is_registration_time
from weaktie.data.collect.vocabulary import sensors_name
from weaktie.kit import settings
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.store.log.contracts import LogUnavailable, Writer

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_LOG = get_logger("collect.door")
SEGMENT_CALLS: Final = ("batch", "track", "identify", "page", "screen", "group", "alias")
SENSORS_PATHS: Final = ("/sa", "/sa.gif")
MOST_EVENTS: Final = 5_000
LONGEST_AGENT: Final = 256
MOST_WAITING_BYTES: Final = 32 * 1024 * 1024
RETRY_AFTER_S: Final = {429: b"1", 503: b"5"}

_OK_JSON: Final = b'{"success":true}'
_GIF: Final = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
_Headers = list[tuple[bytes, bytes]]


class _Batch(msgspec.Struct, gc=False):
    batch: list[msgspec.Raw] | None = None
    writeKey: Any = None  # noqa: N815 - names of the protocol
    sentAt: Any = None  # noqa: N815


class _Single(msgspec.Struct, gc=False):
    writeKey: Any = None  # noqa: N815


class _Names(msgspec.Struct, gc=False):
    """The members of an event that may name a person, in both protocols."""

    userId: Any = None  # noqa: N815
    anonymousId: Any = None  # noqa: N815
    previousId: Any = None  # noqa: N815
    distinct_id: Any = None
    original_id: Any = None
    login_id: Any = None
    anonymous_id: Any = None
    token: Any = None
    identities: Any = None
    event: Any = None
    traits: Any = None


_BATCH = msgspec.json.Decoder(_Batch)
_SINGLE = msgspec.json.Decoder(_Single)
_NAMES = msgspec.json.Decoder(_Names)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_PACK = msgspec.msgpack.Encoder()
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_KINDS: Final[tuple[tuple[str, tuple[IdentifierKind, ...]], ...]] = (
    ("userId", ("user",)),
    ("anonymousId", ("anonymous",)),
    ("previousId", ("anonymous", "user")),
    ("login_id", ("user",)),
    ("anonymous_id", ("anonymous",)),
    ("original_id", ("anonymous",)),
    ("distinct_id", ("user", "anonymous")),
)


class _Request:
    """What the headers of a request say."""

    __slots__ = ("agent", "authorization", "encoding", "length", "method", "origin", "path", "query")

    def __init__(self, scope: Message) -> None:
        self.path: str = scope["path"]
        self.method: str = scope["method"]
        self.query: bytes = scope.get("query_string", b"")
        self.authorization = self.encoding = self.agent = b""
        self.origin: bytes | None = None
        self.length = -1
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


class Door:
    """The ASGI application behind `Door.paths`; any other path is not its business.

    `keys` finds write keys, `blocked` knows of whom nothing may be kept, `writer` makes requests durable. An answer
    of 200 is sent only after `writer.append` returned. Errors are `{"success":false,"code","message"}`.
    """

    paths: Final = frozenset((*(f"/v1/{call}" for call in SEGMENT_CALLS), *SENSORS_PATHS))

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
        sensors = request.path in SENSORS_PATHS
        if request.method != "POST" and not (sensors and request.method == "GET"):
            raise refuse("method_not_allowed")
        if request.origin is not None and self._origins is not None and request.origin not in self._origins:
            raise refuse("origin_not_allowed")
        if request.encoding not in (b"", b"gzip", b"identity"):
            raise refuse("unsupported_encoding")
        # A key in the header is checked before the body is read.
        grant = await self._grant(_basic(request.authorization)) if request.authorization else None
        # Base64 and percent signs blow a form up; what is in it is measured again.
        limit = 3 * self._batch_bytes if sensors else self._batch_bytes
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
            if sensors:
                await self._take_sensors(request, data, grant)
                return self._ok_gif if request.path == "/sa.gif" else self._ok_empty
            await self._take_segment(request, data, grant)
            return self._ok_json
        finally:
            self._waiting -= held

    async def _take_segment(self, request: _Request, body: bytes, grant: Grant | None) -> None:
        items: list[Any] | None = None
        sent: object = None
        if request.path == "/v1/batch":
            items, key, sent = _segment_batch(body)
            self._check_sizes(items)
        else:
            self._check_sizes([body])
            try:
                key = _SINGLE.decode(body).writeKey
            except RecursionError:
                raise refuse("too_deep") from None
            except _UNREADABLE:
                raise refuse("not_json") from None
        if grant is None:
            grant = await self._grant(key)
        if items == []:
            return
        if self._blocked.any():
            kept = self._kept([body] if items is None else items)
            if not kept:
                return
            if items is not None and len(kept) < len(items):
                body = b'{"batch":[' + b",".join(bytes(i) for i in kept) + b'],"sentAt":'
                body += msgspec.json.encode(sent) + b"}"
        await self._append("segment", request, body, grant)

    async def _take_sensors(self, request: _Request, data: bytes, grant: Grant | None) -> None:
        query = form_fields(request.query)
        fields = query if request.method == "GET" else form_fields(data)
        body = sensors_json(fields, self._batch_bytes)
        items = _sensors_items(body)
        self._check_sizes(items)
        if grant is None:
            token: object = (query.get("token") or fields.get("token") or b"").decode("utf-8", "replace")
            grant = await self._grant(token or _token(items))
        if not items:
            return
        if self._blocked.any():
            kept = self._kept(items)
            if not kept:
                return
            if len(kept) < len(items):
                body = b"[" + b",".join(bytes(i) for i in kept) + b"]"
        await self._append("sensors", request, body, grant)

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

    def _kept(self, items: Iterable[Any]) -> list[Any]:
        return [item for item in items if not self._is_blocked(item)]

    def _is_blocked(self, item: Any) -> bool:
        try:
            names = _NAMES.decode(item)
        except _UNREADABLE:
            return False  # it becomes a dead letter, and is encrypted there
        blocks = self._blocked.blocks
        for member, kinds in _KINDS:
            value = getattr(names, member)
            if value is None or value == "":
                continue
            text = value if type(value) is str else str(value)
            if any(blocks(kind, text) for kind in kinds):
                return not self._comes_back(names)
        if isinstance(names.identities, dict):
            return any(
                isinstance(value, str) and any(blocks(kind, value) for kind in _IDENTITY_KINDS)
                for value in names.identities.values()
            ) and not self._comes_back(names)
        return False

    def _comes_back(self, names: _Names) -> bool:
        """Whether an event of somebody who was erased may be their registering anew; the lake writer looks closer. Whoever
        refuses every purpose is turned away whatever they send."""
        for member, kinds in _KINDS:
            value = getattr(names, member)
            if value not in (None, "") and any(self._blocked.refuses(kind, str(value)) for kind in kinds):
                return False
        if isinstance(names.event, str) and sensors_name(names.event) in REGISTRATIONS:
            return True
        if isinstance(names.traits, dict) and any(is_registration_time(name) for name in names.traits):
            return True
        logins = [str(v) for v in (names.userId, names.login_id) if v not in (None, "")]
        return bool(logins) and not any(self._blocked.blocks("user", login) for login in logins)

    def _cors(self, origin: bytes | None) -> _Headers:
        if origin is None:
            return []
        if self._origins is None:
            return [(b"access-control-allow-origin", b"*")]
        if origin in self._origins:
            return [(b"access-control-allow-origin", origin), (b"vary", b"Origin")]
        return [(b"vary", b"Origin")]


_IDENTITY_KINDS: Final[tuple[IdentifierKind, ...]] = ("user", "anonymous", "phone", "email", "device")


def _segment_batch(body: bytes) -> tuple[list[Any], object, object]:
    """Items, write key and sending time of a batch; one poisoned item does not make the others unreadable."""
    try:
        batch = _BATCH.decode(body)
    except msgspec.ValidationError:
        raise refuse("no_batch") from None
    except _UNREADABLE as error:
        try:
            outline = split(body, "batch")
        except TooDeep:
            raise refuse("too_deep") from None
        if outline is None or not outline.items:
            raise refuse("not_json") from error
        return list(outline.items), _member(outline.members, "writeKey"), _member(outline.members, "sentAt")
    if batch.batch is None:
        raise refuse("no_batch")
    return list(batch.batch), batch.writeKey, batch.sentAt


def _member(members: dict[str, bytes], name: str) -> object:
    try:
        return msgspec.json.decode(members.get(name, b"null"))
    except _UNREADABLE:
        return None


def _sensors_items(body: bytes) -> list[Any]:
    start = body.lstrip()[:1]
    if start == b"{":
        return [body]
    if start != b"[":
        raise refuse("not_json")
    try:
        return list(_LIST.decode(body))
    except _UNREADABLE:
        try:
            outline = split(body, None)
        except TooDeep:
            raise refuse("too_deep") from None
        if outline is None or not outline.items:
            raise refuse("not_json") from None
        return list(outline.items)


def _token(items: list[Any]) -> object:
    """The token that the first event carries: some SDKs put it there."""
    try:
        return _NAMES.decode(items[0]).token if items else None
    except _UNREADABLE:
        return None


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
                b"Authorization, Content-Type, Content-Encoding, X-Retry-Count",
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
