"""Official browser clients, unchanged, on a shop's page of another origin, against the real server."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.suites.nodes import MODULES, needs_clients
from tests.suites.servers import Server, last_line, run

PAGE = "<!doctype html><title>Shop</title><script src='{script}'></script><button id=buy>Buy</button>"


class Files(http.server.SimpleHTTPRequestHandler):
    """A shop's pages: any address that ends in .html is a page with the script that its query names."""

    def do_GET(self) -> None:
        """A page, or a file of the clients."""
        path, _, script = self.path.partition("?")
        if not path.endswith(".html"):
            super().do_GET()
            return
        body = PAGE.format(script=script).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing is printed."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    needs_clients()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(MODULES)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def read_key(shop: Server) -> str:
    return last_line(run("key", "create", "--kind", "read", "--name", "clients", "--home", str(shop.home)))


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def arrived(shop: Server, key: str, name: str, count: int = 1) -> list[dict[str, Any]]:
    """Events of that name that entered the lake, once there are enough."""
    path = "/api/live/events?limit=500&event=" + name.replace(" ", "%20")
    answer = shop.until(path, key, lambda found: len(found["items"]) >= count)
    items: list[dict[str, Any]] = answer["items"]
    return items


@pytest.mark.parametrize("strategy", ["standard", "batching"])
def test_segment_in_the_browser(
    page: Page, site: str, shop: Server, write_key: str, read_key: str, strategy: str
) -> None:
    page.goto(f"{site}/{strategy}.html?/@segment/analytics-next/dist/umd/index.js")
    name = f"Seen By Segment {strategy}"
    order = {"order_id": f"seg-{strategy}", "total": 59.9, "currency": "CNY"}
    page.evaluate(
        """async ([writeKey, cdnURL, strategy, name, order]) => {
          const config = { size: 3, timeout: 200 };
          const deliveryStrategy = strategy === "batching" ? { strategy, config } : undefined;
          const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load(
            { writeKey, cdnURL }, { integrations: { "Segment.io": { deliveryStrategy } } });
          await analytics.page("Home");
          await analytics.identify("seg-user", { city: "杭州" });
          await analytics.track("Order Completed", order);
          await analytics.track(name, { product_id: "p1" });
        }""",
        [write_key, shop.address, strategy, name, order],
    )
    (seen,) = arrived(shop, read_key, name)
    assert (seen["user_id"], seen["platform"]) == ("seg-user", "web")
    assert seen["properties"]["path"] == f"/{strategy}.html"
    orders = arrived(shop, read_key, "Order Completed")
    assert any(o["user_id"] == "seg-user" for o in orders)


@pytest.mark.parametrize("send", ["image", "ajax", "beacon", "batch"])
def test_sensors_in_the_browser(
    page: Page, site: str, shop: Server, write_key: str, read_key: str, send: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda r: asked.append(f"{r.method} {r.url.split('?')[0].rpartition('/')[2]}"))
    page.goto(f"{site}/{send}.html?/sa-sdk-javascript/dist/web/sensorsdata.js")
    page.evaluate(
        """([server_url, send]) => {
          const sensors = window.sensorsDataAnalytic201505;
          const gathered = { datasend_timeout: 6000, send_interval: 200, storage_length: 200 };
          const batch = send === "batch" ? { batch_send: gathered } : { send_type: send };
          sensors.init({ server_url, show_log: false, is_track_single_page: false, heatmap: {}, ...batch });
          sensors.quick("autoTrack");
          sensors.login(`sa-${send}`);
          sensors.track(`seen_by_sensors_${send}`, { product_id: "p1", note: "???>>> 杭州" });
          sensors.setProfile({ city: "杭州" });
        }""",
        [f"{shop.address}/sa?project=default&token={write_key}", send],
    )
    (seen,) = arrived(shop, read_key, f"seen_by_sensors_{send}")
    assert (seen["user_id"], seen["platform"]) == (f"sa-{send}", "web")
    assert seen["properties"]["note"] == "???>>> 杭州"
    assert ("GET sa.gif" in asked) is (send == "image")
