"""Communities: planted ones are found, every one is connected, the figure is Newman's."""

import numpy as np
import pytest

from weaktie.data.graph import communities, kernels
from weaktie.data.graph.contracts import F32, I32, I64


def planted(groups: int, size: int, inside: float, outside: float, seed: int) -> tuple[I64, I32, F32, I32]:
    """A planted partition: (indptr, adj, weight, group)."""
    rng = np.random.default_rng(seed)
    nodes = groups * size
    a, b = np.triu_indices(nodes, 1)
    chance = np.where(a // size == b // size, inside, outside)
    there = rng.random(len(a)) < chance
    indptr, adj = kernels.simple_graph(nodes, a[there].astype(np.int32), b[there].astype(np.int32))
    return indptr, adj, np.ones(len(adj), np.float32), (np.arange(nodes) // size).astype(np.int32)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_planted_groups_are_found(seed: int) -> None:
    indptr, adj, weight, group = planted(8, 40, 0.3, 0.01, seed)
    found = communities.louvain(indptr, adj, weight)
    assert found.tolist() == communities.louvain(indptr, adj, weight).tolist(), "the same every time"
    agree = np.mean([np.bincount(group[found == c]).max() / (found == c).sum() for c in np.unique(found)])
    assert len(np.unique(found)) == 8
    assert agree > 0.98
    ours = communities.modularity(indptr, adj, weight, found)
    assert ours >= communities.modularity(indptr, adj, weight, group) - 1e-9


def test_modularity_is_newmans() -> None:
    # Two triangles joined by one edge: Q = 2 * (6/14 - (7/14)^2) = 5/14.
    edges = np.array([(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)], np.int32)
    indptr, adj = kernels.simple_graph(6, edges[:, 0].copy(), edges[:, 1].copy())
    weight = np.ones(len(adj), np.float32)
    found = communities.louvain(indptr, adj, weight)
    assert found.tolist() == [0, 0, 0, 1, 1, 1]
    assert communities.modularity(indptr, adj, weight, found) == pytest.approx(5 / 14)
    spread = communities.participation(indptr, adj, weight, found)
    assert spread[0] == 0
    assert spread[2] == pytest.approx(1 - (4 / 9 + 1 / 9))


def test_every_community_is_connected() -> None:
    rng = np.random.default_rng(5)
    ends = rng.integers(0, 400, (700, 2)).astype(np.int32)
    indptr, adj = kernels.simple_graph(400, ends[:, 0].copy(), ends[:, 1].copy())
    found = communities.louvain(indptr, adj, rng.random(len(adj)).astype(np.float32))
    src = np.repeat(np.arange(400), np.diff(indptr))
    same = found[src] == found[adj]
    parts = kernels.components(*kernels.simple_graph(400, src[same].astype(np.int32), adj[same]))
    assert len(np.unique(parts)) == len(np.unique(found))
    assert (np.diff(np.bincount(found)) <= 0).all(), "the largest first"
