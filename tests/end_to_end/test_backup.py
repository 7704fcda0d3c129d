"""Backups: consistent, verified, restorable into either database, and without who was erased (R32, T2, T5)."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.end_to_end.test_erasure import NEEDLES, USER, hits, plant
from tests.suites.homes import bring_in, fresh_app, put, stored, track
from tests.suites.servers import WEAKTIE, last_line, run, serving
from weaktie.app.backup import MANIFEST, DamagedFile, ForeignFolder, backups_in, take
from weaktie.app.cleanse import back_up
from weaktie.app.cli_data import build_once
from weaktie.app.home import HomeExists
from weaktie.app.restore import NotRestorable, Restored, restore, verify
from weaktie.app.wiring import App, open_app
from weaktie.kit.clock import FixedClock, SystemClock
from weaktie.kit.words import Words
from weaktie.trust.rights.service import sweep
from weaktie.trust.vault.contracts import MissingMasterKey, WrongMasterKey


def silent(share: float, step: Words) -> None:
    del share, step


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def wt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    address = "sqlite:" if request.param == "sqlite" else request.getfixturevalue("empty_postgresql_address")
    with fresh_app(tmp_path, database=address) as app:
        yield app


@pytest.fixture
def small(tmp_path: Path) -> Iterator[App]:
    with fresh_app(tmp_path) as app:
        yield app


def bring_back(wt: App, folder: Path, home: Path, **more: object) -> Restored:
    key = wt.settings.home / "keys/master.key"
    return restore(folder, home, key, wt.clock, silent, **more)  # type: ignore[arg-type]


def ids(wt: App) -> list[str]:
    return [str(row["event_id"]) for row in stored(wt)]


def test_a_backup_comes_back_with_what_was_not_consumed_yet(wt: App, tmp_path: Path) -> None:
    put(wt, *[track(n, f"u{n % 3}") for n in range(20)])
    bring_in(wt)
    build_once(wt, lambda *_: None)
    put(wt, *[track(n, f"u{n % 3}") for n in range(15, 30)])
    backup = take(wt, tmp_path / "bk", silent)
    report = bring_back(wt, tmp_path / "bk", tmp_path / "new")
    assert report.backup_id == backup.backup_id
    assert (report.lake_rows["events"], report.events_from_log) == (20, 10)
    with open_app(tmp_path / "new", wt.clock) as new:
        assert sorted(ids(new)) == sorted(f"m{n}" for n in range(30)), "none lost, none doubled"
        assert new.profiles.profile("u1")
        put(new, track(99, "u9"))
        assert bring_in(new).stored == 1, "the new home goes on"
        assert build_once(new, lambda *_: None)["people"] == 4


@pytest.mark.postgresql
def test_a_backup_of_either_database_comes_back_into_postgresql(
    wt: App, tmp_path: Path, postgresql_server: str
) -> None:
    from tests.suites.databases import _command, _of

    put(wt, *[track(n, f"u{n % 3}") for n in range(20)])
    bring_in(wt)
    take(wt, tmp_path / "bk", silent)
    _command(postgresql_server, "CREATE DATABASE weaktie_restored")
    address = _of(postgresql_server, "weaktie_restored")
    try:
        bring_back(wt, tmp_path / "bk", tmp_path / "new", database=address)
        with open_app(tmp_path / "new", wt.clock) as new:
            assert len(ids(new)) == 20
            put(new, track(99, "someone new"))
            assert bring_in(new).stored == 1, "counters go on above what was loaded"
        with pytest.raises(NotRestorable, match="database_not_empty"):
            bring_back(wt, tmp_path / "bk", tmp_path / "another", database=address)
    finally:
        _command(postgresql_server, "DROP DATABASE weaktie_restored WITH (FORCE)")


def test_files_that_are_there_are_not_copied_again(small: App, tmp_path: Path) -> None:
    put(small, *[track(n) for n in range(5)])
    bring_in(small)
    folder = tmp_path / "bk"
    take(small, folder, silent)
    before = {p: p.stat().st_ino for p in (folder / "lake").rglob("*") if p.is_file()}
    assert before
    put(small, track(50))
    bring_in(small)
    assert isinstance(small.clock, FixedClock)
    small.clock.move(1)  # of two backups of one instant either may be the older
    ran = back_up(small, folder, 1, silent, actor="test")
    assert ran.pruned == 1
    after = {p: p.stat().st_ino for p in (folder / "lake").rglob("*") if p.is_file()}
    assert before.items() < after.items()
    assert [b.backup_id for b in backups_in(folder)] == [ran.backup.backup_id]


@pytest.mark.parametrize("kind", ["lake", "log", "sealed", "database", "manifest"])
def test_a_flipped_bit_is_found_and_named(small: App, tmp_path: Path, kind: str) -> None:
    put(small, track(1))
    bring_in(small)
    put(small, track(2))
    folder = tmp_path / "bk"
    backup = take(small, folder, silent)
    manifest = f"backups/{backup.backup_id}/{MANIFEST}"
    stored_as = manifest if kind == "manifest" else next(f.stored for f in backup.files if f.kind == kind)
    raw = bytearray((folder / stored_as).read_bytes())
    raw[len(raw) // 2] ^= 1
    (folder / stored_as).write_bytes(bytes(raw))
    with pytest.raises(DamagedFile) as refused:
        bring_back(small, folder, tmp_path / "new")
    assert refused.value.place in stored_as
    assert not (tmp_path / "new").exists()
    if kind == "lake":
        verify(folder, take(small, folder, silent), silent)
        assert sum(1 for _ in backups_in(folder)) == 2, "the next backup copied the rotten file anew"


def test_a_restore_refuses_what_it_should(small: App, tmp_path: Path) -> None:
    folder, home = tmp_path / "bk", small.settings.home
    take(small, folder, silent)
    with pytest.raises(HomeExists):
        bring_back(small, folder, home)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    with pytest.raises(NotRestorable, match="home_not_empty"):
        bring_back(small, folder, tmp_path / "full")
    assert (tmp_path / "full" / "letter.txt").read_text() == "mine"
    with pytest.raises(MissingMasterKey):
        restore(folder, tmp_path / "new", tmp_path / "nokey", small.clock, silent)
    with fresh_app(tmp_path / "full") as other, pytest.raises(WrongMasterKey):
        restore(folder, tmp_path / "new", other.settings.home / "keys/master.key", small.clock, silent)
    (folder / "erasures.jsonl").unlink()
    with pytest.raises(NotRestorable, match="no_journal"):
        bring_back(small, folder, tmp_path / "new")


def test_two_homes_do_not_share_a_folder(small: App, tmp_path: Path) -> None:
    take(small, tmp_path / "bk", silent)
    (tmp_path / "second").mkdir()
    with fresh_app(tmp_path / "second") as other, pytest.raises(ForeignFolder):
        back_up(other, tmp_path / "bk", 1, silent, actor="test")
    assert len(backups_in(tmp_path / "bk")) == 1


def test_a_backup_tells_nothing_without_the_master_key(small: App, tmp_path: Path) -> None:
    plant(small, tmp_path)
    put(small, track(70, USER))
    take(small, tmp_path / "bk", silent)
    assert sweep(tmp_path / "bk", [n.encode() for n in NEEDLES]) == []
    assert not list((tmp_path / "bk").rglob("master.key"))


def test_who_was_erased_does_not_return(wt: App, tmp_path: Path) -> None:
    plant(wt, tmp_path)
    put(wt, track(70, USER))
    folder = tmp_path / "bk"
    take(wt, folder, silent)
    wt.rights.erase(USER, reason="asked", actor="test")
    report = bring_back(wt, folder, tmp_path / "new", journals=[wt.settings.home / "journal/erasures.jsonl"])
    assert len(report.erased_again) == 1
    with open_app(tmp_path / "new", wt.clock) as new:
        assert hits(new) == set()
        assert new.identity.find(new.database.connect().__enter__(), USER) is None
        put(new, track(80, USER))
        bring_in(new)
        assert "m80" not in ids(new), "later requests are turned away there too"
        assert "m6" in ids(new)


def test_the_next_run_takes_the_erased_out_of_older_backups(wt: App, tmp_path: Path) -> None:
    plant(wt, tmp_path)
    put(wt, track(70, USER))
    folder = tmp_path / "bk"
    old = back_up(wt, folder, 5, silent, actor="test").backup
    bring_in(wt)
    wt.rights.erase(USER, reason="asked", actor="test")
    moving = wt.clock
    assert isinstance(moving, FixedClock)
    moving.move(3600)
    ran = back_up(wt, folder, 5, silent, actor="test")
    assert (ran.cleansed, ran.not_cleansed) == ([old.backup_id], [])
    again = back_up(wt, folder, 5, silent, actor="test")
    assert again.cleansed == [], "what is clean is left alone"
    # Without any journal that names the erasure: the old backup itself does not hold the person any more.
    (folder / "erasures.jsonl").write_bytes(b"")
    report = bring_back(wt, folder, tmp_path / "new", backup_id=old.backup_id)
    assert (report.journal_lines, report.erased_again) == (0, [])
    with open_app(tmp_path / "new", wt.clock) as new:
        assert hits(new) == set()
        assert "m6" in ids(new)
    assert not list((wt.settings.home / "run").glob("backup-*"))


def test_a_request_that_waits_in_the_log_is_taken_out_as_well(small: App, tmp_path: Path) -> None:
    plant(small, tmp_path)
    put(small, track(70, USER))  # acknowledged, not consumed when the person is erased
    clock = small.clock
    assert isinstance(clock, FixedClock)
    clock.move(1)
    small.rights.erase(USER, reason="asked", actor="test")
    folder = tmp_path / "bk"
    ran = back_up(small, folder, 5, silent, actor="test")
    assert ran.cleansed == [ran.backup.backup_id], "the new one held that request"
    again = back_up(small, folder, 1, silent, actor="test")
    assert (again.pruned, again.cleansed) == (1, [again.backup.backup_id])
    (folder / "erasures.jsonl").write_bytes(b"")
    bring_back(small, folder, tmp_path / "new")
    with open_app(tmp_path / "new", clock) as new:
        assert hits(new) == set()


def test_a_damaged_old_backup_is_named_as_still_holding_the_person(small: App, tmp_path: Path) -> None:
    plant(small, tmp_path)
    folder = tmp_path / "bk"
    old = take(small, folder, silent)
    small.rights.erase(USER, reason="asked", actor="test")
    sealed = folder / next(f.stored for f in old.files if f.kind == "database")
    sealed.write_bytes(sealed.read_bytes()[:-1])
    assert back_up(small, folder, 5, silent, actor="test").not_cleansed == [old.backup_id]


def test_writers_hardly_wait_for_a_backup(small: App, tmp_path: Path) -> None:
    with small.database.begin() as tx:
        tx.execute(text("CREATE TABLE bulk (n INTEGER PRIMARY KEY, t TEXT)"))
        tx.execute(
            text("INSERT INTO bulk (t) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
                 " WHERE n < 60000) SELECT hex(randomblob(500)) FROM c")
        )  # fmt: skip
    over, waits = threading.Event(), []

    def write() -> None:
        while not over.is_set():
            began = time.monotonic()
            with small.database.begin() as tx:
                tx.execute(text("UPDATE bulk SET t = 'x' WHERE n = 1"))
            waits.append(time.monotonic() - began)
            small.database.settle()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        take(small, tmp_path / "bk", silent)
    finally:
        over.set()
        writer.join()
    assert len(waits) > 5, "writes went on during the backup"
    assert max(waits) < 0.5


def test_a_backup_under_load_loses_nothing(tmp_path: Path) -> None:
    from random import Random

    from benchmarks.soak import Sender

    home, folder, new = tmp_path / "home", tmp_path / "bk", tmp_path / "new"
    run("init", "--home", str(home))
    key = last_line(run("key", "create", "--kind", "write", "--name", "t", "--home", str(home)))
    with serving(home) as server:
        senders = [Sender(server.port, key, f"s{n}", Random(n), []) for n in range(2)]
        for sender in senders:
            sender.start()
        time.sleep(1.0)
        killed(["backup", "--home", str(home), "--to", str(folder)], 1.3)
        before = {i for sender in senders for i in list(sender.acknowledged)}
        retried(["backup", "--home", str(home), "--to", str(folder), "--json"])
        time.sleep(0.3)
        server.kill()
        for sender in senders:
            sender.join(timeout=20)
    sent = {i for sender in senders for i in sender.sent}
    restoring = ["restore", "--from", str(folder), "--home", str(new), "--key", str(home / "keys/master.key")]
    run(*restoring)
    with open_app(new, SystemClock()) as wt:
        found = ids(wt)
    assert len(before) > 100
    assert before <= set(found), "everything acknowledged before the backup began"
    assert len(found) == len(set(found))
    assert set(found) <= sent


def killed(arguments: list[str], after_s: float) -> None:
    """Run a command of ours and kill it -9 in its midst."""
    process = subprocess.Popen([*WEAKTIE, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after_s)
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)


def retried(arguments: list[str]) -> None:
    """A killed run's lease lapses after half a minute; until then the next one is told to wait."""
    for _ in range(60):
        done = subprocess.run(
            [*WEAKTIE, *arguments], capture_output=True, text=True, timeout=100, check=False
        )
        if done.returncode == 0:
            return
        assert "busy" in done.stderr, done.stderr
        time.sleep(1)
    raise AssertionError("busy for ever")


DYING = """
import os, sys
from pathlib import Path
from weaktie.app.cleanse import back_up
from weaktie.app.restore import restore
from weaktie.app.wiring import open_app
from weaktie.kit.clock import FixedClock

what, home, folder, new, step, at_us = sys.argv[1:]

def told(share, words):
    if share >= float(step):
        os.kill(os.getpid(), 9)

clock = FixedClock(int(at_us))
if what == "backup":
    with open_app(Path(home), clock) as wt:
        back_up(wt, Path(folder), 5, told, actor="test")
else:
    restore(Path(folder), Path(new), Path(home) / "keys/master.key", clock, told)
"""


def dies_at(step: float, what: str, wt: App, folder: Path, new: Path) -> bool:
    """Run it in a process that kills itself -9 at its share of the work; False when it ended before."""
    home = wt.settings.home
    arguments = [what, str(home), str(folder), str(new), str(step), str(wt.clock.now_us())]
    done = subprocess.run([sys.executable, "-c", DYING, *arguments], timeout=100, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done
    return done.returncode != 0


@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.65, 0.75, 0.92])
def test_a_backup_that_was_killed_is_run_again(small: App, tmp_path: Path, share: float) -> None:
    plant(small, tmp_path)
    folder = tmp_path / "bk"
    first = back_up(small, folder, 5, silent, actor="test").backup
    small.rights.erase(USER, reason="asked", actor="test")
    clock = small.clock
    assert isinstance(clock, FixedClock)
    clock.move(60)
    assert dies_at(share, "backup", small, folder, tmp_path)
    clock.move(60)
    assert first.backup_id in [b.backup_id for b in backups_in(folder)], "the former backup is whole"
    back_up(small, folder, 5, silent, actor="test")
    for backup in backups_in(folder):
        verify(folder, backup, silent)
        assert set(backup.erasures) == {e.erasure_id for e in small.rights.page().items}
    complete = {b.backup_id for b in backups_in(folder)}
    assert {p.name for p in (folder / "backups").iterdir()} == complete, "nothing half done is left"
    assert not list((small.settings.home / "run").glob("backup-*"))


@pytest.mark.parametrize("share", [0.1, 0.4, 0.75, 0.85, 0.9])
def test_a_restore_that_was_killed_is_run_again(small: App, tmp_path: Path, share: float) -> None:
    plant(small, tmp_path)
    folder, new = tmp_path / "bk", tmp_path / "new"
    take(small, folder, silent)
    small.rights.erase(USER, reason="asked", actor="test")
    shutil.copy(small.settings.home / "journal/erasures.jsonl", folder / "erasures.jsonl")
    assert dies_at(share, "restore", small, folder, new)
    assert not (new / "format").exists(), "no server starts on it"
    assert len(bring_back(small, folder, new).erased_again) == 1
    with open_app(new, small.clock) as wt:
        assert hits(wt) == set()
