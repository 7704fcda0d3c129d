"""What ties are: their strength with its parts, the graph of them, audiences, and what a build of them says.

A tie goes from `src` to `dst`: how likely dst answers what src shares. It stands wherever either did anything towards the
other, in both directions, with a strength of its own in each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

SOCIAL: Final = 8
"""The bit of the social purpose: only rows and people granted for it are in the graph."""
AudienceKind = Literal["strong", "weak", "fof"]
AUDIENCES: Final[tuple[AudienceKind, ...]] = ("strong", "weak", "fof")
AUDIENCE_WORDS: Final[dict[AudienceKind, Words]] = {
    "strong": Words("强连接", "Strong ties"),
    "weak": Words("弱连接", "Weak ties"),
    "fof": Words("好友的好友", "Friends of friends"),
}
Part = Literal["recency", "frequency_in", "frequency_out", "reciprocity", "embeddedness", "channel"]
PARTS: Final[tuple[Part, ...]] = (
    "recency", "frequency_in", "frequency_out", "reciprocity", "embeddedness", "channel",
)  # fmt: skip
PART_WORDS: Final[dict[Part, tuple[Words, Words]]] = {
    "recency": (
        Words("近期性", "Recency"),
        Words("最近一次互动距今越近越高，每 30 天减半", "Halves with every 30 days since the last interaction"),
    ),
    "frequency_in": (
        Words("对方互动频次", "Answers"),
        Words("对方对其互动的次数，按行为加权，每 45 天减半", "What the other did towards them, weighed by kind, halved every 45 days"),
    ),
    "frequency_out": (
        Words("主动互动频次", "Advances"),
        Words("其对对方互动的次数，按行为加权，每 45 天减半", "What they did towards the other, weighed by kind, halved every 45 days"),
    ),
    "reciprocity": (
        Words("互惠性", "Reciprocity"),
        Words("双方互动的均衡程度：完全对等为 1，单向为 0", "How even the two sides are: 1 when equal, 0 when only one acts"),
    ),
    "embeddedness": (
        Words("嵌入性", "Embeddedness"),
        Words("共同好友越多越高；人人都认识的共同好友作用小", "Rises with common neighbours; those whom everybody knows count little"),
    ),
    "channel": (
        Words("渠道", "Channel"),
        Words("以多少种、多亲密的方式来往", "In how many ways they are in touch, and how close these are"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """A way in which people are in touch. `effort` is how much one time counts, 0 for standing relations, which are there or
    not; `close` is what the way says of closeness, within 0 and 1."""

    key: str
    words: Words
    effort: float
    close: float


KINDS: Final[tuple[Kind, ...]] = (
    Kind("chat", Words("聊天", "Chat"), 1.0, 0.6),
    Kind("comment", Words("评论", "Comment"), 0.8, 0.35),
    Kind("like", Words("点赞", "Like"), 0.3, 0.15),
    Kind("share", Words("分享给对方", "Shared to them"), 1.0, 0.4),
    Kind("open", Words("打开对方分享", "Opened what they shared"), 0.6, 0.3),
    Kind("gift", Words("送礼", "Gift"), 2.0, 0.6),
    Kind("group_buy", Words("拼团", "Group buying"), 1.5, 0.5),
    Kind("order", Words("经对方分享下单", "Ordered through them"), 1.5, 0.5),
    Kind("co_order", Words("同日购买同一商品", "Bought the same on one day"), 0.5, 0.2),
    Kind("invite", Words("邀请", "Invited"), 1.0, 0.45),
    Kind("accept", Words("接受邀请", "Accepted their invitation"), 1.0, 0.5),
    Kind("friend", Words("好友", "Friends"), 0.0, 0.4),
    Kind("follow", Words("关注", "Follows"), 0.0, 0.15),
    Kind("group", Words("同群", "Same group"), 0.0, 0.15),
)  # fmt: skip
"""Every way that is known; the place in this list is its bit in `kinds`."""
CODE: Final[dict[str, int]] = {k.key: i for i, k in enumerate(KINDS)}
STANDING: Final = frozenset(k.key for k in KINDS if not k.effort)
MUTUAL: Final = frozenset({"friend", "group"})
"""Relations that stand in both directions, whoever is named first."""
RESPONSES: Final = ("open", "order", "accept")
"""What somebody does when they answer: the acting one is who answers, the other shared or invited."""
CALLS: Final = ("share", "invite")


@dataclass(frozen=True, slots=True)
class Ties:
    """Every tie among the people who may be looked at for social analysis now, as rows of a compressed sparse matrix.

    Of n people and m ties: `people` (n) person numbers, ascending; the ties of `people[i]` are the rows `indptr[i]` to
    `indptr[i + 1]`; `dst` (m) are **positions in `people`**, ascending within each row; `strength` (m) within 0 and 1, how
    likely dst answers what src shares; `parts` for each of PARTS (m) within 0 and 1. `common` (m) neighbours of both,
    `interactions` (m) by either, `last_day` (m) of the latest one (0 where only a standing relation is known), `kinds` (m)
    has bit i where KINDS[i] was seen. A tie is strong from `strong_from` on. `rev` (m) is the row of the same tie the other
    way. Whatever is computed from this stays true while `key` stays the same.
    """

    key: str
    as_of_day: int
    people: I32
    indptr: I64
    dst: I32
    strength: F32
    parts: Mapping[Part, F32]
    common: I32
    interactions: I32
    last_day: I32
    kinds: I32
    strong_from: float
    rev: I64

    def position(self, person: int) -> int:
        """Where somebody stands in `people`; -1 for somebody without a tie."""
        at = int(np.searchsorted(self.people, person))
        return at if at < len(self.people) and int(self.people[at]) == person else -1

    def positions(self, persons: Sequence[int] | I32) -> I64:
        """Where these stand in `people`, ascending; who has no tie is missing."""
        wanted = np.unique(np.asarray(persons, np.int32))
        found: I64 = np.flatnonzero(np.isin(self.people, wanted, assume_unique=True)).astype(np.int64)
        return found


@dataclass(frozen=True, slots=True)
class Measures:
    """Figures of people along `people` (n): `community` by number (-1 where it was not computed yet), `core` number,
    `degree`, `clustering` within 0 and 1, `bridge` within 0 and 1: how much of their strength goes to other communities,
    spread over them."""

    people: I32
    community: I32
    core: I32
    degree: I32
    clustering: F32
    bridge: F32


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of one tie: its value within 0 and 1, the weight, and what it adds to the strength before the curve."""

    part: Part
    value: float
    weight: float
    adds: float


@dataclass(frozen=True, slots=True)
class Tie:
    """One tie with its reasons, person numbers at both ends."""

    src: int
    dst: int
    strength: float
    strong: bool
    reasons: tuple[Reason, ...]
    common: int
    interactions: int
    last_day: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ego:
    """Somebody's neighbourhood: `people` with the person first, then by strength; `distance` (n) 0, 1 or 2; `ties` between
    them; `left` is how many neighbours are not shown."""

    person: int
    people: I32
    distance: I8
    community: I32
    ties: tuple[Tie, ...]
    neighbours: int
    left: int


@dataclass(frozen=True, slots=True)
class Audience:
    """People near some others, the best first: `people` (n), `scores` (n) within 0 and 1, `through` (n) the person whose tie
    leads to each (of a friend of a friend the friend between; else one of those it was asked of), `paths` (n) how many ties
    or ways lead there. `reachable` is how many there were before the cut, `asked` how many it was asked of."""

    kind: AudienceKind
    people: I32
    scores: F32
    through: I32
    paths: I32
    reachable: int
    asked: int


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part counts. `learned` says whether enough people answered for that; `why` says it in words. `log_loss` and
    `auc` are of a held-out fifth, None where nothing was learned."""

    bias: float
    by_part: Mapping[Part, float]
    learned: bool
    why: Words
    positives: int = 0
    negatives: int = 0
    auc: float | None = None
    default_auc: float | None = None
    log_loss: float | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """One build of the graph, newest first in the books. `whole` says that weights and communities were computed anew."""

    number: int
    built_us: int
    as_of_day: int
    version: int
    whole: bool
    weights: Weights
    figures: Mapping[str, object] = field(default_factory=dict)


class BadAudience(Refused):
    """An audience cannot be understood; `place` says which part of the question."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_audience", words, place=place)


class NoGraph(Refused):
    """No build has made ties yet."""

    def __init__(self) -> None:
        super().__init__(
            "no_graph",
            Words("还没有关系数据：请等待下一次构建。", "There are no ties yet: wait for the next build."),
        )
