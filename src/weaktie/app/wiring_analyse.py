"""The parts of analysis: who did what, and the figures that are made of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from weaktie.ai.influence.service import Influence
from weaktie.app.people import ConsentPeople
from weaktie.app.status import Status
from weaktie.app.tag_book import CatalogueTags
from weaktie.app.wiring_base import BaseParts
from weaktie.business.risk.service import Risk
from weaktie.data.acquisition.service import Acquisition, SeedMaker
from weaktie.data.attribution.service import Attributions
from weaktie.data.behaviour.contracts import I32, Crowd, PeopleSource
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.boards import tables as _  # noqa: F401  the reference of tables is made from what is wired
from weaktie.data.collect.crawlers import crawler_of
from weaktie.data.flags.service import Flags
from weaktie.data.funnels.service import Funnels
from weaktie.data.graph.asking import GraphPeople
from weaktie.data.graph.service import Graph
from weaktie.data.metrics.aarrr import Aarrr
from weaktie.data.metrics.facts import FactBook
from weaktie.data.metrics.service import Metrics
from weaktie.data.paths.service import PathFinder, PathPeople
from weaktie.data.private.service import Private
from weaktie.data.retention.service import LifecyclePeople, Retention, RetentionPeople
from weaktie.data.rfm.service import MovePeople, Rfm, RfmPeople
from weaktie.data.segments.contracts import SEGMENT_KINDS
from weaktie.data.segments.service import SegmentPeople, Segments
from weaktie.data.serving.service import Serving
from weaktie.data.sql.service import Runner, SqlPage
from weaktie.data.tags.contracts import PREFIX
from weaktie.data.tags.service import CustomTags
from weaktie.kit.clock import business_day
from weaktie.kit.words import Words
from weaktie.trust.consent.links import Limiter


@dataclass(frozen=True, slots=True)
class LatePeople:
    """A source of people that is made when it is first asked: sources read through behaviour themselves."""

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
        """Events by person, and the people behind figures."""
        behaviour = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        sources: dict[str, Callable[[], PeopleSource]] = {
            "funnel": lambda: self.funnels,
            "retention": lambda: RetentionPeople(self.retention),
            "lifecycle": lambda: LifecyclePeople(self.retention),
            "path": lambda: PathPeople(self.paths),
            "metric": lambda: self.metrics,
            "cascade": lambda: self.aarrr,
            "came": lambda: self.aarrr,
            "attribution": lambda: self.attributions,
            "newcomers": lambda: self.acquisition,
            **{kind: lambda: self.private for kind in ("private", "private_joined", "private_left")},
            **{kind: lambda: SegmentPeople(lambda: self.segments) for kind in SEGMENT_KINDS},
            **{kind: lambda: self.graph_people for kind in ("ties", "community", "bridges")},
            "rfm": lambda: RfmPeople(self.rfm),
            "rfm_move": lambda: MovePeople(self.rfm),
            **{kind: lambda: self.influence for kind in ("koc", "fans", "seeds", "koc_audience", "spread")},
        }
        for kind, source in sources.items():
            behaviour.register(kind, LatePeople(source))
        behaviour.add_tags(PREFIX, LateTags(self))
        return behaviour

    @cached_property
    def consent_people(self) -> ConsentPeople:
        """People as consent asks for them."""
        return ConsentPeople(self)

    @cached_property
    def status(self) -> Status:
        """How far the consumers are."""
        return Status(self)

    @cached_property
    def custom_tags(self) -> CustomTags:
        """Tags that the shop makes itself."""
        return CustomTags(self)

    @cached_property
    def rfm(self) -> Rfm:
        """Rules of RFM, and movement between its classes."""
        return Rfm(self)

    @cached_property
    def segments(self) -> Segments:
        """Who is in which segment."""
        return Segments(
            database=self.database, clock=self.clock, behaviour=self.behaviour, book=CatalogueTags(), directory=self.profiles,
            people=self.identity, permits=self.permits, currency=self.settings.workspace.currency,
        )  # fmt: skip

    @cached_property
    def graph(self) -> Graph:
        """How strong ties are, and who is near whom."""
        return Graph(self)

    @cached_property
    def graph_people(self) -> GraphPeople:
        """People found along their ties."""
        return GraphPeople(self.graph, self.behaviour, self.database, self.identity)

    @cached_property
    def funnels(self) -> Funnels:
        """Who goes from step to step."""
        return Funnels(
            database=self.database, clock=self.clock, settings=self.settings, behaviour=self.behaviour
        )

    @cached_property
    def retention(self) -> Retention:
        """Who comes back."""
        return Retention(self.behaviour, self.clock, self.settings)

    @cached_property
    def paths(self) -> PathFinder:
        """Which ways people go."""
        return PathFinder(self.behaviour, self.clock, self.settings)

    @cached_property
    def metrics(self) -> Metrics:
        """Every number by its one definition."""
        return Metrics(self.behaviour, FactBook(self.behaviour, self.acquisition, self.private))

    @cached_property
    def aarrr(self) -> Aarrr:
        """The loop of growth."""
        return Aarrr(self.metrics)

    @cached_property
    def attributions(self) -> Attributions:
        """Which channels led to conversions."""
        return Attributions(self.metrics)

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
    def influence(self) -> Influence:
        """Whose word travels."""
        return Influence(
            database=self.database, clock=self.clock, behaviour=self.behaviour, permits=self.permits, directory=self.profiles,
            people=self.identity, graph=self.graph.ties,
        )  # fmt: skip

    @cached_property
    def seed_maker(self) -> SeedMaker:
        """Seed files for look-alike audiences."""
        return SeedMaker(self.database, self.permits, self.consent, self.vault)

    @cached_property
    def link_limiter(self) -> Limiter:
        """Limits of channel links."""
        return Limiter()

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

    @cached_property
    def flags(self) -> Flags:
        """Which unit gets which variant."""
        return Flags(self.database, self.clock, self.vault)

    @cached_property
    def risk(self) -> Risk:
        """Who earns a reward honestly."""
        return Risk(
            database=self.database, clock=self.clock, keys=self.vault, people=self.identity, lake=self.lake,
            engine=self.engine,
        )  # fmt: skip

    def _built_day(self) -> int | None:
        generation = self.profiles.current()
        return None if generation is None else business_day(generation.built_us, self.settings.zone)


class LateTags:
    """The shop's own tags, made when they are first asked: they read people through behaviour themselves."""

    def __init__(self, parts: AnalyseParts) -> None:
        self._parts = parts

    def columns(self, keys: Sequence[str], crowd: Crowd, people: I32) -> Mapping[str, pa.ChunkedArray]:
        """See `behaviour.contracts.MoreTags`."""
        return self._parts.custom_tags.columns(keys, crowd, people)
