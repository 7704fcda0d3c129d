"""The parts of analysis: who did what, and the figures that are made of it."""

from functools import cached_property

from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.paths.service import PathFinder, PathPeople
from weaktie.data.retention.service import LifecyclePeople, Retention, RetentionPeople


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person, and the people behind figures."""
        made = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        retention = Retention(made, self.clock, self.settings)
        made.register("retention", RetentionPeople(retention))
        made.register("lifecycle", LifecyclePeople(retention))
        made.register("path", PathPeople(PathFinder(made, self.clock, self.settings)))
        return made

    @cached_property
    def retention(self) -> Retention:
        """Who comes back."""
        return Retention(self.behaviour, self.clock, self.settings)

    @cached_property
    def paths(self) -> PathFinder:
        """Which ways people go."""
        return PathFinder(self.behaviour, self.clock, self.settings)
