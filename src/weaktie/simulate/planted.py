"""A crowd of sign-ups with planted farms, harder to tell apart than the demo's: for grading a scorer.

Farms of 5–500 accounts differ in what they share: some have a device for each account, some an address, some a payout
account, but never all three; their pace is even or ragged, some order and send back, some only register. The honest
beside them look like farms in one way or another: campuses behind one address with an ambassador at a stall, households
on one tablet who invite each other, carriers' shared addresses, popular inviters.
"""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.timeline import F64, I8, I32, I64, B

SHARED = ("device", "ip", "payout")
DEVICE, IP, PAYOUT = 0, 1, 2
SECOND_US = 1_000_000
MINUTE_US, HOUR_US, DAY_US = 60 * SECOND_US, 3_600 * SECOND_US, 86_400 * SECOND_US
LONE, CAMPUS, HOUSEHOLD, FARM = 0, 1, 2, 3
GROUPS = ("lone", "campus", "household", "farm")
_WINDOW_DAYS = 90


@dataclass(frozen=True, slots=True)
class Planted:
    """n accounts: instants in microseconds from the beginning of the window, -1 where there is none; `group` is one of
    GROUPS by number, `farm` the farm or -1. m sightings: account, thing, kind (SHARED by number)."""

    registered_us: I64
    invited_us: I64
    inviter: I32
    ordered_us: I64
    orders: I32
    refunds: I32
    seen_us: I64
    group: I8
    farm: I32
    account: I32
    thing: I32
    kind: I8

    @property
    def made_up(self) -> B:
        """The accounts that a farm made and that claim a reward: its boss is not among them."""
        found: B = (self.farm >= 0) & (self.inviter >= 0)
        return found


def planted(
    seed: int, *, farms: int = 40, campuses: int = 6, households: int = 800, lone: int = 6_000
) -> Planted:
    """A crowd with so many of each, seeded."""
    crowd = _Crowd(np.random.default_rng([seed, 6]))
    crowd.lone(lone)
    for _ in range(campuses):
        crowd.campus()
    for _ in range(households):
        crowd.household()
    for number in range(farms):
        crowd.farm(number)
    return crowd.done()


class _Crowd:
    """Collects groups of accounts."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.columns: list[tuple[F64 | I64 | I32, ...]] = []
        self.seen: list[tuple[I32, I32, int]] = []
        self.count = self.things = 0

    def lone(self, count: int) -> None:
        """People on their own; one in five behind a carrier's address, one in three invited by somebody popular."""
        rng = self.rng
        when = (rng.random(count) * _WINDOW_DAYS * DAY_US).astype(np.int64)
        fame = rng.pareto(1.6, count)
        inviter = np.full(count, -1, np.int32)
        invited = np.flatnonzero(rng.random(count) < 0.33)
        order = np.argsort(when, kind="stable")
        rise = np.cumsum(fame[order])
        rank = np.empty(count, np.int64)
        rank[order] = np.arange(count)
        invited = invited[rank[invited] > 20]
        below = rise[rank[invited] - 1]
        inviter[invited] = order[np.searchsorted(rise, rng.random(len(invited)) * below)] + self.count
        carriers = rng.integers(0, max(count // 120, 1), count)
        mobile = rng.random(count) < 0.2
        addresses = np.where(mobile, carriers, max(count // 120, 1) + np.arange(count))
        self._add(when, inviter, LONE, -1, np.arange(count), addresses, np.arange(count), *self._honest(when))

    def campus(self) -> None:
        """Hundreds behind one to four addresses; three in ten in the same two days, and a stall at which an ambassador
        signs up dozens within hours."""
        rng = self.rng
        count = int(rng.integers(150, 600))
        when = (rng.random(count) * _WINDOW_DAYS * DAY_US).astype(np.int64)
        rush = rng.random(count) < 0.3
        opens = int(rng.random() * (_WINDOW_DAYS - 4) * DAY_US)
        when[rush] = opens + (rng.random(int(rush.sum())) * 2 * DAY_US).astype(np.int64)
        stall = np.arange(1, int(rng.integers(20, 50)))
        when[0] = max(opens - 5 * DAY_US, 0)
        when[stall] = opens + (rng.random(len(stall)) * 5 * HOUR_US).astype(np.int64)
        inviter = np.full(count, -1, np.int32)
        inviter[stall] = 0
        others = np.flatnonzero((inviter < 0) & (rng.random(count) < 0.4) & (np.arange(count) > 0))
        inviter[others] = rng.integers(0, count, len(others))
        later = (inviter >= 0) & (when <= when[np.maximum(inviter, 0)])
        inviter[later] = -1
        addresses = rng.integers(0, int(rng.integers(1, 5)), count)
        offset = np.where(inviter >= 0, inviter + self.count, -1).astype(np.int32)
        self._add(
            when, offset, CAMPUS, -1, np.arange(count), addresses, np.arange(count), *self._honest(when)
        )

    def household(self) -> None:
        """Two to five at one address; half share a tablet; the first invites the others, over weeks or on one evening."""
        rng = self.rng
        count = int(rng.integers(2, 6))
        spread = DAY_US * (30.0 if rng.random() < 0.85 else 0.08)
        when = np.sort((rng.random(count) * spread).astype(np.int64)) + int(rng.random() * 55 * DAY_US)
        inviter = np.full(count, self.count, np.int32)
        inviter[0] = -1
        inviter[1:][rng.random(count - 1) < 0.3] = -1
        devices = np.zeros(count, np.int64) if rng.random() < 0.5 else np.arange(count)
        self._add(
            when,
            inviter,
            HOUSEHOLD,
            -1,
            devices,
            np.zeros(count, np.int64),
            np.arange(count),
            *self._honest(when),
        )

    def farm(self, number: int) -> None:
        """One that invites 4 to 499 made-up ones."""
        rng = self.rng
        count = int(np.exp(rng.uniform(np.log(5), np.log(501))))
        own = rng.integers(0, 4)
        by_device = int(rng.integers(3, 13)) if own != DEVICE else 1
        by_address = int(rng.integers(5, 61)) if own != IP else 1
        by_payout = int(rng.integers(4, 51)) if own != PAYOUT else 1
        pace = rng.uniform(10, 400) * SECOND_US
        ragged = rng.uniform(0.05, 0.5)
        gaps = np.maximum(rng.normal(pace, ragged * pace, count), SECOND_US)
        when = int(rng.random() * 60 * DAY_US) + 6 * HOUR_US + np.cumsum(gaps).astype(np.int64)
        when[0] -= 5 * HOUR_US
        inviter = np.full(count, self.count, np.int32)
        inviter[0] = -1
        place = np.arange(count)
        # The boss keeps payments apart from those of the accounts it made, or the rule of one payout account ends it.
        payouts = np.concatenate([[0], 1 + place[: count - 1] // by_payout])
        delay = rng.uniform(4, 60) * MINUTE_US
        orders = (rng.random(count) < (0.95 if rng.random() < 0.7 else 0.05)).astype(np.int32)
        uneven = np.maximum(rng.normal(1.0, rng.uniform(0.05, 0.4), count), 0.1)
        ordered = np.where(orders > 0, when + (delay * uneven).astype(np.int64), -1)
        refunds = (orders > 0) & (rng.random(count) < (0.6 if rng.random() < 0.5 else 0.05))
        seen = np.where(rng.random(count) < 0.03, when + 10 * DAY_US, np.maximum(ordered, when))
        self._add(
            when, inviter, FARM, number, place // by_device, place // by_address, payouts,
            ordered, orders, refunds.astype(np.int32), seen,
        )  # fmt: skip

    def _honest(self, when: I64) -> tuple[I64, I32, I32, I64]:
        rng, count = self.rng, len(when)
        orders = rng.poisson(0.9, count).astype(np.int32)
        lag = rng.exponential(4 * DAY_US, count)
        lag = np.where(rng.random(count) < 0.15, rng.uniform(2, 60, count) * MINUTE_US, lag)
        ordered = np.where(orders > 0, when + lag.astype(np.int64), -1)
        refunds = rng.binomial(orders, 0.06).astype(np.int32)
        stays = rng.random(count) < 0.6
        life = np.where(
            stays, rng.exponential(40 * DAY_US, count) + 2 * DAY_US, rng.exponential(DAY_US, count)
        )
        return ordered, orders, refunds, np.maximum(when + life.astype(np.int64), ordered)

    def _add(
        self, when: I64, inviter: I32, group: int, farm: int, device: I64, address: I64, payout: I64, ordered: I64,
        orders: I32, refunds: I32, seen: I64,
    ) -> None:  # fmt: skip
        count = len(when)
        lag = np.minimum(self.rng.exponential(6 * HOUR_US, count).astype(np.int64) + MINUTE_US, 2 * DAY_US)
        invited = np.where(inviter >= 0, when - lag, -1)
        ones = np.ones(count, np.int32)
        self.columns.append(
            (when, invited, inviter, ordered, orders, refunds, seen, ones * group, ones * farm)
        )
        rows = np.arange(self.count, self.count + count, dtype=np.int32)
        for kind, things in ((DEVICE, device), (IP, address), (PAYOUT, payout)):
            _, dense = np.unique(things, return_inverse=True)
            self.seen.append((rows, (dense + self.things).astype(np.int32), kind))
            self.things += int(dense.max()) + 1
        self.count += count

    def done(self) -> Planted:
        """Everything put together."""
        when, invited, inviter, ordered, orders, refunds, seen, group, farm = (
            np.concatenate(part) for part in zip(*self.columns, strict=True)
        )
        return Planted(
            when, invited, inviter.astype(np.int32), ordered, orders.astype(np.int32), refunds.astype(np.int32), seen,
            group.astype(np.int8), farm.astype(np.int32), np.concatenate([a for a, _, _ in self.seen]),
            np.concatenate([t for _, t, _ in self.seen]),
            np.concatenate([np.full(len(a), kind, np.int8) for a, _, kind in self.seen]),
        )  # fmt: skip
