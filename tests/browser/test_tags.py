"""Tags and RFM in the console: a tag of SQL from preview to a profile, one set by hand, cut-offs changed and undone."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.browser.test_console import send
from tests.suites.servers import Server, run

SQL = "SELECT person_no, count(*) AS value FROM events WHERE event = 'Kettle Seen' GROUP BY person_no"


def describe(page: Page, key: str, zh: str, en: str) -> None:
    page.fill("[data-testid=tag-key]", key)
    page.fill("[data-testid=tag-name-zh]", zh)
    page.fill("[data-testid=tag-name-en]", en)
    page.fill("[data-testid=tag-definition-zh]", f"{zh}的口径")
    page.fill("[data-testid=tag-definition-en]", f"What {en} is")


def test_a_tag_of_sql_from_its_preview_to_a_profile(opened: Opened, shop: Server, write_key: str) -> None:
    calls: list[dict[str, object]] = [
        {"type": "track", "event": "Kettle Seen", "userId": "u-kettle", "messageId": f"kettle-{i}"}
        for i in range(3)
    ]
    send(shop, write_key, *calls)
    run("build", "--home", str(shop.home))
    page = opened("/tags")
    page.click("[data-testid=tag-new]")
    describe(page, "x_kettle", "看壶次数", "Kettles seen")
    page.fill("[data-testid=tag-sql]", "SELECT * FROM read_parquet('/etc/passwd')")
    page.click("[data-testid=tag-preview]")
    expect(page.locator("[data-testid=tag-error]")).to_contain_text("表函数", timeout=30_000)
    page.fill("[data-testid=tag-sql]", SQL)
    page.click("[data-testid=tag-preview]")
    expect(page.locator("[data-testid=tag-previewed]")).to_contain_text("u-kettle", timeout=30_000)
    page.click("[data-testid=tag-save]")
    card = page.locator("[data-testid=tag-card-x_kettle]")
    expect(card.locator(".bars li")).to_have_count(1, timeout=90_000)
    page.goto(f"{shop.address}/users/u-kettle")
    expect(page.locator("[data-testid=tag-x_kettle]")).to_contain_text("3", timeout=30_000)

    # A forbidden one is refused with the reason, and nothing that was typed is lost.
    page.goto(f"{shop.address}/tags")
    page.click("[data-testid=tag-new]")
    describe(page, "x_faith", "佛教徒", "Faith")
    page.fill("[data-testid=tag-sql]", SQL)
    page.click("[data-testid=tag-save]")
    expect(page.locator("[data-testid=tag-error]")).to_contain_text("宗教信仰", timeout=30_000)
    expect(page.locator("[data-testid=tag-key]")).to_have_value("x_faith")

    # One that is set by hand, on the person's page.
    page.locator(".ant-segmented-item", has_text="手工与上传").click()
    describe(page, "x_level", "会员等级", "Member level")
    page.click("[data-testid=tag-save]")
    expect(page.locator("[data-testid=tag-card-x_level]")).to_be_visible(timeout=30_000)
    page.goto(f"{shop.address}/users/u-kettle")
    page.click("[data-testid=set-tag]")
    page.locator("[data-testid=set-tag-key]").click()
    page.locator(".ant-select-item-option", has_text="会员等级").click()
    page.fill("[data-testid=set-tag-value]", "金卡")
    page.click("[data-testid=set-tag-save]")
    expect(page.locator("[data-testid=tag-x_level]")).to_contain_text("金卡", timeout=30_000)
    page.click("[data-testid=take-x_level]")
    expect(page.locator("[data-testid=tag-x_level]")).to_have_count(0)

    # Where a tag comes from, and which tags an event feeds.
    page.goto(f"{shop.address}/tags?event=Product+Shared")
    expect(page.locator("[data-testid=tag-card-shares_30d]")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid=tag-card-spend_total]")).to_have_count(0)
    page.click("[data-testid=lineage-shares_30d]")
    expect(page.locator("[data-testid=lineage-graph]")).to_contain_text("Product Shared")
    opened.complaints.clear()  # what was refused is a 400 in the browser's console


def test_cut_offs_are_changed_with_a_preview_and_undone(opened: Opened, shop: Server) -> None:
    page = opened("/rfm")
    before = page.locator("[data-testid=rfm-cutoffs] tbody tr").first.inner_text()
    page.click("[data-testid=rfm-edit]")
    expect(page.locator("[data-testid=rfm-preview]")).to_contain_text("没有人换类别", timeout=60_000)
    page.locator("[data-testid=cut-CNY-r]").click()
    page.locator(".ant-select-item-option", has_text="固定值").click()
    page.fill("[data-testid=cut-CNY-r-low]", "2")
    page.fill("[data-testid=cut-CNY-r-high]", "3")
    expect(page.locator("[data-testid=rfm-preview]")).to_contain_text("人会换类别", timeout=30_000)
    page.click("[data-testid=rfm-save]")
    run("build", "--home", str(shop.home))
    page.reload()
    expect(page.locator("[data-testid=rfm-cutoffs]")).to_contain_text("2 天 / 3 天", timeout=60_000)
    page.click("[data-testid=rfm-edit]")
    page.click("[data-testid=rfm-undo-0]", timeout=60_000)
    run("build", "--home", str(shop.home))
    page.reload()
    row = page.locator("[data-testid=rfm-cutoffs] tbody tr").first
    expect(row).to_have_text(before.replace("\t", ""), timeout=60_000)
    expect(page.locator("[data-testid=rfm-moves] table")).to_be_visible(timeout=60_000)
