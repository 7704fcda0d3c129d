"""The public pages: an inviter's own page, what it does, and where an invitation leads. No sign-in, no cookie."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from weaktie.business.referral import page, shop_bodies
from weaktie.business.referral.contracts import Campaign, Invitation, NoInvitation, PageDead
from weaktie.business.referral.figures import board
from weaktie.business.referral.poster import poster, qr
from weaktie.business.referral.service import Referral
from weaktie.kit.errors import Forbidden, Refused
from weaktie.kit.web import app_part, same_origin
from weaktie.kit.words import Words
from weaktie.trust.audit.service import record
from weaktie.trust.consent.contracts import Chooser

router = APIRouter(tags=["referral"])
Lang = Annotated[str, Query(max_length=10)]
IMAGE_HEADERS = {"Cache-Control": "public, max-age=300", "X-Robots-Tag": "noindex"}


@router.get("/c/{token}", include_in_schema=False)
def own_page(
    request: Request, token: str, lang: Lang = "", code: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """An inviter's own page: poster, progress, rewards with their release dates, published rules."""
    part = _part(request)
    language, nonce = lang or part.settings.workspace.language, request.state.csp_nonce
    try:
        page.limit(request, "page")
        campaign_id, alias_no = part.codes.whose_page(token)
        with part.database.connect() as connection:
            who = part.people.of(connection, alias_no)
            if who is None:
                raise PageDead
            progress = part.progress(connection, campaign_id, who)
            places = [
                (part.codes.called(campaign_id, p), n, p in who.alias_nos)
                for p, n in board(connection, campaign_id)
            ]
        chosen = next(
            (i for i in progress.sent if i.code == code), progress.sent[0] if progress.sent else None
        )
        link = "" if chosen is None else f"{_base(request)}/r/{chosen.code}"
        html = page.own(
            progress, places, token, chosen, link, part.campaigns.is_open(progress.campaign),
            part.inviting.coupons_left(progress.campaign), part.settings, language, nonce,
        )  # fmt: skip
        status = 200
    except Refused as refused:
        html, status = page.refusal(refused, language, nonce), refused.status
    return HTMLResponse(html, status_code=status, headers=page.headers(nonce))


@router.post("/c/v1/mine")
def act(request: Request, given: shop_bodies.PageActAsk) -> shop_bodies.PageActBody:
    """What somebody does on their page: a new invitation, or asking for a person's review of a refusal. The page's token stands in
    the body; the request must come from the page."""
    if not same_origin(request) or "json" not in request.headers.get("content-type", ""):
        raise Forbidden("csrf", Words("请从活动页操作。", "Act from the campaign's page."), place="origin")
    page.limit(request, "act")
    part = _part(request)
    campaign_id, alias_no = part.codes.whose_page(given.token)
    with part.database.connect() as connection:
        who = part.people.of(connection, alias_no)
    if who is None:
        raise PageDead
    if given.do == "invite":
        spec = _campaign(part, campaign_id).current.spec
        sent = part.send(campaign_id, who, spec.channels[0], request_key=given.request_key or "")
        return shop_bodies.PageActBody(code=sent.invitation.code, request_id=None)
    return shop_bodies.PageActBody(
        code=None, request_id=_appeal(part, campaign_id, who, given.reward_id or "")
    )


@router.get("/r/{code}", include_in_schema=False)
def landing(request: Request, code: str, lang: Lang = "") -> HTMLResponse:
    """Where an invitation leads: what the friend gets, the rules, and the way to the shop with the code."""
    part = _part(request)
    language, nonce = lang or part.settings.workspace.language, request.state.csp_nonce
    try:
        page.limit(request, "page")
        with part.database.connect() as connection:
            invitation = part.inviting.by_code(connection, code)
            campaign = part.campaigns.find(connection, invitation.campaign_id)
        if not app_part(request, "is_crawler")(request.headers.get("user-agent", "")[:512]):
            with part.database.begin() as tx:
                part.inviting.open(tx, invitation.code, None)
        html = page.landing(
            campaign, invitation.code, page.shop_address(campaign.current.spec.target_url, invitation.code),
            part.campaigns.is_open(campaign), part.inviting.coupons_left(campaign), part.settings, language, nonce,
        )  # fmt: skip
        status = 200
    except Refused as refused:
        html, status = page.refusal(refused, language, nonce), refused.status
    return HTMLResponse(html, status_code=status, headers=page.headers(nonce))


@router.get("/r/{code}/poster.svg", include_in_schema=False)
def poster_of(request: Request, code: str, lang: Lang = "") -> Response:
    """The poster of an invitation."""
    part = _part(request)
    page.limit(request, "poster")
    invitation, campaign = _invited(part, code)
    drawn = poster(
        campaign.current.spec, part.settings.workspace.name, invitation.code, f"{_base(request)}/r/{invitation.code}",
        lang or part.settings.workspace.language,
    )  # fmt: skip
    return Response(drawn, media_type="image/svg+xml", headers=IMAGE_HEADERS)


@router.get("/r/{code}/qr.{kind}", include_in_schema=False)
def qr_of(
    request: Request, code: str, kind: Literal["svg", "png"], scale: Annotated[int, Query(ge=1, le=40)] = 8
) -> Response:
    """The QR code of an invitation's link."""
    part = _part(request)
    page.limit(request, "poster")
    invitation, _ = _invited(part, code)
    drawn = qr(f"{_base(request)}/r/{invitation.code}", kind, scale)
    return Response(
        drawn, media_type="image/svg+xml" if kind == "svg" else "image/png", headers=IMAGE_HEADERS
    )


def _appeal(part: Referral, campaign_id: str, who: Chooser, reward_id: str) -> str:
    """Put the wish for a person's review into the queue of rights (PIPL 24); raises NoReward for anybody else's reward."""
    with part.database.connect() as connection:
        reward = part.book.find(connection, reward_id)
    if reward.payee not in who.alias_nos or reward.campaign_id != campaign_id:
        raise NoInvitation
    request_id = part.people.request(who.alias_no, "explain", f"referral {reward.reward_id}: {reward.reason}")
    with part.database.begin() as tx:
        record(
            tx, part.clock, actor="person", action="referral.appeal", object_kind="reward", object_id=reward_id,
            detail={"request": request_id},
        )  # fmt: skip
    return request_id


def _invited(part: Referral, code: str) -> tuple[Invitation, Campaign]:
    with part.database.connect() as connection:
        invitation = part.inviting.by_code(connection, code)
        return invitation, part.campaigns.find(connection, invitation.campaign_id)


def _campaign(part: Referral, campaign_id: str) -> Campaign:
    with part.database.connect() as connection:
        return part.campaigns.find(connection, campaign_id)


def _part(request: Request) -> Referral:
    found: Referral = app_part(request, "referral")
    return found


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
