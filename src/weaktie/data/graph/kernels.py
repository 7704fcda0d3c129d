"""Graph kernels over compressed sparse rows: plain arrays in, plain arrays out, usable from a notebook. Pure.

A graph of n nodes is `indptr` (n + 1) and `adj` (m): the neighbours of node u are `adj[indptr[u]:indptr[u + 1]]`, ascending.
Undirected graphs hold every edge in both rows, without loops and doubles: `simple_graph` makes them so.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np

from weaktie.data.graph.contracts import F32, F64, I32, I64


@dataclass(frozen=True, slots=True)
class Support:
    """Triangles of each entry (m) and node (n); `rare` (m) is the sum of 1 / ln(1 + degree) over the common neighbours of an
    entry's ends (Adamic and Adar 2003), which those whom everybody knows raise but little."""

    common: I32
    rare: F32
    triangles: I64


def simple_graph(nodes: int, src: I32, dst: I32) -> tuple[I64, I32]:
    """The undirected graph of edges in any order: loops and doubles go. Returns (indptr, adj)."""
    indptr, adj = _sorted_rows(nodes, src, dst)
    return _distinct(indptr, adj)


def triangle_count(indptr: I64, adj: I32, *, threads: int = 1) -> int:
    """How many triangles an undirected graph has. Each is found once, from its node of least degree (Chiba and Nishizeki)."""
    starts, heads = _forward(indptr, adj)
    bounds = _even(starts, heads, max(1, threads) * 8)
    pieces = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    if threads <= 1:
        return sum(_count(starts, heads, low, high) for low, high in pieces)
    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(lambda piece: _count(starts, heads, *piece), pieces))


def triangle_support(indptr: I64, adj: I32) -> Support:
    """Common neighbours of both ends of every entry, and triangles of every node."""
    rev = reverse(indptr, adj)
    degree = np.diff(indptr)
    worth = (1.0 / np.log(1.0 + np.maximum(degree, 1.0))).astype(np.float32)
    common, rare = _support(indptr, adj, rev, worth)
    return Support(common, rare, _row_sums(indptr, common) // 2)


def clustering(indptr: I64, triangles: I64) -> F64:
    """The local clustering coefficient of each node (Watts and Strogatz 1998), 0 for fewer than two neighbours."""
    degree = np.diff(indptr)
    pairs = degree * (degree - 1) / 2
    found: F64 = np.divide(triangles, pairs, out=np.zeros(len(degree)), where=pairs > 0)
    return found


def core_numbers(indptr: I64, adj: I32) -> I32:
    """The greatest k for which each node is in the k-core, in linear time (Batagelj and Zaversnik 2003)."""
    return _cores(indptr, adj)


def components(indptr: I64, adj: I32) -> I32:
    """The connected component of each node, as the number of its smallest node."""
    return _components(indptr, adj)


def reverse(indptr: I64, adj: I32) -> I64:
    """For each entry (u, v) where the entry (v, u) stands; both have to be there."""
    return _reverse(indptr, adj)


@numba.njit(cache=True, nogil=True)
def _sorted_rows(nodes: int, src: I32, dst: I32) -> tuple[I64, I32]:
    """Every edge in both rows, each row ascending: entries are dealt out in the order of the other end."""
    begins = np.zeros(nodes + 1, np.int64)
    for i in range(len(src)):
        if src[i] != dst[i]:
            begins[src[i] + 1] += 1
            begins[dst[i] + 1] += 1
    for u in range(nodes):
        begins[u + 1] += begins[u]
    total = begins[nodes]
    near = np.empty(total, np.int32)
    at = begins[:nodes].copy()
    for i in range(len(src)):
        a, b = src[i], dst[i]
        if a != b:
            near[at[a]] = b
            at[a] += 1
            near[at[b]] = a
            at[b] += 1
    adj = np.empty(total, np.int32)
    at[:] = begins[:nodes]
    for u in range(nodes):
        for k in range(begins[u], begins[u + 1]):
            v = near[k]
            adj[at[v]] = u
            at[v] += 1
    return begins, adj


@numba.njit(cache=True, nogil=True)
def _distinct(indptr: I64, adj: I32) -> tuple[I64, I32]:
    """Without doubles, in place where there are none."""
    nodes = len(indptr) - 1
    begins = np.empty(nodes + 1, np.int64)
    at = 0
    for u in range(nodes):
        begins[u] = at
        last = np.int32(-1)
        for k in range(indptr[u], indptr[u + 1]):
            v = adj[k]
            if v != last:
                adj[at] = v
                at += 1
                last = v
    begins[nodes] = at
    return begins, adj[:at].copy()


@numba.njit(cache=True, nogil=True)
def _forward(indptr: I64, adj: I32) -> tuple[I64, I32]:
    """Each edge once, from the end of lesser degree to the other, nodes renumbered by falling degree: hubs get the small
    numbers, so that the marks of their neighbours lie close together."""
    nodes = len(indptr) - 1
    most = 0
    for u in range(nodes):
        most = max(most, indptr[u + 1] - indptr[u])
    places = np.zeros(most + 2, np.int64)
    for u in range(nodes):
        places[most - (indptr[u + 1] - indptr[u]) + 1] += 1
    for d in range(most + 1):
        places[d + 1] += places[d]
    rank, who = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    for u in range(nodes):
        d = most - (indptr[u + 1] - indptr[u])
        rank[u] = places[d]
        who[places[d]] = u
        places[d] += 1
    starts = np.zeros(nodes + 1, np.int64)
    heads = np.empty(len(adj) // 2, np.int32)
    at = 0
    for r in range(nodes):
        u = who[r]
        for k in range(indptr[u], indptr[u + 1]):
            other = rank[adj[k]]
            if other < r:
                heads[at] = other
                at += 1
        starts[r + 1] = at
    return starts, heads


@numba.njit(cache=True, nogil=True)
def _even(starts: I64, heads: I32, pieces: int) -> I64:
    """Bounds of ranges of nodes with about the same work."""
    nodes = len(starts) - 1
    work = np.zeros(nodes + 1, np.int64)
    for u in range(nodes):
        sum_ = starts[u + 1] - starts[u]
        for k in range(starts[u], starts[u + 1]):
            sum_ += starts[heads[k] + 1] - starts[heads[k]]
        work[u + 1] = work[u] + sum_
    bounds = np.empty(pieces + 1, np.int64)
    for p in range(pieces + 1):
        bounds[p] = np.searchsorted(work, work[nodes] * p // pieces)
    bounds[0], bounds[pieces] = 0, nodes
    return bounds


@numba.njit(cache=True, nogil=True)
def _count(starts: I64, heads: I32, low: int, high: int) -> int:
    marked = np.full(len(starts), -1, np.int32)
    found = 0
    for u in range(low, high):
        if starts[u + 1] - starts[u] < 2:
            continue
        for k in range(starts[u], starts[u + 1]):
            marked[heads[k]] = u
        for k in range(starts[u], starts[u + 1]):
            v = heads[k]
            for j in range(starts[v], starts[v + 1]):
                if marked[heads[j]] == u:
                    found += 1
    return found


@numba.njit(cache=True, nogil=True)
def _reverse(indptr: I64, adj: I32) -> I64:
    nodes = len(indptr) - 1
    at = indptr[:nodes].copy()
    rev = np.empty(len(adj), np.int64)
    for u in range(nodes):
        for k in range(indptr[u], indptr[u + 1]):
            v = adj[k]
            rev[k] = at[v]
            at[v] += 1
    return rev


@numba.njit(cache=True, nogil=True)
def _support(indptr: I64, adj: I32, rev: I64, worth: F32) -> tuple[I32, F32]:
    """As `_count`, with what each triangle adds to its three edges. An edge's sums stand at the entry of the lesser rank."""
    nodes = len(indptr) - 1
    degree = np.empty(nodes, np.int64)
    for u in range(nodes):
        degree[u] = indptr[u + 1] - indptr[u]
    common, rare = np.zeros(len(adj), np.int32), np.zeros(len(adj), np.float32)
    starts = np.zeros(nodes + 1, np.int64)
    for u in range(nodes):
        more = 0
        for k in range(indptr[u], indptr[u + 1]):
            v = adj[k]
            if degree[v] > degree[u] or (degree[v] == degree[u] and v > u):
                more += 1
        starts[u + 1] = starts[u] + more
    edge = np.empty(starts[nodes], np.int64)
    for u in range(nodes):
        at = starts[u]
        for k in range(indptr[u], indptr[u + 1]):
            v = adj[k]
            if degree[v] > degree[u] or (degree[v] == degree[u] and v > u):
                edge[at] = k
                at += 1
    marked = np.full(nodes, -1, np.int64)
    for u in range(nodes):
        if starts[u + 1] - starts[u] < 2:
            continue
        for i in range(starts[u], starts[u + 1]):
            marked[adj[edge[i]]] = edge[i]
        for i in range(starts[u], starts[u + 1]):
            first = edge[i]
            v = adj[first]
            for j in range(starts[v], starts[v + 1]):
                second = edge[j]
                w = adj[second]
                third = marked[w]
                if third >= 0:
                    common[first] += 1
                    common[second] += 1
                    common[third] += 1
                    rare[first] += worth[w]
                    rare[second] += worth[u]
                    rare[third] += worth[v]
        for i in range(starts[u], starts[u + 1]):
            marked[adj[edge[i]]] = -1
    for i in range(len(edge)):
        common[rev[edge[i]]] = common[edge[i]]
        rare[rev[edge[i]]] = rare[edge[i]]
    return common, rare


@numba.njit(cache=True, nogil=True)
def _row_sums(indptr: I64, values: I32) -> I64:
    nodes = len(indptr) - 1
    sums = np.zeros(nodes, np.int64)
    for u in range(nodes):
        for k in range(indptr[u], indptr[u + 1]):
            sums[u] += values[k]
    return sums


@numba.njit(cache=True, nogil=True)
def _cores(indptr: I64, adj: I32) -> I32:
    nodes = len(indptr) - 1
    degree = np.empty(nodes, np.int32)
    most = 0
    for u in range(nodes):
        degree[u] = indptr[u + 1] - indptr[u]
        most = max(most, degree[u])
    begins = np.zeros(most + 2, np.int32)
    for u in range(nodes):
        begins[degree[u] + 1] += 1
    for d in range(most + 1):
        begins[d + 1] += begins[d]
    order, place = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    at = begins.copy()
    for u in range(nodes):
        place[u] = at[degree[u]]
        order[place[u]] = u
        at[degree[u]] += 1
    for i in range(nodes):
        u = order[i]
        for k in range(indptr[u], indptr[u + 1]):
            v = adj[k]
            if degree[v] > degree[u]:
                # v moves to the front of its bin, which then begins one later.
                here, first = place[v], begins[degree[v]]
                w = order[first]
                if w != v:
                    order[here], order[first] = w, v
                    place[w], place[v] = here, first
                begins[degree[v]] += 1
                degree[v] -= 1
    return degree


@numba.njit(cache=True, nogil=True)
def _components(indptr: I64, adj: I32) -> I32:
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
                if label[v] < 0:
                    label[v] = root
                    waiting[left] = v
                    left += 1
    return label
