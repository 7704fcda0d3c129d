"""HTTP: read-only SQL over the served tables."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from weaktie.data.serving.service import Serving
from weaktie.data.sql import saved
from weaktie.data.sql.bodies import (
    QueryBody,
    QueryPatch,
    QueryRequest,
    RowsBody,
    RunBody,
    RunRequest,
    RunsBody,
    SqlLimitsBody,
    SqlSchemaBody,
    query_body,
    rows_body,
    run_body,
    table_body,
)
from weaktie.data.sql.logic import csv_cell
from weaktie.data.sql.service import SqlPage
from weaktie.kit.clock import Clock
from weaktie.kit.web import app_part
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/sql", tags=["sql"])
Analyst = Annotated[Caller, Depends(require("query"))]
MOST_ROWS_AT_ONCE = 5_000
CSV_SLICE = 4_000


@router.get("/schema")
def schema(request: Request, _caller: Analyst) -> SqlSchemaBody:
    """The tables that queries may read, and what a query may take."""
    serving: Serving = app_part(request, "serving")
    limits = _page(request).settings
    return SqlSchemaBody(
        tables=[table_body(table) for table in serving.tables()],
        limits=SqlLimitsBody(
            seconds=limits.seconds, memory_gb=limits.memory_gb, most_rows=limits.most_rows,
            keep_minutes=limits.keep_minutes, history_days=limits.history_days,
        ),
    )  # fmt: skip


# ---- runs


@router.get("/runs")
def list_runs(
    request: Request,
    caller: Analyst,
    cursor: str | None = None,
    limit: Annotated[int | None, Query(ge=1, le=200)] = None,
) -> RunsBody:
    """The caller's own runs, newest first."""
    with _database(request).connect() as connection:
        found = _page(request).history(connection, caller.actor, cursor=cursor, limit=limit)
    return RunsBody(items=[run_body(run) for run in found.items], next_cursor=found.next_cursor)


@router.post("/runs", status_code=201)
def run(request: Request, caller: Analyst, given: RunRequest) -> RunBody:
    """Run a query; ask for the run until it is no longer running. What cannot be run comes back as failed."""
    if given.query_id is not None:
        with _database(request).connect() as connection:
            saved.find_query(connection, caller.actor, given.query_id)
    return run_body(_page(request).run(caller.actor, given.sql, given.values, given.query_id))


@router.get("/runs/{run_id}")
def one_run(request: Request, caller: Analyst, run_id: str) -> RunBody:
    """One of the caller's own runs as it stands."""
    return run_body(_page(request).get(caller.actor, run_id))


@router.post("/runs/{run_id}/cancel")
def cancel_run(request: Request, caller: Analyst, run_id: str) -> RunBody:
    """End a run; one that has ended stays as it is."""
    return run_body(_page(request).cancel(caller.actor, run_id))


@router.get("/runs/{run_id}/rows")
def rows_of_run(
    request: Request,
    caller: Analyst,
    run_id: str,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS_AT_ONCE)] = 200,
) -> RowsBody:
    """Some rows of a result that is still kept."""
    table = _page(request).result(caller.actor, run_id)
    kept = _page(request).get(caller.actor, run_id)
    return rows_body(table, offset, limit, cut=kept.cut)


@router.get("/runs/{run_id}/export")
def export_run(
    request: Request, caller: Analyst, run_id: str, kind: Annotated[Literal["csv", "parquet"], Query(alias="format")] = "csv"
) -> Response:  # fmt: skip
    """The whole result as it is kept, as CSV or Parquet."""
    table = _page(request).result(caller.actor, run_id)
    with _database(request).begin() as tx:
        record(
            tx, _clock(request), actor=caller.actor, action="sql.export", object_kind="sql_run", object_id=run_id,
            detail={"format": kind, "rows": table.num_rows},
        )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="{run_id}.{kind}"', "Cache-Control": "no-store"}
    if kind == "parquet":
        out = io.BytesIO()
        pq.write_table(_plain(table), out, compression="zstd")
        return Response(out.getvalue(), media_type="application/vnd.apache.parquet", headers=headers)
    return StreamingResponse(_csv(table), media_type="text/csv; charset=utf-8", headers=headers)


def _csv(table: pa.Table) -> Iterator[bytes]:
    """With a mark of its encoding, without which spreadsheets misread Chinese."""
    yield b"\xef\xbb\xbf"
    head = io.StringIO()
    csv.writer(head).writerow([csv_cell(name) for name in table.schema.names])
    yield head.getvalue().encode()
    for at in range(0, table.num_rows, CSV_SLICE):
        part = table.slice(at, CSV_SLICE)
        columns = [[csv_cell(value) for value in column.to_pylist()] for column in part.columns]
        out = io.StringIO()
        csv.writer(out).writerows(zip(*columns, strict=True))
        yield out.getvalue().encode()


def _plain(table: pa.Table) -> pa.Table:
    """Columns that Parquet has no type for, as texts; columns of the same name, told apart."""
    names: list[str] = []
    for name in table.schema.names:
        same = sum(1 for other in names if other == name or other.startswith(f"{name}_"))
        names.append(name if name not in names else f"{name}_{same}")
    columns = [
        pa.array([None if v is None else str(v) for v in c.to_pylist()], pa.string())
        if pa.types.is_interval(c.type) or pa.types.is_union(c.type) or pa.types.is_duration(c.type)
        else c
        for c in table.columns
    ]
    return pa.table(dict(zip(names, columns, strict=True)))


# ---- saved queries


@router.get("/queries")
def list_queries(request: Request, caller: Analyst, archived: bool = False) -> list[QueryBody]:
    """The caller's own queries and the shared ones, by name."""
    with _database(request).connect() as connection:
        found = saved.list_queries(connection, caller.actor, archived=archived)
        names = _accounts(request).names(connection)
    return [query_body(one, caller.actor, names.get(one.owner)) for one in found]


@router.post("/queries", status_code=201)
def save_query(request: Request, caller: Analyst, given: QueryRequest) -> QueryBody:
    """Save a query as its first version."""
    with _database(request).begin() as tx:
        made = saved.create(
            tx, _clock(request), actor=caller.actor, name=given.name.strip(), sql=given.sql, values=given.values,
            chart=given.chart.chart(), shared=given.shared,
        )  # fmt: skip
        _note(request, tx, caller, "sql.save", made.query_id, {"version": 1, "shared": made.shared})
        names = _accounts(request).names(tx)
    return query_body(made, caller.actor, names.get(made.owner))


@router.get("/queries/{query_id}")
def one_query(request: Request, caller: Analyst, query_id: str) -> QueryBody:
    """A saved query."""
    with _database(request).connect() as connection:
        found = saved.find_query(connection, caller.actor, query_id)
        names = _accounts(request).names(connection)
    return query_body(found, caller.actor, names.get(found.owner))


@router.patch("/queries/{query_id}")
def patch_query(request: Request, caller: Analyst, query_id: str, given: QueryPatch) -> QueryBody:
    """Change what is given; another text, value or chart is a new version. Archiving can be undone."""
    with _database(request).begin() as tx:
        after = saved.change(
            tx, _clock(request), query_id, actor=caller.actor, name=None if given.name is None else given.name.strip(),
            shared=given.shared, archived=given.archived, sql=given.sql, values=given.values,
            chart=None if given.chart is None else given.chart.chart(),
        )  # fmt: skip
        detail = given.model_dump(exclude_unset=True, include={"shared", "archived"})
        _note(request, tx, caller, "sql.change", query_id, {"version": after.version, **detail})
        names = _accounts(request).names(tx)
    return query_body(after, caller.actor, names.get(after.owner))


@router.get("/queries/{query_id}/versions")
def query_versions(request: Request, caller: Analyst, query_id: str) -> list[QueryBody]:
    """Every version of a query, newest first."""
    with _database(request).connect() as connection:
        found = saved.versions(connection, caller.actor, query_id)
        names = _accounts(request).names(connection)
    return [query_body(one, caller.actor, names.get(one.owner)) for one in found]


@router.post("/queries/{query_id}/versions/{version}/restore")
def restore_query(request: Request, caller: Analyst, query_id: str, version: int) -> QueryBody:
    """Bring an earlier version back, as a new one."""
    with _database(request).begin() as tx:
        after = saved.restore(tx, _clock(request), query_id, version, actor=caller.actor)
        _note(request, tx, caller, "sql.change", query_id, {"version": after.version, "restored": version})
        names = _accounts(request).names(tx)
    return query_body(after, caller.actor, names.get(after.owner))


def _note(
    request: Request, tx: Connection, caller: Caller, action: str, query_id: str, detail: dict[str, object]
) -> None:
    record(
        tx, _clock(request), actor=caller.actor, action=action, object_kind="sql_query", object_id=query_id, detail=detail
    )  # fmt: skip


def _page(request: Request) -> SqlPage:
    found: SqlPage = app_part(request, "sql_page")
    return found


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _clock(request: Request) -> Clock:
    found: Clock = app_part(request, "clock")
    return found


def _accounts(request: Request) -> Accounts:
    found: Accounts = app_part(request, "accounts")
    return found
