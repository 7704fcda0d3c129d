"""Naming rules: a template with parts, what a name says by it, and what is wrong with a name. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from weaktie.data.acquisition.contracts import BadRule, NamingRule, Problem
from weaktie.kit.words import Words

PARTS: dict[str, Words] = {
    "channel": Words("渠道", "channel"),
    "campaign": Words("活动", "campaign"),
    "content": Words("内容", "content"),
    "creator": Words("创作者", "creator"),
    "date": Words("日期（8 位，如 20261125）", "date (8 digits, such as 20261125)"),
    "owner": Words("负责人", "owner"),
    "place": Words("地点", "place"),
    "number": Words("编号（数字）", "number (digits)"),
}
"""What a template may name; those that are fields of a link have to agree with it."""
FIELDS = ("channel", "campaign", "content", "creator")
_PART = re.compile(r"\{([^{}]*)\}")
_MOST_CHOICES = 200


def checked_rule(template: str, choices: Mapping[str, Sequence[str]]) -> tuple[str, dict[str, list[str]]]:
    """A rule that can be followed; raises BadRule. An empty template lets every name pass."""
    template = template.strip()
    parts = _PART.findall(template)
    rest = _PART.sub("", template)
    if "{" in rest or "}" in rest:
        raise BadRule(Words("花括号不成对。", "The braces do not pair."))
    for part in parts:
        if part not in PARTS:
            known = ", ".join(PARTS)
            raise BadRule(
                Words(f"没有“{part}”这一段；可用：{known}", f"There is no part {part}; known are {known}")
            )
    if len(set(parts)) != len(parts):
        raise BadRule(Words("同一段只能出现一次。", "A part may stand only once."))
    if template and not parts:
        raise BadRule(Words("模板里至少要有一段。", "The template needs at least one part."))
    if re.search(r"\}\{", template):
        raise BadRule(Words("两段之间要有分隔符。", "Two parts need something between them."))
    kept: dict[str, list[str]] = {}
    for part, values in choices.items():
        clean = list(dict.fromkeys(v.strip() for v in values if v.strip()))
        if part not in parts:
            raise BadRule(
                Words(f"“{part}”不在模板里。", f"The part {part} is not in the template."), place="choices"
            )
        if len(clean) > _MOST_CHOICES or any(len(v) > 64 for v in clean):
            raise BadRule(
                Words("可选值过多或过长。", "There are too many values, or too long ones."), place="choices"
            )
        if clean:
            kept[part] = clean
    return template, kept


def parts_of(rule: NamingRule, name: str) -> dict[str, str] | None:
    """What a name says, part by part; None where it has not the form of the template."""
    parts = _PART.findall(rule.template)
    literals = _PART.split(rule.template)[::2]
    apart = "".join(sorted({c for text in literals for c in text}))
    inner = f"[^{re.escape(apart)}]+" if apart else ".+"
    pattern = "".join(
        re.escape(text) + (f"(?P<{parts[n]}>{inner})" if n < len(parts) else "")
        for n, text in enumerate(literals)
    )
    found = re.fullmatch(pattern, name)
    return None if found is None else found.groupdict()


def problems_of(rule: NamingRule, name: str, fields: Mapping[str, str]) -> list[Problem]:
    """Everything that is wrong with a name; nothing where it follows the rule. `fields` are those of the link."""
    if not rule.template:
        return []
    said = parts_of(rule, name)
    if said is None:
        shown = _PART.sub(lambda m: "{" + PARTS[m[1]].zh.split("（")[0] + "}", rule.template)
        english = rule.template
        return [
            Problem("name", Words(f"名称不符合模板 {shown}", f"the name has not the form {english}"))
        ]  # fmt: skip
    found = []
    for part, value in said.items():
        words = _wrong(rule, part, value, fields)
        if words is not None:
            found.append(Problem(part, words))
    return found


def _wrong(rule: NamingRule, part: str, value: str, fields: Mapping[str, str]) -> Words | None:
    name = PARTS[part]
    zh, en = name.zh.split("（")[0], name.en.split(" (")[0]
    allowed = rule.choices.get(part)
    if allowed and value not in allowed:
        some = "、".join(allowed[:8])
        return Words(
            f"{zh}“{value}”不在可选值中：{some}", f"{en} “{value}” is none of: {', '.join(allowed[:8])}"
        )
    if part == "date" and not _is_date(value):
        return Words(
            f"日期“{value}”应为 8 位，如 20261125", f"date “{value}” should be 8 digits, such as 20261125"
        )
    if part == "number" and not value.isdigit():
        return Words(f"编号“{value}”应为数字", f"number “{value}” should be digits")
    field = fields.get(part, "") if part in FIELDS else ""
    if field and field != value:
        return Words(
            f"名称里的{zh}是“{value}”，链接的{zh}是“{field}”",
            f"the name says {en} “{value}”, the link “{field}”",
        )
    return None


def _is_date(value: str) -> bool:
    try:
        return re.fullmatch(r"\d{8}", value) is not None and bool(datetime.strptime(value, "%Y%m%d"))  # noqa: DTZ007
    except ValueError:
        return False
