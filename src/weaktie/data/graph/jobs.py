"""The build of the graph: interactions by day, ties with their parts, people with their communities.

Only days that something touched are read again. Pairs are kept as of the last build and the day's are added to them; weights
and communities are computed anew once a week, or where the code changed ("whole").
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from weaktie.data.graph import jobs_days, state
from weaktie.data.graph.assembling import Pairs, Rows, added, of_people, of_rows, size_of
from weaktie.data.graph.contracts import F32, I32, PARTS, SOCIAL, Built, Part, Weights
from weaktie.data.graph.kernels import Support, triangle_support
from weaktie.data.graph.learning import cases_of, learned
from weaktie.data.graph.logic import DEFAULT, STRONG_SHARE, parts_of, strengths
from weaktie.data.graph.measuring import Standing, measured
from weaktie.data.graph.tables import TIE_DAY, TIE_PEOPLE, TIES
from weaktie.data.identity.contracts import ERASED
from weaktie.data.profiles.contracts import ANALYTICS, PROFILES_LEASE, BuildParts, Everybody
from weaktie.kit.clock import business_day
from weaktie.kit.words import Words
from weaktie.store.engine.contracts import Session
from weaktie.store.lake.contracts import LakeFile, Snapshot, Staged
from weaktie.store.lake.tables import CONTENTS, EVENTS, ORDER_ITEMS, ORDERS, RELATIONS
from weaktie.store.runs.contracts import Progress
from weaktie.store.runs.service import Lease, kept_alive, lease

CODE_VERSION: Final = "1"
"""Raised whenever the same rows would give other ties."""
SOURCES: Final = frozenset(t.name for t in (EVENTS, RELATIONS, ORDERS, ORDER_ITEMS, CONTENTS))
WHOLE_DAYS: Final = 7
CUT_ROWS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Who:
    """Who may be in the graph: the person of each identifier or -1; and figures about everybody."""

    persons: I32
    figures: dict[str, int]


def build_graph(
    parts: BuildParts, told: Progress, everybody: Everybody | None = None, *, patience_s: float = 0.0
) -> Built | None:
    """Bring ties up to date; None where nothing is new. Raises Busy while another build or an erasure runs longer than
    `patience_s`. `everybody` is what the build before has read a moment ago; without it that is read here."""
    turn = lease(parts.database, parts.clock, PROFILES_LEASE, patience_s=patience_s)
    with turn as held, kept_alive(held):
        return _Build(parts, told, held).run(everybody)


def who_may(everybody: Everybody, own: set[int]) -> Who:
    """Everybody granted for social analysis, and for analysis at all; identifiers that several people share are nobody's."""
    granted, refused = everybody.granted, everybody.refused
    persons = everybody.person_map.person_of
    there = np.zeros(len(persons), np.bool_)
    there[persons[persons != ERASED]] = True
    there[:1] = False  # no identifier has the number 0
    living = np.flatnonzero(there)
    both = np.uint8(SOCIAL | ANALYTICS)
    mine = np.isin(living, sorted(own - {ERASED}))
    allowed = ((granted[living] & both) == both) & ~mine
    may = np.zeros(len(granted) + 1, np.bool_)
    may[living[allowed]] = True
    shared = np.zeros(len(persons), np.bool_)
    spans = everybody.person_map.spans["alias_no"].to_numpy()
    shared[spans[spans < len(persons)]] = True
    found = np.where((persons != ERASED) & may[np.maximum(persons, 0)] & ~shared, persons, np.int32(-1))
    no = ~allowed & ~mine & ((refused[living] & both) != 0)
    return Who(
        found.astype(np.int32),
        {
            "living": len(living), "granted": int(allowed.sum()), "refused": int(no.sum()), "internal": int(mine.sum()),
            "no_receipt": int((~allowed & ~mine & ~no).sum()),
        },
    )  # fmt: skip


class _Build:
    """One run; the steps share what they read."""

    def __init__(self, parts: BuildParts, told: Progress, held: Lease) -> None:
        self.parts, self.told, self.held = parts, told, held
        self.steps: dict[str, float] = {}
        self.last = parts.clock.monotonic()

    def run(self, everybody: Everybody | None) -> Built | None:
        parts = self.parts
        self.told(0.0, Words("读取互动", "reading interactions"))
        with parts.engine.session() as session:
            with parts.database.connect() as connection:
                snapshot = parts.lake.snapshot(connection)
                if everybody is None:
                    person_map = parts.people.person_map(connection, session, snapshot)
                    everybody = Everybody(person_map, *parts.permits.masks(connection, person_map.person_of))
                own = parts.quality.marked(connection).persons(everybody.person_map.person_of)
                before, known = state.newest(connection), state.inputs_hash(connection)
            who = who_may(everybody, own)
            today = business_day(parts.clock.now_us(), parts.settings.zone)
            inputs = _hash(snapshot, who, today)
            if known == inputs:
                return None
            self._took("read")
            fresh = before is None or before.figures.get("code") != CODE_VERSION
            since = None if fresh or before is None else before.version
            changed = jobs_days.update(parts, session, snapshot, since, self.held, self._within(0.05, 0.5))
            self._took("tie_day")
            with parts.database.connect() as connection:
                files = parts.lake.snapshot(connection, tables=[TIE_DAY.name]).of(TIE_DAY.name)
            as_of_day = min([today, max((f.max_day for f in files), default=today)])
            whole = fresh or before is None or as_of_day - _whole_day(before) >= WHOLE_DAYS
            pairs, rows = self._pairs(session, files, changed, as_of_day, whole)
            weights = DEFAULT if before is None else before.weights
            if whole and rows is not None:
                self.told(0.6, Words("学习权重", "learning weights"))
                cases = cases_of(rows, size_of(rows), who.persons, as_of_day)
                weights = DEFAULT if cases is None else learned(cases)
                self._took("weights")
        return self._publish(
            _Found(pairs, who, weights, as_of_day, whole, snapshot, before, inputs, changed.days)
        )

    def _pairs(
        self, session: Session, files: list[LakeFile], changed: jobs_days.Changed, as_of_day: int, whole: bool
    ) -> tuple[Pairs, Rows | None]:
        """Pairs of identifiers as of the day; with every row where all were read."""
        self.told(0.5, Words("合并互动", "putting interactions together"))
        home = self.parts.settings.home
        kept = None if whole or changed.everything else state.kept_pairs(home, changed.old, CODE_VERSION)
        more = changed.more() if kept is not None and kept[0] <= as_of_day else None
        rows = None
        if kept is not None and more is not None:
            pairs = added(kept[1], of_rows(more, size_of(more), as_of_day), as_of_day - kept[0])
        else:
            rows = state.read_rows(session, files)
            pairs = of_rows(rows, size_of(rows), as_of_day)
        state.keep_pairs(home, files, as_of_day, CODE_VERSION, pairs)
        self._took("pairs")
        return pairs, rows

    def _publish(self, f: "_Found") -> Built:
        parts = self.parts
        self.told(0.7, Words("计算关系强度", "computing strength"))
        people, pairs = of_people(f.pairs, f.who.persons)
        support = triangle_support(pairs.indptr, pairs.dst)
        values = parts_of(pairs, support, f.as_of_day)
        strength = strengths(values, f.weights)
        self._took("strength")
        self.told(0.8, Words("划分社群", "finding communities"))
        standing = measured(
            people, pairs, strength, support, None if f.whole else self._communities(f.snapshot)
        )
        self._took("people")
        strong_from = _strong_from(strength, f)
        tables = {
            TIES.name: _ties_table(people, pairs, support, values, strength, f.as_of_day),
            TIE_PEOPLE.name: _people_table(people, standing, f.as_of_day),
        }
        number, now_us = (f.before.number if f.before else 0) + 1, parts.clock.now_us()
        staged = self._staged(tables, f.as_of_day, f"build-{number}-{now_us}")
        self._took("stored")
        said: dict[str, object] = {
            "people": len(people), "ties": len(pairs), "strong_from": strong_from, "who": f.who.figures,
            "code": CODE_VERSION, "days": f.days, "seconds": self.steps,
            "whole_day": f.as_of_day if f.whole or f.before is None else _whole_day(f.before),
        }  # fmt: skip
        built = Built(number, now_us, f.as_of_day, f.snapshot.version, f.whole, f.weights, said)
        with parts.database.begin() as tx:
            self.held.check(tx)
            replaced = parts.lake.snapshot(tx, tables=list(tables)).files
            parts.lake.commit(tx, staged, remove=[r.file_id for r in replaced], reason="build: ties")
            state.add(tx, built, f.inputs)
        self.told(1.0, Words("完成", "done"))
        return built

    def _staged(self, tables: dict[str, pa.Table], as_of_day: int, origin: str) -> list[Staged]:
        """The tables as files, two at a time; a large one is cut in the middle."""
        pieces = []
        for name, table in tables.items():
            half = table.num_rows // 2 if table.num_rows > CUT_ROWS else table.num_rows
            cut = (table.slice(0, half), table.slice(half))
            pieces += [
                (name, piece, f"{origin}-{n}") for n, piece in enumerate(cut) if piece.num_rows or not n
            ]
        with ThreadPoolExecutor(2) as pool:
            stage = self.parts.lake.stage
            return list(pool.map(lambda p: stage(p[0], p[1], part_day=as_of_day, origin=p[2]), pieces))

    def _communities(self, snapshot: Snapshot) -> tuple[I32, I32] | None:
        """(people, community) as the last build left them; None where it left none."""
        files = snapshot.of(TIE_PEOPLE.name)
        if not files:
            return None
        with self.parts.engine.session() as session:
            frame = session.scan([f.path for f in files], TIE_PEOPLE.schema).select("person_no", "community")
            table = session.collect(frame).sort_by("person_no")
        return table["person_no"].to_numpy(), table["community"].to_numpy()

    def _within(self, low: float, high: float) -> Progress:
        return lambda share, step: self.told(low + (high - low) * share, step)

    def _took(self, step: str) -> None:
        now = self.parts.clock.monotonic()
        self.steps[step] = round(self.steps.get(step, 0.0) + now - self.last, 3)
        self.last = now


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known before ties are published."""

    pairs: Pairs
    who: Who
    weights: Weights
    as_of_day: int
    whole: bool
    snapshot: Snapshot
    before: Built | None
    inputs: str
    days: int


def _whole_day(before: Built) -> int:
    return int(str(before.figures.get("whole_day", 0)))


def _strong_from(strength: F32, f: _Found) -> float:
    """From where on ties are strong: kept between whole builds, so that a tie does not change its name with the others."""
    if f.before is not None and not f.whole:
        return float(str(f.before.figures["strong_from"]))
    return round(float(np.quantile(strength, 1 - STRONG_SHARE)), 4) if len(strength) else 0.5


def _hash(snapshot: Snapshot, who: Who, today: int) -> str:
    files = [f.file_id for f in snapshot.files if f.table in SOURCES]
    digest = hashlib.sha256(f"{files}|{CODE_VERSION}|{today}".encode())
    digest.update(who.persons.tobytes())
    return digest.hexdigest()


def _ties_table(
    people: I32, pairs: Pairs, support: Support, values: dict[Part, F32], strength: F32, as_of_day: int
) -> pa.Table:
    rows = len(pairs)
    columns: dict[str, Any] = {
        "src": people[pairs.src], "dst": people[pairs.dst], "as_of_day": _same(as_of_day, rows, np.int32),
        "strength": strength, "common": support.common, "interactions": pairs.count, "last_day": pairs.last,
        "kinds": pairs.mask, "purposes": _same(SOCIAL, rows, np.int16),
    }  # fmt: skip
    columns |= {str(part): values[part] for part in PARTS}
    return pa.table({name: columns[name] for name in TIES.schema.names}, schema=TIES.schema)


def _people_table(people: I32, standing: Standing, as_of_day: int) -> pa.Table:
    rows = len(people)
    return pa.table(
        {
            "person_no": people, "as_of_day": _same(as_of_day, rows, np.int32), "community": standing.community,
            "core": standing.core, "degree": standing.degree, "clustering": standing.clustering, "bridge": standing.bridge,
            "purposes": _same(SOCIAL, rows, np.int16),
        },
        schema=TIE_PEOPLE.schema,
    )  # fmt: skip


def _same(value: int, rows: int, dtype: type[np.signedinteger[Any]]) -> Any:
    return np.full(rows, value, dtype)
