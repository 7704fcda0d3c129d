"""HTTP: a funnel's figures, the same for a spreadsheet, and funnels that are kept."""

import csv
import io
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy import Connection

from weaktie.data.funnels import bodies as b
from weaktie.data.funnels.contracts import BOUNDS_S, BadFunnel, Saved
from weaktie.data.funnels.service import Funnels
from weaktie.kit.clock import to_iso
from weaktie.kit.web import app_part
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/funnels", tags=["funnels"])
View = Annotated[Caller, Depends(require("view"))]
# Any person of the console may keep a funnel; a program that only reads may not.
Keep = Annotated[Caller, Depends(require("operate", "view"))]
COLUMNS = (
    "group", "group_zh", "group_en", "step", "event", "step_zh", "step_en", "people", "share_of_first", "share_of_former",
    "lost", "median_s", "p75_s", "p90_s",
)  # fmt: skip
TREND_COLUMNS = ("entered_day", "until_day", "entered", "converted", "share")


@router.post("/query")
def query(request: Request, _caller: View, given: b.FunnelRequest) -> b.FunnelFiguresBody:
    """A funnel's figures as of now."""
    return _figures(_funnels(request), given.funnel)


@router.get("/csv", response_class=Response)
def as_csv(
    request: Request, _caller: View, q: Annotated[str, Query(max_length=20_000)], what: str = "steps"
) -> Response:
    """The steps, or with `what=trend` the trend, of the funnel that `q` is (JSON, as the query takes it)."""
    try:
        funnel = b.FunnelBody.model_validate_json(q)
    except ValidationError as error:
        place = ".".join(str(p) for p in error.errors()[0]["loc"])[:100]
        raise BadFunnel(
            f"q.{place}", Words("漏斗定义无效。", "The definition of the funnel is not valid.")
        ) from None
    found = _figures(_funnels(request), funnel)
    out = io.StringIO()
    writer = csv.writer(out)
    if what == "trend":
        writer.writerow(TREND_COLUMNS)
        writer.writerows(
            [p.day, p.until_day, p.entered, _cell(p.converted), _cell(p.share)] for p in found.trend
        )
    else:
        writer.writerow(COLUMNS)
        writer.writerows(_lines(found))
    headers = {"Content-Disposition": f'attachment; filename="funnel-{found.from_day}-{found.to_day}.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(found: b.FunnelFiguresBody) -> list[list[object]]:
    return [
        [
            *map(_neutral, (group.key, group.words.zh, group.words.en)), i + 1,
            *map(_neutral, (step.event, step.words.zh, step.words.en)), one.people, _cell(one.of_first),
            _cell(one.of_former), one.lost,
            *((one.times.median_s, one.times.p75_s, one.times.p90_s) if one.times else ("", "", "")),
        ]
        for group in found.groups
        for i, (step, one) in enumerate(zip(found.steps, group.steps, strict=True))
    ]  # fmt: skip


def _cell(value: float | None) -> object:
    return "" if value is None else round(value, 6)


def _neutral(cell: str) -> str:
    """Cells that a spreadsheet would run as formulas are neutralised."""
    risky = cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    return "'" + cell if risky else cell


# ---- kept ones


@router.get("")
def listed(request: Request, _caller: View) -> b.SavedPage:
    """Kept funnels by name."""
    part = _funnels(request)
    with part.database.connect() as connection:
        return b.SavedPage(items=[_body(one) for one in part.listed(connection)])


@router.post("", status_code=201)
def save(request: Request, caller: Keep, given: b.SaveRequest) -> b.SavedBody:
    """Keep a funnel under a name."""
    part = _funnels(request)
    with part.database.begin() as tx:
        made = part.save(tx, given.name, given.funnel, actor=caller.actor)
        _audit(part, tx, caller, "funnel.create", made)
    return _body(made)


@router.patch("/{funnel_id}")
def change(request: Request, caller: Keep, funnel_id: str, given: b.ChangeRequest) -> b.SavedBody:
    """Another name, another definition, or both."""
    part = _funnels(request)
    with part.database.begin() as tx:
        after = part.change(tx, funnel_id, name=given.name, body=given.funnel)
        _audit(part, tx, caller, "funnel.change", after)
    return _body(after)


@router.delete("/{funnel_id}", status_code=204)
def remove(request: Request, caller: Keep, funnel_id: str) -> Response:
    """Take it off the list; it can be brought back."""
    part = _funnels(request)
    with part.database.begin() as tx:
        _audit(part, tx, caller, "funnel.delete", part.remove(tx, funnel_id))
    return Response(status_code=204)


@router.post("/{funnel_id}/restore")
def restore(request: Request, caller: Keep, funnel_id: str) -> b.SavedBody:
    """Undo a deletion."""
    part = _funnels(request)
    with part.database.begin() as tx:
        back = part.restore(tx, funnel_id)
        _audit(part, tx, caller, "funnel.restore", back)
    return _body(back)


def _funnels(request: Request) -> Funnels:
    found: Funnels = app_part(request, "funnels")
    return found


def _figures(part: Funnels, asked: b.FunnelBody) -> b.FunnelFiguresBody:
    funnel = b.funnel_of(asked, part.today)
    return b.figures_body(funnel, part.words(funnel), part.figures(funnel), BOUNDS_S)


def _body(one: Saved) -> b.SavedBody:
    return b.SavedBody(
        funnel_id=one.funnel_id, name=one.name, funnel=b.FunnelBody.model_validate(one.definition),
        made_time=to_iso(one.made_us), made_by=one.made_by, changed_time=to_iso(one.changed_us),
    )  # fmt: skip


def _audit(part: Funnels, tx: Connection, caller: Caller, action: str, one: Saved) -> None:
    record(
        tx, part.clock, actor=caller.actor, action=action, object_kind="funnel", object_id=one.funnel_id,
        detail={"name": one.name},
    )  # fmt: skip
