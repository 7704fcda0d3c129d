"""What makes a tie strong: the six parts, what each counts, and how that is learned from who answered. Pure.

Parts follow Granovetter 1973 (time, closeness, reciprocity), Onnela et al. 2007 (embeddedness) and Gilbert and Karahalios
2009 (recency, frequency and channels as predictors of strength).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from weaktie.data.graph.assembling import Pairs
from weaktie.data.graph.contracts import F32, F64, KINDS, PARTS, Part, Reason, Weights
from weaktie.data.graph.kernels import Support
from weaktie.kit.words import Words

RECENT_DAYS: Final = 30.0
FULL: Final = 40.0
"""Weighed interactions beyond which frequency is full."""
STRONG_SHARE: Final = 0.2
"""The strongest ties by this share are called strong."""
DEFAULTS: Final[dict[Part, float]] = {
    "recency": 1.2, "frequency_in": 2.0, "frequency_out": 1.2, "reciprocity": 0.8, "embeddedness": 1.2, "channel": 1.2,
}  # fmt: skip
DEFAULT_BIAS: Final = -3.0
DEFAULT: Final = Weights(
    DEFAULT_BIAS,
    DEFAULTS,
    False,
    Words("尚无足够的响应数据，使用默认权重", "too few answers yet: default weights"),
)


def _closeness() -> F32:
    """What each set of kinds says of closeness: one minus what all of them leave open."""
    sets = np.arange(1 << len(KINDS))
    left = np.ones(len(sets))
    for bit, kind in enumerate(KINDS):
        left *= np.where(sets >> bit & 1, 1.0 - kind.close, 1.0)
    return (1.0 - left).astype(np.float32)


CLOSENESS: Final = _closeness()


def parts_of(pairs: Pairs, support: Support, as_of_day: int) -> dict[Part, F32]:
    """Each part (m) within 0 and 1 for the tie from `src` to `dst`."""
    days = np.maximum(as_of_day - pairs.last, 0)
    faded = np.power(0.5, np.arange(int(days.max(initial=0)) + 1) / RECENT_DAYS).astype(np.float32)
    recency = np.where(pairs.last > 0, faded[days], np.float32(0))
    given, back = pairs.given, pairs.back
    both = given + back
    even = np.divide(2.0 * np.minimum(given, back), both, out=np.zeros(len(both), np.float32), where=both > 0)
    embedded = support.rare / (1.0 + support.rare)
    return {
        "recency": recency, "frequency_in": _frequency(back), "frequency_out": _frequency(given),
        "reciprocity": np.minimum(even, np.float32(1)), "embeddedness": embedded.astype(np.float32),
        "channel": CLOSENESS[pairs.mask],
    }  # fmt: skip


def _frequency(amount: F32) -> F32:
    found: F32 = np.minimum(np.log1p(amount) / np.float32(np.log1p(FULL)), np.float32(1))
    return found


def strengths(parts: Mapping[Part, F32], weights: Weights) -> F32:
    """How likely the other answers: the logistic curve over the weighed parts."""
    z = np.full(len(parts["recency"]), weights.bias, np.float32)
    for part in PARTS:
        z += np.float32(weights.by_part[part]) * parts[part]
    return (1.0 / (1.0 + np.exp(-z))).astype(np.float32)


def reasons_of(values: Mapping[Part, float], weights: Weights) -> tuple[Reason, ...]:
    """Every part of one tie with what it adds, the most telling first."""
    found = [
        Reason(p, float(values[p]), weights.by_part[p], float(values[p]) * weights.by_part[p]) for p in PARTS
    ]
    return tuple(sorted(found, key=lambda r: -r.adds))


def histogram(values: F32, bins: int = 20) -> list[int]:
    """How many values lie in each of equal parts of 0 to 1."""
    counts, _ = np.histogram(values, bins=bins, range=(0.0, 1.0))
    return [int(n) for n in counts]


def kinds_in(mask: int) -> tuple[str, ...]:
    """The kinds of a mask by name."""
    return tuple(k.key for bit, k in enumerate(KINDS) if mask >> bit & 1)


def rank_correlation(a: Sequence[float] | F64 | F32, b: Sequence[float] | F64 | F32) -> float:
    """Spearman's rank correlation, ties at their mean rank."""
    one, other = _ranks(np.asarray(a, np.float64)), _ranks(np.asarray(b, np.float64))
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: F64) -> F64:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle: F64 = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return middle
