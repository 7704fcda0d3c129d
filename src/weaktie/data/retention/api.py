"""HTTP: retention and lifecycle."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from weaktie.data.retention.bodies import (
    LifecycleAsk,
    LifecycleBody,
    RetentionAsk,
    RetentionBody,
    lifecycle_body,
    retention_body,
)
from weaktie.data.retention.contracts import COUNT_WORDS, DEFINITION, MODE_WORDS, STATE_WORDS
from weaktie.data.retention.service import Retention
from weaktie.kit.web import app_part
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["retention"])
View = Annotated[Caller, Depends(require("view"))]


@router.post("/retention/query")
def retention(request: Request, _caller: View, asked: RetentionAsk) -> RetentionBody:
    """Cohorts and how many of them came back; what has not fully passed is null."""
    part = _retention(request)
    query = asked.query(part.today())
    return retention_body(
        part.table(query), query, (DEFINITION, MODE_WORDS[query.mode], COUNT_WORDS[query.count])
    )


@router.post("/lifecycle/query")
def lifecycle(request: Request, _caller: View, asked: LifecycleAsk) -> LifecycleBody:
    """New, retained, resurrected and dormant people by day, week or month."""
    part = _retention(request)
    query = asked.query(part.today())
    return lifecycle_body(part.lifecycle(query), query, STATE_WORDS)


def _retention(request: Request) -> Retention:
    part: Retention = app_part(request, "retention")
    return part
