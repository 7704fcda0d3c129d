"""Whose day counts nowhere because nobody can do so much in a minute: exact, without grouping all events by the minute."""

import threading
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from weaktie.data.behaviour.contracts import I32, Days
from weaktie.data.behaviour.queries import busy, may_count
from weaktie.data.quality.service import impossible
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import EVENTS

PAIRS = pa.schema([("alias_no", pa.int32()), ("day", pa.int32())])


class Rates:
    """(identifier, day) pairs that `quality` finds impossible, kept by day with the files that hold the day.

    More than the limit in a minute is more than the limit on the day and on all days together: only identifiers that are
    busy in that sense are looked at by the minute. A day is looked at again when another file may hold it. Safe from any
    thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[int, tuple[tuple[int, ...], I32]] = {}

    def pairs(self, session: Session, snapshot: Snapshot, days: Days, limit: int) -> pa.Table:
        """The pairs of these days as of the snapshot: columns alias_no, day; none where the limit is 0."""
        if not limit:
            return PAIRS.empty_table()
        wanted = _files_by_day(snapshot, days)
        with self._lock:
            known = dict(self._known)
        stale = [d for d, files in wanted.items() if d not in known or known[d][0] != (limit, *files)]
        if stale:
            found = _found(session, snapshot, stale, limit)
            fresh = {d: ((limit, *wanted[d]), found.get(d, np.empty(0, np.int32))) for d in stale}
            known |= fresh
            with self._lock:
                self._known |= fresh
        parts = [(d, known[d][1]) for d in wanted if len(known[d][1])]
        if not parts:
            return PAIRS.empty_table()
        return pa.table(
            [
                np.concatenate([aliases for _, aliases in parts]),
                np.concatenate([np.full(len(aliases), d, np.int32) for d, aliases in parts]),
            ],
            schema=PAIRS,
        )


def _files_by_day(snapshot: Snapshot, days: Days) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for file in snapshot.of("events", from_day=days.first, to_day=days.last):
        for day in range(max(file.min_day, days.first), min(file.max_day, days.last) + 1):
            found.setdefault(day, []).append(file.file_id)
    return found


def _found(session: Session, snapshot: Snapshot, days: list[int], limit: int) -> Mapping[int, I32]:
    within = Days(min(days), max(days))
    files = [f.path for f in snapshot.of("events", from_day=within.first, to_day=within.last)]
    events = session.scan(files, EVENTS.schema)
    some = session.collect(busy(events, ["alias_no"], limit))
    if not some.num_rows:
        return {}
    may = may_count(events, within)
    may = may.join(session.table(some), on="alias_no", how="semi")
    whose_days = session.collect(busy(may, ["alias_no", "day"], limit))
    if not whose_days.num_rows:
        return {}
    rows = session.collect(
        impossible(may.join(session.table(whose_days), on=["alias_no", "day"], how="semi"), limit)
    )
    aliases, day = rows["alias_no"].to_numpy().astype(np.int32), rows["day"].to_numpy()
    return {int(d): np.sort(aliases[day == d]) for d in np.unique(day)}
