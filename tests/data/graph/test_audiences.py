"""Audiences against a search by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.graph.audiences import audience
from weaktie.data.graph.contracts import AUDIENCES, PARTS, AudienceKind, Ties
from weaktie.data.graph.kernels import reverse

STRONG = 0.5
tie = st.tuples(
    st.integers(0, 9),
    st.integers(0, 9),
    st.sampled_from([0.1, 0.3, 0.6, 0.9]),
    st.sampled_from([0.2, 0.5, 0.8]),
)


def ties_of(pairs: dict[tuple[int, int], float]) -> Ties:
    """Ten people numbered 100 to 109."""
    ordered = sorted(pairs)
    src = np.array([a for a, _ in ordered], np.int64)
    dst = np.array([b for _, b in ordered], np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(src, minlength=10))]).astype(np.int64)
    strength = np.array([pairs[p] for p in ordered], np.float32)
    zero = np.zeros(len(dst), np.int32)
    return Ties(
        "k", 1, np.arange(100, 110, dtype=np.int32), indptr, dst, strength, dict.fromkeys(PARTS, strength), zero, zero, zero,
        zero, STRONG, reverse(indptr, dst),
    )  # fmt: skip


def by_hand(
    pairs: dict[tuple[int, int], float], kind: AudienceKind, of: set[int]
) -> dict[int, tuple[float, int]]:
    """Score and number of ways of everybody."""
    found: dict[int, tuple[float, int]] = {}
    near = {b for (a, b) in pairs if a in of}
    for w in set(range(10)) - of:
        if kind == "fof":
            ways = [
                pairs[u, v] * pairs[v, w]
                for u in of
                for v in range(10)
                if (u, v) in pairs and (v, w) in pairs and v not in of
            ]
            if w in near:
                continue
        else:
            own = [pairs[u, w] for u in of if (u, w) in pairs]
            strong = [s for s in own if s >= STRONG]
            ways = strong if kind == "strong" else ([] if strong else own)
        if ways:
            found[w] = (1 - float(np.prod([1 - s for s in ways])), len(ways))
    return found


@given(
    st.lists(tie, max_size=30), st.sets(st.integers(0, 9), min_size=1, max_size=3), st.sampled_from(AUDIENCES)
)
@settings(max_examples=200, deadline=None)
def test_as_by_hand(drawn: list[tuple[int, int, float, float]], of: set[int], kind: AudienceKind) -> None:
    pairs: dict[tuple[int, int], float] = {}
    for a, b, there, back in drawn:
        if a != b:
            pairs[a, b], pairs[b, a] = there, back
    expected = by_hand(pairs, kind, of)
    ties = ties_of(pairs)
    found = audience(ties, kind, np.array(sorted(of), np.int64), None)
    assert found.reachable == len(expected)
    assert {int(p) - 100 for p in found.people} == set(expected)
    for person, score, paths in zip(
        found.people.tolist(), found.scores.tolist(), found.paths.tolist(), strict=True
    ):
        assert (score, paths) == (
            pytest.approx(expected[person - 100][0], abs=1e-5),
            expected[person - 100][1],
        )
    assert (np.diff(found.scores) <= 1e-6).all(), "the best first"
    for person, through in zip(found.people.tolist(), found.through.tolist(), strict=True):
        middle = through - 100
        assert (middle, person - 100) in pairs
        assert middle not in of if kind == "fof" else middle in of
    cut = audience(ties, kind, np.array(sorted(of), np.int64), 2)
    assert cut.people.tolist() == found.people[:2].tolist()
    assert cut.reachable == found.reachable
