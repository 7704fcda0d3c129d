"""Leases and jobs. Each call is a short transaction of its own: they are marks beside the work, not part of it."""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from weaktie.kit.clock import SECOND_US, Clock
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.runs.contracts import (
    CANCELLED,
    DONE,
    FAILED,
    LIVE_STATES,
    RUNNING,
    WAITING,
    Busy,
    Cancelled,
    Job,
    NoSuchJob,
)
from weaktie.store.runs.tables import jobs, leases

LEASE_US = 30 * SECOND_US
SILENT_US = 60 * SECOND_US
HEARTBEAT_S = 5.0
POLL_S = 0.2
WAITING_STEP = Words("等待执行", "waiting")


class Lease:
    """The right to do one kind of work, held while it is renewed; it lapses 30 seconds after the last renewal."""

    def __init__(self, database: Database, clock: Clock, name: str) -> None:
        self._database, self._clock, self.name = database, clock, name
        self.holder = f"{os.getpid()}-{secrets.token_hex(6)}"
        self._renewed_us = 0

    def acquire(self) -> bool:
        """Take or renew the lease; False while another holder's has not lapsed."""
        now_us = self._clock.now_us()
        with self._database.begin() as tx:
            mine = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(leases)
            # One statement, so that of two at once the second sees what the first did.
            taken = tx.execute(
                mine.values(name=self.name, holder=self.holder, until_us=now_us + LEASE_US)
                .on_conflict_do_update(
                    index_elements=["name"],
                    set_={"holder": mine.excluded.holder, "until_us": mine.excluded.until_us},
                    where=(leases.c.holder == mine.excluded.holder) | (leases.c.until_us <= now_us),
                )
                .returning(leases.c.holder)
            ).scalar()
        if taken is None:
            return False
        self._renewed_us = now_us
        return True

    def renew(self) -> None:
        """Renew when a third of the time is over; raises Busy when it was lost meanwhile."""
        if self._clock.now_us() - self._renewed_us > LEASE_US // 3 and not self.acquire():
            raise Busy(self.name)

    def release(self) -> None:
        """Give it back at once."""
        with self._database.begin() as tx:
            tx.execute(delete(leases).where(leases.c.name == self.name, leases.c.holder == self.holder))

    def check(self, tx: Connection) -> None:
        """Inside the transaction that must not be done twice: raises Busy when the lease is not ours any more."""
        holder = tx.execute(select(leases.c.holder).where(leases.c.name == self.name)).scalar()
        if holder != self.holder:
            raise Busy(self.name)


@contextmanager
def lease(
    database: Database,
    clock: Clock,
    name: str,
    *,
    patience_s: float = 0.0,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[Lease]:
    """Hold the lease for a block; raises Busy when another process has it, and still has it after `patience_s`.

    `waiting` is called before each further try.
    """
    held = Lease(database, clock, name)
    tries = round(patience_s / POLL_S)
    while not held.acquire():
        if tries <= 0:
            raise Busy(name)
        tries -= 1
        waiting()
        time.sleep(POLL_S)
    try:
        yield held
    finally:
        held.release()


@contextmanager
def kept_alive(held: Lease) -> Iterator[None]:
    """Renew the lease beside long work; a lost one is noticed where results are committed."""
    stop = threading.Event()

    def beat() -> None:
        while not stop.wait(HEARTBEAT_S):
            try:
                held.renew()
            except Busy:
                return

    thread = threading.Thread(target=beat, name=f"lease {held.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def holder(connection: Connection, name: str, now_us: int) -> str | None:
    """Who holds the lease now."""
    query = select(leases.c.holder).where(leases.c.name == name, leases.c.until_us > now_us)
    return connection.execute(query).scalar()


class Jobs:
    """What was asked for, and how far it is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def start(self, kind: str, params: dict[str, object], actor: str) -> Job:
        """Ask for work; the worker picks it up. A build that already waits is not queued twice."""
        now_us = self._clock.now_us()
        job_id = new_id("job", now_us)
        text = msgspec.json.encode(params, order="sorted").decode()
        with self._database.begin() as tx:
            query = select(jobs.c.job_id).where(
                jobs.c.kind == kind, jobs.c.state == WAITING, jobs.c.params == text
            )
            waiting = tx.execute(query).scalar()
            if waiting is None:
                tx.execute(
                    insert(jobs).values(
                        job_id=job_id, kind=kind, state=WAITING, params=text, actor=actor, progress=0.0,
                        step_zh=WAITING_STEP.zh, step_en=WAITING_STEP.en, made_us=now_us,
                    )
                )  # fmt: skip
        return self.get(waiting or job_id)

    def get(self, job_id: str) -> Job:
        """One job; raises NoSuchJob."""
        with self._database.connect() as connection:
            row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().one_or_none()
        if row is None:
            raise NoSuchJob(job_id)
        return _job(row)

    def page(self, cursor: str | None, limit: int | None) -> Page[Job]:
        """Jobs, the newest first."""
        size = page_size(limit)
        query = select(jobs).order_by(jobs.c.made_us.desc(), jobs.c.job_id.desc()).limit(size + 1)
        if cursor:
            made_us, job_id = read_cursor(cursor, 2)
            query = query.where(
                (jobs.c.made_us < made_us) | ((jobs.c.made_us == made_us) & (jobs.c.job_id < job_id))
            )
        with self._database.connect() as connection:
            rows = connection.execute(query).mappings().all()
            total = connection.execute(select(func.count()).select_from(jobs)).scalar_one()
        items = [_job(row) for row in rows[:size]]
        after = write_cursor(items[-1].made_us, items[-1].job_id) if len(rows) > size else None
        return Page(items, after, total)

    def next_waiting(self) -> Job | None:
        """The oldest job that nobody has begun; jobs whose process died are marked failed on the way."""
        now_us = self._clock.now_us()
        with self._database.begin() as tx:
            tx.execute(
                update(jobs)
                .where(jobs.c.state == RUNNING, jobs.c.beat_us < now_us - SILENT_US)
                .values(state=FAILED, ended_us=now_us, error="process_died")
            )
            query = select(jobs).where(jobs.c.state == WAITING).order_by(jobs.c.made_us).limit(1)
            row = tx.execute(query).mappings().one_or_none()
        return _job(row) if row is not None else None

    def begin(self, job_id: str) -> bool:
        """Mark a waiting job as running; False when it is not waiting any more."""
        now_us = self._clock.now_us()
        with self._database.begin() as tx:
            changed = tx.execute(
                update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.state == WAITING)
                .values(state=RUNNING, started_us=now_us, beat_us=now_us)
            )
        return changed.rowcount == 1

    def report(self, job_id: str, share: float, step: Words) -> None:
        """Write progress down; raises Cancelled when somebody cancelled the job."""
        with self._database.begin() as tx:
            changed = tx.execute(
                update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.state == RUNNING)
                .values(progress=share, step_zh=step.zh, step_en=step.en, beat_us=self._clock.now_us())
            )
        if changed.rowcount == 0:
            raise Cancelled

    def end(self, job_id: str, *, result: dict[str, object] | None = None, error: str | None = None) -> None:
        """Close a job as done, or as failed with an error text that holds no personal data."""
        values: dict[str, object] = {
            "state": FAILED if error else DONE,
            "ended_us": self._clock.now_us(),
            "result": msgspec.json.encode(result or {}).decode(),
            "error": error,
        }
        if not error:
            values["progress"] = 1.0
        with self._database.begin() as tx:
            tx.execute(
                update(jobs).where(jobs.c.job_id == job_id, jobs.c.state.in_(LIVE_STATES)).values(**values)
            )

    def cancel(self, job_id: str) -> Job:
        """Stop a job at its next safe place; what it committed stays. Raises NoSuchJob."""
        self.get(job_id)
        with self._database.begin() as tx:
            tx.execute(
                update(jobs)
                .where(jobs.c.job_id == job_id, jobs.c.state.in_(LIVE_STATES))
                .values(state=CANCELLED, ended_us=self._clock.now_us())
            )
        return self.get(job_id)


def _job(row: RowMapping) -> Job:
    return Job(
        row["job_id"], row["kind"], row["state"], msgspec.json.decode(row["params"]), row["actor"], row["progress"],
        Words(row["step_zh"], row["step_en"]), row["made_us"], row["started_us"], row["ended_us"],
        msgspec.json.decode(row["result"]) if row["result"] else None, row["error"],
    )  # fmt: skip
