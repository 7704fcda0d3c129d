"""The parts of analysis: who did what, and the figures that are made of it."""

from functools import cached_property

from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.boards import tables as _  # noqa: F401  the reference of tables is made from what is wired
from weaktie.data.serving.service import Serving
from weaktie.data.sql.service import Runner, SqlPage


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person."""
        return Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip

    @cached_property
    def serving(self) -> Serving:
        """The lake's tables without people who may not be in them."""
        return Serving(
            database=self.database, lake=self.lake, engine=self.engine, people=self.identity, permits=self.permits,
            clock=self.clock,
        )  # fmt: skip

    @cached_property
    def sql_runner(self) -> Runner:
        """Queries of analysts at work."""
        return Runner(self.serving, self.clock, self.settings.sql, self.settings.home / "run" / "sql")

    @cached_property
    def sql_page(self) -> SqlPage:
        """Queries of analysts, their history and their results."""
        return SqlPage(self.database, self.clock, self.settings.sql, self.serving, self.sql_runner)
