"""The door of acquisition: newcomers, what they cost, and the people behind a figure."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from weaktie.data.acquisition.contracts import (
    CODE_PROPERTIES,
    Activity,
    BadRange,
    Bools,
    Figures,
    Group,
    Newcomers,
    Orders,
    Spent,
)
from weaktie.data.acquisition.linking import Links
from weaktie.data.acquisition.logic import NEVER, Facts, facts_of, group_of, key_of, with_scores
from weaktie.data.acquisition.queries import (
    active_days,
    first_days,
    first_touches,
    registrations,
    trait_channels,
)
from weaktie.data.acquisition.seeds import SeedMaker as SeedMaker
from weaktie.data.acquisition.spending import Spending
from weaktie.data.behaviour.contracts import I32, I64, BadPeople, Crowd, Days, day_asked
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.service import owner_of
from weaktie.data.profiles.service import orders_now
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import DAY_US, EPOCH_DAY, Clock, business_day
from weaktie.kit.kept import Kept
from weaktie.kit.money import minor_digits
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.tables import EVENTS, ORDERS, TABLES, USERS

MOST_DAYS = 366
KEPT = 12
LONGEST_WINDOW = 30
_PROPERTIES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


class Acquisition:
    """Newcomers and their cost. Safe from any thread.

    Days of activity are those of the last build; events, orders and costs are read as they are. `built_day` is the business
    day on which the last build was made, or None before the first; `is_crawler` tells a user agent.
    """

    def __init__(
        self, *, database: Database, engine: Engine, settings: Settings, clock: Clock, behaviour: Behaviour, quality: Quality,
        built_day: Callable[[], int | None], is_crawler: Callable[[str], object],
    ) -> None:  # fmt: skip
        self.database, self.settings, self.clock, self.behaviour = database, settings, clock, behaviour
        self.links, self.spending = Links(settings, clock), Spending(clock)
        self._engine, self._quality, self._built_day = engine, quality, built_day
        self.is_crawler = is_crawler
        self._kept: Kept[Any] = Kept(KEPT)

    def newcomers(self, days: Days, crowd: Crowd | None = None) -> Newcomers:
        """People whose first day is one of these, with the channel and code of their first day.

        The channel is that of the code, where the first day's events carry a code of ours; else of the day's first event that
        has a channel; else what their traits said.
        """
        crowd = crowd or self.behaviour.crowd()
        with self.database.connect() as connection:
            codes = self.links.channel_of_code(connection)
        key = (crowd.key, "new", days, hash(tuple(sorted(codes.items()))))
        found: Newcomers = self._kept.get(key, lambda: self._newcomers(crowd, days, codes))
        return found

    def spent(self, days: Days) -> list[Spent]:
        """Costs of these days by day, channel, code and currency."""
        with self.database.connect() as connection:
            return self.spending.spent(connection, days.first, days.last)

    def figures(self, days: Days) -> Figures:
        """Everybody, by channel and by code; raises BadRange."""
        if days.last < days.first or days.last - days.first >= MOST_DAYS:
            raise BadRange
        crowd = self.behaviour.crowd()
        new = self.newcomers(days, crowd)
        complete_day = self.complete_day()
        complete = days.first - 1 if complete_day is None else complete_day
        currency = self.settings.workspace.currency
        active = self.activity(crowd, Days(days.first, days.last + LONGEST_WINDOW))
        facts = facts_of(new, self.orders(crowd), np.unique(key_of(active.person, active.day)), currency)
        with self.database.connect() as connection:
            spent = self.spending.spent(connection, days.first, days.last)
            free = self.spending.free(connection)
            channel_of = self.links.channel_of_code(connection)
            opened = self.links.opens_of(connection, days.first, days.last)
        high = self.settings.acquisition.high_value * 10 ** minor_digits(currency)

        def group(key: str | None, mask: Bools, costs: list[Spent], *, is_free: bool) -> Group:
            return group_of(
                key, facts, mask, costs, days=(days.first, days.last), complete_day=complete,
                order_days=self.settings.acquisition.order_days, high_value_minor=high, free=is_free,
            )  # fmt: skip

        by_channel = [
            group(name, mask, [s for s in spent if s.channel == name], is_free=name in free)
            for name, mask in _masks(new.channel, new.channels, {s.channel for s in spent}, unknown=True)
        ]
        named = {s.code for s in spent if s.code} | set(opened)
        by_code = [
            group(
                name, mask, [s for s in spent if s.code == name], is_free=channel_of.get(name or "") in free
            )
            for name, mask in _masks(new.code, new.codes, named, unknown=False)
        ]
        everybody = group(None, np.ones(len(new), np.bool_), spent, is_free=False)
        return Figures(
            days.first, days.last, complete, everybody, with_scores(_by_size(by_channel), currency), _by_size(by_code),
            self.settings.acquisition.order_days, high, currency,
        )  # fmt: skip

    def people(self, query: Mapping[str, Any]) -> I32:
        """The newcomers that a query means: {"kind": "newcomers", "from", "to"} and, where given, "channel", "code" (empty:
        those without one). Raises BadPeople."""
        days = Days(day_asked(query, "from"), day_asked(query, "to"))
        if days.last < days.first or days.last - days.first >= MOST_DAYS:
            raise BadPeople(Words("日期范围无效。", "The days are not valid."), "people.from")
        new = self.newcomers(days)
        mask = np.ones(len(new), np.bool_)
        for name, column, names in (("channel", new.channel, new.channels), ("code", new.code, new.codes)):
            wanted = query.get(name)
            if wanted is None:
                continue
            if not isinstance(wanted, str):
                raise BadPeople(
                    Words("渠道或渠道码应为文本。", "A channel or code is a text."), f"people.{name}"
                )
            mask &= column == (-1 if not wanted else names.index(wanted) if wanted in names else -2)
        return new.people[mask]

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        first, last = (
            EPOCH_DAY.fromordinal(EPOCH_DAY.toordinal() + day_asked(query, name)) for name in ("from", "to")
        )
        zh, en = f"{first} 至 {last} 的新客", f"newcomers of {first} to {last}"
        if isinstance(query.get("channel"), str):
            zh, en = (
                f"{zh}，渠道 {query['channel'] or '未知'}",
                f"{en}, channel {query['channel'] or 'unknown'}",
            )
        if isinstance(query.get("code"), str):
            zh, en = f"{zh}，渠道码 {query['code'] or '无'}", f"{en}, code {query['code'] or 'none'}"
        return Words(zh, en)

    def first_day_of(self, crowd: Crowd) -> I32:
        """The first day of everybody, by person number; NEVER where nothing is known."""
        return self._base(crowd)[0]

    # --- from the lake ---

    def _base(self, crowd: Crowd) -> tuple[I32, Bools, dict[int, str]]:
        found: tuple[I32, Bools, dict[int, str]] = self._kept.get(
            (crowd.key, "base"), lambda: self._read_base(crowd)
        )
        return found

    def _read_base(self, crowd: Crowd) -> tuple[I32, Bools, dict[int, str]]:
        size = len(crowd.persons)
        first = np.full(size, NEVER, np.int32)
        with self._engine.session() as session:
            days = session.collect(first_days(self._user_day(session, crowd)))
            users = session.scan([f.path for f in crowd.snapshot.of("users")], USERS.schema)
            joined = session.collect(registrations(users))
            traits = session.collect(trait_channels(users))
        person = _person(crowd, days["owner_no"])
        np.minimum.at(first, person[person >= 0], days["day"].to_numpy()[person >= 0])
        person = _person(crowd, joined["alias_no"])
        us = joined["registered_us"].to_numpy()[person >= 0]
        registered = np.zeros(size, np.bool_)
        registered[person[person >= 0]] = True
        local = np.array([business_day(int(u), self.settings.zone) for u in us], np.int32)
        # A registration in the future is somebody's mistake, not a first day.
        sane = us <= self.clock.now_us() + DAY_US
        np.minimum.at(first, person[person >= 0][sane], local[sane])
        channel: dict[int, str] = {}
        said = sorted(
            zip(
                traits["us"].to_pylist(),
                _person(crowd, traits["alias_no"]).tolist(),
                traits["channel"].to_pylist(),
                strict=True,
            )
        )
        for _, number, name in said:
            if number >= 0:
                channel.setdefault(number, str(name).strip().lower()[:64])
        return first, registered, channel

    def _newcomers(self, crowd: Crowd, days: Days, codes: Mapping[str, str]) -> Newcomers:
        first, registered, traits = self._base(crowd)
        people = np.flatnonzero((first >= days.first) & (first <= days.last)).astype(np.int32)
        day = first[people]
        touched = self._touches(crowd, first, days)
        channel_names: dict[str, int] = {}
        code_names: dict[str, int] = {}
        channel, code = np.full(len(people), -1, np.int32), np.full(len(people), -1, np.int32)
        for at, number in enumerate(people.tolist()):
            of_channel, of_code = _said(touched.get(number, []), codes)
            of_channel = (codes[of_code] if of_code else of_channel) or traits.get(number)
            if of_channel:
                channel[at] = channel_names.setdefault(of_channel, len(channel_names))
            if of_code:
                code[at] = code_names.setdefault(of_code, len(code_names))
        return Newcomers(
            people, day, channel, code, registered[people], list(channel_names), list(code_names)
        )

    def _touches(
        self, crowd: Crowd, first: I32, days: Days
    ) -> dict[int, list[tuple[int, str, str | None, str | None]]]:
        """By person the first day's events in order: us, event id, channel, properties."""
        alias, owner, day, _ = self._active(crowd, days.first, days.last)
        person = np.where(
            owner < len(crowd.persons), crowd.persons[np.minimum(owner, len(crowd.persons) - 1)], -1
        )
        mine = (person >= 0) & (first[np.maximum(person, 0)] == day)
        pairs = pa.table(
            {"alias_no": pa.array(alias[mine], pa.int32()), "day": pa.array(day[mine], pa.int32())}
        )
        files = [f.path for f in crowd.snapshot.of("events", from_day=days.first, to_day=days.last)]
        with self._engine.session() as session:
            events = session.scan(files, EVENTS.schema)
            found = session.collect(first_touches(events, session.table(pairs), self._quality.limit))
        us = found["us"].to_numpy()
        whose = owner_of(crowd.persons, crowd.spans, found["alias_no"].to_numpy(), us)
        touched: dict[int, list[tuple[int, str, str | None, str | None]]] = {}
        rows = zip(
            whose.tolist(), us.tolist(), found["event_id"].to_pylist(), found["channel"].to_pylist(),
            found["properties"].to_pylist(), strict=True,
        )  # fmt: skip
        for number, at, event_id, channel, properties in rows:
            touched.setdefault(number, []).append((at, event_id, channel, properties))
        return {number: sorted(some, key=lambda t: t[:2]) for number, some in touched.items()}

    def _active(self, crowd: Crowd, first: int, last: int) -> tuple[I32, I32, I32, I64]:
        def read() -> tuple[I32, I32, I32, I64]:
            with self._engine.session() as session:
                table = session.collect(active_days(self._user_day(session, crowd, first, last), first, last))
            alias, owner, day = (
                table[c].to_numpy().astype(np.int32) for c in ("alias_no", "owner_no", "day")
            )
            return alias, owner, day, table["first_us"].to_numpy()

        found: tuple[I32, I32, I32, I64] = self._kept.get((crowd.key, "active", first, last), read)
        return found

    def activity(self, crowd: Crowd, days: Days) -> Activity:
        """Who of the crowd was active on these days, as of the last build."""
        _, owner, day, us = self._active(crowd, days.first, days.last)
        known = owner < len(crowd.persons)
        person = np.where(known, crowd.persons[np.where(known, owner, 0)], -1).astype(np.int32)
        return Activity(person[person >= 0], day[person >= 0], us[person >= 0])

    def complete_day(self) -> int | None:
        """The last day that is over and built; None before the first build."""
        built = self._built_day()
        today = business_day(self.clock.now_us(), self.settings.zone)
        return None if built is None else min(today, built) - 1

    def orders(self, crowd: Crowd) -> Orders:
        """The crowd's orders as they stand, without those of tests, crawlers and own people."""
        found: Orders = self._kept.get(
            (crowd.key, "orders"), lambda: read_orders(self._engine, self.database, self._quality, crowd)
        )
        return found

    def _user_day(
        self, session: Session, crowd: Crowd, first: int | None = None, last: int | None = None
    ) -> Any:
        files = crowd.snapshot.of("user_day", from_day=first, to_day=last)
        return session.scan([f.path for f in files], TABLES["user_day"].schema)


def read_orders(engine: Engine, database: Database, quality: Quality, crowd: Crowd) -> Orders:
    """The crowd's orders as they stand, without those of tests, crawlers and own people."""
    with database.connect() as connection:
        marked = quality.marked(connection)
    with engine.session() as session:
        orders = orders_now(session.scan([f.path for f in crowd.snapshot.of("orders")], ORDERS.schema))
        left_out = session.table(
            quality.left_out_orders(session, crowd.snapshot, marked).select(["order_id"])
        )
        kept = orders.join(left_out, on="order_id", how="anti")
        table = session.collect(
            kept.select("alias_no", "day", "paid_time", "currency", "net_minor", "counted", "purposes")
        )
    table = table.filter(
        pa.compute.and_kleene(pa.compute.is_valid(table["alias_no"]), pa.compute.is_valid(table["paid_time"]))
    )
    alias = table["alias_no"].to_numpy()
    us = table["paid_time"].cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    person = owner_of(crowd.persons, crowd.spans, alias, us)
    may = (person >= 0) & (table["purposes"].to_numpy() % 2 == 1)
    named = table["currency"].fill_null("").combine_chunks().dictionary_encode()
    return Orders(
        person[may], table["day"].to_numpy()[may], us[may], table["net_minor"].fill_null(0).to_numpy()[may],
        table["counted"].to_numpy()[may] == 1, named.indices.to_numpy()[may].astype(np.int32), named.dictionary.to_pylist(),
    )  # fmt: skip


def _person(crowd: Crowd, aliases: pa.ChunkedArray) -> I32:
    numbers = aliases.to_numpy()
    known = numbers < len(crowd.persons)
    found: I32 = np.where(known, crowd.persons[np.where(known, numbers, 0)], -1).astype(np.int32)
    return found


def _said(
    touches: list[tuple[int, str, str | None, str | None]], codes: Mapping[str, str]
) -> tuple[str | None, str | None]:
    channel: str | None = None
    code: str | None = None
    for _, _, of_channel, properties in touches:
        channel = channel or of_channel
        if code is None and codes and properties:
            code = code_in(properties, codes)
        if channel and (code or not codes):
            break
    return channel, code


def code_in(properties: str, codes: Mapping[str, str]) -> str | None:
    """The code of ours that an event's properties carry."""
    try:
        found = _PROPERTIES.decode(properties)
    except (msgspec.MsgspecError, ValueError):
        return None
    for name in CODE_PROPERTIES:
        if name in found:
            try:
                value = _TEXT.decode(found[name])
            except msgspec.MsgspecError:
                continue
            if value in codes:
                return value
    return None


def _masks(column: I32, names: list[str], more: set[str], *, unknown: bool) -> list[tuple[str | None, Bools]]:
    found: list[tuple[str | None, Bools]] = [(name, column == n) for n, name in enumerate(names)]
    found += [(name, np.zeros(len(column), np.bool_)) for name in sorted(more - set(names))]
    if unknown and np.any(column == -1):
        found.append((None, column == -1))
    return found


def _by_size(groups: list[Group]) -> list[Group]:
    return sorted(groups, key=lambda g: (-g.newcomers, g.key is None, g.key or ""))


__all__ = ["Acquisition", "Facts", "SeedMaker", "read_orders"]
