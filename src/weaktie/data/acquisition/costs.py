"""Files of advertising costs: which columns are what, and each line as a row or with a reason. Pure; reads bytes."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from weaktie.data.acquisition.contracts import (
    KEPT_BAD_ROWS,
    MOST_COST_ROWS,
    BadCosts,
    BadLine,
    CostFile,
    CostRow,
    Platform,
)
from weaktie.kit.clock import date_to_day
from weaktie.kit.money import MINOR_DIGITS, to_minor
from weaktie.kit.words import Words

HEADERS: dict[str, tuple[str, ...]] = {
    "day": ("日期", "时间", "时间-天", "统计日期", "数据日期", "投放日期", "date", "day", "stat_date", "report_date"),
    "campaign": (
        "广告计划", "广告计划名称", "推广计划", "推广计划名称", "计划名称", "项目名称", "广告名称", "广告组名称", "单元名称",
        "campaign", "campaign_name", "adgroup_name", "promotion_name",
    ),
    "cost": ("消耗", "总消耗", "花费", "总花费", "消费", "现金消耗", "现金花费", "cost", "spend", "stat_cost", "费用"),
    "channel": ("渠道", "channel"),
    "code": ("渠道码", "活码", "渠道活码", "code"),
    "currency": ("币种", "货币", "currency"),
    "impressions": ("展示数", "展示量", "展现量", "曝光量", "曝光次数", "曝光数", "impressions", "show_cnt", "view_count"),
    "clicks": ("点击数", "点击量", "点击次数", "clicks", "click_cnt", "valid_click_count"),
    "conversions": ("转化数", "转化量", "目标转化量", "转化次数", "conversions", "convert_cnt"),
}  # fmt: skip
"""What the columns are called by 巨量引擎, 腾讯广告 and others; the first name that the file has counts."""
_OCEAN = frozenset({"广告计划", "广告计划名称", "项目名称", "展示数", "消耗", "stat_cost", "promotion_name"})
_TENCENT = frozenset({"推广计划", "推广计划名称", "花费", "曝光量", "曝光次数", "adgroup_name"})
_TOTALS = ("合计", "总计", "汇总", "总和", "total", "sum")
_NOTHING = frozenset({"-", "--", "—", "/"})
_FIRST_DAY = date_to_day(date(2000, 1, 1))
_HEADER_WITHIN = 12
_LARGEST_SHEET = 400_000_000
_LONGEST = {"campaign": 200, "channel": 64, "code": 64}
REASONS: dict[str, Words] = {
    "bad_day": Words("日期无法识别", "the day cannot be read"),
    "future_day": Words("日期在未来", "the day is in the future"),
    "missing_cost": Words("费用为空", "the cost is empty"),
    "bad_cost": Words("费用不是有效金额", "the cost is no valid amount"),
    "negative_cost": Words("费用为负", "the cost is negative"),
    "bad_count": Words("数量不是非负整数", "the count is no whole number from 0"),
    "no_campaign": Words("计划与渠道都为空", "neither a campaign nor a channel is given"),
    "unknown_currency": Words("未知的货币代码", "the currency is not known"),
    "two_currencies": Words("同一天同一计划出现两种货币", "the same day and campaign in two currencies"),
    "too_long": Words("内容过长", "the text is too long"),
}

Grid = Iterable[tuple[int, list[str]]]


def read_costs(data: bytes, filename: str, *, currency: str, today: int) -> CostFile:
    """Rows and bad lines of a CSV, TSV or xlsx file; `currency` is for files without one. Raises BadCosts.

    Rows of one day and campaign within the file (by hour, by advertisement) are added up. No row of a later day than
    tomorrow is taken.
    """
    grid = (
        _sheet(data)
        if filename.lower().endswith((".xlsx", ".xlsm")) or data[:4] == b"PK\x03\x04"
        else _text(data)
    )
    rows = iter(grid)
    header, columns = _header(rows)
    platform = _platform(header)
    reader = _Reader(header, columns, platform, currency, today)
    for line, cells in rows:
        reader.take(line, cells)
    if not reader.found and not reader.bad:
        raise BadCosts("no_cost_rows", Words("文件里没有数据行。", "The file has no rows."))
    return CostFile(
        platform,
        {what: header[at] for what, at in columns.items()},
        list(reader.found.values()),
        reader.bad,
        reader.totals,
    )


def plain(header: str) -> str:
    """A column's name without its unit, blanks and case: 消耗(元) and " Cost " are 消耗 and cost."""
    text = re.sub(r"[(（\[【].*?[)）\]】]", "", header.replace("\ufeff", ""))
    return re.sub(r"\s+", "_", text.strip()).lower().strip("_")


def _platform(header: Sequence[str]) -> Platform:
    names = {plain(h) for h in header}
    ocean, tencent = len(names & _OCEAN), len(names & _TENCENT)
    if not ocean and not tencent:
        return "plain"
    return "oceanengine" if ocean >= tencent else "tencent"


def _header(rows: Iterator[tuple[int, list[str]]]) -> tuple[list[str], dict[str, int]]:
    """The header's cells and where what is; some exports have lines of title above it."""
    for tried, (_, cells) in enumerate(rows):
        names = [plain(c) for c in cells]
        columns = {}
        for what, known in HEADERS.items():
            at = next((names.index(name) for name in known if name in names), None)
            if at is not None:
                columns[what] = at
        if "day" in columns and "cost" in columns:
            if "campaign" not in columns and "channel" not in columns:
                raise BadCosts(
                    "no_campaign_column",
                    Words(
                        "缺少“广告计划/推广计划”或“渠道”列。",
                        "There is no column for the campaign or the channel.",
                    ),
                )
            return cells, columns
        if tried >= _HEADER_WITHIN:
            break
    raise BadCosts(
        "no_cost_columns",
        Words(
            "没有找到日期列和消耗列：需要“时间/日期”和“消耗/花费/cost”。",
            "No columns for day and cost were found: the header needs date and cost (时间/日期, 消耗/花费).",
        ),
    )


class _Reader:
    """Takes lines one after the other."""

    def __init__(
        self, header: Sequence[str], columns: Mapping[str, int], platform: Platform, currency: str, today: int
    ) -> None:
        self._header, self._columns, self._platform = header, columns, platform
        self._currency, self._today = currency, today
        self.found: dict[tuple[int, str], CostRow] = {}
        self.bad: list[BadLine] = []
        self.totals = 0
        self._taken = 0

    def take(self, line: int, cells: list[str]) -> None:
        """One line; a blank one and one of totals is passed over."""
        if not any(cells):
            return
        self._taken += 1
        if self._taken > MOST_COST_ROWS:
            raise BadCosts(
                "too_many_cost_rows",
                Words(
                    f"超过 {MOST_COST_ROWS} 行，请按月拆分。",
                    f"There are over {MOST_COST_ROWS} rows; split the file.",
                ),
                status=413,
            )
        given = {what: cells[at].strip() if at < len(cells) else "" for what, at in self._columns.items()}
        first = next((c for c in cells if c), "").strip().lower()
        if first.startswith(_TOTALS) and _day_of(given["day"]) is None:
            self.totals += 1
            return
        row = self._row(given)
        wrong = self._put(row) if isinstance(row, CostRow) else row
        if wrong is not None and len(self.bad) < KEPT_BAD_ROWS:
            code, what = wrong
            at = self._columns.get(what)
            column = "" if at is None else self._header[at][:100]
            self.bad.append(BadLine(line, code, column, given.get(what, "")[:100], REASONS[code]))

    def _row(self, given: Mapping[str, str]) -> CostRow | tuple[str, str]:
        day = _day_of(given["day"])
        if day is None or day < _FIRST_DAY:
            return "bad_day", "day"
        if day > self._today + 1:
            return "future_day", "day"
        for what, most in _LONGEST.items():
            if len(given.get(what, "")) > most or "\0" in given.get(what, ""):
                return "too_long", what
        campaign, channel, code = (
            given.get("campaign", ""),
            given.get("channel", "").lower(),
            given.get("code", ""),
        )
        if not campaign and not channel:
            return "no_campaign", "campaign" if "campaign" in self._columns else "channel"
        currency = given.get("currency", "").upper() or self._currency
        if currency not in MINOR_DIGITS:
            return "unknown_currency", "currency"
        cost = _amount(given["cost"], currency)
        if isinstance(cost, str):
            return cost, "cost"
        counts: dict[str, int | None] = {}
        for what in ("impressions", "clicks", "conversions"):
            number = _count(given.get(what, ""))
            if number == "bad":
                return "bad_count", what
            counts[what] = number  # type: ignore[assignment]
        key = f"{self._platform}:{campaign}" if campaign else f"={channel}:{code}"
        return CostRow(day, key, campaign, channel or None, code or None, currency, cost, **counts)

    def _put(self, row: CostRow) -> tuple[str, str] | None:
        """Add to what the file said of the day and campaign before; amounts in two currencies are never added."""
        before = self.found.get((row.day, row.key))
        if before is None:
            self.found[row.day, row.key] = row
            return None
        if before.currency != row.currency:
            return "two_currencies", "currency" if "currency" in self._columns else "cost"
        self.found[row.day, row.key] = CostRow(
            row.day, row.key, row.campaign, before.channel or row.channel, before.code or row.code, row.currency,
            before.cost_minor + row.cost_minor, _sum(before.impressions, row.impressions), _sum(before.clicks, row.clicks),
            _sum(before.conversions, row.conversions),
        )  # fmt: skip
        return None


def _sum(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a + b


_DAY = re.compile(
    r"([0-9]{4})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?(?:[ T][0-9]{1,2}(?::[0-9]{2}){0,2}(?:\.[0-9]+)?)?"
)


def _day_of(text: str) -> int | None:
    """Days since 1970 of a date in one of the usual forms; a time behind it is passed over."""
    found = _DAY.fullmatch(text) if len(text) <= 40 else None
    if found is None:
        return None
    try:
        return date_to_day(date(int(found[1]), int(found[2]), int(found[3])))
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    bare = re.sub(r"[,，\s¥￥$]|元$", "", text)
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{0,10})?", bare):
        return None
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None


def _amount(text: str, currency: str) -> int | str:
    """Minor units, or the code of what is wrong. A dash is how exports write nothing spent."""
    if not text:
        return "missing_cost"
    value = Decimal(0) if text in _NOTHING else _number(text)
    if value is None:
        return "bad_cost"
    if value < 0:
        return "negative_cost"
    try:
        return to_minor(value, currency)
    except ValueError:
        return "bad_cost"


def _count(text: str) -> int | str | None:
    if not text or text in _NOTHING:
        return None
    value = _number(text)
    if value is None or value < 0 or value != value.to_integral_value():
        return "bad"
    return int(value)


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or GB 18030; raises BadCosts."""
    for encoding in ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadCosts(
        "unreadable_costs",
        Words(
            "无法识别文件编码，请另存为 UTF-8 的 CSV 或 xlsx。",
            "The file's encoding is not known; save it as UTF-8 CSV or xlsx.",
        ),
    )


def _text(data: bytes) -> Grid:
    text = decoded(data)
    head = text[:4000]
    delimiter = max(",\t;", key=lambda d: head.count(d))
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), 1)
    except csv.Error:
        raise BadCosts(
            "unreadable_costs", Words("不是有效的 CSV 文件。", "The file is no valid CSV.")
        ) from None


def _sheet(data: bytes) -> Grid:
    """The first sheet of a workbook, each cell as text."""
    from python_calamine import CalamineError, CalamineWorkbook

    bad = BadCosts(
        "unreadable_costs", Words("不是有效的 xlsx 工作簿。", "The file is no valid xlsx workbook.")
    )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_SHEET:
                raise BadCosts(
                    "too_many_cost_rows",
                    Words("工作簿解压后过大。", "The workbook is too large."),
                    status=413,
                )
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0)
        for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
            yield number, [_cell(value) for value in row]
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, EOFError):
        raise bad from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    return str(value).strip()
