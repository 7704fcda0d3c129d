"""The lake writer: the consumer that carries requests from the log into the lake, each event once.

One batch is: read records from the committed offset, decode, drop what the lake already holds, number the
identifiers, write the files, and then, in one transaction, commit manifest, offset, links, dead letters and counters.
A crash anywhere before that transaction repeats the batch; the files it left are orphans that the sweep removes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress

import msgspec
import numpy as np
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from weaktie.data.collect.contracts import OTHER_PAYLOAD_FLAG, BadRow, Decoder, Held, RawRequest
from weaktie.data.collect.letters import Letter, sealed_rows
from weaktie.data.collect.returning import Reopen, Returning
from weaktie.data.collect.rows import Batch, Decoded, assemble, identifiers_of, payload_words
from weaktie.data.collect.splitting import sending_time
from weaktie.data.collect.tables import counters, dead_letters, live_minutes
from weaktie.data.identity.contracts import LinkFact
from weaktie.data.identity.service import Registry, add_links, add_sources
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.logs import get_logger
from weaktie.kit.objects import no_collections
from weaktie.kit.settings import Settings
from weaktie.kit.words import Words
from weaktie.store.database.service import Database, write_many
from weaktie.store.database.tables import consumer_offsets
from weaktie.store.lake.contracts import DUPLICATE, OTHER_PAYLOAD, U64, Lake, Staged
from weaktie.store.log.contracts import Damage, Log, Record
from weaktie.store.runs.service import Lease
from weaktie.trust.vault.service import Vault

CONSUMER = "lake"
HOUR_US = 3_600_000_000
UNREADABLE = Words("日志记录无法解码。", "The record of the log cannot be decoded.")
_LOG = get_logger("collect")
_REQUEST = msgspec.msgpack.Decoder(RawRequest)


@dataclass(frozen=True, slots=True)
class WriterPorts:
    """What the writer asks of the floor of trust, in the transaction of its commit: which values are held by corrections, whom
    an event's age makes a minor, who has come back."""

    held: Held | None = None
    ages: Callable[[Connection, Mapping[int, tuple[str, str]]], object] | None = None
    reopen: Reopen | None = None


@dataclass(slots=True)
class Read:
    """What one reading of a partition gave; `next_record` is the offset to commit."""

    partition: int
    next_record: int
    decoded: list[Decoded] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Written:
    """What one batch did."""

    requests_read: bool
    stored: int = 0
    duplicates: int = 0
    refused: int = 0
    letters: int = 0


class LakeWriter:
    """The consumer. Only the holder of the lease `consumer:lake` may run it; `run_once` checks that at the commit."""

    def __init__(
        self,
        *,
        database: Database,
        log: Log,
        lake: Lake,
        registry: Registry,
        vault: Vault,
        decoders: Mapping[str, Decoder],
        settings: Settings,
        clock: Clock,
        lease: Lease | None = None,
        ports: WriterPorts | None = None,
    ) -> None:
        self._ports = ports or WriterPorts()
        self._database, self._log, self._lake = database, log, lake
        self._registry, self._vault, self._decoders = registry, vault, decoders
        self._settings, self._clock, self._lease = settings, clock, lease
        self._day_keys = vault.day_keys()
        self._linked: dict[tuple[int, int, str], tuple[int, int]] = {}
        self._sourced: set[tuple[int, str]] = set()

    def catch_up(self, told: Callable[[Written], None] | None = None) -> Written:
        """Run until nothing is left; returns the totals."""
        total = Written(False)
        while True:
            done = self.run_once()
            if not done.requests_read:
                return total
            total = Written(
                True, total.stored + done.stored, total.duplicates + done.duplicates,
                total.refused + done.refused, total.letters + done.letters,
            )  # fmt: skip
            if told is not None:
                told(done)

    def run_once(self) -> Written:
        """Handle one batch of one partition."""
        for partition in self._log.partitions():
            with no_collections():
                done = self._carry(partition)
            if done is not None:
                return done
        return Written(False)

    def _carry(self, partition: int) -> Written | None:
        read = self._read(partition)
        return self._write(read) if read is not None else None

    def _read(self, partition: int) -> Read | None:
        with self._database.connect() as connection:
            first = offset_of(connection, partition)
        read = Read(partition, first)
        for record in self._log.read(partition, first, damage=read.damage):
            self._decode(read, record)
            read.next_record = record.place.record + 1
            if len(read.decoded) >= self._settings.lake.batch_events:
                break
        return read if read.next_record > first else None

    def _decode(self, read: Read, record: Record) -> None:
        try:
            request = _REQUEST.decode(record.payload)
            events, bad = self._decoders[request.protocol](request)
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            _LOG.error("undecodable_record", record=record.place.record, error=type(error).__name__)
            bad_row = BadRow("undecodable_request", UNREADABLE, "request", record.payload[:4096])
            read.letters.append(Letter(record.place, 0, record.received_us, "", "", bad_row))
            return
        for index, event in enumerate(events):
            read.decoded.append(Decoded(record.place, index, request, event))
        sent = sending_time(request.body) if bad else None
        for index, row in enumerate(bad):
            read.letters.append(
                Letter(
                    record.place, 1_000_000 + index, request.received_us, request.source_id, request.protocol, row,
                    request.endpoint, request.purposes, sent,
                )
            )  # fmt: skip

    def _write(self, read: Read) -> Written:
        letters = sealed_rows(read.letters, self._day_keys)

        def commit(tx: Connection, _kept: Sequence[Decoded]) -> None:
            if self._lease is not None:
                self._lease.check(tx)
            set_offset(tx, read.partition, read.next_record, self._clock.now_us())
            if letters:
                tx.execute(insert(dead_letters), letters)
            _count(tx, {"letters": len(letters)})

        done = self.store(read.decoded, f"log-{read.partition}", commit)
        for damage in read.damage:
            _LOG.error(
                "log_damage", segment=damage.segment, first_byte=damage.first_byte, reason=damage.reason
            )
        return replace(done, letters=len(letters))

    def store(
        self, decoded: list[Decoded], origin: str, commit: Callable[[Connection, Sequence[Decoded]], None]
    ) -> Written:
        """Bring decoded events into the lake, each id once. `commit` runs in the transaction that makes them count, with the
        events that are kept; nothing of them stays when it raises."""
        fresh, words = self._new_ones(decoded)
        returning = Returning(self._registry)
        kept = returning.admitted(fresh)
        if len(kept) < len(fresh):
            stays = {id(item) for item in kept}
            words = words[[id(item) in stays for item in fresh]]
        usable = self._registry.is_usable
        mentioned = dict.fromkeys(chain.from_iterable(identifiers_of(item.event, usable) for item in kept))
        wanted = [i for i in mentioned if returning.may_have_number(i)]
        numbers = self._registry.numbers(wanted, self._clock.now_us())
        staged: list[Staged] = []
        total = Batch()
        days = np.array([item.request.received_us // DAY_US for item in kept], np.int64)
        for day in np.unique(days).tolist():
            mine = days == day
            of_day = kept if mine.all() else list(compress(kept, mine))
            batch = assemble(of_day, numbers, self._settings.zone, self._settings.workspace.currency)
            own = words[mine]
            name = f"{origin}-{of_day[0].place.record}-{of_day[-1].place.record}"
            for table, rows in batch.tables.items():
                ids = own if table == "events" else None
                staged.append(self._lake.stage(table, rows, part_day=day, origin=f"{table}-{name}", ids=ids))
            _merge(total, batch)
        done = Written(True, len(kept), len(decoded) - len(fresh), len(fresh) - len(kept))
        with self._database.begin() as tx:
            commit(tx, kept)
            self._commit(tx, total, staged, origin, done)
            if returning.opened and self._ports.reopen is not None:
                self._ports.reopen(tx, list(returning.opened))
        self._remember(total)
        return done

    def _new_ones(self, decoded: list[Decoded]) -> tuple[list[Decoded], U64]:
        """The events whose id is new, and their ids as the lake wants them; a known id with another payload is kept and flagged."""
        if not decoded:
            return [], np.empty((0, 3), np.uint64)
        words = payload_words([i.event.raw for i in decoded], [i.event.event_id for i in decoded])
        since = self._clock.now_us() // DAY_US - self._settings.lake.dedup_days
        with self._database.connect() as connection:
            states = self._lake.classify(connection, "events", words, since_day=since)
        for row in np.flatnonzero(states == OTHER_PAYLOAD):
            decoded[row].event.flags |= OTHER_PAYLOAD_FLAG
        new = states != DUPLICATE
        return [item for item, stays in zip(decoded, new, strict=True) if stays], words[new]

    def _commit(self, tx: Connection, batch: Batch, staged: list[Staged], origin: str, done: Written) -> None:
        version = self._lake.commit(tx, staged, reason=origin) if staged else 0
        batch.links = [f for f in batch.links if self._widens(f)]
        add_links(tx, batch.links)
        add_sources(tx, batch.sources - self._sourced, self._clock.now_us())
        held = keep_personal(tx, self._vault, batch, self._ports)
        _add_minutes(tx, batch)
        _add_seen(tx, batch, version)
        _count(
            tx,
            {
                "events": done.stored,
                "duplicates": done.duplicates,
                "refused_erased": done.refused,
                "held_by_correction": held,
            },
        )

    def _widens(self, fact: LinkFact) -> bool:
        """Whether the database does not know the link yet, or not that it was seen so early or an hour so late."""
        first, last = self._linked.get((fact.a_alias, fact.b_alias, fact.kind), (fact.event_us + 1, 0))
        return fact.event_us < first or fact.event_us > last + HOUR_US

    def _remember(self, batch: Batch) -> None:
        if len(self._linked) + len(self._sourced) > 1_000_000:
            self._linked.clear()
            self._sourced.clear()
        for fact in batch.links:
            key = (fact.a_alias, fact.b_alias, fact.kind)
            first, last = self._linked.get(key, (fact.event_us, fact.event_us))
            if key not in self._linked or self._widens(fact):
                self._linked[key] = (min(first, fact.event_us), max(last, fact.event_us))
        self._sourced |= batch.sources


def keep_personal(tx: Connection, vault: Vault, batch: Batch, ports: WriterPorts) -> int:
    """Seal the personal values of a batch and note the ages in it; returns how many values were held back."""
    held: set[tuple[int, str]] = set()
    if batch.personal:
        if ports.held is not None:
            held = ports.held(tx, batch.personal)
        vault.seal_many(tx, [(*key, value) for key, value in batch.personal.items() if key not in held])
    if batch.ages and ports.ages is not None:
        ports.ages(tx, batch.ages)
    return len(held)


def offset_of(connection: Connection, partition: int) -> int:
    """The first record of the partition that is not in the lake yet."""
    query = select(consumer_offsets.c.next_record).where(
        consumer_offsets.c.consumer == CONSUMER, consumer_offsets.c.partition == partition
    )
    return connection.execute(query).scalar() or 0


def set_offset(tx: Connection, partition: int, next_record: int, now_us: int) -> None:
    """Move the offset; it only ever grows."""
    where = (consumer_offsets.c.consumer == CONSUMER, consumer_offsets.c.partition == partition)
    changed = tx.execute(
        update(consumer_offsets)
        .where(*where, consumer_offsets.c.next_record < next_record)
        .values(next_record=next_record, updated_us=now_us)
    )
    if changed.rowcount == 0:
        assert offset_of(tx, partition) == 0, "the offset was moved by somebody else"
        tx.execute(
            insert(consumer_offsets).values(
                consumer=CONSUMER, partition=partition, next_record=next_record, updated_us=now_us
            )
        )


def _merge(total: Batch, batch: Batch) -> None:
    total.links += batch.links
    total.sources |= batch.sources
    total.personal |= batch.personal
    total.ages |= batch.ages
    for key, count in batch.minutes.items():
        total.minutes[key] = total.minutes.get(key, 0) + count
    for alias, (last_us, count, name) in batch.seen.items():
        known = total.seen.get(alias, (0, 0, ""))
        newer = last_us >= known[0]
        total.seen[alias] = (max(last_us, known[0]), known[1] + count, name if newer else known[2])


def _add_minutes(tx: Connection, batch: Batch) -> None:
    if not batch.minutes:
        return
    statement = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(live_minutes)
    statement = statement.on_conflict_do_update(
        index_elements=["minute", "source_id", "event"],
        set_={"events": live_minutes.c.events + statement.excluded.events},
    )
    rows = [
        {"minute": m, "source_id": s, "event": e, "events": n}
        for (m, s, e), n in sorted(batch.minutes.items())
    ]
    tx.execute(statement, rows)


def _add_seen(tx: Connection, batch: Batch, version: int) -> None:
    rows = [
        (alias, version, last_us, count, name) for alias, (last_us, count, name) in sorted(batch.seen.items())
    ]
    write_many(
        tx, "seen (alias_no, lake_version, last_us, events, last_event)", ("integer", "bigint", "bigint", "bigint", "text"), rows
    )  # fmt: skip


def _count(tx: Connection, added: dict[str, int]) -> None:
    statement = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(counters)
    statement = statement.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + statement.excluded.value}
    )
    rows = [{"name": name, "value": value} for name, value in added.items() if value]
    if rows:
        tx.execute(statement, rows)
