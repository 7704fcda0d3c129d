"""The door of attribution. A touchpoint is the first event of a person through a channel on a business day."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from weaktie.data.attribution.contracts import (
    MODELS,
    MOST_DAYS,
    MOST_LOOKBACK_DAYS,
    NO_TOUCH,
    ORDER,
    Ask,
    Attribution,
    BadAsk,
    Channel,
    Credit,
    Model,
)
from weaktie.data.attribution.logic import Way, first, last, linear, markov, position, shared_out
from weaktie.data.behaviour.contracts import I32, I64, BadPeople, Days, Matcher, only
from weaktie.data.collect.contracts import CHANNEL_WORDS
from weaktie.data.metrics.contracts import Need
from weaktie.data.metrics.service import Metrics
from weaktie.kit.clock import DAY_US, date_to_day, day_to_date
from weaktie.kit.words import Words

SIMPLE: Mapping[Model, Callable[[Way], dict[int, float]]] = {
    "first": first, "last": last, "linear": linear, "position": position,
}  # fmt: skip
MOST_WAYS = 10
NONE_WORDS = Words("无触点", "No touchpoint")


@dataclass(frozen=True, slots=True)
class Conversions:
    """One row each: whose, when, worth what, in which currency (code, -1 where it is no money)."""

    person: I32
    us: I64
    amount_minor: I64
    currency: I32


@dataclass(frozen=True, slots=True)
class Touches:
    """Touchpoints by person, then time: `starts` (people + 1) into the rows."""

    people: I32
    starts: I64
    us: I64
    channel: I32

    def of(self, person: int) -> slice:
        """The rows of a person."""
        at = int(np.searchsorted(self.people, person))
        if at >= len(self.people) or self.people[at] != person:
            return slice(0, 0)
        return slice(int(self.starts[at]), int(self.starts[at + 1]))


class Attributions:
    """Answers questions about attribution; the same crowd, orders and days as the metrics. Safe from any thread."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def query(self, ask: Ask) -> Attribution:
        """What each model gives each channel; the credits of a model add up to all conversions. Raises BadAsk, or what a
        segment raises."""
        self._check(ask)
        conversions, touches, names, currencies = self._read(ask)
        ways = ways_of(conversions, touches, ask.lookback_days)
        lost = self._lost(ask, conversions, touches)
        weights = _weights(ways, lost)
        channels = sorted({c for way in ways for c in way})
        credit = {model: self._credits(w, channels, conversions, currencies) for model, w in weights.items()}
        bare = [n for n, way in enumerate(ways) if not way]
        found = [self._channel(c, names, credit, ways, conversions) for c in channels]
        if bare:
            own = self._credit(conversions, bare, currencies)
            people = len(np.unique(conversions.person[bare]))
            found.append(Channel(NO_TOUCH, NONE_WORDS, dict.fromkeys(MODELS, own), len(bare), people))
        found.sort(key=lambda c: -c.credit["linear"].hundredths)
        lengths = [len(w) for w in ways if w]
        counted = Counter(tuple(names[c] for c, _ in groupby(way)) for way in ways if way)
        whole = self._credit(conversions, list(range(len(ways))), currencies)
        return Attribution(
            ask, found, len(ways), whole.money, len(bare), float(np.mean(lengths)) if lengths else None,
            sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_WAYS],
        )  # fmt: skip

    def people(self, query: Mapping[str, Any]) -> I32:
        """Who converted after a touch of the channel (empty: after none at all), ascending. Raises BadPeople."""
        ask = _asked(query)
        self._check(ask)
        conversions, touches, names, _ = self._read(ask)
        ways = ways_of(conversions, touches, ask.lookback_days)
        channel = str(query.get("channel") or NO_TOUCH)
        rows = [
            n for n, way in enumerate(ways) if (channel in {names[c] for c in way} if channel else not way)
        ]
        return only(self._metrics.behaviour.crowd().people(), np.unique(conversions.person[rows]))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        ask = _asked(query)
        channel = str(query.get("channel") or NO_TOUCH)
        words = CHANNEL_WORDS.get(channel, Words(channel, channel)) if channel else NONE_WORDS
        when = f"{day_to_date(ask.days.first)} – {day_to_date(ask.days.last)}"
        return Words(f"{when} 转化前接触过：{words.zh}", f"Converted {when} after: {words.en}")

    def _check(self, ask: Ask) -> None:
        if not 1 <= ask.lookback_days <= MOST_LOOKBACK_DAYS:
            raise BadAsk(
                "lookback_days", Words("回溯窗口为 1–90 天。", "The look-back window is 1 to 90 days.")
            )
        if not 0 <= ask.days.last - ask.days.first < MOST_DAYS:
            raise BadAsk("from", Words("日期范围无效。", "The range of days is not valid."))

    def _read(self, ask: Ask) -> tuple[Conversions, Touches, list[str], list[str]]:
        book = self._metrics.book
        facts = book.read({Need.ACTIVITY, Need.ORDERS})
        assert facts.activity is not None and facts.orders is not None
        if ask.conversion == ORDER:
            orders = facts.orders.between(ask.days.first, ask.days.last)
            orders = orders.keep((orders.counted == 1) & (orders.person >= 0))
            found = Conversions(orders.person, orders.us, orders.net_minor, orders.currency)
        else:
            did = self._metrics.behaviour.sequences([Matcher(ask.conversion)], ask.days, (), facts.crowd)
            person = np.repeat(did.people, np.diff(did.starts)).astype(np.int32)
            none = np.full(len(person), -1, np.int32)
            found = Conversions(person, did.time_us, np.zeros(len(person), np.int64), none)
        if ask.segment:
            who = self._metrics.behaviour.segment(ask.segment)
            mask = np.isin(found.person, who)
            found = Conversions(
                found.person[mask], found.us[mask], found.amount_minor[mask], found.currency[mask]
            )
        seen = facts.activity.between(ask.days.first - ask.lookback_days - 1, ask.days.last)
        skipped = facts.codes.channels.find(ask.skip)
        seen = seen.keep((seen.channel >= 0) & ~np.isin(seen.channel, skipped))
        touches = touches_of(seen.person, seen.day, seen.channel, seen.first_us)
        return found, touches, list(facts.codes.channels.values), list(facts.codes.currencies.values)

    def _lost(self, ask: Ask, conversions: Conversions, touches: Touches) -> list[Way]:
        """The ways of people who were touched on the asked days and did not convert."""
        won = set(conversions.person.tolist())
        who = None
        if ask.segment:
            who = set(self._metrics.behaviour.segment(ask.segment).tolist())
        found = []
        for n, person in enumerate(touches.people.tolist()):
            if person not in won and (who is None or person in who):
                way = tuple(touches.channel[int(touches.starts[n]) : int(touches.starts[n + 1])].tolist())
                found.append(way)
        return found

    def _credits(
        self,
        weights: Sequence[Mapping[int, float]],
        channels: Sequence[int],
        conversions: Conversions,
        currencies: list[str],
    ) -> dict[int, Credit]:
        """Credits by channel that add up to the conversions with a touch, to the hundredth and to the minor unit."""
        given = [n for n, w in enumerate(weights) if w]
        counts = shared_out(100 * len(given), [sum(weights[n].get(c, 0.0) for n in given) for c in channels])
        money: dict[int, dict[str, int]] = {c: {} for c in channels}
        for code in sorted({int(c) for c in conversions.currency[given]} - {-1}):
            rows = [n for n in given if conversions.currency[n] == code]
            amounts = conversions.amount_minor
            worth = [sum(weights[n].get(c, 0.0) * float(amounts[n]) for n in rows) for c in channels]
            for c, part in zip(channels, shared_out(int(amounts[rows].sum()), worth), strict=True):
                money[c][currencies[code]] = part
        return {c: Credit(count, money[c]) for c, count in zip(channels, counts, strict=True)}

    def _credit(self, conversions: Conversions, rows: list[int], currencies: list[str]) -> Credit:
        """What some conversions come to."""
        codes = conversions.currency[rows]
        amounts = conversions.amount_minor[rows]
        money = {currencies[int(c)]: int(amounts[codes == c].sum()) for c in np.unique(codes) if c >= 0}
        return Credit(100 * len(rows), money)

    def _channel(
        self, code: int, names: list[str], credit: Mapping[Model, Mapping[int, Credit]], ways: Sequence[Way],
        conversions: Conversions,
    ) -> Channel:  # fmt: skip
        name = names[code]
        rows = [n for n, way in enumerate(ways) if code in way]
        return Channel(
            name, CHANNEL_WORDS.get(name, Words(name, name)), {model: given[code] for model, given in credit.items()},
            len(rows), len(np.unique(conversions.person[rows])),
        )  # fmt: skip


def _weights(ways: Sequence[Way], lost: Sequence[Way]) -> dict[Model, list[dict[int, float]]]:
    """For each model, for each conversion with a way, the weight of each channel."""
    found: dict[Model, list[dict[int, float]]] = {
        model: [give(way) if way else {} for way in ways] for model, give in SIMPLE.items()
    }
    shares = markov([w for w in ways if w], lost)
    found["markov"] = [shares if way else {} for way in ways]
    return found


def touches_of(person: I32, day: I32, channel: I32, us: I64) -> Touches:
    """One touch for each person, day and channel, at the time of its first event."""
    order = np.lexsort((us, channel, day, person))
    person, day, channel, us = person[order], day[order], channel[order], us[order]
    begins = np.ones(len(person), np.bool_)
    begins[1:] = (person[1:] != person[:-1]) | (day[1:] != day[:-1]) | (channel[1:] != channel[:-1])
    person, channel, us = person[begins], channel[begins], us[begins]
    order = np.lexsort((channel, us, person))
    people, starts = np.unique(person[order], return_index=True)
    return Touches(
        people.astype(np.int32), np.append(starts, len(person)).astype(np.int64), us[order], channel[order]
    )


def ways_of(conversions: Conversions, touches: Touches, lookback_days: int) -> list[Way]:
    """The channels that each conversion's person touched within the window up to it, in order of time."""
    found: list[Way] = []
    for person, us in zip(conversions.person.tolist(), conversions.us.tolist(), strict=True):
        rows = touches.of(person)
        times = touches.us[rows]
        low = int(np.searchsorted(times, us - lookback_days * DAY_US))
        high = int(np.searchsorted(times, us, "right"))
        found.append(tuple(touches.channel[rows][low:high].tolist()))
    return found


def _asked(query: Mapping[str, Any]) -> Ask:
    try:
        days = Days(*(date_to_day(date.fromisoformat(str(query.get(name)))) for name in ("from", "to")))
        return Ask(
            days, str(query.get("conversion") or ORDER), int(query.get("lookback_days") or 30), str(query.get("segment") or ""),
            tuple(str(s) for s in query.get("skip") or ()),
        )  # fmt: skip
    except (ValueError, TypeError) as error:
        raise BadPeople(Words("日期无效。", "A day is not valid."), "people.from") from error
