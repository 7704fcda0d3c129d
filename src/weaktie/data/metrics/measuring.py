"""The arithmetic of parts: aggregates in, rows of a period out. Nothing is read here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64, Condition, Matcher
from weaktie.data.metrics.contracts import ALL_TIME, By, Domain, Part, Period
from weaktie.data.metrics.facts import NEVER, Activity, Facts, Occurrences, Orders, People, presence

B = npt.NDArray[np.bool_]
CHURN_DAYS = 30
CONTENT_DAYS = 7
YUAN = "CNY"


@dataclass(frozen=True, slots=True)
class Rows:
    """What a part found in a period, one row each: whose it is (-1 nobody known), its weight, and what it can be split by.

    Where `distinct` is given its numbers are counted once each, else `value` is summed and divided by `scale`. A `scalar`
    has one row that belongs to every group.
    """

    person: I32
    value: I64
    currency: I32
    channel: I32 | None
    platform: I32 | None
    at_us: I64
    distinct: I64 | None = None
    scalar: bool = False
    scale: float = 1.0

    def keep(self, mask: B) -> "Rows":
        """The rows of a mask."""
        return replace(
            self, person=self.person[mask], value=self.value[mask], currency=self.currency[mask], at_us=self.at_us[mask],
            channel=None if self.channel is None else self.channel[mask],
            platform=None if self.platform is None else self.platform[mask],
            distinct=None if self.distinct is None else self.distinct[mask],
        )  # fmt: skip


def total(rows: Rows, mask: B | None = None) -> float:
    """The number that rows come to."""
    if rows.distinct is not None:
        return float(len(np.unique(rows.distinct if mask is None else rows.distinct[mask])))
    found = int((rows.value if mask is None or rows.scalar else rows.value[mask]).sum())
    return found if rows.scale == 1.0 else found / rows.scale


class Measure:
    """Parts over one set of facts, for periods of one length."""

    def __init__(self, facts: Facts, by: By) -> None:
        self.facts, self.by = facts, by
        self._with: dict[tuple[str, ...], I64] = {}
        self._ways: dict[str, Callable[[Part, int, int], Rows]] = {
            "events": self._events, "people": self._people, "person_days": self._person_days, "days": self._days,
            "minutes": self._minutes, "known": self._known, "registered_days": self._registered_days, "new": self._new,
            "orders": self._orders, "money": self._money, "buyers": self._buyers,
            "active_before": partial(self._returning, lost=False), "lost": partial(self._returning, lost=True),
            "referred_buyers": self._referred_buyers, "costs": self._costs, "members": self._members,
            "member_people": self._members, "sum": self._sum, "score": self._score,
        }  # fmt: skip

    def rows(self, part: Part, period: Period) -> Rows:
        """What the part finds in the period, up to today."""
        first, last = self.window(part, period)
        return self.narrowed(self._ways[part.of](part, first, min(last, self.facts.today)), part.domain)

    def window(self, part: Part, period: Period) -> tuple[int, int]:
        """The days that a part looks at for a period."""
        if part.window_days == ALL_TIME:
            return 0, period.last
        if part.window_days and not (part.month and self.by == "month"):
            return period.last - part.window_days + 1, period.last
        return period.first, period.last

    def narrowed(self, rows: Rows, domain: Domain) -> Rows:
        """Only what happened inside, or outside, the private domain."""
        if not domain:
            return rows
        inside = self.inside(rows.person, rows.at_us)
        return rows.keep(inside if domain == "private" else ~inside)

    def inside(self, person: I32, at_us: I64) -> B:
        """Who was in the private domain at these instants; nobody known never is."""
        known = person >= 0
        found = np.zeros(len(person), np.bool_)
        if self.facts.members is not None and known.any():
            found[known] = self.facts.members.inside(person[known], at_us[known])
        return found

    def _occurrences(self, part: Part, first: int, last: int) -> Occurrences | Activity:
        """Events of the part's names, and conditions, on these days."""
        if part.where or part.prop:
            found = self.facts.custom[Matcher(part.events[0] if part.events else "", part.where), part.prop]
            return found.between(first, last)
        assert self.facts.activity is not None
        did = self.facts.activity.between(first, last)
        return did.keep(np.isin(did.event, self.facts.codes.events.find(part.events))) if part.events else did

    def _events(self, part: Part, first: int, last: int) -> Rows:
        did = self._occurrences(part, first, last)
        none = np.full(len(did.person), -1, np.int32)
        return Rows(did.person, did.n, none, did.channel, did.platform, did.first_us)

    def _people(self, part: Part, first: int, last: int) -> Rows:
        rows = self._events(part, first, last)
        return replace(rows, distinct=rows.person.astype(np.int64))

    def _person_days(self, part: Part, first: int, last: int) -> Rows:
        did = self._occurrences(part, first, last)
        none = np.full(len(did.person), -1, np.int32)
        keys = presence(did.person, did.day)
        return Rows(did.person, did.n, none, did.channel, did.platform, did.first_us, distinct=keys)

    @property
    def _begins(self) -> int:
        """The first day of which there is behaviour: days before it are no days without people."""
        did = self.facts.activity
        return int(did.day[0]) if did is not None and len(did.day) else 0

    def _days(self, _part: Part, first: int, last: int) -> Rows:
        days = np.array([last - max(first, self._begins) + 1], np.int64)
        return replace(_of_people(np.array([-1], np.int32), 0), value=days, distinct=None, scalar=True)

    def _minutes(self, _part: Part, first: int, last: int) -> Rows:
        assert self.facts.spent is not None
        spent = self.facts.spent
        low, high = np.searchsorted(spent.day, [first, last + 1])
        person = spent.person[low:high]
        none = np.full(len(person), -1, np.int32)
        return Rows(person, spent.seconds[low:high], none, None, None, spent.first_us[low:high], scale=60.0)

    @property
    def _all(self) -> People:
        assert self.facts.people is not None
        return self.facts.people

    def _known(self, _part: Part, _first: int, last: int) -> Rows:
        people = self._all
        seen = people.first_day[people.may]
        return _of_people(people.may[(seen <= last) | (seen == NEVER)], self.facts.end_us(last))

    def _registered_days(self, _part: Part, first: int, last: int) -> Rows:
        people = self._all
        since = people.registered_day[people.may]
        who = people.may[since <= last]
        days = (last - np.maximum(since[since <= last], max(first, self._begins)) + 1).astype(np.int64)
        return replace(_of_people(who, self.facts.end_us(last)), value=days, distinct=None)

    def _new(self, part: Part, first: int, last: int) -> Rows:
        people = self._all
        came = people.first_day[people.may]
        who = people.may[(came >= first) & (came <= last)]
        if part.after is not None:
            since = people.first_day[who]
            low, high = since + part.after[0], since + part.after[1]
            who = who[
                self._bought(who, low, high, part) if part.bought else self._did(who, low, high, part.events)
            ]
        return _of_people(who, self.facts.end_us(last))

    def _did(self, who: I32, low: I32, high: I32, events: tuple[str, ...]) -> B:
        """Whether each did one of these events, or anything where none is named, on the days from `low` to `high`."""
        return among(self._days_with(events), who, low, high)

    def _days_with(self, events: tuple[str, ...]) -> I64:
        """(person, day) keys of everybody's days with one of these events, ascending."""
        assert self.facts.activity is not None
        if not events:
            return self.facts.activity.present
        if events not in self._with:
            did = self.facts.activity
            did = did.keep(np.isin(did.event, self.facts.codes.events.find(events)))
            self._with[events] = np.unique(presence(did.person, did.day))
        return self._with[events]

    def _bought(self, who: I32, low: I32, high: I32, part: Part) -> B:
        """Whether each bought enough on the days from `low` to `high`."""
        orders = self._counted(part)
        order = np.lexsort((orders.day, orders.person))
        keys = presence(orders.person[order], orders.day[order])
        worth = np.concatenate([[0], np.cumsum(orders.net_minor[order])])
        a = np.searchsorted(keys, presence(who, low))
        b = np.searchsorted(keys, presence(who, high), "right")
        enough: B = (b - a >= part.least) & (worth[b] - worth[a] >= part.least_minor)
        return enough

    def _counted(self, part: Part) -> Orders:
        """Completed orders of people who may be analysed; of yuan alone where a least amount is asked for."""
        assert self.facts.orders is not None
        orders = self.facts.orders
        mask = (orders.counted == 1) & (orders.person >= 0)
        if part.least_minor:
            mask &= np.isin(orders.currency, self.facts.codes.currencies.find((YUAN,)))
        return orders.keep(mask)

    def _selected(self, part: Part, first: int, last: int) -> Orders:
        assert self.facts.orders is not None
        orders = self.facts.orders.between(first, last)
        if part.where:
            orders = orders.keep(self._passes(orders, part.where))
        if part.which == "counted" and part.of != "money":
            return orders.keep(orders.counted == 1)
        if part.which == "undone":
            return orders.keep(orders.undone == 1)
        if part.which == "content":
            return orders.keep(self._after_content(orders))
        return orders

    def _after_content(self, orders: Orders) -> B:
        """Whether the buyer opened content on the day of each order, or on the six days before."""
        clicked = self._days_with(("Content Clicked",))
        after = among(clicked, orders.person, orders.day - CONTENT_DAYS + 1, orders.day)
        found: B = after & (orders.person >= 0)
        return found

    def _passes(self, orders: Orders, where: tuple[Condition, ...]) -> B:
        mask = np.ones(len(orders.day), np.bool_)
        for condition in where:
            mask &= self._order_test(orders, condition)
        return mask

    def _order_test(self, orders: Orders, condition: Condition) -> B:
        codes = {
            "channel": (orders.channel, self.facts.codes.channels), "currency": (orders.currency, self.facts.codes.currencies),
            "status": (orders.status, self.facts.codes.statuses),
        }  # fmt: skip
        if condition.property in codes:
            column, known = codes[condition.property]
            if condition.op in {"set", "unset"}:
                there: B = (column >= 0) == (condition.op == "set")
                return there
            found = np.isin(column, known.find(tuple(str(v) for v in condition.values)))
            passed: B = found if condition.op in {"eq", "in"} else ~found
            return passed
        if condition.property == "coupon":
            used: B = (orders.coupon == 1) == (condition.op == "set")
            return used
        assert condition.property in {"net_minor", "gross_minor"}
        amount, value = getattr(orders, condition.property), float(condition.values[0])
        compared: B = {
            "eq": np.equal, "ne": np.not_equal, "gt": np.greater, "ge": np.greater_equal, "lt": np.less,
            "le": np.less_equal,
        }[condition.op](amount, value)  # fmt: skip
        return compared

    def _orders(self, part: Part, first: int, last: int) -> Rows:
        found = self._selected(part, first, last)
        return Rows(
            found.person, np.ones(len(found.day), np.int64), found.currency, found.channel, None, found.us
        )

    def _money(self, part: Part, first: int, last: int) -> Rows:
        found = self._selected(part, first, last)
        amounts = {"net": found.net_minor, "gross": found.gross_minor, "refunded": found.refunded_minor}
        return Rows(found.person, amounts[part.amount], found.currency, found.channel, None, found.us)

    def _buyers(self, part: Part, first: int, last: int) -> Rows:
        found = self._selected(part, first, last)
        found = found.keep(found.person >= 0)
        if part.least_minor:
            found = found.keep(np.isin(found.currency, self.facts.codes.currencies.find((YUAN,))))
        if part.domain:
            inside = self.inside(found.person, found.us)
            found = found.keep(inside if part.domain == "private" else ~inside)
        if part.least > 1 or part.least_minor:
            who, back = np.unique(found.person, return_inverse=True)
            times = np.bincount(back, minlength=len(who))
            worth = np.zeros(len(who), np.int64)
            np.add.at(worth, back, found.net_minor)
            enough = (times >= part.least) & (worth >= part.least_minor)
            found = found.keep(enough[back])
        ones = np.ones(len(found.day), np.int64)
        return Rows(
            found.person,
            ones,
            found.currency,
            found.channel,
            None,
            found.us,
            distinct=found.person.astype(np.int64),
        )

    def _returning(self, _part: Part, _first: int, last: int, *, lost: bool) -> Rows:
        assert self.facts.activity is not None
        before = np.unique(self.facts.activity.between(last - 2 * CHURN_DAYS + 1, last - CHURN_DAYS).person)
        if lost:
            now = np.unique(self.facts.activity.between(last - CHURN_DAYS + 1, last).person)
            before = np.setdiff1d(before, now, assume_unique=True)
        return _of_people(before.astype(np.int32), self.facts.end_us(last))

    def _referred_buyers(self, part: Part, first: int, last: int) -> Rows:
        assert self.facts.invites is not None
        invited, _, day, _ = self.facts.invites
        who, place = np.unique(invited, return_index=True)  # in order of time: the first acceptance
        bought = self._all.bought_day[who]
        mask = (bought >= first) & (bought <= last) & (day[place] <= bought)
        who, bought = who[mask].astype(np.int32), bought[mask]
        if part.after is not None:
            again = replace(part, least=2)
            who = who[self._bought(who, bought + part.after[0], bought + part.after[1], again)]
        return _of_people(who, self.facts.end_us(last))

    def _costs(self, _part: Part, first: int, last: int) -> Rows:
        rows = [r for r in self.facts.costs or () if first <= r[0] <= last]
        channel = np.array([self.facts.codes.channels.number(r[1]) for r in rows], np.int32)
        currency = np.array([self.facts.codes.currencies.number(r[2]) for r in rows], np.int32)
        none = np.full(len(rows), -1, np.int32)
        return Rows(
            none,
            np.array([r[3] for r in rows], np.int64),
            currency,
            channel,
            None,
            np.zeros(len(rows), np.int64),
        )

    def _members(self, part: Part, first: int, last: int) -> Rows:
        people, end_us = self._all.may, self.facts.end_us(last)
        who = people[self.inside(people, np.full(len(people), end_us, np.int64))]
        if part.of == "member_people":
            assert self.facts.activity is not None
            active = np.unique(self.facts.activity.between(first, last).person)
            who = np.intersect1d(who, active, assume_unique=True).astype(np.int32)
        return _of_people(who, end_us)

    def _sum(self, part: Part, first: int, last: int) -> Rows:
        did = self._occurrences(part, first, last)
        assert isinstance(did, Occurrences)
        return Rows(
            did.person, did.number, did.currency, did.channel, did.platform, did.first_us, scale=did.scale
        )

    def _score(self, part: Part, first: int, last: int) -> Rows:
        did = self._occurrences(part, first, last)
        assert isinstance(did, Occurrences)
        score = did.number / did.scale
        weight = np.where(score >= 9, 1, np.where(score <= 6, -1, 0)).astype(np.int64) * 100
        none = np.full(len(score), -1, np.int32)
        return Rows(did.person, weight, none, did.channel, did.platform, did.first_us)


def among(keys: I64, person: I32, low: I32, high: I32) -> B:
    """Whether each person has one of the (person, day) keys on the days from `low` to `high`."""
    a = np.searchsorted(keys, presence(person, low))
    found: B = np.searchsorted(keys, presence(person, high), "right") > a
    return found


def _of_people(who: I32, at_us: int) -> Rows:
    """One row for each person, as of an instant."""
    none = np.full(len(who), -1, np.int32)
    at = np.full(len(who), at_us, np.int64)
    return Rows(who, np.ones(len(who), np.int64), none, None, None, at, distinct=who.astype(np.int64))
