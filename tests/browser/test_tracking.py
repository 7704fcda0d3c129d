"""The tracking plan in the console: from nothing to a plan, its coverage, its report and an alert."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.test_console import send
from tests.data.tracking.test_workbook import EVENTS
from tests.suites.servers import Server, run
from tests.suites.workbooks import workbook


def not_too_wide(page: Page) -> None:
    beyond = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    assert beyond <= 1, f"{page.url} is {beyond} px too wide"


def until_checked(page: Page) -> None:
    """Wait until the job is over and the page offers no other."""
    page.wait_for_selector("[data-testid=track-stale] a")
    for _ in range(60):
        page.wait_for_timeout(1000)
        page.reload()
        page.wait_for_selector("[data-testid=track-table]")
        page.wait_for_load_state("networkidle")
        if page.locator("[data-testid=track-stale]").count() == 0:
            return
    raise AssertionError("the check did not end")


def test_a_plan_from_nothing_to_what_is_missing(
    opened: Opened, shop: Server, write_key: str, tmp_path: Path
) -> None:
    page = opened("/tracking")
    page.locator("[data-testid=track-propose]").first.click()
    expect(page.locator("[data-testid=track-table]")).to_contain_text("Order Completed")

    # An event that the plan does not have: an alert, and with one click a planned one.
    wish = {"type": "track", "event": "Wish Whispered", "userId": "u-wish", "messageId": "w-1"}
    send(shop, write_key, wish | {"properties": {"wish": "x", "stars": 5}})
    run("build", "--home", str(shop.home))
    page.goto(f"{shop.address}/tracking/alerts")
    alert = page.locator("[data-testid=alert-new_event]", has_text="Wish Whispered")
    expect(alert).to_be_visible()
    expect(page.locator("nav [data-testid=alert-badge]").first).to_be_visible()
    alert.locator("[data-testid=alert-acknowledged]").click()
    expect(alert).to_contain_text("已知晓")
    page.goto(f"{shop.address}/tracking?open=Wish%20Whispered")
    expect(page.locator("[data-testid=track-observed]")).to_contain_text("stars")
    page.click("[data-testid=track-adopt]")
    expect(page.locator("[data-testid=event-name]")).to_have_value("Wish Whispered")
    page.fill("[data-testid=event-label]", "悄悄许愿")
    page.click("[data-testid=event-save]")
    expect(page.locator("[data-testid=track-table]")).to_contain_text("悄悄许愿")

    # The past against the new plan, as a job.
    page.goto(f"{shop.address}/tracking")
    page.click("[data-testid=track-recheck]")
    until_checked(page)
    page.goto(f"{shop.address}/tracking/coverage?days=30")
    expect(page.locator("[data-testid=coverage-share]")).to_contain_text("%")
    page.locator("[data-testid=coverage-platforms] button", has_text="小程序").click()
    expect(page.locator("[data-testid=coverage-missing]")).to_contain_text("Product Clicked")
    page.goto(f"{shop.address}/tracking/report?days=30")
    page.locator("[data-testid=report-kinds] button", has_text="非预期平台").click()
    expect(page.locator("[data-testid=report-table]")).to_contain_text("鸿蒙")
    with page.expect_download() as waiting:
        page.click("[data-testid=track-csv]")
    assert "unexpected_platform" in Path(waiting.value.path()).read_text("utf-8-sig")

    # A workbook is shown before it is kept, with the cell that cannot be read.
    path = tmp_path / "采集方案.xlsx"
    path.write_bytes(
        workbook({"事件表": [*EVENTS[1:], [9, "odd", "怪", "x", "", "魔法", "", "", "", "", ""]]})
    )
    page.goto(f"{shop.address}/tracking")
    page.click("[data-testid=track-import]")
    page.set_input_files(".ant-modal input[type=file]", str(path))
    expect(page.locator("[data-testid=track-look]")).to_contain_text("F9")
    expect(page.locator("[data-testid=track-changes]")).to_contain_text("coupon_get")
    page.click("[data-testid=track-import-save]")
    expect(page.locator("[data-testid=track-table]")).to_contain_text("领券")
    page.goto(f"{shop.address}/tracking/versions")
    page.locator("[data-testid=versions-table] tbody tr.row-link").nth(1).click()
    page.click("[data-testid=version-restore]")
    expect(page.locator("[data-testid=versions-table]")).to_contain_text("恢复第 ")
    page.goto(f"{shop.address}/tracking")
    expect(page.locator("[data-testid=track-table]")).not_to_contain_text("领券")


def test_the_pages_fit_a_phone_in_both_languages(opened: Opened) -> None:
    for language in ("zh-CN", "en"):
        page = opened("/tracking", width=390, language=language)
        page.wait_for_selector("[data-testid=track-table]")
        not_too_wide(page)
        page.locator("[data-testid=track-table] .card-button").first.click()
        page.wait_for_selector("[data-testid=event-save]")
        not_too_wide(page)
