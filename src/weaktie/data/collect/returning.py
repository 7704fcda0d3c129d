"""People who were erased and come back.

The rule: what was kept before the erasure never returns. After it, an identifier of somebody who was erased stays turned
away until they register anew: a registration event (`Signed Up`, `Account Created`), traits with a registration time after
the erasure, a receipt that the shop's server sends, or the identifier beside a login that was never erased. From then on it
is a new person's, under a new number.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from weaktie.data.collect.contracts import Event, Identifier, IdentifierKind, LoadBatch
from weaktie.data.collect.rows import DAY_FROM, Decoded
from weaktie.data.collect.traits import REGISTERED
from weaktie.data.identity.service import Registry
from weaktie.kit.clock import from_datetime
from weaktie.store.lake.tables import TABLES

REGISTRATIONS: Final = frozenset({"Signed Up", "Account Created"})
KEPT_WITHOUT_PERSON: Final = frozenset({"orders", "order_items", "contents"})
"""Tables whose rows stay when the person in them may not return: a shop keeps its transactions."""

Reopen = Callable[[Connection, Sequence[Identifier]], None]
"""Tells consent that identifiers are a new person's, so that the door keeps what comes for them."""


class Returning:
    """Decides for the lake writer which of a batch's events may enter; one per batch."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        registry.follow()
        self.opened: dict[Identifier, None] = {}

    def admitted(self, items: Iterable[Decoded]) -> list[Decoded]:
        """The events that are of no erased person, or of one who has come back, in their order."""
        return [item for item in items if self._enters(item.event)]

    def may_have_number(self, identifier: Identifier) -> bool:
        """Whether an identifier that an event only mentions may be numbered: an erased one would rise again."""
        return self._registry.erased_at(identifier) is None or self._is_open(identifier)

    def _enters(self, event: Event) -> bool:
        gone = {i: at for i in event.identifiers if (at := self._registry.erased_at(i)) is not None}
        if not gone:
            return True
        last_us = max(gone.values())
        if event.event_us <= last_us:
            return False  # a late copy from before the erasure
        if not (any(self._is_open(i) for i in gone) or self._registers(event, gone, last_us)):
            return False
        self.opened.update(dict.fromkeys(gone))
        return True

    def _is_open(self, identifier: Identifier) -> bool:
        return identifier in self.opened or self._registry.is_known(identifier)

    def _registers(self, event: Event, gone: dict[Identifier, int], last_us: int) -> bool:
        registered = (event.traits or {}).get(REGISTERED)
        return (
            event.event in REGISTRATIONS
            or (isinstance(registered, int) and registered > last_us)
            or any(kind == "user" and (kind, value) not in gone for kind, value in event.identifiers)
        )


def without_erased(batch: LoadBatch, registry: Registry) -> LoadBatch:
    """A batch of imported rows without people who were erased and rows from before their erasure: orders lose their buyer, other
    rows go."""
    rows, keep = batch.rows, None
    for column in TABLES[batch.table].alias_columns:
        name, kind = text_column(column)
        if name not in rows.schema.names:
            continue
        gone = {
            v: at
            for v in pc.unique(rows[name]).to_pylist()
            if v and (at := registry.erased_at((kind, v))) is not None
        }
        if not gone:
            continue
        known = {v for v in gone if registry.is_known((kind, v))}
        times = _instants(batch.table, rows)
        bad = [
            value in gone and (value not in known or at is None or at <= gone[value])
            for value, at in zip(rows[name].to_pylist(), times, strict=True)
        ]
        cleared = pc.if_else(pa.array(bad), pa.scalar(None, rows[name].type), rows[name])
        rows = rows.set_column(rows.schema.get_field_index(name), name, cleared)
        if batch.table not in KEPT_WITHOUT_PERSON and not column.startswith("sharer"):
            fine = pc.invert(pa.array(bad))
            keep = fine if keep is None else pc.and_(keep, fine)
    if rows is batch.rows:
        return batch
    personal = batch.personal
    if keep is not None:
        rows = rows.filter(keep)
        personal = None if personal is None else personal.filter(keep)
    return replace(batch, rows=rows, personal=personal)


def text_column(alias_column: str) -> tuple[str, IdentifierKind]:
    """The text column that stands for an alias column in a LoadBatch, and the kind of its values."""
    if alias_column == "anon_alias_no":
        return "anonymous_id", "anonymous"
    return alias_column.replace("alias_no", "user_id"), "user"


def _instants(table: str, rows: pa.Table) -> list[int | None]:
    """When each row happened; None where the file does not say."""
    for name in (DAY_FROM.get(table, ""), "registered_time"):
        if name in rows.schema.names and pa.types.is_timestamp(rows[name].type):
            utc = rows[name].cast(pa.timestamp("us", tz="UTC"))
            return [None if v is None else from_datetime(v) for v in utc.to_pylist()]
    return [None] * rows.num_rows
