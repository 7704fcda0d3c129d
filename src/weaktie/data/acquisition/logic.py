"""The arithmetic of acquisition: shares, CAC, payback and the value score. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from weaktie.data.acquisition.contracts import (
    DAYS_OF_MONTH,
    FEWEST_FOR_A_SCORE,
    Bools,
    Cost,
    Group,
    Newcomers,
    Orders,
    Score,
    Share,
    Spent,
)
from weaktie.data.behaviour.contracts import I32, I64

NEVER = np.iinfo(np.int32).max
SCORE_WEIGHTS = {"quality": 0.4, "retention": 0.3, "payback": 0.3}


@dataclass(frozen=True, slots=True)
class Facts:
    """What became of newcomers (n): the first day on which an order counts (NEVER for none), net amount of the first 30 days
    in the workspace's currency, and whether they came back 1, 7 and 30 days later. `order_*` are their orders (m), `order_of`
    pointing at the newcomer."""

    new: Newcomers
    ordered_day: I32
    month_minor: I64
    back: Mapping[int, Bools]
    order_of: I32
    order_offset: I32
    order_net: I64
    order_counted: Bools
    order_currency: I32
    currencies: list[str]


def facts_of(new: Newcomers, orders: Orders, active: I64, currency: str) -> Facts:
    """`active` are keys of people and days (`key_of`), ascending."""
    n = len(new)
    at = np.searchsorted(new.people, orders.person)
    mine = (
        (at < n) & (new.people[np.minimum(at, max(n - 1, 0))] == orders.person)
        if n
        else np.zeros(len(at), np.bool_)
    )
    of = at[mine].astype(np.int32)
    day, net, counted = orders.day[mine], orders.net_minor[mine], orders.counted[mine]
    coded = orders.currency[mine]
    offset = (day - new.day[of]).astype(np.int32)
    ordered = np.full(n, NEVER, np.int32)
    np.minimum.at(ordered, of[counted], day[counted])
    month = np.zeros(n, np.int64)
    home = orders.currencies.index(currency) if currency in orders.currencies else -1
    within = (coded == home) & (offset < DAYS_OF_MONTH) & (offset >= 0)
    np.add.at(month, of[within], net[within])
    back = {d: np.isin(key_of(new.people, new.day + d), active) for d in (1, 7, 30)}
    return Facts(new, ordered, month, back, of, offset, net, counted, coded, orders.currencies)


def key_of(people: I32, day: I32) -> I64:
    """One number for a person and a day."""
    keys: I64 = people.astype(np.int64) << 20 | day.astype(np.int64)
    return keys


def group_of(
    key: str | None, facts: Facts, mask: Bools, costs: Sequence[Spent], *, days: tuple[int, int], complete_day: int,
    order_days: int, high_value_minor: int, free: bool,
) -> Group:  # fmt: skip
    """The figures of the newcomers of a mask, with what they cost."""
    day = facts.new.day[mask]

    def share(after: int, said: Bools) -> Share:
        over = day + after <= complete_day
        return Share(int(np.count_nonzero(said[mask] & over)), int(np.count_nonzero(over)))

    mine = mask[facts.order_of]
    revenue = {
        name: int(facts.order_net[mine & (facts.order_currency == n)].sum())
        for n, name in enumerate(facts.currencies)
        if np.any(mine & (facts.order_currency == n))
    }
    first, last = days
    paid_days = {c.day for c in costs}
    trend = np.bincount(day - first, minlength=last - first + 1)
    came = set(np.unique(day).tolist())
    return Group(
        key=key,
        newcomers=len(day),
        registered=int(np.count_nonzero(facts.new.registered[mask])),
        ordered=share(order_days, facts.ordered_day - facts.new.day <= order_days),
        high_value=share(DAYS_OF_MONTH, facts.month_minor >= high_value_minor),
        d1=share(1, facts.back[1]), d7=share(7, facts.back[7]), d30=share(30, facts.back[30]),
        orders=int(np.count_nonzero(facts.order_counted & mine)),
        revenue=revenue,
        costs=_costs(facts, mine, costs, len(day)),
        free=free and not costs,
        days_without_cost=len(came - paid_days) if paid_days else 0,
        trend=trend.tolist(),
    )  # fmt: skip


def _costs(facts: Facts, mine: Bools, costs: Sequence[Spent], newcomers: int) -> list[Cost]:
    found = []
    for currency in sorted({c.currency for c in costs}):
        total = sum(c.cost_minor for c in costs if c.currency == currency)
        coded = facts.currencies.index(currency) if currency in facts.currencies else -1
        rows = mine & (facts.order_currency == coded)
        revenue = int(facts.order_net[rows].sum())
        found.append(
            Cost(
                currency, total, round(total / newcomers) if newcomers else None, revenue,
                revenue / total if total > 0 else None,
                payback_days(facts.order_offset[rows], facts.order_net[rows], total),
            )
        )  # fmt: skip
    return found


def payback_days(offset: I32, net_minor: I64, cost_minor: int) -> int | None:
    """The first day after coming by which the newcomers together have brought their cost; None where they have not yet."""
    if cost_minor <= 0 or not len(offset):
        return None
    by_day = np.bincount(np.maximum(offset, 0), weights=net_minor.astype(np.float64))
    enough = np.flatnonzero(np.cumsum(by_day) >= cost_minor)
    return int(enough[0]) if len(enough) else None


def with_scores(groups: Sequence[Group], currency: str) -> list[Group]:
    """Channels with their value score.

    score = 100 × (0.4 quality + 0.3 retention + 0.3 payback). Quality is the share that ordered in time, retention the share
    that came back after 7 days, each divided by the best channel's; payback is revenue of the newcomers divided by their cost,
    at most 1, in the workspace's currency; a channel that is declared free pays back at once (1). A channel with fewer than
    20 newcomers, with a share whose window is not complete, or whose cost is missing has no score, and says why.
    """
    enough = [g for g in groups if g.newcomers >= FEWEST_FOR_A_SCORE]
    best_quality = max((g.ordered.value or 0.0 for g in enough), default=0.0)
    best_retention = max((g.d7.value or 0.0 for g in enough), default=0.0)
    return [replace(g, score=score_of(g, best_quality, best_retention, currency)) for g in groups]


def score_of(group: Group, best_quality: float, best_retention: float, currency: str) -> Score:
    """The score of one channel against the best shares; see `with_scores`."""
    quality, retention = _part(group.ordered.value, best_quality), _part(group.d7.value, best_retention)
    ours = next((c for c in group.costs if c.currency == currency), None)
    payback = 1.0 if group.free else None
    if ours is not None:
        payback = 1.0 if ours.payback is None else min(max(ours.payback, 0.0), 1.0)
    missing = (
        "too_few" if group.newcomers < FEWEST_FOR_A_SCORE
        else "incomplete" if quality is None or retention is None
        else "cost_missing" if payback is None
        else None
    )  # fmt: skip
    if missing is not None or quality is None or retention is None or payback is None:
        return Score(None, quality, retention, payback, missing)
    parts = {"quality": quality, "retention": retention, "payback": payback}
    value = round(100 * sum(SCORE_WEIGHTS[name] * part for name, part in parts.items()), 1)
    return Score(value, quality, retention, payback, None)


def _part(value: float | None, best: float) -> float | None:
    return None if value is None else value / best if best > 0 else 0.0
