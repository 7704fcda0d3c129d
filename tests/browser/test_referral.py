"""An operator writes a campaign that WeChat would not let pass, mends it, and watches groups form that a shop opens by API."""

import json
import re
import urllib.request
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server


def shop_says(shop: Server, write_key: str, path: str, body: dict[str, Any]) -> Any:
    """A request of the shop's server."""
    request = urllib.request.Request(
        f"{shop.address}/v1/referral{path}", json.dumps(body).encode(),
        {"Authorization": f"Bearer {write_key}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_campaign_is_linted_and_checked_and_groups_fill(
    opened: Opened, shop: Server, write_key: str
) -> None:
    page = opened("/referral")
    page.click("[data-testid=ref-new] >> nth=0")
    page.click("[data-testid=ref-template-plan]")
    expect(page.locator("[data-testid=ref-clean]")).to_be_visible()
    page.fill("[data-testid=ref-text-zh]", "帮我砍价，分享即得 ¥999")
    for code in ("help", "sharing", "claims_more"):
        expect(page.locator(f"[data-testid=ref-findings] [data-code={code}]")).to_be_visible()
    page.click("[data-testid=ref-save]")
    page.wait_for_url(re.compile(r"/referral/rcp_"))
    page.click("[data-testid=ref-check]")
    expect(page.locator("[data-testid=ref-checked] [data-code=help]")).to_be_visible()
    expect(page.locator("[data-state=draft]").first).to_be_visible()
    page.fill("[data-testid=ref-text-zh]", "好友注册即得 ¥50 无门槛券。")
    expect(page.locator("[data-testid=ref-clean]")).to_be_visible()
    page.click("[data-testid=ref-save]")
    expect(page.locator("[data-testid=ref-error]")).to_have_count(0)
    page.click("[data-testid=ref-check]")
    expect(page.locator("[data-state=checked]").first).to_be_visible()

    page.click("[data-testid=nav-groups]")
    page.click("[data-testid=grp-new] >> nth=0")
    page.fill("[data-testid=grp-name]", "春茶礼盒")
    page.fill("[data-testid=grp-product]", "sku-88")
    page.fill("[data-testid=grp-price]", "99")
    page.click("[data-testid=grp-save]")
    page.click("[data-testid=grp-table] >> text=春茶礼盒")
    with page.expect_response(re.compile(r"/api/referral/offers/rgo_\w+/start")) as started:
        page.click("[data-testid=grp-start]")
        page.locator(
            ".ant-popconfirm:visible .ant-btn-primary, .ant-popover:visible .ant-btn-primary"
        ).click()
    offer = started.value.json()["offer_id"]
    paid = {"amount_minor": 9_900}
    group = shop_says(
        shop, write_key, "/groups", paid | {"offer_id": offer, "user_id": "g1", "order_id": "b-g1"}
    )["group_id"]
    for user in ("g2", "g3"):
        order = paid | {"user_id": user, "order_id": f"b-{user}"}
        shop_says(shop, write_key, f"/groups/{group}/join", order)
    expect(page.locator("[data-testid=grp-groups]")).to_contain_text("已成团")
    expect(page.locator("[data-testid=grp-groups]")).to_contain_text("3 / 3")
