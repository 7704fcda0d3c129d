"""神策's protocol: a stored request as events. Pure."""

import hashlib
import re
from functools import lru_cache
from typing import Any, Final

import msgspec

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.commerce import fill, to_decimal
from weaktie.data.collect.contracts import (
    BadRow,
    Entity,
    Event,
    Identifier,
    IdentifierKind,
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
    ITEM_SET,
    PROFILE_APPENDED,
    PROFILE_DELETED,
    PROFILE_INCREMENTED,
    PROFILE_SET,
    PROFILE_SET_ONCE,
    PROFILE_UNSET,
    sensors_name,
)


class _Item(msgspec.Struct, rename={"track_id": "_track_id", "flush_time": "_flush_time"}):
    type: Any = None
    event: Any = None
    distinct_id: Any = None
    original_id: Any = None
    login_id: Any = None
    anonymous_id: Any = None
    time: Any = None
    track_id: Any = None
    flush_time: Any = None
    item_type: Any = None
    item_id: Any = None
    properties: dict[str, Any] | list[Any] | None = None
    identities: dict[str, Any] | None = None
    lib: dict[str, Any] | None = None


_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM = msgspec.json.Decoder(_Item)
_ANY = msgspec.json.Decoder()

# What the client writes anew at each try; a quote inside a text is escaped, so the pattern meets members only.
_VOLATILE: Final = re.compile(rb'"_(?:flush_time|nocache)"\s*:\s*"?\d+"?\s*,?\s*')

PROFILE_TYPES: Final = {
    "profile_set": PROFILE_SET,
    "profile_set_once": PROFILE_SET_ONCE,
    "profile_unset": PROFILE_UNSET,
    "profile_delete": PROFILE_DELETED,
    "profile_increment": PROFILE_INCREMENTED,
    "profile_append": PROFILE_APPENDED,
}
_IDENTITIES: Final[dict[str, IdentifierKind]] = {
    "$identity_login_id": "user",
    "$identity_mobile": "phone",
    "$identity_email": "email",
    "$identity_cookie_id": "anonymous",
    "$identity_anonymous_id": "anonymous",
    "$identity_mp_id": "anonymous",
    "$identity_distinct_id": "anonymous",
    "$identity_android_id": "device",
    "$identity_android_uuid": "device",
    "$identity_idfv": "device",
    "$identity_ios_uuid": "device",
    "$identity_harmony_uuid": "device",
}
"""Kinds of identities by their whole name; `_kind_of` knows more by a part of it."""
_NAMED: Final[tuple[tuple[str, IdentifierKind], ...]] = (
    ("unionid", "unionid"), ("openid", "openid"), ("external_userid", "wecom"), ("external_user_id", "wecom"),
)  # fmt: skip
_NOISE: Final = frozenset(
    {"$is_login_id", "$lib", "$lib_version", "$lib_method", "$lib_detail", "$lib_plugin_version", "$app_version", "$ip",
     "$device_id", "$anonymization_id", "$timezone_offset", "$screen_width", "$screen_height", "$viewport_width",
     "$viewport_height", "$brand", "$manufacturer", "$app_id", "$app_name", "$network_type", "$wifi", "$carrier",
     "$is_first_day", "$is_first_time", "$app_state", "$os_version", "$data_ingestion_source", "$identity_login_id"}
)  # fmt: skip
_ITEM_TABLES: Final = {
    "product": "products", "products": "products", "goods": "products", "sku": "products", "item": "products",
    "content": "contents", "contents": "contents", "article": "contents", "video": "contents", "note": "contents",
    "live": "contents",
}  # fmt: skip
_PRODUCT_FIELDS: Final = ("name", "category", "brand", "currency", "shop_id")
_CONTENT_FIELDS: Final = ("title", "body", "kind", "creator_id")


def decode(request: RawRequest) -> tuple[list[Event], list[BadRow]]:
    """Events of a stored request in their order, and a bad row for each event that cannot be stored."""
    events: list[Event] = []
    bad: list[BadRow] = []
    copies: dict[bytes, int] = {}
    for item in _items(request.body):
        raw = bytes(item)
        try:
            events.append(_event(raw, request.received_us, copies))
        except Bad as reason:
            bad.append(reason.row(raw))
        except (msgspec.MsgspecError, ValueError, RecursionError, OverflowError) as error:
            shape = isinstance(error, msgspec.ValidationError) and "Expected" in str(error)
            code = "bad_shape" if raw.lstrip().startswith(b"{") else "not_an_object"
            bad.append(Bad(code if shape else why_unreadable(raw)).row(raw))
    return events, bad


def _items(body: bytes) -> list[Any]:
    if not body.lstrip().startswith(b"["):
        return [body]
    try:
        return list(_LIST.decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        try:
            outline = split(body, None)
        except TooDeep:
            outline = None
        return [body] if outline is None else list(outline.items)


def _event(raw: bytes, received_us: int, copies: dict[bytes, int]) -> Event:
    item = _ITEM.decode(raw)
    suspicious = is_suspicious(raw)
    if suspicious and b"\\u0000" in raw:
        check(_ANY.decode(raw))
    if item.flush_time is not None:
        raw = _VOLATILE.sub(b"", raw)
    properties = item.properties if isinstance(item.properties, dict) else {}
    client_us = parse_time(item.time)
    event_us, flags = corrected_time(client_us, _sent(item.flush_time), received_us)
    event = Event(_event_id(item, raw, copies), "", (), event_us, client_us, raw, flags)
    kind = item.type
    if kind == "item_set":
        _describe_item(event, item, properties)
        return event
    event.identifiers = _identifiers(item, properties)
    if kind == "track" or kind == "track_signup" or kind == "track_id_bind" or kind == "track_id_unbind":
        if type(item.event) is not str or not 0 < len(item.event) <= LONGEST_NAME:
            raise Bad("no_event_name", "event")
        event.event = sensors_name(item.event)
        if kind == "track_id_unbind":  # what was unbound is named, but it is not the person's here
            event.identifiers = event.identifiers[:1]
        _act(event, properties, suspicious, item.lib)
    elif type(kind) is str and kind in PROFILE_TYPES:
        event.event = PROFILE_TYPES[kind]
        _profile(event, item.properties, suspicious)
    else:
        raise Bad("unknown_type", "type")
    if not event.identifiers:
        keep_hidden(event, "distinct_id")
    return event


def _sent(value: object) -> int | None:
    try:
        return parse_time(value)
    except Bad:
        return None


def _event_id(item: _Item, raw: bytes, copies: dict[bytes, int]) -> str:
    """A hash of the event: the protocol has no id. Two equal events in one request are two acts, unless a `_track_id`
    says that they are one."""
    digest = hashlib.blake2b(raw, digest_size=16)
    if item.track_id is None:
        key = digest.digest()
        copy = copies[key] = copies.get(key, 0) + 1
        if copy > 1:
            digest.update(b"#%d" % copy)
    return digest.hexdigest()


def _identifiers(item: _Item, properties: dict[str, Any]) -> tuple[Identifier, ...]:
    found: list[Identifier] = []
    if item.identities:
        for key, value in item.identities.items():
            name = clean_id(value, f"identities.{key}")
            if name is not None:
                found.append(_identity(key, name, properties))
    distinct = clean_id(item.distinct_id, "distinct_id")
    login = clean_id(item.login_id, "login_id")
    if item.type == "track_signup":
        login = login or distinct
        original = clean_id(item.original_id, "original_id")
        if original is not None:
            found.append(_loose(original, properties))
    elif login is None and properties.get("$is_login_id") is True and not item.identities:
        login = distinct
    if login is not None:
        found.append(("user", login))
    elif distinct is not None and not found:
        found.append(_loose(distinct, properties))
    anonymous = clean_id(item.anonymous_id, "anonymous_id")
    if anonymous is not None and anonymous != login:
        found.append(_loose(anonymous, properties))
    if not found:
        if hidden_flag(item.distinct_id, item.login_id, item.anonymous_id):
            return ()
        raise Bad("no_identifier", "distinct_id")
    if len(found) == 1:
        return (found[0],)
    return in_order(found)


def _identity(key: str, name: str, properties: dict[str, Any]) -> Identifier:
    """An identity by its key; one of a kind that nobody knows is an anonymous id written `key+value`, as 神策 does."""
    kind = _kind_of(key)
    if kind == "openid":
        return openid_of(name, properties.get("$app_id"))
    return (kind, name) if kind else ("anonymous", f"{key}+{name}")


def _loose(name: str, properties: dict[str, Any]) -> Identifier:
    """An anonymous id, or the identity that it names: the SDKs write `$identity_mp_openid+VALUE` where nobody signed in."""
    key, plus, value = name.partition("+")
    return _identity(key, value, properties) if plus and key.startswith("$identity_") else ("anonymous", name)


@lru_cache(1024)
def _kind_of(key: str) -> IdentifierKind | None:
    known = _IDENTITIES.get(key)
    low = key.lower()
    return known or next((kind for part, kind in _NAMED if part in low), None)


def _act(event: Event, properties: dict[str, Any], suspicious: bool, lib: dict[str, Any] | None) -> None:
    get = properties.get
    found = fill(event, {_plain(k): v for k, v in properties.items() if k not in _NOISE}, suspicious)
    lib = lib or {}
    event.app_version = text_or_none(get("$app_version") or lib.get("$app_version"), 64)
    event.platform = platform_of(
        text_or_none(found.get("platform"), 64),
        text_or_none(get("$lib") or lib.get("$lib"), 64),
        text_or_none(get("$os"), 64),
        None,
    )
    event.user_agent = text_or_none(get("$user_agent"), 512)
    event.channel = channel_of(
        text_or_none(found.get("channel"), 64),
        text_or_none(get("$utm_source") or get("$latest_utm_source"), 64),
        text_or_none(get("$utm_medium") or get("$latest_utm_medium"), 64),
        text_or_none(get("$scene") or get("$latest_scene"), 16),
        text_or_none(get("$referrer") or get("$latest_referrer"), 255),
    )


def _profile(event: Event, given: dict[str, Any] | list[Any] | None, suspicious: bool) -> None:
    """Traits where the call says what a value is; a change of an unknown value stays an event with properties."""
    if event.event == PROFILE_UNSET and given:
        event.traits = usual({k: None for k in given if isinstance(k, str) and k != "$is_login_id"})
        return
    values = {_plain(k): v for k, v in given.items() if k not in _NOISE} if isinstance(given, dict) else {}
    if event.event in (PROFILE_SET, PROFILE_SET_ONCE):
        event.traits = usual(values)
    else:
        fill(event, values, suspicious)


@lru_cache(8192)
def _plain(name: str) -> str:
    return name.removeprefix("$")


def _describe_item(event: Event, item: _Item, properties: dict[str, Any]) -> None:
    table = _ITEM_TABLES.get(item.item_type) if isinstance(item.item_type, str) else None
    number = text_or_none(item.item_id)
    if table is None or number is None:
        raise Bad(
            "unknown_item_type" if table is None else "bad_identifier",
            "item_type" if table is None else "item_id",
        )
    check(properties)
    plain = {_plain(k): v for k, v in properties.items()}
    fields: dict[str, object] = {}
    if table == "products":
        fields["product_id"] = number
        price = to_decimal(plain.get("price"))
        if price is not None:
            fields["price"] = price
        stock = to_decimal(plain.get("stock"))
        if stock is not None:
            fields["stock"] = int(stock)
    else:
        fields["content_id"] = number
        fields["kind"] = item.item_type
        for name in ("topics", "product_ids"):
            if isinstance(plain.get(name), list):
                fields[name] = msgspec.json.encode(plain[name]).decode()
    for name in _PRODUCT_FIELDS if table == "products" else _CONTENT_FIELDS:
        value = text_or_none(plain.get(name), 20_000)
        if value is not None:
            fields[name] = value
    event.event = ITEM_SET
    event.entity = Entity("products" if table == "products" else "contents", fields)
