"""HTTP: segments, previews, members, history, exports, uploaded lists."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from weaktie.data.profiles.service import CLASS_WORDS, TIER_WORDS
from weaktie.data.segments import bodies, lists, rules
from weaktie.data.segments.contracts import (
    LARGEST_LIST_BYTES,
    BadRule,
    IdList,
    Listed,
    Rule,
    Segment,
    Wanted,
)
from weaktie.data.segments.jobs import refresh
from weaktie.data.segments.service import Segments
from weaktie.kit.clock import to_iso
from weaktie.kit.pages import page_size, read_cursor, write_cursor
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/segments", tags=["segments"])
View = Annotated[Caller, Depends(require("view"))]
May = Annotated[Caller, Depends(require("operate"))]
MOST_SHOWN_VALUES = 200


@router.get("")
def every(request: Request, _caller: View, archived: Annotated[bool, Query()] = False) -> bodies.SegmentsBody:
    """All segments in use, or the archived ones."""
    own = _segments(request)
    everybody = len(own.worlds.everybody(own.behaviour.crowd()))
    with own.database.connect() as connection:
        found = own.every(connection, archived=archived)
        shown = _Shown(request, connection, own, found, everybody)
        return bodies.SegmentsBody(items=[shown.card(s) for s in found], everybody=everybody)


@router.post("", status_code=201)
def create(request: Request, caller: May, body: bodies.SegmentAsk) -> bodies.SegmentMadeBody:
    """Make a segment and compute its members. Operators only."""
    own = _segments(request)
    with own.database.begin() as tx:
        wanted = Wanted(body.name, body.note, own.checked(tx, body.rule), body.frozen)
        segment_id = own.create(tx, wanted, caller.actor)
        _audit(request, tx, caller, "segment.create", segment_id, _said(own, tx, wanted) | {"version": 1})
    return _computed(own, segment_id)


@router.get("/vocabulary")
def vocabulary(request: Request, _caller: View) -> bodies.SegmentVocabularyBody:
    """What rules may be made of."""
    own = _segments(request)
    return bodies.SegmentVocabularyBody(
        tags=[
            bodies.SegmentTag(
                key=t.key, words=words_body(t.words), type=t.type, dimension=words_body(t.dimension),
                unit=words_body(t.unit) if t.unit is not None else None,
            )
            for t in own.book.tags()
        ],
        classes=_named(CLASS_WORDS), tiers=_named(TIER_WORDS), currency=own.currency,
    )  # fmt: skip


@router.get("/values")
def values(
    request: Request, _caller: View, tag: Annotated[str, Query(max_length=200)]
) -> list[bodies.SegmentCountedBody]:
    """The most frequent values of a tag of texts among those who may be analysed."""
    own = _segments(request)
    info = own.book.tag(tag)
    if info is None:
        raise BadRule("tag", Words("没有这个标签。", "There is no such tag."))
    world = own.worlds.now(own.answer)
    found = world.tag(tag)
    if found.codes is None:
        return []
    counted = np.bincount(found.codes[found.codes >= 0], minlength=len(found.texts))
    ranked = sorted(range(len(found.texts)), key=lambda i: (-int(counted[i]), found.texts[i]))
    return [
        bodies.SegmentCountedBody(
            value=found.texts[i], count=int(counted[i]),
            words=words_body(info.labels.get(found.texts[i]) or Words(found.texts[i] or "—", found.texts[i] or "—")),
        )
        for i in ranked[:MOST_SHOWN_VALUES]
        if counted[i]
    ]  # fmt: skip


@router.post("/preview")
def preview(request: Request, _caller: View, body: bodies.SegmentPreviewAsk) -> bodies.SegmentPreviewBody:
    """The size of a rule's people, its overlap with segments, and who is left out; nothing is stored."""
    own = _segments(request)
    with own.database.connect() as connection:
        rule = own.checked(connection, body.rule)
        said = own.sentence(connection, rule)
    found = own.preview(rule, exact=body.exact, overlaps=body.overlaps)
    return bodies.SegmentPreviewBody(
        size=found.size, low=found.low, high=found.high, everybody=found.everybody,
        share=found.size / found.everybody if found.everybody else 0.0, sampled=found.sampled, asked=found.asked,
        parts=found.parts,
        overlaps=[
            bodies.SegmentOverlapBody(segment_id=o.segment_id, name=o.name, size=o.size, both=o.both) for o in found.overlaps
        ],
        left_out=bodies.SegmentLeftOutBody.model_validate(own.directory.left_out().as_dict()),
        sentence=words_body(said), took_ms=found.took_ms,
    )  # fmt: skip


@router.post("/sentence")
def sentence(request: Request, _caller: View, body: bodies.SegmentSentenceAsk) -> WordsBody:
    """A rule as a sentence in both languages."""
    own = _segments(request)
    with own.database.connect() as connection:
        return words_body(own.sentence(connection, own.checked(connection, body.rule)))


@router.post("/lists", status_code=201)
async def send_list(request: Request, caller: May) -> bodies.SegmentListBody:
    """Take a list of ids (the raw body: CSV or text, at most 200,000 lines and 32 MB): user ids, phones, e-mails, openids. Who
    they are is kept, the lines are not. A rule names it as `{"is": "list", "list": ID}`. Operators only."""
    own = _segments(request)
    raw = bytearray()
    async for part in request.stream():
        raw += part
        if len(raw) > LARGEST_LIST_BYTES:
            raise lists.too_large()

    def take() -> bodies.SegmentListBody:
        with own.database.begin() as tx:
            found = own.take_list(tx, bytes(raw), caller.actor)
            detail = {"lines": found.lines, "matched": found.matched, "people": found.people}
            _audit(request, tx, caller, "segment.list", found.list_id, detail)
        return _list(found)

    return await run_in_threadpool(take)


@router.get("/{segment_id}")
def one(request: Request, _caller: View, segment_id: str) -> bodies.SegmentOneBody:
    """One segment with its rule."""
    own = _segments(request)
    everybody = len(own.worlds.everybody(own.behaviour.crowd()))
    with own.database.connect() as connection:
        segment = own.get(connection, segment_id)
        card = _Shown(request, connection, own, [segment], everybody).card(segment)
        named = [part.list for _, _, part in rules.walk(segment.rule) if isinstance(part, Listed)]
        return bodies.SegmentOneBody(
            **card.model_dump(), rule=rules.as_json(segment.rule), used_by=own.using(connection, segment_id),
            lists=[_list(own.id_list(connection, i)) for i in dict.fromkeys(named)],
        )  # fmt: skip


@router.put("/{segment_id}")
def edit(
    request: Request, caller: May, segment_id: str, body: bodies.SegmentEditAsk
) -> bodies.SegmentMadeBody:
    """Save another version and compute its members; 409 `segment_changed` when somebody else was quicker. Operators only."""
    own = _segments(request)
    with own.database.begin() as tx:
        wanted = Wanted(body.name, body.note, own.checked(tx, body.rule, segment_id), body.frozen)
        version = own.edit(tx, segment_id, wanted, version=body.version, actor=caller.actor)
        _audit(request, tx, caller, "segment.edit", segment_id, _said(own, tx, wanted) | {"version": version})
    return _computed(own, segment_id)


@router.post("/{segment_id}/versions/{version}/restore")
def restore(
    request: Request, caller: May, segment_id: str, version: int, body: bodies.SegmentRestoreAsk
) -> bodies.SegmentMadeBody:
    """Make an earlier version the newest again. Operators only."""
    own = _segments(request)
    with own.database.begin() as tx:
        before = own.version(tx, segment_id, version)
        checked = own.checked(tx, rules.as_json(before.rule), segment_id)
        wanted = Wanted(before.name, before.note, checked, before.frozen)
        new = own.edit(tx, segment_id, wanted, version=body.version, actor=caller.actor, restored=version)
        detail = _said(own, tx, wanted) | {"version": new, "restored": version}
        _audit(request, tx, caller, "segment.restore", segment_id, detail)
    return _computed(own, segment_id)


@router.post("/{segment_id}/refresh")
def compute(request: Request, caller: May, segment_id: str) -> bodies.SegmentMadeBody:
    """Compute the members now; a frozen segment is frozen anew. Operators only."""
    own = _segments(request)
    with own.database.begin() as tx:
        own.get(tx, segment_id)
        _audit(request, tx, caller, "segment.refresh", segment_id, {})
    return _computed(own, segment_id)


@router.post("/{segment_id}/archive", status_code=204)
def archive(request: Request, caller: May, segment_id: str) -> Response:
    """Put a segment away; 409 `segment_in_use` while another refers to it. Operators only."""
    return _put_away(request, caller, segment_id, archived=True)


@router.post("/{segment_id}/take-back", status_code=204)
def take_back(request: Request, caller: May, segment_id: str) -> Response:
    """Take an archived segment back. Operators only."""
    return _put_away(request, caller, segment_id, archived=False)


@router.get("/{segment_id}/versions")
def versions(request: Request, _caller: View, segment_id: str) -> list[bodies.SegmentVersionBody]:
    """Every version, the newest first."""
    own = _segments(request)
    with own.database.connect() as connection:
        said, names = own.sayer(connection), _names(request, connection)
        return [
            bodies.SegmentVersionBody(
                version=row["version"], name=row["name"], note=row["note"], frozen=row["frozen"],
                sentence=words_body(said(rules.decode(row["rule_json"]))), changed_time=to_iso(row["changed_us"]),
                changed_by=row["changed_by"], changed_by_name=names.get(row["changed_by"]), restored_from=row["restored_from"],
            )
            for row in own.versions(connection, segment_id)
        ]  # fmt: skip


@router.get("/{segment_id}/history")
def history(request: Request, _caller: View, segment_id: str) -> list[bodies.SegmentRunBody]:
    """The last 400 runs that changed the members, the oldest first."""
    own = _segments(request)
    with own.database.connect() as connection:
        return [
            bodies.SegmentRunBody(
                run_no=row["run_no"], version=row["version"], time=to_iso(row["at_us"]), size=row["size"],
                entered=row["entered_count"], left=row["left_count"],
            )
            for row in own.runs(connection, segment_id)
        ]  # fmt: skip


@router.get("/{segment_id}/members")
def members(
    request: Request,
    _caller: View,
    segment_id: str,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
    limit: Annotated[int | None, Query(ge=1, le=500)] = None,
) -> bodies.SegmentMembersBody:
    """The members as the last run left them who may be analysed now."""
    own = _segments(request)
    people = own.members(segment_id)
    size, start = page_size(limit), 0
    if cursor:
        (last,) = read_cursor(cursor, 1)
        start = int(np.searchsorted(people, last if isinstance(last, int) else 0, "right"))
    page = people[start : start + size]
    ids = dict(pair for part in own.directory.ids_of(page) for pair in part)
    return bodies.SegmentMembersBody(
        items=[bodies.SegmentMemberBody(user_id=ids.get(n, f"@{n}"), person_no=n) for n in page.tolist()],
        next_cursor=write_cursor(int(page[-1])) if start + size < len(people) else None,
        total=len(people),
    )


@router.get("/{segment_id}/members/{user_id}")
def is_member(request: Request, _caller: View, segment_id: str, user_id: str) -> bodies.SegmentIsMemberBody:
    """Whether somebody is a member as of the last run and may be analysed now; false for who is not known."""
    own = _segments(request)
    member = own.is_member(segment_id, user_id)
    with own.database.connect() as connection:
        at_us = own.get(connection, segment_id).computed_us
    return bodies.SegmentIsMemberBody(
        member=member, computed_time=to_iso(at_us) if at_us is not None else None
    )


@router.get("/{segment_id}/export", response_class=StreamingResponse)
def export(
    request: Request, caller: View, segment_id: str, form: Annotated[bodies.ExportFormat, Query(alias="format")] = "csv"
) -> Response:  # fmt: skip
    """The ids of the members who may be analysed now, as CSV or Parquet: no name, no contact. It stands in the audit log."""
    own = _segments(request)
    people = own.members(segment_id)
    with own.database.begin() as tx:
        _audit(request, tx, caller, "segment.export", segment_id, {"format": form, "people": len(people)})
    headers = {"Content-Disposition": f'attachment; filename="{segment_id}.{form}"'}
    ids = own.directory.ids_of(people)
    if form == "csv":
        return StreamingResponse(_csv(ids), media_type="text/csv; charset=utf-8", headers=headers)
    return Response(_parquet(ids), media_type="application/vnd.apache.parquet", headers=headers)


class _Shown:
    """Segments as lists show them."""

    def __init__(
        self, request: Request, connection: Connection, own: Segments, found: list[Segment], everybody: int
    ) -> None:
        self._say: Callable[[Rule], Words] = own.sayer(connection)
        self._trends = own.trends(connection, found)
        self._names = _names(request, connection)
        self._everybody = everybody

    def card(self, s: Segment) -> bodies.SegmentBody:
        """One of them."""
        return bodies.SegmentBody(
            segment_id=s.segment_id, name=s.name, note=s.note, owner=s.owner, owner_name=self._names.get(s.owner),
            frozen=s.frozen, version=s.version, sentence=words_body(self._say(s.rule)), size=s.size,
            share=s.size / self._everybody if self._everybody else 0.0,
            computed_time=to_iso(s.computed_us) if s.computed_us is not None else None, made_time=to_iso(s.made_us),
            changed_time=to_iso(s.changed_us),
            archived_time=to_iso(s.archived_us) if s.archived_us is not None else None,
            trend=self._trends[s.segment_id],
        )  # fmt: skip


def _segments(request: Request) -> Segments:
    found: Segments = app_part(request, "segments")
    return found


def _computed(own: Segments, segment_id: str) -> bodies.SegmentMadeBody:
    with own.database.connect() as connection:
        segment = own.get(connection, segment_id)
    refresh(own, segment, own.generation())
    with own.database.connect() as connection:
        segment = own.get(connection, segment_id)
    return bodies.SegmentMadeBody(segment_id=segment_id, version=segment.version, size=segment.size)


def _put_away(request: Request, caller: Caller, segment_id: str, *, archived: bool) -> Response:
    own = _segments(request)
    with own.database.begin() as tx:
        own.archive(tx, segment_id, archived=archived)
        name = own.get(tx, segment_id).name
        _audit(
            request,
            tx,
            caller,
            f"segment.{'archive' if archived else 'take_back'}",
            segment_id,
            {"name": name},
        )
    return Response(status_code=204)


def _said(own: Segments, tx: Connection, wanted: Wanted) -> dict[str, Any]:
    said = own.sentence(tx, wanted.rule)
    return {"name": wanted.name, "frozen": wanted.frozen, "rule_zh": said.zh[:500], "rule_en": said.en[:500]}


def _audit(
    request: Request, tx: Connection, caller: Caller, action: str, object_id: str, detail: dict[str, Any]
) -> None:
    clock = app_part(request, "clock")
    record(
        tx,
        clock,
        actor=caller.actor,
        action=action,
        object_kind="segment",
        object_id=object_id,
        detail=detail,
    )


def _names(request: Request, connection: Connection) -> dict[str, str]:
    found: dict[str, str] = app_part(request, "accounts").names(connection)
    return found


def _named(known: dict[str, Words]) -> list[bodies.SegmentNamedBody]:
    return [bodies.SegmentNamedBody(value=value, words=words_body(words)) for value, words in known.items()]


def _list(found: IdList) -> bodies.SegmentListBody:
    return bodies.SegmentListBody(
        list_id=found.list_id, lines=found.lines, matched=found.matched, unmatched=found.unmatched,
        repeated=found.repeated, people=found.people, rate=found.rate,
    )  # fmt: skip


def _csv(parts: Iterator[list[tuple[int, str]]]) -> Iterator[str]:
    """UTF-8 with a byte-order mark; cells that a spreadsheet would run are neutralised."""
    yield "\ufeffuser_id\r\n"
    for part in parts:
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerows([f"'{i}" if i[:1] in "=+-@\t\r" else i] for _, i in part)
        yield out.getvalue()


def _parquet(parts: Iterator[list[tuple[int, str]]]) -> bytes:
    schema = pa.schema([("user_id", pa.string()), ("person_no", pa.int32())])
    out = io.BytesIO()
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        for part in parts:
            columns = [
                pa.array([i for _, i in part], pa.string()),
                pa.array([n for n, _ in part], pa.int32()),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    return out.getvalue()
