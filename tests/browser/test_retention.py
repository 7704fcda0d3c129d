"""An analyst asks who comes back and which ways people go, opens the people behind a figure, and shares the link."""

import json
from pathlib import Path
from urllib.parse import quote, unquote

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server


def address(page: str, question: dict) -> str:
    return f"/analyse/{page}?q={quote(json.dumps(question))}"


def people_of(page: Page) -> dict:
    """The query of people in the address."""
    page.wait_for_url("**/users?people=*")
    return json.loads(unquote(page.url.partition("people=")[2].partition("&")[0]))


def test_who_comes_back_opens_its_people_and_stays_in_the_link(opened: Opened, tmp_path: Path) -> None:
    page = opened("/analyse/retention")
    expect(page.locator("[data-testid=triangle]")).to_be_visible()
    expect(page.locator("[data-testid=chart-retention] canvas")).to_be_visible()
    assert page.locator(".triangle-open").count() > 0, "the newest cohorts have days that have not passed"
    page.click("text=按周")
    page.click("text=当天发生过")
    expect(page.locator("[data-testid=triangle]")).to_contain_text("第 1 周")
    asked = json.loads(unquote(page.url.partition("q=")[2]).replace("+", " "))
    assert asked == {"unit": "week", "mode": "each"}
    first = page.locator("[data-testid^=cell-]").first.inner_text()
    again = opened("/analyse/retention?" + page.url.partition("?")[2])
    expect(again.locator("[data-testid^=cell-]").first).to_have_text(first)
    with page.expect_download() as saved:
        page.click("[data-testid=retention-csv]")
    saved.value.save_as(tmp_path / "r.csv")
    rows = (tmp_path / "r.csv").read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("对比,起始,人数,0,1") and len(rows) > 4
    page.locator("td a[data-testid^=cell-]").nth(1).click()
    query = people_of(page)
    assert (query["kind"], query["n"], query["query"]["unit"]) == ("retention", 1, "week")


def test_lifecycle_shows_its_states_and_opens_them(opened: Opened) -> None:
    page = opened("/analyse/retention/lifecycle", language="en", width=390)
    expect(page.locator("[data-testid=chart-life] canvas")).to_be_visible()
    page.locator("[data-testid^=life-2][data-testid$=-dormant]").first.click()
    query = people_of(page)
    assert (query["kind"], query["state"]) == ("lifecycle", "dormant")


def test_paths_lead_to_people(opened: Opened, shop: Server) -> None:
    page = opened(address("paths", {"anchor": {"event": "Product Viewed", "where": []}, "steps": 3}))
    expect(page.locator("[data-testid=chart-paths] canvas")).to_be_visible()
    total = page.locator("[data-testid=paths-total]").inner_text()
    node = page.locator('[data-testid="node-0-e:Product Viewed"]')
    assert node.inner_text().replace(",", "") in total.replace(",", "")
    page.click("text=会话 >> nth=0")
    expect(page.locator("[data-testid=paths-total]")).to_contain_text("个会话")
    node.click()
    query = people_of(page)
    assert (query["kind"], query["step"], query["query"]["unit"]) == ("path", 0, "sessions")


def test_what_cannot_be_answered_says_why(opened: Opened) -> None:
    page = opened(address("retention", {"first_day": "2026-02-01", "last_day": "2026-01-01"}))
    expect(page.locator("[data-testid=failure]")).to_contain_text("bad_retention")
    page.goto(
        page.url.partition("/analyse")[0] + address("paths", {"anchor": {"event": "Nobody Did", "where": []}})
    )
    expect(page.locator("[data-testid=empty]")).to_be_visible()
    opened.complaints.clear()  # the refused question is a 400 in the browser's console
