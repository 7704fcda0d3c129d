"""R18 in the small: farms are held, campuses and households pass; the benchmark does the same with more seeds."""

import numpy as np

from benchmarks.bench_risk import FALSE_HOLDS, RECALL, ours, peer, rates
from weaktie.simulate.planted import CAMPUS, HOUSEHOLD, planted


def test_farms_are_held_and_the_honest_pass() -> None:
    truths = [planted(seed, farms=25, campuses=4, households=300, lone=2_000) for seed in (11, 12, 13)]
    found = np.array([rates(t, ours(t)) for t in truths])
    assert found[:, 0].mean() >= RECALL
    assert found[:, 1].mean() <= FALSE_HOLDS
    beside = np.array([rates(t, peer(t)) for t in truths])
    assert beside[:, 0].mean() < found[:, 0].mean()
    assert beside[:, 1].mean() > found[:, 1].mean()


def test_small_farms_and_farms_without_shared_devices_are_held_too() -> None:
    truth = planted(21, farms=120, campuses=1, households=100, lone=1_500)
    held = ours(truth)
    size = np.bincount(truth.farm[truth.farm >= 0])
    small = truth.made_up & (size[np.maximum(truth.farm, 0)] <= 10)
    assert small.sum() > 50
    assert held[small].mean() >= 0.9
    for group in (CAMPUS, HOUSEHOLD):
        assert held[truth.group == group].mean() <= 0.01
