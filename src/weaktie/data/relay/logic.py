"""A kept request as the request of its protocol again, for another address and key. Pure."""

import base64
import gzip
import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

from weaktie.data.collect.contracts import RawRequest
from weaktie.data.relay.contracts import BadRelay
from weaktie.kit.clock import from_datetime, to_datetime
from weaktie.kit.words import Words

RETRIED = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 408, 425, 429})
"""Statuses that say that the set-up or the moment is wrong, not the request: it waits. So does every 5xx."""
LONGEST_WAIT_S = 60.0
LONGEST_ASKED_S = 3600.0
SLACK_US = 1_000_000
"""A sending time may be this old without being moved along: clients' corrections are not finer."""
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_KEY_MEMBERS = {
    "segment": ("writeKey",), "sensors": ("token",), "posthog": ("api_key", "token", "$token"),
}  # fmt: skip
_SENT_MEMBERS = {"segment": "sentAt", "posthog": "sent_at"}


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request to make: POST."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def is_retried(status: int) -> bool:
    """Whether a request waits after this answer; otherwise the other side has decided."""
    return status in RETRIED or status >= 500


def wait_s(tries: int, asked: str | None, chance: random.Random) -> float:
    """Seconds before the next try: 1, 2, 4 … 60, of which a random half falls away, and not less than Retry-After asks (in
    seconds, an hour at most)."""
    ceiling = min(LONGEST_WAIT_S, 2.0 ** min(tries, 10))
    wait = ceiling * (0.5 + chance.random() / 2)
    if asked is not None and re.fullmatch(r"\d{1,9}", asked.strip()):
        wait = max(wait, min(float(asked), LONGEST_ASKED_S))
    return wait


def checked_url(kind: str, url: str) -> str:
    """The address in the form in which it is kept; raises BadRelay. Of Segment's and PostHog's only the host's part is
    kept: the rest is each request's own."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise BadRelay(
            "bad_relay_url",
            Words("地址应以 http:// 或 https:// 开头。", "The address begins with http:// or https://."),
            place="url",
        )
    if kind == "sensors":
        path = parts.path if parts.path.rstrip("/") else "/sa"
        query = urlencode([p for p in parse_qsl(parts.query, keep_blank_values=True) if p[0] != "token"])
        return urlunsplit((parts.scheme, parts.netloc, path, query, ""))
    path = re.sub(r"/(v1(/.*)?|batch/?|capture/?|e/?)$", "", parts.path).rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def token_in(url: str) -> str | None:
    """The token in 神策's address: it is a secret and is kept as the key, not as part of the address."""
    return dict(parse_qsl(url.partition("?")[2])).get("token") or None


def items_of(request: RawRequest) -> list[bytes]:
    """The events of a request, each in its own bytes; a body that cannot be taken apart is one."""
    body = request.body
    try:
        if body.lstrip()[:1] == b"[":
            return [bytes(item) for item in _LIST.decode(body)]
        batch = _OBJECT.decode(body).get("batch") if b'"batch"' in body else None
        return [body] if batch is None else [bytes(item) for item in _LIST.decode(batch)]
    except _UNREADABLE:
        return [body]


def with_items(request: RawRequest, kept: Iterable[bytes]) -> bytes:
    """The request's body with these events only; all else in it stays."""
    array = b"[" + b",".join(kept) + b"]"
    if request.body.lstrip()[:1] == b"[":
        return array
    whole = _OBJECT.decode(request.body)
    return msgspec.json.encode({**whole, "batch": msgspec.Raw(array)})


def outgoing(request: RawRequest, body: bytes, kind: str, url: str, key: str, now_us: int) -> Outgoing:
    """The request for the other address. Bytes stay as they came, save the keys in them, and the sending time where the request
    waited: the other side corrects clients' clocks by it."""
    late_us = max(0, now_us - request.received_us)
    body = _rekeyed(body, kind, key)
    if late_us > SLACK_US and kind in _SENT_MEMBERS:
        body = _sent_later(body, _SENT_MEMBERS[kind], late_us)
    headers = {"User-Agent": request.user_agent or "weaktie", "Content-Type": "application/json"}
    if kind == "sensors":
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return Outgoing(with_token(url, key), headers, sensors_form(body))
    if kind == "segment" and key:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return Outgoing(url + request.endpoint, headers, body)


def validation(kind: str, url: str, key: str) -> Outgoing:
    """A request that is checked and stores nothing: 神策's debug address in its dry run, an empty batch elsewhere."""
    if kind == "sensors":
        event = (
            b'{"distinct_id":"weaktie-check","type":"track","event":"weaktie_check","time":0,"properties":{}}'
        )
        parts = urlsplit(with_token(url, key))
        path = re.sub(r"/sa(\.gif)?$", "/debug", parts.path.rstrip("/"))
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Dry-Run": "true"}
        return Outgoing(urlunsplit(parts._replace(path=path)), headers, sensors_form(b"[" + event + b"]"))
    headers = {"Content-Type": "application/json"}
    if kind == "posthog":
        return Outgoing(url + "/batch/", headers, msgspec.json.encode({"api_key": key, "batch": []}))
    headers["Authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return Outgoing(url + "/v1/batch", headers, b'{"batch":[]}')


def with_token(url: str, key: str) -> str:
    """神策's address with the project's token in it."""
    if not key:
        return url
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "token"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("token", key)])))


def sensors_form(body: bytes) -> bytes:
    """神策's form: `data_list` for many events, `data` for one, gzipped and in base64."""
    name = "data_list" if body.lstrip()[:1] == b"[" else "data"
    packed = base64.b64encode(gzip.compress(body, 6, mtime=0)).decode()
    return urlencode({name: packed, "gzip": "1"}).encode()


def _rekeyed(body: bytes, kind: str, key: str) -> bytes:
    """Our own write key never leaves: wherever the protocol has a key, the other side's stands."""
    members = _KEY_MEMBERS[kind]
    if not any(f'"{name}"'.encode() in body for name in members):
        return body
    put = msgspec.Raw(msgspec.json.encode(key))

    def mend(item: bytes) -> bytes:
        try:
            whole = _OBJECT.decode(item)
        except _UNREADABLE:
            return item
        changed: dict[str, Any] = {name: put for name in members if name in whole}
        if kind == "posthog" and "properties" in whole:
            changed["properties"] = msgspec.Raw(mend(bytes(whole["properties"])))
        if "batch" in whole:
            changed["batch"] = msgspec.Raw(_each(bytes(whole["batch"]), mend))
        return msgspec.json.encode({**whole, **changed}) if changed else item

    return _each(body, mend) if body.lstrip()[:1] == b"[" else mend(body)


def _each(array: bytes, mend: Callable[[bytes], bytes]) -> bytes:
    try:
        return b"[" + b",".join(mend(bytes(item)) for item in _LIST.decode(array)) + b"]"
    except _UNREADABLE:
        return array


def _sent_later(body: bytes, member: str, late_us: int) -> bytes:
    try:
        whole = _OBJECT.decode(body)
        sent = msgspec.json.decode(whole.get(member, b"null"))
        moment = msgspec.convert(sent, type=datetime, strict=False) if isinstance(sent, str) else None
    except _UNREADABLE:
        return body
    if moment is None or moment.tzinfo is None:
        return body
    later = to_datetime(from_datetime(moment + timedelta(microseconds=late_us)))
    text = later.strftime("%Y-%m-%dT%H:%M:%S.") + f"{later.microsecond // 1000:03d}Z"
    return msgspec.json.encode({**whole, member: text})
