"""The tracking plan as callers see it: planned events, what was found wrong, and the errors of both."""

from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec

from weaktie.kit.clock import Clock
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Lake

PropertyType = Literal["text", "integer", "number", "money", "boolean", "time", "list", "enum"]
PROPERTY_TYPES: dict[str, Words] = {
    "text": Words("文本", "Text"),
    "integer": Words("整数", "Integer"),
    "number": Words("数值", "Number"),
    "money": Words("金额", "Money"),
    "boolean": Words("布尔", "Boolean"),
    "time": Words("时间", "Time"),
    "list": Words("列表", "List"),
    "enum": Words("枚举", "One of a list"),
}
Platform = Literal["web", "iOS", "Android", "mini_program", "HarmonyOS", "server"]
PLATFORMS: dict[str, Words] = {
    "web": Words("网页", "Web"),
    "iOS": Words("iOS", "iOS"),
    "Android": Words("Android", "Android"),
    "mini_program": Words("小程序", "Mini program"),
    "HarmonyOS": Words("鸿蒙", "HarmonyOS"),
    "server": Words("服务端", "Server"),
}
Status = Literal["planned", "active", "deprecated"]
STATUSES: dict[str, Words] = {
    "planned": Words("待埋点", "Planned"),
    "active": Words("生效中", "Active"),
    "deprecated": Words("已停用", "Deprecated"),
}
PurposeName = Literal["analytics", "personalisation", "marketing", "social"]
ViolationKind = Literal[
    "unplanned_event", "unplanned_property", "missing_required", "wrong_type", "not_in_enum",
    "unexpected_platform",
]  # fmt: skip
VIOLATIONS: dict[str, Words] = {
    "unplanned_event": Words("方案外事件", "event is not in the plan"),
    "unplanned_property": Words("方案外属性", "property is not in the plan"),
    "missing_required": Words("缺少必填属性", "required property is missing"),
    "wrong_type": Words("属性类型不符", "value has another type"),
    "not_in_enum": Words("取值不在枚举内", "value is not one of the list"),
    "unexpected_platform": Words("非预期平台", "platform is not expected"),
}
AlertKind = Literal["new_event", "vanished", "type_changed"]
AlertState = Literal["open", "acknowledged", "muted", "resolved"]
ALERTS: dict[str, Words] = {
    "new_event": Words("出现方案外的新事件", "A new event that is not in the plan"),
    "vanished": Words("计划内事件消失", "A planned event vanished"),
    "type_changed": Words("属性类型变化", "A property changed its type"),
}
COVERAGE_GOAL = 0.8
"""Share of planned (event, platform) pairs that should be seen: the plan's own goal."""


class Text(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A text of the plan in both languages; either may be empty while somebody has not written it yet."""

    zh: str = ""
    en: str = ""


class Property(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A planned property. `values` are the allowed ones of an enum, as texts."""

    name: str
    type: PropertyType = "text"
    label: Text = Text()
    about: Text = Text()
    required: bool = False
    values: tuple[str, ...] = ()


class PlannedEvent(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A planned event. No platform means that it may come from any; no purpose means that nobody said what for."""

    name: str
    label: Text = Text()
    about: Text = Text()
    status: Status = "active"
    owner: str = ""
    platforms: tuple[Platform, ...] = ()
    purposes: tuple[PurposeName, ...] = ()
    properties: tuple[Property, ...] = ()


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The whole plan. `common` are properties that every event may carry, `user_properties` those of people."""

    common: tuple[Property, ...] = ()
    user_properties: tuple[Property, ...] = ()
    events: tuple[PlannedEvent, ...] = ()

    def event(self, name: str) -> PlannedEvent | None:
        """The planned event of that name."""
        return next((e for e in self.events if e.name == name), None)


EMPTY = Plan()


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One saved version of the plan; version 0 is the empty plan before anything was saved."""

    version: int
    plan: Plan
    saved_us: int | None
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two plans. `event` is empty for common and user properties, `field` for whole things."""

    kind: Literal["added", "removed", "changed"]
    part: Literal["event", "common", "user_properties"]
    event: str
    property: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BadCell:
    """A row of a workbook that cannot be read: where, and why. `column` is the column's letter."""

    sheet: str
    row: int
    column: str
    code: str
    words: Words
    cell: str


@dataclass(frozen=True, slots=True)
class ReadWorkbook:
    """What a workbook says: a plan of its own, names that were changed to ours, and cells that cannot be read."""

    plan: Plan
    renamed: dict[str, str]
    bad: list[BadCell]
    sheets: list[str]


@dataclass(frozen=True, slots=True)
class Checked:
    """What one run of the check did."""

    files_checked: int
    files_dropped: int
    rows: int
    caught_up: bool
    alerts_raised: int = 0
    alerts_resolved: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert and where it stands; `detail` holds the numbers that raised it."""

    alert_id: int
    kind: str
    event: str
    property: str
    state: str
    detail: dict[str, object]
    raised_us: int
    changed_us: int
    actor: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A planned event that a platform (and, where given, an app version) did not send in the window."""

    event: str
    platform: str
    last_day: int | None


@dataclass(frozen=True, slots=True)
class Share:
    """Planned against seen, of one platform or one version of it; `missing` names what was not seen."""

    platform: str
    app_version: str
    planned: int
    seen: int
    events: int
    missing: tuple[str, ...] = ()

    @property
    def share(self) -> float | None:
        """Seen ÷ planned; None where nothing is planned."""
        return self.seen / self.planned if self.planned else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """Coverage of the last `days` business days: seen (event, platform) pairs ÷ planned ones."""

    days: int
    planned: int
    seen: int
    platforms: list[Share] = field(default_factory=list)
    versions: list[Share] = field(default_factory=list)
    missing: list[Gap] = field(default_factory=list)

    @property
    def share(self) -> float | None:
        """Seen ÷ planned; None where nothing is planned."""
        return self.seen / self.planned if self.planned else None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the check works with."""

    database: Database
    lake: Lake
    clock: Clock
    settings: Settings


class Progress(Protocol):
    """How long work tells how far it is."""

    def __call__(self, share: float, step: Words, /) -> None: ...


class BadPlan(Refused):
    """The plan breaks a rule; `place` says where in it."""

    status = 422


class BadYaml(Refused):
    """The YAML cannot be read; `place` is the line and column."""

    status = 422


class BadWorkbook(Refused):
    """The workbook as a whole cannot be read; single rows are never refused this way."""

    status = 422


class PlanChanged(Conflict):
    """Somebody saved another version meanwhile."""

    def __init__(self, now: int) -> None:
        super().__init__(
            "plan_changed",
            Words(
                f"方案已被他人修改（现为第 {now} 版），请刷新后重试。",
                f"Somebody saved version {now} of the plan meanwhile; reload and try again.",
            ),
            place="base_version",
        )


class NoSuchVersion(NotFound):
    """The plan has no version of that number."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_version", Words("没有这个版本。", "There is no such version."), place="version"
        )


class NoSuchEvent(NotFound):
    """Neither planned nor seen."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_event",
            Words("方案与数据中都没有这个事件。", "The event is neither planned nor seen."),
            place="event",
        )


class NoSuchAlert(NotFound):
    """The alert id is not known."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_alert", Words("没有这条预警。", "There is no such alert."), place="alert_id"
        )


class NotInPlan(NotFound):
    """What is to be promoted is not in the tracking plan; `place` is event or property."""

    def __init__(self, place: str, name: str) -> None:
        what = Words("事件", "event") if place == "event" else Words("属性", "property")
        super().__init__(
            "not_in_plan",
            Words(
                f"{what.zh} {name[:80]} 不在埋点方案中。",
                f"The {what.en} {name[:80]} is not in the tracking plan.",
            ),
            place=place,
        )


class BadColumn(Refused):
    """A property that cannot be promoted so: its name, its type, or because it has a column of its own."""

    status = 422


class AlreadyPromoted(Conflict):
    """The property of that event is a column already."""

    def __init__(self, name: str) -> None:
        super().__init__(
            "already_promoted",
            Words(f"属性 {name[:80]} 已升为列。", f"{name[:80]} is a column already."),
            place="property",
        )


class TooManyColumns(Conflict):
    """As many properties as may be are promoted."""

    def __init__(self, most: int) -> None:
        super().__init__(
            "too_many_columns",
            Words(f"最多升为 {most} 列，请先撤回不用的列。", f"At most {most} columns; take one back first."),
            place="property",
        )
