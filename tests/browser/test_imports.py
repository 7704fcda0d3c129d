"""Imports in a real browser: an export is recognised, a mapping is mended and saved, a folder is pulled."""

import os
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Opened

YOUZAN = (
    "订单号,订单状态,订单创建时间,买家付款时间,订单实付金额,订单已退款金额,全部商品名称,买家手机号,分销员,分销员\n"
    "E1,交易成功,2024-01-05 07:58:12,2024-01-05 08:00:01,129.90,29.90,茶,13800001111,-,-\n"
    "E2,已关闭,2024-01-05 07:58:12,,129.90,0.00,茶,13800001111,-,-\n"
)
OWN = "编码,客户,何时,总价,情况\nX1,u1,05/01/2024 08:00,12.50,好了\nX2,u2,05/01/2024 09:00,3.00,退了\n"


def choose(page: Page, select: Locator, title: str) -> None:
    """Take an option of a select; the list that was open before is on its way out."""
    select.click()
    page.locator(f".ant-select-dropdown:visible .ant-select-item-option[title='{title}']").last.click()
    expect(page.locator(".ant-select-dropdown:visible")).to_have_count(0)


def test_an_export_of_a_shop_needs_no_mapping(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "有赞订单.csv"
    file.write_text(YOUZAN, "gb18030")
    page = opened("/imports")
    page.locator(".drop-kinds .ant-segmented-item").nth(1).click()
    page.set_input_files("input[type=file]", str(file))
    expect(page.locator("[data-testid=import-recognised]")).to_contain_text("有赞订单导出")
    expect(page.locator("[data-testid=preview-rows]")).to_contain_text("12990")
    expect(page.locator("[data-testid=preview-bad]")).to_contain_text("订单尚未付款")
    assert "13800001111" not in page.inner_text("main")
    page.click("[data-testid=import-start]")
    expect(page.locator("[data-testid=rows-done]")).to_have_text("2", timeout=40_000)


def test_a_mapping_is_mended_saved_and_listed(opened: Opened, tmp_path: Path) -> None:
    file = tmp_path / "erp.csv"
    file.write_text(OWN, "utf-8")
    page = opened("/imports")
    page.set_input_files("input[type=file]", str(file))
    page.wait_for_selector("[data-testid=mapping-fields]")
    for field, column in (
        ("order_id", "编码"),
        ("user_id", "客户"),
        ("paid_time", "何时"),
        ("amount", "总价"),
        ("status", "情况"),
    ):
        choose(page, page.locator(f"[data-testid=column-{field}]"), column)
        expect(page.locator(f"[data-testid=sample-{field}]")).to_be_visible()
    page.click("[data-testid=more-paid_time]")
    page.get_by_placeholder("自动识别").fill("%d/%m/%Y %H:%M")
    page.click("[data-testid=field-save]")
    page.click("[data-testid=more-status]")
    for place, becomes in ((0, "已付款"), (1, "已退款")):
        choose(page, page.locator(".value-pairs li").nth(place).locator(".ant-select"), becomes)
    page.click("[data-testid=field-save]")
    expect(page.locator("[data-testid=preview-says]")).to_contain_text("2 行可入库")
    page.click("[data-testid=mapping-save]")
    page.fill("[data-testid=mapping-name]", "ERP 订单")
    page.click("[data-testid=mapping-save-do]")
    expect(page.locator("[data-testid=import-mapping]")).to_contain_text("ERP 订单")
    page.goto(page.url.rpartition("/imports/")[0] + "/imports/mappings")
    expect(page.locator("[data-testid=mappings-table]")).to_contain_text("ERP 订单")
    with page.expect_download() as waiting:
        page.locator("[data-testid=mappings-table] tbody tr").filter(has_text="ERP 订单").locator("a").click()
    assert '"退了" = "refunded"' in Path(waiting.value.path()).read_text("utf-8")


def test_a_folder_is_pulled_and_one_that_is_not_allowed_is_refused(opened: Opened, pull_folder: Path) -> None:
    file = pull_folder / "orders.csv"
    file.write_text("order_id,user_id,paid_time,amount\nP1,u1,2024-01-05,5\n", "utf-8")
    os.utime(file, (time.time() - 60, time.time() - 60))
    page = opened("/imports/pulls")
    expect(page.locator("[data-testid=page-pulls]")).to_contain_text("还没有定时拉取")
    page.click("[data-testid=pull-new]")
    page.fill("[data-testid=pull-name]", "每日订单")
    page.fill("[data-testid=pull-address]", "/etc")
    page.click("[data-testid=pull-save]")
    expect(page.locator("[data-testid=pull-error]")).to_contain_text("imports.folders")
    page.fill("[data-testid=pull-address]", str(pull_folder))
    page.click("[data-testid=pull-save]")
    expect(page.locator("[data-testid=pulls-table]")).to_contain_text("每日订单")
    page.click("[data-testid=pull-run]")
    expect(page.locator("[data-testid=pulls-table] [data-state=done]")).to_be_visible(timeout=60_000)
    page.locator("[data-testid=pulls-table] tbody tr.row-link").first.click()
    expect(page.locator("[data-testid=pull-runs]")).to_contain_text("1 个文件，1 行")
    opened.complaints.clear()  # the refused address is a 400 in the browser's console
