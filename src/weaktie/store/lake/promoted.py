"""Promoted columns: which are declared, and how their values are made from the open JSON column.

Every file is written through `with_columns`, whether its rows arrive now, were imported, or are rewritten: so a column
has the same values whenever it was declared.
"""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, cast

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.store.database.tables import lake_columns
from weaktie.store.lake.contracts import ColumnNameTaken, Fitted, NoSuchColumn, PromotedColumn, PromotedType
from weaktie.store.lake.tables import TIME, LakeTable

ARROW_TYPES: Final[dict[PromotedType, pa.DataType]] = {
    "text": pa.string(), "number": pa.float64(), "integer": pa.int64(), "boolean": pa.bool_(), "time": TIME,
}  # fmt: skip
SLICE_ROWS = 128 * 1024
"""Rows that are looked at together: what they hold as Python values stays small, however large the file is."""
_ENCODER = msgspec.json.Encoder(order="deterministic")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)
_UNNAMEABLE = re.compile(r'[\\"\x00-\x1f]')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_US = (datetime(1, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST_US = (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_EXACT = 2**53
"""Whole floats up to here are the number that was meant."""


# ---- what is declared


def columns_of(connection: Connection, table: str) -> tuple[PromotedColumn, ...]:
    """The promoted columns of a table that are there now, in the order of their making."""
    query = select(lake_columns).where(
        lake_columns.c.table_name == table, lake_columns.c.dropped_us.is_(None)
    )
    return tuple(_column(r) for r in connection.execute(query.order_by(lake_columns.c.column_id)).mappings())


def declare(
    tx: Connection,
    table: str,
    name: str,
    kind: PromotedType,
    prop: str,
    event: str,
    *,
    now_us: int,
    actor: str,
) -> PromotedColumn:
    """Promote a property; files that are written from now on carry it. Raises ColumnNameTaken.

    A name that was taken back before is stored under another one, so that old files keep nothing for it.
    """
    if any(c.name == name for c in columns_of(tx, table)):
        raise ColumnNameTaken(name)
    before = tx.execute(
        select(func.count()).where(lake_columns.c.table_name == table, lake_columns.c.name == name)
    ).scalar_one()
    stored_as = f"{name}__{before + 1}" if before else name
    values = {
        "table_name": table, "name": name, "stored_as": stored_as, "type": kind, "property": prop, "event": event,
        "made_us": now_us, "made_by": actor[:64],
    }  # fmt: skip
    try:
        tx.execute(insert(lake_columns).values(values))
    except IntegrityError:  # another process declared the same name between our look and our write
        raise ColumnNameTaken(name) from None
    return next(c for c in columns_of(tx, table) if c.name == name)


def drop(tx: Connection, column_id: int, *, now_us: int, actor: str) -> PromotedColumn:
    """Take a column back: readers no longer see it, files lose it when they are next rewritten. Raises NoSuchColumn."""
    where = (lake_columns.c.column_id == column_id, lake_columns.c.dropped_us.is_(None))
    row = tx.execute(select(lake_columns).where(*where)).mappings().one_or_none()
    if row is None:
        raise NoSuchColumn
    tx.execute(update(lake_columns).where(*where).values(dropped_us=now_us, dropped_by=actor[:64]))
    return _column(row)


def _column(row: RowMapping) -> PromotedColumn:
    return PromotedColumn(
        row["column_id"], row["table_name"], row["name"], row["stored_as"], row["type"], row["property"], row["event"],
        row["made_us"], row["made_by"],
    )  # fmt: skip


def schema_with(table: LakeTable, columns: Sequence[PromotedColumn]) -> pa.Schema:
    """The table's declared schema, with these promoted columns as the files have them."""
    return pa.schema([*table.schema, *(pa.field(c.stored_as, ARROW_TYPES[c.type]) for c in columns)])


# ---- values


def with_columns(
    data: pa.Table, table: LakeTable, columns: Sequence[PromotedColumn]
) -> tuple[pa.Table, dict[str, Fitted]]:
    """Rows of the table's declared columns with the promoted ones behind, and what of them fitted.

    A value that does not fit its column's type is null and counted; one that is missing or null is null only.
    """
    if not columns:
        return data, {}
    names = tuple(dict.fromkeys(c.property for c in columns))
    chunks: list[list[pa.Array]] = [[] for _ in columns]
    misfits = [0] * len(columns)
    for batch in data.select([table.open_column, table.kind_column]).to_batches(max_chunksize=SLICE_ROWS):
        # Rows that say the same are read once.
        encoded = batch.column(0).dictionary_encode()
        read = _reader(names)
        rows = [read(text) for text in encoded.dictionary.to_pylist()]
        for at, column in enumerate(columns):
            place = names.index(column.property)
            made, unfit = _converted([row[place] for row in rows], column.type, encoded.indices)
            if column.event:
                meant = pc.fill_null(pc.equal(batch.column(1), column.event), False)
                made = pc.if_else(meant, made, pa.scalar(None, made.type))
                unfit = pc.and_(unfit, meant)
            chunks[at].append(made)
            misfits[at] += pc.sum(unfit).as_py() or 0
    fitted: dict[str, Fitted] = {}
    for column, arrays, wrong in zip(columns, chunks, misfits, strict=True):
        whole = pa.chunked_array(arrays, ARROW_TYPES[column.type])
        data = data.append_column(column.stored_as, whole)
        fitted[column.stored_as] = (len(whole) - whole.null_count, wrong)
    return data, fitted


@lru_cache(256)
def _reader(names: tuple[str, ...]) -> Callable[[str], tuple[Any, ...]]:
    """What reads these members of a JSON object; None where one is missing or cannot be read, whatever the others are."""
    decode = _decoder(names)

    def read(text: str) -> tuple[Any, ...]:
        try:
            return decode(text)
        except (msgspec.MsgspecError, ValueError, RecursionError):
            # One member that cannot be read says nothing about another.
            return tuple(_reader((n,))(text)[0] for n in names) if len(names) > 1 else (None,)

    return read


def _decoder(names: tuple[str, ...]) -> Callable[[str], tuple[Any, ...]]:
    if any(_UNNAMEABLE.search(name) for name in names):
        whole = msgspec.json.Decoder(dict[str, Any])
        return lambda text: tuple(map(whole.decode(text).get, names))
    fields = [(f"f{i}", Any, None) for i in range(len(names))]
    shape = msgspec.defstruct("Wanted", fields, rename={f"f{i}": n for i, n in enumerate(names)})
    wanted = msgspec.json.Decoder(shape)
    return lambda text: msgspec.structs.astuple(wanted.decode(text))


def _converted(values: list[Any], kind: PromotedType, indices: pa.Array) -> tuple[pa.Array, pa.Array]:
    convert = _CONVERT[kind]
    made = [None if value is None else convert(value) for value in values]
    unfit = [m is None and v is not None for m, v in zip(made, values, strict=True)]
    whole = pa.array(made, ARROW_TYPES[kind]).take(indices)
    return whole, pc.fill_null(pa.array(unfit, pa.bool_()).take(indices), False)


def _text(value: Any) -> str:
    """Texts as they are, everything else as its JSON: no value is lost."""
    return value if type(value) is str else _ENCODER.encode(value).decode()


def _number(value: Any) -> float | None:
    """Finite numbers, and texts that are nothing but one."""
    kind = type(value)
    if (kind is str and _NUMBER.fullmatch(value)) or kind is int or kind is float:
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return None


def _integer(value: Any) -> int | None:
    """Whole numbers of 64 bits, and texts that are nothing but one; a whole float up to 2^53."""
    kind = type(value)
    if kind is float:
        whole = int(value) if value.is_integer() and abs(value) <= _EXACT else None
    elif kind is int:
        whole = value
    else:
        whole = int(value) if kind is str and _INTEGER.fullmatch(value) else None
    return whole if whole is not None and -(1 << 63) <= whole < 1 << 63 else None


def _boolean(value: Any) -> bool | None:
    """true and false, also as texts; the numbers 1 and 0."""
    kind = type(value)
    if kind is str:
        return {"true": True, "false": False}.get(value.strip().lower())
    if kind is int or kind is float:
        return bool(value) if value in (0, 1) else None
    return value if kind is bool else None


def _time(value: Any) -> int | None:
    """ISO 8601 texts that begin with a date (without a zone: UTC); seconds, milliseconds or microseconds by their size."""
    kind = type(value)
    if kind is str:
        if not 10 <= len(value) <= 35 or value[4] != "-" or value[7] != "-":
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        us = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
    elif (kind is int or kind is float) and 1e8 <= value < 1e17:
        us = round(value * (1_000_000 if value < 1e11 else 1_000 if value < 1e14 else 1))
    else:
        return None
    return us if _FIRST_US <= us <= _LAST_US else None


_CONVERT = cast(
    dict[PromotedType, Callable[[Any], Any]],
    {"text": _text, "number": _number, "integer": _integer, "boolean": _boolean, "time": _time},
)
