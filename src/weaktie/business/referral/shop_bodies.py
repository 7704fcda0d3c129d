"""Bodies of what a shop's server says and is told, and of the hosted pages."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from weaktie.business.referral.bodies import Id, Minor, reason_words
from weaktie.business.referral.contracts import CampaignState, Friend, Invitation, Reward, RewardState
from weaktie.business.referral.words import STATE_WORDS
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body

OrderId = Annotated[PlainText, Field(min_length=1, max_length=200)]


class InvitationAsk(BaseModel):
    """Who invites, in which campaign, through which channel; the same `request_key` makes nothing twice."""

    campaign_id: Id
    user_id: Id
    channel: Literal["wechat", "wecom", "h5", "app", "sms"]
    request_key: Annotated[PlainText | None, Field(min_length=8, max_length=80)] = None


class InvitationBody(BaseModel):
    """An invitation: its code, the friend's link, poster and QR code."""

    invitation_id: str
    campaign_id: str
    code: str
    link: str
    poster: str
    qr: str
    sent_time: str
    opens: int
    friends: int
    left_today: int


class OpenAsk(BaseModel):
    """Somebody opened an invitation in the shop; `anonymous_id` is the visitor's id in the shop's tracking."""

    code: Annotated[PlainText, Field(min_length=1, max_length=40)]
    anonymous_id: Annotated[PlainText | None, Field(min_length=1, max_length=200)] = None


class OpenedBody(BaseModel):
    """The campaign behind a code, and whether it can be joined now."""

    campaign_id: str
    open: bool
    reason: str
    reason_words: WordsBody | None


class RegistrationAsk(BaseModel):
    """Somebody registered. `code` where one was typed, `anonymous_id` as before the registration, `member_since` where the shop's
    books know the person longer; what tells fraud is kept as keyed hashes."""

    user_id: Id
    anonymous_id: Annotated[PlainText | None, Field(min_length=1, max_length=200)] = None
    code: Annotated[PlainText, Field(max_length=40)] = ""
    member_since: AwareDatetime | None = None
    ip: Annotated[PlainText, Field(max_length=64)] = ""
    device_id: Annotated[PlainText, Field(max_length=200)] = ""
    payout_account: Annotated[PlainText, Field(max_length=200)] = ""


class ShopReward(BaseModel):
    """A reward as the shop shows it: state and reason are true and in words."""

    reward_id: str
    kind: str
    form: str
    amount_minor: int
    currency: str
    state: RewardState
    state_words: WordsBody
    reason: str
    reason_words: WordsBody | None
    note: str
    due_time: str


class RegistrationBody(BaseModel):
    """Whether the newcomer counts as invited, else why not, and what they get."""

    friend_id: str
    campaign_id: str
    invited: bool
    state: str
    reason: str
    reason_words: WordsBody | None
    via: str
    rewards: list[ShopReward]


class OrderAsk(BaseModel):
    """A paid order of anybody; `received_time` when the goods came, from which the return window runs."""

    order_id: OrderId
    user_id: Id
    amount_minor: Minor
    currency: Annotated[PlainText, Field(min_length=3, max_length=3)]
    paid_time: AwareDatetime
    received_time: AwareDatetime | None = None


class OrderBody(BaseModel):
    """Whether the order counts for a referral, else why not."""

    order_id: str
    counted: bool
    reason: str
    reason_words: WordsBody | None


class RefundAsk(BaseModel):
    """An order was refunded: wholly, or `refunded_minor` of it in all so far."""

    order_id: OrderId
    refunded_minor: Minor | None = None


class ReferralPageAsk(BaseModel):
    """For whom the hosted page is, and for how many hours its address lives."""

    campaign_id: Id
    user_id: Id
    hours: Annotated[int, Field(ge=1, le=720)] = 72


class ReferralPageBody(BaseModel):
    """The address of somebody's own page; hand it to nobody else."""

    url: str
    path: str
    expires_time: str


class StatusBody(BaseModel):
    """Where an inviter stands."""

    campaign_id: str
    state: CampaignState
    left_today: int
    invitations: list[InvitationBody]
    friends: dict[str, int]
    paid_minor: int
    waiting_minor: int
    most_minor: int
    currency: str
    rewards: list[ShopReward]


class ShopCampaign(BaseModel):
    """A campaign that runs, as the shop shows it: published rules, what is left."""

    campaign_id: str
    title: WordsBody
    text: WordsBody
    channels: list[str]
    first_day: str
    last_day: str
    friend_minor: int
    inviter_minor: int
    most_minor: int
    currency: str
    coupons_left: int | None
    daily_invitations: int
    rules: list[WordsBody]
    coming_time: str | None
    coming_rules: list[WordsBody]


class ShopCampaigns(BaseModel):
    """Campaigns that run."""

    items: list[ShopCampaign]


class GroupOpenAsk(BaseModel):
    """A paid order that opens a group."""

    offer_id: Id
    user_id: Id
    order_id: OrderId
    amount_minor: Minor


class GroupJoinAsk(BaseModel):
    """A paid order that joins a group."""

    user_id: Id
    order_id: OrderId
    amount_minor: Minor


class GroupRefundAsk(BaseModel):
    """An order of a failed group that the shop has given back."""

    order_id: OrderId


class GroupRefundBody(BaseModel):
    """The order's state."""

    order_id: str
    state: Literal["paid", "refund_due", "refunded"]


class PageActAsk(BaseModel):
    """What somebody does on their own page."""

    token: Annotated[PlainText, Field(min_length=1, max_length=200)]
    do: Literal["invite", "appeal"]
    reward_id: Annotated[PlainText | None, Field(max_length=40)] = None
    request_key: Annotated[PlainText | None, Field(min_length=8, max_length=64)] = None


class PageActBody(BaseModel):
    """It is done: the code of the new invitation, or the number of the request."""

    code: str | None
    request_id: str | None


def shop_reward(reward: Reward) -> ShopReward:
    """A reward for the shop."""
    return ShopReward(
        reward_id=reward.reward_id, kind=reward.kind, form=reward.form, amount_minor=reward.amount_minor,
        currency=reward.currency, state=reward.state, state_words=words_body(STATE_WORDS[reward.state]), reason=reward.reason,
        reason_words=reason_words(reward.reason), note=reward.note, due_time=to_iso(reward.due_us),
    )  # fmt: skip


def registration_body(friend: Friend, rewards: list[Reward]) -> RegistrationBody:
    """What came of a registration."""
    return RegistrationBody(
        friend_id=friend.friend_id, campaign_id=friend.campaign_id, invited=friend.state != "refused", state=friend.state,
        reason=friend.reason, reason_words=reason_words(friend.reason), via=friend.via,
        rewards=[shop_reward(r) for r in rewards],
    )  # fmt: skip


def invitation_body(invitation: Invitation, base: str, left_today: int) -> InvitationBody:
    """An invitation with its addresses under the one at which we were called."""
    link = f"{base}/r/{invitation.code}"
    return InvitationBody(
        invitation_id=invitation.invitation_id, campaign_id=invitation.campaign_id, code=invitation.code, link=link,
        poster=f"{link}/poster.svg", qr=f"{link}/qr.png", sent_time=to_iso(invitation.sent_us), opens=invitation.opens,
        friends=invitation.friends, left_today=left_today,
    )  # fmt: skip
