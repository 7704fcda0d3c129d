"""Links, costs, newcomers and how requests about them are refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

Bools = npt.NDArray[np.bool_]
TargetKind = Literal["url", "mini_program"]
BatchState = Literal["draft", "applied", "undone"]
Platform = Literal["oceanengine", "tencent", "plain"]
PLATFORMS: dict[str, Words] = {
    "oceanengine": Words("巨量引擎", "Ocean Engine"),
    "tencent": Words("腾讯广告", "Tencent Ads"),
    "plain": Words("通用表格", "Plain table"),
}
CODE_PROPERTIES = ("code", "utm_content", "$utm_content", "utm_campaign", "$utm_campaign", "state")
"""Properties of an event in which a code of ours is looked for, the first that holds one; `state` is WeCom's 渠道活码."""
MOST_LINKS_A_FILE = 2_000
LARGEST_COST_FILE = 20_000_000
MOST_COST_ROWS = 200_000
KEPT_BAD_ROWS = 500
DAYS_OF_MONTH = 30
FEWEST_FOR_A_SCORE = 20
"""A channel with fewer newcomers than this gets no value score: its shares say nothing."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """What a link is made from. An empty `code` is replaced by a new one."""

    name: str
    target_kind: TargetKind
    target: str
    channel: str
    medium: str = ""
    campaign: str = ""
    content: str = ""
    creator: str = ""
    note: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link that exists; `opens` counts all time."""

    link_id: str
    code: str
    name: str
    target_kind: TargetKind
    target: str
    channel: str
    medium: str
    campaign: str
    content: str
    creator: str
    note: str
    made_us: int
    made_by: str
    archived_us: int | None
    opens: int = 0


@dataclass(frozen=True, slots=True)
class NamingRule:
    """How links are named. `choices` limits parts to some values; version 0 is the rule of a new home: anything goes."""

    version: int = 0
    template: str = ""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    made_us: int = 0
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a name or a line: where, and why."""

    place: str
    words: Words


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line of a file that is left out."""

    line: int
    code: str
    column: str
    cell: str
    words: Words


@dataclass(frozen=True, slots=True)
class CostRow:
    """What a campaign cost on a day. `key` tells rows apart that replace one another when a file comes again."""

    day: int
    key: str
    campaign: str
    channel: str | None
    code: str | None
    currency: str
    cost_minor: int
    impressions: int | None = None
    clicks: int | None = None
    conversions: int | None = None


@dataclass(frozen=True, slots=True)
class CostFile:
    """A file of costs as it was understood: `columns` maps what we know to the header's own words."""

    platform: Platform
    columns: Mapping[str, str]
    rows: list[CostRow]
    bad: list[BadLine]
    totals: int
    """Lines that sum others (合计) and are left out silently."""


@dataclass(frozen=True, slots=True)
class CampaignMap:
    """To which channel (and code) a campaign belongs; `channel` None where nobody said yet."""

    campaign: str
    channel: str | None
    code: str | None
    rows: int = 0
    cost_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class CostBatch:
    """One file of costs. `counts` are rows that are the newest of their day and campaign."""

    batch_id: str
    state: BatchState
    filename: str
    platform: Platform
    columns: Mapping[str, str]
    rows: int
    counts: int
    without_channel: int
    from_day: int | None
    to_day: int | None
    totals: Mapping[str, int]
    """Sum of its rows by currency, minor units."""
    bad: list[BadLine]
    made_us: int
    made_by: str
    ended_us: int | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class Spent:
    """Cost of a day by channel and code, in minor units of a currency."""

    day: int
    channel: str
    code: str | None
    currency: str
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Newcomers:
    """People whose first day lies in a range, ascending by number: parallel arrays of n.

    The first day is the earlier of the first day on which somebody did anything and the day of registration. `channel` and
    `code` point into `channels` and `codes`, -1 where nothing said it. `registered` says whether they have an account.
    """

    people: I32
    day: I32
    channel: I32
    code: I32
    registered: Bools
    channels: list[str]
    codes: list[str]

    def __len__(self) -> int:
        return len(self.people)

    def where(self, mask: Bools) -> "Newcomers":
        """Those of a mask."""
        return Newcomers(
            self.people[mask], self.day[mask], self.channel[mask], self.code[mask], self.registered[mask], self.channels, self.codes
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders as they stand: person, business day, instant of payment, net minor units, whether each counts, and its currency
    as an index into `currencies`."""

    person: I32
    day: I32
    us: I64
    net_minor: I64
    counted: Bools
    currency: I32
    currencies: list[str]


@dataclass(frozen=True, slots=True)
class Activity:
    """Who was active on which day, and when first on it; a person may stand more than once a day."""

    person: I32
    day: I32
    us: I64


@dataclass(frozen=True, slots=True)
class Share:
    """A share of people whose window is complete: `part` of `whole`. `value` is None where nobody's is complete yet."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """Between 0 and 1."""
        return self.part / self.whole if self.whole else None


@dataclass(frozen=True, slots=True)
class Cost:
    """What newcomers of one channel cost in one currency. `cac_minor` is None where there were no newcomers."""

    currency: str
    cost_minor: int
    cac_minor: int | None
    revenue_minor: int
    payback: float | None
    """Revenue of the newcomers so far divided by their cost."""
    payback_days: int | None
    """Days after the first one on which that revenue reached the cost; None where it has not yet."""


@dataclass(frozen=True, slots=True)
class Score:
    """The value score and its parts, each between 0 and 1 and relative to the best channel; see `logic.score_of`."""

    value: float | None
    quality: float | None
    retention: float | None
    payback: float | None
    missing: str | None
    """Why there is no score: too_few, incomplete or cost_missing."""


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of a channel, a code or everybody. `costs` is empty where none is known: `cost_missing` unless `free`."""

    key: str | None
    newcomers: int
    registered: int
    ordered: Share
    high_value: Share
    d1: Share
    d7: Share
    d30: Share
    orders: int
    revenue: Mapping[str, int]
    costs: list[Cost]
    free: bool
    days_without_cost: int
    """Days with newcomers for which no cost is known although other days have one."""
    trend: list[int]
    score: Score | None = None

    @property
    def cost_missing(self) -> bool:
        """Whether a CAC cannot be told, which is not the same as 0."""
        return not self.costs and not self.free


@dataclass(frozen=True, slots=True)
class Figures:
    """Acquisition of some days: everybody, by channel and by code. `complete_day` is the last day that is over and built."""

    from_day: int
    to_day: int
    complete_day: int
    everybody: Group
    channels: list[Group]
    codes: list[Group]
    order_days: int
    high_value_minor: int
    currency: str


SEED_REASONS: dict[str, Words] = {
    "no_marketing": Words("未同意营销触达", "no consent to marketing"),
    "no_sharing": Words("未单独同意向第三方提供", "no separate consent to sharing"),
    "no_phone": Words("没有手机号", "no phone number"),
    "bad_phone": Words("手机号不是大陆 11 位号码", "the phone is no mainland number of 11 digits"),
}


@dataclass(frozen=True, slots=True)
class Seeds:
    """Hashed phones of a seed file, ascending, and who is left out by reason."""

    hashes: list[str]
    people: int
    left_out: Mapping[str, int]


class NoLink(NotFound):
    """There is no such link, or it is archived."""

    def __init__(self) -> None:
        super().__init__(
            "no_link", Words("没有这个渠道链接。", "There is no such channel link."), place="link"
        )


class CodeTaken(Conflict):
    """Another link has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            "code_taken",
            Words(f"渠道码 {code} 已被使用。", f"The code {code} is in use already."),
            place="code",
        )


class BadLink(Refused):
    """A link that cannot be made; `place` is the field."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_link", words, place=place)


class BadName(Refused):
    """A name that breaks the naming rule."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(
            "bad_link_name",
            Words("；".join(p.words.zh for p in problems), "; ".join(p.words.en for p in problems)),
            place="name",
        )


class BadRule(Refused):
    """A naming rule that cannot be followed."""

    def __init__(self, words: Words, place: str = "template") -> None:
        super().__init__("bad_naming_rule", words, place=place)


class BadCosts(Refused):
    """A file of costs that cannot be read as a whole."""

    def __init__(self, code: str, words: Words, *, status: int | None = None) -> None:
        super().__init__(code, words, place="file", status=status)


class NoBatch(NotFound):
    """There is no such batch of costs."""

    def __init__(self) -> None:
        super().__init__(
            "no_cost_batch", Words("没有这个成本批次。", "There is no such batch of costs."), place="batch"
        )


class WrongState(Conflict):
    """The batch is not in a state for this."""

    def __init__(self) -> None:
        super().__init__(
            "wrong_batch_state",
            Words("该批次的状态不允许此操作，请刷新。", "The batch is not in a state for this; reload."),
            place="batch",
        )


class BadRange(Refused):
    """Days that cannot be looked at."""

    def __init__(self) -> None:
        super().__init__(
            "bad_range",
            Words("日期范围无效，最多 366 天。", "The days are not valid; at most 366 of them."),
            place="from",
        )
