"""The door of relays: setting up, how they are doing, and the parity page's numbers."""

import csv
import io
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from weaktie.data.relay.contracts import (
    DELIVERED,
    KINDS,
    BadRelay,
    Health,
    NoRelay,
    Parity,
    ParityRow,
    Relay,
    RelaySpec,
)
from weaktie.data.relay.logic import Outgoing, checked_url, token_in, validation
from weaktie.data.relay.queries import ours_by_day
from weaktie.data.relay.tables import relay_counts, relay_vendor_counts, relays
from weaktie.data.sources import service as sources
from weaktie.kit.clock import DAY_US, SECOND_US, Clock, iso_to_day
from weaktie.kit.errors import Conflict
from weaktie.kit.ids import new_id
from weaktie.kit.outbound import Answer, Outbound
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.store.database.tables import consumer_offsets
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import EVENTS
from weaktie.store.log.contracts import Log
from weaktie.trust.vault.service import Vault

LAKE_CONSUMER = "lake"
MOST_COUNTED = 10_000
LARGEST_ANSWER_BYTES = 64 * 1024
MOST_VENDOR_ROWS = 50_000
_NAME = 200


@dataclass(frozen=True, slots=True)
class Relays:
    """Relays of one home. Services never commit: what takes a `tx` leaves that to the caller."""

    database: Database
    clock: Clock
    vault: Vault
    log: Log
    lake: Lake
    engine: Engine
    outbound: Outbound
    keep_days: int
    home: Path

    def create(self, tx: Connection, spec: RelaySpec) -> Relay:
        """Set a relay up, switched off, from this moment on. Raises BadRelay, NotFound for an unknown source, Conflict where
        the source has one already."""
        sources.find(tx, spec.source_id)
        url = self._checked(spec)
        if tx.execute(select(relays.c.relay_id).where(relays.c.source_id == spec.source_id)).first():
            raise Conflict(
                "relay_exists",
                Words("该数据源已有上报。", "The source has a relay already."),
                place="source_id",
            )
        now_us = self.clock.now_us()
        made = new_id("rly", now_us)
        tx.execute(
            insert(relays).values(
                relay_id=made, source_id=spec.source_id, kind=spec.kind, url=url,
                sealed_key=self._seal(made, spec.key or token_in(spec.url)), purposes=spec.purposes, max_lag_s=spec.max_lag_s,
                threshold=spec.threshold, connections=spec.connections, enabled=False, version=1, since_us=now_us,
            )
        )  # fmt: skip
        for partition in self.log.partitions():
            move_offset(tx, made, partition, self.log.end(partition), now_us)
        return self.find(tx, made)

    def change(
        self, tx: Connection, relay_id: str, spec: RelaySpec | None, *, enabled: bool | None = None
    ) -> Relay:
        """Change the set-up (the source stays), or switch on or off; the worker follows within seconds."""
        before = self.find(tx, relay_id)
        values: dict[str, object] = {"version": relays.c.version + 1, "next_try_us": None}
        if spec is not None:
            values |= {
                "kind": spec.kind, "url": self._checked(spec), "purposes": spec.purposes, "max_lag_s": spec.max_lag_s,
                "threshold": spec.threshold, "connections": spec.connections,
            }  # fmt: skip
            key = spec.key or token_in(spec.url)
            if key is not None:
                values["sealed_key"] = self._seal(relay_id, key)
        if enabled is not None and enabled != before.enabled:
            values |= {"enabled": enabled, "failing_us": None, "error_zh": None, "error_en": None}
        tx.execute(update(relays).where(relays.c.relay_id == relay_id).values(**values))
        return self.find(tx, relay_id)

    def remove(self, tx: Connection, relay_id: str) -> None:
        """Forget a relay with its key and its numbers."""
        self.find(tx, relay_id)
        for table in (relay_counts, relay_vendor_counts, relays):
            tx.execute(delete(table).where(table.c.relay_id == relay_id))
        tx.execute(delete(consumer_offsets).where(consumer_offsets.c.consumer == consumer(relay_id)))

    def find(self, connection: Connection, relay_id: str) -> Relay:
        """One relay; raises NoRelay."""
        row = connection.execute(select(relays).where(relays.c.relay_id == relay_id)).mappings().first()
        if row is None:
            raise NoRelay
        return _relay(row)

    def listed(self, connection: Connection) -> list[Relay]:
        """All relays, oldest first."""
        rows = connection.execute(select(relays).order_by(relays.c.since_us, relays.c.relay_id)).mappings()
        return [_relay(row) for row in rows]

    def versions(self, connection: Connection) -> dict[str, int]:
        """The version of each relay's set-up."""
        return {
            row.relay_id: row.version
            for row in connection.execute(select(relays.c.relay_id, relays.c.version))
        }

    def key(self, connection: Connection, relay_id: str) -> str:
        """The other side's key in the clear, for sending alone; empty where there is none."""
        sealed = connection.execute(select(relays.c.sealed_key).where(relays.c.relay_id == relay_id)).scalar()
        return self.vault.master.unwrap(bytes(sealed), _bound(relay_id)).decode() if sealed else ""

    def max_lag_us(self, relay: Relay) -> int:
        """How long a request may wait: never longer than the log is kept, so that it is counted and not lost."""
        most_s = max(self.keep_days, 1) * 86_400
        return min(relay.max_lag_s, most_s) * SECOND_US

    def test(self, relay_id: str) -> tuple[Outgoing, Answer]:
        """Send one request that is checked and stores nothing; the answer as it came. Raises OutboundRefused."""
        with self.database.connect() as connection:
            relay, key = self.find(connection, relay_id), self.key(connection, relay_id)
        sent = validation(relay.kind, relay.url, key)
        return sent, self.outbound.request(
            "POST", sent.url, headers=sent.headers, body=sent.body, largest_bytes=LARGEST_ANSWER_BYTES
        )

    def health(self, connection: Connection, relay: Relay) -> Health:
        """How far it is and what became of the events."""
        waiting, oldest_us = 0, None
        for partition in self.log.partitions():
            first = offset(connection, relay.relay_id, partition)
            if self.log.end(partition) <= first:
                continue
            for record in itertools.islice(self.log.read(partition, first), MOST_COUNTED):
                if record.received_us >= relay.since_us:
                    waiting += 1
                    oldest_us = min(oldest_us or record.received_us, record.received_us)
        counts = connection.execute(
            select(relay_counts.c.outcome, func.sum(relay_counts.c.events))
            .where(relay_counts.c.relay_id == relay.relay_id)
            .group_by(relay_counts.c.outcome)
        )
        age = 0.0 if oldest_us is None else max(0, self.clock.now_us() - oldest_us) / SECOND_US
        return Health(min(waiting, MOST_COUNTED), age, {outcome: int(n) for outcome, n in counts})

    def held_from(self, connection: Connection, partition: int, day: int) -> int | None:
        """The first record of the partition that some relay has not counted yet and that was received before the UTC `day`;
        None where there is none: such records are not to be deleted."""
        found: list[int] = []
        for relay_id in self.versions(connection):
            first = offset(connection, relay_id, partition)
            record = next(self.log.read(partition, first), None)
            if record is not None and record.received_us // DAY_US < day:
                found.append(first)
        return min(found, default=None)

    def note_vendor(
        self, tx: Connection, relay_id: str, rows: Sequence[tuple[int, str, int]], actor: str
    ) -> None:
        """Keep what the other system counts: (business day, event, count), each replacing what stood there."""
        self.find(tx, relay_id)
        if len(rows) > MOST_VENDOR_ROWS:
            raise _bad_rows(f"≤ {MOST_VENDOR_ROWS}")
        last = {(day, event): count for day, event, count in rows}
        if not last:
            return
        statement = _insert(tx)(relay_vendor_counts)
        given = statement.excluded
        values = [
            {"relay_id": relay_id, "day": d, "event": e, "events": n, "actor": actor[:64], "noted_us": self.clock.now_us()}
            for (d, e), n in last.items()
        ]  # fmt: skip
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["relay_id", "day", "event"],
                set_={"events": given.events, "actor": given.actor, "noted_us": given.noted_us},
            ),
            values,
        )

    def parity(self, relay_id: str, from_day: int, to_day: int) -> Parity:
        """Ours beside theirs by day and event, over the requests that the relay has dealt with."""
        with self.database.connect() as connection:
            relay = self.find(connection, relay_id)
            offsets = {p: offset(connection, relay_id, p) for p in self.log.partitions()}
            behind = any(_offset(connection, LAKE_CONSUMER, p) < end for p, end in offsets.items())
            sent, vendor = self._numbers(connection, relay_id, from_day, to_day)
            files = self.lake.snapshot(connection, tables=["events"]).of(
                "events", from_day=from_day, to_day=to_day
            )
        with self.engine.session() as session:
            frame = session.scan([f.path for f in files], EVENTS.schema)
            table = session.collect(
                ours_by_day(frame, relay.source_id, relay.since_us, offsets, (from_day, to_day))
            )
        ours = {(row["day"], row["event"]): int(row["events"]) for row in table.to_pylist()}
        rows: list[ParityRow] = []
        for day, event in sorted({*ours, *sent, *vendor}, key=lambda k: (-k[0], k[1])):
            outcomes = sent.get((day, event), {})
            mine = ours.get((day, event), 0)
            lost = {o: n for o, n in outcomes.items() if o != DELIVERED}
            absent = sum(outcomes.values()) - mine
            rows.append(
                ParityRow(
                    day, event, mine, outcomes.get(DELIVERED, 0), lost, absent, vendor.get((day, event))
                )
            )
        return Parity(rows, behind)

    def _numbers(
        self, connection: Connection, relay_id: str, from_day: int, to_day: int
    ) -> tuple[dict[tuple[int, str], dict[str, int]], dict[tuple[int, str], int]]:
        sent: dict[tuple[int, str], dict[str, int]] = {}
        counts, vendors = relay_counts, relay_vendor_counts
        for row in connection.execute(
            select(counts).where(counts.c.relay_id == relay_id, counts.c.day.between(from_day, to_day))
        ):
            sent.setdefault((row.day, row.event), {})[row.outcome] = row.events
        found = connection.execute(
            select(vendors).where(vendors.c.relay_id == relay_id, vendors.c.day.between(from_day, to_day))
        )
        return sent, {(row.day, row.event): row.events for row in found}

    def _checked(self, spec: RelaySpec) -> str:
        if spec.kind not in KINDS:
            raise BadRelay(
                "bad_relay_kind", Words("不支持的协议。", "The protocol is not known."), place="kind"
            )
        url = checked_url(spec.kind, spec.url)
        self.outbound.look_at(url)
        return url

    def _seal(self, relay_id: str, key: str | None) -> bytes | None:
        return self.vault.master.wrap(key.encode(), _bound(relay_id)) if key else None


def consumer(relay_id: str) -> str:
    """The relay's name among the log's consumers."""
    return f"relay:{relay_id}"


def offset(connection: Connection, relay_id: str, partition: int) -> int:
    """The first record of the partition that the relay has not dealt with."""
    return _offset(connection, consumer(relay_id), partition)


def _offset(connection: Connection, name: str, partition: int) -> int:
    found = select(consumer_offsets.c.next_record).where(
        consumer_offsets.c.consumer == name, consumer_offsets.c.partition == partition
    )
    return connection.execute(found).scalar() or 0


def move_offset(tx: Connection, relay_id: str, partition: int, next_record: int, now_us: int) -> None:
    """Move a relay's offset on."""
    statement = _insert(tx)(consumer_offsets)
    given = statement.excluded
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["consumer", "partition"],
            set_={"next_record": given.next_record, "updated_us": given.updated_us},
        ).values(consumer=consumer(relay_id), partition=partition, next_record=next_record, updated_us=now_us)
    )


def add_counts(tx: Connection, relay_id: str, counts: Mapping[tuple[int, str, str], int]) -> None:
    """Add to what became of events: (day, event, outcome) to number."""
    if not counts:
        return
    statement = _insert(tx)(relay_counts)
    rows = [
        {"relay_id": relay_id, "day": d, "event": e, "outcome": o, "events": n}
        for (d, e, o), n in sorted(counts.items())
    ]
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["relay_id", "day", "event", "outcome"],
            set_={"events": relay_counts.c.events + statement.excluded.events},
        ),
        rows,
    )


def vendor_rows(text: str) -> list[tuple[int, str, int]]:
    """The rows of a CSV `date,event,count` (a header line may stand first); raises BadRelay with the line that is wrong."""
    rows: list[tuple[int, str, int]] = []
    for number, cells in enumerate(csv.reader(io.StringIO(text.lstrip("\ufeff"))), 1):
        if not cells or (number == 1 and not cells[0][:1].isdigit()):
            continue
        try:
            day, event, count = (cell.strip() for cell in cells)
            rows.append((iso_to_day(day.replace("/", "-")), event[:_NAME], int(count.replace(",", ""))))
        except ValueError as error:
            raise _bad_rows(f"{number}") from error
        if rows[-1][2] < 0:
            raise _bad_rows(f"{number}")
    return rows


def _bad_rows(place: str) -> BadRelay:
    return BadRelay(
        "bad_vendor_rows",
        Words("每行应为：日期,事件,数量。", "Each line is: date,event,count."),
        place=f"line {place}",
    )


def _insert(tx: Connection):  # type: ignore[no-untyped-def]
    return sqlite.insert if tx.dialect.name == "sqlite" else postgresql.insert


def _bound(relay_id: str) -> bytes:
    return f"relays|sealed_key|{relay_id}".encode()


def _relay(row: RowMapping) -> Relay:
    error = Words(row["error_zh"], row["error_en"]) if row["error_zh"] and row["error_en"] else None
    return Relay(
        row["relay_id"], row["source_id"], row["kind"], row["url"], row["sealed_key"] is not None, row["purposes"],
        row["max_lag_s"], row["threshold"], row["connections"], bool(row["enabled"]), row["since_us"],
        row["last_ok_us"], row["failing_us"], row["next_try_us"], error,
    )  # fmt: skip
