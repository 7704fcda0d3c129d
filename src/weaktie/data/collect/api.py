"""HTTP: live events and dead letters."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from weaktie.data.collect import letters
from weaktie.data.collect.live import LiveEvent, LiveEvents
from weaktie.kit.clock import to_iso
from weaktie.kit.web import app_part
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["collect"])
View = Annotated[Caller, Depends(require("view"))]
STREAM_SECONDS = 1.0
STREAM_LIMIT = 200


class WordsBody(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class LiveEventBody(BaseModel):
    """One event of the live page."""

    event_id: str
    event: str
    event_time: str
    received_time: str
    user_id: str | None
    source: str
    platform: str | None
    flags: int
    properties: dict[str, object]


class LiveEventsBody(BaseModel):
    """Events, the newest first."""

    items: list[LiveEventBody]


class DeadLetterBody(BaseModel):
    """One event that could not be stored."""

    id: int
    received_time: str
    source: str
    protocol: str
    code: str
    message: WordsBody
    place: str
    sample: str | None


class DeadLettersBody(BaseModel):
    """A page of dead letters, the newest first."""

    items: list[DeadLetterBody]
    next_cursor: str | None
    total: int | None


class DeadLetterCountBody(BaseModel):
    """How many dead letters have one reason."""

    code: str
    message: WordsBody
    count: int
    last_time: str


def _live(event: LiveEvent) -> LiveEventBody:
    return LiveEventBody(
        event_id=event.event_id,
        event=event.event,
        event_time=to_iso(event.event_us),
        received_time=to_iso(event.received_us),
        user_id=event.user_id,
        source=event.source,
        platform=event.platform,
        flags=event.flags,
        properties=event.properties,
    )


@router.get("/live/events")
def live_events(
    request: Request,
    _caller: View,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    event: str | None = None,
    source: str | None = None,
) -> LiveEventsBody:
    """The events that entered the lake last."""
    live: LiveEvents = app_part(request, "live")
    return LiveEventsBody(items=[_live(e) for e in live.latest(event=event, source=source, limit=limit)[1]])


@router.get("/live/stream", response_class=StreamingResponse)
async def live_stream(
    request: Request, _caller: View, event: str | None = None, source: str | None = None
) -> StreamingResponse:
    """Server-sent events: about once a second the events that are new in the lake."""
    live: LiveEvents = app_part(request, "live")

    async def stream() -> AsyncIterator[bytes]:
        version, _ = await asyncio.to_thread(live.latest, event=event, source=source, limit=1)
        yield b": ready\n\n"
        while not await request.is_disconnected():
            await asyncio.sleep(STREAM_SECONDS)
            version, found = await asyncio.to_thread(
                live.latest, event=event, source=source, limit=STREAM_LIMIT, since_version=version
            )
            if found:
                items = msgspec.json.encode([_live(e).model_dump() for e in found])
                yield b"event: events\ndata: " + items + b"\n\n"
            else:
                yield b": quiet\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


@router.get("/dead-letters")
def dead_letters(
    request: Request,
    _caller: View,
    code: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> DeadLettersBody:
    """Events that could not be stored, with their reasons; samples are masked."""
    with app_part(request, "database").connect() as connection:
        page = letters.page(connection, app_part(request, "day_keys"), code, cursor, limit)
    items = [
        DeadLetterBody(
            id=letter.letter_id,
            received_time=to_iso(letter.received_us),
            source=letter.source_id,
            protocol=letter.protocol,
            code=letter.code,
            message=WordsBody(**letter.message.as_dict()),
            place=letter.place,
            sample=letter.sample,
        )
        for letter in page.items
    ]
    return DeadLettersBody(items=items, next_cursor=page.next_cursor, total=page.total)


@router.get("/dead-letters/summary")
def dead_letter_summary(request: Request, _caller: View) -> list[DeadLetterCountBody]:
    """How many dead letters there are for each reason."""
    with app_part(request, "database").connect() as connection:
        counts = letters.summary(connection)
    return [
        DeadLetterCountBody(
            code=c.code, message=WordsBody(**c.message.as_dict()), count=c.count, last_time=to_iso(c.last_us)
        )
        for c in counts
    ]
