"""Upgrading while events arrive, and being killed in its midst: all or nothing, and nothing acknowledged is lost (R32)."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from benchmarks.soak import Sender
from tests.suites.homes import stored
from tests.suites.servers import last_line, run, serving
from weaktie.app.wiring import open_app
from weaktie.kit.clock import SystemClock
from weaktie.store.database.jobs import MIGRATIONS, head, revision
from weaktie.store.database.service import open_database

NEXT = '''"""a table of the next release, filled slowly"""

import os
import time

import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("next_release", sa.Column("n", sa.Integer, primary_key=True))
    for n in range(10):
        op.execute(f"INSERT INTO next_release VALUES ({{n}})")
        time.sleep(0.1)
        if n == 5 and os.environ.get("DIE") == "1":
            os.kill(os.getpid(), 9)
'''
UPGRADE = """
import sys
from pathlib import Path
from weaktie.store.database import jobs
jobs.MIGRATIONS = Path(sys.argv[1])
sys.argv = ["weaktie", "upgrade", "--home", sys.argv[2]]
from weaktie.app.cli import main
main()
"""


@pytest.fixture
def next_release(tmp_path: Path) -> Path:
    """The migrations of this release and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "9999_next.py").write_text(NEXT.format(head=head()))
    return folder


def upgrade(migrations: Path, home: Path, monkeypatch: pytest.MonkeyPatch, *, die: bool) -> int:
    monkeypatch.setenv("DIE", "1" if die else "0")
    done = subprocess.run(
        [sys.executable, "-c", UPGRADE, str(migrations), str(home)], timeout=60, check=False
    )
    return done.returncode


def test_an_upgrade_under_load_is_killed_and_run_again(
    tmp_path: Path, next_release: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    run("init", "--home", str(home))
    key = last_line(run("key", "create", "--kind", "write", "--name", "t", "--home", str(home)))
    with serving(home) as server:
        senders = [Sender(server.port, key, f"s{n}", Random(n), []) for n in range(2)]
        for sender in senders:
            sender.start()
        time.sleep(0.5)
        assert upgrade(next_release, home, monkeypatch, die=True) == -signal.SIGKILL
        database = open_database("sqlite:", home)
        assert revision(database) == head(), "the killed migration left nothing"
        during = sum(len(s.acknowledged) for s in senders)
        assert upgrade(next_release, home, monkeypatch, die=False) == 0
        assert sum(len(s.acknowledged) for s in senders) > during, "the door went on taking events"
        assert revision(database) == "9999"
        assert upgrade(next_release, home, monkeypatch, die=False) == 0, "once more changes nothing"
        database.close()
        server.stop()
        for sender in senders:
            sender.join(timeout=20)
    monkeypatch.setattr("weaktie.store.database.jobs.MIGRATIONS", next_release)
    run_status(home, next_release)
    with open_app(home, SystemClock()) as wt:
        found = [str(row["event_id"]) for row in stored(wt)]
    acknowledged = {i for s in senders for i in s.acknowledged}
    assert acknowledged
    assert acknowledged <= set(found)
    assert len(found) == len(set(found))


def run_status(home: Path, migrations: Path) -> None:
    """What waits enters the lake, by the next release."""
    script = UPGRADE.replace('"upgrade"', '"status"')
    done = subprocess.run(
        [sys.executable, "-c", script, str(migrations), str(home)],
        timeout=100,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    assert done.returncode == 0
