"""Coupons and the ledger in the console: a budget, a coupon that it pays for, somebody who has it, what moved, the month."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label, exact=True).click()
    page.locator(".ant-select-item-option", has_text=option).click()


def test_a_coupon_from_its_budget_to_the_statement(opened: Opened, shop: Server) -> None:
    page = opened("/ledger/budgets")
    page.click("[data-testid=budget-new]")
    page.fill("#name", "拉新预算")
    page.fill("#amount", "1234.50")
    page.click("[data-testid=budget-save]")
    expect(page.locator("[data-testid=budgets-table]")).to_contain_text("¥1,234.50")

    page.goto(f"{shop.address}/loyalty")
    page.click("[data-testid=coupon-new]")
    page.fill("#name", "新人券")
    page.fill("#amount", "50")
    page.fill("#stock", "2")
    choose(page, "付款预算", "拉新预算")
    page.click("[data-testid=coupon-save]")
    left = page.locator("[data-testid=coupon-left]")
    expect(left).to_have_text("2")
    page.click("[data-testid=coupon-grant]")
    page.fill("#user_id", "u-coupon")
    page.click("[data-testid=grant-save]")
    expect(left).to_have_text("1")
    expect(page.locator("[data-testid=coupon-list]")).to_contain_text("持有中")
    page.click("[data-testid=coupon-grant]")
    page.fill("#user_id", "u-coupon")
    page.click("[data-testid=grant-save]")
    expect(page.locator("[data-testid=grant-error]")).to_contain_text("领取上限")

    page.goto(f"{shop.address}/ledger")
    page.click("[data-testid=ledger-verify]")
    expect(page.locator("[data-testid=ledger-sound]")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid=ledger-totals]")).to_contain_text("新人券")
    with page.expect_download() as fetched:
        page.click("[data-testid=ledger-month]")
    assert re.fullmatch(r"ledger-\d{4}-\d\d\.xlsx", fetched.value.suggested_filename)
    page.goto(f"{shop.address}/ledger/accounts?kind=budget")
    page.locator("[data-testid=ledger-accounts] tbody tr.row-link").first.click()
    expect(page.locator("[data-testid=statement-lines]")).to_contain_text("+¥1,234.50")
    page.goto(f"{shop.address}/ledger/transfers")
    page.locator("[data-testid=ledger-transfers] tbody tr", has_text="预算资金").click()
    page.click("[data-testid=transfer-reverse]")
    page.fill("[data-testid=reverse-reason]", "录入有误")
    page.locator(".ant-modal-confirm-btns button.ant-btn-dangerous").click()
    expect(page.locator(".ledger-moves").last).to_contain_text("冲回", timeout=30_000)
    opened.complaints.clear()  # what was refused is a 409 in the browser's console
