"""Weights: a known rule is learned, too little teaches nothing, what is no better than the defaults is not used."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.graph import logic
from weaktie.data.graph.assembling import Rows
from weaktie.data.graph.contracts import CODE, PARTS
from weaktie.data.graph.learning import LEAST_ANSWERS, WINDOW_DAYS, Cases, auc, cases_of, learned


def drawn(count: int, truth: list[float], bias: float, seed: int) -> Cases:
    rng = np.random.default_rng(seed)
    parts = rng.random((count, len(PARTS)))
    chance = 1 / (1 + np.exp(-(bias + parts @ np.array(truth))))
    return Cases(parts, rng.random(count) < chance, rng.integers(0, 500, count).astype(np.int32))


def test_a_known_rule_is_learned() -> None:
    truth = [0.0, 4.0, 0.0, 0.5, 3.0, 0.0]
    found = learned(drawn(40_000, truth, -5.0, 1))
    assert found.learned
    assert found.auc is not None and found.default_auc is not None
    assert found.auc > found.default_auc
    assert found.by_part["frequency_in"] == pytest.approx(4.0, abs=0.3)
    assert found.by_part["embeddedness"] == pytest.approx(3.0, abs=0.3)
    assert found.bias == pytest.approx(-5.0, abs=0.4)
    assert min(found.by_part.values()) >= 0


def test_a_part_that_speaks_against_counts_nothing() -> None:
    found = learned(drawn(20_000, [-3.0, 4.0, 0.0, 0.0, 0.0, 0.0], -2.0, 2))
    assert found.by_part["recency"] == 0


def test_too_few_answers_teach_nothing_and_it_says_so() -> None:
    cases = drawn(300, [1.0] * 6, -8.0, 3)
    assert int(cases.answered.sum()) < LEAST_ANSWERS
    found = learned(cases)
    assert not found.learned
    assert dict(found.by_part) == logic.DEFAULTS
    assert found.positives == int(cases.answered.sum())
    assert "默认" in found.why.zh


def test_noise_does_not_replace_the_defaults() -> None:
    """Answers that follow the defaults exactly, with few cases: what is learned from them is seldom better, and used only if."""
    for seed in range(6):
        cases = drawn(1_200, [logic.DEFAULTS[p] for p in PARTS], -4.0, seed)
        found = learned(cases)
        if found.auc is None or found.default_auc is None:
            continue
        assert found.learned == (found.auc >= found.default_auc)


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_auc_counts_pairs(cases: list[tuple[int, bool]]) -> None:
    score, answered = np.array([s for s, _ in cases], np.float64), np.array([a for _, a in cases])
    yes, no = score[answered], score[~answered]
    if not len(yes) or not len(no):
        assert auc(score, answered) is None
        return
    pairs = [(1.0 if a > b else 0.5 if a == b else 0.0) for a in yes for b in no]
    assert auc(score, answered) == pytest.approx(float(np.mean(pairs)))


def test_cases_are_what_was_known_before_and_who_answered_since() -> None:
    """1 shared lately and 2 opened it, 3 did not; 4 never shared, so that 5 had nothing to answer."""
    day = 200
    rows = [
        (2, 1, "chat", day - 30, 2), (1, 3, "chat", day - 30, 1), (4, 5, "chat", day - 30, 1),
        (2, 1, "open", day - 3, 1), (9, 1, "open", day - 2, 1),
    ]  # fmt: skip
    src, dst, kind, days, times = (list(c) for c in zip(*rows, strict=True))
    made = Rows(
        np.array(src, np.int32), np.array(dst, np.int32), np.array([CODE[str(k)] for k in kind], np.int8),
        np.array(days, np.int32), np.array(times, np.int32), np.zeros(len(rows), np.int32),
    )  # fmt: skip
    found = cases_of(made, 10, np.arange(10, dtype=np.int32), day)
    assert found is not None
    assert found.sharer.tolist() == [1, 1]
    assert found.answered.tolist() == [True, False], "2 answered, 3 did not; 9 was unknown before"
    assert found.parts[0][PARTS.index("frequency_in")] > found.parts[1][PARTS.index("frequency_in")] == 0
    assert cases_of(made, 10, np.arange(10, dtype=np.int32), day - 40) is None
    assert WINDOW_DAYS == 14
