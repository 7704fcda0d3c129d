"""Reading a rule: its shape, its limits, and whether its tags, segments and days exist. Errors name the place."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec

from weaktie.data.segments.contracts import (
    DEEPEST,
    MOST_DAYS,
    MOST_LEAVES,
    MOST_MINUTES,
    MOST_STEPS,
    MOST_VALUES,
    MOST_WHERE,
    All,
    BadRule,
    Behind,
    Did,
    InOrder,
    InRfm,
    InSegment,
    Rule,
    RuleTooLarge,
    Some,
    Step,
    TagBook,
    TagInfo,
    TagIs,
    Tied,
    Where,
    Without,
)
from weaktie.kit.words import Words

EPOCH = date(1970, 1, 1)
LONGEST_TEXT = 200
LONGEST_QUERY = 8_000
_MOST_PARTS = 200
_NO_VALUE = {"set", "unset"}
_MANY_VALUES = {"in", "not_in"}
_OPS = {
    "text": {"eq", "ne", "in", "not_in", "contains", "set", "unset"},
    "number": {"eq", "ne", "in", "not_in", "gt", "ge", "lt", "le", "between", "set", "unset"},
    "bool": {"eq", "ne", "set", "unset"},
}
_OPS["money"] = _OPS["number"]
_OPS["day"] = _OPS["number"] - {"in", "not_in"}
_DECODER: msgspec.json.Decoder[Rule] = msgspec.json.Decoder(Rule)


def read(raw: object) -> Rule:
    """A rule from what a request holds; raises BadRule with the place."""
    try:
        return _DECODER.decode(msgspec.json.encode(raw))
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        said, _, place = str(error).partition(" - at `")
        place = "rule" + place.rstrip("`").removeprefix("$")
        raise BadRule(
            place[:120], Words(f"规则无法识别：{said}。", f"The rule cannot be read: {said}.")
        ) from None


def decode(text: str) -> Rule:
    """A stored rule."""
    return _DECODER.decode(text)


def encode(rule: Rule) -> str:
    """A rule as it is stored."""
    return msgspec.json.encode(rule).decode()


def as_json(rule: Rule) -> dict[str, Any]:
    """A rule as requests and answers hold it."""
    found: dict[str, Any] = msgspec.json.decode(encode(rule))
    return found


def walk(rule: Rule, place: str = "rule", depth: int = 1) -> Iterator[tuple[str, int, Rule]]:
    """Every part with its place and its depth, from the outside in."""
    yield place, depth, rule
    if isinstance(rule, All | Some):
        for number, part in enumerate(rule.of):
            yield from walk(part, f"{place}.of[{number}]", depth + 1)
    elif isinstance(rule, Without):
        yield from walk(rule.of, f"{place}.of", depth + 1)


def referred(rule: Rule) -> Iterator[tuple[str, str]]:
    """(place, segment id) of every segment that a rule stands on."""
    for place, _, part in walk(rule):
        named: str | None = part.segment if isinstance(part, InSegment | Tied) else None
        if named is not None:
            yield f"{place}.segment", named
        elif isinstance(part, Behind):
            yield from ((f"{place}.query", found) for found in _named_in(part.query))


def _named_in(query: object) -> Iterator[str]:
    """Segments in a query of people, however deep: charts are narrowed by segments, too."""
    if isinstance(query, Mapping):
        for name, value in query.items():
            if name == "segment_id" and isinstance(value, str):
                yield value
            elif name in ("segments", "segment_ids") and isinstance(value, list):
                yield from (v for v in value if isinstance(v, str))
            else:
                yield from _named_in(value)
    elif isinstance(query, list):
        for one in query:
            yield from _named_in(one)


def has_events(rule: Rule) -> bool:
    """Whether the rule asks for events, which are many."""
    return any(isinstance(part, Did | InOrder) for _, _, part in walk(rule))


def check(rule: Rule, tags: TagBook) -> None:
    """Raises BadRule or RuleTooLarge where the rule cannot be computed. Segments and people are checked by who knows them."""
    leaves = 0
    for number, (place, depth, part) in enumerate(walk(rule)):
        if depth > DEEPEST or number >= _MOST_PARTS:
            raise RuleTooLarge(
                place,
                Words(f"条件嵌套最多 {DEEPEST} 层。", f"Conditions may be nested {DEEPEST} levels deep."),
            )
        if isinstance(part, All | Some | Without):
            continue
        leaves += 1
        if leaves > MOST_LEAVES:
            raise RuleTooLarge(
                place, Words(f"最多 {MOST_LEAVES} 个条件。", f"At most {MOST_LEAVES} conditions.")
            )
        _check_leaf(part, place, tags)


def _check_leaf(part: Rule, place: str, tags: TagBook) -> None:
    if isinstance(part, TagIs):
        info = tags.tag(part.tag)
        if info is None:
            raise BadRule(
                f"{place}.tag", Words(f"没有标签 {part.tag[:64]}。", f"There is no tag {part.tag[:64]}.")
            )
        _check_tag(part, info, place)
    elif isinstance(part, Did):
        _check_event(part.event, part.where, place)
        _check_times(part, place)
        days_of(part, 0, place)
    elif isinstance(part, InOrder):
        _check_order(part, place)
    elif isinstance(part, Tied):
        if (part.segment is None) == (part.user is None):
            raise BadRule(place, Words("请选择一个分群或一个用户。", "Choose a segment or one person."))
    elif isinstance(part, InRfm):
        if not (part.r or part.f or part.m or part.classes or part.tiers):
            raise BadRule(place, Words("请选择至少一个 RFM 等级。", "Choose at least one RFM level."))
    elif isinstance(part, Behind) and len(msgspec.json.encode(part.query)) > LONGEST_QUERY:
        raise RuleTooLarge(f"{place}.query", Words("人群查询过长。", "The query of people is too long."))


def _check_tag(part: TagIs, info: TagInfo, place: str) -> None:
    if part.op not in _OPS[info.type]:
        raise BadRule(
            f"{place}.op",
            Words(
                f"标签“{info.words.zh}”不支持该比较。", f"The tag “{info.words.en}” takes no such comparison."
            ),
        )
    _check_count(part.op, part.values, f"{place}.values")
    for number, value in enumerate(part.values):
        at = f"{place}.values[{number}]"
        if info.type == "text":
            good = isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT
        elif info.type == "bool":
            good = isinstance(value, bool)
        elif info.type == "day":
            good = isinstance(value, str)
            day_of(str(value), at)
        else:
            good = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**53
        if not good:
            raise BadRule(
                at,
                Words(
                    f"“{info.words.zh}”的值类型不对。", f"A value of “{info.words.en}” is of another type."
                ),
            )


def _check_count(op: str, values: tuple[Any, ...], place: str) -> None:
    if op in _NO_VALUE:
        good = not values
    elif op in _MANY_VALUES:
        good = 0 < len(values) <= MOST_VALUES
    else:
        good = len(values) == (2 if op == "between" else 1)
    if not good:
        raise BadRule(place, Words("值的个数不对。", "There are too many or too few values."))


def _check_event(event: str, where: tuple[Where, ...], place: str) -> None:
    if len(event) > LONGEST_TEXT:
        raise BadRule(f"{place}.event", Words("事件名过长。", "The name of the event is too long."))
    if len(where) > MOST_WHERE:
        raise RuleTooLarge(
            f"{place}.where",
            Words(
                f"每个事件最多 {MOST_WHERE} 个属性条件。", f"At most {MOST_WHERE} conditions on one event."
            ),
        )
    for number, one in enumerate(where):
        at = f"{place}.where[{number}]"
        if not re.fullmatch(r".{1,255}", one.property):
            raise BadRule(f"{at}.property", Words("请选择属性。", "Choose a property."))
        _check_count(one.op, one.values, f"{at}.values")
        if any(isinstance(v, str) and len(v) > LONGEST_TEXT for v in one.values):
            raise BadRule(f"{at}.values", Words("值过长。", "A value is too long."))


def _check_times(part: Did, place: str) -> None:
    bounds = [n for n in (part.least, part.most) if n is not None]
    if not bounds or any(not 0 <= n <= 1_000_000 for n in bounds):
        raise BadRule(f"{place}.least", Words("请填写次数。", "Say how many times."))
    if part.least is not None and part.most is not None and part.least > part.most:
        raise BadRule(f"{place}.most", Words("最多次数小于最少次数。", "At most is less than at least."))


def _check_order(part: InOrder, place: str) -> None:
    if not 2 <= len(part.steps) <= MOST_STEPS:
        raise BadRule(
            f"{place}.steps",
            Words(f"顺序需要 2 到 {MOST_STEPS} 步。", f"An order has 2 to {MOST_STEPS} steps."),
        )
    for number, step in enumerate(part.steps):
        _check_event(step.event, step.where, f"{place}.steps[{number}]")
    if not 1 <= part.within_minutes <= MOST_MINUTES:
        raise BadRule(f"{place}.within_minutes", Words("时间窗口无效。", "The window is not valid."))
    days_of(part, 0, place)


def day_of(text: str, place: str) -> int:
    """Days since 1970-01-01 of `2026-01-31`; raises BadRule."""
    try:
        return (date.fromisoformat(text) - EPOCH).days
    except ValueError:
        raise BadRule(place, Words("日期应为 2026-01-31 的形式。", "A day is written 2026-01-31.")) from None


def days_of(part: Did | InOrder, today: int, place: str = "rule") -> tuple[int, int]:
    """First and last business day that the part looks at; raises BadRule."""
    if part.days is not None:
        if part.since is not None or part.until is not None or not 1 <= part.days <= MOST_DAYS:
            raise BadRule(
                f"{place}.days",
                Words(f"天数应在 1 到 {MOST_DAYS} 之间，且不与日期同时使用。", f"1 to {MOST_DAYS} days, and no dates beside them."),
            )  # fmt: skip
        return today - part.days + 1, today
    first = day_of(part.since, f"{place}.since") if part.since is not None else 0
    last = day_of(part.until, f"{place}.until") if part.until is not None else 100_000
    if first > last:
        raise BadRule(f"{place}.until", Words("结束日期早于开始日期。", "The last day is before the first."))
    return first, last


def tags_of(rule: Rule) -> list[str]:
    """The keys of the tags that a rule asks for."""
    return sorted({part.tag for _, _, part in walk(rule) if isinstance(part, TagIs)})


def counted_of(rule: Rule) -> list[Did]:
    """The parts of a rule that count an event."""
    return [part for _, _, part in walk(rule) if isinstance(part, Did)]


def events_of(rule: Rule) -> list[tuple[str, Step]]:
    """The events that a rule asks for, each with its place."""
    found: list[tuple[str, Step]] = []
    for place, _, part in walk(rule):
        if isinstance(part, Did):
            found.append((place, Step(part.event, part.where)))
        elif isinstance(part, InOrder):
            found += [(f"{place}.steps[{n}]", step) for n, step in enumerate(part.steps)]
    return found


def steps_of(rule: Rule) -> list[Step]:
    """The events that a rule asks for."""
    return [step for _, step in events_of(rule)]
