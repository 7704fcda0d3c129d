"""Backups in the console: none set, then a folder, a backup on demand, and what the list says of it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import EMAIL, PASSWORD, Opened
from tests.suites.servers import Server, run, serving


@pytest.fixture
def kept(browser: Browser, tmp_path: Path) -> Iterator[tuple[Opened, Server]]:
    """A home of its own with a folder for backups; nobody backs up by schedule meanwhile."""
    home = tmp_path / "home"
    run("init", "--home", str(home))
    with (home / "weaktie.toml").open("a") as settings:
        settings.write(f'[backup]\nfolder = "{tmp_path / "bk"}"\nevery_hours = 0\n')
    with serving(home) as server:
        assert server.process.stdout is not None
        token = server.process.stdout.readline().decode().rpartition("token=")[2].strip()
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"{server.address}/setup?token={token}")
        page.fill("#name", "王店长")
        page.fill("#email", EMAIL)
        page.fill("#password", PASSWORD)
        page.click("[data-testid=submit]")
        page.wait_for_selector("[data-testid=nav-overview]")
        context.storage_state(path=tmp_path / "state.json")
        context.close()
        pages = Opened(browser, server.address, tmp_path / "state.json")
        yield pages, server
        for one in pages.contexts:
            one.close()
        assert pages.complaints == []


def test_a_backup_is_asked_for_and_listed(kept: tuple[Opened, Server], tmp_path: Path) -> None:
    opened, server = kept
    page = opened("/settings/backups")
    expect(page.locator("[data-testid=empty]")).to_contain_text("还没有备份")
    page.click("[data-testid=backup-now]")
    row = page.locator("[data-testid=backups-table] tbody tr", has_text="bak_")
    expect(row).to_have_count(1, timeout=40_000)
    expect(row).to_contain_text("已校验")
    found = json.loads(run("restore", "--from", str(tmp_path / "bk"), "--verify-only", "--json"))
    assert found["backup_id"] in row.inner_text()
    page.goto(f"{server.address}/jobs")
    expect(page.locator("[data-testid=jobs-table]")).to_contain_text("备份")
    page.goto(f"{server.address}/audit")
    expect(page.locator("main")).to_contain_text("完成备份")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_section_fits_and_says_that_nothing_is_set(opened: Opened, width: int, language: str) -> None:
    page = opened("/settings/backups", width=width, language=language)
    expect(page.locator("[data-testid=empty]")).to_contain_text("backup.folder")
    beyond = page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
    assert beyond <= 1
