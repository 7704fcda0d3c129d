"""From people to the events of each business day: who comes, by which way, what follows later."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from weaktie.simulate.behaviour import NOBODY, Visits, play
from weaktie.simulate.channels import ACQUISITION, ORGANIC, REFERRAL, SHARE
from weaktie.simulate.events import Events, Kind, Orders, joined, made
from weaktie.simulate.social import addressed, dealings, farm_dealings
from weaktie.simulate.timeline import DAY_MS, F64, HOUR_MS, I8, I32, I64, MINUTE_MS, SECOND_MS, B, stream
from weaktie.simulate.world import World

_STREAM = 10
_DECAY_MS = 21 * DAY_MS
_REFUNDS, _FARM_REFUNDS = 0.06, 0.6


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody opens a link that a friend shared."""

    start_ms: int
    person: int
    product: int
    sharer: int


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that goes back for an order of an earlier moment."""

    time_ms: int
    person: int
    device: int
    order_id: str
    total_minor: int


@dataclass(frozen=True, slots=True)
class Scene:
    """One batch of events with what their encoding refers to; `refunds[k]` belongs to the events whose
    `order` is k and whose kind is ORDER_REFUNDED; `order_ids` name the rows of `orders`."""

    events: Events
    orders: Orders
    order_ids: tuple[str, ...]
    refunds: tuple[Refund, ...]


@dataclass(slots=True)
class _Later:
    """What earlier days have set in motion."""

    arrivals: list[Arrival] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    used_second: B = field(default_factory=lambda: np.zeros(0, np.bool_))


def day_scenes(world: World) -> Iterator[tuple[int, Scene]]:
    """The market day by day: the 0-based day and what happened in the visits that began on it."""
    later = _Later(used_second=np.zeros(len(world.folk), np.bool_))
    for day in range(len(world.line.weight)):
        yield day, _one_day(world, day, later)


def _one_day(world: World, day: int, later: _Later) -> Scene:
    rng = stream(world.spec, _STREAM, day)
    line = world.line
    close = int(line.midnight_ms[day + 1])
    festival = max(float(line.weight[day]), 1.0) ** 0.6
    due = [a for a in later.arrivals if a.start_ms < close]
    later.arrivals = [a for a in later.arrivals if a.start_ms >= close]
    visits = gathered(
        [_ordinary(world, day, rng, later), _registrations(world, day, rng), arrival_visits(world, due, rng)]
    )
    events, orders = play(world.folk, world.shelf, visits, rng, festival)
    addressed(world.ties, events, rng)
    # Whoever hears of something today may come today: a second, smaller wave.
    heard = arrivals_of(world, events, rng)
    wave = arrival_visits(world, [a for a in heard if a.start_ms < close], rng)
    more_events, more_orders = play(world.folk, world.shelf, wave, rng, festival)
    addressed(world.ties, more_events, rng)
    tomorrow = [a for a in arrivals_of(world, more_events, rng) if a.start_ms >= close]
    later.arrivals += [a for a in heard if a.start_ms >= close] + tomorrow
    orders, more_events = appended(orders, more_orders, more_events)
    farm_orders, farm_events = farm_day(world, day)
    orders, farm_events = appended(orders, farm_orders, farm_events)
    among = dealings(world.spec, line, world.folk, world.social, world.shelf, world.devices.first, day)
    kept = happened(
        world, joined([events, more_events, sent_invitations(world, day, rng), farm_events, *among])
    )
    ids = tuple(f"o{line.first_day + day}-{k:05d}" for k in range(len(orders)))
    later.refunds += _refunds(world, kept, orders, ids, rng)
    now = sorted((r for r in later.refunds if r.time_ms < close), key=lambda r: (r.time_ms, r.order_id))
    later.refunds = [r for r in later.refunds if r.time_ms >= close]
    return Scene(joined([kept, _refund_events(now)]), orders, ids, tuple(now))


def _ordinary(world: World, day: int, rng: np.random.Generator, later: _Later) -> Visits:
    """The visits that people make of themselves."""
    folk, line = world.folk, world.line
    noon = line.midnight_ms[day] + DAY_MS // 2
    mean = folk.rate * line.weight[day] * fading(folk.churn_ms, noon)
    here = (folk.first_ms < line.midnight_ms[day + 1]) & (folk.churn_ms > line.midnight_ms[day])
    visits = rng.poisson(np.where(here, np.minimum(mean, 6.0), 0.0))
    person = np.repeat(np.arange(len(folk)), visits).astype(np.int32)
    start = line.spread(rng, np.full(len(person), day))
    present = folk.alive(person, start)
    person, start = person[present], start[present]
    return free_visits(world, person, start, rng, later.used_second)


def free_visits(
    world: World, person: I32, start: I64, rng: np.random.Generator, used_second: B | None = None
) -> Visits:
    """Visits that begin at `start`, with the device, the way in and the login drawn.

    `used_second` remembers who has used the second device before: its first visit begins signed out.
    """
    folk = world.folk
    member = start >= folk.join_ms[person]
    elsewhere = (world.devices.second[person] >= 0) & member & (rng.random(len(person)) < 0.25)
    device = np.where(elsewhere, world.devices.second[person], world.devices.first[person]).astype(np.int32)
    signed_out = rng.random(len(person)) < 0.07
    if used_second is not None:
        signed_out |= elsewhere & ~used_second[person]
        used_second[person[elsewhere]] = True
    login = np.where(signed_out, rng.integers(1, 3, len(person)), 0)
    return Visits(
        person=person,
        device=device,
        start_ms=start,
        channel=_ways_in(world, person, member, rng),
        login_slot=np.where(member, login, NOBODY).astype(np.int32),
        landing=np.full(len(person), -1, np.int32),
        peer=np.full(len(person), -1, np.int32),
        signs_up=np.zeros(len(person), np.bool_),
    )


def _ways_in(world: World, person: I32, member: B, rng: np.random.Generator) -> I8:
    """The channel of each visit: the private domain for half of its members' visits, ads for a few."""
    folk = world.folk
    draw = rng.random(len(person))
    belongs = member & (folk.private[person] >= 0)
    paid = rng.integers(0, len(ACQUISITION) - 2, len(person))
    way = np.where(draw > 0.86, paid, ORGANIC)
    way = np.where(belongs & (draw < 0.5), folk.private[person], way)
    before = np.where(folk.channel[person] == REFERRAL, ORGANIC, folk.channel[person])
    return np.where(member, way, before).astype(np.int8)


def _registrations(world: World, day: int, rng: np.random.Generator) -> Visits:
    """The visits in which people register: anonymous at first, then with their new user id."""
    folk, line = world.folk, world.line
    opens, close = line.midnight_ms[day], line.midnight_ms[day + 1]
    person = np.flatnonzero((folk.join_ms >= opens) & (folk.join_ms < close)).astype(np.int32)
    return Visits(
        person=person,
        device=world.devices.first[person],
        start_ms=folk.join_ms[person],
        channel=folk.channel[person].astype(np.int8),
        login_slot=rng.integers(1, 3, len(person)).astype(np.int32),
        landing=np.full(len(person), -1, np.int32),
        peer=folk.inviter[person],
        signs_up=np.ones(len(person), np.bool_),
    )


def arrival_visits(world: World, arrivals: list[Arrival], rng: np.random.Generator) -> Visits:
    """Visits through shared links by those who are members at that time; others do not follow the link."""
    person = np.array([a.person for a in arrivals], np.int32)
    start = np.array([a.start_ms for a in arrivals], np.int64)
    comes = world.folk.alive(person, start) & (start > world.folk.join_ms[person] + HOUR_MS)
    chosen = np.flatnonzero(comes)
    plain = free_visits(world, person[chosen], start[chosen], rng)
    return Visits(
        person=plain.person,
        device=world.devices.first[plain.person],
        start_ms=plain.start_ms,
        channel=np.full(len(plain), SHARE, np.int8),
        login_slot=plain.login_slot,
        landing=np.array([a.product for a in arrivals], np.int32)[chosen],
        peer=np.array([a.sharer for a in arrivals], np.int32)[chosen],
        signs_up=plain.signs_up,
    )


def gathered(parts: list[Visits]) -> Visits:
    """All the visits of the parts."""
    columns = ("person", "device", "start_ms", "channel", "login_slot", "landing", "peer", "signs_up")
    return Visits(*(np.concatenate([getattr(p, one) for p in parts]) for one in columns))


def arrivals_of(world: World, events: Events, rng: np.random.Generator) -> list[Arrival]:
    """Who will follow the links shared in `events`, hours later: of those that went to one friend the one to whom it went,
    if easily moved; of the others about four of ten find somebody."""
    folk = world.folk
    shares = happened(world, events.take(events.kind == Kind.PRODUCT_SHARED))
    shares = shares.take(shares.known)
    moved = rng.random(len(shares)) < 0.1 + folk.susceptibility[np.maximum(shares.peer, 0)]
    many = rng.poisson(np.minimum(0.4 * np.sqrt(folk.influence[shares.person]), 2.0))
    shares = shares.take(np.repeat(np.arange(len(shares)), np.where(shares.peer >= 0, moved, many)))
    listener = np.where(shares.peer >= 0, shares.peer, world.ties.listeners(rng, shares.person))
    lag = (rng.exponential(4 * HOUR_MS, len(shares)) + 40 * SECOND_MS).astype(np.int64)
    rows = zip(
        (shares.time_ms + lag).tolist(),
        listener.tolist(),
        shares.target.tolist(),
        shares.person.tolist(),
        strict=True,
    )
    return [Arrival(*row) for row in rows if row[1] >= 0 and row[1] != row[3]]


def sent_invitations(world: World, day: int, rng: np.random.Generator) -> Events:
    """The accepted invitations that were sent this day, each in a short visit of its own."""
    invites, line = world.invitations, world.line
    begin, end = np.searchsorted(invites.sent_ms, line.midnight_ms[day : day + 2])
    inviter, sent = invites.inviter[begin:end], invites.sent_ms[begin:end]
    device = world.devices.first[inviter]
    way = _ways_in(world, inviter, np.ones(len(inviter), np.bool_), rng)
    known = np.ones(len(inviter), np.bool_)
    before = np.maximum(sent - 20 * SECOND_MS, line.midnight_ms[day])
    opened = made(Kind.APP_OPENED, before, inviter, device, way, known)
    asked = made(Kind.INVITE_SENT, sent, inviter, device, way, known, peer=invites.invitee[begin:end])
    return joined([opened, asked])


def farm_day(world: World, day: int) -> tuple[Orders, Events]:
    """The orders of made-up accounts on a day: the cheapest goods, once, to have the reward."""
    person, at = farm_dealings(world.line, world.folk, world.farms.pace_ms, world.farms.first, day)
    count = len(person)
    cheap = np.argsort(world.shelf.price_minor, kind="stable")[:40]
    product = cheap[person % len(cheap)].astype(np.int32)
    orders = Orders(
        person, np.arange(count + 1), product, np.ones(count, np.int32), np.zeros(count, np.int64),
        world.shelf.price_minor[product], np.full(count, -1, np.int8), world.folk.inviter[person],
    )  # fmt: skip
    device = world.devices.first[person]
    row = np.arange(count, dtype=np.int32)
    way, known = np.full(count, ORGANIC, np.int8), np.ones(count, np.bool_)
    begun = made(Kind.CHECKOUT_STARTED, at - 20 * SECOND_MS, person, device, way, known, order=row)
    paid = made(Kind.ORDER_COMPLETED, at, person, device, way, known, order=row, peer=orders.peer)
    return orders, joined([begun, paid])


def happened(world: World, events: Events) -> Events:
    """Without what would lie past a person's end or the market's."""
    folk = world.folk
    return events.take(
        (events.time_ms < folk.churn_ms[events.person]) & (events.time_ms <= world.line.end_ms)
    )


def fading(churn_ms: I64, at_ms: int | np.int64) -> F64:
    """How much of the own rate is left: leavers come less and less in their last three weeks."""
    left = np.clip((churn_ms - at_ms) / _DECAY_MS, 0.0, 1.0)
    return np.asarray(0.35 + 0.65 * left)


def appended(orders: Orders, more: Orders, events: Events) -> tuple[Orders, Events]:
    """Both lists of orders in one, and the events of the second list pointing into it."""
    both = Orders(
        person=np.concatenate([orders.person, more.person]),
        first=np.concatenate([orders.first, more.first[1:] + orders.first[-1]]),
        product=np.concatenate([orders.product, more.product]),
        quantity=np.concatenate([orders.quantity, more.quantity]),
        discount_minor=np.concatenate([orders.discount_minor, more.discount_minor]),
        total_minor=np.concatenate([orders.total_minor, more.total_minor]),
        coupon=np.concatenate([orders.coupon, more.coupon]),
        peer=np.concatenate([orders.peer, more.peer]),
    )
    moved = events.take(np.arange(len(events)))
    moved.order[moved.order >= 0] += len(orders)
    return both, moved


def _refunds(
    world: World, events: Events, orders: Orders, ids: tuple[str, ...], rng: np.random.Generator
) -> list[Refund]:
    paid = events.take(events.kind == Kind.ORDER_COMPLETED)
    often = np.where(world.folk.farm[paid.person] >= 0, _FARM_REFUNDS, _REFUNDS)
    back = paid.take(rng.random(len(paid)) < often)
    time = back.time_ms + (rng.uniform(1.0, 10.0, len(back)) * DAY_MS).astype(np.int64)
    limit = np.minimum(world.folk.churn_ms[back.person] - MINUTE_MS, world.line.end_ms)
    rows = zip(
        time.tolist(),
        back.person.tolist(),
        back.device.tolist(),
        back.order.tolist(),
        limit.tolist(),
        strict=True,
    )
    return [
        Refund(at, who, device, ids[order], int(orders.total_minor[order]))
        for at, who, device, order, last in rows
        if at < last
    ]


def _refund_events(refunds: list[Refund]) -> Events:
    count = len(refunds)
    return made(
        Kind.ORDER_REFUNDED,
        np.array([r.time_ms for r in refunds], np.int64),
        np.array([r.person for r in refunds], np.int32),
        np.array([r.device for r in refunds], np.int32),
        np.full(count, ORGANIC, np.int8),
        np.ones(count, np.bool_),
        order=np.arange(count, dtype=np.int32),
    )
