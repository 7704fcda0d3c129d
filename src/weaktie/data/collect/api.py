"""HTTP: live events, dead letters, trying events, and the settings that Segment's browser SDK asks for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from weaktie.data.collect import letters
from weaktie.data.collect.letter_bodies import (
    DeadLetterBody,
    DeadLetterCountBody,
    DeadLettersBody,
    DiscardBody,
    LettersWanted,
    MendedBody,
    MendJobBody,
    MendPreviewBody,
    RuleBody,
    TouchedBody,
)
from weaktie.data.collect.letters import LetterFilter
from weaktie.data.collect.live import LiveEvent, LiveEvents
from weaktie.data.collect.refusals import refuse
from weaktie.data.collect.replay import Mender
from weaktie.data.collect.trial import Tried, try_events
from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.settings import Settings
from weaktie.kit.web import WordsBody, app_part, json_bytes, words_body
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api", tags=["collect"])
public = APIRouter(tags=["collect"])
View = Annotated[Caller, Depends(require("view"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Protocol = Literal["segment", "sensors", "posthog"]
Mend = Annotated[Caller, Depends(require("develop", "operate"))]
STREAM_SECONDS = 1.0
STREAM_LIMIT = 200


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
    source: str | None = None,
    event: str | None = None,
    state: Literal["open", "mended", "discarded"] | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> DeadLettersBody:
    """Events that could not be stored, with their reasons and what became of them; samples are masked."""
    wanted = LetterFilter(code=code, source_id=source, event=event, state=state)
    with app_part(request, "database").connect() as connection:
        page = letters.page(connection, app_part(request, "day_keys"), wanted, cursor, limit)
    items = [
        DeadLetterBody(
            id=letter.letter_id, received_time=to_iso(letter.received_us), source=letter.source_id,
            protocol=letter.protocol, code=letter.code, message=words_body(letter.message), place=letter.place,
            sample=letter.sample, event=letter.event, state=letter.state,  # type: ignore[arg-type]
            outcome=letter.outcome, mendable=letter.mendable and letter.state == letters.OPEN,
        )
        for letter in page.items
    ]  # fmt: skip
    return DeadLettersBody(items=items, next_cursor=page.next_cursor, total=page.total)


@router.get("/dead-letters/summary")
def dead_letter_summary(request: Request, _caller: View) -> list[DeadLetterCountBody]:
    """How many dead letters there are for each reason."""
    with app_part(request, "database").connect() as connection:
        counts = letters.summary(connection)
    return [
        DeadLetterCountBody(
            code=c.code, message=words_body(c.message), count=c.count, total=c.total,
            first_time=to_iso(c.first_us), last_time=to_iso(c.last_us), sources=c.sources,
        )
        for c in counts
    ]  # fmt: skip


@router.post("/dead-letters/preview")
def preview_mending(request: Request, _caller: Mend, body: RuleBody) -> MendPreviewBody:
    """What a rule would make of the first open letters it is for; nothing is changed."""
    mender: Mender = app_part(request, "mender")
    matching, found = mender.preview(body.wanted.letters(letters.OPEN), body.checked())
    items = [
        MendedBody(
            id=p.letter_id, before=p.before, after=p.after, event=p.event, code=p.code,
            message=words_body(p.words) if p.words else None, place=p.place,
        )
        for p in found
    ]  # fmt: skip
    return MendPreviewBody(matching=matching, items=items)


@router.post("/dead-letters/mend", status_code=201)
def mend_letters(request: Request, caller: Mend, body: RuleBody) -> MendJobBody:
    """Mend and replay every open letter the rule is for, as a job; each letter is replayed once."""
    body.checked()
    params = body.model_dump(mode="json", exclude_defaults=True)
    job = app_part(request, "jobs").start("mend", params, caller.actor)
    note = {"wanted": params.get("wanted", {}), "steps": [f"{s.kind} {s.path}".strip() for s in body.steps]}
    app_part(request, "note")(caller.actor, "dead_letters.mend", "job", job.job_id, note)
    return MendJobBody(job_id=job.job_id)


@router.post("/dead-letters/discard")
def discard_letters(request: Request, caller: Mend, body: DiscardBody) -> TouchedBody:
    """Put open letters aside, with a reason."""
    mender: Mender = app_part(request, "mender")
    with app_part(request, "database").begin() as tx:
        count = mender.discard(tx, body.wanted.letters(letters.OPEN), body.reason)
        _on_record(
            request, tx, caller, "dead_letters.discard", body.wanted, {"count": count, "reason": body.reason}
        )
    return TouchedBody(count=count)


@router.post("/dead-letters/take-back")
def take_back_letters(request: Request, caller: Mend, body: LettersWanted) -> TouchedBody:
    """Open discarded letters again."""
    mender: Mender = app_part(request, "mender")
    with app_part(request, "database").begin() as tx:
        count = mender.take_back(tx, body.letters(letters.DISCARDED))
        _on_record(request, tx, caller, "dead_letters.take_back", body, {"count": count})
    return TouchedBody(count=count)


def _on_record(
    request: Request,
    tx: Connection,
    caller: Caller,
    action: str,
    wanted: LettersWanted,
    detail: dict[str, object],
) -> None:
    about = wanted.model_dump(mode="json", exclude_defaults=True)
    record(
        tx, app_part(request, "clock"), actor=caller.actor, action=action, object_kind="dead_letters",
        object_id=str(about.get("code", "")), detail=detail | {"wanted": about},
    )  # fmt: skip


class TrialRequest(BaseModel):
    """The JSON that a client would send: one event, a list, or a batch."""

    text: Annotated[str, Field(min_length=1, max_length=512_000)]


class IdentifierBody(BaseModel):
    """An identifier by which the event names a person."""

    kind: str
    value: str


class TriedBody(BaseModel):
    """What one event would become: its rows by table, or the reason why it would be a dead letter."""

    ok: bool
    event: str | None = None
    event_id: str | None = None
    event_time: str | None = None
    identifiers: list[IdentifierBody] = []
    rows: dict[str, list[dict[str, Any]]] = {}
    personal: list[str] = []
    code: str | None = None
    place: str | None = None
    message: WordsBody | None = None


class TrialBody(BaseModel):
    """Every event of the text, in its order."""

    items: list[TriedBody]


@router.post("/collect/validate")
def validate(request: Request, _caller: Developer, protocol: Protocol, given: TrialRequest) -> TrialBody:
    """Try events: what each would be stored as, or its code, place and words. Nothing is stored."""
    settings: Settings = app_part(request, "settings")
    clock: Clock = app_part(request, "clock")
    tried = try_events(
        protocol, given.text, app_part(request, "decoders"), now_us=clock.now_us(), zone=settings.zone,
        currency=settings.workspace.currency, largest_event=settings.door.max_event_bytes,
    )  # fmt: skip
    return TrialBody(items=[_tried(one) for one in tried])


def _tried(one: Tried) -> TriedBody:
    if one.bad is not None:
        words = words_body(one.bad.words)
        return TriedBody(ok=False, code=one.bad.code, place=one.bad.place, message=words)
    event = one.event
    assert event is not None
    return TriedBody(
        ok=True, event=event.event, event_id=event.event_id, event_time=to_iso(event.event_us),
        identifiers=[IdentifierBody(kind=kind, value=value) for kind, value in event.identifiers],
        rows=one.rows, personal=one.personal,
    )  # fmt: skip


@public.get("/v1/projects/{write_key}/settings", include_in_schema=False)
async def segment_settings(request: Request, write_key: str) -> Response:
    """What Segment's browser SDK (`@segment/analytics-next`, with `cdnURL`) asks before it sends: send it all to us."""
    settings: Settings = app_part(request, "settings")
    if await app_part(request, "key_book").find(write_key) is None:
        raise refuse("bad_key")
    secure = settings.security.secure_cookies or request.url.scheme == "https"
    ours = {
        "apiKey": write_key,
        "apiHost": f"{request.headers.get('host', '')}/v1",
        "protocol": "https" if secure else "http",
        "versionSettings": {"componentTypes": ["browser"]},
    }
    answer = json_bytes({
        "integrations": {"Segment.io": ours},
        "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
        "metrics": {"sampleRate": 0},
    })  # fmt: skip
    origins = [origin.strip().rstrip("/") for origin in settings.door.cors_origins.split(",")]
    origin = request.headers.get("origin")
    if origin is not None and ("*" in origins or origin in origins):
        answer.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
    answer.headers["Vary"] = "Origin"
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return answer
