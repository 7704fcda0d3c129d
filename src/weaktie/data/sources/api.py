"""HTTP: sources and their bases."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.sources import service as sources
from weaktie.data.sources.contracts import DEFAULT_SOURCE_ID, Source, Traffic
from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.errors import Conflict
from weaktie.kit.web import PlainText, app_part
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit.service import record
from weaktie.trust.consent.contracts import Basis

router = APIRouter(prefix="/api/sources", tags=["sources"])
View = Annotated[Caller, Depends(require("view"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Name = Annotated[PlainText, Field(min_length=1, max_length=120)]


class BasisBody(BaseModel):
    """On which ground each purpose is served."""

    model_config = ConfigDict(extra="forbid")

    analytics: Basis = "ask_us"
    personalisation: Basis = "ask_us"
    marketing: Basis = "ask_us"
    social: Basis = "ask_us"


class SourceBody(BaseModel):
    """A source with its traffic; times are null where nothing came yet."""

    source_id: str
    name: str
    kind: str
    simulated: bool
    basis: BasisBody
    basis_version: int
    created_time: str
    archived_time: str | None
    events_24h: int
    last_event_time: str | None


class SourceRequest(BaseModel):
    """A source to make."""

    name: Name
    kind: Literal["web", "app", "miniprogram", "server", "import"]
    basis: BasisBody = BasisBody()


class NewSourceBody(BaseModel):
    """The source and its write key, shown this once."""

    source: SourceBody
    write_key: str


class SourcePatch(BaseModel):
    """What changes of a source; purposes that `basis` leaves out keep their ground."""

    name: Name | None = None
    basis: BasisBody | None = None
    archived: bool | None = None


@router.get("")
def list_sources(request: Request, _caller: View) -> list[SourceBody]:
    """Every source, oldest first, the archived ones too."""
    sent = _traffic(request)()
    with _database(request).connect() as connection:
        return [
            _body(source, *sent.get(source.source_id, (0, None)))
            for source in sources.list_sources(connection)
        ]


@router.post("", status_code=201)
def create_source(request: Request, caller: Developer, given: SourceRequest) -> NewSourceBody:
    """Make a source and its write key; the key is shown once."""
    accounts: Accounts = app_part(request, "accounts")
    clock: Clock = app_part(request, "clock")
    with _database(request).begin() as tx:
        made = sources.create(
            tx, clock, name=given.name, kind=given.kind, basis=given.basis.model_dump(), actor=caller.actor
        )
        key = accounts.create_key(tx, "write", made.name, source_id=made.source_id)
        record(
            tx, clock, actor=caller.actor, action="source.create", object_kind="source", object_id=made.source_id,
            detail={"kind": made.kind, "basis": made.basis},
        )  # fmt: skip
    return NewSourceBody(source=_body(made, 0, None), write_key=key)


@router.patch("/{source_id}")
def patch_source(request: Request, caller: Developer, source_id: str, given: SourcePatch) -> SourceBody:
    """Rename, change the basis (a new version; the former stays as evidence), archive or bring back."""
    clock: Clock = app_part(request, "clock")
    basis = None if given.basis is None else given.basis.model_dump(exclude_unset=True)
    with _database(request).begin() as tx:
        if given.archived and source_id == DEFAULT_SOURCE_ID:
            raise Conflict(
                "default_source",
                Words("默认来源不能归档。", "The default source cannot be archived."),
                place="archived",
            )
        after = sources.patch(
            tx, clock, source_id, actor=caller.actor, name=given.name, basis=basis, archived=given.archived
        )
        record(
            tx, clock, actor=caller.actor, action="source.change", object_kind="source", object_id=source_id,
            detail=given.model_dump(mode="json", exclude_unset=True, exclude={"name"})
            | {"renamed": given.name is not None, "basis_version": after.basis_version},
        )  # fmt: skip
    return _body(after, *_traffic(request)().get(source_id, (0, None)))


def _traffic(request: Request) -> Traffic:
    found: Traffic = app_part(request, "source_traffic")
    return found


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _body(source: Source, events_24h: int, last_us: int | None) -> SourceBody:
    return SourceBody(
        source_id=source.source_id, name=source.name, kind=source.kind, simulated=source.simulated,
        basis=BasisBody.model_validate(source.basis), basis_version=source.basis_version,
        created_time=to_iso(source.created_us),
        archived_time=None if source.archived_us is None else to_iso(source.archived_us),
        events_24h=events_24h, last_event_time=None if last_us is None else to_iso(last_us),
    )  # fmt: skip
