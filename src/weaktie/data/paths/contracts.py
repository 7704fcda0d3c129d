"""What a question about paths is, and its answer."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, Days, Matcher
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Direction = Literal["from", "to"]
Unit = Literal["people", "sessions"]

MOST_STEPS = 10
MOST_NODES = 20
MOST_EVENTS = 30
MOST_DAYS = 366
OTHER, END = "other", "end"
"""Keys of the node of rarer events, and of where a path that ended in its session goes."""
EVENT = "e:"
"""What the key of an event's node begins with."""

DEFINITION = Words(
    "会话 = 同一人所选事件中相邻两次间隔不超过设定分钟数的一段。路径从会话中第一次起始事件开始（或到最后一次结束事件为止）。"
    "按会话计：每个含有该事件的会话是一条路径；按用户计：每人只取时段内第一个（到达方向为最后一个）这样的会话，"
    "因此第 1 步的人数等于同条件漏斗第 1 步的人数。每个节点：流入 = 流出 + 在此结束 + 超出所选步数。"
    "“A 之后紧接 B”的人数不大于 A→B 漏斗的人数：漏斗允许中间发生别的事件，也不限于第一个会话。",
    "A session is a run of the chosen events of one person in which no two neighbours are further apart than the given minutes. "
    "A path begins with the first start event of a session (or ends with its last end event) and has some steps at most. By "
    "sessions each session with that event is one path; by people only the first such session of the period counts (the last "
    "one where paths lead to an event), so that the people of step 1 equal step 1 of a funnel on the same terms. At every node "
    "in = out + ended here + beyond the last step. People who do B directly after A are never more than a funnel A → B has, "
    "which allows other events between them and later sessions.",
)


@dataclass(frozen=True, slots=True)
class PathsQuery:
    """One question: paths from (or to) `anchor` among `events`, every event where there are none.

    `split` names an event and a property whose values tell nodes of this event apart.
    """

    anchor: Matcher
    direction: Direction
    events: tuple[str, ...]
    days: Days
    gap_us: int
    steps: int
    top: int
    collapse: bool
    unit: Unit
    split: tuple[str, str] | None
    segment: str


@dataclass(frozen=True, slots=True)
class Walked:
    """Every path: whose it is (paths), labels by step (paths, steps; -1 where it has ended), whether it goes on beyond.

    `labels` are the keys of nodes. Step 0 is the anchor, later ones lead away from it.
    """

    owner: I32
    at: I32
    more: npt.NDArray[np.bool_]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One event (or the others) at one step: how many pass, end here, and go on beyond the last step."""

    step: int
    key: str
    count: int
    ended: int
    beyond: int


@dataclass(frozen=True, slots=True)
class Edge:
    """How many go from a node to one of the next step."""

    step: int
    key: str
    to: str
    count: int


@dataclass(frozen=True, slots=True)
class Paths:
    """The answer: `paths` is how many there are, `people` whose they are."""

    paths: int
    people: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class BadPaths(Refused):
    """A question about paths that cannot be answered; `place` says which part."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_paths", words, place=place)
