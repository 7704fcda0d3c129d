"""The canary sweep: looks for planted values in everything a home holds, through every coding it knows."""

import base64
import binascii
import io
import re
import sqlite3
import urllib.parse
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard
from sqlalchemy import LargeBinary, String, inspect, text

from weaktie.store.database.service import Database
from weaktie.store.log.contracts import Log
from weaktie.trust.rights.contracts import Hit

CHUNK_BYTES = 4 * 1024 * 1024
MOST_DECODED_BYTES = 64 * 1024 * 1024
_BASE64 = re.compile(rb"[A-Za-z0-9+/_%-]{16,}={0,2}")
_GZIP, _ZSTD, _ZIP, _SQLITE, _PARQUET = (
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"SQLite format 3\0",
    b"PAR1",
)


def forms(needle: bytes) -> set[bytes]:
    """The needle as it may stand in bytes: as it is, in GBK, UTF-16, JSON escapes, percent escapes, hex."""
    found = {needle, needle.hex().encode()}
    try:
        plain = needle.decode("utf-8")
    except UnicodeDecodeError:
        return found
    found |= {
        plain.encode("gb18030"),
        plain.encode("utf-16-le"),
        urllib.parse.quote(plain).encode(),
        plain.encode("ascii", "backslashreplace").lower(),
    }
    return found


def sweep(
    home: Path, needles: Sequence[bytes], *, log: Log | None = None, database: Database | None = None
) -> list[Hit]:
    """Every place below `home` that holds one of the needles.

    Looks at the raw bytes of each file, the decoded values of Parquet, SQLite, zip, gzip and zstd files, the decrypted records
    of `log`, and every table of `database` (for a database that is not a file of the home). Needles have 4 bytes or more.
    """
    assert all(len(needle) >= 4 for needle in needles), "a shorter needle would be found by chance"
    wanted = [(number, form) for number, needle in enumerate(needles) for form in forms(needle)]
    hits: dict[tuple[int, str, str], Hit] = {}
    for path in sorted(p for p in home.rglob("*") if p.is_file() and not p.is_symlink()):
        store = str(path.relative_to(home))
        for place, raw in _file_pieces(path):
            _look(wanted, store, place, raw, hits)
    if log is not None:
        for place, raw in _log_pieces(log):
            _look(wanted, "log", place, raw, hits)
    if database is not None:
        for hit in sweep_database(database, needles):
            hits[hit.needle, hit.store, hit.place] = hit
    return list(hits.values())


def sweep_database(database: Database, needles: Sequence[bytes]) -> list[Hit]:
    """Every table and column of the database whose text or bytes hold one of the needles."""
    wanted = [(number, form) for number, needle in enumerate(needles) for form in forms(needle)]
    hits: dict[tuple[int, str, str], Hit] = {}
    found = inspect(database.engine)
    quote = database.engine.dialect.identifier_preparer.quote
    for table in found.get_table_names():
        names = [c["name"] for c in found.get_columns(table) if isinstance(c["type"], String | LargeBinary)]
        if not names:
            continue
        columns = ", ".join(quote(name) for name in names)
        with database.connect() as connection:
            # Names come from the database's own catalogue and are quoted.
            rows = connection.execute(text(f"SELECT {columns} FROM {quote(table)}"))  # noqa: S608
            for row in rows:
                for name, value in zip(names, row, strict=True):
                    for raw in _expanded(_raw(value)):
                        _look(wanted, f"database.{table}", name, raw, hits)
    return list(hits.values())


def _look(
    wanted: list[tuple[int, bytes]],
    store: str,
    place: str,
    raw: bytes,
    hits: dict[tuple[int, str, str], Hit],
) -> None:
    for number, form in wanted:
        if form in raw:
            hits.setdefault((number, store, place), Hit(number, store, place))


def _file_pieces(path: Path) -> Iterator[tuple[str, bytes]]:
    """(place, bytes) of a file: its raw bytes with an overlap, then what it decodes to."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
            file.seek(0)
            before = b""
            while chunk := file.read(CHUNK_BYTES):
                yield "bytes", before + chunk
                before = chunk[-512:]
        if head.startswith(_PARQUET):
            yield from _parquet_pieces(path)
        elif head.startswith(_SQLITE):
            yield from _sqlite_pieces(path)
        elif head.startswith((_GZIP, _ZSTD, _ZIP)):
            for raw in _expanded(path.read_bytes()[:MOST_DECODED_BYTES]):
                yield "decoded", raw
    except FileNotFoundError:
        return  # a file that another process has just replaced; its successor has its own name


def _parquet_pieces(path: Path) -> Iterator[tuple[str, bytes]]:
    with pq.ParquetFile(path) as file:
        yield "metadata", str(file.schema_arrow.metadata).encode()
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            for name, column in zip(group.schema.names, group.columns, strict=True):
                if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
                    held = (value for value in column.to_pylist() if value is not None)
                    yield f"column {name}", b"\n".join(_raw(value) for value in held)


def _sqlite_pieces(path: Path) -> Iterator[tuple[str, bytes]]:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    connection.text_factory = bytes
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            quoted = name.decode().replace('"', '""')
            for row in connection.execute(f'SELECT * FROM "{quoted}"'):  # noqa: S608  a name from the catalogue, quoted
                for value in row:
                    if isinstance(value, bytes):
                        for raw in _expanded(value):
                            yield f"table {name.decode()}", raw
    finally:
        connection.close()


def _log_pieces(log: Log) -> Iterator[tuple[str, bytes]]:
    for partition in log.partitions():
        for record in log.read(partition, 0):
            for raw in _expanded(record.payload):
                yield f"partition {partition} record {record.place.record}", raw


def _raw(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    return str(value).encode("utf-8", "surrogatepass")


def _expanded(raw: bytes, depth: int = 3) -> Iterator[bytes]:
    """The bytes, and what compressed or base64 stretches inside them decode to."""
    yield raw
    if depth == 0:
        return
    for inner in _unpacked(raw):
        yield from _expanded(inner, depth - 1)


def _unpacked(raw: bytes) -> Iterator[bytes]:
    for at in _places(raw, _GZIP):
        try:
            yield zlib.decompressobj(31).decompress(raw[at:], MOST_DECODED_BYTES)
        except zlib.error:
            continue
    for at in _places(raw, _ZSTD):
        try:
            yield zstandard.ZstdDecompressor().stream_reader(raw[at:]).read(MOST_DECODED_BYTES)
        except zstandard.ZstdError:
            continue
    if raw.startswith(_ZIP):
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                for name in archive.namelist():
                    yield name.encode() + b"\n" + archive.read(name)
        except (zipfile.BadZipFile, zlib.error, RuntimeError):
            pass
    for found in _BASE64.finditer(raw):
        try:
            piece = urllib.parse.unquote_to_bytes(found.group()).translate(bytes.maketrans(b"-_", b"+/"))
            yield base64.b64decode(piece + b"=" * (-len(piece) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue


def _places(raw: bytes, magic: bytes) -> Iterator[int]:
    at = raw.find(magic)
    while at >= 0:
        yield at
        at = raw.find(magic, at + 1)
