"""Taking a person out of what arrived: lake tables and the live overlay."""

from collections.abc import Sequence

from sqlalchemy import delete

from weaktie.data.collect.tables import seen
from weaktie.kit.clock import Clock
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.service import PATIENCE_SECONDS, REWRITE_LEASE, take_out
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
