"""Where people are lost: a funnel is changed, kept, and opens the people behind it."""

import csv
import io
import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened


def number(page: Page, test_id: str) -> int:
    return int(page.locator(f"[data-testid={test_id}]").inner_text().replace(",", ""))


def test_a_funnel_is_changed_kept_and_opens_its_people(opened: Opened) -> None:
    page = opened("/analyse/funnel")
    page.wait_for_selector("[data-testid=funnel-chart] canvas")
    expect(page.locator("[data-testid=funnel-table] tbody tr.ant-table-row")).to_have_count(5)
    entered, last = number(page, "people-0"), number(page, "people-4")
    assert entered > last > 0
    lost = number(page, "lost-1")
    assert number(page, "people-1") == entered - lost

    page.click("[data-testid=step-4-remove]")  # four steps: the order goes
    expect(page.locator("[data-testid=funnel-table] tbody tr.ant-table-row")).to_have_count(4)
    page.click("[data-testid=funnel-breakdown]")
    page.locator(".ant-select-item-option[title='渠道']").click()
    page.wait_for_selector("[data-testid=funnel-groups]")
    assert len(parse_qs(urlsplit(page.url).query)["q"]) == 1
    reopened = page.url
    page.goto(reopened)
    page.wait_for_selector("[data-testid=funnel-groups]")
    assert number(page, "people-0") == entered, "the address says it all"

    address = page.locator("[data-testid=funnel-csv]").get_attribute("href")
    text = page.evaluate("async (a) => (await fetch(a)).text()", address)
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert next(r["people"] for r in rows if r["group"] == "all") == str(entered)
    assert len({r["group"] for r in rows}) > 2

    page.click("[data-testid=funnel-save]")
    page.fill("input[data-testid=funnel-name]", "到加购")
    page.click("[data-testid=funnel-name-save]")
    page.click("[data-testid=funnel-open]")
    expect(page.locator("[data-testid=funnel-saved]")).to_contain_text("到加购")
    page.click("[data-testid=funnel-delete]")
    expect(page.locator("[data-testid=funnel-saved]")).not_to_contain_text("到加购")
    page.click("[data-testid=funnel-undo]")
    expect(page.locator(".funnel-saved:visible")).to_have_count(0)
    page.click("[data-testid=funnel-open]")
    expect(page.locator("[data-testid=funnel-saved]")).to_contain_text("到加购")
    page.keyboard.press("Escape")

    page.click("[data-testid=lost-1]")
    page.wait_for_url(re.compile(r"/users\?people="))
    query = json.loads(parse_qs(urlsplit(page.url).query)["people"][0])
    assert (query["kind"], query["step"], query["dropped"]) == ("funnel", 1, True)
    assert len(query["funnel"]["steps"]) == 4
    assert query["funnel"]["days"]["from_day"] <= query["funnel"]["days"]["to_day"]


def test_what_is_refused_says_so_and_too_little_says_what_to_do(opened: Opened) -> None:
    nobody = {"steps": [{"event": "Never Happened", "where": []}, {"event": "Order Completed", "where": []}]}
    page = opened(f"/analyse/funnel?q={json.dumps(nobody)}")
    expect(page.locator("[data-testid=empty]")).to_contain_text("没有人进入漏斗")
    page.goto(page.url.split("?")[0] + "?q=" + json.dumps({"steps": [{"event": "", "where": []}] * 2}))
    expect(page.locator("[data-testid=empty]")).to_contain_text("请至少选择两个步骤")
    page.goto(page.url.split("?")[0] + "?q=" + json.dumps({"breakdown": {"by": "tag", "key": "nonsense"}}))
    expect(page.locator("[data-testid=failure]")).to_contain_text("没有标签")
    opened.complaints.clear()  # the refused question is a 400 in the browser's console
