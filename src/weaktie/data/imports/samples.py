"""A few values of each column, so that a person sees what it holds; personal ones are masked."""

from dataclasses import dataclass

import polars as pl

from weaktie.data.imports.contracts import FileMapping
from weaktie.data.imports.converters import status_of
from weaktie.data.imports.fields import FIELDS, USERS, plain
from weaktie.data.imports.personal import is_personal, masked
from weaktie.kit.logs import mask

HEAD_ROWS = 500
SHOWN_VALUES = 5
MOST_STATUSES = 40
LONGEST = 80
_CONTACTS = {plain(n): f.name for f in USERS if f.name in ("phone", "email") for n in (f.name, *f.names)}


@dataclass(frozen=True, slots=True)
class FirstRows:
    """The headers of a file and its first rows as text."""

    columns: list[str]
    frame: pl.DataFrame


def samples(head: FirstRows, columns: list[str]) -> dict[str, list[str]]:
    """The first five different values of each column."""
    found = {}
    for column in columns:
        if column in head.frame.columns:
            values = _filled(head.frame[column]).head(SHOWN_VALUES).to_list()
            found[column] = [_shown(column, value) for value in values]
    return found


def statuses(head: FirstRows, mapping: FileMapping) -> list[tuple[str, str, str | None]]:
    """(field, value in the file, what it becomes) of fields that hold a status."""
    found: list[tuple[str, str, str | None]] = []
    for field in FIELDS[mapping.kind]:
        cell = mapping.fields.get(field.name)
        if field.reading != "status" or cell is None or not cell.columns:
            continue
        column = next((c for c in cell.columns if c in head.frame.columns), None)
        if column is not None:
            values = _filled(head.frame[column]).head(MOST_STATUSES)
            values = values.filter(~values.is_in(mapping.empty))
            became = status_of(values, cell).to_list()
            found += [(field.name, v[:LONGEST], b) for v, b in zip(values.to_list(), became, strict=True)]
    return found


def _filled(values: pl.Series) -> pl.Series:
    texts = values.cast(pl.String).str.strip_chars()
    return texts.filter(texts.is_not_null() & (texts != "")).unique(maintain_order=True)


def _shown(column: str, value: str) -> str:
    contact = _CONTACTS.get(plain(column))
    if contact is not None or is_personal(column):
        return masked(contact or "nickname", value) or ""
    return mask(value)[:LONGEST]
