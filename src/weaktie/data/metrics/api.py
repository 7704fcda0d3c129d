"""HTTP: overview and definitions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from weaktie.data.metrics.contracts import DEFINITIONS
from weaktie.data.metrics.service import Metrics
from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["metrics"])
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
    return {
        key: DefinitionBody(words=words_body(d.words), definition=words_body(d.definition))
        for key, d in DEFINITIONS.items()
    }
