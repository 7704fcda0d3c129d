"""The live view: what entered the lake last, with the names of people masked where they are personal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.collect.queries import latest_events
from weaktie.data.identity.service import described
from weaktie.kit.clock import from_datetime
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake, LakeFile
from weaktie.store.lake.tables import EVENTS

SHOWN = (
    "event_id", "event", "event_time", "received_time", "alias_no", "source", "platform", "app_version", "channel",
    "content_id", "product_id", "order_id", "amount_minor", "currency", "flags", "properties",
)  # fmt: skip
FILES_LOOKED_AT = 400
MayBeShown = Callable[[Connection, Sequence[int]], set[int]]
"""Those of these identifiers whose person grants analysis now."""


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One event as the live page shows it; `user_id` is None where the identifier is personal."""

    event_id: str
    event: str
    event_us: int
    received_us: int
    user_id: str | None
    source: str
    platform: str | None
    flags: int
    properties: dict[str, object]


class LiveEvents:
    """Reads the newest files of the lake."""

    def __init__(
        self, *, database: Database, lake: Lake, engine: Engine, may_be_shown: MayBeShown | None = None
    ) -> None:
        self._database, self._lake, self._engine = database, lake, engine
        self._may_be_shown = may_be_shown

    def latest(
        self, *, event: str | None, source: str | None, limit: int, since_version: int = 0
    ) -> tuple[int, list[LiveEvent]]:
        """The version of the lake that was read, and its newest events (those after `since_version`), newest first."""
        with self._database.connect() as connection:
            snapshot = self._lake.snapshot(connection, tables=["events"])
        files = snapshot.of("events", since_version=since_version)
        if since_version:
            files = [f for f in files if "-merged-" not in f.origin]
        if not files:
            return snapshot.version, []
        chosen = _newest(files, limit if not event and not source else None)
        with self._engine.session() as session:
            events = session.scan([f.path for f in chosen], EVENTS.schema)
            rows = session.collect(
                latest_events(events, event=event, source=source, limit=limit).select(*SHOWN)
            )
        return snapshot.version, self._shown(rows)

    def _shown(self, rows: pa.Table) -> list[LiveEvent]:
        numbers = {n for n in rows["alias_no"].to_pylist() if n is not None}
        with self._database.connect() as connection:
            names = {a.alias_no: a.value for a in described(connection, sorted(numbers))}
            if self._may_be_shown is not None:
                shown_too = self._may_be_shown(connection, sorted(names))
                names = {n: value for n, value in names.items() if n in shown_too}
        shown = []
        for row in rows.to_pylist():
            properties: dict[str, object] = (
                msgspec.json.decode(row["properties"]) if row["properties"] else {}
            )
            columns = (
                "app_version",
                "channel",
                "content_id",
                "product_id",
                "order_id",
                "amount_minor",
                "currency",
            )
            properties = {name: row[name] for name in columns if row[name] is not None} | properties
            if row["alias_no"] is not None and row["alias_no"] not in names:
                continue  # erased since, or does not grant analysis
            shown.append(
                LiveEvent(
                    row["event_id"], row["event"], from_datetime(row["event_time"]), from_datetime(row["received_time"]),
                    names.get(row["alias_no"]), row["source"], row["platform"], row["flags"] or 0, properties,
                )
            )  # fmt: skip
        return shown


def _newest(files: Sequence[LakeFile], rows_wanted: int | None) -> list[LakeFile]:
    """The newest files that surely hold the newest rows: files enter in the order in which events were received."""
    newest = sorted(files, key=lambda f: (f.part_day, f.file_id), reverse=True)[:FILES_LOOKED_AT]
    if rows_wanted is None:
        return newest
    chosen, rows = [], 0
    for file in newest:
        chosen.append(file)
        rows += file.rows
        if rows >= rows_wanted and not file.origin.startswith("events-events-merged"):
            break
    return chosen
