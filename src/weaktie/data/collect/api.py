"""HTTP: live events and dead letters."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from weaktie.data.collect import letters
from weaktie.data.collect.letters import LetterFilter
from weaktie.data.collect.live import LiveEvent, LiveEvents
from weaktie.data.collect.mending import MOST_STEPS, Step, checked
from weaktie.data.collect.replay import Mender
from weaktie.kit.clock import from_datetime, to_iso
from weaktie.kit.web import PlainText, app_part
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api", tags=["collect"])
View = Annotated[Caller, Depends(require("view"))]
Mend = Annotated[Caller, Depends(require("develop", "operate"))]
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
    """One event that could not be stored; it can be mended while it is open and its sample is whole."""

    id: int
    received_time: str
    source: str
    protocol: str
    code: str
    message: WordsBody
    place: str
    sample: str | None
    event: str | None
    state: Literal["open", "mended", "discarded"]
    outcome: str | None
    mendable: bool


class DeadLettersBody(BaseModel):
    """A page of dead letters, the newest first."""

    items: list[DeadLetterBody]
    next_cursor: str | None
    total: int | None


class DeadLetterCountBody(BaseModel):
    """How many dead letters have one reason: open ones, and all that ever had it."""

    code: str
    message: WordsBody
    count: int
    total: int
    first_time: str
    last_time: str
    sources: list[str]


class LettersWanted(BaseModel):
    """Which dead letters; what is left out is not asked."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[PlainText, Field(max_length=64)] | None = None
    source: Annotated[PlainText, Field(max_length=64)] | None = None
    protocol: Annotated[PlainText, Field(max_length=16)] | None = None
    event: Annotated[PlainText, Field(max_length=255)] | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def letters(self, state: str | None) -> LetterFilter:
        """The filter for letters in a state."""
        since, until = (None if at is None else from_datetime(at) for at in (self.since, self.until))
        return LetterFilter(self.code, self.source, self.protocol, self.event, since, until, state)


class StepBody(BaseModel):
    """One step of a rule: what it does to the field at `path` (dotted, `*` for each item of a list)."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "set", "rename", "remove", "to_number", "to_text", "parse_time", "cut", "null_numbers", "clean_text"
    ]
    path: Annotated[PlainText, Field(max_length=200)] = ""
    to: Annotated[PlainText, Field(max_length=200)] = ""
    value: str | int | float | bool | None = None
    format: Annotated[PlainText, Field(max_length=64)] = ""
    length: int = 0


class RuleBody(BaseModel):
    """A rule: which letters, and the steps that mend them."""

    model_config = ConfigDict(extra="forbid")

    wanted: LettersWanted = LettersWanted()
    steps: Annotated[list[StepBody], Field(max_length=MOST_STEPS)] = []

    def checked(self) -> tuple[Step, ...]:
        """The steps; raises BadRule."""
        return checked([Step(**step.model_dump()) for step in self.steps])


class MendedBody(BaseModel):
    """What a rule would make of one letter; `code` is the reason that remains, null where it would be stored."""

    id: int
    before: str
    after: str
    event: str | None
    code: str | None
    message: WordsBody | None
    place: str


class MendPreviewBody(BaseModel):
    """How many open letters the rule is for, and what it would make of the first."""

    matching: int
    items: list[MendedBody]


class MendJobBody(BaseModel):
    """The job that mends."""

    job_id: str


class DiscardBody(BaseModel):
    """Letters to put aside, and why."""

    model_config = ConfigDict(extra="forbid")

    wanted: LettersWanted
    reason: Annotated[PlainText, Field(max_length=64)]


class TouchedBody(BaseModel):
    """How many letters were touched."""

    count: int


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
            protocol=letter.protocol, code=letter.code, message=WordsBody(**letter.message.as_dict()), place=letter.place,
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
            code=c.code, message=WordsBody(**c.message.as_dict()), count=c.count, total=c.total,
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
            message=WordsBody(**p.words.as_dict()) if p.words else None, place=p.place,
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
