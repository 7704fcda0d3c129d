"""The catalogue of metrics, a metric of one's own, and the loop of growth, in a browser."""

import json
import re
from urllib.parse import quote

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened


def answer(page: Page, keys: list[str], by: str = "range") -> dict[str, float]:
    """What the server says of metrics over the four weeks up to yesterday."""
    asked = page.evaluate(
        """async ([keys, by]) => {
          const day = (ago) => new Intl.DateTimeFormat('en-CA', {timeZone: 'Asia/Shanghai'}).format(Date.now() - ago * 864e5);
          const token = (await (await fetch('/api/session')).json()).csrf;
          const body = JSON.stringify({metrics: keys, from: day(28), to: day(1), by});
          const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': token};
          return (await fetch('/api/metrics/query', {method: 'POST', headers, body})).json();
        }""",
        [keys, by],
    )
    return {one["metric"]: one["points"][0]["value"] for one in asked["series"]}


def test_an_operator_finds_a_metric_and_its_people(opened: Opened) -> None:
    page = opened("/analyse/metrics")
    expect(page.locator("[data-testid=metrics-table]")).to_contain_text("30 日留存率")
    page.fill(".search input", "复购")
    expect(page.locator("[data-testid=metric-gmv]")).to_have_count(0)
    page.fill(".search input", "")
    page.click("[data-testid=metric-active_users]")
    drawer = page.locator("[data-testid=metric-drawer]")
    expect(drawer).to_contain_text("周期内有任意行为事件的人")
    expect(page.locator("[data-testid=chart-metric] canvas")).to_be_visible()
    expect(drawer).to_contain_text("周期尚未结束")
    assert "metric%22%3A%22active_users" in page.url, "the address carries the page's state"
    number = page.locator("[data-testid=people-numerator]")
    expect(number).to_have_attribute("href", re.compile("^/users\\?people="))
    with page.expect_download() as file:
        page.click("[data-testid=metric-csv]")
    assert file.value.suggested_filename.startswith("active_users-")
    page.goto(
        re.sub(r"\?.*", "", page.url)
        + "?q="
        + quote(json.dumps({"metric": "gmv", "by": "week", "split": "channel"}))
    )
    expect(page.locator("[data-testid=metric-splits] tbody tr").nth(2)).to_be_visible()
    page.goto(re.sub(r"\?.*", "", page.url) + "?q=" + quote(json.dumps({"metric": "nps"})))
    expect(page.locator("[data-testid=metric-no-data]")).to_contain_text("NPS")


def test_a_metric_of_ones_own_is_made_and_archived(opened: Opened) -> None:
    page = opened("/analyse/metrics")
    page.click("[data-testid=metric-add]")
    page.fill("[data-testid=custom-name]", "点赞次数")
    page.fill("[data-testid=custom-key]", "likes_here")
    page.fill("[data-testid=custom-definition]", "周期内内容被点赞的次数。")
    page.fill("[data-testid=custom-event-numerator]", "Content Liked")
    page.click("[data-testid=custom-save]")
    expect(page.locator("[data-testid=metric-likes_here]")).to_be_visible()
    assert answer(page, ["likes_here"])["likes_here"] > 0
    page.click("[data-testid=metric-likes_here]")
    expect(page.locator("[data-testid=chart-metric] canvas")).to_be_visible()
    page.click("[data-testid=metric-archive]")
    page.locator(".ant-modal-confirm-btns .ant-btn-primary").click()
    expect(page.locator("[data-testid=metric-likes_here]")).to_have_count(0)


def test_the_loop_shows_what_the_catalogue_says(opened: Opened) -> None:
    page = opened("/analyse/aarrr")
    expect(page.locator("[data-testid=stage-referral]")).to_contain_text("K 因子")
    said = answer(page, ["new_users", "buyers"])
    expect(page.locator("[data-testid=aarrr-new_users]")).to_contain_text(f"{said['new_users']:,.0f}")
    expect(page.locator("[data-testid=aarrr-buyers]")).to_contain_text(f"{said['buyers']:,.0f}")
    expect(page.locator("[data-testid=aarrr-cac]")).to_contain_text("¥")
    expect(page.locator("[data-testid=aarrr-channels]")).to_contain_text("¥")
    link = page.locator("[data-testid=aarrr-new_users] .aarrr-value a")
    expect(link).to_have_attribute("href", re.compile("people="))
    expect(page.locator("[data-testid=chart-k] canvas")).to_be_visible()


def test_every_model_gives_away_all_conversions(opened: Opened) -> None:
    page = opened("/analyse/attribution")
    expect(page.locator("[data-testid=chart-attribution] canvas")).to_be_visible()
    rows = page.locator("[data-testid=attribution-table] tbody tr.ant-table-row")
    shown = [
        float(cells[2].replace(",", "")) for cells in (row.split("\t") for row in rows.all_inner_texts())
    ]
    total = float(page.locator("[data-testid=tile-conversions] .tile-value").inner_text().replace(",", ""))
    assert round(sum(shown), 2) == total > 0
    expect(page.locator("[data-testid=attribution-ways] li").first).to_be_visible()
    with page.expect_download() as file:
        page.click("[data-testid=attribution-csv]")
    assert file.value.suggested_filename == "attribution.csv"
