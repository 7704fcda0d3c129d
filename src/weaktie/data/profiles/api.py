"""HTTP: users, one person, tags, RFM."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from weaktie.data.behaviour.contracts import I32, BadPeople
from weaktie.data.profiles import bodies, show
from weaktie.data.profiles.contracts import UserFilter
from weaktie.data.profiles.logic import neutralised
from weaktie.data.profiles.service import Profiles, UserRow
from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.money import to_major
from weaktie.kit.web import Asgi, Receive, Scope, Send, app_part, json_bytes
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record
from weaktie.trust.consent.contracts import NAME_OF, Receipt

router = APIRouter(prefix="/api", tags=["profiles"])
View = Annotated[Caller, Depends(require("view"))]
Care = Annotated[Caller, Depends(require("operate", "comply"))]
JSON = "application/json"
PROFILE_PATH = "/api/profiles/"
Cursor = Annotated[str | None, Query(max_length=400)]
Limit = Annotated[int | None, Query(ge=1, le=500)]
CSV_COLUMNS = (
    "user_id", "name", "tier", "rfm_class", "orders", "spend", "currency", "last_seen_time", "registered_time", "channel",
    "province", "city", "gender",
)  # fmt: skip


_MAY_VIEW = require("view")


class ProfileReads:
    """Answers `GET /api/profiles/ID` before the routes are looked through: the same gate, the same service, and half the
    time. Whatever is not plainly a profile for a caller who may see it goes on to the routes, which say why."""

    def __init__(self, app: Asgi) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wrap one connection."""
        body = await self._read(scope)
        if body is None:
            await self.app(scope, receive, send)
        else:
            await Response(body, media_type=JSON)(scope, receive, send)

    async def _read(self, scope: Scope) -> bytes | None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PROFILE_PATH):
            return None
        user_id = scope["path"].removeprefix(PROFILE_PATH)
        if not user_id or "/" in user_id:
            return None
        request = Request(scope)
        profiles = _profiles(request)
        if not profiles.database.is_sqlite:
            return None
        try:
            await _MAY_VIEW(request)
            return profiles.profile(user_id)
        except Refused:
            return None


def user_filter(
    search: Annotated[str | None, Query(max_length=200)] = None,
    tier: Literal["high_value", "potential", "ordinary", "at_risk"] | None = None,
    rfm: Annotated[str | None, Query(max_length=32)] = None,
    r: bodies.Level | None = None,
    f: bodies.Level | None = None,
    m: bodies.Level | None = None,
    channel: Annotated[str | None, Query(max_length=200)] = None,
    gender: Annotated[str | None, Query(max_length=64)] = None,
    province: Annotated[str | None, Query(max_length=64)] = None,
    min_spend: Annotated[int | None, Query(description="Minor units of the person's currency")] = None,
    active_within: Annotated[int | None, Query(ge=1, le=3650, description="Days")] = None,
    visitors: Annotated[bool, Query(description="Anonymous visitors instead of identified users")] = False,
    sort: Literal["last_seen", "spend", "orders", "registered"] = "last_seen",
    order: Literal["asc", "desc"] = "desc",
) -> UserFilter:
    """The filter of a list of users, as its address says it."""
    return UserFilter(
        (search or "").strip() or None, tier, rfm, r, f, m, channel, gender, province, min_spend, active_within,
        visitors, sort, order == "desc",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of people and who they are now."""

    query: dict[str, Any]
    people: I32


def people_asked(
    request: Request,
    people: Annotated[
        str | None,
        Query(max_length=8000, description="A query of people as JSON: who stands behind a figure"),
    ] = None,
) -> Asked | None:
    """The people that an address narrows a list to; raises BadPeople."""
    if not people:
        return None
    try:
        query = msgspec.json.decode(people)
    except msgspec.DecodeError:
        query = None
    if not isinstance(query, dict):
        raise BadPeople(Words("人群查询不是 JSON 对象。", "The query of people is no JSON object."))
    return Asked(query, app_part(request, "behaviour").people(query))


Wanted = Annotated[UserFilter, Depends(user_filter)]
Behind = Annotated[Asked | None, Depends(people_asked)]


@router.get("/profiles/{user_id}", response_model=bodies.ProfileBody)
async def profile(request: Request, _caller: View, user_id: str) -> Response:
    """One person by any of their ids."""
    profiles = _profiles(request)
    if profiles.database.is_sqlite:
        # A few point reads of files in memory: shorter than the way to another thread and back.
        return Response(profiles.profile(user_id), media_type=JSON)
    return Response(await run_in_threadpool(profiles.profile, user_id), media_type=JSON)


@router.get("/users", response_model=bodies.UsersBody)
def users(
    request: Request, _caller: View, wanted: Wanted, asked: Behind, cursor: Cursor = None, limit: Limit = None
) -> Response:
    """People who may be analysed, searched by any exact id or the beginning of a user id; `people` narrows the list to those
    behind a figure."""
    profiles = _profiles(request)
    page = profiles.users(wanted, cursor, limit, asked.people if asked is not None else None)
    return json_bytes(
        {
            "items": [_user(row) for row in page.items],
            "next_cursor": page.next_cursor,
            "total": page.total,
            "left_out": profiles.left_out().as_dict(),
            "people": _asked(request, profiles, asked),
        }
    )


@router.get("/users/export")
def export(request: Request, caller: View, wanted: Wanted, asked: Behind) -> StreamingResponse:
    """The same people as CSV; cells that a spreadsheet would run are neutralised. The export stands in the audit log."""
    chosen = {n: v for n in UserFilter.__slots__ if n != "search" and (v := getattr(wanted, n)) is not None}
    chosen["searched"] = wanted.search is not None
    if asked is not None:
        chosen["people"] = str(asked.query.get("kind"))
        chosen["asked"] = len(asked.people)
    with app_part(request, "database").begin() as tx:
        record(
            tx, app_part(request, "clock"), actor=caller.actor, action="users_exported", object_kind="users",
            object_id="list", detail=chosen,
        )  # fmt: skip
    rows = _profiles(request).every_user(wanted, asked.people if asked is not None else None)
    headers = {"Content-Disposition": 'attachment; filename="users.csv"'}
    return StreamingResponse(_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/users/facets", response_model=bodies.FacetsBody)
def facets(request: Request, _caller: View) -> Response:
    """What the list can be filtered by, with numbers of people."""
    return json_bytes(_profiles(request).facets())


@router.get("/tags", response_model=list[bodies.TagCard])
def tags(request: Request, _caller: View) -> Response:
    """The catalogue of tags."""
    return json_bytes(_profiles(request).tags())


@router.get("/tags/lineage", response_model=list[bodies.TagLineageBody])
def lineage(request: Request, _caller: View) -> Response:
    """Where each built-in tag comes from: aggregates, columns of the lake, events and properties."""
    return json_bytes(_profiles(request).lineage())


@router.get("/rfm", response_model=bodies.MatrixBody)
def rfm(request: Request, _caller: View) -> Response:
    """The RFM matrix; 404 `nothing_published` before the first build."""
    return json_bytes(_profiles(request).rfm())


@router.get("/profiles/{user_id}/timeline", response_model=bodies.TimelineBody)
def timeline(
    request: Request,
    _caller: View,
    user_id: str,
    event: Annotated[str | None, Query(max_length=255)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> Response:
    """What the person did, newest first."""
    page = _profiles(request).timeline(user_id, event=event, cursor=cursor, limit=limit)
    return json_bytes({"items": page.items, "next_cursor": page.next_cursor, "total": None})


@router.get("/profiles/{user_id}/orders", response_model=bodies.OrdersBody)
def orders(
    request: Request, _caller: View, user_id: str, cursor: Cursor = None, limit: Limit = None
) -> Response:
    """The person's orders as they stand, newest first."""
    page = _profiles(request).orders(user_id, cursor=cursor, limit=limit)
    return json_bytes({"items": page.items, "next_cursor": page.next_cursor, "total": None})


@router.get("/profiles/{user_id}/relations", response_model=bodies.TiesBody)
def relations(request: Request, _caller: View, user_id: str) -> Response:
    """Whom the person is tied to."""
    return json_bytes({"items": _profiles(request).relations(user_id)})


@router.get("/profiles/{user_id}/consent", response_model=bodies.ReceiptsBody)
def consent(request: Request, _caller: View, user_id: str) -> Response:
    """The person's receipts and purposes; also for somebody who has not granted analytics."""
    profiles = _profiles(request)
    with profiles.database.connect() as connection:
        found = profiles.find(connection, user_id)
        receipts = profiles.parts.permits.receipts(connection, found.alias_nos)
        permits = profiles.parts.permits
        states = permits.states(connection, found.alias_nos)
        separate = permits.separate(connection, found.alias_nos)
        band = permits.young(connection, found.alias_nos).band
        deleted = sorted(permits.deleted_tags(connection, found.alias_nos))
    return json_bytes(
        {
            "items": [_receipt(r) for r in receipts], "purposes": show.purposes(states),
            "separate": show.purposes(separate), "age_band": band, "deleted_tags": deleted,
        }
    )  # fmt: skip


@router.post("/profiles/{user_id}/consent", response_model=bodies.ReceiptBody)
def choose(request: Request, caller: Care, user_id: str, body: bodies.ChoiceBody) -> Response:
    """Take down a choice of the person; it holds at once. Operators and compliance only."""
    profiles = _profiles(request)
    with profiles.database.begin() as tx:
        found = profiles.find(tx, user_id)
        receipt = profiles.parts.permits.record(
            tx, found.alias_nos, body.purpose, granted=body.granted, how=f"console: {body.how}"[:64]
        )
        detail = {"purpose": body.purpose, "granted": body.granted}
        record(
            tx, profiles.parts.clock, actor=caller.actor, action="consent_recorded", object_kind="person",
            object_id=str(found.person_no), detail=detail,
        )  # fmt: skip
    return json_bytes(_receipt(receipt))


@router.post("/profiles/{user_id}/reveal", response_model=bodies.NamesBody)
def reveal(request: Request, caller: Care, user_id: str, body: bodies.RevealBody) -> Response:
    """Nickname, phone and e-mail in the clear, after the reason was written down. Operators and compliance only."""
    profiles = _profiles(request)
    with profiles.database.begin() as tx:
        if "comply" not in caller.permissions:
            profiles.analysable(
                tx, user_id
            )  # who serves people's rights may look; who sells may not after a withdrawal
        found, fields = profiles.contact(tx, user_id)
        record(
            tx, profiles.parts.clock, actor=caller.actor, action="contact_revealed", object_kind="person",
            object_id=str(found.person_no), detail={"reason": body.reason, "fields": sorted(fields)},
        )  # fmt: skip
    return json_bytes({name: fields.get(name) for name in ("nickname", "phone", "email")})


def _profiles(request: Request) -> Profiles:
    found: Profiles = app_part(request, "profiles")
    return found


def _asked(request: Request, profiles: Profiles, asked: Asked | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    found = profiles.standing(asked.people)
    return {
        "words": app_part(request, "behaviour").describe(asked.query).as_dict(), "count": found.asked,
        "users": found.users, "visitors": found.visitors, "unpublished": found.unpublished,
    }  # fmt: skip


def _user(row: UserRow) -> dict[str, Any]:
    return {
        "user_id": row.user_id, "person_no": row.person_no, "name": row.name, "tier": row.tier,
        "rfm_class": row.rfm, "orders": row.orders, "spend_minor": row.spend_minor, "currency": row.currency,
        "last_seen_time": to_iso(row.last_us) if row.last_us else None,
        "registered_time": to_iso(row.registered_us) if row.registered_us else None,
        "channel": row.channel, "province": row.province, "city": row.city, "gender": row.gender,
    }  # fmt: skip


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "purpose": NAME_OF[receipt.purpose], "granted": receipt.granted, "basis": receipt.basis, "how": receipt.how,
        "source": receipt.source_id, "at_time": to_iso(receipt.at_us), "notice_version": receipt.notice_version,
    }  # fmt: skip


def _csv(pages: Iterator[list[UserRow]]) -> Iterator[str]:
    """UTF-8 with a byte-order mark, as spreadsheets expect it."""
    yield "\ufeff" + ",".join(CSV_COLUMNS) + "\r\n"
    for rows in pages:
        out = io.StringIO()
        writer = csv.writer(out)
        for row in rows:
            shown = _user(row) | {"spend": _spend(row)}
            writer.writerow([neutralised(shown[name]) for name in CSV_COLUMNS])
        yield out.getvalue()


def _spend(row: UserRow) -> str:
    return str(to_major(row.spend_minor, row.currency)) if row.currency else ""
