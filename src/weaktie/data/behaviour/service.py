"""The door of behaviour: who may be analysed, and what they did in order."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from weaktie.data.behaviour.asking import EventAsk as EventAsk
from weaktie.data.behaviour.contracts import (
    ANY_EVENT,
    I32,
    I64,
    MOST_MATCHERS,
    BadPeople,
    BadTag,
    Coded,
    Crowd,
    Days,
    DaySets,
    Matcher,
    MoreTags,
    PeopleSource,
    Sequences,
    TagColumns,
)
from weaktie.data.behaviour.days import MOST_DAY_MATCHERS, read_days
from weaktie.data.behaviour.logic import Reading, Rows, ordered, persons_of, reading, size_of
from weaktie.data.behaviour.logic import passes as passes
from weaktie.data.behaviour.queries import ARRIVED, matched_events
from weaktie.data.behaviour.vocabulary import SeenEvent, SeenProperty, Vocabulary, event_words
from weaktie.data.behaviour.walk import Wanted, counted, may_walk, walk_counts, walk_sequences
from weaktie.data.identity.contracts import ERASED
from weaktie.data.identity.service import Identity, owner_of
from weaktie.data.profiles.contracts import ANALYTICS, Permits
from weaktie.data.profiles.service import BY_KEY, USER_TAGS, kept_rates
from weaktie.data.quality.service import Quality, Rates, renewed
from weaktie.data.sources.service import purposes
from weaktie.data.tracking.service import current
from weaktie.kit.clock import Clock
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine, Session
from weaktie.store.lake.contracts import Lake, Snapshot
from weaktie.store.lake.service import frame_of, made_since, newest_version
from weaktie.store.lake.tables import EVENTS

Kept = TypeVar("Kept")
CROWD_SECONDS = 5.0
"""A withdrawal or an erasure reaches every analysis within this time."""
LAKE_SECONDS = 60.0
"""New events reach every analysis within this time."""
PATIENCE = 20.0
"""How much longer than a reading took its snapshot is kept."""
KEPT_BYTES = 1 << 30
KEPT_DAYS = 4
KEPT_COUNTS = 24
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
        self._snapped = float("-inf")
        self._patience_s = CROWD_SECONDS
        self._heard: tuple[object, ...] = ()
        self._rates: Rates | None = None
        self._rates_lock = threading.Lock()
        self._vocabulary = Vocabulary(
            lake, lambda connection, value: people.find(connection, value) is not None
        )
        self._kept: OrderedDict[object, Sequences] = OrderedDict()
        self._sources: dict[str, PeopleSource] = {}
        self._more_tags: dict[str, MoreTags] = {}
        self._kept_days: OrderedDict[tuple[object, ...], DaySets] = OrderedDict()
        self._kept_firsts: OrderedDict[tuple[object, ...], I32] = OrderedDict()
        self._kept_counts: OrderedDict[tuple[object, ...], I32] = OrderedDict()

    @property
    def threads(self) -> int:
        """Threads of one question."""
        return self.settings.engine.at_once

    def crowd(self) -> Crowd:
        """Who may be analysed now; looked at again at most every five seconds, and computed again only after a change.

        What people said, and what a build or an import made, holds at the next look. Events that arrive are waited for at
        most a minute, and the longer the more the last reading of the lake took: a shop that never sleeps would else be read
        anew at every look.
        """
        with self._lock:
            now = self.clock.monotonic()
            if self._crowd is not None and now - self._looked < CROWD_SECONDS:
                return self._crowd
            with self.database.connect() as connection:
                said = self._said(connection)
                keep = self._crowd is not None and now - self._snapped < min(self._patience_s, LAKE_SECONDS)
                version = newest_version(connection)
                if keep and self._crowd is not None:
                    keep = not made_since(connection, self._crowd.snapshot.version)
                if (
                    self._crowd is None
                    or said != self._heard
                    or (version != self._crowd.snapshot.version and not keep)
                ):
                    self._crowd, self._heard = self._counted(connection, said), said
                    self._snapped = now
                    self._kept.clear()
            self._looked = now
            return self._crowd

    def _said(self, connection: Connection) -> tuple[object, ...]:
        """What people and staff said that decides who may be analysed; a few indexed look-ups."""
        return (
            self._permits.newest_receipt(connection), self._people.last_decision(connection), self._people.erased(connection),
            self.quality.own_people(connection), tuple(sorted(purposes(connection).items())),
        )  # fmt: skip

    def _counted(self, connection: Connection, said: tuple[object, ...]) -> Crowd:
        snapshot = self.lake.snapshot(connection)
        with self.engine.session() as session:
            known = self._people.person_map(connection, session, snapshot)
        persons = known.person_of
        granted, _ = self._permits.masks(connection, persons)
        marked = self.quality.own_people(connection)
        own = sorted({int(persons[n]) for n in marked if n < len(persons)} - {ERASED})
        may = (
            (persons != ERASED)
            & ((granted[np.maximum(persons, 0)] & ANALYTICS) != 0)
            & ~np.isin(persons, own)
        )
        allowed = np.where(may, persons, np.int32(ERASED)).astype(np.int32)
        key = f"{snapshot.version}|{hashlib.sha256(repr(said).encode()).hexdigest()[:16]}"
        return Crowd(snapshot, allowed, known.spans, key)

    def check(
        self, matchers: Sequence[Matcher], places: Sequence[str] = (), columns: Sequence[str] = ()
    ) -> None:
        """Raises BadCondition where a condition or column cannot be understood; `places` name the matchers."""
        reading(matchers, columns, self.lake.columns("events"), places)

    def look_again(self, *, events: bool = True) -> None:
        """Let the next `crowd` look whatever it saw lately: for work that begins just after something was written. Without
        `events` those that only arrived since may still wait."""
        with self._lock:
            self._looked = float("-inf")
            if events:
                self._snapped = float("-inf")

    def sequences(
        self, matchers: Sequence[Matcher], days: Days, columns: Sequence[str] = (), crowd: Crowd | None = None
    ) -> Sequences:
        """The events of these matchers on these days by person. Raises BadCondition.

        They stay in memory while the crowd is the same, as far as KEPT_BYTES go; the latest always do.
        """
        assert 0 < len(matchers) <= MOST_MATCHERS
        crowd = crowd or self.crowd()
        how = reading(matchers, columns, self.lake.columns("events"))
        wanted = (crowd.key, tuple(matchers), days, tuple(columns), tuple(c.column_id for c in how.promoted))
        with self._lock:
            if wanted in self._kept:
                self._kept.move_to_end(wanted)
                return self._kept[wanted]
        before = self.clock.monotonic()
        found = self._read(crowd, how, days)
        with self._lock:
            self._patience_s = max(CROWD_SECONDS, PATIENCE * (self.clock.monotonic() - before))
            self._kept[wanted] = found
            while len(self._kept) > 1 and sum(_bytes(s) for s in self._kept.values()) > KEPT_BYTES:
                self._kept.popitem(last=False)
        return found

    def counts(self, asked: Sequence[tuple[Matcher, Days]], crowd: Crowd | None = None) -> list[I32]:
        """How often everybody of the crowd did each of these on its days, in one pass for all; each along `crowd.people()`.
        Raises BadCondition."""
        crowd = crowd or self.crowd()
        matchers = list(dict.fromkeys(matcher for matcher, _ in asked))
        assert 0 < len(matchers) <= MOST_MATCHERS
        how = reading(matchers, (), self.lake.columns("events"))
        promoted = tuple(c.column_id for c in how.promoted)
        keys = [(crowd.key, matcher, days, promoted) for matcher, days in asked]
        with self._lock:
            found = {key: self._kept_counts[key] for key in keys if key in self._kept_counts}
        missing = [(key, one) for key, one in zip(keys, asked, strict=True) if key not in found]
        if missing:
            span = Days(min(d.first for _, (_, d) in missing), max(d.last for _, (_, d) in missing))
            numbers = [(matchers.index(matcher), days) for _, (matcher, days) in missing]
            counted = self._counts(crowd, how, span, numbers, matchers)
            found |= {key: one for (key, _), one in zip(missing, counted, strict=True)}
        with self._lock:
            for key, one in found.items():
                _keep(self._kept_counts, key, one, KEPT_COUNTS)
        return [found[key] for key in keys]

    def _counts(
        self, crowd: Crowd, how: Reading, days: Days, asked: Sequence[tuple[int, Days]], matchers: Sequence[Matcher]
    ) -> list[I32]:  # fmt: skip
        people = crowd.people()
        if self.engine.in_process and may_walk(how):
            with self.engine.session() as session:
                odd = self.impossible(session, crowd.snapshot, days)
            wanted = Wanted(crowd, how.matchers, days, odd)
            return walk_counts(wanted, asked, people, self.threads)
        rows = self.sequences(matchers, days, crowd=crowd)
        return counted(rows, asked, people)

    def forget(self) -> None:
        """Drop the sequences in memory; the next question reads the lake again."""
        with self._lock:
            self._kept.clear()
            self._kept_counts.clear()

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
        how = reading(matchers, (), self.lake.columns("events"))
        wanted = (crowd.key, tuple(matchers), days, tuple(c.column_id for c in how.promoted))
        with self._lock:
            if wanted in self._kept_days:
                self._kept_days.move_to_end(wanted)
                return self._kept_days[wanted]
        found = self._read_days(crowd, how, days)
        with self._lock:
            _keep(self._kept_days, wanted, found)
        return found

    def first_days(self, matcher: Matcher = ANYTHING, crowd: Crowd | None = None) -> I32:
        """The first day ever on which everybody of the crowd did this, or NEVER; as `crowd.people()`. Raises BadCondition."""
        crowd = crowd or self.crowd()
        how = reading([matcher], (), self.lake.columns("events"))
        wanted = (crowd.key, matcher, tuple(c.column_id for c in how.promoted))
        with self._lock:
            if wanted in self._kept_firsts:
                return self._kept_firsts[wanted]
        firsts = np.full(len(crowd.people()), NEVER, np.int32)
        span = self.span(crowd)
        for start in range(span.first, span.last + 1, HISTORY_DAYS) if span else ():
            part = Days(start, min(start + HISTORY_DAYS - 1, span.last if span else start))
            cells = self._read_days(crowd, how, part).cells
            there = cells.any(axis=1) & (firsts == NEVER)
            firsts[there] = start + np.argmax(cells[there] != 0, axis=1)
        with self._lock:
            _keep(self._kept_firsts, wanted, firsts)
        return firsts

    def seen_events(self) -> list[SeenEvent]:
        """Every event that was seen, the most frequent first, with its words from the tracking plan."""
        crowd = self.crowd()
        with self.database.connect() as connection, self.engine.session() as session:
            return self._vocabulary.events(connection, session, crowd)

    def seen_properties(self, event: str = ANY_EVENT) -> list[SeenProperty]:
        """What an event carries, with frequent values that name nobody."""
        crowd = self.crowd()
        with self.database.connect() as connection, self.engine.session() as session:
            return self._vocabulary.properties(connection, session, crowd, event)

    def tag_words(self, key: str, values: Sequence[str]) -> dict[str, Words]:
        """What a tag's values are called, where the tag names them."""
        labels = BY_KEY[key].labels if key in BY_KEY else None
        return {v: labels[v] for v in values if v in labels} if labels else {}

    def event_words(self, events: Sequence[str]) -> dict[str, Words]:
        """What the tracking plan calls these events."""
        with self.database.connect() as connection:
            plan = current(connection).plan
        return {event: event_words(plan, event) for event in events}

    def tags(self, keys: Sequence[str], crowd: Crowd | None = None) -> TagColumns:
        """Tags of everybody who may be analysed, as the last build left them; who deleted a tag has none. Raises BadTag."""
        crowd = crowd or self.crowd()
        built_in = [k for k in keys if k in USER_TAGS.schema.names]
        frames = [f.path for f in crowd.snapshot.of("user_tags")]
        with self.engine.session() as session:
            table = session.collect(session.scan(frames, USER_TAGS.schema).select("person_no", *built_in))
        table = table.take(pc.sort_indices(table["person_no"]))
        may = np.isin(table["person_no"].to_numpy(), crowd.people())
        table = table.filter(pa.array(may))
        people = table["person_no"].to_numpy().astype(np.int32)
        with self.database.connect() as connection:
            deleted = [(n, k) for n, k in self._permits.all_deleted_tags(connection) if k in keys]
        columns = {key: table[key] for key in built_in}
        columns |= self._other_tags([k for k in keys if k not in columns], crowd, people)
        for key in {k for _, k in deleted}:
            who = [crowd.persons[n] for n, k in deleted if k == key and n < len(crowd.persons)]
            columns[key] = pc.if_else(pa.array(~np.isin(people, who)), columns[key], None)
        return TagColumns(people, columns)

    def _other_tags(self, keys: Sequence[str], crowd: Crowd, people: I32) -> dict[str, pa.ChunkedArray]:
        found: dict[str, pa.ChunkedArray] = {}
        for prefix, source in self._more_tags.items():
            mine = [k for k in keys if k.startswith(prefix)]
            if mine:
                found |= source.columns(mine, crowd, people)
        for key in keys:
            if key not in found:
                raise BadTag(key)
        return found

    def add_tags(self, prefix: str, source: MoreTags) -> None:
        """From now on tags whose keys begin so are read from this source."""
        assert prefix not in self._more_tags, f"two sources of tags begin with {prefix}"
        self._more_tags[prefix] = source

    def segment(self, segment_id: str) -> I32:
        """The members of a segment now, ascending; raises what segments raise where there is none."""
        return self.people({"kind": "segment", "segment_id": segment_id})

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

    def _read_days(self, crowd: Crowd, how: Reading, days: Days) -> DaySets:
        before = self.clock.monotonic()
        with self.engine.session() as session:
            odd = self.impossible(session, crowd.snapshot, days)
        found = read_days(self.engine, crowd, how, days, odd, self.threads)
        with self._lock:
            self._patience_s = max(CROWD_SECONDS, PATIENCE * (self.clock.monotonic() - before))
        return found

    def _read(self, crowd: Crowd, how: Reading, days: Days) -> Sequences:
        files = crowd.snapshot.of("events", from_day=days.first, to_day=days.last)
        columns = list(dict.fromkeys(how.columns.values()))
        with self.engine.session() as session:
            odd = self.impossible(session, crowd.snapshot, days)
            if self.engine.in_process and may_walk(how):
                wanted = Wanted(crowd, how.matchers, days, odd, columns)
                walked = walk_sequences(wanted, self.threads)
                named = {name: walked.columns[column] for name, column in how.columns.items()}
                return replace(walked, columns=named)
            frame = session.members(
                frame_of(session, files, "events", how.promoted), EVENTS.open_column, how.members
            )
            if crowd.only is not None:
                some = session.table(pa.table({"alias_no": pa.array(crowd.only, pa.int32())}))
                frame = frame.join(some, on="alias_no", how="semi")
            impossible = session.table(odd) if odd.num_rows else None
            table = session.collect(matched_events(frame, how.matchers, days, columns, impossible))
        aliases = table["alias_no"].to_numpy()
        times = table["event_time"].cast(pa.int64()).to_numpy()
        shared = crowd.spans.num_rows > 0
        person = (
            owner_of(crowd.persons, crowd.spans, aliases, times)
            if shared
            else persons_of(crowd.persons, aliases)
        )
        arrived = (pc.fill_null(table[name], -1).to_numpy() for name in ARRIVED)
        rows = Rows(person, times, table["day"].to_numpy(), table["matched"].to_numpy(), *arrived)
        found = ordered(rows, len(crowd.persons), with_row=bool(columns))
        return Sequences(
            found.people, found.starts, found.time_us, found.day, found.matched,
            {name: _coded(table[column], found.row) for name, column in how.columns.items()},
        )  # fmt: skip

    def impossible(self, session: Session, snapshot: Snapshot, days: Days) -> pa.Table:
        """Identifiers and days at rates beyond a person's, which count nowhere: alias_no, day."""
        return self._impossible(session, snapshot).pairs(days.first, days.last)

    def _impossible(self, session: Session, snapshot: Snapshot) -> Rates:
        """Whose days count nowhere: as the last build left it, with the days that newer files touched."""
        with self._rates_lock:
            known, limit = self._rates, self.quality.limit
            if known is None:
                with self.database.connect() as connection:
                    known = kept_rates(connection)
            if known is None or known.version != snapshot.version or known.limit != limit:
                known = renewed(session, snapshot, known, limit)
            self._rates = known
            return known


def _keep(
    kept: OrderedDict[tuple[object, ...], Kept],
    wanted: tuple[object, ...],
    found: Kept,
    most: int = KEPT_DAYS,
) -> None:
    """Keep the newest few; what was computed for another crowd goes."""
    for old in [key for key in kept if key[0] != wanted[0]]:
        del kept[old]
    kept[wanted] = found
    while len(kept) > most:
        kept.popitem(last=False)


def _coded(column: pa.ChunkedArray, row: I64) -> Coded:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Coded(codes[row].astype(np.int32), encoded.dictionary.to_pylist())


def _bytes(found: Sequences) -> int:
    arrays = (found.people, found.starts, found.time_us, found.day, found.matched)
    return size_of([*arrays, *(c.codes for c in found.columns.values())])
