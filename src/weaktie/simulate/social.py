"""What people do with each other: who talks, answers, gives, buys together, and to whom somebody shares.

How often a pair deals follows how close they are, times how talkative the one who begins is: a count of dealings alone
says less about closeness than who answers, how, and how that compares with what the person does with others.
"""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.catalogue import Catalogue
from weaktie.simulate.channels import ORGANIC
from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.events import Events, Kind, made
from weaktie.simulate.population import People
from weaktie.simulate.ties import FRIEND, Ties
from weaktie.simulate.timeline import F64, HOUR_MS, I32, I64, MINUTE_MS, B, Timeline, stream

_STREAM = 7
_DEALINGS_A_PERSON_AND_DAY = 0.17
_CHAT, _LIKE, _COMMENT, _GIFT = 0.70, 0.12, 0.09, 0.03
"""Shares of dealings by kind; what is left buys together."""
_IN_TOUCH = 0.5
_DIRECT_SHARE, _CO_ORDER = 0.5, 0.06
_GIFTS_MINOR = np.array([520, 990, 1314, 6600], np.int32)


@dataclass(frozen=True, slots=True)
class Social:
    """Directed pairs of friends: parallel arrays. `strength` (0–1) is what `src` feels for `dst`; `rise` rises by how
    often each pair deals."""

    src: I32
    dst: I32
    strength: F64
    rise: F64
    a_day: float


def social(spec: MarketSpec, folk: People, ties: Ties) -> Social:
    """The friendships of a market in both directions."""
    rng = stream(spec, _STREAM)
    friend = ties.kind == FRIEND
    src = np.concatenate([ties.src[friend], ties.dst[friend]])
    dst = np.concatenate([ties.dst[friend], ties.src[friend]])
    close = np.tile(ties.weight[friend], 2)
    strength = np.clip(close * np.exp(rng.normal(0.0, 0.12, len(close))), 0.01, 1.0)
    talkative = rng.lognormal(-0.08, 0.4, len(folk))
    honest = (folk.farm[src] < 0) & (folk.farm[dst] < 0)
    # Many friends have lost touch: a pair deals often or not at all.
    in_touch = np.tile(rng.random(len(close) // 2), 2) < _IN_TOUCH
    odds = talkative[src] * strength**2 * (honest & in_touch)
    return Social(src, dst, strength, np.cumsum(odds), spec.users * spec.talk * _DEALINGS_A_PERSON_AND_DAY)


def dealings(
    spec: MarketSpec,
    line: Timeline,
    folk: People,
    pairs: Social,
    shelf: Catalogue,
    first_device: I32,
    day: int,
) -> list[Events]:
    """What pairs of friends did with each other on a day. Only who is there takes part."""
    rng = stream(spec, _STREAM, 1, day)
    if not len(pairs.src):
        return []
    many = int(rng.poisson(pairs.a_day * float(line.weight[day])))
    pair = np.minimum(np.searchsorted(pairs.rise, rng.random(many) * pairs.rise[-1]), len(pairs.src) - 1)
    at = line.spread(rng, np.full(many, day))
    src, dst, strength = pairs.src[pair], pairs.dst[pair], pairs.strength[pair]
    both = (at > folk.join_ms[src] + HOUR_MS) & (at > folk.join_ms[dst] + HOUR_MS)
    both &= folk.alive(src, at) & folk.alive(dst, at)
    rows = np.flatnonzero(both)
    deals = _Deals(rng, folk, shelf, first_device, src[rows], dst[rows], strength[rows], at[rows])
    return [*deals.words(), *deals.gifts(), *deals.on_contents(shelf), *deals.groups(shelf, day, folk)]


class _Deals:
    """The dealings of one day, told as events of the four sorts."""

    def __init__(
        self, rng: np.random.Generator, folk: People, shelf: Catalogue, device: I32, src: I32, dst: I32, strength: F64,
        at: I64,
    ) -> None:  # fmt: skip
        self.rng, self.device = rng, device
        self.src, self.dst, self.strength, self.at = src, dst, strength, at
        self.sort = rng.random(len(src))
        self.messages = 1 + rng.poisson(30.0 * strength)
        self.maker = np.array([folk.creators[c.creator] for c in shelf.contents], np.int32)
        self.makes = np.zeros(len(folk), np.bool_)
        self.makes[self.maker] = True
        self._liked = self._between(_CHAT + _GIFT, _CHAT + _GIFT + _LIKE)

    def _between(self, low: float, high: float) -> I64:
        return np.flatnonzero((self.sort >= low) & (self.sort < high))

    def words(self) -> list[Events]:
        """Conversations; the closer, the more often the other answers. Who makes no contents is talked to, not liked."""
        rows = np.union1d(self._between(0.0, _CHAT), self._liked[~self.makes[self.dst[self._liked]]])
        answered = rows[self.rng.random(len(rows)) < 0.15 + 0.6 * self.strength[rows]]
        lag = 1000 + (self.rng.random(len(answered)) * 10 * MINUTE_MS).astype(np.int64)
        return [
            self._made(Kind.MESSAGE_SENT, self.at[rows], self.src[rows], self.dst[rows], self.messages[rows]),
            self._made(
                Kind.MESSAGE_SENT, self.at[answered] + lag, self.dst[answered], self.src[answered],
                1 + self.messages[answered] // 2,
            ),
        ]  # fmt: skip

    def gifts(self) -> list[Events]:
        """Small presents."""
        rows = self._between(_CHAT, _CHAT + _GIFT)
        worth = _GIFTS_MINOR[self.rng.integers(0, len(_GIFTS_MINOR), len(rows))]
        return [self._made(Kind.GIFT_SENT, self.at[rows], self.src[rows], self.dst[rows], worth)]

    def on_contents(self, shelf: Catalogue) -> list[Events]:
        """Likes of what the other has made, and answers to what the other said under any content."""
        liked = self._liked[self.makes[self.dst[self._liked]]]
        said = self._between(_CHAT + _GIFT + _LIKE, _CHAT + _GIFT + _LIKE + _COMMENT)
        order = np.argsort(self.maker, kind="stable")
        begin, end = (np.searchsorted(self.maker[order], self.dst[liked], side) for side in ("left", "right"))
        own = order[begin + (self.rng.random(len(liked)) * (end - begin)).astype(np.int64)].astype(np.int32)
        any_one = self.rng.integers(0, len(shelf.contents), len(said)).astype(np.int32)
        return [
            self._made(kind, self.at[rows], self.src[rows], self.dst[rows], target=content)
            for kind, rows, content in (
                (Kind.CONTENT_LIKED, liked, own), (Kind.CONTENT_COMMENTED, said, any_one)
            )
        ]  # fmt: skip

    def groups(self, shelf: Catalogue, day: int, folk: People) -> list[Events]:
        """Group buying: one opens a group, a friend joins within hours."""
        rows = self._between(_CHAT + _GIFT + _LIKE + _COMMENT, 1.0)
        number = (day * 100_000 + np.arange(len(rows))).astype(np.int32)
        product = self.rng.integers(0, len(shelf.products), len(rows)).astype(np.int32)
        lag = MINUTE_MS + (self.rng.random(len(rows)) * 3 * HOUR_MS).astype(np.int64)
        joins = folk.alive(self.dst[rows], self.at[rows] + lag)
        some = rows[joins]
        opened = self._made(
            Kind.GROUP_BUY_OPENED, self.at[rows], self.src[rows], np.full(len(rows), -1, np.int32), number, target=product
        )  # fmt: skip
        joined = self._made(
            Kind.GROUP_BUY_JOINED, self.at[some] + lag[joins], self.dst[some], self.src[some], number[joins],
            target=product[joins],
        )  # fmt: skip
        return [opened, joined]

    def _made(
        self, kind: Kind, at: I64, person: I32, peer: I32, number: I32 | I64 | None = None, *, target: I32 | None = None
    ) -> Events:  # fmt: skip
        count = len(at)
        return made(
            kind, at, person, self.device[person], np.full(count, ORGANIC, np.int8), np.ones(count, np.bool_),
            target=target, peer=peer, number=None if number is None else number.astype(np.int32),
        )  # fmt: skip


def addressed(ties: Ties, events: Events, rng: np.random.Generator) -> None:
    """Fill in, for half of the shares, to which friend they went, and for some orders, with whom they were made."""
    shares = np.flatnonzero((events.kind == Kind.PRODUCT_SHARED) & events.known)
    shares = shares[rng.random(len(shares)) < _DIRECT_SHARE]
    events.peer[shares] = ties.listeners(rng, events.person[shares])
    orders = np.flatnonzero(events.kind == Kind.ORDER_COMPLETED)
    orders = orders[rng.random(len(orders)) < _CO_ORDER]
    events.other[orders] = ties.listeners(rng, events.person[orders])


def strengths(pairs: Social, src: I32, dst: I32, size: int) -> F64:
    """How close each `src` is to each `dst`, 0 where they are no friends."""
    key = pairs.src.astype(np.int64) * size + pairs.dst
    order = np.argsort(key, kind="stable")
    wanted = src.astype(np.int64) * size + dst
    spot = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    found: B = key[order][spot] == wanted
    return np.where(found, pairs.strength[order][spot], 0.0)


def reach(folk: People, pairs: Social) -> F64:
    """How many friends one word of each person is expected to move: strength times susceptibility, summed."""
    moved = pairs.strength * folk.susceptibility[pairs.dst]
    return np.asarray(np.bincount(pairs.src, moved, len(folk)) * np.sqrt(folk.influence), np.float64)


def new_buyers(
    spec: MarketSpec, folk: People, pairs: Social, sharer: int, category: int, people: I32, seed: int
) -> B:
    """Who of `people` becomes a new buyer of a category after seeing what `sharer` tells of it.

    The chance grows with susceptibility, with how much the person likes the category, and with the strongest way of at
    most two steps from the sharer; the closer somebody is to the sharer, the likelier the news is none any more.
    """
    rng = stream(spec, _STREAM, 2, seed, sharer, category)
    size = len(folk)
    direct = np.zeros(size)
    mine = pairs.src == sharer
    direct[pairs.dst[mine]] = pairs.strength[mine]
    through = np.zeros(size)
    second = direct[pairs.src] > 0
    np.maximum.at(through, pairs.dst[second], (direct[pairs.src] * pairs.strength)[second])
    trust = np.maximum(direct, 0.7 * np.sqrt(through))[people]
    heard = 1.0 - np.exp(-2.5 * direct[people])
    liking = np.clip(np.sqrt(folk.taste[people, category] * folk.taste.shape[1]), 0.25, 2.4) / 1.45
    chance = 0.25 * folk.susceptibility[people] * liking * (0.15 + trust) * (1.0 - heard)
    drawn: B = rng.random(len(people)) < np.minimum(chance, 1.0)
    return drawn


def farm_dealings(line: Timeline, folk: People, pace_ms: I64, first: int, day: int) -> tuple[I32, I64]:
    """(person, time) of the orders that made-up accounts place on a day: each its one, at the farm's pace."""
    person = np.arange(first, first + len(pace_ms), dtype=np.int32)
    at = folk.join_ms[person] + pace_ms
    due = (at >= line.midnight_ms[day]) & (at < line.midnight_ms[day + 1]) & (folk.inviter[person] >= 0)
    return person[due], at[due]
