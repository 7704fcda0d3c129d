"""What of each protocol the door reads before it keeps a request: its events, its key, and how to leave some out."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import msgspec

from weaktie.data.collect.bodies import GZIP, form_fields, from_base64, gunzip, sensors_json
from weaktie.data.collect.contracts import Blocked, Identifier, IdentifierKind
from weaktie.data.collect.refusals import refuse
from weaktie.data.collect.returning import REGISTRATIONS
from weaktie.data.collect.splitting import TooDeep, split
from weaktie.data.collect.traits import is_registration_time
from weaktie.data.collect.vocabulary import sensors_name
from weaktie.data.identity.contracts import KINDS

_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


class Taken:
    """A request that was read as far as the door needs it: `items` are its events' bytes, `key` the key in the body.

    `join` makes the body anew of some of the items; a single event has none, it stays or goes as a whole.
    """

    __slots__ = ("body", "items", "join", "key", "protocol")

    def __init__(
        self,
        protocol: str,
        body: bytes,
        items: list[Any],
        key: object,
        join: Callable[[list[Any]], bytes] | None = None,
    ) -> None:
        self.protocol, self.body, self.items, self.key, self.join = protocol, body, items, key, join


class _Batch(msgspec.Struct, gc=False):
    batch: list[msgspec.Raw] | None = None
    writeKey: Any = None  # noqa: N815 - names of the protocol
    sentAt: Any = None  # noqa: N815
    api_key: Any = None
    sent_at: Any = None


class _Single(msgspec.Struct, gc=False):
    """The members in which an event carries its key: Segment's `writeKey`, PostHog's `api_key`, `token` of both others."""

    writeKey: Any = None  # noqa: N815
    api_key: Any = None
    token: Any = None


class _Within(msgspec.Struct, gc=False):
    properties: _Single | None = None


_BATCH = msgspec.json.Decoder(_Batch)
_SINGLE = msgspec.json.Decoder(_Single)
_WITHIN = msgspec.json.Decoder(_Within)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


# ---- Segment


def segment_batch(body: bytes) -> Taken:
    """`{"batch":[…],"writeKey","sentAt"}`."""
    items, members = _batch(body)
    assert items is not None
    sent = members.sentAt

    def join(kept: list[Any]) -> bytes:
        return b'{"batch":[' + _joined(kept) + b'],"sentAt":' + msgspec.json.encode(sent) + b"}"

    return Taken("segment", body, items, members.writeKey, join)


def segment_single(body: bytes) -> Taken:
    """One event, with the key in `writeKey`."""
    return Taken("segment", body, [body], _single(body).writeKey)


# ---- PostHog


def posthog(body: bytes, largest: int) -> Taken:
    """`{"api_key","batch":[…],"sent_at"}`, one event, or a bare list of events that carry the key themselves.

    The browser's SDK gzips without saying so in a header, or sends a form with `data` in base64.
    """
    if body.startswith(b"data="):
        body = from_base64(form_fields(body).get("data", b""))
    if body.startswith(GZIP):
        body = gunzip(body, largest)
    if body.lstrip()[:1] == b"[":
        items = _list(body)
        return Taken("posthog", body, items, _key_of(items), lambda kept: b"[" + _joined(kept) + b"]")
    if b'"batch"' not in body:
        return Taken("posthog", body, [body], _single(body).api_key or _key_of([body]))
    found, members = _batch(body, or_single=True)
    sent = members.sent_at
    if found is None:
        return Taken("posthog", body, [body], members.api_key or _key_of([body]))

    def join(kept: list[Any]) -> bytes:
        return b'{"batch":[' + _joined(kept) + b'],"sent_at":' + msgspec.json.encode(sent) + b"}"

    return Taken("posthog", body, found, members.api_key or _key_of(found), join)


def _key_of(items: list[Any]) -> object:
    """The key that the first event carries."""
    if not items:
        return None
    try:
        single = _SINGLE.decode(items[0])
        within = _WITHIN.decode(items[0]).properties
        return single.api_key or single.token or (within.token if within is not None else None)
    except _UNREADABLE:
        return None


# ---- 神策


def sensors(query: bytes, form: bytes | None, largest: int) -> Taken:
    """A form or a query with `data` or `data_list`; the key is the `token` of either, or of the first event."""
    asked = form_fields(query)
    fields = asked if form is None else form_fields(form)
    return sensors_events(sensors_json(fields, largest), asked.get("token") or fields.get("token") or b"")


def sensors_events(body: bytes, token: bytes) -> Taken:
    """The JSON that was in a form: one event or a list."""
    start = body.lstrip()[:1]
    if start == b"{":
        items: list[Any] = [body]
    elif start == b"[":
        items = _list(body)
    else:
        raise refuse("not_json")
    key = token.decode("utf-8", "replace") or _key_of(items)
    return Taken("sensors", body, items, key, lambda kept: b"[" + _joined(kept) + b"]")


# ---- what they share


def _joined(kept: list[Any]) -> bytes:
    return b",".join(bytes(item) for item in kept)


def _single(body: bytes) -> _Single:
    try:
        return _SINGLE.decode(body)
    except RecursionError:
        raise refuse("too_deep") from None
    except _UNREADABLE:
        raise refuse("not_json") from None


def _batch(body: bytes, *, or_single: bool = False) -> tuple[list[Any] | None, _Batch]:
    """Items and the other members of a batch; one poisoned item does not make the others unreadable.

    With `or_single`, an object without a batch has None for its items.
    """
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
        found = {
            name: _member(outline.members, name) for name in ("writeKey", "sentAt", "api_key", "sent_at")
        }
        return list(outline.items), _Batch(None, *found.values())
    if batch.batch is None and not or_single:
        raise refuse("no_batch")
    return None if batch.batch is None else list(batch.batch), batch


def _member(members: dict[str, bytes], name: str) -> object:
    try:
        return msgspec.json.decode(members.get(name, b"null"))
    except _UNREADABLE:
        return None


def _list(body: bytes) -> list[Any]:
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


# ---- who must not be kept


class _Names(msgspec.Struct, gc=False):
    """The members of an event that may name a person, in every protocol."""

    userId: Any = None  # noqa: N815 - names of the protocol
    anonymousId: Any = None  # noqa: N815
    previousId: Any = None  # noqa: N815
    distinct_id: Any = None
    original_id: Any = None
    login_id: Any = None
    anonymous_id: Any = None
    identities: Any = None
    properties: Any = None
    traits: Any = None
    context: Any = None


class _More(msgspec.Struct, gc=False):
    """Where PostHog names people too."""

    properties: dict[str, Any] | None = None


class _Claims(msgspec.Struct, gc=False, rename={"given": "$set", "given_once": "$set_once"}):
    """What may say that somebody registers."""

    event: Any = None
    type: Any = None
    traits: Any = None
    properties: Any = None
    given: Any = None
    given_once: Any = None
    userId: Any = None  # noqa: N815
    login_id: Any = None
    distinct_id: Any = None


_NAMES = msgspec.json.Decoder(_Names)
_MORE = msgspec.json.Decoder(_More)
_CLAIMS = msgspec.json.Decoder(_Claims)
_KINDS: Final[tuple[tuple[str, tuple[IdentifierKind, ...]], ...]] = (
    ("userId", ("user",)),
    ("anonymousId", ("anonymous",)),
    ("previousId", ("anonymous", "user")),
    ("login_id", ("user",)),
    ("anonymous_id", ("anonymous",)),
    ("original_id", ("anonymous",)),
    ("distinct_id", ("user", "anonymous")),
)
_WECHAT: Final = ("unionid", "openid", "externaluserid")
_POSTHOG_KINDS: Final[tuple[tuple[str, tuple[IdentifierKind, ...]], ...]] = (
    ("distinct_id", ("user", "anonymous")),
    ("$user_id", ("user",)),
    ("$anon_distinct_id", ("anonymous",)),
    ("$device_id", ("anonymous", "device")),
    ("alias", ("user", "anonymous")),
)


def kept(items: Iterable[Any], blocked: Blocked, protocol: str) -> list[Any]:
    """The events that name nobody of whom nothing may be kept; what may be an erased person's registering anew stays, the lake
    writer looks closer."""
    return [item for item in items if not _is_blocked(item, blocked, protocol)]


def _is_blocked(item: Any, blocked: Blocked, protocol: str) -> bool:
    try:
        named = _named(item, protocol)
        found = [(kind, value) for kind, value in named if blocked.blocks(kind, value)]
        if not found:
            return False
        # Whoever refuses every purpose is turned away whatever they send.
        return any(blocked.refuses(kind, value) for kind, value in found) or not _comes_back(item, blocked)
    except _UNREADABLE:
        return False  # it becomes a dead letter, and is encrypted there


def _named(item: Any, protocol: str) -> Iterator[Identifier]:
    """Whom an event may name, in every kind that the identifier can be of."""
    names = _NAMES.decode(item)
    for member, kinds in _KINDS:
        yield from _in_kinds(getattr(names, member), kinds)
    if protocol == "posthog":
        more = _MORE.decode(item).properties or {}
        for member, kinds in _POSTHOG_KINDS:
            yield from _in_kinds(more.get(member), kinds)
    for value in _beside(names):
        yield from _in_kinds(value, KINDS)


def _beside(names: _Names) -> list[str]:
    """Identifiers beside the main ones, each also within every app that the event names (an openid is kept so)."""
    found: list[object] = []
    apps: list[object] = []
    if isinstance(names.identities, dict):
        found += names.identities.values()
    if isinstance(names.properties, dict):
        apps.append(names.properties.get("$app_id"))
    if isinstance(names.traits, dict):
        found += [v for n, v in names.traits.items() if n.lower().replace("_", "") in _WECHAT]
        apps += [names.traits.get(name) for name in ("appid", "app_id", "appId")]
    if isinstance(names.context, dict):
        external, app = names.context.get("externalIds"), names.context.get("app")
        if isinstance(external, list):
            members = [one for one in external if isinstance(one, dict)]
            found += [one.get("id") for one in members]
            apps += [one.get(name) for one in members for name in ("app_id", "appId")]
        if isinstance(app, dict):
            apps += [app.get("namespace"), app.get("id")]
    for member in (names.distinct_id, names.original_id, names.anonymous_id):
        key, plus, value = member.partition("+") if isinstance(member, str) else ("", "", "")
        if plus and key.startswith("$identity_"):
            found.append(value)
    texts = [value for value in found if isinstance(value, str)]
    return texts + [f"{app}/{value}" for app in apps if isinstance(app, str) for value in texts]


def _in_kinds(value: object, kinds: tuple[IdentifierKind, ...]) -> Iterator[Identifier]:
    if value is not None and value != "":
        text = value if type(value) is str else str(value)
        yield from ((kind, text) for kind in kinds)


def _comes_back(item: Any, blocked: Blocked) -> bool:
    """Whether an event that names somebody who was erased may be their registering anew."""
    claims = _CLAIMS.decode(item)
    if isinstance(claims.event, str) and sensors_name(claims.event) in REGISTRATIONS:
        return True
    properties = claims.properties if isinstance(claims.properties, dict) else {}
    given = [
        claims.traits,
        claims.given,
        claims.given_once,
        properties.get("$set"),
        properties.get("$set_once"),
    ]
    if isinstance(claims.type, str) and claims.type.startswith("profile_"):
        given.append(properties)
    if any(is_registration_time(name) for traits in given if isinstance(traits, dict) for name in traits):
        return True
    signs_in = claims.event == "$identify" or claims.type == "track_signup"
    given_logins = [
        claims.userId,
        claims.login_id,
        properties.get("$user_id"),
        claims.distinct_id if signs_in else None,
    ]
    logins = [str(value) for value in given_logins if value not in (None, "")]
    return bool(logins) and not any(blocked.blocks("user", login) for login in logins)
