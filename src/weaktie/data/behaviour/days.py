"""On which days people did something: for analyses that need no order within a day, and so no sorting at all."""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import narwhals as nw
import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.behaviour.contracts import I32, Crowd, Days, DaySets, Matcher, Sequences
from weaktie.data.behaviour.queries import matched_events, matches
from weaktie.data.identity.service import owner_of
from weaktie.data.quality.service import customers
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.tables import EVENTS

Frame = nw.LazyFrame[Any]
U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]

MOST_DAY_MATCHERS = 7
DOOR = 128
"""The bit of a row that came through the door: only such rows are looked at for impossible rates."""
ROWS_AT_ONCE = 30_000_000
COUNTED_TO = 65_534


def plain(matchers: Sequence[Matcher]) -> bool:
    """Whether every condition is about a column that each event has."""
    return all(c.property in EVENTS.schema.names for m in matchers for c in m.where)


def read_days(engine: Engine, crowd: Crowd, matchers: tuple[Matcher, ...], days: Days, limit: int) -> DaySets:
    """Who did what on which day, from the lake in one pass without sorting.

    An identifier's person is looked up, so events of shared identifiers, and of people who may have done more than
    `limit` in a minute, are left to a second, exact pass over these few. `limit` 0 is none.
    """
    people = crowd.people()
    cells = np.zeros((len(people), days.last - days.first + 1), np.uint8)
    counts = np.zeros(cells.shape if limit else (0, 0), np.uint16)
    shared = np.unique(crowd.spans["alias_no"].to_numpy()) if crowd.spans.num_rows else np.empty(0, np.int32)
    row_of = rows_of(crowd.persons, people)
    own = row_of.copy()
    own[shared[shared < len(own)]] = -1
    files = crowd.snapshot.of("events", from_day=days.first, to_day=days.last)
    for some in _portions(files):
        with engine.session() as session:
            frame = day_rows(session.scan([f.path for f in some], EVENTS.schema), matchers, days, bool(limit))
            table = session.collect(frame)
        alias, day, bits = (table[name].to_numpy() for name in ("alias_no", "day", "bits"))
        _mark(cells, counts, own, alias, day, bits, days.first)
    most = min(limit, COUNTED_TO)
    busy = np.flatnonzero((counts > most).any(axis=1)) if limit else np.empty(0, np.int64)
    hard = np.union1d(shared, np.flatnonzero(np.isin(row_of, busy))) if len(busy) else shared
    if len(hard) and files:
        cells[busy] = 0
        _mark_exactly(engine, crowd, matchers, days, limit, files, hard, cells)
    return DaySets(people, days.first, cells)


def rows_of(persons: I32, people: I32) -> I32:
    """For each identifier the place of its person among `people`, or -1."""
    place = np.full(int(people[-1]) + 1 if len(people) else 1, -1, np.int32)
    place[people] = np.arange(len(people), dtype=np.int32)
    rows: I32 = np.where(persons >= 0, place[np.maximum(persons, 0)], -1).astype(np.int32)
    return rows


def day_rows(events: Frame, matchers: tuple[Matcher, ...], days: Days, every: bool) -> Frame:
    """alias_no, day, bits (bit i for matcher i, and DOOR) of what customers did and analytics may use.

    `every` keeps rows that pass no matcher: they count towards impossible rates.
    """
    may = events.filter(
        nw.col("purposes") % 2 == 1, ~nw.col("alias_no").is_null(), nw.col("day") >= days.first, nw.col("day") <= days.last
    )  # fmt: skip
    tests = [(matches(m), 1 << i) for i, m in enumerate(matchers)]
    if every:
        tests.append((nw.col("log_partition") >= 0, DOOR))
    bits = [nw.when(test).then(nw.lit(bit)).otherwise(nw.lit(0)) for test, bit in tests]
    rows = customers(may).with_columns(bits=reduce(lambda a, b: a + b, bits).cast(nw.UInt8))
    return (rows if every else rows.filter(nw.col("bits") > 0)).select("alias_no", "day", "bits")


def folded(people: I32, found: Sequences, days: Days) -> DaySets:
    """The same from sequences."""
    cells = np.zeros((len(people), days.last - days.first + 1), np.uint8)
    rows = np.repeat(np.searchsorted(people, found.people), np.diff(found.starts))
    np.bitwise_or.at(cells, (rows, found.day - days.first), found.matched.astype(np.uint8))
    return DaySets(people, days.first, cells)


def _portions(files: list[LakeFile]) -> Iterator[list[LakeFile]]:
    """The files in portions of at most ROWS_AT_ONCE rows, so that memory stays bounded."""
    some: list[LakeFile] = []
    rows = 0
    for file in files:
        if some and rows + file.rows > ROWS_AT_ONCE:
            yield some
            some, rows = [], 0
        some.append(file)
        rows += file.rows
    if some:
        yield some


def _mark_exactly(
    engine: Engine, crowd: Crowd, matchers: tuple[Matcher, ...], days: Days, limit: int, files: list[LakeFile],
    hard: npt.NDArray[Any], cells: U8,
) -> None:  # fmt: skip
    """Mark the days of these identifiers with their owner at the time, without days at impossible rates."""
    people = crowd.people()
    with engine.session() as session:
        wanted = session.table(pa.table({"alias_no": pa.array(hard, pa.int32())}))
        events = session.scan([f.path for f in files], EVENTS.schema).join(wanted, on="alias_no", how="semi")
        table = session.collect(matched_events(events, matchers, days, (), limit))
    person = owner_of(crowd.persons, crowd.spans, table["alias_no"].to_numpy(), table["time_us"].to_numpy())
    kept = person >= 0
    rows = np.searchsorted(people, person[kept])
    place = table["day"].to_numpy()[kept] - days.first
    np.bitwise_or.at(cells, (rows, place), table["matched"].to_numpy()[kept].astype(np.uint8))


@numba.njit(cache=True, nogil=True)
def _mark(cells, counts, row_of, alias, day, bits, first):  # type: ignore[no-untyped-def]
    counting = counts.shape[0] > 0
    for i in range(len(alias)):
        if alias[i] >= len(row_of):
            continue
        row = row_of[alias[i]]
        if row < 0:
            continue
        at = day[i] - first
        cells[row, at] |= bits[i] & 127
        if counting and bits[i] & 128 and counts[row, at] < 65535:
            counts[row, at] += 1
