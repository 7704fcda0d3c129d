"""Answers a question from facts: which parts, which periods, which groups, what they are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from weaktie.data.behaviour.contracts import I32
from weaktie.data.collect.contracts import CHANNEL_WORDS
from weaktie.data.metrics.contracts import (
    ALL_TIME,
    MOST_SPLITS,
    Change,
    Metric,
    Need,
    Part,
    Period,
    Point,
    Question,
    Series,
)
from weaktie.data.metrics.facts import Activity, Facts, Orders
from weaktie.data.metrics.logic import before, incomplete, periods, ratio, relative, year_before
from weaktie.data.metrics.measuring import Measure, Rows, total
from weaktie.kit.words import Words

NOT_OVER = Words("周期尚未结束", "the period is not over")
NOT_MATURE = Words(
    "窗口尚未走完，暂不计算", "the window after the period is not over, so it is not known yet"
)
TOO_SHORT = Words("历史数据不足", "the history is too short")
PARTLY = Words("窗口早于最早的数据，只含部分历史", "the window reaches before the first data")
NOBODY = Words("分母为 0", "there is nothing to divide by")
COMPARED_EARLY = Words("周期尚未结束，不作比较", "the period is not over, so nothing is compared")
OF_ALL = Words("全部", "All")
OTHER, UNKNOWN = Words("其他", "Other"), Words("未知", "Unknown")
INSIDE = {1: Words("私域", "Private"), 0: Words("公域", "Public")}
NO_COSTS = Words("缺少成本：还没有导入花费数据", "cost missing: no spend was imported yet")
NO_MEMBERS = Words("还没有私域成员数据", "no memberships of the private domain are recorded yet")
NO_ORDERS = Words("还没有订单", "there are no orders yet")
NO_EVENTS = Words("还没有行为事件", "there are no events yet")
BY_PEOPLE = frozenset(
    {"minutes", "known", "registered_days", "new", "active_before", "lost", "referred_buyers", "members", "member_people"}
)  # fmt: skip
"""Parts whose rows stand for people: a channel of them is that of the person's first sign."""
WITH_PLATFORM = frozenset({"events", "people", "person_days", "days", "sum", "score"})

CURRENCIES = 1_000
Value = tuple[float, float | None]


@dataclass(frozen=True, slots=True)
class Groups:
    """How rows are split: the words and the key (a channel's name, a tag's value) of each group's number."""

    dimension: str
    words: dict[int, Words]
    keys: dict[int, str]
    by_person: I32 | None = None


class Asker:
    """One question over one set of facts."""

    def __init__(
        self, facts: Facts, question: Question, *, segment: I32 | None = None, groups: Groups | None = None
    ) -> None:
        self.facts, self.question = facts, question
        self.segment, self.groups = segment, groups
        self.measure = Measure(facts, question.by)
        self._starts: dict[str, int] = {}
        self._parts: dict[tuple[Part, Period, bool, bool], dict[tuple[int, int], float]] = {}
        self._values: dict[tuple[str, int, int], dict[tuple[int, int], Value]] = {}

    def why_not(self, metric: Metric) -> Words | None:
        """Why the metric has no values here; None where it has."""
        if metric.formula is not None:
            return self.why_not(metric.formula[0]) or self.why_not(metric.formula[1])
        if metric.lacks is not None:
            return metric.lacks
        needs = metric.needs
        if Need.COSTS in needs and not self.facts.costs:
            return NO_COSTS
        if Need.MEMBERS in needs and self.facts.members is None:
            return NO_MEMBERS
        if Need.COSTS in needs and self.segment is not None:
            return Words("花费不能按分群计算", "spend cannot be told by segment")
        if self.facts.orders is not None and not len(self.facts.orders.day) and any(
            p.of in {"orders", "money", "buyers", "referred_buyers"} for p in metric.parts
        ):  # fmt: skip
            return NO_ORDERS
        if self.facts.activity is not None and Need.ACTIVITY in needs and not len(self.facts.activity.day):
            return NO_EVENTS
        if metric.asks and not any(e in self.facts.codes.events.values for e in metric.asks):
            names = "、".join(metric.asks[:3])
            return Words(f"还没有事件 {names}", f"no event {', '.join(metric.asks[:3])} has been seen yet")
        return self._cannot_split(metric)

    def _cannot_split(self, metric: Metric) -> Words | None:
        split, kinds = self.question.split, {p.of for p in metric.parts}
        if (split == "platform" and not kinds <= WITH_PLATFORM) or (
            "costs" in kinds and split not in {"", "channel"}
        ):
            return Words("不支持按此维度拆分", "cannot be split by this")
        if split == "domain" and self.facts.members is None:
            return NO_MEMBERS
        return None

    def series(self, metric: Metric) -> list[Series]:
        """The metric's series, by value of the split and currency; the largest first, the rest as other."""
        spans = [p for p in periods(self.question.days, self.question.by) if p.first <= self.facts.today]
        keys = {key for span in spans for key in self._of(metric, span)}
        if not keys and self.groups is None:
            keys = {(0, -1)}
        names = self.facts.codes.currencies.values
        found = [
            Series(
                metric.key, "" if self.groups is None else self.groups.keys.get(group, ""), self._words(group),
                names[currency] if currency >= 0 else "",
                tuple(self._point(metric, span, (group, currency)) for span in spans),
            )
            for group, currency in keys
        ]  # fmt: skip
        found.sort(key=lambda s: (-sum(abs(p.numerator or 0) for p in s.points), s.split, s.currency))
        return found[: MOST_SPLITS * 3]

    def _words(self, group: int) -> Words:
        return OF_ALL if self.groups is None else self.groups.words.get(group, UNKNOWN)

    def _point(self, metric: Metric, span: Period, key: tuple[int, int]) -> Point:
        missing = Change(None, None)
        starts = self.starts(metric)
        if span.last < starts:
            why = Change(None, None, TOO_SHORT)
            return Point(span, None, None, None, "missing", TOO_SHORT, why, why)
        early = incomplete(span, self.facts.today, metric.mature_days)
        if early and metric.mature_days:
            why = Change(None, None, COMPARED_EARLY)
            return Point(span, None, None, None, "incomplete", NOT_MATURE, why, why)
        top, bottom = self._of(metric, span).get(key, (0.0, None if metric.denominator is None else 0.0))
        value = ratio(top, bottom)
        cut = self._reaches(metric, span) < starts
        state, reason = "complete", None
        if value is None:
            state, reason = "missing", NOBODY
        elif early or cut or span.first < starts:
            state, reason = "incomplete", NOT_OVER if early else PARTLY
        previous = year = missing
        if self.question.compare:
            previous = self._change(metric, value, before(span, self.question.by), key, early)
            year = self._change(metric, value, year_before(span, self.question.by), key, early)
        return Point(span, value, top, bottom, state, reason, previous, year)  # type: ignore[arg-type]

    def _change(
        self, metric: Metric, value: float | None, other: Period, key: tuple[int, int], early: bool
    ) -> Change:
        if min(other.first, self._reaches(metric, other)) < self.starts(metric):
            return Change(None, None, TOO_SHORT)
        top, bottom = self._of(metric, other).get(key, (0.0, None if metric.denominator is None else 0.0))
        then = ratio(top, bottom)
        if early:
            return Change(then, None, COMPARED_EARLY)
        return Change(then, relative(value, then), None if then is not None else NOBODY)

    def _reaches(self, metric: Metric, span: Period) -> int:
        """The first day that the metric looks at for a period, where there is a limit."""
        return min(
            (self.measure.window(p, span)[0] for p in metric.parts if p.window_days != ALL_TIME),
            default=span.first,
        )

    def starts(self, metric: Metric) -> int:
        """The first day of which all the metric's sources have data. Registrations reach back further than what people did,
        and are not all the people of that time: they begin no history."""
        if metric.key not in self._starts:
            self._starts[metric.key] = self._first_day(metric)
        return self._starts[metric.key]

    def _first_day(self, metric: Metric) -> int:
        days = []
        for part in metric.parts:
            if part.of in {"orders", "money", "buyers", "referred_buyers"} or (part.after and part.bought):
                days.append(self._begins(self.facts.orders))
            elif part.of in {"costs", "days", "members", "sum", "score"} or part.where:
                continue
            elif part.of in {"known", "registered_days", "new"} and not part.after:
                known = (self._begins(self.facts.activity), self._begins(self.facts.orders))
                days.append(min((day for day in known if day), default=0))
            else:
                days.append(self._begins(self.facts.activity))
        return max(days, default=0)

    def _begins(self, source: Activity | Orders | None) -> int:
        return int(source.day[0]) if source is not None and len(source.day) else 0

    def _of(self, metric: Metric, span: Period) -> dict[tuple[int, int], Value]:
        """Numerator and denominator by (group, currency) of one period."""
        at = (metric.key, span.first, span.last)
        if at not in self._values:
            self._values[at] = self._measured(metric, span)
        return self._values[at]

    def _measured(self, metric: Metric, span: Period) -> dict[tuple[int, int], Value]:
        if metric.formula is not None:
            return self._divided(self._of(metric.formula[0], span), self._of(metric.formula[1], span))
        by_people = any(p.of in BY_PEOPLE for p in metric.parts)
        tops = self._sums(metric.numerator, span, metric.per_currency, by_people)
        if metric.denominator is None:
            return {key: (top, None) for key, top in tops.items()}
        bottoms = self._sums(metric.denominator, span, metric.per_currency, by_people)
        keys = tops.keys() | bottoms.keys()
        if metric.per_currency:  # what has no currency stands below the sums of each
            money = {c for _, c in keys if c >= 0} or {-1}
            keys = {(group, c) for group, _ in keys for c in money}
        plain = {group: value for (group, c), value in bottoms.items() if c < 0}
        return {
            (g, c): (tops.get((g, c), 0.0), bottoms.get((g, c), plain.get(g, plain.get(-9, 0.0))))
            for g, c in keys
            if g != -9
        }

    def _divided(
        self, a: dict[tuple[int, int], Value], b: dict[tuple[int, int], Value]
    ) -> dict[tuple[int, int], Value]:
        """The values of two metrics as numerator and denominator; what has no currency stands below each."""
        tops = {key: ratio(*value) for key, value in a.items()}
        bottoms = {key: ratio(*value) for key, value in b.items()}
        return {
            (g, c): (top, bottoms.get((g, c), bottoms.get((g, -1))) or 0.0)
            for (g, c), top in tops.items()
            if top is not None
        }

    def rows(self, part: Part, span: Period) -> Rows:
        """What a part finds in a period among the people that the question is about."""
        rows = self.measure.rows(part, span)
        if self.segment is not None and not rows.scalar:
            rows = rows.keep(np.isin(rows.person, self.segment))
        return rows

    def _sums(
        self, part: Part, span: Period, per_currency: bool, by_people: bool
    ) -> dict[tuple[int, int], float]:
        """What a part comes to by (group, currency); parts that several metrics share are measured once."""
        at = (part, span, per_currency, by_people)
        if at not in self._parts:
            self._parts[at] = self._summed(part, self.rows(part, span), per_currency, by_people)
        return self._parts[at]

    def _summed(
        self, part: Part, rows: Rows, per_currency: bool, by_people: bool
    ) -> dict[tuple[int, int], float]:
        if rows.scalar and self.groups is not None:
            return {(-9, -1): total(rows)}
        if self.groups is None and not per_currency:
            return {(0, -1): total(rows)}
        group = self._groups(rows, part, by_people).astype(np.int64)
        currency = rows.currency if per_currency else np.int32(-1)
        codes = (group + 1) * CURRENCIES + currency + 1
        found: dict[tuple[int, int], float] = {}
        for code in np.unique(codes):
            mask = codes == code
            found[int(code) // CURRENCIES - 1, int(code) % CURRENCIES - 1] = total(
                rows, None if mask.all() else mask
            )
        if per_currency and part.of == "money" and self.groups is None and self.facts.orders is not None:
            for c in np.unique(
                self.facts.orders.currency
            ):  # a period without sales is 0 in each currency the shop has
                found.setdefault((0, int(c)), 0.0)
        return found

    def _groups(self, rows: Rows, part: Part, by_people: bool) -> I32:
        """The number of each row's group."""
        size = len(rows.person)
        if self.groups is None:
            return np.zeros(size, np.int32)
        if self.groups.by_person is not None:
            known = (rows.person >= 0) & (rows.person < len(self.groups.by_person))
            return np.where(known, self.groups.by_person[np.where(known, rows.person, 0)], -1).astype(
                np.int32
            )
        if self.groups.dimension == "domain":
            return self.measure.inside(rows.person, rows.at_us).astype(np.int32)
        if self.groups.dimension == "platform":
            return rows.platform if rows.platform is not None else np.full(size, -1, np.int32)
        if part.of != "costs" and (by_people or rows.channel is None):
            assert self.facts.people is not None
            known = rows.person >= 0
            return np.where(known, self.facts.people.channel[np.where(known, rows.person, 0)], -1).astype(
                np.int32
            )
        assert rows.channel is not None
        return rows.channel


def groups_of(
    split: str, facts: Facts, tag: tuple[I32, dict[int, Words], dict[int, str]] | None = None
) -> Groups | None:
    """How the question's split tells rows apart; None where it does not split."""
    if not split:
        return None
    if split == "channel":
        names = dict(enumerate(facts.codes.channels.values))
        return Groups(split, {n: channel_words(name) for n, name in names.items()}, names)
    if split == "platform":
        names = dict(enumerate(facts.codes.platforms.values))
        return Groups(split, {n: Words(name, name) for n, name in names.items() if name}, names)
    if split == "domain":
        return Groups(split, INSIDE, {1: "private", 0: "public"})
    assert tag is not None
    by_person, words, keys = tag
    return Groups(split, words, keys, by_person)


def channel_words(name: str) -> Words:
    """A channel's name in both languages."""
    known: Mapping[str, Words] = CHANNEL_WORDS
    return known.get(name, Words(name, name)) if name else UNKNOWN
