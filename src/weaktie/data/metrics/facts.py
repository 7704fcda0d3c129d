"""Daily aggregates from which every metric is made, read once for each state of the lake and kept.

Past days hardly change: what people did is kept by block of days, and only blocks whose files changed are read again.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from functools import partial
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.behaviour.contracts import I32, I64, Coded, Crowd, Days, Matcher
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.service import named_aliases, owner_of
from weaktie.data.metrics.contracts import Costs, Membership, Need
from weaktie.data.metrics.queries import activity, orders_of_customers, registrations, spent
from weaktie.data.profiles.service import orders_now
from weaktie.kit.clock import MINUTE_US, business_day, day_to_date, from_datetime
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.tables import EVENTS, ORDERS, USERS

IDLE_US = 30 * MINUTE_US
NEVER = np.int32(2_000_000)
"""The day of what has not happened; later than every real day."""
LONG, SHORT = 28, 7
MOST_BLOCKS = 400
UTC = ZoneInfo("UTC")
QUARTER_US = 15 * MINUTE_US
B = npt.NDArray[np.bool_]
Made = TypeVar("Made")
Table = TypeVar("Table", "Activity", "Occurrences", "Orders")


class Codes:
    """Texts as numbers, the same text always the same number; -1 is null."""

    def __init__(self) -> None:
        self.values: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text, a new one where it was not seen yet."""
        if text not in self._numbers:
            self._numbers[text] = len(self.values)
            self.values.append(text)
        return self._numbers[text]

    def find(self, texts: tuple[str, ...]) -> I32:
        """The numbers of those texts that were seen."""
        return np.array([self._numbers[t] for t in texts if t in self._numbers], np.int32)

    def column(self, column: pa.ChunkedArray) -> I32:
        """A column as numbers."""
        encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
        codes = np.array([self.number(v) for v in encoded.dictionary.to_pylist()] or [-1], np.int32)
        places = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
        return np.where(places >= 0, codes[np.maximum(places, 0)], np.int32(-1)).astype(np.int32)


@dataclass(frozen=True, slots=True)
class CodeBook:
    """The texts that facts know as numbers."""

    channels: Codes = field(default_factory=Codes)
    platforms: Codes = field(default_factory=Codes)
    events: Codes = field(default_factory=Codes)
    currencies: Codes = field(default_factory=Codes)
    statuses: Codes = field(default_factory=Codes)


@dataclass(frozen=True, slots=True)
class Activity:
    """What people did by day, ascending by day: `n` events of one name through one channel on one platform."""

    person: I32
    day: I32
    event: I32
    channel: I32
    platform: I32
    first_us: I64
    n: I64
    present: I64
    """person × 2^22 + day of everybody's active days, ascending."""

    def between(self, first: int, last: int) -> "Activity":
        """What was done on these days."""
        low, high = np.searchsorted(self.day, [first, last + 1])
        return _taken(self, slice(low, high), {"present"})

    def keep(self, mask: B) -> "Activity":
        """The rows of a mask."""
        return _taken(self, mask, {"present"})


@dataclass(frozen=True, slots=True)
class Occurrences:
    """Single events that passed conditions, ascending by day. `number` is a property's value times `scale`, with a currency
    where it is money."""

    person: I32
    day: I32
    channel: I32
    platform: I32
    first_us: I64
    n: I64
    number: I64
    currency: I32
    scale: float = 1.0

    def between(self, first: int, last: int) -> "Occurrences":
        """What happened on these days."""
        low, high = np.searchsorted(self.day, [first, last + 1])
        return _taken(self, slice(low, high), {"scale"})


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by person and day, ascending by day."""

    person: I32
    day: I32
    first_us: I64
    seconds: I64


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders as they stand, ascending by day; `person` is -1 where the buyer may not be analysed or is not known."""

    person: I32
    day: I32
    us: I64
    currency: I32
    channel: I32
    status: I32
    net_minor: I64
    gross_minor: I64
    refunded_minor: I64
    counted: I32
    undone: I32
    coupon: I32
    referred: I32

    def between(self, first: int, last: int) -> "Orders":
        """Orders paid on these days."""
        low, high = np.searchsorted(self.day, [first, last + 1])
        return _taken(self, slice(low, high))

    def keep(self, mask: B) -> "Orders":
        """The rows of a mask."""
        return _taken(self, mask)


@dataclass(frozen=True, slots=True)
class People:
    """By person number: the day of the first sign, of the registration, of the first counted order, and the channel of the
    first sign; NEVER and -1 where there is none. `may` are all who may be analysed."""

    may: I32
    first_day: I32
    registered_day: I32
    bought_day: I32
    channel: I32


@dataclass(slots=True)
class Facts:
    """What was read for one question; parts that no metric needs are None."""

    crowd: Crowd
    today: int
    codes: "CodeBook"
    activity: Activity | None = None
    spent: Spent | None = None
    orders: Orders | None = None
    people: People | None = None
    invites: tuple[I32, I32, I32, I64] | None = None
    """Accepted invitations: invited person, inviter (-1 unknown), day, instant; in order of time."""
    members: Membership | None = None
    costs: list[tuple[int, str, str, int]] | None = None
    custom: dict[tuple[Matcher, str], Occurrences] = field(default_factory=dict)
    zone: ZoneInfo = UTC

    def end_us(self, day: int) -> int:
        """The last instant of a business day."""
        morning = datetime.combine(day_to_date(day + 1), time(), self.zone)
        return from_datetime(morning) - 1


class FactBook:
    """Reads facts. Safe from any thread; what is computed for one state of the lake is computed once."""

    def __init__(self, behaviour: Behaviour, costs: Costs | None, members: Membership | None) -> None:
        self.behaviour, self.costs, self.members = behaviour, costs, members
        self.codes = CodeBook()
        self.reads = 0
        self._lock = threading.RLock()
        self._blocks: OrderedDict[object, pa.Table] = OrderedDict()
        self._kept: dict[str, object] = {}
        self._key = ""

    def read(self, needs: Collection[Need], custom: Collection[tuple[Matcher, str]] = ()) -> Facts:
        """Everything that these needs ask for: one query for each source, and none where it is kept. Raises BadCondition."""
        crowd = self.behaviour.crowd()
        today = business_day(self.behaviour.clock.now_us(), self.behaviour.settings.zone)
        needs = set(needs)
        members = self.members if self.members is not None and self.members.kept() else None
        facts = Facts(crowd, today, self.codes, members=members, zone=self.behaviour.settings.zone)
        with self._lock:
            if crowd.key != self._key:
                self._kept, self._key = {}, crowd.key
            if needs & {Need.ACTIVITY, Need.PEOPLE}:
                facts.activity = self._once("activity", lambda: self._activity(crowd))
            if needs & {Need.ORDERS, Need.PEOPLE}:
                facts.orders = self._once("orders", lambda: self._orders(crowd))
            if Need.PEOPLE in needs:
                assert facts.activity is not None and facts.orders is not None
                a, o = facts.activity, facts.orders
                facts.people = self._once("people", lambda: self._people(crowd, a, o))
            if Need.SPENT in needs:
                facts.spent = self._once("spent", lambda: self._spent(crowd))
            if Need.INVITES in needs:
                facts.invites = self._once("invites", lambda: self._invites(crowd))
            for asked in custom:
                facts.custom[asked] = self._once(f"custom {asked}", partial(self._custom, crowd, *asked))
        if Need.COSTS in needs and self.costs is not None:
            spent = self.costs.spent(Days(0, today))
            facts.costs = [(c.day, c.channel, c.currency, c.cost_minor) for c in spent]
        return facts

    def _once(self, name: str, make: Callable[[], Made]) -> Made:
        if name not in self._kept:
            self._kept[name] = make()
        return cast(Made, self._kept[name])

    def _custom(self, crowd: Crowd, matcher: Matcher, prop: str) -> Occurrences:
        money = prop == "amount_minor"
        columns = dict.fromkeys(
            ("channel", "platform", *((prop,) if prop else ()), *(("currency",) if money else ()))
        )
        self.reads += 1
        found = self.behaviour.sequences([matcher], Days(0, int(NEVER)), tuple(columns), crowd)
        order = np.argsort(found.day, kind="stable")
        number, scale = (
            _as_numbers(found.columns[prop], money) if prop else (np.zeros(len(order), np.int64), 1.0)
        )
        none = np.full(len(order), -1, np.int32)
        return Occurrences(
            np.repeat(found.people, np.diff(found.starts))[order], found.day[order],
            self._recoded(self.codes.channels, found.columns["channel"])[order],
            self._recoded(self.codes.platforms, found.columns["platform"])[order],
            found.time_us[order], np.ones(len(order), np.int64), number[order],
            self._recoded(self.codes.currencies, found.columns["currency"])[order] if money else none, scale,
        )  # fmt: skip

    def _recoded(self, codes: Codes, column: Coded) -> I32:
        numbers = np.array([codes.number(v) for v in column.values] or [-1], np.int32)
        return np.where(column.codes >= 0, numbers[np.maximum(column.codes, 0)], -1).astype(np.int32)

    def _block(
        self, session: Session, crowd: Crowd, name: str, days: tuple[int, int], shared: pa.Table
    ) -> pa.Table:
        files = crowd.snapshot.of("events", from_day=days[0], to_day=days[1])
        odd = self.behaviour.impossible(session, crowd.snapshot, Days(*days))
        alike = (
            name, days, tuple(f.file_id for f in files), tuple(f.sha256 for f in files),
            *(hash(tuple(c.to_pylist())) for c in (shared["alias_no"], odd["alias_no"], odd["day"])),
        )  # fmt: skip
        if alike in self._blocks:
            self._blocks.move_to_end(alike)
            return self._blocks[alike]
        scanned = session.scan([f.path for f in files], EVENTS.schema)
        impossible = session.table(odd) if odd.num_rows else None
        frame = (
            activity(scanned, days, session.table(shared), impossible)
            if name == "activity"
            else spent(scanned, days, impossible, IDLE_US)
        )
        self.reads += 1
        self._blocks[alike] = session.collect(frame)
        while len(self._blocks) > MOST_BLOCKS:
            self._blocks.popitem(last=False)
        return self._blocks[alike]

    def _blocks_of(self, crowd: Crowd, name: str) -> pa.Table | None:
        shared = pa.table({"alias_no": pc.unique(crowd.spans["alias_no"]).cast(pa.int32())})
        with self.behaviour.engine.session() as session:
            parts = [
                self._block(session, crowd, name, days, shared)
                for days in blocks(crowd.snapshot.of("events"))
            ]
        return pa.concat_tables(parts) if parts else None

    def _activity(self, crowd: Crowd) -> Activity:
        table = self._blocks_of(crowd, "activity")
        if table is None:
            e32, e64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
            return Activity(e32, e32, e32, e32, e32, e64, e64, e64)
        first_us = table["first_us"].to_numpy()
        person = owner_of(crowd.persons, crowd.spans, table["alias_no"].to_numpy(), first_us)
        day = table["day"].to_numpy()
        order = np.argsort(day, kind="stable")
        order = order[person[order] >= 0]
        person, day = person[order], day[order].astype(np.int32)
        return Activity(
            person, day,
            self.codes.events.column(table["event"])[order],
            self.codes.channels.column(table["channel"])[order],
            self.codes.platforms.column(table["platform"])[order],
            first_us[order], table["n"].to_numpy()[order].astype(np.int64),
            np.unique(presence(person, day)),
        )  # fmt: skip

    def _spent(self, crowd: Crowd) -> Spent:
        table = self._blocks_of(crowd, "spent")
        if table is None:
            e32, e64 = np.zeros(0, np.int32), np.zeros(0, np.int64)
            return Spent(e32, e32, e64, e64)
        first_us = table["first_us"].to_numpy()
        person = owner_of(crowd.persons, crowd.spans, table["alias_no"].to_numpy(), first_us)
        day = table["day"].to_numpy()
        order = np.argsort(day, kind="stable")
        order = order[person[order] >= 0]
        seconds = np.round(table["spent_us"].to_numpy().astype(np.float64) / 1e6).astype(np.int64)
        return Spent(person[order], day[order].astype(np.int32), first_us[order], seconds[order])

    def _orders(self, crowd: Crowd) -> Orders:
        quality = self.behaviour.quality
        with self.behaviour.database.connect() as connection:
            marked = quality.marked(connection)
        self.reads += 1
        with self.behaviour.engine.session() as session:
            orders = orders_now(session.scan([f.path for f in crowd.snapshot.of("orders")], ORDERS.schema))
            left_out = quality.left_out_orders(session, crowd.snapshot, marked).select(["order_id"])
            table = session.collect(orders_of_customers(orders, session.table(left_out)))
        table = table.sort_by([("day", "ascending"), ("order_id", "ascending")])
        us = _numbers(table["us"], 0)
        alias = _numbers(table["alias_no"], -1).astype(np.int32)
        person = owner_of(crowd.persons, crowd.spans, np.maximum(alias, 0), us)
        analysable = (alias >= 0) & (_numbers(table["purposes"], 0) % 2 == 1)
        return Orders(
            np.where(analysable, person, -1).astype(np.int32),
            _numbers(table["day"], 0).astype(np.int32), us,
            self.codes.currencies.column(pc.fill_null(table["currency"], "")),
            self.codes.channels.column(table["channel"]),
            self.codes.statuses.column(table["status"]),
            _numbers(table["net_minor"], 0), _numbers(table["gross_minor"], 0), _numbers(table["refunded_minor"], 0),
            _numbers(table["counted"], 0).astype(np.int32), _numbers(table["undone"], 0).astype(np.int32),
            _numbers(table["has_coupon"], 0).astype(np.int32), pc.is_valid(table["referrer_alias_no"]).to_numpy().astype(np.int32),
        )  # fmt: skip

    def _people(self, crowd: Crowd, did: Activity, orders: Orders) -> People:
        with self.behaviour.database.connect() as connection:
            named = named_aliases(connection)
        self.reads += 1
        with self.behaviour.engine.session() as session:
            users = session.scan([f.path for f in crowd.snapshot.of("users")], USERS.schema)
            table = session.collect(registrations(users))
        alias = table["alias_no"].to_numpy().astype(np.int32)
        known = alias < len(crowd.persons)
        size = len(crowd.persons)
        us = np.full(size, np.iinfo(np.int64).max, np.int64)
        channel = np.full(size, -1, np.int32)
        registered_us = us.copy()
        person = np.where(known, crowd.persons[np.where(known, alias, 0)], -1)
        at_us = _numbers(table["us"], np.iinfo(np.int64).max)
        through = self.codes.channels.column(table["channel"])
        _earliest(registered_us, np.full(size, -1, np.int32), person.astype(np.int32), at_us, through)
        for who, when, how in (
            (person.astype(np.int32), at_us, through), (did.person, did.first_us, did.channel), (orders.person, orders.us, orders.channel),
        ):  # fmt: skip
            _earliest(us, channel, who, when, how)
        bought = np.full(size, NEVER, np.int32)
        buys = (orders.counted == 1) & (orders.person >= 0)
        np.minimum.at(bought, orders.person[buys], orders.day[buys])
        zone = self.behaviour.settings.zone
        may = crowd.persons[named[named < size]] if size else np.zeros(0, np.int32)
        return People(
            np.unique(may[may >= 0]).astype(np.int32),
            _days_of(us, zone), _days_of(registered_us, zone), bought, channel,
        )  # fmt: skip

    def _invites(self, crowd: Crowd) -> tuple[I32, I32, I32, I64]:
        self.reads += 1
        found = self.behaviour.sequences(
            [Matcher("Invite Accepted")], Days(0, int(NEVER)), ("sharer_alias_no",), crowd
        )
        person = np.repeat(found.people, np.diff(found.starts))
        sharer = found.columns["sharer_alias_no"]
        numbers = np.array([int(v) for v in sharer.values] or [-1], np.int64)
        alias = np.where(sharer.codes >= 0, numbers[np.maximum(sharer.codes, 0)], -1).astype(np.int64)
        known = (alias >= 0) & (alias < len(crowd.persons))
        inviter = np.where(known, crowd.persons[np.where(known, alias, 0)], -1).astype(np.int32)
        order = np.argsort(found.time_us, kind="stable")
        return person[order], inviter[order], found.day[order], found.time_us[order]


def blocks(files: list[LakeFile]) -> list[tuple[int, int]]:
    """The days of these files in blocks: weeks within the newest four, four weeks each before."""
    if not files:
        return []
    low, high = min(f.min_day for f in files), max(f.max_day for f in files)
    recent = high // LONG * LONG
    found = [(day, day + LONG - 1) for day in range(low // LONG * LONG, recent, LONG)]
    found += [(day, day + SHORT - 1) for day in range(recent, high + 1, SHORT)]
    return [days for days in found if any(f.max_day >= days[0] and f.min_day <= days[1] for f in files)]


def presence(person: I32, day: I32) -> I64:
    """One number for a person and a day, in the order of people, then days."""
    keys: I64 = person.astype(np.int64) * (1 << 22) + day
    return keys


def _numbers(column: pa.ChunkedArray, fallback: int) -> I64:
    found: I64 = pc.fill_null(column.cast(pa.int64()), fallback).to_numpy()
    return found


def _earliest(us: I64, channel: I32, person: I32, at_us: I64, through: I32) -> None:
    """Take over who was seen earlier, with the channel; of two at the same instant the one with a channel."""
    rows = np.flatnonzero((person >= 0) & (at_us < np.iinfo(np.int64).max))
    rows = rows[np.lexsort((-through[rows], at_us[rows], person[rows]))]
    who, first = np.unique(person[rows], return_index=True)
    rows = rows[first]
    sooner = at_us[rows] < us[who]
    us[who[sooner]] = at_us[rows[sooner]]
    named = (sooner & (through[rows] >= 0)) | (channel[who] < 0)
    channel[who[named]] = through[rows[named]]


def _days_of(us: I64, zone: ZoneInfo) -> I32:
    """Business days of instants; the zone's offset is looked up once for each quarter of an hour that occurs."""
    there = us < np.iinfo(np.int64).max
    quarters, back = np.unique(us[there] // QUARTER_US, return_inverse=True)
    days = np.array([business_day(int(q) * QUARTER_US, zone) for q in quarters], np.int32)
    found = np.full(len(us), NEVER, np.int32)
    if there.any():
        found[there] = days[back]
    return found


def _as_numbers(column: Coded, whole: bool) -> tuple[I64, float]:
    """A column of texts as integers and what they were multiplied by; what is no number counts 0."""
    scale = 1.0 if whole else 10_000.0

    def number(text: str) -> int:
        try:
            value = float(text)
        except ValueError:
            return 0
        return round(value * scale) if abs(value) < 1e12 else 0

    numbers = np.array([number(v) for v in column.values] or [0], np.int64)
    return np.where(column.codes >= 0, numbers[np.maximum(column.codes, 0)], 0), scale


def _taken(rows: Table, which: "slice | B", fixed: Collection[str] = ()) -> Table:
    """Some rows of a set of parallel columns."""
    taken = {f.name: getattr(rows, f.name)[which] for f in fields(rows) if f.name not in fixed}
    return replace(rows, **taken)
