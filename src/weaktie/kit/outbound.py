"""Requests that we make to addresses which people gave us: nothing inside our own network can be reached by them.

A name is resolved once for each hop, every address it has must be public, and the connection is made to the address that
was looked at: a name that answers differently the next moment (DNS rebinding) changes nothing. Redirects are hops like the
first. Spellings of addresses that resolvers understand (`2130706433`, `0x7f.1`, `127.1`) are looked at after resolving.
"""

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, urljoin, urlsplit

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

MOST_REDIRECTS = 5
CHUNK_BYTES = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_PRIVATE_HEADERS = {"authorization", "cookie", "proxy-authorization"}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Resolver(Protocol):
    """Names to addresses."""

    def __call__(self, host: str, port: int, /) -> list[str]:
        """Every address of the host, as text; raises OSError where there is none."""
        ...


class OutboundRefused(Refused):
    """The address leads somewhere we do not go, or could not be read; the code tells which."""


def _refuse(code: str, zh: str, en: str) -> OutboundRefused:
    return OutboundRefused(code, Words(zh, en), place="url")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers in lower case, the body (whole, within the limit), and the last hop's URL."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was looked at: where to connect (`address`), and what to say there (`host`, `path`)."""

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def url(self) -> str:
        """The URL without user, query or fragment: what may be shown in a log."""
        plain = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{plain}{port}{self.path.partition('?')[0]}"


def system_resolver(host: str, port: int) -> list[str]:
    """What the machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allowances(text: str) -> tuple[frozenset[str], tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]]:
    """Names and networks of a comma list; raises ValueError for a network that is none."""
    names: set[str] = set()
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for part in (p.strip().lower() for p in text.split(",")):
        if not part:
            continue
        if "/" in part or part.replace(".", "").isdigit() or ":" in part:
            networks.append(ipaddress.ip_network(part, strict=False))
        else:
            names.add(part)
    return frozenset(names), tuple(networks)


def is_public(address: Address) -> bool:
    """Whether an address is out there: not ours, not the machine's, not a cloud's metadata, not one wrapped in another."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


@dataclass(frozen=True)
class Outbound:
    """The way out. `allow` is a comma list of names and networks that may be reached although they are not public, for shops
    whose order system stands in the same network."""

    allow: str = ""
    resolver: Resolver = system_resolver
    timeout_s: float = 20.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def look_at(self, url: str) -> Target:
        """Where a URL leads, resolved and checked; raises OutboundRefused `outbound_bad_url`, `outbound_unknown_host` or
        `outbound_not_public`."""
        parts = _split(url)
        host = (parts.hostname or "").rstrip(".").lower()
        port = parts.port or _PORTS[parts.scheme]
        try:
            found = self.resolver(host, port)
        except (OSError, UnicodeError) as error:
            raise _refuse(
                "outbound_unknown_host", f"找不到主机 {host}。", f"There is no host {host}."
            ) from error
        names, networks = allowances(self.allow)
        for text in found:
            address = ipaddress.ip_address(text.partition("%")[0])
            if host not in names and not any(address in n for n in networks) and not is_public(address):
                raise _refuse(
                    "outbound_not_public",
                    f"{host} 指向内部地址，已拒绝；确需访问请在设置 outbound.allow 中列出。",
                    f"{host} leads to an internal address and is refused; if that is meant, name it in outbound.allow.",
                )
        if not found:
            raise _refuse("outbound_unknown_host", f"找不到主机 {host}。", f"There is no host {host}.")
        path = parts.path or "/"
        return Target(parts.scheme, host, port, f"{path}?{parts.query}" if parts.query else path, found[0])

    def connect(self, target: Target) -> http.client.HTTPConnection:
        """A connection to the address that was looked at; over TLS the certificate must be the host's. Not opened yet."""
        return _Pinned(target, self.tls if target.scheme == "https" else None, self.timeout_s)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        largest_bytes: int = 10 * 1024 * 1024,
    ) -> Answer:
        """One request with its whole answer. GET and HEAD follow redirects. Raises OutboundRefused, also
        `outbound_failed`, `outbound_too_large` and `outbound_redirects`."""
        with self.stream(method, url, headers=headers, body=body) as (target, answer):
            data = b"".join(_limited(answer, largest_bytes))
            return Answer(answer.status, _lower(answer), data, target.url)

    @contextmanager
    def stream(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Iterator[tuple[Target, http.client.HTTPResponse]]:
        """The answer while it comes, after redirects; read it by `pieces`."""
        given = dict(headers or {})
        target = self.look_at(url)
        for _ in range(MOST_REDIRECTS + 1):
            connection = self.connect(target)
            try:
                answer = _ask(connection, method, target, given, body)
                onward = answer.headers.get("Location") if answer.status in _REDIRECTS else None
                if onward is None or method not in ("GET", "HEAD"):
                    yield target, answer
                    return
            finally:
                connection.close()
            after = self.look_at(urljoin(url, onward))
            if target.scheme == "https" and after.scheme == "http":
                raise _refuse(
                    "outbound_redirects",
                    "地址从 HTTPS 转到了 HTTP，已拒绝。",
                    "HTTPS redirects to HTTP: refused.",
                )
            if (after.host, after.port) != (target.host, target.port):
                given = {k: v for k, v in given.items() if k.lower() not in _PRIVATE_HEADERS}
            url, target = urljoin(url, onward), after
        raise _refuse("outbound_redirects", "重定向次数过多。", "There are too many redirects.")


def pieces(answer: http.client.HTTPResponse, largest_bytes: int) -> Iterator[bytes]:
    """The body piece by piece; raises OutboundRefused `outbound_too_large` or `outbound_failed`."""
    yield from _limited(answer, largest_bytes)


class _Pinned(http.client.HTTPConnection):
    """A connection to one address, whatever the name means by now."""

    def __init__(self, target: Target, tls: ssl.SSLContext | None, timeout_s: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        self._target, self._tls = target, tls
        self.default_port = _PORTS[target.scheme]

    def connect(self) -> None:
        self.sock = socket.create_connection((self._target.address, self._target.port), self.timeout)
        with suppress(OSError):
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._target.host)


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme in _PORTS and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        sound = False
    if not sound or any(c in url for c in "\r\n\t\0\\"):
        raise _refuse(
            "outbound_bad_url",
            "地址应以 http:// 或 https:// 开头，且不含用户名。",
            "An address begins with http:// or https:// and holds no user name.",
        )
    return parts


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    target: Target,
    headers: Mapping[str, str],
    body: bytes | None,
) -> http.client.HTTPResponse:
    try:
        connection.request(
            method, target.path, body, {"User-Agent": "weaktie", "Connection": "close", **headers}
        )
        return connection.getresponse()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise failed(error) from error


def failed(error: BaseException) -> OutboundRefused:
    """The refusal that stands for a failed connection."""
    why = "timeout" if isinstance(error, TimeoutError) else type(error).__name__
    return _refuse(
        "outbound_failed", f"对方没有正常应答（{why}）。", f"The other side did not answer properly ({why})."
    )


def _limited(answer: http.client.HTTPResponse, largest_bytes: int) -> Iterator[bytes]:
    taken = 0
    while True:
        try:
            piece = answer.read(CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise failed(error) from error
        if not piece:
            return
        taken += len(piece)
        if taken > largest_bytes:
            raise _refuse("outbound_too_large", "对方的应答过大。", "The answer is too large.")
        yield piece


def _lower(answer: http.client.HTTPResponse) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.getheaders()}
