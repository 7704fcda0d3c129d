"""HTTP about backups: what there is, and asking for one."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from weaktie.app.api import JobBody, account_names, job_body
from weaktie.app.backup import Backup, backups_in, verified_us
from weaktie.app.cleanse import NoFolder
from weaktie.kit.clock import to_iso
from weaktie.kit.errors import Refused
from weaktie.kit.settings import Settings
from weaktie.kit.web import WordsBody, app_part, words_body
from weaktie.trust.accounts.api import Caller, require

router = APIRouter(prefix="/api", tags=["installation"])
Operate = Annotated[Caller, Depends(require("operate"))]


class BackupBody(BaseModel):
    """One complete backup. `verified_time` says when every file of it was last read back and found sound,
    `cleansed_time` when people erased since were taken out of it."""

    backup_id: str
    taken_time: str
    bytes: int
    files: int
    events: int
    verified_time: str | None
    cleansed_time: str | None


class BackupsBody(BaseModel):
    """Backups, the newest first, with the schedule; `problem` says why the folder cannot be read."""

    folder: str
    every_hours: int
    keep: int
    items: list[BackupBody]
    problem: WordsBody | None


@router.get("/backups")
def backups(request: Request, _caller: Operate) -> BackupsBody:
    """The backups in the folder of the settings."""
    settings: Settings = app_part(request, "settings")
    chosen = settings.backup
    items: list[BackupBody] = []
    problem = None
    try:
        items = (
            [_body(b, Path(chosen.folder)) for b in backups_in(Path(chosen.folder))] if chosen.folder else []
        )
    except Refused as error:
        problem = words_body(error.words)
    return BackupsBody(
        folder=chosen.folder, every_hours=chosen.every_hours, keep=chosen.keep, items=items, problem=problem
    )


@router.post("/backups", status_code=201)
def start_backup(request: Request, caller: Operate) -> JobBody:
    """Ask for a backup now; the worker makes it. Refused as `no_backup_folder` where the settings name no folder."""
    if not app_part(request, "settings").backup.folder:
        raise NoFolder
    started = app_part(request, "jobs").start("backup", {}, caller.actor)
    app_part(request, "note")(caller.actor, "job.start", "job", started.job_id, {"kind": "backup"})
    return job_body(started, account_names(request))


def _body(backup: Backup, folder: Path) -> BackupBody:
    checked_us = verified_us(folder, backup)
    return BackupBody(
        backup_id=backup.backup_id,
        taken_time=to_iso(backup.taken_us),
        bytes=backup.size_bytes,
        files=len(backup.files),
        events=backup.lake_rows.get("events", 0),
        verified_time=None if checked_us is None else to_iso(checked_us),
        cleansed_time=None if backup.cleansed_us is None else to_iso(backup.cleansed_us),
    )
