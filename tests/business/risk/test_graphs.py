"""Graph methods against plain reckonings."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.business.risk.graphs import (
    SMALLEST_BLOCK,
    Shared,
    communities,
    components,
    dense_blocks,
    shared,
    trust,
)

EDGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 5)), min_size=1, max_size=30, unique=True)


def graph_of(edges: list[tuple[int, int]], accounts: int = 9, things: int = 6) -> Shared:
    pairs = np.array(edges, np.int32)
    return shared(accounts, things, pairs[:, 0], pairs[:, 1])


@settings(deadline=None)  # kernels are compiled at their first call
@given(EDGES)
def test_components_are_what_walking_reaches(edges: list[tuple[int, int]]) -> None:
    found = components(graph_of(edges))
    reach = {n: {n} for n in range(15)}
    for _ in range(15):
        for a, t in edges:
            both = reach[a] | reach[9 + t]
            for node in both:
                reach[node] = reach[node] | both
    assert found.tolist() == [min(reach[n]) for n in range(15)]


@settings(deadline=None)  # kernels are compiled at their first call
@given(EDGES)
def test_communities_stay_inside_components(edges: list[tuple[int, int]]) -> None:
    graph = graph_of(edges)
    pieces, groups = components(graph), communities(graph)
    assert all(pieces[g] == p for g, p in zip(groups.tolist(), pieces.tolist(), strict=True))
    assert groups.tolist() == communities(graph).tolist()


def density(graph: Shared, nodes: frozenset[int]) -> float:
    total = sum(
        graph.weight[at]
        for node in nodes
        for at in range(graph.start[node], graph.start[node + 1])
        if int(graph.near[at]) in nodes
    )
    return float(total) / 2 / len(nodes)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), min_size=8, max_size=26, unique=True))
def test_a_block_is_at_least_half_as_dense_as_the_densest(edges: list[tuple[int, int]]) -> None:
    graph = graph_of(edges, 7, 4)
    found = dense_blocks(graph, np.zeros(11, np.int32))
    every = [frozenset(some) for k in range(1, 12) for some in combinations(range(11), k)]
    best = max(density(graph, some) for some in every)
    block = found[found > 0]
    if len(block):
        assert len(block) >= SMALLEST_BLOCK
        assert best / 2 - 1e-9 <= block[0] <= best + 1e-9


def test_a_planted_block_is_found_among_noise() -> None:
    rng = np.random.default_rng(3)
    noise = [(int(rng.integers(20, 400)), int(rng.integers(10, 300))) for _ in range(500)]
    farm = [(a, t) for a in range(20) for t in (a % 4, 5)]
    graph = graph_of(sorted({*noise, *farm}), 400, 300)
    found = dense_blocks(graph, components(graph))
    assert (found[:20] > 0.5).all()


def test_trust_reaches_whom_buyers_brought_in_and_no_island() -> None:
    src, dst = np.array([0, 1, 2, 5, 6], np.int32), np.array([1, 2, 3, 6, 7], np.int32)
    found = trust(9, src, dst, np.array([0], np.int32))
    assert (found[:4] > 0).all()
    assert found[[4, 5, 6, 7, 8]].tolist() == [0.0] * 5


def test_trust_without_seeds_or_edges_is_none() -> None:
    none = np.zeros(0, np.int32)
    assert trust(3, none, none, np.array([0], np.int32)).tolist() == [0, 0, 0]
    assert trust(3, np.array([0], np.int32), np.array([1], np.int32), none).tolist() == [0, 0, 0]
