"""HTTP: reconciliations with an export, a source or a number; history, days, orders, CSV."""

import csv
import io
import json
import shutil
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping
from starlette.concurrency import run_in_threadpool

from weaktie.data.imports.contracts import REASONS
from weaktie.data.imports.service import receive
from weaktie.data.reconcile import service
from weaktie.data.reconcile.contracts import (
    COLUMNS,
    MEASURES,
    ORDER_REASONS,
    TOGGLES,
    ZONE,
    BadReconciliation,
)
from weaktie.data.reconcile.service import Asked, Reconciler
from weaktie.kit.clock import EPOCH_DAY, day_to_date, to_iso
from weaktie.kit.ids import new_id
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/reconciliations", tags=["reconciliations"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
LARGEST_EXPORT_BYTES = 500 << 20
DAY = r"^\d{4}-\d\d-\d\d$"
ANOTHER_ZONE = Words("业务日时区不同", "days of another zone")


class MeasureBody(BaseModel):
    """A measure's name and definition."""

    words: WordsBody
    definition: WordsBody


class ReconcileTerms(BaseModel):
    """What the words mean: measures, columns, reasons and toggles."""

    measures: dict[str, MeasureBody]
    columns: dict[str, MeasureBody]
    order_reasons: dict[str, WordsBody]
    reasons: dict[str, WordsBody]
    line_reasons: dict[str, WordsBody]


class ReconcileDay(BaseModel):
    """One day in one currency: pairs are ours and theirs."""

    day: str
    currency: str
    orders: tuple[int, int]
    paid_minor: tuple[int, int]
    refunded_minor: tuple[int, int]
    differing: int


class ReconcileReason(BaseModel):
    """A part of a difference."""

    code: str
    words: WordsBody
    amount: int


class SplitBody(BaseModel):
    """Another system's number and its difference, split: ours + reasons + unexplained = theirs."""

    measure: str
    currency: str
    ours: int
    theirs: int
    reasons: list[ReconcileReason]
    unexplained: int
    also: int
    their_zone: str


class ReconciliationBody(BaseModel):
    """One reconciliation; `days` of an export or a source, `split` of a number. `differing` counts orders that differ, or
    what stays unexplained."""

    rec_id: str
    kind: str
    name: str
    zone: str
    from_day: str | None
    to_day: str | None
    accuracy: float | None
    differing: int
    orders: int
    reasons: dict[str, int]
    left_out: dict[str, int]
    actor: str
    created_time: str
    days: list[ReconcileDay] = []
    split: SplitBody | None = None


class ReconciliationPage(BaseModel):
    """The history, newest first, without days."""

    items: list[ReconciliationBody]
    next_cursor: str | None


class DifferingOrder(BaseModel):
    """An order that differs, and why."""

    order_id: str
    reason: str
    day: str
    their_day: str | None
    currency: str | None
    our_minor: int | None
    their_minor: int | None
    our_refunded_minor: int | None
    their_refunded_minor: int | None
    our_status: str | None
    their_status: str | None


class NumberRequest(BaseModel):
    """Another system's number: money in minor units. Without `toggles` and `their_zone` the definition is looked for."""

    model_config = ConfigDict(extra="forbid")

    measure: Literal["gmv", "paid_orders", "refunds", "net"]
    number: int = Field(ge=-(10**15), le=10**15)
    from_day: Annotated[str, Field(pattern=DAY)]
    to_day: Annotated[str, Field(pattern=DAY)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    zone: Annotated[PlainText, Field(max_length=64)] | None = None
    name: Annotated[PlainText, Field(max_length=120)] = ""
    toggles: list[Annotated[str, Field(max_length=32)]] | None = None
    their_zone: Annotated[PlainText, Field(max_length=64)] | None = None


class SourceRequestBody(BaseModel):
    """The source whose orders are the reference."""

    model_config = ConfigDict(extra="forbid")

    source_id: Annotated[str, Field(max_length=40)]
    zone: Annotated[PlainText, Field(max_length=64)] | None = None


@router.get("/terms")
def terms(_caller: View) -> ReconcileTerms:
    """Names and definitions of what is compared."""

    def named(pairs: dict[str, tuple[Words, Words]]) -> dict[str, MeasureBody]:
        return {k: MeasureBody(words=words_body(n), definition=words_body(d)) for k, (n, d) in pairs.items()}

    reasons = {code: words_body(words) for code, words in (*TOGGLES.items(), (ZONE, ANOTHER_ZONE))}
    return ReconcileTerms(
        measures=named(MEASURES), columns=named(COLUMNS), reasons=reasons,
        order_reasons={code: words_body(words) for code, words in ORDER_REASONS.items()},
        line_reasons={code: words_body(words) for code, words in REASONS.items()},
    )  # fmt: skip


@router.post("/export", status_code=201)
async def with_export(
    request: Request,
    caller: Operate,
    filename: Annotated[str, Query(max_length=1000)] = "export",
    mapping: Annotated[str | None, Query(max_length=100)] = None,
    zone: Annotated[str | None, Query(max_length=64)] = None,
) -> ReconciliationBody:
    """Compare our orders with the shop's own export (the raw body, at most 500 MB), which is deleted when that is done."""
    reconciler = _reconciler(request)
    service.checked_mapping(mapping)
    folder = reconciler.home / "reconcile" / new_id("tmp", reconciler.clock.now_us())
    path, _ = await receive(folder, request.stream(), largest_bytes=LARGEST_EXPORT_BYTES)

    def work() -> ReconciliationBody:
        try:
            found, named = reconciler.with_file(path, mapping or None, zone)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        with reconciler.database.begin() as tx:
            rec_id = reconciler.save_compared(
                tx, found, kind="export", name=filename, zone=named, actor=caller.actor
            )
            _audit(tx, reconciler, caller, rec_id, {"kind": "export", "differing": found.wrong})
            return _body(service.find(tx, rec_id), whole=True)

    return await run_in_threadpool(work)


@router.post("/source", status_code=201)
def with_source(request: Request, caller: Operate, given: SourceRequestBody) -> ReconciliationBody:
    """Compare one source's orders (an import of the shop's export, say) with those of all others."""
    reconciler = _reconciler(request)
    found, named = reconciler.with_source(given.source_id, given.zone)
    with reconciler.database.begin() as tx:
        rec_id = reconciler.save_compared(
            tx, found, kind="source", name=given.source_id, zone=named, actor=caller.actor
        )
        _audit(tx, reconciler, caller, rec_id, {"kind": "source", "source": given.source_id})
        return _body(service.find(tx, rec_id), whole=True)


@router.post("/number", status_code=201)
def with_number(request: Request, caller: Operate, given: NumberRequest) -> ReconciliationBody:
    """Split the difference to another system's number into reasons."""
    reconciler = _reconciler(request)
    asked = Asked(
        given.measure, given.number, _day(given.from_day), _day(given.to_day), given.zone or reconciler.zone,
        given.currency, given.name, None if given.toggles is None else frozenset(given.toggles), given.their_zone,
    )  # fmt: skip
    found = reconciler.explain(asked)
    with reconciler.database.begin() as tx:
        rec_id = reconciler.save_explained(tx, asked, found, actor=caller.actor)
        _audit(tx, reconciler, caller, rec_id, {"kind": "number", "measure": given.measure})
        return _body(service.find(tx, rec_id), whole=True)


@router.get("")
def history(
    request: Request,
    _caller: View,
    cursor: str | None = None,
    limit: Annotated[int | None, Query(ge=1, le=500)] = None,
) -> ReconciliationPage:
    """What was compared, newest first."""
    with _reconciler(request).database.connect() as connection:
        page = service.history(connection, cursor, limit)
    return ReconciliationPage(
        items=[_body(row, whole=False) for row in page.items], next_cursor=page.next_cursor
    )


@router.get("/{rec_id}")
def one(request: Request, _caller: View, rec_id: str) -> ReconciliationBody:
    """One reconciliation in full."""
    with _reconciler(request).database.connect() as connection:
        return _body(service.find(connection, rec_id), whole=True)


@router.get("/{rec_id}/orders")
def orders(
    request: Request,
    _caller: View,
    rec_id: str,
    day: Annotated[str | None, Query(pattern=DAY)] = None,
) -> list[DifferingOrder]:
    """Orders that differ, of one day or all (a thousand at most; the CSV has more)."""
    with _reconciler(request).database.connect() as connection:
        rows = service.differing(connection, rec_id, _day(day) if day else None, 1000)
    return [_order(row) for row in rows]


@router.get("/{rec_id}/csv", response_class=Response)
def as_csv(
    request: Request, _caller: View, rec_id: str, what: Literal["days", "orders"] = "days"
) -> Response:
    """The days, or the orders that differ, as CSV."""
    with _reconciler(request).database.connect() as connection:
        body = _body(service.find(connection, rec_id), whole=True)
        listed = [_order(row) for row in service.differing(connection, rec_id, None)]
    out = io.StringIO()
    writer = csv.writer(out)
    if what == "orders":
        writer.writerow(DifferingOrder.model_fields)
        writer.writerows([_cell(v) for v in order.model_dump().values()] for order in listed)
    elif body.split is not None:
        writer.writerow(["ours", body.split.ours])
        writer.writerows([r.code, r.amount] for r in body.split.reasons)
        writer.writerows([["unexplained", body.split.unexplained], ["theirs", body.split.theirs]])
    else:
        pairs = ("orders", "paid_minor", "refunded_minor")
        writer.writerow(
            ["day", "currency", *(f"{n}_{s}" for n in pairs for s in ("ours", "theirs")), "differing"]
        )
        for d in body.days:
            writer.writerow([d.day, d.currency, *d.orders, *d.paid_minor, *d.refunded_minor, d.differing])
    headers = {"Content-Disposition": f'attachment; filename="{rec_id}-{what}.csv"'.replace("\n", "")}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _reconciler(request: Request) -> Reconciler:
    found: Reconciler = app_part(request, "reconciler")
    return found


def _cell(value: object) -> object:
    """A text that a spreadsheet would run as a formula is neutralised."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


def _day(text: str) -> int:
    try:
        return (date.fromisoformat(text) - EPOCH_DAY).days
    except ValueError as error:
        raise BadReconciliation(
            "bad_day", Words("日期无效。", "The day is not valid."), place="day"
        ) from error


def _audit(tx: Any, reconciler: Reconciler, caller: Caller, rec_id: str, detail: dict[str, object]) -> None:
    record(
        tx, reconciler.clock, actor=caller.actor, action="reconcile.compare", object_kind="reconciliation",
        object_id=rec_id, detail=detail,
    )  # fmt: skip


def _iso(day: int | None) -> str | None:
    return None if day is None else day_to_date(day).isoformat()


def _order(row: RowMapping) -> DifferingOrder:
    values = {name: row[name] for name in DifferingOrder.model_fields}
    return DifferingOrder(**values | {"day": _iso(row["day"]), "their_day": _iso(row["their_day"])})


def _body(row: RowMapping, *, whole: bool) -> ReconciliationBody:
    result = json.loads(row["result_json"])
    split = None
    if row["kind"] == "number":
        split = SplitBody(
            measure=result["measure"], currency=result["currency"], ours=result["ours"], theirs=result["theirs"],
            reasons=[
                ReconcileReason(code=c, words=words_body(TOGGLES.get(c, ANOTHER_ZONE)), amount=n)
                for c, n in result["reasons"]
            ],
            unexplained=result["unexplained"], also=result["also"], their_zone=result["zone"],
        )  # fmt: skip
    days = result.get("days", []) if whole else []
    return ReconciliationBody(
        rec_id=row["rec_id"], kind=row["kind"], name=row["name"], zone=row["zone"], from_day=_iso(row["from_day"]),
        to_day=_iso(row["to_day"]), accuracy=row["accuracy"], differing=row["differing"],
        orders=result.get("orders", 0), reasons={} if split else result.get("reasons", {}),
        left_out=result.get("left_out", {}), actor=row["actor"], created_time=to_iso(row["created_us"]),
        days=[ReconcileDay(**{**d, "day": _iso(d["day"])}) for d in days], split=split,
    )  # fmt: skip
