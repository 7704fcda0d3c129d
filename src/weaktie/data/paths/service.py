"""The door of paths: nodes and edges of the ways that people go, and who goes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from weaktie.data.behaviour.contracts import ANY_EVENT, I32, BadPeople, Matcher, Sequences, only
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.paths.bodies import PathPeopleAsk, told
from weaktie.data.paths.contracts import END, OTHER, Paths, PathsQuery, Walked
from weaktie.data.paths.logic import behind, drawn, mirrored, node_key, walk
from weaktie.kit.clock import Clock, business_day
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words


class PathFinder:
    """Answers from behaviour; safe from any thread."""

    def __init__(self, behaviour: Behaviour, clock: Clock, settings: Settings) -> None:
        self.behaviour, self._clock, self._settings = behaviour, clock, settings

    def today(self) -> int:
        """The business day that has not passed yet."""
        return business_day(self._clock.now_us(), self._settings.zone)

    def paths(self, query: PathsQuery) -> Paths:
        """Nodes and edges. Raises BadCondition, BadPeople."""
        return drawn(self.walked(query), query.top)

    def walked(self, query: PathsQuery) -> Walked:
        """Every path of the question. Raises BadCondition, BadPeople."""
        found = self._sequences(query)
        labels, label = _labels(found, query)
        starts, times, anchor = found.starts, found.time_us, (found.matched & 1) != 0
        if query.direction == "to":
            rows = mirrored(starts)
            times, anchor, label = times[rows], anchor[rows], label[rows]
        kept = np.ones(len(found.people), np.bool_)
        if query.segment:
            among = self.behaviour.segment(query.segment)
            kept = np.isin(found.people, among)
        owner, at, more = walk(
            starts, times, label, anchor & np.repeat(kept, np.diff(starts)), gap_us=query.gap_us, steps=query.steps,
            collapse=query.collapse, one_each=query.unit == "people",
        )  # fmt: skip
        return Walked(found.people[owner], at, more, labels)

    def _sequences(self, query: PathsQuery) -> Sequences:
        events = [Matcher(name) for name in query.events] or [Matcher(ANY_EVENT)]
        columns = ["event"] + ([query.split[1]] if query.split and query.split[1] != "event" else [])
        return self.behaviour.sequences([query.anchor, *events], query.days, columns)


def _labels(found: Sequences, query: PathsQuery) -> tuple[tuple[str, ...], I32]:
    """Keys of nodes, and for each row its place among them."""
    event = found.columns["event"]
    if query.split is None:
        return tuple(node_key(name) for name in event.values), event.codes
    name, prop = query.split
    value = found.columns[prop]
    wide = len(value.values) + 2
    told_apart = event.codes == (event.values.index(name) if name in event.values else -2)
    mixed = event.codes.astype(np.int64) * wide + np.where(told_apart, value.codes + 2, 0)
    kinds, label = np.unique(mixed, return_inverse=True)
    texts = [*value.values, ""]
    keys = [
        node_key(event.values[kind // wide], texts[kind % wide - 2], split=True)
        if kind % wide
        else node_key(event.values[kind // wide])
        for kind in kinds.tolist()
    ]
    return tuple(keys), label.astype(np.int32)


class PathPeople:
    """People behind nodes and edges: kind "path"."""

    def __init__(self, finder: PathFinder) -> None:
        self._finder = finder

    def people(self, query: Mapping[str, Any]) -> I32:
        """Person numbers now. Raises BadPeople, BadPaths."""
        ask = _asked(query)
        wanted = ask.query.query(self._finder.today())
        found = behind(self._finder.walked(wanted), wanted.top, ask.step, ask.node, ask.to)
        return only(found, self._finder.behaviour.crowd().people())

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are. Raises BadPeople."""
        ask = _asked(query)
        here, there = _name(ask.node), _name(ask.to) if ask.to else None
        zh = f"路径第 {ask.step + 1} 步：{here.zh}" + (f" → {there.zh}" if there else "")
        return Words(zh, f"Path, step {ask.step + 1}: {here.en}" + (f" → {there.en}" if there else ""))


def _name(key: str) -> Words:
    if key in (OTHER, END):
        return Words("其他", "others") if key == OTHER else Words("结束", "the end")
    event, value = told(key)
    text = f"{event} ({value})" if value else event
    return Words(text or "–", text or "–")


def _asked(query: Mapping[str, Any]) -> PathPeopleAsk:
    try:
        return PathPeopleAsk.model_validate(dict(query))
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"])[:120]
        raise BadPeople(
            Words("人群查询的字段无效。", "A field of the query of people is not valid."), f"people.{place}"
        ) from None
