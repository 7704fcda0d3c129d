"""Trying events: what each would become, with nothing stored. The same decoders and rows as behind the door. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from weaktie.data.collect import taking
from weaktie.data.collect.contracts import BadRow, Decoder, Event, RawRequest
from weaktie.data.collect.refusals import refuse
from weaktie.data.collect.rows import Decoded, assemble, identifiers_of
from weaktie.store.log.contracts import Place

MOST_TRIED = 200
_ENDPOINTS = {"segment": "/v1/batch", "sensors": "/sa", "posthog": "/batch/"}
_HIDDEN = ("alias_no", "log_partition", "log_record", "log_index", "purposes", "source", "received_time")
"""Columns that say where a row came from and who a number is: before it is stored there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One event that was tried: what it would be stored as, or why it would not.

    `rows` are by lake table, without the columns that only storing fills; `personal` names the values that would go to
    the vault.
    """

    event: Event | None
    bad: BadRow | None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    personal: list[str] = field(default_factory=list)


def try_events(
    protocol: str,
    text: str,
    decoders: Mapping[str, Decoder],
    *,
    now_us: int,
    zone: ZoneInfo,
    currency: str,
    largest_event: int,
) -> list[Tried]:
    """Each event of a pasted JSON, in its order; raises Refused as the door does for what is no request at all."""
    body = text.strip().encode("utf-8", "surrogatepass")
    taken = _taken(protocol, body, len(body))
    if len(taken.items) > MOST_TRIED:
        raise refuse("too_many_events", str(MOST_TRIED))
    tried: list[Tried] = []
    for number, item in enumerate(taken.items):
        if len(bytes(item)) > largest_event:
            raise refuse("event_too_large", f"batch[{number}]")
        alone = taken.join([item]) if taken.join is not None else bytes(item)
        request = RawRequest(protocol, _ENDPOINTS[protocol], "", 0, now_us, alone)
        events, bad = decoders[protocol](request)
        tried += [_stored(event, request, zone, currency) for event in events]
        tried += [Tried(None, row) for row in bad]
    return tried


def _taken(protocol: str, body: bytes, largest: int) -> taking.Taken:
    if protocol == "posthog":
        return taking.posthog(body, largest)
    if protocol == "sensors":
        return taking.sensors_events(body, b"")
    if body.startswith(b"["):
        body = b'{"batch":' + body + b"}"
    elif b'"batch"' not in body:
        body = b'{"batch":[' + body + b"]}"
    return taking.segment_batch(body)


def _stored(event: Event, request: RawRequest, zone: ZoneInfo, currency: str) -> Tried:
    numbers = {identifier: n for n, identifier in enumerate(dict.fromkeys(identifiers_of(event)), 1)}
    batch = assemble([Decoded(Place(0, 0), 0, request, event)], numbers, zone, currency)
    rows = {
        table: [
            {k: v for k, v in row.items() if v is not None and not _is_hidden(k)} for row in found.to_pylist()
        ]
        for table, found in batch.tables.items()
    }
    return Tried(event, None, rows, sorted({name for _, name in batch.personal}))


def _is_hidden(column: str) -> bool:
    return column in _HIDDEN or column.endswith("alias_no")
