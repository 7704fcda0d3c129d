"""HTTP: what a builder of conditions offers, the events that were seen and what they carry."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from weaktie.data.behaviour.service import Behaviour
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api/behaviour", tags=["behaviour"])
View = Annotated[Caller, Depends(require("view"))]


class EventBody(BaseModel):
    """An event that was seen, and how often in the last 90 days of the data."""

    event: str
    words: WordsBody
    count: int


class EventsBody(BaseModel):
    """Every event, the most frequent first."""

    items: list[EventBody]


class PropertyBody(BaseModel):
    """A property; `values` are its most frequent values, none where they could name somebody."""

    property: str
    words: WordsBody
    type: Literal["text", "number", "boolean", "time"]
    values: list[str]


class PropertiesBody(BaseModel):
    """Columns first, then promoted columns, then keys of the open properties, the most frequent first."""

    items: list[PropertyBody]


@router.get("/events")
def events(request: Request, _caller: View) -> EventsBody:
    """The events that were seen, with their words from the tracking plan."""
    found = _behaviour(request).seen_events()
    return EventsBody(
        items=[EventBody(event=e.event, words=words_body(e.words), count=e.count) for e in found]
    )


@router.get("/properties")
def properties(
    request: Request, _caller: View, event: Annotated[PlainText, Query(max_length=255)] = ""
) -> PropertiesBody:
    """What an event carries; without one, what any of them carries."""
    found = _behaviour(request).seen_properties(event)
    return PropertiesBody(
        items=[
            PropertyBody(property=p.property, words=words_body(p.words), type=p.type, values=p.values)
            for p in found
        ]
    )


def _behaviour(request: Request) -> Behaviour:
    found: Behaviour = app_part(request, "behaviour")
    return found
