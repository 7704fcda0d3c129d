"""The market's calendar and rhythm. Inside the simulation times are integer milliseconds UTC."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from weaktie.kit.clock import business_day, day_to_date, from_datetime
from weaktie.simulate.contracts import MarketSpec

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]
F64 = npt.NDArray[np.float64]
B = npt.NDArray[np.bool_]

SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
NEVER_MS = np.int64(2**53)

# Shares of a day's visits by local hour: quiet nights, a lunch peak and a long evening one.
_HOURS = np.array(
    [14, 8, 5, 3, 3, 5, 11, 20, 27, 30, 32, 35, 46, 42, 34, 33, 34, 37, 42, 52, 66, 72, 60, 34], np.float64
)
_HOUR_EDGES = np.concatenate([[0.0], np.cumsum(_HOURS / _HOURS.sum())])
_WEEKDAYS = (0.93, 0.92, 0.94, 0.97, 1.06, 1.13, 1.09)
_FESTIVALS = {(6, 18): 1.7, (11, 11): 1.8, (12, 12): 1.5}


@dataclass(frozen=True, slots=True)
class Timeline:
    """`midnight_ms[k]` opens business day k, one more closes the last; `weight[k]` is about 1."""

    first_day: int
    midnight_ms: I64
    weight: F64
    end_ms: int

    @property
    def start_ms(self) -> int:
        """The first instant of the market."""
        return int(self.midnight_ms[0])

    def index_of(self, instant_ms: I64) -> I64:
        """The 0-based business day that holds each instant; -1 before the market."""
        return np.searchsorted(self.midnight_ms, instant_ms, "right") - 1

    def spread(self, rng: np.random.Generator, day: I64) -> I64:
        """A random instant of each given 0-based day, by the hours' rhythm."""
        part = np.interp(rng.random(len(day)), _HOUR_EDGES, np.linspace(0.0, 1.0, 25))
        opens = self.midnight_ms[day]
        return opens + (part * (self.midnight_ms[day + 1] - opens)).astype(np.int64)


def timeline(spec: MarketSpec) -> Timeline:
    """The business days of the market, which end with the one that holds `spec.end_us`."""
    zone = ZoneInfo(spec.timezone)
    first = business_day(spec.end_us, zone) - spec.days + 1
    dates = [day_to_date(first + k) for k in range(spec.days + 1)]
    midnight = [from_datetime(datetime(d.year, d.month, d.day, tzinfo=zone)) // 1000 for d in dates]
    weight = [_WEEKDAYS[d.weekday()] * _FESTIVALS.get((d.month, d.day), 1.0) for d in dates[:-1]]
    return Timeline(first, np.array(midnight, np.int64), np.array(weight), spec.end_us // 1000)


def stream(spec: MarketSpec, *name: int) -> np.random.Generator:
    """The random numbers of one named part of the market, independent of every other part's."""
    return np.random.default_rng([spec.seed, *name])
