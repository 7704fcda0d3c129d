"""Computing the members of segments: after each build, and when one was saved."""

import numpy as np
from sqlalchemy import Connection, delete, insert, select, update

from weaktie.data.behaviour.contracts import I32
from weaktie.data.segments import rules
from weaktie.data.segments.contracts import RUNS_KEPT, Segment
from weaktie.data.segments.logic import pack, to_people, unpack
from weaktie.data.segments.service import Segments
from weaktie.data.segments.tables import segment_runs, segments
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger

_LOG = get_logger("segments")


def refresh_all(own: Segments, generation: int) -> int:
    """Compute every dynamic segment anew, those that others stand on first; returns how many. One that cannot be computed
    (a tag that is gone) keeps its members, and the log says so."""
    with own.database.connect() as connection:
        living = [s for s in own.every(connection) if not s.frozen or s.computed_us is None]
    done = 0
    for segment in in_order_of_need(living):
        try:
            refresh(own, segment, generation)
            done += 1
        except Refused as error:
            _LOG.warning(
                "segment_not_computed", segment=segment.segment_id, code=error.code, place=error.place
            )
    return done


def refresh(own: Segments, segment: Segment, generation: int) -> None:
    """Compute one segment's members and store them, with who entered and left where anything changed."""
    found = own.compute(segment.rule)
    persons = own.behaviour.crowd().persons
    with own.database.begin() as tx:
        store(tx, segment, found, persons, own.clock.now_us(), generation)


def store(tx: Connection, segment: Segment, found: I32, persons: I32, now_us: int, generation: int) -> None:
    """Write a run. Who may not be analysed any more counts as having left; two who became one person count as one."""
    row = tx.execute(
        select(segments.c.run_no, segments.c.version, segments.c.members)
        .where(segments.c.segment_id == segment.segment_id)
        .with_for_update()
    ).first()
    if row is None or row.version != segment.version:
        return  # changed meanwhile: whoever changed it computes it
    before = unpack(row.members)
    entered = np.setdiff1d(found, to_people(before, persons)).astype(np.int32)
    known = before < len(persons)
    now = np.where(known, persons[np.where(known, before, 0)], np.int32(-1))
    left = before[~np.isin(now, found)]
    changed = row.run_no == 0 or len(entered) > 0 or len(left) > 0
    run_no = int(row.run_no) + int(changed)
    if changed:
        tx.execute(
            insert(segment_runs).values(
                segment_id=segment.segment_id, run_no=run_no, version=segment.version, at_us=now_us, size=len(found),
                entered_count=len(entered), left_count=len(left), entered=pack(entered), left=pack(left),
            )
        )  # fmt: skip
        tx.execute(
            delete(segment_runs).where(
                segment_runs.c.segment_id == segment.segment_id, segment_runs.c.run_no <= run_no - RUNS_KEPT
            )
        )
    tx.execute(
        update(segments)
        .where(segments.c.segment_id == segment.segment_id)
        .values(
            run_no=run_no, size=len(found), computed_us=now_us, generation=generation, members=pack(found)
        )
    )


def in_order_of_need(living: list[Segment]) -> list[Segment]:
    """The segments so that each comes after those that it stands on."""
    by_id = {s.segment_id: s for s in living}
    done: dict[str, Segment] = {}
    visiting: set[str] = set()

    def visit(segment: Segment) -> None:
        if segment.segment_id in done or segment.segment_id in visiting:
            return
        visiting.add(segment.segment_id)
        for _, other in rules.referred(segment.rule):
            if other in by_id:
                visit(by_id[other])
        done[segment.segment_id] = segment

    for segment in living:
        visit(segment)
    return list(done.values())
