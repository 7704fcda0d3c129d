"""One small demo shop, one server and one browser for all tests of the console."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.suites.servers import Server, last_line, run, serving
from weaktie.app.doctor import CONSOLE

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
# A slow machine is no failure of the console.
expect.set_options(timeout=20_000)
QUIET = ("favicon", "net::ERR_ABORTED")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The shop is made once: all browser tests run in one process."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: install the system's chromium package")
    if not CONSOLE.exists():
        pytest.skip("the console is not built: run make console")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A demo shop of 400 people and 45 days, built, and served."""
    home = tmp_path_factory.mktemp("shop") / "home"
    run("demo", "--home", str(home), "--port", "0", "--users", "400", "--days", "45", "--once")
    drop = home.parent / "drop"
    drop.mkdir()
    with (home / "weaktie.toml").open("a") as settings:
        settings.write(f'\n[imports]\nfolders = "{drop}"\n')
    with serving(home) as server:
        yield server


@pytest.fixture(scope="session")
def state(browser: Browser, shop: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cookies of an owner who came in through the set-up link."""
    with (shop.home / "run" / "server.log").open() as log:
        assert "Traceback" not in log.read()
    assert shop.process.stdout is not None
    token = shop.process.stdout.readline().decode().rpartition("token=")[2].strip()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{shop.address}/setup?token={token}")
    page.fill("#name", "王店长")
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("[data-testid=submit]")
    page.wait_for_selector("[data-testid=nav-overview]")
    path = tmp_path_factory.mktemp("state") / "state.json"
    context.storage_state(path=path)
    context.close()
    return path


@pytest.fixture
def pull_folder(shop: Server) -> Path:
    """The folder that the shop's settings let pulls read."""
    return shop.home.parent / "drop"


@pytest.fixture(scope="session")
def write_key(shop: Server) -> str:
    return last_line(run("key", "create", "--kind", "write", "--name", "browser", "--home", str(shop.home)))


class Opened:
    """Opens pages of the console, as the owner or as nobody; what their consoles say is in `complaints`."""

    def __init__(self, browser: Browser, address: str, state: Path) -> None:
        self._browser, self._address, self._state = browser, address, state
        self.contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def __call__(
        self, path: str = "/", *, width: int = 1440, language: str = "zh-CN", signed_in: bool = True
    ) -> Page:
        """A page in a browser of its own."""
        context = self._browser.new_context(
            viewport={"width": width, "height": 900}, storage_state=str(self._state) if signed_in else None
        )
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(40_000)
        page.on("console", lambda m: self._note(page, m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: self._note(page, str(e)))
        if signed_in and language == "en":
            page.goto(self._address)
            page.click("[data-testid=language-switch]")
            page.wait_for_selector("text=Overview")
        page.goto(self._address + path)
        return page

    def _note(self, page: Page, text: str) -> None:
        if not any(quiet in text for quiet in QUIET):
            self.complaints.append(f"{page.url}: {text}")


@pytest.fixture
def opened(browser: Browser, shop: Server, state: Path) -> Iterator[Opened]:
    """Opens pages; at the end no page may have complained."""
    pages = Opened(browser, shop.address, state)
    yield pages
    for context in pages.contexts:
        for page in context.pages:
            page.evaluate("0")  # what was said before arrives now
    while_open = len(pages.complaints)
    for context in pages.contexts:
        context.close()
    said = "\n".join(pages.complaints[:5])
    assert not pages.complaints, (
        f"{len(pages.complaints)} complaints, {while_open} before the pages were closed:\n{said}"
    )
