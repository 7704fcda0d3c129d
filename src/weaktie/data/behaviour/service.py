"""The door of behaviour: who may be analysed, and what they did in order."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.behaviour.contracts import (
    I32,
    MOST_MATCHERS,
    BadPeople,
    BadTag,
    Coded,
    Crowd,
    Days,
    Matcher,
    MoreTags,
    PeopleSource,
    Sequences,
    TagColumns,
)
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

CROWD_SECONDS = 5.0
"""A withdrawal or an erasure reaches every analysis within this time."""
KEPT_SEQUENCES = 8


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
        self._more_tags: dict[str, MoreTags] = {}

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

    def look_again(self) -> None:
        """Let the next `crowd` look whatever it saw lately: for work that begins just after something was written."""
        with self._lock:
            self._looked = float("-inf")

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


def _rank(ids: pa.ChunkedArray) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    ranks: np.ndarray[tuple[int], np.dtype[np.uint64]] = pc.rank(ids, tiebreaker="dense").to_numpy()
    return ranks


def _coded(column: pa.ChunkedArray, order: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Coded:
    encoded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return Coded(codes[order].astype(np.int32), encoded.dictionary.to_pylist())
