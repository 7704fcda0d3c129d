"""The search for the greatest step of each person, and the figures that are made of it. Pure."""

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64, U32, Sequences
from weaktie.data.funnels.contracts import BOUNDS_S, Funnel, Grain, StepFigures, StepTime, TrendPoint
from weaktie.kit.clock import SECOND_US
from weaktie.kit.threads import shares, side_by_side

Bools = npt.NDArray[np.bool_]
QUANTILES = (50, 75, 90)


@dataclass(frozen=True, slots=True)
class Reached:
    """Of each person of the sequences (n): the greatest step (0 for none), the times of the steps of the attempt that
    reached it first (n, steps; -1 beyond), and the row of its first event (-1 for none)."""

    level: I32
    time_us: I64
    entry: I64


def reached(found: Sequences, funnel: Funnel, threads: int = 1) -> Reached:
    """The greatest step of everybody; threads share the people. Bits of `found.matched` are the steps, then the exclusions."""
    steps = len(funnel.steps)
    spans = np.array([(e.after, e.before) for e in funnel.exclusions], np.int64).reshape(-1, 2)
    people = len(found.people)
    level, entry = np.zeros(people, np.int32), np.full(people, -1, np.int64)
    time_us = np.full((people, steps), -1, np.int64)

    def search(part: tuple[int, int]) -> None:
        low, high = part
        _search(
            found.starts[low : high + 1], found.time_us, found.day, found.matched, steps, funnel.window_us, funnel.first_day,
            funnel.last_day, funnel.order == "strict", funnel.increase, spans, level[low:high], time_us[low:high],
            entry[low:high],
        )  # fmt: skip

    for _ in side_by_side(search, shares(lambda i: int(found.starts[i]), people, threads), threads):
        pass
    return Reached(level, time_us, entry)


@numba.njit(cache=True, nogil=True)
def _search(
    starts: I64, time_us: I64, day: I32, matched: U32, steps: int, window_us: int, first_day: int, last_day: int,
    strict: bool, increase: bool, spans: I64, level: I32, reached_us: I64, entry: I64,
) -> None:  # fmt: skip
    """For each person, by level: when the latest attempt that stands there began (`first`), its last step (`last`), its
    steps' times (`chain`) and its first row (`row`)."""
    first, last, row = np.empty(steps, np.int64), np.empty(steps, np.int64), np.empty(steps, np.int64)
    alive = np.empty(steps, np.bool_)
    chain = np.empty((steps, steps), np.int64)
    for p in range(len(starts) - 1):
        alive[:] = False
        begun, ended, best = False, False, 0
        at, high = starts[p], starts[p + 1]
        while at < high and not ended:
            now = time_us[at]
            bits = np.uint32(0)
            begins = np.int64(-1)
            while at < high and time_us[at] == now:
                seen = matched[at]
                if seen & np.uint32(1):
                    if day[at] < first_day or day[at] > last_day:
                        seen &= ~np.uint32(1)
                    elif begins < 0:
                        begins = at
                bits |= seen
                at += 1
            for step in range(steps):
                if not (bits >> np.uint32(step)) & np.uint32(1):
                    continue
                if step == 0:
                    first[0], last[0], row[0], alive[0], chain[0, 0] = now, now, begins, True, now
                    begun = True
                elif not alive[step - 1]:
                    if strict and begun:
                        ended = True
                        break
                    continue
                elif now > first[step - 1] + window_us or (increase and last[step - 1] >= now):
                    continue
                else:
                    first[step], last[step], row[step], alive[step] = (
                        first[step - 1],
                        now,
                        row[step - 1],
                        True,
                    )
                    for k in range(step):
                        chain[step, k] = chain[step - 1, k]
                    chain[step, step] = now
                if step + 1 > best:
                    best = step + 1
                    entry[p] = row[step]
                    for k in range(best):
                        reached_us[p, k] = chain[step, k]
                    if best == steps:
                        ended = True
                        break
            _exclude(bits >> np.uint32(steps), spans, now, alive, last)
        level[p] = best


@numba.njit(cache=True, nogil=True)
def _exclude(bits: Any, spans: I64, now: int, alive: Bools, last: I64) -> None:
    """End the attempts that stand between the steps of an exclusion and whose last step lies before it."""
    for e in range(len(spans)):
        if (bits >> np.uint32(e)) & np.uint32(1):
            for k in range(spans[e, 0] - 1, spans[e, 1] - 1):
                if alive[k] and last[k] < now:
                    alive[k] = False


def figures(found: Reached, chosen: Bools, steps: int) -> list[StepFigures]:
    """People and times of each step among the chosen."""
    level, times = found.level[chosen], found.time_us[chosen]
    made: list[StepFigures] = []
    for step in range(steps):
        there = level > step
        count = int(np.count_nonzero(there))
        between = None
        if step and count:
            between = _times((times[there, step] - times[there, step - 1]) / SECOND_US)
        made.append(StepFigures(count, between))
    return made


def _times(seconds: npt.NDArray[np.float64]) -> StepTime:
    median, p75, p90 = (float(q) for q in np.percentile(seconds, QUANTILES))
    parts = np.searchsorted(np.array(BOUNDS_S, np.float64), seconds, side="left")
    return StepTime(median, p75, p90, np.bincount(parts, minlength=len(BOUNDS_S) + 1).tolist())


def first_of(day: I32, grain: Grain) -> I32:
    """The day, or the Monday of its week."""
    return day if grain == "day" else (day - (day + 3) % 7).astype(np.int32)


def trend(entered_day: I32, converted: Bools, funnel: Funnel, closed_day: int) -> list[TrendPoint]:
    """Entries and conversions by day or week of entry, every one between the ends of the range.

    A point whose last day lies after `closed_day` still has open windows: it has no number of conversions yet.
    """
    begin = first_of(np.array([funnel.first_day, funnel.last_day], np.int32), funnel.grain)
    width = 1 if funnel.grain == "day" else 7
    length = int(begin[1] - begin[0]) // width + 1
    place = (first_of(entered_day, funnel.grain) - begin[0]) // width
    entered = np.bincount(place, minlength=length)
    done = np.bincount(place[converted], minlength=length)
    points: list[TrendPoint] = []
    for i in range(length):
        day = int(begin[0]) + i * width
        until = min(day + width - 1, funnel.last_day)
        points.append(TrendPoint(day, int(entered[i]), int(done[i]) if until <= closed_day else None, until))
    return points
