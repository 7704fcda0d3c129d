"""HTTP about the installation itself: health, settings, doctor, jobs."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from weaktie import __version__
from weaktie.app.doctor import examine
from weaktie.kit.clock import to_iso
from weaktie.kit.settings import describe
from weaktie.kit.web import app_part
from weaktie.store.runs.contracts import Job
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["installation"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Develop = Annotated[Caller, Depends(require("develop"))]
SECRET_SETTINGS = {"addresses.database"}


class WordsBody(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class WorkerBody(BaseModel):
    """The consumer: whether it lives and how far behind it is."""

    alive: bool
    lag_records: int


class HealthBody(BaseModel):
    """Whether the installation works; `degraded` when requests are taken but not carried on."""

    status: Literal["ok", "degraded"]
    version: str
    database: bool
    worker: WorkerBody


class SettingBody(BaseModel):
    """One setting with its value, where it can be set, and what it means."""

    key: str
    env: str
    value: str | int | float | bool
    default: str | int | float | bool
    type: str
    help: WordsBody


class CheckBody(BaseModel):
    """One thing the doctor looked at."""

    check: str
    ok: bool
    message: WordsBody
    mend: WordsBody


class JobBody(BaseModel):
    """One piece of long work."""

    job_id: str
    kind: str
    words: WordsBody
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: float
    step: WordsBody
    made_time: str
    started_time: str | None
    ended_time: str | None
    result: dict[str, object]
    error: str | None
    actor: str


class JobsBody(BaseModel):
    """A page of jobs, the newest first."""

    items: list[JobBody]
    next_cursor: str | None
    total: int | None


class NewJobBody(BaseModel):
    """Work to be done; a build is the only kind that is asked for here."""

    kind: Literal["build"]


JOB_WORDS = {
    "build": WordsBody(zh="构建用户画像", en="Build profiles"),
    "import": WordsBody(zh="导入数据", en="Import data"),
    "backup": WordsBody(zh="备份", en="Back up"),
}


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)


def job_body(job: Job) -> JobBody:
    """A job as the API shows it."""
    return JobBody(
        job_id=job.job_id,
        kind=job.kind,
        words=JOB_WORDS.get(job.kind, WordsBody(zh=job.kind, en=job.kind)),
        state=job.state,  # type: ignore[arg-type]
        progress=job.progress,
        step=WordsBody(**job.step.as_dict()),
        made_time=to_iso(job.made_us),
        started_time=_time(job.started_us),
        ended_time=_time(job.ended_us),
        result=job.result or {},
        error=job.error,
        actor=job.actor,
    )


@router.get("/health")
def health(request: Request) -> HealthBody:
    """Whether the installation works. Needs no sign-in and tells nothing about the data."""
    status = app_part(request, "status")
    alive = status.worker_alive()
    return HealthBody(
        status="ok" if alive else "degraded",
        version=__version__,
        database=True,
        worker=WorkerBody(alive=alive, lag_records=status.lag()),
    )


@router.get("/settings")
def settings(request: Request, _caller: View) -> list[SettingBody]:
    """Every setting as it is in force."""
    found = app_part(request, "settings")
    bodies = []
    for doc in describe():
        section, name = doc.key.split(".", 1)
        value = getattr(getattr(found, section), name)
        if doc.key in SECRET_SETTINGS and "@" in str(value):
            value = str(value).split("://", 1)[0] + "://…@" + str(value).rsplit("@", 1)[1]
        bodies.append(
            SettingBody(
                key=doc.key,
                env=doc.env,
                value=value,
                default=doc.default,  # type: ignore[arg-type]
                type=doc.type,
                help=WordsBody(**doc.help.as_dict()),
            )
        )
    return bodies


@router.get("/doctor")
def doctor(request: Request, _caller: Develop) -> list[CheckBody]:
    """What is wrong with the installation, and how to mend it."""
    home = app_part(request, "settings").home
    checks = examine(home, app_part(request, "clock"))
    return [
        CheckBody(
            check=c.name,
            ok=c.ok,
            message=WordsBody(**c.message.as_dict()),
            mend=WordsBody(**c.mend.as_dict()),
        )
        for c in checks
    ]


@router.get("/jobs")
def jobs(request: Request, _caller: View, cursor: str | None = None, limit: int | None = None) -> JobsBody:
    """Long work, the newest first."""
    page = app_part(request, "jobs").page(cursor, limit)
    return JobsBody(items=[job_body(j) for j in page.items], next_cursor=page.next_cursor, total=page.total)


@router.get("/jobs/{job_id}")
def job(request: Request, _caller: View, job_id: str) -> JobBody:
    """One job."""
    return job_body(app_part(request, "jobs").get(job_id))


@router.post("/jobs", status_code=201)
def start_job(request: Request, caller: Operate, body: NewJobBody) -> JobBody:
    """Ask for a build; one that already waits is answered instead of queued twice."""
    started = app_part(request, "jobs").start(body.kind, {}, caller.actor)
    app_part(request, "note")(caller.actor, "job.start", "job", started.job_id, {"kind": body.kind})
    return job_body(started)


@router.post("/jobs/{job_id}/cancel")
def cancel_job(request: Request, caller: Operate, job_id: str) -> JobBody:
    """Stop a job at its next safe place; what it committed stays."""
    cancelled = app_part(request, "jobs").cancel(job_id)
    app_part(request, "note")(caller.actor, "job.cancel", "job", job_id, {})
    return job_body(cancelled)
