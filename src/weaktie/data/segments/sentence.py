"""A rule as a sentence in both languages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from weaktie.data.profiles.service import CLASS_WORDS, TIER_WORDS
from weaktie.data.segments.contracts import (
    All,
    Behind,
    Did,
    InOrder,
    InRfm,
    InSegment,
    Listed,
    Rule,
    Some,
    TagBook,
    TagInfo,
    TagIs,
    Tied,
    Where,
    Without,
)
from weaktie.kit.money import to_major
from weaktie.kit.words import Words

_OPS: dict[str, Words] = {
    "eq": Words("是", "is"), "ne": Words("不是", "is not"), "in": Words("是", "is one of"),
    "not_in": Words("不是", "is none of"), "gt": Words("大于", "is over"), "ge": Words("不小于", "is at least"),
    "lt": Words("小于", "is under"), "le": Words("不大于", "is at most"), "between": Words("介于", "is between"),
    "contains": Words("包含", "contains"), "set": Words("有值", "is known"), "unset": Words("无值", "is not known"),
}  # fmt: skip
_DAY_OPS: dict[str, Words] = {
    "gt": Words("晚于", "is after"), "ge": Words("不早于", "is on or after"), "lt": Words("早于", "is before"),
    "le": Words("不晚于", "is on or before"),
}  # fmt: skip
_WAYS: dict[str, Words] = {
    "friend_of": Words("是{0}的好友", "friends of {0}"), "followed_by": Words("被{0}关注", "followed by {0}"),
    "follows": Words("关注了{0}", "following {0}"), "invited_by": Words("由{0}邀请", "invited by {0}"),
    "invited": Words("邀请了{0}", "who invited {0}"),
}  # fmt: skip
_LEVELS = {"high": Words("高", "high"), "mid": Words("中", "middle"), "low": Words("低", "low")}
_ANY_EVENT = Words("任意事件", "any event")
GONE = Words("（已不存在）", "(gone)")


@dataclass(frozen=True, slots=True)
class Names:
    """How the things that a rule refers to are called."""

    tags: TagBook
    currency: str
    segment: Callable[[str], str | None]
    people: Callable[[Mapping[str, Any]], Words]
    listed: Callable[[str], Words]


def sentence(rule: Rule, names: Names) -> Words:
    """Who is in the rule."""
    return _said(rule, names, outer=True)


def _said(rule: Rule, names: Names, *, outer: bool = False) -> Words:
    if isinstance(rule, All | Some):
        if not rule.of:
            return Words("所有人", "everybody") if isinstance(rule, All) else Words("没有人", "nobody")
        joint = Words("，且", " and ") if isinstance(rule, All) else Words("，或", " or ")
        said = _joined([_said(part, names) for part in rule.of], joint)
        return said if outer or len(rule.of) == 1 else Words(f"（{said.zh}）", f"({said.en})")
    if isinstance(rule, Without):
        inner = _said(rule.of, names)
        return Words(f"不满足：{inner.zh}", f"not {inner.en}")
    return _leaf(rule, names)


def _leaf(part: Rule, names: Names) -> Words:
    if isinstance(part, TagIs):
        info = names.tags.tag(part.tag)
        return (
            _tag(part, info, names)
            if info is not None
            else Words(part.tag + GONE.zh, f"{part.tag} {GONE.en}")
        )
    if isinstance(part, Did):
        return _did(part)
    if isinstance(part, InOrder):
        return _ordered(part)
    if isinstance(part, Tied):
        return _tied(part, names)
    if isinstance(part, InRfm):
        return _rfm(part)
    if isinstance(part, InSegment):
        name = names.segment(part.segment)
        who = Words(f"“{name}”", f"“{name}”") if name is not None else GONE
        return Words(f"属于分群{who.zh}", f"in the segment {who.en}")
    if isinstance(part, Behind):
        return names.people(part.query)
    assert isinstance(part, Listed)
    return names.listed(part.list)


def _tag(part: TagIs, info: TagInfo, names: Names) -> Words:
    op = (_DAY_OPS if info.type == "day" else {}).get(part.op, _OPS[part.op])
    head = Words(f"{info.words.zh}{op.zh}", f"{info.words.en} {op.en}")
    if not part.values:
        return head
    if info.type == "bool":
        yes = bool(part.values[0]) == (part.op == "eq")
        return Words(
            f"{info.words.zh}为{'是' if yes else '否'}", f"{info.words.en} is {'yes' if yes else 'no'}"
        )
    shown = [_value(value, info, names) for value in part.values[:8]]
    joint = Words("与", " and ") if part.op == "between" else Words("、", ", ")
    said = _joined(shown, joint)
    more = len(part.values) - len(shown)
    if more > 0:
        said = Words(f"{said.zh} 等 {len(part.values)} 项", f"{said.en} and {more} more")
    unit = info.unit if info.unit is not None else Words(" ", " ")
    return Words(f"{head.zh} {said.zh}{unit.zh}".rstrip(), f"{head.en} {said.en} {unit.en}".rstrip())


def _value(value: Any, info: TagInfo, names: Names) -> Words:
    if info.type == "money":
        text = f"{to_major(int(value), names.currency):,}"
    elif isinstance(value, float) and not value.is_integer():
        text = f"{value:g}"
    elif isinstance(value, int | float):
        text = f"{int(value):,}"
    else:
        text = str(value)
    return info.labels.get(text) or Words(text, text)


def _did(part: Did) -> Words:
    when = _when(part)
    what = _event(part.event, part.where)
    least, most = part.least or 0, part.most
    if most == 0:
        if part.days is None and part.since is None and part.until is None:
            return Words(f"从未做过{what.zh}", f"never did {what.en}")
        return Words(f"{when.zh}未做过{what.zh}", f"did not do {what.en} {when.en}")
    if most is None:
        times = Words(f"至少 {least} 次", f"at least {least} times")
    elif least == most:
        times = Words(f"恰好 {least} 次", f"exactly {least} times")
    elif least == 0:
        times = Words(f"最多 {most} 次", f"at most {most} times")
    else:
        times = Words(f"{least} 到 {most} 次", f"{least} to {most} times")
    return Words(f"{when.zh}做过{what.zh}{times.zh}", f"did {what.en} {times.en} {when.en}".rstrip())


def _ordered(part: InOrder) -> Words:
    steps = [_event(step.event, step.where) for step in part.steps]
    chain = _joined(steps, Words("，然后", ", then "))
    minutes = part.within_minutes
    if minutes % 1440 == 0:
        span = Words(f"{minutes // 1440} 天", f"{minutes // 1440} days")
    elif minutes % 60 == 0:
        span = Words(f"{minutes // 60} 小时", f"{minutes // 60} hours")
    else:
        span = Words(f"{minutes} 分钟", f"{minutes} minutes")
    when = _when(part)
    return Words(
        f"{when.zh}在 {span.zh}内依次做过{chain.zh}", f"did {chain.en} within {span.en} {when.en}".rstrip()
    )


def _tied(part: Tied, names: Names) -> Words:
    if part.segment is not None:
        name = names.segment(part.segment)
        who = Words(f"分群“{name}”的成员", f"members of “{name}”") if name is not None else GONE
    else:
        who = Words(f"用户 {part.user} ", f"the person {part.user}")
    words = _WAYS[part.way]
    return Words(words.zh.format(who.zh), words.en.format(who.en))


def _rfm(part: InRfm) -> Words:
    said = []
    for letter, levels in (("R", part.r), ("F", part.f), ("M", part.m)):
        if levels:
            among = _joined([_LEVELS[level] for level in levels], Words("或", " or "))
            said.append(Words(f"{letter} {among.zh}", f"{letter} {among.en}"))
    for values, known, name in (
        (part.classes, CLASS_WORDS, Words("RFM 类别", "RFM class")),
        (part.tiers, TIER_WORDS, Words("用户分层", "tier")),
    ):
        if values:
            among = _joined([known.get(v, Words(v, v)) for v in values], Words("、", " or "))
            said.append(Words(f"{name.zh}是{among.zh}", f"{name.en} is {among.en}"))
    return _joined(said, Words("，", ", "))


def _event(event: str, where: Iterable[Where]) -> Words:
    name = Words(f"“{event}”", f"“{event}”") if event else _ANY_EVENT
    tests = [_where(one) for one in where]
    if not tests:
        return name
    said = _joined(tests, Words("，", ", "))
    return Words(f"{name.zh}（{said.zh}）", f"{name.en} ({said.en})")


def _where(one: Where) -> Words:
    op = _OPS[one.op]
    values = (
        _joined([Words(str(v), str(v)) for v in one.values[:5]], Words("、", ", ")) if one.values else None
    )
    if values is None:
        return Words(f"{one.property} {op.zh}", f"{one.property} {op.en}")
    return Words(f"{one.property} {op.zh} {values.zh}", f"{one.property} {op.en} {values.en}")


def _when(part: Did | InOrder) -> Words:
    if part.days is not None:
        return Words(f"近 {part.days} 天", f"in the last {part.days} days")
    if part.since is not None and part.until is not None:
        return Words(f"{part.since} 至 {part.until} ", f"from {part.since} to {part.until}")
    if part.since is not None:
        return Words(f"{part.since} 起", f"since {part.since}")
    if part.until is not None:
        return Words(f"{part.until} 及以前", f"until {part.until}")
    return Words("历史上", "ever")


def _joined(said: list[Words], joint: Words) -> Words:
    return Words(joint.zh.join(s.zh for s in said), joint.en.join(s.en for s in said))
