"""A developer connects an order system by webhook and tries events; a compliance officer sees what the shop asks."""

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.pushes import SHOPIFY, Push, shopify, shopify_order
from tests.suites.servers import Server


def push(address: str, delivery: Push) -> int:
    _, body, headers = delivery
    with urllib.request.urlopen(
        urllib.request.Request(address, data=body, headers=headers), timeout=20
    ) as answer:
        return int(answer.status)


@pytest.mark.parametrize(("width", "language"), [(1440, "zh-CN"), (390, "en")])
def test_events_are_tried_before_they_are_sent(opened: Opened, width: int, language: str) -> None:
    page = opened("/sources", width=width, language=language)
    page.click("[data-testid=trial-open]")
    good = {
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "properties": {"order_id": "o1", "total": 9},
    }
    bad = good | {"properties": {"total": 9}}
    page.fill("[data-testid=trial-json]", json.dumps([good, bad]))
    page.click("[data-testid=trial-run]")
    expect(page.locator("[data-testid=tried-0]")).to_contain_text("amount_minor")
    expect(page.locator("[data-testid=tried-1]")).to_contain_text("no_order_id")
    page.fill("[data-testid=trial-json]", '{"batch":7}')
    page.click("[data-testid=trial-run]")
    expect(page.locator(".ant-drawer [role=alert]")).to_contain_text("no_batch")
    assert page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 1
    opened.complaints.clear()  # the refusal is a 400 in the browser's console


def test_an_order_system_is_connected_by_webhook(opened: Opened, shop: Server) -> None:
    page = opened("/sources")
    page.locator("[data-testid=source-webhooks]").first.click()
    page.click("[data-testid=webhook-new]")
    page.fill("[data-testid=webhook-secret]", SHOPIFY["secret"])
    page.click("[data-testid=webhook-save]")
    address = page.locator("[data-testid=webhook-address]").inner_text().strip()
    assert re.fullmatch(re.escape(shop.address) + r"/webhooks/whk_\w+", address)
    assert SHOPIFY["secret"] not in page.content()
    order = shopify_order(70001, "2026-09-21T10:00:06+08:00", email="", customer=None)
    recent = {"created_at": None, "processed_at": None, "updated_at": None}
    assert push(address, shopify("orders/paid", order | recent)) == 200
    about = {"shop_domain": "a.example", "customer": {"id": 778}, "orders_to_redact": []}
    assert push(address, shopify("customers/redact", about)) == 200
    page.goto(f"{shop.address}/live")
    page.wait_for_selector("text=Order Completed")
    page.goto(f"{shop.address}/sources")
    requests = page.locator("[data-testid=privacy-requests]")
    expect(requests).to_contain_text("778")
    page.click("[data-testid=privacy-done]")
    expect(requests).to_contain_text("已处理")
    page.locator("[data-testid=source-webhooks]").first.click()
    page.click("[data-testid=webhook-end]")
    page.locator(".ant-modal .ant-btn-dangerous").click()
    expect(page.locator("[data-testid=webhook-shopify]")).to_contain_text("已停用")
