"""The door of pulls: make, change, list them, and carry one out."""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from weaktie.data.imports.contracts import BadImport, ImportResult, ImportSpec
from weaktie.data.imports.service import Importer
from weaktie.data.pulls.contracts import BadPull, Fetched, NoSuchPull, Options, Pull, PullNameTaken, PullRun
from weaktie.data.pulls.logic import allowed_folder, checked_query, checked_schedule, next_due
from weaktie.data.pulls.tables import pull_files, pull_runs, pulls
from weaktie.data.pulls.ways import database_url, from_database, from_folder, from_http
from weaktie.kit.clock import MINUTE_US, Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.outbound import Outbound
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.runs.contracts import Cancelled
from weaktie.store.runs.service import lease

FETCHING = Words("正在拉取", "fetching")
KEPT_RUNS = 200
UPLOAD = "file"


class Seals(Protocol):
    """The vault, as far as a secret needs it."""

    def seal_secret(self, secret: str, place: str) -> bytes:
        """The value, encrypted for that name."""
        ...

    def open_secret(self, sealed: bytes, place: str) -> str:
        """The value again."""
        ...


@dataclass(frozen=True, slots=True)
class Pulls:
    """Files and rows that come by themselves."""

    database: Database
    clock: Clock
    settings: Settings
    importer: Importer
    seals: Seals
    outbound: Outbound

    def create(self, tx: Connection, values: Mapping[str, Any], *, actor: str) -> Pull:
        """Make a pull from its fields (those of `Pull`, and `secret`); raises BadPull or PullNameTaken by name."""
        now_us = self.clock.now_us()
        pull_id = new_id("pul", now_us)
        row = {
            "pull_id": pull_id, "paused": 0, "mark_json": None, "actor": actor[:128], "made_us": now_us, "secret": None,
            **self._row(pull_id, dict(values)),
        }  # fmt: skip
        row["next_us"] = now_us
        try:
            tx.execute(insert(pulls).values(**row))
        except IntegrityError as error:
            raise PullNameTaken from error
        return self.find(tx, pull_id)

    def change(self, tx: Connection, pull_id: str, values: Mapping[str, Any]) -> Pull:
        """Change what is given; another address or query begins anew."""
        before = self.find(tx, pull_id)
        whole = {name: getattr(before, name) for name in _FIELDS} | {"options": asdict(before.options)}
        row = self._row(pull_id, whole | dict(values))
        row["next_us"] = next_due(
            self.clock.now_us(), row["every_minutes"], row["daily_at"], self.settings.zone
        )
        if (row["way"], row["address"]) != (before.way, before.address) or json.loads(
            row["options_json"]
        ) != asdict(before.options):
            row["mark_json"] = None
        if "paused" in values:
            row["paused"] = int(values["paused"])
        try:
            tx.execute(update(pulls).where(pulls.c.pull_id == pull_id).values(**row))
        except IntegrityError as error:
            raise PullNameTaken from error
        return self.find(tx, pull_id)

    def remove(self, tx: Connection, pull_id: str) -> None:
        """Forget a pull and its runs; what it imported stays."""
        self.find(tx, pull_id)
        for table in (pull_files, pull_runs, pulls):
            tx.execute(delete(table).where(table.c.pull_id == pull_id))

    def find(self, connection: Connection, pull_id: str) -> Pull:
        """One pull by its id or name; raises NoSuchPull."""
        query = select(pulls).where((pulls.c.pull_id == pull_id) | (pulls.c.name == pull_id))
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NoSuchPull
        return _pull(row)

    def listed(self, connection: Connection) -> list[tuple[Pull, PullRun | None]]:
        """Every pull by name, with its last run."""
        found = [_pull(row) for row in connection.execute(select(pulls).order_by(pulls.c.name)).mappings()]
        return [(pull, next(iter(self.runs(connection, pull.pull_id, 1)), None)) for pull in found]

    def runs(self, connection: Connection, pull_id: str, limit: int = 20) -> list[PullRun]:
        """The last runs, the newest first."""
        query = (
            select(pull_runs)
            .where(pull_runs.c.pull_id == pull_id)
            .order_by(pull_runs.c.started_us.desc(), pull_runs.c.run_id.desc())
            .limit(limit)
        )
        return [_run(row) for row in connection.execute(query).mappings()]

    def due(self, tx: Connection) -> list[str]:
        """The pulls that are due now; each is put to its next time, so that it is answered once.

        One that waits longer than its interval waits because the clock stepped back: it is due.
        """
        now_us = self.clock.now_us()
        waiting = (pulls.c.next_us <= now_us) | (pulls.c.next_us - now_us > pulls.c.every_minutes * MINUTE_US)
        query = select(pulls).where(pulls.c.paused == 0, waiting).order_by(pulls.c.next_us)
        found = [_pull(row) for row in tx.execute(query).mappings()]
        for pull in found:
            following = next_due(now_us, pull.every_minutes, pull.daily_at, self.settings.zone)
            tx.execute(update(pulls).where(pulls.c.pull_id == pull.pull_id).values(next_us=following))
        return [pull.pull_id for pull in found]

    def run(
        self, pull_id: str, *, actor: str, job_id: str | None, progress: Callable[[float, Words], None]
    ) -> dict[str, object]:
        """Fetch what is new and import it; raises what went wrong after writing it down. One run at a time."""
        with self.database.connect() as connection:
            pull = self.find(connection, pull_id)
        with lease(self.database, self.clock, f"pull:{pull.pull_id}"):
            run_id = self._begin(pull, job_id)
            unusable: Refused | None = None
            try:
                for fetched in self._fetch(pull):
                    progress(0.0, FETCHING)
                    try:
                        self._take(pull, run_id, fetched, actor, progress)
                    except Refused as error:
                        # One file that cannot be used does not keep the others out; it is tried again next time.
                        unusable = unusable or error
                if unusable is not None:
                    raise unusable
            except Refused as error:
                self._end(run_id, error)
                raise
            except (Cancelled, Exception):
                self._end(run_id, _stopped())
                raise
            self._end(run_id, None)
        with self.database.connect() as connection:
            done = next(r for r in self.runs(connection, pull.pull_id) if r.run_id == run_id)
        return {
            "pull_id": pull.pull_id, "name": pull.name, "files": done.files, "rows": done.rows, "bad": done.bad,
            "duplicates": done.duplicates, "import_ids": done.import_ids,
        }  # fmt: skip

    def _fetch(self, pull: Pull) -> Iterator[Fetched]:
        secret = self._secret(pull.pull_id)
        roots = self.settings.imports.folders
        if pull.way == "folder":
            return from_folder(pull, roots, self.clock.now_us(), self._place, lambda f: self._known(pull, f))
        if pull.way == "http":
            return from_http(pull, self.outbound, secret, self._place)
        return from_database(pull, self.outbound, secret, roots, self._place)

    def _place(self) -> Path:
        folder = self.importer.folder(new_id("imp", self.clock.now_us()))
        folder.mkdir(parents=True)
        return folder / UPLOAD

    def _known(self, pull: Pull, fingerprint: str) -> bool:
        query = select(pull_files.c.import_id).where(
            pull_files.c.pull_id == pull.pull_id, pull_files.c.fingerprint == fingerprint
        )
        with self.database.connect() as connection:
            return connection.execute(query).scalar() is not None

    def _take(
        self, pull: Pull, run_id: str, fetched: Fetched, actor: str, progress: Callable[[float, Words], None]
    ) -> None:
        """Import one file, unless its content was imported before; then remember it and how far the pull is."""
        folder = fetched.path.parent
        result: ImportResult | None = None
        if any(self._known(pull, f) for f in fetched.fingerprints if f.startswith("sha256:")):
            shutil.rmtree(folder, ignore_errors=True)
        else:
            spec = ImportSpec(
                fetched.path, pull.kind, pull.mapping, filename=fetched.name, source_id=pull.source_id,
                basis=pull.basis if pull.source_id is None else None,
            )  # fmt: skip
            try:
                chosen, suggested, _ = self.importer.mapping_for(fetched.path, pull.kind, pull.mapping)
                with self.database.begin() as tx:
                    self.importer.register(
                        tx, spec, actor=actor, import_id=folder.name, uploaded=True, sha256=fetched.sha256,
                        mapping=(chosen, suggested),
                    )  # fmt: skip
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            result = self.importer.run(folder.name, progress)
        self._remember(pull, run_id, fetched, folder.name, result)

    def _remember(
        self, pull: Pull, run_id: str, fetched: Fetched, import_id: str, result: ImportResult | None
    ) -> None:
        now_us = self.clock.now_us()
        with self.database.begin() as tx:
            for fingerprint in fetched.fingerprints:
                where = (pull_files.c.pull_id == pull.pull_id, pull_files.c.fingerprint == fingerprint)
                if tx.execute(select(pull_files.c.import_id).where(*where)).scalar() is None:
                    tx.execute(
                        insert(pull_files).values(
                            pull_id=pull.pull_id, fingerprint=fingerprint, import_id=import_id, at_us=now_us
                        )
                    )
            moved: dict[str, Any] = {"mark_json": json.dumps(fetched.mark)} if fetched.mark else {}
            if fetched.more:
                moved["next_us"] = now_us
            if moved:
                tx.execute(update(pulls).where(pulls.c.pull_id == pull.pull_id).values(**moved))
            if result is not None:
                run = tx.execute(select(pull_runs).where(pull_runs.c.run_id == run_id)).mappings().one()
                tx.execute(
                    update(pull_runs).where(pull_runs.c.run_id == run_id).values(
                        files=run["files"] + 1, rows=run["rows"] + result.rows_done, bad=run["bad"] + result.rows_bad,
                        duplicates=run["duplicates"] + result.rows_duplicate,
                        import_ids_json=json.dumps([*json.loads(run["import_ids_json"]), import_id]),
                    )
                )  # fmt: skip

    def _begin(self, pull: Pull, job_id: str | None) -> str:
        now_us = self.clock.now_us()
        run_id = new_id("run", now_us)
        with self.database.begin() as tx:
            tx.execute(
                update(pull_runs)
                .where(pull_runs.c.pull_id == pull.pull_id, pull_runs.c.state == "running")
                .values(state="failed", ended_us=now_us, error_json=json.dumps(_stopped().as_dict()["error"]))
            )
            kept = [r.run_id for r in self.runs(tx, pull.pull_id, KEPT_RUNS)]
            tx.execute(
                delete(pull_runs).where(pull_runs.c.pull_id == pull.pull_id, pull_runs.c.run_id.not_in(kept))
            )
            tx.execute(
                insert(pull_runs).values(
                    run_id=run_id, pull_id=pull.pull_id, job_id=job_id, state="running", started_us=now_us, files=0,
                    rows=0, bad=0, duplicates=0, import_ids_json="[]",
                )
            )  # fmt: skip
        return run_id

    def _end(self, run_id: str, error: Refused | None) -> None:
        values: dict[str, Any] = {"state": "failed" if error else "done", "ended_us": self.clock.now_us()}
        if error is not None:
            values["error_json"] = json.dumps(error.as_dict()["error"])
        with self.database.begin() as tx:
            tx.execute(update(pull_runs).where(pull_runs.c.run_id == run_id).values(**values))

    def _secret(self, pull_id: str) -> str | None:
        with self.database.connect() as connection:
            sealed = connection.execute(select(pulls.c.secret).where(pulls.c.pull_id == pull_id)).scalar()
        return None if sealed is None else self.seals.open_secret(bytes(sealed), f"pulls|secret|{pull_id}")

    def _row(self, pull_id: str, values: dict[str, Any]) -> dict[str, Any]:
        """Columns of the fields, checked; a password in the address becomes the secret."""
        options = Options(**values["options"])
        checked_schedule(values.get("every_minutes"), values.get("daily_at"))
        address, secret = str(values["address"]).strip(), values.get("secret")
        if values["way"] == "folder":
            allowed_folder(address, self.settings.imports.folders)
        elif values["way"] == "http":
            self.outbound.look_at(address)
        else:
            url = database_url(address)
            checked_query(options.query)
            if url.get_backend_name() == "sqlite":
                allowed_folder(str(url.database), self.settings.imports.folders)
            if url.password:
                secret = secret or str(url.password)
            address = url._replace(password=None).render_as_string(hide_password=True)
        if values.get("mapping"):
            named = self.importer.named().get(values["mapping"])
            if named is None or named.kind != values["kind"]:
                raise BadImport(
                    "unknown_mapping",
                    Words("没有这个映射，或它用于其他数据类型。", "There is no such mapping for this kind."),
                    place="mapping",
                )
        row: dict[str, Any] = {
            "name": str(values["name"]).strip(), "way": values["way"], "address": address,
            "options_json": json.dumps(asdict(options), sort_keys=True), "kind": values["kind"],
            "mapping": values.get("mapping") or None, "source_id": values.get("source_id"),
            "basis_json": json.dumps(values["basis"], sort_keys=True) if values.get("basis") else None,
            "every_minutes": values.get("every_minutes"), "daily_at": values.get("daily_at"),
        }  # fmt: skip
        if not row["name"]:
            raise BadPull("pull_no_name", Words("请填写名称。", "Give it a name."), place="name")
        if secret:
            row["secret"] = self.seals.seal_secret(secret, f"pulls|secret|{pull_id}")
        elif secret == "":
            row["secret"] = None
        return row


_FIELDS = (
    "name", "way", "address", "kind", "mapping", "source_id", "basis", "every_minutes", "daily_at",
)  # fmt: skip


def _stopped() -> BadPull:
    return BadPull(
        "pull_stopped",
        Words("拉取已中断，下次会继续。", "The pull was stopped; the next one goes on."),
        place="pull_id",
    )


def _pull(row: RowMapping) -> Pull:
    return Pull(
        row["pull_id"], row["name"], row["way"], row["address"], Options(**json.loads(row["options_json"])),
        row["secret"] is not None, row["kind"], row["mapping"], row["source_id"],
        json.loads(row["basis_json"]) if row["basis_json"] else None, row["every_minutes"], row["daily_at"],
        bool(row["paused"]), row["next_us"], json.loads(row["mark_json"]) if row["mark_json"] else None, row["actor"],
        row["made_us"],
    )  # fmt: skip


def _run(row: RowMapping) -> PullRun:
    return PullRun(
        row["run_id"], row["pull_id"], row["job_id"], row["state"], row["started_us"], row["ended_us"], row["files"],
        row["rows"], row["bad"], row["duplicates"], json.loads(row["import_ids_json"]),
        json.loads(row["error_json"]) if row["error_json"] else None,
    )  # fmt: skip
