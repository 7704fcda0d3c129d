"""Owned channels, memberships with their dates, and the figures of both sides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import I32, I64, Condition, Matcher
from weaktie.data.collect.contracts import Event
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Bools = npt.NDArray[np.bool_]
Channel = Literal["wecom_friend", "wecom_group", "official_account", "mini_program"]
CHANNELS: dict[str, Words] = {
    "wecom_friend": Words("企微好友", "WeCom friend"),
    "wecom_group": Words("社群成员", "WeCom group member"),
    "official_account": Words("公众号粉丝", "Official-account follower"),
    "mini_program": Words("小程序订阅", "Mini-program subscriber"),
}
"""The channels that a shop owns; their place in this list is their number in arrays."""
OTHER_NAMES: dict[str, str] = {
    "企微好友": "wecom_friend", "企业微信好友": "wecom_friend", "wecom": "wecom_friend", "社群": "wecom_group",
    "社群成员": "wecom_group", "微信群": "wecom_group", "群成员": "wecom_group", "公众号": "official_account",
    "公众号粉丝": "official_account", "wechat_official": "official_account", "小程序": "mini_program",
    "小程序订阅": "mini_program", "小程序订阅用户": "mini_program",
}  # fmt: skip
OPEN_END = int(np.iinfo(np.int64).max)
"""The end of a membership that goes on."""
_WECOM = (Condition("channel", "eq", ("wecom",)),)
_ELSEWHERE = (Condition("channel", "ne", ("wecom",)),)
MOVES: tuple[tuple[Matcher, str | None, bool, str], ...] = (
    (Matcher("Friend Added", _WECOM), "wecom_friend", True, "staff_id"),
    (Matcher("Friend Removed", _WECOM), "wecom_friend", False, "staff_id"),
    (Matcher("Group Joined", _WECOM), "wecom_group", True, "group_id"),
    (Matcher("Group Left", _WECOM), "wecom_group", False, "group_id"),
    (Matcher("Account Followed", _ELSEWHERE), "official_account", True, "account_id"),
    (Matcher("Account Unfollowed", _ELSEWHERE), "official_account", False, "account_id"),
    (Matcher("Subscribed"), None, True, "place_id"),
    (Matcher("Unsubscribed"), None, False, "place_id"),
)
"""Events that open and close a membership: which, in which channel (None: what the property `private_channel` names, the
mini-program where it names none), whether it opens, and the property that tells places apart (which member of staff, which
group). WeCom's callbacks come as the first four; followers of a WeCom app (`Account Followed` from WeCom) are the company's
own staff."""
GRAINS = ("day", "week", "month")
Grain = Literal["day", "week", "month"]
MOST_PERIODS = 400
LARGEST_MEMBER_FILE = 20_000_000
MOST_MEMBER_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Moves:
    """Joins and leaves as they came, in any order, repeated or not: parallel arrays of m. `place` tells the places of a channel
    apart."""

    person: I32
    channel: I32
    place: I32
    us: I64
    joined: Bools


@dataclass(frozen=True, slots=True)
class Spans:
    """Memberships [start, end) by person and channel, ascending by both and by start; those of one person and channel neither
    overlap nor touch. Parallel arrays of n; `end` is OPEN_END while it goes on."""

    person: I32
    channel: I32
    start: I64
    end: I64

    def __len__(self) -> int:
        return len(self.person)

    def where(self, mask: Bools) -> "Spans":
        """Those of a mask."""
        return Spans(self.person[mask], self.channel[mask], self.start[mask], self.end[mask])


@dataclass(frozen=True, slots=True)
class Money:
    """Minor units of a currency."""

    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side's figures of a period.

    `people` were members at any time of the period (private), or known and never one in it (public). Acts belong to the side
    on which the person was at that moment. Money that is no list is of the workspace's currency.
    """

    people: int
    active: int
    buyers: int
    repeaters: int
    orders: int
    gmv: Sequence[Money]
    gmv_minor: int

    def _by(self, part: int, whole: int) -> float | None:
        return part / whole if whole else None

    @property
    def active_share(self) -> float | None:
        """Active people by people."""
        return self._by(self.active, self.people)

    @property
    def order_rate(self) -> float | None:
        """Buyers by active people."""
        return self._by(self.buyers, self.active)

    @property
    def repurchase(self) -> float | None:
        """Buyers with two or more orders that count by buyers."""
        return self._by(self.repeaters, self.buyers)

    @property
    def arpu_minor(self) -> float | None:
        """Net sales by active people."""
        return self._by(self.gmv_minor, self.active)

    @property
    def aov_minor(self) -> float | None:
        """Net sales by orders that count."""
        return self._by(self.gmv_minor, self.orders)


@dataclass(frozen=True, slots=True)
class Period:
    """Both sides of some days. `complete`: all of them are over and built."""

    first_day: int
    last_day: int
    complete: bool
    private: Side
    public: Side
    joins: int
    leaves: int

    @property
    def ratio(self) -> float | None:
        """ARPU of the private domain by ARPU of the public one."""
        private, public = self.private.arpu_minor, self.public.arpu_minor
        return None if private is None or not public else private / public


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """One owned channel over all the days: members at the end, who came and went, and its side."""

    channel: str
    members: int
    joins: int
    leaves: int
    side: Side
    ratio: float | None
    moves: Sequence[tuple[int, int, int]]
    """Day, joins, leaves."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The private domain of some days."""

    whole: Period
    periods: list[Period]
    channels: list[ChannelFigures]
    members: int
    first_known_day: int | None
    """The first day on which any membership is known; before it everybody counts as public."""
    currency: str


@dataclass(frozen=True, slots=True)
class BadMember:
    """A line of a list of members that is left out. What stands in it may name somebody and is not repeated."""

    line: int
    column: str
    words: Words


@dataclass(frozen=True, slots=True)
class TakenMembers:
    """What came of a list of members: lines read, events stored and those that were there already."""

    rows: int
    stored: int
    duplicates: int
    bad: list[BadMember]


class Load(Protocol):
    """Collect's entry for events that come from elsewhere than the door."""

    def __call__(
        self, events: Sequence[tuple[int, Event]], *, source_id: str, purposes: int, origin: str,
        commit: Callable[[Connection, Mapping[str, int], int], None],
    ) -> None: ...  # fmt: skip


class BadMembers(Refused):
    """A list of members that cannot be read as a whole."""

    def __init__(self, words: Words, *, status: int | None = None) -> None:
        super().__init__("bad_members", words, place="file", status=status)


class BadPeriod(Refused):
    """Days that cannot be looked at."""

    def __init__(self) -> None:
        super().__init__(
            "bad_range",
            Words("日期范围无效，或时段过多。", "The days are not valid, or make too many periods."),
            place="from",
        )


class NoChannel(Refused):
    """There is no such owned channel."""

    def __init__(self) -> None:
        super().__init__(
            "no_private_channel",
            Words("没有这个私域渠道。", "There is no such owned channel."),
            place="channel",
        )
