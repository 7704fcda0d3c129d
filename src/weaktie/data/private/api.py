"""HTTP: figures of the private domain beside the public's, who came and went, and lists of members."""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from weaktie.data.behaviour.contracts import Days
from weaktie.data.private.contracts import (
    CHANNELS,
    LARGEST_MEMBER_FILE,
    BadMembers,
    BadPeriod,
    ChannelFigures,
    Figures,
    Grain,
    Period,
    Side,
)
from weaktie.data.private.service import Private
from weaktie.kit.clock import business_day, day_to_date, days_between
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/private", tags=["private"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
From = Annotated[str, Query(alias="from")]
To = Annotated[str, Query(alias="to")]
SHOWN_DAYS = 30


class PrivateMoney(BaseModel):
    """Integer minor units of a currency."""

    amount_minor: int
    currency: str


class SideBody(BaseModel):
    """One side of a period; shares and money by head are null where they would divide by nobody. Money that is no list is of
    the workspace's currency, in minor units."""

    people: int
    active: int
    buyers: int
    repeaters: int
    orders: int
    gmv: list[PrivateMoney]
    active_share: float | None
    order_rate: float | None
    repurchase: float | None
    arpu_minor: float | None
    aov_minor: float | None


class PeriodBody(BaseModel):
    """Both sides of some days; not `complete` while a day of them is not over or not built."""

    first_day: str
    last_day: str
    complete: bool
    private: SideBody
    public: SideBody
    joins: int
    leaves: int
    ratio: float | None


class DayMoves(BaseModel):
    """Who came and went on a day."""

    day: str
    joins: int
    leaves: int


class OwnedChannel(BaseModel):
    """One owned channel over all the days."""

    channel: str
    words: WordsBody
    members: int
    joins: int
    leaves: int
    side: SideBody
    ratio: float | None
    moves: list[DayMoves]


class PrivateBody(BaseModel):
    """The private domain of some days; `first_known_day` is null where no membership is known at all."""

    whole: PeriodBody
    periods: list[PeriodBody]
    channels: list[OwnedChannel]
    members: int
    first_known_day: str | None
    currency: str


class BadMemberBody(BaseModel):
    """A line of a list of members that is left out."""

    line: int
    column: str
    words: WordsBody


class TakenMembersBody(BaseModel):
    """What came of a list of members."""

    rows: int
    stored: int
    duplicates: int
    bad: list[BadMemberBody]


@router.get("/figures")
def figures(
    request: Request, _caller: View, from_day: From = "", to_day: To = "", grain: Grain = "week"
) -> PrivateBody:
    """Private against public by day, week or month, and by owned channel; the last 30 days where nothing else is said."""
    part = _part(request)
    return _body(part.figures(_days(part, from_day, to_day), grain))


@router.get("/figures.csv")
def figures_csv(
    request: Request, _caller: View, from_day: From = "", to_day: To = "", grain: Grain = "week"
) -> Response:
    """The same figures for a spreadsheet: one line a period and side, money in minor units."""
    part = _part(request)
    found = part.figures(_days(part, from_day, to_day), grain)
    rows: list[Sequence[object]] = [
        ("first_day", "last_day", "complete", "side", "people", "active", "buyers", "repeaters", "orders", "currency",
         "gmv_minor", "active_share", "order_rate", "repurchase", "arpu_minor", "aov_minor", "joins", "leaves")
    ]  # fmt: skip
    for p in found.periods:
        for name, side in (("private", p.private), ("public", p.public)):
            moves = (p.joins, p.leaves) if name == "private" else ("", "")
            rows.append(
                (day_to_date(p.first_day), day_to_date(p.last_day), int(p.complete), name, side.people, side.active, side.buyers,
                 side.repeaters, side.orders, found.currency, side.gmv_minor, side.active_share, side.order_rate, side.repurchase,
                 side.arpu_minor, side.aov_minor, *moves)
            )  # fmt: skip
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return Response(
        "\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="private.csv"'},
    )  # fmt: skip


@router.post("/members")
async def take_members(
    request: Request, caller: Operate, source_id: str = "default",
    channel: Literal["", "wecom_friend", "wecom_group", "official_account", "mini_program"] = "",
) -> TakenMembersBody:  # fmt: skip
    """Store a list of members (the body, CSV or TSV: a person, channel, joined, left, place_id) as events of a source. The same
    line again changes nothing; `channel` is for files without such a column."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > LARGEST_MEMBER_FILE:
            raise BadMembers(Words("文件超过 20 MB。", "The file is larger than 20 MB."), status=413)
    return await run_in_threadpool(_take, request, caller, bytes(data), source_id, channel)


def _take(request: Request, caller: Caller, data: bytes, source_id: str, channel: str) -> TakenMembersBody:
    part = _part(request)
    taken = part.take_members(_text(data), channel=channel, source_id=source_id)
    with part.database.begin() as tx:
        record(
            tx, part.clock, actor=caller.actor, action="private.members", object_kind="source", object_id=source_id,
            detail={"rows": taken.rows, "stored": taken.stored, "bad": len(taken.bad)},
        )  # fmt: skip
    return TakenMembersBody(
        rows=taken.rows, stored=taken.stored, duplicates=taken.duplicates,
        bad=[BadMemberBody(line=b.line, column=b.column, words=words_body(b.words)) for b in taken.bad],
    )  # fmt: skip


def _text(data: bytes) -> str:
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadMembers(
        Words("无法识别文件编码，请另存为 UTF-8 的 CSV。", "The encoding is not known; save it as UTF-8 CSV.")
    )


def _part(request: Request) -> Private:
    found: Private = app_part(request, "private")
    return found


def _days(part: Private, first: str, last: str) -> Days:
    today = business_day(part.clock.now_us(), part.settings.zone)
    try:
        since, to = days_between(first, last, today, SHOWN_DAYS)
    except ValueError:
        raise BadPeriod from None
    return Days(since, to)


def _iso(day: int) -> str:
    return day_to_date(day).isoformat()


def _side(side: Side) -> SideBody:
    return SideBody(
        people=side.people, active=side.active, buyers=side.buyers, repeaters=side.repeaters, orders=side.orders,
        gmv=[PrivateMoney(amount_minor=m.amount_minor, currency=m.currency) for m in side.gmv],
        active_share=side.active_share, order_rate=side.order_rate, repurchase=side.repurchase, arpu_minor=side.arpu_minor,
        aov_minor=side.aov_minor,
    )  # fmt: skip


def _period(period: Period) -> PeriodBody:
    return PeriodBody(
        first_day=_iso(period.first_day), last_day=_iso(period.last_day), complete=period.complete,
        private=_side(period.private), public=_side(period.public), joins=period.joins, leaves=period.leaves,
        ratio=period.ratio,
    )  # fmt: skip


def _channel(one: ChannelFigures) -> OwnedChannel:
    return OwnedChannel(
        channel=one.channel, words=words_body(CHANNELS[one.channel]), members=one.members, joins=one.joins, leaves=one.leaves,
        side=_side(one.side), ratio=one.ratio,
        moves=[DayMoves(day=_iso(day), joins=joins, leaves=leaves) for day, joins, leaves in one.moves],
    )  # fmt: skip


def _body(found: Figures) -> PrivateBody:
    return PrivateBody(
        whole=_period(found.whole), periods=[_period(p) for p in found.periods],
        channels=[_channel(c) for c in found.channels], members=found.members,
        first_known_day=None if found.first_known_day is None else _iso(found.first_known_day), currency=found.currency,
    )  # fmt: skip
