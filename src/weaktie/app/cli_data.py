"""Commands that bring data in and build what is made of it: import, build."""

import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from weaktie.app.cli import DEFAULT_HOME, AsJson, Home, app, out, screen
from weaktie.app.status import catch_up
from weaktie.app.wiring import App, open_app
from weaktie.data.graph.jobs import build_graph
from weaktie.data.imports.contracts import KINDS, ImportSpec
from weaktie.data.profiles.jobs import build as run_build
from weaktie.data.segments.jobs import refresh_all as refresh_segments
from weaktie.data.tags.jobs import after_build as fill_tags
from weaktie.data.tags.jobs import fill as fill_tag
from weaktie.data.tags.python_tags import compute as compute_tags
from weaktie.data.tags.python_tags import limit as limit_tags
from weaktie.data.tracking.jobs import check as check_tracking
from weaktie.data.tracking.jobs import recheck as recheck_tracking
from weaktie.kit.errors import Refused
from weaktie.kit.logs import mask
from weaktie.kit.words import Words
from weaktie.store.lake.service import fill
from weaktie.store.runs.contracts import Busy, Cancelled
from weaktie.store.runs.contracts import Progress as Told

TURN_SECONDS = 3600.0
"""How long a build waits for another to end."""


class Bar:
    """A progress bar on the terminal; silent where there is none, so that scripts see clean output."""

    def __init__(self, title: str) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=32),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=screen,
            transient=False,
            disable=not screen.is_terminal,
        )
        self._task = self._progress.add_task(title, total=1.0)
        self._title = title

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._progress.stop()

    def __call__(self, share: float, step: Words) -> None:
        """Show a share from 0 to 1 and the step."""
        self._progress.update(self._task, completed=share, description=f"{self._title}: {step.en}")


def reporting(wt: App, job_id: str) -> Told:
    """Progress that is written to the job's row, at most twice a second."""
    last = [float("-inf")]

    def told(share: float, step: Words) -> None:
        now = wt.clock.monotonic()
        if now - last[0] > 0.5 or share >= 1.0:
            last[0] = now
            wt.jobs.report(job_id, min(share, 1.0), step)

    return told


def as_job(wt: App, job_id: str, work: Any) -> None:
    """Run work that somebody asked for through the jobs table, and write its end down."""
    if not wt.jobs.begin(job_id):
        return
    try:
        wt.jobs.end(job_id, result=work(reporting(wt, job_id)))
    except Cancelled:
        return
    except Refused as error:
        # The words go with the code: where it is shown, nobody knows them any more.
        wt.jobs.end(job_id, error=error.code, result=error.as_dict())
        raise
    except Exception as error:
        wt.jobs.end(job_id, error=mask(type(error).__name__))
        raise


@app.command()
def build(
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
    job: Annotated[str | None, typer.Option(help="Job whose progress to report.", hidden=True)] = None,
) -> None:
    """Bring waiting requests into the lake, compute tags and RFM, publish a generation of profiles."""
    with open_app(home) as wt:
        if job is not None:
            as_job(wt, job, lambda told: build_once(wt, told))
            return
        with Bar("build") as bar:
            result = build_once(wt, bar)
    out(result, as_json=as_json, lines=[f"generation {result['generation']}: {result['people']} people"])


def build_once(wt: App, told: Told) -> dict[str, object]:
    """One build; what was acknowledged before it began enters the lake first."""
    catch_up(wt, patient=True)
    result = run_build(wt.build_parts, told, patience_s=TURN_SECONDS)
    wt.review_queue.refresh()
    graph = build_graph(
        wt.build_parts,
        lambda share, step: told(0.97 + share / 50, step),
        result.everybody,
        patience_s=TURN_SECONDS,
    )
    if not result.unchanged:
        told(0.99, Words("计算分群", "computing segments"))
        refresh_segments(wt.segments, result.generation)
        wt.influence.keep_predictions()
    _check_tracking(wt)
    own = fill_tags(wt.custom_tags, lambda _share, _step: None)
    return {
        "generation": result.generation,
        "unchanged": result.unchanged,
        "people": result.people,
        "visitors": result.visitors,
        "left_out": result.left_out.total,
        "days_computed": result.days_computed,
        "seconds": round(result.seconds, 3),
        "ties": graph.figures["ties"] if graph is not None else None,
        "custom_tags": own,
    }


def _check_tracking(wt: App) -> None:
    """Hold all that is new in the lake against the tracking plan; a check that runs already does the same."""
    with suppress(Busy):
        check_tracking(wt.tracking_parts)


@app.command("tracking", hidden=True)
def tracking(
    home: Home = DEFAULT_HOME,
    job: Annotated[str, typer.Option(help="Job to run.")] = "",
) -> None:
    """Hold the last days against the tracking plan again; the worker runs it for a job."""
    with open_app(home) as wt:
        days = int(str(wt.jobs.get(job).params["days"]))
        as_job(wt, job, lambda told: asdict(recheck_tracking(wt.tracking_parts, days, told)))


@app.command(hidden=True)
def tag(
    job: Annotated[str, typer.Option(help="Job to run.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Compute a tag of the shop's own for everybody; the worker runs it for a job."""
    with open_app(home) as wt:
        key = str(wt.jobs.get(job).params["key"])
        as_job(wt, job, lambda told: fill_tag(wt.custom_tags, key, told))


@app.command("tag-file", hidden=True)
def tag_file(
    file: Annotated[Path, typer.Option(help="Python file that declares tags.")],
    into: Annotated[Path, typer.Option(help="Folder for what it gives.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Run one Python file of tags with bounded time and memory; a build starts it as a process of its own."""
    limit_tags()
    with open_app(home) as wt, wt.engine.session() as session:
        compute_tags(session, wt.behaviour.crowd(), wt.quality.limit, file, into)


@app.command(hidden=True)
def columns(
    job: Annotated[str, typer.Option(help="Job to run.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Give all of history the promoted columns; the worker runs it for a job."""
    with open_app(home) as wt:
        as_job(wt, job, lambda told: asdict(fill(wt.database, wt.lake, wt.clock, "events", told)))


@app.command(hidden=True)
def mend(
    job: Annotated[str, typer.Option(help="Job that says which dead letters and how.")],
    home: Home = DEFAULT_HOME,
) -> None:
    """Mend and replay dead letters, as a person asked for in the console."""
    from weaktie.data.collect.letter_bodies import (
        RuleBody,  # the web framework: other commands start without it
    )

    with open_app(home) as wt:
        rule = RuleBody.model_validate(wt.jobs.get(job).params)
        wanted = rule.wanted.letters(None)
        as_job(wt, job, lambda told: wt.mender.replay(wanted, rule.checked(), job, told))


@app.command("import")
def import_(
    kind: Annotated[str | None, typer.Argument(help=f"One of {', '.join(KINDS)}.")] = None,
    file: Annotated[Path | None, typer.Argument(help="CSV, TSV, JSONL, Parquet or xlsx, also .gz.")] = None,
    home: Home = DEFAULT_HOME,
    mapping: Annotated[
        str | None,
        typer.Option(
            help="A shipped or saved mapping, or a TOML file; without, told or guessed from the header."
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Source the rows belong to; one is made for imports without.")
    ] = None,
    basis: Annotated[
        str | None, typer.Option(help='Basis per purpose as JSON, for example {"analytics": "contract"}.')
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the first rows as they would be stored; store nothing.")
    ] = False,
    as_json: AsJson = False,
    job: Annotated[str | None, typer.Option(help="Job to run.", hidden=True)] = None,
) -> None:
    """Import a file. Bad rows are written beside with their reason; an interrupted import goes on where it stopped."""
    with open_app(home) as wt:
        if job is not None:
            import_id = str(wt.jobs.get(job).params["import_id"])
            as_job(wt, job, lambda told: wt.importer.run(import_id, told).as_dict())
            return
        if kind not in KINDS or file is None:
            raise typer.BadParameter(f"give a kind ({', '.join(KINDS)}) and a file")
        spec = ImportSpec(
            path=file,
            kind=kind,
            mapping=_mapping(mapping),
            source_id=source,
            basis=json.loads(basis) if basis else None,
        )
        if dry_run:
            _show_preview(wt, spec, as_json=as_json)
            return
        with Bar(f"import {file.name}") as bar:
            result = wt.importer.import_file(spec, actor="cli", progress=bar)
    lines = [f"{table}: {count} rows stored" for table, count in result.stored.items()]
    lines.append(
        f"{result.rows_done} lines read, {result.rows_bad} bad, {result.rows_duplicate} there already"
    )
    if result.bad_path is not None and result.rows_bad:
        lines.append(f"bad rows: {result.bad_path}")
    bad_file = str(result.bad_path) if result.bad_path is not None else None
    out(result.as_dict() | {"bad_rows_file": bad_file}, as_json=as_json, lines=lines)


@app.command()
def pull(
    name: Annotated[str | None, typer.Argument(help="Name or id of a pull.")] = None,
    home: Home = DEFAULT_HOME,
    as_json: AsJson = False,
    job: Annotated[str | None, typer.Option(help="Job to run.", hidden=True)] = None,
) -> None:
    """Fetch what is new from a folder, an HTTP address or a database, and import it; the worker does so on schedule."""
    with open_app(home) as wt:
        if job is not None:
            asked = wt.jobs.get(job)
            pull_id = str(asked.params["pull_id"])
            as_job(wt, job, lambda told: wt.pulls.run(pull_id, actor=asked.actor, job_id=job, progress=told))
            return
        if name is None:
            raise typer.BadParameter("give the name of a pull")
        with Bar(f"pull {name}") as bar:
            result = wt.pulls.run(name, actor="cli", job_id=None, progress=bar)
    lines = [
        f"{result['files']} files, {result['rows']} lines, {result['bad']} bad, {result['duplicates']} there already"
    ]
    out(result, as_json=as_json, lines=lines)


def _mapping(given: str | None) -> str | Path | None:
    return Path(given) if given is not None and given.endswith(".toml") else given


def _show_preview(wt: App, spec: ImportSpec, *, as_json: bool) -> None:
    found = wt.importer.preview(spec.path, spec.kind, spec.mapping)
    bad = [
        {"line": b.line, "code": b.code, "column": b.column, "message": b.words.as_dict()} for b in found.bad
    ]
    lines = []
    for table, rows in found.tables.items():
        lines.append(f"{table}:")
        lines += [f"  {json.dumps(row, ensure_ascii=False, default=str)}" for row in rows]
    lines += [f"bad line {b.line}, column {b.column}: {b.words.en}" for b in found.bad]
    answer = {"kind": found.kind, "mapping": found.mapping.name, "tables": found.tables, "bad": bad}
    out(json.loads(json.dumps(answer, default=str)), as_json=as_json, lines=lines)
