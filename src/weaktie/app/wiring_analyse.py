"""The parts of analysis: who did what, and the figures that are made of it."""

from functools import cached_property

from weaktie.app.tag_book import CatalogueTags
from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.segments.contracts import SEGMENT_KINDS
from weaktie.data.segments.service import SegmentPeople, Segments


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person."""
        behaviour = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        for kind in SEGMENT_KINDS:
            behaviour.register(kind, SegmentPeople(lambda: self.segments))
        return behaviour

    @cached_property
    def segments(self) -> Segments:
        """Who is in which segment."""
        return Segments(
            database=self.database, clock=self.clock, behaviour=self.behaviour, book=CatalogueTags(), directory=self.profiles,
            people=self.identity, permits=self.permits, currency=self.settings.workspace.currency,
        )  # fmt: skip
