"""神策's 采集方案 workbook as a plan of ours. Headers are found by their words, wherever they stand and however decorated.

In its event sheets an event's cells are merged over the rows of its properties: the cells below the first are empty, or
repeat it. What cannot be read comes back with sheet, row and column; the rest is read all the same.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weaktie.data.collect.service import sensors_name
from weaktie.data.tracking.contracts import (
    BadCell,
    BadWorkbook,
    Plan,
    PlannedEvent,
    Platform,
    Property,
    PropertyType,
    ReadWorkbook,
    Text,
)
from weaktie.data.tracking.logic import LONGEST_NAME, LONGEST_TEXT, MOST_EVENTS, MOST_PROPERTIES, MOST_VALUES
from weaktie.kit.words import Words

LARGEST_UNPACKED = 50_000_000
MOST_SHEETS = 30
MOST_ROWS = 20_000
MOST_BAD = 500
HEADER_ROWS = 20
_FIELDS: dict[str, tuple[str, ...]] = {
    "number": ("事件编号", "编号", "序号"),
    "event": ("事件英文变量名", "事件英文名", "事件变量名", "事件标识", "事件名英文", "事件id", "eventname", "event"),
    "event_label": ("事件显示名", "事件中文名", "事件名称", "事件名", "eventdisplayname"),
    "property": ("属性英文变量名", "属性英文名", "属性变量名", "属性标识", "属性名英文", "属性id", "英文变量名",
                 "propertyname", "property"),
    "property_label": ("事件属性显示名", "用户属性显示名", "属性显示名", "属性中文名", "属性名称", "属性名", "显示名",
                       "propertydisplayname"),
    "type": ("属性值类型", "属性数据类型", "数据类型", "值类型", "属性类型", "datatype", "type"),
    "values": ("属性值示例或说明", "属性值说明", "属性值示例", "取值说明", "属性说明", "示例", "说明", "description"),
    "platforms": ("应埋点平台", "埋点平台", "上报平台", "平台", "platforms", "platform"),
    "when": ("触发时机", "上报时机", "触发条件", "采集时机", "trigger"),
    "required": ("是否必填", "是否必传", "必填", "必传", "required"),
    "note": ("备注", "remark", "note"),
    "owner": ("负责人", "owner"),
}  # fmt: skip
_TYPES: dict[str, PropertyType] = {
    "字符串": "text", "文本": "text", "string": "text", "varchar": "text", "text": "text", "str": "text",
    "数值": "number", "数字": "number", "number": "number", "float": "number", "double": "number", "decimal": "number",
    "小数": "number", "整数": "integer", "整型": "integer", "int": "integer", "integer": "integer", "long": "integer",
    "bigint": "integer", "布尔": "boolean", "布尔值": "boolean", "布尔型": "boolean", "bool": "boolean",
    "boolean": "boolean", "日期": "time", "日期时间": "time", "时间": "time", "date": "time", "datetime": "time",
    "timestamp": "time", "列表": "list", "集合": "list", "数组": "list", "list": "list", "array": "list",
    "字符串数组": "list", "对象组": "list", "金额": "money", "money": "money", "枚举": "enum", "enum": "enum",
}  # fmt: skip
_PLATFORMS: tuple[tuple[str, tuple[Platform, ...]], ...] = (
    ("全平台", ()), ("全端", ()), ("所有", ()), ("全部", ()), ("小程序", ("mini_program",)), ("miniprogram", ("mini_program",)),
    ("微信", ("mini_program",)), ("android", ("Android",)), ("安卓", ("Android",)), ("ios", ("iOS",)),
    ("苹果", ("iOS",)), ("harmony", ("HarmonyOS",)), ("鸿蒙", ("HarmonyOS",)), ("服务", ("server",)),
    ("后端", ("server",)), ("server", ("server",)), ("java", ("server",)), ("h5", ("web",)), ("web", ("web",)),
    ("网页", ("web",)), ("网站", ("web",)), ("pc", ("web",)), ("js", ("web",)), ("客户端", ("iOS", "Android")),
    ("app", ("iOS", "Android")),
)  # fmt: skip
_COMMON = ("公共属性", "所有事件", "全部事件", "公共")
_YES = ("是", "必填", "必传", "y", "yes", "true", "1", "√", "✓", "required")
_EMPTY_NAMES = ("/", "-", "–", "无", "n/a")
_REASONS = {
    "unknown_type": Words("无法识别的属性值类型", "the type is not known"),
    "unknown_platform": Words("无法识别的平台", "the platform is not known"),
    "no_event": Words("属性行之前没有事件", "a property stands before any event"),
    "no_property_name": Words(
        "有属性显示名而没有属性英文变量名", "a property has a display name but no variable name"
    ),
    "no_event_name": Words(
        "有事件显示名而没有事件英文变量名", "an event has a display name but no variable name"
    ),
    "too_long": Words("内容过长", "the text is too long"),
    "named_twice": Words("名称重复，以先出现的为准", "the name stands there twice; the first counts"),
    "too_many": Words("数量超过上限", "there are more than a plan can hold"),
}


@dataclass(slots=True)
class _Event:
    label: str
    about: str
    owner: str
    platforms: list[Platform]
    properties: dict[str, Property] = field(default_factory=dict)


@dataclass(slots=True)
class _Reading:
    events: dict[str, _Event] = field(default_factory=dict)
    common: dict[str, Property] = field(default_factory=dict)
    users: dict[str, Property] = field(default_factory=dict)
    renamed: dict[str, str] = field(default_factory=dict)
    bad: list[BadCell] = field(default_factory=list)
    sheets: list[str] = field(default_factory=list)


def read(data: bytes) -> ReadWorkbook:
    """What the workbook says; raises BadWorkbook where it is none, is too large, or no sheet has the headers."""
    reading = _Reading()
    for name, rows in _sheets(data):
        head = _head(rows)
        if head is None:
            continue
        at, columns = head
        sheet = _Sheet(reading, name, columns)
        if "event" in columns:
            sheet.events(rows, at + 1)
        elif "用户" in name or "user" in name.lower() or "用户" in "".join(map(_cell, rows[at])):
            sheet.properties(rows, at + 1, reading.users)
        elif "公共" in name or "common" in name.lower():
            sheet.properties(rows, at + 1, reading.common)
        else:
            continue
        reading.sheets.append(name)
    if not reading.sheets:
        raise BadWorkbook(
            "no_plan_sheet",
            Words(
                "没有找到含“事件英文变量名”“属性英文变量名”等表头的工作表。",
                "No sheet has headers such as 事件英文变量名 and 属性英文变量名.",
            ),
            place="file",
        )
    events = tuple(
        PlannedEvent(
            name, Text(e.label), Text(e.about), owner=e.owner, platforms=tuple(e.platforms),
            properties=tuple(e.properties.values()),
        )
        for name, e in reading.events.items()
    )  # fmt: skip
    plan = Plan(tuple(reading.common.values()), tuple(reading.users.values()), events)
    return ReadWorkbook(plan, reading.renamed, reading.bad, reading.sheets)


def _sheets(data: bytes) -> Iterator[tuple[str, list[list[Any]]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_UNPACKED:
                raise BadWorkbook(
                    "workbook_too_large",
                    Words("工作簿解压后过大。", "The workbook is too large."),
                    place="file",
                )
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names[:MOST_SHEETS]:
            sheet = book.get_sheet_by_name(name)
            if sheet.height > 0:
                yield name, sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS)
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError) as error:
        words = Words(
            "无法读取该工作簿，请使用 xlsx 文件。", "The workbook cannot be read; send an xlsx file."
        )
        raise BadWorkbook("unreadable_workbook", words, place=type(error).__name__) from None


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _plain_header(value: Any) -> str:
    text = re.sub(r"[（(【\[].*?[)）】\]]", "", _cell(value))
    return re.sub(r"[\s*＊_:：、/-]+", "", text).lower()


def _head(rows: list[list[Any]]) -> tuple[int, dict[str, int]] | None:
    """The header's row and which column is which field: the row among the first twenty that names most of them."""
    best: tuple[int, dict[str, int]] | None = None
    for at, row in enumerate(rows[:HEADER_ROWS]):
        texts = [_plain_header(value) for value in row]
        columns: dict[str, int] = {}
        for name, spellings in _FIELDS.items():
            free = [i for i, text in enumerate(texts) if text and i not in columns.values()]
            place = next((i for s in spellings for i in free if texts[i] == s), None)
            if place is None:
                place = next((i for s in spellings if len(s) > 2 for i in free if s in texts[i]), None)
            if place is not None:
                columns[name] = place
        sound = "property" in columns and ("type" in columns or "event" in columns)
        if sound and (best is None or len(columns) > len(best[1])):
            best = at, columns
    return best


class _Sheet:
    """One sheet on its way into the reading."""

    def __init__(self, reading: _Reading, name: str, columns: dict[str, int]) -> None:
        self.reading, self.name, self.columns = reading, name, columns

    def events(self, rows: list[list[Any]], start: int) -> None:
        """Rows of events and their properties."""
        current: _Event | None = None
        raw_name, number, into = "", "", self.reading.common
        ready = False
        for at, row in enumerate(rows[start:], start):
            get = self._getter(row)
            given, label, here = get("event"), get("event_label"), get("number")
            fresh = (bool(given) and given != raw_name) or (
                not given and bool(label) and bool(here) and here != number
            )
            if fresh:
                raw_name, number, ready = given, here, True
                if any(mark in (given or label) for mark in _COMMON):
                    current, into = None, self.reading.common
                elif not given:
                    self._bad(at, "event", "no_event_name", label)
                    ready = False
                else:
                    current = self._event(at, given, get)
                    ready, into = current is not None, current.properties if current else {}
            elif current is not None and get("platforms"):
                self._platforms(at, get("platforms"), current.platforms)
            if get("property") or get("property_label"):
                if ready:
                    self._property(at, get, into)
                else:
                    self._bad(at, "property", "no_event", get("property"))

    def properties(self, rows: list[list[Any]], start: int, into: dict[str, Property]) -> None:
        """Rows of properties alone."""
        for at, row in enumerate(rows[start:], start):
            get = self._getter(row)
            if get("property") or get("property_label"):
                self._property(at, get, into)

    def _getter(self, row: list[Any]) -> Callable[[str], str]:
        def get(name: str) -> str:
            place = self.columns.get(name)
            return "" if place is None or place >= len(row) else _cell(row[place])

        return get

    def _event(self, at: int, given: str, get: Callable[[str], str]) -> _Event | None:
        name = sensors_name(given)
        if len(name) > LONGEST_NAME:
            self._bad(at, "event", "too_long", given)
            return None
        if name != given:
            self.reading.renamed[given] = name
        known = self.reading.events.get(name)
        if known is None:
            if len(self.reading.events) >= MOST_EVENTS:
                self._bad(at, "event", "too_many", given)
                return None
            about = "；".join(t for t in (get("when"), get("note")) if t)[:LONGEST_TEXT]
            known = _Event(get("event_label")[:LONGEST_TEXT], about, get("owner")[:120], [])
            self.reading.events[name] = known
        self._platforms(at, get("platforms"), known.platforms)
        return known

    def _platforms(self, at: int, text: str, into: list[Platform]) -> None:
        for part in _parts(text):
            found = next((p for mark, p in _PLATFORMS if mark in part.lower().replace(" ", "")), None)
            if found is None:
                self._bad(at, "platforms", "unknown_platform", part)
            else:
                into += [p for p in found if p not in into]

    def _property(self, at: int, get: Callable[[str], str], into: dict[str, Property]) -> None:
        given = get("property")
        if given in _EMPTY_NAMES or (given.startswith("$") and "预置" in given):
            return
        name = given.removeprefix("$")
        if not name:
            self._bad(at, "property", "no_property_name", get("property_label"))
        elif len(name) > LONGEST_NAME:
            self._bad(at, "property", "too_long", given)
        elif name in into:
            self._bad(at, "property", "named_twice", given)
        elif len(into) >= MOST_PROPERTIES:
            self._bad(at, "property", "too_many", given)
        else:
            kind = _type(get("type"))
            if kind is None:
                self._bad(at, "type", "unknown_type", get("type"))
                return
            values = tuple(dict.fromkeys(v[:LONGEST_NAME] for v in _parts(get("values"))))[:MOST_VALUES]
            if kind == "enum" and not values:
                kind = "text"
            about = get("values") if "event" not in self.columns else "；".join(
                t for t in (get("values"), get("note") if not get("event") else "") if t
            )  # fmt: skip
            required = get("required").lower() in _YES or get("note").strip() in ("必填", "必传")
            label, about = get("property_label")[:LONGEST_TEXT], about[:LONGEST_TEXT]
            into[name] = Property(
                name, kind, Text(label), Text(about), required, values if kind == "enum" else ()
            )

    def _bad(self, at: int, column: str, code: str, cell: str) -> None:
        if len(self.reading.bad) < MOST_BAD:
            place = self.columns.get(column)
            letter = "" if place is None else _letter(place)
            self.reading.bad.append(BadCell(self.name, at + 1, letter, code, _REASONS[code], cell[:120]))


def _type(text: str) -> PropertyType | None:
    """The plan's type of a type's name, with or without its English beside it (`字符串 String`); no name is text."""
    plain = re.sub(r"[<>《》（）()\s]+", " ", text).strip().lower()
    if not plain:
        return "text"
    words: Iterable[str] = [plain.replace(" ", ""), *re.split(r"[ /,，、]+", plain)]
    return next((_TYPES[w] for w in words if w in _TYPES), None)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，、;；/|\n+&]+", text) if part.strip()]


def _letter(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
