"""Dead letters are mended, replayed and put aside in the console."""

import base64
import re

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server

POISON = (
    b'{"batch":[{"type":"track","messageId":"bm1","event":"Mended In Browser","userId":"u-mend","properties":{"n":NaN}},'
    b'{"type":"nonsense","userId":"u-mend"}]}'
)


def test_a_poisoned_event_is_mended_and_arrives(opened: Opened, shop: Server, write_key: str) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}
    assert shop.call("/v1/batch", POISON, headers=basic)[0] == 200
    page = opened("/dead-letters")
    page.click("[data-testid=dead-summary] >> text=NaN")
    page.click("[data-testid=dead-mend]")
    expect(page.locator("[data-testid=mend-steps] li")).to_have_count(1)
    page.click("[data-testid=mend-preview]")
    expect(page.locator(".mend-case .ant-tag").first).to_contain_text("Mended In Browser")
    page.click("[data-testid=mend-start]")
    page.wait_for_url(re.compile("/jobs"))
    expect(page.locator("[data-testid=jobs-table]")).to_contain_text("修复并重放异常数据")
    page.goto(f"{shop.address}/live")
    page.wait_for_selector("text=Mended In Browser")
    page.goto(f"{shop.address}/dead-letters?code=unknown_type")
    page.click("[data-testid=dead-discard]")
    page.fill("[data-testid=discard-reason]", "联调数据")
    page.locator(".ant-modal-confirm .ant-btn-dangerous, .ant-modal .ant-btn-dangerous").click()
    page.goto(f"{shop.address}/dead-letters?code=unknown_type&state=discarded")
    page.click("[data-testid=dead-take-back]")
    page.goto(f"{shop.address}/dead-letters?code=unknown_type")
    expect(page.locator("[data-testid=dead-table]")).to_contain_text("unknown_type")
