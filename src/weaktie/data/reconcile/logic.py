"""Splitting a difference into reasons: integers, exactly. Pure.

Another system's number is ours under another definition. Orders are summed once into cells (one for each combination of
what an order is), so that each of the definitions, zones included, is a product of small integers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from weaktie.data.reconcile.contracts import TOGGLES, ZONE, Definition, Explanation, Measure
from weaktie.kit.clock import day_to_date, from_datetime

I64 = npt.NDArray[np.int64]
ZONES = (
    "UTC", "Asia/Shanghai", "Asia/Tokyo", "Asia/Singapore", "Asia/Kolkata", "Europe/London", "Europe/Berlin",
    "America/New_York", "America/Chicago", "America/Los_Angeles",
    *(f"Etc/GMT{-hours:+d}" for hours in range(-11, 13) if hours),
)  # fmt: skip
NAMES = tuple(TOGGLES)
_MARKS = ("cancelled", "tests", "bots", "currencies", "identified_only", "whole")
_SUMS = 6
_CELLS = 2 ** len(_MARKS)


@dataclass(frozen=True, slots=True)
class Facts:
    """Orders by column: instant of payment, amount paid (≥ 0), given back (≥ 0), 1 where it counts as an order (0 for credit
    notes), times it was reported, and what it is: a bit for each of cancelled, tests, bots, other currency, unidentified."""

    paid_us: I64
    paid_minor: I64
    refunded_minor: I64
    counts: I64
    copies: I64
    marks: I64


def bounds(from_day: int, to_day: int, zone: str) -> tuple[int, int]:
    """The instants [start, end) of the days from `from_day` to `to_day` in the zone."""
    at = ZoneInfo(zone)
    first, after = day_to_date(from_day), day_to_date(to_day) + timedelta(days=1)
    start, end = (datetime(d.year, d.month, d.day, tzinfo=at) for d in (first, after))
    return from_datetime(start), from_datetime(end)


def cells(facts: Facts, start_us: int, end_us: int) -> I64:
    """Sums of the orders paid in [start, end) for each combination of marks: amounts, refunds, counts, and the same times the
    copies beyond the first; flat."""
    within = (facts.paid_us >= start_us) & (facts.paid_us < end_us)
    whole = facts.refunded_minor[within] >= facts.paid_minor[within]
    cell = facts.marks[within] + (whole.astype(np.int64) << (len(_MARKS) - 1))
    more = facts.copies[within] - 1
    plain = (facts.paid_minor[within], facts.refunded_minor[within], facts.counts[within])
    found = np.zeros((_CELLS, _SUMS), np.int64)
    for column, values in enumerate((*plain, *(v * more for v in plain))):
        np.add.at(found[:, column], cell, values)
    return found.ravel()


def weights(measure: Measure, toggles: Iterable[str]) -> I64:
    """What each of the sums of `cells` counts under a definition."""
    on = frozenset(toggles)
    made = np.zeros((_CELLS, _SUMS), np.int64)
    for cell, marks in enumerate(product((False, True), repeat=len(_MARKS))):
        is_a = dict(zip(reversed(_MARKS), marks, strict=True))
        if any(is_a[m] and m not in on for m in ("cancelled", "tests", "bots", "currencies")):
            continue
        if is_a["identified_only"] and "identified_only" in on:
            continue
        treated = ("full_refunds" if is_a["whole"] else "part_refunds") in on
        row = _row(measure, whole=is_a["whole"], treated=treated)
        made[cell, :3] = row
        made[cell, 3:] = row if "duplicates" in on else (0, 0, 0)
    return made.ravel()


def _row(measure: Measure, *, whole: bool, treated: bool) -> tuple[int, int, int]:
    """What amount, refund and count of an order weigh; `treated` is the other way of treating its kind of refund."""
    if measure == "gmv":
        return (1, -1 if treated else 0, 0)
    if measure == "net":
        return (1, 0 if treated else -1, 0)
    if measure == "refunds":
        return (0, 0 if treated else 1, 0)
    return (0, 0, 0 if whole and treated else 1)


class Split:
    """One measure over one period; our definition has no toggles and our zone."""

    def __init__(self, facts: Facts, measure: Measure, from_day: int, to_day: int, zone: str) -> None:
        self.measure, self.zone = measure, zone
        self._cells: dict[str, I64] = {}
        spans: dict[tuple[int, int], str] = {}
        for name in (zone, *ZONES):
            span = bounds(from_day, to_day, name)
            if span not in spans:
                spans[span] = name
                self._cells[name] = cells(facts, *span)
        self._facts, self._days = facts, (from_day, to_day)

    def value(self, definition: Definition) -> int:
        """The measure under a definition."""
        if definition.zone not in self._cells:
            self._cells[definition.zone] = cells(self._facts, *bounds(*self._days, definition.zone))
        return int(weights(self.measure, definition.toggles) @ self._cells[definition.zone])

    def split(self, theirs: int, definition: Definition, also: int = 0) -> Explanation:
        """The difference as amounts of the definition's reasons, one after the other; what is left is `unexplained`."""
        ours = at = self.value(Definition(frozenset(), self.zone))
        reasons: list[tuple[str, int]] = []
        on: set[str] = set()
        for name in NAMES:
            if name in definition.toggles:
                on.add(name)
                after = self.value(Definition(frozenset(on), self.zone))
                reasons.append((name, after - at))
                at = after
        if definition.zone != self.zone:
            after = self.value(definition)
            reasons.append((ZONE, after - at))
            at = after
        return Explanation(ours, theirs, reasons, theirs - at, definition, also)

    def explain(self, theirs: int) -> Explanation:
        """The definition with the fewest reasons that gives the number exactly; where none does, the one of at most two reasons
        that leaves least (and none at all where that leaves as little)."""
        choices = [frozenset(n for n, on in zip(NAMES, bits, strict=True) if on)
                   for bits in product((False, True), repeat=len(NAMES))]  # fmt: skip
        table = np.stack([weights(self.measure, on) for on in choices])
        zones = list(self._cells)
        left = theirs - table @ np.stack([self._cells[z] for z in zones]).T
        sizes = (
            np.array([len(on) for on in choices])[:, None]
            + np.array([z != self.zone for z in zones])[None, :]
        )
        exact = left == 0
        if exact.any():
            fewest = int(sizes[exact].min())
            found = np.argwhere(exact & (sizes == fewest))
        else:
            small = np.where(sizes <= 2, np.abs(left), np.iinfo(np.int64).max)
            found = np.argwhere(small == small.min())
            found = found[[int(sizes[tuple(f)]) == min(int(sizes[tuple(g)]) for g in found) for f in found]]
        first = found[_likeliest(found, choices)]
        definition = Definition(choices[first[0]], zones[first[1]])
        return self.split(theirs, definition, also=len(found) - 1 if exact.any() else 0)


def _likeliest(found: npt.NDArray[np.int64], choices: Sequence[frozenset[str]]) -> int:
    """Of equally short explanations the one whose reasons stand first in the list; another zone last."""
    return min(
        range(len(found)),
        key=lambda n: (found[n][1] > 0, sorted(NAMES.index(x) for x in choices[found[n][0]]), found[n][1]),
    )
