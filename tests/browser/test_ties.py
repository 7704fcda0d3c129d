"""Ties: the overview, an audience that becomes a segment, a neighbourhood with the reasons of a tie."""

from playwright.sync_api import expect

from tests.browser.conftest import Opened


def test_an_audience_becomes_a_segment_and_a_neighbourhood_tells_its_reasons(opened: Opened) -> None:
    page = opened("/social/ties")
    expect(page.locator("[data-testid=tile-ties-people] .tile-value")).not_to_have_text("0")
    expect(page.locator("[data-testid=ties-part-embeddedness]")).to_be_visible()
    expect(page.locator("[data-testid=ties-kinds] li").first).to_be_visible()
    user = page.locator("[data-testid=ties-bridges] a").first.inner_text()
    page.locator("[data-testid=ties-bridges] a").first.click()
    page.wait_for_url("**/social/ties/ego?user=*")
    page.wait_for_selector("[data-testid=ego-canvas][data-ready=true] canvas")
    expect(page.locator("[data-testid=tie-why] .bars li")).to_have_count(6)
    strength = float(page.inner_text("[data-testid=tie-strength]").split()[0])
    assert 0 < strength < 1
    page.click("text=找人群")
    page.fill("[data-testid=audience-user]", user)
    page.keyboard.press("Enter")
    page.click("text=好友的好友 >> nth=0")
    page.fill("[data-testid=audience-size]", "7")
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=audience-count]")).to_contain_text("取 7 人")
    expect(page.locator("[data-testid=audience-table] tbody tr.ant-table-row")).to_have_count(7)
    page.click("[data-testid=audience-save]")
    expect(page.locator("[data-testid=preview-size]")).to_contain_text("7")
    page.fill("[data-testid=segment-name]", "弱连接试点")
    page.click("[data-testid=segment-save]")
    page.wait_for_url("**/segments/seg_*")
    page.click("[data-testid=segment-tab-members]")
    expect(page.locator("[data-testid=members-table] tbody tr.ant-table-row")).to_have_count(7)
