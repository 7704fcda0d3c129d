"""Rules of the alerts, on plain counts. Pure: the same counts and day give the same alerts."""

from collections.abc import Mapping
from dataclasses import dataclass

from weaktie.data.tracking.contracts import Plan
from weaktie.kit.words import Words

QUIET_DAYS = 2
"""An event is missed when it did not come for this many complete days, nor today,"""
USUAL_DAYS = 14
"""while in this many days before them"""
USUAL_AT_LEAST = 10
"""it came on at least so many days"""
USUAL_EVENTS = 5
"""and at least so often a day on average, over those days on which it came;"""
RECENT_DAYS = 2
"""A type has changed when, today and yesterday together,"""
BASE_DAYS = 28
"""against this many days before"""
FEWEST_VALUES = 20
"""with at least so many values in each,"""
USUAL_SHARE = 0.95
"""one type made up this share before"""
CHANGED_SHARE = 0.5
"""and another makes up this share now."""

RULES = {
    "new_event": Words(
        "首次出现且不在埋点方案中的事件。", "An event met for the first time that the plan does not have."
    ),
    "vanished": Words(
        f"此前 {USUAL_DAYS} 天中至少 {USUAL_AT_LEAST} 天有数据、且有数据的日子平均每天不少于 "
        f"{USUAL_EVENTS} 次的计划内事件，最近 {QUIET_DAYS} 个完整自然日及今天均未出现（同期仍有其他事件上报）。",
        f"A planned event that came on at least {USUAL_AT_LEAST} of {USUAL_DAYS} days, {USUAL_EVENTS} times a day "
        f"or more on those days, and not at all in the {QUIET_DAYS} complete days after them nor today, while others came.",
    ),
    "type_changed": Words(
        f"前 {BASE_DAYS} 天 {USUAL_SHARE:.0%} 以上为同一类型，而最近 {RECENT_DAYS} 天（含今天）另一类型占 "
        f"{CHANGED_SHARE:.0%} 以上，两段各不少于 {FEWEST_VALUES} 个值。",
        f"One type made up {USUAL_SHARE:.0%} or more for {BASE_DAYS} days, and another {CHANGED_SHARE:.0%} or "
        f"more in the last {RECENT_DAYS} (today included), with at least {FEWEST_VALUES} values in each.",
    ),
}  # fmt: skip
"""The rule of each kind of alert, in words."""

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Daily:
    """Counts that the rules look at: events by (event, day), values by (event, property, day, type), and what was met
    for the first time."""

    events: Mapping[str, Mapping[int, int]]
    values: Mapping[tuple[str, str], Mapping[int, Mapping[str, int]]]
    new: frozenset[str]


def due(plan: Plan, daily: Daily, today: int) -> dict[Key, dict[str, object]]:
    """What deserves an alert now: (kind, event, property) and the numbers that say so."""
    return _new(plan, daily) | _vanished(plan, daily, today) | _changed(daily, today)


def over(kind: str, event: str, plan: Plan, daily: Daily, today: int) -> bool:
    """Whether an alert that is no longer due is over by itself: a new event is once it is planned, a vanished one once
    it comes again or is planned no longer, a change of type once the new type is the usual one."""
    planned = plan.event(event)
    if kind == "new_event":
        return planned is not None
    if kind == "vanished":
        came = any(n for d, n in daily.events.get(event, {}).items() if today - QUIET_DAYS <= d <= today)
        return came or planned is None or planned.status == "deprecated"
    return True


def _new(plan: Plan, daily: Daily) -> dict[Key, dict[str, object]]:
    found: dict[Key, dict[str, object]] = {}
    for event in sorted(daily.new):
        if plan.event(event) is None:
            days = daily.events.get(event, {})
            found["new_event", event, ""] = {"events": sum(days.values())}
    return found


def _vanished(plan: Plan, daily: Daily, today: int) -> dict[Key, dict[str, object]]:
    quiet = range(today - QUIET_DAYS, today + 1)
    usual = range(today - QUIET_DAYS - USUAL_DAYS, today - QUIET_DAYS)
    # When nothing at all arrives, the pipe is broken and not one event: the health check tells that.
    if not any(days.get(d) for days in daily.events.values() for d in quiet[:-1]):
        return {}
    found: dict[Key, dict[str, object]] = {}
    for event in plan.events:
        days = daily.events.get(event.name, {})
        came = [days[d] for d in usual if days.get(d)]
        if event.status == "deprecated" or any(days.get(d) for d in quiet) or len(came) < USUAL_AT_LEAST:
            continue
        if sum(came) >= USUAL_EVENTS * len(came):
            last = max(d for d in usual if days.get(d))
            found["vanished", event.name, ""] = {
                "usual_days": len(came), "usual_events": round(sum(came) / len(came), 1), "last_day": last,
            }  # fmt: skip
    return found


def _changed(daily: Daily, today: int) -> dict[Key, dict[str, object]]:
    found: dict[Key, dict[str, object]] = {}
    for (event, prop), days in daily.values.items():
        now = _summed(days, today - RECENT_DAYS + 1, today)
        before = _summed(days, today - RECENT_DAYS + 1 - BASE_DAYS, today - RECENT_DAYS)
        if min(sum(now.values()), sum(before.values())) < FEWEST_VALUES:
            continue
        was, was_n = max(sorted(before.items()), key=lambda kn: kn[1])
        others = {k: n for k, n in now.items() if k != was}
        if was_n < USUAL_SHARE * sum(before.values()) or not others:
            continue
        becomes, n = max(sorted(others.items()), key=lambda kn: kn[1])
        if n >= CHANGED_SHARE * sum(now.values()):
            found["type_changed", event, prop] = {
                "before": was, "after": becomes, "before_share": round(was_n / sum(before.values()), 3),
                "after_share": round(n / sum(now.values()), 3), "values": sum(now.values()),
            }  # fmt: skip
    return found


def _summed(days: Mapping[int, Mapping[str, int]], first: int, last: int) -> dict[str, int]:
    """Values by type between two days; whole and broken numbers are one type, and what was put out has none."""
    found: dict[str, int] = {}
    for day, kinds in days.items():
        if first <= day <= last:
            for kind, n in kinds.items():
                if kind != "hidden":
                    name = "number" if kind == "integer" else kind
                    found[name] = found.get(name, 0) + n
    return found
