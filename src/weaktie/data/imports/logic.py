"""Typed lines into the rows of the lake's tables, and the ids by which a second import adds nothing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from weaktie.data.collect.contracts import DUPLICATE_LINE
from weaktie.data.imports.contracts import FileMapping, Kind
from weaktie.data.imports.converters import minor
from weaktie.data.imports.fields import FIELDS, FileField
from weaktie.data.imports.times import UTC_US
from weaktie.kit.hashing import hash128
from weaktie.store.lake.tables import TABLES

FILLED = frozenset({"day", "source", "purposes", "log_partition", "log_index", "received_time", "flags"})
"""Lake columns that the loader fills."""
_SEPARATOR = "\x1f"
_NULL = "\x00"
_TYPES = {
    "integer": pl.Int64(), "number": pl.Float64(), "money": pl.Int128(), "time": UTC_US,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows for one lake table, identifiers still as text; `personal` beside them for users and for buyers."""

    table: str
    rows: pl.DataFrame
    personal: pl.DataFrame | None = None


def completed(frame: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """The frame with a column for each field of the kind; those that the file lacks are null."""
    return frame.with_columns(
        pl.lit(None, _TYPES.get(field.reading, pl.String())).alias(field.name)
        for field in FIELDS[kind]
        if field.name not in frame.columns
    )


def hex_ids(texts: pl.Series) -> pl.Series:
    """32 hex digits for each text: its Murmur3 128-bit hash."""
    words = hash128(texts.to_arrow().cast(pa.large_string())).astype(">u8")
    digits = np.frombuffer(words.tobytes().hex().encode("ascii"), np.uint8)
    offsets = np.arange(0, 32 * len(texts) + 1, 32, dtype=np.int64)
    array = pa.LargeStringArray.from_buffers(len(texts), pa.py_buffer(offsets), pa.py_buffer(digits), None, 0)
    return pl.Series("event_id", array, pl.String)


def joined(frame: pl.DataFrame, columns: Sequence[str], *constants: str) -> pl.Series:
    """One text for each row that is equal exactly where the constants and all the columns are."""
    return frame.select(
        pl.concat_str(
            [
                *(pl.lit(text) for text in constants),
                *(pl.col(name).cast(pl.String).fill_null(_NULL) for name in columns),
            ],
            separator=_SEPARATOR,
        )
    ).to_series()


class Occurrences:
    """How often each row has been in this file already: equal lines of one file are kept, each under its own id."""

    def __init__(self) -> None:
        self._known = pl.DataFrame(schema={"hash": pl.UInt64, "count": pl.UInt32})

    def ids(self, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Ids of rows given as text (the n-th equal row gets another id than the first), and which are such copies."""
        hashes = pl.DataFrame(
            {"hash": hash128(texts.to_arrow().cast(pa.large_string()))[:, 0], "text": texts}
        )
        ranked = hashes.join(self._known, on="hash", how="left", maintain_order="left").with_columns(
            number=pl.int_range(pl.len(), dtype=pl.UInt32).over("hash") + pl.col("count").fill_null(0)
        )
        self._known = (
            pl.concat([self._known, hashes.group_by("hash").agg(count=pl.len().cast(pl.UInt32))])
            .group_by("hash").agg(pl.col("count").sum())
        )  # fmt: skip
        return hex_ids(joined(ranked, ["text", "number"])), ranked["number"] > 0


def event_rows(
    frame: pl.DataFrame, lines: pl.Series, raw: pl.Series, source_id: str, seen: Occurrences
) -> list[TableRows]:
    """Events. A row without an id of its own gets one from `raw`, the text of its whole line; further exact copies of a
    line are kept under ids of their own and flagged."""
    frame = completed(frame, "events")
    ids = frame["event_id"]
    copies = pl.repeat(False, frame.height, dtype=pl.Boolean, eager=True)
    if ids.null_count():
        rows = ids.is_null().arg_true()
        own, again = seen.ids(
            pl.select(
                pl.concat_str(
                    [pl.lit(f"{source_id}{_SEPARATOR}events"), raw.gather(rows)], separator=_SEPARATOR
                )
            ).to_series()
        )
        ids = own if len(own) == len(ids) else ids.scatter(rows, own)
        copies = again if len(again) == len(copies) else copies.scatter(rows, again)
    made = frame.with_columns(
        event_id=ids, event_time=pl.col("time"), client_time=pl.col("time"), log_record=lines,
        amount_minor=minor(pl.col("amount")), sharer_user_id=pl.col("sharer_id"),
        currency=pl.when(pl.col("amount").is_not_null()).then(pl.col("currency")),
    )  # fmt: skip
    stored = lake_columns("events", made)
    if copies.any():
        stored = stored.with_columns(flags=copies.cast(pl.Int16) * DUPLICATE_LINE)
    return [TableRows("events", stored)]


def user_rows(frame: pl.DataFrame, traits: pl.Series, source_id: str) -> list[TableRows]:
    """Versions of users; nickname, phone and e-mail stand beside them, never in them."""
    frame = completed(frame, "users").with_columns(traits=traits)
    content = [
        f.name for f in FIELDS["users"]
    ] + ["traits"]  # fmt: skip
    made = frame.with_columns(event_id=hex_ids(joined(frame, content, source_id, "users")))
    personal = frame.select(f.name for f in FIELDS["users"] if f.personal)
    return [TableRows("users", lake_columns("users", made), personal)]


def product_rows(frame: pl.DataFrame, source_id: str) -> list[TableRows]:
    """Versions of products."""
    frame = completed(frame, "products")
    if "price_minor" not in frame.columns:
        frame = frame.with_columns(price_minor=minor(pl.col("price")))
    frame = frame.with_columns(currency=pl.when(pl.col("price_minor").is_not_null()).then(pl.col("currency")))
    return [
        TableRows("products", lake_columns("products", _versioned(frame, "products", "price", source_id)))
    ]


def content_rows(frame: pl.DataFrame, source_id: str) -> list[TableRows]:
    """Versions of contents."""
    made = _versioned(completed(frame, "contents"), "contents", "", source_id)
    return [TableRows("contents", lake_columns("contents", made.rename({"creator_id": "creator_user_id"})))]


def relation_rows(frame: pl.DataFrame, source_id: str) -> list[TableRows]:
    """Relations; the same two people, kind, time and weight are one fact however often a file says it."""
    made = _versioned(completed(frame, "relations"), "relations", "", source_id)
    return [TableRows("relations", lake_columns("relations", made))]


def _versioned(frame: pl.DataFrame, kind: Kind, without: str, source_id: str) -> pl.DataFrame:
    content = [f.name for f in FIELDS[kind] if f.name != without]
    if without:
        content.append(f"{without}_minor")
    return frame.with_columns(event_id=hex_ids(joined(frame, content, source_id, kind)))


def lake_columns(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The columns of the table in its order, each alias column as the text that stands for it.

    `version_time` is left to the loader unless the file says it: a second import is then the same row.
    """
    names = []
    for name in TABLES[table].schema.names:
        if name in FILLED or (name == "version_time" and not _filled(frame, name)):
            continue
        names.append(text_column(name))
    return frame.select(
        pl.col(name) if name in frame.columns else pl.lit(None, pl.String).alias(name) for name in names
    )


def _filled(frame: pl.DataFrame, name: str) -> bool:
    return name in frame.columns and frame[name].null_count() == 0


def text_column(name: str) -> str:
    """What stands for an alias column before identifiers are numbered."""
    if name == "anon_alias_no":
        return "anonymous_id"
    return name.replace("alias_no", "user_id") if name.endswith("alias_no") else name


def to_arrow(table: str, frame: pl.DataFrame) -> pa.Table:
    """Rows with the types that the lake declares."""
    types = {
        text_column(f.name): f.type if "alias_no" not in f.name else pa.string() for f in TABLES[table].schema
    }
    arrow = frame.to_arrow()
    return arrow.cast(pa.schema([(name, types[name]) for name in arrow.schema.names]))


def personal_field(kind: Kind, name: str) -> bool:
    """Whether the field holds what is masked in previews."""
    return any(f.name == name and f.personal for f in FIELDS[kind])


def field_named(mapping: FileMapping, number: int) -> FileField:
    """The field by its number within the kind."""
    return FIELDS[mapping.kind][number]
