"""Models of attribution over ways of channels. Pure: a way is the channels (numbers) of one conversion in order of time."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Way = tuple[int, ...]
F64 = npt.NDArray[np.float64]
EDGE = 0.4
"""What the first and the last touch get in the position model; those between share the rest."""


def first(way: Way) -> dict[int, float]:
    """Everything to the first touch."""
    return {way[0]: 1.0}


def last(way: Way) -> dict[int, float]:
    """Everything to the last touch."""
    return {way[-1]: 1.0}


def linear(way: Way) -> dict[int, float]:
    """The same to each touch."""
    return {channel: n / len(way) for channel, n in Counter(way).items()}


def position(way: Way) -> dict[int, float]:
    """40 % to the first touch, 40 % to the last, 20 % shared by those between; half and half where there are two."""
    if len(way) == 1:
        return {way[0]: 1.0}
    edge = 0.5 if len(way) == 2 else EDGE
    found: dict[int, float] = {}
    for channel, share in ((way[0], edge), (way[-1], edge)):
        found[channel] = found.get(channel, 0.0) + share
    for channel in way[1:-1]:
        found[channel] = found.get(channel, 0.0) + (1 - 2 * edge) / (len(way) - 2)
    return found


def markov(converted: Iterable[Way], lost: Iterable[Way]) -> dict[int, float]:
    """Each channel's share of the conversions by its removal effect; the shares add up to 1.

    People walk from a start over their channels to a conversion or to nothing; a channel's removal effect is the part of
    all conversions that the graph of these transitions loses when whoever enters the channel is lost:
    1 - P(conversion without it) / P(conversion). The shares are the effects divided by their sum. After Anderl, Becker,
    von Wangenheim and Schumann, "Mapping the customer journey: lessons learned from graph-based online attribution
    modeling", International Journal of Research in Marketing 33 (2016), with chains of order one.
    """
    converted, lost = list(converted), list(lost)
    channels = sorted({c for way in converted for c in way} | {c for way in lost for c in way})
    at = {channel: n + 1 for n, channel in enumerate(channels)}
    size = len(channels) + 1
    counts, ends = np.zeros((size, size)), np.zeros(size)
    leaves = np.zeros(size)
    for ways, won in ((converted, True), (lost, False)):
        for way in ways:
            states = [0, *(at[c] for c in way)]
            for a, b in pairwise(states):
                counts[a, b] += 1
            ends[states[-1]] += won
            leaves[states[-1]] += 1
    out = counts.sum(1) + leaves
    out[out == 0] = 1
    steps, wins = counts / out[:, None], ends / out
    whole = _reached(steps, wins, None)
    if whole <= 0:
        return {}
    effects = {channel: max(0.0, 1 - _reached(steps, wins, at[channel]) / whole) for channel in channels}
    summed = sum(effects.values())
    return {channel: effect / summed for channel, effect in effects.items()} if summed else {}


def _reached(steps: F64, wins: F64, removed: int | None) -> float:
    """The probability of ending in a conversion from the start, with one state removed."""
    kept = [n for n in range(len(wins)) if n != removed]
    inner = steps[np.ix_(kept, kept)]
    return float(np.linalg.solve(np.eye(len(kept)) - inner, wins[kept])[0])


def shared_out(total: int, weights: Sequence[float]) -> list[int]:
    """A whole number in parts after weights that add up to it exactly: each part rounded down, and what is left goes one by
    one to the largest remainders (Hamilton's method)."""
    summed = sum(weights)
    if not weights or summed <= 0:
        return [0] * len(weights)
    exact = [total * w / summed for w in weights]
    parts = [int(np.floor(e)) for e in exact]
    order = sorted(range(len(exact)), key=lambda n: (-(exact[n] - parts[n]), n))
    for n in order[: total - sum(parts)]:
        parts[n] += 1
    return parts
