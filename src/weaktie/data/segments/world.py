"""Where the leaves of rules are answered from: tags in memory, events by person, relations, RFM; all of the crowd as it is now."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import (
    ANY_EVENT,
    I32,
    MOST_MATCHERS,
    Condition,
    Crowd,
    Days,
    Matcher,
    Sequences,
)
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.profiles.service import RFM
from weaktie.data.segments.contracts import (
    Behind,
    Did,
    InOrder,
    InRfm,
    InSegment,
    Listed,
    Mask,
    Step,
    TagBook,
    Tied,
)
from weaktie.data.segments.evaluating import TagValues, inside, table_of
from weaktie.data.segments.logic import counts, in_order, sampled, to_people
from weaktie.data.segments.rules import days_of
from weaktie.kit.clock import business_day
from weaktie.store.lake.tables import RELATIONS

SAMPLE_PEOPLE = 20_000
"""A shop with no more people than this is always counted exactly."""
SAMPLE_SECONDS = 600.0
MOST_TAGS = 24
"""Tags kept in memory: 8 MB each at a million people."""
_KIND_OF_WAY = {
    "friend_of": "friend", "followed_by": "follow", "follows": "follow", "invited_by": "invite", "invited": "invite",
}  # fmt: skip
Lookup = Callable[[InSegment | Behind | Listed], I32]


@dataclass(slots=True)
class _Tags:
    """Tags of one build, in the order of `people`."""

    signature: object
    people: I32
    known: I32
    columns: dict[str, TagValues]


@dataclass(frozen=True, slots=True)
class _Sample:
    """The events of some people, as of a moment."""

    read_at: float
    people: I32
    columns: frozenset[str]
    rows: Sequences


class Worlds:
    """Makes worlds, and keeps what they read. Safe from any thread."""

    def __init__(self, behaviour: Behaviour, book: TagBook, deleted: Callable[[Connection], object]) -> None:
        self.behaviour, self.book = behaviour, book
        self._deleted = deleted
        self._lock = threading.RLock()
        self._tags: _Tags | None = None
        self._sample: _Sample | None = None
        self._rfm: tuple[object, pa.Table] | None = None
        self._edges: dict[str, tuple[object, I32, I32]] = {}
        self._everybody: tuple[str, I32] = ("", np.empty(0, np.int32))

    def today(self) -> int:
        """The business day."""
        return business_day(self.behaviour.clock.now_us(), self.behaviour.settings.zone)

    def everybody(self, crowd: Crowd) -> I32:
        """Everybody who may be analysed, ascending."""
        with self._lock:
            if self._everybody[0] != crowd.key:
                self._everybody = (crowd.key, crowd.people())
            return self._everybody[1]

    def now(self, lookup: Lookup) -> "Shop":
        """Everybody, exactly."""
        crowd = self.behaviour.crowd()
        return Shop(self, crowd, self.everybody(crowd), lookup)

    def some(self, lookup: Lookup, columns: Sequence[str]) -> "Sampled | None":
        """A sample of everybody, the same people each time, with their events in memory, at most ten minutes old; who
        withdrew since is not in it. None where there are so few that everybody is counted."""
        crowd = self.behaviour.crowd()
        people = self.everybody(crowd)
        if len(people) <= SAMPLE_PEOPLE:
            return None
        sample = self._sampled(crowd, people, frozenset(columns))
        return Sampled(self, crowd, people[inside(people, sample.people)], lookup, sample.rows)

    def _sampled(self, crowd: Crowd, people: I32, columns: frozenset[str]) -> _Sample:
        with self._lock:
            now, kept = self.behaviour.clock.monotonic(), self._sample
            fresh = kept is not None and now - kept.read_at < SAMPLE_SECONDS
            if kept is not None and fresh and columns <= kept.columns:
                return kept
            wanted = columns | (kept.columns if kept is not None and fresh else frozenset())
            mine = people[sampled(people, SAMPLE_PEOPLE / len(people))]
            theirs = np.where(inside_of(crowd.persons, mine), crowd.persons, np.int32(-1))
            only = np.union1d(np.flatnonzero(theirs >= 0), crowd.spans["alias_no"].to_numpy())
            part = replace(crowd, persons=theirs, key=f"{crowd.key}|sample", only=only.astype(np.int32))
            rows = self.behaviour.sequences(
                [Matcher(ANY_EVENT)], Days(0, 100_000), sorted({"event", *wanted}), part
            )
            self._sample = _Sample(now, mine, wanted, rows)
            return self._sample

    def tags(self, crowd: Crowd, people: I32, keys: Sequence[str]) -> dict[str, TagValues]:
        """Tags of these people, from memory where they were read before."""
        with self._lock:
            kept = self._kept_tags(crowd)
            missing = [k for k in keys if kept is None or k not in kept.columns]
            if missing or kept is None:
                kept = self._read_tags(crowd, kept, missing)
            at = np.searchsorted(kept.people, people).astype(np.int32)
            at[at == len(kept.people)] = -1
            if len(kept.people):
                at[kept.people[at] != people] = -1
            same = len(people) == len(kept.people) and bool(np.all(at >= 0))
            return {k: kept.columns[k] if same else kept.columns[k].at(at) for k in keys}

    def _kept_tags(self, crowd: Crowd) -> _Tags | None:
        """What is kept, where it still says the truth about everybody in the crowd."""
        with self.behaviour.database.connect() as connection:
            signature = (
                tuple(f.file_id for f in crowd.snapshot.of("user_tags")),
                str(self._deleted(connection)),
            )
        kept = self._tags
        if kept is not None and kept.signature == signature:
            if not len(kept.people):
                return kept
            everybody = self.everybody(crowd)
            # Who came to be analysable since may have a row that was not read; who is new has none before the next build.
            came = everybody[: np.searchsorted(everybody, kept.people[-1], "right")]
            if bool(np.all(inside(came, kept.known))):
                return kept
        self._tags = _Tags(signature, np.empty(0, np.int32), np.empty(0, np.int32), {})
        return None

    def _read_tags(self, crowd: Crowd, kept: _Tags | None, keys: Sequence[str]) -> _Tags:
        assert self._tags is not None
        found = self.behaviour.tags(keys, crowd)
        columns = {key: tag_values(column) for key, column in found.columns.items()}
        if kept is None:
            self._tags = _Tags(self._tags.signature, found.people, self.everybody(crowd), columns)
            return self._tags
        if not np.array_equal(kept.people, found.people):
            at = np.searchsorted(found.people, kept.people).astype(np.int32)
            at[at == len(found.people)] = -1
            if len(found.people):
                at[found.people[at] != kept.people] = -1
            columns = {key: column.at(at) for key, column in columns.items()}
        merged = kept.columns | columns
        for key in list(merged)[: max(0, len(merged) - max(MOST_TAGS, len(columns)))]:
            del merged[key]
        self._tags = _Tags(kept.signature, kept.people, kept.known, kept.columns | columns)
        result = self._tags
        self._tags = _Tags(kept.signature, kept.people, kept.known, merged)
        return result

    def rfm_rows(self, crowd: Crowd) -> pa.Table:
        """Person, levels, class and tier of every buyer."""
        with self._lock:
            files = crowd.snapshot.of("rfm")
            signature = tuple(f.file_id for f in files)
            if self._rfm is None or self._rfm[0] != signature:
                with self.behaviour.engine.session() as session:
                    frame = session.scan([f.path for f in files], RFM.schema)
                    rows = session.collect(frame.select("person_no", "r", "f", "m", "rfm_class", "tier"))
                self._rfm = (signature, rows.take(pc.sort_indices(rows["person_no"])))
            return self._rfm[1]

    def edges(self, crowd: Crowd, kind: str) -> tuple[I32, I32]:
        """Who is tied to whom by a kind of relation, as persons; ties of people who may not be analysed are not there."""
        with self._lock:
            files = crowd.snapshot.of("relations")
            signature = tuple(f.file_id for f in files)
            kept = self._edges.get(kind)
            if kept is None or kept[0] != signature:
                with self.behaviour.engine.session() as session:
                    frame = session.scan([f.path for f in files], RELATIONS.schema)
                    rows = session.collect(
                        frame.filter(nw.col("purposes") % 2 == 1, nw.col("kind") == kind).select(
                            "src_alias_no", "dst_alias_no"
                        )
                    )
                ends = [rows[name].to_numpy().astype(np.int32) for name in rows.column_names]
                kept = self._edges[kind] = (signature, ends[0], ends[1])
        known = (kept[1] < len(crowd.persons)) & (kept[2] < len(crowd.persons))
        src, dst = crowd.persons[kept[1][known]], crowd.persons[kept[2][known]]
        good = (src >= 0) & (dst >= 0) & (src != dst)
        return src[good], dst[good]


class Shop:
    """The world of everybody."""

    def __init__(self, worlds: Worlds, crowd: Crowd, people: I32, lookup: Lookup) -> None:
        self.worlds, self.crowd, self._people, self._lookup = worlds, crowd, people, lookup
        self._tag_values: dict[str, TagValues] = {}
        self._counted: dict[Did, I32] = {}

    @property
    def people(self) -> I32:
        """The world's people, ascending."""
        return self._people

    def want_tags(self, keys: Sequence[str]) -> None:
        """Read these tags together: one pass instead of one for each."""
        if keys:
            self._tag_values |= self.worlds.tags(self.crowd, self._people, sorted(set(keys)))

    def tag(self, key: str) -> TagValues:
        """A tag of everybody."""
        if key not in self._tag_values:
            self.want_tags([key])
        return self._tag_values[key]

    def want_events(self, parts: Sequence[Did]) -> None:
        """Count these together: one pass instead of one for each."""
        asked = {part: (_matcher(part), self._days(part)) for part in parts}
        for start in range(0, len(asked), MOST_MATCHERS):
            some = dict(list(asked.items())[start : start + MOST_MATCHERS])
            counted = self.worlds.behaviour.counts(list(some.values()), self.crowd)
            self._counted |= zip(some, counted, strict=True)

    def did(self, part: Did) -> Mask:
        """Who did it so often."""
        found = self._counts(part)
        least, most = part.least or 0, part.most
        return (found >= least) if most is None else (found >= least) & (found <= most)

    def ordered(self, part: InOrder) -> Mask:
        """Who did these in order."""
        rows, masks = self._step_rows(part)
        result = np.zeros(len(self._people), np.bool_)
        self._place(
            result, rows.people, in_order(rows.starts, rows.time_us, masks, part.within_minutes * 60_000_000)
        )
        return result

    def tied(self, part: Tied) -> Mask:
        """Who is tied so to a member or to one person."""
        if part.segment is not None:
            others = self._lookup(InSegment(part.segment))
        else:
            number = int(str(part.user).removeprefix("@"))
            others = to_people(np.array([number], np.int32), self.crowd.persons)
        src, dst = self.worlds.edges(self.crowd, _KIND_OF_WAY[part.way])
        found = []
        if part.way in ("friend_of", "followed_by", "invited_by"):
            found.append(dst[np.isin(src, others)])
        if part.way in ("friend_of", "follows", "invited"):
            found.append(src[np.isin(dst, others)])
        return inside(self._people, np.unique(np.concatenate(found)).astype(np.int32))

    def rfm(self, part: InRfm) -> Mask:
        """Who is of these levels, classes and tiers."""
        rows = self.worlds.rfm_rows(self.crowd)
        good = np.ones(rows.num_rows, np.bool_)
        for column, wanted in (
            ("r", part.r), ("f", part.f), ("m", part.m), ("rfm_class", part.classes), ("tier", part.tiers),
        ):  # fmt: skip
            if wanted:
                good &= pc.is_in(rows[column], pa.array(wanted, pa.string())).to_numpy()
        return inside(self._people, rows["person_no"].to_numpy()[good].astype(np.int32))

    def among(self, part: InSegment | Behind | Listed) -> Mask:
        """Who is in a segment, behind a figure, or on a list."""
        return inside(self._people, self._lookup(part))

    def _days(self, part: Did | InOrder) -> Days:
        return Days(*days_of(part, self.worlds.today()))

    def _counts(self, part: Did) -> npt.NDArray[np.int32] | npt.NDArray[np.int64]:
        if part not in self._counted:
            self.want_events([part])
        return self._counted[part]

    def _step_rows(self, part: InOrder) -> tuple[Sequences, list[Mask]]:
        matchers = [_matcher(step) for step in part.steps]
        distinct = list(dict.fromkeys(matchers))
        rows = self.worlds.behaviour.sequences(distinct, self._days(part), (), self.crowd)
        return rows, [(rows.matched >> distinct.index(m)) & 1 == 1 for m in matchers]

    def _place(self, into: Any, people: I32, values: Any) -> None:
        """Put values of some people where these people stand."""
        if len(self._people) == 0 or len(people) == 0:
            return
        at = np.searchsorted(self._people, people)
        at[at == len(self._people)] = 0
        good = self._people[at] == people
        into[at[good]] = values[good]


class Sampled(Shop):
    """The world of a sample, whose events are in memory."""

    def __init__(self, worlds: Worlds, crowd: Crowd, people: I32, lookup: Lookup, rows: Sequences) -> None:
        super().__init__(worlds, crowd, people, lookup)
        self._held = rows

    def want_events(self, parts: Sequence[Did]) -> None:
        """They are in memory."""

    def _counts(self, part: Did) -> npt.NDArray[np.int32] | npt.NDArray[np.int64]:
        found = np.zeros(len(self._people), np.int64)
        mask = self._matches(Step(part.event, part.where), self._days(part))
        self._place(found, self._held.people, counts(self._held.starts, mask))
        return found

    def _step_rows(self, part: InOrder) -> tuple[Sequences, list[Mask]]:
        days = self._days(part)
        return self._held, [self._matches(step, days) for step in part.steps]

    def _matches(self, step: Step, days: Days) -> Mask:
        rows = self._held
        mask = (rows.day >= days.first) & (rows.day <= days.last)
        if step.event != ANY_EVENT:
            names = rows.columns["event"]
            code = names.values.index(step.event) if step.event in names.values else -2
            mask &= names.codes == code
        for where in step.where:
            column = rows.columns[where.property]
            mask &= table_of(where, column.values)[column.codes]
        return mask


def tag_values(column: pa.ChunkedArray) -> TagValues:
    """A column of tags as arrays."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        encoded = column.combine_chunks().dictionary_encode()
        codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
        return TagValues(codes, encoded.dictionary.to_pylist())
    plain = column.cast(pa.int32()) if pa.types.is_date(column.type) else column
    numbers = (
        pc.cast(plain, pa.float64())
        if not pa.types.is_boolean(plain.type)
        else pc.cast(pc.cast(plain, pa.int8()), pa.float64())
    )
    return TagValues(numbers=pc.fill_null(numbers, float("nan")).to_numpy().astype(np.float64))


def _matcher(part: Did | Step) -> Matcher:
    return Matcher(part.event, tuple(Condition(w.property, w.op, w.values) for w in part.where))


def inside_of(persons: I32, some: I32) -> Mask:
    """Which of these person numbers, in any order, are among `some`, which is ascending."""
    if not len(some):
        return np.zeros(len(persons), np.bool_)
    table = np.zeros(max(int(persons.max(initial=0)), int(some[-1])) + 2, np.bool_)
    table[some] = True
    return cast(Mask, table[persons])  # -1 takes the last, which is nobody


def columns_of(steps: Sequence[Step]) -> list[str]:
    """The properties that conditions on events look at."""
    return sorted({w.property for s in steps for w in s.where})
