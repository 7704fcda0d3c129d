"""Graph kernels against the plain definitions, and on the mail of a European institution against its published figures."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.graph import kernels
from weaktie.data.graph.contracts import I32, I64

Edges = list[tuple[int, int]]
graphs = st.integers(1, 14).flatmap(
    lambda n: st.tuples(
        st.just(n), st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=60)
    )
)


def made(nodes: int, edges: Edges) -> tuple[I64, I32, list[set[int]]]:
    """The graph as arrays and as sets."""
    near: list[set[int]] = [set() for _ in range(nodes)]
    for a, b in edges:
        if a != b:
            near[a].add(b)
            near[b].add(a)
    ends = np.array(edges, np.int32).reshape(-1, 2)
    return (*kernels.simple_graph(nodes, ends[:, 0].copy(), ends[:, 1].copy()), near)


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_rows_are_the_neighbours_ascending(graph: tuple[int, Edges]) -> None:
    indptr, adj, near = made(*graph)
    for u, neighbours in enumerate(near):
        assert adj[indptr[u] : indptr[u + 1]].tolist() == sorted(neighbours)
    rev = kernels.reverse(indptr, adj)
    src = np.repeat(np.arange(len(near)), np.diff(indptr))
    assert (adj[rev] == src).all()
    assert (rev[rev] == np.arange(len(adj))).all()


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_triangles_common_neighbours_and_clustering(graph: tuple[int, Edges]) -> None:
    indptr, adj, near = made(*graph)
    threes = [
        t for t in combinations(range(len(near)), 3) if t[1] in near[t[0]] and t[2] in near[t[0]] & near[t[1]]
    ]
    assert kernels.triangle_count(indptr, adj) == len(threes)
    assert kernels.triangle_count(indptr, adj, threads=2) == len(threes)
    found = kernels.triangle_support(indptr, adj)
    assert found.triangles.tolist() == [sum(u in t for t in threes) for u in range(len(near))]
    for u in range(len(near)):
        for k in range(indptr[u], indptr[u + 1]):
            common = near[u] & near[int(adj[k])]
            assert found.common[k] == len(common)
            assert found.rare[k] == pytest.approx(sum(1 / np.log1p(len(near[w])) for w in common), rel=1e-5)
    local = kernels.clustering(indptr, found.triangles)
    for u, neighbours in enumerate(near):
        pairs = len(neighbours) * (len(neighbours) - 1) / 2
        linked = sum(b in near[a] for a, b in combinations(neighbours, 2))
        assert local[u] == pytest.approx(linked / pairs if pairs else 0.0)


@given(graphs)
@settings(max_examples=150, deadline=None)
def test_cores_and_components(graph: tuple[int, Edges]) -> None:
    indptr, adj, near = made(*graph)
    expected = [0] * len(near)
    for k in range(1, len(near)):
        left = set(range(len(near)))
        while weak := {u for u in left if len(near[u] & left) < k}:
            left -= weak
        for u in left:
            expected[u] = k
    assert kernels.core_numbers(indptr, adj).tolist() == expected
    labels = kernels.components(indptr, adj)
    for root in range(len(near)):
        reached, todo = {root}, [root]
        while todo:
            fresh = near[todo.pop()] - reached
            reached |= fresh
            todo += fresh
        assert labels[root] == min(reached)


def test_the_mail_of_an_institution_comes_out_as_published(data_dir: Path) -> None:
    path = data_dir / "email_eu" / "email-Eu-core.txt"
    if not path.exists():
        pytest.skip("email_eu is not among the public data sets here")
    lines = [line.split() for line in path.read_text("utf-8").splitlines()]
    ends = np.array([(int(a), int(b)) for a, b in (x for x in lines if len(x) == 2)], np.int32)
    indptr, adj = kernels.simple_graph(1005, ends[:, 0].copy(), ends[:, 1].copy())
    assert len(indptr) - 1 == 1005
    assert kernels.triangle_count(indptr, adj) == 105_461
    found = kernels.triangle_support(indptr, adj)
    assert int(found.triangles.sum()) == 3 * 105_461
    assert float(kernels.clustering(indptr, found.triangles).mean()) == pytest.approx(0.3994, abs=5e-5)
    largest = np.bincount(kernels.components(indptr, adj)).max()
    assert largest == 986, "the largest weakly connected part"
