"""HTTP: flags, who was exposed, and where a unit belongs."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.flags.contracts import Assignment, Exposed, Flag, UnitKind, Variant
from weaktie.data.flags.service import Flags
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, app_part
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/flags", tags=["flags"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]


class FlagVariant(BaseModel):
    """One way to treat a unit; `share` in ten-thousandths."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=40)]
    share: Annotated[int, Field(ge=0, le=10_000)]


class ExposedBody(BaseModel):
    """Units exposed to a variant beside how many its share would give."""

    variant: str
    units: int
    expected: float


class FlagBody(BaseModel):
    """A flag in one version; it assigns while `stopped_time` is null."""

    key: str
    version: int
    unit: UnitKind
    variants: list[FlagVariant]
    holdout: int
    made_by: str
    made_time: str
    stopped_time: str | None
    exposed: list[ExposedBody]


class NewFlag(BaseModel):
    """What to assign units to; shares add up to 10,000."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[PlainText, Field(max_length=80)]
    variants: Annotated[list[FlagVariant], Field(min_length=1, max_length=20)]
    unit: UnitKind = "person"
    holdout: Annotated[int, Field(ge=0, lt=10_000)] = 0


class FlagAssignment(BaseModel):
    """Where a unit belongs."""

    key: str
    version: int
    variant: str
    bucket: int
    probability: float


@router.get("")
def flags(request: Request, _caller: View) -> list[FlagBody]:
    """Every flag and version, the newest first."""
    part = _part(request)
    with part.database.connect() as connection:
        return [
            _body(flag, [ExposedBody(**_fields(e)) for e in part.exposed(connection, flag)])
            for flag in part.listed(connection)
        ]


@router.post("", status_code=201)
def declare(request: Request, caller: Operate, given: NewFlag) -> FlagBody:
    """Begin to assign under a key."""
    part = _part(request)
    with part.database.begin() as tx:
        flag = part.declare(
            tx, given.key, [Variant(v.name, v.share) for v in given.variants], unit=given.unit, holdout=given.holdout,
            actor=caller.actor,
        )  # fmt: skip
        record(
            tx, part.clock, actor=caller.actor, action="flag.declare", object_kind="flag", object_id=flag.key,
            detail={"version": flag.version},
        )  # fmt: skip
    return _body(flag, [])


@router.post("/{key}/stop")
def stop(request: Request, caller: Operate, key: str) -> FlagBody:
    """Assign no more under a key; exposures stay."""
    part = _part(request)
    with part.database.begin() as tx:
        flag = part.stop(tx, key)
        record(
            tx, part.clock, actor=caller.actor, action="flag.stop", object_kind="flag", object_id=key,
            detail={"version": flag.version},
        )  # fmt: skip
        exposed = [ExposedBody(**_fields(e)) for e in part.exposed(tx, flag)]
    return _body(flag, exposed)


@router.get("/{key}/assignment")
def assignment(
    request: Request, _caller: View, key: str, unit: Annotated[str, Query(min_length=1, max_length=200)]
) -> FlagAssignment:
    """Where a unit belongs, by nothing but its name; nothing is kept and nobody is looked up."""
    part = _part(request)
    with part.database.connect() as connection:
        return FlagAssignment(**_fields(part.assignment(connection, key, unit)))


def _part(request: Request) -> Flags:
    found: Flags = app_part(request, "flags")
    return found


def _fields(value: Assignment | Exposed) -> dict[str, Any]:
    return asdict(value)


def _body(flag: Flag, exposed: list[ExposedBody]) -> FlagBody:
    return FlagBody(
        key=flag.key, version=flag.version, unit=flag.unit,
        variants=[FlagVariant(name=v.name, share=v.share) for v in flag.variants], holdout=flag.holdout,
        made_by=flag.made_by, made_time=to_iso(flag.made_us),
        stopped_time=None if flag.stopped_us is None else to_iso(flag.stopped_us), exposed=exposed,
    )  # fmt: skip
