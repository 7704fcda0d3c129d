"""What people do once they are in the shop: from visits to the events of a visit.

A visit is a row of slots (a content of the feed, a shelf, a search, a product met directly); each slot may
lead down the funnel. All of it is drawn column by column.
"""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.catalogue import Catalogue
from weaktie.simulate.events import Events, Kind, Orders, joined, made
from weaktie.simulate.population import People
from weaktie.simulate.timeline import F64, I8, I32, I64, MINUTE_MS, B
from weaktie.simulate.vocabulary import CATEGORIES, COUPONS

NOBODY = 10_000  # A login slot that no visit reaches: the visit stays anonymous.
_FEED, _SHELF, _SEARCH, _DIRECT = 0, 1, 2, 3
_SLOT_ODDS = (0.84, 0.08, 0.045, 0.035)
_MORE_SLOTS = 4.0
_MOST_SLOTS = 40
_CLICK, _LIKE, _COMMENT = 0.09, 0.05, 0.012
_ADD, _CHECKOUT, _PAY, _SHARE, _INVITE = 0.07, 0.54, 0.6, 0.03, 0.05


@dataclass(frozen=True, slots=True)
class Visits:
    """One row a visit. `login_slot` is the slot from which the person is signed in (0: from the start).

    `landing` is the product at which a shared link leads in, `peer` who shared it or sent the invitation, -1
    for none; `signs_up` marks the visit in which the person registers.
    """

    person: I32
    device: I32
    start_ms: I64
    channel: I8
    login_slot: I32
    landing: I32
    peer: I32
    signs_up: B

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class _Slots:
    visit: I64
    place: I64
    kind: I8
    category: I32
    content: I32
    product: I32
    known: B
    clicked: B
    liked: B
    commented: B
    viewed: B
    added: B
    checkout: B
    paid: B
    shared: B


def play(
    folk: People, shelf: Catalogue, visits: Visits, rng: np.random.Generator, festival: float = 1.0
) -> tuple[Events, Orders]:
    """The events of the visits in time order, and their orders. `festival` above 1 makes people buy more."""
    slots = _slots(folk, shelf, visits, rng, festival)
    at = _times(visits, slots, rng)
    orders, baskets = _orders(folk, shelf, visits, slots, at, rng)
    parts = [
        _openings(visits),
        *_logins(visits, slots, at),
        *_browsing(visits, slots, at, rng),
        *baskets,
        _invites(folk, visits, slots, at, rng),
    ]
    return joined(parts), orders


def _slots(
    folk: People, shelf: Catalogue, visits: Visits, rng: np.random.Generator, festival: float
) -> _Slots:
    many = np.minimum(1 + rng.geometric(1 / (1 + _MORE_SLOTS), len(visits)), _MOST_SLOTS)
    many = np.where(visits.signs_up, np.maximum(many, visits.login_slot + 2), many)
    visit = np.repeat(np.arange(len(visits)), many)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(many) - many, many)
    person = visits.person[visit]
    kind = rng.choice(4, len(visit), p=_SLOT_ODDS).astype(np.int8)
    lands = (place == 0) & (visits.landing[visit] >= 0)
    kind[lands] = _DIRECT
    category, liking = _wants(folk, person, kind, rng)
    content = shelf.draw_contents(rng, category)
    feed = kind == _FEED
    clicked = feed & (rng.random(len(visit)) < _CLICK * liking * shelf.content_quality[content])
    product = np.where(
        feed, shelf.content_product[content], shelf.draw_products(rng, category, folk.level[person])
    )
    product = np.where(lands, visits.landing[visit], product).astype(np.int32)
    chance = np.choose(kind, (0.85, 0.6, 0.7, 1.0))
    viewed = np.where(feed, clicked, True) & (rng.random(len(visit)) < chance)
    known = place >= visits.login_slot[visit]
    cheap = 1.25 - 0.5 * folk.sensitivity[person] * (
        shelf.price_minor[product] > np.median(shelf.price_minor)
    )
    wish = liking * folk.buy[person] * cheap * festival * np.where(visits.landing[visit] >= 0, 1.4, 1.0)
    added = viewed & (rng.random(len(visit)) < np.minimum(_ADD * wish, 0.6))
    checkout = added & known & (rng.random(len(visit)) < _CHECKOUT)
    return _Slots(
        visit=visit,
        place=place,
        kind=kind,
        category=category,
        content=content,
        product=product,
        known=known,
        clicked=clicked,
        liked=feed & (rng.random(len(visit)) < _LIKE * liking),
        commented=feed & (rng.random(len(visit)) < _COMMENT * liking),
        viewed=viewed,
        added=added,
        checkout=checkout,
        paid=checkout & (rng.random(len(visit)) < _PAY),
        shared=viewed & (rng.random(len(visit)) < np.minimum(_SHARE * folk.influence[person], 0.3)),
    )


def _wants(folk: People, person: I32, kind: I8, rng: np.random.Generator) -> tuple[I32, F64]:
    """The category met in each slot and how well it suits the person (mean about 1)."""
    drawn = rng.random(len(person))
    own = (drawn[:, None] > folk.taste_rise[person]).sum(axis=1)
    anything = rng.integers(0, len(CATEGORIES), len(person))
    by_taste = (kind != _FEED) | (rng.random(len(person)) < 0.6)
    category = np.minimum(np.where(by_taste, own, anything), len(CATEGORIES) - 1).astype(np.int32)
    liking = np.sqrt(folk.taste[person, category] * len(CATEGORIES))
    return category, np.clip(liking, 0.25, 2.4) / 1.45


def _times(visits: Visits, slots: _Slots, rng: np.random.Generator) -> I64:
    """When each slot begins: long enough after the one before for all that happened in it."""
    stay = 3.0 + np.minimum(rng.exponential(13.0, len(slots.visit)), 90.0)
    stay += 20.0 * slots.viewed + 12.0 * slots.added + 22.0 * slots.checkout + 15.0 * slots.paid
    stay += rng.random(len(slots.visit))
    rise = np.cumsum((stay * 1000).astype(np.int64))
    before = np.concatenate([[0], rise[:-1]])
    opens = np.flatnonzero(slots.place == 0)
    since = before - np.repeat(before[opens], np.diff(np.append(opens, len(before))))
    return np.asarray(visits.start_ms[slots.visit] + 1500 + since, np.int64)


def _openings(visits: Visits) -> Events:
    return made(
        Kind.APP_OPENED,
        visits.start_ms,
        visits.person,
        visits.device,
        visits.channel,
        visits.login_slot == 0,
        peer=visits.peer,
    )


def _logins(visits: Visits, slots: _Slots, at: I64) -> list[Events]:
    """Signing in or up at the chosen slot; an invitation is accepted with the registration."""
    turn = (slots.place > 0) & (slots.place == visits.login_slot[slots.visit])
    rows = np.flatnonzero(turn)
    who = slots.visit[rows]
    new = visits.signs_up[who]
    invited = new & (visits.peer[who] >= 0)
    parts = []
    steps = (
        (Kind.IDENTIFY, -900, np.ones(len(rows), np.bool_)),
        (Kind.TRAITS, -890, np.ones(len(rows), np.bool_)),
        (Kind.SIGNED_UP, -800, new),
        (Kind.SIGNED_IN, -800, ~new),
        (Kind.INVITE_ACCEPTED, -600, invited),
    )
    for kind, later, chosen in steps:
        of = who[chosen]
        parts.append(
            made(
                kind,
                at[rows[chosen]] + later,
                visits.person[of],
                visits.device[of],
                visits.channel[of],
                np.ones(len(of), np.bool_),
                peer=visits.peer[of],
            )
        )
    return parts


def _browsing(visits: Visits, slots: _Slots, at: I64, rng: np.random.Generator) -> list[Events]:
    feed, shelf, search = slots.kind == _FEED, slots.kind == _SHELF, slots.kind == _SEARCH
    word = rng.integers(0, 2**20, len(at)).astype(np.int32)
    led = np.where(feed, slots.content, -1).astype(np.int32)
    lands = slots.place == 0
    shared_by = np.where(lands & (visits.landing[slots.visit] >= 0), visits.peer[slots.visit], -1)
    seen = np.choose(slots.kind, (5200, 7100, 8300, 0)) + at
    return [
        _of(Kind.CONTENT_VIEWED, visits, slots, feed, at, target=slots.content),
        _of(Kind.CONTENT_CLICKED, visits, slots, slots.clicked, at + 4100, target=slots.content),
        _of(Kind.CONTENT_LIKED, visits, slots, slots.liked, at + 2300, target=slots.content),
        _of(Kind.CONTENT_COMMENTED, visits, slots, slots.commented, at + 2900, target=slots.content),
        _of(Kind.PRODUCTS_SEARCHED, visits, slots, search, at, target=slots.category, number=word),
        _of(
            Kind.PRODUCT_LIST_VIEWED, visits, slots, search | shelf, at + 1200 * search, target=slots.category
        ),
        _of(
            Kind.PRODUCT_VIEWED,
            visits,
            slots,
            slots.viewed,
            seen,
            target=slots.product,
            other=led,
            peer=shared_by,
        ),
        _of(Kind.PRODUCT_SHARED, visits, slots, slots.shared, seen + 6400, target=slots.product, other=led),
        _of(
            Kind.PRODUCT_ADDED,
            visits,
            slots,
            slots.added,
            seen + 11000,
            target=slots.product,
            number=np.ones_like(word),
        ),
    ]


def _of(
    kind: Kind,
    visits: Visits,
    slots: _Slots,
    chosen: B,
    at: I64,
    *,
    target: I32 | None = None,
    other: I32 | None = None,
    peer: I32 | None = None,
    order: I32 | None = None,
    number: I32 | None = None,
) -> Events:
    """Events of one kind at the chosen slots; the columns given are by slot."""
    rows = np.flatnonzero(chosen)
    visit = slots.visit[rows]
    return made(
        kind,
        at[rows],
        visits.person[visit],
        visits.device[visit],
        visits.channel[visit],
        slots.known[rows],
        target=None if target is None else target[rows],
        other=None if other is None else other[rows],
        peer=None if peer is None else peer[rows],
        order=None if order is None else order[rows],
        number=None if number is None else number[rows],
    )


def _orders(
    folk: People, shelf: Catalogue, visits: Visits, slots: _Slots, at: I64, rng: np.random.Generator
) -> tuple[Orders, list[Events]]:
    """Baskets: the product of the slot and up to two more of its shelf, each put in before the checkout."""
    rows = np.flatnonzero(slots.checkout)
    visit = slots.visit[rows]
    person = visits.person[visit]
    extra = rng.choice(3, len(rows), p=(0.68, 0.22, 0.10))
    first = np.concatenate([[0], np.cumsum(1 + extra)])
    of = np.repeat(np.arange(len(rows)), 1 + extra)
    lead = np.zeros(len(of), np.bool_)
    lead[first[:-1]] = True
    drawn = shelf.draw_products(rng, slots.category[rows][of], folk.level[person][of])
    product = np.where(lead, slots.product[rows][of], drawn).astype(np.int32)
    quantity = np.where(lead, 1, 1 + (rng.random(len(of)) < 0.2)).astype(np.int32)
    worth = (
        np.add.reduceat(shelf.price_minor[product] * quantity, first[:-1])
        if len(rows)
        else np.zeros(0, np.int64)
    )
    uses = rng.random(len(rows)) < 0.12 + 0.3 * folk.sensitivity[person]
    coupon = np.where(uses, rng.integers(0, len(COUPONS), len(rows)), -1).astype(np.int8)
    off = np.array([0, *(minor for _, minor in COUPONS)], np.int64)[coupon + 1]
    # A coupon takes at most half, and is not used where it would.
    coupon = np.where(off * 2 > worth, -1, coupon).astype(np.int8)
    off = np.where(coupon < 0, 0, off)
    orders = Orders(person, first, product, quantity, off, worth - off, coupon, visits.peer[visit])

    slot_order = np.full(len(at), -1, np.int32)
    slot_order[rows] = np.arange(len(rows))
    starts = at + np.choose(slots.kind, (5200, 7100, 8300, 0)) + 20_000
    more = np.flatnonzero(~lead)
    host = rows[of[more]]
    into = visits.person[slots.visit[host]]
    added = made(
        Kind.PRODUCT_ADDED,
        starts[host] - 4000 + 700 * (more - first[of[more]]),
        into,
        visits.device[slots.visit[host]],
        visits.channel[slots.visit[host]],
        slots.known[host],
        target=product[more],
        number=quantity[more],
    )
    checkout = _of(Kind.CHECKOUT_STARTED, visits, slots, slots.checkout, starts, order=slot_order)
    paid = _of(
        Kind.ORDER_COMPLETED,
        visits,
        slots,
        slots.paid,
        starts + 19_000,
        order=slot_order,
        peer=visits.peer[slots.visit],
    )
    return orders, [added, checkout, paid]


def _invites(folk: People, visits: Visits, slots: _Slots, at: I64, rng: np.random.Generator) -> Events:
    """Invitations that nobody answers, sent near the end of a visit."""
    last = np.append(slots.place[1:] == 0, True) if len(slots.place) else np.zeros(0, np.bool_)
    person = visits.person[slots.visit]
    asks = rng.random(len(at)) < np.minimum(_INVITE * folk.influence[person], 0.25)
    known = slots.known & (folk.join_ms[person] + MINUTE_MS < at)
    number = rng.integers(0, 2**30, len(at)).astype(np.int32)
    return _of(Kind.INVITE_SENT, visits, slots, last & asks & known, at + 9000, number=number)
