"""HTTP for a shop's server, by the write key of a server source: invitations, registrations, orders, refunds, groups, status."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from weaktie.business.referral import bodies, group_bodies
from weaktie.business.referral import shop_bodies as shop
from weaktie.business.referral.api import Key
from weaktie.business.referral.contracts import Campaign, Signals
from weaktie.business.referral.figures import board
from weaktie.business.referral.inviting import Came
from weaktie.business.referral.rules import published
from weaktie.business.referral.service import Referral
from weaktie.kit.clock import HOUR_US, day_to_iso, from_datetime, to_iso
from weaktie.kit.errors import Forbidden, NotFound
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.contracts import KeyRecord
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/v1/referral", tags=["referral for shops"])
SERVER_SOURCES = ("server", "demo")
DEFAULT_SOURCE = "default"


@router.get("/campaigns")
def campaigns(request: Request, key: Key) -> shop.ShopCampaigns:
    """Campaigns that run now, with the rules that have to be shown."""
    part = _part(request, key)
    with part.database.connect() as connection:
        found = part.open_campaigns(connection)
    return shop.ShopCampaigns(items=[_campaign(part, c) for c in found])


@router.post("/invitations", status_code=201)
def invite(request: Request, key: Key, given: shop.InvitationAsk) -> shop.InvitationBody:
    """Somebody invites: a new invitation, one of the day's. Refusals name the true reason."""
    part = _part(request, key)
    inviter = part.enrolled("user", given.user_id, _source(key))
    sent = part.send(given.campaign_id, inviter, given.channel, request_key=given.request_key or "")
    return shop.invitation_body(sent.invitation, _base(request), sent.left_today)


@router.post("/opens")
def opened(request: Request, key: Key, given: shop.OpenAsk) -> shop.OpenedBody:
    """A visitor came with a code: the touch that attributes a later registration."""
    part = _part(request, key)
    part.codes.checked(given.code)
    visitor = None
    if given.anonymous_id:
        visitor = part.people.enrol("anonymous", given.anonymous_id, _source(key))
    with part.database.begin() as tx:
        invitation = part.inviting.open(tx, given.code, visitor)
        why = part.campaigns.is_open(part.campaigns.find(tx, invitation.campaign_id))
    return shop.OpenedBody(
        campaign_id=invitation.campaign_id, open=not why, reason=why, reason_words=bodies.reason_words(why)
    )


@router.post("/registrations")
def registered(request: Request, key: Key, given: shop.RegistrationAsk) -> shop.RegistrationBody:
    """Somebody registered: whether they were invited, by whom it counts, and the friend's coupon. Repeats answer the same."""
    part = _part(request, key)
    source = _source(key)
    if given.code:
        part.codes.checked(given.code)
    friend = part.enrolled("user", given.user_id, source)
    anonymous = part.people.enrol("anonymous", given.anonymous_id, source) if given.anonymous_id else None
    found, rewards = part.register(
        friend, anonymous=anonymous, code=given.code, signals=Signals(given.ip, given.device_id, given.payout_account),
        came=Came(part.clock.now_us(), None if given.member_since is None else from_datetime(given.member_since)),
    )  # fmt: skip
    return shop.registration_body(found, rewards)


@router.post("/orders")
def ordered(request: Request, key: Key, given: shop.OrderAsk) -> shop.OrderBody:
    """A paid order. The first one of an invited friend that fulfils the rules earns the inviter a pending reward."""
    part = _part(request, key)
    buyer = part.enrolled("user", given.user_id, _source(key))
    found = part.ordered(
        buyer, given.order_id, amount_minor=given.amount_minor, currency=given.currency,
        paid_us=from_datetime(given.paid_time),
        received_us=None if given.received_time is None else from_datetime(given.received_time),
    )  # fmt: skip
    return shop.OrderBody(
        order_id=found.order_id,
        counted=found.counted,
        reason=found.reason,
        reason_words=bodies.reason_words(found.reason),
    )


@router.post("/refunds")
def refunded(request: Request, key: Key, given: shop.RefundAsk) -> shop.OrderBody:
    """An order was refunded: what was pending is cancelled, what was paid is clawed back."""
    part = _part(request, key)
    with part.database.begin() as tx:
        found = part.paying.refunded(tx, given.order_id, given.refunded_minor)
    if found is None:
        raise NotFound(
            "no_order", Words("没有收到过这个订单。", "This order was never reported."), place="order_id"
        )
    return shop.OrderBody(
        order_id=found.order_id,
        counted=found.counted,
        reason=found.reason,
        reason_words=bodies.reason_words(found.reason),
    )


@router.get("/status")
def status(
    request: Request, key: Key, user_id: Annotated[str, Query(min_length=1, max_length=200)],
    campaign_id: Annotated[str, Query(min_length=1, max_length=40)],
) -> shop.StatusBody:  # fmt: skip
    """Where an inviter stands: invitations, friends by state, rewards with reasons and release dates."""
    part = _part(request, key)
    with part.database.connect() as connection:
        found = part.progress(connection, campaign_id, part.person(connection, user_id))
    friends: dict[str, int] = {}
    for friend in found.friends:
        friends[friend.state] = friends.get(friend.state, 0) + 1
    return shop.StatusBody(
        campaign_id=campaign_id, state=found.campaign.state, left_today=found.left_today,
        invitations=[shop.invitation_body(i, _base(request), found.left_today) for i in found.sent], friends=friends,
        paid_minor=found.paid_minor, waiting_minor=found.waiting_minor, most_minor=found.campaign.current.spec.most_minor,
        currency=found.campaign.current.spec.currency, rewards=[shop.shop_reward(r) for r in found.rewards],
    )  # fmt: skip


@router.get("/board")
def shop_board(
    request: Request, key: Key, campaign_id: Annotated[str, Query(min_length=1, max_length=40)]
) -> bodies.BoardList:
    """The board by pseudonyms."""
    part = _part(request, key)
    with part.database.connect() as connection:
        part.campaigns.find(connection, campaign_id)
        found = board(connection, campaign_id)
    return bodies.BoardList(
        items=[
            bodies.BoardPlace(place=n, name=part.codes.called(campaign_id, who), friends=friends)
            for n, (who, friends) in enumerate(found, 1)
        ]
    )


@router.post("/pages")
def own_page(request: Request, key: Key, given: shop.ReferralPageAsk) -> shop.ReferralPageBody:
    """The address of the hosted page of somebody whom the shop has signed in; hand it to nobody else."""
    part = _part(request, key)
    who = part.enrolled("user", given.user_id, _source(key))
    expires_us = part.clock.now_us() + given.hours * HOUR_US
    with part.database.begin() as tx:
        part.campaigns.find(tx, given.campaign_id)
        record(
            tx, part.clock, actor=key.key_id, action="referral.page", object_kind="referral", object_id=given.campaign_id,
            detail={"person": who.alias_no},
        )  # fmt: skip
    path = f"/c/{part.codes.page(given.campaign_id, who.alias_no, expires_us)}"
    return shop.ReferralPageBody(url=_base(request) + path, path=path, expires_time=to_iso(expires_us))


# --- group buying


@router.post("/groups", status_code=201)
def open_group(request: Request, key: Key, given: shop.GroupOpenAsk) -> group_bodies.GroupBody:
    """A paid order opens a group; the same order again answers the same group."""
    part = _part(request, key)
    who = part.enrolled("user", given.user_id, _source(key))
    with part.database.begin() as tx:
        group = part.groups.open(tx, given.offer_id, who, given.order_id, given.amount_minor)
    return group_bodies.group_body(group)


@router.post("/groups/refunds")
def group_refunded(request: Request, key: Key, given: shop.GroupRefundAsk) -> shop.GroupRefundBody:
    """The shop gave an order of a failed group back."""
    part = _part(request, key)
    with part.database.begin() as tx:
        member = part.groups.refunded(tx, given.order_id)
    return shop.GroupRefundBody(order_id=member.order_id, state=member.state)


@router.get("/groups/{group_id}")
def group(request: Request, key: Key, group_id: str) -> group_bodies.GroupBody:
    """A group as it stands."""
    part = _part(request, key)
    with part.database.connect() as connection:
        return group_bodies.group_body(part.groups.find(connection, group_id))


@router.post("/groups/{group_id}/join")
def join_group(request: Request, key: Key, group_id: str, given: shop.GroupJoinAsk) -> group_bodies.GroupBody:
    """A paid order joins a group. A refusal names the true reason, and the shop refunds the order."""
    part = _part(request, key)
    who = part.enrolled("user", given.user_id, _source(key))
    with part.database.begin() as tx:
        joined = part.groups.join(tx, group_id, who, given.order_id, given.amount_minor)
    return group_bodies.group_body(joined)


def _campaign(part: Referral, campaign: Campaign) -> shop.ShopCampaign:
    spec, coming = campaign.current.spec, campaign.coming
    return shop.ShopCampaign(
        campaign_id=campaign.campaign_id, title=words_body(spec.title), text=words_body(spec.text), channels=list(spec.channels),
        first_day=day_to_iso(spec.first_day), last_day=day_to_iso(spec.last_day), friend_minor=spec.friend_minor,
        inviter_minor=spec.inviter_minor, most_minor=spec.most_minor, currency=spec.currency,
        coupons_left=part.inviting.coupons_left(campaign), daily_invitations=spec.daily_invitations,
        rules=[words_body(r) for r in published(spec)],
        coming_time=None if coming is None or coming.effective_us is None else to_iso(coming.effective_us),
        coming_rules=[] if coming is None else [words_body(r) for r in published(coming.spec)],
    )  # fmt: skip


def _part(request: Request, key: KeyRecord) -> Referral:
    """Referral, for a key that only a server holds; raises Forbidden `server_only`: keys of web pages and apps are public, and
    whoever reads one there must not speak for other people."""
    part: Referral = app_part(request, "referral")
    with part.database.connect() as connection:
        kind = part.people.source_kind(connection, _source(key))
    if request.headers.get("origin") or request.headers.get("sec-fetch-site") or kind not in SERVER_SOURCES:
        raise Forbidden(
            "server_only",
            Words("请从服务端调用，并使用服务端数据源的写入密钥。", "Call from a server, with the write key of a server source."),
            place="authorization",
        )  # fmt: skip
    return part


def _source(key: KeyRecord) -> str:
    return key.source_id or DEFAULT_SOURCE


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
