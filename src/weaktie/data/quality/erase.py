"""People in the marks: taking them out, and a copy for them."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, select

from weaktie.data.quality.tables import marks
from weaktie.store.database.service import Database


class QualityEraser:
    """Deletes the marks by which people were declared the shop's own."""

    name = "quality"

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Delete the marks of these identifiers; returns how many."""
        with self._database.begin() as tx:
            return {
                "quality_marks": tx.execute(delete(marks).where(marks.c.alias_no.in_(alias_nos))).rowcount
            }


class QualityExporter:
    """Marks that declare the person the shop's own."""

    name = "quality"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """The marks of these identifiers."""
        rows = connection.execute(select(marks).where(marks.c.alias_no.in_(alias_nos))).mappings()
        return {marks.name: [dict(row) for row in rows]}
