"""Seeds: estimates equal exact spreads, choices equal the best ones on small networks, budgets hold, threads change nothing."""

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ai.influence.graphs import arrays, exact_spread, exact_threshold, star
from weaktie.ai.influence import kernels
from weaktie.ai.influence.contracts import Network
from weaktie.ai.influence.logic import (
    UNIT_RATIO,
    Sets,
    asked,
    choose_seeds,
    imm,
    network,
    opim,
    rivals,
    simulate,
)

edge_lists = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])), min_size=1, max_size=8
)  # fmt: skip


def made(edges: list[tuple[int, int, float]], **more: object) -> Network:
    src, dst = arrays([(a, b) for a, b, _ in edges])
    return network(6, src, dst, np.array([p for *_, p in edges], np.float32), **more)  # type: ignore[arg-type]


def rr_estimate(net: Network, seeds: list[int], count: int = 40_000) -> float:
    sets = Sets(net, 3, 1)
    sets.grow(count)
    starts, nodes = sets.flat()
    chosen = np.zeros(net.n, np.uint8)
    chosen[seeds] = 1
    return float(kernels.hits(starts, nodes, chosen).mean()) * net.n


@settings(max_examples=25, deadline=None)
@given(edge_lists, st.sets(st.integers(0, 5), min_size=1, max_size=3))
def test_both_estimates_equal_the_exact_spread(edges: list[tuple[int, int, float]], seeds: set[int]) -> None:
    net = made(edges)
    exact = exact_spread(net, sorted(seeds))
    assert rr_estimate(net, sorted(seeds)) == pytest.approx(exact, abs=0.08)
    forward = simulate(net, np.array(sorted(seeds), np.int32), runs=20_000, workers=1)
    assert forward.mean == pytest.approx(exact, abs=0.06)
    assert forward.low <= forward.mean <= forward.high


@settings(max_examples=15, deadline=None)
@given(edge_lists, st.sets(st.integers(0, 5), min_size=1, max_size=2))
def test_linear_threshold_equals_its_live_edges(edges: list[tuple[int, int, float]], seeds: set[int]) -> None:
    net = made(edges, model="threshold")
    exact = exact_threshold(net, sorted(seeds))
    assert rr_estimate(net, sorted(seeds)) == pytest.approx(exact, abs=0.08)
    forward = simulate(net, np.array(sorted(seeds), np.int32), runs=20_000, workers=1)
    assert forward.mean == pytest.approx(exact, abs=0.06)


def test_many_alike_edges_are_drawn_at_once_and_come_to_the_same() -> None:
    src, dst = arrays([(i, 60) for i in range(60)])
    jumping = network(61, src, dst)
    assert jumping.jump[60] != 0.0
    plain = replace(jumping, jump=np.zeros(61))
    for net in (jumping, plain):
        # With p = 1/60 each, the hub hears of ten seeds with 1 - (1 - 1/60)^10.
        assert rr_estimate(net, list(range(10)), 120_000) == pytest.approx(10 + 1 - (59 / 60) ** 10, abs=0.3)
    sizes, _ = kernels.rr_sets(0, jumping.in_start, jumping.in_src, jumping.in_p, jumping.jump, 0, 200_000, 1)
    assert sizes.mean() == pytest.approx((60 + 2) / 61, abs=0.01)


@pytest.mark.parametrize("choose", [opim, imm])
@settings(max_examples=12, deadline=None)
@given(edge_lists)
def test_seeds_are_within_the_guarantee_of_the_best_choice(
    choose: Any, edges: list[tuple[int, int, float]]
) -> None:
    net = made(edges)
    found = choose(net, asked(net, k=2), epsilon=0.2, workers=1)
    best = max(exact_spread(net, list(pair)) for pair in itertools.combinations(range(6), 2))
    reached = exact_spread(net, [int(s) for s in found.seeds])
    assert found.guarantee >= UNIT_RATIO - 0.2 - 1e-9
    assert reached >= found.guarantee * best
    assert reached >= 0.9 * best, "greedy is nearly always this good on six people"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.booleans())
def test_no_choice_covers_more_than_the_bound(seed: int, k: int, even: bool) -> None:
    rng = np.random.default_rng(seed)
    sets = [sorted(set(rng.integers(0, 7, rng.integers(1, 4)).tolist())) for _ in range(15)]
    starts = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    nodes = np.array([v for s in sets for v in s], np.int32)
    cost = np.ones(7) if even else rng.integers(1, 5, 7).astype(np.float64)
    budget = float(k) if even else float(rng.integers(1, 9))
    most = k if even else 7
    picked, gained, bound = kernels.greedy(
        starts,
        nodes,
        *kernels.turned(7, starts, nodes),
        np.ones(7, np.uint8),
        cost,
        budget,
        most,
        even,
        seed % 2 == 0,
    )
    choices = [
        c for r in range(most + 1) for c in itertools.combinations(range(7), r) if cost[list(c)].sum() <= budget
    ]  # fmt: skip
    best = max(sum(bool(set(s) & set(c)) for s in sets) for c in choices)
    assert gained.sum() == sum(bool(set(s) & set(picked.tolist())) for s in sets)
    assert gained.sum() <= best <= bound + 1e-9
    assert cost[picked].sum() <= budget


def test_two_hubs_that_share_their_friends_are_not_both_taken() -> None:
    # 0 and 1 reach the same thirty, 2 reaches twenty others: degree takes 0 and 1, and half of it is overlap.
    edges = [*star(30, 0, 10), *star(30, 1, 10), *star(20, 2, 40)]
    net = network(60, *arrays(edges), np.ones(len(edges), np.float32))
    found = choose_seeds(net, k=2, workers=1)
    assert found.method == "ris"
    assert max(found.chosen.seeds.tolist()) == 2
    assert sorted(found.of("degree").seeds.tolist()) == [0, 1]
    assert found.chosen.spread.mean == pytest.approx(52)
    assert found.of("degree").spread.mean == pytest.approx(32)
    assert found.gain.sum() == pytest.approx(52, abs=1.0)
    assert (found.alone >= found.gain - 1e-9).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_choice_is_never_worse_than_degree_or_pagerank(seed: int) -> None:
    rng = np.random.default_rng(seed)
    src, dst = rng.integers(0, 40, 120).astype(np.int32), rng.integers(0, 40, 120).astype(np.int32)
    found = choose_seeds(network(40, src, dst), k=4, workers=1, evaluation_sets=20_000, seed=seed)
    assert found.chosen.covered == max(m.covered for m in found.methods)
    assert {m.method for m in found.methods} == {"ris", "degree", "pagerank"}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_costs_and_the_allowed_hold_for_every_method(seed: int, budget: int) -> None:
    rng = np.random.default_rng(seed)
    src, dst = rng.integers(0, 30, 90).astype(np.int32), rng.integers(0, 30, 90).astype(np.int32)
    cost = rng.integers(1, 30, 30).astype(np.float64)
    allowed = (rng.random(30) < 0.7).astype(np.uint8)
    net = network(30, src, dst)
    ask = asked(net, budget=float(budget), cost=cost, allowed=allowed)
    for seeds in (opim(net, ask, epsilon=0.2, workers=1).seeds, *rivals(net, ask).values()):
        assert cost[seeds].sum() <= budget
        assert allowed[seeds].all()
        assert len(set(seeds.tolist())) == len(seeds)


def test_a_dear_hub_is_not_bought_where_two_cheap_ones_reach_more() -> None:
    edges = [*star(12, 0, 3), *star(9, 1, 20), *star(9, 2, 30)]
    net = network(40, *arrays(edges), np.ones(len(edges), np.float32))
    cost = np.ones(40)
    cost[0] = 10.0
    cost[1] = cost[2] = 5.0
    cost[3:] = 100.0
    found = choose_seeds(net, budget=10.0, cost=cost, workers=1)
    assert sorted(found.chosen.seeds.tolist()) == [1, 2]
    assert found.of("degree").seeds.tolist() == [0]
    # And the other way: one that takes the whole budget and is worth it, which a greedy step by ratio would miss.
    cost[1], cost[2], cost[0] = 1.0, 1.0, 10.0
    edges = [*star(25, 0, 3), (1, 30), (2, 31)]
    lone = network(40, *arrays(edges), np.ones(len(edges), np.float32))
    assert choose_seeds(lone, budget=10.0, cost=cost, workers=1).chosen.seeds.tolist() == [0]


def test_threads_change_no_result() -> None:
    rng = np.random.default_rng(2)
    net = network(300, rng.integers(0, 300, 1_500), rng.integers(0, 300, 1_500))
    one, two = (choose_seeds(net, k=5, workers=w, evaluation_sets=30_000) for w in (1, 2))
    assert one.chosen.seeds.tolist() == two.chosen.seeds.tolist()
    assert one.chosen.spread == two.chosen.spread


def test_more_sets_than_memory_are_not_made_and_the_precision_says_so() -> None:
    rng = np.random.default_rng(2)
    net = network(4_000, rng.integers(0, 4_000, 12_000), rng.integers(0, 4_000, 12_000))
    ask = asked(net, k=60)
    for choose in (opim, imm):
        full = choose(net, ask, epsilon=0.1, workers=1)
        assert full.guarantee >= UNIT_RATIO - 0.1 - 1e-9
        less = choose(net, ask, epsilon=0.1, workers=1, most_entries=20_000)
        assert less.sets < full.sets
        assert less.guarantee < full.guarantee


def test_parallel_edges_loops_and_lonely_people() -> None:
    net = network(4, *arrays([(0, 1), (0, 1), (1, 1), (2, 1)]), np.array([0.1, 0.7, 1.0, 0.2], np.float32))
    assert [round(float(p), 3) for p in net.in_p] == [0.7, 0.2]
    assert net.in_src.tolist() == [0, 2]
    even = network(4, *arrays([(0, 1), (0, 1), (2, 1)]))
    assert even.in_p.tolist() == [0.5, 0.5], "1 / in-degree counts each sharer once"
    lonely = choose_seeds(network(3, *arrays([])), k=2, workers=1)
    assert len(lonely.chosen.seeds) == 2
    assert lonely.chosen.spread.mean == 2
