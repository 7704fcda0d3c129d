"""Seeds under a budget: networks, OPIM-C and IMM, their rivals, and how far a choice reaches. Pure."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from weaktie.ai.influence import kernels
from weaktie.ai.influence.contracts import F32, F64, I32, I64, U8, Choice, Estimate, Model, Network, Picked

Ints = npt.NDArray[np.int32] | npt.NDArray[np.int64]
BLOCK = 8_192
"""Sets or runs that one thread makes at once."""
MANY = 16
"""In-degree from which on the next edge that carries is drawn at once instead of trying each."""
MOST_ENTRIES = 60_000_000
"""Memory of one collection of sets: nodes in all of them, four bytes each and as many again for the way back."""
FIRST_SETS = 8_192
WORTHWHILE_ENTRIES = 6_000_000
"""Up to here sets are so cheap that more are made than the promise needs: the choice itself becomes better."""
WORTHWHILE_EACH = 64
EVALUATION_SETS = 100_000
EVALUATION_ENTRIES = 20_000_000
SIMULATIONS = 1_000
FEWEST_SIMULATIONS = 20
SIMULATED_NODES = 200_000_000
PAGE_RANK_ROUNDS = 40
UNIT_RATIO = 1.0 - 1.0 / math.e
"""What greedy cover reaches of the best with equal costs (Nemhauser et al. 1978)."""
COST_RATIO = 1.0 - 1.0 / math.sqrt(math.e)
"""And with unequal ones, where the best single node is tried too (Khuller, Moss, Naor 1999)."""


def network(n: int, src: Ints, dst: Ints, p: F32 | None = None, *, model: Model = "cascade") -> Network:
    """A network of n nodes from edges `src[i]` → `dst[i]` that carry with `p[i]`; without p with 1 / in-degree (weighted cascade).

    An edge to itself is dropped, of parallel edges the likeliest counts. For `threshold` weights into a node that sum to
    more than 1 are scaled down to it.
    """
    src, dst = np.asarray(src, np.int32), np.asarray(dst, np.int32)
    weight = np.ones(len(src), np.float32) if p is None else np.asarray(p, np.float32)
    key = dst.astype(np.int64) * n + src
    order = np.lexsort((-weight, key)) if p is not None else np.argsort(key, kind="stable")
    key = key[order]
    first = np.ones(len(key), np.bool_)
    first[1:] = key[1:] != key[:-1]
    keep = order[first & (src[order] != dst[order])]
    in_src, in_dst, in_p = src[keep], dst[keep], weight[keep]
    degree = np.bincount(in_dst, minlength=n)
    in_start = np.concatenate([[0], np.cumsum(degree)]).astype(np.int64)
    if p is None:
        in_p = (1.0 / np.maximum(degree, 1))[in_dst].astype(np.float32)
    elif model == "threshold":
        total = np.bincount(in_dst, in_p, minlength=n)
        in_p = (in_p / np.maximum(total, 1.0)[in_dst]).astype(np.float32)
    by_src = np.argsort(in_src, kind="stable")
    out_start = np.concatenate([[0], np.cumsum(np.bincount(in_src, minlength=n))]).astype(np.int64)
    return Network(
        in_start, in_src, in_p, out_start, in_dst[by_src], in_p[by_src], _jumps(in_start, in_p, degree), model
    )


def _jumps(in_start: I64, in_p: F32, degree: I64) -> F64:
    """Where all edges into a node are alike and many; see `kernels.rr_sets`."""
    n = len(degree)
    jump = np.zeros(n, np.float64)
    there = np.flatnonzero(degree > MANY)
    if len(there):
        # reduceat over the starts of nodes that have edges: each part ends where the next begins.
        has = np.flatnonzero(degree > 0)
        least = np.zeros(n, np.float32)
        most = np.zeros(n, np.float32)
        least[has] = np.minimum.reduceat(in_p, in_start[has])
        most[has] = np.maximum.reduceat(in_p, in_start[has])
        alike = there[(least[there] == most[there]) & (least[there] > 0.0) & (least[there] < 1.0)]
        jump[alike] = 1.0 / np.log1p(-least[alike].astype(np.float64))
    return jump


@dataclass(slots=True)
class Sets:
    """A growing collection of random reverse-reachable sets of one stream of random numbers."""

    net: Network
    seed: int
    workers: int
    most_entries: int = MOST_ENTRIES
    count: int = 0
    entries: int = 0
    full: bool = False
    _sizes: list[I32] = field(default_factory=list)
    _nodes: list[I32] = field(default_factory=list)

    def grow(self, wanted: int) -> None:
        """Make sets until there are `wanted`, or until the memory is used up (`full`)."""
        net = self.net
        model = kernels.LT if net.model == "threshold" else kernels.IC

        def block(first: int, count: int) -> tuple[I32, I32]:
            found: tuple[I32, I32] = kernels.rr_sets(
                model, net.in_start, net.in_src, net.in_p, net.jump, first, count, self.seed
            )
            return found

        with ThreadPoolExecutor(max(1, self.workers)) as pool:
            while self.count < wanted and not self.full:
                spans = []
                at = self.count
                for _ in range(8 * max(1, self.workers)):
                    if at < wanted:
                        spans.append((at, min(BLOCK, wanted - at)))
                        at += spans[-1][1]
                for sizes, nodes in pool.map(block, *zip(*spans, strict=True)):
                    if self.full:
                        continue
                    self._sizes.append(sizes)
                    self._nodes.append(nodes)
                    self.count += len(sizes)
                    self.entries += len(nodes)
                    self.full = self.entries >= self.most_entries

    def flat(self) -> tuple[I64, I32]:
        """(starts (sets + 1), nodes) of all of them."""
        sizes = np.concatenate(self._sizes) if self._sizes else np.zeros(0, np.int32)
        nodes = np.concatenate(self._nodes) if self._nodes else np.zeros(0, np.int32)
        self._sizes, self._nodes = [sizes], [nodes]
        return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]), nodes


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be chosen: who may be a seed, what each costs, the budget, and at most how many."""

    allowed: U8
    cost: F64
    budget: float
    most: int

    @property
    def even(self) -> bool:
        """Whether all cost the same, so that only their number counts."""
        return bool(len(self.cost) == 0 or (self.cost == self.cost[0]).all())

    @property
    def seats(self) -> int:
        """How many can be chosen where all cost the same."""
        may = int((self.allowed != 0).sum())
        price = float(self.cost[0]) if len(self.cost) else 0.0
        return min(self.most, may, int(self.budget / price + 1e-9) if price > 0 else may)

    def log_sets(self) -> float:
        """The logarithm of how many choices there are at most: what a union bound is taken over."""
        prices = np.sort(self.cost[self.allowed != 0])
        affordable = int(np.searchsorted(np.cumsum(prices), self.budget, "right"))
        k = min(self.most, affordable)
        n = max(len(prices), 1)
        k_half = min(k, n // 2) if not self.even else k
        chosen = math.lgamma(n + 1) - math.lgamma(k_half + 1) - math.lgamma(n - k_half + 1)
        return max(chosen, 0.0) + (0.0 if self.even else math.log(k + 1))


def asked(
    net: Network, *, k: int | None = None, budget: float | None = None, cost: F64 | None = None, allowed: U8 | None = None
) -> Ask:  # fmt: skip
    """A question with what is not said filled in: everybody may, each costs 1, and k or the budget is the end."""
    n = net.n
    costs = np.ones(n, np.float64) if cost is None else np.asarray(cost, np.float64)
    may = np.ones(n, np.uint8) if allowed is None else np.asarray(allowed, np.uint8)
    most = n if k is None else min(k, n)
    return Ask(may, costs, float(costs.sum() if budget is None else budget), most)


def _cover(sets: Sets, ask: Ask) -> tuple[I32, int, float]:
    """Greedy cover of the sets: (nodes, sets they cover, sets that no choice covers more than). With unequal costs the best of
    greedy by gain per cost, greedy by gain (Leskovec et al. 2007) and the single best node (Khuller et al. 1999)."""
    starts, nodes = sets.flat()
    member_start, member = kernels.turned(sets.net.n, starts, nodes)
    k = ask.seats if ask.even else ask.most

    def choose(by_cost: bool, most: int) -> tuple[I32, int, float]:
        picked, gained, bound = kernels.greedy(
            starts, nodes, member_start, member, ask.allowed, ask.cost, ask.budget, most, ask.even, by_cost
        )
        return picked, int(gained.sum()), float(bound)

    if ask.even:
        return choose(False, k)
    found = [choose(True, k), choose(False, k), choose(False, 1)]
    best = max(found, key=lambda one: one[1])
    # The bound of one alone is no bound of many.
    return best[0], best[1], min(found[0][2], found[1][2])


@dataclass(frozen=True, slots=True)
class Found:
    """Seeds over so many sets; they reach at least `guarantee` of the best possible with probability 1 - 1/n."""

    seeds: I32
    sets: int
    guarantee: float


def opim(
    net: Network, ask: Ask, *, epsilon: float = 0.1, seed: int = 0, workers: int = 2, most_entries: int = MOST_ENTRIES
) -> Found:  # fmt: skip
    """Seeds by OPIM-C (Tang, Tang, Xiao, Yuan 2018): IMM's promise with far fewer sets.

    One collection chooses, another that nothing was chosen from says how much the choice surely reaches, and the first how
    much any choice at most can; both double until the quotient is the promised ratio - epsilon (1 - 1/e - epsilon with
    equal costs, 1 - 1/√e - epsilon else), or the memory is used up: then, and with unequal costs always, the quotient is what
    is promised. Chen's objection
    to IMM (2018) does not arise: no bound is taken over sets whose number hangs on themselves, each round has its own part
    of the probability of failing.
    """
    n = net.n
    ratio = UNIT_RATIO if ask.even else COST_RATIO
    log_n = math.log(max(n, 2))
    alpha, beta = (
        math.sqrt(log_n + math.log(6.0)),
        math.sqrt(ratio * (ask.log_sets() + log_n + math.log(6.0))),
    )
    least = max(ask.seats, 1) if ask.even else 1
    most = 2.0 * n * (ratio * alpha + beta) ** 2 / (epsilon**2 * least)
    first = max(FIRST_SETS, math.ceil(2.0 * (ratio * alpha + beta) ** 2))
    rounds = max(1, math.ceil(math.log2(max(most / first, 2.0))))
    failing = log_n + math.log(3.0 * rounds)
    choosing = Sets(net, 2 * seed, workers, most_entries)
    judging = Sets(net, 2 * seed + 1, workers, most_entries)
    wanted = first
    for turn in range(rounds + 1):
        choosing.grow(wanted)
        judging.grow(wanted)
        picked, _, bound = _cover(choosing, ask)
        starts, nodes = judging.flat()
        surely = _at_least(_hit(net, starts, nodes, picked), failing) / max(judging.count, 1)
        possible = _at_most(bound, failing) / max(choosing.count, 1)
        reached = min(surely / possible, 1.0) if possible > 0 else 0.0
        enough = 2 * choosing.entries > WORTHWHILE_ENTRIES or choosing.count >= WORTHWHILE_EACH * n
        kept = reached >= ratio - epsilon and enough
        if kept or choosing.full or judging.full or turn == rounds:
            break
        wanted *= 2
    ended = ask.even and turn == rounds and not (choosing.full or judging.full)
    return Found(picked, choosing.count + judging.count, max(reached, ratio - epsilon) if ended else reached)


def _at_least(covered: float, failing: float) -> float:
    """What the number of covered sets is surely expected to be at least (Tang et al. 2018, lemma 4.2)."""
    root = math.sqrt(covered + 2.0 * failing / 9.0) - math.sqrt(failing / 2.0)
    return max(root**2 - failing / 18.0, 0.0) if root > 0 else 0.0


def _at_most(covered: float, failing: float) -> float:
    """And at most (lemma 4.3)."""
    return (math.sqrt(covered + failing / 2.0) + math.sqrt(failing / 2.0)) ** 2


def _hit(net: Network, starts: I64, nodes: I32, seeds: I32) -> int:
    chosen = np.zeros(net.n, np.uint8)
    chosen[seeds] = 1
    return int(kernels.hits(starts, nodes, chosen).sum())


def imm(
    net: Network, ask: Ask, *, epsilon: float = 0.1, seed: int = 0, workers: int = 2, most_entries: int = MOST_ENTRIES
) -> Found:  # fmt: skip
    """Seeds by IMM (Tang, Shi, Xiao 2015, algorithms 1–3) with Chen's correction (2018): the sets over which seeds are chosen
    are drawn afresh after their number is known, since a number that depends on the sets breaks the proof.

    The classic, beside which `opim` is measured. With equal costs the spread is at least 1 - 1/e - epsilon of the best with
    probability 1 - 1/n; with unequal ones the greedy step is Khuller's and its ratio stands in the bounds.
    """
    n = net.n
    ratio = UNIT_RATIO if ask.even else COST_RATIO
    log_n, log_sets = math.log(max(n, 2)), ask.log_sets()
    ell = 1.0 + math.log(2.0) / log_n
    alpha = math.sqrt(ell * log_n + math.log(2.0))
    beta = math.sqrt(ratio * (log_sets + ell * log_n + math.log(2.0)))
    first = Sets(net, 2 * seed, workers, most_entries)
    bound = max(
        _lower_bound(first, ask, epsilon, ell * log_n + log_sets), float(max(ask.seats, 1) if ask.even else 1)
    )
    needed = 2.0 * n * (ratio * alpha + beta) ** 2 / bound
    sets = Sets(net, 2 * seed + 1, workers, most_entries)
    sets.grow(math.ceil(needed / epsilon**2))
    picked, _, _ = _cover(sets, ask)
    holds = max(epsilon, math.sqrt(needed / max(sets.count, 1))) if sets.full else epsilon
    return Found(picked, first.count + sets.count, max(ratio - holds, 0.0))


def _lower_bound(sets: Sets, ask: Ask, epsilon: float, log_union: float) -> float:
    """A number that the best spread is not below, but for an unlikely accident: halved until a greedy choice reaches it."""
    n = sets.net.n
    wide = math.sqrt(2.0) * epsilon
    rounds = max(int(math.log2(max(n, 2))) - 1, 1)
    needed = (2.0 + 2.0 / 3.0 * wide) * (log_union + math.log(rounds + 1.0)) * n / wide**2
    for i in range(1, rounds + 1):
        wanted = n / 2.0**i
        sets.grow(math.ceil(needed / wanted))
        _, covered, _ = _cover(sets, ask)
        spread = n * covered / max(sets.count, 1)
        if sets.full or spread >= (1.0 + wide) * wanted:
            return spread / (1.0 + wide)
    return 1.0


def ranked(score: F64, ask: Ask) -> I32:
    """The allowed nodes of the highest scores that the budget pays for, in that order; of equals the smaller number."""
    order = np.lexsort((np.arange(len(score)), -score))
    order = order[ask.allowed[order] != 0]
    taken: list[int] = []
    left = ask.budget
    for node in order.tolist():
        if len(taken) >= ask.most:
            break
        if ask.cost[node] <= left:
            taken.append(node)
            left -= float(ask.cost[node])
    return np.array(taken, np.int32)


def rivals(net: Network, ask: Ask) -> dict[str, I32]:
    """Seeds by degree, by degree per cost where costs differ, and by PageRank."""
    degree = np.diff(net.out_start).astype(np.float64)
    found = {"degree": ranked(degree, ask)}
    if not ask.even:
        found["degree_per_cost"] = ranked(degree / np.maximum(ask.cost, 1e-9), ask)
    found["pagerank"] = ranked(kernels.page_rank(net.in_start, net.in_src, 0.85, PAGE_RANK_ROUNDS), ask)
    return found


def simulate(
    net: Network, seeds: I32, *, runs: int = SIMULATIONS, seed: int = 0, workers: int = 2
) -> Estimate:
    """How many nodes seeds reach, themselves included: the mean over forward simulations with its 95 % interval."""
    if not len(seeds):
        return Estimate(0.0, 0.0, 0.0)
    model = kernels.LT if net.model == "threshold" else kernels.IC
    size = max(1, min(64, math.ceil(runs / max(1, workers))))

    def part(first: int) -> I64:
        found: I64 = kernels.runs(
            model, net.out_start, net.out_dst, net.out_p, seeds, first, min(size, runs - first), seed
        )
        return found

    with ThreadPoolExecutor(max(1, workers)) as pool:
        reached = np.concatenate(list(pool.map(part, range(0, runs, size))))
    mean = float(reached.mean())
    half = 1.96 * float(reached.std(ddof=1)) / math.sqrt(len(reached)) if len(reached) > 1 else 0.0
    return Estimate(mean, mean - half, mean + half)


def choose_seeds(
    net: Network, *, k: int | None = None, budget: float | None = None, cost: F64 | None = None, allowed: U8 | None = None,
    epsilon: float = 0.1, seed: int = 0, workers: int = 2, evaluation_sets: int = EVALUATION_SETS,
    simulations: int | None = None, clock: Callable[[], float] | None = None,
) -> Choice:  # fmt: skip
    """The best of OPIM-C, top-degree and top-PageRank within a budget (or the first k), and how far each reaches.

    They are compared on fresh reverse-reachable sets that none of them saw, all on the same ones, so that each share is an
    unbiased estimate and noise falls on all alike; the spreads that are reported come from forward simulations of their own.
    """
    began = clock() if clock else 0.0
    ask = asked(net, k=k, budget=budget, cost=cost, allowed=allowed)
    found = opim(net, ask, epsilon=epsilon, seed=seed, workers=workers)
    methods = {"ris": found.seeds, **rivals(net, ask)}
    sets = Sets(net, (1 << 40) + seed, workers, EVALUATION_ENTRIES)
    sets.grow(evaluation_sets)
    starts, nodes = sets.flat()
    share = {name: _share(net, starts, nodes, seeds) for name, seeds in methods.items()}
    best = max(methods, key=lambda name: share[name])
    spent = {name: float(ask.cost[seeds].sum()) for name, seeds in methods.items()}
    picked = [
        Picked(
            name, seeds, spent[name], share[name],
            simulate(net, seeds, runs=simulations or _runs(net, share[name]), seed=seed + 7, workers=workers),
        )
        for name, seeds in methods.items()
    ]  # fmt: skip
    gain, alone = _parts(net, starts, nodes, methods[best])
    took_ms = round(1000 * (clock() - began)) if clock else 0
    return Choice(best, picked, gain, alone, found.sets, found.guarantee, took_ms)


def _runs(net: Network, share: float) -> int:
    """As many simulations as a bounded work allows: the wider the spread, the surer each one is."""
    edges = max(share * len(net.in_src), 1.0)
    return int(min(SIMULATIONS, max(FEWEST_SIMULATIONS, SIMULATED_NODES / edges)))


def _share(net: Network, starts: I64, nodes: I32, seeds: I32) -> float:
    return _hit(net, starts, nodes, seeds) / max(len(starts) - 1, 1)


def _parts(net: Network, starts: I64, nodes: I32, seeds: I32) -> tuple[F64, F64]:
    """What each seed adds to those before it, and what it reaches alone, in nodes."""
    place = np.full(net.n, -1, np.int64)
    place[seeds] = np.arange(len(seeds))
    at = place[nodes]
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))[at >= 0]
    at = at[at >= 0]
    alone = np.bincount(at, minlength=len(seeds))
    first = np.full(len(starts) - 1, len(seeds), np.int64)
    np.minimum.at(first, rows, at)
    gain = np.bincount(first[first < len(seeds)], minlength=len(seeds))
    worth = net.n / max(len(starts) - 1, 1)
    return (gain * worth).astype(np.float64), (alone * worth).astype(np.float64)
