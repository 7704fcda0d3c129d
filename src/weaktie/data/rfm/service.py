"""The door of RFM's rules and movements. Classes of a past day are computed from the orders as they stood then."""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

import narwhals as nw
import numpy as np
import pyarrow as pa

from weaktie.data.behaviour.contracts import BadPeople, Crowd, only
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.identity.contracts import ERASED
from weaktie.data.profiles.contracts import Grounds
from weaktie.data.profiles.service import (
    RFM_CLASSES,
    RFM_EIGHTS,
    RFM_TABLE,
    End,
    buyers_as_of,
    eight_of,
    rfm_rules,
    rfm_table,
)
from weaktie.data.rfm import logic
from weaktie.data.rfm.contracts import EMPTY, I32, MOST_MONTHS, NONE, NONE_WORDS, Classed, Month
from weaktie.kit.clock import business_day, day_to_date
from weaktie.kit.errors import NotFound
from weaktie.kit.words import Words
from weaktie.store.runs.service import Jobs
from weaktie.trust.audit.service import record

KEPT_DAYS = 40
LEVELS = ("high", "mid", "low")


class RfmParts(Grounds, Protocol):
    """What RFM works with."""

    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def jobs(self) -> Jobs: ...


class Rfm:
    """Rules, previews, movements, and the people behind them. Safe from any thread."""

    def __init__(self, parts: RfmParts) -> None:
        self.parts = parts
        self._lock = threading.Lock()
        self._buyers: OrderedDict[tuple[str, int], pa.Table] = OrderedDict()

    # --- rules ----------------------------------------------------------------------------------------------------

    def current(self) -> rfm_rules.RuleVersion:
        """The rule that holds."""
        with self.parts.database.connect() as connection:
            return rfm_rules.current(connection)

    def history(self) -> list[rfm_rules.RuleVersion]:
        """Every rule, the newest first."""
        with self.parts.database.connect() as connection:
            return rfm_rules.history(connection)

    def save(self, rule: rfm_rules.Rule, actor: str, *, undo_of: int | None = None) -> int:
        """Cut by this rule from now on and ask for a build that does; returns the version. Raises BadRule."""
        rfm_rules.checked(rule)
        parts = self.parts
        with parts.database.begin() as tx:
            version = rfm_rules.save(tx, rule, actor, parts.clock.now_us())
            detail: dict[str, object] = {"rule": rfm_rules.as_dict(rule)}
            if undo_of is not None:
                detail["restored"] = undo_of
            record(
                tx, parts.clock, actor=actor, action="rfm_rule_saved", object_kind="rfm", object_id=str(version), detail=detail
            )  # fmt: skip
        parts.jobs.start("build", {}, actor=actor)
        return version

    def restore(self, version: int, actor: str) -> int:
        """Cut as an earlier version did, as a new version; raises NotFound."""
        old = next((v for v in self.history() if v.version == version), None)
        if old is None:
            raise NotFound(
                "no_such_version", Words("没有这个版本。", "There is no such version."), place="version"
            )
        return self.save(old.rule, actor, undo_of=version)

    def preview(self, rule: rfm_rules.Rule) -> dict[str, Any]:
        """Who would be in another class by this rule, today: cut-offs, classes before and after, movement. Raises BadRule."""
        rfm_rules.checked(rule)
        crowd = self.parts.behaviour.crowd()
        day = self.today()
        before = self._classed(crowd, day, self.current().rule)
        after = self._classed(crowd, day, rule)
        moved = sum(1 for a, b in zip(before.classes, after.classes, strict=True) if a != b)
        return {
            "as_of_day": day, "people": len(after.people), "moved": moved, "cutoffs": after.cutoffs,
            "before": _counted(before), "after": _counted(after),
            "cells": [
                {"from": c.origin, "to": c.target, "count": c.count} for c in logic.cells(before, after)
            ],
        }  # fmt: skip

    # --- movements ------------------------------------------------------------------------------------------------

    def today(self) -> int:
        """The business day now."""
        return business_day(self.parts.clock.now_us(), self.parts.settings.zone)

    def moves(self, months: int) -> dict[str, Any]:
        """How buyers moved between classes in each of the last months, the earliest first, by the rule that holds now."""
        crowd, rule = self.parts.behaviour.crowd(), self.current()
        names = list(logic.months_until(self.today(), min(months, MOST_MONTHS)))
        self._buyers_of(crowd, sorted({day for name in names for day in self._ends(name)}))
        return {
            "rule_version": rule.version,
            "classes": [
                {"key": key, "words": words.as_dict()}
                for key, words in {NONE: NONE_WORDS, **RFM_CLASSES}.items()
            ],
            "months": [self._month(crowd, name, rule.rule).as_dict() for name in names],
        }

    def _month(self, crowd: Crowd, month: str, rule: rfm_rules.Rule) -> Month:
        from_day, to_day = self._ends(month)
        before, after = self._classed(crowd, from_day, rule), self._classed(crowd, to_day, rule)
        complete = logic.month_end(month) < self.today()
        return Month(month, from_day, to_day, complete, logic.cells(before, after))

    def _ends(self, month: str) -> tuple[int, int]:
        """The day before the month and its last day, or today in the month that still runs; raises BadPeople."""
        try:
            last = logic.month_end(month)
        except ValueError:
            raise BadPeople(
                Words("月份格式应为 2026-10。", "A month is written 2026-10."), "people.month"
            ) from None
        first = day_to_date(last).replace(day=1)
        return last - (day_to_date(last) - first).days - 1, min(last, self.today())

    def _classed(self, crowd: Crowd, day: int, rule: rfm_rules.Rule) -> Classed:
        table, cutoffs = rfm_table(self._buyers_of(crowd, [day])[0], day, rule)
        people = table["person_no"].to_numpy().astype(np.int32)
        levels = list(zip(*(table[k].to_pylist() for k in ("r", "f", "m")), strict=True))
        shown = {name: cuts.as_dict() for name, cuts in cutoffs.items()}
        return Classed(day, people, table["rfm_class"].to_pylist(), levels, shown)

    def _buyers_of(self, crowd: Crowd, days: Sequence[int]) -> list[pa.Table]:
        """The buyers as of each of the days; what was not asked before is read in one pass."""
        with self._lock:
            missing = [d for d in dict.fromkeys(days) if (crowd.key, d) not in self._buyers]
        found = self._read(crowd, missing) if missing else {}
        with self._lock:
            for day, table in found.items():
                self._buyers[crowd.key, day] = table
            known = {d: self._buyers[crowd.key, d] for d in days}
            for day in known:
                self._buyers.move_to_end((crowd.key, day))
            while len(self._buyers) > max(KEPT_DAYS, len(known)):
                self._buyers.popitem(last=False)
        return [known[d] for d in days]

    def _read(self, crowd: Crowd, days: Sequence[int]) -> dict[int, pa.Table]:
        living = np.flatnonzero(crowd.persons != ERASED).astype(np.int32)
        persons = pa.table({"alias_no": pa.array(living), "person_no": pa.array(crowd.persons[living])})
        zone = self.parts.settings.zone
        ends = []
        for day in days:
            after = datetime.combine(day_to_date(day) + timedelta(days=1), datetime.min.time(), tzinfo=zone)
            ends.append(End(day, int(after.timestamp()) * 1_000_000))
        with self.parts.database.connect() as connection:
            marked = self.parts.quality.marked(connection)
        with self.parts.engine.session() as session:
            left_out = self.parts.quality.left_out_orders(session, crowd.snapshot, marked)
            return buyers_as_of(session, crowd.snapshot, persons, crowd.spans, left_out, ends)

    # --- people ---------------------------------------------------------------------------------------------------

    def movers(self, query: Mapping[str, Any]) -> I32:
        """Who went `from` one class `to` another in a `month`; raises BadPeople."""
        origin, target = _class(query, "from", none=True), _class(query, "to")
        crowd, rule = self.parts.behaviour.crowd(), self.current().rule
        from_day, to_day = self._ends(str(query.get("month", "")))
        was = logic.class_of(self._classed(crowd, from_day, rule))
        after = self._classed(crowd, to_day, rule)
        found = [
            n for n, cls in zip(after.people.tolist(), after.classes, strict=True)
            if cls == target and was.get(n, NONE) == origin
        ]  # fmt: skip
        return np.array(found, np.int32)

    def cell(self, query: Mapping[str, Any]) -> I32:
        """Who is in a class, one of the eight, or at levels, as the last build left it; raises BadPeople."""
        wanted = {name: str(query[name]) for name in ("rfm_class", "eight", "r", "f", "m") if query.get(name)}
        _check_cell(wanted)
        crowd = self.parts.behaviour.crowd()
        files = [f.path for f in crowd.snapshot.of("rfm")]
        if not files:
            return EMPTY
        with self.parts.engine.session() as session:
            frame = session.scan(files, RFM_TABLE.schema).select("person_no", "r", "f", "m", "rfm_class")
            for name in ("rfm_class", "r", "f", "m"):
                if name in wanted:
                    frame = frame.filter(nw.col(name) == wanted[name])
            rows = session.collect(frame).sort_by("person_no").to_pylist()
        eight = wanted.get("eight")
        people = [r["person_no"] for r in rows if eight is None or eight_of(r["r"], r["f"], r["m"]) == eight]
        return only(crowd.people(), people)


class RfmPeople:
    """The kind `rfm` of queries of people: `{"kind": "rfm", "rfm_class" | "eight" | "r", "f", "m": …}`."""

    def __init__(self, rfm: Rfm) -> None:
        self._rfm = rfm

    def people(self, query: Mapping[str, Any]) -> I32:
        """See `behaviour.contracts.PeopleSource`."""
        return self._rfm.cell(query)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """See `behaviour.contracts.PeopleSource`."""
        wanted = {n: str(query[n]) for n in ("rfm_class", "eight", "r", "f", "m") if query.get(n)}
        _check_cell(wanted)
        named = RFM_CLASSES.get(wanted.get("rfm_class", ""))
        if named is None and "eight" in wanted:
            named = RFM_EIGHTS[wanted["eight"]][0]
        levels = " ".join(f"{n.upper()}={wanted[n]}" for n in ("r", "f", "m") if n in wanted)
        zh, en = (named.zh, named.en) if named is not None else ("", "")
        return Words(f"RFM {zh} {levels}".strip(), f"RFM {en} {levels}".strip())


class MovePeople:
    """The kind `rfm_move`: `{"kind": "rfm_move", "month": "2026-10", "from": …, "to": …}`."""

    def __init__(self, rfm: Rfm) -> None:
        self._rfm = rfm

    def people(self, query: Mapping[str, Any]) -> I32:
        """See `behaviour.contracts.PeopleSource`."""
        return self._rfm.movers(query)

    def describe(self, query: Mapping[str, Any]) -> Words:
        """See `behaviour.contracts.PeopleSource`."""
        words = {NONE: NONE_WORDS, **RFM_CLASSES}
        a, b = words[_class(query, "from", none=True)], words[_class(query, "to")]
        month = str(query.get("month", ""))
        return Words(f"{month} 由{a.zh}变为{b.zh}", f"{month}: from {a.en} to {b.en}")


def _class(query: Mapping[str, Any], name: str, *, none: bool = False) -> str:
    value = str(query.get(name, ""))
    if value in RFM_CLASSES or (none and value == NONE):
        return value
    raise BadPeople(Words(f"没有 RFM 分类 {value}。", f"There is no RFM class {value}."), f"people.{name}")


def _check_cell(wanted: Mapping[str, str]) -> None:
    known = {"rfm_class": tuple(RFM_CLASSES), "eight": tuple(RFM_EIGHTS)}
    for name, value in wanted.items():
        if value not in known.get(name, LEVELS):
            raise BadPeople(Words(f"没有 {value}。", f"There is no {value}."), f"people.{name}")
    if not wanted:
        raise BadPeople(Words("请指定分类或等级。", "Name a class or levels."), "people.rfm_class")


def _counted(classed: Classed) -> list[dict[str, Any]]:
    counts = {key: classed.classes.count(key) for key in RFM_CLASSES}
    return [{"key": key, "words": RFM_CLASSES[key].as_dict(), "count": n} for key, n in counts.items()]
