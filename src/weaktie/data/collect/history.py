"""Calls that another system kept (an archive, an export), read by the decoder that reads live ones and loaded in bulk."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np
from sqlalchemy import Connection

from weaktie.data.collect.badrows import Bad
from weaktie.data.collect.contracts import BadRow, Decoder, Event, Identifier, RawRequest
from weaktie.data.collect.jobs import WriterPorts, keep_personal
from weaktie.data.collect.logic import parse_time
from weaktie.data.collect.returning import Returning
from weaktie.data.collect.rows import Decoded, assemble, identifiers_of, payload_words
from weaktie.data.collect.service import IMPORTED_PARTITION
from weaktie.data.identity.service import Registry, add_links, add_sources
from weaktie.kit.clock import DAY_US, Clock
from weaktie.kit.settings import Settings
from weaktie.store.database.service import Database
from weaktie.store.lake.contracts import NEW, Lake
from weaktie.store.log.contracts import Place
from weaktie.trust.vault.service import Vault

_LINE: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TAKEN: Final = ("receivedAt", "recv_time", "timestamp", "originalTimestamp", "time")
"""Members that may say when the other system took the call, the best first."""
_ADDED: Final = frozenset(
    {"sentAt", "receivedAt", "_flush_time", "recv_time", "user_id", "map_id", "ver", "extractor", "project_id", "project"}
)  # fmt: skip
"""What archives add to a call, and sending times, by which the archive has corrected the call's own time already."""
_ENDPOINTS: Final = {"segment": "/v1/batch", "sensors": "/sa"}


class History:
    """Old calls into the lake: the same ids, identifiers, links, vault and manifest as calls that arrive now.

    They leave no trace in the live counters, and they are not late: their time of receipt is the archive's.
    """

    def __init__(
        self,
        *,
        database: Database,
        lake: Lake,
        registry: Registry,
        vault: Vault,
        decoders: Mapping[str, Decoder],
        settings: Settings,
        clock: Clock,
        ports: WriterPorts | None = None,
    ) -> None:
        self._ports = ports or WriterPorts()
        self._database, self._lake, self._registry, self._vault = database, lake, registry, vault
        self._decoders, self._settings, self._clock = decoders, settings, clock

    def decode(self, protocol: str, line: bytes) -> tuple[list[Event], list[BadRow]]:
        """The events of one stored call, and the reasons of those that cannot be stored."""
        body, taken_us = _plain_call(line)
        if taken_us is None:
            taken_us = self._clock.now_us()
        if protocol == "segment":
            body = b'{"batch":[' + body + b"]}"
        request = RawRequest(protocol, _ENDPOINTS[protocol], "", 0, taken_us, body)
        return self._decoders[protocol](request)

    def load(
        self,
        events: Sequence[tuple[int, Event]],
        *,
        source_id: str,
        purposes: int,
        origin: str,
        commit: Callable[[Connection, Mapping[str, int], int], None],
    ) -> None:
        """Store (line, event) pairs whose id is new, with `commit(tx, rows stored by table, duplicates)`, or nothing.

        An id that the lake ever held is the same call, whatever the archive added to it. Events of erased people are left
        out, unless they have come back.
        """
        now_us = self._clock.now_us()
        fresh = self._new_ones(events)
        returning = Returning(self._registry)
        admitted = [(line, event) for line, event in fresh if returning.enters(event)]
        wanted: dict[Identifier, None] = {}
        for _, event in admitted:
            wanted.update((i, None) for i in identifiers_of(event) if returning.may_have_number(i))
        numbers = self._registry.numbers(wanted, now_us)
        request = RawRequest("history", "", source_id, purposes, now_us, b"")
        kept = [Decoded(Place(IMPORTED_PARTITION, line), 0, request, event) for line, event in admitted]
        batch = assemble(kept, numbers, self._settings.zone, self._settings.workspace.currency)
        words = payload_words([i.event.raw for i in kept], [i.event.event_id for i in kept]) if kept else None
        staged = [
            self._lake.stage(
                table, rows, part_day=now_us // DAY_US, origin=f"{table}-{origin}", ids=words if table == "events" else None
            )
            for table, rows in batch.tables.items()
        ]  # fmt: skip
        with self._database.begin() as tx:
            if staged:
                self._lake.commit(tx, staged, reason=f"import {origin}")
            add_links(tx, batch.links)
            add_sources(tx, batch.sources, now_us)
            keep_personal(tx, self._vault, batch, self._ports)
            if returning.opened and self._ports.reopen is not None:
                self._ports.reopen(tx, list(returning.opened))
            stored = {table: rows.num_rows for table, rows in batch.tables.items()}
            commit(tx, stored, len(events) - len(fresh))

    def _new_ones(self, events: Sequence[tuple[int, Event]]) -> list[tuple[int, Event]]:
        if not events:
            return []
        words = payload_words([e.raw for _, e in events], [e.event_id for _, e in events])
        with self._database.connect() as connection:
            states = self._lake.classify(connection, "events", words, since_day=0)
        return [events[int(row)] for row in np.flatnonzero(states == NEW)]


def _plain_call(line: bytes) -> tuple[bytes, int | None]:
    """The call without what the archive added, and when the other system took it; a line that is no object stays."""
    try:
        members = _LINE.decode(line)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return line, None
    taken_us: int | None = None
    for name in _TAKEN:
        if name in members and taken_us is None:
            taken_us = _time(members[name])
    kept = {name: value for name, value in members.items() if name not in _ADDED}
    return (msgspec.json.encode(kept) if len(kept) < len(members) else line), taken_us


def _time(raw: msgspec.Raw) -> int | None:
    try:
        return parse_time(msgspec.json.decode(raw))
    except (Bad, msgspec.MsgspecError):
        return None
