"""PostHog's protocol: a stored request as events. Pure."""

import hashlib
import re
from typing import Any, Final

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import fill
from weaktie.data.collect.contracts import BadRow, Event, Identifier, Link, RawRequest
from weaktie.data.collect.logic import (
    LONGEST_NAME,
    channel_of,
    check,
    clean_id,
    corrected_time,
    hidden_flag,
    is_suspicious,
    keep_hidden,
    parse_time,
    platform_of,
    text_or_none,
)
from weaktie.data.collect.splitting import TooDeep, split, why_unreadable
from weaktie.data.collect.traits import usual
from weaktie.data.collect.vocabulary import (
    GROUP_DESCRIBED,
    IDENTIFIED,
    IDENTITY_ALIASED,
    POSTHOG_EVENTS,
    PROFILE_SET,
    PROFILE_SET_ONCE,
)

LONGEST_EVENT_ID: Final = 200


class _Item(msgspec.Struct, rename={"given": "$set", "given_once": "$set_once"}):
    event: Any = None
    distinct_id: Any = None
    uuid: Any = None
    timestamp: Any = None
    sent_at: Any = None
    api_key: Any = None
    properties: dict[str, Any] | None = None
    given: dict[str, Any] | None = None
    given_once: dict[str, Any] | None = None


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw] | None = None
    sent_at: Any = None


_BATCH = msgspec.json.Decoder(_Batch)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM = msgspec.json.Decoder(_Item)
_ANY = msgspec.json.Decoder()
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
# Members that a client writes anew at each try: they are no part of the event.
_VOLATILE: Final = ("sent_at", "api_key", "token")
_GENERATED: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RENAMED: Final = {
    "$current_url": "url", "$pathname": "path", "$referrer": "referrer", "$session_id": "session_id",
    "$screen_name": "name", "$title": "title", "$device_type": "device_type", "$browser": "browser", "$os": "os",
    "$device_model": "device_model",
}  # fmt: skip
"""PostHog's own properties that are kept, and their names here; the others, which begin with `$`, describe the client."""
_DROPPED: Final = frozenset({"distinct_id", "token"})


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a stored request in their order, and a bad row for each event that cannot be stored."""
    events: list[Event] = []
    bad: list[BadRow] = []
    items, sent = _items(request.body)
    sent_us = _sent(sent)
    for item in items:
        raw = bytes(item)
        try:
            events.append(_event(raw, sent_us, request.received_us))
        except Bad as reason:
            bad.append(reason.row(raw))
        except (*_UNREADABLE, OverflowError) as error:
            shape = isinstance(error, msgspec.ValidationError) and "Expected" in str(error)
            code = "bad_shape" if raw.lstrip().startswith(b"{") else "not_an_object"
            bad.append(Bad(code if shape else why_unreadable(raw)).row(raw))
    return events, bad


def _items(body: bytes) -> tuple[list[Any], object]:
    listed = body.lstrip().startswith(b"[")
    if not listed and b'"batch"' not in body:
        return [body], None
    try:
        if listed:
            return list(_LIST.decode(body)), None
        batch = _BATCH.decode(body)
    except _UNREADABLE:
        try:
            outline = split(body, None if listed else "batch")
        except TooDeep:
            outline = None
        if outline is None:
            return [body], None
        sent = outline.members.get("sent_at", b'""')
        return list(outline.items), sent.strip(b'"').decode("utf-8", "replace")
    return ([body], None) if batch.batch is None else (list(batch.batch), batch.sent_at)


def _sent(value: object) -> int | None:
    try:
        return parse_time(value)
    except Bad:
        return None


def _event(raw: bytes, sent_us: int | None, received_us: int) -> Event:
    item = _ITEM.decode(raw)
    suspicious = is_suspicious(raw)
    properties = item.properties or {}
    if item.sent_at is not None:
        sent_us = _sent(item.sent_at)
    if item.sent_at is not None or item.api_key is not None:
        raw = msgspec.json.encode({k: v for k, v in _ANY.decode(raw).items() if k not in _VOLATILE})
    if suspicious and b"\\u0000" in raw:
        check(_ANY.decode(raw))
    if type(item.event) is not str or not 0 < len(item.event) <= LONGEST_NAME:
        raise Bad("no_event_name", "event")
    name = POSTHOG_EVENTS.get(item.event, item.event)
    client_us = parse_time(item.timestamp if item.timestamp is not None else properties.get("$time"))
    event_us, flags = corrected_time(client_us, sent_us, received_us)
    event = Event(_event_id(item, properties, raw), name, (), event_us, client_us, raw, flags)
    if name == IDENTITY_ALIASED:
        event.links = (_alias(item, properties),)
        event.identifiers = (event.links[0].b, event.links[0].a)
    else:
        event.identifiers = _identifiers(item, properties, group=name == GROUP_DESCRIBED)
    _fill(event, properties, suspicious)
    if not event.identifiers and name != GROUP_DESCRIBED:
        keep_hidden(event, "distinct_id")
    traits = _traits(item, properties)
    if traits or name in (IDENTIFIED, PROFILE_SET, PROFILE_SET_ONCE):
        event.traits = usual(traits)
    return event


def _event_id(item: _Item, properties: dict[str, Any], raw: bytes) -> str:
    for given in (item.uuid, properties.get("$insert_id")):
        if type(given) is str and 0 < len(given) <= LONGEST_EVENT_ID:
            return given
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def _identifiers(item: _Item, properties: dict[str, Any], *, group: bool) -> tuple[Identifier, ...]:
    """Who did it. A `distinct_id` is a login unless the client says that nobody signed in: the browser by
    `$is_identified` or by sending the device's id, the servers' by `$process_person_profile`.

    The device's id is the anonymous id that the browser had before anybody signed in.
    """
    given = item.distinct_id if item.distinct_id is not None else properties.get("distinct_id")
    distinct = clean_id(given, "distinct_id")
    if group and (distinct is None or distinct.startswith("$")):
        return ()  # servers describe a group in nobody's name
    device = clean_id(properties.get("$device_id"), "properties.$device_id")
    before = clean_id(properties.get("$anon_distinct_id"), "properties.$anon_distinct_id")
    login = clean_id(properties.get("$user_id"), "properties.$user_id")
    known = properties.get("$is_identified")
    if login is None and distinct is not None:
        nobody = properties.get("$process_person_profile") is False and item.event != "$identify"
        if known is True or (known is not False and not nobody and distinct != device):
            login = distinct
    found: list[Identifier] = []
    if login is not None:
        found.append(("user", login))
    found += [
        ("anonymous", name) for name in (before, distinct, device) if name is not None and name != login
    ]
    if not found:
        if hidden_flag(given, properties.get("$user_id")):
            return ()
        raise Bad("no_identifier", "distinct_id")
    return tuple(dict.fromkeys(found))


def _alias(item: _Item, properties: dict[str, Any]) -> Link:
    """The former identifier and the login. The protocol does not say which is which: an id that looks generated is the
    anonymous one; else the servers' Python client writes the former one as `distinct_id`, the others as `alias`."""
    distinct = clean_id(properties.get("distinct_id") or item.distinct_id, "properties.distinct_id")
    other = clean_id(properties.get("alias"), "properties.alias")
    if distinct is None or other is None:
        raise Bad("no_identifier", "properties.alias")
    generated = [bool(_GENERATED.fullmatch(name)) for name in (distinct, other)]
    first = properties.get("$lib") == "posthog-python" if generated[0] == generated[1] else generated[0]
    former, login = (distinct, other) if first else (other, distinct)
    return Link(("anonymous" if any(generated) else "user", former), ("user", login), "alias")


def _traits(item: _Item, properties: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for given in (properties.get("$set_once"), item.given_once, properties.get("$set"), item.given):
        if isinstance(given, dict):
            found |= given
    return found


def _fill(event: Event, properties: dict[str, Any], suspicious: bool) -> None:
    get = properties.get
    if event.event == GROUP_DESCRIBED:
        plain: dict[str, Any] = {
            "group_type": get("$group_type"), "group_id": get("$group_key"), "group_traits": get("$group_set") or {},
        }  # fmt: skip
    else:
        plain = {_RENAMED.get(k, k): v for k, v in properties.items() if _is_kept(k)}
        if event.event == IDENTITY_ALIASED:
            plain.pop("alias", None)
    found = fill(event, plain, suspicious)
    event.app_version = text_or_none(get("$app_version"), 64)
    event.user_agent = text_or_none(get("$raw_user_agent") or get("$user_agent"), 512)
    event.platform = platform_of(
        text_or_none(found.get("platform"), 64),
        text_or_none(get("$lib"), 64),
        text_or_none(get("$os"), 64),
        None,
    )
    event.channel = channel_of(
        text_or_none(found.get("channel"), 64),
        text_or_none(get("utm_source"), 64),
        text_or_none(get("utm_medium"), 64),
        text_or_none(get("scene"), 16),
        text_or_none(get("$referrer"), 255),
    )


def _is_kept(name: str) -> bool:
    return name in _RENAMED or not (name.startswith("$") or name in _DROPPED)
