"""Aggregates of `user_day` for each person in one pass over its files: what `tags.facts` says of "user_day" and "interests", for
an engine in this process. A test holds both forms equal."""

from collections.abc import Sequence
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.profiles.tables import USER_DAY
from weaktie.data.profiles.tags import Aggregate
from weaktie.kit.threads import side_by_side
from weaktie.store.lake.contracts import LakeFile
from weaktie.store.lake.service import Piece, read_piece

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
MADE_OF: Final = {"weekend_events": "events", "share_day": "shares"}
"""Columns that `queries_people.person_days` adds, by what they are made of."""
INTEREST_DAYS: Final = 90
MOST_CELLS: Final = 200_000_000
_LEAST, _MOST = np.iinfo(np.int64).min, np.iinfo(np.int64).max


class DaySums:
    """Sums over the rows of `people` (ascending) up to the as-of day; `person_of` is the person of each identifier, -1 for
    those who are not in it."""

    def __init__(
        self, files: Sequence[LakeFile], person_of: I32, people: I32, as_of_day: int, threads: int
    ) -> None:
        self._files, self._people, self._as_of, self._threads = files, people, as_of_day, threads
        place = np.full(int(people[-1]) + 2 if len(people) else 1, -1, np.int32)
        place[people] = np.arange(len(people), dtype=np.int32)
        inside = (person_of >= 0) & (person_of < len(place))
        self._place: I32 = np.where(inside, place[np.where(inside, person_of, 0)], np.int32(-1)).astype(
            np.int32
        )

    def tables(self, aggregates: Sequence[Aggregate]) -> tuple[pa.Table, pa.Table | None]:
        """The aggregates of "user_day" for those with rows, and "interests" (None where there are too many categories to
        count them so)."""
        days = [a for a in aggregates if a.how == "days"]
        assert all(a.column == "day" and a.days is not None and a.days <= 64 for a in days), days
        sums = np.zeros((len(aggregates), len(self._people)), np.int64)
        for k, aggregate in enumerate(aggregates):
            sums[k] = {"min": _MOST, "max": _LEAST}.get(aggregate.how, 0)
        there = np.zeros(len(self._people), np.bool_)
        columns = {MADE_OF.get(a.column, a.column) for a in aggregates}
        numbers = dict.fromkeys(("owner_no", "day", "top_category_events", *sorted(columns)), 0)
        met = _Met(len(self._people))
        pieces = side_by_side(lambda f: read_piece(f, numbers, ["top_category"]), self._files, self._threads)
        for piece in pieces:
            place = _placed(piece.numbers["owner_no"], piece.numbers["day"], self._place, self._as_of)
            there[place[place >= 0]] = True
            for k, aggregate in enumerate(aggregates):
                self._add(aggregate, piece, place, sums[k])
            met.add(piece, place, self._as_of - INTEREST_DAYS)
        return self._table(aggregates, sums, there), met.table(self._people)

    def _add(self, aggregate: Aggregate, piece: Piece, place: I32, into: I64) -> None:
        day = piece.numbers["day"]
        after = self._as_of - aggregate.days if aggregate.days is not None else -(2**31)
        values = piece.numbers[MADE_OF.get(aggregate.column, aggregate.column)]
        if aggregate.how == "sum":
            _sum(place, day, values, after, aggregate.column == "weekend_events", into)
        elif aggregate.how == "days":
            _bits(place, day, self._as_of, after, into)
        elif aggregate.column == "share_day":
            _edge(place, day, day, values, True, after, aggregate.how == "min", into)
        else:
            _edge(place, day, values, values, False, after, aggregate.how == "min", into)

    def _table(self, aggregates: Sequence[Aggregate], sums: I64, there: npt.NDArray[np.bool_]) -> pa.Table:
        columns: dict[str, Any] = {"person_no": self._people[there]}
        for k, aggregate in enumerate(aggregates):
            found = sums[k][there]
            if aggregate.how == "days":
                columns[aggregate.name] = np.bitwise_count(found.view(np.uint64)).astype(np.int64)
            elif aggregate.how == "sum":
                columns[aggregate.name] = found
            else:
                nothing = found == (_MOST if aggregate.how == "min" else _LEAST)
                kind = (
                    pa.int32()
                    if aggregate.column == "share_day"
                    else USER_DAY.schema.field(aggregate.column).type
                )
                columns[aggregate.name] = pa.array(np.where(nothing, 0, found), mask=nothing).cast(kind)
        return pa.table(columns)


class _Met:
    """How often each person met which category."""

    def __init__(self, people: int) -> None:
        self._rows = people
        self._names: dict[str, int] = {}
        self._met: npt.NDArray[np.int32] | None = np.zeros((people, 0), np.int32)

    def add(self, piece: Piece, place: I32, after: int) -> None:
        texts = piece.texts["top_category"]
        codes = np.array([self._names.setdefault(v, len(self._names)) for v in texts.values] + [-1], np.int32)
        if self._met is None or self._rows * len(self._names) > MOST_CELLS:
            self._met = None
            return
        if self._met.shape[1] < len(self._names):
            wider = np.zeros((self._rows, len(self._names)), np.int32)
            wider[:, : self._met.shape[1]] = self._met
            self._met = wider
        _meet(
            place,
            piece.numbers["day"],
            codes[texts.codes],
            piece.numbers["top_category_events"],
            after,
            self._met,
        )

    def table(self, people: I32) -> pa.Table | None:
        """person_no, category, breadth, met_top, met_all of those who met any."""
        if self._met is None:
            return None
        order = np.array(sorted(range(len(self._names)), key=list(self._names).__getitem__), np.int64)
        met = self._met[:, order] if len(order) else np.zeros((self._rows, 1), np.int32)
        # Of categories met as often the last by alphabet: the first of the reversed.
        top = met.shape[1] - 1 - np.argmax(met[:, ::-1], axis=1)
        breadth = np.count_nonzero(met, axis=1)
        some = np.flatnonzero(breadth)
        names = np.array(sorted(self._names), dtype=object)
        return pa.table(
            {
                "person_no": people[some], "category": pa.array(names[top[some]].tolist() if len(some) else [], pa.string()),
                "breadth": breadth[some].astype(np.int64), "met_top": met[some, top[some]].astype(np.int64),
                "met_all": met[some].sum(axis=1).astype(np.int64),
            }
        )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _placed(owner: I32, day: I32, place: I32, last: int) -> I32:
    found = np.empty(len(owner), np.int32)
    for i in range(len(owner)):
        found[i] = place[owner[i]] if 0 <= owner[i] < len(place) and day[i] <= last else np.int32(-1)
    return found


@numba.njit(cache=True, nogil=True)
def _sum(place: I32, day: I32, values: npt.NDArray[Any], after: int, weekends: bool, into: I64) -> None:
    for i in range(len(place)):
        if place[i] >= 0 and day[i] > after and (not weekends or (day[i] + 3) % 7 >= 5):
            into[place[i]] += values[i]


@numba.njit(cache=True, nogil=True)
def _bits(place: I32, day: I32, last: int, after: int, into: I64) -> None:
    for i in range(len(place)):
        if place[i] >= 0 and day[i] > after:
            into[place[i]] |= np.int64(1) << np.int64(last - day[i])


@numba.njit(cache=True, nogil=True)
def _edge(
    place: I32,
    day: I32,
    values: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    counted: bool,
    after: int,
    least: bool,
    into: I64,
) -> None:
    """The least or greatest value, where `counted` only of rows that count something."""
    for i in range(len(place)):
        if place[i] < 0 or day[i] <= after or (counted and counts[i] <= 0):
            continue
        if (values[i] < into[place[i]]) if least else (values[i] > into[place[i]]):
            into[place[i]] = values[i]


@numba.njit(cache=True, nogil=True)
def _meet(place: I32, day: I32, code: I32, times: I32, after: int, met: npt.NDArray[np.int32]) -> None:
    for i in range(len(place)):
        if place[i] >= 0 and day[i] > after and code[i] >= 0:
            met[place[i], code[i]] += times[i]
