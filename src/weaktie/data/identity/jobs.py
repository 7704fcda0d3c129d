"""Keeping the queue of questions up to date with the links."""

from sqlalchemy import func, select

from weaktie.data.identity.reading import read_graph
from weaktie.data.identity.reviews import bring_up_to_date, questions
from weaktie.data.identity.tables import aliases, identity_decisions, links
from weaktie.kit.clock import Clock
from weaktie.store.database.service import Database

REST = 50
"""A grouping of everything rests fifty times as long as it took, so that it takes at most a fiftieth of a core."""


class ReviewQueue:
    """Looks for questions when links, decisions or erasures changed."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._seen: tuple[int, ...] | None = None
        self._rests_until = float("-inf")

    def refresh(self) -> int | None:
        """Look now; returns how many rows of the queue changed, None where nothing was new."""
        with self._database.connect() as connection:
            now = tuple(
                int(connection.execute(query).scalar() or 0)
                for query in (
                    select(func.max(links.c.link_id)),
                    select(func.count()).select_from(links),
                    select(func.max(identity_decisions.c.decision_id)),
                    select(func.max(aliases.c.alias_no)),
                )
            )
            if now == self._seen:
                return None
            graph = read_graph(connection)
        found = questions(graph)
        with self._database.begin() as tx:
            last = tx.execute(select(func.max(identity_decisions.c.decision_id))).scalar() or 0
            if last != graph.decided:
                return 0  # somebody decided meanwhile; the next round sees it
            changed = bring_up_to_date(tx, found, self._clock.now_us())
        self._seen = now
        return changed

    def refresh_if_rested(self) -> None:
        """For housekeeping: look unless the last look, which may have been long, is too near."""
        began = self._clock.monotonic()
        if began < self._rests_until:
            return
        self.refresh()
        took = self._clock.monotonic() - began
        self._rests_until = began + took * (REST + 1)
