"""The door of funnels: figures, the people behind each of them, and funnels that are kept."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import msgspec
import numpy as np
from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.data.behaviour.contracts import I32, BadPeople, Crowd, Days, Sequences, day_asked
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.funnels.bodies import FunnelBody, funnel_of
from weaktie.data.funnels.contracts import (
    TOP_VALUES,
    Figures,
    Funnel,
    FunnelNameTaken,
    Group,
    NoFunnel,
    Saved,
)
from weaktie.data.funnels.logic import Bools, Reached, figures, reached, trend
from weaktie.data.funnels.tables import saved_funnels
from weaktie.kit.clock import DAY_US, Clock, business_day
from weaktie.kit.ids import new_id
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

ALL: Final = "all"
AHEAD_DAYS: Final = (31, 181)
"""Days after the range that are read, so that another window finds the same events in memory."""
EVERYBODY = Words("全部用户", "Everybody")
NONE = Words("无", "None")
OTHER = Words("其他", "Other")


class Funnels:
    """Funnels over the behaviour of everybody who may be analysed."""

    def __init__(self, *, database: Database, clock: Clock, settings: Settings, behaviour: Behaviour) -> None:
        self.database, self.clock, self._settings, self._behaviour = database, clock, settings, behaviour

    @property
    def today(self) -> int:
        """The business day now."""
        return business_day(self.clock.now_us(), self._settings.zone)

    def figures(self, funnel: Funnel) -> Figures:
        """Everything about a funnel; raises BadCondition, BadTag and BadPeople (an unknown segment)."""
        crowd = self._behaviour.crowd()
        sequences, found = self._found(funnel, crowd)
        now_us = self.clock.now_us()
        steps = len(funnel.steps)
        inside = self._inside(funnel, sequences.people)
        groups = [
            Group(key, words, figures(found, chosen & inside, steps))
            for key, words, chosen in self._groups(funnel, sequences, found, crowd)
        ]
        entered = inside & (found.level > 0)
        done = found.level[entered] == steps
        begun_us = found.time_us[entered, 0]
        closed = business_day(now_us - funnel.window_us, self._settings.zone) - 1
        points = trend(sequences.day[found.entry[entered]], done, funnel, closed)
        still = int(np.count_nonzero(~done & (begun_us + funnel.window_us > now_us)))
        last = max((f.max_day for f in crowd.snapshot.of("events")), default=None)
        return Figures(groups, points, still, now_us, last)

    def words(self, funnel: Funnel) -> list[Words]:
        """What the steps are called."""
        known = self._behaviour.event_words([s.event for s in funnel.steps if s.event])
        return [known.get(s.event, Words("任意事件", "Any event")) for s in funnel.steps]

    # ---- people

    def people(self, query: Mapping[str, Any]) -> I32:
        """Those who reached step `step` (from 1) or, with `dropped`, not the next one; of one `group`, and entered from
        `entered_from` to `entered_to` where these days are given. Raises BadPeople."""
        funnel, step, dropped = self._asked(query)
        crowd = self._behaviour.crowd()
        sequences, found = self._found(funnel, crowd)
        chosen = found.level == step if dropped else found.level >= step
        chosen &= self._inside(funnel, sequences.people)
        group = query.get("group", ALL)
        if group != ALL:
            known = {key: mask for key, _, mask in self._groups(funnel, sequences, found, crowd)}
            if group not in known:
                raise BadPeople(Words("没有这一组。", "There is no such group."), "people.group")
            chosen &= known[group]
        for name, sign in (("entered_from", 1), ("entered_to", -1)):
            if name in query:
                day = day_asked(query, name)
                entries = np.where(found.entry >= 0, sequences.day[found.entry], np.int32(0))
                chosen &= (entries >= day) if sign > 0 else (entries <= day)
        people: I32 = sequences.people[chosen]
        return people

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are: the step and what it is called. Raises BadPeople."""
        funnel, step, dropped = self._asked(query)
        words = self.words(funnel)
        zh, en = " → ".join(w.zh for w in words), " → ".join(w.en for w in words)
        said = Words(f"完成第 {step} 步", f"reached step {step}")
        if dropped:
            said = Words(f"第 {step} 步后流失", f"lost after step {step}")
        return Words(f"漏斗 {zh}：{said.zh}", f"Funnel {en}: {said.en}")

    def _asked(self, query: Mapping[str, Any]) -> tuple[Funnel, int, bool]:
        try:
            funnel = funnel_of(FunnelBody.model_validate(query.get("funnel")), self.today)
        except ValidationError as error:
            place = ".".join(str(p) for p in error.errors()[0]["loc"])[:100]
            raise BadPeople(
                Words("漏斗定义无效。", "The definition of the funnel is not valid."),
                f"people.funnel.{place}",
            ) from None
        step, dropped = query.get("step"), query.get("dropped", False)
        if not isinstance(step, int) or isinstance(step, bool) or not 1 <= step <= len(funnel.steps):
            raise BadPeople(Words("没有这一步。", "There is no such step."), "people.step")
        if not isinstance(dropped, bool) or (dropped and step == len(funnel.steps)):
            raise BadPeople(
                Words("最后一步之后没有流失。", "Nobody is lost after the last step."), "people.dropped"
            )
        return funnel, step, dropped

    # ---- computing

    def _found(self, funnel: Funnel, crowd: Crowd) -> tuple[Sequences, Reached]:
        matchers = [*funnel.steps, *(e.matcher for e in funnel.exclusions)]
        self._behaviour.check(matchers, _places(funnel))
        sequences = self._behaviour.sequences(matchers, self._days(funnel, crowd), crowd=crowd)
        return sequences, reached(sequences, funnel, self._behaviour.threads)

    def _days(self, funnel: Funnel, crowd: Crowd) -> Days:
        """The days of entry and those on which a window may still be open, as far as there are events."""
        needed = funnel.window_us // DAY_US + 1
        ahead = next(days for days in AHEAD_DAYS if days >= needed)
        newest = max((f.max_day for f in crowd.snapshot.of("events")), default=funnel.last_day)
        return Days(funnel.first_day, max(funnel.last_day, min(funnel.last_day + ahead, newest)))

    def _inside(self, funnel: Funnel, people: I32) -> Bools:
        if funnel.within is None:
            return np.ones(len(people), np.bool_)
        return self._segment(funnel.within, people)

    def _segment(self, segment_id: str, people: I32) -> Bools:
        members = self._behaviour.segment(segment_id)
        mask: Bools = np.isin(people, members)
        return mask

    def _groups(
        self, funnel: Funnel, sequences: Sequences, found: Reached, crowd: Crowd
    ) -> list[tuple[str, Words, Bools]]:
        """Key, words and people of everybody first, then of each segment, or of each value of the breakdown."""
        everybody = np.ones(len(sequences.people), np.bool_)
        groups = [(ALL, EVERYBODY, everybody)]
        for segment_id in funnel.segments:
            words = self._behaviour.describe({"kind": "segment", "segment_id": segment_id})
            groups.append((f"segment:{segment_id}", words, self._segment(segment_id, sequences.people)))
        if funnel.breakdown is None:
            return groups
        if funnel.breakdown.by == "tag":
            codes, values = self._by_tag(funnel.breakdown.key, sequences.people, crowd)
            words_of = self._behaviour.tag_words(funnel.breakdown.key, values)
        else:
            codes, values = self._by_property(funnel, sequences, found, crowd)
            words_of = {}
        entered = found.level > 0
        counts = Counter(
            dict(enumerate(np.bincount(codes[entered & (codes >= 0)], minlength=len(values)).tolist()))
        )
        ranked = sorted((c for c in counts if counts[c]), key=lambda c: (-counts[c], values[c]))
        for code in ranked[:TOP_VALUES]:
            value = values[code]
            shown = value or "–"
            groups.append((f"value:{value}", words_of.get(value, Words(shown, shown)), codes == code))
        rest = np.isin(codes, ranked[TOP_VALUES:])
        if len(ranked) > TOP_VALUES:
            groups.append(("other", OTHER, rest))
        if np.any(entered & (codes < 0)):
            groups.append(("none", NONE, codes < 0))
        return groups

    def _by_tag(self, key: str, people: I32, crowd: Crowd) -> tuple[I32, list[str]]:
        tags = self._behaviour.tags([key], crowd)
        encoded = tags.columns[key].cast("string").combine_chunks().dictionary_encode()
        of_tag = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        codes = np.full(len(people), -1, np.int32)
        at = np.searchsorted(tags.people, people)
        there = at < len(tags.people)
        there[there] = tags.people[at[there]] == people[there]
        codes[there] = of_tag[at[there]]
        return codes, encoded.dictionary.to_pylist()

    def _by_property(
        self, funnel: Funnel, sequences: Sequences, found: Reached, crowd: Crowd
    ) -> tuple[I32, list[str]]:
        """The property of the event with which each person entered.

        Only events of the first step are read again: the n-th of a person there is the n-th here.
        """
        assert funnel.breakdown is not None
        key = funnel.breakdown.key
        days = self._days(funnel, crowd)
        first = self._behaviour.sequences([funnel.steps[0]], days, [key], crowd)
        begins = (sequences.matched & 1).astype(np.int64)
        before = np.cumsum(begins) - begins
        codes = np.full(len(sequences.people), -1, np.int32)
        some = np.flatnonzero(found.entry >= 0)
        entry = found.entry[some]
        place = before[entry] - before[sequences.starts[some]]
        at = np.searchsorted(first.people, sequences.people[some])
        codes[some] = first.columns[key].codes[first.starts[at] + place]
        return codes, first.columns[key].values

    # ---- kept ones

    def listed(self, connection: Connection) -> list[Saved]:
        """Kept funnels by name."""
        rows = connection.execute(
            select(saved_funnels).where(saved_funnels.c.deleted_us.is_(None)).order_by(saved_funnels.c.name)
        )
        return [_saved(row) for row in rows.mappings()]

    def find(self, connection: Connection, funnel_id: str, *, deleted: bool = False) -> Saved:
        """One of them; with `deleted` also one that was deleted. Raises NoFunnel."""
        row = connection.execute(
            select(saved_funnels).where(saved_funnels.c.funnel_id == funnel_id)
        ).mappings().one_or_none()  # fmt: skip
        if row is None or (row["deleted_us"] is not None and not deleted):
            raise NoFunnel(funnel_id)
        return _saved(row)

    def save(self, tx: Connection, name: str, body: FunnelBody, *, actor: str) -> Saved:
        """Keep a funnel. Raises BadFunnel, BadCondition and FunnelNameTaken."""
        self._checked(body)
        self._free(tx, name, "")
        now_us = self.clock.now_us()
        funnel_id = new_id("funnel", now_us)
        tx.execute(
            insert(saved_funnels).values(
                funnel_id=funnel_id, name=name, definition_json=_json(body), made_us=now_us, made_by=actor[:64],
                changed_us=now_us,
            )
        )  # fmt: skip
        return self.find(tx, funnel_id)

    def change(self, tx: Connection, funnel_id: str, *, name: str | None, body: FunnelBody | None) -> Saved:
        """Another name or definition. Raises NoFunnel, BadFunnel, BadCondition and FunnelNameTaken."""
        self.find(tx, funnel_id)
        values: dict[str, object] = {"changed_us": self.clock.now_us()}
        if name is not None:
            self._free(tx, name, funnel_id)
            values["name"] = name
        if body is not None:
            self._checked(body)
            values["definition_json"] = _json(body)
        tx.execute(update(saved_funnels).where(saved_funnels.c.funnel_id == funnel_id).values(values))
        return self.find(tx, funnel_id)

    def remove(self, tx: Connection, funnel_id: str) -> Saved:
        """Take it off the list; `restore` brings it back. Raises NoFunnel."""
        gone = self.find(tx, funnel_id)
        at = self.clock.now_us()
        tx.execute(update(saved_funnels).where(saved_funnels.c.funnel_id == funnel_id).values(deleted_us=at))
        return gone

    def restore(self, tx: Connection, funnel_id: str) -> Saved:
        """Undo a deletion. Raises NoFunnel, and FunnelNameTaken where another has the name now."""
        back = self.find(tx, funnel_id, deleted=True)
        self._free(tx, back.name, funnel_id)
        tx.execute(
            update(saved_funnels).where(saved_funnels.c.funnel_id == funnel_id).values(deleted_us=None)
        )
        return self.find(tx, funnel_id)

    def _checked(self, body: FunnelBody) -> None:
        funnel = funnel_of(body, self.today)
        self._behaviour.check([*funnel.steps, *(e.matcher for e in funnel.exclusions)], _places(funnel))

    def _free(self, tx: Connection, name: str, mine: str) -> None:
        taken = select(saved_funnels.c.funnel_id).where(
            saved_funnels.c.name == name,
            saved_funnels.c.deleted_us.is_(None),
            saved_funnels.c.funnel_id != mine,
        )
        if tx.execute(taken.limit(1)).first() is not None:
            raise FunnelNameTaken(name)


def _places(funnel: Funnel) -> list[str]:
    """Where each matcher stands in a request."""
    return [
        f"{name}.{i}"
        for name, part in (("steps", funnel.steps), ("exclusions", funnel.exclusions))
        for i in range(len(part))
    ]


def _json(body: FunnelBody) -> str:
    return body.model_dump_json(exclude_defaults=False)


def _saved(row: RowMapping) -> Saved:
    return Saved(
        row["funnel_id"], row["name"], msgspec.json.decode(row["definition_json"]), row["made_us"], row["made_by"],
        row["changed_us"], row["deleted_us"],
    )  # fmt: skip
