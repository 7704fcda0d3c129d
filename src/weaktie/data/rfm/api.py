"""HTTP: rules of RFM with preview and undo, movement between classes."""

import csv
import io
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from weaktie.data.profiles.service import rfm_rules
from weaktie.data.rfm import bodies
from weaktie.data.rfm.contracts import MOST_MONTHS
from weaktie.data.rfm.service import Rfm
from weaktie.kit.clock import to_iso
from weaktie.kit.web import app_part, json_bytes
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller

router = APIRouter(prefix="/api/rfm", tags=["rfm"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Months = Annotated[int, Query(ge=1, le=MOST_MONTHS)]


@router.get("/rules", response_model=bodies.RfmRulesBody)
def rules(request: Request, _caller: View) -> Response:
    """Every rule that was saved, the newest first; it holds."""
    with app_part(request, "database").connect() as connection:
        names = app_part(request, "accounts").names(connection)
    return json_bytes({"items": [_version(v, names) for v in _rfm(request).history()]})


@router.post("/rules/preview", response_model=bodies.RfmPreviewBody)
def preview(request: Request, _caller: Operate, body: bodies.RfmRuleBody) -> Response:
    """How many people would be in another class by this rule; nothing is changed."""
    return json_bytes(_rfm(request).preview(body.wanted()))


@router.put("/rules")
def save(request: Request, caller: Operate, body: bodies.RfmRuleBody) -> bodies.RfmVersionBody:
    """Cut by this rule from now on; a build is asked for."""
    return bodies.RfmVersionBody(version=_rfm(request).save(body.wanted(), caller.actor))


@router.post("/rules/{version}/restore")
def restore(request: Request, caller: Operate, version: int) -> bodies.RfmVersionBody:
    """Cut as an earlier version did, as a new version."""
    return bodies.RfmVersionBody(version=_rfm(request).restore(version, caller.actor))


@router.get("/moves", response_model=bodies.RfmMovesBody)
def moves(request: Request, _caller: View, months: Months = 6) -> Response:
    """How buyers moved between classes, month by month."""
    return json_bytes(_rfm(request).moves(months))


@router.get("/moves.csv")
def moves_csv(request: Request, _caller: View, months: Months = 6) -> Response:
    """The same as CSV: month, from, to, people."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["month", "complete", "from", "to", "people"])
    for month in _rfm(request).moves(months)["months"]:
        for cell in month["cells"]:
            writer.writerow([month["month"], int(month["complete"]), cell["from"], cell["to"], cell["count"]])
    headers = {"Content-Disposition": 'attachment; filename="rfm-moves.csv"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _rfm(request: Request) -> Rfm:
    found: Rfm = app_part(request, "rfm")
    return found


def _version(version: rfm_rules.RuleVersion, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "version": version.version, "rule": rfm_rules.as_dict(version.rule), "made_by": names.get(version.made_by, version.made_by),
        "made_time": to_iso(version.made_us) if version.made_us else None,
    }  # fmt: skip
