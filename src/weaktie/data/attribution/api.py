"""HTTP: attribution of conversions to channels."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.attribution.contracts import MODELS, ORDER, Ask, Attribution, Channel, Credit, Model
from weaktie.data.attribution.service import Attributions
from weaktie.data.behaviour.contracts import Days
from weaktie.kit.clock import date_to_day
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api/attribution", tags=["attribution"])
View = Annotated[Caller, Depends(require("view"))]


class AttributionQuery(BaseModel):
    """Conversions of these days (both included): completed orders, or an event by name."""

    model_config = ConfigDict(extra="forbid")

    from_day: Annotated[date, Field(alias="from")]
    to_day: Annotated[date, Field(alias="to")]
    conversion: Annotated[PlainText, Field(min_length=1, max_length=255)] = ORDER
    lookback_days: int = 30
    segment: Annotated[PlainText, Field(max_length=80)] = ""
    skip: Annotated[list[Annotated[PlainText, Field(max_length=80)]], Field(max_length=20)] = []


class AmountBody(BaseModel):
    """Integer minor units and their currency."""

    amount_minor: int
    currency: str


class CreditBody(BaseModel):
    """What a model gives a channel."""

    model: Model
    conversions: float
    money: list[AmountBody]


class CreditedBody(BaseModel):
    """A channel; empty for conversions without a touchpoint. `touched` are conversions with it anywhere on the way."""

    channel: str
    words: WordsBody
    credit: list[CreditBody]
    touched: int
    people: int


class WayBody(BaseModel):
    """A way of channels and how many conversions took it."""

    channels: list[str]
    conversions: int


class ModelBody(BaseModel):
    """A model's name."""

    model: Model
    words: WordsBody


class AttributionBody(BaseModel):
    """Each model's credits add up to `conversions` and `money`."""

    models: list[ModelBody]
    channels: list[CreditedBody]
    conversions: int
    money: list[AmountBody]
    without_touch: int
    mean_touches: float | None
    ways: list[WayBody]


@router.post("/query")
def query(request: Request, _caller: View, given: AttributionQuery) -> AttributionBody:
    """What first, last, linear, position and Markov attribution give each channel."""
    attributions: Attributions = app_part(request, "attributions")
    days = Days(date_to_day(given.from_day), date_to_day(given.to_day))
    return _body(
        attributions.query(Ask(days, given.conversion, given.lookback_days, given.segment, tuple(given.skip)))
    )


def _body(found: Attribution) -> AttributionBody:
    return AttributionBody(
        models=[ModelBody(model=model, words=words_body(words)) for model, words in MODELS.items()],
        channels=[_channel(c) for c in found.channels],
        conversions=found.conversions,
        money=[
            AmountBody(amount_minor=amount, currency=currency) for currency, amount in found.money.items()
        ],
        without_touch=found.without_touch,
        mean_touches=found.mean_touches,
        ways=[WayBody(channels=list(way), conversions=n) for way, n in found.ways],
    )


def _channel(channel: Channel) -> CreditedBody:
    return CreditedBody(
        channel=channel.channel, words=words_body(channel.words),
        credit=[_credit(model, channel.credit[model]) for model in MODELS], touched=channel.touched, people=channel.people,
    )  # fmt: skip


def _credit(model: Model, credit: Credit) -> CreditBody:
    money = [AmountBody(amount_minor=amount, currency=currency) for currency, amount in credit.money.items()]
    return CreditBody(model=model, conversions=credit.hundredths / 100, money=money)
