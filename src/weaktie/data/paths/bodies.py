"""Questions and answers about paths as JSON."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from weaktie.data.behaviour.contracts import Days
from weaktie.data.behaviour.service import EventAsk
from weaktie.data.paths.contracts import (
    DEFINITION,
    EVENT,
    MOST_DAYS,
    MOST_EVENTS,
    MOST_NODES,
    MOST_STEPS,
    OTHER,
    BadPaths,
    Direction,
    Paths,
    PathsQuery,
    Unit,
)
from weaktie.kit.clock import MINUTE_US, date_to_day, day_to_date
from weaktie.kit.web import PlainText, WordsBody, words_body
from weaktie.kit.words import Words

Name = Annotated[PlainText, Field(min_length=1, max_length=200)]


class SplitAsk(BaseModel):
    """Tell the nodes of one event apart by the values of a property."""

    model_config = ConfigDict(extra="forbid")

    event: Name
    property: Annotated[PlainText, Field(min_length=1, max_length=100)]


class PathsAsk(BaseModel):
    """A question about paths; each page, link and saved query of people holds one.

    Without days the 30 up to yesterday, without `events` every event.
    """

    model_config = ConfigDict(extra="forbid")

    anchor: EventAsk = EventAsk()
    direction: Direction = "from"
    events: Annotated[list[Name], Field(max_length=MOST_EVENTS)] = []
    first_day: date | None = None
    last_day: date | None = None
    session_minutes: Annotated[int, Field(ge=1, le=1440)] = 30
    steps: Annotated[int, Field(ge=2, le=MOST_STEPS)] = 6
    top: Annotated[int, Field(ge=1, le=MOST_NODES)] = 6
    collapse: bool = True
    unit: Unit = "people"
    split: SplitAsk | None = None
    segment: Annotated[PlainText, Field(max_length=100)] = ""

    def query(self, today: int) -> PathsQuery:
        """The question as the service takes it. Raises BadPaths."""
        last = date_to_day(self.last_day) if self.last_day else today - 1
        first = date_to_day(self.first_day) if self.first_day else last - 29
        if first < 0 or last > today + 366 or not 0 <= last - first < MOST_DAYS:
            words = Words("时段为空、太长或太远。", "The period is empty, too long or too far away.")
            raise BadPaths("first_day", words)
        return PathsQuery(
            self.anchor.matcher(), self.direction, tuple(dict.fromkeys(self.events)), Days(first, last),
            self.session_minutes * MINUTE_US, self.steps, self.top, self.collapse, self.unit,
            (self.split.event, self.split.property) if self.split else None, self.segment,
        )  # fmt: skip


class PathPeopleAsk(BaseModel):
    """People whose paths pass a node, or an edge from it: `to` is the key of the next node, or `end`."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["path"]
    query: PathsAsk
    step: Annotated[int, Field(ge=0, lt=MOST_STEPS)]
    node: Annotated[str, Field(min_length=1, max_length=500)]
    to: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class PathNodeBody(BaseModel):
    """One event at one step, or the others there: what comes in is what goes out, ends here, or goes on beyond the steps.

    `event` is empty for the others; `value` is the value that tells it apart, null where it has none.
    """

    step: int
    key: str
    event: str
    value: str | None
    count: int
    ended: int
    beyond: int


class PathEdgeBody(BaseModel):
    """From a node to one of the next step, both by key."""

    step: int
    node: str
    to: str
    count: int


class PathsBody(BaseModel):
    """Paths; step 0 is the start (or the end) that was asked for."""

    first_day: str
    last_day: str
    paths: int
    people: int
    definition: WordsBody
    nodes: list[PathNodeBody]
    edges: list[PathEdgeBody]


def paths_body(found: Paths, query: PathsQuery) -> PathsBody:
    """The answer."""
    return PathsBody(
        first_day=day_to_date(query.days.first).isoformat(), last_day=day_to_date(query.days.last).isoformat(),
        paths=found.paths, people=found.people, definition=words_body(DEFINITION),
        nodes=[
            PathNodeBody(
                step=n.step, key=n.key, event=told(n.key)[0], value=told(n.key)[1], count=n.count, ended=n.ended,
                beyond=n.beyond,
            )
            for n in found.nodes
        ],
        edges=[PathEdgeBody(step=e.step, node=e.key, to=e.to, count=e.count) for e in found.edges],
    )  # fmt: skip


def told(key: str) -> tuple[str, str | None]:
    """A node's event and value; the others have an empty event."""
    if key == OTHER:
        return "", None
    event, split, value = key.removeprefix(EVENT).partition("\x1f")
    return event, value if split and value else None
