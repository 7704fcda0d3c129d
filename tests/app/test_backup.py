"""When a backup is due, what the doctor says of it, and what the API refuses."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.suites.homes import START_US, fresh_app
from weaktie.app.cleanse import back_up
from weaktie.app.doctor import Check, examine
from weaktie.app.http import make_api
from weaktie.app.wiring import App, open_app
from weaktie.app.worker import housekeeping, schedule_backup
from weaktie.kit.clock import FixedClock
from weaktie.kit.words import Words
from weaktie.store.runs.service import lease

HOUR_S = 3600


def silent(share: float, step: Words) -> None:
    del share, step


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START_US)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bk"


@pytest.fixture
def wt(tmp_path: Path, clock: FixedClock, folder: Path) -> Iterator[App]:
    with fresh_app(tmp_path, clock) as app:
        pass
    with (app.settings.home / "weaktie.toml").open("a") as settings:
        settings.write(f'[backup]\nfolder = "{folder}"\nevery_hours = 24\nkeep = 2\n')
    with open_app(app.settings.home, clock) as app:
        yield app


def asked(wt: App) -> int:
    schedule_backup(wt)
    return len([job for job in wt.jobs.page(None, 50).items if job.kind == "backup"])


def said(wt: App, clock: FixedClock) -> Check:
    return next(check for check in examine(wt.settings.home, clock) if check.name == "backup")


def test_a_backup_is_asked_for_when_the_newest_is_too_old(wt: App, clock: FixedClock, folder: Path) -> None:
    assert not said(wt, clock).ok, "a folder is set and nothing is in it"
    assert (asked(wt), asked(wt)) == (1, 1), "one waits"
    job = wt.jobs.page(None, 1).items[0]
    wt.jobs.end(job.job_id, error="disk_full")
    assert asked(wt) == 1, "what failed is not asked for at once"
    clock.move(2 * HOUR_S)
    assert asked(wt) == 2
    wt.jobs.end(wt.jobs.page(None, 1).items[0].job_id)
    back_up(wt, folder, 2, silent, actor="test")
    assert said(wt, clock).ok
    clock.move(23 * HOUR_S)
    assert asked(wt) == 2
    clock.move(2 * HOUR_S)
    assert asked(wt) == 3
    assert said(wt, clock).ok, "a day late is no alarm"
    clock.move(48 * HOUR_S)
    assert not said(wt, clock).ok


def test_the_doctor_names_a_damaged_manifest(wt: App, clock: FixedClock, folder: Path) -> None:
    back_up(wt, folder, 2, silent, actor="test")
    manifest = next((folder / "backups").glob("*/manifest.json"))
    manifest.write_bytes(manifest.read_bytes()[:-9])
    found = said(wt, clock)
    assert not found.ok
    assert "manifest.json" in found.message.en


def test_housekeeping_refreshes_the_journal_and_clears_what_was_killed(
    wt: App, clock: FixedClock, folder: Path
) -> None:
    back_up(wt, folder, 2, silent, actor="test")
    wt.rights.journal.path.parent.mkdir(exist_ok=True)
    wt.rights.journal.path.write_bytes(b'{"a line": 1}\n')
    left = wt.settings.home / "run" / "backup-work"
    left.mkdir()
    (left / "database.db").touch()
    with lease(wt.database, clock, "backup"):
        housekeeping(wt)
        assert left.exists(), "a running backup is left alone"
    housekeeping(wt)
    assert not left.exists()
    assert (folder / "erasures.jsonl").read_bytes() == b'{"a line": 1}\n'


def test_the_routes_are_for_operators(wt: App) -> None:
    with TestClient(make_api(wt)) as http:
        assert http.get("/api/backups").status_code == 401
        assert http.post("/api/backups", json={}).status_code in (401, 403)
