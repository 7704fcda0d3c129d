"""A file as a sequence of parts, each of which enters the lake in one transaction.

The same file, mapping and source give the same parts every time. Orders are complete within a part, wherever their
lines stand in the file: lines are first dealt into buckets by the hash of their order number.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from weaktie.data.collect.contracts import Event
from weaktie.data.imports.contracts import BadLine, FileMapping
from weaktie.data.imports.converters import CODES, Converted, Defaults, convert
from weaktie.data.imports.logic import (
    Occurrences,
    TableRows,
    content_rows,
    event_rows,
    field_named,
    joined,
    product_rows,
    relation_rows,
    user_rows,
)
from weaktie.data.imports.orders import Derived, group, prepared
from weaktie.data.imports.personal import is_personal, object_text, scrubbed
from weaktie.data.imports.readers import REST, Chunk, Reader
from weaktie.data.imports.staging import Buckets

READING_SHARE = 0.6
"""How much of the work on orders is reading the file; the rest is putting them together and loading them."""


@dataclass(slots=True)
class Part:
    """One transaction's worth. `lines` of the file have their fate in it, `bad` of them are left out. A file of calls gives
    `events` (line, event) instead of tables.

    `number` is -1 for a part that only reports progress.
    """

    number: int
    tables: list[TableRows] = field(default_factory=list)
    lines: int = 0
    bad: list[BadLine] = field(default_factory=list)
    done: float = 0.0
    events: list[tuple[int, Event]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides what a file becomes."""

    reader: Reader
    mapping: FileMapping
    defaults: Defaults
    source_id: str
    bytes: int

    @property
    def rest(self) -> list[str]:
        """Columns that no field names and that go into properties or traits."""
        if not self.mapping.rest or self.mapping.kind not in ("events", "users"):
            return []
        used = {c for cell in self.mapping.fields.values() for c in cell.columns}
        return [c for c in self.reader.columns if c not in used and not is_personal(c)]

    @property
    def needed(self) -> list[str]:
        """Columns to read. A line without an id of its own is told by all its cells."""
        mapping = self.mapping
        used = {c: None for cell in mapping.fields.values() for c in cell.columns}
        used |= dict.fromkeys((mapping.derive_users or {}).values())
        all_cells = mapping.kind == "events" and "event_id" not in mapping.fields
        if self.reader.nested:
            wanted = [REST] if all_cells or (mapping.rest and mapping.kind in ("events", "users")) else []
        else:
            wanted = self.reader.columns if all_cells else self.rest
        return list(used | dict.fromkeys(wanted))


def parts(plan: Plan, work: Path) -> Iterator[Part]:
    """The parts of the file in their order; `work` is an empty folder for what does not fit into memory."""
    if plan.mapping.kind == "orders":
        yield from _order_parts(plan, work)
        return
    seen = Occurrences()
    for number, chunk in enumerate(plan.reader.chunks(plan.needed)):
        converted = convert(chunk, plan.mapping, plan.defaults)
        bad = chunk.broken + list(bad_lines(chunk, converted, plan.mapping))
        tables = rows_of(plan, chunk, converted, seen)
        lines = len(chunk.lines) + len(chunk.broken)
        yield Part(number, tables, lines, bad, chunk.done)


def bad_lines(chunk: Chunk, converted: Converted, mapping: FileMapping) -> Iterator[BadLine]:
    """The faulty lines of a chunk, with their cells."""
    for row in (converted.fault != 0).arg_true():
        cell = mapping.fields.get(field_named(mapping, converted.place[row]).name)
        column = cell.columns[0] if cell and cell.columns else field_named(mapping, converted.place[row]).name
        yield BadLine(chunk.lines[row], CODES[converted.fault[row]], column, chunk.cells(row))


def rows_of(plan: Plan, chunk: Chunk, converted: Converted, seen: Occurrences) -> list[TableRows]:
    """What the good lines of a chunk become, for every kind but orders."""
    kind, good = plan.mapping.kind, converted.good
    whole = bool(good.all())
    frame = converted.frame if whole else converted.frame.filter(good)
    if not frame.height:
        return []
    raw = chunk.frame if whole else chunk.frame.filter(good)
    lines = chunk.lines if whole else chunk.lines.filter(good)
    makers: dict[str, Callable[[], list[TableRows]]] = {
        "events": lambda: _events(plan, frame, raw, lines, seen),
        "users": lambda: user_rows(frame, scrubbed(_rest(plan, raw, "traits")), plan.source_id),
        "products": lambda: product_rows(frame, plan.source_id),
        "contents": lambda: content_rows(frame, plan.source_id),
        "relations": lambda: relation_rows(frame, plan.source_id),
    }
    return makers[kind]()


def _events(
    plan: Plan, frame: pl.DataFrame, raw: pl.DataFrame, lines: pl.Series, seen: Occurrences
) -> list[TableRows]:
    whole = (
        joined(raw, raw.columns)
        if "event_id" not in frame.columns or frame["event_id"].null_count()
        else frame["event_id"]
    )
    if plan.mapping.rest:
        rest = _rest(plan, raw, "properties")
        if rest.null_count() < len(rest):
            frame = frame.with_columns(properties=_merged(frame, rest))
    if "properties" in frame.columns:
        frame = frame.with_columns(properties=scrubbed(frame["properties"]))
    return event_rows(frame, lines, whole, plan.source_id, seen)


def _rest(plan: Plan, raw: pl.DataFrame, name: str) -> pl.Series:
    if plan.mapping.rest and REST in raw.columns:
        return raw[REST].alias(name)
    columns = [c for c in plan.rest if c in raw.columns]
    if not plan.mapping.rest or not columns:
        return pl.Series(name, [None], pl.String).new_from_index(0, raw.height)
    kept = raw.select(
        pl.col(c).str.strip_chars() if raw[c].dtype == pl.String else pl.col(c) for c in columns
    )
    return pl.Series(name, [object_text(row) for row in kept.iter_rows(named=True)], pl.String)


def _merged(frame: pl.DataFrame, rest: pl.Series) -> pl.Series:
    if "properties" not in frame.columns:
        return rest
    both = pl.DataFrame({"a": frame["properties"].str.strip_chars(), "b": rest})
    inner = pl.col("a").str.slice(1).str.strip_chars_start()
    joint = pl.col("b").str.head(-1) + pl.when(inner == "}").then(pl.lit("")).otherwise(pl.lit(",")) + inner
    return both.select(pl.coalesce(joint, pl.col("a"), pl.col("b"))).to_series()


def _order_parts(plan: Plan, work: Path) -> Iterator[Part]:
    derived = Derived(plan.mapping)
    poisoned: list[str] = []
    with Buckets(work, plan.bytes) as buckets:
        for chunk in plan.reader.chunks(plan.needed):
            converted = convert(chunk, plan.mapping, plan.defaults)
            good = converted.good
            bad = chunk.broken + list(bad_lines(chunk, converted, plan.mapping))
            if not good.all() and "order_id" in converted.frame.columns:
                poisoned += converted.frame.filter(~good)["order_id"].drop_nulls().unique().to_list()
            lines = prepared(converted.frame.filter(good), chunk.lines.filter(good))
            buckets.add(lines)
            if derived.any:
                derived.add(lines, chunk.frame.filter(good))
            yield Part(-1, lines=len(bad), bad=bad, done=chunk.done * READING_SHARE)
        for number in range(buckets.count):
            frame = buckets.read(number)
            if not frame.height:
                yield Part(number, done=READING_SHARE)
                continue
            grouped = group(frame, plan.source_id, pl.Series(poisoned, dtype=pl.String))
            columns = {name: cell.columns[0] for name, cell in plan.mapping.fields.items() if cell.columns}
            bad = [
                BadLine(line, code, columns.get(place, place))
                for line, code, place in grouped.bad.sort("line").iter_rows()
            ]
            share = READING_SHARE + (1 - READING_SHARE) * (number + 1) / (buckets.count + 1)
            yield Part(number, grouped.tables, frame.height, bad, share)
        if derived.any:
            yield Part(buckets.count, derived.tables(plan.source_id), done=1.0)
