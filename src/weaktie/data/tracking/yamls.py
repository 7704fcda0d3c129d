"""The plan as YAML. What is read is bounded before anything is built from it: size, depth, nodes, no references.

Every scalar is a text but `required` and `version`, so that an enum's `1.10`, a date or a country `NO` stays what was
typed.
"""

from typing import Any

import msgspec
import yaml

from weaktie.data.tracking.contracts import BadYaml, Plan
from weaktie.data.tracking.logic import checked
from weaktie.kit.words import Words

LARGEST_BYTES = 1_000_000
DEEPEST = 12
MOST_NODES = 200_000
HEAD = "# weaktie tracking plan / 埋点方案\n"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}


def dump(plan: Plan) -> str:
    """The plan as YAML that reads back as the same plan; what is empty is left out."""
    plain = _without_empty(msgspec.to_builtins(plan))
    text: str = yaml.dump(
        {"version": 1, **plain}, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110
    )
    return HEAD + text


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_empty(v) for k, v in value.items() if v != {}}
    return [_without_empty(v) for v in value] if isinstance(value, list | tuple) else value


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes texts so that our own reading, and any other, takes them for texts."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the base's signature
        """Never write a reference."""
        return True


def _represent(dumper: yaml.SafeDumper, text: str) -> Any:
    odd = any(ord(c) < 32 or c in "\x7f\x85\u2028\u2029\ufeff" for c in text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else None)


_Dumper.add_representer(str, _represent)


def load(text: str | bytes) -> Plan:
    """The plan that a YAML document says; raises BadYaml or BadPlan."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > LARGEST_BYTES:
        raise _bad(
            "yaml_too_large",
            f"YAML 超过 {LARGEST_BYTES // 1000} KB。",
            f"The YAML is over {LARGEST_BYTES // 1000} KB.",
        )
    try:
        value = _without_nulls(_Builder().build(raw.decode("utf-8")))
    except UnicodeDecodeError:
        raise _bad("yaml_not_utf8", "YAML 须为 UTF-8 编码。", "The YAML is not UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _bad("yaml_unreadable", "无法解析 YAML。", "The YAML cannot be parsed.", place) from None
    if not isinstance(value, dict):
        raise _bad(
            "yaml_not_a_plan",
            "YAML 顶层应为对象（events、common 等）。",
            "The YAML's top is not an object with events.",
        )
    if value.pop("version", "1") != "1":
        raise _bad(
            "yaml_version", "不支持的方案格式版本。", "This version of the format is not known.", "version"
        )
    try:
        return checked(msgspec.convert(value, Plan))
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$.")
        words = Words(f"方案内容不符合格式：{what}", f"The plan is not as it should be: {what}")
        raise BadYaml("yaml_bad_shape", words, place=place.rstrip("`")) from None


def _bad(code: str, zh: str, en: str, place: str = "") -> BadYaml:
    return BadYaml(code, Words(zh, en), place=place)


class _Builder:
    """Builds lists, dicts and scalars from YAML's events, and refuses what a plan never needs."""

    def __init__(self) -> None:
        self.stack: list[tuple[Any, list[Any]]] = []
        self.nodes = 0
        self.result: Any = None

    def build(self, text: str) -> Any:
        """The one document's value."""
        documents = 0
        for event in yaml.parse(text, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                raise _bad(
                    "yaml_documents",
                    "只能有一个 YAML 文档。",
                    "There is more than one YAML document.",
                    _at(event),
                )
            self._take(event)
        return self.result

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _bad(
                "yaml_alias",
                "不支持 YAML 引用（& 与 *）。",
                "References (& and *) are not taken.",
                _at(event),
            )
        if getattr(event, "tag", None) not in (None, "!"):
            raise _bad("yaml_tag", "不支持 YAML 标签（!）。", "Tags (!) are not taken.", _at(event))
        if isinstance(event, yaml.ScalarEvent):
            self._count(event)
            self._put(_scalar(event), event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._count(event)
            if len(self.stack) >= DEEPEST:
                raise _bad(
                    "yaml_too_deep",
                    f"YAML 嵌套超过 {DEEPEST} 层。",
                    f"The YAML is nested over {DEEPEST} deep.",
                    _at(event),
                )
            self.stack.append(({} if isinstance(event, yaml.MappingStartEvent) else [], []))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            value, _ = self.stack.pop()
            self._put(value, event)

    def _count(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _bad(
                "yaml_too_many",
                f"YAML 节点超过 {MOST_NODES} 个。",
                f"The YAML has over {MOST_NODES} nodes.",
                _at(event),
            )

    def _put(self, value: Any, event: Any) -> None:
        if not self.stack:
            self.result = value
            return
        holder, key = self.stack[-1]
        if isinstance(holder, list):
            holder.append("" if value is None else value)
        elif not key:
            if not isinstance(value, str):
                raise _bad("yaml_bad_key", "YAML 键须为文本。", "A key is not a text.", _at(event))
            if value in holder:
                raise _bad("yaml_duplicate_key", "YAML 键重复。", "A key stands there twice.", _at(event))
            # The place is kept even for a value that is left out, so that a second one is still seen.
            holder[value] = None
            key.append(value)
        else:
            name = key.pop()
            holder[name] = (
                _BOOLEANS.get(value, value) if name == "required" and isinstance(value, str) else value
            )


def _scalar(event: Any) -> str | None:
    text: str = event.value
    return None if event.implicit[0] and text in _NULLS else text


def _without_nulls(value: Any) -> Any:
    """What is empty is left out and so means its default."""
    if isinstance(value, dict):
        return {k: _without_nulls(v) for k, v in value.items() if v is not None}
    return [_without_nulls(v) for v in value] if isinstance(value, list) else value


def _at(event: Any) -> str:
    mark = event.start_mark
    return f"line {mark.line + 1}, column {mark.column + 1}"
