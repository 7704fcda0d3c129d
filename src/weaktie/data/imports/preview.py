"""What an import would store, shown before anything is stored."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from weaktie.data.imports.contracts import BadLine, FileMapping, Preview
from weaktie.data.imports.history import Decode, history_parts, not_lines, shown
from weaktie.data.imports.logic import personal_field
from weaktie.data.imports.parts import Plan, parts
from weaktie.data.imports.personal import masked
from weaktie.data.imports.readers import Chunk, JsonReader, Reader
from weaktie.kit.clock import from_datetime, to_iso

SHOWN_ROWS = 20
READ_LINES = 1000


class Head:
    """A reader that ends after the first 1,000 lines; of orders it leaves the last out, which may go on."""

    def __init__(self, reader: Reader, mapping: FileMapping) -> None:
        self._reader, self._mapping = reader, mapping
        self.columns, self.nested = reader.columns, reader.nested
        self.lines = 0

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """At most 1,000 lines, broken ones included."""
        for chunk in self._reader.chunks(needed, first_rows=min(first_rows or READ_LINES, READ_LINES)):
            room = READ_LINES - self.lines
            broken = [bad for bad in chunk.broken if chunk.lines.is_empty() or bad.line <= _last(chunk, room)]
            frame, lines = chunk.frame.head(room), chunk.lines.head(room)
            if len(lines) < len(chunk.lines):
                frame, lines = self._whole_orders(frame, lines)
            self.lines += len(lines) + len(broken)
            yield replace(chunk, frame=frame, lines=lines, broken=broken)
            if self.lines >= room or len(lines) < len(chunk.lines):
                return

    def _whole_orders(self, frame: pl.DataFrame, lines: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        cell = self._mapping.fields.get("order_id")
        if self._mapping.kind != "orders" or cell is None or not cell.columns:
            return frame, lines
        column = frame[cell.columns[0]]
        whole = column != column[-1] if len(column) else column.is_null()
        return (frame.filter(whole), lines.filter(whole)) if whole.any() else (frame, lines)


def _last(chunk: Chunk, room: int) -> int:
    return int(chunk.lines[min(room, len(chunk.lines)) - 1])


def preview(plan: Plan, *, suggested: bool) -> Preview:
    """The first 20 rows of each table and every bad line among the first 1,000."""
    head = Head(plan.reader, plan.mapping)
    tables: dict[str, list[dict[str, object]]] = {}
    bad: list[BadLine] = []
    with TemporaryDirectory(prefix="weaktie-preview-") as folder:
        for part in parts(replace(plan, reader=head, bytes=0), Path(folder) / "work"):
            bad += part.bad
            for made in part.tables:
                rows = tables.setdefault(made.table, [])
                shown = made.rows.head(SHOWN_ROWS - len(rows))
                if made.personal is not None:
                    shown = pl.concat([shown, made.personal.head(shown.height)], how="horizontal")
                rows += [_shown(row, plan) for row in shown.iter_rows(named=True)]
    return Preview(plan.mapping.kind, plan.reader.columns, plan.mapping, suggested, tables, bad, head.lines)


def preview_history(plan: Plan, decode: Decode, *, suggested: bool) -> Preview:
    """The same of a file of calls, as the live decoder reads them."""
    if not isinstance(plan.reader, JsonReader):
        raise not_lines()
    assert plan.mapping.decoder is not None
    found = list(
        history_parts(
            plan.reader.path, plan.reader.encoding, plan.mapping.decoder, decode, most_lines=READ_LINES
        )
    )
    events = [pair for part in found for pair in part.events]
    bad = [line for part in found for line in part.bad]
    return Preview(
        plan.mapping.kind, plan.reader.columns, plan.mapping, suggested, shown(events, SHOWN_ROWS), bad,
        sum(part.lines for part in found),
    )  # fmt: skip


def _shown(row: dict[str, object], plan: Plan) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, datetime):
            value = to_iso(from_datetime(value))
        elif isinstance(value, str) and personal_field(plan.mapping.kind, name):
            value = masked(name, value)
        shown[name] = value
    return shown
