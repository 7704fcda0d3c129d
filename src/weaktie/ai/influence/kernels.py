"""Compiled kernels of influence, on plain arrays: nothing here knows of people, files or databases.

A network of n nodes is given by its edges turned round: the edges that end in node v are the places
`in_start[v]:in_start[v + 1]` of `in_src` (where each begins) and `in_p` (how likely it carries, 0 to 1). `logic.network`
makes these from lists of edges. From a notebook::

    from weaktie.ai.influence.service import network, choose_seeds
    net = network(n, src, dst)                      # p = 1 / in-degree where none is given
    found = choose_seeds(net, k=50, epsilon=0.1)    # found.seeds, found.spread

Random numbers are splitmix64 (Steele, Lea, Flood 2014) seeded from (seed, number of the set or run), so that a result is
the same however the work is shared out among threads. All kernels release the interpreter's lock.
"""

import numba
import numpy as np
import numpy.typing as npt

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]

IC, LT = 0, 1
"""Models: independent cascade (each edge tries once) and linear threshold (weights into a node sum to at most 1)."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_TO_UNIT = 1.0 / (1 << 53)


@numba.njit(cache=True, nogil=True)
def _mixed(z: np.uint64) -> np.uint64:
    z = (z ^ (z >> _S30)) * _MIX_A
    z = (z ^ (z >> _S27)) * _MIX_B
    return z ^ (z >> _S31)


@numba.njit(cache=True, nogil=True)
def _unit(state: np.uint64) -> float:
    return np.float64(_mixed(state) >> _S11) * _TO_UNIT


@numba.njit(cache=True, nogil=True)
def rr_sets(
    model: int, in_start: I64, in_src: I32, in_p: F32, jump: F64, first: int, count: int, seed: int
) -> tuple[I32, I32]:
    """`count` random reverse-reachable sets (Borgs et al. 2014), numbered from `first`: (sizes, nodes one after another).

    A set is everybody who would have reached a uniformly drawn root. `jump[v]` is 1 / log(1 - p) where all edges into v
    carry with the same p and are many, so that the next one that carries is drawn at once (Guo et al. 2020); 0 elsewhere.
    """
    n = len(in_start) - 1
    seen = np.full(n, -1, np.int32)
    sizes = np.zeros(count, np.int32)
    nodes = np.empty(max(4 * count, 1024), np.int32)
    used = 0
    for k in range(count):
        state = _mixed(np.uint64(seed) * _GOLDEN + _mixed(np.uint64(first + k + 1) * _GOLDEN)) + _GOLDEN
        begin = used
        head = used
        root = np.int32(_mixed(state) % np.uint64(n))
        if used == len(nodes):
            nodes = _longer(nodes)
        nodes[used] = root
        used += 1
        seen[root] = k
        while head < used:
            v = nodes[head]
            head += 1
            low, high = in_start[v], in_start[v + 1]
            while used + high - low > len(nodes):
                nodes = _longer(nodes)
            if model == 1:
                state, used = _one_of(state, low, high, in_src, in_p, seen, k, nodes, used)
            elif jump[v] != 0.0:
                state, used = _leaps(state, low, high, jump[v], in_src, seen, k, nodes, used)
            else:
                for e in range(low, high):
                    state += _GOLDEN
                    if _unit(state) < in_p[e]:
                        u = in_src[e]
                        if seen[u] != k:
                            seen[u] = k
                            nodes[used] = u
                            used += 1
        sizes[k] = used - begin
    return sizes, nodes[:used].copy()


@numba.njit(cache=True, nogil=True)
def _one_of(
    state: np.uint64, low: int, high: int, in_src: I32, in_p: F32, seen: I32, k: int, nodes: I32, used: int
) -> tuple[np.uint64, int]:
    """Linear threshold: at most one of the edges, each with its weight."""
    state += _GOLDEN
    left = _unit(state)
    for e in range(low, high):
        if left < in_p[e]:
            if seen[in_src[e]] != k:
                seen[in_src[e]] = k
                nodes[used] = in_src[e]
                used += 1
            break
        left -= in_p[e]
    return state, used


@numba.njit(cache=True, nogil=True)
def _leaps(
    state: np.uint64, low: int, high: int, jump: float, in_src: I32, seen: I32, k: int, nodes: I32, used: int
) -> tuple[np.uint64, int]:
    """Independent cascade over edges alike: from one that carries to the next."""
    e = low
    while True:
        state += _GOLDEN
        e += int(np.log(1.0 - _unit(state)) * jump)
        if e >= high:
            return state, used
        if seen[in_src[e]] != k:
            seen[in_src[e]] = k
            nodes[used] = in_src[e]
            used += 1
        e += 1


@numba.njit(cache=True, nogil=True)
def _longer(nodes: I32) -> I32:
    more = np.empty(2 * len(nodes) + 1_000_000, np.int32)
    more[: len(nodes)] = nodes
    return more


@numba.njit(cache=True, nogil=True)
def turned(n: int, starts: I64, nodes: I32) -> tuple[I64, I32]:
    """In which sets each node is: (starts (n + 1), sets), by a counting sort."""
    member_start = np.zeros(n + 1, np.int64)
    for v in nodes:
        member_start[v + 1] += 1
    for v in range(n):
        member_start[v + 1] += member_start[v]
    at = member_start[:n].copy()
    member = np.empty(len(nodes), np.int32)
    for k in range(len(starts) - 1):
        for i in range(starts[k], starts[k + 1]):
            v = nodes[i]
            member[at[v]] = k
            at[v] += 1
    return member_start, member


@numba.njit(cache=True, nogil=True)
def greedy(
    starts: I64, nodes: I32, member_start: I64, member: I32, allowed: U8, cost: F64, budget: float, most: int, even: bool,
    by_cost: bool,
) -> tuple[I32, I64, float]:  # fmt: skip
    """Nodes that together are in most sets, each step by sets gained (`by_cost`: per cost) within what is left of the budget.

    Returns (picked, gained, bound): how many sets each covered that none before it did, and a number of sets that no
    choice covers more than. Of equals the smaller number is taken; it ends where nothing more is gained.
    """
    n = len(member_start) - 1
    whole = budget
    left = np.empty(n, np.int64)
    for v in range(n):
        left[v] = member_start[v + 1] - member_start[v] if allowed[v] and cost[v] <= budget else 0
    covered = np.zeros(len(starts) - 1, np.uint8)
    picked = np.empty(min(most, n), np.int32)
    gained = np.empty(min(most, n), np.int64)
    count = 0
    total = 0
    every = max(len(picked) // 24, 1)
    bound = room(left, cost, whole, most, even)
    while count < len(picked):
        best = -1
        score = 0.0
        for v in range(n):
            if left[v] > 0 and cost[v] <= budget:
                worth = left[v] / max(cost[v], 1e-9) if by_cost else float(left[v])
                if worth > score:
                    best, score = v, worth
        if best < 0:
            break
        picked[count], gained[count] = best, left[best]
        total += left[best]
        count += 1
        budget -= cost[best]
        for i in range(member_start[best], member_start[best + 1]):
            k = member[i]
            if covered[k] == 0:
                covered[k] = 1
                for j in range(starts[k], starts[k + 1]):
                    if left[nodes[j]] > 0:
                        left[nodes[j]] -= 1
        left[best] = 0
        if count % every == 0 or count == len(picked):
            bound = min(bound, total + room(left, cost, whole, most, even))
    return picked[:count], gained[:count], min(bound, total + room(left, cost, whole, most, even))


@numba.njit(cache=True, nogil=True)
def room(left: I64, cost: F64, budget: float, most: int, even: bool) -> float:
    """What any choice within the budget can gain at most from here: the largest gains, which by submodularity do not grow.

    The `most` largest; with unequal costs also the best filling of the budget that may take a part of one node.
    """
    n = len(left)
    largest = float(left.sum()) if most >= n else float(np.partition(left, n - most)[n - most :].sum())
    if even:
        return largest
    ratio = np.empty(n, np.float64)
    for v in range(n):
        ratio[v] = -left[v] / cost[v] if cost[v] > 0.0 else (-np.inf if left[v] > 0 else 0.0)
    total = 0.0
    for v in np.argsort(ratio):
        if left[v] == 0:
            break
        if cost[v] <= budget:
            total += left[v]
            budget -= cost[v]
        else:
            return min(largest, float(total + left[v] * budget / cost[v]))
    return min(largest, total)


@numba.njit(cache=True, nogil=True)
def hits(starts: I64, nodes: I32, chosen: U8) -> U8:
    """For each set whether a chosen node is in it."""
    found = np.zeros(len(starts) - 1, np.uint8)
    for k in range(len(starts) - 1):
        for i in range(starts[k], starts[k + 1]):
            if chosen[nodes[i]]:
                found[k] = 1
                break
    return found


@numba.njit(cache=True, nogil=True)
def runs(
    model: int, out_start: I64, out_dst: I32, out_p: F32, seeds: I32, first: int, count: int, seed: int
) -> I64:
    """How many nodes each of `count` forward simulations reached, the seeds included; runs are numbered from `first`."""
    n = len(out_start) - 1
    seen = np.full(n, -1, np.int64)
    touched = np.full(n, -1, np.int64)
    need = np.empty(n, np.float64)
    queue = np.empty(n, np.int32)
    reached = np.empty(count, np.int64)
    for k in range(count):
        number = first + k
        state = _mixed(np.uint64(seed) * _GOLDEN + _mixed(np.uint64(number + 1) * _GOLDEN))
        used = 0
        for s in seeds:
            if seen[s] != number:
                seen[s] = number
                queue[used] = s
                used += 1
        head = 0
        while head < used:
            u = queue[head]
            head += 1
            for e in range(out_start[u], out_start[u + 1]):
                v = out_dst[e]
                if seen[v] == number:
                    continue
                if model == 1:
                    if touched[v] != number:
                        touched[v] = number
                        state += _GOLDEN
                        need[v] = _unit(state)
                    need[v] -= out_p[e]
                    carries = need[v] < 0.0
                else:
                    state += _GOLDEN
                    carries = _unit(state) < out_p[e]
                if carries:
                    seen[v] = number
                    queue[used] = v
                    used += 1
        reached[k] = used
    return reached


@numba.njit(cache=True, nogil=True)
def page_rank(in_start: I64, in_src: I32, damping: float, rounds: int) -> F64:
    """PageRank (Brin, Page 1998) of the network turned round: a node that many are reached by ranks high.

    Each node shares its rank evenly among those whose word reaches it; what nobody reaches is shared among all.
    """
    n = len(in_start) - 1
    rank = np.full(n, 1.0 / n)
    for _ in range(rounds):
        new = np.zeros(n)
        loose = 0.0
        for v in range(n):
            low, high = in_start[v], in_start[v + 1]
            if low == high:
                loose += rank[v]
                continue
            part = rank[v] / (high - low)
            for e in range(low, high):
                new[in_src[e]] += part
        for v in range(n):
            new[v] = (1.0 - damping + damping * loose) / n + damping * new[v]
        rank = new
    return rank


@numba.njit(cache=True, nogil=True)
def tree_figures(parent: I32, root: I32) -> tuple[I32, I64, I64]:
    """Of a forest: (depth, below, pairs). `parent[i] < i`, or -1 for a root; `root[i]` is the root of i's tree.

    `depth[i]` is the number of edges to its root, `below[i]` how many nodes hang under it, itself included, and `pairs[r]`
    at each root r the sum of distances over all unordered pairs of its tree: every edge lies between the nodes below it
    and the others (Wiener 1947).
    """
    n = len(parent)
    depth = np.zeros(n, np.int32)
    below = np.ones(n, np.int64)
    pairs = np.zeros(n, np.int64)
    for i in range(n):
        if parent[i] >= 0:
            depth[i] = depth[parent[i]] + 1
    for i in range(n - 1, -1, -1):
        if parent[i] >= 0:
            below[parent[i]] += below[i]
    for i in range(n):
        if parent[i] >= 0:
            pairs[root[i]] += below[i] * (below[root[i]] - below[i])
    return depth, below, pairs


@numba.njit(cache=True, nogil=True)
def two_hops(
    start: I64, other: I32, strength: F32, begin: I32, begin_strength: F32, n: int
) -> tuple[F64, I32, F32, I32, F32, I32]:
    """Whom the friends in `begin` reach: (missed, best, best_product, second, second_product, ways) by node.

    `missed[v]` is the product of 1 - begin_strength × strength over the ways to v, so that 1 - missed is how likely word
    comes by at least one of them; `best` and `second` are the friends with the likeliest ways, -1 where there is none.
    """
    missed = np.ones(n, np.float64)
    best, second = np.full(n, -1, np.int32), np.full(n, -1, np.int32)
    best_by, second_by = np.zeros(n, np.float32), np.zeros(n, np.float32)
    ways = np.zeros(n, np.int32)
    for i in range(len(begin)):
        m = begin[i]
        for e in range(start[m], start[m + 1]):
            v = other[e]
            by = begin_strength[i] * strength[e]
            missed[v] *= 1.0 - by
            ways[v] += 1
            if by > best_by[v]:
                second[v], second_by[v] = best[v], best_by[v]
                best[v], best_by[v] = m, by
            elif by > second_by[v]:
                second[v], second_by[v] = m, by
    return missed, best, best_by, second, second_by, ways


@numba.njit(cache=True, nogil=True)
def grow_forest(person: I64, by: I64, us: I64, shared_us: I64, slots: int) -> tuple[I64, I32, I64, I64, I64]:
    """Trees of who heard from whom, from openings in order of time: (slot, parent row, root row, us, cause) by row.

    A slot is a person and an item; `person[i]` heard from `by[i]` at `us[i]`. Only the first opening of a slot counts. A
    sharer who is not there yet begins a tree, at their first share (`shared_us[slot]`) where that was before. Parents stand
    before children, so that no circle can close. `cause` is the opening that a row comes from, -1 for who began.
    """
    row_of = np.full(slots, -1, np.int64)
    slot = np.empty(slots, np.int64)
    parent = np.empty(slots, np.int32)
    root = np.empty(slots, np.int64)
    at = np.empty(slots, np.int64)
    cause = np.empty(slots, np.int64)
    rows = 0
    for i in range(len(person)):
        if row_of[person[i]] >= 0 or person[i] == by[i]:
            continue
        above = row_of[by[i]]
        if above < 0:
            above = rows
            row_of[by[i]] = rows
            slot[rows], parent[rows], root[rows], cause[rows] = by[i], -1, rows, -1
            at[rows] = min(shared_us[by[i]], us[i])
            rows += 1
        row_of[person[i]] = rows
        slot[rows], parent[rows], root[rows], cause[rows] = person[i], above, root[above], i
        at[rows] = us[i]
        rows += 1
    return slot[:rows], parent[:rows], root[:rows], at[:rows], cause[:rows]


@numba.njit(cache=True, nogil=True)
def last_before(key: I64, us: I64, known_start: I64, known_us: I64) -> I64:
    """For each row the latest known one with the same key that is not after it, or -1. The known ones of key k are the places
    `known_start[k]:known_start[k + 1]`, ascending by time."""
    found = np.full(len(key), -1, np.int64)
    for i in range(len(key)):
        low, high = known_start[key[i]], known_start[key[i] + 1]
        while low < high:
            middle = (low + high) // 2
            if known_us[middle] <= us[i]:
                low = middle + 1
            else:
                high = middle
        if low > known_start[key[i]]:
            found[i] = low - 1
    return found
