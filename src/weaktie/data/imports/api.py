"""Imports over HTTP: send a file, look at what it would become, mend the mapping, start it, fetch its bad lines."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import RowMapping, update
from starlette.concurrency import run_in_threadpool

from weaktie.data.imports.badrows import BAD_FILE
from weaktie.data.imports.contracts import BadImport, ImportSpec, Kind, Preview
from weaktie.data.imports.fields import FIELDS
from weaktie.data.imports.mapping import check, columns_of, dumps, loads, shipped
from weaktie.data.imports.service import Importer, get, listed
from weaktie.data.imports.tables import imports
from weaktie.data.imports.uploads import LARGEST_UPLOAD_BYTES, receive, too_large
from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.ids import new_id
from weaktie.kit.web import app_part
from weaktie.kit.words import Words
from weaktie.store.runs.service import Jobs
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api", tags=["imports"])
May = Annotated[Caller, Depends(require("operate"))]
Sees = Annotated[Caller, Depends(require("view"))]
Basis = dict[
    Literal["analytics", "personalisation", "marketing", "social"],
    Literal["contract", "consented_upstream", "ask_us"],
]


class Text(BaseModel):
    """A text in both languages."""

    zh: str
    en: str


class FieldOut(BaseModel):
    """A field that a column can be mapped to."""

    name: str
    reading: str
    required: bool


class MappingOut(BaseModel):
    """A mapping that comes with the product."""

    name: str
    kind: Kind
    words: Text
    columns: dict[str, str | None]
    fields: list[FieldOut]


class BadLineOut(BaseModel):
    """A line that would not be stored."""

    line: int
    code: str
    place: str
    message: Text


class PreviewOut(BaseModel):
    """The first rows as they would be stored: `rows` of the kind's own table, `tables` of all."""

    rows: list[dict[str, Any]]
    tables: dict[str, list[dict[str, Any]]]
    bad: list[BadLineOut]
    lines_read: int


class Problem(BaseModel):
    """Why a mapping cannot be applied yet."""

    code: str
    message: Text
    place: str


class Prepared(BaseModel):
    """A file that was sent and not started. `mapping` is field to column; `preview` is null while there is a problem."""

    import_id: str
    kind: Kind
    filename: str
    columns: list[str]
    fields: list[FieldOut]
    mapping: dict[str, str | None]
    mapping_name: str
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
    created_time: str
    started_time: str | None
    ended_time: str | None


class ImportPage(BaseModel):
    """Imports, newest first."""

    items: list[ImportOut]
    next_cursor: str | None
    total: int | None = None


class Change(BaseModel):
    """What to change before the start; `mapping` is a shipped name or single fields (`""` takes one out)."""

    kind: Kind | None = None
    mapping: str | dict[str, str | dict[str, Any]] | None = None
    basis: Basis | None = None
    source_id: str | None = Field(None, max_length=64)


class Started(BaseModel):
    """The job that carries the import out."""

    job_id: str
    import_id: str
    state: str


@router.get("/imports/mappings")
def mappings(_caller: Sees) -> list[MappingOut]:
    """The mappings that come with the product, and the fields of each kind."""
    return [
        MappingOut(
            name=m.name,
            kind=m.kind,
            words=_text(m.words),
            columns=columns_of(m),
            fields=_fields(m.kind),
        )
        for m in shipped().values()
    ]


@router.post("/imports", status_code=201)
async def send(
    request: Request,
    caller: May,
    kind: Kind,
    filename: Annotated[str, Query(max_length=1000)] = "file",
    mapping: Annotated[str | None, Query(max_length=100)] = None,
    source_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Prepared:
    """Take a file (the raw body, at most 2 GB) and answer with what it would become. Nothing is stored yet."""
    importer: Importer = app_part(request, "importer")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_UPLOAD_BYTES:
        raise too_large(LARGEST_UPLOAD_BYTES)
    named = _name_only(mapping)
    import_id = new_id("imp", importer.clock.now_us())
    folder = importer.folder(import_id)
    path, sha256 = await receive(folder, request.stream())

    def prepare() -> Prepared:
        spec = ImportSpec(path, kind, named, filename=filename, source_id=source_id)
        try:
            chosen, suggested, _ = importer.mapping_for(path, kind, spec.mapping)
            with importer.database.begin() as tx:
                importer.register(
                    tx, spec, actor=caller.actor, import_id=import_id, uploaded=True, sha256=sha256,
                    mapping=(chosen, suggested),
                )  # fmt: skip
                _audit(tx, importer, caller, "import.upload", import_id, {"kind": kind})
                row = get(tx, import_id)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return _prepared(importer, row)

    return await run_in_threadpool(prepare)


@router.patch("/imports/{import_id}")
def change(request: Request, caller: May, import_id: str, body: Change) -> Prepared:
    """Change kind, mapping, basis or source of an import that has not stored anything yet."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    _must_be_unstarted(row)
    kind: Kind = body.kind or row["kind"]
    current = loads(row["mapping_json"]) if kind == row["kind"] else None
    given: str | Mapping[str, Any] | None = body.mapping
    if isinstance(given, str):
        given = _name_only(given)
    chosen, suggested = current, bool(row["suggested"])
    if given is not None or current is None:
        chosen, suggested, _ = importer.mapping_for(Path(row["path"]), kind, given, current)
    assert chosen is not None
    values: dict[str, Any] = {"kind": kind, "mapping_json": dumps(chosen), "suggested": int(suggested)}
    if body.basis is not None:
        values |= {"basis_json": json.dumps(body.basis, sort_keys=True), "source_id": None}
    if body.source_id is not None:
        values |= {"source_id": body.source_id, "basis_json": None}
    with importer.database.begin() as tx:
        _must_be_unstarted(get(tx, import_id))
        tx.execute(update(imports).where(imports.c.import_id == import_id).values(**values))
        _audit(tx, importer, caller, "import.change", import_id, {"changed": sorted(body.model_fields_set)})
        row = get(tx, import_id)
    return _prepared(importer, row)


@router.post("/imports/{import_id}/start", status_code=202)
def start(request: Request, caller: May, import_id: str) -> Started:
    """Start an import, or go on with one that was interrupted."""
    importer: Importer = app_part(request, "importer")
    jobs: Jobs = app_part(request, "jobs")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    if row["state"] == "done":
        raise Conflict("import_done", Words("该导入已完成。", "The import is done."), place="import_id")
    mapping = loads(row["mapping_json"])
    check(mapping, importer.columns(Path(row["path"]), mapping))
    job = jobs.start("import", {"import_id": import_id}, caller.actor)
    with importer.database.begin() as tx:
        tx.execute(
            update(imports)
            .where(imports.c.import_id == import_id, imports.c.state.in_(("new", "failed")))
            .values(state="waiting")
        )
        tx.execute(update(imports).where(imports.c.import_id == import_id).values(job_id=job.job_id))
        _audit(tx, importer, caller, "import.start", import_id, {"job": job.job_id})
    return Started(job_id=job.job_id, import_id=import_id, state=job.state)


@router.delete("/imports/{import_id}", status_code=204)
def remove(request: Request, caller: May, import_id: str) -> Response:
    """Forget a file that was not imported."""
    importer: Importer = app_part(request, "importer")
    with importer.database.begin() as tx:
        importer.remove(tx, import_id)
        _audit(tx, importer, caller, "import.remove", import_id, {})
    shutil.rmtree(importer.folder(import_id), ignore_errors=True)
    return Response(status_code=204)


@router.get("/imports")
def page(
    request: Request,
    _caller: Sees,
    cursor: str | None = None,
    limit: Annotated[int | None, Query(ge=1, le=500)] = None,
) -> ImportPage:
    """All imports, newest first."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        found = listed(connection, cursor, limit)
    return ImportPage(items=[_out(importer, row) for row in found.items], next_cursor=found.next_cursor)


@router.get("/imports/{import_id}")
def one(request: Request, _caller: Sees, import_id: str) -> ImportOut:
    """One import."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        return _out(importer, get(connection, import_id))


@router.get("/imports/{import_id}/preview")
def look(request: Request, _caller: May, import_id: str) -> Prepared:
    """The preview of a file that was sent and not started."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    _must_be_unstarted(row)
    return _prepared(importer, row)


@router.get("/imports/{import_id}/bad-rows", response_class=FileResponse)
def bad_rows(request: Request, caller: May, import_id: str) -> FileResponse:
    """The bad lines with their reasons, as CSV. Cells that a spreadsheet would run as formulas are neutralised."""
    importer: Importer = app_part(request, "importer")
    with importer.database.begin() as tx:
        row = get(tx, import_id)
        path = importer.folder(row["import_id"]) / BAD_FILE
        if not path.is_file():
            raise NotFound(
                "no_bad_rows",
                Words("没有异常行文件（保留 7 天）。", "There is no file of bad lines (kept for 7 days)."),
                place="import_id",
            )
        _audit(tx, importer, caller, "import.bad_rows", import_id, {"rows": row["rows_bad"]})
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename=f"{row['import_id']}-bad.csv")


def _audit(
    tx: Any, importer: Importer, caller: Caller, action: str, import_id: str, detail: dict[str, object]
) -> None:
    record(
        tx,
        importer.clock,
        actor=caller.actor,
        action=action,
        object_kind="import",
        object_id=import_id,
        detail=detail,
    )


def _name_only(mapping: str | None) -> str | None:
    """A mapping over HTTP is a shipped name, never a path on the server."""
    if mapping and mapping not in shipped():
        raise BadImport(
            "unknown_mapping", Words("没有这个映射。", "There is no such mapping."), place="mapping"
        )
    return mapping or None


def _must_be_unstarted(row: RowMapping) -> None:
    if row["state"] not in ("new", "failed") or row["next_chunk"] > 0:
        raise Conflict(
            "import_started", Words("该导入已开始。", "The import has started already."), place="import_id"
        )


def _prepared(importer: Importer, row: RowMapping) -> Prepared:
    mapping = loads(row["mapping_json"])
    path = Path(row["path"])
    columns = importer.columns(path, mapping)
    shown: PreviewOut | None = None
    problem: Problem | None = None
    try:
        shown = _preview(importer.preview_as(path, mapping, suggested=bool(row["suggested"])))
    except BadImport as error:
        problem = Problem(code=error.code, message=_text(error.words), place=error.place)
    return Prepared(
        import_id=row["import_id"], kind=row["kind"], filename=row["filename"], columns=columns,
        fields=_fields(row["kind"]), mapping=columns_of(mapping), mapping_name=mapping.name,
        suggested=bool(row["suggested"]), preview=shown, problem=problem,
    )  # fmt: skip


def _preview(found: Preview) -> PreviewOut:
    bad = [
        BadLineOut(line=b.line, code=b.code, place=b.column, message=_text(b.words)) for b in found.bad[:200]
    ]
    return PreviewOut(rows=found.rows, tables=found.tables, bad=bad, lines_read=found.lines_read)


def _fields(kind: Kind) -> list[FieldOut]:
    return [FieldOut(name=f.name, reading=f.reading, required=f.required) for f in FIELDS[kind]]


def _out(importer: Importer, row: RowMapping) -> ImportOut:
    mapping = loads(row["mapping_json"])
    error = json.loads(row["error_json"]) if row["error_json"] else None
    return ImportOut(
        import_id=row["import_id"], kind=row["kind"], filename=row["filename"], bytes=row["bytes"], state=row["state"],
        mapping=columns_of(mapping), mapping_name=mapping.name, suggested=bool(row["suggested"]),
        source_id=row["source_id"], basis=json.loads(row["basis_json"]) if row["basis_json"] else None,
        rows_total=row["rows_total"], rows_done=row["rows_done"], rows_bad=row["rows_bad"],
        rows_duplicate=row["rows_duplicate"], stored=json.loads(row["stored_json"]),
        bad_rows=row["rows_bad"] > 0 and (importer.folder(row["import_id"]) / BAD_FILE).exists(),
        error=Problem.model_validate(error) if error else None, job_id=row["job_id"], actor=row["actor"],
        created_time=to_iso(row["created_us"]), started_time=_time(row["started_us"]), ended_time=_time(row["ended_us"]),
    )  # fmt: skip


def _time(instant_us: int | None) -> str | None:
    return None if instant_us is None else to_iso(instant_us)


def _text(words: Words) -> Text:
    return Text(zh=words.zh, en=words.en)
