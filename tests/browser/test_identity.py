"""Identity in the console: one phone with two names is answered, a person explains itself, a link is undone and restored."""

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server, run

PHONE = "13912349876"


def send(shop: Server, key: str, *calls: dict[str, object]) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    assert shop.call("/v1/batch", {"batch": list(calls)}, headers=basic)[0] == 200


@pytest.fixture(scope="module")
def people(shop: Server, write_key: str) -> None:
    """Two logins with one phone, one of them on a tablet, and an order whose buyer is masked."""
    send(
        shop, write_key,
        {"type": "identify", "messageId": "bi1", "userId": "bi-anna", "traits": {"phone": PHONE, "name": "张安娜"}},
        {"type": "identify", "messageId": "bi2", "userId": "bi-bob", "traits": {"phone": PHONE, "name": "李小波"}},
        {"type": "track", "messageId": "bi3", "event": "Product Viewed", "userId": "bi-anna", "anonymousId": "bi-tablet"},
        {"type": "track", "messageId": "bi5", "event": "Product Viewed", "userId": "bi-carol"},
        {"type": "track", "messageId": "bi4", "event": "Order Completed", "userId": "186******05",
         "properties": {"order_id": "bi-order", "total": 88, "currency": "CNY"}},
    )  # fmt: skip
    run("build", "--home", str(shop.home))


def test_a_question_is_answered_and_a_link_is_undone_and_restored(
    opened: Opened, people: None, shop: Server
) -> None:
    page = opened("/identity")
    row = page.locator("[data-testid=identity-reviews] tr", has_text="bi-anna")
    expect(row).to_contain_text("一个手机号，多个用户")
    expect(row).to_contain_text("139******76")
    row.click()
    expect(page.locator("[data-testid=review-person]")).to_have_count(2)
    expect(page.locator("[data-testid=review-same]")).to_be_disabled()
    page.fill("[data-testid=review-reason]", "电话确认是同一个人")
    page.click("[data-testid=review-same]")
    expect(page.locator("[data-testid=identity-reviews] tr", has_text="bi-anna")).to_have_count(0)

    page.goto(f"{shop.address}/users/bi-bob")
    open_why(page)
    chains = page.locator("[data-testid=identity-chains]")
    expect(chains).to_contain_text("bi-anna")
    expect(chains).to_contain_text("bi-tablet")
    expect(chains).to_contain_text("139******76")
    expect(page.locator("[data-testid=identity-decisions]")).to_contain_text("电话确认是同一个人")
    link = page.locator("[data-testid=identity-links] tr", has_text="bi-tablet")
    link.locator("[data-testid=identity-undo]").click()
    page.fill("[data-testid=identity-reason]", "家里共用的平板")
    page.click("[data-testid=identity-confirm]")
    expect(link.locator("[data-state=undone]")).to_be_visible()
    expect(chains).not_to_contain_text("bi-tablet")
    expect(page.locator("[data-testid=profile-aliases]")).not_to_contain_text("bi-tablet")
    link.locator("[data-testid=identity-redo]").click()
    page.fill("[data-testid=identity-reason]", "确认是本人的")
    page.click("[data-testid=identity-confirm]")
    expect(chains).to_contain_text("bi-tablet")

    page.click("[data-testid=identity-another]")
    page.fill("[data-testid=another-who]", "bi-carol")
    page.fill("[data-testid=another-reason]", "客服确认改名")
    page.click("[data-testid=another-do]")
    expect(chains).to_contain_text("bi-carol")
    merged = page.locator("[data-testid=identity-links] tr", has_text="bi-carol")
    expect(merged).to_contain_text("人工合并")


def open_why(page: Page) -> None:
    page.click("[data-testid=identity-why]")
    expect(page.locator("[data-testid=identity-panel]")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
def test_orders_without_a_buyer_and_the_queue_fit_every_screen(
    opened: Opened, people: None, shop: Server, width: int
) -> None:
    page = opened("/identity/unidentified", width=width, language="en")
    expect(page.locator("[data-testid=unidentified-table]")).to_contain_text("bi-order")
    expect(page.locator("[data-testid=unidentified-counts]")).to_contain_text("masked or encrypted")
    for path in ("/identity?reason=chain&state=later", "/identity", "/users/bi-anna"):
        page.goto(shop.address + path)
        if path.startswith("/users"):
            page.click("[data-testid=identity-why]")
            expect(page.locator("[data-testid=identity-chains]")).to_be_visible()
        expect(page.locator("[data-testid=waiting]")).to_have_count(0)
        assert page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth") <= 1, path
    page.goto(f"{shop.address}/identity?reason=chain&state=later")
    expect(page.locator("[data-testid=empty]")).to_contain_text("No questions about identity")
