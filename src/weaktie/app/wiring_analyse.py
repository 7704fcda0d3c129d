"""The parts of analysis: who did what, and the figures that are made of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from weaktie.app.tag_book import CatalogueTags
from weaktie.app.wiring_base import BaseParts
from weaktie.data.acquisition.service import Acquisition, SeedMaker
from weaktie.data.behaviour.contracts import I32, PeopleSource
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.collect.crawlers import crawler_of
from weaktie.data.private.service import Private
from weaktie.data.segments.contracts import SEGMENT_KINDS
from weaktie.data.segments.service import SegmentPeople, Segments
from weaktie.kit.clock import business_day
from weaktie.kit.words import Words
from weaktie.trust.consent.links import Limiter


@dataclass(frozen=True, slots=True)
class LatePeople:
    """A source of people that is made when it is first asked: sources themselves ask behaviour."""

    source: Callable[[], PeopleSource]

    def people(self, query: Mapping[str, Any]) -> I32:
        """As the source says."""
        return self.source().people(query)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """As the source says."""
        return self.source().describe(query)


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
        behaviour.register("newcomers", LatePeople(lambda: self.acquisition))
        for kind in ("private", "private_joined", "private_left"):
            behaviour.register(kind, LatePeople(lambda: self.private))
        return behaviour

    @cached_property
    def segments(self) -> Segments:
        """Who is in which segment."""
        return Segments(
            database=self.database, clock=self.clock, behaviour=self.behaviour, book=CatalogueTags(), directory=self.profiles,
            people=self.identity, permits=self.permits, currency=self.settings.workspace.currency,
        )  # fmt: skip

    @cached_property
    def acquisition(self) -> Acquisition:
        """Newcomers, channel links and costs."""
        return Acquisition(
            database=self.database, engine=self.engine, settings=self.settings, clock=self.clock, behaviour=self.behaviour,
            quality=self.quality, built_day=self._built_day, is_crawler=crawler_of,
        )  # fmt: skip

    @cached_property
    def private(self) -> Private:
        """Membership in owned channels."""
        return Private(
            database=self.database, settings=self.settings, clock=self.clock, behaviour=self.behaviour,
            acquisition=self.acquisition, load=self.history.load,
        )  # fmt: skip

    @cached_property
    def seed_maker(self) -> SeedMaker:
        """Seed files for look-alike audiences."""
        return SeedMaker(self.database, self.permits, self.consent, self.vault)

    @cached_property
    def link_limiter(self) -> Limiter:
        """Limits of channel links."""
        return Limiter()

    def _built_day(self) -> int | None:
        generation = self.profiles.current()
        return None if generation is None else business_day(generation.built_us, self.settings.zone)
