"""What imports over HTTP send and answer, and how rows of the database become it."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping

from weaktie.data.imports.badrows import BAD_FILE
from weaktie.data.imports.contracts import BadImport, Cell, FileMapping, Kind, Preview
from weaktie.data.imports.fields import FIELDS
from weaktie.data.imports.mapping import columns_of, loads
from weaktie.data.imports.samples import samples, statuses
from weaktie.data.imports.service import Importer
from weaktie.kit.clock import to_iso
from weaktie.kit.web import WordsBody, words_body

Basis = dict[
    Literal["analytics", "personalisation", "marketing", "social"],
    Literal["contract", "consented_upstream", "ask_us"],
]


class FieldOut(BaseModel):
    """A field that a column can be mapped to."""

    name: str
    reading: str
    required: bool


class CellOut(BaseModel):
    """Where a field comes from: the keys of a mapping file, see `Cell`."""

    columns: list[str]
    constant: str | None
    zone: str | None
    format: str | None
    strip: str | None
    values: dict[str, str] | None
    prefixes: dict[str, str] | None
    default: str | None
    before: str | None


class MappingOut(BaseModel):
    """A mapping that comes with the product, or that somebody saved (`shipped` false). A file whose header has all of
    `recognise` is taken to be of it; with `decoder` its lines are calls that the live decoder reads."""

    name: str
    kind: Kind
    words: WordsBody
    shipped: bool
    recognise: list[str]
    decoder: str | None
    columns: dict[str, str | None]
    fields: list[FieldOut]
    actor: str | None
    actor_name: str | None
    changed_time: str | None


class BadLineOut(BaseModel):
    """A line that would not be stored."""

    line: int
    code: str
    place: str
    message: WordsBody


class PreviewOut(BaseModel):
    """The first rows as they would be stored: `rows` of the kind's own table, `tables` of all."""

    rows: list[dict[str, Any]]
    tables: dict[str, list[dict[str, Any]]]
    bad: list[BadLineOut]
    lines_read: int


class Problem(BaseModel):
    """Why a mapping cannot be applied yet."""

    code: str
    message: WordsBody
    place: str


class StatusValue(BaseModel):
    """A value that stands in a column of statuses, and what it becomes; null where nobody said yet."""

    field: str
    value: str
    becomes: str | None


class Prepared(BaseModel):
    """A file that was sent and not started. `mapping` is field to column, `cells` the same in full; `samples` are a few
    values of each column, personal ones masked; `preview` is null while there is a problem."""

    import_id: str
    kind: Kind
    filename: str
    columns: list[str]
    fields: list[FieldOut]
    mapping: dict[str, str | None]
    cells: dict[str, CellOut]
    samples: dict[str, list[str]]
    statuses: list[StatusValue]
    header: bool
    rest: bool
    decoder: str | None
    recognised: bool
    mapping_name: str
    mapping_words: WordsBody
    suggested: bool
    preview: PreviewOut | None
    problem: Problem | None


class ImportOut(BaseModel):
    """One import and how far it is."""

    import_id: str
    kind: Kind
    filename: str
    bytes: int
    state: str
    mapping: dict[str, str | None]
    mapping_name: str
    suggested: bool
    source_id: str | None
    basis: dict[str, str] | None
    rows_total: int | None
    rows_done: int
    rows_bad: int
    rows_duplicate: int
    stored: dict[str, int]
    bad_rows: bool
    error: Problem | None
    job_id: str | None
    actor: str
    actor_name: str | None
    created_time: str
    started_time: str | None
    ended_time: str | None


class ImportPage(BaseModel):
    """Imports, newest first."""

    items: list[ImportOut]
    next_cursor: str | None
    total: int | None = None


class Change(BaseModel):
    """What to change before the start; `mapping` is a name or single fields (`""` takes one out), `toml` a whole mapping
    file. `header` says whether the first line names the columns, `rest` whether other columns become properties."""

    kind: Kind | None = None
    mapping: str | dict[str, str | dict[str, Any]] | None = None
    toml: str | None = Field(None, max_length=200_000)
    header: bool | None = None
    rest: bool | None = None
    basis: Basis | None = None
    source_id: str | None = Field(None, max_length=64)


class Started(BaseModel):
    """The job that carries the import out."""

    job_id: str
    import_id: str
    state: str


class SaveMapping(BaseModel):
    """What to save under a name: the mapping of an import, or a mapping file with the kind it is for."""

    import_id: str | None = Field(None, max_length=64)
    toml: str | None = Field(None, max_length=200_000)


def prepared(importer: Importer, row: RowMapping) -> Prepared:
    """A file before its start: columns with samples, the mapping, and what would be stored."""
    mapping = loads(row["mapping_json"])
    path = Path(row["path"])
    head = importer.head(path, mapping)
    columns = head.columns
    shown: PreviewOut | None = None
    problem: Problem | None = None
    try:
        shown = _preview(importer.preview_as(path, mapping, suggested=bool(row["suggested"])))
    except BadImport as error:
        problem = Problem(code=error.code, message=words_body(error.words), place=error.place)
    return Prepared(
        import_id=row["import_id"], kind=row["kind"], filename=row["filename"], columns=columns,
        fields=fields_out(row["kind"]), mapping=columns_of(mapping), mapping_name=mapping.name,
        mapping_words=words_body(mapping.words), cells={name: _cell(cell) for name, cell in mapping.fields.items()},
        samples=samples(head, columns) if mapping.decoder is None else {},
        statuses=[StatusValue(field=f, value=v, becomes=b) for f, v, b in statuses(head, mapping)],
        header=mapping.header, rest=mapping.rest, decoder=mapping.decoder, recognised=bool(mapping.recognise),
        suggested=bool(row["suggested"]), preview=shown, problem=problem,
    )  # fmt: skip


def _preview(found: Preview) -> PreviewOut:
    bad = [
        BadLineOut(line=b.line, code=b.code, place=b.column, message=words_body(b.words))
        for b in found.bad[:200]
    ]
    return PreviewOut(rows=found.rows, tables=found.tables, bad=bad, lines_read=found.lines_read)


def fields_out(kind: Kind) -> list[FieldOut]:
    """The fields of a kind."""
    return [FieldOut(name=f.name, reading=f.reading, required=f.required) for f in FIELDS[kind]]


def import_out(importer: Importer, row: RowMapping, actor_name: str | None) -> ImportOut:
    """One import as it is shown."""
    mapping = loads(row["mapping_json"])
    error = json.loads(row["error_json"]) if row["error_json"] else None
    return ImportOut(
        import_id=row["import_id"], kind=row["kind"], filename=row["filename"], bytes=row["bytes"], state=row["state"],
        mapping=columns_of(mapping), mapping_name=mapping.name, suggested=bool(row["suggested"]),
        source_id=row["source_id"], basis=json.loads(row["basis_json"]) if row["basis_json"] else None,
        rows_total=row["rows_total"], rows_done=row["rows_done"], rows_bad=row["rows_bad"],
        rows_duplicate=row["rows_duplicate"], stored=json.loads(row["stored_json"]),
        bad_rows=row["rows_bad"] > 0 and (importer.folder(row["import_id"]) / BAD_FILE).exists(),
        error=Problem.model_validate(error) if error else None, job_id=row["job_id"], actor=row["actor"], actor_name=actor_name,
        created_time=to_iso(row["created_us"]), started_time=_time(row["started_us"]), ended_time=_time(row["ended_us"]),
    )  # fmt: skip


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)


def mapping_out(
    mapping: FileMapping, *, shipped: bool, row: RowMapping | None, actor_name: str | None
) -> MappingOut:
    """A mapping as it is listed."""
    return MappingOut(
        name=mapping.name, kind=mapping.kind, words=words_body(mapping.words), shipped=shipped,
        recognise=list(mapping.recognise), decoder=mapping.decoder, columns=columns_of(mapping),
        fields=fields_out(mapping.kind), actor=row["actor"] if row is not None else None, actor_name=actor_name,
        changed_time=to_iso(row["changed_us"]) if row is not None else None,
    )  # fmt: skip


def _cell(cell: Cell) -> CellOut:
    return CellOut(
        columns=list(cell.columns), constant=cell.constant, zone=cell.zone, format=cell.format, strip=cell.strip,
        values=dict(cell.values) if cell.values is not None else None,
        prefixes=dict(cell.prefixes) if cell.prefixes is not None else None, default=cell.default, before=cell.before,
    )  # fmt: skip
