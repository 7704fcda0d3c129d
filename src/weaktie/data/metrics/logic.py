"""Periods, what they are compared with, and ratios. Days are integers since 1970-01-01, both ends included."""

from weaktie.data.behaviour.contracts import Days
from weaktie.data.metrics.contracts import By, Period
from weaktie.kit.clock import date_to_day, day_to_date

WEEK = 7
YEAR_OF_WEEKS = 52 * WEEK
MONDAY = 4
"""1970-01-05, the first Monday, as a day."""


def periods(days: Days, by: By) -> list[Period]:
    """The whole periods that these days touch, in order: days, weeks from Monday, calendar months, or the range itself."""
    if by == "range":
        return [Period(days.first, days.last)]
    if by == "day":
        return [Period(day, day) for day in range(days.first, days.last + 1)]
    if by == "week":
        start = (days.first - MONDAY) // WEEK * WEEK + MONDAY
        return [Period(day, day + WEEK - 1) for day in range(start, days.last + 1, WEEK)]
    found = [month_of(days.first)]
    while found[-1].last < days.last:
        found.append(month_of(found[-1].last + 1))
    return found


def month_of(day: int) -> Period:
    """The calendar month of a day."""
    first = day_to_date(day).replace(day=1)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return Period(date_to_day(first), date_to_day(after) - 1)


def before(period: Period, by: By) -> Period:
    """The period before this one (环比): of the same length, or the calendar month before."""
    if by == "month":
        return month_of(period.first - 1)
    length = period.last - period.first + 1
    return Period(period.first - length, period.first - 1)


def year_before(period: Period, by: By) -> Period:
    """The same period a year ago (同比): the date, 52 weeks, the calendar month. 29 February is compared with 28."""
    if by == "week":
        return Period(period.first - YEAR_OF_WEEKS, period.last - YEAR_OF_WEEKS)
    if by == "month":
        first = day_to_date(period.first)
        return month_of(date_to_day(first.replace(year=first.year - 1)))
    return Period(_last_year(period.first), _last_year(period.last))


def _last_year(day: int) -> int:
    when = day_to_date(day)
    if (when.month, when.day) == (2, 29):
        when = when.replace(day=28)
    return date_to_day(when.replace(year=when.year - 1))


def ratio(numerator: float, denominator: float | None) -> float | None:
    """numerator ÷ denominator, or the numerator where there is no denominator; None where it is 0."""
    if denominator is None:
        return numerator
    return numerator / denominator if denominator else None


def relative(value: float | None, other: float | None) -> float | None:
    """How much larger `value` is than `other`, as a share of it; None where there is nothing to compare with."""
    if value is None or other is None or other == 0:
        return None
    return (value - other) / abs(other)


def incomplete(period: Period, today: int, mature_days: int) -> bool:
    """Whether a period, or the time that its cohort needs, is not over before today."""
    return period.last + mature_days >= today
