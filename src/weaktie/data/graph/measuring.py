"""People of the graph: communities, cores, clustering, bridges; and the figures that a build keeps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from weaktie.data.graph.assembling import Pairs
from weaktie.data.graph.communities import louvain, modularity, participation
from weaktie.data.graph.contracts import F32, I32, I64, KINDS, PARTS, Part
from weaktie.data.graph.kernels import Support, clustering, core_numbers, reverse
from weaktie.data.graph.logic import histogram

LARGEST_COMMUNITIES = 50
BRIDGES = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """Along the people of the graph (n): community, core number, degree, clustering, bridge."""

    community: I32
    core: I32
    degree: I32
    clustering: F32
    bridge: F32
    modularity: float


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
        modularity(indptr, dst, weight, community),
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


def figures(
    people: I32, pairs: Pairs, parts: Mapping[Part, F32], strength: F32, strong_from: float, standing: Standing
) -> dict[str, Any]:
    """What a build keeps to be shown: numbers only, nobody is named."""
    kinds = {
        k.key: int(np.count_nonzero(pairs.mask >> bit & 1)) // 2 for bit, k in enumerate(KINDS)
    }
    return {
        "people": len(people), "ties": len(pairs), "pairs": len(pairs) // 2, "strong_from": strong_from,
        "strong": int((strength >= strong_from).sum()),
        "interactions": int(pairs.count.sum(dtype=np.int64)) // 2,
        "histogram": histogram(strength),
        "parts": {
            p: {"mean": round(float(parts[p].mean()), 4) if len(pairs) else 0.0, "histogram": histogram(parts[p])}
            for p in PARTS
        },
        "kinds": kinds, "communities": int(standing.community.max(initial=-1)) + 1,
        "modularity": round(standing.modularity, 4),
    }  # fmt: skip
