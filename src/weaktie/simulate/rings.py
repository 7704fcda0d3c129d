"""Who shares what with whom: invitation farms, and the honest who look a little like them.

A farm is one account that invites many made-up ones from few devices, addresses and payout accounts, at an even
pace. Beside it live campuses (hundreds behind one address), households (one address, sometimes one device) and
people on a carrier's shared addresses. Addresses are of 240.0.0.0/4, which nobody on the internet has.
"""

from dataclasses import dataclass

import numpy as np

from weaktie.simulate.contracts import MarketSpec
from weaktie.simulate.timeline import HOUR_MS, I32, I64, MINUTE_MS, SECOND_MS, Timeline, stream

FARM_SHARE = 0.02
FARM_SIZES = (5, 8, 12, 20, 35, 60, 120, 250, 500)
SMALLEST_FARM = 5
A_DEVICE, AN_ADDRESS, A_PAYOUT = 6, 15, 20
"""Accounts of a farm that share one device, one address, one payout account."""
CAREFUL = (2, 6, 1)
"""The same of every third farm, which is careful: slower, less even, and each account is paid elsewhere."""
_STREAM = 6


@dataclass(frozen=True, slots=True)
class Farms:
    """The made-up accounts: the last rows of the registered people. Parallel arrays, one row an account.

    `farm` numbers the farms from 0; `boss` is who invited the account (-1 for the boss itself); `join_ms` when it
    registers and `pace_ms` how long after that its only order is paid.
    """

    first: int
    farm: I32
    boss: I32
    join_ms: I64
    pace_ms: I64

    def __len__(self) -> int:
        return len(self.farm)

    def of(self, person: I32) -> I32:
        """The farm of each person, -1 for the honest."""
        row = person - self.first
        inside = (row >= 0) & (row < len(self.farm))
        out = np.full(len(person), -1, np.int32)
        out[inside] = self.farm[row[inside]]
        return out


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What each registered person's sign-up comes from. `campus` and `household` are -1 where there is none.

    `address` are the lower 28 bits of an address in 240.0.0.0/4, `payout` numbers payout accounts, `device` is the
    device of the sign-up.
    """

    campus: I32
    household: I32
    address: I64
    payout: I32
    device: I32


def is_careful(farm: int) -> bool:
    """Whether a farm hides better than others do."""
    return farm % 3 == 1


def sizes_of(total: int) -> list[int]:
    """Sizes of farms with `total` accounts together, from five up to five hundred; what is left over joins the last."""
    sizes: list[int] = []
    left = total
    while left >= SMALLEST_FARM:
        size = min(FARM_SIZES[len(sizes) % len(FARM_SIZES)], left)
        sizes.append(size)
        left -= size
    if sizes:
        sizes[-1] += left
    return sizes


def farms(spec: MarketSpec, line: Timeline) -> Farms:
    """The farms of a market: one account in fifty is made up."""
    rng = stream(spec, _STREAM)
    sizes = sizes_of(int(spec.users * FARM_SHARE))
    first = spec.users - sum(sizes)
    number: list[I32] = []
    boss: list[I32] = []
    join: list[I64] = []
    pace: list[I64] = []
    at = first
    for farm, size in enumerate(sizes):
        slow = 4.0 if is_careful(farm) else 1.0
        step = rng.uniform(20, 120) * slow * SECOND_MS
        took = int(size * step) + 2 * HOUR_MS
        room = max(line.end_ms - line.start_ms - took - 12 * HOUR_MS, 1)
        opens = line.start_ms + 6 * HOUR_MS + int(rng.random() * room)
        uneven = rng.normal(0.0, 0.06 * slow * step, size)
        when = opens + (np.arange(size) * step + uneven).astype(np.int64)
        when[0] = opens - 5 * HOUR_MS
        number.append(np.full(size, farm, np.int32))
        boss.append(np.where(np.arange(size) == 0, -1, at).astype(np.int32))
        join.append(when)
        pace.append((rng.uniform(6, 20) * MINUTE_MS + rng.normal(0, 15 * SECOND_MS, size)).astype(np.int64))
        at += size
    if not sizes:
        empty32, empty64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return Farms(spec.users, empty32, empty32, empty64, empty64)
    return Farms(
        first, np.concatenate(number), np.concatenate(boss), np.concatenate(join), np.concatenate(pace)
    )


def neighbours(spec: MarketSpec, planted: Farms, community: I32, own_device: I32) -> Neighbours:
    """Addresses, payout accounts and devices of everybody's sign-up; honest people share by circle, farms by rows."""
    rng = stream(spec, _STREAM, 1)
    users = spec.users
    honest = planted.first
    address = np.arange(users, dtype=np.int64)
    campus, household = np.full(users, -1, np.int32), np.full(users, -1, np.int32)
    circles = int(community[:users].max()) + 1
    # One circle in twelve studies: a campus is a few circles behind one address.
    studying = rng.permutation(circles)[: max(circles // 12, 1)]
    for number, group in enumerate(np.array_split(studying, max(len(studying) // 5, 1))):
        members = np.flatnonzero(np.isin(community[:honest], group))
        campus[members] = number
        address[members] = users + number
    _settle(rng, household, community[:honest], campus)
    at_home = household >= 0
    address[at_home] = users + 10_000 + household[at_home]
    # A carrier puts some fifty phones behind one address; where a phone registers from is then nobody's own.
    mobile = (rng.random(users) < 0.2) & (campus < 0) & ~at_home
    address[mobile] = users + 5_000 + rng.integers(0, max(users // 250, 1), int(mobile.sum()))
    # An odd factor gives each number an address of its own, far from its neighbour's.
    address = address * 2_654_435_761 % 2**27
    device = own_device[:users].copy()
    shares = at_home & (rng.random(users) < 0.3)
    heads = np.full(int(household.max(initial=-1)) + 1, -1, np.int32)
    for person in np.flatnonzero(at_home).tolist():
        if heads[household[person]] < 0:
            heads[household[person]] = person
    device[shares] = own_device[heads[household[shares]]]
    payout = np.arange(users, dtype=np.int32)
    for farm in range(int(planted.farm.max(initial=-1)) + 1):
        by_device, by_address, by_payout = CAREFUL if is_careful(farm) else (A_DEVICE, AN_ADDRESS, A_PAYOUT)
        rows = np.flatnonzero(planted.farm == farm)
        people, place = planted.first + rows, np.arange(len(rows))
        device[people] = own_device[people[place // by_device * by_device]]
        address[people] = 2**27 + farm * 7_919 % 2**19 * 256 + 3 + place // by_address
        payout[people] = people[place // by_payout * by_payout]
    return Neighbours(campus, household, address, payout, device)


def _settle(rng: np.random.Generator, household: I32, community: I32, campus: I32) -> None:
    """Households of two to five of a circle: five people in a hundred."""
    free = np.flatnonzero(campus[: len(community)] < 0)
    free = free[np.argsort(community[free], kind="stable")]
    at, number = 0, 0
    while at + 5 < len(free):
        size = int(rng.integers(2, 6))
        if rng.random() < 0.05:
            some = free[at : at + size]
            some = some[community[some] == community[some[0]]]
            if len(some) > 1:
                household[some] = number
                number += 1
        at += size


def address_text(number: int) -> str:
    """The address of a number; numbers side by side are in one network."""
    return f"{240 + (number >> 24)}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
