"""Holding the lake against the plan: a consumer of the manifest, not of the door.

Counts are kept by lake file. A file never changes, so its counts are right for ever; when it leaves the manifest
(merged, rewritten by an erasure) its counts leave too and those of the new file enter. So late events, merging and
erasure need no rule of their own, and the sum over living files is what a full count would give.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from weaktie.data.tracking import service, watch
from weaktie.data.tracking.checking import Facts, Rules, check_file
from weaktie.data.tracking.contracts import Checked, Parts, PlanVersion, Progress
from weaktie.data.tracking.tables import (
    alerts,
    checked_files,
    known_events,
    observed,
    seen,
    trait_updates,
    trait_violations,
    violations,
)
from weaktie.data.tracking.traits import TraitFacts, TraitRules, check_traits
from weaktie.kit.clock import business_day
from weaktie.kit.words import Words
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.runs.service import Lease, lease

TRACKING_LEASE = "consumer:tracking"
CHUNK_ROWS = 500_000
CHECKED_TABLES = ["events", "users"]
COUNTED = (seen, observed, violations, trait_updates, trait_violations, checked_files)
"""What is kept by lake file."""
LOOK_BACK_DAYS = watch.BASE_DAYS + watch.RECENT_DAYS
SYSTEM = "system"
_WORDS = Words("对照埋点方案检查", "holding events against the plan")


def check(parts: Parts, progress: Progress | None = None, *, most_rows: int | None = None) -> Checked:
    """Check the files that are new and forget those that are gone, then look after the alerts.

    With `most_rows` it stops after about so many rows, and the next call goes on. Raises Busy when another check runs.
    """
    with lease(parts.database, parts.clock, TRACKING_LEASE) as held:
        with parts.database.connect() as connection:
            living = {f.file_id: f for f in parts.lake.snapshot(connection, tables=CHECKED_TABLES).files}
            known = set(connection.execute(select(checked_files.c.file_id)).scalars())
            plan = service.current(connection)
        new = [living[i] for i in sorted(set(living) - known)]
        gone = sorted(known - set(living))
        return _run(parts, held, plan, new, gone, progress, most_rows)


def recheck(parts: Parts, days: int, progress: Progress | None = None) -> Checked:
    """Check again, against the current plan, every file with events of the last `days` days that met another plan."""
    with lease(parts.database, parts.clock, TRACKING_LEASE) as held:
        first = business_day(parts.clock.now_us(), parts.settings.zone) - days + 1
        with parts.database.connect() as connection:
            living = {f.file_id: f for f in parts.lake.snapshot(connection, tables=CHECKED_TABLES).files}
            plan = service.current(connection)
            rows = connection.execute(select(checked_files.c.file_id, checked_files.c.plan_version))
            known = {int(file_id): int(version) for file_id, version in rows}
        todo = [
            f for i, f in sorted(living.items())
            if i not in known or (known[i] != plan.version and f.max_day >= first)
        ]  # fmt: skip
        return _run(parts, held, plan, todo, sorted(set(known) - set(living)), progress, None)


def _run(
    parts: Parts,
    held: Lease,
    plan: PlanVersion,
    files: Sequence[LakeFile],
    gone: Sequence[int],
    progress: Progress | None,
    most_rows: int | None,
) -> Checked:
    rules = Rules(plan.plan, enforced=plan.version > 0)
    traits = TraitRules(plan.plan)
    pending: list[tuple[LakeFile, Facts | TraitFacts]] = []
    rows = waiting = done = 0
    dropping = list(gone)

    def alive(share: float) -> None:
        held.renew()
        if progress is not None:
            progress(share, _WORDS)

    for file in files:
        if most_rows is not None and rows and rows + file.rows > most_rows:
            break
        beat = partial(alive, done / len(files))
        of_people = file.table == "users"
        facts = check_traits(file.path, traits, beat) if of_people else check_file(file.path, rules, beat)
        pending.append((file, facts))
        rows, waiting, done = rows + file.rows, waiting + file.rows, done + 1
        if waiting >= CHUNK_ROWS:
            _keep(parts, held, plan.version, pending, dropping)
            pending, dropping, waiting = [], [], 0
    if pending or dropping:
        _keep(parts, held, plan.version, pending, dropping)
    caught_up = done == len(files)
    raised, resolved = _look_after(parts, held, plan) if caught_up else (0, 0)
    if progress is not None:
        progress(1.0, _WORDS)
    return Checked(done, len(gone), rows, caught_up, raised, resolved)


def _keep(
    parts: Parts,
    held: Lease,
    plan_version: int,
    pending: Sequence[tuple[LakeFile, Facts | TraitFacts]],
    gone: Sequence[int],
) -> None:
    """One transaction: counts of files that are gone or counted anew go, those of `pending` enter."""
    with parts.database.begin() as tx:
        held.check(tx)
        away = [*gone, *(f.file_id for f, _ in pending)]
        for start in range(0, len(away), 500):
            part = away[start : start + 500]
            for table in COUNTED:
                tx.execute(delete(table).where(table.c.file_id.in_(part)))
        now_us = parts.clock.now_us()
        for file, facts in pending:
            if isinstance(facts, TraitFacts):
                _insert_traits(tx, file.file_id, facts)
            else:
                _insert(tx, file.file_id, facts)
            tx.execute(
                insert(checked_files).values(
                    file_id=file.file_id, plan_version=plan_version, max_day=file.max_day, checked_us=now_us
                )
            )


def _insert(tx: Connection, file_id: int, facts: Facts) -> None:
    rows = [
        {"file_id": file_id, "day": d, "event": e, "platform": p, "app_version": v, "source": s, "events": n, "failed": f}
        for (d, e, p, v, s), (n, f) in facts.seen.items()
    ]  # fmt: skip
    if rows:
        tx.execute(insert(seen), rows)
    rows = [
        {"file_id": file_id, "day": d, "event": e, "property": p, "type": t, "events": n, "sample": sample}
        for (d, e, p, t), (n, sample) in facts.observed.items()
    ]
    if rows:
        tx.execute(insert(observed), rows)
    rows = [
        {"file_id": file_id, "day": d, "event": e, "platform": p, "app_version": v, "source": s, "kind": kind,
         "property": prop, "events": n, "sample": sample}
        for ((d, e, p, v, s), kind, prop), (n, sample) in facts.violations.items()
    ]  # fmt: skip
    if rows:
        tx.execute(insert(violations), rows)


def _insert_traits(tx: Connection, file_id: int, facts: TraitFacts) -> None:
    rows = [
        {"file_id": file_id, "day": d, "source": s, "updates": n, "failed": f}
        for (d, s), (n, f) in facts.updates.items()
    ]
    if rows:
        tx.execute(insert(trait_updates), rows)
    rows = [
        {
            "file_id": file_id,
            "day": d,
            "source": s,
            "kind": kind,
            "property": prop,
            "updates": n,
            "sample": sample,
        }
        for ((d, s), kind, prop), (n, sample) in facts.violations.items()
    ]
    if rows:
        tx.execute(insert(trait_violations), rows)


# ---- alerts


def _look_after(parts: Parts, held: Lease, plan: PlanVersion) -> tuple[int, int]:
    """Raise what is due and resolve what is over; returns how many of each."""
    today = business_day(parts.clock.now_us(), parts.settings.zone)
    now_us = parts.clock.now_us()
    with parts.database.begin() as tx:
        held.check(tx)
        daily = _daily(tx, today, _meet(tx, now_us))
        standing = {
            (r.kind, r.event, r.property): (r.alert_id, r.state)
            for r in tx.execute(select(alerts).where(alerts.c.state.in_(service.OPEN_STATES)))
        }
        due = watch.due(plan.plan, daily, today)
        raised = [key for key in due if key not in standing]
        for key in raised:
            kind, event, prop = key
            tx.execute(
                insert(alerts).values(
                    kind=kind, event=event, property=prop, state="open", actor=SYSTEM, raised_us=now_us,
                    changed_us=now_us, detail_json=msgspec.json.encode(due[key]).decode(),
                )
            )  # fmt: skip
        over = [
            alert_id
            for key, (alert_id, state) in standing.items()
            if key not in due and state != "muted" and watch.over(key[0], key[1], plan.plan, daily, today)
        ]
        for alert_id in over:
            tx.execute(
                update(alerts)
                .where(alerts.c.alert_id == alert_id)
                .values(state="resolved", changed_us=now_us, actor=SYSTEM)
            )
    return len(raised), len(over)


def _meet(tx: Connection, now_us: int) -> frozenset[str]:
    """Remember names of events; returns those met for the first time, none at the very first check."""
    first = tx.execute(select(func.count()).select_from(known_events)).scalar_one() == 0
    names = tx.execute(
        select(seen.c.event).where(seen.c.event.not_in(select(known_events.c.event))).group_by(seen.c.event)
    ).scalars()
    new = sorted(names)
    if new:
        tx.execute(insert(known_events), [{"event": name, "first_us": now_us} for name in new])
    return frozenset() if first else frozenset(new)


def _daily(tx: Connection, today: int, new: Iterable[str]) -> watch.Daily:
    first = today - LOOK_BACK_DAYS
    events: dict[str, dict[int, int]] = {}
    for event, day, n in tx.execute(
        select(seen.c.event, seen.c.day, func.sum(seen.c.events))
        .where(seen.c.day >= first, seen.c.day <= today)
        .group_by(seen.c.event, seen.c.day)
    ):
        events.setdefault(event, {})[day] = int(n)
    values: dict[tuple[str, str], dict[int, dict[str, int]]] = {}
    keys = (observed.c.event, observed.c.property, observed.c.day, observed.c.type)
    for event, prop, day, kind, n in tx.execute(
        select(*keys, func.sum(observed.c.events))
        .where(observed.c.day >= first, observed.c.day <= today)
        .group_by(*keys)
    ):
        values.setdefault((event, prop), {}).setdefault(day, {})[kind] = int(n)
    return watch.Daily(events, values, frozenset(new))
