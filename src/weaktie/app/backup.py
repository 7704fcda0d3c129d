"""Backups: one consistent copy of a home while its server works.

A backup folder holds `lake/` (files by their SHA-256, shared by all backups), `backups/ID/` (one backup each: the sealed
database and settings, the end of the log, and `manifest.json`, which is written last and names every file with its
hash) and `erasures.jsonl` (the erasure journal, which a restore applies). The master key is not in it.

Order: first the database in one snapshot, then the files of its manifest, then the log from the snapshot's offsets on.
So what was acknowledged is in the lake or in the log, and what is in both is recognised by its ids.
"""

import contextlib
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from weaktie import __version__
from weaktie.app.sealing import seal_file
from weaktie.app.wiring import App
from weaktie.kit.clock import DAY_US
from weaktie.kit.disk import sync, write_durably
from weaktie.kit.errors import Conflict, NotFound
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.copies import copy_out, rows_by_table
from weaktie.store.database.jobs import head
from weaktie.store.database.service import open_database
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import holder
from weaktie.trust.rights.service import Journal

BACKUP_LEASE = "backup"
FORMAT = 1
MANIFEST, JOURNAL, DATABASE = "manifest.json", "erasures.jsonl", "database"
VERIFIED = "verified"
SEALED_FOLDERS = ("imports",)
SEALED_FILES = ("weaktie.toml", "demo.json")
CHUNK = 4 * 1024 * 1024


class DamagedFile(Conflict):
    """A file does not have the hash that is written down for it; `place` is the file."""

    def __init__(self, where: str) -> None:
        super().__init__(
            "backup_damaged",
            Words(
                f"文件 {where} 缺失或已损坏，校验值不符。",
                f"{where} is missing or damaged: its hash differs.",
            ),
            place=where,
        )


class NoBackup(NotFound):
    """There is no complete backup in the folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            "no_backup",
            Words(f"{folder} 中没有完整的备份。", f"There is no complete backup in {folder}."),
            place=folder,
        )


@dataclass(frozen=True, slots=True)
class Held:
    """One file of a backup: where it belongs, where it lies below the folder, and what its bytes are."""

    kind: str
    path: str
    stored: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Backup:
    """What `manifest.json` says. `rows` counts the database's tables, `lake_rows` the lake's, at the snapshot."""

    format: int
    backup_id: str
    taken_us: int
    ended_us: int
    written_by: str
    revision: str
    fingerprint: str
    rows: dict[str, int]
    lake_rows: dict[str, int]
    offsets: dict[str, int]
    erasures: list[str]
    files: list[Held] = field(default_factory=list)
    cleansed_us: int | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes of its files, those that it shares with other backups too."""
        return sum(f.bytes for f in self.files)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the copied database says of itself."""

    lake: list[tuple[str, str | None]]
    rows: dict[str, int]
    lake_rows: dict[str, int]
    offsets: dict[str, int]
    erasures: dict[str, int]
    generation: str | None


@dataclass(frozen=True, slots=True)
class Instead:
    """The backup whose place a cleansed one takes, and the erasures that were applied to it."""

    of: Backup
    applied: frozenset[str]


class ForeignFolder(Conflict):
    """The folder holds backups of a home with another master key; a run would prune them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            "backup_folder_taken",
            Words(
                f"{folder} 中是另一个数据目录的备份，请换一个文件夹。",
                f"{folder} holds the backups of another home; use another folder.",
            ),
            place=str(folder),
        )


def take(wt: App, folder: Path, told: Progress, *, instead: Instead | None = None) -> Backup:
    """Make one backup; the caller holds BACKUP_LEASE where a worker runs. Raises ForeignFolder, and DamagedFile when a
    file of the lake is not what the manifest says."""
    if any(b.fingerprint != wt.vault.master.fingerprint for b in backups_in(folder)):
        raise ForeignFolder(folder)
    now_us = wt.clock.now_us()
    backup_id = instead.of.backup_id if instead else new_id("bak", now_us)
    place = folder / "backups" / (backup_id + (".new" if instead else ""))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)

    with _work_file(wt) as copy:
        copy_out(wt.database, copy, lambda s: told(0.3 * s, Words("复制数据库", "database")))
        seen = look_at(copy)
        files = [_seal(wt, copy, DATABASE, place, backup_id)]
    for number, (name, sha256) in enumerate(seen.lake):
        files.append(_keep_lake_file(lake_root(wt.settings), name, sha256, folder))
        told(0.35 + 0.5 * number / len(seen.lake), Words("复制数据湖", "lake"))
    told(0.85, Words("复制日志", "log"))
    for partition in wt.log.partitions():
        first = seen.offsets.get(str(partition), 0)
        copies = wt.log.copy_out(
            partition, first, place / "log" / f"p{partition:03d}", last_day=now_us // DAY_US
        )
        files += [_held("log", f"p{partition:03d}/{c.name}", c, place) for c in copies]
    told(0.9, Words("复制设置与文件", "settings and files"))
    files += _seal_rest(wt, seen, place, backup_id)
    backup = Backup(
        FORMAT, backup_id, instead.of.taken_us if instead else now_us, wt.clock.now_us(), __version__, head(),
        wt.vault.master.fingerprint, seen.rows, seen.lake_rows, seen.offsets,
        sorted({*known_erasures(wt, seen), *(instead.applied if instead else ())}),
        [replace(f, stored=f.stored.replace(".new/", "/")) for f in files], now_us if instead else None,
    )  # fmt: skip
    keep_journal(wt.settings.home, folder)
    _put(place / MANIFEST, manifest_bytes(backup))
    _put_in_place(place, folder / "backups" / backup_id)
    told(1.0, Words("完成", "done"))
    return backup


def _put_in_place(place: Path, final: Path) -> None:
    if place != final:
        former = final.with_name(final.name + ".old")
        shutil.rmtree(former, ignore_errors=True)
        final.rename(former)
        place.rename(final)
        shutil.rmtree(former)
    sync(final)
    sync(final.parent)


def look_at(copy: Path) -> Snapshot:
    """Read the copied database: which files it needs, how far its consumer was, what it counts."""
    opened = open_database(f"sqlite:{copy}", Path())
    try:
        with opened.connect() as connection:
            rows = rows_by_table(connection)
    finally:
        opened.close()
    with contextlib.closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as read:
        manifest = read.execute(
            "SELECT path, ids_path, sha256, table_name, rows FROM lake_files WHERE removed_version IS NULL"
        ).fetchall()
        offsets = read.execute(
            "SELECT partition, min(next_record) FROM consumer_offsets GROUP BY partition"
        ).fetchall()
        erased = read.execute("SELECT erasure_id, asked_us FROM erasures WHERE state = 'done'").fetchall()
        newest = read.execute(
            "SELECT path FROM generations WHERE retired_us IS NULL ORDER BY number DESC LIMIT 1"
        ).fetchone()
    lake: list[tuple[str, str | None]] = []
    lake_rows: dict[str, int] = {}
    for path, ids_path, sha256, table, count in manifest:
        lake.append((path, sha256))
        if ids_path:
            lake.append((ids_path, None))
        lake_rows[table] = lake_rows.get(table, 0) + count
    return Snapshot(
        lake, rows, lake_rows, {str(p): n for p, n in offsets}, dict(erased),
        newest[0] if newest else None,
    )  # fmt: skip


def known_erasures(wt: App, seen: Snapshot) -> list[str]:
    """Erasures that this backup holds nothing of: done in its database, and asked for before its oldest request of the
    log came in, for an older request may name the person."""
    firsts = (wt.log.read(p, seen.offsets.get(str(p), 0)) for p in wt.log.partitions())
    oldest_us = min((r.received_us for records in firsts for r in [next(records, None)] if r), default=None)
    return [name for name, asked_us in seen.erasures.items() if oldest_us is None or asked_us < oldest_us]


def backups_in(folder: Path) -> list[Backup]:
    """Complete backups, the newest first; raises DamagedFile for a manifest that is not what was written."""
    for place in (folder / "backups").glob("bak_*.new"):
        final = place.with_suffix("")  # killed between two renames
        if (place / MANIFEST).exists() and not final.exists():
            place.rename(final)
    found = [read_manifest(p) for p in (folder / "backups").glob(f"bak_*/{MANIFEST}") if _is_final(p)]
    return sorted(found, key=lambda b: (b.taken_us, b.backup_id), reverse=True)


def prune(folder: Path, keep: int, *, made: Backup) -> int:
    """Delete all but the newest `keep` backups, what killed ones left, and files that no backup needs; returns how many
    backups went. The one just `made` counts as the newest, whatever the clock says."""
    backups = backups_in(folder)
    backups.sort(key=lambda b: b.backup_id != made.backup_id)
    kept = {b.backup_id for b in backups[:keep]}
    for place in (folder / "backups").iterdir():
        if place.name not in kept:
            shutil.rmtree(place)
    needed = {f.stored for b in backups[:keep] for f in b.files}
    for path in list((folder / "lake").rglob("*")):
        if path.is_file() and str(path.relative_to(folder)) not in needed:
            path.unlink()
    return len(backups) - len(kept)


def keep_journal(home: Path, folder: Path) -> None:
    """Bring the folder's copy of the erasure journal up to date; lines that are there stay."""
    merge_journals(folder / JOURNAL, [Journal(home).path])


def merge_journals(target: Path, sources: list[Path]) -> None:
    """Every line of the target and the sources once, in their order; the target is replaced as a whole."""
    before = target.read_bytes() if target.exists() else None
    raw = [before or b"", *(s.read_bytes() for s in sources if s.exists())]
    lines = dict.fromkeys(line for part in raw for line in part.split(b"\n") if line)
    after = b"".join(line + b"\n" for line in lines)
    if after != before:
        target.parent.mkdir(parents=True, exist_ok=True)
        _put(target, after)


def note_verified(folder: Path, backup: Backup, now_us: int) -> None:
    """Write beside the manifest when the backup was read back and found sound."""
    _put(folder / "backups" / backup.backup_id / VERIFIED, str(now_us).encode())


def verified_us(folder: Path, backup: Backup) -> int | None:
    """When it was read back and found sound; None when it never was."""
    try:
        return int((folder / "backups" / backup.backup_id / VERIFIED).read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None


def manifest_bytes(backup: Backup) -> bytes:
    """The manifest with a checksum over itself."""
    raw = msgspec.json.encode(backup)
    return msgspec.json.encode({"sum": hashlib.sha256(raw).hexdigest(), "backup": msgspec.Raw(raw)})


def read_manifest(path: Path) -> Backup:
    """The manifest at the path; raises DamagedFile when it was altered."""
    try:
        held = msgspec.json.decode(path.read_bytes(), type=dict[str, msgspec.Raw])
        if msgspec.json.decode(held["sum"]) != hashlib.sha256(held["backup"]).hexdigest():
            raise DamagedFile(f"{path.parent.name}/{path.name}")
        return msgspec.json.decode(held["backup"], type=Backup)
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError):
        raise DamagedFile(f"{path.parent.name}/{path.name}") from None


def lake_root(settings: Settings) -> Path:
    """Where the lake's files lie."""
    return settings.home / (settings.addresses.lake.removeprefix("file:") or "lake")


def sha256_of(path: Path) -> str | None:
    """The hash of a file; None where there is none."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def tidy(wt: App) -> None:
    """Remove what a killed backup left in the home, for it holds a whole database; keep the journal beside the backups."""
    with wt.database.connect() as connection:
        if holder(connection, BACKUP_LEASE, wt.clock.now_us()) is None:
            _clear_work(wt.settings.home)
    folder = Path(wt.settings.backup.folder)
    if wt.settings.backup.folder and (folder / "backups").is_dir():
        keep_journal(wt.settings.home, folder)


def _clear_work(home: Path) -> None:
    for path in (home / "run").glob("backup-*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _work_file(wt: App) -> Iterator[Path]:
    """A place in the home for the copied database in the clear; gone afterwards."""
    _clear_work(wt.settings.home)
    work = wt.settings.home / "run" / "backup-work"
    work.mkdir(parents=True, mode=0o700)
    try:
        yield work / "database.db"
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _seal(wt: App, source: Path, path: str, place: Path, backup_id: str) -> Held:
    stored = place / "sealed" / path
    sha256, size = seal_file(source, stored, wt.vault.backup_key(), f"{backup_id}|{path}")
    kind = "database" if path == DATABASE else "sealed"
    return Held(kind, path, str(stored.relative_to(place.parent.parent)), sha256, size)


def _seal_rest(wt: App, seen: Snapshot, place: Path, backup_id: str) -> list[Held]:
    home = wt.settings.home
    names = [n for n in SEALED_FILES if (home / n).exists()]
    for folder in SEALED_FOLDERS:
        names += [
            str(p.relative_to(home)) for p in (home / folder).rglob("*") if p.is_file() and p.name != "lock"
        ]
    if seen.generation is not None:
        names.append(seen.generation)
    files = []
    for name in names:
        with contextlib.suppress(FileNotFoundError):  # an upload or a generation that was replaced meanwhile
            files.append(_seal(wt, home / name, name, place, backup_id))
    return files


def _held(kind: str, path: str, stored: Path, place: Path) -> Held:
    sha256 = sha256_of(stored)
    assert sha256 is not None, "it was just written"
    return Held(kind, path, str(stored.relative_to(place.parent.parent)), sha256, stored.stat().st_size)


def _keep_lake_file(root: Path, name: str, sha256: str | None, folder: Path) -> Held:
    """Copy a lake file unless the folder has it, sound, already; what is rotten there is replaced."""
    source = root / name
    digest = sha256 or sha256_of(source)
    if digest is None:
        raise DamagedFile(f"lake/{name}")
    stored = folder / "lake" / digest[:2] / digest
    if sha256_of(stored) != digest:
        stored.parent.mkdir(parents=True, exist_ok=True)
        partial = stored.with_name(stored.name + ".part")
        try:
            copy_durably(source, partial)
        except FileNotFoundError:
            raise DamagedFile(f"lake/{name}") from None
        if sha256_of(partial) != digest:
            partial.unlink()
            raise DamagedFile(f"lake/{name}")
        partial.rename(stored)
        sync(stored.parent)
    return Held("lake", name, str(stored.relative_to(folder)), digest, stored.stat().st_size)


def copy_durably(source: Path, target: Path) -> None:
    """Copy the bytes; they are on disk on return."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as file, target.open("wb") as out:
        shutil.copyfileobj(file, out, CHUNK)
        out.flush()
        os.fsync(out.fileno())


def _put(path: Path, raw: bytes) -> None:
    write_durably(path, lambda out: out.write(raw))
    sync(path.parent)


def _is_final(manifest: Path) -> bool:
    return manifest.parent.suffix not in (".new", ".old")
