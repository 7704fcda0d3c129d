"""Shapes of the HTTP answers and requests of the tracking plan."""

from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.tracking import contracts as c
from weaktie.data.tracking.columns import ColumnState
from weaktie.data.tracking.report import EventRow, TraitViolation, Violation
from weaktie.data.tracking.watch import RULES
from weaktie.kit.clock import day_to_date, to_iso
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.store.lake.contracts import PromotedType

PropertyType = c.PropertyType
Note = Annotated[PlainText, Field(max_length=200)]


class TextBody(BaseModel):
    """A text of the plan in both languages; either may be empty."""

    model_config = ConfigDict(extra="forbid")

    zh: Annotated[str, Field(max_length=1000)] = ""
    en: Annotated[str, Field(max_length=1000)] = ""


class PropertyBody(BaseModel):
    """A planned property."""

    model_config = ConfigDict(extra="forbid")

    name: str
    type: c.PropertyType = "text"
    label: TextBody = TextBody()
    about: TextBody = TextBody()
    required: bool = False
    values: list[str] = []


class PlannedEventBody(BaseModel):
    """A planned event."""

    model_config = ConfigDict(extra="forbid")

    name: str
    label: TextBody = TextBody()
    about: TextBody = TextBody()
    status: c.Status = "active"
    owner: str = ""
    platforms: list[c.Platform] = []
    purposes: list[c.PurposeName] = []
    properties: list[PropertyBody] = []


class PlanBody(BaseModel):
    """The plan and which version of it this is; version 0 was never saved."""

    version: int
    saved_time: str | None
    actor: str
    note: str
    common: list[PropertyBody]
    user_properties: list[PropertyBody]
    events: list[PlannedEventBody]


class VersionBody(BaseModel):
    """One saved version."""

    version: int
    saved_time: str
    actor: str
    note: str


class ChangeBody(BaseModel):
    """One difference between two plans."""

    kind: Literal["added", "removed", "changed"]
    part: Literal["event", "common", "user_properties"]
    event: str
    property: str
    field: str
    before: str
    after: str


class BadCellBody(BaseModel):
    """A cell of a workbook that cannot be read."""

    sheet: str
    row: int
    column: str
    code: str
    message: WordsBody
    cell: str


class PreviewBody(BaseModel):
    """What an import would change; nothing was saved unless `saved_version` says so."""

    base_version: int
    changes: list[ChangeBody]
    events: int
    properties: int
    renamed: dict[str, str] = {}
    bad: list[BadCellBody] = []
    sheets: list[str] = []
    saved_version: int | None = None


class EventRequest(BaseModel):
    """One event to keep: `name` is what it is called now (null: a new one), `event` what it becomes (null: take it out)."""

    base_version: int
    name: str | None
    event: PlannedEventBody | None
    note: Note = ""


class SharedRequest(BaseModel):
    """The properties that every event may carry and those of people, to replace the present ones."""

    base_version: int
    common: list[PropertyBody]
    user_properties: list[PropertyBody]
    note: Note = ""


class YamlRequest(BaseModel):
    """A plan as YAML. Without `save` only the difference is told."""

    base_version: int
    text: str
    save: bool = False
    note: Note = ""


class BaseRequest(BaseModel):
    """A change of the plan that needs nothing but the version it starts from."""

    base_version: int


class RestoreRequest(BaseRequest):
    """An older version to become the newest."""

    version: int


class AdoptRequest(BaseRequest):
    """An event that was seen, to be planned as it was seen."""

    event: str


class EventRowBody(BaseModel):
    """One event of the list, planned or only seen."""

    name: str
    label: WordsBody
    planned: bool
    status: str
    owner: str
    platforms: list[str]
    seen_on: list[str]
    missing: list[str]
    coverage: float | None
    properties: int
    last_day: str | None
    events: int
    failed: int


class ObservedBody(BaseModel):
    """A property as it was seen: of which types its values were, and what it would be planned as."""

    name: str
    types: dict[str, int]
    inferred: c.PropertyType


class EventDetailBody(BaseModel):
    """One event: its plan, and what came."""

    name: str
    plan: PlannedEventBody | None
    row: EventRowBody
    observed: list[ObservedBody]


class ShareBody(BaseModel):
    """Planned and seen events of one platform, or of one version of it."""

    platform: str
    app_version: str
    planned: int
    seen: int
    share: float | None
    events: int
    missing: list[str]


class GapBody(BaseModel):
    """A planned event that a platform did not send."""

    event: str
    label: WordsBody
    platform: str
    last_day: str | None


class CoverageBody(BaseModel):
    """Coverage of a window and its parts; `goal` is the share to reach."""

    days: int
    goal: float
    planned: int
    seen: int
    share: float | None
    platforms: list[ShareBody]
    versions: list[ShareBody]
    missing: list[GapBody]


class ReportQuery(BaseModel):
    """Which part of the report is asked for."""

    days: Annotated[int, Field(ge=1, le=400)] = 7
    event: str | None = None
    property: str | None = None
    kind: str | None = None
    platform: str | None = None
    app_version: str | None = None
    source: str | None = None

    def wanted(self) -> dict[str, str | None]:
        """The filters by column."""
        return self.model_dump(exclude={"days"})


class ViolationBody(BaseModel):
    """Events that differ from the plan in one way; `share` is of all events of that name, platform, version and source."""

    event: str
    property: str
    kind: str
    message: WordsBody
    platform: str
    app_version: str
    source: str
    events: int
    share: float | None
    sample: str


class ViolationsBody(BaseModel):
    """The report of a window: how many events were checked, how many failed, and how."""

    days: int
    events: int
    failed: int
    kinds: dict[str, int]
    items: list[ViolationBody]
    total: int


class TraitBody(BaseModel):
    """Updates of a property of people that differ from the plan in one way; `share` is of all updates from the source."""

    property: str
    kind: str
    message: WordsBody
    source: str
    updates: int
    share: float | None
    sample: str


class TraitsBody(BaseModel):
    """The report of people's properties: how many are planned, how many updates were checked, how many failed, and how."""

    days: int
    planned: int
    updates: int
    failed: int
    items: list[TraitBody]
    total: int


class AlertBody(BaseModel):
    """One alert; `detail` holds the numbers that raised it, `rule` says the rule."""

    alert_id: int
    kind: str
    message: WordsBody
    rule: WordsBody
    event: str
    property: str
    state: str
    detail: dict[str, str | int | float]
    raised_time: str
    changed_time: str
    actor: str


class AlertsBody(BaseModel):
    """Alerts, the newest first, and how many are open."""

    items: list[AlertBody]
    open: int


class AlertRequest(BaseModel):
    """Where an alert moves."""

    state: Literal["open", "acknowledged", "muted", "resolved"]


class StateBody(BaseModel):
    """How far the check is: its last time, open alerts, and files that were held against an older plan."""

    checked_time: str | None
    plan_version: int
    stale_files: int
    open_alerts: int


class RecheckRequest(BaseModel):
    """How many days to check again."""

    days: Annotated[int, Field(ge=1, le=400)] = 30


class RecheckBody(BaseModel):
    """The job that checks again."""

    job_id: str


class ColumnBody(BaseModel):
    """A property that is a typed column. `event` is empty where it is of all events, `share` is of the rows of history.

    `values` counts rows with a value, `misfits` those whose value did not fit the type and so is null.
    """

    column_id: int
    name: str
    type: PromotedType
    property: str
    event: str
    state: Literal["filling", "ready"]
    share: float
    values: int
    misfits: int
    promoted_time: str
    actor: str


class ColumnsBody(BaseModel):
    """Every promoted property, how many there may be, and the job that is filling history now."""

    items: list[ColumnBody]
    most: int
    job_id: str | None


class PromoteRequest(BaseModel):
    """A planned property to promote, of one event or (empty) of all; without a type the plan's, without a name ours."""

    model_config = ConfigDict(extra="forbid")

    property: Annotated[str, Field(max_length=255)]
    event: Annotated[str, Field(max_length=255)] = ""
    type: Annotated[str, Field(max_length=16)] | None = None
    name: Annotated[str, Field(max_length=255)] | None = None


def plan_of(body: PlannedEventBody) -> c.PlannedEvent:
    """The event as the plan keeps it."""
    return msgspec.convert(body.model_dump(), c.PlannedEvent)


def properties_of(bodies: list[PropertyBody]) -> tuple[c.Property, ...]:
    """Properties as the plan keeps them."""
    return tuple(msgspec.convert(b.model_dump(), c.Property) for b in bodies)


def event_body(event: c.PlannedEvent) -> PlannedEventBody:
    """A planned event for the wire."""
    return PlannedEventBody.model_validate(msgspec.to_builtins(event))


def plan_body(saved: c.PlanVersion) -> PlanBody:
    """A version with its plan for the wire."""
    plain = msgspec.to_builtins(saved.plan)
    return PlanBody.model_validate(
        {"common": [], "user_properties": [], "events": []} | plain
        | {"version": saved.version, "saved_time": None if saved.saved_us is None else to_iso(saved.saved_us),
           "actor": saved.actor, "note": saved.note}
    )  # fmt: skip


def change_body(change: c.Change) -> ChangeBody:
    """A difference for the wire."""
    return ChangeBody(
        kind=change.kind, part=change.part, event=change.event, property=change.property, field=change.field,
        before=change.before[:300], after=change.after[:300],
    )  # fmt: skip


def label_of(plan: c.Plan | None, name: str, event: c.PlannedEvent | None = None) -> WordsBody:
    """An event's display name in both languages; what is not written falls back on the other, then on the name."""
    event = event or (plan.event(name) if plan is not None else None)
    zh, en = (event.label.zh, event.label.en) if event is not None else ("", "")
    return WordsBody(zh=zh or en or name, en=en or name)


def row_body(row: EventRow) -> EventRowBody:
    """A row of the list for the wire."""
    event = row.planned
    return EventRowBody(
        name=row.name, label=label_of(None, row.name, event), planned=event is not None,
        status=event.status if event else "unplanned", owner=event.owner if event else "",
        platforms=list(event.platforms) if event else [], seen_on=list(row.seen_on), missing=list(row.missing),
        coverage=row.share, properties=len(event.properties) if event else 0, last_day=day_text(row.last_day),
        events=row.events, failed=row.failed,
    )  # fmt: skip


def share_body(share: c.Share) -> ShareBody:
    """Coverage of a platform or version for the wire."""
    return ShareBody(
        platform=share.platform, app_version=share.app_version, planned=share.planned, seen=share.seen,
        share=share.share, events=share.events, missing=list(share.missing),
    )  # fmt: skip


def violation_body(found: Violation) -> ViolationBody:
    """A row of the report for the wire."""
    return ViolationBody(
        event=found.event, property=found.property, kind=found.kind, message=words_body(c.VIOLATIONS[found.kind]),
        platform=found.platform, app_version=found.app_version, source=found.source, events=found.events,
        share=found.events / found.of if found.of else None, sample=found.sample,
    )  # fmt: skip


def trait_body(found: TraitViolation) -> TraitBody:
    """A row of the report of people's properties for the wire."""
    return TraitBody(
        property=found.property, kind=found.kind, message=words_body(c.VIOLATIONS[found.kind]), source=found.source,
        updates=found.updates, share=found.updates / found.of if found.of else None, sample=found.sample,
    )  # fmt: skip


def day_text(day: int | None) -> str | None:
    """A business day as a date."""
    return None if day is None else day_to_date(day).isoformat()


def alert_body(alert: c.Alert) -> AlertBody:
    """An alert for the wire."""
    detail = {k: v for k, v in alert.detail.items() if isinstance(v, str | int | float)}
    if isinstance(last := detail.get("last_day"), int):
        detail["last_day"] = day_text(last) or ""
    return AlertBody(
        alert_id=alert.alert_id, kind=alert.kind, message=words_body(c.ALERTS[alert.kind]), rule=words_body(RULES[alert.kind]),
        event=alert.event, property=alert.property, state=alert.state, detail=detail,
        raised_time=to_iso(alert.raised_us), changed_time=to_iso(alert.changed_us), actor=alert.actor,
    )  # fmt: skip


def column_body(state: ColumnState) -> ColumnBody:
    """A promoted column for the wire."""
    column = state.column
    return ColumnBody(
        column_id=column.column_id, name=column.name, type=column.type, property=column.property, event=column.event,
        state="ready" if state.is_ready else "filling", share=state.share, values=state.values, misfits=state.misfits,
        promoted_time=to_iso(column.made_us), actor=column.made_by,
    )  # fmt: skip
