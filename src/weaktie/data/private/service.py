"""The door of the private domain: who was in which channel when, its figures, and lists of members that come as files."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection

from weaktie.data.acquisition.contracts import Activity, Orders
from weaktie.data.acquisition.service import Acquisition
from weaktie.data.behaviour.contracts import I32, I64, BadPeople, Coded, Crowd, Days, day_asked
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.private.contracts import (
    CHANNELS,
    MOVES,
    BadPeriod,
    Bools,
    ChannelFigures,
    Figures,
    Grain,
    Load,
    Money,
    Moves,
    NoChannel,
    Period,
    Side,
    Spans,
    TakenMembers,
)
from weaktie.data.private.logic import anywhere, at_instant, inside, periods_of, spans_of, touching
from weaktie.data.private.members import read_members
from weaktie.data.sources import service as sources
from weaktie.kit.clock import EPOCH_DAY, Clock, business_day, from_datetime
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

NUMBER = {name: n for n, name in enumerate(CHANNELS)}
MOST_DAYS = 800
ROWS_AT_ONCE = 20_000


class Private:
    """Dated membership in owned channels, from events alone: WeCom's callbacks, clients, and lists of members that become
    events. Safe from any thread."""

    def __init__(
        self,
        *,
        database: Database,
        settings: Settings,
        clock: Clock,
        behaviour: Behaviour,
        acquisition: Acquisition,
        load: Load,
    ) -> None:
        self.database, self.settings, self.clock, self.behaviour = database, settings, clock, behaviour
        self._acquisition, self._load = acquisition, load
        self._lock = threading.Lock()
        self._kept: tuple[str, Spans, Spans] | None = None

    def spans(self, crowd: Crowd | None = None) -> tuple[Spans, Spans]:
        """(memberships by channel, memberships in any channel) of everybody who may be analysed."""
        crowd = crowd or self.behaviour.crowd()
        with self._lock:
            if self._kept is not None and self._kept[0] == crowd.key:
                return self._kept[1], self._kept[2]
        by_channel = spans_of(self._moves(crowd))
        both = by_channel, anywhere(by_channel)
        with self._lock:
            self._kept = (crowd.key, *both)
        return both

    def kept(self) -> bool:
        """Whether any membership is known."""
        return len(self.spans()[1]) > 0

    def inside(self, person_no: I32, at_us: I64) -> Bools:
        """For each person and instant, whether the person was in any owned channel then."""
        return inside(self.spans()[1], person_no, at_us)

    def members(self, channel: str, day: int) -> I32:
        """Who was in a channel at the end of a business day, ascending; an empty channel is any. Raises NoChannel."""
        return at_instant(self._of(channel), self._midnight(day + 1) - 1)

    def figures(self, days: Days, grain: Grain) -> Figures:
        """Both sides of some days, by period and by channel; raises BadPeriod."""
        today = business_day(self.clock.now_us(), self.settings.zone)
        if (
            days.last < days.first
            or days.last - days.first >= MOST_DAYS
            or days.first < 0
            or days.last > today + 1
        ):
            raise BadPeriod
        crowd = self.behaviour.crowd()
        by_channel, any_channel = self.spans(crowd)
        counting = _Counting(
            self._acquisition.activity(crowd, days), self._acquisition.orders(crowd), any_channel,
            self._acquisition.first_day_of(crowd), self.settings.workspace.currency, self._midnight,
        )  # fmt: skip
        complete = self._acquisition.complete_day()

        def period(first: int, last: int) -> Period:
            done = complete is not None and last <= complete
            start, end = self._midnight(first), self._midnight(last + 1)
            joins, leaves = _crossings(any_channel, start, end)
            return Period(first, last, done, *counting.sides(first, last, any_channel), joins, leaves)

        whole = period(days.first, days.last)
        channels = []
        for name, number in NUMBER.items():
            mine = by_channel.where(by_channel.channel == number)
            side, _ = counting.sides(days.first, days.last, mine)
            public = whole.public.arpu_minor
            ratio = None if side.arpu_minor is None or not public else side.arpu_minor / public
            joins, leaves = _crossings(mine, self._midnight(days.first), self._midnight(days.last + 1))
            members = len(at_instant(mine, min(self._midnight(days.last + 1) - 1, self.clock.now_us())))
            channels.append(
                ChannelFigures(name, members, joins, leaves, side, ratio, self._by_day(mine, days))
            )
        known = (
            None if not len(any_channel) else business_day(int(any_channel.start.min()), self.settings.zone)
        )
        members = len(at_instant(any_channel, min(self._midnight(days.last + 1) - 1, self.clock.now_us())))
        periods = [period(first, last) for first, last in periods_of(days.first, days.last, grain)]
        return Figures(whole, periods, channels, members, known, self.settings.workspace.currency)

    def take_members(
        self, text: str, *, channel: str, source_id: str, origin: str | None = None
    ) -> TakenMembers:
        """Store a list of members as events of a source; what is there already is not stored again. Raises BadMembers, NoChannel
        or NotFound for an unknown source."""
        if channel and channel not in CHANNELS:
            raise NoChannel
        with self.database.connect() as connection:
            source = sources.find(connection, source_id)
        now_us = self.clock.now_us()
        rows, events, bad = read_members(
            text, channel=channel, zone=self.settings.zone, now_us=now_us, source_id=source.source_id
        )
        origin = origin or new_id("mem", now_us)
        stored = duplicates = 0

        def commit(_tx: Connection, kept: Mapping[str, int], known: int) -> None:
            nonlocal stored, duplicates
            stored += kept.get("events", 0)
            duplicates += known

        for at in range(0, len(events), ROWS_AT_ONCE):
            self._load(
                events[at : at + ROWS_AT_ONCE], source_id=source.source_id, purposes=source.purposes,
                origin=f"{origin}-{at // ROWS_AT_ONCE}", commit=commit,
            )  # fmt: skip
        return TakenMembers(rows, stored, duplicates, bad)

    def people(self, query: Mapping[str, Any]) -> I32:
        """{"kind": "private", "channel", "day"}: members at the end of a day; "private_joined" and "private_left" with "from"
        and "to" instead: who came or went. An empty channel is any. Raises BadPeople."""
        channel = str(query.get("channel") or "")
        if channel and channel not in CHANNELS:
            raise BadPeople(Words("没有这个私域渠道。", "There is no such owned channel."), "people.channel")
        if query.get("kind") == "private":
            return self.members(channel, day_asked(query, "day"))
        spans = self._of(channel)
        start, end = self._midnight(day_asked(query, "from")), self._midnight(day_asked(query, "to") + 1)
        when = spans.start if query.get("kind") == "private_joined" else spans.end
        people: I32 = np.unique(spans.person[(when >= start) & (when < end)]).astype(np.int32)
        return people

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        name = CHANNELS.get(str(query.get("channel") or ""), Words("私域", "private-domain"))
        if query.get("kind") == "private":
            day = EPOCH_DAY + timedelta(days=day_asked(query, "day"))
            return Words(f"{day} 的{name.zh}", f"{name.en} members on {day}")
        first, last = (EPOCH_DAY + timedelta(days=day_asked(query, which)) for which in ("from", "to"))
        if query.get("kind") == "private_joined":
            return Words(f"{first} 至 {last} 加入{name.zh}", f"joined {name.en}, {first} to {last}")
        return Words(f"{first} 至 {last} 离开{name.zh}", f"left {name.en}, {first} to {last}")

    def _of(self, channel: str) -> Spans:
        if channel and channel not in NUMBER:
            raise NoChannel
        by_channel, any_channel = self.spans()
        return by_channel.where(by_channel.channel == NUMBER[channel]) if channel else any_channel

    def _moves(self, crowd: Crowd) -> Moves:
        today = business_day(self.clock.now_us(), self.settings.zone)
        keys = ["private_channel", *dict.fromkeys(key for *_, key in MOVES)]
        found = self.behaviour.sequences([m for m, *_ in MOVES], Days(0, today + 1), keys, crowd)
        person = np.repeat(found.people, np.diff(found.starts))
        channel = np.full(len(person), -1, np.int32)
        place = np.zeros(len(person), np.int32)
        joined = np.zeros(len(person), np.bool_)
        places: dict[str, int] = {}
        named = found.columns["private_channel"]
        for bit, (_, of_channel, opens, key) in enumerate(MOVES):
            rows = np.flatnonzero((found.matched >> bit) & 1)
            joined[rows] = opens
            channel[rows] = [
                NUMBER.get(of_channel or _text(named, c) or "mini_program", -1)
                for c in named.codes[rows].tolist()
            ]
            where = found.columns[key]
            place[rows] = [
                places.setdefault(_text(where, c), len(places)) for c in where.codes[rows].tolist()
            ]
        known = channel >= 0
        return Moves(person[known], channel[known], place[known], found.time_us[known], joined[known])

    def _by_day(self, spans: Spans, days: Days) -> list[tuple[int, int, int]]:
        edges = np.array([self._midnight(d) for d in range(days.first, days.last + 2)], np.int64)
        joins, _ = np.histogram(spans.start, edges)
        leaves, _ = np.histogram(spans.end[spans.end < edges[-1]], edges)
        return [(days.first + n, int(joins[n]), int(leaves[n])) for n in range(len(joins))]

    def _midnight(self, day: int) -> int:
        moment = datetime.combine(EPOCH_DAY + timedelta(days=day), time.min, tzinfo=self.settings.zone)
        return from_datetime(moment)


class _Counting:
    """Counts both sides of periods over one set of facts."""

    def __init__(
        self,
        active: Activity,
        orders: Orders,
        members: Spans,
        first_day: I32,
        currency: str,
        midnight: Callable[[int], int],
    ) -> None:
        self._active, self._orders, self._members = active, orders, members
        self._first_day, self._midnight = first_day, midnight
        self._home = orders.currencies.index(currency) if currency in orders.currencies else -1
        self._currencies = orders.currencies
        self._in_active = inside(members, active.person, active.us)
        self._in_orders = inside(members, orders.person, orders.us)

    def sides(self, first: int, last: int, spans: Spans) -> tuple[Side, Side]:
        """(private, public): private is inside `spans`, public outside every owned channel."""
        a, o = self._active, self._orders
        acts = (a.day >= first) & (a.day <= last)
        buys = (o.day >= first) & (o.day <= last)
        start, end = self._midnight(first), self._midnight(last + 1)
        everybody = spans is self._members
        in_active = self._in_active if everybody else inside(spans, a.person, a.us)
        in_orders = self._in_orders if everybody else inside(spans, o.person, o.us)
        known = np.flatnonzero(self._first_day <= last)
        outside = np.setdiff1d(known, touching(self._members, start, end), assume_unique=True)
        return (
            self._side(len(touching(spans, start, end)), acts & in_active, buys & in_orders),
            self._side(len(outside), acts & ~self._in_active, buys & ~self._in_orders),
        )

    def _side(self, people: int, acts: Bools, buys: Bools) -> Side:
        o = self._orders
        counted = buys & o.counted
        buyers, times = np.unique(o.person[counted], return_counts=True)
        sums = [
            (name, int(o.net_minor[buys & (o.currency == n)].sum()))
            for n, name in enumerate(self._currencies)
        ]
        active = np.union1d(self._active.person[acts], buyers)
        return Side(
            people, len(active), len(buyers), int(np.count_nonzero(times >= 2)), int(np.count_nonzero(counted)),
            [Money(name, amount) for name, amount in sums if amount],
            int(o.net_minor[buys & (o.currency == self._home)].sum()),
        )  # fmt: skip


def _crossings(spans: Spans, start: int, end: int) -> tuple[int, int]:
    joins = int(np.count_nonzero((spans.start >= start) & (spans.start < end)))
    leaves = int(np.count_nonzero((spans.end >= start) & (spans.end < end)))
    return joins, leaves


def _text(column: Coded, code: int) -> str:
    return column.values[code] if code >= 0 else ""
