"""HTTP: the tracking plan, its versions and imports, coverage, the report and the alerts."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from weaktie.data.tracking import bodies as b
from weaktie.data.tracking import columns, logic, service, workbook, yamls
from weaktie.data.tracking.contracts import (
    COVERAGE_GOAL,
    BadWorkbook,
    NoSuchEvent,
    Plan,
    PlanVersion,
    ReadWorkbook,
)
from weaktie.data.tracking.proposal import proposal
from weaktie.data.tracking.report import as_csv
from weaktie.kit.clock import Clock, business_day, day_to_date, to_iso
from weaktie.kit.logs import mask
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.service import drop
from weaktie.store.runs.contracts import LIVE_STATES
from weaktie.store.runs.service import Jobs
from weaktie.trust.accounts.api import Caller, require
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/tracking", tags=["tracking"])
View = Annotated[Caller, Depends(require("view"))]
Developer = Annotated[Caller, Depends(require("develop"))]
Days = Annotated[int, Query(ge=1, le=400)]
Asked = Annotated[b.ReportQuery, Query()]
SHOWN_VIOLATIONS = 500
EXPORTED_VIOLATIONS = 50_000
RECENT_JOBS = 100


# ---- the plan


@router.get("/plan")
def plan(request: Request, _caller: View, version: int | None = None) -> b.PlanBody:
    """The plan that counts, or one of its versions."""
    with _database(request).connect() as connection:
        found = service.current(connection) if version is None else service.version(connection, version)
    return b.plan_body(found)


@router.get("/plan/versions")
def versions(request: Request, _caller: View) -> list[b.VersionBody]:
    """Every saved version, newest first."""
    with _database(request).connect() as connection:
        return [
            b.VersionBody(version=v, saved_time=to_iso(at), actor=actor, note=note)
            for v, at, actor, note in service.versions(connection)
        ]


@router.get("/plan/difference")
def difference(request: Request, _caller: View, before: int, after: int | None = None) -> list[b.ChangeBody]:
    """What changed from one version to another (without it: to the current one); version 0 is the empty plan."""
    with _database(request).connect() as connection:
        old = service.version(connection, before)
        new = service.current(connection) if after is None else service.version(connection, after)
    return [b.change_body(c) for c in logic.difference(old.plan, new.plan)]


@router.get("/plan/yaml", response_class=Response)
def plan_yaml(request: Request, _caller: View, version: int | None = None) -> Response:
    """The plan as YAML, to keep in a repository or to edit."""
    with _database(request).connect() as connection:
        found = service.current(connection) if version is None else service.version(connection, version)
    name = f"tracking-plan-v{found.version}.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(yamls.dump(found.plan), media_type="application/yaml; charset=utf-8", headers=headers)


@router.post("/plan/yaml")
def import_yaml(request: Request, caller: Developer, given: b.YamlRequest) -> b.PreviewBody:
    """What the YAML would change, the whole plan being replaced by it; with `save` it is."""
    wanted = yamls.load(given.text)
    return _offer(request, caller, wanted, given.base_version, given.note, "yaml", save=given.save)


@router.post("/plan/workbook")
async def import_workbook(
    request: Request,
    caller: Developer,
    base_version: int,
    save: bool = False,
    replace: bool = False,
) -> b.PreviewBody:
    """What a 采集方案 workbook (xlsx, the raw body, at most 1 MB) would change; with `save` it is kept.

    Its events and properties come on top of the plan's, or with `replace` in place of the whole plan.
    """
    data = await request.body()
    if not data:
        raise BadWorkbook("empty_file", Words("文件是空的。", "The file is empty."), place="file")
    return await run_in_threadpool(_workbook, request, caller, data, base_version, save, replace)


def _workbook(
    request: Request, caller: Caller, data: bytes, base_version: int, save: bool, replace: bool
) -> b.PreviewBody:
    read = workbook.read(data)
    with _database(request).connect() as connection:
        now = service.current(connection)
    wanted = read.plan if replace else logic.merged(now.plan, read.plan)
    shown = _offer(request, caller, wanted, base_version, "采集方案", "workbook", save=save)
    return _with_cells(shown, read)


def _with_cells(shown: b.PreviewBody, read: ReadWorkbook) -> b.PreviewBody:
    bad = [
        b.BadCellBody(sheet=c.sheet, row=c.row, column=c.column, code=c.code, message=words_body(c.words), cell=mask(c.cell))
        for c in read.bad
    ]  # fmt: skip
    return shown.model_copy(update={"renamed": read.renamed, "bad": bad, "sheets": read.sheets})


@router.get("/plan/proposal")
def look_at_proposal(request: Request, _caller: View) -> b.PreviewBody:
    """What adopting the shipped plan would add to the present one."""
    with _database(request).connect() as connection:
        now = service.current(connection)
    return _preview(now, logic.merged(proposal(), now.plan))


@router.post("/plan/proposal")
def adopt_proposal(request: Request, caller: Developer, given: b.BaseRequest) -> b.PreviewBody:
    """Add the shipped plan's events and common properties; what the plan has already stays as it is."""
    with _database(request).connect() as connection:
        now = service.current(connection)
    wanted = logic.merged(proposal(), now.plan)
    return _offer(request, caller, wanted, given.base_version, "默认方案 default plan", "proposal", save=True)


@router.post("/plan/events")
def save_event(request: Request, caller: Developer, given: b.EventRequest) -> b.PlanBody:
    """Add, change, rename or take out one event."""
    event = None if given.event is None else b.plan_of(given.event)

    def change(now: Plan) -> Plan:
        if given.name is not None and now.event(given.name) is None:
            raise NoSuchEvent
        return logic.with_event(now, given.name, event)

    return b.plan_body(_save(request, caller, change, given.base_version, given.note, "event"))


@router.post("/plan/shared")
def save_shared(request: Request, caller: Developer, given: b.SharedRequest) -> b.PlanBody:
    """Replace the common properties and those of people."""
    common, people = b.properties_of(given.common), b.properties_of(given.user_properties)

    def change(now: Plan) -> Plan:
        return Plan(common, people, now.events)

    return b.plan_body(_save(request, caller, change, given.base_version, given.note, "shared"))


@router.post("/plan/restore")
def restore(request: Request, caller: Developer, given: b.RestoreRequest) -> b.PlanBody:
    """Make an older version the newest."""
    with _database(request).connect() as connection:
        old = service.version(connection, given.version)
    note = f"恢复第 {old.version} 版 restored version {old.version}"
    return b.plan_body(_save(request, caller, lambda _: old.plan, given.base_version, note, "restore"))


@router.post("/plan/adopt")
def adopt(request: Request, caller: Developer, given: b.AdoptRequest) -> b.PlanBody:
    """Plan an event as it was seen: its platforms, and its properties with the types their values had."""
    with _database(request).connect() as connection:
        event = service.adopted(connection, given.event)

    def change(now: Plan) -> Plan:
        return now if now.event(event.name) else logic.with_event(now, None, event)

    note = f"从数据中采纳 adopted from data: {event.name}"
    return b.plan_body(_save(request, caller, change, given.base_version, note, "adopt"))


# ---- what came


@router.get("/events")
def events(request: Request, _caller: View, days: Days = 30) -> list[b.EventRowBody]:
    """Every event that is planned or was seen; counts are of the last `days` business days."""
    with _database(request).connect() as connection:
        return [b.row_body(row) for row in service.event_rows(connection, _today(request), days)]


@router.get("/event")
def event(request: Request, _caller: View, name: str, days: Days = 30) -> b.EventDetailBody:
    """One event: its plan, where it was seen, and which properties it carried with which types."""
    today = _today(request)
    with _database(request).connect() as connection:
        rows = {row.name: row for row in service.event_rows(connection, today, days)}
        observed = service.observed_properties(connection, name, today, days)
    if name not in rows:
        raise NoSuchEvent
    types: dict[str, dict[str, int]] = {}
    for prop, kind, count in observed:
        types.setdefault(prop, {})[kind] = count
    planned = rows[name].planned
    return b.EventDetailBody(
        name=name, plan=None if planned is None else b.event_body(planned), row=b.row_body(rows[name]),
        observed=[
            b.ObservedBody(name=prop, types=kinds, inferred=logic.inferred_type(kinds))  # type: ignore[arg-type]
            for prop, kinds in types.items()
        ],
    )  # fmt: skip


@router.get("/coverage")
def coverage(request: Request, _caller: View, days: Days = 7) -> b.CoverageBody:
    """Planned (event, platform) pairs seen in the last `days` business days ÷ planned ones; by platform and version."""
    with _database(request).connect() as connection:
        found = service.coverage(connection, _today(request), days)
        plan = service.current(connection).plan
    return b.CoverageBody(
        days=days, goal=COVERAGE_GOAL, planned=found.planned, seen=found.seen, share=found.share,
        platforms=[b.share_body(s) for s in found.platforms], versions=[b.share_body(s) for s in found.versions],
        missing=[
            b.GapBody(event=g.event, label=b.label_of(plan, g.event), platform=g.platform, last_day=b.day_text(g.last_day))
            for g in found.missing
        ],
    )  # fmt: skip


@router.get("/violations")
def violations(request: Request, _caller: View, asked: Asked) -> b.ViolationsBody:
    """The report: where events differ from the plan, the most frequent first; at most 500 groups."""
    days, wanted = asked.days, asked.wanted()
    today = _today(request)
    with _database(request).connect() as connection:
        rows, total = service.violation_rows(connection, today, days, limit=SHOWN_VIOLATIONS, **wanted)
        sums = service.totals(connection, today, days)
    return b.ViolationsBody(
        days=days, events=sums.events, failed=sums.failed, kinds=dict(sums.kinds), total=total,
        items=[b.violation_body(row) for row in rows],
    )  # fmt: skip


@router.get("/violations.csv", response_class=Response)
def violations_csv(request: Request, caller: View, asked: Asked) -> Response:
    """The report as CSV for a spreadsheet; cells that it would run as formulas are neutralised."""
    days, wanted = asked.days, asked.wanted()
    today = _today(request)
    with _database(request).begin() as tx:
        rows, _ = service.violation_rows(tx, today, days, limit=EXPORTED_VIOLATIONS, **wanted)
        record(
            tx, _clock(request), actor=caller.actor, action="tracking.export", object_kind="tracking_report",
            object_id=str(days), detail={"rows": len(rows)},
        )  # fmt: skip
    first, last = day_to_date(today - days + 1), day_to_date(today)
    headers = {"Content-Disposition": f'attachment; filename="tracking-report-{first}-{last}.csv"'}
    return Response("\ufeff" + as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/traits")
def traits(request: Request, _caller: View, days: Days = 7) -> b.TraitsBody:
    """Where properties of people differ from the plan, by property, kind and source; at most 500 groups."""
    today = _today(request)
    with _database(request).connect() as connection:
        found = service.trait_report(connection, today, days, limit=SHOWN_VIOLATIONS)
        planned = len(service.current(connection).plan.user_properties)
    return b.TraitsBody(
        days=days, planned=planned, updates=found.updates, failed=found.failed, total=found.total,
        items=[b.trait_body(row) for row in found.items],
    )  # fmt: skip


# ---- alerts and the check


@router.get("/state")
def state(request: Request, _caller: View, days: Days = 30) -> b.StateBody:
    """How far the check is."""
    with _database(request).connect() as connection:
        stale, checked_us = service.stale_files(connection, _today(request), days)
        return b.StateBody(
            checked_time=None if checked_us is None else to_iso(checked_us),
            plan_version=service.current(connection).version, stale_files=stale,
            open_alerts=service.open_alerts(connection),
        )  # fmt: skip


@router.post("/recheck", status_code=202)
def recheck(request: Request, caller: Developer, given: b.RecheckRequest) -> b.RecheckBody:
    """Hold the last days against the present plan again, as a job."""
    jobs: Jobs = app_part(request, "jobs")
    job = jobs.start("tracking", {"days": given.days}, actor=caller.actor)
    with _database(request).begin() as tx:
        record(
            tx, _clock(request), actor=caller.actor, action="tracking.recheck", object_kind="job",
            object_id=job.job_id, detail={"days": given.days},
        )  # fmt: skip
    return b.RecheckBody(job_id=job.job_id)


@router.get("/alerts")
def alerts(
    request: Request,
    _caller: View,
    state: Literal["", "open", "acknowledged", "muted", "resolved"] = "",
) -> b.AlertsBody:
    """Alerts in one state, or all that are not resolved; the newest first."""
    states = (state,) if state else service.OPEN_STATES
    with _database(request).connect() as connection:
        found = service.list_alerts(connection, states)
        return b.AlertsBody(items=[b.alert_body(a) for a in found], open=service.open_alerts(connection))


@router.post("/alerts/{alert_id}")
def move_alert(request: Request, caller: Developer, alert_id: int, given: b.AlertRequest) -> b.AlertBody:
    """Acknowledge, mute, reopen or resolve an alert."""
    clock = _clock(request)
    with _database(request).begin() as tx:
        moved = service.set_alert(tx, clock, alert_id, given.state, caller.actor)
        record(
            tx, clock, actor=caller.actor, action="tracking.alert", object_kind="tracking_alert",
            object_id=str(alert_id), detail={"state": given.state, "kind": moved.kind},
        )  # fmt: skip
    return b.alert_body(moved)


# ---- properties as columns


@router.get("/columns")
def promoted(request: Request, _caller: View) -> b.ColumnsBody:
    """The properties that are typed columns of the events, how far each is, and the job that fills them."""
    return _columns(request)


@router.post("/columns", status_code=201)
def promote(request: Request, caller: Developer, given: b.PromoteRequest) -> b.ColumnsBody:
    """Promote a planned property to a typed column: new events have it at once, history by a job."""
    clock = _clock(request)
    with _database(request).begin() as tx:
        made = columns.promote(
            tx,
            clock,
            event=given.event,
            prop=given.property,
            kind=given.type,
            name=given.name,
            actor=caller.actor,
        )
        record(
            tx, clock, actor=caller.actor, action="tracking.column.promote", object_kind="tracking_column",
            object_id=made.name, detail={"property": made.property, "event": made.event, "type": made.type},
        )  # fmt: skip
    _fill(request, caller)
    return _columns(request)


@router.post("/columns/fill", status_code=202)
def fill_columns(request: Request, caller: Developer) -> b.ColumnsBody:
    """Go on filling history, after a job that was cancelled or failed."""
    job_id = _fill(request, caller)
    with _database(request).begin() as tx:
        record(
            tx, _clock(request), actor=caller.actor, action="tracking.column.fill", object_kind="job",
            object_id=job_id, detail={},
        )  # fmt: skip
    return _columns(request)


@router.delete("/columns/{column_id}")
def take_back(request: Request, caller: Developer, column_id: int) -> b.ColumnsBody:
    """Take a column back: readers no longer see it; the property stays among the others."""
    clock = _clock(request)
    with _database(request).begin() as tx:
        gone = drop(tx, column_id, now_us=clock.now_us(), actor=caller.actor)
        record(
            tx, clock, actor=caller.actor, action="tracking.column.drop", object_kind="tracking_column",
            object_id=gone.name, detail={"property": gone.property, "event": gone.event, "type": gone.type},
        )  # fmt: skip
    return _columns(request)


def _fill(request: Request, caller: Caller) -> str:
    jobs: Jobs = app_part(request, "jobs")
    return jobs.start("columns", {}, actor=caller.actor).job_id


def _columns(request: Request) -> b.ColumnsBody:
    jobs: Jobs = app_part(request, "jobs")
    lake: Lake = app_part(request, "lake")
    with _database(request).connect() as connection:
        found = columns.states(connection, lake)
    job = next(
        (j for j in jobs.page(None, RECENT_JOBS).items if j.kind == "columns" and j.state in LIVE_STATES),
        None,
    )
    return b.ColumnsBody(
        items=[b.column_body(state) for state in found],
        most=columns.MOST_COLUMNS,
        job_id=job.job_id if job else None,
    )


# ---- shared


def _offer(
    request: Request, caller: Caller, wanted: Plan, base_version: int, note: str, how: str, *, save: bool
) -> b.PreviewBody:
    """The difference that a whole plan would make; with `save` it becomes the next version."""
    logic.checked(wanted)
    with _database(request).connect() as connection:
        shown = _preview(service.current(connection), wanted)
    if not save:
        return shown
    saved = _save(request, caller, lambda _: wanted, base_version, note, how)
    return shown.model_copy(update={"saved_version": saved.version})


def _save(
    request: Request, caller: Caller, change: service.Changing, base_version: int, note: str, how: str
) -> PlanVersion:
    with _database(request).begin() as tx:
        return _save_in(tx, _clock(request), caller, change, base_version, note, how)


def _save_in(
    tx: Connection,
    clock: Clock,
    caller: Caller,
    change: service.Changing,
    base_version: int,
    note: str,
    how: str,
) -> PlanVersion:
    before = service.current(tx)
    saved = service.save(
        tx, clock, change(before.plan), base_version=base_version, actor=caller.actor, note=note
    )
    if saved.version != before.version:
        changes = logic.difference(before.plan, saved.plan)
        record(
            tx, clock, actor=caller.actor, action="tracking.plan.save", object_kind="tracking_plan",
            object_id=str(saved.version), detail={"changes": len(changes), "how": how, "events": len(saved.plan.events)},
        )  # fmt: skip
    return saved


def _preview(now: PlanVersion, wanted: Plan) -> b.PreviewBody:
    changes = logic.difference(now.plan, wanted)
    properties = sum(len(e.properties) for e in wanted.events)
    return b.PreviewBody(
        base_version=now.version, changes=[b.change_body(c) for c in changes[:2000]], events=len(wanted.events),
        properties=properties,
    )  # fmt: skip


def _today(request: Request) -> int:
    return business_day(_clock(request).now_us(), app_part(request, "settings").zone)


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _clock(request: Request) -> Clock:
    found: Clock = app_part(request, "clock")
    return found
