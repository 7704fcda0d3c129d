"""HTTP: what figures leave out, and the marks that decide it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from weaktie.data.quality.contracts import MARK_KINDS, MOST_VALUES, Mark, MarkKind
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/quality", tags=["quality"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]


class LeftOutDayBody(BaseModel):
    """Events of a day that no figure counts."""

    day: str
    crawlers: int
    rates: int


class RateBody(BaseModel):
    """An identifier that did more in a minute than a person can; `value` is null where it is personal."""

    kind: str
    value: str | None
    day: str
    most_a_minute: int
    events: int


class QualityBody(BaseModel):
    """Everything that figures leave out."""

    days: list[LeftOutDayBody]
    own_people: int
    test_orders: int
    crawler_orders: int
    rates: list[RateBody]
    most_events_a_minute: int


class MarkBody(BaseModel):
    """One mark; it holds while `ended_time` is null. `value` is empty where the identifier is personal."""

    mark_id: str
    kind: MarkKind
    kind_words: WordsBody
    value: str
    note: str
    made_time: str
    made_by: str
    ended_time: str | None


class NewMarks(BaseModel):
    """What to mark: any identifiers of people, or prefixes of order numbers, products, coupons."""

    model_config = ConfigDict(extra="forbid")

    kind: MarkKind
    values: Annotated[
        list[Annotated[PlainText, Field(max_length=200)]], Field(min_length=1, max_length=MOST_VALUES)
    ]
    note: Annotated[PlainText, Field(max_length=200)] = ""


class AddedBody(BaseModel):
    """The marks that hold now, and the values of which nobody is known."""

    marks: list[MarkBody]
    unknown: list[str]


@router.get("")
def counts(request: Request, _caller: View) -> QualityBody:
    """Events of the last 30 days, orders and people of all time that figures leave out."""
    found = _quality(request).counts()
    return QualityBody(
        days=[
            LeftOutDayBody(day=day_to_date(d.day).isoformat(), crawlers=d.crawlers, rates=d.rates)
            for d in found.days
        ],
        own_people=found.people,
        test_orders=found.test_orders,
        crawler_orders=found.crawler_orders,
        rates=[
            RateBody(
                kind=r.kind, value=r.value, day=day_to_date(r.day).isoformat(), most_a_minute=r.most_a_minute,
                events=r.events,
            )
            for r in found.rates
        ],
        most_events_a_minute=found.limit,
    )  # fmt: skip


@router.get("/marks")
def marks(request: Request, _caller: View) -> list[MarkBody]:
    """Every mark, the newest first, those that hold no more included."""
    quality = _quality(request)
    with quality.database.connect() as connection:
        return [_body(mark) for mark in quality.listed(connection)]


@router.post("/marks", status_code=201)
def add(request: Request, caller: Operate, given: NewMarks) -> AddedBody:
    """Mark own people or test orders; figures follow with the next build."""
    quality = _quality(request)
    with quality.database.begin() as tx:
        added = quality.add(tx, given.kind, given.values, note=given.note, actor=caller.actor)
        for mark in added.marks:
            _audit(tx, quality, caller, "quality.mark", mark)
    return AddedBody(marks=[_body(mark) for mark in added.marks], unknown=added.unknown)


@router.post("/marks/{mark_id}/end")
def end(request: Request, caller: Operate, mark_id: str) -> MarkBody:
    """Let a mark hold no more; what it took out comes back with the next build."""
    quality = _quality(request)
    with quality.database.begin() as tx:
        mark = quality.end(tx, mark_id, actor=caller.actor)
        _audit(tx, quality, caller, "quality.end", mark)
    return _body(mark)


@router.post("/marks/{mark_id}/resume")
def resume(request: Request, caller: Operate, mark_id: str) -> MarkBody:
    """Let an ended mark hold again."""
    quality = _quality(request)
    with quality.database.begin() as tx:
        mark = quality.resume(tx, mark_id)
        _audit(tx, quality, caller, "quality.resume", mark)
    return _body(mark)


def _quality(request: Request) -> Quality:
    found: Quality = app_part(request, "quality")
    return found


def _audit(tx: Connection, quality: Quality, caller: Caller, action: str, mark: Mark) -> None:
    record(
        tx, quality.clock, actor=caller.actor, action=action, object_kind="mark", object_id=mark.mark_id,
        detail={"kind": mark.kind},
    )  # fmt: skip


def _body(mark: Mark) -> MarkBody:
    return MarkBody(
        mark_id=mark.mark_id,
        kind=mark.kind,
        kind_words=words_body(MARK_KINDS[mark.kind]),
        value=mark.value,
        note=mark.note,
        made_time=to_iso(mark.made_us),
        made_by=mark.made_by,
        ended_time=to_iso(mark.ended_us) if mark.ended_us is not None else None,
    )
