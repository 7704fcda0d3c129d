"""Queries at work: a bounded number at a time, each in a process of its own, their results in files that are soon gone."""

import shutil
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from weaktie.data.serving.contracts import Look
from weaktie.data.serving.service import Serving
from weaktie.data.sql.contracts import QueriesWaiting, ResultGone
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.kit.settings import Sql
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Limits, Outcome
from weaktie.store.engine.service import Alone, AloneJob, Checked

_LOG = get_logger("sql")
MOST_WAITING = 32
MOST_BYTES = 64 << 20
SCRATCH_BYTES = 4 << 30
_FAILED = Words("查询未能执行，已记录。", "The query could not be run; it was logged.")


@dataclass
class Ticket:
    """A query that was handed in. `look` is who was in the tables that it read."""

    ticket_id: str
    look: Look
    path: Path
    made: float
    version: int = 0
    outcome: Outcome | None = None
    future: Future[None] | None = None
    alone: Alone | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: float = field(default=0.0)


class Runner:
    """Runs checked queries over the served tables. Safe from any thread."""

    def __init__(self, serving: Serving, clock: Clock, settings: Sql, folder: Path) -> None:
        self._serving, self._clock, self._settings, self._folder = serving, clock, settings, folder
        self._lock = threading.Lock()
        self._tickets: dict[str, Ticket] = {}
        self._pool = ThreadPoolExecutor(settings.at_once, thread_name_prefix="sql")
        shutil.rmtree(folder, ignore_errors=True)

    @property
    def limits(self) -> Limits:
        """What one query may take."""
        one = self._settings
        return Limits(
            one.seconds, int(one.memory_gb * (1 << 30)), SCRATCH_BYTES, one.threads, one.most_rows, MOST_BYTES
        )

    def submit(
        self, ticket_id: str, checked: Checked, values: Mapping[str, Mapping[str, Any]],
        ended: Callable[[Ticket], None],
    ) -> Ticket:  # fmt: skip
        """Hand a query in; `ended` is called from its thread when it is over. Raises QueriesWaiting."""
        self._tidy()
        look = self._serving.look()
        path = self._folder / f"{ticket_id}.arrow"
        ticket = Ticket(ticket_id, look, path, self._clock.monotonic())
        with self._lock:
            if sum(1 for t in self._tickets.values() if t.outcome is None) >= MOST_WAITING:
                raise QueriesWaiting
            self._tickets[ticket_id] = ticket
        ticket.future = self._pool.submit(self._work, ticket, checked, values, ended)
        return ticket

    def ticket(self, ticket_id: str) -> Ticket | None:
        """A query that is waiting, running, or whose result is still kept."""
        with self._lock:
            return self._tickets.get(ticket_id)

    def cancel(self, ticket: Ticket) -> None:
        """End it, wherever it is."""
        with self._lock:
            ticket.cancelled.set()
            alone = ticket.alone
        if alone is not None:
            alone.stop()

    def read(self, ticket: Ticket | None) -> pa.Table:
        """The result; raises ResultGone where it is not kept, or where somebody in it withdrew, was erased, or deleted a
        tag since."""
        if ticket is None or ticket.outcome is None or ticket.outcome.state != "done":
            raise ResultGone
        if not ticket.look.within(self._serving.look()):
            ticket.path.unlink(missing_ok=True)
            raise ResultGone(withdrawn=True)
        try:
            with pa.memory_map(str(ticket.path)) as file:
                return pa.ipc.open_file(file).read_all()
        except FileNotFoundError:
            raise ResultGone from None

    def close(self) -> None:
        """End everything and forget the results."""
        with self._lock:
            tickets = list(self._tickets.values())
        for ticket in tickets:
            if ticket.outcome is None:
                self.cancel(ticket)
        self._pool.shutdown(wait=True, cancel_futures=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _work(
        self,
        ticket: Ticket,
        checked: Checked,
        values: Mapping[str, Mapping[str, Any]],
        ended: Callable[[Ticket], None],
    ) -> None:
        try:
            outcome = self._outcome(ticket, checked, values)
        except Refused as refused:
            outcome = Outcome("failed", error=refused.words, error_code=refused.code)
        except Exception:  # noqa: BLE001  the person is told, the log knows more
            _LOG.exception("query_failed")
            outcome = Outcome("failed", error=_FAILED, error_code="internal")
        if outcome.state != "done":
            ticket.path.unlink(missing_ok=True)
        ticket.ended = self._clock.monotonic()
        ticket.outcome = outcome
        try:
            ended(ticket)
        except Exception:  # noqa: BLE001  the result stands nevertheless
            _LOG.exception("query_not_noted")

    def _outcome(self, ticket: Ticket, checked: Checked, values: Mapping[str, Mapping[str, Any]]) -> Outcome:
        if ticket.cancelled.is_set():
            return Outcome("cancelled")
        scratch = self._folder / f"{ticket.ticket_id}.tmp"
        texts = self._serving.texts(checked.tables, ticket.look, self._folder / "served")
        ticket.version = texts.version
        scratch.mkdir(parents=True, exist_ok=True)
        job = AloneJob(checked.sql, values, texts.texts, texts.files, ticket.path, scratch)
        alone = Alone(job, self.limits)
        with self._lock:
            ticket.alone = alone
        if ticket.cancelled.is_set():
            alone.stop()
        try:
            return alone.run()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _tidy(self) -> None:
        """Forget results that are older than they are kept, and what they said of people."""
        before = self._clock.monotonic() - 60 * self._settings.keep_minutes
        with self._lock:
            old = [t for t in self._tickets.values() if t.outcome is not None and t.ended < before]
            for ticket in old:
                del self._tickets[ticket.ticket_id]
            busy = any(t.outcome is None for t in self._tickets.values())
            used = {f"people-{t.look.key[:32]}.parquet" for t in self._tickets.values()}
        for ticket in old:
            ticket.path.unlink(missing_ok=True)
        if not busy:
            for path in (self._folder / "served").glob("people-*.parquet"):
                if path.name not in used:
                    path.unlink(missing_ok=True)
