"""HTTP: reading, checking and exporting the audit log."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.web import app_part
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit import service as audit
from weaktie.trust.audit.contracts import Entry

router = APIRouter(prefix="/api/audit", tags=["audit"])
Compliance = Annotated[Caller, Depends(require("comply"))]


class EntryBody(BaseModel):
    """One act; `actor_name` is what the actor is called now, null when unknown."""

    id: int
    at_time: str
    actor: str
    actor_name: str | None
    action: str
    object_kind: str
    object_id: str
    detail: dict[str, object]


class EntriesBody(BaseModel):
    """A page of acts, newest first."""

    items: list[EntryBody]
    next_cursor: str | None
    total: int | None


class CheckBody(BaseModel):
    """What a check of the chain found."""

    ok: bool
    checked: int
    first_bad: int | None


@router.get("")
def entries(
    request: Request,
    _caller: Compliance,
    search: Annotated[str, Query(max_length=120)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: int | None = None,
) -> EntriesBody:
    """Acts, newest first; `search` is looked for in actor, action and object."""
    with _database(request).connect() as connection:
        page = audit.page(connection, search=search, cursor=cursor, limit=limit)
        names = app_part(request, "accounts").names(connection)
    return EntriesBody(
        items=[_body(entry, names.get(entry.actor)) for entry in page.items],
        next_cursor=page.next_cursor,
        total=page.total,
    )


@router.get("/verify")
def verify(request: Request, _caller: Compliance) -> CheckBody:
    """Read the whole chain and say whether an act was changed or removed."""
    with _database(request).connect() as connection:
        check = audit.verify(connection)
    return CheckBody(ok=check.ok, checked=check.checked, first_bad=check.bad[0] if check.bad else None)


@router.get("/export", response_class=StreamingResponse)
def export(request: Request, caller: Compliance) -> StreamingResponse:
    """The whole log as CSV; the export itself is recorded first."""
    database = _database(request)
    clock: Clock = app_part(request, "clock")
    with database.begin() as tx:
        audit.record(
            tx, clock, actor=caller.actor, action="audit.export", object_kind="audit", object_id="all"
        )

    def lines() -> Iterator[str]:
        yield "\ufeff"  # so that spreadsheets read UTF-8
        with database.connect() as connection:
            yield from audit.export(connection)

    headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=headers)


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _body(entry: Entry, name: str | None) -> EntryBody:
    return EntryBody(
        id=entry.id, at_time=to_iso(entry.at_us), actor=entry.actor, actor_name=name, action=entry.action,
        object_kind=entry.object_kind, object_id=entry.object_id, detail=entry.detail,
    )  # fmt: skip
