"""An operator makes a channel link, follows it, enters what a channel cost, and looks at the private domain."""

import http.client
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from playwright.sync_api import expect

from tests.browser.conftest import Opened
from tests.suites.servers import Server

FIGURES = "async () => (await fetch('/api/acquisition/figures')).json()"


def test_a_link_is_made_by_its_rule_shown_as_a_code_and_followed(opened: Opened, shop: Server) -> None:
    page = opened("/acquire/naming")
    page.fill("[data-testid=naming-template]", "{channel}_{campaign}_{date}")
    page.fill("[data-testid=naming-name]", "kol-autumn")
    page.click("[data-testid=naming-check]")
    expect(page.locator("[data-testid=naming-answer]")).to_contain_text("模板")
    page.click("[data-testid=naming-save]")
    expect(page.locator(".ant-message")).to_contain_text("已保存")
    page.goto(f"{shop.address}/acquire/links")
    page.click("[data-testid=link-add]")
    page.fill("[data-testid=link-target]", "https://shop.example/autumn")
    page.fill("[data-testid=link-channel]", "kol")
    page.fill("[data-testid=link-campaign]", "autumn")
    page.fill("[data-testid=link-name]", "kol_autumn")
    expect(page.locator("[data-testid=name-problems]")).to_contain_text("不符合模板")
    page.fill("[data-testid=link-name]", "kol_autumn_20261125")
    expect(page.locator("[data-testid=name-problems]")).to_have_count(0)
    page.fill("[data-testid=link-code]", "browser-1")
    page.click("[data-testid=link-save]")
    expect(page.locator("[data-testid=link-address]")).to_contain_text("/l/browser-1")
    assert (
        page.locator("[data-testid=link-qr] img").evaluate(
            "image => image.decode().then(() => image.naturalWidth)"
        )
        > 0
    )
    host, _, port = shop.address.removeprefix("http://").rpartition(":")
    line = http.client.HTTPConnection(host, int(port))
    line.request("GET", "/l/browser-1")
    answer = line.getresponse()
    assert answer.status == 302
    assert str(answer.getheader("Location")).startswith("https://shop.example/autumn?utm_source=kol")
    assert answer.getheader("Set-Cookie") is None
    page.goto(f"{shop.address}/acquire/links?search=browser-1")
    expect(page.locator("[data-testid=links-table]")).to_contain_text("kol_autumn_20261125")
    shown = page.evaluate("async () => (await fetch('/api/acquisition/links?search=browser-1')).json()")
    assert shown["items"][0]["opens"] == 1


def test_costs_are_previewed_counted_and_undone(opened: Opened, tmp_path: Path) -> None:
    page = opened("/acquire")
    expect(page.locator("[data-testid=acq-table]")).to_contain_text("抖音广告")
    before = page.evaluate(FIGURES)
    assert before["everybody"]["newcomers"] > 0
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    report = tmp_path / "报表.csv"
    report.write_text(
        f"时间,广告计划,消耗(元)\n{day},浏览器计划,1234.5\nnot a day,坏行,1\n合计,,1234.5\n", "utf-8"
    )
    page.click("text=成本 >> nth=0")
    page.goto(re.sub(r"/acquire.*", "/acquire/costs", page.url))
    page.set_input_files("input[type=file]", str(report))
    expect(page.locator("[data-testid=bad-costs]")).to_contain_text("日期无法识别")
    page.fill("[data-testid='campaign-浏览器计划']", "browser_channel")
    page.click("[data-testid=cost-apply]")
    expect(page.locator("[data-testid=cost-undo]")).to_be_visible()
    after = page.evaluate(FIGURES)
    group = next(g for g in after["channels"] if g["key"] == "browser_channel")
    assert (group["costs"][0]["cost_minor"], group["costs"][0]["cac_minor"]) == (123_450, None)
    page.click("[data-testid=cost-undo]")
    expect(page.locator("[data-testid=cost-undo]")).to_have_count(0)
    assert all(g["key"] != "browser_channel" for g in page.evaluate(FIGURES)["channels"])


def test_a_channel_opens_its_people_and_code_figures(opened: Opened) -> None:
    page = opened("/acquire?by=code")
    expect(page.locator("[data-testid=acq-table]")).to_contain_text("sim-douyin_ads")
    link = page.locator("[data-testid=acq-table] a").first.get_attribute("href")
    assert link is not None and link.startswith("/users?people=")
    query = json.loads(unquote(link.partition("=")[2]))
    assert query["kind"] == "newcomers" and query["code"].startswith("sim-")
    page.click("[data-testid=seed-open]")
    page.fill("[data-testid=seed-reason]", "look-alike of autumn")
    page.click("[data-testid=seeds-save]")
    expect(page.locator("[data-testid=seed-count]")).to_contain_text("未单独同意")
    # The dialog offers segments where the shop has them, and asks for them where it has none.
    opened.complaints[:] = [said for said in opened.complaints if "404" not in said]


def test_the_private_domain_beside_the_public(opened: Opened, shop: Server, tmp_path: Path) -> None:
    page = opened("/private?measure=aov")
    expect(page.locator("[data-testid=owned-channels]")).to_contain_text("企微好友")
    expect(page.locator("[data-testid=tile-ratio]")).to_contain_text("×")
    expect(
        page.locator("[data-testid=chart-sides] canvas, [data-testid=chart-sides] svg").first
    ).to_be_visible()
    members = tmp_path / "members.csv"
    members.write_text("user_id,channel,joined\nbrowser-member,社群,2026-11-01\nx,电视,2026-11-01\n", "utf-8")
    page.click("[data-testid=members-open]")
    page.set_input_files("input[type=file]", str(members))
    expect(page.locator("[data-testid=members-taken]")).to_contain_text("新存 1 条")
    expect(page.locator("[data-testid=members-taken]")).to_contain_text("未知的私域渠道")
    shown = page.evaluate("async () => (await fetch('/api/private/figures')).json()")
    assert shown["whole"]["ratio"] > 0 and len(shown["channels"]) == 4
