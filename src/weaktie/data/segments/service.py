"""The door of segments: what they are, who is in them, previews of rules. Writes take the caller's transaction."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
import numpy as np
from sqlalchemy import Connection, RowMapping, insert, select, update

from weaktie.data.behaviour.contracts import I32, Condition, Matcher
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.profiles.contracts import ANALYTICS
from weaktie.data.segments import lists, rules
from weaktie.data.segments.behind import SegmentPeople as SegmentPeople
from weaktie.data.segments.contracts import (
    All,
    BadRule,
    Behind,
    Directory,
    IdList,
    InSegment,
    Listed,
    Mask,
    NoSegment,
    Overlap,
    Preview,
    Rule,
    Segment,
    SegmentChanged,
    SegmentCycle,
    SegmentInUse,
    Some,
    TagBook,
    Tied,
    Wanted,
    Without,
)
from weaktie.data.segments.erase import SegmentsEraser as SegmentsEraser
from weaktie.data.segments.erase import SegmentsExporter as SegmentsExporter
from weaktie.data.segments.evaluating import evaluate, inside
from weaktie.data.segments.logic import any_among, pack, to_people, unpack, wilson
from weaktie.data.segments.sentence import GONE, Names
from weaktie.data.segments.sentence import sentence as say
from weaktie.data.segments.tables import segment_lists, segment_runs, segment_versions, segments
from weaktie.data.segments.world import Sampled, Shop, Worlds, columns_of
from weaktie.kit.clock import Clock
from weaktie.kit.errors import Refused
from weaktie.kit.ids import new_id
from weaktie.kit.words import Words
from weaktie.store.database.service import Database

SHOWN_RUNS = 30
KEPT_MEMBERS = 64
_COLUMNS = tuple(c for c in segments.c if c.name != "members")


class People(Protocol):
    """What segments ask of identity."""

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        ...

    def find_many(self, connection: Connection, user_ids: Sequence[str]) -> dict[str, int]:
        """The same of many."""
        ...

    def component(self, connection: Connection, alias_no: int) -> list[int]:
        """The living numbers of the person that has this one."""
        ...


class Granted(Protocol):
    """What segments ask of consent."""

    def granted_many(self, connection: Connection, people: Sequence[Sequence[int]]) -> list[int]:
        """The granted purposes of each of these people as bits."""
        ...

    def all_deleted_tags(self, connection: Connection) -> list[tuple[int, str]]:
        """(identifier, tag) of every deletion."""
        ...


@dataclass(frozen=True, slots=True)
class Members:
    """The stored members of a segment: alias numbers, ascending."""

    stamp: tuple[int, int]
    numbers: I32


class Segments:
    """Segments over the behaviour and the tags of everybody who may be analysed. Safe from any thread."""

    def __init__(
        self, *, database: Database, clock: Clock, behaviour: Behaviour, book: TagBook, directory: Directory, people: People,
        permits: Granted, currency: str,
    ) -> None:  # fmt: skip
        self.database, self.clock, self.behaviour, self.book = database, clock, behaviour, book
        self.directory, self.people, self.permits, self.currency = directory, people, permits, currency
        self.worlds = Worlds(behaviour, book, lambda c: sorted(permits.all_deleted_tags(c)))
        self._lock = threading.Lock()
        self._members: OrderedDict[str, Members] = OrderedDict()
        self._now: OrderedDict[str, tuple[str, tuple[int, int], I32]] = OrderedDict()

    # --- what they are --------------------------------------------------------------------------------------------

    def every(self, connection: Connection, *, archived: bool = False) -> list[Segment]:
        """All segments that are in use, or those that are archived, the newest change first."""
        query = select(*_COLUMNS).order_by(segments.c.changed_us.desc(), segments.c.segment_id)
        on = segments.c.archived_us
        rows = connection.execute(query.where(on.is_not(None) if archived else on.is_(None))).mappings()
        return [_segment(row) for row in rows]

    def get(self, connection: Connection, segment_id: str) -> Segment:
        """One segment; raises NoSegment."""
        row = (
            connection.execute(select(*_COLUMNS).where(segments.c.segment_id == segment_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoSegment
        return _segment(row)

    def trends(self, connection: Connection, among: Iterable[Segment]) -> dict[str, list[int]]:
        """The sizes after each segment's last runs, the oldest first."""
        ids = [s.segment_id for s in among]
        rows = connection.execute(
            select(segment_runs.c.segment_id, segment_runs.c.size)
            .join(segments, segments.c.segment_id == segment_runs.c.segment_id)
            .where(segments.c.segment_id.in_(ids), segment_runs.c.run_no > segments.c.run_no - SHOWN_RUNS)
            .order_by(segment_runs.c.segment_id, segment_runs.c.run_no)
        )
        found: dict[str, list[int]] = {one: [] for one in ids}
        for row in rows:
            found[row.segment_id].append(row.size)
        return found

    def create(self, tx: Connection, wanted: Wanted, actor: str) -> str:
        """A new segment of a checked rule; its id. Its members are computed by `jobs.refresh`."""
        now_us = self.clock.now_us()
        segment_id = new_id("seg", now_us)
        tx.execute(
            insert(segments).values(
                segment_id=segment_id, owner=actor, version=1, made_us=now_us, changed_us=now_us, archived_us=None, run_no=0,
                size=0, computed_us=None, generation=0, members=None, **_values(wanted),
            )
        )  # fmt: skip
        self._remember(tx, segment_id, 1, wanted, actor, now_us, None)
        return segment_id

    def edit(
        self, tx: Connection, segment_id: str, wanted: Wanted, *, version: int, actor: str, restored: int | None = None
    ) -> int:  # fmt: skip
        """Another version of a segment; its number. Raises NoSegment, or SegmentChanged where `version` is not the newest."""
        now_us = self.clock.now_us()
        changed = tx.execute(
            update(segments)
            .where(segments.c.segment_id == segment_id, segments.c.version == version)
            .values(version=version + 1, changed_us=now_us, **_values(wanted))
        ).rowcount
        if not changed:
            self.get(tx, segment_id)
            raise SegmentChanged
        self._remember(tx, segment_id, version + 1, wanted, actor, now_us, restored)
        return version + 1

    def archive(self, tx: Connection, segment_id: str, *, archived: bool) -> None:
        """Put a segment away, or take it back; raises SegmentInUse while a living segment refers to it."""
        self.get(tx, segment_id)
        if archived and (using := self.using(tx, segment_id)):
            raise SegmentInUse(using)
        now_us = self.clock.now_us() if archived else None
        tx.execute(update(segments).where(segments.c.segment_id == segment_id).values(archived_us=now_us))

    def using(self, connection: Connection, segment_id: str) -> list[str]:
        """Names of living segments that refer to this one."""
        return [
            s.name
            for s in self.every(connection)
            if s.segment_id != segment_id and any(i == segment_id for _, i in rules.referred(s.rule))
        ]

    def versions(self, connection: Connection, segment_id: str) -> list[RowMapping]:
        """Every version, the newest first; raises NoSegment."""
        self.get(connection, segment_id)
        query = select(segment_versions).where(segment_versions.c.segment_id == segment_id)
        return list(connection.execute(query.order_by(segment_versions.c.version.desc())).mappings())

    def version(self, connection: Connection, segment_id: str, version: int) -> Wanted:
        """What a version wanted; raises NoSegment."""
        for row in self.versions(connection, segment_id):
            if row["version"] == version:
                return Wanted(row["name"], row["note"], rules.decode(row["rule_json"]), row["frozen"])
        raise NoSegment("version")

    def runs(self, connection: Connection, segment_id: str, most: int = 400) -> list[RowMapping]:
        """The last runs that changed something, the oldest first, without their members."""
        self.get(connection, segment_id)
        columns = [c for c in segment_runs.c if c.name not in ("entered", "left")]
        query = select(*columns).where(segment_runs.c.segment_id == segment_id)
        rows = connection.execute(query.order_by(segment_runs.c.run_no.desc()).limit(most)).mappings().all()
        return list(reversed(rows))

    def checked(self, connection: Connection, raw: object, segment_id: str | None = None) -> Rule:
        """A rule that can be computed, with people in it by number; raises BadRule, RuleTooLarge, SegmentCycle."""
        rule = self._by_number(connection, rules.read(raw), "rule")
        rules.check(rule, self.book)
        for place, event in rules.events_of(rule):
            conditions = tuple(Condition(w.property, w.op, w.values) for w in event.where)
            self.behaviour.check([Matcher(event.event, conditions)], [place])
        known = {s.segment_id: s for s in (*self.every(connection), *self.every(connection, archived=True))}
        for place, other in rules.referred(rule):
            if other not in known:
                raise BadRule(
                    place, Words("引用的分群不存在。", "The segment that it refers to does not exist.")
                )
            if segment_id is not None and _reaches(other, segment_id, known):
                raise SegmentCycle(place, known[other].name)
        for place, _, part in rules.walk(rule):
            if isinstance(part, Behind):
                self.behaviour.describe(part.query)
            elif isinstance(part, Listed):
                try:
                    self.id_list(connection, part.list)
                except NoSegment:
                    raise BadRule(f"{place}.list", Words("名单不存在。", "There is no such list.")) from None
        return rule

    def sentence(self, connection: Connection, rule: Rule) -> Words:
        """The rule as a sentence in both languages."""
        return self.sayer(connection)(rule)

    def sayer(self, connection: Connection) -> Callable[[Rule], Words]:
        """Says rules; the names that they need are read once."""
        query = select(segments.c.segment_id, segments.c.name)
        called = {row.segment_id: row.name for row in connection.execute(query)}
        names = Names(
            self.book,
            self.currency,
            called.get,
            self._describe,
            lambda i: _list_words(self._known_list(connection, i)),
        )
        return lambda rule: say(rule, names)

    def generation(self) -> int:
        """The number of the published generation; 0 before the first build."""
        current = self.directory.current()
        return current.number if current is not None else 0

    # --- who is in them -------------------------------------------------------------------------------------------

    def members(self, segment_id: str) -> I32:
        """The members as the last run left them who may be analysed now, ascending; raises NoSegment."""
        with self.database.connect() as connection:
            stored = self._stored(connection, segment_id)
        crowd = self.behaviour.crowd()
        with self._lock:
            kept = self._now.get(segment_id)
        if kept is not None and kept[:2] == (crowd.key, stored.stamp):
            return kept[2]
        people = to_people(stored.numbers, crowd.persons)
        with self._lock:
            self._now[segment_id] = (crowd.key, stored.stamp, people)
            while len(self._now) > KEPT_MEMBERS:
                self._now.popitem(last=False)
        return people

    def is_member(self, segment_id: str, user_id: str) -> bool:
        """Whether somebody is a member as of the last run and may be analysed now; for triggers. False for who is unknown."""
        with self.database.connect() as connection:
            stored = self._stored(connection, segment_id)
            alias_no = self.people.find(connection, user_id)
            if alias_no is None:
                return False
            own = self.people.component(connection, alias_no)
            if not any_among(stored.numbers, own):
                return False
            return bool(self.permits.granted_many(connection, [own])[0] & ANALYTICS)

    def moved(self, segment_id: str, run_no: int, way: str) -> I32:
        """Who entered or left in a run and may be analysed now, ascending; raises NoSegment."""
        column = segment_runs.c.entered if way == "entered" else segment_runs.c.left
        with self.database.connect() as connection:
            packed = connection.execute(
                select(column).where(segment_runs.c.segment_id == segment_id, segment_runs.c.run_no == run_no)
            ).scalar()
        if packed is None:
            raise NoSegment("run")
        return to_people(unpack(packed), self.behaviour.crowd().persons)

    def _stored(self, connection: Connection, segment_id: str) -> Members:
        """The stored members, from memory while nothing was stored since."""
        query = select(segments.c.run_no, segments.c.computed_us).where(segments.c.segment_id == segment_id)
        row = connection.execute(query).first()
        if row is None:
            raise NoSegment
        stamp = (int(row.run_no), int(row.computed_us or 0))
        with self._lock:
            kept = self._members.get(segment_id)
            if kept is not None and kept.stamp == stamp:
                self._members.move_to_end(segment_id)
                return kept
        packed = connection.execute(
            select(segments.c.members).where(segments.c.segment_id == segment_id)
        ).scalar()
        found = Members(stamp, unpack(packed))
        with self._lock:
            self._members[segment_id] = found
            while len(self._members) > KEPT_MEMBERS:
                self._members.popitem(last=False)
        return found

    def answer(self, part: InSegment | Behind | Listed) -> I32:
        """The people of a leaf that names people."""
        if isinstance(part, InSegment):
            return self.members(part.segment)
        if isinstance(part, Behind):
            return self.behaviour.people(part.query)
        with self.database.connect() as connection:
            packed = connection.execute(
                select(segment_lists.c.members).where(segment_lists.c.list_id == part.list)
            ).scalar()
        if packed is None:
            raise NoSegment("list")
        return to_people(unpack(packed), self.behaviour.crowd().persons)

    # --- rules over everybody -------------------------------------------------------------------------------------

    def compute(self, rule: Rule, parts: dict[str, Mask] | None = None) -> I32:
        """Everybody in a rule now, ascending."""
        world = self.worlds.now(self.answer)
        world.want_tags(rules.tags_of(rule))
        world.want_events(rules.counted_of(rule))
        return world.people[evaluate(rule, world, parts)]

    def preview(self, rule: Rule, *, exact: bool, overlaps: Sequence[str] = ()) -> Preview:
        """How many people are in a rule. Without `exact`, a rule with events is counted among a sample in a large shop."""
        began = self.clock.monotonic()
        world: Shop | Sampled | None = None
        if not exact and rules.has_events(rule):
            world = self.worlds.some(self.answer, columns_of(rules.steps_of(rule)))
        world = world or self.worlds.now(self.answer)
        world.want_tags(rules.tags_of(rule))
        world.want_events(rules.counted_of(rule))
        masks: dict[str, Mask] = {}
        mask = evaluate(rule, world, masks)
        asked, found = len(world.people), int(mask.sum())
        everybody = len(self.worlds.everybody(world.crowd))
        times = everybody / asked if asked else 0.0
        low, high = wilson(found, asked) if isinstance(world, Sampled) else (0.0, 0.0)
        size = round(found * times)
        return Preview(
            size,
            min(size, round(low * everybody)) if isinstance(world, Sampled) else size,
            max(size, round(high * everybody)) if isinstance(world, Sampled) else size,
            everybody,
            isinstance(world, Sampled),
            asked,
            {place: round(int(m.sum()) * times) for place, m in masks.items()},
            self._overlaps(overlaps, world, mask, times),
            round((self.clock.monotonic() - began) * 1000),
        )

    def warm(self) -> None:
        """Read the sample that previews are counted among, so that the first one need not."""
        self.worlds.some(self.answer, ())

    def _overlaps(self, wanted: Sequence[str], world: Shop, mask: Mask, times: float) -> tuple[Overlap, ...]:
        found = []
        for segment_id in wanted:
            with self.database.connect() as connection:
                other = self.get(connection, segment_id)
            members = self.members(segment_id)
            both = int((inside(world.people, members) & mask).sum())
            found.append(Overlap(segment_id, other.name, len(members), round(both * times)))
        return tuple(found)

    # --- uploaded lists -------------------------------------------------------------------------------------------

    def take_list(self, tx: Connection, raw: bytes, actor: str) -> IdList:
        """Match the ids of a file and keep who they are; the lines themselves are not kept. Raises BadList."""
        numbers, lines, matched, repeated = lists.match(
            lists.read(raw), lambda ids: self.people.find_many(tx, ids)
        )
        if not lines:
            raise lists.empty()
        now_us = self.clock.now_us()
        list_id = new_id("lst", now_us)
        tx.execute(
            insert(segment_lists).values(
                list_id=list_id, made_us=now_us, made_by=actor, lines=lines, matched=matched, unmatched=lines - matched,
                repeated=repeated, members=pack(np.array(sorted(numbers), np.int32)),
            )
        )  # fmt: skip
        return IdList(list_id, lines, matched, lines - matched, repeated, len(numbers))

    def id_list(self, connection: Connection, list_id: str) -> IdList:
        """An uploaded list; raises NoSegment."""
        row = (
            connection.execute(select(segment_lists).where(segment_lists.c.list_id == list_id))
            .mappings()
            .first()
        )
        if row is None:
            raise NoSegment("list")
        people = len(unpack(row["members"]))
        return IdList(list_id, row["lines"], row["matched"], row["unmatched"], row["repeated"], people)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def _known_list(self, connection: Connection, list_id: str) -> IdList | None:
        try:
            return self.id_list(connection, list_id)
        except NoSegment:
            return None

    def _describe(self, query: Mapping[str, Any]) -> Words:
        try:
            return self.behaviour.describe(query)
        except Refused:
            return GONE

    def _by_number(self, connection: Connection, rule: Rule, place: str) -> Rule:
        """The rule with every person named by number: no identifier is kept in a rule."""
        if isinstance(rule, All | Some):
            parts = tuple(self._by_number(connection, p, f"{place}.of[{n}]") for n, p in enumerate(rule.of))
            return msgspec.structs.replace(rule, of=parts)
        if isinstance(rule, Without):
            return msgspec.structs.replace(rule, of=self._by_number(connection, rule.of, f"{place}.of"))
        if isinstance(rule, Tied) and rule.user is not None:
            number = rule.user.removeprefix("@")
            numbered = rule.user.startswith("@") and number.isdigit() and len(number) < 10
            alias = int(number) if numbered else self.people.find(connection, rule.user.strip())
            if alias is None or not self.people.component(connection, alias):
                raise BadRule(f"{place}.user", Words("没有这个用户。", "There is no such person."))
            return msgspec.structs.replace(rule, user=f"@{alias}")
        return rule

    def _remember(
        self, tx: Connection, segment_id: str, version: int, wanted: Wanted, actor: str, now_us: int, restored: int | None
    ) -> None:  # fmt: skip
        tx.execute(
            insert(segment_versions).values(
                segment_id=segment_id, version=version, changed_us=now_us, changed_by=actor, restored_from=restored,
                **_values(wanted),
            )
        )  # fmt: skip


def _segment(row: RowMapping) -> Segment:
    values = {k: row[k] for k in row if k != "rule_json"}
    return Segment(rule=rules.decode(row["rule_json"]), **values)


def _values(wanted: Wanted) -> dict[str, Any]:
    rule_json = rules.encode(wanted.rule)
    return {"name": wanted.name, "note": wanted.note, "frozen": wanted.frozen, "rule_json": rule_json}


def _reaches(start: str, goal: str, known: Mapping[str, Segment]) -> bool:
    """Whether a segment stands, however indirectly, on another."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one == goal:
            return True
        if one not in seen and one in known:
            seen.add(one)
            waiting += [other for _, other in rules.referred(known[one].rule)]
    return False


def _list_words(known: IdList | None) -> Words:
    if known is None:
        return GONE
    return Words(f"上传名单（{known.people} 人）", f"the uploaded list ({known.people} people)")
