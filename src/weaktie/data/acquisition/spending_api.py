"""HTTP: files of advertising costs, from reading to undoing."""

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from weaktie.data.acquisition import bodies
from weaktie.data.acquisition.api import Operate, View
from weaktie.data.acquisition.contracts import LARGEST_COST_FILE, BadCosts, CampaignMap, CostBatch
from weaktie.data.acquisition.costs import read_costs
from weaktie.data.acquisition.service import Acquisition
from weaktie.kit.clock import business_day
from weaktie.kit.web import app_part
from weaktie.kit.words import Words
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/acquisition", tags=["acquisition"])


@router.post("/costs", status_code=201)
async def read_file(request: Request, caller: Operate, filename: str) -> bodies.BatchDetail:
    """Read a file of costs (the body): CSV, TSV or xlsx, plain or as 巨量引擎 and 腾讯广告 export it. Nothing counts yet."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_COST_FILE:
            raise BadCosts(
                "file_too_large", Words("文件超过 20 MB。", "The file is larger than 20 MB."), status=413
            )
    return await run_in_threadpool(_draft, request, caller, bytes(data), filename.replace("\0", "")[:255])


@router.get("/costs")
def batches(request: Request, _caller: View) -> list[bodies.BatchBody]:
    """Files of costs, the newest first."""
    part = _part(request)
    with part.database.connect() as connection:
        return [bodies.batch_body(b) for b in part.spending.listed(connection)]


@router.get("/costs/{batch_id}")
def batch(request: Request, _caller: View, batch_id: str) -> bodies.BatchDetail:
    """One file of costs with its campaigns."""
    part = _part(request)
    with part.database.connect() as connection:
        return _detail(part, connection, part.spending.find(connection, batch_id))


@router.post("/costs/{batch_id}/apply")
def apply(request: Request, caller: Operate, batch_id: str, given: bodies.ApplyBody) -> bodies.BatchDetail:
    """Let a file count. Rows of the same days and campaigns of earlier files count no more."""
    part = _part(request)
    mapped = [CampaignMap(c.campaign, c.channel, c.code) for c in given.campaigns]
    with part.database.begin() as tx:
        done = part.spending.apply(tx, batch_id, mapped, actor=caller.actor)
        _note(
            part,
            tx,
            caller,
            "costs.apply",
            batch_id,
            {"rows": done.rows, "totals": dict(done.totals)},
        )
        return _detail(part, tx, done)


@router.post("/costs/{batch_id}/undo")
def undo(request: Request, caller: Operate, batch_id: str) -> bodies.BatchDetail:
    """Let a file count no more; what it had replaced counts again."""
    part = _part(request)
    with part.database.begin() as tx:
        done = part.spending.undo(tx, batch_id, actor=caller.actor)
        _note(part, tx, caller, "costs.undo", batch_id, {"rows": done.rows})
        return _detail(part, tx, done)


@router.delete("/costs/{batch_id}", status_code=204)
def discard(request: Request, caller: Operate, batch_id: str) -> None:
    """Throw a draft away."""
    part = _part(request)
    with part.database.begin() as tx:
        gone = part.spending.discard(tx, batch_id)
        _note(part, tx, caller, "costs.discard", batch_id, {"rows": gone.rows})


def _draft(request: Request, caller: Caller, data: bytes, filename: str) -> bodies.BatchDetail:
    part = _part(request)
    if not data:
        raise BadCosts("empty_file", Words("文件是空的。", "The file is empty."))
    today = business_day(part.clock.now_us(), part.settings.zone)
    file = read_costs(data, filename, currency=part.settings.workspace.currency, today=today)
    with part.database.begin() as tx:
        made = part.spending.draft(tx, file, filename, actor=caller.actor)
        _note(
            part,
            tx,
            caller,
            "costs.read",
            made.batch_id,
            {"rows": made.rows, "bad": len(made.bad)},
        )
        return _detail(part, tx, made)


def _detail(part: Acquisition, connection: Connection, found: CostBatch) -> bodies.BatchDetail:
    campaigns = part.spending.campaigns(connection, found.batch_id)
    return bodies.BatchDetail(
        batch=bodies.batch_body(found), campaigns=[bodies.campaign_body(c) for c in campaigns]
    )


def _part(request: Request) -> Acquisition:
    found: Acquisition = app_part(request, "acquisition")
    return found


def _note(
    part: Acquisition, tx: Connection, caller: Caller, action: str, batch_id: str, detail: dict[str, object]
) -> None:
    record(
        tx, part.clock, actor=caller.actor, action=action, object_kind="cost_batch", object_id=batch_id, detail=detail
    )  # fmt: skip
