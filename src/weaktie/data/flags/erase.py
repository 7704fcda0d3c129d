"""People in exposures: taking them out, and a copy for them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from weaktie.data.flags.tables import flag_exposures
from weaktie.store.database.service import Database


class FlagsEraser:
    """Deletes the exposures of somebody."""

    name = "flags"

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Delete the exposures of these identifiers; returns how many."""
        with self._database.begin() as tx:
            gone = tx.execute(delete(flag_exposures).where(flag_exposures.c.alias_no.in_(alias_nos)))
            return {flag_exposures.name: gone.rowcount}


class FlagsExporter:
    """What somebody was exposed to."""

    name = "flags"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """The exposures of these identifiers."""
        columns = [c for c in flag_exposures.c if c.name != "unit"]
        rows = connection.execute(select(*columns).where(flag_exposures.c.alias_no.in_(alias_nos))).mappings()
        return {flag_exposures.name: [dict(row) for row in rows]}
