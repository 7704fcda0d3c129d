"""People in the requests that shop platforms made on their behalf: taking them out, and a copy for them."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, select, update

from weaktie.data.webhooks.tables import privacy_requests
from weaktie.store.database.service import Database

Names = Callable[[Connection, str, Sequence[int]], bool]


class WebhooksEraser:
    """Blanks the customer's number in privacy requests; that there was one stays as evidence.

    `names` tells whether a user id is one of some identifiers; it must still know those that are erased already.
    """

    name = "webhooks"

    def __init__(self, database: Database, names: Names) -> None:
        self._database, self._names = database, names

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Blank the number wherever it is one of these people's; returns how many."""
        table = privacy_requests
        with self._database.begin() as tx:
            named = (
                tx.execute(select(table.c.subject).where(table.c.subject.is_not(None)).distinct())
                .scalars()
                .all()
            )
            mine = [subject for subject in named if self._names(tx, subject, alias_nos)]
            changed = 0
            for subject in mine:
                changed += tx.execute(
                    update(table).where(table.c.subject == subject).values(subject=None)
                ).rowcount
        return {"privacy_requests": changed}


class WebhooksExporter:
    """The requests that a shop platform made on the person's behalf. `names` as in the eraser."""

    name = "webhooks"

    def __init__(self, names: Names) -> None:
        self._names = names

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows whose customer is one of these identifiers."""
        table = privacy_requests
        rows = connection.execute(select(table).where(table.c.subject.is_not(None))).mappings().all()
        mine = {s for s in {row["subject"] for row in rows} if self._names(connection, s, alias_nos)}
        return {table.name: [dict(row) for row in rows if row["subject"] in mine]}
