"""The AARRR loop: acquisition, activation, retention, revenue, referral, each by metrics of the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from weaktie.data.behaviour.contracts import I32, BadPeople, Days, day_asked, only
from weaktie.data.metrics.contracts import Change, Metric, Need, Point, Question, Series
from weaktie.data.metrics.referral import Brought, Cascades, brought, cascades
from weaktie.data.metrics.service import METRICS, Metrics
from weaktie.kit.clock import day_to_date
from weaktie.kit.kept import Kept
from weaktie.kit.words import Words

STAGES: dict[str, tuple[str, ...]] = {
    "acquisition": ("new_users", "cac"),
    "activation": ("activation_7d", "new_user_conversion"),
    "retention": ("retention_30d", "retention_60d", "churn_30d"),
    "revenue": ("buyers", "gmv", "arpu", "ltv"),
    "referral": ("k_factor", "invitations_per_active", "referral_conversion", "referral_participation"),
}
TREND_WEEKS = 12
KEPT = 8


@dataclass(frozen=True, slots=True)
class Item:
    """One metric of a stage; `days` are those that were asked, which end earlier than the page's where a cohort must be older.
    `no_data` says why there is none."""

    metric: Metric
    days: Days
    currency: str
    point: Point | None
    no_data: Words | None


@dataclass(frozen=True, slots=True)
class Channel:
    """What a channel brought: new people and how that changed, with cost and activation; null with a reason where not known."""

    channel: str
    words: Words
    newcomers: int
    before: Change
    cac: list[tuple[float, str]]
    activation: float | None
    activation_days: Days


@dataclass(frozen=True, slots=True)
class Loop:
    """The whole page."""

    days: Days
    stages: dict[str, list[Item]]
    channels: list[Channel]
    cac_missing: Words | None
    cascades: Cascades
    cascades_before: Cascades
    trend: list[Series]


class Aarrr:
    """Asks the catalogue for the loop's numbers."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._kept: Kept[Loop] = Kept(KEPT)

    def loop(self, days: Days, segment: str = "") -> Loop:
        """The loop over some days, compared with as many days before. Raises BadQuestion, or what a segment raises."""
        if segment:  # its members may be others at any time
            return self._loop(days, segment)
        facts = self._metrics.book.read({Need.COSTS, Need.MEMBERS})
        key = (facts.crowd.key, facts.today, days, tuple(facts.costs or ()), facts.members is None)
        return self._kept.get(key, lambda: self._loop(days, ""))

    def _loop(self, days: Days, segment: str) -> Loop:
        stages = {
            stage: [i for key in keys for i in self._items(key, days, segment)]
            for stage, keys in STAGES.items()
        }
        found = self._brought()
        length = days.last - days.first + 1
        trend_days = Days(days.last - 7 * TREND_WEEKS + 1, days.last)
        keys = ("k_factor", "invitations_per_active", "referral_conversion")
        trend = self._metrics.query(Question(keys, trend_days, "week", segment=segment, compare=False))
        channels, missing = self._channels(days, segment)
        return Loop(
            days, stages, channels, missing, cascades(found, days.first, days.last),
            cascades(found, days.first - length, days.first - 1), trend.series,
        )  # fmt: skip

    def _items(self, key: str, days: Days, segment: str) -> list[Item]:
        metric = METRICS[key]
        asked = self._mature(metric, days)
        answer = self._metrics.query(Question((key,), asked, "range", segment=segment))
        if key in answer.no_data or not answer.series:
            return [
                Item(metric, asked, "", None, answer.no_data.get(key) or Words("还没有数据", "no data yet"))
            ]
        return [Item(metric, asked, s.currency, s.points[0], None) for s in answer.series]

    def _mature(self, metric: Metric, days: Days) -> Days:
        """As many days, ending where the cohort's window is over; the newest that can be known."""
        last = (
            min(days.last, self._metrics.today - 1 - metric.mature_days) if metric.mature_days else days.last
        )
        return Days(last - (days.last - days.first), last)

    def _channels(self, days: Days, segment: str) -> tuple[list[Channel], Words | None]:
        question = Question(("new_users", "cac"), days, "range", split="channel", segment=segment)
        answer = self._metrics.query(question)
        mature = self._mature(METRICS["activation_7d"], days)
        activation = self._metrics.query(
            replace(question, metrics=("activation_7d",), days=mature, compare=False)
        )
        active = {s.split: s.points[0].value for s in activation.series}
        cac: dict[str, list[tuple[float, str]]] = {}
        for one in answer.series:
            if one.metric == "cac" and one.points[0].value is not None:
                cac.setdefault(one.split, []).append((one.points[0].value, one.currency))
        found = [
            Channel(
                s.split, s.split_words, int(s.points[0].value or 0), s.points[0].previous, cac.get(s.split, []),
                active.get(s.split), mature,
            )
            for s in answer.series
            if s.metric == "new_users"
        ]  # fmt: skip
        return found, answer.no_data.get("cac")

    def _brought(self) -> Brought:
        facts = self._metrics.book.read({Need.INVITES})
        assert facts.invites is not None
        return brought(facts.invites)

    # --- people: {"kind": "cascade", "from", "to", "depth"} and {"kind": "came", "from", "to", "channel"} ---------

    def people(self, query: Mapping[str, Any]) -> I32:
        """Who was brought, or who came through a channel, on some days, ascending. Raises BadPeople."""
        days = _days(query)
        crowd = self._metrics.behaviour.crowd()
        if query.get("kind") == "cascade":
            found = self._brought()
            mask = (found.day >= days.first) & (found.day <= days.last)
            if query.get("depth"):
                mask &= found.depth == int(query["depth"])
            return only(crowd.people(), np.unique(found.person[mask]))
        facts = self._metrics.book.read({Need.PEOPLE})
        assert facts.people is not None
        came = facts.people.first_day[facts.people.may]
        who = facts.people.may[(came >= days.first) & (came <= days.last)]
        code = facts.codes.channels.find((str(query.get("channel") or ""),))
        through = facts.people.channel[who]
        who = who[np.isin(through, code)] if len(code) and query.get("channel") else who[through < 0]
        return only(crowd.people(), who)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words. Raises BadPeople."""
        days = _days(query)
        when = f"{day_to_date(days.first)} – {day_to_date(days.last)}"
        if query.get("kind") == "cascade":
            depth = int(query.get("depth") or 0)
            return Words(
                f"{when} 受邀加入" + (f"（第 {depth} 层）" if depth else ""),
                f"Brought by an invitation {when}" + (f" (depth {depth})" if depth else ""),
            )
        channel = str(query.get("channel") or "—")
        return Words(f"{when} 的新用户：{channel}", f"New users {when}: {channel}")


def _days(query: Mapping[str, Any]) -> Days:
    try:
        int(query.get("depth") or 0)
    except (ValueError, TypeError) as error:
        raise BadPeople(Words("层数无效。", "The depth is not valid."), "people.depth") from error
    return Days(day_asked(query, "from"), day_asked(query, "to"))
