"""Imports over HTTP: send a file, look at what it would become, mend the mapping, start it, fetch its bad lines."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from sqlalchemy import RowMapping, select, update
from starlette.concurrency import run_in_threadpool

from weaktie.data.imports.badrows import BAD_FILE
from weaktie.data.imports.bodies import (
    Change,
    ImportOut,
    ImportPage,
    MappingOut,
    Prepared,
    SaveMapping,
    Started,
    import_out,
    mapping_out,
    prepared,
)
from weaktie.data.imports.contracts import BadImport, FileMapping, ImportSpec, Kind
from weaktie.data.imports.mapping import check, dumps, from_toml, loads, shipped
from weaktie.data.imports.saved import forget, keep, no_such_mapping, to_toml
from weaktie.data.imports.service import Importer, get, listed
from weaktie.data.imports.tables import import_mappings, imports
from weaktie.data.imports.uploads import LARGEST_UPLOAD_BYTES, receive, too_large
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


@router.get("/imports/mappings")
def mappings(request: Request, _caller: Sees) -> list[MappingOut]:
    """The mappings that come with the product and those that people saved, with the fields of their kinds."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        kept = connection.execute(select(import_mappings).order_by(import_mappings.c.name)).mappings().all()
        names = app_part(request, "accounts").names(connection)
    own = [
        mapping_out(loads(row["mapping_json"]), shipped=False, row=row, actor_name=names.get(row["actor"]))
        for row in kept
    ]
    return [*own, *(mapping_out(m, shipped=True, row=None, actor_name=None) for m in shipped().values())]


@router.get("/imports/mappings/{name}/toml", response_class=PlainTextResponse)
def mapping_file(request: Request, _caller: Sees, name: str) -> PlainTextResponse:
    """A mapping as a file that can be kept, changed and read in again."""
    importer: Importer = app_part(request, "importer")
    found = importer.named().get(name)
    if found is None:
        raise no_such_mapping()
    return _toml(found, name)


@router.put("/imports/mappings/{name}")
def save_mapping(request: Request, caller: May, name: str, body: SaveMapping) -> MappingOut:
    """Save the mapping of an import, or a mapping file, under a name; a saved one of that name is replaced."""
    importer: Importer = app_part(request, "importer")
    if (body.import_id is None) == (body.toml is None):
        raise BadImport(
            "bad_mapping", Words("请给出 import_id 或 toml。", "Give import_id or toml."), place="import_id"
        )
    with importer.database.begin() as tx:
        given = body.toml
        own = loads(get(tx, str(body.import_id))["mapping_json"]) if given is None else None
        mapping = own or from_toml(given or "", name=name)
        made = keep(tx, mapping, name, actor=caller.actor, now_us=importer.clock.now_us())
        _audit(tx, importer, caller, "mapping.save", made.name, {"kind": made.kind}, kind="mapping")
        query = select(import_mappings).where(import_mappings.c.name == made.name)
        row = tx.execute(query).mappings().one()
        names = app_part(request, "accounts").names(tx)
    return mapping_out(made, shipped=False, row=row, actor_name=names.get(row["actor"]))


@router.delete("/imports/mappings/{name}", status_code=204)
def delete_mapping(request: Request, caller: May, name: str) -> Response:
    """Delete a saved mapping. Imports keep the mapping they ran with; pulls that name it fail until they name another."""
    importer: Importer = app_part(request, "importer")
    with importer.database.begin() as tx:
        forget(tx, name)
        _audit(tx, importer, caller, "mapping.delete", name, {}, kind="mapping")
    return Response(status_code=204)


@router.post("/imports", status_code=201)
async def send(
    request: Request,
    caller: May,
    kind: Kind,
    filename: Annotated[str, Query(max_length=1000)] = "file",
    mapping: Annotated[str | None, Query(max_length=100)] = None,
    source_id: Annotated[str | None, Query(max_length=64)] = None,
) -> Prepared:
    """Take a file (the raw body, at most 2 GB) and answer with what it would become. Nothing is stored yet.

    Without a mapping, an export that is known by its header is taken to be what it is, whatever `kind` says.
    """
    importer: Importer = app_part(request, "importer")
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > LARGEST_UPLOAD_BYTES:
        raise too_large(LARGEST_UPLOAD_BYTES)
    named = _name_only(importer, mapping)
    import_id = new_id("imp", importer.clock.now_us())
    folder = importer.folder(import_id)
    path, sha256 = await receive(folder, request.stream())

    def prepare() -> Prepared:
        try:
            known = importer.recognise(path) if named is None else None
            spec = ImportSpec(
                path, known.kind if known else kind, named, filename=filename, source_id=source_id
            )
            chosen, suggested, _ = importer.mapping_for(path, spec.kind, spec.mapping)
            with importer.database.begin() as tx:
                importer.register(
                    tx, spec, actor=caller.actor, import_id=import_id, uploaded=True, sha256=sha256,
                    mapping=(chosen, suggested),
                )  # fmt: skip
                _audit(tx, importer, caller, "import.upload", import_id, {"kind": spec.kind})
                row = get(tx, import_id)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return prepared(importer, row)

    return await run_in_threadpool(prepare)


@router.patch("/imports/{import_id}")
def change(request: Request, caller: May, import_id: str, body: Change) -> Prepared:
    """Change kind, mapping, basis or source of an import that has not stored anything yet."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    _must_be_unstarted(row)
    kind: Kind = body.kind or row["kind"]
    chosen, suggested = _changed(importer, row, kind, body)
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
    return prepared(importer, row)


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
        names = app_part(request, "accounts").names(connection)
    items = [import_out(importer, row, names.get(row["actor"])) for row in found.items]
    return ImportPage(items=items, next_cursor=found.next_cursor)


@router.get("/imports/{import_id}")
def one(request: Request, _caller: Sees, import_id: str) -> ImportOut:
    """One import."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
        names = app_part(request, "accounts").names(connection)
    return import_out(importer, row, names.get(row["actor"]))


@router.get("/imports/{import_id}/preview")
def look(request: Request, _caller: May, import_id: str) -> Prepared:
    """The preview of a file that was sent and not started."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    _must_be_unstarted(row)
    return prepared(importer, row)


@router.get("/imports/{import_id}/mapping", response_class=PlainTextResponse)
def mapping_of(request: Request, _caller: Sees, import_id: str) -> PlainTextResponse:
    """The mapping that an import has now, as a file."""
    importer: Importer = app_part(request, "importer")
    with importer.database.connect() as connection:
        row = get(connection, import_id)
    return _toml(loads(row["mapping_json"]), f"{row['kind']}-mapping")


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


def _changed(importer: Importer, row: RowMapping, kind: Kind, body: Change) -> tuple[FileMapping, bool]:
    """(the mapping after the change, whether it is still the guessed one)."""
    path = Path(row["path"])
    current = loads(row["mapping_json"]) if kind == row["kind"] else None
    chosen, suggested = current, bool(row["suggested"])
    given: str | Mapping[str, Any] | None = body.mapping
    if isinstance(given, str):
        given = _name_only(importer, given)
    if body.toml is not None:
        chosen, suggested = from_toml(body.toml, name="custom", kind=kind), False
        if chosen.kind != kind:
            chosen, _, _ = importer.mapping_for(path, kind, {"kind": chosen.kind})
    elif given is not None or current is None:
        chosen, suggested, _ = importer.mapping_for(path, kind, given, current)
    assert chosen is not None
    if body.header is not None and body.header != chosen.header:
        chosen, suggested = replace(chosen, name="custom", header=body.header, fields={}, recognise=()), False
    if body.rest is not None and body.rest != chosen.rest:
        chosen, suggested = replace(chosen, name="custom", rest=body.rest), False
    return chosen, suggested


def _toml(mapping: FileMapping, name: str) -> PlainTextResponse:
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    headers = {"Content-Disposition": f'attachment; filename="{plain or "mapping"}.toml"'}
    return PlainTextResponse(to_toml(mapping), media_type="application/toml; charset=utf-8", headers=headers)


def _audit(
    tx: Any,
    importer: Importer,
    caller: Caller,
    action: str,
    object_id: str,
    detail: dict[str, object],
    *,
    kind: str = "import",
) -> None:
    record(
        tx,
        importer.clock,
        actor=caller.actor,
        action=action,
        object_kind=kind,
        object_id=object_id,
        detail=detail,
    )


def _name_only(importer: Importer, mapping: str | None) -> str | None:
    """A mapping over HTTP is a name, never a path on the server."""
    if mapping and mapping not in importer.named():
        raise BadImport(
            "unknown_mapping", Words("没有这个映射。", "There is no such mapping."), place="mapping"
        )
    return mapping or None


def _must_be_unstarted(row: RowMapping) -> None:
    if row["state"] not in ("new", "failed") or row["next_chunk"] > 0:
        raise Conflict(
            "import_started", Words("该导入已开始。", "The import has started already."), place="import_id"
        )
