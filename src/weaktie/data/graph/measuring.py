"""People of the graph: communities, cores, clustering, bridges; and the figures that a build keeps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from weaktie.data.graph.assembling import Pairs
from weaktie.data.graph.communities import louvain, modularity, participation
from weaktie.data.graph.contracts import F32, I32, I64, KINDS, PARTS, Measures, Part, Ties
from weaktie.data.graph.kernels import Support, clustering, core_numbers, reverse
from weaktie.data.graph.logic import histogram

LARGEST_COMMUNITIES: Final = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """Along the people of the graph (n): community, core number, degree, clustering, bridge."""

    community: I32
    core: I32
    degree: I32
    clustering: F32
    bridge: F32


def evened(pairs: Pairs, strength: F32) -> F32:
    """The strength of a tie without its direction: the mean of both."""
    rev = reverse(pairs.indptr, pairs.dst)
    found: F32 = ((strength + strength[rev]) / 2).astype(np.float32)
    return found


def measured(
    people: I32, pairs: Pairs, strength: F32, support: Support, old: tuple[I32, I32] | None
) -> Standing:
    """Measures of everybody. With `old` (people ascending, community) communities stay as they were, and who is new joins
    that of their strongest neighbour who has one."""
    indptr, dst = pairs.indptr, pairs.dst
    weight = evened(pairs, strength)
    community = louvain(indptr, dst, weight) if old is None else _kept(people, indptr, dst, weight, old)
    return Standing(
        community, core_numbers(indptr, dst), np.diff(indptr).astype(np.int32),
        clustering(indptr, support.triangles).astype(np.float32), participation(indptr, dst, weight, community),
    )  # fmt: skip


def _kept(people: I32, indptr: I64, dst: I32, weight: F32, old: tuple[I32, I32]) -> I32:
    known, numbers = old
    community = np.full(len(people), -1, np.int32)
    at = np.searchsorted(known, people)
    there = (at < len(known)) & (known[np.minimum(at, len(known) - 1)] == people) if len(known) else at < 0
    community[there] = numbers[at[there]]
    new = np.flatnonzero(~there)
    following = int(numbers.max(initial=-1)) + 1
    for u in new.tolist():
        row = slice(int(indptr[u]), int(indptr[u + 1]))
        near = community[dst[row]]
        if (near >= 0).any():
            best = int(np.argmax(np.where(near >= 0, weight[row], -1.0)))
            community[u] = near[best]
        else:
            community[u] = following
            following += 1
    return community


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers of a graph, nobody is named. `histogram` and those of `parts` (mean, histogram) count ties in twenty equal
    parts of 0 to 1; `kinds` counts pairs of people; `largest` is (community, people, share of strength that stays inside)."""

    people: int
    pairs: int
    ties: int
    strong: int
    strong_from: float
    interactions: int
    histogram: tuple[int, ...]
    parts: Mapping[Part, tuple[float, tuple[int, ...]]]
    kinds: Mapping[str, int]
    communities: int
    modularity: float
    largest: tuple[tuple[int, int, float], ...]


def figures_of(ties: Ties, measures: Measures) -> Figures:
    """What is shown of a graph."""
    rows = len(ties.dst)
    src = np.repeat(np.arange(len(ties.people)), np.diff(ties.indptr))
    weight = ((ties.strength + ties.strength[ties.rev]) / 2).astype(np.float32)
    community = measures.community
    sizes = np.bincount(community[community >= 0])
    inside = community[src] == community[ties.dst]
    whole = np.bincount(community[src], weight, minlength=len(sizes))
    stays = np.bincount(community[src][inside], weight[inside], minlength=len(sizes))
    order = np.lexsort((np.arange(len(sizes)), -sizes))[:LARGEST_COMMUNITIES]
    return Figures(
        len(ties.people), rows // 2, rows, int((ties.strength >= ties.strong_from).sum()), ties.strong_from,
        int(ties.interactions.sum(dtype=np.int64)) // 2, tuple(histogram(ties.strength)),
        {p: (round(float(ties.parts[p].mean()), 4) if rows else 0.0, tuple(histogram(ties.parts[p]))) for p in PARTS},
        {k.key: int(np.count_nonzero(ties.kinds >> bit & 1)) // 2 for bit, k in enumerate(KINDS)},
        int((sizes > 0).sum()), round(modularity(ties.indptr, ties.dst, weight, community), 4) if rows else 0.0,
        tuple(
            (int(n), int(sizes[n]), round(float(stays[n] / whole[n]) if whole[n] else 0.0, 4)) for n in order if sizes[n]
        ),
    )  # fmt: skip
