"""The door of the tracking plan: its versions, and what was counted against it."""

from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.data.tracking import logic, report
from weaktie.data.tracking.contracts import (
    EMPTY,
    PLATFORMS,
    Alert,
    Coverage,
    NoSuchAlert,
    NoSuchEvent,
    NoSuchVersion,
    Plan,
    PlanChanged,
    PlannedEvent,
    PlanVersion,
    Property,
    Text,
)
from weaktie.data.tracking.report import Violation, Window
from weaktie.data.tracking.tables import (
    alerts,
    checked_files,
    observed,
    plans,
    seen,
    trait_updates,
    trait_violations,
    violations,
)
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

OPEN_STATES = ("open", "acknowledged", "muted")
LONGEST_NOTE = 200
Changing = Callable[[Plan], Plan]
"""What turns the present plan into the next."""


# ---- versions


def current(connection: Connection) -> PlanVersion:
    """The plan that counts; version 0 and empty before anything was saved."""
    row = connection.execute(select(plans).order_by(plans.c.version.desc()).limit(1)).mappings().first()
    if row is None:
        return PlanVersion(0, EMPTY, None, "", "")
    plan = msgspec.json.decode(row["plan_json"], type=Plan)
    return PlanVersion(row["version"], plan, row["saved_us"], row["actor"], row["note"])


def version(connection: Connection, number: int) -> PlanVersion:
    """One saved version, or the empty plan as version 0; raises NoSuchVersion."""
    if number == 0:
        return PlanVersion(0, EMPTY, None, "", "")
    row = connection.execute(select(plans).where(plans.c.version == number)).mappings().first()
    if row is None:
        raise NoSuchVersion
    plan = msgspec.json.decode(row["plan_json"], type=Plan)
    return PlanVersion(row["version"], plan, row["saved_us"], row["actor"], row["note"])


def versions(connection: Connection) -> list[tuple[int, int, str, str]]:
    """(version, saved_us, actor, note) of every version, newest first."""
    query = select(plans.c.version, plans.c.saved_us, plans.c.actor, plans.c.note)
    return [tuple(row) for row in connection.execute(query.order_by(plans.c.version.desc()))]


def save(
    tx: Connection, clock: Clock, plan: Plan, *, base_version: int, actor: str, note: str
) -> PlanVersion:
    """Keep the plan as the next version; raises PlanChanged unless `base_version` is the current one, and BadPlan.

    A plan that says the same as the current one makes no version.
    """
    logic.checked(plan)
    now = current(tx)
    if now.version != base_version:
        raise PlanChanged(now.version)
    if plan == now.plan and now.version:
        return now
    try:
        tx.execute(
            insert(plans).values(
                version=base_version + 1, plan_json=msgspec.json.encode(plan).decode(), saved_us=clock.now_us(),
                actor=actor[:64], note=note.strip()[:LONGEST_NOTE],
            )
        )  # fmt: skip
    except IntegrityError:  # another process saved the same number between our look and our write
        raise PlanChanged(base_version + 1) from None
    return current(tx)


def adopted(connection: Connection, name: str) -> PlannedEvent:
    """A planned event made of what was seen: its platforms and the types its properties had; raises NoSuchEvent."""
    platforms = connection.execute(
        select(seen.c.platform).where(seen.c.event == name).group_by(seen.c.platform)
    ).scalars()
    met = set(platforms)
    if not met:
        raise NoSuchEvent
    found: dict[str, dict[str, int]] = {}
    for prop, kind, events in _observed(connection, name, None):
        found.setdefault(prop, {})[kind] = events
    properties = tuple(
        Property(p, logic.inferred_type(kinds))  # type: ignore[arg-type]
        for p, kinds in sorted(found.items())
        if p != report.OTHERS
    )[: logic.MOST_PROPERTIES]
    return PlannedEvent(
        name, Text(), Text(), platforms=tuple(p for p in PLATFORMS if p in met), properties=properties  # type: ignore[misc]
    )  # fmt: skip


# ---- what was counted


def event_rows(connection: Connection, today: int, days: int) -> list[report.EventRow]:
    """Every event that is planned or was seen, with what was seen of it."""
    everything = connection.execute(
        select(seen.c.event, seen.c.platform, func.max(seen.c.day)).group_by(seen.c.event, seen.c.platform)
    )
    window = _window(today, days)
    recent = connection.execute(
        select(seen.c.event, func.sum(seen.c.events), func.sum(seen.c.failed))
        .where(seen.c.day >= window.first, seen.c.day <= window.last)
        .group_by(seen.c.event)
    )
    return report.event_rows(
        current(connection).plan,
        [(e, p, d) for e, p, d in everything],
        {e: (int(n), int(f)) for e, n, f in recent},
        window,
    )


def observed_properties(
    connection: Connection, event: str, today: int, days: int
) -> list[tuple[str, str, int]]:
    """(property, type, events) of one event in the window, by property."""
    return _observed(connection, event, _window(today, days))


def _observed(connection: Connection, event: str, window: Window | None) -> list[tuple[str, str, int]]:
    query = select(observed.c.property, observed.c.type, func.sum(observed.c.events)).where(
        observed.c.event == event
    )
    if window is not None:
        query = query.where(observed.c.day >= window.first, observed.c.day <= window.last)
    query = query.group_by(observed.c.property, observed.c.type).order_by(
        observed.c.property, observed.c.type
    )
    return [(p, t, int(n)) for p, t, n in connection.execute(query)]


def coverage(connection: Connection, today: int, days: int) -> Coverage:
    """Coverage of the last `days` business days, today included."""
    window = _window(today, days)
    grouped = select(seen.c.event, seen.c.platform, seen.c.app_version, func.sum(seen.c.events))
    recent = connection.execute(
        grouped.where(seen.c.day >= window.first, seen.c.day <= window.last).group_by(
            seen.c.event, seen.c.platform, seen.c.app_version
        )
    )
    ever = connection.execute(
        select(seen.c.event, seen.c.platform, func.max(seen.c.day)).group_by(seen.c.event, seen.c.platform)
    )
    return report.coverage(
        current(connection).plan,
        [(e, p, v, int(n)) for e, p, v, n in recent],
        {(e, p): d for e, p, d in ever},
        days,
    )


def violation_rows(
    connection: Connection, today: int, days: int, *, limit: int, **wanted: str | None
) -> tuple[list[Violation], int]:
    """The violations of the window that meet the filters (event, property, kind, platform, app_version, source), most
    frequent first, and how many groups there are in all."""
    window = _window(today, days)
    v = violations.c
    keys = (v.event, v.property, v.kind, v.platform, v.app_version, v.source)
    query = select(*keys, func.sum(v.events), func.min(v.sample)).where(
        v.day >= window.first, v.day <= window.last
    )
    for name, value in wanted.items():
        if value:
            query = query.where(v[name] == value)
    query = query.group_by(*keys)
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = connection.execute(query.order_by(func.sum(v.events).desc(), *keys).limit(limit)).all()
    s = seen.c
    counted = connection.execute(
        select(s.event, s.platform, s.app_version, s.source, func.sum(s.events))
        .where(s.day >= window.first, s.day <= window.last)
        .group_by(s.event, s.platform, s.app_version, s.source)
    )
    of = {(e, p, av, src): int(n) for e, p, av, src, n in counted}
    found = [
        Violation(e, p, k, plat, av, src, int(n), of.get((e, plat, av, src), 0), sample)
        for e, p, k, plat, av, src, n, sample in rows
    ]
    return found, total


def totals(connection: Connection, today: int, days: int) -> report.Totals:
    """Events of the window, how many failed, and violations by kind."""
    window = _window(today, days)
    events, failed = connection.execute(
        select(func.coalesce(func.sum(seen.c.events), 0), func.coalesce(func.sum(seen.c.failed), 0)).where(
            seen.c.day >= window.first, seen.c.day <= window.last
        )
    ).one()
    kinds = connection.execute(
        select(violations.c.kind, func.sum(violations.c.events))
        .where(violations.c.day >= window.first, violations.c.day <= window.last)
        .group_by(violations.c.kind)
    )
    return report.Totals(int(events), int(failed), {k: int(n) for k, n in kinds})


def trait_report(connection: Connection, today: int, days: int, *, limit: int) -> report.TraitReport:
    """Where people's properties differ from the plan in the window, by property, kind and source, most frequent first."""
    window = _window(today, days)
    u, v = trait_updates.c, trait_violations.c
    counted = connection.execute(
        select(u.source, func.sum(u.updates), func.sum(u.failed))
        .where(u.day >= window.first, u.day <= window.last)
        .group_by(u.source)
    ).all()
    of = {source: int(n) for source, n, _ in counted}
    keys = (v.property, v.kind, v.source)
    query = (
        select(*keys, func.sum(v.updates), func.min(v.sample))
        .where(v.day >= window.first, v.day <= window.last)
        .group_by(*keys)
    )
    total = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    rows = connection.execute(query.order_by(func.sum(v.updates).desc(), *keys).limit(limit))
    found = tuple(
        report.TraitViolation(prop, kind, source, int(n), of.get(source, 0), sample)
        for prop, kind, source, n, sample in rows
    )
    return report.TraitReport(sum(of.values()), sum(int(f) for _, _, f in counted), total, found)


def stale_files(connection: Connection, today: int, days: int) -> tuple[int, int | None]:
    """How many checked files of the window were held against another plan than the current, and the last check's time."""
    now = current(connection).version
    first = _window(today, days).first
    stale = connection.execute(
        select(func.count()).where(checked_files.c.plan_version != now, checked_files.c.max_day >= first)
    ).scalar_one()
    return stale, connection.execute(select(func.max(checked_files.c.checked_us))).scalar()


def _window(today: int, days: int) -> Window:
    return Window(today - days + 1, today)


# ---- alerts


def list_alerts(connection: Connection, states: Sequence[str]) -> list[Alert]:
    """Alerts in these states, the newest first; at most 500."""
    query = select(alerts).where(alerts.c.state.in_(states)).order_by(alerts.c.alert_id.desc()).limit(500)
    return [_alert(row) for row in connection.execute(query).mappings()]


def open_alerts(connection: Connection) -> int:
    """How many alerts nobody has looked at."""
    query = select(func.count()).select_from(alerts).where(alerts.c.state == "open")
    return int(connection.execute(query).scalar_one())


def set_alert(tx: Connection, clock: Clock, alert_id: int, state: str, actor: str) -> Alert:
    """Move an alert to a state; raises NoSuchAlert, and Refused where it was resolved already."""
    row = tx.execute(select(alerts).where(alerts.c.alert_id == alert_id)).mappings().first()
    if row is None:
        raise NoSuchAlert
    if row["state"] == "resolved":
        raise Refused(
            "alert_resolved",
            Words("预警已解决，不能再修改。", "The alert was resolved and does not change any more."),
            place="state",
            status=409,
        )
    values = {"state": state, "changed_us": clock.now_us(), "actor": actor[:64]}
    tx.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(**values))
    return _alert({**row, **values})


def _alert(row: object) -> Alert:
    r = dict(row)  # type: ignore[call-overload]
    return Alert(
        r["alert_id"], r["kind"], r["event"], r["property"], r["state"], msgspec.json.decode(r["detail_json"]),
        r["raised_us"], r["changed_us"], r["actor"],
    )  # fmt: skip
