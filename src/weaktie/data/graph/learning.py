"""Weights learned from who really answers: what was known of a tie before, against answers to what was shared after. Pure."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from weaktie.data.graph.assembling import Rows, of_people, of_rows
from weaktie.data.graph.contracts import CALLS, CODE, F64, I32, I64, PARTS, RESPONSES, Part, Weights
from weaktie.data.graph.kernels import triangle_support
from weaktie.data.graph.logic import DEFAULT, DEFAULT_BIAS, DEFAULTS, parts_of
from weaktie.kit.words import Words

WINDOW_DAYS: Final = 14
"""Weights are learned from who answered within so many days, by what was known before."""
LEAST_ANSWERS: Final = 100
"""With fewer answers, or fewer who did not answer, nothing is learned."""
MOST_CASES: Final = 300_000
RIDGE: Final = 2.0
B1 = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cases:
    """Ties of people who shared or invited: parts (k, 6) as known before, whether the other answered, whose tie it is."""

    parts: F64
    answered: B1
    sharer: npt.NDArray[np.int32]


def learned(cases: Cases) -> Weights:
    """Weights from cases: a logistic regression drawn towards the defaults, no part counting against a tie.

    Every fifth sharer is held out. Where the learned weights tell those who answer from the others no better than the
    defaults do, the defaults stay.
    """
    positives, negatives = int(cases.answered.sum()), int((~cases.answered).sum())
    if min(positives, negatives) < LEAST_ANSWERS:
        return Weights(DEFAULT_BIAS, DEFAULTS, False, DEFAULT.why, positives, negatives)
    held = cases.sharer % 5 == 0
    default = np.array([DEFAULTS[p] for p in PARTS])
    fitted = _fit(cases.parts[~held], cases.answered[~held], default)
    base = auc(cases.parts[held] @ default, cases.answered[held])
    ours = auc(cases.parts[held] @ fitted[1:], cases.answered[held])
    if base is None or ours is None:
        return Weights(DEFAULT_BIAS, DEFAULTS, False, DEFAULT.why, positives, negatives)
    loss = log_loss(fitted[0] + cases.parts[held] @ fitted[1:], cases.answered[held])
    if ours < base:
        why = Words(
            "学到的权重在留出样本上不优于默认权重，使用默认权重",
            "what was learned tells answers from silence no better than the defaults on held-out people: default weights",
        )
        return Weights(DEFAULT_BIAS, DEFAULTS, False, why, positives, negatives, ours, base, loss)
    why = Words(
        f"由 {positives} 次响应与 {negatives} 次未响应学得",
        f"learned from {positives} answers and {negatives} silences",
    )
    by_part: dict[Part, float] = {p: round(float(w), 4) for p, w in zip(PARTS, fitted[1:], strict=True)}
    return Weights(round(float(fitted[0]), 4), by_part, True, why, positives, negatives, ours, base, loss)


def _fit(parts: F64, answered: B1, centre: F64) -> F64:
    """Newton's method on the penalised likelihood; parts whose weight would be negative are set to 0 and the rest fitted anew."""
    free = np.ones(len(centre), np.bool_)
    while True:
        found = _newton(parts[:, free], answered, centre[free])
        weights = np.zeros(len(centre))
        weights[free] = found[1:]
        if (weights >= 0).all():
            return np.concatenate([found[:1], weights])
        free &= weights > 0


def _newton(parts: F64, answered: B1, centre: F64) -> F64:
    design = np.column_stack([np.ones(len(parts)), parts])
    target = answered.astype(np.float64)
    rate = float(np.clip(target.mean(), 1e-6, 1 - 1e-6))
    anchor = np.concatenate([[0.0], centre])
    penalty = np.concatenate([[0.0], np.full(len(centre), RIDGE)])
    found = np.concatenate([[np.log(rate / (1 - rate))], np.zeros(len(centre))])
    for _ in range(50):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (target - chance) - penalty * (found - anchor)
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(penalty + 1e-9)
        step = np.linalg.solve(curve, slope)
        found = found + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-8:
            break
    return found


def auc(score: F64, answered: B1) -> float | None:
    """The chance that somebody who answered has the greater score than somebody who did not; None without both."""
    positives, negatives = int(answered.sum()), int((~answered).sum())
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    ranks = middle[inverse]
    above = float(ranks[answered].sum()) - positives * (positives + 1) / 2
    return above / (positives * negatives)


def log_loss(z: F64, answered: B1) -> float:
    """Mean negative log-likelihood."""
    signed = np.where(answered, z, -z)
    return float(np.logaddexp(0.0, -signed).mean())


# ---- cases


def cases_of(rows: Rows, size: int, persons: I32, as_of_day: int) -> Cases | None:
    """Ties as they were WINDOW_DAYS ago of everybody who shared or invited since, and whether the other answered since.

    Somebody shared where a row says so, or where anybody answered them. None where nobody did.
    """
    then = as_of_day - WINDOW_DAYS
    early = rows.day <= then
    if not early.any() or early.all():
        return None
    people, pairs = of_people(of_rows(rows.where(early), size, then), persons)
    if not len(pairs):
        return None
    late = rows.where(~early & (rows.day <= as_of_day))
    answers = np.isin(late.kind, [CODE[k] for k in RESPONSES])
    calls = np.isin(late.kind, [CODE[k] for k in CALLS])
    place = np.full(len(persons) + 1, -1, np.int32)
    place[people] = np.arange(len(people), dtype=np.int32)
    of = persons_of(persons, place)
    sharer, answerer = of(late.dst[answers]), of(late.src[answers])
    called = np.concatenate([sharer, of(late.src[calls])])
    exposed = np.unique(called[called >= 0])
    chosen = _some(exposed, np.diff(pairs.indptr), people)
    keep = chosen[pairs.src]
    wide = np.int64(len(people))
    known = (sharer >= 0) & (answerer >= 0)
    said = np.unique(sharer[known].astype(np.int64) * wide + answerer[known])
    key = pairs.src[keep].astype(np.int64) * wide + pairs.dst[keep]
    values = parts_of(pairs, triangle_support(pairs.indptr, pairs.dst), then)
    design = np.column_stack([values[p][keep] for p in PARTS]).astype(np.float64)
    return Cases(design, np.isin(key, said), people[pairs.src[keep]])


def persons_of(persons: I32, place: I32) -> "_Placed":
    """How identifiers become places among people; -1 for who has none."""
    return _Placed(persons, place)


@dataclass(frozen=True, slots=True)
class _Placed:
    persons: I32
    place: I32

    def __call__(self, numbers: I32) -> I32:
        inside = numbers < len(self.persons)
        found: I32 = self.place[np.where(inside, self.persons[np.where(inside, numbers, 0)], -1)]
        return found


def _some(exposed: I32, degree: I64, people: I32) -> B1:
    """Which of those who shared are looked at: as many as MOST_CASES ties allow, the same each time."""
    order = np.argsort(
        people[exposed].astype(np.uint64) * np.uint64(2654435761) % np.uint64(1 << 32), kind="stable"
    )
    few = exposed[order][: int(np.searchsorted(np.cumsum(degree[exposed[order]]), MOST_CASES, side="right"))]
    chosen = np.zeros(len(people), np.bool_)
    chosen[few] = True
    return chosen
