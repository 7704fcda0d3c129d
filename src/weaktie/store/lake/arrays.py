"""Columns of lake files as arrays, straight from Parquet: for kernels that walk over rows and need no query.

What a file says of itself is used: a column of which every row group has one and the same value is not read at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.tables import TABLES

I32 = npt.NDArray[np.int32]
Numbers = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: `codes[row]` points into `values`, -1 is null."""

    codes: I32
    values: list[str]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one file in its order; times are microseconds since 1970 UTC."""

    rows: int
    numbers: Mapping[str, Numbers]
    texts: Mapping[str, Texts]


def read_piece(file: LakeFile, numbers: Mapping[str, int], texts: Sequence[str] = ()) -> Piece:
    """The columns of a file: `numbers` are columns of whole numbers and times with what stands for null."""
    schema = TABLES[file.table].schema
    with pq.ParquetFile(file.path, read_dictionary=list(texts), pre_buffer=False) as parquet:
        place = {name: at for at, name in enumerate(parquet.schema_arrow.names)}
        known = {name: _one_value(parquet.metadata, place[name]) for name in numbers}
        wanted = [name for name in (*numbers, *texts) if known.get(name) is None]
        read = parquet.read(columns=wanted, use_threads=False)
        rows = parquet.metadata.num_rows
    found: dict[str, Numbers] = {}
    for name, null in numbers.items():
        value = known[name]
        if value is not None:
            found[name] = np.full(rows, value, schema.field(name).type.to_pandas_dtype())
        else:
            found[name] = _numbers(read[name], null)
    return Piece(rows, found, {name: _texts(read[name]) for name in texts})


def _one_value(metadata: pq.FileMetaData, place: int) -> int | None:
    """The value that every row of a column has, where the row groups' statistics say so; None where it must be read."""
    seen: set[Any] = set()
    for group in range(metadata.num_row_groups):
        told = metadata.row_group(group).column(place).statistics
        if told is None or not told.has_min_max or told.null_count != 0 or told.min != told.max:
            return None
        seen.add(told.min)
    only = next(iter(seen)) if len(seen) == 1 else None
    return only if isinstance(only, int) else None


def _numbers(column: pa.ChunkedArray, null: int) -> Numbers:
    plain = column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
    if plain.null_count:
        plain = plain.fill_null(null)
    found: Numbers = plain.to_numpy()
    return found


def _texts(column: pa.ChunkedArray) -> Texts:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = encoded.unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # a file without rows
        return Texts(np.empty(0, np.int32), [])
    codes = whole.indices.fill_null(-1) if whole.indices.null_count else whole.indices
    return Texts(
        codes.to_numpy(zero_copy_only=False).astype(np.int32, copy=False), whole.dictionary.to_pylist()
    )
