"""The door of collect for other capabilities: bulk loads, and what arrives now."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, bindparam, delete, func, select, tuple_

from weaktie.data.collect.commerce import SLOTS
from weaktie.data.collect.contracts import (
    OTHER_PAYLOAD_FLAG,
    Held,
    Identifier,
    IdentifierKind,
    LoadBatch,
    LoadOutcome,
)
from weaktie.data.collect.returning import CONTACTS, text_column, without_erased
from weaktie.data.collect.rows import DAY_FROM, business_days
from weaktie.data.collect.tables import counters, live_minutes, seen
from weaktie.data.collect.traits import trait_name
from weaktie.data.collect.vocabulary import ORDER_EVENTS, OWN_EVENTS, VOCABULARY, sensors_name
from weaktie.data.identity.contracts import LinkFact
from weaktie.data.identity.service import Registry, add_links, add_sources, is_usable
from weaktie.kit.clock import DAY_US, MINUTE_US, Clock, from_datetime
from weaktie.kit.hashing import hash128
from weaktie.kit.settings import Settings
from weaktie.store.database.service import ByValues, Database
from weaktie.store.lake.contracts import DUPLICATE, NEW, OTHER_PAYLOAD, U64, Lake, Staged
from weaktie.store.lake.tables import TABLES, TIME
from weaktie.trust.vault.service import Vault

__all__ = [
    "ORDER_EVENTS", "OWN_EVENTS", "SLOTS", "VOCABULARY", "Arrivals", "LiveOverlay", "Loader", "SeenState", "sensors_name",
    "trait_name",
]  # fmt: skip
TWO_FILES_ROWS = 100_000
"""Rows from which a load is written as two files at once."""
IMPORTED_PARTITION = -1
BOUGHT = ("orders", "order_items")
"""Tables whose batches may name a person by a phone alone."""
Bools = npt.NDArray[np.bool_]


class Loader:
    """Rows in bulk, from files: the same ids, identifiers, vault and manifest as events that come over the wire."""

    def __init__(
        self,
        *,
        database: Database,
        lake: Lake,
        registry: Registry,
        vault: Vault,
        settings: Settings,
        clock: Clock,
        held: Held | None = None,
    ) -> None:
        self._held = held
        self._database, self._lake, self._registry = database, lake, registry
        self._vault, self._settings, self._clock = vault, settings, clock
        self._sourced: set[tuple[int, str]] = set()
        self._writers = ThreadPoolExecutor(2, thread_name_prefix="lake")

    def load(
        self,
        batches: Sequence[LoadBatch],
        commit: Callable[[Connection, list[LoadOutcome]], None] | None = None,
    ) -> list[LoadOutcome]:
        """Store the rows that are new, all batches and the caller's `commit` in one transaction.

        Rows whose id the lake holds already are left out and counted; an event with a known id and other content is kept
        and flagged. Nothing of it stays when anything fails.
        """
        now_us = self._clock.now_us()
        self._registry.follow()
        orders = next((b.rows for b in batches if b.table == "orders"), None)
        judged = [self._judged(batch, orders) for batch in batches]
        wanted = dict.fromkeys(i for batch, _, _ in judged for i in _identifiers(batch))
        numbers = self._registry.numbers(wanted, now_us)
        writing: list[Future[Staged]] = []
        outcomes: list[LoadOutcome] = []
        links: list[LinkFact] = []
        sources: set[tuple[int, str]] = set()
        sealed: list[tuple[int, str, str]] = []
        for batch, keep, words in judged:
            stored = int(keep.sum())
            outcomes.append(LoadOutcome(stored, len(keep) - stored))
            if not stored:
                continue
            chosen = pa.array(keep)
            paid = orders if batch.table == "order_items" else None
            data = self._typed(_with_buyers(batch).filter(chosen), batch, numbers, now_us, paid)
            origin = f"{batch.table}-{batch.origin}"
            writing += self._write(batch.table, data, now_us // DAY_US, origin, words[keep])
            sources |= _seen_in(batch, data)
            if batch.personal is not None:
                personal = batch.personal.filter(chosen)
                more_links, values, more_sources = _contacts(data, personal, numbers, now_us, batch.source_id)
                links += more_links
                sealed += values
                sources |= more_sources
            if batch.table == "events":
                links += _logins(data, batch.source_id)
        staged = [written.result() for written in writing]
        with self._database.begin() as tx:
            if staged:
                self._lake.commit(tx, staged, reason=f"import {batches[0].origin}")
            add_links(tx, links)
            add_sources(tx, sources - self._sourced, now_us)
            self._seal(tx, sealed)
            if commit is not None:
                commit(tx, outcomes)
        self._sourced = sources if len(self._sourced) > 1_000_000 else self._sourced | sources
        return outcomes

    def _write(self, table: str, data: pa.Table, day: int, origin: str, ids: U64) -> list[Future[Staged]]:
        """Files that are written beside: what follows a load needs the rows, not the file."""
        return [
            self._writers.submit(
                self._lake.stage, table, data[rows], part_day=day, origin=f"{origin}{name}", ids=ids[rows]
            )
            for name, rows in _pieces(data.num_rows)
        ]

    def _seal(self, tx: Connection, values: list[tuple[int, str, str]]) -> None:
        """Seal personal values, but for those that a correction or a missing consent holds back."""
        held = set() if self._held is None else self._held(tx, [(alias, name) for alias, name, _ in values])
        self._vault.seal_many(tx, [row for row in values if row[:2] not in held])

    def _judged(self, batch: LoadBatch, orders: pa.Table | None) -> tuple[LoadBatch, Bools, U64]:
        """The batch without erased people, which of its rows are new, and the words of all. These are of what the file says: a
        row stays the same row when somebody in it is erased."""
        keep, words, rows = self._new_rows(batch)
        batch = replace(batch, rows=rows)
        if not self._registry.has_erased():
            return batch, keep, words
        batch, enters = without_erased(batch, self._registry, orders)
        return batch, keep[enters], words[enters]

    def _new_rows(self, batch: LoadBatch) -> tuple[Bools, U64, pa.Table]:
        """Which rows are new, the words of all, and the rows with those of a known id but other content flagged."""
        named = self._writers.submit(hash128, batch.rows["event_id"])
        payload = _payload(batch.rows)
        words = np.column_stack([named.result(), payload])
        with self._database.connect() as connection:
            states = self._lake.classify(connection, batch.table, words, since_day=0)
        rows = batch.rows
        if batch.table == "events":
            flags = np.where(states == OTHER_PAYLOAD, OTHER_PAYLOAD_FLAG, 0)
            if "flags" in rows.schema.names:
                flags = flags | rows["flags"].fill_null(0).to_numpy()
                rows = rows.drop_columns("flags")
            rows = rows.append_column("flags", pa.array(flags, pa.int16()))
        known = states == DUPLICATE if batch.table == "events" else states != NEW
        return ~known, words, rows

    def _typed(
        self,
        rows: pa.Table,
        batch: LoadBatch,
        numbers: dict[Identifier, int],
        now_us: int,
        paid: pa.Table | None,
    ) -> pa.Table:
        """The rows with the lake's columns: numbers for identifiers, derived days, this source and its purposes."""
        schema = TABLES[batch.table].schema
        length = rows.num_rows
        constants: dict[str, pa.Scalar] = {
            "source": pa.scalar(batch.source_id, pa.string()),
            "purposes": pa.scalar(batch.purposes, pa.int16()),
            "log_partition": pa.scalar(IMPORTED_PARTITION, pa.int32()),
            "received_time": pa.scalar(now_us, pa.int64()).cast(TIME),
            "version_time": pa.scalar(now_us, pa.int64()).cast(TIME),
        }
        columns: dict[str, pa.Array | pa.ChunkedArray] = {}
        for field in schema:
            if field.name.endswith("alias_no"):
                columns[field.name] = _numbered(rows, field.name, numbers)
            elif field.name in rows.schema.names and field.name != "day":
                columns[field.name] = rows[field.name].cast(field.type)
            elif field.name in constants:
                columns[field.name] = pa.repeat(constants[field.name], length)
            else:
                columns[field.name] = pa.nulls(length, field.type)
        if "day" in schema.names:
            times = columns[DAY_FROM[batch.table]] if paid is None else _paid_times(columns["order_id"], paid)
            columns["day"] = business_days(times, self._settings.zone)
        return pa.table([columns[name] for name in schema.names], schema=schema)


def _paid_times(order_ids: pa.ChunkedArray, orders: pa.Table) -> pa.Array:
    """The time of the order that each line belongs to."""
    at = pc.index_in(order_ids, orders["order_id"].combine_chunks())
    return orders["paid_time"].combine_chunks().cast(TIME).take(at)


def _with_buyers(batch: LoadBatch) -> pa.Table:
    """Orders and their lines with the buyer's phone beside them, which names the buyer where no user id does."""
    if batch.table not in BOUGHT or batch.personal is None:
        return batch.rows
    return batch.rows.append_column("phone", batch.personal["phone"])


def _pieces(rows: int) -> list[tuple[str, slice]]:
    """What goes into a file each: a large batch in two, for both writers."""
    half = rows // 2
    return [("", slice(rows))] if rows < TWO_FILES_ROWS else [("-a", slice(half)), ("-b", slice(half, rows))]


def _identifiers(batch: LoadBatch) -> Iterator[Identifier]:
    """Every identifier of the batch that can be a key, once."""
    for column in TABLES[batch.table].alias_columns:
        name, kind = text_column(column)
        if name in batch.rows.schema.names:
            yield from (
                (kind, v) for v in pc.unique(batch.rows[name]).to_pylist() if v and is_usable((kind, v))
            )
    for contact in CONTACTS:
        if batch.personal is not None and contact in batch.personal.schema.names:
            values = pc.unique(batch.personal[contact]).to_pylist()
            yield from ((contact, v) for v in values if v and is_usable((contact, v)))


def _numbered(rows: pa.Table, column: str, numbers: dict[Identifier, int]) -> pa.Array:
    """Alias numbers for a text column; an event without a user id takes its anonymous id's number."""
    name, kind = text_column(column)
    result = _mapped(rows, name, kind, numbers)
    if column == "alias_no" and "anonymous_id" in rows.schema.names:
        result = pc.coalesce(result, _mapped(rows, "anonymous_id", "anonymous", numbers))
    if column == "alias_no" and "phone" in rows.schema.names:
        result = pc.coalesce(result, _mapped(rows, "phone", "phone", numbers))
    if column == "anon_alias_no" and "user_id" in rows.schema.names:
        result = pc.if_else(
            _mapped(rows, "user_id", "user", numbers).is_null(), pa.scalar(None, pa.int32()), result
        )
    return result


def _mapped(rows: pa.Table, name: str, kind: IdentifierKind, numbers: dict[Identifier, int]) -> pa.Array:
    if name not in rows.schema.names:
        return pa.nulls(rows.num_rows, pa.int32())
    encoded = rows[name].cast(pa.string()).combine_chunks().dictionary_encode()
    found = pa.array([numbers.get((kind, v)) for v in encoded.dictionary.to_pylist()], pa.int32())
    return found.take(encoded.indices)


def _payload(rows: pa.Table) -> U64:
    """64 bits of each row's content, the id left out: equal rows have equal words, whatever file they came in."""
    words = np.zeros(rows.num_rows, np.uint64)
    for position, name in enumerate(
        sorted(set(rows.schema.names) - {"event_id", "log_record", "log_index", "flags"}), 1
    ):
        column = rows[name].combine_chunks()
        if pa.types.is_integer(column.type) or pa.types.is_timestamp(column.type):
            values = (
                column.cast(pa.int64()).fill_null(-(2**63)).to_numpy(zero_copy_only=False).view(np.uint64)
            )
        else:
            text = column if pa.types.is_string(column.type) else column.cast(pa.string())
            values = hash128(text)[:, 0]
        mixed = (values ^ np.uint64(position * 0x9E37)) * np.uint64(0x9E3779B97F4A7C15)
        words ^= mixed ^ (mixed >> np.uint64(29))
    return words


def _seen_in(batch: LoadBatch, data: pa.Table) -> set[tuple[int, str]]:
    """The people that the batch is about, for their receipts."""
    columns = [c for c in TABLES[batch.table].alias_columns if c != "sharer_alias_no"]
    return {(n, batch.source_id) for c in columns for n in pc.unique(data[c]).to_pylist() if n is not None}


def _logins(data: pa.Table, source_id: str) -> list[LinkFact]:
    """Links between a login and the anonymous id beside it, once a pair."""
    both = data.filter(pc.and_(pc.is_valid(data["alias_no"]), pc.is_valid(data["anon_alias_no"])))
    pairs = both.group_by(["alias_no", "anon_alias_no"]).aggregate([("event_time", "min")]).to_pylist()
    return [
        LinkFact(
            min(p["alias_no"], p["anon_alias_no"]),
            max(p["alias_no"], p["anon_alias_no"]),
            "login",
            from_datetime(p["event_time_min"]),
            source_id,
        )
        for p in pairs
    ]


def _contacts(
    data: pa.Table, personal: pa.Table, numbers: dict[Identifier, int], now_us: int, source_id: str
) -> tuple[list[LinkFact], list[tuple[int, str, str]], set[tuple[int, str]]]:
    """Personal columns: values for the vault, links from phone and e-mail, and the sources of these."""
    links: list[LinkFact] = []
    sealed: list[tuple[int, str, str]] = []
    sources: set[tuple[int, str]] = set()
    owners = data["alias_no"].to_pylist()
    for name in personal.schema.names:
        for owner, value in zip(owners, personal[name].to_pylist(), strict=True):
            if owner is None or not value:
                continue
            sealed.append((owner, name, value))
            contact = numbers.get((name, value)) if name in CONTACTS else None
            if contact is not None and contact != owner:
                links.append(LinkFact(min(owner, contact), max(owner, contact), "trait", now_us, source_id))
                sources.add((contact, source_id))
    return links, sealed, sources


class Arrivals:
    """What arrives now and how much there is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def per_minute(self, minutes: int = 60) -> list[tuple[int, int]]:
        """(minute as microseconds, events) of the last minutes, empty ones included, the present one last."""
        last = self._clock.now_us() // MINUTE_US
        query = (
            select(live_minutes.c.minute, func.sum(live_minutes.c.events))
            .where(live_minutes.c.minute > last - minutes)
            .group_by(live_minutes.c.minute)
        )
        with self._database.connect() as connection:
            found = {minute: int(events) for minute, events in connection.execute(query)}
        return [(m * MINUTE_US, found.get(m, 0)) for m in range(last - minutes + 1, last + 1)]

    def by_source(self) -> dict[str, tuple[int, int]]:
        """For each source: events of the last 24 hours, and the instant of its last minute with any."""
        since = self._clock.now_us() // MINUTE_US - 1440
        recent = func.sum(live_minutes.c.events).filter(live_minutes.c.minute > since)
        query = select(live_minutes.c.source_id, func.coalesce(recent, 0), func.max(live_minutes.c.minute))
        with self._database.connect() as connection:
            rows = connection.execute(query.group_by(live_minutes.c.source_id)).all()
        return {source: (int(events), int(minute) * MINUTE_US) for source, events, minute in rows}

    def forget_before(self, minute: int) -> None:
        """Drop the counts of minutes before this one."""
        with self._database.begin() as tx:
            tx.execute(delete(live_minutes).where(live_minutes.c.minute < minute))

    def totals(self) -> dict[str, int]:
        """Running totals: events, duplicates, refused_erased."""
        with self._database.connect() as connection:
            return {name: int(value) for name, value in connection.execute(select(counters))}


@dataclass(frozen=True, slots=True)
class SeenState:
    """What was seen of somebody since the last build."""

    last_us: int
    events: int
    last_event: str


# Every profile that is read asks it.
_SEEN = ByValues(
    lambda numbers: select(seen.c.last_us, seen.c.events, seen.c.last_event).where(
        seen.c.alias_no.in_(numbers), seen.c.lake_version > bindparam("since")
    )
)


class LiveOverlay:
    """Who was seen since the last build, event by event as the lake writer committed them."""

    def seen(self, connection: Connection, alias_nos: Sequence[int], since_version: int) -> SeenState | None:
        """What was seen of these identifiers in commits after `since_version` of the lake; None when nothing was."""
        rows = _SEEN.run(connection, alias_nos, since=since_version).all()
        if not rows:
            return None
        newest = max(rows, key=lambda row: row.last_us)
        return SeenState(newest.last_us, sum(row.events for row in rows), newest.last_event)

    def settle(self, tx: Connection, lake_version: int, limit: int) -> int:
        """Forget at most `limit` rows of commits that a build of this lake version holds; returns how many."""
        settled = (
            select(seen.c.alias_no, seen.c.lake_version)
            .where(seen.c.lake_version <= lake_version)
            .limit(limit)
        )
        keys = tuple_(seen.c.alias_no, seen.c.lake_version)
        return tx.execute(delete(seen).where(keys.in_(settled))).rowcount
