"""A whole backup run: a new backup, erasures brought into the older ones, old ones pruned.

A person who was erased stands in every backup that was taken before. At each run the older backups whose database does
not know an erasure of the journal are restored into a folder of the home's, erased there with the same erasers as the
living home, and written anew under the same id; then the files that no backup needs are deleted.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from weaktie.app.backup import (
    BACKUP_LEASE,
    Backup,
    DamagedFile,
    Instead,
    backups_in,
    copy_durably,
    note_verified,
    prune,
    take,
)
from weaktie.app.restore import rebuilt, verify
from weaktie.app.wiring import App
from weaktie.kit.errors import Refused
from weaktie.kit.logs import get_logger
from weaktie.kit.words import Words
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import lease
from weaktie.trust.rights.service import Journal
from weaktie.trust.vault.contracts import MASTER_KEY_FILE

_LOG = get_logger("backup")


class NoFolder(Refused):
    """Where backups go is neither set nor given."""

    def __init__(self) -> None:
        super().__init__(
            "no_backup_folder",
            Words(
                "尚未设置备份文件夹：请设置 backup.folder 或使用 --to。",
                "No folder for backups is set: set backup.folder or give --to.",
            ),
            place="backup.folder",
        )


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run did. `not_cleansed` are older backups that still hold somebody who was erased, for they are damaged."""

    backup: Backup
    pruned: int
    cleansed: list[str]
    not_cleansed: list[str]
    seconds: float

    def as_dict(self) -> dict[str, object]:
        """For `--json` and the job's result."""
        return {
            "backup_id": self.backup.backup_id, "files": len(self.backup.files), "bytes": self.backup.size_bytes,
            "verified": True, "pruned": self.pruned, "cleansed": self.cleansed, "not_cleansed": self.not_cleansed,
            "seconds": round(self.seconds, 3),
        }  # fmt: skip


def back_up(wt: App, folder: Path, keep: int, told: Progress, *, actor: str) -> Ran:
    """Take a backup, read it back, prune to `keep`, cleanse the others. Raises Busy, DamagedFile."""
    began = wt.clock.monotonic()
    folder = folder.absolute()
    with lease(wt.database, wt.clock, BACKUP_LEASE) as held:

        def renewing(share: float, step: Words) -> None:
            held.renew()
            told(share, step)

        backup = take(wt, folder, part(renewing, 0.0, 0.6))
        verify(folder, backup, part(renewing, 0.6, 0.7))
        note_verified(folder, backup, wt.clock.now_us())
        pruned = prune(folder, keep, made=backup)
        cleansed, left = cleanse(wt, folder, part(renewing, 0.7, 1.0))
        prune(folder, keep, made=backup)
    wt.note(
        actor, "backup.done", "backup", backup.backup_id,
        {"files": len(backup.files), "bytes": backup.size_bytes, "pruned": pruned, "cleansed": len(cleansed)},
    )  # fmt: skip
    told(1.0, Words("完成", "done"))
    return Ran(backup, pruned, cleansed, left, wt.clock.monotonic() - began)


def cleanse(wt: App, folder: Path, told: Progress) -> tuple[list[str], list[str]]:
    """Bring every erasure of the journal into every backup; returns ids of those rewritten and of those that could not
    be."""
    lines, _ = Journal(wt.settings.home).read()
    erased = frozenset(line.erasure_id for line in lines)
    stale = [b for b in backups_in(folder) if not erased <= set(b.erasures)]
    done, left = [], []
    for number, backup in enumerate(stale):
        try:
            _cleanse(wt, folder, backup, erased, part(told, number / len(stale), (number + 1) / len(stale)))
            done.append(backup.backup_id)
        except DamagedFile as error:
            _LOG.error("backup_not_cleansed", backup_id=backup.backup_id, place=error.place)
            left.append(backup.backup_id)
    return done, left


def _cleanse(wt: App, folder: Path, backup: Backup, erased: frozenset[str], told: Progress) -> None:
    verify(folder, backup, part(told, 0.0, 0.1))
    home = wt.settings.home / "run" / "backup-cleanse"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True, mode=0o700)
    key = wt.settings.home / MASTER_KEY_FILE
    journals = [Journal(wt.settings.home).path]
    began = part(told, 0.1, 0.6)
    try:
        with rebuilt(folder, backup, home, key, wt.clock, began, journals=journals, bring=_link) as (old, _):
            made = take(old, folder, part(told, 0.6, 0.9), instead=Instead(backup, erased))
        verify(folder, made, part(told, 0.9, 1.0))
        note_verified(folder, made, wt.clock.now_us())
    finally:
        shutil.rmtree(home, ignore_errors=True)


def part(told: Progress, low: float, high: float) -> Progress:
    """Progress of one part of the work, from 0 to 1, told as a stretch of the whole."""

    def scaled(share: float, step: Words) -> None:
        told(low + (high - low) * share, step)

    return scaled


def _link(source: Path, target: Path) -> None:
    """Files of a lake are never written again, so the two may share their bytes while this lasts."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        copy_durably(source, target)
