"""The parts of analysis: who did what, and the figures that are made of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import pyarrow as pa

from weaktie.app.people import ConsentPeople
from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.contracts import I32, Crowd
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.tags.contracts import PREFIX
from weaktie.data.tags.service import CustomTags


class AnalyseParts(BaseParts):
    """What pages of analysis ask."""

    @cached_property
    def behaviour(self) -> Behaviour:
        """Events by person."""
        behaviour = Behaviour(
            database=self.database, lake=self.lake, engine=self.engine, settings=self.settings, clock=self.clock,
            people=self.identity, permits=self.permits, quality=self.quality,
        )  # fmt: skip
        behaviour.add_tags(PREFIX, LateTags(self))
        return behaviour

    @cached_property
    def consent_people(self) -> ConsentPeople:
        """People as consent asks for them."""
        return ConsentPeople(self)

    @cached_property
    def custom_tags(self) -> CustomTags:
        """Tags that the shop makes itself."""
        return CustomTags(self)


class LateTags:
    """The shop's own tags, made when they are first asked: they read people through behaviour themselves."""

    def __init__(self, parts: AnalyseParts) -> None:
        self._parts = parts

    def columns(self, keys: Sequence[str], crowd: Crowd, people: I32) -> Mapping[str, pa.ChunkedArray]:
        """See `behaviour.contracts.MoreTags`."""
        return self._parts.custom_tags.columns(keys, crowd, people)
