"""An operator finds the demo's farm refused, takes down an appeal, answers it, and changes the rules."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import Opened


def test_a_refusal_is_explained_appealed_against_and_answered(opened: Opened) -> None:
    page = opened("/referral/risk?which=refused")
    expect(page.locator("[data-testid=tile-risk-watch]")).to_contain_text("正常")
    row = page.locator("[data-testid=risk-table] tbody tr.ant-table-row").first
    expect(row).to_contain_text("与邀请人使用同一个收款账号")
    row.click()
    case = page.locator("[data-testid=risk-case]")
    expect(case.locator("[data-testid=risk-reasons] li")).not_to_have_count(0)
    expect(case.locator("[data-testid=risk-graph] svg")).to_have_attribute("aria-label", re.compile("个账号"))
    page.click("[data-testid=risk-appeal]")
    page.fill("[data-testid=risk-words]", "我们是同一个宿舍的同学")
    page.click("[data-testid=risk-decide-save]")
    expect(case).to_contain_text("我们是同一个宿舍的同学")
    expect(page.locator("[data-testid=tile-risk-waiting]")).to_contain_text("其中申诉 1 条")
    page.click("[data-testid=risk-pass]")
    page.fill("[data-testid=risk-words]", "学生证已核对")
    page.click("[data-testid=risk-decide-save]")
    expect(case.locator("[data-outcome=pass]")).to_be_visible()
    expect(case).to_contain_text("学生证已核对")
    expect(page.locator("[data-testid=tile-risk-waiting]")).to_contain_text("其中申诉 0 条")
    page.locator(".ant-drawer-close").click()
    page.click("text=规则与权重")
    points = page.locator("[data-testid=risk-refunds-points]")
    points.fill("15")
    points.press("Tab")
    page.click("[data-testid=risk-save]")
    page.fill("[data-testid=risk-note]", "退款更可疑")
    page.click("[data-testid=risk-rules-save]")
    expect(page.locator("[data-testid=risk-versions]")).to_contain_text("退款更可疑")
    page.click("[data-testid=risk-restore-0]")
    expect(page.locator("[data-testid=risk-refunds-points]")).to_have_value("12")
