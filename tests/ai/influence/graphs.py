"""Small networks with known answers, and slow oracles for them."""

import itertools

import numpy as np
import numpy.typing as npt

from weaktie.ai.influence.contracts import Network

I32 = npt.NDArray[np.int32]


def arrays(edges: list[tuple[int, int]]) -> tuple[I32, I32]:
    """Edges as two arrays."""
    src, dst = zip(*edges, strict=True) if edges else ((), ())
    return np.array(src, np.int32), np.array(dst, np.int32)


def star(leaves: int, centre: int = 0, first: int = 1) -> list[tuple[int, int]]:
    """Edges from a centre."""
    return [(centre, first + i) for i in range(leaves)]


def edges_of(net: Network) -> list[tuple[int, int, float]]:
    """(from, to, p) of every edge."""
    return [
        (int(net.in_src[e]), v, float(net.in_p[e]))
        for v in range(net.n)
        for e in range(net.in_start[v], net.in_start[v + 1])
    ]


def reached(live: list[tuple[int, int]], seeds: list[int]) -> set[int]:
    """Who is reached over live edges."""
    found, todo = set(seeds), list(seeds)
    while todo:
        u = todo.pop()
        for a, b in live:
            if a == u and b not in found:
                found.add(b)
                todo.append(b)
    return found


def exact_spread(net: Network, seeds: list[int]) -> float:
    """The expected spread under independent cascade over every outcome of the edges (at most about 12 of them)."""
    edges = edges_of(net)
    total = 0.0
    for outcome in itertools.product((False, True), repeat=len(edges)):
        chance = float(np.prod([p if up else 1.0 - p for up, (_, _, p) in zip(outcome, edges, strict=True)]))
        live = [(a, b) for up, (a, b, _) in zip(outcome, edges, strict=True) if up]
        total += chance * len(reached(live, seeds))
    return total


def exact_threshold(net: Network, seeds: list[int]) -> float:
    """The same under linear threshold: each node keeps at most one of its edges, with their weights (Kempe et al. 2003)."""
    choices = []
    for v in range(net.n):
        own = [(a, p) for a, b, p in edges_of(net) if b == v]
        choices.append([((a, v), p) for a, p in own] + [(None, 1.0 - sum(p for _, p in own))])
    total = 0.0
    for outcome in itertools.product(*choices):
        chance = float(np.prod([p for _, p in outcome]))
        live = [edge for edge, _ in outcome if edge is not None]
        total += chance * len(reached(live, seeds))
    return total
