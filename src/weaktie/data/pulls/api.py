"""Pulls over HTTP: make, change, pause, run now, and what the last runs brought. Secrets are taken and never given."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from weaktie.data.imports.contracts import Kind
from weaktie.data.pulls.contracts import Pull, PullRun, Way
from weaktie.data.pulls.service import Pulls
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, app_part
from weaktie.store.runs.service import Jobs
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/pulls", tags=["pulls"])
May = Annotated[Caller, Depends(require("develop"))]
Operates = Annotated[Caller, Depends(require("operate"))]
Sees = Annotated[Caller, Depends(require("view"))]
Basis = dict[
    Literal["analytics", "personalisation", "marketing", "social"],
    Literal["contract", "consented_upstream", "ask_us"],
]
Secret = Annotated[str | None, Field(max_length=4000)]


class PullError(BaseModel):
    """Why a run failed."""

    code: str
    message: WordsBody
    place: str


class OptionsBody(BaseModel):
    """What only some ways need: `pattern` (folder), `header` for the secret (http), `query` and `mark_column` (database)."""

    pattern: Annotated[PlainText, Field(max_length=200)] = "*"
    header: Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9-]+$")] = "Authorization"
    query: Annotated[str, Field(max_length=20_000)] = ""
    mark_column: Annotated[PlainText, Field(max_length=200)] = ""
    most_rows: Annotated[int, Field(ge=1, le=10_000_000)] = 1_000_000


class PullRequest(BaseModel):
    """A pull to be made. `address` may hold `{secret}`; either `every_minutes` or `daily_at` is given."""

    name: Annotated[PlainText, Field(min_length=1, max_length=120)]
    way: Way
    address: Annotated[PlainText, Field(min_length=1, max_length=2000)]
    options: OptionsBody = OptionsBody()
    secret: Secret = None
    kind: Kind
    mapping: str | None = Field(None, max_length=64)
    source_id: str | None = Field(None, max_length=64)
    basis: Basis | None = None
    every_minutes: int | None = None
    daily_at: str | None = Field(None, max_length=5)


class PullChange(BaseModel):
    """What changes of a pull; an empty secret takes it away."""

    name: Annotated[PlainText, Field(min_length=1, max_length=120)] | None = None
    way: Way | None = None
    address: Annotated[PlainText, Field(min_length=1, max_length=2000)] | None = None
    options: OptionsBody | None = None
    secret: Secret = None
    kind: Kind | None = None
    mapping: str | None = Field(None, max_length=64)
    source_id: str | None = Field(None, max_length=64)
    basis: Basis | None = None
    every_minutes: int | None = None
    daily_at: str | None = Field(None, max_length=5)
    paused: bool | None = None


class RunBody(BaseModel):
    """What one run brought."""

    run_id: str
    job_id: str | None
    state: Literal["running", "done", "failed"]
    started_time: str
    ended_time: str | None
    files: int
    rows: int
    bad: int
    duplicates: int
    import_ids: list[str]
    error: PullError | None


class PullBody(BaseModel):
    """A pull, without its secret."""

    pull_id: str
    name: str
    way: Way
    address: str
    options: OptionsBody
    has_secret: bool
    kind: Kind
    mapping: str | None
    source_id: str | None
    basis: dict[str, str] | None
    every_minutes: int | None
    daily_at: str | None
    paused: bool
    next_time: str
    actor: str
    actor_name: str | None
    made_time: str
    last: RunBody | None


class PullStarted(BaseModel):
    """The job that carries the pull out."""

    job_id: str


@router.get("")
def listed(request: Request, _caller: Sees) -> list[PullBody]:
    """Every pull with its last run."""
    part = _pulls(request)
    with part.database.connect() as connection:
        names = app_part(request, "accounts").names(connection)
        return [_body(pull, last, names.get(pull.actor)) for pull, last in part.listed(connection)]


@router.post("", status_code=201)
def create(request: Request, caller: May, given: PullRequest) -> PullBody:
    """Make a pull; it runs for the first time at once."""
    part = _pulls(request)
    with part.database.begin() as tx:
        made = part.create(tx, given.model_dump(), actor=caller.actor)
        _note(part, tx, caller, "pull.create", made, {"way": made.way, "kind": made.kind})
        names = app_part(request, "accounts").names(tx)
    return _body(made, None, names.get(made.actor))


@router.patch("/{pull_id}")
def change(request: Request, caller: May, pull_id: str, given: PullChange) -> PullBody:
    """Change a pull, pause it or let it go on."""
    part = _pulls(request)
    values = given.model_dump(exclude_unset=True)
    with part.database.begin() as tx:
        after = part.change(tx, pull_id, values)
        _note(part, tx, caller, "pull.change", after, {"changed": sorted(values)})
        names = app_part(request, "accounts").names(tx)
        last = next(iter(part.runs(tx, after.pull_id, 1)), None)
    return _body(after, last, names.get(after.actor))


@router.delete("/{pull_id}", status_code=204)
def remove(request: Request, caller: May, pull_id: str) -> Response:
    """Forget a pull; what it imported stays."""
    part = _pulls(request)
    with part.database.begin() as tx:
        gone = part.find(tx, pull_id)
        part.remove(tx, gone.pull_id)
        _note(part, tx, caller, "pull.delete", gone, {"name": gone.name})
    return Response(status_code=204)


@router.post("/{pull_id}/run", status_code=202)
def run_now(request: Request, caller: Operates, pull_id: str) -> PullStarted:
    """Carry a pull out now, paused or not."""
    part = _pulls(request)
    jobs: Jobs = app_part(request, "jobs")
    with part.database.connect() as connection:
        pull = part.find(connection, pull_id)
    job = jobs.start("pull", {"pull_id": pull.pull_id}, caller.actor)
    with part.database.begin() as tx:
        _note(part, tx, caller, "pull.run", pull, {"job": job.job_id})
    return PullStarted(job_id=job.job_id)


@router.get("/{pull_id}/runs")
def runs(request: Request, _caller: Sees, pull_id: str) -> list[RunBody]:
    """The last twenty runs, the newest first."""
    part = _pulls(request)
    with part.database.connect() as connection:
        pull = part.find(connection, pull_id)
        return [_run(run) for run in part.runs(connection, pull.pull_id)]


def _pulls(request: Request) -> Pulls:
    found: Pulls = app_part(request, "pulls")
    return found


def _note(part: Pulls, tx: Any, caller: Caller, action: str, pull: Pull, detail: dict[str, object]) -> None:
    record(
        tx, part.clock, actor=caller.actor, action=action, object_kind="pull", object_id=pull.pull_id, detail=detail
    )  # fmt: skip


def _body(pull: Pull, last: PullRun | None, actor_name: str | None) -> PullBody:
    return PullBody(
        pull_id=pull.pull_id, name=pull.name, way=pull.way, address=pull.address,
        options=OptionsBody(
            pattern=pull.options.pattern, header=pull.options.header, query=pull.options.query,
            mark_column=pull.options.mark_column, most_rows=pull.options.most_rows,
        ),
        has_secret=pull.has_secret, kind=pull.kind, mapping=pull.mapping, source_id=pull.source_id,
        basis=dict(pull.basis) if pull.basis is not None else None, every_minutes=pull.every_minutes,
        daily_at=pull.daily_at, paused=pull.paused, next_time=to_iso(pull.next_us), actor=pull.actor,
        actor_name=actor_name, made_time=to_iso(pull.made_us), last=_run(last) if last is not None else None,
    )  # fmt: skip


def _run(run: PullRun) -> RunBody:
    return RunBody(
        run_id=run.run_id, job_id=run.job_id, state=run.state, started_time=to_iso(run.started_us),
        ended_time=None if run.ended_us is None else to_iso(run.ended_us), files=run.files, rows=run.rows, bad=run.bad,
        duplicates=run.duplicates, import_ids=run.import_ids,
        error=PullError.model_validate(run.error) if run.error is not None else None,
    )  # fmt: skip
