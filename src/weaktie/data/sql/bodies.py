"""Shapes of the SQL page's requests and answers."""

from typing import Annotated, Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.serving.contracts import ServedTable
from weaktie.data.sql.contracts import LONGEST_VALUE, Chart, Run, SavedQuery
from weaktie.data.sql.logic import cell
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

Text = Annotated[PlainText, Field(max_length=20_000)]
Name = Annotated[PlainText, Field(min_length=1, max_length=120)]
Values = dict[
    Annotated[str, Field(max_length=64)], Annotated[PlainText, Field(max_length=LONGEST_VALUE)] | int | float
]
ColumnName = Annotated[PlainText, Field(max_length=200)]


class SqlColumnBody(BaseModel):
    """A column of a table."""

    name: str
    type: str
    words: WordsBody


class SqlTableBody(BaseModel):
    """A table that queries may read; `rows` are those of its files, before anybody is left out."""

    name: str
    words: WordsBody
    rows: int
    columns: list[SqlColumnBody]


class SqlLimitsBody(BaseModel):
    """What a query may take."""

    seconds: float
    memory_gb: float
    most_rows: int
    keep_minutes: int
    history_days: int


class SqlSchemaBody(BaseModel):
    """What there is to ask."""

    tables: list[SqlTableBody]
    limits: SqlLimitsBody


class RunRequest(BaseModel):
    """A query to run; `values` are those of its `{{parameters}}`, dates as YYYY-MM-DD."""

    model_config = ConfigDict(extra="forbid")

    sql: Text
    values: Values = Field(default_factory=dict)
    query_id: Annotated[str, Field(max_length=40)] | None = None


class RunErrorBody(BaseModel):
    """Why a run failed; line and column count from 1."""

    code: str
    message: WordsBody
    line: int | None
    column: int | None


class ResultColumn(BaseModel):
    """A column of a result; the type is Arrow's."""

    name: str
    type: str


class RunBody(BaseModel):
    """A run; `available` says that its result can be read."""

    run_id: str
    query_id: str | None
    sql: str
    values: Values
    state: Literal["running", "done", "failed", "cancelled"]
    rows: int | None
    cut: bool
    ms: int | None
    error: RunErrorBody | None
    made_time: str
    ended_time: str | None
    available: bool
    columns: list[ResultColumn]


class RunsBody(BaseModel):
    """A page of the caller's own runs, newest first."""

    items: list[RunBody]
    next_cursor: str | None


class RowsBody(BaseModel):
    """Some rows of a result; whole numbers beyond 2^53 are texts, what is nested is JSON."""

    columns: list[ResultColumn]
    rows: list[list[Any]]
    offset: int
    total: int
    cut: bool


class ChartBody(BaseModel):
    """How a result is drawn: `x` and `y` name columns, `series` splits by another one."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["table", "line", "bar", "pie", "number"] = "table"
    x: ColumnName = ""
    y: Annotated[list[ColumnName], Field(max_length=8)] = Field(default_factory=list)
    series: ColumnName = ""

    def chart(self) -> Chart:
        """As the service knows it."""
        return Chart(self.kind, self.x, tuple(self.y), self.series)


class QueryRequest(BaseModel):
    """A query to save."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    sql: Annotated[Text, Field(min_length=1)]
    values: Values = Field(default_factory=dict)
    chart: ChartBody = ChartBody()
    shared: bool = False


class QueryPatch(BaseModel):
    """What changes of a saved query; another text, value or chart is a new version."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    sql: Annotated[Text, Field(min_length=1)] | None = None
    values: Values | None = None
    chart: ChartBody | None = None
    shared: bool | None = None
    archived: bool | None = None


class QueryBody(BaseModel):
    """A saved query at one version; `mine` says that the caller may change it."""

    query_id: str
    name: str
    owner: str
    owner_name: str | None
    mine: bool
    shared: bool
    version: int
    sql: str
    values: Values
    chart: ChartBody
    created_time: str
    changed_time: str
    archived_time: str | None
    made_time: str
    made_by: str


def run_body(run: Run) -> RunBody:
    """A run as an answer carries it."""
    error = run.error
    return RunBody(
        run_id=run.run_id, query_id=run.query_id, sql=run.sql, values=dict(run.values), state=run.state, rows=run.rows,
        cut=run.cut, ms=run.ms, made_time=to_iso(run.made_us),
        ended_time=None if run.ended_us is None else to_iso(run.ended_us), available=run.available,
        columns=[ResultColumn(name=name, type=kind) for name, kind in run.columns],
        error=None if error is None else RunErrorBody(
            code=error.code, message=words_body(error.words), line=error.line, column=error.column
        ),
    )  # fmt: skip


def query_body(query: SavedQuery, actor: str, owner_name: str | None) -> QueryBody:
    """A saved query as an answer carries it."""
    chart = query.chart
    return QueryBody(
        query_id=query.query_id, name=query.name, owner=query.owner, owner_name=owner_name, mine=query.owner == actor,
        shared=query.shared, version=query.version, sql=query.sql, values=dict(query.values),
        chart=ChartBody(kind=chart.kind, x=chart.x, y=list(chart.y), series=chart.series),
        created_time=to_iso(query.created_us), changed_time=to_iso(query.changed_us),
        archived_time=None if query.archived_us is None else to_iso(query.archived_us), made_time=to_iso(query.made_us),
        made_by=query.made_by,
    )  # fmt: skip


def table_body(table: ServedTable) -> SqlTableBody:
    """A table as an answer carries it."""
    columns = [SqlColumnBody(name=c.name, type=c.type, words=words_body(c.doc)) for c in table.columns]
    return SqlTableBody(name=table.name, words=words_body(table.doc), rows=table.rows, columns=columns)


def rows_body(table: pa.Table, offset: int, limit: int, *, cut: bool) -> RowsBody:
    """Some rows of a table as an answer carries them."""
    part = table.slice(offset, limit)
    columns = [[cell(value) for value in column.to_pylist()] for column in part.columns]
    return RowsBody(
        columns=[ResultColumn(name=f.name, type=str(f.type)) for f in table.schema],
        rows=[list(row) for row in zip(*columns, strict=True)], offset=offset, total=table.num_rows, cut=cut,
    )  # fmt: skip
