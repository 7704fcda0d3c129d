"""Taking people out of the marks."""

from collections.abc import Sequence

from sqlalchemy import delete

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
