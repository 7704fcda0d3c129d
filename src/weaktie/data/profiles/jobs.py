"""The build: lake and identity in, `user_day`, `user_tags`, `rfm` and a published generation out.

Incremental (only touched days), resumable (what a killed build wrote is used), as of a day (the same snapshot, map and
clock give the same result). No write transaction stays open during slow work.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, insert, select

from weaktie.data.identity.contracts import ERASED, Alias, PersonMap
from weaktie.data.profiles import figures, jobs_days, publish, rules, state
from weaktie.data.profiles import queries_people as qp
from weaktie.data.profiles.asof import rfm_table
from weaktie.data.profiles.catalogue import EVENTS as EVENTS_FACT
from weaktie.data.profiles.catalogue import FIRST_US, LAST_US, NEEDS, TAGS, USER_TAGS, code_version
from weaktie.data.profiles.contracts import (
    ANALYTICS,
    PROFILES_LEASE,
    U8,
    BuildParts,
    BuildResult,
    Everybody,
    LeftOut,
    LeftOutReason,
    Progress,
)
from weaktie.data.profiles.day_sums import DaySums
from weaktie.data.profiles.jobs_days import Inputs
from weaktie.data.profiles.logic import Cutoffs, masked, with_choices
from weaktie.data.profiles.publish import Person, ShownAlias
from weaktie.data.profiles.tables import RFM, USER_DAY, generations
from weaktie.data.profiles.tags import Source, facts, values
from weaktie.data.profiles.tags_basic import REGISTERED_US
from weaktie.data.quality.contracts import INTERNAL_WORDS, Marked
from weaktie.kit.clock import business_day
from weaktie.kit.objects import no_collections
from weaktie.kit.words import Words
from weaktie.store.database.tables import consumer_offsets
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.tables import RELATIONS, USERS
from weaktie.store.runs.service import Lease, kept_alive, lease
from weaktie.trust.consent.contracts import REASONS

SOURCE_LAKE_TABLES = ("events", "orders", "order_items", "products", "users", "relations", "user_day")
ALIAS_CHUNK = 5_000
SETTLE_ROWS = 5_000
WEAK_KINDS = frozenset({"anonymous", "device", "openid"})
SHOWN_NAMES = {
    LAST_US.name: "shown_last_us",
    FIRST_US.name: "shown_first_us",
    EVENTS_FACT.name: "shown_events",
    REGISTERED_US.name: "shown_registered_us",
}


WAITING_STEP = Words("等待正在进行的构建结束", "waiting for the build that runs")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who is in the build: identifiers of people who may be analysed, everybody, and who is left out."""

    persons: pa.Table
    everybody: pa.Table
    people: dict[int, Person]
    left_out: LeftOut

    @property
    def visitors(self) -> int:
        """People of whom only ids of devices, apps and mini-programs are known."""
        return sum(1 for p in self.people.values() if p.visitor)


def build(parts: BuildParts, progress: Progress, *, patience_s: float = 0.0) -> BuildResult:
    """Bring tags, RFM and profiles up to date and publish them; raises Busy when another build still runs after
    `patience_s`. It may have begun before what this one was asked for had arrived."""
    turn = lease(
        parts.database,
        parts.clock,
        PROFILES_LEASE,
        patience_s=patience_s,
        waiting=lambda: progress(0.0, WAITING_STEP),
    )
    with turn as held, kept_alive(held):
        return _Build(parts, progress, held).run()


class _Build:
    """One run; the steps share what they read."""

    def __init__(self, parts: BuildParts, progress: Progress, held: Lease) -> None:
        self.parts, self.progress, self.held = parts, progress, held
        self.started = parts.clock.monotonic()
        self.steps: dict[str, float] = {}
        self.last = self.started
        self.receipt = 0
        self.marked = Marked()
        self.rule = rules.RuleVersion(0, {}, "system", 0)
        self.deleted: list[tuple[int, str]] = []
        self.corrected: list[tuple[int, str, str]] = []

    def run(self) -> BuildResult:
        parts = self.parts
        self.progress(0.0, Words("读取用户关联与授权", "reading identities and consent"))
        with parts.engine.session() as session:
            with parts.database.connect() as connection:
                snapshot = parts.lake.snapshot(connection)
                person_map = parts.people.person_map(connection, session, snapshot)
                self.rule = rules.current(connection)
                self.receipt = parts.permits.newest_receipt(connection)
                granted, refused = parts.permits.masks(connection, person_map.person_of)
                self.deleted = parts.permits.all_deleted_tags(connection)
                self.corrected = parts.permits.all_corrections(connection)
                self.marked = parts.quality.marked(connection)
                parts.quality.flagged.offer(state.kept_flagged(connection))
            today = business_day(parts.clock.now_us(), parts.settings.zone)
            before = self._hash(snapshot, person_map, granted, today)
            unchanged = self._nothing_new(before)
            if unchanged is not None:
                return replace(unchanged, everybody=Everybody(person_map, granted, refused))
            left_out = parts.quality.left_out_orders(session, snapshot, self.marked)
            orders = jobs_days.read_orders(session, snapshot, person_map, left_out)
            categories = jobs_days.read_categories(session, snapshot)
            inputs = Inputs(session, snapshot, person_map, orders, categories, left_out)
            self._took("read")
            days = jobs_days.update(parts, inputs, self._within(0.05, 0.5))
            self._took("user_day")
            with parts.database.connect() as connection:
                days_snapshot = parts.lake.snapshot(connection, tables=["user_day"])
            with no_collections():
                crowd = self._crowd(person_map, granted, refused, self.marked.persons(person_map.person_of))
            self._took("people")
            as_of_day = min([today, *_last_day(days_snapshot)])
            self.progress(0.6, Words("计算标签", "computing tags"))
            wide, cutoffs = self._tags(inputs, days_snapshot, crowd, as_of_day)
            self._took("tags")
            with no_collections():
                number = self._publish(inputs, crowd, wide, cutoffs, as_of_day, before)
            self._took("publish")
        self.progress(1.0, Words("完成", "done"))
        return BuildResult(
            number, False, len(crowd.people) - crowd.visitors, crowd.visitors, crowd.left_out, as_of_day, days,
            self.last - self.started, self.steps, Everybody(person_map, granted, refused),
        )  # fmt: skip

    def _tags(
        self, inputs: Inputs, days: Snapshot, crowd: Crowd, as_of_day: int
    ) -> tuple[pa.Table, dict[str, Cutoffs]]:
        """One wide table: tags, shown facts, RFM; and the cut-offs."""
        session = inputs.session
        persons, everybody = session.table(crowd.persons), session.table(crowd.everybody)
        orders = qp.person_orders(session.table(inputs.orders), persons, as_of_day)
        day_rows = qp.person_days(
            session.scan([f.path for f in days.of("user_day")], USER_DAY.schema), persons, as_of_day
        )
        offset = jobs_days.offset_minutes(as_of_day, self.parts.settings.zone)
        people = pa.table({"person_no": pa.array(sorted(crowd.people), pa.int32())})
        frame = facts(
            session.table(people),
            {
                "user_day": day_rows,
                "orders": orders,
                "brought": qp.brought_orders(session.table(inputs.orders), persons, everybody),
                "users": qp.person_attributes(inputs.scan("users", USERS.schema), persons, offset),
                "relations": qp.person_relations(
                    inputs.scan("relations", RELATIONS.schema), persons, everybody, qp.buyers(orders)
                ),
                "interests": qp.person_interests(day_rows, as_of_day),
            },
            NEEDS,
            as_of_day,
            self._ready(inputs, days, crowd, as_of_day),
        )
        found = session.collect(frame).sort_by("person_no")
        tags = session.collect(values(session.table(found), TAGS, as_of_day)).sort_by("person_no")
        tags = with_choices(
            tags.cast(USER_TAGS.schema), inputs.person_map.person_of, self.deleted, self.corrected
        )
        buyers = session.collect(qp.buyers(orders)).sort_by("person_no")
        levels, cutoffs = rfm_table(buyers, as_of_day, self.rule.rule)
        wide = tags
        for name, shown in SHOWN_NAMES.items():
            wide = wide.append_column(shown, found[name])
        keep = [c for c in RFM.schema.names if c != "as_of_day"]
        wide = wide.join(levels.select(keep), "person_no", join_type="left outer").sort_by("person_no")
        self._keep(inputs.snapshot.version, {"user_tags": tags, "rfm": levels}, as_of_day)
        return wide, cutoffs

    def _ready(
        self, inputs: Inputs, days: Snapshot, crowd: Crowd, as_of_day: int
    ) -> dict[Source, jobs_days.Frame]:
        """What is summed over arrays, where the engine is in this process."""
        parts = self.parts
        if not parts.engine.in_process:
            return {}
        persons = crowd.persons
        person_of = np.full(int(pc.max(persons["alias_no"]).as_py() or 0) + 1, ERASED, np.int32)
        person_of[persons["alias_no"].to_numpy()] = persons["person_no"].to_numpy()
        people = np.array(sorted(crowd.people), np.int32)
        sums = DaySums(days.of("user_day"), person_of, people, as_of_day, parts.settings.engine.at_once)
        counted, interests = sums.tables(NEEDS["user_day"])
        ready: dict[Source, jobs_days.Frame] = {"user_day": inputs.session.table(counted)}
        if interests is not None:
            named = {a.name: interests[a.column] for a in NEEDS["interests"]}
            ready["interests"] = inputs.session.table(
                pa.table({"person_no": interests["person_no"], **named})
            )
        return ready

    def _keep(self, version: int, tables: dict[str, pa.Table], as_of_day: int) -> None:
        """Put the tables into the lake in place of the former ones, as one version."""
        parts = self.parts
        run = f"{version}-{parts.clock.now_us()}"
        staged = [
            parts.lake.stage(name, table, part_day=as_of_day, origin=f"build-{run}")
            for name, table in tables.items()
        ]
        with parts.database.begin() as tx:
            self.held.check(tx)
            old = parts.lake.snapshot(tx, tables=list(tables))
            parts.lake.commit(tx, staged, remove=[f.file_id for f in old.files], reason="build: tags, RFM")

    def _publish(
        self,
        inputs: Inputs,
        crowd: Crowd,
        wide: pa.Table,
        cutoffs: dict[str, Cutoffs],
        as_of_day: int,
        inputs_hash: str,
    ) -> int:
        parts = self.parts
        self.progress(0.75, Words("发布用户画像", "publishing profiles"))
        with parts.database.connect() as connection:
            number = state.next_number(connection)
            offsets = _offsets(connection)
        visible = wide.filter(
            pc.is_in(
                wide["person_no"], pa.array([n for n, p in crowd.people.items() if not p.visitor], pa.int32())
            )
        )
        rfm_figures = figures.rfm_figures(wide, cutoffs)
        meta: dict[str, object] = {
            "tags": figures.tag_figures(visible),
            "facets": figures.facets(visible),
            "rfm": rfm_figures,
        }
        built_us = parts.clock.now_us()
        path = publish.write(parts.settings.home, number, publish.bodies(wide, crowd.people), meta)
        details = {
            "left_out": crowd.left_out.as_dict(), "visitors": crowd.visitors, "cutoffs": rfm_figures["cutoffs"],
            "totals": _totals(inputs.orders), "buyers": rfm_figures["people"], "receipt": self.receipt,
            "rule": self.rule.version, "decided": inputs.person_map.decided, "marked": self.marked.digest,
        }  # fmt: skip
        with parts.database.begin() as tx:
            self.held.check(tx)
            tx.execute(
                insert(generations).values(
                    number=number, path=path, built_us=built_us, snapshot_version=inputs.snapshot.version,
                    offsets_json=msgspec.json.encode(offsets).decode(), people=len(crowd.people) - crowd.visitors,
                    as_of_day=as_of_day, code_version=code_version(), inputs_hash=inputs_hash,
                    details_json=msgspec.json.encode(details).decode(),
                )
            )  # fmt: skip
            old = state.retire(tx, parts.settings.build.keep_generations, built_us)
        for name in old:
            (parts.settings.home / name).unlink(missing_ok=True)
        self.progress(0.95, Words("整理实时叠加数据", "settling the live overlay"))
        while _settle(parts, inputs.snapshot.version):
            pass
        return number

    def _crowd(self, person_map: PersonMap, granted: U8, refused: U8, own: set[int]) -> Crowd:
        """Who is in; `own` are the shop's own people, who are in nothing."""
        parts, person_of = self.parts, person_map.person_of
        self.progress(0.5, Words("读取用户", "reading people"))
        living = np.flatnonzero(person_of != ERASED)
        may = (granted & ANALYTICS) != 0
        may[sorted(own - {ERASED})] = False
        groups: dict[int, list[Alias]] = {}
        known: list[int] = []
        with parts.database.connect() as connection:
            for start in range(0, len(living), ALIAS_CHUNK):
                some = living[start : start + ALIAS_CHUNK]
                for alias in parts.people.described_between(connection, int(some[0]), int(some[-1])):
                    person_no = int(person_of[alias.alias_no])
                    if person_no == ERASED:
                        continue
                    groups.setdefault(person_no, []).append(alias)
                    known.append(alias.alias_no)
            inside = {n: a for n, a in groups.items() if may[n]}
            outside = [n for n, a in groups.items() if not may[n] and not _is_visitor(a)]
            personal = _open_personal(parts, connection, inside)
        people = {n: _person(n, a, personal) for n, a in inside.items()}
        every = np.array(known, np.int32)
        allowed = every[may[person_of[every]]] if len(every) else every
        return Crowd(
            _alias_table(allowed, person_of), _alias_table(every, person_of), people,
            LeftOut(len(outside), _reasons(outside, refused, own)),
        )  # fmt: skip

    def _hash(self, snapshot: Snapshot, person_map: PersonMap, granted: U8, today: int) -> str:
        digest = hashlib.sha256()
        files = [
            f.file_id
            for f in snapshot.files
            if f.table in SOURCE_LAKE_TABLES and not f.origin.startswith("build-")
        ]
        settings = self.parts.settings
        digest.update(f"{files}|{code_version()}|{settings.workspace}|{today}".encode())
        digest.update(f"{self.marked.digest}|{self.parts.quality.limit}".encode())
        digest.update(person_map.person_of.tobytes())
        digest.update(np.ascontiguousarray(granted).tobytes())
        digest.update(f"{jobs_days.span_rows(person_map)}|{person_map.decided}".encode())
        digest.update(str((self.deleted, self.corrected, rules.as_dict(self.rule.rule))).encode())
        return digest.hexdigest()

    def _nothing_new(self, inputs_hash: str) -> BuildResult | None:
        parts = self.parts
        with parts.database.connect() as connection:
            known = state.inputs_hash(connection)
            generation = state.newest(connection)
        if known != inputs_hash or generation is None or not (parts.settings.home / generation.path).exists():
            return None
        self.progress(1.0, Words("没有新数据", "nothing is new"))
        return BuildResult(
            generation.number, True, generation.people, int(str(generation.details["visitors"])),
            state.left_out(generation), generation.as_of_day, 0, parts.clock.monotonic() - self.started,
        )  # fmt: skip

    def _within(self, low: float, high: float) -> Progress:
        return lambda share, step: self.progress(low + (high - low) * share, step)

    def _took(self, step: str) -> None:
        now = self.parts.clock.monotonic()
        self.steps[step] = now - self.last
        self.last = now


def _reasons(outside: list[int], refused: U8, own: set[int]) -> tuple[LeftOutReason, ...]:
    others = [n for n in outside if n not in own]
    said_no = sum(1 for n in others if refused[n] & ANALYTICS)
    counts = {"no_receipt": len(others) - said_no, "refused": said_no, "internal": len(outside) - len(others)}
    words = {**REASONS, "internal": INTERNAL_WORDS}
    return tuple(LeftOutReason(code, words[code], n) for code, n in counts.items() if n)


def _last_day(snapshot: Snapshot) -> list[int]:
    return [max(f.max_day for f in snapshot.files)] if snapshot.files else []


def _is_visitor(aliases: list[Alias]) -> bool:
    for alias in aliases:  # noqa: SIM110  a loop is quicker, and everybody is asked
        if alias.kind not in WEAK_KINDS:
            return False
    return True


def _open_personal(
    parts: BuildParts, connection: Connection, groups: dict[int, list[Alias]]
) -> dict[int, dict[str, str]]:
    """Personal fields by alias, already masked; the identifier itself is masked as what kind it is."""
    kinds = {a.alias_no: a.kind for aliases in groups.values() for a in aliases}
    numbers = sorted(kinds)
    found: dict[int, dict[str, str]] = {}
    for start in range(0, len(numbers), ALIAS_CHUNK):
        opened = parts.personal.open(connection, numbers[start : start + ALIAS_CHUNK])
        for alias_no, fields in opened.items():
            found[alias_no] = {
                name: masked(kinds[alias_no] if name == "identifier" else name, value)
                for name, value in fields.items()
            }
    return found


def _person(person_no: int, aliases: list[Alias], personal: dict[int, dict[str, str]]) -> Person:
    """Ids and names as they may be shown; the person's id is its first plain login, else its first plain id."""
    shown: list[ShownAlias] = []
    names: dict[str, str] = {}
    for a in sorted(aliases, key=lambda a: a.alias_no) if len(aliases) > 1 else aliases:
        fields = personal.get(a.alias_no, {})
        value = a.value or fields.get("identifier") or "***"
        if a.value is None and a.kind in ("phone", "email") and "identifier" in fields:
            names.setdefault(a.kind, fields["identifier"])
        for name in ("nickname", "phone", "email"):
            if name in fields:
                names[name] = fields[name]
        shown.append(ShownAlias(a.alias_no, a.kind, value, a.first_seen_us))
    plain = min((a for a in aliases if a.value), key=lambda a: (a.kind != "user", a.alias_no), default=None)
    return Person(str(plain.value) if plain else f"@{person_no}", _is_visitor(aliases), shown, names)


def _alias_table(numbers: np.ndarray[Any, Any], person_of: np.ndarray[Any, Any]) -> pa.Table:
    return pa.table(
        {
            "alias_no": pa.array(numbers, pa.int32()),
            "person_no": pa.array(person_of[numbers] if len(numbers) else numbers, pa.int32()),
        }
    )


def _totals(orders: pa.Table) -> list[dict[str, object]]:
    """Every order, of identified people or not, by currency: how many there are, how many count, net amount."""
    grouped = orders.group_by("currency").aggregate(
        [("order_id", "count"), ("counted", "sum"), ("net_minor", "sum")]
    )
    return [
        {
            "currency": row["currency"],
            "orders": row["order_id_count"],
            "counted": row["counted_sum"],
            "net_minor": row["net_minor_sum"],
        }
        for row in grouped.sort_by("currency").to_pylist()
    ]


def _offsets(connection: Connection) -> list[dict[str, object]]:
    rows = connection.execute(
        select(
            consumer_offsets.c.consumer, consumer_offsets.c.partition, consumer_offsets.c.next_record
        ).order_by(consumer_offsets.c.consumer, consumer_offsets.c.partition)
    )
    return [dict(row) for row in rows.mappings()]


def _settle(parts: BuildParts, version: int) -> bool:
    with parts.database.begin() as tx:
        return parts.live.settle(tx, version, SETTLE_ROWS) >= SETTLE_ROWS
