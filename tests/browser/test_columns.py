"""A property becomes a column in the console: promoted, filled, counted, taken back."""

from playwright.sync_api import expect

import weaktie
from tests.browser.conftest import Opened
from tests.browser.test_console import send
from tests.browser.test_tracking import not_too_wide
from tests.suites.servers import Server, run


def test_a_property_from_the_plan_to_a_column_and_back(opened: Opened, shop: Server, write_key: str) -> None:
    calls: list[dict[str, object]] = [
        {
            "type": "track",
            "event": "Lamp Lit",
            "userId": "u-lamp",
            "messageId": f"lamp-{i}",
            "properties": {"watts": value},
        }
        for i, value in enumerate([40, 60, "bright"])
    ]
    send(shop, write_key, *calls)
    run("build", "--home", str(shop.home))
    page = opened("/tracking?open=Lamp%20Lit")
    page.click("[data-testid=track-adopt]")
    expect(page.locator("[data-testid=event-name]")).to_have_value("Lamp Lit")
    page.click("[data-testid=promote-watts]")
    expect(page.locator("[data-testid=column-name]")).to_have_value("p_watts")
    page.fill("[data-testid=column-name]", "Watts")
    page.click("[data-testid=column-save]")
    expect(page.locator(".ant-form-item-explain-error")).to_be_visible()
    page.fill("[data-testid=column-name]", "p_watts")
    page.locator("[data-testid=column-type]").click()
    page.locator(".ant-select-item-option", has_text="整数").click()
    page.click("[data-testid=column-save]")
    expect(page.locator(".ant-drawer .ant-tag", has_text="p_watts")).to_be_visible()

    # All of history has it once the job is over, and what did not fit is counted.
    page.goto(f"{shop.address}/tracking/columns")
    row = page.locator("[data-testid=columns-table] tbody tr", has_text="p_watts")
    expect(row).to_contain_text("就绪", timeout=60_000)
    cells = row.locator("td")
    expect(cells.nth(3)).to_have_text("2")
    expect(cells.nth(4)).to_have_text("1")
    with weaktie.open(shop.home) as notebook:
        found = notebook.sql("select p_watts from events where event = 'Lamp Lit' order by event_id")
    assert found["p_watts"].to_pylist() == [40, 60, None]

    # A property of all events is chosen on the page itself.
    page.click("[data-testid=column-choose]")
    page.locator("[data-testid=column-property]").click()
    page.keyboard.type("watts")
    page.locator(".ant-select-item-option", has_text="watts").click()
    page.fill("[data-testid=column-name]", "p_watts_anywhere")
    page.click("[data-testid=column-save]")
    expect(page.locator("[data-testid=columns-table]")).to_contain_text("p_watts_anywhere")

    for name in ("p_watts", "p_watts_anywhere"):
        page.click(f"[data-testid=column-drop-{name}]")
        page.click("[data-testid=column-drop-sure]")
        expect(page.locator(f"[data-testid=column-drop-{name}]")).to_have_count(0)
    with weaktie.open(shop.home) as notebook:
        assert not {"p_watts", "p_watts_anywhere"} & set(notebook.events.columns)


def test_the_page_fits_a_phone_in_both_languages(opened: Opened) -> None:
    for language in ("zh-CN", "en"):
        page = opened("/tracking/columns", width=390, language=language)
        page.wait_for_selector("[data-testid=column-choose]")
        not_too_wide(page)
        page.click("[data-testid=column-choose]")
        page.wait_for_selector("[data-testid=column-save]")
        not_too_wide(page)


def test_properties_of_people_are_in_the_report(opened: Opened, shop: Server, write_key: str) -> None:
    page = opened("/tracking")
    page.click("[data-testid=track-shared]")
    page.click("[data-testid=add-user_properties]")
    rows = page.locator("[data-testid=rows-user_properties]")
    rows.locator("input").first.fill("shoe_size")
    rows.locator(".ant-select").first.click()
    page.locator(".ant-select-item-option", has_text="整数").click()
    page.click("[data-testid=shared-save]")
    page.wait_for_selector("[data-testid=shared-save]", state="detached")
    call: dict[str, object] = {
        "type": "identify",
        "userId": "u-shoe",
        "messageId": "shoe-1",
        "traits": {"shoe_size": "very large"},
    }
    send(shop, write_key, call)
    run("build", "--home", str(shop.home))
    page.goto(f"{shop.address}/tracking/report")
    row = page.locator("[data-testid=traits-table] tbody tr", has_text="shoe_size")
    expect(row).to_contain_text("属性类型不符")
    narrow = opened("/tracking/report", width=390, language="en")
    expect(narrow.locator("[data-testid=traits-table]")).to_contain_text("value has another type")
    not_too_wide(narrow)
