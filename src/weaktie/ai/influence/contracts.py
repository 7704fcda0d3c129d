"""Networks, seeds, cascades, creators and audiences: what influence asks for and what it answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32 as I32
from weaktie.data.behaviour.contracts import I64 as I64
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Model = Literal["cascade", "threshold"]
Weights = Literal["in_degree", "strength"]
ItemKind = Literal["content", "product", "invite"]
MOST_SEEDS = 1_000
MOST_AUDIENCE = 100_000
MOST_DAYS = 366
MOST_DRAWN = 200
CAP_DAYS = 7

MODEL_WORDS: dict[str, Words] = {
    "cascade": Words("独立级联：每条关系独立尝试一次", "independent cascade: each tie tries once"),
    "threshold": Words(
        "线性阈值：来自好友的影响累加到阈值", "linear threshold: what friends say adds up to a threshold"
    ),
}
WEIGHT_WORDS: dict[str, Words] = {
    "in_degree": Words("传播概率 = 1 ÷ 对方的来源人数（加权级联）", "carries with 1 / number of those who reach the other"),
    "strength": Words("传播概率按关系强度", "carries with the strength of the tie"),
}  # fmt: skip
METHOD_WORDS: dict[str, Words] = {
    "ris": Words("逆向可达集（OPIM-C）", "reverse-reachable sets (OPIM-C)"),
    "degree": Words("触达人数最多", "most ties"),
    "degree_per_cost": Words("单位成本触达最多", "most ties for their cost"),
    "pagerank": Words("PageRank 最高", "highest PageRank"),
}
ITEM_WORDS: dict[ItemKind, Words] = {
    "content": Words("内容", "content"), "product": Words("商品", "product"), "invite": Words("邀请", "invitation"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Network:
    """A network of n nodes by edges in both directions: parallel arrays, see `kernels`.

    `in_start` (n + 1), `in_src`, `in_p` (m) are the edges by where they end, `out_*` the same by where they begin; `jump` (n)
    is 1 / log(1 - p) where all edges into a node are alike and many, else 0.
    """

    in_start: I64
    in_src: I32
    in_p: F32
    out_start: I64
    out_dst: I32
    out_p: F32
    jump: F64
    model: Model = "cascade"

    @property
    def n(self) -> int:
        """How many nodes there are."""
        return len(self.in_start) - 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over simulations with its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Picked:
    """Seeds of one method, in its order: nodes, what they cost together, and how far they reach by fresh simulations.

    `covered` is the share of evaluation sets that they hit: by it methods are compared, all on the same sets.
    """

    method: str
    seeds: I32
    cost: float
    covered: float
    spread: Estimate


@dataclass(frozen=True, slots=True)
class Choice:
    """Seeds for a budget. `method` is the best of `methods` by the evaluation sets, which none of them saw.

    `gain` is what each seed adds to those before it, `alone` what it would reach by itself (people, by the evaluation
    sets): their difference is overlap. The spread of `ris`, and so of the chosen, is at least `guarantee` times the best
    possible with probability 1 - 1/n; `sets` are the random sets that this stands on.
    """

    method: str
    methods: list[Picked]
    gain: F64
    alone: F64
    sets: int
    guarantee: float
    took_ms: int = 0

    @property
    def chosen(self) -> Picked:
        """The best of the methods."""
        return next(m for m in self.methods if m.method == self.method)

    def of(self, method: str) -> Picked:
        """The seeds of one method."""
        return next(m for m in self.methods if m.method == method)


# --- ties


@dataclass(frozen=True, slots=True)
class Edges:
    """Ties among people who agreed to social analysis, directed: the word of `src` reaches `dst`. (m) each, person numbers.

    `strength` is between 0 and 1. A friendship stands twice. `key` changes when any of it does.
    """

    src: I32
    dst: I32
    strength: F32
    key: str


class TieSource(Protocol):
    """Where ties come from. Bound in the wiring."""

    def edges(self) -> Edges:
        """All ties among people who grant social analysis now, each pair once in each direction."""
        ...


class Directory(Protocol):
    """What influence asks of profiles: how people are called in lists."""

    def ids_of(self, people: I32) -> Iterator[list[tuple[int, str]]]:
        """(person_no, user_id) of those who are published, in pages."""
        ...


# --- cascades


@dataclass(frozen=True, slots=True)
class Item:
    """What was passed on. An invitation has no id of its own."""

    kind: ItemKind
    id: str


@dataclass(frozen=True, slots=True)
class Forest:
    """Who heard of an item from whom: one row a person and item, parents before children, (m) each.

    `person` and `by` are person numbers (`by` -1 for who began), `parent` the row of the sharer or -1, `root` the row of the
    tree's root, `item` points into `items`. `us` is when it was opened; for who began, when they first shared it, or where
    that is not known when it was first opened through them. `cycle_us` is from the sharer's own row to this one, -1 for
    roots and where it is not known when the sharer began. `depth`, `below` and `pairs`: see `kernels.tree_figures`. `orders`
    counts orders that name the sharer and followed the opening, `net_minor` is their worth by currency.
    """

    person: I32
    by: I32
    parent: I32
    root: I32
    item: I32
    us: I64
    day: I32
    cycle_us: I64
    depth: I32
    below: I64
    pairs: I64
    orders: I32
    net_minor: Mapping[str, I64]
    items: list[Item]

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True)
class CascadeFigures:
    """One or more trees: people, roots, deepest, widest level, structural virality (mean distance between two people of the
    same tree, Goel et al. 2016; None where every tree is a single person), median cycle, orders and their worth."""

    people: int
    roots: int
    depth: int
    breadth: int
    virality: float | None
    cycle_us: int | None
    orders: int
    net_minor: Mapping[str, int]
    by_depth: list[int]


@dataclass(frozen=True, slots=True)
class Cascade:
    """All trees of one item, or of one creator."""

    item: Item
    title: str
    figures: CascadeFigures
    first_us: int
    last_us: int


@dataclass(slots=True)
class Drawn:
    """A node of the drawn tree. `others` counts people who are not drawn beside it; `person_no` is -1 there and at the top."""

    person_no: int
    name: str
    depth: int
    below: int
    orders: int
    us: int
    others: int = 0
    children: list["Drawn"] = field(default_factory=list)


# --- creators


@dataclass(frozen=True, slots=True)
class KocRule:
    """Who is a KOC. Reach: at least `min_friends` friends. Trust: of at least `min_fans` fans, `min_interaction` of them
    interacted within `interaction_days`, and `min_repurchase` of the fans who bought within `repurchase_days` did so twice.

    `need` says whether both must hold or either. `cap` is in how many audiences a person may be within seven days.
    """

    min_friends: int = 500
    min_fans: int = 20
    min_interaction: float = 0.10
    min_repurchase: float = 0.50
    interaction_days: int = 30
    repurchase_days: int = 365
    need: Literal["both", "either", "reach", "trust"] = "both"
    cap: int = 2


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule as it was saved; version 0 is the one of a new home."""

    version: int
    rule: KocRule
    made_us: int = 0
    made_by: str = ""
    restored_from: int | None = None


@dataclass(frozen=True, slots=True)
class Creators:
    """People who published contents or through whom somebody came, parallel arrays of n, ascending by person.

    `fans` are those who follow them; where nobody does, their friends. `interacted` are fans who came through a share of
    theirs or did something with their contents within the rule's days, `buyers` fans who bought and `repeat` those who did so
    twice. `contents` counts all of them, `shares`, `opened` (different people who came through them), `orders` and
    `net_minor` (by currency) are of the rule's days of interaction.

    By month (`months`, the oldest first, the last one still running): `reach` (months, n) is how many different people came
    through a share of theirs or had one of their contents before them, `features` (months, n, FEATURES) what is known at
    its end. The first month of which the lake holds every day is `first_whole`.
    """

    people: I32
    friends: I32
    followers: I32
    fans: I32
    interacted: I32
    buyers: I32
    repeat: I32
    contents: I32
    shares: I32
    opened: I32
    orders: I32
    net_minor: Mapping[str, I64]
    months: list[str]
    reach: I32
    features: F64
    first_whole: int = 0

    def __len__(self) -> int:
        return len(self.people)

    def place(self, person: int) -> int:
        """Where a person stands; -1 for who is none of them."""
        at = int(np.searchsorted(self.people, person))
        return at if at < len(self.people) and int(self.people[at]) == person else -1


PART_WORDS: dict[str, Words] = {
    "friends": Words("好友", "friends"),
    "followers": Words("关注者", "followers"),
    "fans": Words("粉丝", "fans"),
    "interacted": Words("有互动的粉丝", "fans who interacted"),
    "buyers": Words("下过单的粉丝", "fans who bought"),
    "repeat": Words("复购的粉丝", "fans who bought again"),
}
"""The people around a creator."""

FEATURES: dict[str, Words] = {
    "reach": Words("当月触达人数", "reach of the month"),
    "reach_before": Words("上月触达人数", "reach of the month before"),
    "acted": Words("当月互动人数", "people who interacted in the month"),
    "friends": Words("好友数", "friends"),
    "followers": Words("粉丝数", "followers"),
    "shares": Words("当月分享次数", "shares in the month"),
    "contents": Words("当月发布内容数", "contents published in the month"),
}
"""What reach is predicted from; each enters as log(1 + value)."""
TREND_WORDS = Words("上月触达 × 整体趋势", "last month's reach × the general trend")


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of a prediction: a factor above 1 raises it. `value` is the creator's own figure."""

    key: str
    words: Words
    value: float
    factor: float


@dataclass(frozen=True, slots=True)
class ReachModel:
    """Ridge regression of growth, log(1 + next month's reach) - log(1 + this month's), on log(1 + this month's figures):
    `weights` over standardised features, `base` the growth of the average creator. With nothing to say it predicts this
    month's reach times the trend. `pairs` is how many creator-months it was fitted on."""

    base: float
    weights: F64
    mean: F64
    scale: F64
    pairs: int


@dataclass(frozen=True, slots=True)
class ReachError:
    """Last month's predictions beside what came: creators, median of |predicted - actual| / max(actual, 1), the rank
    correlation, and whether the predictions were stored before the month began to be known."""

    month: str
    creators: int
    median_error: float | None
    spearman: float | None
    kept: bool


# --- audiences


@dataclass(frozen=True, slots=True)
class Reached:
    """Friends of friends of a creator, the likeliest first: parallel arrays of n. `score` is the chance that word comes by at
    least one mutual friend when each tie carries with its strength; `through` and `second` are the likeliest of these,
    -1 for none, `ways` how many there are."""

    people: I32
    score: F32
    through: I32
    second: I32
    ways: I32

    def __len__(self) -> int:
        return len(self.people)

    def where(self, mask: Bools | slice) -> "Reached":
        """Those of a mask or slice."""
        return Reached(
            self.people[mask], self.score[mask], self.through[mask], self.second[mask], self.ways[mask]
        )


@dataclass(frozen=True, slots=True)
class AudienceDraft:
    """An audience before it is made: `reached` is cut to the asked size, `left_out` counts by reason who was not taken."""

    creator: int
    content_id: str
    friends: int
    pool: int
    reached: Reached
    left_out: Mapping[str, int]


LEFT_OUT_WORDS: dict[str, Words] = {
    "no_marketing": Words("未同意营销触达", "no consent to marketing"),
    "seen": Words("已看过该内容", "have seen the content"),
    "capped": Words("7 天内已在足够多的受众中", "in enough audiences within 7 days"),
    "cut": Words("排名在所需人数之外", "ranked beyond the asked size"),
}


class NoCreator(NotFound):
    """This person is no creator, or may not be analysed socially."""

    def __init__(self) -> None:
        super().__init__(
            "no_creator",
            Words("没有这个创作者，或其未同意社交关系分析。", "There is no such creator, or they do not grant social analysis."),
            place="creator",
        )  # fmt: skip


class NoPlan(NotFound):
    """There is no such choice of seeds."""

    def __init__(self) -> None:
        super().__init__(
            "no_seed_plan", Words("没有这个种子方案。", "There is no such choice of seeds."), place="plan"
        )


class NoAudience(NotFound):
    """There is no such audience."""

    def __init__(self) -> None:
        super().__init__(
            "no_audience", Words("没有这个受众。", "There is no such audience."), place="audience"
        )


class NoKocRule(NotFound):
    """There is no such version of the rule."""

    def __init__(self) -> None:
        super().__init__(
            "no_koc_rule",
            Words("没有这个规则版本。", "There is no such version of the rule."),
            place="version",
        )


class BadSeeds(Refused):
    """A question about seeds that cannot be answered."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_seeds", words, place=place)


class NoTies(Refused):
    """There are no ties to spread over."""

    def __init__(self) -> None:
        super().__init__(
            "no_ties",
            Words("还没有可用的社交关系数据。", "There are no social ties to work with yet."),
            place="ties",
        )


class BadCascade(Refused):
    """A question about cascades that cannot be answered."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_cascade", words, place=place)


class NobodyLeft(Conflict):
    """An audience would be empty."""

    def __init__(self) -> None:
        super().__init__(
            "nobody_left",
            Words("没有可选的人：都已看过、未同意或达到频次上限。", "Nobody is left to be chosen: seen, no consent, or capped."),
            place="size",
        )  # fmt: skip
