"""The worker process: it carries requests into the lake, keeps the lake tidy, and runs jobs as child processes.

It ends when its parent does: the parent holds the other end of its standard input.
"""

import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from weaktie.app.backup import BACKUP_LEASE, backups_in
from weaktie.app.backup import tidy as tidy_backups
from weaktie.app.status import CONSUMER_LEASE
from weaktie.app.wiring import App, open_app
from weaktie.business.loyalty import jobs as loyalty
from weaktie.business.referral.invariants import broken as referral_broken
from weaktie.data.collect.jobs import offset_of
from weaktie.data.imports.jobs import sweep as sweep_imports
from weaktie.data.profiles.contracts import Generation
from weaktie.data.quality.contracts import Marked
from weaktie.data.tracking.jobs import check as check_tracking
from weaktie.data.webhooks.service import forget_nonces
from weaktie.kit.clock import DAY_US, MINUTE_US, business_day
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.store.lake.jobs import PATIENCE_SECONDS, REWRITE_LEASE, compact
from weaktie.store.lake.tables import TABLES
from weaktie.store.runs.contracts import CANCELLED, DONE, FAILED, LIVE_STATES, RUNNING, WAITING, Busy, Job
from weaktie.store.runs.service import Lease, holder, lease
from weaktie.trust.ledger.jobs import check_if_due, is_check_due, void_overdue

_LOG = get_logger("worker")
IDLE_SECONDS = 0.2
HOUSEKEEPING_SECONDS = 20.0
JOB_SECONDS = 1.0
WITHDRAWALS_SECONDS = 20.0
REFERRAL_SECONDS = 5.0
REFERRAL_LEASE = "referral"
INVARIANT_SECONDS = 3600.0
LIVE_MINUTES_KEPT = 3 * 1440
JOB_COMMANDS = {
    name: name for name in ("backup", "build", "columns", "import", "mend", "pull", "tag", "tracking")
}
TRACKING_ROWS = 200_000
"""Events that one round of housekeeping holds against the tracking plan; a build checks all that is left."""


def run_worker(home: Path, *, watch_parent: bool) -> None:
    """Work until told to stop."""
    stop = threading.Event()
    if watch_parent:
        threading.Thread(target=_until_orphaned, args=(stop,), daemon=True).start()
    with open_app(home) as wt:
        helper = threading.Thread(target=_look_after, args=(wt, stop), daemon=True)
        helper.start()
        relays = threading.Thread(target=wt.relay_supervisor().run, args=(stop,), daemon=True)
        relays.start()
        withdrawals = threading.Thread(target=_follow_withdrawals, args=(wt, stop), daemon=True)
        withdrawals.start()
        referral = threading.Thread(target=_run_referral, args=(wt, stop), daemon=True)
        referral.start()
        try:
            _consume(wt, stop)
        finally:
            stop.set()
            for thread in (helper, relays, withdrawals, referral):
                thread.join(timeout=10)


def _until_orphaned(stop: threading.Event) -> None:
    os.read(0, 1)
    stop.set()


def _consume(wt: App, stop: threading.Event) -> None:
    """Hold the consumer's lease and write the lake; another worker's lease is waited for."""
    held = Lease(wt.database, wt.clock, CONSUMER_LEASE)
    writer = wt.lake_writer(held)
    mine = False
    while not stop.is_set():
        try:
            if not mine:
                mine = held.acquire()
            else:
                held.renew()
            if mine and writer.run_once().requests_read:
                stop.wait(_breath(wt))
                continue
        except Busy:
            mine = False
        except Refused as error:
            _LOG.error("consumer_waits", code=error.code)
        except Exception:  # noqa: BLE001  the batch is repeated; the log holds everything
            _LOG.exception("consumer_failed")
            stop.wait(1.0)
        stop.wait(IDLE_SECONDS)
    if mine:
        held.release()


def _breath(wt: App) -> float:
    """A short wait lets requests gather, so that live traffic does not make a file for each."""
    return 0.0 if wt.status.is_behind() else wt.settings.lake.batch_wait_ms / 1000


def _look_after(wt: App, stop: threading.Event) -> None:
    """Jobs every second, housekeeping now and then."""
    tidied = wt.clock.monotonic()
    children: dict[str, subprocess.Popen[bytes]] = {}
    while not stop.wait(JOB_SECONDS):
        try:
            _watch_children(wt, children)
            _start_jobs(wt, children)
            if wt.clock.monotonic() - tidied > HOUSEKEEPING_SECONDS:
                tidied = wt.clock.monotonic()
                housekeeping(wt)
                schedule_build(wt)
                _schedule_pulls(wt)
                schedule_backup(wt)
                schedule_filling(wt)
                wt.risk.watch_over()
        except Refused as error:
            _LOG.warning("worker_waits", code=error.code)
        except Exception:  # noqa: BLE001  the next round tries again
            _LOG.exception("worker_failed")
    for child in children.values():
        child.terminate()


def _follow_withdrawals(wt: App, stop: threading.Event) -> None:
    """Take people who withdrew out of the published counts, beside housekeeping: that may be long over an erasure."""
    while not stop.wait(WITHDRAWALS_SECONDS):
        try:
            wt.withdrawals.drop()
        except Exception:  # noqa: BLE001  the next look tries again
            _LOG.exception("withdrawals_failed")


def _run_referral(wt: App, stop: threading.Event) -> None:
    """Pay what is due, fail groups whose time is over, tell the shop; one worker does."""
    held, mine, checked = Lease(wt.database, wt.clock, REFERRAL_LEASE), False, 0.0
    while not stop.wait(REFERRAL_SECONDS):
        try:
            mine = held.acquire()
            if mine:
                wt.referral_follower.run()
                wt.referral.tick()
                wt.referral.send_messages()
                if wt.clock.monotonic() - checked > INVARIANT_SECONDS:
                    checked = wt.clock.monotonic()
                    with wt.database.connect() as connection:
                        for name, rows in referral_broken(connection).items():
                            _LOG.error("invariant_broken", part="referral", name=name, rows=rows)
        except Exception:  # noqa: BLE001  the next round tries again
            _LOG.exception("referral_failed")
    if mine:
        held.release()


def _start_jobs(wt: App, children: dict[str, subprocess.Popen[bytes]]) -> None:
    if children:
        return
    job = wt.jobs.next_waiting()
    if job is None:
        return
    if job.kind not in JOB_COMMANDS:
        wt.jobs.end(job.job_id, error="unknown_kind")
        return
    command = [
        sys.executable,
        "-m",
        "weaktie",
        JOB_COMMANDS[job.kind],
        "--home",
        str(wt.settings.home),
        "--job",
        job.job_id,
    ]
    children[job.job_id] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603  our own command


def _watch_children(wt: App, children: dict[str, subprocess.Popen[bytes]]) -> None:
    for job_id, child in list(children.items()):
        job = wt.jobs.get(job_id)
        if child.poll() is None:
            if job.state not in (RUNNING, WAITING):
                child.terminate()
            continue
        del children[job_id]
        if job.state in (RUNNING, WAITING):
            wt.jobs.end(job_id, error=f"exit_{child.returncode}")


def schedule_build(wt: App) -> None:
    """Ask for a build when the last one is older than the settings allow and something is new.

    A home's first build waits until the history that is being sent is in the lake. After a clock that stepped back
    the last build lies in the future: it is due at once.
    """
    every = wt.settings.build.every_minutes
    if not every:
        return
    current = wt.profiles.current()
    age_us = wt.clock.now_us() - current.built_us if current is not None else 0
    due = not wt.status.is_behind() if current is None else not 0 <= age_us <= every * MINUTE_US
    if due and _is_news(wt, current) and not _built_lately(wt, every * MINUTE_US):
        wt.jobs.start("build", {}, actor="schedule")


def _is_news(wt: App, current: Generation | None) -> bool:
    """Whether anything came since a build began, or somebody decided, marked or consented, or a day began: what tags say
    of the last days changes with it."""
    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection, tables=list(ARRIVED)).files
        if current is None:
            return bool(files)
        said = (
            wt.identity.last_decision(connection), wt.quality.marked(connection).digest,
            wt.permits.newest_receipt(connection),
        )  # fmt: skip
    known, zone = current.details, wt.settings.zone
    heard = (known.get("decided", 0), known.get("marked", Marked().digest), known.get("receipt", 0))
    return (
        any(file.added_version > current.snapshot_version for file in files)
        or said != heard
        or business_day(wt.clock.now_us(), zone) != business_day(current.built_us, zone)
    )


def _schedule_pulls(wt: App) -> None:
    """Ask for every pull whose time has come."""
    with wt.database.begin() as tx:
        due = wt.pulls.due(tx)
    for pull_id in due:
        wt.jobs.start("pull", {"pull_id": pull_id}, actor="schedule")


def _built_lately(wt: App, within_us: int) -> bool:
    """Whether a build is on its way, or ended well within the time: what it found unchanged is not asked again at once."""
    now_us = wt.clock.now_us()
    recent: list[Job] = [j for j in wt.jobs.page(None, 20).items if j.kind == "build"]
    return any(
        j.state in LIVE_STATES or (j.state == DONE and 0 <= now_us - j.made_us <= within_us) for j in recent
    )


def schedule_backup(wt: App) -> None:
    """Ask for a backup when the newest is older than the settings allow; after one that failed, an hour later."""
    chosen, now_us = wt.settings.backup, wt.clock.now_us()
    if not chosen.folder or not chosen.every_hours:
        return
    try:
        newest = next(iter(backups_in(Path(chosen.folder))), None)
    except Refused:
        newest = None
    if newest is not None and 0 <= now_us - newest.taken_us < chosen.every_hours * 60 * MINUTE_US:
        return
    recent: list[Job] = [j for j in wt.jobs.page(None, 20).items if j.kind == "backup"]
    if not any(0 <= now_us - j.made_us < 60 * MINUTE_US or j.state in (RUNNING, WAITING) for j in recent):
        wt.jobs.start("backup", {}, actor="schedule")


def schedule_filling(wt: App) -> None:
    """Go on filling promoted columns where files lack one: after a killed job at once, after one that failed or that
    somebody cancelled an hour later. A batch that was on its way while a column was declared is found so, too."""
    with wt.database.connect() as connection:
        columns = wt.lake.columns("events")
        lacking = columns and any(
            f.lacks(columns) for f in wt.lake.snapshot(connection, tables=["events"]).files
        )
    if not lacking:
        return
    now_us = wt.clock.now_us()
    recent = [j for j in wt.jobs.page(None, 100).items if j.kind == "columns"]
    stopped = any(
        j.state in (FAILED, CANCELLED)
        and j.error != "process_died"
        and 0 <= now_us - j.made_us < 60 * MINUTE_US
        for j in recent[:1]
    )
    if not stopped and not any(j.state in LIVE_STATES for j in recent):
        wt.jobs.start("columns", {}, actor="schedule")


def housekeeping(wt: App) -> None:
    """Merge small files, delete what was replaced, drop old log segments with their keys, forget old minutes."""
    arrived = [name for name in TABLES if name in ARRIVED]
    try:
        with lease(wt.database, wt.clock, REWRITE_LEASE, patience_s=PATIENCE_SECONDS):
            compact(wt.database, wt.lake, arrived)
    except Busy:
        pass
    look_at_plan(wt)
    if not wt.status.is_behind():
        wt.review_queue.refresh_if_rested()
    wt.rights.finish_open()
    with wt.database.connect() as connection:
        late = wt.requests.counts(connection)[1]
    if late:
        _LOG.warning("rights_requests_overdue", requests=late)
    sweep_imports(wt.importer)
    forget_nonces(wt.database, wt.clock)
    keep_books(wt)
    tidy_backups(wt)
    with wt.database.connect() as connection:
        backing_up = holder(connection, BACKUP_LEASE, wt.clock.now_us()) is not None
    if not backing_up:  # it still copies what these would delete
        with wt.database.begin() as tx:
            wt.lake.sweep(tx)
        drop_old_log(wt)
    wt.database.settle()
    wt.arrivals.forget_before(wt.clock.now_us() // MINUTE_US - LIVE_MINUTES_KEPT)


def keep_books(wt: App) -> None:
    """Points that events earned, what ends by itself, and a check of the ledger when one is due. One process does so."""
    try:
        with lease(wt.database, wt.clock, "ledger"):
            loyalty.earn(wt.loyalty_work)
            loyalty.keep_time(wt.loyalty_work)
            void_overdue(wt.database, wt.ledger)
            if is_check_due(wt.database, wt.clock):
                loyalty.end_points(wt.loyalty_work)
                check_if_due(wt.database, wt.clock, wt.ledger_invariants)
    except Busy:
        pass


def look_at_plan(wt: App) -> None:
    """Hold what is new in the lake against the tracking plan, while the lake writer is not behind."""
    if wt.status.is_behind():
        return
    with suppress(Busy):
        check_tracking(wt.tracking_parts, most_rows=TRACKING_ROWS)


ARRIVED = ("events", "orders", "order_items", "products", "contents", "users", "relations")


def drop_old_log(wt: App) -> int:
    """Delete log segments that are in the lake and older than `log.keep_days`, and their keys; returns the segments.

    What a relay has not counted yet stays: a relay passes over what waits too long, so that it is not long.
    """
    today = wt.clock.now_us() // DAY_US
    before = today - wt.settings.log.keep_days
    dropped, consumed = 0, True
    for partition in wt.log.partitions():
        with wt.database.connect() as connection:
            offset = offset_of(connection, partition)
            held = wt.relays.held_from(connection, partition, before)
        consumed = consumed and held is None
        offset = offset if held is None else min(offset, held)
        dropped += wt.log.drop_before(partition, offset, before)
        consumed = consumed and wt.log.end(partition) <= offset
    if consumed:
        wt.day_keys.destroy_before(before)
    return dropped
