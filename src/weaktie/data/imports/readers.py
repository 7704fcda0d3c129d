"""Files into chunks of columns: CSV and TSV in any usual encoding, JSONL, Parquet and xlsx, each also gzipped.

The same file gives the same chunks every time, so that an interrupted import knows where it was.
"""

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from weaktie.data.imports.cells import GOOD, LARGEST_RECORD, OPEN_QUOTE, Cells, split
from weaktie.data.imports.contracts import BadImport, BadLine
from weaktie.data.imports.streams import encoding_of, open_bytes, text_blocks
from weaktie.kit.words import Words

BLOCK_BYTES = 16 << 20
BATCH_ROWS = 250_000
LARGEST_COLUMNS = 2000
LARGEST_SHEET_BYTES = 1 << 30
REST = "*"
"""A column of JSONL readers: the object's keys that no other column reads, as a JSON object."""
_SEPARATORS = ",\t;|"
_SHOWN_CELL = 300
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Part of a file. `frame` has a text column for each cell (Parquet keeps its types), `lines` the line of each row,
    `broken` the lines that are no rows at all; `done` is the part of the file (0 to 1) that is read after it."""

    frame: pl.DataFrame
    lines: pl.Series
    broken: list[BadLine] = field(default_factory=list)
    done: float = 1.0
    cells_of: Callable[[int], tuple[str, ...]] | None = None

    def cells(self, row: int) -> tuple[str, ...]:
        """The cells of row `row` as they stood in the file, each cut at 300 characters."""
        found: Iterable[Any] = self.cells_of(row) if self.cells_of else self.frame.row(row)
        return tuple("" if cell is None else str(cell)[:_SHOWN_CELL] for cell in found)


class Reader(Protocol):
    """One file. `columns` are its headers, made unique; a `nested` one has other keys on each line."""

    columns: list[str]
    nested: bool

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """The file from its beginning, with at least the columns `needed`; with `first_rows` only about so many rows."""
        ...


def open_file(path: Path, *, header: bool = True) -> Reader:
    """The reader for a file, told by its first bytes and not by its name; raises BadImport."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        if magic == b"PAR1":
            return ParquetReader(path)
        if magic == b"PK\x03\x04":
            return SheetReader(path, header=header)
        with open_bytes(path) as stream:
            head = stream.read(1 << 16)
    except (OSError, pa.ArrowInvalid, EOFError) as error:
        raise _unreadable(type(error).__name__) from error
    encoding = encoding_of(path)
    text = head.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return JsonReader(path, encoding)
    if not text:
        raise BadImport("empty_file", Words("文件是空的。", "The file is empty."), place="file")
    return TextReader(path, encoding, text, header=header)


def _unreadable(why: str) -> BadImport:
    return BadImport(
        "unreadable_file",
        Words(f"无法读取文件（{why}）。", f"The file cannot be read ({why})."),
        place="file",
    )


def unique_headers(headers: Iterable[str]) -> list[str]:
    """Headers without marks of encoding and spaces around them; empty and repeated ones get their number."""
    found: list[str] = []
    for number, header in enumerate(headers, 1):
        name = header.strip().lstrip("\ufeff") or f"column_{number}"
        found.append(name if name not in found else f"{name}_{number}")
    if len(found) > LARGEST_COLUMNS:
        raise BadImport(
            "too_many_columns",
            Words(f"列数超过 {LARGEST_COLUMNS}。", f"There are more than {LARGEST_COLUMNS} columns."),
            place="file",
        )
    return found


class TextReader:
    """CSV, TSV and their like."""

    nested = False

    def __init__(self, path: Path, encoding: str, head: str, *, header: bool) -> None:
        first = next((line for line in head.splitlines() if line.strip()), "")
        self.path, self.encoding, self.header = path, encoding, header
        self.separator = max(_SEPARATORS, key=first.count) if any(s in first for s in _SEPARATORS) else ","
        found = split(head.encode(), self.separator, line=1, final=True)
        names = found.texts(0) if len(found.line) else ()
        self.columns = unique_headers(names if header else [str(n) for n in range(1, len(names) + 1)])

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """Blocks of 16 MB of text, cut at the end of a record."""
        block = BLOCK_BYTES if first_rows is None else 1 << 20
        rest, line, skipping, headless = b"", 1, False, not self.header
        for text, final, done in text_blocks(self.path, self.encoding, block):
            if skipping:
                ends = text.find(b"\n")
                if ends < 0:
                    continue
                text, skipping, line = text[ends + 1 :], False, line + 1
            data = rest + text
            found = split(data, self.separator, line=line, final=final)
            rest = data[found.consumed :]
            line += found.lines
            broken = []
            if len(rest) > 2 * LARGEST_RECORD:
                broken.append(BadLine(line, "too_long", "", (rest[:_SHOWN_CELL].decode("utf-8", "replace"),)))
                rest, skipping = b"", True
            start = 0
            if not headless and len(found.line):
                headless, start = True, 1
            yield self._chunk(found, start, needed, broken, done)

    def _chunk(
        self, found: Cells, start: int, needed: list[str], broken: list[BadLine], done: float
    ) -> Chunk:
        whole = (found.state == GOOD) & (found.counts == len(self.columns))
        whole[:start] = False
        for record in np.flatnonzero(~whole):
            if record >= start:
                code = (
                    "ragged_line"
                    if found.state[record] == GOOD
                    else ("open_quote" if found.state[record] == OPEN_QUOTE else "too_long")
                )
                cells = tuple(cell[:_SHOWN_CELL] for cell in found.texts(int(record))[:50])
                broken.append(BadLine(int(found.line[record]), code, "", cells))
        records = np.flatnonzero(whole)
        frame = pl.DataFrame(
            {
                name: pl.Series(name, found.column(number, records), pl.String)
                for number, name in enumerate(self.columns)
                if name in needed
            },
            height=len(records),
        )
        return Chunk(
            frame, pl.Series("line", found.line[records]), broken, done, lambda row: found.texts(int(records[row]))
        )  # fmt: skip


class JsonReader:
    """One JSON object a line. A column may reach into objects: `context.app.version`."""

    nested = True

    def __init__(self, path: Path, encoding: str) -> None:
        self.path, self.encoding = path, encoding
        # Numbers stay as they are written, so that 12.10 is not made a float on its way to money.
        self.decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
        self.columns = []
        for chunk in self.chunks([], first_rows=200):
            self.columns = unique_headers(chunk.frame.columns)
            break

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """Blocks of whole lines. All columns of a block are there when `needed` is empty."""
        rest, line = b"", 1
        block = BLOCK_BYTES if first_rows is None else 1 << 20
        for text, final, done in text_blocks(self.path, self.encoding, block):
            lines = (rest + text).split(b"\n")
            rest = b"" if final else lines.pop()
            rows, numbers, broken = [], [], []
            for raw in lines:
                if raw.strip():
                    row = self._decoded(raw)
                    if isinstance(row, str):
                        broken.append(BadLine(line, row, "", (raw[:_SHOWN_CELL].decode("utf-8", "replace"),)))
                    else:
                        rows.append(row)
                        numbers.append(line)
                line += 1
            names = needed or list(dict.fromkeys(name for row in rows for name in row))
            used = {name.split(".", 1)[0] for name in names} | set(names)
            frame = pl.DataFrame(
                {
                    name: pl.Series(
                        name,
                        [_remaining(row, used) if name == REST else _reach(row, name) for row in rows],
                        pl.String,
                    )
                    for name in names
                },
                height=len(rows),
            )
            yield Chunk(frame, pl.Series("line", numbers, pl.Int64), broken, done)

    def _decoded(self, raw: bytes) -> dict[str, Any] | str:
        if len(raw) > LARGEST_RECORD:
            return "too_long"
        try:
            row: dict[str, Any] = self.decoder.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return "lone_surrogate" if b"\\ud" in raw.lower() else "not_json"
        return row


def _remaining(row: dict[str, Any], used: set[str]) -> str | None:
    rest = {key: value for key, value in row.items() if key not in used and value is not None}
    return _ENCODER.encode(rest).decode() if rest else None


def _reach(row: dict[str, Any], name: str) -> str | None:
    value: Any = row.get(name)
    if value is None and "." in name:
        value = row
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return cell_text(value)


def cell_text(value: Any) -> str | None:
    """A value as the text that would stand for it in a CSV file."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, (dict, list)):
        return _ENCODER.encode(value).decode()
    return value.isoformat(" ") if hasattr(value, "hour") else str(value)


class ParquetReader:
    """Parquet; columns keep their types, nested ones become JSON text."""

    nested = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.columns = unique_headers(pq.ParquetFile(path).schema_arrow.names)

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """Batches of 500,000 rows; a line is the number of the row from 1."""
        with pq.ParquetFile(self.path, memory_map=True) as file:
            total = file.metadata.num_rows
            wanted = [c for c in self.columns if c in needed] or self.columns
            row = 0
            for batch in file.iter_batches(
                batch_size=min(first_rows or BATCH_ROWS, BATCH_ROWS), columns=wanted
            ):
                frame = pl.DataFrame({name: _plain(name, batch[name]) for name in wanted})
                yield Chunk(
                    frame,
                    pl.Series("line", np.arange(row + 1, row + 1 + len(batch), dtype=np.int64)),
                    done=(row + len(batch)) / max(total, 1),
                )
                row += len(batch)


def _plain(name: str, values: pa.Array) -> pl.Series:
    if pa.types.is_nested(values.type):
        return pl.Series(name, [cell_text(v) for v in values.to_pylist()], pl.String)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        return pl.Series(
            name, [None if v is None else v.decode("utf-8", "replace") for v in values.to_pylist()]
        )
    return pl.Series(name, values)


class SheetReader:
    """The first sheet of an xlsx workbook."""

    nested = False

    def __init__(self, path: Path, *, header: bool) -> None:
        self.path, self.header = path, header
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except zipfile.BadZipFile as error:
            raise _unreadable("xlsx") from error
        if size > LARGEST_SHEET_BYTES:
            raise BadImport(
                "file_too_large", Words("工作簿解压后过大。", "The workbook is too large."), place="file"
            )
        first = next(self._rows(), (0, []))[1]
        self.columns = unique_headers(
            [cell_text(v) or "" for v in first] if header else [str(n) for n in range(1, len(first) + 1)]
        )

    def _rows(self) -> Iterator[tuple[int, list[Any]]]:
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            sheet = CalamineWorkbook.from_path(str(self.path)).get_sheet_by_index(0)
            for number, row in enumerate(sheet.to_python(skip_empty_area=False), 1):
                if any(cell not in ("", None) for cell in row):
                    yield number, row
        except (CalamineError, OSError) as error:
            raise _unreadable("xlsx") from error

    def chunks(self, needed: list[str], *, first_rows: int | None = None) -> Iterator[Chunk]:
        """Rows of the sheet by thousands; a line is the number of the row as the program shows it."""
        rows = list(self._rows())[1 if self.header else 0 :]
        step = first_rows or BATCH_ROWS
        for at in range(0, max(len(rows), 1), step):
            part = rows[at : at + step]
            whole = [(n, row) for n, row in part if len(row) == len(self.columns)]
            broken = [
                BadLine(n, "ragged_line", "", tuple(str(c)[:_SHOWN_CELL] for c in row))
                for n, row in part
                if len(row) != len(self.columns)
            ]
            frame = pl.DataFrame(
                {
                    name: pl.Series(name, [cell_text(row[i]) for _, row in whole], pl.String)
                    for i, name in enumerate(self.columns)
                    if not needed or name in needed
                }
            )
            done = min(1.0, (at + step) / max(len(rows), 1))
            yield Chunk(frame, pl.Series("line", [n for n, _ in whole], pl.Int64), broken, done)


__all__ = ["REST", "Chunk", "Reader", "cell_text", "open_file", "unique_headers"]
