"""Months and movements; pure."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from weaktie.data.rfm.contracts import NONE, Cell, Classed
from weaktie.kit.clock import date_to_day, day_to_date


def month_name(day: int) -> str:
    """`2026-10` for a day in it."""
    return day_to_date(day).strftime("%Y-%m")


def month_end(month: str) -> int:
    """The last day of a month; raises ValueError."""
    year, number = (int(part) for part in month.split("-"))
    if not 1 <= number <= 12:
        raise ValueError(month)
    after = date(year + number // 12, number % 12 + 1, 1)
    return date_to_day(after) - 1


def months_until(day: int, count: int) -> Iterator[str]:
    """The last `count` months up to the one of the day, the earliest first."""
    here = day_to_date(day)
    at = here.year * 12 + here.month - 1
    for number in range(at - count + 1, at + 1):
        yield f"{number // 12:04d}-{number % 12 + 1:02d}"


def class_of(classed: Classed) -> dict[int, str]:
    """The class of each buyer."""
    return dict(zip(classed.people.tolist(), classed.classes, strict=True))


def cells(before: Classed, after: Classed) -> tuple[Cell, ...]:
    """Everybody who was a buyer at the end: from which class into which. Who is none at the end is not counted."""
    was = class_of(before)
    counted = Counter((was.get(n, NONE), cls) for n, cls in class_of(after).items())
    return tuple(Cell(origin, target, n) for (origin, target), n in sorted(counted.items()))
