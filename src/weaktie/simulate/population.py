"""The people of the market: when they come and go, what they like, who brought them, which devices they hold.

Activity follows the shape of buy-till-you-die models (Fader, Hardie, Lee 2005): while alive a person visits
at an own Gamma rate, and leaves for good at an own exponential time.
"""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.channels import ACQUISITION, FIRST_PRIVATE, ORGANIC, PRIVATE, REFERRAL
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.rings import Farms
from weaktie.simulate.timeline import (
    DAY_MS,
    F64,
    HOUR_MS,
    I8,
    I32,
    I64,
    MINUTE_MS,
    NEVER_MS,
    B,
    Timeline,
    stream,
)
from weaktie.simulate.vocabulary import AGE_BANDS, CATEGORIES, PLACES

COMMUNITY_SIZE = 60
_STREAM = 2
_MEAN_SESSIONS_PER_DAY = 0.21


@dataclass(frozen=True, slots=True)
class People:
    """One row a person. The first `registered` rows have (or will get) a user id, the rest stay visitors.

    Times are milliseconds UTC. `first_ms` is the first visit that could happen, `join_ms` the registration
    (NEVER for visitors), `churn_ms` the end (NEVER past the market). `inviter`, `private` and `farm` (see `rings`)
    are -1 where there is none. `susceptibility` (0–1) is how easily others' words move somebody.
    """

    registered: int
    first_ms: I64
    join_ms: I64
    churn_ms: I64
    rate: F64
    buy: F64
    sensitivity: F64
    level: I32
    influence: F64
    community: I32
    taste: F64
    taste_rise: F64
    channel: I32
    private: I32
    inviter: I32
    gender: I8
    age_band: I8
    place: I8
    has_phone: B
    has_email: B
    creators: I32
    farm: I32
    susceptibility: F64

    def __len__(self) -> int:
        return len(self.rate)

    def alive(self, person: I32, at_ms: I64) -> B:
        """Whether each person may act at the instant: has come and has not left."""
        return np.asarray((self.first_ms[person] <= at_ms) & (at_ms < self.churn_ms[person]))


def people(spec: MarketSpec, line: Timeline, planted: Farms) -> People:
    """Everybody who can appear in the market; the accounts of `planted` farms among them."""
    rng = stream(spec, _STREAM)
    users = spec.users
    count = users + max(users // 12, 1)
    registered = np.arange(count) < users
    farm = planted.of(np.arange(count, dtype=np.int32))
    made_up = farm >= 0
    join, joins_inside = _joins(rng, line, users, count)
    join[made_up], joins_inside[made_up] = planted.join_ms, True
    influence = rng.lognormal(-0.32, 0.8, count)
    influence[made_up] = 0.0  # Nobody honest is brought in by a farm.
    creators = _creators(rng, line, join, joins_inside, influence, planted.first)
    channel = rng.choice(len(ACQUISITION), count, p=_shares()).astype(np.int32)
    churn = _churn(rng, line, join, joins_inside, registered, channel)
    churn[creators] = NEVER_MS
    churn[made_up] = np.where(planted.boss < 0, NEVER_MS, planted.join_ms + 10 * DAY_MS)
    inviter = _inviters(rng, join, churn, influence, channel, registered)
    inviter[made_up] = planted.boss
    channel[made_up] = np.where(planted.boss < 0, ORGANIC, REFERRAL)
    community = _communities(rng, users, count, join, inviter)
    taste = _tastes(rng, community)
    first = _first_visits(rng, line, join, joins_inside, inviter, registered)
    churn[~registered] = first[~registered] + (rng.exponential(12 * DAY_MS, count - users)).astype(np.int64)

    private = np.where(rng.random(count) < 0.32, FIRST_PRIVATE + rng.integers(0, len(PRIVATE), count), -1)
    private[~registered | made_up] = -1
    quality = np.array([c.quality for c in ACQUISITION])[channel]
    belongs = private >= 0
    rate = np.clip(rng.gamma(1.1, _MEAN_SESSIONS_PER_DAY / 1.1, count), 0.004, 3.0) * quality
    rate = rate * np.where(belongs, 1.5, 1.0) * np.where(registered, 1.0, 0.6)
    rate[made_up] = np.where(planted.boss < 0, 0.1, 0.002)
    sensitivity = rng.beta(2.0, 2.0, count)
    return People(
        registered=users,
        first_ms=first,
        join_ms=join,
        churn_ms=np.where(churn > line.end_ms, NEVER_MS, churn),
        rate=rate,
        buy=np.clip(rng.gamma(1.6, 1 / 1.6, count) * np.where(belongs, 1.4, 0.9), 0.02, 4.0),
        sensitivity=sensitivity,
        level=np.minimum((sensitivity * 3).astype(np.int32), 2),
        influence=influence,
        community=community,
        taste=taste,
        taste_rise=np.cumsum(taste, axis=1),
        channel=channel,
        private=private.astype(np.int32),
        inviter=inviter,
        gender=rng.choice(3, count, p=(0.62, 0.34, 0.04)).astype(np.int8),
        age_band=rng.choice(len(AGE_BANDS), count, p=[share for _, share in AGE_BANDS]).astype(np.int8),
        place=rng.choice(len(PLACES), count, p=_place_shares()).astype(np.int8),
        has_phone=((rng.random(count) < 0.6) & registered) | made_up,
        has_email=(rng.random(count) < 0.22) & registered & ~made_up,
        creators=creators,
        farm=farm,
        susceptibility=stream(spec, _STREAM, 1).beta(2.0, 4.0, count),
    )


def _creators(
    rng: np.random.Generator, line: Timeline, join: I64, inside: B, influence: F64, honest: int
) -> I32:
    """One of 250 makes contents and moves others; creators were there before the window: their contents are."""
    creators = rng.permutation(honest)[: max(honest // 245, 3)].astype(np.int32)
    influence[creators] *= 8.0
    early = creators[inside[creators]]
    join[early] = line.start_ms - rng.integers(30, 700, len(early)) * DAY_MS
    inside[early] = False
    return creators


def _shares() -> F64:
    share = np.array([c.share for c in ACQUISITION])
    return np.asarray(share / share.sum())


def _place_shares() -> F64:
    weight = np.array([w for _, _, w in PLACES])
    return np.asarray(weight / weight.sum())


def _joins(rng: np.random.Generator, line: Timeline, users: int, count: int) -> tuple[I64, B]:
    """Registrations: three in five up to two years before the window, the others inside, growing."""
    days = len(line.weight)
    inside = rng.random(count) < 0.4
    inside[users:] = False
    before = line.start_ms - (rng.random(count) ** 1.3 * 730 * DAY_MS).astype(np.int64) - HOUR_MS
    odds = line.weight * np.linspace(0.75, 1.35, days)
    day = rng.choice(days, count, p=odds / odds.sum())
    join = np.where(inside, line.spread(rng, day.astype(np.int64)), before)
    # The last registrations leave room for the session in which they happen.
    room = np.int64(line.end_ms - 30 * MINUTE_MS) - rng.integers(0, 6 * HOUR_MS, count)
    # The first ones leave room for the invitation that came before.
    join = np.maximum(np.minimum(join, room), np.where(inside, line.start_ms + 3 * HOUR_MS, join))
    join[users:] = NEVER_MS
    return join.astype(np.int64), inside


def _churn(
    rng: np.random.Generator, line: Timeline, join: I64, inside: B, registered: B, channel: I32
) -> I64:
    """When each registered person leaves: many newcomers within days, the settled ones slowly."""
    count = len(join)
    quality = np.array([c.quality for c in ACQUISITION])[channel]
    flighty = rng.random(count) < np.clip(0.62 - 0.25 * quality, 0.1, 0.6)
    lifetime = np.where(flighty, rng.exponential(4.0, count), rng.exponential(150.0, count) * quality)
    newcomer = join + HOUR_MS + (lifetime * DAY_MS).astype(np.int64)
    # Who came before the window has left it already (one in four), or goes on without memory.
    rest = (rng.exponential(190.0, count) * DAY_MS).astype(np.int64)
    gone = join + (rng.random(count) * (line.start_ms - join)).astype(np.int64)
    settled = np.where(rng.random(count) < 0.25, gone, line.start_ms + rest)
    leaves = np.where(inside, newcomer, settled)
    return np.where(registered, leaves, NEVER_MS).astype(np.int64)


def _inviters(
    rng: np.random.Generator, join: I64, churn: I64, influence: F64, channel: I32, registered: B
) -> I32:
    """Who brought each referred person: somebody earlier and still there, the influential more often.

    Where nobody qualifies the person counts as organic, which `channel` then says.
    """
    count = len(join)
    inviter = np.full(count, -1, np.int32)
    order = np.argsort(join, kind="stable")
    rank = np.empty(count, np.int64)
    rank[order] = np.arange(count)
    rise = np.cumsum(influence[order])
    open_cases = np.flatnonzero((channel == REFERRAL) & registered)
    for _ in range(60):
        below = rise[np.maximum(rank[open_cases] - 1, 0)]
        chosen = order[np.searchsorted(rise, rng.random(len(open_cases)) * below)]
        fits = (join[chosen] < join[open_cases] - 3 * HOUR_MS) & (churn[chosen] > join[open_cases])
        inviter[open_cases[fits]] = chosen[fits]
        open_cases = open_cases[~fits]
        if not len(open_cases):
            break
    channel[open_cases] = 5
    channel[~registered & (channel == REFERRAL)] = 5
    return inviter


def _communities(rng: np.random.Generator, users: int, count: int, join: I64, inviter: I32) -> I32:
    """A circle of about sixty for each; seven invitees of ten share their inviter's (a strong tie)."""
    circles = max(users // COMMUNITY_SIZE, 2)
    community = rng.integers(0, circles, count).astype(np.int32)
    follows = (inviter >= 0) & (rng.random(count) < 0.7)
    for person in np.argsort(join, kind="stable").tolist():
        if follows[person]:
            community[person] = community[inviter[person]]
    return community


def _tastes(rng: np.random.Generator, community: I32) -> F64:
    """What each likes: around the taste of the person's circle, so that ties say something about wants."""
    circles = rng.dirichlet(np.full(len(CATEGORIES), 0.5), int(community.max()) + 1)
    weight = rng.standard_gamma(circles[community] * 6.0 + 0.12)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _first_visits(
    rng: np.random.Generator, line: Timeline, join: I64, inside: B, inviter: I32, registered: B
) -> I64:
    """Some look around for days before they register; visitors come at any time."""
    count = len(join)
    ahead = (rng.random(count) * 10 * DAY_MS).astype(np.int64)
    looks = inside & (inviter < 0) & (rng.random(count) < 0.3)
    first = np.where(looks, np.maximum(join - ahead, line.start_ms), join)
    anywhere = line.start_ms + (rng.random(count) * (line.end_ms - line.start_ms)).astype(np.int64)
    return np.where(registered, first, anywhere).astype(np.int64)
