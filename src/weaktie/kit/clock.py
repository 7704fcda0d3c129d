"""Time as a value that is passed in. Instants are integer microseconds since 1970 UTC."""

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
EPOCH_DAY = date(1970, 1, 1)


class Clock(Protocol):
    """Where a service reads the time."""

    def now_us(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never steps; only differences mean anything."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_us(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        """Seconds on the machine's monotonic clock."""
        return time.monotonic()


@dataclass
class FixedClock:
    """A clock for tests and as-of builds: it moves only when told to."""

    at_us: int = 1_767_225_600 * SECOND_US
    elapsed_s: float = field(default=0.0)

    def now_us(self) -> int:
        """The instant it was set to."""
        return self.at_us

    def monotonic(self) -> float:
        """Seconds by which it was moved since it was made."""
        return self.elapsed_s

    def move(self, seconds: float) -> None:
        """Go forward (or back) by `seconds`."""
        self.at_us += round(seconds * SECOND_US)
        self.elapsed_s += max(seconds, 0.0)


def to_datetime(instant_us: int) -> datetime:
    """The instant as an aware UTC datetime."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime."""
    assert moment.tzinfo is not None, "a naive datetime has no instant"
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def to_iso(instant_us: int) -> str:
    """ISO 8601 in UTC with milliseconds, as every HTTP answer writes it."""
    return to_datetime(instant_us).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant_us // 1000 % 1000:03d}Z"


def business_day(instant_us: int, zone: ZoneInfo) -> int:
    """The date in `zone` as days since 1970-01-01: the integer `day` stored beside each time."""
    return date_to_day(to_datetime(instant_us).astimezone(zone).date())


def iso_to_day(text: str) -> int:
    """The integer business day of YYYY-MM-DD; raises ValueError."""
    return date_to_day(date.fromisoformat(text))


def day_to_iso(day: int) -> str:
    """An integer business day as YYYY-MM-DD."""
    return day_to_date(day).isoformat()


def days_between(first: str, last: str, today: int, shown: int) -> tuple[int, int]:
    """(first, last) as integer days of two texts that may be empty: up to today, and the `shown` days up to the last. Raises
    ValueError."""
    to = iso_to_day(last) if last else today
    return (iso_to_day(first) if first else to - shown + 1), to


def date_to_day(day: date) -> int:
    """The integer business day of a calendar date."""
    return (day - EPOCH_DAY).days


def day_to_date(day: int) -> date:
    """The calendar date of an integer business day."""
    return EPOCH_DAY + timedelta(days=day)
