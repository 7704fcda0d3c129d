"""The parts of analysis: who did what, and the figures that are made of it."""

from functools import cached_property

from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.funnels.service import Funnels
from weaktie.data.paths.service import PathFinder, PathPeople
from weaktie.data.retention.service import LifecyclePeople, Retention, RetentionPeople


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person, and the people behind figures."""
        behaviour = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        behaviour.register("funnel", self._funnels(behaviour))
        retention = Retention(behaviour, self.clock, self.settings)
        behaviour.register("retention", RetentionPeople(retention))
        behaviour.register("lifecycle", LifecyclePeople(retention))
        behaviour.register("path", PathPeople(PathFinder(behaviour, self.clock, self.settings)))
        return behaviour

    @cached_property
    def funnels(self) -> Funnels:
        """Who goes from step to step."""
        return self._funnels(self.behaviour)

    @cached_property
    def retention(self) -> Retention:
        """Who comes back."""
        return Retention(self.behaviour, self.clock, self.settings)

    @cached_property
    def paths(self) -> PathFinder:
        """Which ways people go."""
        return PathFinder(self.behaviour, self.clock, self.settings)

    def _funnels(self, behaviour: Behaviour) -> Funnels:
        return Funnels(database=self.database, clock=self.clock, settings=self.settings, behaviour=behaviour)
