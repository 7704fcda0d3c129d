"""An operator makes the rule of KOCs easier, chooses seeds, keeps an audience for a creator's content, and reads a cascade."""

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server

CREATORS = "async () => (await fetch('/api/influence/creators?sort=friends')).json()"


def test_from_the_rule_to_seeds_an_audience_and_a_cascade(opened: Opened, shop: Server) -> None:
    page = opened("/social/koc")
    page.wait_for_selector("[data-testid=creators]")
    creators = page.evaluate(CREATORS)
    most = creators["items"][0]
    page.click("[data-testid=koc-rules]")
    page.fill("[data-testid=rule-min_friends]", str(most["friends"]))
    page.fill("[data-testid=rule-min_interaction]", "0")
    page.fill("[data-testid=rule-min_repurchase]", "0")
    page.fill("[data-testid=rule-min_fans]", "1")
    expect(page.locator("[data-testid=rule-effect]")).to_contain_text("人为 KOC")
    page.click("[data-testid=rule-save]")
    expect(page.locator(".ant-message")).to_contain_text("规则已保存")
    assert page.evaluate(CREATORS)["koc"] >= 1

    page.goto(f"{shop.address}/social/koc/seeds")
    page.click("[data-testid=seeds-new] >> nth=0")
    page.fill("[data-testid=seeds-most]", "5")
    page.click("[data-testid=seeds-save]")
    expect(page.locator("[data-testid=seed-list] tbody tr.ant-table-row")).to_have_count(5, timeout=60_000)
    expect(page.locator("[data-testid=seed-methods]")).to_contain_text("PageRank")

    page.goto(f"{shop.address}/social/creators/{most['user_id']}")
    page.click("[data-testid=creator-audience]")
    page.fill("[data-testid=audience-size]", "7")
    page.click("[data-testid=audience-preview]")
    expect(page.locator("[data-testid=audience-draft]")).to_contain_text("好友的好友")
    page.click("[data-testid=audience-make]")
    expect(page.locator(".ant-message")).to_contain_text("受众已保存")
    page.goto(f"{shop.address}/social/koc/audiences")
    page.click("[data-testid=audiences] tbody tr.ant-table-row >> nth=0")
    page.click("[data-testid=audience-link]")
    page.wait_for_url("**/users?people=*")
    expect(page.locator("[data-testid=page-users]")).to_contain_text("弱连接受众")

    page.goto(f"{shop.address}/social/cascades")
    page.click("[data-testid=cascades] tbody tr.ant-table-row >> nth=0")
    expect(page.locator("[data-testid=cascade-tree] canvas")).to_be_visible()
    expect(page.locator("[data-testid=cascade-tree] [data-testid=cascade-tiles]")).to_contain_text(
        "结构性病毒度"
    )
    page.click("[data-testid=tree-everybody]")
    page.wait_for_url("**/users?people=*")
