"""The door of imports: preview a file, register it, run it to its end, as often as it takes."""

import fcntl
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from weaktie.data.collect.contracts import LoadBatch, LoadOutcome
from weaktie.data.imports.badrows import BAD_FILE, BadRows
from weaktie.data.imports.contracts import (
    BadImport,
    BadLine,
    FileMapping,
    History,
    ImportResult,
    ImportSpec,
    Kind,
    Load,
    Preview,
    Progress,
    Sources,
)
from weaktie.data.imports.converters import Defaults
from weaktie.data.imports.history import history_parts, not_lines
from weaktie.data.imports.logic import TableRows, to_arrow
from weaktie.data.imports.mapping import check, choose, dumps, loads, recognised, shipped
from weaktie.data.imports.parts import Part, Plan, parts
from weaktie.data.imports.preview import preview, preview_history
from weaktie.data.imports.readers import JsonReader, open_file
from weaktie.data.imports.samples import HEAD_ROWS, FirstRows
from weaktie.data.imports.saved import saved
from weaktie.data.imports.staging import expected_bytes
from weaktie.data.imports.tables import imports
from weaktie.data.imports.uploads import receive
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

__all__ = ["Importer", "display_name", "file_sha256", "get", "listed", "receive", "shipped"]
READING = Words("读取文件", "reading the file")
LOADING = Words("写入数据", "storing rows")
DONE = Words("完成", "done")
UNFINISHED = ("new", "waiting", "running", "failed")


@dataclass(frozen=True, slots=True)
class Importer:
    """Files into the lake. `load` is the bulk entry of collect; `home` holds `imports/<id>/`."""

    database: Database
    clock: Clock
    home: Path
    defaults: Defaults
    load: Load
    sources: Sources
    history: History

    def folder(self, import_id: str) -> Path:
        """Where the upload, the bad lines and the work of one import lie."""
        return self.home / "imports" / import_id

    def preview(
        self,
        path: Path,
        kind: Kind,
        mapping: str | Path | Mapping[str, Any] | None = None,
        *,
        current: FileMapping | None = None,
    ) -> Preview:
        """The first rows as they would be stored; raises BadImport where file or mapping cannot be used."""
        plan, suggested = self._plan(path, kind, mapping, current)
        check(plan.mapping, plan.reader.columns)
        return self._preview(plan, suggested=suggested)

    def preview_as(self, path: Path, mapping: FileMapping, *, suggested: bool) -> Preview:
        """The same under a mapping that was chosen before."""
        reader = open_file(path, header=mapping.header)
        check(mapping, reader.columns)
        plan = Plan(reader, mapping, self.defaults, "", expected_bytes(path))
        return self._preview(plan, suggested=suggested)

    def _preview(self, plan: Plan, *, suggested: bool) -> Preview:
        if plan.mapping.decoder is None:
            return preview(plan, suggested=suggested)
        return preview_history(plan, self.history.decode, suggested=suggested)

    def named(self) -> dict[str, FileMapping]:
        """Every mapping that has a name: those that come with the product and those that people saved."""
        with self.database.connect() as connection:
            return shipped() | saved(connection)

    def columns(self, path: Path, mapping: FileMapping) -> list[str]:
        """The headers of a file; raises BadImport for an unusable one."""
        return open_file(path, header=mapping.header).columns

    def head(self, path: Path, mapping: FileMapping) -> FirstRows:
        """The headers of a file and its first rows; raises BadImport for an unusable one."""
        reader = open_file(path, header=mapping.header)
        chunk = next(reader.chunks([] if reader.nested else reader.columns, first_rows=HEAD_ROWS), None)
        return FirstRows(reader.columns, chunk.frame.head(HEAD_ROWS) if chunk is not None else pl.DataFrame())

    def recognise(self, path: Path) -> FileMapping | None:
        """The mapping that knows the file by its header, whatever its kind."""
        reader = open_file(path)
        known = {name: m for name, m in self.named().items() if reader.nested or m.decoder is None}
        return recognised(reader.columns, known)

    def mapping_for(
        self,
        path: Path,
        kind: Kind,
        mapping: str | Path | Mapping[str, Any] | None,
        current: FileMapping | None = None,
    ) -> tuple[FileMapping, bool, list[str]]:
        """(the mapping, whether it was guessed, the file's columns), whether or not it is complete yet."""
        plan, suggested = self._plan(path, kind, mapping, current)
        return plan.mapping, suggested, plan.reader.columns

    def orders_in(
        self, path: Path, mapping: str | Path | Mapping[str, Any] | None, work: Path
    ) -> tuple[list[pa.Table], list[BadLine], FileMapping]:
        """The orders of a file as an import would store them, which this does not: rows of the lake's `orders` with people as
        text, the lines left out, and the mapping that was used. `work` is an empty folder. Raises BadImport."""
        plan, _ = self._plan(path, "orders", mapping, None)
        check(plan.mapping, plan.reader.columns)
        tables: list[pa.Table] = []
        bad: list[BadLine] = []
        for part in parts(plan, work):
            bad += part.bad
            tables += [to_arrow(made.table, made.rows) for made in part.tables if made.table == "orders"]
        return tables, bad, plan.mapping

    def _plan(
        self,
        path: Path,
        kind: Kind,
        mapping: str | Path | Mapping[str, Any] | None,
        current: FileMapping | None,
    ) -> tuple[Plan, bool]:
        known = self.named()
        headless = isinstance(mapping, str) and mapping in known and not known[mapping].header
        reader = open_file(path, header=not headless)
        if not mapping:
            known = {name: m for name, m in known.items() if reader.nested or m.decoder is None}
        chosen, suggested = choose(mapping, kind, reader.columns, current, known)
        if not chosen.header and not headless:
            reader = open_file(path, header=False)
        return Plan(reader, chosen, self.defaults, "", expected_bytes(path)), suggested

    def register(
        self,
        tx: Connection,
        spec: ImportSpec,
        *,
        actor: str,
        import_id: str | None = None,
        uploaded: bool = False,
        sha256: str | None = None,
        mapping: tuple[FileMapping, bool] | None = None,
    ) -> str:
        """Write an import down without starting it; returns its id. Raises BadImport for an unusable file."""
        if mapping is None:
            chosen, suggested, _ = self.mapping_for(spec.path, spec.kind, spec.mapping)
            mapping = (chosen, suggested)
        now_us = self.clock.now_us()
        own = import_id or new_id("imp", now_us)
        tx.execute(
            insert(imports).values(
                import_id=own, kind=spec.kind, filename=display_name(spec.filename or spec.path.name), path=str(spec.path.resolve()),
                uploaded=int(uploaded), bytes=spec.path.stat().st_size, sha256=sha256 or file_sha256(spec.path),
                mapping_json=dumps(mapping[0]), suggested=int(mapping[1]),
                basis_json=json.dumps(dict(spec.basis), sort_keys=True) if spec.basis is not None else None,
                source_id=spec.source_id, purposes=0, state="new", next_chunk=0, rows_done=0, rows_bad=0,
                rows_duplicate=0, stored_json="{}", actor=actor, created_us=now_us,
            )
        )  # fmt: skip
        return own

    def import_file(self, spec: ImportSpec, *, actor: str, progress: Progress) -> ImportResult:
        """Import a file from the command line. An unfinished import of the same file, mapping and ground goes on."""
        chosen = self.mapping_for(spec.path, spec.kind, spec.mapping)
        check(chosen[0], chosen[2])
        sha256 = file_sha256(spec.path)
        basis = json.dumps(dict(spec.basis), sort_keys=True) if spec.basis is not None else None
        with self.database.begin() as tx:
            import_id = tx.execute(
                select(imports.c.import_id)
                .where(
                    imports.c.sha256 == sha256, imports.c.kind == spec.kind, imports.c.state.in_(UNFINISHED),
                    imports.c.mapping_json == dumps(chosen[0]), imports.c.basis_json.is_not_distinct_from(basis),
                    imports.c.uploaded == 0,
                )
                .order_by(imports.c.created_us.desc())
            ).scalars().first()  # fmt: skip
            if import_id is not None and spec.source_id not in (None, get(tx, import_id)["source_id"]):
                import_id = None
            if import_id is None:
                import_id = self.register(tx, spec, actor=actor, sha256=sha256, mapping=chosen[:2])
            else:
                moved = update(imports).where(imports.c.import_id == import_id)
                tx.execute(moved.values(path=str(spec.path.resolve())))
        return self.run(import_id, progress)

    def run(self, import_id: str, progress: Progress) -> ImportResult:
        """Carry an import to its end, from where it stopped. Running a finished one again changes nothing.

        Raises NotFound, Conflict where it runs already, and BadImport where the file or the mapping cannot be used.
        """
        with self._alone(import_id):
            row = self._start(import_id)
            if row["state"] == "done":
                return self.result(row)
            try:
                self._run(row, progress)
            except Refused as error:
                self._fail(import_id, error)
                raise
            except Exception:
                # Stopped, or a mistake of ours: what is committed stays, and the next run goes on from there.
                self._fail(import_id, _stopped())
                raise
            self._forget_upload(row)
            with self.database.connect() as connection:
                return self.result(get(connection, import_id))

    def _start(self, import_id: str) -> RowMapping:
        with self.database.begin() as tx:
            row = get(tx, import_id)
            if row["state"] == "done":
                return row
            source_id, purposes = row["source_id"], row["purposes"]
            if row["started_us"] is None:
                basis = json.loads(row["basis_json"]) if row["basis_json"] else None
                source_id, purposes = self.sources.for_import(tx, source_id=source_id, basis=basis)
            tx.execute(
                update(imports).where(imports.c.import_id == import_id).values(
                    source_id=source_id, purposes=purposes, state="running", error_json=None, ended_us=None,
                    started_us=row["started_us"] or self.clock.now_us(),
                )
            )  # fmt: skip
            return get(tx, import_id)

    def _run(self, row: RowMapping, progress: Progress) -> None:
        path, mapping = Path(row["path"]), loads(row["mapping_json"])
        if not path.is_file():
            raise BadImport("no_such_file", Words("文件不存在。", "The file does not exist."), place="file")
        reader = open_file(path, header=mapping.header)
        check(mapping, reader.columns)
        plan = Plan(reader, mapping, self.defaults, row["source_id"], expected_bytes(path))
        folder = self.folder(row["import_id"])
        attempt = new_id("try", self.clock.now_us())[-8:]
        bad = BadRows(folder, reader.columns if mapping.decoder is None else ["call"])
        coming = parts(plan, folder / "work")
        if mapping.decoder is not None:
            coming = self._calls(plan)
        waiting: list[BadLine] = []
        carried = Part(-1)
        try:
            for part in _ahead(coming):
                bad.add(line for line in part.bad if line.cells)
                waiting += [line for line in part.bad if not line.cells]
                if part.number < 0:
                    carried.lines += part.lines
                    carried.bad += part.bad
                    progress(part.done, READING)
                    continue
                if part.number >= row["next_chunk"]:
                    self._load(row, plan, part, carried, attempt)
                carried = Part(-1)
                progress(min(part.done, 0.99), LOADING)
            bad.add(_with_cells(plan, waiting))
        finally:
            bad.close()
        self._finish(row["import_id"])
        progress(1.0, DONE)

    def _calls(self, plan: Plan) -> Iterator[Part]:
        if not isinstance(plan.reader, JsonReader):
            raise not_lines()
        assert plan.mapping.decoder is not None
        return history_parts(
            plan.reader.path, plan.reader.encoding, plan.mapping.decoder, self.history.decode
        )

    def _load(self, row: RowMapping, plan: Plan, part: Part, carried: Part, attempt: str) -> None:
        import_id = row["import_id"]

        def commit(tx: Connection, outcomes: Sequence[LoadOutcome]) -> None:
            found = list(zip((b.table for b in batches), outcomes, strict=True))
            added = {table: outcome.stored for table, outcome in found}
            move(tx, added, sum(o.duplicates for table, o in found if table == plan.mapping.kind))

        def move(tx: Connection, added: Mapping[str, int], duplicates: int) -> None:
            now = get(tx, import_id)
            stored = json.loads(now["stored_json"])
            for table, rows in added.items():
                stored[table] = stored.get(table, 0) + rows
            moved = tx.execute(
                update(imports)
                .where(imports.c.import_id == import_id, imports.c.next_chunk == part.number)
                .values(
                    next_chunk=part.number + 1,
                    rows_done=now["rows_done"] + part.lines + carried.lines,
                    rows_bad=now["rows_bad"] + len(part.bad) + len(carried.bad),
                    rows_duplicate=now["rows_duplicate"] + duplicates,
                    stored_json=json.dumps(stored),
                )
            ).rowcount
            # The whole transaction goes with it: another run stored this part already.
            if moved != 1:
                raise _running(import_id)

        origin = f"{import_id}-{part.number}-{attempt}"
        batches = [
            _batch(made, str(row["source_id"]), int(row["purposes"]), origin)
            for made in part.tables
            if made.rows.height
        ]
        if part.events:
            self.history.load(
                part.events, source_id=str(row["source_id"]), purposes=int(row["purposes"]), origin=origin, commit=move
            )  # fmt: skip
        elif batches:
            self.load(batches, commit)
        else:
            with self.database.begin() as tx:
                commit(tx, [])

    def _finish(self, import_id: str) -> None:
        with self.database.begin() as tx:
            tx.execute(
                update(imports)
                .where(imports.c.import_id == import_id)
                .values(state="done", ended_us=self.clock.now_us(), rows_total=imports.c.rows_done)
            )

    def _forget_upload(self, row: RowMapping) -> None:
        """An upload is personal data in the clear: it goes when its rows are in the lake."""
        if row["uploaded"]:
            Path(row["path"]).unlink(missing_ok=True)

    def _fail(self, import_id: str, error: Refused) -> None:
        with self.database.begin() as tx:
            tx.execute(
                update(imports)
                .where(imports.c.import_id == import_id)
                .values(
                    state="failed",
                    ended_us=self.clock.now_us(),
                    error_json=json.dumps(error.as_dict()["error"]),
                )
            )

    @contextmanager
    def _alone(self, import_id: str) -> Iterator[None]:
        """One process at a time; the lock goes with the process, however it ends."""
        with self.database.connect() as connection:
            get(connection, import_id)
        folder = self.folder(import_id)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise _running(import_id) from error
            yield

    def result(self, row: RowMapping) -> ImportResult:
        """What an import has done so far."""
        path = self.folder(row["import_id"]) / BAD_FILE
        return ImportResult(
            row["import_id"], row["kind"], row["source_id"] or "", row["rows_done"], row["rows_bad"],
            row["rows_duplicate"], json.loads(row["stored_json"]), path if row["rows_bad"] and path.exists() else None,
        )  # fmt: skip

    def remove(self, tx: Connection, import_id: str) -> None:
        """Forget an import that stored nothing; raises Conflict where it did (its rows stay in the lake with it)."""
        row = get(tx, import_id)
        if row["next_chunk"] > 0 or row["state"] in ("waiting", "running"):
            raise Conflict(
                "import_has_rows",
                Words("该导入已写入数据，不能删除。", "The import has stored rows and cannot be removed."),
                place="import_id",
            )
        tx.execute(delete(imports).where(imports.c.import_id == import_id))


def get(connection: Connection, import_id: str) -> RowMapping:
    """One import; raises NotFound."""
    row = connection.execute(select(imports).where(imports.c.import_id == import_id)).mappings().first()
    if row is None:
        raise NotFound(
            "no_such_import", Words("没有这个导入。", "There is no such import."), place="import_id"
        )
    return row


def listed(connection: Connection, cursor: str | None, limit: int | None) -> Page[RowMapping]:
    """Imports, newest first."""
    size = page_size(limit)
    query = select(imports).order_by(imports.c.created_us.desc(), imports.c.import_id.desc()).limit(size + 1)
    if cursor:
        at, after = read_cursor(cursor, 2)
        older = (imports.c.created_us < at) | ((imports.c.created_us == at) & (imports.c.import_id < after))
        query = query.where(older)
    rows = connection.execute(query).mappings().all()
    last = rows[size - 1] if len(rows) > size else None
    following = write_cursor(last["created_us"], last["import_id"]) if last is not None else None
    return Page(list(rows[:size]), following)


def display_name(name: str) -> str:
    """A file name that is safe to show: no folders, no control characters, at most 200 characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c for c in last if c.isprintable()).strip()[:200]
    return shown or "file"


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file in hex."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadImport(
            "no_such_file", Words("文件不存在。", "The file does not exist."), place="file"
        ) from error


def _batch(made: TableRows, source_id: str, purposes: int, origin: str) -> LoadBatch:
    personal = made.personal.to_arrow() if made.personal is not None else None
    return LoadBatch(made.table, to_arrow(made.table, made.rows), source_id, purposes, origin, personal)


def _with_cells(plan: Plan, waiting: list[BadLine]) -> Iterator[BadLine]:
    """Bad lines that were found when their cells were gone: read once more, only where there are any."""
    if not waiting:
        return
    by_line = {bad.line: bad for bad in waiting}
    for chunk in plan.reader.chunks(plan.needed):
        for row in chunk.lines.is_in(list(by_line)).arg_true():
            bad = by_line[chunk.lines[row]]
            yield BadLine(bad.line, bad.code, bad.column, chunk.cells(row))


def _stopped() -> Refused:
    return Refused(
        "import_stopped",
        Words("导入已中断，可以继续。", "The import was stopped and can be continued."),
        place="import_id",
    )


def _ahead(source: Iterator[Part]) -> Iterator[Part]:
    """The same parts, the next one being prepared while the caller stores the last."""
    with ThreadPoolExecutor(1, thread_name_prefix="import") as reader:
        waiting = reader.submit(next, source, None)
        while (part := waiting.result()) is not None:
            waiting = reader.submit(next, source, None)
            yield part


def _running(import_id: str) -> Conflict:
    return Conflict(
        "import_running",
        Words(f"导入 {import_id} 正在运行。", f"Import {import_id} is running."),
        place="import_id",
    )
