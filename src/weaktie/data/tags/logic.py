"""Values of tags as tables: which type they have, how they lie, and what a cell of a file says. Pure."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.tags.contracts import (
    I32,
    KEY,
    MOST_TEXT,
    MOST_VALUES,
    BadTagDefinition,
    BadTagSql,
    DType,
    Values,
)
from weaktie.kit.words import Words

LARGEST_VALUES = 12
CLASSES = 5
YES = frozenset(("true", "yes", "1", "是", "y"))
NO = frozenset(("false", "no", "0", "否", "n"))
ARROW: dict[DType, pa.DataType] = {"text": pa.string(), "number": pa.float64(), "bool": pa.bool_()}


def dtype_of(kind: pa.DataType) -> DType:
    """What type of tag a column makes; raises BadTagSql."""
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    raise BadTagSql(
        Words(f"value 列不支持 {kind} 类型，请转为文本、数字或是否。", f"{kind} is no type of a value: make it text, number or yes and no.")
    )  # fmt: skip


def values_of(rows: pa.Table, may: I32) -> tuple[DType, Values]:
    """A query's answer (person_no, value) as values of people; raises BadTagSql.

    Rows without a value, or of people who are not among `may`, count as no value. A person must not come twice.
    """
    names = [n.lower() for n in rows.schema.names]
    if sorted(names) != ["person_no", "value"]:
        got = ", ".join(rows.schema.names)
        raise BadTagSql(
            Words(
                f"结果必须恰有 person_no、value 两列，现为：{got}",
                f"The answer needs the columns person_no and value, not: {got}",
            )
        )
    rows = rows.rename_columns(names)
    if not pa.types.is_integer(rows.schema.field("person_no").type):
        raise BadTagSql(Words("person_no 必须是整数。", "person_no must be a whole number."))
    dtype = dtype_of(rows.schema.field("value").type)
    column = rows["value"].cast(ARROW[dtype], safe=False)
    known = pc.and_(pc.is_valid(column), pc.is_valid(rows["person_no"]))
    if dtype == "number":
        known = pc.and_(known, pc.fill_null(pc.is_finite(column), False))
    people = rows["person_no"].filter(known).to_numpy().astype(np.int64)
    column = column.filter(known)
    inside = np.isin(people, may)
    people, column = people[inside].astype(np.int32), column.filter(pa.array(inside))
    order = np.argsort(people, kind="stable")
    people, column = people[order], column.take(pa.array(order))
    if len(people) > 1 and np.any(people[1:] == people[:-1]):
        again = int(people[1:][people[1:] == people[:-1]][0])
        raise BadTagSql(
            Words(
                f"同一人出现多行（person_no {again}），请按 person_no 汇总。",
                f"A person comes twice (person_no {again}): group by person_no.",
            )
        )
    return dtype, Values(people, _whole(column))


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if not pa.types.is_string(column.type):
        return column
    longest = pc.max(pc.utf8_length(column)).as_py() or 0
    different = pc.count_distinct(column).as_py()
    if longest > MOST_TEXT:
        raise BadTagSql(
            Words(f"文本值最长 {MOST_TEXT} 个字符。", f"A text has at most {MOST_TEXT} characters.")
        )
    if different > MOST_VALUES:
        raise BadTagSql(
            Words(
                f"有 {different} 个不同的文本值，最多 {MOST_VALUES} 个：标签用于分类，不能是每人一个值。",
                f"There are {different} different texts, {MOST_VALUES} at most: a tag is a class of people, not a name of each.",
            )
        )
    return column


def texts(column: pa.ChunkedArray) -> list[str]:
    """The different texts of a column; none for numbers."""
    return [str(v) for v in column.unique().to_pylist()] if pa.types.is_string(column.type) else []


def distribution(column: pa.ChunkedArray) -> list[dict[str, Any]]:
    """How the values lie: the most frequent texts, yes and no, or five classes of numbers with about as many people each."""
    if len(column) == 0:
        return []
    if pa.types.is_boolean(column.type):
        yes = int(pc.sum(column).as_py() or 0)
        return [_bar("是", "Yes", yes), _bar("否", "No", len(column) - yes)]
    counts = {c["values"]: c["counts"] for c in column.value_counts().to_pylist()}
    if pa.types.is_string(column.type) or len(counts) <= LARGEST_VALUES:
        ranked = (
            sorted(counts, key=lambda v: (-counts[v], v))
            if pa.types.is_string(column.type)
            else sorted(counts)
        )
        bars = [_bar(number(v), number(v), counts[v]) for v in ranked[:LARGEST_VALUES]]
        rest = sum(counts[v] for v in ranked[LARGEST_VALUES:])
        return bars + ([_bar("其他", "Others", rest)] if rest else [])
    plain = np.sort(column.to_numpy())
    cuts = np.unique(plain[[len(plain) * i // CLASSES for i in range(1, CLASSES)]])
    at = np.bincount(np.searchsorted(cuts, plain, side="left"), minlength=len(cuts) + 1)
    labels = [
        f"≤ {number(cuts[0])}",
        *(f"{number(a)}–{number(b)}" for a, b in pairwise(cuts)),
        f"> {number(cuts[-1])}",
    ]
    return [_bar(label, label, int(n)) for label, n in zip(labels, at, strict=True) if n]


def _bar(zh: str, en: str, count: int) -> dict[str, Any]:
    return {"label": {"zh": zh or "—", "en": en or "—"}, "count": count}


def number(value: object) -> str:
    """A number as people read it: at most four decimals, none where it is whole. Texts stay."""
    if not isinstance(value, float | np.floating):
        return str(value)
    return f"{int(value):,}" if value == int(value) else f"{value:,.4f}".rstrip("0")


def shown(dtype: DType, value: object, unit: Words | None) -> Words:
    """A value as text in both languages."""
    if dtype == "bool":
        return Words("是", "Yes") if value else Words("否", "No")
    text = number(float(str(value))) if dtype == "number" else str(value)
    return (
        Words(f"{text} {unit.zh}", f"{text} {unit.en}")
        if unit is not None and dtype == "number"
        else Words(text, text)
    )


def parsed(dtype: DType, text: str) -> str | float | bool | None:
    """What somebody wrote as a value of the type; None where it is none."""
    plain = text.strip()
    if dtype == "text":
        return plain if 0 < len(plain) <= MOST_TEXT else None
    if dtype == "bool":
        return True if plain.lower() in YES else False if plain.lower() in NO else None
    try:
        value = float(plain.replace(",", ""))
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def written(value: str | float | bool) -> str:
    """A value as it is kept beside a person."""
    return (
        ("true" if value else "false")
        if isinstance(value, bool)
        else repr(value)
        if isinstance(value, float)
        else value
    )


def column_of(dtype: DType, kept: Mapping[int, str]) -> Values:
    """Kept values by person as values of people."""
    people = np.array(sorted(kept), np.int32)
    read = [parsed(dtype, kept[int(n)]) for n in people]
    return Values(people, pa.chunked_array([pa.array(read, ARROW[dtype])]))


def is_key(key: str) -> None:
    """Raises BadTagDefinition unless it may be the key of a shop's own tag."""
    if not re.fullmatch(KEY, key):
        raise BadTagDefinition(
            "key",
            Words(
                "标签键须以 x_ 开头，由小写字母、数字、下划线组成，最长 60 个字符。",
                "A key begins with x_ and has small letters, digits and _, 60 at most.",
            ),
        )
