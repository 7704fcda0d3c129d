"""An analyst asks in SQL, saves and draws the answer, puts it on a board, and shows the board on the whole screen."""

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opened

SQL = "SELECT channel, count(*) AS events FROM events GROUP BY 1 ORDER BY 2 DESC"


def write(page: Page, text: str) -> None:
    """Put a text into the editor, as somebody types it."""
    page.wait_for_selector("[data-testid=sql-text]")
    page.click("[data-testid=sql-text]")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)
    page.keyboard.press("Escape")


def run(page: Page, text: str) -> None:
    write(page, text)
    page.keyboard.press("Control+Enter")


def test_a_query_is_run_saved_drawn_and_put_on_a_board(opened: Opened) -> None:
    page = opened("/analyse/sql")
    run(page, SQL)
    expect(page.locator("[data-testid=sql-rows]")).to_contain_text("events")
    expect(page.locator("[data-testid=sql-rows] tbody tr.ant-table-row").first).to_be_visible()
    with page.expect_download() as waiting:
        page.click("[data-testid=sql-csv]")
    assert Path(waiting.value.path()).read_text("utf-8-sig").startswith("channel,events\n")
    page.click("[data-testid=sql-to-chart]")
    expect(page.locator("[data-testid=sql-drawn] canvas")).to_be_visible()
    page.click("[data-testid=sql-save]")
    page.fill("[data-testid=query-name]", "各渠道事件")
    page.click("[data-testid=query-shared]")
    page.click("[data-testid=query-save]")
    page.click("[data-testid=to-board]")
    page.click("[data-testid=to-board-save]")
    page.wait_for_url(re.compile(r"/boards/brd_"))
    expect(page.locator("[data-testid=tile-drawn] canvas")).to_be_visible()
    edit(page)

    page.click("[data-testid=board-history]")
    page.click("[data-testid=board-restore]")
    expect(page.locator("[data-tile]")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator(".board-whole [data-testid=tile-drawn] canvas")).to_be_visible()
    page.keyboard.press("f")
    expect(page.locator(".board-whole")).to_have_count(0)
    opened.complaints[:] = [
        c for c in opened.complaints if "404" not in c
    ]  # the catalogue of metrics may be elsewhere


def edit(page: Page) -> None:
    """Add a tile, make it higher, move it to the front, take that back and do it again, save."""
    page.click("[data-testid=board-edit]")
    page.click("[data-testid=tile-add]")
    page.click("[data-testid=tile-kind]")
    page.locator(".ant-select-dropdown:visible").get_by_text("文字", exact=True).click()
    page.fill("[data-testid=tile-words]", "每周一看一次")
    page.click("[data-testid=tile-save]")
    tile = page.locator("[data-testid=tile-text][data-tile]")
    expect(tile).to_contain_text("每周一看一次")
    before = tile.bounding_box()
    assert before is not None
    corner = tile.locator("[data-testid=tile-stretch]").bounding_box()
    assert corner is not None
    page.mouse.move(corner["x"] + 8, corner["y"] + 8)
    page.mouse.down()
    page.mouse.move(corner["x"] + 8, corner["y"] + 110, steps=4)
    page.mouse.up()
    after = tile.bounding_box()
    assert after is not None
    assert after["height"] > before["height"] + 60
    handle = tile.locator("[data-testid=tile-handle]")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-tile]").first).to_contain_text("每周一看一次")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-tile]").first).to_contain_text("各渠道事件")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    page.click("[data-testid=board-save]")
    expect(page.locator("[data-testid=board-edit]")).to_be_visible()
    page.reload()
    expect(page.locator("[data-tile]").first).to_contain_text("每周一看一次")


def test_a_mistake_is_shown_at_its_place_and_a_long_query_is_stopped(opened: Opened) -> None:
    page = opened("/analyse/sql")
    run(page, "SELECT channel\nFROM evnts")
    expect(page.locator("[data-testid=sql-error]")).to_contain_text("第 2 行")
    expect(page.locator(".sql-problem")).to_have_text("evnts")
    run(page, "SELECT pg_sleep(40)")
    page.click("[data-testid=sql-stop]")
    expect(page.locator("[data-testid=sql-error]")).to_contain_text("已停止")
    expect(page.locator("[data-testid=sql-history]")).to_contain_text("pg_sleep")


def test_a_link_shows_its_figure_and_parameters(opened: Opened) -> None:
    state = {"sql": "SELECT {{n}} + 1 AS m", "values": {"n": 41}, "chart": {"kind": "number", "y": ["m"]}}
    page = opened("/analyse/sql")
    page.goto(page.url.partition("/analyse")[0] + "/analyse/sql?q=" + json.dumps(state).replace("+", "%2B"))
    expect(page.locator("[data-testid=sql-drawn]")).to_contain_text("42")
    page.fill("[data-testid=value-n]", "1")
    page.press("[data-testid=value-n]", "Enter")
    expect(page.locator("[data-testid=sql-drawn]")).to_contain_text("2")
    page.click("[data-testid=sql-table-orders]")
    expect(page.locator("[data-testid=sql-text]")).to_contain_text("orders")
