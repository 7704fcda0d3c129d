"""A small home for tests of profiles: real database, lake and engine; identity, consent and vault as plain tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.collect.service import SeenState
from weaktie.data.identity.contracts import ERASED, Alias, PersonMap
from weaktie.data.identity.logic import SPANS
from weaktie.data.profiles.contracts import I32, U8
from weaktie.data.quality.service import Quality
from weaktie.kit.clock import DAY_US, HOUR_US, FixedClock
from weaktie.kit.settings import Engine as EngineSettings
from weaktie.kit.settings import Settings, Workspace
from weaktie.kit.words import Words
from weaktie.store.database.service import Database, open_database
from weaktie.store.database.tables import metadata
from weaktie.store.engine.duck import DuckEngine
from weaktie.store.lake.contracts import Snapshot
from weaktie.store.lake.files import FileLake
from weaktie.store.lake.tables import TABLES
from weaktie.trust.consent.contracts import ADULT, PURPOSE_NAMES, PurposeState, Receipt, Young

DAY = 20_000
ZONE_US = 8 * HOUR_US


def at(day: int, hour: float = 12.0) -> int:
    """Microseconds UTC of an hour of a business day in Shanghai."""
    return day * DAY_US + int(hour * HOUR_US) - ZONE_US


@dataclass
class FakePeople:
    """Identifiers by number: kind, value, person."""

    rows: dict[int, tuple[str, str | None, int]] = field(default_factory=dict)
    spans: list[tuple[int, int, int, int]] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    decided: set[int] = field(default_factory=set)

    def person_map(self, connection: Connection, session: object, snapshot: Snapshot) -> PersonMap:
        size = max(self.rows, default=0) + 1
        person_of = np.arange(size, dtype=np.int32)
        for number, (_, _, person) in self.rows.items():
            person_of[number] = ERASED if number in self.erased else person
        columns = list(zip(*self.spans, strict=True)) or [()] * len(SPANS)
        spans = pa.table([pa.array(c, f.type) for c, f in zip(columns, SPANS, strict=True)], schema=SPANS)
        return PersonMap(1, person_of, spans)

    def find(self, connection: Connection, user_id: str) -> int | None:
        return next((n for n, (_, v, _) in self.rows.items() if v == user_id and n not in self.erased), None)

    def component(self, connection: Connection, alias_no: int) -> list[int]:
        if alias_no not in self.rows:
            return []
        person = self.rows[alias_no][2]
        return sorted(n for n, r in self.rows.items() if r[2] == person and n not in self.erased)

    def described_between(self, connection: Connection, first: int, last: int) -> list[Alias]:
        return self.described(connection, range(first, last + 1))

    def described(self, connection: Connection, alias_nos: Sequence[int]) -> list[Alias]:
        return [
            Alias(n, self.rows[n][0], self.rows[n][1], at(DAY))
            for n in sorted(alias_nos)
            if n in self.rows and n not in self.erased
        ]

    def decided_after(self, connection: Connection, alias_nos: Sequence[int], decision_id: int) -> bool:
        return bool(self.decided & set(alias_nos))


@dataclass
class FakePermits:
    """Persons without the analytics purpose."""

    refused: set[int] = field(default_factory=set)

    said_no: list[Receipt] = field(default_factory=list)

    def masks(self, connection: Connection, person_of: I32) -> tuple[U8, U8]:
        out = np.isin(np.arange(len(person_of)), list(self.refused))
        return np.where(out, 0, 15).astype(np.uint8), np.where(out, 15, 0).astype(np.uint8)

    def states(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        granted = not self.refused & set(alias_nos)
        words = Words("合同", "Contract")
        return [PurposeState(p, granted, "contract", words, "s", 0) for p in PURPOSE_NAMES.values()]

    def granted_many(self, connection: Connection, people: Sequence[Sequence[int]]) -> list[int]:
        return [0 if self.refused & set(numbers) else 15 for numbers in people]

    def receipts(self, connection: Connection, alias_nos: Sequence[int]) -> list[Receipt]:
        return [r for r in self.said_no if r.alias_no in alias_nos]

    def record(
        self, tx: Connection, alias_nos: Sequence[int], purpose: str, *, granted: bool, how: str
    ) -> Receipt:
        made = Receipt(1, alias_nos[0], PURPOSE_NAMES[purpose], granted, "own_choice", None, how, at(DAY))
        self.said_no.append(made)
        if purpose == "analytics":
            (self.refused.discard if granted else self.refused.add)(alias_nos[0])
        return made

    deleted: dict[int, set[str]] = field(default_factory=dict)
    corrected: dict[int, dict[str, str]] = field(default_factory=dict)

    def newest_receipt(self, connection: Connection) -> int:
        return len(self.said_no)

    def said_since(self, connection: Connection, receipt_id: int) -> list[int]:
        return [r.alias_no for r in self.said_no[receipt_id:]]

    def separate(self, connection: Connection, alias_nos: Sequence[int]) -> list[PurposeState]:
        return []

    def young(self, connection: Connection, alias_nos: Sequence[int]) -> Young:
        return ADULT

    def deleted_tags(self, connection: Connection, alias_nos: Sequence[int]) -> frozenset[str]:
        return frozenset().union(*(self.deleted.get(n, set()) for n in alias_nos))

    def all_deleted_tags(self, connection: Connection) -> list[tuple[int, str]]:
        return sorted((n, tag) for n, tags in self.deleted.items() for tag in tags)

    def corrections(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, str]:
        return {f: v for n in alias_nos for f, v in self.corrected.get(n, {}).items()}

    def all_corrections(self, connection: Connection) -> list[tuple[int, str, str]]:
        return sorted((n, f, v) for n, fields in self.corrected.items() for f, v in fields.items())


@dataclass
class FakePersonal:
    """Personal fields by alias number."""

    fields: dict[int, dict[str, str]] = field(default_factory=dict)

    def open(self, tx: Connection, alias_nos: Sequence[int]) -> Mapping[int, Mapping[str, str]]:
        return {n: self.fields[n] for n in alias_nos if n in self.fields}


@dataclass
class FakeLive:
    """What was seen, by alias number."""

    rows: dict[int, SeenState] = field(default_factory=dict)

    def seen(self, connection: Connection, alias_nos: Sequence[int], since_version: int) -> SeenState | None:
        found = [self.rows[n] for n in alias_nos if n in self.rows]
        return max(found, key=lambda s: s.last_us) if found else None

    def settle(self, tx: Connection, lake_version: int, limit: int) -> int:
        self.rows.clear()
        return 0


class Market:
    """All the parts of a build, and short ways to put rows into the lake."""

    def __init__(self, home: Path, *, database: Database | None = None, today: int = DAY) -> None:
        self.settings = Settings(home=home, workspace=Workspace(timezone="Asia/Shanghai"))
        self.clock = FixedClock(at(today, 20))
        self.database = database or open_database("sqlite:", home)
        metadata.create_all(self.database.engine)
        self.lake = FileLake(home / "lake", self.clock, grace_seconds=0)
        self.engine = DuckEngine(EngineSettings(memory_gb=1.0, threads=2), home / "scratch")
        self.people, self.permits = FakePeople(), FakePermits()
        self.personal, self.live = FakePersonal(), FakeLive()
        self.quality = Quality(self.database, self.lake, self.engine, self.people, self.settings, self.clock)
        self._files = 0

    def user(self, number: int, value: str, *, kind: str = "user", person: int | None = None) -> int:
        """An identifier; by default a person of its own."""
        self.people.rows[number] = (kind, value, number if person is None else person)
        return number

    def put(self, table: str, *rows: Mapping[str, object]) -> None:
        """One file of rows; missing columns are null, purposes all granted, ids made up."""
        self._files += 1
        schema = TABLES[table].schema
        filled = [_filled(table, dict(row), f"{table}-{self._files}-{i}") for i, row in enumerate(rows)]
        data = pa.Table.from_pylist([{n: r.get(n) for n in schema.names} for r in filled], schema=schema)
        staged = self.lake.stage(table, data, part_day=DAY, origin=f"test-{self._files}")
        with self.database.begin() as tx:
            self.lake.commit(tx, [staged], reason="test")

    def rows(self, table: str) -> list[dict[str, object]]:
        """Every row of a lake table."""
        with self.database.connect() as connection:
            files = self.lake.snapshot(connection, tables=[table]).files
        with self.engine.session() as session:
            found = session.collect(session.scan([f.path for f in files], TABLES[table].schema))
        result: list[dict[str, object]] = found.to_pylist()
        return result

    def close(self) -> None:
        """Give files and threads back."""
        self.engine.close()
        self.database.close()


def _filled(table: str, row: dict[str, object], event_id: str) -> dict[str, object]:
    when = row.pop("us", None)
    day = row.setdefault("day", None if when is None else (int(str(when)) + ZONE_US) // DAY_US)
    stamp = at(int(str(day))) if when is None and day is not None else when
    for name in ("event_time", "received_time", "paid_time", "version_time", "time"):
        row.setdefault(name, stamp if stamp is not None else at(DAY))
    return {"event_id": event_id, "source": "s", "purposes": 15, "status": "paid", "currency": "CNY"} | row


def no_progress(share: float, step: Words) -> None:
    """Progress that nobody watches."""
    assert 0.0 <= share <= 1.0, share
    assert step.zh
