"""HTTP: asking for an erasure, and its proof."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request
from pydantic import BaseModel, Field

from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.web import PlainText, app_part
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.rights.contracts import Erasure, NotConfirmed
from weaktie.trust.rights.service import Rights

router = APIRouter(prefix="/api", tags=["rights"])
Compliance = Annotated[Caller, Depends(require("comply"))]


class ErasureRequest(BaseModel):
    """Why, and the id typed again: an erasure cannot be undone."""

    reason: Annotated[PlainText, Field(min_length=1, max_length=500)]
    confirm: Annotated[PlainText, Field(min_length=1, max_length=200)]


class StepBody(BaseModel):
    """What was removed from one store; `note` says why it has to be tried again."""

    store: str
    state: str
    removed: int
    tables: dict[str, int]
    finished_time: str | None
    note: str | None
    digest: str | None


class ErasureBody(BaseModel):
    """An erasure and its proof. `user_id` is the beginning of a keyed hash: the id itself is gone."""

    erasure_id: str
    user_id: str
    state: str
    reason: str
    actor: str
    actor_name: str | None
    requested_time: str
    finished_time: str | None
    identifiers: int
    proof: str | None
    steps: list[StepBody]


class ErasuresBody(BaseModel):
    """A page of erasures, newest first."""

    items: list[ErasureBody]
    next_cursor: str | None
    total: int | None


@router.post("/profiles/{user_id}/erasure", status_code=202)
def erase(
    request: Request, caller: Compliance, user_id: str, given: ErasureRequest, later: BackgroundTasks
) -> ErasureBody:
    """Hide the person at once and remove everything about them; the stores are cleaned after the answer."""
    if given.confirm != user_id:
        raise NotConfirmed
    rights = _rights(request)
    begun = rights.begin(user_id, reason=given.reason, actor=caller.actor)
    later.add_task(_finish, rights, begun.erasure_id)
    return _body(begun, _names(request))


@router.get("/erasures")
def erasures(
    request: Request,
    _caller: Compliance,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> ErasuresBody:
    """Erasures, newest first."""
    page = _rights(request).page(cursor=cursor, limit=limit)
    names = _names(request)
    return ErasuresBody(
        items=[_body(e, names) for e in page.items], next_cursor=page.next_cursor, total=page.total
    )


@router.get("/erasures/{erasure_id}")
def erasure(request: Request, _caller: Compliance, erasure_id: str) -> ErasureBody:
    """One erasure: the proof of what was removed from which store."""
    return _body(_rights(request).find(erasure_id), _names(request))


def _finish(rights: Rights, erasure_id: str) -> None:
    with suppress(Refused):  # another process is at it, or will be: the worker tries again
        rights.finish(erasure_id)


def _rights(request: Request) -> Rights:
    found: Rights = app_part(request, "rights")
    return found


def _names(request: Request) -> Mapping[str, str]:
    with app_part(request, "database").connect() as connection:
        found: Mapping[str, str] = app_part(request, "accounts").names(connection)
    return found


def _body(erasure: Erasure, names: Mapping[str, str]) -> ErasureBody:
    return ErasureBody(
        erasure_id=erasure.erasure_id, user_id=f"#{erasure.subject}", state=erasure.state, reason=erasure.reason,
        actor=erasure.actor, actor_name=names.get(erasure.actor), requested_time=to_iso(erasure.asked_us),
        finished_time=_time(erasure.ended_us),
        identifiers=erasure.identifiers, proof=erasure.proof,
        steps=[
            StepBody(
                store=step.name, state=step.state, removed=step.rows, tables=step.removed,
                finished_time=_time(step.at_us), note=step.note, digest=step.digest,
            )
            for step in erasure.steps
        ],
    )  # fmt: skip


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)
