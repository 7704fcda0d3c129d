"""What a tag is, and the catalogue of all of them.

A tag declares the aggregates that it needs; those of all tags are merged, so that each source table is read once, and
the tag itself is arithmetic over them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

import narwhals as nw
import pyarrow as pa

from weaktie.kit.words import Words

Frame = nw.LazyFrame[Any]
Source = Literal["user_day", "orders", "brought", "users", "relations", "interests"]
How = Literal["sum", "max", "min", "days", "one"]
DType = Literal["text", "int", "float", "money", "bool"]

SOURCE_TABLES: dict[Source, tuple[str, ...]] = {
    "user_day": ("user_day",),
    "orders": ("orders",),
    "brought": ("orders",),
    "users": ("users",),
    "relations": ("relations",),
    "interests": ("user_day", "products"),
}
"""Which lake tables each source of aggregates is read from."""
ARROW: dict[DType, pa.DataType] = {
    "text": pa.string(), "int": pa.int32(), "float": pa.float64(), "money": pa.int64(), "bool": pa.bool_(),
}  # fmt: skip


class Dimension(Enum):
    """The four dimensions of the plan."""

    BASIC = "basic"
    BEHAVIOUR = "behaviour"
    SOCIAL = "social"
    SPENDING = "spending"


DIMENSION_WORDS: dict[Dimension, Words] = {
    Dimension.BASIC: Words("基础属性", "Basic attributes"),
    Dimension.BEHAVIOUR: Words("行为偏好", "Behaviour preference"),
    Dimension.SOCIAL: Words("社交关系", "Social relations"),
    Dimension.SPENDING: Words("消费能力", "Spending power"),
}


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One number (or text) of a person from one source. `days` limits it to that many days up to the as-of day.

    `how`: sum, max, min of the column; `days` counts distinct values (days, people); `one` takes a column that is already one value.
    """

    source: Source
    how: How
    column: str
    days: int | None = None

    @property
    def name(self) -> str:
        """Column under which the merged query gives it."""
        return f"{self.source}__{self.column}__{self.how}" + (f"_{self.days}" if self.days else "")

    @property
    def value(self) -> nw.Expr:
        """The aggregate within a tag's arithmetic; null where the person has no row in the source."""
        return nw.col(self.name)

    @property
    def count(self) -> nw.Expr:
        """The aggregate with 0 for a person who has no row in the source."""
        return nw.coalesce(nw.col(self.name), nw.lit(0))

    def query(self, as_of_day: int) -> nw.Expr:
        """The aggregation over the rows of one person."""
        column: nw.Expr = nw.col(self.column)
        if self.days is not None:
            column = nw.when(nw.col("day") > as_of_day - self.days).then(column)
        if self.how == "days":
            return (column.n_unique() - column.is_null().cast(nw.Int32).max()).cast(nw.Int64).alias(self.name)
        if self.how == "sum":
            return nw.coalesce(column.sum(), nw.lit(0)).cast(nw.Int64).alias(self.name)
        return (column.min() if self.how == "min" else column.max()).alias(self.name)


Value = Callable[[int], nw.Expr]
"""From the as-of day to the expression over the aggregates."""


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `bounds` are the upper limits of the classes of its distribution (numbers), `labels` name its values."""

    key: str
    words: Words
    definition: Words
    dimension: Dimension
    dtype: DType
    needs: tuple[Aggregate, ...]
    value: Value
    unit: Words | None = None
    window_days: int | None = None
    labels: dict[str, Words] | None = None
    bounds: tuple[float, ...] = ()
    share: bool = False
    quantity: str = ""
    """What is measured, whatever the window; by default the key without its window."""

    @property
    def measures(self) -> str:
        """The quantity: tags that differ only in their window share it."""
        return self.quantity or re.sub(r"_[0-9]+d$", "", self.key)

    @property
    def source_tables(self) -> tuple[str, ...]:
        """Lake tables that it is computed from."""
        return tuple(sorted({t for a in self.needs for t in SOURCE_TABLES[a.source]}))


def of(aggregate: Aggregate) -> Value:
    """A tag that is the aggregate itself; unknown where there is no row."""
    return lambda _as_of_day: aggregate.value


def counted(aggregate: Aggregate) -> Value:
    """A tag that is the aggregate, and 0 where there is no row."""
    return lambda _as_of_day: aggregate.count


def days_since(aggregate: Aggregate) -> Value:
    """Days from the aggregate (a day) to the as-of day, at least 0; unknown where there is no such day."""
    return lambda as_of_day: nw.when(~aggregate.value.is_null()).then(
        nw.max_horizontal(nw.lit(as_of_day) - aggregate.value, nw.lit(0))
    )


def within(top: Aggregate, bottom: Aggregate, *, least: int = 1) -> Value:
    """`top / bottom` cut to 0…1: for parts that another source counts, which may know more than the whole."""
    share = ratio(top, bottom, least=least)
    return lambda as_of_day: nw.when(bottom.value >= least).then(
        nw.max_horizontal(nw.lit(0.0), nw.min_horizontal(nw.lit(1.0), share(as_of_day)))
    )


def ratio(top: Aggregate, bottom: Aggregate, *, least: int = 1) -> Value:
    """`top / bottom`, unknown where the bottom is under `least`."""
    return lambda _as_of_day: nw.when(bottom.value >= least).then(
        top.count.cast(nw.Float64) / bottom.value.cast(nw.Float64)
    )  # fmt: skip


def largest(choices: list[tuple[Aggregate, str]]) -> Value:
    """The text of the largest aggregate (the first of equal ones); unknown where all are 0."""

    def value(_as_of_day: int) -> nw.Expr:
        top = nw.max_horizontal(*(a.count for a, _ in choices))
        result: nw.Expr = nw.lit(None, nw.String)
        for aggregate, text in reversed(choices):
            result = nw.when((aggregate.count == top) & (top > 0)).then(nw.lit(text)).otherwise(result)
        return result

    return value


def merged(tags: tuple[Tag, ...], extra: tuple[Aggregate, ...] = ()) -> dict[Source, list[Aggregate]]:
    """The aggregates of all tags, each once, by source in a stable order."""
    found: dict[Source, dict[str, Aggregate]] = {}
    for aggregate in (*extra, *(a for tag in tags for a in tag.needs)):
        found.setdefault(aggregate.source, {})[aggregate.name] = aggregate
    return {source: list(found[source].values()) for source in sorted(found)}


def facts(
    people: Frame,
    rows: Mapping[Source, Frame],
    needs: Mapping[Source, list[Aggregate]],
    as_of_day: int,
    ready: Mapping[Source, Frame] | None = None,
) -> Frame:
    """One row for each person with every aggregate. `people` has person_no; each of `rows` has person_no, day, columns. What is
    `ready` has person_no and the aggregates of its source already."""
    result = people.select("person_no")
    for source, aggregates in needs.items():
        found = (ready or {}).get(source)
        if found is None:
            found = rows[source].group_by("person_no").agg(*(a.query(as_of_day) for a in aggregates))
        result = result.join(found, on="person_no", how="left")
    return result


def values(frame: Frame, tags: tuple[Tag, ...], as_of_day: int) -> Frame:
    """Person, as-of day and one column for each tag, from a frame of facts."""
    return frame.select(
        "person_no",
        nw.lit(as_of_day).cast(nw.Int32).alias("as_of_day"),
        *(tag.value(as_of_day).alias(tag.key) for tag in tags),
    )
