"""What a question about coming back is, and its answer."""

from dataclasses import dataclass
from typing import Literal

from weaktie.data.behaviour.contracts import Days, Matcher
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Unit = Literal["day", "week", "month"]
Mode = Literal["first", "each", "new"]
"""Who belongs to a cohort: `first` those whose first start event of the period was then, `each` all who did the start event
then (so somebody may be in several), `new` those whose first event ever seen was then."""
Count = Literal["on", "after"]
"""When somebody has come back at n: `on` in exactly the n-th day, `after` in it or later."""
Why = Literal["not_passed", "no_data", "nobody"]
"""Why there is no figure: the time has not fully passed, the lake holds no events of it, or there is nobody to measure."""
State = Literal["new", "retained", "resurrected", "dormant"]

MOST_PERIODS = {"day": 90, "week": 26, "month": 24}
MOST_DAYS = {"day": 366, "week": 731, "month": 1096}
MARKS = (1, 7, 30, 60)
"""The days whose retention is always told."""
MOST_GROUPS = 8
MOST_SEGMENTS = 4

MODE_WORDS = {
    "first": Words(
        "按所选时段内首次发生起始事件的日期分组，每人只属于一个同期群",
        "by the first start event of the period: everybody is in one cohort",
    ),
    "each": Words(
        "当天发生过起始事件的人都属于当天的同期群，同一人可以属于多个同期群",
        "everybody who did the start event then: the same person may be in several cohorts",
    ),
    "new": Words(
        "按有史以来第一次被记录到的日期分组（新用户），不看起始事件",
        "by the first event ever seen of the person (new users); the start event is not asked for",
    ),
}
COUNT_WORDS = {
    "on": Words("恰好在第 n 天（周、月）回访", "came back exactly in the n-th day (week, month)"),
    "after": Words(
        "在第 n 天（周、月）或之后回访，截至最近一个完整的日期",
        "came back in the n-th day (week, month) or later, up to the last full day",
    ),
}
DEFINITION = Words(
    "第 n 天留存 = 在起始日之后第 n 天发生回访事件的人 ÷ 同期群人数；第 0 天即起始日当天。"
    "加权平均 = 各同期群回访人数之和 ÷ 人数之和，只含第 n 天已完整过去的同期群；未过完的日期不显示数字，不按 0 计。"
    "周从周一开始，月为自然月，按工作区时区。",
    "Retention at n = people of a cohort who did the return event in the n-th day after its own ÷ people of the cohort; n = 0 "
    "is the cohort's own day. The weighted average is the sum of those who came back ÷ the sum of the sizes, over cohorts "
    "whose n-th day has fully passed; what has not passed has no figure and is never 0. Weeks begin on Monday, months are "
    "calendar months, in the workspace's zone.",
)
STATE_WORDS: dict[State, Words] = {
    "new": Words(
        "新增：在该日（周、月）第一次发生该事件的人",
        "new: did it in this day (week, month) for the first time ever",
    ),
    "retained": Words(
        "留存：上一日（周、月）和该日（周、月）都发生过的人",
        "retained: did it in this and in the day (week, month) before",
    ),
    "resurrected": Words(
        "回流：该日（周、月）发生过、上一日（周、月）没有、但更早发生过的人",
        "resurrected: did it in this day (week, month), not in the one before, but earlier",
    ),
    "dormant": Words(
        "沉默：上一日（周、月）发生过、该日（周、月）没有的人，记为负数",
        "dormant: did it in the day (week, month) before and not in this one; drawn below zero",
    ),
}
LIFECYCLE_DEFINITION = Words(
    "活跃 = 新增 + 留存 + 回流。快速比率 =（新增 + 回流）÷ 沉默，大于 1 表示活跃人数在增长；没有沉默用户时无此数。",
    "Active = new + retained + resurrected. Quick ratio = (new + resurrected) ÷ dormant: over 1 the active people grow; there "
    "is none where nobody went dormant.",
)


@dataclass(frozen=True, slots=True)
class RetentionQuery:
    """One question. `days` are the days of start, widened to whole units; n goes from 0 to `periods`."""

    start: Matcher
    back: Matcher
    days: Days
    unit: Unit
    mode: Mode
    count: Count
    periods: int
    segments: tuple[str, ...]
    tag: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """People who started in one unit; `returned[n]` is null where n has not passed, and `why` says the reason of these.

    `day` is the first day of the unit. A cohort whose own unit has not passed has its size so far.
    """

    day: int
    size: int
    returned: tuple[int | None, ...]
    why: Why | None


@dataclass(frozen=True, slots=True)
class Average:
    """Over the cohorts whose n-th unit has passed: how many came back of how many."""

    n: int
    returned: int
    people: int
    why: Why | None


@dataclass(frozen=True, slots=True)
class Group:
    """The cohorts of everybody, of a segment, or of the people with one value of a tag."""

    key: str
    words: Words
    people: int
    cohorts: tuple[Cohort, ...]
    average: tuple[Average, ...]
    marks: tuple[Average, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The answer: groups over the same cohorts; `through` is the last day that has fully passed and holds data."""

    unit: Unit
    through: int | None
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class LifecycleQuery:
    """How people who do something come and go, unit by unit."""

    event: Matcher
    days: Days
    unit: Unit
    segments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One unit: people in each state; all null where the unit has not passed, and `why` says the reason."""

    day: int
    counts: dict[State, int] | None
    why: Why | None


@dataclass(frozen=True, slots=True)
class Life:
    """The answer for everybody or one segment."""

    key: str
    words: Words
    stages: tuple[Stage, ...]


class BadRetention(Refused):
    """A question about coming back that cannot be answered; `place` says which part."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_retention", words, place=place)
