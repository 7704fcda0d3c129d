"""Taking a person out of seeds, audiences and predictions, and showing them what is kept."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, or_, select, update

from weaktie.ai.influence.tables import audience_people, audiences, plan_people, predictions
from weaktie.store.database.service import Database


class InfluenceEraser:
    """Deletes what names the person. An audience of an erased creator goes as a whole."""

    name = "influence"

    def __init__(self, database: Database) -> None:
        self._database = database

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove every row of these identifiers; returns how many went, by table."""
        gone: dict[str, int] = {}
        with self._database.begin() as tx:
            own = select(audiences.c.audience_id).where(audiences.c.creator_alias_no.in_(alias_nos))
            people = audience_people.c
            gone[audience_people.name] = tx.execute(
                delete(audience_people).where(
                    or_(people.alias_no.in_(alias_nos), people.audience_id.in_(own))
                )
            ).rowcount
            gone[audiences.name] = tx.execute(
                delete(audiences).where(audiences.c.creator_alias_no.in_(alias_nos))
            ).rowcount
            tx.execute(
                update(audience_people)
                .where(people.through_alias_no.in_(alias_nos))
                .values(through_alias_no=None)
            )
            for table in (plan_people, predictions):
                gone[table.name] = tx.execute(delete(table).where(table.c.alias_no.in_(alias_nos))).rowcount
        return gone


class InfluenceExporter:
    """Where the person was chosen, and what was predicted of them."""

    name = "influence"

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows of these identifiers, by table; who led to them in an audience is another person and is left out."""
        found: dict[str, list[dict[str, object]]] = {}
        for table in (plan_people, predictions):
            rows = connection.execute(select(table).where(table.c.alias_no.in_(alias_nos))).mappings()
            found[table.name] = [dict(row) for row in rows]
        columns = [c for c in audience_people.c if c.name != "through_alias_no"]
        rows = connection.execute(
            select(*columns).where(audience_people.c.alias_no.in_(alias_nos))
        ).mappings()
        found[audience_people.name] = [dict(row) for row in rows]
        own = select(audiences).where(audiences.c.creator_alias_no.in_(alias_nos))
        found[audiences.name] = [dict(row) for row in connection.execute(own).mappings()]
        return found
