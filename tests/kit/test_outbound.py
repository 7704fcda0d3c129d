"""Nothing inside our own network is reached by an address that somebody gave us (R25)."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from weaktie.kit.outbound import Outbound, OutboundRefused, allowances, is_public, pieces

INSIDE = [
    "127.0.0.1", "127.8.9.1", "10.0.0.5", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.1.2.3",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:c0a8:101::", "ff02::1", "240.0.0.1",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


class Shop(BaseHTTPRequestHandler):
    """A small server: what it was asked is kept in `asked`."""

    asked: list[tuple[str, str | None]]

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization")))  # type: ignore[attr-defined]
        onward = {
            "/to-inside": "http://inside.example/",
            "/loop": "/loop",
            "/to-other": "http://other.example/x",
        }
        if self.path in onward:
            self.send_response(302)
            port = self.server.server_address[1]  # type: ignore[index]
            where = onward[self.path].replace(".example", f".example:{port}")
            self.send_header("Location", where)
            self.end_headers()
            return
        body = b"x" * 1000 if self.path == "/large" else b"orders"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def shop() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def way(**names: str) -> Outbound:
    """A way out under a resolver of ours; `shop.example` is allowed although it stands on this machine."""
    known = {f"{name}.example": address for name, address in names.items()} | {"shop.example": "127.0.0.1"}

    def resolve(host: str, _port: int) -> list[str]:
        if host not in known:
            return [str(info[4][0]) for info in socket.getaddrinfo(host, 80, flags=socket.AI_NUMERICHOST)]
        return known[host].split()

    return Outbound(allow="shop.example,other.example", resolver=resolve, timeout_s=5)


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_is_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_outside_address_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/",
        "http://[::1]/", "http://[::ffff:169.254.169.254]/", "http://169.254.169.254/latest/meta-data/",
        "https://inside.example/", "http://half.example/", "http://INSIDE.example./",
    ],
)  # fmt: skip
def test_no_spelling_leads_inside(url: str) -> None:
    with pytest.raises(OutboundRefused) as refused:
        way(inside="10.1.2.3", half="8.8.8.8 10.0.0.1").look_at(url)
    assert refused.value.code == "outbound_not_public"


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example/", "file:///etc/passwd", "gopher://x/", "http://", "http://u:p@shop.example/",
     "http://shop.example:99999/", "http://shop.example/a\r\nb", "javascript:1", "http://a\\@b/"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(OutboundRefused) as refused:
        way().look_at(url)
    assert refused.value.code == "outbound_bad_url"


def test_an_answer_comes_whole_and_within_its_limit(shop: ThreadingHTTPServer) -> None:
    address = f"http://shop.example:{shop.server_address[1]}"
    answer = way().request("GET", f"{address}/orders?since=1", headers={"Authorization": "secret"})
    assert (answer.status, answer.body, answer.url) == (200, b"orders", f"{address}/orders")
    assert shop.asked == [("/orders?since=1", "secret")]  # type: ignore[attr-defined]
    with pytest.raises(OutboundRefused) as refused:
        way().request("GET", f"{address}/large", largest_bytes=999)
    assert refused.value.code == "outbound_too_large"
    with way().stream("GET", f"{address}/large") as (_, answer_now):
        assert sum(map(len, pieces(answer_now, 1000))) == 1000


def test_a_redirect_is_looked_at_like_the_first_address(shop: ThreadingHTTPServer) -> None:
    address = f"http://shop.example:{shop.server_address[1]}"
    for path, code in (("/to-inside", "outbound_not_public"), ("/loop", "outbound_redirects")):
        with pytest.raises(OutboundRefused) as refused:
            way(inside="127.0.0.1").request("GET", address + path)
        assert refused.value.code == code


def test_a_secret_does_not_follow_to_another_host(shop: ThreadingHTTPServer) -> None:
    address = f"http://shop.example:{shop.server_address[1]}/to-other"
    found = way(other="127.0.0.1").request("GET", address, headers={"Authorization": "secret", "X-A": "1"})
    assert found.status == 200
    assert shop.asked == [("/to-other", "secret"), ("/x", None)]  # type: ignore[attr-defined]


def test_the_connection_goes_where_was_looked(shop: ThreadingHTTPServer) -> None:
    """A name that means another address at the second question (DNS rebinding) is asked only once."""
    questions: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        questions.append(host)
        return ["127.0.0.1"] if len(questions) == 1 else ["127.0.0.2"]

    out = Outbound(allow="127.0.0.1/32", resolver=rebinding, timeout_s=5)
    address = f"http://rebind.example:{shop.server_address[1]}/orders"
    assert out.request("GET", address).body == b"orders"
    assert questions == ["rebind.example"]
    with pytest.raises(OutboundRefused) as refused:
        out.request("GET", address)
    assert refused.value.code == "outbound_not_public"


def test_a_silent_host_is_a_named_refusal() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        with pytest.raises(OutboundRefused) as refused:
            way().request("GET", f"http://shop.example:{taken.getsockname()[1]}/")
    assert refused.value.code == "outbound_failed"


def test_allowances_are_names_and_networks() -> None:
    names, networks = allowances("erp.local, 10.0.0.0/8,192.168.1.7 ,fd00::/8")
    assert names == {"erp.local"}
    assert [str(n) for n in networks] == ["10.0.0.0/8", "192.168.1.7/32", "fd00::/8"]
    with pytest.raises(ValueError, match="999"):
        allowances("999.1.1.1")
