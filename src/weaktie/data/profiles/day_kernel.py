"""Events of days as rows of `user_day`, in one pass over arrays: what `queries.event_days` says, for an engine in this process.

Files are read side by side and names turned into small numbers; the rest is one walk over each identifier's events in order of time.
A test holds both forms equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.identity.service import owner_of
from weaktie.data.profiles.queries import KEYS, SESSION_GAP_MINUTES
from weaktie.data.profiles.tables import COUNTED, DAY_PARTS, PLATFORM_COLUMNS, USER_DAY
from weaktie.data.quality.service import COUNTING, among, counts
from weaktie.kit.hashing import hash128
from weaktie.kit.threads import side_by_side
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.service import Texts, read_piece

I8 = npt.NDArray[np.int8]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
NONE = -1
assert len({name for c in COUNTED for name in c.events}) == sum(len(c.events) for c in COUNTED), (
    "a name counts twice"
)
GAP_US = SESSION_GAP_MINUTES * 60_000_000
FEW, MANY = 64, 1_000
_HOURS = np.array(
    [
        next(i for i, (_, low, high) in enumerate(DAY_PARTS) if (hour - low) % 24 < (high - low) % 24)
        for hour in range(24)
    ],
    np.int8,
)
"""Which part of the day each hour belongs to."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Events that count, as arrays of one length. A `session` of 0 is none; `kind`, `system` and `category` are NONE where
    they are nothing that is counted."""

    alias: I32
    owner: I32
    day: I32
    us: I64
    kind: I8
    system: I8
    session: U64
    category: I32


def rows_of(
    files: Sequence[LakeFile],
    days: list[int],
    spans: pa.Table,
    categories: pa.Table,
    impossible: pa.Table,
    threads: int,
) -> Rows:
    """The events of these days that count: nobody's, crawlers' and tests' are left out, and the pairs (alias_no, day) of
    `impossible`. `categories` has product_id and category_no."""
    number_of = dict(
        zip(categories["product_id"].to_pylist(), categories["category_no"].to_pylist(), strict=True)
    )
    wanted = np.zeros(max(days, default=0) + 1, np.bool_)
    wanted[days] = True
    odd_aliases, odd_days = impossible["alias_no"].to_numpy(), impossible["day"].to_numpy()
    texts = ["event", "platform", "session_id", *(["product_id"] if number_of else [])]

    def of_file(file: LakeFile) -> Rows:
        piece = read_piece(file, _NUMBERS, texts)
        columns = piece.numbers
        alias, day = columns["alias_no"], columns["day"]
        row = _counting(alias, day, columns["purposes"], columns["flags"], wanted)
        if len(odd_days):
            row = row[~among(alias[row], day[row], odd_aliases, odd_days)]
        alias, us = alias[row], columns["event_time"][row]
        return Rows(
            alias, alias, day[row], us, _looked_up(piece.texts["event"], _KIND_OF.get, row), _looked_up(
                piece.texts["platform"], lambda name: _SYSTEM_OF.get(name.lower()), row
            ), _sessions_of(piece.texts["session_id"], row),
            _looked_up(piece.texts["product_id"], number_of.get, row, np.int32) if number_of else np.full(len(row), NONE, np.int32),
        )  # fmt: skip

    parts = list(side_by_side(of_file, files, threads))
    found = Rows(
        *(np.concatenate([getattr(p, f.name) for p in parts] or [_EMPTY[f.name]]) for f in fields(Rows))
    )
    if not spans.num_rows:
        return found
    most = max(int(found.alias.max(initial=0)), int(spans["owner_no"].to_numpy().max()))
    return replace(found, owner=owner_of(np.arange(most + 1, dtype=np.int32), spans, found.alias, found.us))


_NUMBERS = {"alias_no": -1, "event_time": 0, "day": -1, **COUNTING}
_KIND_OF = {name: i for i, counted in enumerate(COUNTED) for name in counted.events}
_SYSTEM_OF = {name.lower(): i for i, (_, _, names) in enumerate(PLATFORM_COLUMNS) for name in names}
_EMPTY: dict[str, npt.NDArray[Any]] = {
    "alias": np.empty(0, np.int32), "owner": np.empty(0, np.int32), "day": np.empty(0, np.int32), "us": np.empty(0, np.int64),
    "kind": np.empty(0, np.int8), "system": np.empty(0, np.int8), "session": np.empty(0, np.uint64),
    "category": np.empty(0, np.int32),
}  # fmt: skip


def _looked_up(
    texts: Texts, number_of: Callable[[str], int | None], row: I32, dtype: type = np.int8
) -> npt.NDArray[Any]:
    """The number of each row's text; NONE for what has none, and for null."""
    numbers = [number_of(value) for value in texts.values]
    table: npt.NDArray[Any] = np.array([NONE if n is None else n for n in numbers] + [NONE], dtype)
    return table[texts.codes[row]]


def _sessions_of(texts: Texts, row: I32) -> U64:
    """A number for each row's session that is the same in every file; 0 for none."""
    table = np.zeros(len(texts.values) + 1, np.uint64)
    if texts.values:
        table[:-1] = hash128(texts.values)[:, 0] | np.uint64(1)
    found: U64 = table[texts.codes[row]]
    return found


@numba.njit(cache=True, nogil=True)
def _counting(
    alias: I32,
    day: I32,
    purposes: npt.NDArray[np.int16],
    flags: npt.NDArray[np.int16],
    wanted: npt.NDArray[np.bool_],
) -> I32:
    """Rows that count."""
    rows = np.empty(len(alias), np.int32)
    found = 0
    for i in range(len(alias)):
        if alias[i] < 0 or day[i] < 0 or day[i] >= len(wanted) or not wanted[day[i]]:
            continue
        if not counts(purposes[i], flags[i]):
            continue
        rows[found] = i
        found += 1
    return rows[:found].copy()


def event_days(rows: Rows, days: list[int], offsets: list[int], categories: list[str]) -> pa.Table:
    """One row for each identifier, owner and day: the columns of `queries.event_days`.

    `days` are those of the rows with `offsets`, the zone minus UTC in minutes; `categories[category_no]` is in the order of
    the alphabet.
    """
    first = min(days, default=0)
    by_day = np.zeros(max(days, default=0) - first + 1, np.int64)
    by_day[np.array(days, np.int64) - first] = offsets
    order = _in_order(rows)
    starts = _starts(order, rows.alias, rows.owner, rows.day)
    counts, edges, top = _fold(
        order, starts, rows.day, rows.us, rows.kind, rows.system, rows.session, rows.category, by_day, first,
        len(COUNTED), len(DAY_PARTS), len(PLATFORM_COLUMNS), max(len(categories), 1), _HOURS,
    )  # fmt: skip
    heads = order[starts[:-1]]
    names = [
        "events", "sessions", *(c.column for c in COUNTED), *(name for name, _, _ in DAY_PARTS),
        *(name for name, _, _ in PLATFORM_COLUMNS),
    ]  # fmt: skip
    columns: dict[str, I32 | I64] = {
        "alias_no": rows.alias[heads],
        "owner_no": rows.owner[heads],
        "day": rows.day[heads],
    }
    columns |= {name: counts[i] for i, name in enumerate(names)}
    columns |= {"first_us": edges[0], "last_us": edges[1], "top_category_events": top[1].astype(np.int32)}
    shown = pa.array(top[0], mask=top[1] == 0)
    named = pa.array(categories, pa.string()).take(shown) if categories else pa.nulls(len(heads), pa.string())
    return pa.table({**columns, "top_category": named})


def with_orders(counts: pa.Table, bought: pa.Table) -> tuple[pa.Table, pa.Table]:
    """`queries.user_day` of both sides: the days of `event_days` with what was bought on them, in their order, and the days on
    which somebody did nothing else. `bought` has the columns of `queries.order_days`."""
    alias, owner, day = (counts[key].to_numpy() for key in KEYS)
    whose, of, when = (bought[key].to_numpy() for key in KEYS)
    first = min(int(day.min(initial=2**30)), int(when.min(initial=2**30)))
    stands, wanted = (a.astype(np.int64) << 20 | (d - first) for a, d in ((alias, day), (whose, when)))
    at = np.searchsorted(stands, wanted)
    while True:  # of one identifier and day several owners may stand, each behind the one before
        near = np.minimum(at, max(len(stands) - 1, 0))
        same = (at < len(stands)) & (stands[near] == wanted if len(stands) else False)
        other = same & (owner[near] != of if len(stands) else False)
        if not other.any():
            break
        at = at + other
    met = np.flatnonzero(same)
    columns: dict[str, Any] = {name: counts[name] for name in counts.schema.names}
    for name in ("orders", "refunds", "amount_minor"):
        values = np.zeros(counts.num_rows, USER_DAY.schema.field(name).type.to_pandas_dtype())
        values[at[met]] = bought[name].to_numpy()[met]
        columns[name] = values
    for name, which in (("first_us", np.minimum), ("last_us", np.maximum)):
        edge = counts[name].to_numpy().copy()
        edge[at[met]] = which(edge[at[met]], bought[name].to_numpy()[met])
        columns[name] = edge
    taken = np.full(counts.num_rows, -1, np.int64)
    taken[at[met]] = met
    columns["currency"] = bought["currency"].take(pa.array(taken, mask=taken < 0))
    alone = bought.filter(pa.array(~same))
    nothing = {
        f.name: pa.array(np.zeros(alone.num_rows, f.type.to_pandas_dtype()))
        for f in USER_DAY.schema
        if f.type != pa.string()
    }
    nothing |= {"top_category": pa.nulls(alone.num_rows, pa.string())} | {
        n: alone[n] for n in alone.schema.names
    }
    days, others = (
        pa.table({n: c[n] for n in USER_DAY.schema.names}).cast(USER_DAY.schema) for c in (columns, nothing)
    )
    return days, others


def _in_order(rows: Rows) -> I64:
    """Rows by identifier, then day, owner and time. They come as runs in that order: few are moved, and not far."""
    order: I64 = _by_alias(rows.alias, int(rows.alias.max(initial=-1)) + 1)
    long = _settle(order, rows.alias, rows.owner, rows.day, rows.us)
    for low, high in long:
        some = order[low:high]
        order[low:high] = some[np.lexsort((rows.us[some], rows.owner[some], rows.day[some]))]
    return order


@numba.njit(cache=True, nogil=True)
def _by_alias(alias: I32, count: int) -> I64:
    at = np.zeros(count + 1, np.int64)
    for one in alias:
        at[one + 1] += 1
    for i in range(count):
        at[i + 1] += at[i]
    order = np.empty(len(alias), np.int64)
    for row in range(len(alias)):
        order[at[alias[row]]] = row
        at[alias[row]] += 1
    return order


@numba.njit(cache=True, nogil=True)
def _after(a: int, b: int, owner: I32, day: I32, us: I64) -> bool:
    """Whether row a of an identifier comes after row b."""
    if day[a] != day[b]:
        return bool(day[a] > day[b])
    if owner[a] != owner[b]:
        return bool(owner[a] > owner[b])
    return bool(us[a] > us[b])


@numba.njit(cache=True, nogil=True)
def _settle(order: I64, alias: I32, owner: I32, day: I32, us: I64) -> I64:
    """Sorts the rows of each identifier where they are few; returns the others that are not in order: (from, to) each."""
    long = [(0, 0) for _ in range(0)]
    low = 0
    while low < len(order):
        high = low + 1
        sorted_ = True
        while high < len(order) and alias[order[high]] == alias[order[low]]:
            if _after(order[high - 1], order[high], owner, day, us):
                sorted_ = False
            high += 1
        if not sorted_ and high - low > MANY:
            long.append((low, high))
        elif not sorted_:
            for i in range(low + 1, high):
                row, j = order[i], i
                while j > low and _after(order[j - 1], row, owner, day, us):
                    order[j] = order[j - 1]
                    j -= 1
                order[j] = row
        low = high
    found = np.empty((len(long), 2), np.int64)
    for i in range(len(long)):
        found[i, 0], found[i, 1] = long[i]
    return found


@numba.njit(cache=True, nogil=True)
def _starts(order: I64, alias: I32, owner: I32, day: I32) -> I64:
    """Where each identifier, owner and day begins, and the end."""
    found = np.empty(len(order) + 1, np.int64)
    n = 0
    for i in range(len(order)):
        a, b = order[i - 1], order[i]
        if i == 0 or alias[a] != alias[b] or owner[a] != owner[b] or day[a] != day[b]:
            found[n] = i
            n += 1
    found[n] = len(order)
    return found[: n + 1].copy()


@numba.njit(cache=True, nogil=True)
def _fold(
    order: I64, starts: I64, day: I32, us: I64, kind: I8, system: I8, session: U64, category: I32, offsets: I64, first: int,
    kinds: int, parts: int, systems: int, categories: int, hours: I8,
) -> tuple[I32, I64, I64]:  # fmt: skip
    n = len(starts) - 1
    counts = np.zeros((2 + kinds + parts + systems, n), np.int32)
    edges, top = np.empty((2, n), np.int64), np.zeros((2, n), np.int64)
    met = np.zeros(categories, np.int64)
    for g in range(n):
        low, high = starts[g], starts[g + 1]
        offset = offsets[day[order[low]] - first]
        before = np.int64(-1)
        counts[0, g] = high - low
        edges[0, g], edges[1, g] = us[order[low]], us[order[high - 1]]
        for i in range(low, high):
            row = order[i]
            if kind[row] >= 0:
                counts[2 + kind[row], g] += 1
            minute = (us[row] // 60_000_000 % 1440 + offset + 1440) % 1440
            counts[2 + kinds + hours[minute // 60], g] += 1
            if system[row] >= 0:
                counts[2 + kinds + parts + system[row], g] += 1
            if session[row] == 0:
                if before < 0 or us[row] - before > GAP_US:
                    counts[1, g] += 1
                before = us[row]
            if category[row] >= 0:
                met[category[row]] += 1
        counts[1, g] += _sessions(order, low, high, session)
        for i in range(low, high):
            of = category[order[i]]
            if of >= 0 and met[of]:
                if met[of] > top[1, g] or (met[of] == top[1, g] and of > top[0, g]):
                    top[0, g], top[1, g] = of, met[of]
                met[of] = 0
    return counts, edges, top


@numba.njit(cache=True, nogil=True)
def _sessions(order: I64, low: int, high: int, session: U64) -> int:
    """How many sessions the rows name."""
    if high - low > FEW:
        named = np.sort(session[order[low:high]])
        found = 0
        for i in range(len(named)):
            if named[i] != 0 and (i == 0 or named[i] != named[i - 1]):
                found += 1
        return found
    found = 0
    for i in range(low, high):
        own = session[order[i]]
        new = own != 0
        for j in range(low, i):
            if session[order[j]] == own:
                new = False
                break
        if new:
            found += 1
    return found
