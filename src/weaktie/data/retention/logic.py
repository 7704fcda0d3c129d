"""Cohorts and states from the days on which people did something. Pure."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64, Days
from weaktie.data.retention.contracts import Average, Cohort, Count, Mode, State, Unit, Why
from weaktie.kit.clock import date_to_day, day_to_date

U8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
START, BACK = 1, 2
_MODES = {"first": 0, "each": 1, "new": 2}


def unit_start(day: int, unit: Unit) -> int:
    """The first day of the unit that a day lies in."""
    if unit == "day":
        return day
    if unit == "week":
        return day - (day + 3) % 7
    return day - (day_to_date(day).day - 1)


def next_unit(start: int, unit: Unit, count: int = 1) -> int:
    """The first day of the unit that comes `count` units after the one that begins on `start`."""
    if unit != "month":
        return start + count * (1 if unit == "day" else 7)
    months = day_to_date(start).year * 12 + day_to_date(start).month - 1 + count
    first = day_to_date(start).replace(year=months // 12, month=months % 12 + 1, day=1)
    return date_to_day(first)


def unit_starts(days: Days, unit: Unit) -> I32:
    """First days of all units that touch these days."""
    starts = [unit_start(days.first, unit)]
    while (following := next_unit(starts[-1], unit)) <= days.last:
        starts.append(following)
    return np.array(starts, np.int32)


def by_unit(cells: U8, first: int, starts: I32) -> U8:
    """Days of people as units: shape (people, units). `starts[0]` is `first`, and the last unit goes to the end."""
    if cells.shape[1] == len(starts):
        return cells
    units: U8 = np.bitwise_or.reduceat(cells, starts - first, axis=1)
    return units


def triangle(
    units: U8, first_unit: I32, mode: Mode, count: Count, cohorts: int, periods: int, among: Mask
) -> tuple[I64, I64]:
    """Sizes (cohorts) and how many came back (cohorts, periods + 1), over the people in `among`.

    `units` has START and BACK bits of each person and unit, of which the first is the first cohort; `first_unit` is the
    unit in which somebody is new, or -1. Come back past the last unit nobody has.
    """
    size = np.zeros(cohorts, np.int64)
    back = np.zeros((cohorts, periods + 1), np.int64)
    _count(units, first_unit, _MODES[mode], count == "after", among, size, back)
    if count == "after":
        back = np.ascontiguousarray(np.cumsum(back[:, ::-1], axis=1)[:, ::-1])
    return size, back


@numba.njit(cache=True, nogil=True)
def _count(units, first_unit, mode, after, among, size, back):  # type: ignore[no-untyped-def]
    cohorts, periods = back.shape[0], back.shape[1] - 1
    when = np.empty(units.shape[1], np.int32)
    for p in range(units.shape[0]):
        if not among[p]:
            continue
        found = 0
        for u in range(units.shape[1]):
            if units[p, u] & 2:
                when[found] = u
                found += 1
        begin, end = 0, cohorts
        if mode == 2:
            if first_unit[p] < 0 or first_unit[p] >= cohorts:
                continue
            begin, end = first_unit[p], first_unit[p] + 1
        low = 0
        for c in range(begin, end):
            if mode != 2 and not units[p, c] & 1:
                continue
            size[c] += 1
            if after:
                if found and when[found - 1] >= c:
                    back[c, min(when[found - 1] - c, periods)] += 1
            else:
                while low < found and when[low] < c:
                    low += 1
                for k in range(low, found):
                    if when[k] - c > periods:
                        break
                    back[c, when[k] - c] += 1
            if mode == 0:
                break


def members(units: U8, first_unit: I32, mode: Mode, cohort: int) -> Mask:
    """Who belongs to a cohort."""
    if mode == "new":
        return np.asarray(first_unit == cohort)
    started = (units[:, cohort] & START) != 0
    if mode == "first":
        started &= ~((units[:, :cohort] & START) != 0).any(axis=1)
    return np.asarray(started)


def came_back(units: U8, cohort: int, n: int, count: Count) -> Mask:
    """Who did the return event in the n-th unit after a cohort's, or (`after`) in it or later."""
    last = units.shape[1] if count == "after" else cohort + n + 1
    return np.asarray(((units[:, cohort + n : last] & BACK) != 0).any(axis=1))


def why_not(end_day: int, today: int, data: Days | None) -> Why | None:
    """Why a unit that ends on `end_day` has no figure; None where it has one. `data` is what the lake holds."""
    if end_day >= today:
        return "not_passed"
    return None if data is not None and data.first <= end_day <= data.last else "no_data"


def cohorts_of(
    size: I64, back: I64, starts: list[int], reasons: list[list[Why | None]]
) -> tuple[Cohort, ...]:
    """Cohorts with null where a reason stands."""
    return tuple(
        Cohort(
            start, int(size[c]),
            tuple(int(back[c, n]) if why is None else None for n, why in enumerate(reasons[c])),
            next((why for why in reasons[c] if why), None),
        )
        for c, start in enumerate(starts)
    )  # fmt: skip


def averages(cohorts: tuple[Cohort, ...], periods: int) -> tuple[Average, ...]:
    """The weighted average at each n, over the cohorts that have a figure there."""
    found = []
    for n in range(periods + 1):
        known = [c for c in cohorts if c.returned[n] is not None]
        people = sum(c.size for c in known)
        why: Why | None = None if people else "nobody" if known else _first_reason(cohorts)
        found.append(Average(n, sum(c.returned[n] or 0 for c in known), people, why))
    return tuple(found)


def _first_reason(cohorts: tuple[Cohort, ...]) -> Why:
    return next((c.why for c in cohorts if c.why), "nobody")


def states(before: Mask, now: Mask, new: Mask) -> dict[State, Mask]:
    """Who is in which state, from who was active in the unit before, who is now, and who never was earlier."""
    return {
        "new": now & new,
        "retained": now & before,
        "resurrected": now & ~before & ~new,
        "dormant": before & ~now,
    }


def people_of(people: I32, mask: npt.NDArray[Any]) -> I32:
    """The numbers of those in the mask."""
    found: I32 = people[np.flatnonzero(mask)]
    return found
