"""Paths against plain Python that walks each session, and the sums that a diagram of flows has to keep."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weaktie.data.paths.contracts import END, Walked
from weaktie.data.paths.logic import ENDED, behind, drawn, mirrored, walk

GAP, LABELS = 10, ("a", "b", "c", "d")
# A person's events: minutes since the one before, label, whether it is the anchor.
streams = st.lists(
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 3), st.booleans()), max_size=12),
    min_size=1,
    max_size=6,
)
options = st.fixed_dictionaries(
    {"steps": st.integers(2, 5), "collapse": st.booleans(), "one_each": st.booleans()}
)


def arrays(people, backwards):
    sizes = [len(p) for p in people]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    times = np.concatenate(
        [np.cumsum([g for g, _, _ in p], dtype=np.int64) for p in people if p] or [np.empty(0, np.int64)]
    )
    label = np.array([x for p in people for _, x, _ in p], np.int32)
    anchor = np.array([x for p in people for _, _, x in p], np.bool_)
    if backwards:
        rows = mirrored(starts)
        times, label, anchor = times[rows], label[rows], anchor[rows]
    return starts, times, label, anchor


def sessions(people, backwards):
    """Each person's sessions as lists of (label, is anchor), in the direction of walking."""
    for number, person in enumerate(people):
        found: list[list[tuple[int, bool]]] = []
        for at, (gap, label, anchor) in enumerate(person):
            if at == 0 or gap > GAP:
                found.append([])
            found[-1].append((label, anchor))
        if backwards:
            found = [s[::-1] for s in found[::-1]]
        yield number, found


def oracle(people, backwards, steps, collapse, one_each):
    paths = []
    for number, found in sessions(people, backwards):
        mine = []
        for session in found:
            begin = next((i for i, (_, anchor) in enumerate(session) if anchor), None)
            if begin is None:
                continue
            way: list[int] = []
            for label, _ in session[begin:]:
                if not (collapse and way and way[-1] == label):
                    way.append(label)
            mine.append((number, way[:steps] + [ENDED] * (steps - len(way)), len(way) > steps))
        paths += mine[:1] if one_each else mine
    return paths


@pytest.mark.parametrize("backwards", [False, True])
@settings(max_examples=300, deadline=None)
@given(people=streams, how=options)
def test_paths_are_what_one_would_walk(people, how, backwards):
    owner, at, more = walk(*arrays(people, backwards), gap_us=GAP, **how)
    found = list(zip(owner.tolist(), at.tolist(), more.tolist(), strict=True))
    assert found == oracle(people, backwards, **how)


@settings(max_examples=200, deadline=None)
@given(people=streams, how=options, top=st.integers(1, 4))
def test_at_every_node_what_comes_in_goes_out_or_ends(people, how, top):
    owner, at, more = walk(*arrays(people, False), gap_us=GAP, **how)
    walked = Walked(owner, at, more, LABELS)
    drawing = drawn(walked, top)
    assert drawing.paths == len(owner) == sum(n.count for n in drawing.nodes if n.step == 0)
    for node in drawing.nodes:
        leaving = sum(e.count for e in drawing.edges if (e.step, e.key) == (node.step, node.key))
        assert node.count == leaving + node.ended + node.beyond
        if node.step:
            assert node.count == sum(
                e.count for e in drawing.edges if (e.step + 1, e.to) == (node.step, node.key)
            )
        assert sum(n.key != "other" for n in drawing.nodes if n.step == node.step) <= top
        here = behind(walked, top, node.step, node.key, None)
        assert len(here) <= node.count and (not how["one_each"] or len(here) == node.count)
        ended = behind(walked, top, node.step, node.key, END)
        assert bool(len(ended)) == bool(node.ended)
    for edge in drawing.edges:
        through = behind(walked, top, edge.step, edge.key, edge.to)
        assert 0 < len(through) <= edge.count and (not how["one_each"] or len(through) == edge.count)


def funnel(people, window):
    """People by the furthest step of a funnel anchor → label 1 within a window, other events between allowed."""
    first, second = set(), set()
    for number, person in enumerate(people):
        times = np.cumsum([g for g, _, _ in person])
        for at, (_, _, anchor) in enumerate(person):
            if anchor:
                first.add(number)
                later = zip(times[at + 1 :], person[at + 1 :], strict=True)
                if any(x[1] == 1 and t - times[at] <= window for t, x in later):
                    second.add(number)
    return first, second


@settings(max_examples=300, deadline=None)
@given(people=streams)
def test_paths_start_with_the_people_of_the_funnels_first_step(people):
    owner, at, _ = walk(*arrays(people, False), gap_us=GAP, steps=3, collapse=False, one_each=True)
    first, second = funnel(people, window=10_000)
    assert set(owner.tolist()) == first and len(owner) == len(first)
    directly = set(owner[at[:, 1] == 1].tolist())
    assert directly <= second


@settings(max_examples=300, deadline=None)
@given(
    people=st.lists(
        st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0, 1])), max_size=9), min_size=1, max_size=5
    )
)
def test_with_two_events_in_one_session_paths_equal_the_funnel(people):
    """Where only A and B are chosen, repeats are one step and nobody has a second session, A → B directly is the funnel's."""
    both = [[(gap, label, label == 0) for gap, label in person] for person in people]
    owner, at, _ = walk(*arrays(both, False), gap_us=GAP, steps=3, collapse=True, one_each=True)
    first, second = funnel(both, window=10_000)
    assert set(owner.tolist()) == first
    assert set(owner[at[:, 1] == 1].tolist()) == second
