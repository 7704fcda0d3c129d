"""A developer relays a source to the old system and compares; an operator reconciles the shop's export and one number."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server


@pytest.fixture
def vendor() -> Iterator[tuple[str, list[bytes]]]:
    taken: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            taken.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "16")
            self.end_headers()
            self.wfile.write(b'{"success":true}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()


def choose(page: Page, test_id: str, text: str) -> None:
    page.click(f"[data-testid={test_id}]")
    page.locator(".ant-select-dropdown:visible .ant-select-item-option", has_text=text).first.click()


def test_an_inner_address_is_refused_in_words(opened: Opened, vendor: tuple[str, list[bytes]]) -> None:
    page = opened("/relays")
    page.wait_for_selector("text=还没有并行上报")
    page.click("[data-testid=relay-new]")
    choose(page, "relay-source", "默认来源")
    choose(page, "relay-kind", "RudderStack")
    page.fill("[data-testid=relay-url]", vendor[0])
    page.fill("[data-testid=relay-key]", "theirs")
    page.click("[data-testid=relay-save]")
    page.wait_for_selector("text=指向内部地址")
    opened.complaints.clear()  # the refusal is a 400 in the browser's console


def test_an_export_is_compared_day_by_day_and_a_number_split(
    opened: Opened, shop: Server, tmp_path: Path
) -> None:
    file = tmp_path / "店铺导出.csv"
    file.write_text(
        "order_id,user_id,paid_time,amount,currency\nnot-ours,u1,2026-10-01 10:00:00,12.50,CNY\n", "utf-8"
    )
    page = opened("/reconcile")
    page.wait_for_selector("[data-testid=reconcile-export]")
    page.set_input_files("[data-testid=reconcile-file]", str(file))
    page.wait_for_url(re.compile(r"/reconcile/rec_"))
    page.wait_for_selector("[data-testid=reconcile-days]")
    expect(page.locator("[data-testid=reconcile-differing]")).not_to_contain_text("差异订单 0")
    page.locator("[data-testid=reconcile-days] >> text=2026-10-01").first.click()
    expect(page.locator(".ant-drawer")).to_contain_text("not-ours")
    expect(page.locator(".ant-drawer")).to_contain_text("我方缺少")
    page.goto(f"{shop.address}/reconcile")
    page.wait_for_selector("text=店铺导出.csv")
    page.fill("[data-testid=reconcile-from]", "2020-01-01")
    page.fill("[data-testid=reconcile-to]", "2020-01-31")
    page.fill("[data-testid=reconcile-theirs]", "1.50")
    page.click("[data-testid=reconcile-explain]")
    page.wait_for_selector("[data-testid=reconcile-split]")
    expect(page.locator("[data-testid=split-unexplained]")).to_contain_text("1.50")
