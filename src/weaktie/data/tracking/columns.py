"""Properties of the plan as typed columns of the lake: which may be promoted, under which name, and how far each is."""

import re
from dataclasses import dataclass
from typing import Final, cast, get_args

from sqlalchemy import Connection

from weaktie.data.collect.service import ORDER_EVENTS, SLOTS
from weaktie.data.tracking import service
from weaktie.data.tracking.checking import COLUMNS, ELSEWHERE, OF_ORDERS
from weaktie.data.tracking.contracts import (
    AlreadyPromoted,
    BadColumn,
    NotInPlan,
    Plan,
    Property,
    PropertyType,
    TooManyColumns,
)
from weaktie.data.tracking.logic import column_name
from weaktie.kit.clock import Clock
from weaktie.kit.words import Words
from weaktie.store.lake.contracts import Lake, LakeFile, PromotedColumn, PromotedType
from weaktie.store.lake.service import columns_of, declare

TABLE: Final = "events"
MOST_COLUMNS: Final = 64
LONGEST_COLUMN: Final = 63
COLUMN_TYPES: Final = cast(tuple[PromotedType, ...], get_args(PromotedType))
TYPE_OF: Final[dict[PropertyType, PromotedType]] = {
    "text": "text", "enum": "text", "list": "text", "integer": "integer", "number": "number", "money": "number",
    "boolean": "boolean", "time": "time",
}  # fmt: skip
"""The column's type where the person names none."""
_NAME = re.compile(r"p(_[a-z0-9]+)+")


@dataclass(frozen=True, slots=True)
class ColumnState:
    """A promoted column and how far it is: rows of files that carry it of all rows, its values, and its misfits."""

    column: PromotedColumn
    rows: int
    filled: int
    values: int
    misfits: int

    @property
    def is_ready(self) -> bool:
        """Whether all of history carries it."""
        return self.filled == self.rows

    @property
    def share(self) -> float:
        """Rows that carry it ÷ all rows; 1 where there is no row."""
        return self.filled / self.rows if self.rows else 1.0


def promote(
    tx: Connection, clock: Clock, *, event: str, prop: str, kind: str | None, name: str | None, actor: str
) -> PromotedColumn:
    """Promote a planned property of one event, or with an empty `event` of all; files that are written from now on have it.

    Raises NotInPlan, BadColumn, AlreadyPromoted, TooManyColumns and ColumnNameTaken.
    """
    planned = _planned(service.current(tx).plan, event, prop)
    key = column_name(prop, SLOTS)
    if key in COLUMNS.values() or key in ELSEWHERE or (event in ORDER_EVENTS and key in OF_ORDERS):
        raise BadColumn(
            "has_own_column",
            Words(f"属性 {prop} 已有自己的列。", f"{prop} has a column of its own already."),
            place="property",
        )
    there = columns_of(tx, TABLE)
    if any((c.property, c.event) == (key, event) for c in there):
        raise AlreadyPromoted(prop)
    if len(there) >= MOST_COLUMNS:
        raise TooManyColumns(MOST_COLUMNS)
    chosen = _type(kind) if kind is not None else TYPE_OF[planned.type]
    wanted = _checked(name) if name is not None else _free_name(key, event, {c.name for c in there})
    return declare(tx, TABLE, wanted, chosen, key, event, now_us=clock.now_us(), actor=actor)


def _planned(plan: Plan, event: str, prop: str) -> Property:
    """The planned property of one event, or of any where the event is empty."""
    of_event = plan.event(event)
    if event and of_event is None:
        raise NotInPlan("event", event)
    events = plan.events if of_event is None else (of_event,)
    properties = (*plan.common, *(p for e in events for p in e.properties))
    found = next((p for p in properties if p.name == prop), None)
    if found is None:
        raise NotInPlan("property", prop)
    return found


def _type(kind: str) -> PromotedType:
    found = next((t for t in COLUMN_TYPES if t == kind), None)
    if found is None:
        known = ", ".join(COLUMN_TYPES)
        raise BadColumn(
            "unknown_column_type",
            Words(f"列类型只能是 {known}。", f"A column's type is one of {known}."),
            place="type",
        )
    return found


def _checked(name: str) -> str:
    if len(name) > LONGEST_COLUMN or _NAME.fullmatch(name) is None:
        raise BadColumn(
            "bad_column_name",
            Words(
                f"列名须以 p_ 开头，仅含小写字母、数字与单个下划线，最长 {LONGEST_COLUMN} 个字符。",
                "A column's name begins with p_ and has small letters, digits and single underscores only, "
                f"{LONGEST_COLUMN} characters at most.",
            ),
            place="name",
        )
    return name


def suggested(*parts: str) -> str:
    """A name made of what is Latin in these: `itemColor` gives `p_item_color`; `p` where nothing is."""
    spaced = (re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", part) for part in parts)
    words = [w for part in spaced for w in re.split(r"[^a-z0-9]+", part.lower()) if w]
    return "_".join(["p", *words])[:LONGEST_COLUMN].rstrip("_")


def _free_name(key: str, event: str, taken: set[str]) -> str:
    """The suggested name; where another column has it, with the event's before it."""
    name = suggested(key)
    return _checked(suggested(event, key) if name in taken and event else name)


def states(connection: Connection, lake: Lake) -> list[ColumnState]:
    """Every promoted column, the first made first, as the manifest has it."""
    files = lake.snapshot(connection, tables=[TABLE]).files
    return [_state(column, files) for column in columns_of(connection, TABLE)]


def _state(column: PromotedColumn, files: tuple[LakeFile, ...]) -> ColumnState:
    having = [f for f in files if column.stored_as in f.promoted]
    fitted = [f.promoted[column.stored_as] for f in having]
    return ColumnState(
        column, sum(f.rows for f in files), sum(f.rows for f in having), sum(v for v, _ in fitted),
        sum(m for _, m in fitted),
    )  # fmt: skip
