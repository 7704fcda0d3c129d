"""Communities by Louvain's method with connected results, and who stands between them. Pure, the same every time.

Blondel et al. 2008; that a community may fall apart is mended as Traag et al. 2019 ask, by cutting it into its connected
parts. The order of nodes is fixed, so that the same graph gives the same communities.
"""

from typing import Final

import numba
import numpy as np

from weaktie.data.graph.contracts import F32, F64, I32, I64

MOST_ROUNDS: Final = 12
MOST_SWEEPS: Final = 10
STILL: Final = 0.002
"""A sweep that moves no more than this share of the nodes is the last of its round."""


def louvain(indptr: I64, adj: I32, weight: F32) -> I32:
    """The community of each node of an undirected graph (both entries with the same weight): numbers from 0, the largest
    community first, ties by the smallest node."""
    nodes = len(indptr) - 1
    member = np.arange(nodes, dtype=np.int32)
    begins, near, worth = indptr, adj, weight.astype(np.float64)
    own = np.zeros(nodes)
    for _ in range(MOST_ROUNDS):
        community, moved = _sweeps(begins, near, worth, own, MOST_SWEEPS, STILL)
        if not moved:
            break
        community, count = _renumbered(community)
        member = community[member]
        if count == len(begins) - 1:
            break
        begins, near, worth, own = _folded(begins, near, worth, own, community, count)
    return _by_size(_connected(indptr, adj, member))


def participation(indptr: I64, adj: I32, weight: F32, community: I32) -> F32:
    """How evenly each node's weight is spread over communities, 0 for one alone (Guimerà and Amaral 2005)."""
    return _participation(indptr, adj, weight, community)


def modularity(indptr: I64, adj: I32, weight: F32, community: I32) -> float:
    """Newman's modularity of a division."""
    src = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
    whole = float(weight.sum(dtype=np.float64))
    if not whole:
        return 0.0
    inside = float(weight[community[src] == community[adj]].sum(dtype=np.float64))
    degree = np.bincount(src, weight.astype(np.float64), minlength=len(indptr) - 1)
    by_community = np.bincount(community, degree)
    return inside / whole - float(((by_community / whole) ** 2).sum())


def _by_size(community: I32) -> I32:
    names, first, member, count = np.unique(
        community, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.lexsort((first, -count))
    place = np.empty(len(names), np.int32)
    place[order] = np.arange(len(names), dtype=np.int32)
    found: I32 = place[member]
    return found


def _renumbered(community: I32) -> tuple[I32, int]:
    names, member = np.unique(community, return_inverse=True)
    return member.astype(np.int32), len(names)


@numba.njit(cache=True, nogil=True)
def _sweeps(
    indptr: I64, adj: I32, weight: F64, own: F64, sweeps: int, still: float
) -> tuple[I32, bool]:  # fmt: skip
    """Each node in turn goes to the neighbouring community that gains most; `own` is a node's weight to itself."""
    nodes = len(indptr) - 1
    community = np.arange(nodes).astype(np.int32)
    degree = np.empty(nodes)
    whole = 0.0
    for u in range(nodes):
        degree[u] = own[u]
        for k in range(indptr[u], indptr[u + 1]):
            degree[u] += weight[k]
        whole += degree[u]
    total = degree.copy()
    to = np.zeros(nodes)
    met = np.empty(nodes, np.int32)
    any_moved = False
    if whole <= 0.0:
        return community, False
    for _ in range(sweeps):
        moves = 0
        for u in range(nodes):
            here = community[u]
            many = 0
            for k in range(indptr[u], indptr[u + 1]):
                c = community[adj[k]]
                if to[c] == 0.0:
                    met[many] = c
                    many += 1
                to[c] += weight[k]
            total[here] -= degree[u]
            share = degree[u] / whole
            best, most = here, to[here] - total[here] * share
            for i in range(many):
                c = met[i]
                gain = to[c] - total[c] * share
                if gain > most + 1e-12 or (gain > most - 1e-12 and gain >= most and c < best):
                    best, most = c, gain
            total[best] += degree[u]
            if best != here:
                community[u] = best
                moves += 1
            for i in range(many):
                to[met[i]] = 0.0
        if moves:
            any_moved = True
        if moves <= still * nodes:
            break
    return community, any_moved


@numba.njit(cache=True, nogil=True)
def _folded(
    indptr: I64, adj: I32, weight: F64, own: F64, community: I32, count: int
) -> tuple[I64, I32, F64, F64]:
    """The graph whose nodes are the communities."""
    nodes = len(indptr) - 1
    begins = np.zeros(count + 1, np.int64)
    for u in range(nodes):
        begins[community[u] + 1] += 1
    for c in range(count):
        begins[c + 1] += begins[c]
    members = np.empty(nodes, np.int32)
    at = begins[:count].copy()
    for u in range(nodes):
        members[at[community[u]]] = u
        at[community[u]] += 1
    starts = np.zeros(count + 1, np.int64)
    near, worth = np.empty(len(adj), np.int32), np.empty(len(adj), np.float64)
    inner = np.zeros(count)
    to = np.zeros(count)
    met = np.empty(count, np.int32)
    end = 0
    for c in range(count):
        many = 0
        for i in range(begins[c], begins[c + 1]):
            u = members[i]
            inner[c] += own[u]
            for k in range(indptr[u], indptr[u + 1]):
                d = community[adj[k]]
                if d == c:
                    inner[c] += weight[k]
                    continue
                if to[d] == 0.0:
                    met[many] = d
                    many += 1
                to[d] += weight[k]
        for i in range(many):
            near[end], worth[end] = met[i], to[met[i]]
            to[met[i]] = 0.0
            end += 1
        starts[c + 1] = end
    return starts, near[:end].copy(), worth[:end].copy(), inner


@numba.njit(cache=True, nogil=True)
def _connected(indptr: I64, adj: I32, community: I32) -> I32:
    """Communities cut into their connected parts, each called by its smallest node."""
    nodes = len(indptr) - 1
    label = np.full(nodes, -1, np.int32)
    waiting = np.empty(nodes, np.int32)
    for root in range(nodes):
        if label[root] >= 0:
            continue
        label[root] = root
        waiting[0] = root
        left = 1
        while left > 0:
            left -= 1
            u = waiting[left]
            for k in range(indptr[u], indptr[u + 1]):
                v = adj[k]
                if label[v] < 0 and community[v] == community[u]:
                    label[v] = root
                    waiting[left] = v
                    left += 1
    return label


@numba.njit(cache=True, nogil=True)
def _participation(indptr: I64, adj: I32, weight: F32, community: I32) -> F32:
    nodes = len(indptr) - 1
    most = 0
    for u in range(nodes):
        most = max(most, community[u])
    to = np.zeros(most + 1)
    found = np.zeros(nodes, np.float32)
    for u in range(nodes):
        whole, squares = 0.0, 0.0
        for k in range(indptr[u], indptr[u + 1]):
            to[community[adj[k]]] += weight[k]
            whole += weight[k]
        for k in range(indptr[u], indptr[u + 1]):
            c = community[adj[k]]
            squares += to[c] * to[c]
            to[c] = 0.0
        if whole > 0.0:
            found[u] = max(0.0, 1.0 - squares / (whole * whole))
    return found
