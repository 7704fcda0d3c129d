"""The frame around every page."""

from playwright.sync_api import expect

from tests.browser.conftest import Opened


def test_a_folded_group_stays_folded_but_for_the_page_that_is_open(opened: Opened) -> None:
    page = opened("/users")
    page.click(".nav-group >> text=数据")
    expect(page.locator("[data-testid=nav-jobs]")).to_be_hidden()
    page.reload()
    page.wait_for_selector("[data-testid=nav-users]")
    expect(page.locator("[data-testid=nav-jobs]")).to_be_hidden()
    page.keyboard.press("g")
    page.keyboard.press("j")
    expect(page.locator("[data-testid=nav-jobs]")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.wait_for_url("**/users")
    page.click(".nav-group >> text=数据")
    expect(page.locator("[data-testid=nav-jobs]")).to_be_visible()
