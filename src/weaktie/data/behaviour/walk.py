"""Reading events of one machine straight from their files: the same rows as `queries.matched_events`, without a query.

The files are read side by side into arrays; what no analysis may count falls out at once, and the rest is moved to where each
person's rows belong. It is done where matchers ask for names and columns of text alone, which is nearly always.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.behaviour import queries
from weaktie.data.behaviour.contracts import (
    ANY_EVENT,
    I32,
    I64,
    U32,
    Coded,
    Condition,
    Crowd,
    Days,
    Matcher,
    Sequences,
)
from weaktie.data.behaviour.logic import PLAIN, Reading, passes
from weaktie.data.identity.service import owner_of
from weaktie.data.quality.service import COUNTING, among, counts
from weaktie.kit.threads import shares, side_by_side
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.service import Piece, Texts, read_piece

NUMBERS: Final = {"alias_no": -1, "event_time": 0, "day": -(2**31), **COUNTING}
ARRIVED: Final = dict.fromkeys(queries.ARRIVED, -1)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of a file that count, in its order: `row` is the place in the file, `texts` the columns asked for beside them."""

    person: I32
    time_us: I64
    day: I32
    matched: U32
    row: I32
    texts: Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: matchers and columns of text as the files have them, on which days, whose, and without which
    (alias_no, day)."""

    crowd: Crowd
    matchers: Sequence[Matcher]
    days: Days
    odd: pa.Table
    columns: Sequence[str] = ()

    @property
    def files(self) -> list[LakeFile]:
        """The files that may hold such rows."""
        return self.crowd.snapshot.of("events", from_day=self.days.first, to_day=self.days.last)


def may_walk(how: Reading) -> bool:
    """Whether everything that is asked for stands in columns of text."""
    named = {c.property for m in how.matchers for c in m.where} | set(how.columns.values())
    return not how.members and not how.promoted and all(PLAIN.get(name) == "text" for name in named)


def kept_rows(wanted: Wanted, files: Sequence[LakeFile], threads: int) -> Iterator[Kept]:
    """The rows of each file that count, in the order of the files."""
    tested = {c.property for m in wanted.matchers for c in m.where}
    texts = list(dict.fromkeys(["event", *sorted(tested), *wanted.columns]))
    aliases, odd_days = wanted.odd["alias_no"].to_numpy(), wanted.odd["day"].to_numpy()

    def of_file(file: LakeFile) -> Kept:
        there = (odd_days >= file.min_day) & (odd_days <= file.max_day)
        return _kept(wanted, read_piece(file, NUMBERS, texts), aliases[there], odd_days[there])

    return side_by_side(of_file, files, threads)


def _kept(wanted: Wanted, piece: Piece, odd_aliases: I32, odd_days: I32) -> Kept:
    columns, crowd = piece.numbers, wanted.crowd
    shared = crowd.spans.num_rows > 0
    matched = _matched(wanted.matchers, piece)
    if len(odd_aliases):
        matched[among(columns["alias_no"], columns["day"], odd_aliases, odd_days)] = 0
    row, person = _counting(
        matched, columns["alias_no"], columns["day"], columns["purposes"], columns["flags"], crowd.persons, shared,
        wanted.days.first, wanted.days.last,
    )  # fmt: skip
    time_us = columns["event_time"][row]
    if shared:
        person = owner_of(crowd.persons, crowd.spans, person, time_us)
        mine = person >= 0
        row, person, time_us = row[mine], person[mine], time_us[mine]
    texts = {name: Texts(piece.texts[name].codes[row], piece.texts[name].values) for name in wanted.columns}
    return Kept(person, time_us, columns["day"][row], matched[row], row, texts)


def _matched(matchers: Sequence[Matcher], piece: Piece) -> U32:
    """Bit i of each row where it passes matcher i."""
    events = piece.texts["event"]
    plain = np.zeros(len(events.values) + 1, np.uint32)  # the last is what -1 finds: null
    found: U32 | None = None
    for i, matcher in enumerate(matchers):
        named = np.array(
            [matcher.event in (ANY_EVENT, name) for name in events.values] + [bool(matcher.where)], np.bool_
        )
        if matcher.event != ANY_EVENT:
            named[-1] = False
        if not matcher.where:
            plain |= named.astype(np.uint32) << np.uint32(i)
            continue
        passing = named[events.codes]
        for condition in matcher.where:
            column = piece.texts[condition.property]
            passing &= table_of(condition, column.values)[column.codes]
        bits = passing.astype(np.uint32) << np.uint32(i)
        found = bits if found is None else found | bits
    simple: U32 = plain[events.codes]
    return simple if found is None else simple | found


def table_of(condition: Condition, values: Sequence[str]) -> Bools:
    """Which of a column's distinct texts pass a condition; the last is the null."""
    return np.array([passes(condition.op, condition.values, text) for text in (*values, None)], np.bool_)


@numba.njit(cache=True, nogil=True)
def _counting(
    matched: U32, alias_no: I32, day: I32, purposes: npt.NDArray[np.int16], flags: npt.NDArray[np.int16], persons: I32,
    shared: bool, first: int, last: int,
) -> tuple[I32, I32]:  # fmt: skip
    """Rows that count, and whose they are: the person, or where identifiers may be `shared` the identifier."""
    rows, whose = np.empty(len(matched), np.int32), np.empty(len(matched), np.int32)
    found = 0
    for i in range(len(matched)):
        alias = alias_no[i]
        if matched[i] == 0 or alias < 0 or day[i] < first or day[i] > last:
            continue
        if not counts(purposes[i], flags[i]):
            continue
        person = alias if shared else persons[alias] if alias < len(persons) else np.int32(-1)
        if person >= 0:
            rows[found] = i
            whose[found] = person
            found += 1
    return rows[:found].copy(), whose[:found].copy()


# ---- counted


def walk_counts(wanted: Wanted, asked: Sequence[tuple[int, Days]], people: I32, threads: int) -> list[I32]:
    """How often each of `people` (ascending) passed a matcher on its days, for each (number of the matcher, days) asked."""
    count = _Counting(asked, people)
    for kept in kept_rows(wanted, wanted.files, threads):
        count.add(kept.person, kept.day, kept.matched)
    return list(count.found)


def counted(rows: Sequences, asked: Sequence[tuple[int, Days]], people: I32) -> list[I32]:
    """The same from rows that are there."""
    count = _Counting(asked, people)
    count.add(np.repeat(rows.people, np.diff(rows.starts)), rows.day, rows.matched)
    return list(count.found)


class _Counting:
    """Counts (asked, people) that rows are added to."""

    def __init__(self, asked: Sequence[tuple[int, Days]], people: I32) -> None:
        self.found = np.zeros((len(asked), len(people)), np.int32)
        self._place = np.full(int(people[-1]) + 1 if len(people) else 1, -1, np.int32)
        self._place[people] = np.arange(len(people), dtype=np.int32)
        self._bits = np.array([bit for bit, _ in asked], np.uint32)
        self._first = np.array([days.first for _, days in asked], np.int32)
        self._last = np.array([days.last for _, days in asked], np.int32)

    def add(self, person: I32, day: I32, matched: U32) -> None:
        _add(person, day, matched, self._place, self._bits, self._first, self._last, self.found)


@numba.njit(cache=True, nogil=True)
def _add(
    person: I32,
    day: I32,
    matched: U32,
    place: I32,
    bits: U32,
    first: I32,
    last: I32,
    found: npt.NDArray[np.int32],
) -> None:
    for k in range(len(bits)):
        for i in range(len(person)):
            if (matched[i] >> bits[k]) & np.uint32(1) and first[k] <= day[i] <= last[k]:
                at = place[person[i]]
                if at >= 0:
                    found[k, at] += 1


# ---- by person


@dataclass(frozen=True, slots=True)
class Ordered:
    """Rows by person and time, in arrays that are changed in place; `row` counts through the files, empty where nobody asks."""

    time_us: I64
    day: I32
    matched: U32
    row: I32


def walk_sequences(wanted: Wanted, threads: int) -> Sequences:
    """The rows by person and time, those of one instant in the order of arrival."""
    files = wanted.files
    kept = list(kept_rows(wanted, files, threads))
    counts = np.zeros(len(wanted.crowd.persons) + 1, np.int64)
    for one in kept:
        _count(one.person, counts)
    people, starts = _starts(counts)
    found = _gathered(kept, people, starts, counts, bool(wanted.columns), threads)
    tied, run = _tied(starts, found.time_us, found.matched, bool(wanted.columns))
    if len(tied):
        if not len(found.row):
            found = _gathered(kept, people, starts, counts, True, threads)
        _settle(found, tied, run, files, kept)
    columns = {name: _coded([one.texts[name] for one in kept], found.row) for name in wanted.columns}
    return Sequences(people, starts, found.time_us, found.day, found.matched, columns)


def _gathered(
    kept: Sequence[Kept], people: I32, starts: I64, begins: I64, with_row: bool, threads: int
) -> Ordered:
    """Each person's rows together and sorted by time; threads share the people. `begins` says where each number's rows begin."""
    rows = int(starts[-1])
    found = Ordered(
        np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.uint32),
        np.empty(rows if with_row else 0, np.int32),
    )  # fmt: skip
    parts = shares(lambda i: int(starts[i]), len(people), threads)

    def gather(part: tuple[int, int]) -> None:
        low, high = part
        first, last = people[low], people[high - 1]
        places, before = begins[first : last + 1].copy(), 0
        for one in kept:
            _move(
                one.person, one.time_us, one.day, one.matched, places, first, last, found.time_us, found.day, found.matched,
                found.row, before,
            )  # fmt: skip
            before += len(one.person)
        _by_time(starts[low : high + 1], found.time_us, found.day, found.matched, found.row)

    for _ in side_by_side(gather, parts, threads):
        pass
    return found


def _settle(found: Ordered, tied: I64, run: I64, files: Sequence[LakeFile], kept: Sequence[Kept]) -> None:
    """Put rows of one instant, at the places `tied`, into the order of arrival; those of one `run` change places.

    Only here the log's places are read.
    """
    ends = np.cumsum([len(one.person) for one in kept])
    rows = found.row[tied]
    file_of = np.searchsorted(ends, rows, "right")
    arrived = np.empty((3, len(tied)), np.int64)
    for at in np.unique(file_of):
        mine = file_of == at
        inside = kept[at].row[rows[mine] - (ends[at] - len(kept[at].person))]
        columns = read_piece(files[at], ARRIVED).numbers
        for k, name in enumerate(ARRIVED):
            arrived[k, mine] = columns[name][inside]
    order = np.lexsort((found.matched[tied], arrived[2], arrived[1], arrived[0], run))
    for array in (found.day, found.matched, found.row):
        array[tied] = array[tied][order]


def _coded(parts: list[Texts], row: I32) -> Coded:
    """One column of all the files, in the order of `row`."""
    known: dict[str, int] = {}
    codes: list[I32] = []
    for part in parts:
        places = np.array([known.setdefault(v, len(known)) for v in part.values] + [-1], np.int32)
        codes.append(places[part.codes])
    joined = np.concatenate(codes) if codes else np.empty(0, np.int32)
    return Coded(joined[row], list(known))


@numba.njit(cache=True, nogil=True)
def _count(person: I32, counts: I64) -> None:
    for p in person:
        counts[p] += 1


@numba.njit(cache=True, nogil=True)
def _starts(counts: I64) -> tuple[I32, I64]:
    """Who has rows and where they begin; `counts` becomes that too, by number."""
    with_rows = 0
    for n in counts:
        with_rows += n > 0
    found, starts = np.empty(with_rows, np.int32), np.zeros(with_rows + 1, np.int64)
    at, rows = 0, 0
    for p in range(len(counts)):
        n = counts[p]
        if n > 0:
            found[at], starts[at] = p, rows
            counts[p] = rows
            at += 1
            rows += n
    starts[at] = rows
    return found, starts


@numba.njit(cache=True, nogil=True)
def _move(
    person: I32, time_us: I64, day: I32, matched: U32, places: I64, first: int, last: int, to_time: I64, to_day: I32,
    to_matched: U32, to_row: I32, before: int,
) -> None:  # fmt: skip
    """Rows of the people from `first` to `last` to their places, which move on."""
    with_row = len(to_row) > 0
    for i in range(len(person)):
        p = person[i]
        if p < first or p > last:
            continue
        k = places[p - first]
        places[p - first] = k + 1
        to_time[k] = time_us[i]
        to_day[k] = day[i]
        to_matched[k] = matched[i]
        if with_row:
            to_row[k] = before + i


@numba.njit(cache=True, nogil=True)
def _by_time(starts: I64, time_us: I64, day: I32, matched: U32, row: I32) -> None:
    """Sort each person's rows by time where they do not stand so; equal times keep their order."""
    with_row = len(row) > 0
    for p in range(len(starts) - 1):
        low, high = starts[p], starts[p + 1]
        wrong = 0
        for k in range(low + 1, high):
            wrong += time_us[k - 1] > time_us[k]
        if wrong == 0:
            continue
        if wrong > 8 and high - low > 64:
            order = np.argsort(time_us[low:high].copy(), kind="mergesort")
            time_us[low:high] = time_us[low:high][order]
            day[low:high] = day[low:high][order]
            matched[low:high] = matched[low:high][order]
            if with_row:
                row[low:high] = row[low:high][order]
            continue
        for k in range(low + 1, high):
            at, time, a, b = k, time_us[k], day[k], matched[k]
            c = row[k] if with_row else np.int32(0)
            while at > low and time_us[at - 1] > time:
                time_us[at], day[at], matched[at] = time_us[at - 1], day[at - 1], matched[at - 1]
                if with_row:
                    row[at] = row[at - 1]
                at -= 1
            time_us[at], day[at], matched[at] = time, a, b
            if with_row:
                row[at] = c


@numba.njit(cache=True, nogil=True)
def _tied(starts: I64, time_us: I64, matched: U32, every: bool) -> tuple[I64, I64]:
    """Where rows of one person and instant stand whose order matters (they matched different things, or `every` one does),
    and to which run of such rows each belongs."""
    found, run = np.empty(len(time_us), np.int64), np.empty(len(time_us), np.int64)
    n, runs = 0, 0
    for p in range(len(starts) - 1):
        at, high = starts[p], starts[p + 1]
        while at < high:
            end, differ = at + 1, every
            while end < high and time_us[end] == time_us[at]:
                differ |= matched[end] != matched[at]
                end += 1
            if end - at > 1 and differ:
                for k in range(at, end):
                    found[n], run[n] = k, runs
                    n += 1
                runs += 1
            at = end
    return found[:n].copy(), run[:n].copy()
