"""The parts of analysis: who did what, and the figures that are made of it."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from weaktie.app.status import Status
from weaktie.app.wiring_base import BaseParts
from weaktie.data.attribution.service import Attributions
from weaktie.data.behaviour.contracts import I32, PeopleSource
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.metrics.aarrr import Aarrr
from weaktie.data.metrics.facts import FactBook
from weaktie.data.metrics.service import Metrics
from weaktie.kit.words import Words


class Later:
    """A source of people whose part is made when it is first asked."""

    def __init__(self, part: Callable[[], PeopleSource]) -> None:
        self._part = part

    def people(self, query: Mapping[str, Any]) -> I32:
        """Who they are."""
        return self._part().people(query)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """What they are called."""
        return self._part().describe(query)


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person."""
        made = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        made.register("metric", Later(lambda: self.metrics))
        for kind in ("cascade", "came"):
            made.register(kind, Later(lambda: self.aarrr))
        made.register("attribution", Later(lambda: self.attributions))
        return made

    @cached_property
    def metrics(self) -> Metrics:
        """Every number by its one definition. Costs and memberships are bound where a part keeps them."""
        costs, members = getattr(self, "acquisition", None), getattr(self, "private", None)
        return Metrics(self.behaviour, FactBook(self.behaviour, costs, members))

    @cached_property
    def status(self) -> Status:
        """How far the consumers are."""
        return Status(self)

    @cached_property
    def aarrr(self) -> Aarrr:
        """The loop of growth."""
        return Aarrr(self.metrics)

    @cached_property
    def attributions(self) -> Attributions:
        """Which channels led to conversions."""
        return Attributions(self.metrics)
