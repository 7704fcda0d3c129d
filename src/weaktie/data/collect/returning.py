"""People who were erased and come back.

The rule: what was kept before the erasure never returns. After it, an identifier of somebody who was erased stays turned
away until they register anew: a registration event (`Signed Up`, `Account Created`), traits with a registration time after
the erasure, a receipt that the shop's server sends, or the identifier beside a login that was never erased. From then on it
is a new person's, under a new number.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from weaktie.data.collect.contracts import Event, Identifier, IdentifierKind, LoadBatch
from weaktie.data.collect.rows import DAY_FROM, Decoded
from weaktie.data.collect.traits import REGISTERED
from weaktie.data.identity.service import Registry, is_usable
from weaktie.kit.clock import from_datetime
from weaktie.store.lake.tables import TABLES

REGISTRATIONS: Final = frozenset({"Signed Up", "Account Created"})
KEPT_WITHOUT_PERSON: Final = frozenset({"orders", "order_items", "contents"})
"""Tables whose rows stay when the person in them may not return: a shop keeps its transactions."""

CONTACTS: Final[tuple[IdentifierKind, ...]] = ("phone", "email")
Bools = npt.NDArray[np.bool_]

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
        return [item for item in items if self.enters(item.event)]

    def may_have_number(self, identifier: Identifier) -> bool:
        """Whether an identifier that an event only mentions may be numbered: an erased one would rise again."""
        return self._registry.erased_at(identifier) is None or self._is_open(identifier)

    def enters(self, event: Event) -> bool:
        """Whether one event may enter."""
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


def without_erased(
    batch: LoadBatch, registry: Registry, orders: pa.Table | None = None
) -> tuple[LoadBatch, Bools]:
    """A batch of imported rows without people who were erased and rows from before their erasure (orders lose their buyer, other
    rows go), and which of its rows are still in it. `orders` says when the lines of orders were paid."""
    rows, personal = batch.rows, batch.personal
    times = _instants(batch.table, rows, orders)
    nobody, enters = np.zeros(rows.num_rows, np.bool_), np.ones(rows.num_rows, np.bool_)
    for column in TABLES[batch.table].alias_columns:
        name, kind = text_column(column)
        if name not in rows.schema.names:
            continue
        bad = _bad(rows[name], kind, times, registry)
        if bad is None:
            continue
        rows = _cleared(rows, name, bad)
        if column == "alias_no":
            nobody |= bad
        if batch.table not in KEPT_WITHOUT_PERSON and not column.startswith("sharer"):
            enters &= ~bad | _logins(rows) if column == "anon_alias_no" else ~bad
    if personal is not None:
        personal = _without_contacts(personal, rows, times, nobody, registry).filter(pa.array(enters))
    return replace(batch, rows=rows.filter(pa.array(enters)), personal=personal), enters


def _cleared(rows: pa.Table, name: str, gone: Bools) -> pa.Table:
    """The rows with a column's values taken out where `gone`."""
    values = pc.if_else(pa.array(gone), pa.scalar(None, rows[name].type), rows[name])
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def _logins(rows: pa.Table) -> Bools:
    """Which rows name a login."""
    if "user_id" not in rows.schema.names:
        return np.zeros(rows.num_rows, np.bool_)
    named: Bools = pc.fill_null(pc.not_equal(rows["user_id"], ""), fill_value=False).to_numpy()
    return named


def _without_contacts(
    personal: pa.Table, rows: pa.Table, times: list[int | None], nobody: Bools, registry: Registry
) -> pa.Table:
    """Personal columns without what belongs to nobody any more, and without contacts that are an erased person's; one beside a
    login that may be kept has come back with it."""
    login = _logins(rows)
    for name in personal.schema.names:
        gone = nobody
        if name in CONTACTS:
            bad = _bad(personal[name], name, times, registry, logins=login)
            gone = nobody if bad is None else nobody | bad
        if gone.any():
            personal = _cleared(personal, name, gone)
    return personal


def _bad(
    column: pa.ChunkedArray,
    kind: IdentifierKind,
    times: list[int | None],
    registry: Registry,
    logins: Bools | None = None,
) -> Bools | None:
    """Which values name somebody who was erased and has not come back, or from before it; None where none does."""
    gone = {
        v: at
        for v in pc.unique(column).to_pylist()
        if v and is_usable((kind, v)) and (at := registry.erased_at((kind, v))) is not None
    }
    if not gone:
        return None
    back = {v for v in gone if registry.is_known((kind, v))}
    return np.array(
        [
            value in gone
            and (
                at is None or at <= gone[value] or not (value in back or (logins is not None and logins[row]))
            )
            for row, (value, at) in enumerate(zip(column.to_pylist(), times, strict=True))
        ],
        np.bool_,
    )


def text_column(alias_column: str) -> tuple[str, IdentifierKind]:
    """The text column that stands for an alias column in a LoadBatch, and the kind of its values."""
    if alias_column == "anon_alias_no":
        return "anonymous_id", "anonymous"
    return alias_column.replace("alias_no", "user_id"), "user"


def _instants(table: str, rows: pa.Table, orders: pa.Table | None) -> list[int | None]:
    """When each row happened; None where the file does not say."""
    found: pa.ChunkedArray | pa.Array | None = None
    if table == "order_items" and orders is not None and "paid_time" in orders.schema.names:
        at = pc.index_in(rows["order_id"], orders["order_id"].combine_chunks())
        found = orders["paid_time"].combine_chunks().take(at.combine_chunks())
    for name in (DAY_FROM.get(table, ""), "registered_time"):
        if found is None and name in rows.schema.names:
            found = rows[name]
    if found is None or not pa.types.is_timestamp(found.type):
        return [None] * rows.num_rows
    return [
        None if v is None else from_datetime(v) for v in found.cast(pa.timestamp("us", tz="UTC")).to_pylist()
    ]
