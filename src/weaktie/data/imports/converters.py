"""Columns of a file into typed fields, with the first fault of each line. Whole columns at a time, never a line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from weaktie.data.imports.contracts import REASONS, Cell, FileMapping
from weaktie.data.imports.fields import FIELDS, STATUSES, FileField
from weaktie.data.imports.readers import Chunk
from weaktie.data.imports.streams import UNDECODABLE
from weaktie.data.imports.times import to_instants
from weaktie.kit.money import LARGEST_MINOR, MINOR_DIGITS

EXACT_DIGITS = 12
_UNIT = 10**EXACT_DIGITS
_EXACT = pl.Decimal(38, EXACT_DIGITS)
_LARGEST_EXACT = LARGEST_MINOR * _UNIT
LARGEST_COUNT = 10**9
DEEPEST = 100
"""Levels of JSON within one cell."""
NOTHING = ("null", "Null", "None", "none", "NaN", "nan", "N/A", "n/a", "-", "--")
"""What stands for an empty value in columns that are no free text. `NULL` and `\\N` do everywhere."""

CODES = ("", *REASONS)
_CODE = {code: number for number, code in enumerate(CODES)}
_CURRENCIES = {"人民币": "CNY", "RMB": "CNY", "¥": "CNY", "元": "CNY", "£": "GBP", "€": "EUR", "$": "USD"}


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a mapping may leave out: the workspace's zone and currency."""

    zone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Converted:
    """Typed columns by field, as long as the chunk. `fault` numbers CODES (0 is good), `place` the field at fault.

    Money columns are Int128 in 10⁻¹² of a major unit, exactly as written; times are `datetime[us, UTC]`.
    """

    frame: pl.DataFrame
    fault: pl.Series
    place: pl.Series

    @property
    def good(self) -> pl.Series:
        """Which lines are without fault."""
        return self.fault == 0


def convert(chunk: Chunk, mapping: FileMapping, defaults: Defaults) -> Converted:
    """Read every mapped field of the chunk; fields that are not mapped are absent, save those with a default."""
    rows = len(chunk.lines)
    fault = pl.repeat(0, rows, dtype=pl.UInt8, eager=True)
    place = pl.repeat(0, rows, dtype=pl.UInt8, eager=True)
    columns: dict[str, pl.Series] = {}
    for number, field in enumerate(FIELDS[mapping.kind]):
        cell = mapping.fields.get(field.name) or _unmapped(field, defaults)
        if cell is None:
            continue
        given = _raw(chunk.frame, cell, field, rows, mapping.empty)
        value, wrong = _read(given, field, cell, defaults)
        columns[field.name] = value.alias(field.name)
        if wrong is not None and (wrong != 0).any():
            fault, place = _first(fault, place, wrong, number)
    frame = pl.DataFrame(columns, height=rows)
    if mapping.kind == "events":
        nobody = pl.all_horizontal(
            pl.col(name).is_null() for name in ("user_id", "anonymous_id") if name in columns
        )
        wrong = frame.select((nobody * _CODE["missing_required"]).cast(pl.UInt8)).to_series()
        fault, place = _first(fault, place, wrong, 2)
    if mapping.kind == "orders":
        fault = _never_paid(chunk.frame, frame, mapping, fault)
    return Converted(frame, fault, place)


def _never_paid(raw: pl.DataFrame, frame: pl.DataFrame, mapping: FileMapping, fault: pl.Series) -> pl.Series:
    """The faults, with lines of orders that were closed before anybody paid said to be that: no time of payment stands
    in the first of the columns that may hold one."""
    cell = mapping.fields.get("paid_time")
    if (
        cell is None
        or not cell.columns
        or cell.columns[0] not in raw.columns
        or "status" not in frame.columns
    ):
        return fault
    paid = raw[cell.columns[0]]
    if paid.dtype == pl.String:
        paid = _trimmed(paid, FileField("paid_time", required=True), mapping.empty)
    closed = frame["status"].is_in(["cancelled", "not_paid"]).fill_null(False)
    return _over(
        fault, closed & paid.is_null() & ((fault == 0) | (fault == _CODE["missing_required"])), "not_paid"
    )


def _first(fault: pl.Series, place: pl.Series, wrong: pl.Series, number: int) -> tuple[pl.Series, pl.Series]:
    new = (fault == 0) & (wrong != 0)
    return wrong.zip_with(new, fault), pl.repeat(number, len(fault), dtype=pl.UInt8, eager=True).zip_with(
        new, place
    )


def _unmapped(field: FileField, defaults: Defaults) -> Cell | None:
    if field.name == "currency":
        return Cell(constant=defaults.currency)
    return Cell(constant=field.default) if field.default is not None else None


def _raw(frame: pl.DataFrame, cell: Cell, field: FileField, rows: int, empty: tuple[str, ...]) -> pl.Series:
    """The field's cells before reading: the first filled column, trimmed, translated; null where empty."""
    if cell.constant is not None:
        return pl.repeat(cell.constant, rows, dtype=pl.String, eager=True)
    found: pl.Series | None = None
    for column in cell.columns:
        if column not in frame.columns:
            continue
        part = frame[column]
        if part.dtype == pl.String:
            part = _trimmed(part, field, empty)
        elif field.reading in ("text", "currency", "status", "json", "list") or len(cell.columns) > 1:
            part = _as_text(part)
        found = part if found is None else found.zip_with(found.is_not_null(), part)
        if found.null_count() == 0:
            break
    if found is None:
        found = pl.Series(field.name, [None], pl.String).new_from_index(0, rows)
    if cell.strip or cell.values or cell.prefixes or cell.before:
        found = _translated(_as_text(found), cell)
    # A default of the field stands for empty cells too: an order line without a quantity is one piece.
    return found if field.default is None or found.dtype != pl.String else found.fill_null(field.default)


def _trimmed(texts: pl.Series, field: FileField, more: tuple[str, ...]) -> pl.Series:
    texts = texts.str.strip_chars()
    empty = (
        ["", "NULL", "\\N", *more]
        if field.reading == "text" and not field.required
        else ["", "NULL", "\\N", *NOTHING, *more]
    )
    return texts.set(texts.is_in(empty), None)


def _as_text(values: pl.Series) -> pl.Series:
    if values.dtype.is_float():
        # An id that a program kept as a number is 17850, not 17850.0.
        frame = values.to_frame("v")
        whole = pl.when((pl.col("v") % 1 == 0) & (pl.col("v").abs() < 2**53)).then(
            pl.col("v").cast(pl.Int64, strict=False)
        )
        text = frame.select(pl.coalesce(whole.cast(pl.String), pl.col("v").fill_nan(None).cast(pl.String)))
        return text.to_series()
    return values.cast(pl.String)


def _translated(texts: pl.Series, cell: Cell) -> pl.Series:
    if cell.strip:
        texts = texts.str.strip_suffix(cell.strip)
    if cell.values:
        texts = texts.replace(dict(cell.values))
    if cell.prefixes:
        made = pl.lit(cell.default) if cell.default is not None else pl.col("t")
        for start, value in reversed(list(cell.prefixes.items())):
            made = pl.when(pl.col("t").str.starts_with(start)).then(pl.lit(value)).otherwise(made)
        texts = texts.to_frame("t").select(made).to_series()
    if cell.before:
        texts = cell.before + texts
    return texts.fill_null(cell.default) if cell.default is not None else texts


def _read(
    given: pl.Series, field: FileField, cell: Cell, defaults: Defaults
) -> tuple[pl.Series, pl.Series | None]:
    """(typed values, code of the fault by line or None where there is none)."""
    value, wrong = _READINGS[field.reading](given, field, cell, defaults)
    if field.required and given.null_count():
        missing = given.is_null().cast(pl.UInt8) * _CODE["missing_required"]
        wrong = missing if wrong is None else missing.zip_with(missing > 0, wrong)
    if given.dtype == pl.String and cell.constant is None:
        wrong = _bad_text(given, field, wrong)
    return value, wrong


def _bad_text(texts: pl.Series, field: FileField, wrong: pl.Series | None) -> pl.Series | None:
    if field.reading in ("text", "json", "list") and (texts.str.len_chars().max() or 0) > field.longest:  # type: ignore[operator]
        wrong = _over(wrong, texts.str.len_chars() > field.longest, "too_long")
    if texts.str.contains("\0", literal=True).any():
        wrong = _over(wrong, texts.str.contains("\0", literal=True), "nul_character")
    if texts.str.contains(UNDECODABLE, literal=True).any():
        wrong = _over(wrong, texts.str.contains(UNDECODABLE, literal=True), "lone_surrogate")
    return wrong


def _over(wrong: pl.Series | None, where: pl.Series, code: str) -> pl.Series:
    """Codes with `code` put where `where` holds; what was there before gives way."""
    where = where.fill_null(False)
    put = pl.repeat(_CODE[code], len(where), dtype=pl.UInt8, eager=True)
    base = pl.repeat(0, len(where), dtype=pl.UInt8, eager=True) if wrong is None else wrong
    return put.zip_with(where, base)


def _lost(given: pl.Series, value: pl.Series, code: str) -> pl.Series | None:
    if value.null_count() == given.null_count():
        return None
    return _over(None, value.is_null() & given.is_not_null(), code)


def _text(given: pl.Series, *_: object) -> tuple[pl.Series, None]:
    return given, None


def _time(
    given: pl.Series, _: FileField, cell: Cell, defaults: Defaults
) -> tuple[pl.Series, pl.Series | None]:
    value = to_instants(given, cell.zone or defaults.zone, cell.format)
    return value, _lost(given, value, "not_a_time")


def exact(values: pl.Series) -> pl.Series:
    """Numbers in 10⁻¹² units as Int128, exactly as written; null for what is no number or has over 26 digits.

    Signs of currencies and commas between thousands are understood; what is beyond the twelfth decimal is cut.
    """
    if values.dtype.is_float():
        # The shortest text of a float is what a person would have written.
        values = values.cast(pl.String)
    found = values.cast(_EXACT, strict=False)
    if values.dtype == pl.String and found.null_count() > values.null_count():
        cleaned = values.str.replace(r"^([+-]?)\s*[¥￥$£€]\s*", "${1}").str.replace(r"\s*元$", "")
        grouped = cleaned.str.contains(r"^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$").fill_null(False)
        cleaned = cleaned.str.replace_all(",", "", literal=True).zip_with(grouped, cleaned)
        found = cleaned.cast(_EXACT, strict=False)
    return found.to_physical()


def _money(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    value = exact(given)
    wrong = _lost(given, value, "not_a_number")
    if given.dtype == pl.String and wrong is not None:
        large = given.str.contains(r"^[+-]?\d{16,}(\.\d+)?$|^[+-]?\d+(\.\d+)?[eE]\+?\d+$")
        wrong = _over(wrong, large & value.is_null(), "amount_out_of_range")
    huge = (
        value.to_frame("u")
        .select(pl.col("u").abs() > pl.lit(_LARGEST_EXACT, pl.Int128))
        .to_series()
        .fill_null(False)
    )
    return value, _over(wrong, huge, "amount_out_of_range") if huge.any() else wrong


def _integer(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    unit, u = pl.lit(_UNIT, pl.Int128), pl.col("u")
    whole = (u % unit == 0) & (u.abs() <= pl.lit(LARGEST_COUNT * _UNIT, pl.Int128))
    value = (
        exact(given)
        .to_frame("u")
        .select(pl.when(whole).then((u // unit).cast(pl.Int64, strict=False)))
        .to_series()
    )
    return value, _lost(given, value, "not_a_number")


def _number(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    value = given.cast(pl.Float64, strict=False)
    value = value.set(~value.is_finite(), None)
    return value, _lost(given, value, "not_a_number")


def _currency(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    value = given.str.to_uppercase().replace(_CURRENCIES)
    known = value.is_in(list(MINOR_DIGITS)) | value.is_null()
    return value, None if known.all() else _over(None, ~known, "unknown_currency")


def _status(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    value = given.str.to_lowercase().replace_strict(STATUSES, default=None, return_dtype=pl.String)
    wrong = _lost(given, value, "unknown_status")
    unpaid = (value == "not_paid").fill_null(False)
    return value, _over(wrong, unpaid, "not_paid") if unpaid.any() else wrong


def status_of(values: pl.Series, cell: Cell) -> pl.Series:
    """What each text of a status column becomes, null where it is not known."""
    value, _ = _status(_translated(values, cell), FileField("status", "status"), cell, Defaults("UTC", "CNY"))
    return value


_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def _valid(decoder: msgspec.json.Decoder[Any]) -> Callable[[str], str | None]:
    def check(text: str) -> str | None:
        try:
            decoder.decode(text)
            if text.count("{") + text.count("[") > DEEPEST and _depth(msgspec.json.decode(text)) > DEEPEST:
                return None
        except (msgspec.DecodeError, RecursionError):
            return None
        return text

    return check


def _depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _json(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    check = _valid(_OBJECT)
    value = pl.Series(given.name, [None if t is None else check(t) for t in given.to_list()], pl.String)
    return value, _lost(given, value, "not_json")


def _list(given: pl.Series, *_: object) -> tuple[pl.Series, pl.Series | None]:
    check = _valid(_LIST)
    split = given.str.split_exact(",", 0) if given.is_empty() else given.str.replace_all(r"[,;|、，；]", "\0")
    made: list[str | None] = []
    for text, parts in zip(given.to_list(), split.to_list(), strict=True):
        if text is None or text.startswith("["):
            made.append(None if text is None else check(text))
        else:
            words = [word.strip() for word in parts.split("\0")]
            made.append(msgspec.json.encode([word for word in words if word]).decode())
    value = pl.Series(given.name, made, pl.String)
    return value, _lost(given, value, "not_json")


_READINGS: Mapping[str, Callable[..., tuple[pl.Series, pl.Series | None]]] = {
    "text": _text, "time": _time, "money": _money, "integer": _integer, "number": _number, "currency": _currency,
    "status": _status, "json": _json, "list": _list,
}  # fmt: skip


def minor(units: pl.Expr, currency: str = "currency") -> pl.Expr:
    """Exact 10⁻¹² units as integer minor units of the column `currency`, half away from zero; Int64."""
    digits = pl.col(currency).replace_strict(MINOR_DIGITS, default=2, return_dtype=pl.Int64)
    step = (pl.lit(10, pl.Int64).pow(pl.lit(EXACT_DIGITS, pl.Int64) - digits)).cast(pl.Int128)
    rounded = (units.abs() + step // 2) // step
    return (rounded * units.sign()).cast(pl.Int64, strict=False)
