"""Taking a person out of what arrived: lake tables and the live overlay."""

from collections.abc import Sequence

import narwhals as nw
from sqlalchemy import Connection, delete, select

from weaktie.data.collect.tables import seen
from weaktie.kit.clock import Clock
from weaktie.store.database.service import Database
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.service import PATIENCE_SECONDS, REWRITE_LEASE, take_out
from weaktie.store.lake.tables import TABLES
from weaktie.store.runs.service import lease

BLANKED: dict[str, tuple[str, ...]] = {
    "events": ("sharer_alias_no",),
    "orders": ("alias_no", "referrer_alias_no"),
    "order_items": ("alias_no",),
    "users": (),
    "relations": (),
    "contents": ("creator_alias_no",),
}
"""For each table that names people, the columns that are blanked; a row that names one elsewhere goes.

Orders stay without their buyer: a shop has to keep its transactions for three years.
"""


class CollectEraser:
    """Removes people from the tables of what arrived, and from the live overlay."""

    name = "collect"

    def __init__(self, database: Database, lake: Lake, clock: Clock) -> None:
        self._database, self._lake, self._clock = database, lake, clock

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Rewrite every file that names these identifiers; returns the rows that were dropped or blanked by table.

        Waits for its turn while columns are filled; raises Busy where it does not come: try again after it.
        Doing it twice touches nothing more.
        """
        done: dict[str, int] = {}
        with lease(self._database, self._clock, REWRITE_LEASE, patience_s=PATIENCE_SECONDS):
            now_us = self._clock.now_us()
            for table, blank in BLANKED.items():
                done[table] = take_out(
                    self._database, self._lake, table, alias_nos, blank=blank, now_us=now_us
                )
        with self._database.begin() as tx:
            done["seen"] = tx.execute(delete(seen).where(seen.c.alias_no.in_(alias_nos))).rowcount
        return done


class CollectExporter:
    """Rows of the lake that name the person, and what was seen since the last build. Other people in them stay numbers."""

    name = "collect"

    def __init__(self, lake: Lake, engine: Engine) -> None:
        self._lake, self._engine = lake, engine

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Every row in which one of these identifiers stands, by table; the lines of the person's own orders too."""
        snapshot = self._lake.snapshot(connection, tables=list(BLANKED))
        found: dict[str, list[dict[str, object]]] = {}
        with self._engine.session() as session:
            for name in BLANKED:
                table = TABLES[name]
                files = [f.path for f in snapshot.of(name)]
                theirs = nw.lit(False)
                for column in table.alias_columns:
                    theirs = theirs | nw.col(column).is_in(list(alias_nos))
                rows = session.collect(session.scan(files, table.schema).filter(theirs))
                found[name] = rows.to_pylist()
        rows = connection.execute(select(seen).where(seen.c.alias_no.in_(list(alias_nos)))).mappings()
        return found | {"seen": [dict(row) for row in rows]}
