"""Runs, saved queries, and their refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from weaktie.kit.errors import Conflict, NotFound, Refused, TooMany
from weaktie.kit.words import Words

State = Literal["running", "done", "failed", "cancelled"]
Value = str | int | float
ChartKind = Literal["table", "line", "bar", "pie", "number"]
LONGEST_VALUE = 400
MOST_VALUES = 20


@dataclass(frozen=True, slots=True)
class RunError:
    """Why a run failed; `line` and `column` count from 1."""

    code: str
    words: Words
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a query. `available` says that its result can still be read; `columns` are names and Arrow types."""

    run_id: str
    actor: str
    query_id: str | None
    sql: str
    values: Mapping[str, Value]
    state: State
    rows: int | None
    cut: bool
    ms: int | None
    error: RunError | None
    made_us: int
    ended_us: int | None
    available: bool = False
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """How a result is drawn: `x` names a column, `y` one or several, `series` splits the first of them."""

    kind: ChartKind = "table"
    x: str = ""
    y: tuple[str, ...] = ()
    series: str = ""


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A saved query at one of its versions."""

    query_id: str
    name: str
    owner: str
    shared: bool
    version: int
    sql: str
    values: Mapping[str, Value]
    chart: Chart
    created_us: int
    changed_us: int
    archived_us: int | None
    made_us: int
    made_by: str


class NoSuchRun(NotFound):
    """There is no such run of the caller's."""

    def __init__(self) -> None:
        super().__init__("no_such_run", Words("没有这次查询。", "There is no such run."), place="run_id")


class NoSuchQuery(NotFound):
    """There is no such saved query that the caller may see."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_query",
            Words("没有这个已保存的查询，或未共享给您。", "There is no such saved query, or it is not shared with you."),
            place="query_id",
        )  # fmt: skip


class NotYourQuery(Refused):
    """Only the owner changes a saved query."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "not_your_query",
            Words("只有创建者可以修改这个查询；可以另存一份。", "Only its owner changes this query; save a copy."),
            place="query_id",
        )  # fmt: skip


class ResultGone(Conflict):
    """The result is no longer kept, or may no longer be shown."""

    def __init__(self, *, withdrawn: bool = False) -> None:
        words = (
            Words("查询之后有人撤回了授权或被删除，请重新运行。", "Somebody withdrew or was erased since; run the query again.")
            if withdrawn
            else Words("结果已过期，请重新运行。", "The result is no longer kept; run the query again.")
        )  # fmt: skip
        super().__init__("result_gone", words, place="run_id")


class QueryRunning(Conflict):
    """The caller's last query still runs."""

    def __init__(self) -> None:
        super().__init__(
            "query_running",
            Words("您还有一个查询正在运行，请等待或先停止它。", "A query of yours is still running; wait, or stop it first."),
        )  # fmt: skip


class QueriesWaiting(TooMany):
    """So many queries wait that another one would not be run soon."""

    def __init__(self) -> None:
        super().__init__(
            "queries_waiting",
            Words("当前查询较多，请稍后再试。", "Many queries are waiting; try again in a moment."),
            retry_after_s=10,
        )


class BadValues(Refused):
    """A value of a parameter is missing or cannot be one; `place` names it."""

    def __init__(self, name: str, words: Words) -> None:
        super().__init__("bad_values", words, place=name)
