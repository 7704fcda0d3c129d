"""Rules that mend dead letters: a few steps over the event as it came, each of a kind that is allowed here. Pure.

An event that could not be stored is often no JSON that a strict reader takes (NaN, half a surrogate pair, an integer of 80
bits): it is read leniently, mended, and written as JSON that the protocol's own decoder then judges.
"""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from weaktie.kit.clock import from_datetime, to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

MOST_STEPS, DEEPEST, LONGEST_PATH, LONGEST_VALUE = 20, 12, 200, 4_096
_PATH: Final = re.compile(r"[^.\s*][^.*]{0,99}(?:\.(?:[^.*]{1,100}|\*))*")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

STEPS: Final[dict[str, Words]] = {
    "set": Words("设为固定值", "Set to a value"),
    "rename": Words("改名", "Rename"),
    "remove": Words("删除字段", "Remove"),
    "to_number": Words("转为数值", "Make a number"),
    "to_text": Words("转为文本", "Make a text"),
    "parse_time": Words("按格式解析时间", "Read a time by its format"),
    "cut": Words("截断文本", "Cut a text"),
    "null_numbers": Words("无效数值置空", "Empty what is no number"),
    "clean_text": Words("清除非法字符", "Take out characters that cannot be stored"),
}
"""What a step can do. `null_numbers` and `clean_text` look at the whole event where they name no field."""
_NEEDS_PATH: Final = frozenset(STEPS) - {"null_numbers", "clean_text"}


class BadRule(Refused):
    """A rule that cannot be applied; `place` is the step."""

    def __init__(self, number: int, zh: str, en: str) -> None:
        super().__init__(
            "bad_rule", Words(f"第 {number} 步：{zh}", f"Step {number}: {en}"), place=f"steps[{number - 1}]"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `path` is a dotted place in the event (`properties.price`, `properties.products.*.price`)."""

    kind: str
    path: str = ""
    to: str = ""
    value: Any = None
    format: str = ""
    length: int = 0


def checked(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps, when each can be applied; raises BadRule."""
    if len(steps) > MOST_STEPS:
        raise BadRule(MOST_STEPS + 1, f"最多 {MOST_STEPS} 步。", f"there are at most {MOST_STEPS} steps.")
    for number, step in enumerate(steps, 1):
        if step.kind not in STEPS:
            raise BadRule(number, "没有这种操作。", "there is no such step.")
        paths = [step.path] if step.path or step.kind in _NEEDS_PATH else []
        for path in paths + ([step.to] if step.kind == "rename" else []):
            if len(path) > LONGEST_PATH or path.count(".") >= DEEPEST or not _PATH.fullmatch(path):
                raise BadRule(
                    number,
                    "字段路径不正确，例如 properties.price。",
                    "a field is written like properties.price.",
                )
        if step.kind == "rename" and "*" in step.path + step.to:
            raise BadRule(number, "改名不支持 *。", "a rename takes no *.")
        if step.kind == "parse_time" and not step.format:
            raise BadRule(
                number, "请给出时间格式，例如 %Y-%m-%d %H:%M。", "give a format such as %Y-%m-%d %H:%M."
            )
        if step.kind == "cut" and not 1 <= step.length <= LONGEST_VALUE:
            raise BadRule(number, "长度应为 1 到 4096。", "a length is between 1 and 4096.")
        if step.kind == "set" and len(json.dumps(step.value, default=str)) > LONGEST_VALUE:
            raise BadRule(number, "值过长。", "the value is too long.")
    return tuple(steps)


def mend(raw: bytes, steps: Sequence[Step], zone: ZoneInfo) -> bytes:
    """The event after the steps; as it came where it cannot be read even leniently. A step finds no field: nothing happens.

    `zone` is taken for times that name none.
    """
    try:
        event = json.loads(raw.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return raw
    box = {"event": event}
    for step in steps:
        if step.path:
            for holder, key in list(_places(box, ["event", *step.path.split(".")])):
                _apply(holder, key, step, box, zone)
        elif step.kind == "null_numbers":
            box["event"] = _everywhere(box["event"], _number_or_none)
        else:
            box["event"] = _everywhere(box["event"], _clean)
    try:
        return json.dumps(box["event"], ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(box["event"], separators=(",", ":")).encode()
    except (RecursionError, ValueError):
        return raw


def _places(value: Any, path: list[str]) -> Iterator[tuple[Any, Any]]:
    """(holder, key) of every place that a path names; the last key of an object need not be there yet."""
    key, rest = path[0], path[1:]
    if isinstance(value, list):
        numbers = (
            range(len(value)) if key == "*" else [int(key)] if key.isdigit() and int(key) < len(value) else []
        )
        for number in numbers:
            if rest:
                yield from _places(value[number], rest)
            else:
                yield value, number
    elif isinstance(value, dict):
        if not rest:
            yield value, key
        elif key in value:
            yield from _places(value[key], rest)


def _apply(holder: Any, key: Any, step: Step, box: dict[str, Any], zone: ZoneInfo) -> None:
    if step.kind == "set":
        holder[key] = step.value
        return
    if isinstance(holder, dict) and key not in holder:
        return
    if step.kind == "remove":
        del holder[key]
    elif step.kind == "rename":
        found = holder.pop(key)
        for other, name in _places(box, ["event", *step.to.split(".")]):
            other[name] = found
    else:
        holder[key] = _CHANGES[step.kind](holder[key], step, zone)


def _to_number(value: Any, _step: Step, _zone: ZoneInfo) -> Any:
    if not isinstance(value, str):
        return value
    text = value.strip().replace(",", "").replace("，", "").lstrip("¥￥$").strip()
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _to_text(value: Any, _step: Step, _zone: ZoneInfo) -> Any:
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def _parse_time(value: Any, step: Step, zone: ZoneInfo) -> Any:
    try:
        at = datetime.strptime(str(value).strip(), step.format)  # noqa: DTZ007  the zone follows
    except ValueError:
        return value
    return to_iso(from_datetime(at.replace(tzinfo=zone) if at.tzinfo is None else at))


def _cut(value: Any, step: Step, _zone: ZoneInfo) -> Any:
    return value[: step.length] if isinstance(value, str) else value


_CHANGES: Final[dict[str, Callable[[Any, Step, ZoneInfo], Any]]] = {
    "to_number": _to_number, "to_text": _to_text, "parse_time": _parse_time, "cut": _cut,
    "null_numbers": lambda value, _step, _zone: _everywhere(value, _number_or_none),
    "clean_text": lambda value, _step, _zone: _everywhere(value, _clean),
}  # fmt: skip


def _everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {change(k) if isinstance(k, str) else k: _everywhere(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    return change(value)


def _number_or_none(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < 1 << 63:
        return None
    return value


def _clean(value: Any) -> Any:
    return _SURROGATES.sub("", value.replace("\x00", "")) if isinstance(value, str) else value
