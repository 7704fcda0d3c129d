"""Coverage and the list of events: planned against seen, by counting. Pure."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from weaktie.data.tracking.contracts import VIOLATIONS, Coverage, Gap, Plan, PlannedEvent, Share

OTHERS = "…"
"""The name under which properties beyond the counted ones stand."""
ANY = ""
"""The platform of a planned event that names none: it counts as seen wherever it is seen."""


@dataclass(frozen=True, slots=True)
class Window:
    """Business days from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Violation:
    """Events of one kind that differ from the plan in one way; `of` is how many such events there were in all."""

    event: str
    property: str
    kind: str
    platform: str
    app_version: str
    source: str
    events: int
    of: int
    sample: str


@dataclass(frozen=True, slots=True)
class Totals:
    """Events of a window, how many had at least one violation, and violations by kind."""

    events: int
    failed: int
    kinds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TraitViolation:
    """Updates of a property of people that differ from the plan in one way; `of` is all updates from that source."""

    property: str
    kind: str
    source: str
    updates: int
    of: int
    sample: str


@dataclass(frozen=True, slots=True)
class TraitReport:
    """Updates of people in a window, how many had at least one violation, how many groups there are, and the groups."""

    updates: int
    failed: int
    total: int
    items: tuple[TraitViolation, ...]


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the list: planned or not, where it was seen in the window, how often, how often wrong."""

    name: str
    planned: PlannedEvent | None
    seen_on: tuple[str, ...]
    last_day: int | None
    events: int
    failed: int
    missing: tuple[str, ...] = field(default=())

    @property
    def share(self) -> float | None:
        """Planned platforms seen ÷ planned platforms; None where it is not planned or not in use."""
        if self.planned is None or self.planned.status == "deprecated":
            return None
        planned = len(self.planned.platforms) or 1
        return (planned - len(self.missing)) / planned


def pairs(plan: Plan) -> list[tuple[str, str]]:
    """The (event, platform) pairs that should be seen; an event without platforms is one pair with ANY."""
    return [
        (event.name, platform)
        for event in plan.events
        if event.status != "deprecated"
        for platform in (event.platforms or (ANY,))
    ]


def event_rows(
    plan: Plan,
    ever: Sequence[tuple[str, str, int]],
    recent: Mapping[str, tuple[int, int]],
    window: Window,
) -> list[EventRow]:
    """Planned events in the plan's order, then the others by name. `ever` is (event, platform, last day)."""
    last: dict[str, dict[str, int]] = {}
    for met, platform, day in ever:
        last.setdefault(met, {})[platform] = day
    planned = {e.name: e for e in plan.events}
    names = [*planned, *sorted(set(last) - set(planned))]
    rows = []
    for name in names:
        days = last.get(name, {})
        now = {p for p, d in days.items() if window.first <= d}
        event = planned.get(name)
        wanted = (event.platforms or (ANY,)) if event and event.status != "deprecated" else ()
        missing = tuple(p for p in wanted if (not now if p == ANY else p not in now))
        count, failed = recent.get(name, (0, 0))
        rows.append(
            EventRow(
                name, event, tuple(sorted(p for p in now if p)), max(days.values(), default=None), count, failed, missing
            )
        )  # fmt: skip
    return rows


def coverage(
    plan: Plan,
    recent: Sequence[tuple[str, str, str, int]],
    last_days: Mapping[tuple[str, str], int],
    days: int,
) -> Coverage:
    """Seen pairs ÷ planned pairs. `recent` is (event, platform, app version, events) of the window.

    A version of a platform is held against the planned events of that platform.
    """
    wanted = pairs(plan)
    on: dict[str, set[str]] = {}
    versions: dict[tuple[str, str], dict[str, int]] = {}
    counts: dict[str, int] = {}
    for event, platform, version, events in recent:
        on.setdefault(platform, set()).add(event)
        on.setdefault(ANY, set()).add(event)
        counts[platform] = counts.get(platform, 0) + events
        if platform and version:
            found = versions.setdefault((platform, version), {})
            found[event] = found.get(event, 0) + events
    seen = [(e, p) for e, p in wanted if e in on.get(p, set())]
    by_platform = []
    for platform in dict.fromkeys(p for _, p in wanted):
        mine = [e for e, p in wanted if p == platform]
        gone = tuple(e for e in mine if e not in on.get(platform, set()))
        events = sum(counts.values()) if platform == ANY else counts.get(platform, 0)
        by_platform.append(Share(platform, "", len(mine), len(mine) - len(gone), events, gone))
    by_version = []
    for (platform, version), found in versions.items():
        mine = [e for e, p in wanted if p == platform]
        gone = tuple(e for e in mine if e not in found)
        by_version.append(
            Share(platform, version, len(mine), len(mine) - len(gone), sum(found.values()), gone)
        )
    by_version.sort(key=lambda s: (s.platform, -s.events, s.app_version))
    done = set(seen)
    missing = [Gap(e, p, _last(last_days, e, p)) for e, p in wanted if (e, p) not in done]
    return Coverage(days, len(wanted), len(seen), by_platform, by_version, missing)


def _last(last_days: Mapping[tuple[str, str], int], event: str, platform: str) -> int | None:
    if platform != ANY:
        return last_days.get((event, platform))
    return max((day for (e, _), day in last_days.items() if e == event), default=None)


# ---- the report as a file

CSV_COLUMNS = (
    "event", "property", "kind", "reason_zh", "reason_en", "platform", "app_version", "source", "events", "share", "sample",
)  # fmt: skip


def as_csv(rows: Sequence[Violation]) -> str:
    """The report for a spreadsheet; cells that it would run as formulas are neutralised."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        reason = VIOLATIONS[row.kind]
        cells = (
            row.event, row.property, row.kind, reason.zh, reason.en, row.platform, row.app_version, row.source,
        )  # fmt: skip
        share = f"{row.events / row.of:.4f}" if row.of else ""
        writer.writerow([*map(_neutral, cells), row.events, share, _neutral(row.sample)])
    return out.getvalue()


def _neutral(cell: str) -> str:
    risky = cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    return "'" + cell if risky else cell
