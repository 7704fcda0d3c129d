"""Text and typed columns into instants."""

from collections.abc import Iterable

import polars as pl

EARLIEST_US, LATEST_US = 0, 4_102_444_800_000_000
"""1970-01-01 and 2100-01-01: what lies outside is no time of a shop."""

_AWARE = ("%Y-%m-%dT%H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f%z", "%Y-%m-%d %H:%M:%S%.f %z")
_LOCAL = (
    "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M",
    "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y.%m.%d %H:%M:%S", "%Y%m%d", "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日",
)  # fmt: skip
_UNITS = ((10**11, 1_000_000.0), (10**14, 1000.0), (10**17, 1.0))
UTC_US = pl.Datetime("us", "UTC")
_SAMPLE = 100


def to_instants(values: pl.Series, zone: str, pattern: str | None = None) -> pl.Series:
    """Microseconds UTC as `datetime[us, UTC]`; null where it is no time. Times without an offset are in `zone`.

    A number counts as seconds, milliseconds, microseconds or nanoseconds since 1970 by its size. A local time that
    occurs twice (clocks set back) is the first of the two, one that is skipped is moved an hour on.
    """
    kind = values.dtype
    if isinstance(kind, pl.Datetime):
        made = values.cast(pl.Datetime("us", kind.time_zone))
        found = made.dt.convert_time_zone("UTC") if kind.time_zone else _localised(made, zone)
    elif kind == pl.Date:
        found = _localised(values.cast(pl.Datetime("us")), zone)
    elif kind.is_numeric():
        found = _from_numbers(values.cast(pl.Float64) if kind.is_float() else values.cast(pl.Int64))
    else:
        found = _from_text(values.cast(pl.String), zone, pattern)
    us = found.dt.epoch("us")
    return found.set((us < EARLIEST_US) | (us >= LATEST_US), None)


def _localised(naive: pl.Series, zone: str) -> pl.Series:
    if zone == "UTC":
        return naive.dt.replace_time_zone("UTC")
    here = naive.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    if here.null_count() > naive.null_count():
        hour = pl.duration(hours=1)
        frame = pl.DataFrame({"here": here, "naive": naive})
        moved = (pl.col("naive") - hour).dt.replace_time_zone(
            zone, ambiguous="earliest", non_existent="null"
        ) + hour
        here = frame.select(pl.col("here").fill_null(moved)).to_series()
    return here.dt.convert_time_zone("UTC")


def _from_numbers(numbers: pl.Series) -> pl.Series:
    name = pl.col("n")
    expression = pl.lit(None, pl.Float64 if numbers.dtype.is_float() else pl.Int64)
    if numbers.dtype.is_float():
        for limit, factor in reversed(_UNITS):
            expression = pl.when(name.abs() < limit).then((name * factor).round()).otherwise(expression)
    else:
        expression = (
            pl.when(name.abs() < _UNITS[0][0]).then(name * 1_000_000)
            .when(name.abs() < _UNITS[1][0]).then(name * 1000)
            .when(name.abs() < _UNITS[2][0]).then(name)
            .otherwise(name // 1000)
        )  # fmt: skip
    return numbers.to_frame("n").select(expression.cast(pl.Int64, strict=False).cast(UTC_US)).to_series()


def _from_text(texts: pl.Series, zone: str, pattern: str | None) -> pl.Series:
    texts = texts.rename("t")
    if pattern is not None:
        return _parsed(texts, pattern, zone)
    texts = texts.str.replace(r" ?UTC$", "Z")
    found = pl.Series("t", [None], UTC_US).new_from_index(0, len(texts))
    numbers = texts.str.contains(r"^\d{9,11}(\.\d+)?$|^\d{13}$|^\d{16}$|^\d{19}$").fill_null(False)
    if numbers.any():
        rows = numbers.arg_true()
        digits = texts.gather(rows)
        whole = not digits.str.contains(".", literal=True).any()
        found = _put(found, rows, _from_numbers(digits.cast(pl.Int64 if whole else pl.Float64)))
    open_rows = (found.is_null() & texts.is_not_null()).arg_true()
    for form in _by_likelihood(texts.gather(open_rows)) if len(open_rows) else ():
        parsed = _parsed(texts.gather(open_rows), form, zone)
        found = _put(found, open_rows, parsed)
        open_rows = open_rows.filter(parsed.is_null())
        if not len(open_rows):
            break
    return found


def _put(whole: pl.Series, rows: pl.Series, part: pl.Series) -> pl.Series:
    return part if len(part) == len(whole) else whole.scatter(rows, part)


def _by_likelihood(texts: pl.Series) -> Iterable[str]:
    sample = pl.concat([texts.head(_SAMPLE), texts.tail(_SAMPLE)])
    fits = {form: _parsed(sample, form, "UTC").null_count() for form in (*_LOCAL, *_AWARE)}
    return sorted(fits, key=fits.__getitem__)


def _parsed(texts: pl.Series, form: str, zone: str) -> pl.Series:
    if "%z" in form or "%#z" in form:
        ended = texts.str.replace(r"[zZ]$", "+00:00")
        return ended.str.to_datetime(form, strict=False, time_unit="us").dt.convert_time_zone("UTC")
    if any(code in form for code in ("%H", "%I", "%T", "%R", "%s", "%c", "%r", "%X")):
        parsed = texts.str.to_datetime(form, strict=False, time_unit="us")
    else:
        parsed = texts.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    return _localised(parsed, zone)
