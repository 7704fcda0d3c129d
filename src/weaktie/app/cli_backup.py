"""Commands that keep a home safe: backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from weaktie.app.backup import backups_in
from weaktie.app.cleanse import NoFolder, Ran, back_up
from weaktie.app.cli import DEFAULT_HOME, AsJson, Home, app, out
from weaktie.app.cli_data import Bar, as_job
from weaktie.app.restore import as_dict, choose, verify
from weaktie.app.restore import restore as run_restore
from weaktie.app.wiring import App, open_app
from weaktie.kit.clock import SystemClock, to_iso
from weaktie.store.runs.contracts import Progress
from weaktie.trust.vault.contracts import MASTER_KEY_FILE, MissingMasterKey


@app.command()
def backup(
    home: Home = DEFAULT_HOME,
    to: Annotated[Path | None, typer.Option(help="Folder of the backups; backup.folder without.")] = None,
    keep: Annotated[
        int | None, typer.Option(help="Backups that are kept; backup.keep without.", min=1)
    ] = None,
    as_json: AsJson = False,
    job: Annotated[str | None, typer.Option(help="Job whose progress to report.", hidden=True)] = None,
) -> None:
    """Copy the home into a folder of backups while its server works, verify the copy, erase from older ones who was
    erased since, prune. The master key is not copied: keep it apart."""
    with open_app(home) as wt:
        if job is not None:
            actor = wt.jobs.get(job).actor
            as_job(wt, job, lambda told: _run(wt, to, keep, told, actor).as_dict())
            return
        with Bar("backup") as bar:
            ran = _run(wt, to, keep, bar, "cli")
    made = ran.backup
    lines = [
        f"backup {made.backup_id}: {len(made.files)} files, {made.size_bytes:,} bytes, verified, {ran.seconds:.1f} s",
        f"{ran.pruned} older pruned, {len(ran.cleansed)} rewritten without people who were erased since",
        f"the master key is not in it: keep a copy of {home / MASTER_KEY_FILE} apart",
    ]
    lines += [f"NOT cleansed, for it is damaged: {name}" for name in ran.not_cleansed]
    out(ran.as_dict(), as_json=as_json, lines=lines)


def _run(wt: App, to: Path | None, keep: int | None, told: Progress, actor: str) -> Ran:
    chosen = wt.settings.backup
    folder = to or (Path(chosen.folder) if chosen.folder else None)
    if folder is None:
        raise NoFolder
    return back_up(wt, folder, keep or chosen.keep, told, actor=actor)


@app.command()
def restore(
    from_: Annotated[Path, typer.Option("--from", help="Folder of the backups.")],
    home: Annotated[
        Path | None, typer.Option(help="New home: a folder that is empty or not there yet.")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Master key file, which no backup holds.")] = None,
    backup_id: Annotated[
        str | None, typer.Option("--backup", help="Which backup; the newest without.")
    ] = None,
    journal: Annotated[
        list[Path] | None,
        typer.Option(help="Further copy of the erasure journal, best the old home's journal/erasures.jsonl."),
    ] = None,
    database: Annotated[
        str, typer.Option(help="Database of the new home: sqlite: or an empty postgresql://….")
    ] = "sqlite:",
    verify_only: Annotated[
        bool, typer.Option("--verify-only", help="Hash every file of the backup and end.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Verify a backup and make a new home of it; whoever was erased since is erased again before it can be served."""
    if verify_only:
        found = choose(from_, backup_id)
        with Bar("verify") as bar:
            verify(from_, found, bar)
        answer = {"backup_id": found.backup_id, "files": len(found.files), "bytes": found.size_bytes}
        out(answer, as_json=as_json, lines=[f"{found.backup_id}: all {len(found.files)} files are sound"])
        return
    if home is None:
        raise typer.BadParameter("give --home, a new folder")
    if key is None:
        raise MissingMasterKey
    with Bar("restore") as bar:
        report = run_restore(
            from_,
            home,
            key,
            SystemClock(),
            bar,
            backup_id=backup_id,
            journals=journal or [],
            database=database,
        )
    lines = [
        f"backup {report.backup_id} of {to_iso(report.taken_us)}, one of {len(backups_in(from_))}",
        f"{report.files} files verified, {report.tables} tables with {report.rows} rows, lake {report.lake_rows}",
        f"{report.events_from_log} events came from the log's end; audit chain of {report.audit_entries} entries holds",
        f"{report.journal_lines} erasures in the journal, {len(report.erased_again)} applied again",
        f"start it: weaktie serve --home {home}",
    ]
    if report.journal_damaged:
        lines.append(f"WARNING: {report.journal_damaged} lines of the erasure journal are damaged")
    out(as_dict(report), as_json=as_json, lines=lines)
