"""Values of parameters, cells of results, charts: rules without I/O."""

import base64
import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from weaktie.data.sql.contracts import LONGEST_VALUE, MOST_VALUES, BadValues, Chart, Value
from weaktie.kit.words import Words

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
EXACT = 1 << 53
"""Beyond it a number of JSON is not exact in a browser: it is written as a text."""
EXACT_DIGITS = 15
_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run."""


def bound(parameters: Iterable[str], values: Mapping[str, Value]) -> dict[str, dict[str, str]]:
    """The parameters' values for the engine: dates, numbers and texts. Raises BadValues where one is missing."""
    if len(values) > MOST_VALUES:
        raise BadValues("values", Words("参数过多。", "There are too many parameters."))
    given = {name.lower(): value for name, value in values.items()}
    found = {}
    for name in parameters:
        value = given.get(name, "")
        if value == "":
            raise BadValues(name, Words(f"请填写参数 {name}。", f"Give the parameter {name} a value."))
        found[name] = _bound(name, value)
    return found


def _bound(name: str, value: Value) -> dict[str, str]:
    if isinstance(value, str):
        if len(value) > LONGEST_VALUE:
            raise BadValues(name, Words(f"参数 {name} 过长。", f"The parameter {name} is too long."))
        if not _DAY.fullmatch(value):
            return {"type": "text", "value": value}
        try:
            date.fromisoformat(value)
        except ValueError:
            raise BadValues(
                name, Words(f"参数 {name} 不是有效日期。", f"The parameter {name} is no date.")
            ) from None
        return {"type": "date", "value": value}
    if isinstance(value, bool) or not math.isfinite(value):
        raise BadValues(name, Words(f"参数 {name} 不是数字。", f"The parameter {name} is no number."))
    return {"type": "number", "value": str(value)}


def cell(value: Any) -> Any:
    """A cell as JSON can say it: numbers and texts as they are, times in ISO 8601, what is nested as JSON."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Decimal):
        return float(value) if len(value.as_tuple().digits) <= EXACT_DIGITS else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return json.dumps(value, ensure_ascii=False, default=lambda one: cell(one))


def csv_cell(value: Any) -> str:
    """A cell of a CSV file, made harmless for spreadsheets."""
    shown = cell(value)
    if shown is None:
        return ""
    text = str(shown)
    return "'" + text if isinstance(shown, str) and text.startswith(_RUNS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def chart_of(text: str) -> Chart:
    """A chart from its JSON."""
    read = json.loads(text)
    return Chart(read["kind"], read["x"], tuple(read["y"]), read["series"])


def chart_text(chart: Chart) -> str:
    """A chart as JSON."""
    return json.dumps({"kind": chart.kind, "x": chart.x, "y": list(chart.y), "series": chart.series})
