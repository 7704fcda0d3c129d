"""HTTP: erasures with their proof, and the queue of what people ask for by right."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Conflict, Refused
from weaktie.kit.pages import Page
from weaktie.kit.web import PlainText, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record
from weaktie.trust.rights import bodies
from weaktie.trust.rights.contracts import CLOSED, WORKABLE, Erasure, NoPerson, NotConfirmed, Person
from weaktie.trust.rights.contracts import Request as RightsRequest
from weaktie.trust.rights.copies import archive, proof_page
from weaktie.trust.rights.corrections import FIELDS
from weaktie.trust.rights.logic import proof_document
from weaktie.trust.rights.logic import request_proof as request_digest
from weaktie.trust.rights.requests import Requests, Wanted
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


# --- requests --------------------------------------------------------------------------------------------------------


@router.get("/rights-requests")
def requests(
    request: Request,
    _caller: Compliance,
    state: bodies.State | None = None,
    kind: bodies.Kind | None = None,
    overdue: bool = False,
    open_only: bool = False,
    search: Annotated[str | None, Query(max_length=200)] = None,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: int | None = None,
) -> bodies.RequestsBody:
    """The queue: what is due first on top, closed requests after it. `search` finds a request's number, who took it in, or the
    requests of a person by any exact id."""
    rights = _rights(request)
    queue = _queue(rights)
    with rights.database.connect() as connection:
        person = rights.person_of(connection, search.strip()) if search and search.strip() else None
        if person is not None:
            found = Page(queue.of_person(connection, person.alias_nos))
        else:
            wanted = Wanted(state, kind, overdue, open_only, search)
            found = queue.page(connection, wanted, cursor, limit)
    now_us = rights.clock.now_us()
    items = [bodies.request_body(r, now_us) for r in found.items]
    return bodies.RequestsBody(items=items, next_cursor=found.next_cursor, total=found.total)


@router.get("/rights-requests/queue")
def queue(request: Request, _caller: Compliance) -> bodies.QueueBody:
    """How many are in which state, and how many are late; and what can be corrected."""
    rights = _rights(request)
    with rights.database.connect() as connection:
        states, late = _queue(rights).counts(connection)
    still = sum(n for state, n in states.items() if state not in CLOSED)
    fields = {name: words_body(w) for name, w in FIELDS.items()}
    return bodies.QueueBody(states=states, open=still, overdue=late, fields=fields)


@router.post("/rights-requests", status_code=201)
def take_in(request: Request, caller: Compliance, given: bodies.RequestAsk) -> bodies.RequestBody:
    """Take a request in for a person, by any of their ids, and say how they were verified."""
    rights = _rights(request)
    queue = _queue(rights)
    with rights.database.begin() as tx:
        person = rights.person_of(tx, given.user_id)
        if person is None:
            raise NoPerson
        made = queue.open(tx, person, given.kind, channel="console", actor=caller.actor, text=given.text)
        if given.verified_how:
            made = queue.move(
                tx, made.request_id, "verified", action="verify", actor=caller.actor, note=given.verified_how
            )
        _note(rights, tx, caller, "request.take_in", made.request_id, {"kind": given.kind})
        return bodies.request_body(made, rights.clock.now_us(), queue.said(tx, made))


@router.get("/rights-requests/{request_id}")
def one_request(request: Request, _caller: Compliance, request_id: str) -> bodies.RequestBody:
    """One request with everything that was done about it."""
    rights = _rights(request)
    with rights.database.connect() as connection:
        found = _queue(rights).find(connection, request_id)
        return bodies.request_body(found, rights.clock.now_us(), _queue(rights).said(connection, found))


@router.post("/rights-requests/{request_id}/verify")
def verify(
    request: Request, caller: Compliance, request_id: str, given: bodies.NoteAsk
) -> bodies.RequestBody:
    """The identity was checked, and how."""
    return _move(request, caller, request_id, "verified", "verify", given.note)


@router.post("/rights-requests/{request_id}/start")
def start(request: Request, caller: Compliance, request_id: str) -> bodies.RequestBody:
    """Somebody works on it."""
    return _move(request, caller, request_id, "in_progress", "start", "")


@router.post("/rights-requests/{request_id}/refuse")
def refuse(
    request: Request, caller: Compliance, request_id: str, given: bodies.NoteAsk
) -> bodies.RequestBody:
    """Refuse it, with the reason that the person is told."""
    return _move(request, caller, request_id, "refused", "refuse", given.note)


@router.post("/rights-requests/{request_id}/done")
def done(request: Request, caller: Compliance, request_id: str, given: bodies.NoteAsk) -> bodies.RequestBody:
    """Close it with what was answered; an erasure closes its request itself."""
    rights = _rights(request)
    with rights.database.connect() as connection:
        found = _queue(rights).find(connection, request_id)
    if found.kind in ("erase", "close"):
        raise Conflict(
            "erase_first", Words("请执行删除；删除完成后请求自动关闭。", "Erase the person; the request closes by itself."),
            place="kind",
        )  # fmt: skip
    return _move(request, caller, request_id, "done", "answer", given.note)


@router.post("/rights-requests/{request_id}/data")
def see_data(request: Request, caller: Compliance, request_id: str) -> bodies.DataBody:
    """Everything that is kept about the person, to read to them; that it was looked at is noted."""
    rights = _rights(request)
    with rights.database.begin() as tx:
        found, person = _workable(rights, tx, request_id)
        _queue(rights).note(tx, found, "look", caller.actor, "")
        _note(rights, tx, caller, "request.look", request_id, {"person_no": person.person_no})
    with rights.database.connect() as connection:
        return bodies.DataBody(data=rights.export_of(connection, person))


@router.post("/rights-requests/{request_id}/copy")
def make_copy(request: Request, caller: Compliance, request_id: str) -> bodies.TicketBody:
    """A ticket for a copy: good for one download within a day."""
    rights = _rights(request)
    with rights.database.begin() as tx:
        found, _ = _workable(rights, tx, request_id)
        ticket, expires_us = rights.copies.make(tx, request_id, found.alias_no, made_by=caller.actor)
        _queue(rights).note(tx, found, "copy", caller.actor, "")
        _note(rights, tx, caller, "request.copy", request_id, {})
    return bodies.TicketBody(path=f"/api/rights-copies/{ticket}", expires_time=to_iso(expires_us))


@router.get("/rights-copies/{ticket}", response_class=Response)
def fetch_copy(request: Request, caller: Compliance, ticket: str) -> Response:
    """The copy as a zip of JSON and readable pages, made now and kept nowhere; the ticket is used up."""
    rights = _rights(request)
    with rights.database.begin() as tx:
        request_id = rights.copies.take(tx, ticket)
        found, person = _workable(rights, tx, request_id)
        _queue(rights).note(tx, found, "download", caller.actor, "")
        _note(rights, tx, caller, "request.download", request_id, {})
    with rights.database.connect() as connection:
        data = rights.export_of(connection, person)
    company = app_part(request, "settings").workspace.name
    packed = archive(data, company=company, made_us=rights.clock.now_us(), subject=f"@{person.person_no}")
    headers = {
        "Content-Disposition": f'attachment; filename="{request_id}.zip"',
        "Cache-Control": "no-store",
    }
    return Response(packed, media_type="application/zip", headers=headers)


@router.post("/rights-requests/{request_id}/correct")
def correct(
    request: Request, caller: Compliance, request_id: str, given: bodies.CorrectAsk
) -> bodies.RequestBody:
    """Put a value in the place of what is kept. It holds against every import and event; only a newer correction replaces it."""
    rights = _rights(request)
    with rights.database.begin() as tx:
        found, person = _workable(rights, tx, request_id)
        assert rights.corrections is not None
        correction_id = rights.corrections.correct(
            tx, person.alias_nos, given.field, given.value, request_id=request_id, actor=caller.actor
        )
        if given.field == "birthday":
            rights.consent.ages.state(tx, {person.person_no: ("birthday", given.value)})
        _queue(rights).note(tx, found, "correct", caller.actor, f"{given.field} {correction_id}")
        detail: dict[str, object] = {"field": given.field, "correction": correction_id}
        _note(rights, tx, caller, "request.correct", request_id, detail)
    return one_request(request, caller, request_id)


@router.post("/rights-requests/{request_id}/erase", status_code=202)
def erase_for(
    request: Request, caller: Compliance, request_id: str, given: bodies.ConfirmAsk, later: BackgroundTasks
) -> ErasureBody:
    """Erase the person who asked for it; the request closes with the erasure's proof."""
    rights = _rights(request)
    if given.confirm != request_id:
        raise NotConfirmed
    with rights.database.connect() as connection:
        found, _ = _workable(rights, connection, request_id)
    if found.kind not in ("erase", "close"):
        raise Conflict(
            "not_asked", Words("该请求不是删除请求。", "This is no request to erase."), place="kind"
        )
    begun = rights.begin("", reason=f"request {request_id}", actor=caller.actor, request_id=request_id)
    later.add_task(_finish, rights, begun.erasure_id)
    return _body(begun, _names(request))


@router.get("/rights-requests/{request_id}/proof")
def request_proof(request: Request, _caller: Compliance, request_id: str) -> bodies.ProofBody:
    """The proof of a closed request."""
    return _proof(request, request_id)


@router.get("/rights-requests/{request_id}/proof.html", response_class=HTMLResponse)
def request_proof_page(request: Request, _caller: Compliance, request_id: str) -> HTMLResponse:
    """The same as a page to print."""
    found = _proof(request, request_id)
    company = app_part(request, "settings").workspace.name
    headers = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(proof_page(found.document, found.hash, company), headers=headers)


def _proof(request: Request, request_id: str) -> bodies.ProofBody:
    rights = _rights(request)
    with rights.database.connect() as connection:
        found = _queue(rights).find(connection, request_id)
    if found.proof is None:
        raise Conflict("not_closed", Words("请求尚未结束。", "The request is not closed yet."), place="state")
    return bodies.ProofBody(
        document=proof_document(found), hash=found.proof, sound=found.proof == request_digest(found)
    )


def _move(
    request: Request, caller: Caller, request_id: str, to: str, action: str, note: str
) -> bodies.RequestBody:
    rights = _rights(request)
    with rights.database.begin() as tx:
        moved = _queue(rights).move(tx, request_id, to, action=action, actor=caller.actor, note=note)
        _note(rights, tx, caller, f"request.{action}", request_id, {"state": to})
        return bodies.request_body(moved, rights.clock.now_us(), _queue(rights).said(tx, moved))


def _workable(rights: Rights, connection: Connection, request_id: str) -> tuple[RightsRequest, Person]:
    """A request whose identity was checked and whose person is there; raises Conflict `not_verified`, NoPerson."""
    found = _queue(rights).find(connection, request_id)
    if found.state not in WORKABLE:
        raise Conflict(
            "not_verified", Words("请先核验身份；已结束的请求不能再操作。", "Check the identity first; closed requests are closed."),
            place=found.state,
        )  # fmt: skip
    person = rights.person_at(connection, found.alias_no) if rights.person_at else None
    if person is None:
        raise NoPerson
    return found, person


def _queue(rights: Rights) -> Requests:
    assert rights.requests is not None, "the wiring gives it"
    return rights.requests


def _note(
    rights: Rights, tx: Connection, caller: Caller, action: str, request_id: str, detail: dict[str, object]
) -> None:
    record(
        tx, rights.clock, actor=caller.actor, action=action, object_kind="rights_request", object_id=request_id,
        detail=detail,
    )  # fmt: skip


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
