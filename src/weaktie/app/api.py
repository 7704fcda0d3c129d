"""HTTP about the installation itself: health, settings, doctor, jobs."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from weaktie import __version__
from weaktie.app.doctor import examine
from weaktie.kit.clock import to_iso
from weaktie.kit.settings import describe
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.store.runs.contracts import Job
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["installation"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Develop = Annotated[Caller, Depends(require("develop"))]
SECRET_SETTINGS = {"addresses.database"}


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
    """One piece of long work; `error` is a code, `error_words` says it in words, `actor_name` is what the actor is called now."""

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
    error_words: WordsBody | None
    actor: str
    actor_name: str | None


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
    "tracking": WordsBody(zh="重新校验埋点", en="Check events against the plan again"),
    "columns": WordsBody(zh="回填属性列", en="Fill promoted columns"),
    "mend": WordsBody(zh="修复并重放异常数据", en="Mend and replay dead letters"),
    "pull": WordsBody(zh="定时拉取", en="Scheduled pull"),
    "backup": WordsBody(zh="备份", en="Back up"),
}


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)


ERROR_WORDS = {
    "process_died": WordsBody(
        zh="执行任务的进程意外退出，请重新运行。", en="The process that did the work died; run it again."
    ),
    "unknown_kind": WordsBody(
        zh="此版本不认识这种任务。", en="This release does not know this kind of work."
    ),
}
"""Why a job failed, where its end was written by somebody else than the work itself."""


def _error_words(job: Job) -> WordsBody | None:
    """The words of a failed job: those of the refusal that ended it, else what is known of its code."""
    if job.error is None:
        return None
    told = (job.result or {}).get("error")
    if isinstance(told, dict) and isinstance(told.get("message"), dict):
        return WordsBody(**told["message"])
    if job.error.startswith("exit_"):
        number = job.error.removeprefix("exit_")
        return WordsBody(
            zh=f"执行任务的进程以状态 {number} 结束，详见服务日志。",
            en=f"The process that did the work ended with status {number}; the server's log says more.",
        )
    return ERROR_WORDS.get(
        job.error,
        WordsBody(
            zh=f"发生意外错误（{job.error}），详见服务日志。",
            en=f"Something unexpected went wrong ({job.error}); the server's log says more.",
        ),
    )


def job_body(job: Job, names: Mapping[str, str]) -> JobBody:
    """A job as the API shows it; `names` are those of the accounts by id."""
    # Where files lie on the server is nobody's business; older results say it.
    result = {
        name: value for name, value in (job.result or {}).items() if name not in ("error", "bad_rows_file")
    }
    return JobBody(
        job_id=job.job_id, kind=job.kind, words=JOB_WORDS.get(job.kind, WordsBody(zh=job.kind, en=job.kind)),
        state=job.state,  # type: ignore[arg-type]
        progress=job.progress, step=words_body(job.step), made_time=to_iso(job.made_us),
        started_time=_time(job.started_us), ended_time=_time(job.ended_us), result=result, error=job.error,
        error_words=_error_words(job), actor=job.actor, actor_name=names.get(job.actor),
    )  # fmt: skip


def account_names(request: Request) -> Mapping[str, str]:
    """The names of the accounts by id."""
    with app_part(request, "database").connect() as connection:
        found: Mapping[str, str] = app_part(request, "accounts").names(connection)
    return found


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
                help=words_body(doc.help),
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
            message=words_body(c.message),
            mend=words_body(c.mend),
        )
        for c in checks
    ]


@router.get("/jobs")
def jobs(request: Request, _caller: View, cursor: str | None = None, limit: int | None = None) -> JobsBody:
    """Long work, the newest first."""
    page = app_part(request, "jobs").page(cursor, limit)
    names = account_names(request)
    return JobsBody(
        items=[job_body(j, names) for j in page.items], next_cursor=page.next_cursor, total=page.total
    )


@router.get("/jobs/{job_id}")
def job(request: Request, _caller: View, job_id: str) -> JobBody:
    """One job."""
    return job_body(app_part(request, "jobs").get(job_id), account_names(request))


@router.post("/jobs", status_code=201)
def startjob_body(request: Request, caller: Operate, body: NewJobBody) -> JobBody:
    """Ask for a build; one that already waits is answered instead of queued twice."""
    started = app_part(request, "jobs").start(body.kind, {}, caller.actor)
    app_part(request, "note")(caller.actor, "job.start", "job", started.job_id, {"kind": body.kind})
    return job_body(started, account_names(request))


@router.post("/jobs/{job_id}/cancel")
def canceljob_body(request: Request, caller: Operate, job_id: str) -> JobBody:
    """Stop a job at its next safe place; what it committed stays."""
    cancelled = app_part(request, "jobs").cancel(job_id)
    app_part(request, "note")(caller.actor, "job.cancel", "job", job_id, {})
    return job_body(cancelled, account_names(request))
