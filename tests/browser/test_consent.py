"""A compliance officer answers what people ask by right, and writes what they are told before they choose."""

import base64
import re
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, Opened
from tests.suites.servers import Server, run

INVITE = """async ([email, role]) => {
  const session = await (await fetch("/api/session")).json();
  const headers = {"Content-Type": "application/json", "X-CSRF-Token": session.csrf};
  const body = JSON.stringify({name: "周合规", email, role});
  const answer = await fetch("/api/accounts", {method: "POST", headers, body});
  return (await answer.json()).link;
}"""
PHONE, NICK = "19955557746", "金丝雀七七"


@pytest.fixture
def member(opened: Opened, shop: Server) -> Callable[..., Page]:
    """Opens the console as a new member of the team who has a role."""

    def open_as(role: str, path: str, *, width: int = 1440) -> Page:
        link = opened("/").evaluate(INVITE, [f"{role}-{secrets.token_hex(4)}@example.com", role])
        page = opened(link, width=width, signed_in=False)
        page.fill("#name", "周合规")
        page.fill("#password", PASSWORD)
        page.click("[data-testid=submit]")
        page.wait_for_selector("[data-testid=nav-overview], [data-testid=nav-open]")
        page.goto(shop.address + path)
        return page

    return open_as


@pytest.fixture
def person(shop: Server, write_key: str) -> str:
    """Somebody with a phone, a nickname and a city, whose profile was built."""
    user = f"u-{secrets.token_hex(4)}"
    traits = {"phone": PHONE, "nickname": NICK, "city": "杭州"}
    basic = {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}
    call = {"type": "identify", "userId": user, "messageId": f"{user}-1", "traits": traits}
    assert shop.call("/v1/batch", {"batch": [call]}, headers=basic)[0] == 200
    run("build", "--home", str(shop.home))
    return user


def choose(page: Page, test_id: str, text: str) -> None:
    page.click(f"[data-testid={test_id}]")
    page.locator(".ant-select-dropdown:visible .ant-select-item-option", has_text=text).first.click()


def take_in(page: Page, user: str, kind: str) -> str:
    """Take a request in by hand and check who asks; returns its number."""
    page.click("[data-testid=new-request]")
    page.fill("[data-testid=request-user]", user)
    choose(page, "request-kind", kind)
    page.click("[data-testid=request-take]")
    page.wait_for_selector("[data-testid=request][data-state=received]")
    expect(page.locator("[data-testid=panel-data], [data-testid=panel-erase]")).to_have_count(0)
    page.fill("[data-testid=verify-note]", "回拨预留手机号")
    page.click("[data-testid=verify-do]")
    page.wait_for_selector("[data-testid=request][data-state=verified]")
    return page.inner_text("[data-testid=request-id]")


def answer(page: Page, note: str) -> None:
    page.fill("[data-testid=answer-note]", note)
    page.click("[data-testid=answer-do]")
    page.wait_for_selector("[data-testid=request][data-state=done]")
    expect(page.locator("[data-testid=request-proof]")).to_contain_text("与办结时一致")
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=request]")).to_have_count(0)


def test_an_officer_answers_a_request_to_see_copy_correct_and_erase(
    opened: Opened, shop: Server, member: Callable[..., Page], person: str
) -> None:
    page = member("compliance", "/rights")
    number = take_in(page, person, "查阅")
    page.click("[data-testid=data-look]")
    kept = page.locator("[data-testid=person-data]")
    expect(kept).to_contain_text(PHONE)
    expect(kept).to_contain_text(NICK)
    with page.expect_download() as waiting:
        page.click("[data-testid=data-copy]")
    with zipfile.ZipFile(Path(waiting.value.path())) as archive:
        assert PHONE in archive.read("data.json").decode()
    expect(page.locator("[data-testid=step-download]")).to_be_visible()
    answer(page, "已当面读给本人")

    take_in(page, person, "更正")
    choose(page, "correct-field", "城市")
    page.fill("[data-testid=correct-value]", "成都")
    page.click("[data-testid=correct-do]")
    expect(page.locator("[data-testid=corrected]")).to_contain_text("城市")
    answer(page, "已更正城市")
    page.goto(f"{shop.address}/users/{person}")
    expect(page.locator("[data-testid=profile-tags], main").first).to_contain_text("成都")

    page.goto(f"{shop.address}/rights")
    erased = take_in(page, person, "删除")
    expect(page.locator("[data-testid=erase-do]")).to_be_disabled()
    page.fill("[data-testid=erase-confirm]", number)
    expect(page.locator("[data-testid=erase-do]")).to_be_disabled()
    page.fill("[data-testid=erase-confirm]", erased)
    page.click("[data-testid=erase-do]")
    page.wait_for_selector("[data-testid=request][data-state=done]", timeout=60_000)
    expect(page.locator("[data-testid=step-erased]")).to_be_visible()
    page.goto(f"{shop.address}/rights?view=done")
    expect(page.locator("[data-testid=rights-table]")).to_contain_text(number)
    expect(page.locator("[data-testid=rights-table]")).to_contain_text(erased)
    page.goto(f"{shop.address}/users/{person}")
    expect(page.locator("main")).to_contain_text(f"没有用户“{person}”")
    opened.complaints.clear()  # the erased person is a 404 in the browser's console


def test_a_request_from_the_persons_page_is_refused_with_a_reason(
    opened: Opened, shop: Server, member: Callable[..., Page], person: str
) -> None:
    page = member("compliance", f"/consents/person?person={person}")
    page.click("[data-testid=link-make]")
    own = opened(signed_in=False)
    own.goto(page.inner_text("[data-testid=link-url]"))
    asking = own.locator("[data-testid=ask-correct]")
    asking.locator("summary").click()
    asking.locator("textarea").fill("城市应为北京")
    asking.locator("input[type=checkbox]").check()
    asking.locator("button").click()
    own.wait_for_load_state("load")
    expect(own.locator("main")).to_contain_text("已核验身份")

    page.goto(f"{shop.address}/rights")
    page.locator("[data-testid=rights-table]").get_by_text("更正").first.click()
    expect(page.locator("[data-testid=request-said]")).to_contain_text("城市应为北京")
    number = page.inner_text("[data-testid=request-id]")
    page.click("[data-testid=request-refuse]")
    page.click("[data-testid=refuse-do]")
    expect(page.locator(".ant-modal")).to_contain_text("必填")
    page.fill("[data-testid=refuse-note]", "与实名信息不符")
    page.click("[data-testid=refuse-do]")
    page.wait_for_selector("[data-testid=request][data-state=refused]")
    expect(page.locator("[data-testid=step-refuse]")).to_contain_text("与实名信息不符")
    page.goto(f"{shop.address}/rights")
    expect(page.locator("[data-testid=page-rights]")).not_to_contain_text(number)


def test_what_cannot_be_done_is_said_in_words(
    opened: Opened, member: Callable[..., Page], person: str
) -> None:
    page = member("compliance", "/rights")
    page.click("[data-testid=new-request]")
    page.fill("[data-testid=request-user]", "nobody-has-this-id")
    page.click("[data-testid=request-take]")
    expect(page.locator("[data-testid=refused]")).to_contain_text("请检查 ID 是否完整")
    page.keyboard.press("Escape")
    take_in(page, person, "要求解释")
    page.keyboard.press("Escape")
    page.click("[data-testid=new-request]")
    page.fill("[data-testid=request-user]", person)
    choose(page, "request-kind", "要求解释")
    page.click("[data-testid=request-take]")
    expect(page.locator("[data-testid=refused]")).to_contain_text("already_asked")
    opened.complaints.clear()  # refusals are 404 and 409 in the browser's console


def test_a_new_text_version_is_written_compared_and_published(
    opened: Opened, shop: Server, member: Callable[..., Page]
) -> None:
    page = member("compliance", "/consents/texts")

    def write(title: str, body: str) -> None:
        page.click("[data-testid=text-edit-sharing]")
        page.fill("[data-testid=text-title_zh]", title)
        page.fill("[data-testid=text-body_zh]", body)
        page.fill("[data-testid=text-title_en]", "Sharing with the courier")
        page.fill("[data-testid=text-body_en]", "Name and address go to the courier.")

    page.click("[data-testid=text-edit-sharing]")
    page.fill("[data-testid=text-title_zh]", "")
    page.click("[data-testid=text-save]")
    expect(page.locator(".ant-drawer")).to_contain_text("必填")
    page.keyboard.press("Escape")
    for title, body in (
        ("向快递提供", "姓名与地址提供给快递公司。"),
        ("向快递提供", "姓名、电话与地址提供给快递公司。"),
    ):
        write(title, body)
        page.locator("[data-testid=text-preview]").click()
        expect(page.locator("[data-testid=text-previewed]")).to_contain_text(body)
        page.click("[data-testid=text-save]")
        page.click("[data-testid=text-publish-sharing]")
        expect(page.locator(".ant-modal")).to_contain_text(body)
        page.click("[data-testid=text-publish-do]")
        expect(page.locator("[data-testid=text-draft-sharing]")).to_have_count(0)
    card = page.locator("[data-testid=text-sharing]")
    version = re.search(r"第 (\d+) 版", card.inner_text())
    assert version is not None
    assert int(version[1]) >= 2
    page.click("[data-testid=text-history-sharing]")
    page.locator("[data-testid=text-versions] >> text=版对比").first.click()
    lines = page.locator("[data-testid=text-diff]").first
    expect(lines.locator("[data-kind=gone]")).to_contain_text(["姓名与地址提供给快递公司。"])
    expect(lines.locator("[data-kind=new]")).to_contain_text(["姓名、电话与地址提供给快递公司。"])


def test_a_withdrawal_shows_in_the_receipts_and_in_the_figures(
    opened: Opened, shop: Server, member: Callable[..., Page], person: str
) -> None:
    page = member("compliance", f"/consents/person?person={person}")
    page.click("[data-testid=consent-marketing]")
    page.fill("[data-testid=consent-how]", "客服电话")
    page.click("[data-testid=consent-do]")
    expect(page.locator("[data-testid=receipts]")).to_contain_text("拒绝 / 撤回")
    page.click("[data-testid=age-set]")
    page.locator("[data-testid=age-pick]").get_by_text("未满 14 周岁").click()
    page.fill("[data-testid=age-reason]", "监护人来电")
    page.click("[data-testid=age-do]")
    expect(page.locator("[data-testid=age-band]")).to_have_text("未满 14 周岁")
    page.click("[data-testid=consent-analytics]")
    page.fill("[data-testid=consent-how]", "客服电话")
    page.click("[data-testid=consent-do]")
    expect(page.locator("[data-testid=consent-analytics]")).to_have_attribute("aria-checked", "false")
    page.goto(f"{shop.address}/users/{person}")
    expect(page.locator("main")).to_contain_text("未授权统计分析")
    page.click("[data-testid=to-consent]")
    expect(page.locator("[data-testid=receipts]")).to_contain_text("统计分析")
    opened.complaints.clear()  # the profile that may not be shown is a 404 in the browser's console
    page.goto(f"{shop.address}/consents")
    expect(page.locator("[data-testid=consent-days]")).to_be_visible()
    expect(page.locator("[data-subject=marketing] .share-words")).to_contain_text(re.compile(r"撤回\s*[1-9]"))


def test_only_those_who_comply_see_the_pages(
    opened: Opened, shop: Server, member: Callable[..., Page]
) -> None:
    page = member("operator", "/rights")
    expect(page.locator("[data-testid=failure]")).to_be_visible()
    expect(page.locator("[data-testid=nav-rights]")).to_have_count(0)
    page.goto(f"{shop.address}/consents")
    expect(page.locator("[data-testid=failure]").first).to_be_visible()
    opened.complaints.clear()  # refusals are 403 in the browser's console


def test_the_queue_is_for_the_keyboard_too(member: Callable[..., Page], person: str) -> None:
    page = member("compliance", "/")
    page.wait_for_selector("[data-testid=nav-rights]")
    page.locator("body").press("g")
    page.locator("body").press("h")
    page.wait_for_url(re.compile("/rights"))
    page.wait_for_selector("[data-testid=page-rights]")
    take_in(page, person, "查阅")
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=request]")).to_have_count(0)
    page.locator("[data-testid=rights-table] button", has_text="查阅").first.press("Enter")
    page.wait_for_selector("[data-testid=request]")
    assert "request=rrq_" in page.url
