"""The door of retention: who comes back, how people come and go, and who stands behind each of these figures."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import BaseModel, ValidationError

from weaktie.data.behaviour.contracts import I32, BadPeople, Crowd, Days
from weaktie.data.behaviour.service import NEVER, Behaviour
from weaktie.data.retention.bodies import LifecyclePeopleAsk, RetentionPeopleAsk, iso
from weaktie.data.retention.contracts import (
    MARKS,
    MOST_GROUPS,
    STATE_WORDS,
    BadRetention,
    Group,
    Life,
    LifecycleQuery,
    RetentionQuery,
    Stage,
    State,
    Table,
    Unit,
    Why,
)
from weaktie.data.retention.logic import (
    BACK,
    U8,
    Mask,
    averages,
    by_unit,
    came_back,
    cohorts_of,
    members,
    next_unit,
    people_of,
    states,
    triangle,
    unit_starts,
    why_not,
)
from weaktie.kit.clock import Clock, business_day, date_to_day
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words

Ask = TypeVar("Ask", bound=BaseModel)
EVERYBODY = "all"
OTHER, UNKNOWN = "other", "unknown"


@dataclass(frozen=True, slots=True)
class Read:
    """What a question was answered from: cohorts' first days, and START and BACK of each person and unit from there on."""

    crowd: Crowd
    starts: list[int]
    units: U8
    first_unit: I32
    today: int
    data: Days | None

    def why(self, unit: Unit, cohort: int, n: int) -> Why | None:
        """Why there is no figure for a cohort at n."""
        return why_not(next_unit(self.starts[cohort], unit, n + 1) - 1, self.today, self.data)


class Retention:
    """Answers from behaviour; safe from any thread."""

    def __init__(self, behaviour: Behaviour, clock: Clock, settings: Settings) -> None:
        self.behaviour, self._clock, self._settings = behaviour, clock, settings

    def today(self) -> int:
        """The business day that has not passed yet."""
        return business_day(self._clock.now_us(), self._settings.zone)

    def table(self, query: RetentionQuery) -> Table:
        """Cohorts and who of them came back. Raises BadRetention, BadCondition, BadTag, BadPeople."""
        read = self._read(query)
        depth = max(query.periods, MARKS[-1]) if query.unit == "day" else query.periods
        groups = []
        for key, words, among in self._groups(read.crowd, query.segments, query.tag):
            size, back = triangle(
                read.units, read.first_unit, query.mode, query.count, len(read.starts), depth, among
            )
            reasons = [
                [read.why(query.unit, c, n) for n in range(depth + 1)] for c in range(len(read.starts))
            ]
            cohorts = cohorts_of(size, back, read.starts, reasons)
            average = averages(cohorts, depth)
            shown = tuple(replace(c, returned=c.returned[: query.periods + 1]) for c in cohorts)
            marks = tuple(average[n] for n in MARKS) if query.unit == "day" else ()
            people = int((among & self._in_any(read, query)).sum())
            groups.append(Group(key, words, people, shown, average[: query.periods + 1], marks))
        through = None if read.data is None else min(read.today - 1, read.data.last)
        return Table(query.unit, through, tuple(groups))

    def lifecycle(self, query: LifecycleQuery) -> tuple[Life, ...]:
        """How many people are in which state in each unit. Raises BadRetention, BadCondition, BadPeople."""
        crowd = self.behaviour.crowd()
        starts, masks = self._states(crowd, query)
        today, data = self.today(), self.behaviour.span(crowd)
        found = []
        for key, words, among in self._groups(crowd, query.segments, ""):
            stages = []
            for start, state in zip(starts, masks, strict=True):
                why = why_not(next_unit(start, query.unit) - 1, today, data)
                counts = None if why else {name: int((mask & among).sum()) for name, mask in state.items()}
                stages.append(Stage(start, counts, why))
            found.append(Life(key, words, tuple(stages)))
        return tuple(found)

    def who_returned(self, ask: RetentionPeopleAsk) -> I32:
        """People of one cohort who came back at n, or did not. Raises as `table`."""
        query = ask.query.query(self.today())
        read = self._read(query)
        cohort = _place(read.starts, date_to_day(ask.cohort))
        among = self._among(read.crowd, query.segments, query.tag, ask.group)
        mask = members(read.units, read.first_unit, query.mode, cohort) & among
        if ask.n is not None:
            if read.why(query.unit, cohort, ask.n):
                raise _not_yet("people.n")
            returned = came_back(read.units, cohort, ask.n, query.count)
            mask &= returned if ask.returned else ~returned
        return people_of(read.crowd.people(), mask)

    def who_lives(self, ask: LifecyclePeopleAsk) -> I32:
        """People in a state in one unit. Raises as `lifecycle`."""
        query = ask.query.query(self.today())
        crowd = self.behaviour.crowd()
        starts, masks = self._states(crowd, query)
        place = _place(starts, date_to_day(ask.day))
        if why_not(next_unit(starts[place], query.unit) - 1, self.today(), self.behaviour.span(crowd)):
            raise _not_yet("people.day")
        mask = masks[place][ask.state]
        return people_of(crowd.people(), mask & self._among(crowd, query.segments, "", ask.group))

    def _read(self, query: RetentionQuery) -> Read:
        crowd, today = self.behaviour.crowd(), self.today()
        data = self.behaviour.span(crowd)
        starts = unit_starts(query.days, query.unit)
        end = next_unit(int(starts[-1]), query.unit) - 1
        depth = max(query.periods, MARKS[-1]) if query.unit == "day" else query.periods
        horizon = today if query.count == "after" else next_unit(int(starts[-1]), query.unit, depth + 1) - 1
        days = Days(int(starts[0]), max(end, min(horizon, today)))
        cells = self.behaviour.days((query.start, query.back), days, crowd).cells
        if query.count == "after" and today <= days.last:
            cells = cells.copy()
            cells[:, today - days.first :] &= ~np.uint8(BACK)
        units = by_unit(cells, days.first, unit_starts(days, query.unit))
        first_unit = np.empty(0, np.int32)
        if query.mode == "new":
            first = self.behaviour.first_days(crowd=crowd)
            place = np.searchsorted(starts, first, "right").astype(np.int32) - np.int32(1)
            first_unit = np.where((first != NEVER) & (first <= end), place, np.int32(-1)).astype(np.int32)
        return Read(crowd, starts.tolist(), units, first_unit, today, data)

    @staticmethod
    def _in_any(read: Read, query: RetentionQuery) -> Mask:
        if query.mode == "new":
            return np.asarray(read.first_unit >= 0)
        return np.asarray((read.units[:, : len(read.starts)] & 1).any(axis=1))

    def _states(self, crowd: Crowd, query: LifecycleQuery) -> tuple[list[int], list[dict[State, Mask]]]:
        starts = unit_starts(query.days, query.unit)
        before = next_unit(int(starts[0]), query.unit, -1)
        days = Days(before, next_unit(int(starts[-1]), query.unit) - 1)
        units = by_unit(
            self.behaviour.days((query.event,), days, crowd).cells, before, unit_starts(days, query.unit)
        )
        first = self.behaviour.first_days(query.event, crowd)
        active = units != 0
        return starts.tolist(), [
            states(active[:, u], active[:, u + 1], first >= start) for u, start in enumerate(starts.tolist())
        ]

    def _groups(self, crowd: Crowd, segments: tuple[str, ...], tag: str) -> list[tuple[str, Words, Mask]]:
        if segments:
            people = crowd.people()
            asked = [(key, {"kind": "segment", "segment_id": key}) for key in segments]
            return [
                (key, self.behaviour.describe(q), np.isin(people, self.behaviour.people(q)))
                for key, q in asked
            ]
        if tag:
            return self._by_tag(crowd, tag)
        return [(EVERYBODY, Words("全部用户", "Everybody"), np.ones(len(crowd.people()), np.bool_))]

    def _by_tag(self, crowd: Crowd, tag: str) -> list[tuple[str, Words, Mask]]:
        """The most frequent values of a tag, the others together, and who has none."""
        found = self.behaviour.tags([tag], crowd)
        column = found.columns[tag].combine_chunks()
        if pa.types.is_floating(column.type) or (
            pa.types.is_integer(column.type) and len(column.unique()) > MOST_GROUPS + 1
        ):
            words = Words(
                "这个标签取值太多，不能用来细分。", "This tag has too many values to break down by."
            )
            raise BadRetention("tag", words)
        people = crowd.people()
        encoded = column.cast(pa.string()).dictionary_encode()
        codes = np.full(len(people), -1, np.int64)
        codes[np.searchsorted(people, found.people)] = encoded.indices.fill_null(-1).to_numpy(
            zero_copy_only=False
        )
        sizes = np.bincount(codes[codes >= 0], minlength=len(encoded.dictionary))
        order = np.argsort(-sizes, kind="stable")
        values = encoded.dictionary.to_pylist()
        named = self.behaviour.tag_words(tag, [value or "" for value in values])
        groups = [
            (
                f"={values[c]}",
                named.get(values[c] or "", Words(values[c] or "–", values[c] or "–")),
                codes == c,
            )
            for c in order[:MOST_GROUPS]
        ]
        groups.append((OTHER, Words("其他", "Others"), np.isin(codes, order[MOST_GROUPS:])))
        groups.append((UNKNOWN, Words("未知", "Unknown"), codes == -1))
        return [group for group in groups if group[2].any()]

    def _among(self, crowd: Crowd, segments: tuple[str, ...], tag: str, key: str | None) -> Mask:
        groups = self._groups(crowd, segments, tag)
        if key is None and len(groups) == 1:
            return groups[0][2]
        for known, _, among in groups:
            if known == key:
                return among
        raise BadPeople(Words("没有这个分组。", "There is no such group."), "people.group")


class RetentionPeople:
    """People behind the cells of the retention table: kind "retention"."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    def people(self, query: Mapping[str, Any]) -> I32:
        """Person numbers now. Raises BadPeople, BadRetention."""
        return self._retention.who_returned(_asked(RetentionPeopleAsk, query))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are. Raises BadPeople."""
        ask = _asked(RetentionPeopleAsk, query)
        unit = {"day": ("天", "day"), "week": ("周", "week"), "month": ("月", "month")}[ask.query.unit]
        cohort = iso(date_to_day(ask.cohort))
        if ask.n is None:
            return Words(f"{cohort} 同期群", f"Cohort of {cohort}")
        later = ask.query.count == "after"
        did = ("回访" if ask.returned else "未回访", "came back" if ask.returned else "did not come back")
        return Words(
            f"{cohort} 同期群，第 {ask.n} {unit[0]}{'或之后' if later else ''}{did[0]}",
            f"Cohort of {cohort}, {did[1]} in {unit[1]} {ask.n}{' or later' if later else ''}",
        )


class LifecyclePeople:
    """People behind the bars of the lifecycle: kind "lifecycle"."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention

    def people(self, query: Mapping[str, Any]) -> I32:
        """Person numbers now. Raises BadPeople, BadRetention."""
        return self._retention.who_lives(_asked(LifecyclePeopleAsk, query))

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are. Raises BadPeople."""
        ask = _asked(LifecyclePeopleAsk, query)
        words, day = STATE_WORDS[ask.state], iso(date_to_day(ask.day))
        return Words(f"{day} {words.zh.partition('：')[0]}用户", f"{ask.state.capitalize()} on {day}")


def _asked(model: type[Ask], query: Mapping[str, Any]) -> Ask:
    """A query of people as its model. Raises BadPeople with the place of what is wrong."""
    try:
        return model.model_validate(dict(query))
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors()[0]["loc"])[:120]
        raise BadPeople(
            Words("人群查询的字段无效。", "A field of the query of people is not valid."), f"people.{place}"
        ) from None


def _not_yet(place: str) -> BadRetention:
    words = Words("这一天（周、月）还没有完整的数据。", "This day (week, month) has no full data yet.")
    return BadRetention(place, words)


def _place(starts: list[int], day: int) -> int:
    """Which unit begins on a day. Raises BadPeople."""
    if day not in starts:
        raise BadPeople(Words("没有这个同期群。", "There is no such cohort."), "people.cohort")
    return starts.index(day)
