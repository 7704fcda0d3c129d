"""What people do in the console, done in a real browser."""

import base64
import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import EMAIL, PASSWORD, Opened
from tests.suites.servers import Server, run

PAGES = (
    "/", "/users", "/tags", "/rfm", "/live", "/sources", "/imports", "/imports/pulls", "/imports/mappings",
    "/dead-letters", "/relays", "/reconcile", "/quality", "/jobs", "/erasures", "/audit", "/settings",
    "/settings/backups", "/tracking", "/tracking/coverage", "/tracking/report", "/tracking/alerts", "/tracking/columns",
    "/tracking/versions", "/consents", "/consents/texts", "/consents/person", "/rights", "/identity",
    "/identity/unidentified", "/segments", "/segments/new", "/acquire", "/acquire/links", "/acquire/costs",
    "/acquire/naming", "/private", "/analyse/funnel", "/analyse/retention", "/analyse/retention/lifecycle",
    "/analyse/paths", "/analyse/metrics", "/analyse/aarrr", "/analyse/attribution", "/analyse/sql", "/boards",
    "/boards/overview", "/loyalty", "/loyalty/points", "/loyalty/shops", "/ledger", "/ledger/accounts", "/ledger/transfers",
    "/ledger/budgets", "/social/ties", "/social/ties/audience", "/social/ties/ego", "/social/koc", "/social/koc/seeds",
    "/social/koc/audiences", "/social/cascades", "/referral/risk", "/referral/risk/rules", "/referral", "/referral/new",
    "/groups",
)  # fmt: skip
GO = "(path) => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }"
SETTLED = ".content h1, .content .page-title, .content"


def send(shop: Server, key: str, *calls: dict[str, object]) -> None:
    basic = {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    assert shop.call("/v1/batch", {"batch": list(calls)}, headers=basic)[0] == 200


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_is_cut_off_or_complains(opened: Opened, language: str) -> None:
    page = opened("/", width=1440, language=language)
    for path in PAGES:
        page.evaluate(GO, path)  # as a click on a link does, without loading everything anew
        page.wait_for_selector(SETTLED)
        page.wait_for_load_state("load")
        page.wait_for_timeout(150)
        expect(page.locator(".ant-skeleton, [data-testid=waiting]")).to_have_count(0)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(120)  # the page takes its other shape
            beyond = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
            assert beyond <= 1, f"{path} at {width} in {language} is {beyond} px too wide"
        assert page.locator("[data-testid=simulated]").is_visible(), (
            "simulated data is labelled on every page"
        )
        navigation = page.locator("header.top, aside").all_inner_texts()
        if language == "en":
            labels = (
                " ".join(navigation).replace("弱连接演示店", "").replace("王店长", "").replace("中文", "")
            )
            assert not re.search(r"[\u4e00-\u9fff]", labels), labels


def test_the_overview_shows_what_the_command_line_says(opened: Opened, shop: Server) -> None:
    status = json.loads(run("status", "--home", str(shop.home), "--json"))
    page = opened("/")
    page.wait_for_selector("text=用户数")
    text = page.inner_text("main")
    overview = page.evaluate("async () => (await fetch('/api/overview')).json()")
    assert f"{status['users'] - overview['people_left_out']['total']:,}" in text, (
        "who does not grant analysis is counted apart"
    )
    left_out = page.evaluate("async () => (await fetch('/api/quality')).json()")
    counted = status["orders"] - left_out["crawler_orders"] - left_out["test_orders"]
    assert f"{counted:,}" in text
    assert page.locator("canvas, svg").count() > 2


def test_a_wrong_password_is_refused_and_the_right_one_enters(opened: Opened) -> None:
    page = opened("/", signed_in=False)
    page.fill("#email", EMAIL)
    page.fill("#password", "not the password")
    page.click("[data-testid=submit]")
    expect(page.locator("[data-testid=entrance-error]")).to_contain_text("邮箱或密码不正确")
    page.fill("#password", PASSWORD)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=nav-overview]")
    opened.complaints.clear()  # the refused sign-in is a 401 in the browser's console


def test_events_appear_while_they_arrive(opened: Opened, shop: Server, write_key: str) -> None:
    page = opened("/live")
    page.wait_for_selector("text=实时数据")
    send(
        shop,
        write_key,
        {"type": "track", "event": "Browser Saw This", "userId": "u-live", "messageId": "live-1"},
    )
    page.wait_for_selector("text=Browser Saw This")


def test_users_are_searched_and_the_address_keeps_it(opened: Opened, shop: Server) -> None:
    page = opened("/users")
    page.wait_for_selector("text=u100")
    first = page.locator("text=/u100\\d{3}/").first.inner_text()
    page.locator("main input").first.fill(first)
    page.locator("main input").first.press("Enter")
    page.wait_for_url(re.compile(first))
    page.reload()
    page.wait_for_selector(f"text={first}")
    assert page.locator("text=/u100\\d{3}/").count() == 1
    with page.expect_download() as waiting:
        page.click("[data-testid=users-export]")
    assert first in Path(waiting.value.path()).read_text("utf-8-sig")


def test_a_cell_of_the_matrix_opens_its_people(opened: Opened) -> None:
    page = opened("/rfm")
    page.wait_for_selector("text=RFM 矩阵")
    cell = page.locator("button.rfm-cell:not([disabled])").first
    count = re.match(r"\d+", cell.inner_text())
    assert count is not None
    cell.click()
    page.wait_for_url(re.compile(r"/users\?"))
    expect(page.locator("[data-testid=total]").first).to_contain_text(count[0])


def test_a_person_is_shown_consents_and_is_erased(opened: Opened, shop: Server, write_key: str) -> None:
    traits = {"nickname": "小红", "phone": "19955557431", "city": "上海"}
    send(shop, write_key, {"type": "identify", "userId": "u-erase", "messageId": "e-1", "traits": traits})
    run("build", "--home", str(shop.home))
    page = opened("/users/u-erase")
    page.wait_for_selector("[data-testid=profile-tags]")
    assert page.locator("[data-testid^=dimension-]").count() == 4
    assert "19955557431" not in page.inner_text("main")
    page.click("[data-testid=reveal]")
    page.fill("[data-testid=reveal-reason]", "本人来电")
    page.locator(".ant-modal .ant-btn-primary").click()
    page.wait_for_selector("text=19955557431")
    page.goto(f"{shop.address}/users/u-erase")
    page.click("[data-testid=erase]")
    page.fill("[data-testid=erase-reason]", "本人要求")
    page.fill("[data-testid=erase-confirm]", "u-erase")
    page.locator(".ant-modal .ant-btn-dangerous, .ant-modal .ant-btn-primary").last.click()
    page.wait_for_url(re.compile("/erasures"))
    page.goto(f"{shop.address}/users/u-erase")
    expect(page.locator("main")).to_contain_text("没有用户“u-erase”")
    page.goto(f"{shop.address}/audit")
    page.wait_for_selector("text=查看联系方式")
    page.click("[data-testid=audit-verify]")
    page.wait_for_selector("[data-testid=audit-verified]")
    opened.complaints.clear()  # the erased person is a 404 in the browser's console


def test_a_dropped_file_is_previewed_imported_and_its_bad_rows_kept(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "订单.csv"
    file.write_text(
        "order_id,user_id,paid_time,amount,currency\nb1,u-file,2026-10-01 10:00:00,12.50,CNY\n"
        "b2,u-file,2026-10-01 11:00:00,many,CNY\n",
        "gbk",
    )
    page = opened("/imports")
    page.set_input_files("input[type=file]", str(file))
    page.wait_for_selector("[data-testid=preview-rows]")
    assert "1250" in page.inner_text("main") or "12.50" in page.inner_text("main")
    assert page.locator("[data-testid=preview-bad]").is_visible()
    page.click("[data-testid=import-start]")
    page.wait_for_selector("[data-testid=bad-rows]", timeout=40_000)


def test_a_build_runs_to_its_end_under_the_eyes_of_who_asked(opened: Opened) -> None:
    page = opened("/jobs")
    page.click("[data-testid=job-build]")
    page.wait_for_selector("text=已完成", timeout=60_000)


def test_a_refusal_is_shown_with_its_code_and_a_way_to_try_again(opened: Opened) -> None:
    page = opened("/settings")
    answer = {
        "error": {
            "code": "database_unavailable",
            "message": {"zh": "数据库暂时不可用", "en": "away"},
            "place": "",
        }
    }
    page.route("**/api/tags*", lambda route: route.fulfill(status=503, json=answer))
    page.goto(page.url.replace("/settings", "/tags"))
    page.wait_for_selector("[data-testid=failure]", timeout=30_000)
    assert "database_unavailable" in page.inner_text("[data-testid=failure]")
    page.unroute("**/api/tags*")
    page.click("[data-testid=retry]")
    page.wait_for_selector("[data-testid=tag-cards]")
    opened.complaints.clear()  # the 503 stands in the browser's console
