"""Bodies of the routes of group buying."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from weaktie.business.referral.bodies import Id, Minor
from weaktie.business.referral.contracts import Group, Offer
from weaktie.kit.clock import to_iso
from weaktie.kit.web import PlainText


class OfferAsk(BaseModel):
    """A new offer of group buying."""

    name: Annotated[PlainText, Field(min_length=1, max_length=120)]
    product_id: Id
    price_minor: Minor
    currency: Annotated[PlainText, Field(min_length=3, max_length=3)]
    size: Annotated[int, Field(ge=2, le=100)]
    hours: Annotated[int, Field(ge=1, le=336)]
    stock: Annotated[int, Field(ge=0, le=10**8)] = 0


class OfferBody(BaseModel):
    """An offer and its groups in numbers."""

    offer_id: str
    name: str
    product_id: str
    price_minor: int
    currency: str
    size: int
    hours: int
    stock: int
    sold: int
    state: Literal["draft", "running", "ended"]
    made_time: str
    open: int
    succeeded: int
    failed: int
    people: int
    refund_due: int


class OfferList(BaseModel):
    """Every offer, the newest first."""

    items: list[OfferBody]


class GroupBody(BaseModel):
    """A group; `missing` is exactly how many people are still needed."""

    group_id: str
    offer_id: str
    size: int
    joined: int
    missing: int
    state: Literal["open", "succeeded", "failed"]
    opened_time: str
    expires_time: str
    ended_time: str | None


class GroupPage(BaseModel):
    """Groups, the newest first."""

    items: list[GroupBody]
    next_cursor: str | None


def offer_body(offer: Offer, tally: dict[str, int]) -> OfferBody:
    """An offer."""
    return OfferBody(
        offer_id=offer.offer_id, name=offer.name, product_id=offer.product_id, price_minor=offer.price_minor,
        currency=offer.currency, size=offer.size, hours=offer.hours, stock=offer.stock, sold=offer.sold, state=offer.state,
        made_time=to_iso(offer.made_us), open=tally.get("open", 0), succeeded=tally.get("succeeded", 0),
        failed=tally.get("failed", 0), people=tally.get("people", 0), refund_due=tally.get("refund_due", 0),
    )  # fmt: skip


def group_body(group: Group) -> GroupBody:
    """A group."""
    return GroupBody(
        group_id=group.group_id, offer_id=group.offer_id, size=group.size, joined=group.joined, missing=group.missing,
        state=group.state, opened_time=to_iso(group.opened_us), expires_time=to_iso(group.expires_us),
        ended_time=None if group.ended_us is None else to_iso(group.ended_us),
    )  # fmt: skip
