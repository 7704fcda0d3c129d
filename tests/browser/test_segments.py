"""A rule is built in the console, previewed, saved; its members are opened and exported; the list of users is narrowed."""

import json
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server

POST = """async ([path, body]) => {
  const csrf = (await (await fetch('/api/session')).json()).csrf;
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf};
  return (await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)})).json();
}"""


def choose(page: Page, field: str, text: str) -> None:
    """Choose an option of a select by its text."""
    page.click(f"[data-testid={field}]")
    page.locator(f".ant-select-dropdown:visible .ant-select-item-option:has-text('{text}')").first.click()


def add(page: Page, group: str, kind: str) -> None:
    page.click(f"[data-testid={group}-add]")
    page.locator(f"[data-testid={group}-add-{kind}]:visible").click()


def test_a_rule_is_built_previewed_saved_opened_and_exported(opened: Opened, shop: Server) -> None:
    page = opened("/segments/new")
    add(page, "rule", "tag")
    expect(page.locator("[data-testid=segment-save]")).to_be_disabled()
    page.click("[data-testid=rule-0-tag]")
    page.keyboard.type("累计成交订单数")
    page.keyboard.press("Enter")
    page.fill("[data-testid=rule-0-value]", "1")
    expect(page.locator("[data-testid=preview-sentence]")).to_have_text("累计成交订单数不小于 1单")
    buyers = int(page.inner_text("[data-testid=preview-size]").split("占")[0].strip().replace(",", ""))
    assert buyers > 0
    add(page, "rule", "event")
    choose(page, "rule-1-times", "没有做过")
    choose(page, "rule-1-window", "不限时间")
    expect(page.locator("[data-testid=preview-sentence]")).to_contain_text("从未做过任意事件")
    page.click("[data-testid=rule-1-not]")
    expect(page.locator("[data-testid=preview-sentence]")).to_contain_text("不满足：从未做过任意事件")
    page.reload()
    expect(page.locator("[data-testid=preview-sentence]")).to_contain_text("不满足：从未做过任意事件")
    page.fill("[data-testid=segment-name]", "有行为的买家")
    page.click("[data-testid=segment-save]")
    page.wait_for_url("**/segments/seg_*")
    page.click("[data-testid=segment-tab-members]")
    expect(page.locator("[data-testid=members-table] a").first).to_be_visible()
    with page.expect_download() as download:
        page.click("[data-testid=segment-csv]")
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "user_id"
    assert 0 < len(lines) - 1 <= buyers
    page.click("[data-testid=segment-tab-history]")
    expect(page.locator("[data-testid=runs-table]")).to_contain_text(f"{len(lines) - 1:,}")
    page.goto(f"{shop.address}/segments")
    expect(page.locator("[data-testid=segments-table]")).to_contain_text("有行为的买家")


def test_the_people_of_a_query_are_listed_and_become_a_segment(opened: Opened, shop: Server) -> None:
    page = opened("/segments")
    rule = {"is": "event", "event": "", "least": 1, "days": 60}
    made = page.evaluate(POST, ["/api/segments", {"name": "近期来过", "rule": rule}])
    people = {"kind": "segment", "segment_id": made["segment_id"]}
    page.goto(f"{shop.address}/users?people={quote(json.dumps(people))}")
    banner = page.locator("[data-testid=people-banner]")
    expect(banner).to_contain_text("分群“近期来过”")
    expect(banner).to_contain_text(f"{made['size']:,} 人")
    page.click("[data-testid=people-save]")
    expect(page.locator("[data-testid=preview-size]")).to_contain_text(f"{made['size']:,}")
    page.goto(f"{shop.address}/users?segment={made['segment_id']}&gender=female")
    expect(page.locator("[data-testid=people-banner]")).to_be_visible()
    page.goto(f"{shop.address}/users?gender=female")
    page.click("[data-testid=users-save-segment]")
    expect(page.locator("[data-testid=preview-sentence]")).to_have_text("性别是 女")


def test_a_list_is_uploaded_and_says_its_match_rate(opened: Opened, shop: Server) -> None:
    page = opened("/users")
    expect(page.locator("[data-testid=users-table] td a").first).to_be_visible()
    names = [a.get_attribute("href") or "" for a in page.locator("[data-testid=users-table] td a").all()[:3]]
    users = [name.rpartition("/")[2] for name in names]
    page.goto(f"{shop.address}/segments")
    page.click("[data-testid=segment-upload]")
    text = "user_id\n" + "\n".join(users) + "\nnobody-at-all\n"
    page.set_input_files(
        ".ant-modal input[type=file]", {"name": "ids.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    expect(page.locator("[data-testid=upload-result]")).to_contain_text("75%")
    page.click("[data-testid=upload-go-on]")
    expect(page.locator("[data-testid=preview-size]")).to_contain_text("3")
