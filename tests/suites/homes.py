"""A prepared home with the real parts on a clock that tests move."""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from weaktie.app.home import make_home
from weaktie.app.wiring import App, open_app, prepare_home
from weaktie.data.behaviour.contracts import PeopleSource
from weaktie.data.collect.contracts import RawRequest
from weaktie.data.collect.jobs import Written
from weaktie.kit.clock import FixedClock, to_iso
from weaktie.store.database.jobs import upgrade
from weaktie.store.database.service import open_database
from weaktie.store.lake.contracts import Lake, LakeFile, Staged
from weaktie.store.runs.service import Lease

START_US = 1_790_000_000_000_000
WORKSPACE = {"name": "test", "timezone": "Asia/Shanghai", "currency": "CNY", "language": "zh-CN"}


@contextmanager
def fresh_app(
    folder: Path, clock: FixedClock | None = None, *, database: str = "sqlite:", engine: str = "duckdb:"
) -> Iterator[App]:
    """A new home in `folder` and its parts, on the database and the engine at an address."""
    clock = clock or FixedClock(START_US)
    home = folder / "home"
    home.mkdir()
    make_home(home, dict(WORKSPACE))
    with (home / "weaktie.toml").open("a") as settings:
        settings.write(f'[addresses]\ndatabase = "{database}"\nengine = "{engine}"\n')
    if database == "sqlite:":
        shutil.copyfile(_migrated(), home / "weaktie.db")
    prepare_home(home, clock)
    with open_app(home, clock) as wt:
        yield wt


@functools.cache
def _migrated() -> Path:
    """An empty database of this release, made once in each process: its migrations take longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="weaktie-database-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = open_database("sqlite:", folder)
    upgrade(made)
    made.close()
    return folder / "weaktie.db"


def track(
    number: int | str,
    user: str | None = "u1",
    *,
    anonymous: str | None = None,
    at_us: int = START_US,
    **more: Any,
) -> dict[str, Any]:
    """A Segment track call; `more` replaces members."""
    call: dict[str, Any] = {
        "type": "track",
        "messageId": f"m{number}",
        "event": "Product Viewed",
        "properties": {"product_id": f"p{number % 7 if isinstance(number, int) else 0}"},
        "timestamp": to_iso(at_us),
    }
    if user is not None:
        call["userId"] = user
    if anonymous is not None:
        call["anonymousId"] = anonymous
    return call | more


def put(
    wt: App, *calls: dict[str, Any], source: str = "default", purposes: int = 15, user_agent: str = ""
) -> None:
    """Append one Segment batch to the log, as the door does."""
    now_us = wt.clock.now_us()
    body = json.dumps({"batch": list(calls), "sentAt": to_iso(now_us)}).encode()
    request = RawRequest("segment", "/v1/batch", source, purposes, now_us, body, user_agent)
    writer = wt.log.writer()
    writer.append_now([msgspec.msgpack.encode(request)])
    writer.close()


def pretend(wt: App, kind: str, source: PeopleSource) -> None:
    """Let queries of a kind be answered by another source than the wired one."""
    wt.behaviour._sources[kind] = source


def bring_in(wt: App) -> Written:
    """Run the lake writer to the end of the log."""
    held = Lease(wt.database, wt.clock, "consumer:lake")
    assert held.acquire()
    try:
        return wt.lake_writer(held).catch_up()
    finally:
        held.release()


def stored(wt: App, table: str = "events") -> list[dict[str, Any]]:
    """Every row of a lake table, in the order of event ids."""
    from weaktie.store.lake.tables import TABLES

    with wt.database.connect() as connection:
        files = wt.lake.snapshot(connection).of(table)
    with wt.engine.session() as session:
        rows: list[dict[str, Any]] = session.collect(
            session.scan([f.path for f in files], TABLES[table].schema)
        ).to_pylist()
    return sorted(rows, key=lambda row: str(row["event_id"]))


def file_of(lake: Lake, number: int, staged: Staged, version: int = 1) -> LakeFile:
    """A staged file as the manifest would give it, without being in it."""
    return LakeFile(
        number, staged.table, lake.root / staged.path, staged.part_day, staged.min_day, staged.max_day,  # type: ignore[attr-defined]
        staged.rows, staged.bytes, staged.sha256, staged.origin, None, version,
    )  # fmt: skip
