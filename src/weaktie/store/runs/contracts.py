"""Jobs and leases as their callers see them."""

from dataclasses import dataclass
from typing import Protocol

from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.words import Words

WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
LIVE_STATES = (WAITING, RUNNING)


class Progress(Protocol):
    """How long work tells how far it is: a share from 0 to 1 and the step it is at."""

    def __call__(self, share: float, step: Words) -> None: ...


class Cancelled(Exception):
    """Somebody cancelled the job; raised out of Progress so that the work stops at a safe place."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work."""

    job_id: str
    kind: str
    state: str
    params: dict[str, object]
    actor: str
    progress: float
    step: Words
    made_us: int
    started_us: int | None
    ended_us: int | None
    result: dict[str, object] | None
    error: str | None


class Busy(Conflict):
    """Another process holds the lease."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "busy",
            Words(
                "另一个进程正在执行这项工作，请稍后再试。",
                "Another process is doing this work; try again later.",
            ),
            place=name,
        )


class NoSuchJob(NotFound):
    """The job id is not known."""

    def __init__(self, job_id: str) -> None:
        super().__init__("no_such_job", Words("没有这个任务。", "There is no such job."), place=job_id)
