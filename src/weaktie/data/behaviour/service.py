"""The door of behaviour: who may be analysed, and what they did in order."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.behaviour.asking import EventAsk as EventAsk
from weaktie.data.behaviour.contracts import (
    ANY_EVENT,
    I32,
    MOST_MATCHERS,
    BadPeople,
    BadTag,
    Coded,
    Crowd,
    Days,
    DaySets,
    Matcher,
    PeopleSource,
    Sequences,
    TagColumns,
)
from weaktie.data.behaviour.days import MOST_DAY_MATCHERS, folded, plain, read_days
from weaktie.data.behaviour.queries import matched_events
from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import Identity, owner_of
from weaktie.data.profiles.contracts import ANALYTICS, Permits
from weaktie.data.profiles.service import USER_TAGS
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import Clock
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import EVENTS

Kept = TypeVar("Kept")
CROWD_SECONDS = 5.0
"""A withdrawal or an erasure reaches every analysis within this time."""
KEPT_SEQUENCES = 8
KEPT_DAYS = 4
NEVER = 2**31 - 1
"""The first day of somebody who never did it."""
ANYTHING = Matcher(ANY_EVENT)
HISTORY_DAYS = 128
"""How many days of the past are looked through at once for somebody's first."""


class Behaviour:
    """Events by person, read through one place so that every page counts the same people. Safe from any thread."""

    def __init__(
        self, *, database: Database, lake: Lake, engine: Engine, settings: Settings, clock: Clock, people: Identity,
        permits: Permits, quality: Quality,
    ) -> None:  # fmt: skip
        self.database, self.lake, self.engine, self.settings, self.clock = (
            database,
            lake,
            engine,
            settings,
            clock,
        )
        self.quality = quality
        self._people, self._permits = people, permits
        self._lock = threading.Lock()
        self._crowd: Crowd | None = None
        self._looked = float("-inf")
        self._kept: OrderedDict[object, Sequences] = OrderedDict()
        self._sources: dict[str, PeopleSource] = {}
        self._kept_days: OrderedDict[tuple[object, ...], DaySets] = OrderedDict()
        self._kept_firsts: OrderedDict[tuple[object, ...], I32] = OrderedDict()

    def crowd(self) -> Crowd:
        """Who may be analysed now; looked at again at most every five seconds, and computed again only after a change."""
        with self._lock:
            now = self.clock.monotonic()
            if self._crowd is not None and now - self._looked < CROWD_SECONDS:
                return self._crowd
            with self.database.connect() as connection:
                snapshot = self.lake.snapshot(connection)
                marked = self.quality.marked(connection)
                said = (
                    self._permits.newest_receipt(connection), self._people.last_decision(connection), self._people.erased(connection),
                )  # fmt: skip
                key = f"{snapshot.version}|{marked.digest}|{said}"
                if self._crowd is None or self._crowd.key != key:
                    with self.engine.session() as session:
                        known = self._people.person_map(connection, session, snapshot)
                    persons = known.person_of
                    granted, _ = self._permits.masks(connection, persons)
                    own = sorted(marked.persons(persons) - {ERASED})
                    may = (persons != ERASED) & ((granted[np.maximum(persons, 0)] & ANALYTICS) != 0)
                    may &= ~np.isin(persons, own)
                    self._crowd = Crowd(
                        snapshot, np.where(may, persons, np.int32(ERASED)).astype(np.int32), known.spans, key
                    )
                    self._kept.clear()
            self._looked = now
            return self._crowd

    def sequences(
        self, matchers: Sequence[Matcher], days: Days, columns: Sequence[str] = (), crowd: Crowd | None = None
    ) -> Sequences:
        """The events of these matchers on these days by person. Raises BadCondition."""
        assert 0 < len(matchers) <= MOST_MATCHERS
        crowd = crowd or self.crowd()
        wanted = (crowd.key, tuple(matchers), days, tuple(columns))
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        found = self._read(crowd, tuple(matchers), days, tuple(columns))
        with self._lock:
            self._kept[wanted] = found
            while len(self._kept) > KEPT_SEQUENCES:
                self._kept.popitem(last=False)
        return found

    def span(self, crowd: Crowd | None = None) -> Days | None:
        """The first and the last day of which the lake holds events; None where it holds none."""
        files = (crowd or self.crowd()).snapshot.of("events")
        if not files:
            return None
        return Days(min(f.min_day for f in files), max(f.max_day for f in files))

    def days(self, matchers: Sequence[Matcher], days: Days, crowd: Crowd | None = None) -> DaySets:
        """On which of these days everybody did what: no order, and so much quicker than sequences. Raises BadCondition."""
        assert 0 < len(matchers) <= MOST_DAY_MATCHERS
        crowd = crowd or self.crowd()
        wanted = (crowd.key, tuple(matchers), days)
        with self._lock:
            if wanted in self._kept_days:
                self._kept_days.move_to_end(wanted)
                return self._kept_days[wanted]
        found = self._read_days(crowd, tuple(matchers), days)
        with self._lock:
            _keep(self._kept_days, wanted, found)
        return found

    def first_days(self, matcher: Matcher = ANYTHING, crowd: Crowd | None = None) -> I32:
        """The first day ever on which everybody of the crowd did this, or NEVER; as `crowd.people()`. Raises BadCondition."""
        crowd = crowd or self.crowd()
        wanted = (crowd.key, matcher)
        with self._lock:
            if wanted in self._kept_firsts:
                return self._kept_firsts[wanted]
        firsts = np.full(len(crowd.people()), NEVER, np.int32)
        span = self.span(crowd)
        for start in range(span.first, span.last + 1, HISTORY_DAYS) if span else ():
            part = Days(start, min(start + HISTORY_DAYS - 1, span.last if span else start))
            cells = self._read_days(crowd, (matcher,), part).cells
            there = cells.any(axis=1) & (firsts == NEVER)
            firsts[there] = start + np.argmax(cells[there] != 0, axis=1)
        with self._lock:
            _keep(self._kept_firsts, wanted, firsts)
        return firsts

    def tags(self, keys: Sequence[str], crowd: Crowd | None = None) -> TagColumns:
        """Tags of everybody who may be analysed, as the last build left them; who deleted a tag has none. Raises BadTag."""
        crowd = crowd or self.crowd()
        for key in keys:
            if key not in USER_TAGS.schema.names:
                raise BadTag(key)
        frames = [f.path for f in crowd.snapshot.of("user_tags")]
        with self.engine.session() as session:
            table = session.collect(session.scan(frames, USER_TAGS.schema).select("person_no", *keys))
        table = table.take(pc.sort_indices(table["person_no"]))
        may = np.isin(table["person_no"].to_numpy(), crowd.people())
        table = table.filter(pa.array(may))
        people = table["person_no"].to_numpy().astype(np.int32)
        with self.database.connect() as connection:
            deleted = [(n, k) for n, k in self._permits.all_deleted_tags(connection) if k in keys]
        columns = {key: table[key] for key in keys}
        for key in {k for _, k in deleted}:
            who = [crowd.persons[n] for n, k in deleted if k == key and n < len(crowd.persons)]
            columns[key] = pc.if_else(pa.array(~np.isin(people, who)), columns[key], None)
        return TagColumns(people, columns)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words; raises BadPeople."""
        return self._source(query).describe(query)

    def register(self, kind: str, source: PeopleSource) -> None:
        """From now on queries of this kind are answered by this source."""
        assert kind not in self._sources, f"two sources of people are called {kind}"
        self._sources[kind] = source

    def people(self, query: Mapping[str, Any]) -> I32:
        """The people behind a figure now, ascending; raises BadPeople, or what the source of its kind raises."""
        return self._source(query).people(query)

    def _source(self, query: Mapping[str, Any]) -> PeopleSource:
        source = self._sources.get(str(query.get("kind")))
        if source is None:
            known = ", ".join(sorted(self._sources))
            raise BadPeople(
                Words(f"不支持的人群查询；可用：{known}", f"Unknown query of people; known are {known}"),
                "people.kind",
            )
        return source

    def _read_days(self, crowd: Crowd, matchers: tuple[Matcher, ...], days: Days) -> DaySets:
        if plain(matchers):
            return read_days(self.engine, crowd, matchers, days, self.quality.limit)
        return folded(crowd.people(), self.sequences(matchers, days, (), crowd), days)

    def _read(
        self, crowd: Crowd, matchers: tuple[Matcher, ...], days: Days, columns: tuple[str, ...]
    ) -> Sequences:
        files = [f.path for f in crowd.snapshot.of("events", from_day=days.first, to_day=days.last)]
        with self.engine.session() as session:
            frame = matched_events(
                session.scan(files, EVENTS.schema), matchers, days, columns, self.quality.limit
            )
            table = session.collect(frame)
        aliases, times = table["alias_no"].to_numpy(), table["time_us"].to_numpy()
        person = owner_of(crowd.persons, crowd.spans, aliases, times)
        order = np.lexsort((_rank(table["event_id"]), times, person))
        order = order[np.searchsorted(person[order], 0) :]
        person = person[order]
        people, first = np.unique(person, return_index=True)
        return Sequences(
            people.astype(np.int32),
            np.append(first, len(person)).astype(np.int64),
            times[order],
            table["day"].to_numpy()[order].astype(np.int32),
            table["matched"].to_numpy()[order].astype(np.uint32),
            {name: _coded(table[name], order) for name in columns},
        )


def _keep(kept: OrderedDict[tuple[object, ...], Kept], wanted: tuple[object, ...], found: Kept) -> None:
    """Keep the newest few; what was computed for another crowd goes."""
    for old in [key for key in kept if key[0] != wanted[0]]:
        del kept[old]
    kept[wanted] = found
    while len(kept) > KEPT_DAYS:
        kept.popitem(last=False)


def _rank(ids: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    ranks: np.ndarray[tuple[int], np.dtype[np.uint64]] = pc.rank(ids, tiebreaker="dense").to_numpy()
    return ranks


def _coded(column: pa.ChunkedArray, order: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Coded:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Coded(codes[order].astype(np.int32), encoded.dictionary.to_pylist())
