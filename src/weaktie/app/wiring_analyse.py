"""The parts of analysis: who did what, and the figures that are made of it."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa

from weaktie.app.people import ConsentPeople
from weaktie.app.wiring_base import BaseParts
from weaktie.data.behaviour.contracts import I32, Crowd, PeopleSource
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.rfm.service import MovePeople, Rfm, RfmPeople
from weaktie.data.tags.contracts import PREFIX
from weaktie.data.tags.service import CustomTags
from weaktie.kit.words import Words


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
        behaviour.register("rfm", LatePeople(lambda: RfmPeople(self.rfm)))
        behaviour.register("rfm_move", LatePeople(lambda: MovePeople(self.rfm)))
        return behaviour

    @cached_property
    def consent_people(self) -> ConsentPeople:
        """People as consent asks for them."""
        return ConsentPeople(self)

    @cached_property
    def custom_tags(self) -> CustomTags:
        """Tags that the shop makes itself."""
        return CustomTags(self)

    @cached_property
    def rfm(self) -> Rfm:
        """Rules of RFM, and movement between its classes."""
        return Rfm(self)


class LatePeople:
    """A source of people that is made when it is first asked: it reads through behaviour itself."""

    def __init__(self, make: Callable[[], PeopleSource]) -> None:
        self._make = make

    def people(self, query: Mapping[str, Any]) -> I32:
        """See `behaviour.contracts.PeopleSource`."""
        return self._make().people(query)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """See `behaviour.contracts.PeopleSource`."""
        return self._make().describe(query)


class LateTags:
    """The shop's own tags, made when they are first asked: they read people through behaviour themselves."""

    def __init__(self, parts: AnalyseParts) -> None:
        self._parts = parts

    def columns(self, keys: Sequence[str], crowd: Crowd, people: I32) -> Mapping[str, pa.ChunkedArray]:
        """See `behaviour.contracts.MoreTags`."""
        return self._parts.custom_tags.columns(keys, crowd, people)
