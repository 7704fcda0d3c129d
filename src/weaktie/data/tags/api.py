"""HTTP: the shop's own tags."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.tags import bodies, forbidden, state
from weaktie.data.tags.contracts import BadTagDefinition, CustomTag, Preview
from weaktie.data.tags.frames import OFFERED
from weaktie.data.tags.logic import shown
from weaktie.data.tags.service import CustomTags
from weaktie.kit.clock import to_iso
from weaktie.kit.web import app_part, json_bytes
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller

router = APIRouter(prefix="/api", tags=["tags"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Develop = Annotated[Caller, Depends(require("develop", "operate"))]
Comply = Annotated[Caller, Depends(require("comply", "own"))]
LARGEST_FILE = 20_000_000
HEADERS = {"user_id", "id", "用户id", "用户", "person_no"}


@router.get("/custom-tags", response_model=bodies.CustomTagsBody)
def cards(request: Request, _caller: View) -> Response:
    """The shop's own tags with coverage, distribution, freshness and errors."""
    tags = _tags(request)
    tags.parts.behaviour.look_again(events=False)  # a page that waited for a tag shows it at once
    crowd = tags.parts.behaviour.crowd()
    with tags.parts.database.connect() as connection:
        counts = state.counts(connection, tags.parts.clock.now_us())
    names = _names(request)
    items = [_card(tags, tag, crowd, counts.get(tag.key, (0, 0)), names) for tag in tags.every()]
    return json_bytes(
        {
            "items": items, "python_errors": tags.python_errors(), "python_folder": "tags",
            "used_by": {key: _uses(tags, key) for key in tags.built_in() if tags.uses(key)},
        }
    )  # fmt: skip


@router.get("/custom-tags/tables", response_model=list[bodies.TagTableBody])
def tables(request: Request, _caller: Develop) -> Response:
    """The tables and columns that a query may use."""
    tags = _tags(request)
    schema = tags.runner.schema(tags.parts.behaviour.crowd())
    return json_bytes(
        [
            {
                "name": name,
                "words": OFFERED[name].as_dict(),
                "columns": [{"name": n, "type": t} for n, t in columns],
            }
            for name, columns in schema.items()
        ]
    )


@router.post("/custom-tags/preview", response_model=bodies.TagPreviewBody)
def preview(request: Request, _caller: Develop, body: bodies.TagSqlBody) -> Response:
    """What a query would make of everybody; nothing is kept."""
    return json_bytes(_preview(_tags(request).preview(body.sql)))


@router.post("/custom-tags", response_model=bodies.CustomTagBody)
def make(request: Request, caller: Develop, body: bodies.NewTagBody) -> Response:
    """Make a tag; one of SQL is filled by a job."""
    tags = _tags(request)
    tag = tags.make(body.wish(body.key), caller.actor)
    return json_bytes(_card(tags, tag, tags.parts.behaviour.crowd(), (0, 0), _names(request)))


@router.put("/custom-tags/{key}", response_model=bodies.CustomTagBody)
def change(request: Request, caller: Develop, key: str, body: bodies.TagWishBody) -> Response:
    """Give a tag a new version; its former values are read until the new ones are there."""
    tags = _tags(request)
    tags.one(key)
    tag = tags.save(body.wish(key), caller.actor)
    return json_bytes(_card(tags, tag, tags.parts.behaviour.crowd(), (0, 0), _names(request)))


@router.delete("/custom-tags/{key}", status_code=204)
def drop(request: Request, caller: Develop, key: str) -> None:
    """Take a tag back: nobody has it any more."""
    _tags(request).drop(key, caller.actor)


@router.get("/custom-tags/{key}/versions", response_model=list[bodies.TagVersionBody])
def versions(request: Request, _caller: View, key: str) -> Response:
    """Every version of a tag, the newest first."""
    names = _names(request)
    return json_bytes(
        [
            {
                "version": v.version, "words": v.words.as_dict(), "definition": v.definition.as_dict(), "dtype": v.dtype,
                "sql": v.sql, "made_by": names.get(v.made_by, v.made_by), "made_time": to_iso(v.made_us),
            }
            for v in _tags(request).history(key)
        ]
    )  # fmt: skip


@router.post("/custom-tags/{key}/versions/{version}/restore", response_model=bodies.CustomTagBody)
def restore(request: Request, caller: Develop, key: str, version: int) -> Response:
    """Make an earlier version the newest again."""
    tags = _tags(request)
    tag = tags.restore(key, version, caller.actor)
    return json_bytes(_card(tags, tag, tags.parts.behaviour.crowd(), (0, 0), _names(request)))


@router.post("/custom-tags/{key}/refill", status_code=202)
def refill(request: Request, caller: Develop, key: str) -> dict[str, str]:
    """Compute a tag of SQL again; answers the job's id."""
    tags = _tags(request)
    if tags.one(key).kind != "sql":
        raise BadTagDefinition("key", Words("仅 SQL 标签可以回填。", "Only a tag of SQL is filled."))
    return {"job_id": tags.refill(key, caller.actor)}


@router.post("/custom-tags/{key}/people", response_model=bodies.TagUploadedBody)
async def upload(
    request: Request,
    caller: Operate,
    key: str,
    expires_time: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """Set values from a CSV of two columns, id and value, sent as the body; answers the match rate."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_FILE:
            raise BadTagDefinition("body", Words("文件超过 20 MB。", "The file is over 20 MB."))
    rows = list(_pairs(body))
    by_hand = _tags(request).by_hand
    found = await run_in_threadpool(by_hand.upload, key, rows, bodies.moment(expires_time), caller.actor)
    return json_bytes(
        {
            "rows": found.rows, "matched": found.matched, "unknown": found.unknown, "bad": found.bad,
            "match_rate": found.matched / max(1, found.rows), "samples": list(found.samples),
        }
    )  # fmt: skip


@router.get("/profiles/{user_id}/custom-tags", response_model=list[bodies.OwnTagBody])
def of_person(request: Request, _caller: View, user_id: str) -> Response:
    """The shop's own tags of one person."""
    tags = _tags(request)
    profiles = app_part(request, "profiles")
    with tags.parts.database.connect() as connection:
        found, _ = profiles.analysable(connection, user_id)
    names = _names(request)
    return json_bytes(
        [
            {
                "key": tag.key, "kind": tag.kind, "words": tag.words.as_dict(), "definition": tag.definition.as_dict(),
                "dimension": tag.dimension, "display": shown(tag.dtype, value, tag.unit).as_dict(),
                "how": mark.how if mark else None, "set_by": names.get(mark.set_by, mark.set_by) if mark else None,
                "expires_time": to_iso(mark.expires_us) if mark else None,
            }
            for tag, value, mark in tags.of_person(found.alias_nos)
        ]
    )  # fmt: skip


@router.put("/profiles/{user_id}/custom-tags/{key}", status_code=204)
def set_on_person(
    request: Request, caller: Operate, user_id: str, key: str, body: bodies.TagMarkBody
) -> None:
    """Set a tag on a person by hand."""
    _tags(request).by_hand.set(key, user_id, body.value, bodies.moment(body.expires_time), caller.actor)


@router.delete("/profiles/{user_id}/custom-tags/{key}", status_code=204)
def take_from_person(request: Request, caller: Operate, user_id: str, key: str) -> None:
    """Take a tag that was set by hand from a person."""
    _tags(request).by_hand.take(key, user_id, caller.actor)


@router.get("/tag-words", response_model=bodies.TagWordsBody)
def words(request: Request, _caller: View) -> Response:
    """What no tag may be made of: the house's lists, and what the workspace added."""
    house = [{"reason": why.as_dict(), "words": text.split()} for why, text in forbidden.FORBIDDEN]
    return json_bytes({"added": _tags(request).words(), "house": house})


@router.post("/tag-words", status_code=204)
def add_word(request: Request, caller: Comply, body: bodies.TagWordBody) -> None:
    """Forbid a word in tags."""
    _tags(request).add_word(body.word, caller.actor)


@router.delete("/tag-words/{word}", status_code=204)
def remove_word(request: Request, caller: Comply, word: str) -> None:
    """Allow a word again that the workspace had added."""
    _tags(request).remove_word(word, caller.actor)


def _names(request: Request) -> Mapping[str, str]:
    """Names of the accounts, by id: who owns a tag is shown by name."""
    with app_part(request, "database").connect() as connection:
        names: Mapping[str, str] = app_part(request, "accounts").names(connection)
    return names


def _tags(request: Request) -> CustomTags:
    found: CustomTags = app_part(request, "custom_tags")
    return found


def _pairs(body: bytes) -> Iterator[tuple[str, str]]:
    """(id, value) of each line; raises BadTagDefinition. A header is passed over; one column alone means yes."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadTagDefinition("body", Words("文件须为 UTF-8 编码。", "The file has to be UTF-8.")) from None
    for number, row in enumerate(csv.reader(io.StringIO(text))):
        if not row or not row[0].strip() or (number == 0 and row[0].strip().lower() in HEADERS):
            continue
        yield row[0].strip(), row[1].strip() if len(row) > 1 else "true"


def _uses(tags: CustomTags, key: str) -> list[dict[str, str]]:
    return [{"kind": u.kind, "id": u.id, "name": u.name} for u in tags.uses(key)]


def _card(
    tags: CustomTags, tag: CustomTag, crowd: Crowd, counts: tuple[int, int], names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "key": tag.key, "kind": tag.kind, "words": tag.words.as_dict(), "definition": tag.definition.as_dict(),
        "dimension": tag.dimension, "dtype": tag.dtype, "unit": tag.unit.as_dict() if tag.unit else None, "sql": tag.sql,
        "owner": names.get(tag.owner, tag.owner), "version": tag.version, "live_version": tag.live_version,
        "expires_time": to_iso(tag.expires_us) if tag.expires_us else None,
        "over": tag.is_over(tags.parts.clock.now_us()), "made_time": to_iso(tag.made_us),
        "freshness_time": to_iso(tag.filled_us) if tag.filled_us else None, "marks": counts[0], "lapsed": counts[1],
        "error": json.loads(tag.error) if tag.error else None, "job_id": tag.job_id, "used_by": _uses(tags, tag.key),
        **tags.figures(tag, crowd),
    }  # fmt: skip


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "dtype": found.dtype, "people": found.people, "crowd": found.crowd,
        "coverage": found.people / max(1, found.crowd), "distribution": found.distribution, "sample": found.sample,
        "as_of_day": found.as_of_day,
    }  # fmt: skip
