"""Rules of the plan: what a sound plan is, how two differ, what an observed property would be in it. Pure."""

from collections.abc import Iterable, Mapping, Sequence

from weaktie.data.tracking.contracts import BadPlan, Change, Plan, PlannedEvent, Property, Text
from weaktie.kit.words import Words

MOST_EVENTS = 2_000
MOST_PROPERTIES = 300
MOST_IN_ALL = 20_000
MOST_VALUES = 300
LONGEST_NAME = 255
LONGEST_TEXT = 1_000
LONGEST_OWNER = 120
NUMERIC = ("integer", "number")
AMOUNTS = ("total", "revenue", "value", "amount")
"""Names that the one column of amounts may have been sent under."""


def checked(plan: Plan) -> Plan:
    """The plan when every rule holds; raises BadPlan with the place of the first breach."""
    if len(plan.events) > MOST_EVENTS:
        raise _bad(
            "too_many_events", f"最多 {MOST_EVENTS} 个事件。", f"At most {MOST_EVENTS} events.", "events"
        )
    _unique([e.name for e in plan.events], "events")
    for event in plan.events:
        place = f"events.{event.name[:80]}"
        _name(event.name, place)
        _text(event.label, place)
        _text(event.about, place)
        _plain(event.owner, LONGEST_OWNER, f"{place}.owner")
        _unique(event.platforms, f"{place}.platforms")
        _unique(event.purposes, f"{place}.purposes")
        _properties(event.properties, place)
    if sum(len(e.properties) for e in plan.events) > MOST_IN_ALL:
        raise _bad(
            "too_many_properties", f"事件属性合计最多 {MOST_IN_ALL} 个。", f"At most {MOST_IN_ALL} properties in all.", "events"
        )  # fmt: skip
    _properties(plan.common, "common")
    _properties(plan.user_properties, "user_properties")
    return plan


def _properties(properties: Sequence[Property], place: str) -> None:
    if len(properties) > MOST_PROPERTIES:
        raise _bad(
            "too_many_properties", f"最多 {MOST_PROPERTIES} 个属性。", f"At most {MOST_PROPERTIES} properties.", place
        )  # fmt: skip
    _unique([p.name for p in properties], place)
    for prop in properties:
        here = f"{place}.{prop.name[:80]}"
        _name(prop.name, here)
        _text(prop.label, here)
        _text(prop.about, here)
        _unique(prop.values, f"{here}.values")
        if (prop.type == "enum") != bool(prop.values) or len(prop.values) > MOST_VALUES:
            raise _bad(
                "bad_values", f"枚举需要 1 到 {MOST_VALUES} 个取值，其他类型不能有取值。",
                f"An enum has 1 to {MOST_VALUES} values; other types have none.", f"{here}.values",
            )  # fmt: skip
        for value in prop.values:
            _plain(value, LONGEST_NAME, f"{here}.values")


def _name(name: str, place: str) -> None:
    _plain(name, LONGEST_NAME, place)
    if not name or name != name.strip():
        raise _bad(
            "bad_plan_name", "名称不能为空，首尾不能有空格。", "A name is not empty and has no space around it.", place
        )  # fmt: skip


def _text(text: Text, place: str) -> None:
    _plain(text.zh, LONGEST_TEXT, place)
    _plain(text.en, LONGEST_TEXT, place)


def _plain(text: str, longest: int, place: str) -> None:
    if len(text) > longest or any(
        (ord(c) < 32 and c not in "\n\t") or 0xD800 <= ord(c) <= 0xDFFF for c in text
    ):
        raise _bad(
            "bad_plan_text", f"文本最长 {longest} 个字符，且不能含控制字符。",
            f"A text has at most {longest} characters and no control characters.", place,
        )  # fmt: skip


def _unique(names: Iterable[str], place: str) -> None:
    met: set[str] = set()
    for name in names:
        if name in met:
            raise _bad("named_twice", "名称重复。", "The name stands there twice.", f"{place}.{name[:80]}")
        met.add(name)


def _bad(code: str, zh: str, en: str, place: str) -> BadPlan:
    return BadPlan(code, Words(zh, en), place=place)


# ---- what belongs to what


def column_name(name: str, slots: Mapping[str, str]) -> str:
    """Under which name the lake keeps a property: spellings of one column are one (`productId` is `product_id`)."""
    kept = slots.get(name, name)
    if kept in AMOUNTS:
        return "amount"
    return "sharer_id" if kept in ("referrer_id", "inviter_id") else kept


def merged(plan: Plan, other: Plan) -> Plan:
    """The plan with what the other says on top: events and properties of the same name are replaced by the other's."""
    return Plan(
        _over(plan.common, other.common),
        _over(plan.user_properties, other.user_properties),
        tuple({e.name: e for e in (*plan.events, *other.events)}.values()),
    )


def _over(mine: Sequence[Property], others: Sequence[Property]) -> tuple[Property, ...]:
    return tuple({p.name: p for p in (*mine, *others)}.values())


def with_event(plan: Plan, name: str | None, event: PlannedEvent | None) -> Plan:
    """The plan where the event called `name` is replaced by `event`; None adds, respectively takes out."""
    events = list(plan.events)
    place = next((i for i, e in enumerate(events) if e.name == name), None)
    if place is None:
        events += [event] if event is not None else []
    elif event is None:
        del events[place]
    else:
        events[place] = event
    return Plan(plan.common, plan.user_properties, tuple(events))


# ---- differences

_EVENT_FIELDS = ("label", "about", "status", "owner", "platforms", "purposes")
_PROPERTY_FIELDS = ("type", "label", "about", "required", "values")


def difference(before: Plan, after: Plan) -> list[Change]:
    """What changed, by names, in the order of the newer plan, what was taken out last."""
    found = _property_changes("common", "", before.common, after.common)
    found += _property_changes("user_properties", "", before.user_properties, after.user_properties)
    old = {e.name: e for e in before.events}
    new = {e.name: e for e in after.events}
    for name, event in new.items():
        was = old.get(name)
        if was is None:
            found.append(Change("added", "event", name, "", "", "", str(len(event.properties))))
            continue
        found += [
            Change("changed", "event", name, "", f, shown(getattr(was, f)), shown(getattr(event, f)))
            for f in _EVENT_FIELDS
            if getattr(was, f) != getattr(event, f)
        ]
        found += _property_changes("event", name, was.properties, event.properties)
    found += [
        Change("removed", "event", name, "", "", str(len(event.properties)), "")
        for name, event in old.items()
        if name not in new
    ]
    return found


def _property_changes(
    part: str, event: str, before: Sequence[Property], after: Sequence[Property]
) -> list[Change]:
    old, new = {p.name: p for p in before}, {p.name: p for p in after}
    found = []
    for name, prop in new.items():
        was = old.get(name)
        if was is None:
            found.append(Change("added", part, event, name, "", "", prop.type))  # type: ignore[arg-type]
        else:
            found += [
                Change("changed", part, event, name, f, shown(getattr(was, f)), shown(getattr(prop, f)))  # type: ignore[arg-type]
                for f in _PROPERTY_FIELDS
                if getattr(was, f) != getattr(prop, f)
            ]
    gone = [Change("removed", part, event, n, "", p.type, "") for n, p in old.items() if n not in new]  # type: ignore[arg-type]
    return [*found, *gone]


def shown(value: object) -> str:
    """A value of the plan as one line."""
    if isinstance(value, Text):
        return " / ".join(part for part in (value.zh, value.en) if part)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)


# ---- from data


def inferred_type(counts: Mapping[str, int]) -> str:
    """The plan's type for observed ones: the one all values fit, else text."""
    types = {t for t, n in counts.items() if n and t != "hidden"}
    if types <= {"integer"} and types:
        return "integer"
    if types <= set(NUMERIC) and types:
        return "number"
    if len(types) == 1:
        (only,) = types
        return only if only in ("text", "money", "boolean", "time", "list") else "text"
    return "text"
