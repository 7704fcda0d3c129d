"""On which days people did something: for analyses that need no order within a day, and so no sorting at all."""

from collections.abc import Iterator

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.behaviour.contracts import I32, U32, Crowd, Days, DaySets
from weaktie.data.behaviour.logic import Reading, persons_of
from weaktie.data.behaviour.queries import matched_events
from weaktie.data.behaviour.walk import Wanted, kept_rows, may_walk
from weaktie.data.identity.service import owner_of
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.service import frame_of
from weaktie.store.lake.tables import EVENTS

U8 = npt.NDArray[np.uint8]

MOST_DAY_MATCHERS = 8
ROWS_AT_ONCE = 30_000_000


def read_days(
    engine: Engine, crowd: Crowd, how: Reading, days: Days, impossible: pa.Table, threads: int
) -> DaySets:
    """Who did what on which day, in one pass over the lake. `impossible` (alias_no, day) are left out."""
    people = crowd.people()
    cells = np.zeros((len(people), days.last - days.first + 1), np.uint8)
    place = np.full(int(people[-1]) + 1 if len(people) else 1, -1, np.int32)
    place[people] = np.arange(len(people), dtype=np.int32)
    if engine.in_process and may_walk(how):
        wanted = Wanted(crowd, how.matchers, days, impossible)
        for kept in kept_rows(wanted, wanted.files, threads):
            _mark(cells, place, kept.person, kept.day, kept.matched, days.first)
        return DaySets(people, days.first, cells)
    shared = crowd.spans.num_rows > 0
    times = ("event_time",) if shared else ()
    for some in _portions(crowd.snapshot.of("events", from_day=days.first, to_day=days.last)):
        with engine.session() as session:
            frame = session.members(
                frame_of(session, some, "events", how.promoted), EVENTS.open_column, how.members
            )
            odd = session.table(impossible) if impossible.num_rows else None
            rows = matched_events(frame, how.matchers, days, (), odd)
            table = session.collect(rows.select("alias_no", "day", "matched", *times))
        aliases = table["alias_no"].to_numpy()
        person = (
            owner_of(crowd.persons, crowd.spans, aliases, table["event_time"].cast(pa.int64()).to_numpy())
            if shared
            else persons_of(crowd.persons, aliases)
        )
        _mark(cells, place, person, table["day"].to_numpy(), table["matched"].to_numpy(), days.first)
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


@numba.njit(cache=True, nogil=True)
def _mark(cells: U8, place: I32, person: I32, day: I32, bits: U32, first: int) -> None:
    for i in range(len(person)):
        if person[i] >= 0 and place[person[i]] >= 0:
            cells[place[person[i]], day[i] - first] |= np.uint8(bits[i])
