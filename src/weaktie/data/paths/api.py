"""HTTP: paths."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from weaktie.data.paths.bodies import PathsAsk, PathsBody, paths_body
from weaktie.data.paths.service import PathFinder
from weaktie.kit.web import app_part
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api/paths", tags=["paths"])
View = Annotated[Caller, Depends(require("view"))]


@router.post("/query")
def paths(request: Request, _caller: View, asked: PathsAsk) -> PathsBody:
    """What people do step by step after a start, or before an end, as nodes and edges."""
    finder: PathFinder = app_part(request, "paths")
    query = asked.query(finder.today())
    return paths_body(finder.paths(query), query)
