"""The door of SQL: run a query, look at its result, find it again in the history."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping

import pyarrow as pa
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from weaktie.data.serving.service import Serving
from weaktie.data.sql.bodies import rows_body as rows_body
from weaktie.data.sql.contracts import (
    NoSuchRun,
    QueryRunning,
    Run,
    RunError,
    SavedQuery,
    State,
    Value,
)
from weaktie.data.sql.logic import bound
from weaktie.data.sql.running import Runner as Runner
from weaktie.data.sql.running import Ticket as Ticket
from weaktie.data.sql.saved import find_query as find_query
from weaktie.data.sql.saved import list_queries as list_queries
from weaktie.data.sql.tables import sql_runs
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.settings import Sql
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import BadSql, line_and_column
from weaktie.store.engine.service import Checked, checked
from weaktie.store.lake.tables import TABLES
from weaktie.trust.audit.service import record

FRESH_S = 60.0
"""A result that several people ask for is computed again when it is older than this and the lake has changed."""
FAILED_S = 10.0
MOST_SHARED = 256


class SqlPage:
    """Queries that people write. Safe from any thread."""

    def __init__(
        self, database: Database, clock: Clock, settings: Sql, serving: Serving, runner: Runner
    ) -> None:
        self.database, self.clock, self.settings, self.serving = database, clock, settings, serving
        self.runner = runner
        self._lock = threading.Lock()
        self._busy: dict[str, str] = {}
        self._shared: OrderedDict[tuple[str, str], Ticket] = OrderedDict()

    # ---- one person's runs

    def run(self, actor: str, sql: str, values: Mapping[str, Value], query_id: str | None = None) -> Run:
        """Hand a query in, one at a time for each person; what cannot be run is in the history as failed.

        Raises QueryRunning or QueriesWaiting.
        """
        run_id = new_id("run", self.clock.now_us())
        self._take(actor, run_id)
        error: RunError | None = None
        ready: tuple[Checked, dict[str, dict[str, str]]] | None = None
        try:
            found = checked(sql, TABLES)
            ready = (found, bound(found.parameters, values))
        except BadSql as refused:
            error = RunError(refused.code, refused.words, refused.line, refused.column)
        except Refused as refused:
            error = RunError(refused.code, refused.words)
        try:
            with self.database.begin() as tx:
                self._begin(tx, run_id, actor, sql, values, query_id, error)
                record(
                    tx, self.clock, actor=actor, action="sql.run", object_kind="sql_run", object_id=run_id,
                    detail={"tables": sorted(ready[0].tables) if ready else [], "query_id": query_id},
                )  # fmt: skip
            if ready is not None:
                self.runner.submit(run_id, *ready, self._ended)
        except BaseException as problem:
            self._free(run_id)
            if isinstance(problem, Refused):
                with self.database.begin() as tx:
                    self._end(tx, run_id, "failed", error=RunError(problem.code, problem.words))
            raise
        if ready is None:
            self._free(run_id)
        return self.get(actor, run_id)

    def get(self, actor: str, run_id: str) -> Run:
        """One of the person's runs as it stands; raises NoSuchRun."""
        query = select(sql_runs).where(sql_runs.c.run_id == run_id, sql_runs.c.actor == actor)
        with self.database.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise NoSuchRun
        if row["state"] == "running" and self.runner.ticket(run_id) is None:
            words = Words("服务重启，查询没有完成。", "The server was restarted before the query ended.")
            with self.database.begin() as tx:
                self._end(tx, run_id, "failed", error=RunError("query_interrupted", words))
                row = tx.execute(query).mappings().one()
        return self._run(row)

    def history(
        self, connection: Connection, actor: str, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[Run]:
        """The person's own runs, newest first."""
        size = page_size(limit)
        query = select(sql_runs).where(sql_runs.c.actor == actor).order_by(sql_runs.c.run_id.desc())
        if cursor:
            (last,) = read_cursor(cursor, 1)
            query = query.where(sql_runs.c.run_id < str(last))
        rows = [self._run(r) for r in connection.execute(query.limit(size + 1)).mappings()]
        return Page(rows[:size], write_cursor(rows[size - 1].run_id) if len(rows) > size else None)

    def cancel(self, actor: str, run_id: str) -> Run:
        """End one of the person's runs; one that has ended stays as it is. Raises NoSuchRun."""
        self.get(actor, run_id)
        ticket = self.runner.ticket(run_id)
        if ticket is not None and ticket.outcome is None:
            self.runner.cancel(ticket)
            if ticket.future is not None:
                ticket.future.exception(timeout=10)
        return self.get(actor, run_id)

    def result(self, actor: str, run_id: str) -> pa.Table:
        """The result of one of the person's runs; raises NoSuchRun or ResultGone."""
        self.get(actor, run_id)
        return self.runner.read(self.runner.ticket(run_id))

    # ---- results that several people look at

    def shared(self, query: SavedQuery, values: Mapping[str, Value]) -> Ticket:
        """The saved query with these values, run now or a moment ago; the same for everybody who asks.

        Raises BadSql, BadValues or QueriesWaiting. A failure is in the ticket's outcome.
        """
        found = checked(query.sql, TABLES)
        used = bound(found.parameters, {**query.values, **values})
        key = (found.sql, json.dumps(used, sort_keys=True))
        with self._lock:
            ticket = self._shared.get(key)
            if ticket is not None and self._fresh(ticket):
                self._shared.move_to_end(key)
                return ticket
            ticket = self.runner.submit(new_id("run", self.clock.now_us()), found, used, lambda _: None)
            self._shared[key] = ticket
            self._shared.move_to_end(key)
            while len(self._shared) > MOST_SHARED:
                self._shared.popitem(last=False)
            return ticket

    def _fresh(self, ticket: Ticket) -> bool:
        if ticket.outcome is None:
            return True
        age = self.clock.monotonic() - ticket.ended
        if ticket.outcome.state != "done":
            return age < FAILED_S
        if not ticket.path.exists() or not ticket.look.within(self.serving.look()):
            return False
        same = ticket.look.key == self.serving.look().key
        return age < FRESH_S or (same and ticket.version == self.serving.snapshot().version)

    # ---- rows

    def _take(self, actor: str, run_id: str) -> None:
        with self._lock:
            busy = self._busy.get(actor)
            if busy is not None:
                raise QueryRunning
            self._busy[actor] = run_id

    def _free(self, run_id: str) -> None:
        with self._lock:
            self._busy = {actor: one for actor, one in self._busy.items() if one != run_id}

    def _begin(
        self, tx: Connection, run_id: str, actor: str, sql: str, values: Mapping[str, Value], query_id: str | None,
        error: RunError | None,
    ) -> None:  # fmt: skip
        now_us = self.clock.now_us()
        before = now_us - self.settings.history_days * DAY_US
        tx.execute(delete(sql_runs).where(sql_runs.c.made_us < before))
        tx.execute(
            insert(sql_runs).values(
                run_id=run_id, actor=actor, query_id=query_id, sql=sql, values_json=json.dumps(dict(values)),
                state="running" if error is None else "failed", cut=False, error_json=_error_text(error), made_us=now_us,
                ended_us=None if error is None else now_us, ms=None if error is None else 0,
            )
        )  # fmt: skip

    def _ended(self, ticket: Ticket) -> None:
        self._free(ticket.ticket_id)
        outcome = ticket.outcome
        assert outcome is not None
        with self.database.begin() as tx:
            error = None
            if outcome.error is not None:
                error = RunError(outcome.error_code, outcome.error)
                sql = tx.execute(select(sql_runs.c.sql).where(sql_runs.c.run_id == ticket.ticket_id)).scalar()
                if outcome.position is not None and sql is not None:
                    error = RunError(error.code, error.words, *line_and_column(sql, outcome.position))
            rows = outcome.rows if outcome.state == "done" else None
            ms = round((ticket.ended - ticket.made) * 1000)
            self._end(tx, ticket.ticket_id, outcome.state, error=error, rows=rows, cut=outcome.cut, ms=ms)

    def _end(
        self, tx: Connection, run_id: str, state: State, *, error: RunError | None, rows: int | None = None,
        cut: bool = False, ms: int | None = None,
    ) -> None:  # fmt: skip
        tx.execute(
            update(sql_runs)
            .where(sql_runs.c.run_id == run_id)
            .values(
                state=state, rows=rows, cut=cut, ms=ms, error_json=_error_text(error), ended_us=self.clock.now_us()
            )
        )  # fmt: skip

    def _run(self, row: RowMapping) -> Run:
        said = json.loads(row["error_json"]) if row["error_json"] else None
        error = None
        if said is not None:
            error = RunError(said["code"], Words(said["zh"], said["en"]), said["line"], said["column"])
        ticket = self.runner.ticket(row["run_id"])
        outcome = None if ticket is None else ticket.outcome
        return Run(
            row["run_id"], row["actor"], row["query_id"], row["sql"], json.loads(row["values_json"]), row["state"],
            row["rows"], bool(row["cut"]), row["ms"], error, row["made_us"], row["ended_us"],
            available=row["state"] == "done" and outcome is not None, columns=outcome.columns if outcome else (),
        )  # fmt: skip


def _error_text(error: RunError | None) -> str | None:
    if error is None:
        return None
    words = {"zh": error.words.zh, "en": error.words.en}
    return json.dumps(
        {"code": error.code, "line": error.line, "column": error.column} | words, ensure_ascii=False
    )
