"""HTTP: the catalogue of metrics and their values, custom metrics, overview and definitions."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.aarrr import Aarrr
from weaktie.data.metrics.bodies import (
    AnswerBody,
    CustomAsk,
    CustomBody,
    LoopBody,
    MetricBody,
    MetricQuery,
    NewCustom,
    answer_body,
    custom_body,
    loop_body,
    metric_body,
)
from weaktie.data.metrics.contracts import DEFINITIONS
from weaktie.data.metrics.service import METRICS, Metrics, read_spec
from weaktie.kit.clock import date_to_day, day_to_date, to_iso
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api", tags=["metrics"])
Operate = Annotated[Caller, Depends(require("operate"))]
View = Annotated[Caller, Depends(require("view"))]


class MoneyBody(BaseModel):
    """Integer minor units and their currency."""

    amount_minor: int
    currency: str


class ReasonBody(BaseModel):
    """Why people are left out, and how many."""

    code: str
    words: WordsBody
    count: int


class LeftOutBody(BaseModel):
    """How many people a page does not show, by reason."""

    total: int
    reasons: list[ReasonBody]


class MinuteBody(BaseModel):
    """Events that the server took in one minute."""

    minute_time: str
    events: int


class SalesDayBody(BaseModel):
    """Orders of one business day in one currency."""

    day: str
    orders: int
    amount_minor: int
    currency: str


class ActiveDayBody(BaseModel):
    """People with any event on the day."""

    day: str
    users: int


class EventCountBody(BaseModel):
    """How often an event happened."""

    event: str
    count: int


class FreshnessBody(BaseModel):
    """How fresh the numbers are."""

    lag_records: int
    lake_time: str | None
    published_time: str | None
    generation: int | None


class OverviewBody(BaseModel):
    """The shop at a glance."""

    generated_time: str
    users: int
    people_left_out: LeftOutBody
    orders: int
    gmv: list[MoneyBody]
    events_total: int
    events_per_minute: list[MinuteBody]
    orders_per_day: list[SalesDayBody]
    active_users_per_day: list[ActiveDayBody]
    top_events: list[EventCountBody]
    freshness: FreshnessBody
    dead_letters: int


class DefinitionBody(BaseModel):
    """What a number means."""

    words: WordsBody
    definition: WordsBody


@router.get("/overview")
def overview(request: Request, _caller: View) -> OverviewBody:
    """The shop at a glance."""
    metrics: Metrics = app_part(request, "metrics")
    status = app_part(request, "status")
    found = metrics.overview()
    lag, published_us, generation, letters, left_out = status.for_overview()
    return OverviewBody(
        generated_time=to_iso(found.made_us),
        users=found.users,
        people_left_out=LeftOutBody(
            total=sum(count for _, _, count in left_out),
            reasons=[
                ReasonBody(code=code, words=words_body(words), count=count) for code, words, count in left_out
            ],
        ),
        orders=found.orders,
        gmv=[MoneyBody(amount_minor=amount, currency=currency) for amount, currency in found.gmv],
        events_total=found.events,
        events_per_minute=[
            MinuteBody(minute_time=to_iso(us), events=n)
            for us, n in app_part(request, "arrivals").per_minute()
        ],
        orders_per_day=[
            SalesDayBody(
                day=day_to_date(s.day).isoformat(),
                orders=s.orders,
                amount_minor=s.amount_minor,
                currency=s.currency,
            )
            for s in found.sales_by_day
        ],
        active_users_per_day=[
            ActiveDayBody(day=day_to_date(day).isoformat(), users=users) for day, users in found.active_by_day
        ],
        top_events=[EventCountBody(event=event, count=count) for event, count in found.top_events],
        freshness=FreshnessBody(
            lag_records=lag,
            lake_time=to_iso(found.lake_us) if found.lake_us else None,
            published_time=to_iso(published_us) if published_us else None,
            generation=generation,
        ),
        dead_letters=letters,
    )


@router.get("/definitions")
def definitions(_caller: View) -> dict[str, DefinitionBody]:
    """The definition of every number that the console shows."""
    shown = {key: (m.words, m.definition) for key, m in METRICS.items()}
    shown |= {key: (d.words, d.definition) for key, d in DEFINITIONS.items()}
    return {
        key: DefinitionBody(words=words_body(words), definition=words_body(definition))
        for key, (words, definition) in shown.items()
    }


@router.get("/metrics")
def catalogue(request: Request, _caller: View) -> list[MetricBody]:
    """Every metric with its definition, and why the shop has no data for it where it has none."""
    metrics = _metrics(request)
    known, why = metrics.known(), metrics.reasons()
    zone = metrics.settings.workspace.timezone
    return [
        metric_body(m, zone, words_body(reason) if (reason := why.get(key)) is not None else None)
        for key, m in known.items()
    ]


@router.post("/metrics/query")
def query(request: Request, _caller: View, given: MetricQuery) -> AnswerBody:
    """Values of metrics by day, week or month, with what they are compared with."""
    metrics = _metrics(request)
    answer = metrics.query(given.question())
    known = metrics.known()
    return answer_body(
        answer, [known[key] for key in given.metrics if key in known], metrics.settings.workspace.timezone
    )


@router.get("/metrics/custom")
def custom(request: Request, _caller: View, archived: bool = False) -> list[CustomBody]:
    """Custom metrics, the newest version of each."""
    metrics = _metrics(request)
    with metrics.database.connect() as connection:
        return [custom_body(s) for s in metrics.custom.listed(connection, archived=archived)]


@router.get("/metrics/custom/{key}")
def custom_versions(request: Request, _caller: View, key: str) -> list[CustomBody]:
    """Every version of one custom metric, the newest first."""
    metrics = _metrics(request)
    with metrics.database.connect() as connection:
        return [custom_body(s) for s in metrics.custom.versions(connection, key)]


@router.post("/metrics/custom", status_code=201)
def add_custom(request: Request, caller: Operate, given: NewCustom) -> CustomBody:
    """Save a new custom metric."""
    return _save(request, caller, given.key, given, new=True)


@router.put("/metrics/custom/{key}")
def change_custom(request: Request, caller: Operate, key: str, given: CustomAsk) -> CustomBody:
    """Save a new version of a custom metric; the older ones stay in its history."""
    return _save(request, caller, key, given, new=False)


@router.post("/metrics/custom/{key}/archive")
def archive_custom(request: Request, caller: Operate, key: str) -> CustomBody:
    """Take a custom metric out of the catalogue; it can be taken back."""
    return _set_state(request, caller, key, "archived")


@router.post("/metrics/custom/{key}/restore")
def restore_custom(request: Request, caller: Operate, key: str) -> CustomBody:
    """Put an archived metric back."""
    return _set_state(request, caller, key, "living")


@router.get("/aarrr")
def aarrr(
    request: Request, _caller: View, from_day: Annotated[date, Query(alias="from")],
    to_day: Annotated[date, Query(alias="to")], segment: Annotated[str, Query(max_length=80)] = "",
) -> LoopBody:  # fmt: skip
    """Acquisition, activation, retention, revenue and referral over some days, and how each changed."""
    loop: Aarrr = app_part(request, "aarrr")
    found = loop.loop(Days(date_to_day(from_day), date_to_day(to_day)), segment)
    return loop_body(found, _metrics(request).settings.workspace.timezone)


def _metrics(request: Request) -> Metrics:
    found: Metrics = app_part(request, "metrics")
    return found


def _save(request: Request, caller: Caller, key: str, given: CustomAsk, *, new: bool) -> CustomBody:
    metrics = _metrics(request)
    with metrics.database.begin() as tx:
        saved, metric = metrics.custom.save(
            tx, key, Words(given.name_zh, given.name_en), Words(given.definition_zh, given.definition_en),
            read_spec(given.spec), up_is_good=given.up_is_good, actor=caller.actor, new=new,
        )  # fmt: skip
        metrics.try_out(metric)
        record(
            tx, metrics.clock, actor=caller.actor, action="metric.save", object_kind="metric", object_id=key,
            detail={"version": saved.version},
        )  # fmt: skip
    return custom_body(saved)


def _set_state(request: Request, caller: Caller, key: str, state: str) -> CustomBody:
    metrics = _metrics(request)
    with metrics.database.begin() as tx:
        saved = metrics.custom.set_state(tx, key, state)
        action = "metric.archive" if state == "archived" else "metric.restore"
        record(
            tx,
            metrics.clock,
            actor=caller.actor,
            action=action,
            object_kind="metric",
            object_id=key,
            detail={},
        )
    return custom_body(saved)
