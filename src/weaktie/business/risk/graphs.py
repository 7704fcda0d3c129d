"""Graph methods over what accounts share, each on plain arrays: from connected pieces to dense blocks and trust.

Accounts are the nodes 0…n-1, things n…n+m-1; an edge says that a thing was seen with an account.
"""

from dataclasses import dataclass

import numba
import numpy as np

from weaktie.business.risk.contracts import F64, I32, I64

ROUNDS = 12
SMALLEST_BLOCK = 6
"""Accounts below which a block is no farm's: a household has five."""


@dataclass(frozen=True, slots=True)
class Shared:
    """The bipartite graph by node: the neighbours of node v are `near[start[v]:start[v + 1]]`, with their weights."""

    accounts: int
    things: int
    start: I64
    near: I32
    weight: F64

    def __len__(self) -> int:
        return self.accounts + self.things


def shared(accounts: int, things: int, account: I32, thing: I32) -> Shared:
    """The graph of m sightings. The more accounts a thing is seen with, the less it says: 1 / ln(degree + 5)
    (Hooi et al. 2016, FRAUDAR, column weights)."""
    size = accounts + things
    degree = np.bincount(thing, minlength=things)
    weight = 1.0 / np.log(degree[thing] + 5.0)
    src = np.concatenate([account, thing + accounts]).astype(np.int64)
    dst = np.concatenate([thing + accounts, account]).astype(np.int32)
    both = np.concatenate([weight, weight])
    order = np.argsort(src, kind="stable")
    start = np.searchsorted(src[order], np.arange(size + 1)).astype(np.int64)
    return Shared(accounts, things, start, dst[order], both[order])


def components(graph: Shared) -> I32:
    """The connected piece of each node, numbered by its smallest node."""
    found: I32 = _components(graph.start, graph.near)
    return found


def communities(graph: Shared, seed: int = 0) -> I32:
    """Groups by label propagation (Raghavan et al. 2007), weighted, in a seeded order, at most ROUNDS rounds: a node
    takes the label that weighs most among its neighbours, the smallest of equal ones. Labels are node numbers."""
    order = np.random.default_rng(seed).permutation(len(graph)).astype(np.int32)
    found: I32 = _spread(graph.start, graph.near, graph.weight, order, ROUNDS)
    return found


def dense_blocks(graph: Shared, group: I32) -> F64:
    """The density of the block that each account lies in, 0 outside of blocks.

    Inside each group the node that loses least weight is peeled off again and again; the best is where weight by nodes
    was highest (FRAUDAR's greedy, within half of the densest). Blocks of fewer than SMALLEST_BLOCK accounts are none.
    """
    found: F64 = _peel(graph.start, graph.near, graph.weight, group, graph.accounts, SMALLEST_BLOCK)
    return found


def trust(accounts: int, src: I32, dst: I32, seeds: I32) -> F64:
    """SybilRank (Cao et al. 2012): trust that starts at `seeds` and spreads over undirected edges for log2(n) rounds,
    by degree. Half stays at each round: invitations are trees, on which all of it would swing to and fro. 0 where none
    arrives, and where an account has no edge."""
    if not len(seeds) or not len(src):
        return np.zeros(accounts)
    degree = np.bincount(src, minlength=accounts) + np.bincount(dst, minlength=accounts)
    held = np.zeros(accounts)
    held[seeds] = accounts / len(seeds)
    each = np.maximum(degree, 1)
    for _ in range(max(int(np.ceil(np.log2(max(accounts, 2)))), 1)):
        share = held / each
        spread = np.bincount(dst, share[src], accounts) + np.bincount(src, share[dst], accounts)
        held = (held + spread) / 2
    return np.where(degree > 0, held / each, 0.0)


@numba.njit(cache=True, nogil=True)
def _components(start, near):  # type: ignore[no-untyped-def]
    size = len(start) - 1
    label = np.full(size, -1, np.int32)
    stack = np.empty(size, np.int32)
    for node in range(size):
        if label[node] >= 0:
            continue
        label[node] = node
        stack[0], top = node, 1
        while top:
            top -= 1
            here = stack[top]
            for at in range(start[here], start[here + 1]):
                there = near[at]
                if label[there] < 0:
                    label[there] = node
                    stack[top] = there
                    top += 1
    return label


@numba.njit(cache=True, nogil=True)
def _spread(start, near, weight, order, rounds):  # type: ignore[no-untyped-def]
    size = len(start) - 1
    label = np.arange(size).astype(np.int32)
    sums = np.zeros(size)
    for _ in range(rounds):
        changed = 0
        for node in order:
            begin, end = start[node], start[node + 1]
            if begin == end:
                continue
            for at in range(begin, end):
                sums[label[near[at]]] += weight[at]
            best, most = label[node], sums[label[node]]
            for at in range(begin, end):
                one = label[near[at]]
                if sums[one] > most + 1e-12 or (sums[one] > most - 1e-12 and one < best):
                    best, most = one, sums[one]
            for at in range(begin, end):
                sums[label[near[at]]] = 0.0
            if best != label[node]:
                label[node] = best
                changed += 1
        if changed == 0:
            break
    return label


@numba.njit(cache=True, nogil=True)
def _peel(start, near, weight, group, accounts, smallest):  # type: ignore[no-untyped-def]
    size = len(start) - 1
    width = 1
    while width < size:
        width *= 2
    loss = np.zeros(size)
    total, nodes = np.zeros(size), np.zeros(size, np.int64)
    for node in range(size):
        for at in range(start[node], start[node + 1]):
            if group[near[at]] == group[node]:
                loss[node] += weight[at]
        total[group[node]] += loss[node] / 2
        nodes[group[node]] += 1
    # A tree of minima: the leaf with the smallest loss is found from the root.
    tree = np.full(2 * width, np.inf)
    tree[width : width + size] = loss
    for at in range(width - 1, 0, -1):
        tree[at] = min(tree[2 * at], tree[2 * at + 1])
    best = np.zeros(size)
    best_step = np.full(size, -1, np.int64)
    for one in range(size):
        if nodes[one] > 0:
            best[one] = total[one] / nodes[one]
    gone_at = np.full(size, size, np.int64)
    for step in range(size):
        at = 1
        while at < width:
            at = 2 * at if tree[2 * at] <= tree[2 * at + 1] else 2 * at + 1
        node = at - width
        one = group[node]
        gone_at[node] = step
        total[one] -= tree[at]
        nodes[one] -= 1
        if nodes[one] > 0 and total[one] / nodes[one] > best[one] + 1e-12:
            best[one] = total[one] / nodes[one]
            best_step[one] = step
        tree[at] = np.inf
        while at > 1:
            at //= 2
            tree[at] = min(tree[2 * at], tree[2 * at + 1])
        for edge in range(start[node], start[node + 1]):
            there = near[edge]
            if group[there] == one and gone_at[there] == size:
                at = width + there
                tree[at] -= weight[edge]
                while at > 1:
                    at //= 2
                    tree[at] = min(tree[2 * at], tree[2 * at + 1])
    inside = np.zeros(size, np.int64)
    for node in range(accounts):
        if gone_at[node] > best_step[group[node]]:
            inside[group[node]] += 1
    out = np.zeros(accounts)
    for node in range(accounts):
        one = group[node]
        if gone_at[node] > best_step[one] and inside[one] >= smallest:
            out[node] = best[one]
    return out
