"""Staff and test orders are marked in the console, taken back, and counted."""

import base64

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server

CRAWLERS = """async () => (await (await fetch('/api/quality')).json()).days.reduce((all, day) => all + day.crawlers, 0)"""


def test_an_operator_marks_staff_and_takes_it_back(opened: Opened, shop: Server) -> None:
    page = opened("/users")
    href = page.locator("[data-testid=users-table] a").first.get_attribute("href")
    assert href is not None
    user = href.rpartition("/")[2]
    page.goto(f"{shop.address}/quality")
    page.click("[data-testid=mark-add]")
    page.fill("[data-testid=mark-values]", f"{user}\nnobody-at-all")
    page.fill("[data-testid=mark-note]", "客服")
    page.click("[data-testid=mark-save]")
    expect(page.locator("[data-testid=mark-unknown]")).to_have_text("nobody-at-all")
    page.locator(".ant-modal-confirm-btns button").click()
    expect(page.locator("[data-testid=tile-own]")).to_contain_text("1")
    expect(page.locator("[data-testid=marks-table]")).to_contain_text(user)
    page.click("[data-testid=mark-end]")
    expect(page.locator("[data-testid=tile-own]")).to_contain_text("0")
    page.click("[data-testid=mark-resume]")
    expect(page.locator("[data-testid=mark-end]")).to_be_visible()
    page.click("[data-testid=mark-end]")
    expect(page.locator("[data-testid=mark-resume]")).to_be_visible()


def test_crawlers_are_counted(opened: Opened, shop: Server, write_key: str) -> None:
    spider = "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)"
    call = {
        "type": "track", "event": "Product Viewed", "anonymousId": "spider", "messageId": "spider-1",
        "context": {"userAgent": spider},
    }  # fmt: skip
    basic = {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}
    page = opened("/quality")
    before = page.evaluate(f"async () => ({CRAWLERS})()")
    sent = shop.call("/v1/track", call, headers=basic)
    assert sent[0] == 200, sent[1].decode()
    page.wait_for_function(f"async (before) => (await ({CRAWLERS})()) === before + 1", arg=before)
    page.reload()
    expect(page.locator("[data-testid=tile-crawlers]")).to_contain_text(str(before + 1))
    expect(page.locator("[data-testid=chart-quality]")).to_be_visible()
