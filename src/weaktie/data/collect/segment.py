"""Segment's protocol (RudderStack speaks it too): a stored request as events. Pure."""

import hashlib
from typing import Any, Final

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import fill
from weaktie.data.collect.contracts import (
    BadRow,
    Event,
    Identifier,
    IdentifierKind,
    Link,
    RawRequest,
    in_order,
    openid_of,
)
from weaktie.data.collect.logic import (
    LONGEST_NAME,
    channel_of,
    check,
    clean_id,
    corrected_time,
    is_suspicious,
    keep_hidden,
    parse_time,
    platform_of,
    scrub,
    text_or_none,
)
from weaktie.data.collect.splitting import TooDeep, split, why_unreadable
from weaktie.data.collect.traits import usual
from weaktie.data.collect.vocabulary import GROUP_JOINED, IDENTIFIED, IDENTITY_ALIASED
from weaktie.data.identity.service import is_hidden

LONGEST_EVENT_ID: Final = 200


class _Named(msgspec.Struct):
    """A member of the context that says a name, a version and such (app, os, library, device, campaign, page)."""

    id: Any = None
    namespace: Any = None
    name: Any = None
    version: Any = None
    type: Any = None
    model: Any = None
    source: Any = None
    medium: Any = None
    content: Any = None
    url: Any = None
    path: Any = None
    title: Any = None
    referrer: Any = None


class _Context(msgspec.Struct):
    app: _Named | None = None
    os: _Named | None = None
    library: _Named | None = None
    device: _Named | None = None
    campaign: _Named | None = None
    page: _Named | None = None
    platform: Any = None
    channel: Any = None
    scene: Any = None
    shop_id: Any = None
    sessionId: Any = None  # noqa: N815 - names of the protocol
    externalIds: Any = None  # noqa: N815
    userAgent: Any = None  # noqa: N815


class _Item(msgspec.Struct, rename={"metadata": "_metadata"}):
    type: Any = None
    event: Any = None
    name: Any = None
    category: Any = None
    userId: Any = None  # noqa: N815
    anonymousId: Any = None  # noqa: N815
    previousId: Any = None  # noqa: N815
    groupId: Any = None  # noqa: N815
    messageId: Any = None  # noqa: N815
    timestamp: Any = None
    originalTimestamp: Any = None  # noqa: N815
    sentAt: Any = None  # noqa: N815
    writeKey: Any = None  # noqa: N815
    metadata: Any = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: _Context | None = None


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]
    sentAt: Any = None  # noqa: N815


_BATCH = msgspec.json.Decoder(_Batch)
_ITEM = msgspec.json.Decoder(_Item)
_ANY = msgspec.json.Decoder()
_EMPTY = _Context()
# The browser's SDK calls each address by its first letter.
_SHORT: Final = {name[0]: name for name in ("batch", "track", "identify", "page", "screen", "group", "alias")}
# Members that a client writes anew at each try: they are no part of the event.
_VOLATILE: Final = ("sentAt", "writeKey", "_metadata")


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a stored request in their order, and a bad row for each event that cannot be stored."""
    events: list[Event] = []
    bad: list[BadRow] = []
    last = request.endpoint.rpartition("/")[2]
    kind = _SHORT.get(last, last)
    items, sent = _items(request.body) if kind == "batch" else ([request.body], None)
    sent_us = _sent(sent)
    for item in items:
        raw = bytes(item)
        try:
            events.append(_event(raw, None if kind == "batch" else kind, sent_us, request.received_us))
        except Bad as reason:
            bad.append(reason.row(raw))
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            shape = isinstance(error, msgspec.ValidationError) and "Expected" in str(error)
            bad.append(Bad(_shape(raw) if shape else why_unreadable(raw)).row(raw))
    return events, bad


def _items(body: bytes) -> tuple[list[Any], object]:
    try:
        batch = _BATCH.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        try:
            outline = split(body, "batch")
        except TooDeep:
            outline = None
        if outline is None:
            return [body], None
        sent = outline.members.get("sentAt", b'""')
        return list(outline.items), sent.strip(b'"').decode("utf-8", "replace")
    return list(batch.batch), batch.sentAt


def _sent(value: object) -> int | None:
    try:
        return parse_time(value)
    except Bad:
        return None


def _shape(raw: bytes) -> str:
    return "bad_shape" if raw.lstrip().startswith(b"{") else "not_an_object"


def _read(raw: bytes) -> _Item:
    try:
        return _ITEM.decode(raw)
    except msgspec.ValidationError:
        # A context that is not built as usual loses only its own misshapen members.
        whole = _ANY.decode(raw)
        if not isinstance(whole, dict) or not isinstance(whole.get("context"), dict):
            raise
        whole["context"] = {
            k: v
            for k, v in whole["context"].items()
            if k not in ("app", "os", "library", "device", "campaign", "page") or isinstance(v, dict)
        }
        return msgspec.convert(whole, _Item)


def _event(raw: bytes, single: str | None, sent_us: int | None, received_us: int) -> Event:
    item = _read(raw)
    suspicious = is_suspicious(raw)
    kind = single or item.type
    if item.sentAt is not None:
        sent_us = _sent(item.sentAt)
    if item.sentAt is not None or item.writeKey is not None or item.metadata is not None:
        raw = _steady(raw)
    if suspicious and b"\\u0000" in raw:
        check(_ANY.decode(raw))
    client_us = parse_time(item.timestamp if item.timestamp is not None else item.originalTimestamp)
    event_us, flags = corrected_time(client_us, sent_us, received_us)
    message = item.messageId
    if type(message) is not str or not 0 < len(message) <= LONGEST_EVENT_ID:
        message = hashlib.blake2b(raw, digest_size=16).hexdigest()
    identifiers = _identifiers(item)
    name, properties = _named(kind, item)
    event = Event(message, name, identifiers, event_us, client_us, raw, flags)
    found = fill(event, properties, suspicious)
    if not identifiers:
        keep_hidden(event, "userId")
    _from_context(event, item.context or _EMPTY, found, suspicious)
    if kind == "identify":
        event.traits = usual(item.traits)
    elif kind == "alias":
        event.links = (_alias(item),)
    return event


def _steady(raw: bytes) -> bytes:
    whole = _ANY.decode(raw)
    return msgspec.json.encode({k: v for k, v in whole.items() if k not in _VOLATILE})


def _identifiers(item: _Item) -> tuple[Identifier, ...]:
    user = clean_id(item.userId, "userId")
    anonymous = clean_id(item.anonymousId, "anonymousId")
    more = _more(item)
    if more:
        if user is not None:
            more.append(("user", user))
        if anonymous is not None:
            more.append(("anonymous", anonymous))
        return in_order(more)
    if user is not None:
        return (("user", user),) if anonymous is None else (("user", user), ("anonymous", anonymous))
    if anonymous is not None:
        return (("anonymous", anonymous),)
    if any(isinstance(value, str) and is_hidden(value) for value in (item.userId, item.anonymousId)):
        return ()
    raise Bad("no_identifier", "userId")


_EXTERNAL: Final[dict[str, IdentifierKind]] = {
    "unionid": "unionid", "openid": "openid", "phone": "phone", "mobile": "phone", "email": "email",
    "externaluserid": "wecom", "wecom": "wecom", "androidid": "device", "iosidfv": "device", "deviceid": "device",
}  # fmt: skip
"""`context.externalIds[].type` without case and separators; of the traits, those of WeChat."""
_WECHAT_TRAITS: Final = ("unionid", "openid", "externaluserid")


def _more(item: _Item) -> list[Identifier]:
    """Identifiers beside userId and anonymousId: `context.externalIds`, and WeChat's in the traits."""
    given: list[tuple[str, object, object]] = []
    context = item.context
    if context is not None and isinstance(context.externalIds, list):
        given += [
            (str(one.get("type", "")), one.get("id"), one.get("app_id") or one.get("appId"))
            for one in context.externalIds
            if isinstance(one, dict)
        ]
    if item.traits and any(_key(name) in _WECHAT_TRAITS for name in item.traits):
        app = item.traits.get("appid") or item.traits.get("app_id") or item.traits.get("appId")
        given += [(n, v, app) for n, v in item.traits.items() if _key(n) in _WECHAT_TRAITS]
    found: list[Identifier] = []
    for name, value, app in given:
        kind = _EXTERNAL.get(_key(name))
        text = clean_id(value, name) if kind and isinstance(value, str | int) else None
        if kind is None or text is None:
            continue
        if kind == "openid" and app is None and context is not None and context.app is not None:
            app = context.app.namespace or context.app.id
        found.append(openid_of(text, app) if kind == "openid" else (kind, text))
    return found


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(".", "").replace("$", "")


def _named(kind: object, item: _Item) -> tuple[str, dict[str, Any]]:
    """The event's name and properties by the type of the call."""
    properties = item.properties or {}
    if kind == "track":
        name = item.event
        if type(name) is not str or not 0 < len(name) <= LONGEST_NAME:
            raise Bad("no_event_name", "event")
        return name, properties
    if kind == "page" or kind == "screen":
        extra = {k: v for k, v in (("name", item.name), ("category", item.category)) if v}
        return "Page Viewed" if kind == "page" else "Screen Viewed", extra | properties
    if kind == "identify":
        return IDENTIFIED, properties
    if kind == "group":
        group = clean_id(item.groupId, "groupId")
        return GROUP_JOINED, {"group_id": group, "group_traits": item.traits or {}} | properties
    if kind == "alias":
        return IDENTITY_ALIASED, properties
    raise Bad("unknown_type", "type")


def _alias(item: _Item) -> Link:
    previous = clean_id(item.previousId, "previousId")
    user = clean_id(item.userId, "userId")
    if previous is None or user is None:
        raise Bad("no_identifier", "previousId")
    return Link(("anonymous", previous), ("user", user), "alias")


def _from_context(event: Event, context: _Context, found: dict[str, Any], suspicious: bool) -> None:
    app, system, library, device = context.app, context.os, context.library, context.device
    campaign, page, properties = context.campaign, context.page, event.properties
    if app is not None:
        event.app_version = text_or_none(app.version, 64)
    if event.session_id is None:
        event.session_id = text_or_none(context.sessionId)
    if event.shop_id is None:
        event.shop_id = text_or_none(context.shop_id)
    event.user_agent = text_or_none(context.userAgent, 512)
    event.platform = platform_of(
        text_or_none(found.get("platform") or context.platform, 64),
        text_or_none(library.name, 64) if library else None,
        text_or_none(system.name, 64) if system else None,
        text_or_none(device.type, 64) if device else None,
    )
    if page is not None:
        for name in ("url", "path", "title", "referrer"):
            value = getattr(page, name)
            if value is not None and name not in properties:
                properties[name] = scrub(value) if suspicious or type(value) is not str else value
    if campaign is not None and campaign.name is not None and "utm_campaign" not in properties:
        properties["utm_campaign"] = scrub(campaign.name)
    if campaign is not None and campaign.content is not None and "utm_content" not in properties:
        properties["utm_content"] = scrub(campaign.content)
    if device is not None and device.model is not None and "device_model" not in properties:
        properties["device_model"] = scrub(device.model)
    source = properties.get("utm_source") if campaign is None else campaign.source
    medium = properties.get("utm_medium") if campaign is None else campaign.medium
    event.channel = channel_of(
        text_or_none(found.get("channel") or context.channel, 64),
        text_or_none(source, 64),
        text_or_none(medium, 64),
        text_or_none(context.scene or properties.get("scene"), 16),
        text_or_none(properties.get("referrer"), 255),
    )
