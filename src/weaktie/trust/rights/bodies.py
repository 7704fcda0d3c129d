"""Bodies of the routes of requests."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.trust.rights.contracts import CLOSED, KINDS, Request

Kind = Literal["see", "copy", "correct", "erase", "close", "explain"]
State = Literal["received", "verified", "in_progress", "done", "refused"]
Note = Annotated[PlainText, Field(min_length=1, max_length=500)]


class RequestAsk(BaseModel):
    """A request as an officer takes it in; with `verified_how` the identity counts as checked."""

    user_id: Annotated[PlainText, Field(min_length=1, max_length=200)]
    kind: Kind
    text: Annotated[PlainText, Field(max_length=500)] = ""
    verified_how: Annotated[PlainText | None, Field(min_length=1, max_length=200)] = None


class NoteAsk(BaseModel):
    """How the identity was checked, why a request is refused, or what was answered."""

    note: Note


class CorrectAsk(BaseModel):
    """Which field, and what it should be."""

    field: Annotated[PlainText, Field(min_length=1, max_length=24)]
    value: Annotated[PlainText, Field(min_length=1, max_length=200)]


class ConfirmAsk(BaseModel):
    """The request's number typed again: an erasure cannot be undone."""

    confirm: Annotated[PlainText, Field(min_length=1, max_length=60)]


class RequestStepBody(BaseModel):
    """One thing that was done."""

    action: str
    state: State
    actor: str
    note: str
    time: str


class RequestBody(BaseModel):
    """One request. `said` is what the person wrote; it is empty in lists and after an erasure."""

    request_id: str
    kind: Kind
    words: WordsBody
    state: State
    channel: str
    person_no: int
    actor: str
    asked_time: str
    due_time: str
    closed_time: str | None
    overdue: bool
    erasure_id: str | None
    proof: str | None
    said: str
    steps: list[RequestStepBody]


class RequestsBody(BaseModel):
    """A page of the queue: what is due first on top."""

    items: list[RequestBody]
    next_cursor: str | None
    total: int | None


class QueueBody(BaseModel):
    """How many requests are in which state, and how many are late."""

    states: dict[str, int]
    open: int
    overdue: int
    fields: dict[str, WordsBody]


class TicketBody(BaseModel):
    """Where a copy can be fetched, once."""

    path: str
    expires_time: str


class DataBody(BaseModel):
    """Everything that is kept about the person, by capability and table."""

    data: dict[str, dict[str, list[dict[str, object]]]]


class ProofBody(BaseModel):
    """The proof of a closed request; `hash` is the SHA-256 of the canonical JSON of `document`, `sound` whether it still
    agrees with what was recorded at the end."""

    document: dict[str, object]
    hash: str
    sound: bool


def request_body(request: Request, now_us: int, said: str = "") -> RequestBody:
    """A request as a body."""
    words = KINDS[request.kind]
    return RequestBody(
        request_id=request.request_id, kind=request.kind, words=words_body(words),  # type: ignore[arg-type]
        state=request.state, channel=request.channel, person_no=request.alias_no, actor=request.actor,  # type: ignore[arg-type]
        asked_time=to_iso(request.asked_us), due_time=to_iso(request.due_us),
        closed_time=None if request.closed_us is None else to_iso(request.closed_us),
        overdue=request.state not in CLOSED and request.due_us < now_us, erasure_id=request.erasure_id,
        proof=request.proof, said=said,
        steps=[
            RequestStepBody(action=s.action, state=s.state, actor=s.actor, note=s.note, time=to_iso(s.at_us))  # type: ignore[arg-type]
            for s in request.steps
        ],
    )  # fmt: skip
