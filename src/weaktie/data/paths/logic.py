"""Paths from sequences, and the nodes and edges that they make. Pure."""

import numba
import numpy as np
import numpy.typing as npt

from weaktie.data.behaviour.contracts import I32, I64
from weaktie.data.paths.contracts import END, EVENT, OTHER, Edge, Node, Paths, Walked

Mask = npt.NDArray[np.bool_]
ENDED = -1


def walk(
    starts: I64,
    time_us: I64,
    label: I32,
    anchor: Mask,
    *,
    gap_us: int,
    steps: int,
    collapse: bool,
    one_each: bool,
) -> tuple[I32, I32, Mask]:
    """Owners (paths), labels by step (paths, steps; ENDED after the end) and whether a path goes on beyond the last step.

    A person's events run forwards or backwards in time. A session ends where two neighbours are more than `gap_us` apart;
    each session with an anchor is a path from its first anchor on. `collapse` takes repeats of a label as one step,
    `one_each` takes a person's first path only.
    """
    owner = np.empty(int(anchor.sum()), np.int32)
    at = np.full((len(owner), steps), ENDED, np.int32)
    more = np.zeros(len(owner), np.bool_)
    count = _walk(starts, time_us, label, anchor, gap_us, collapse, one_each, owner, at, more)
    return owner[:count], at[:count], more[:count]


def mirrored(starts: I64) -> I64:
    """The order of rows in which each person's events run backwards in time; the people stay in their order."""
    ends = np.repeat(starts[:-1] + starts[1:] - 1, np.diff(starts))
    rows: I64 = ends - np.arange(len(ends), dtype=np.int64)
    return rows


@numba.njit(cache=True, nogil=True)
def _walk(starts, time_us, label, anchor, gap_us, collapse, one_each, owner, at, more):  # type: ignore[no-untyped-def]
    count, steps = 0, at.shape[1]
    for person in range(len(starts) - 1):
        step, before = -1, 0
        for row in range(starts[person], starts[person + 1]):
            if row > starts[person] and abs(time_us[row] - time_us[row - 1]) > gap_us and step >= 0:
                count += 1
                step = -1
                if one_each:
                    break
            if step < 0:
                if anchor[row]:
                    owner[count], at[count, 0] = person, label[row]
                    step, before = 0, label[row]
                continue
            if collapse and label[row] == before:
                continue
            step, before = step + 1, label[row]
            if step < steps:
                at[count, step] = before
            else:
                more[count] = True
        if step >= 0:
            count += 1
    return count


def shortened(at: I32, labels: int, top: int) -> I32:
    """Labels with those beyond the `top` most frequent of each step as the label `labels`, which is the others."""
    found = at.copy()
    for step in range(at.shape[1]):
        there = at[:, step] != ENDED
        sizes = np.bincount(at[there, step], minlength=labels)
        order = np.argsort(-sizes, kind="stable")
        found[there & np.isin(at[:, step], order[top:]), step] = labels
    return found


def drawn(walked: Walked, top: int) -> Paths:
    """Nodes and edges, the most frequent first within a step; the others last."""
    at = shortened(walked.at, len(walked.labels), top)
    keys = [*walked.labels, OTHER]
    nodes: list[Node] = []
    edges: list[Edge] = []
    for step in range(at.shape[1]):
        here, following, more = _at(walked, at, step)
        there = here != ENDED
        ends, beyond = there & (following == ENDED) & ~more, there & more
        size = len(keys)
        counts = np.bincount(here[there], minlength=size)
        ended, gone = np.bincount(here[ends], minlength=size), np.bincount(here[beyond], minlength=size)
        order = sorted(np.flatnonzero(counts).tolist(), key=lambda k: (k == size - 1, -counts[k], k))
        nodes += [Node(step, keys[k], int(counts[k]), int(ended[k]), int(gone[k])) for k in order]
        both = there & (following != ENDED)
        pairs, sizes = np.unique(here[both].astype(np.int64) * size + following[both], return_counts=True)
        edges += [
            Edge(step, keys[pair // size], keys[pair % size], int(n))
            for pair, n in zip(pairs.tolist(), sizes.tolist(), strict=True)
        ]
    return Paths(len(at), len(np.unique(walked.owner)), tuple(nodes), tuple(edges))


def _at(walked: Walked, at: I32, step: int) -> tuple[I32, I32, Mask]:
    """Labels of a step and of the next, and which paths go on beyond the last."""
    if step < at.shape[1] - 1:
        return at[:, step], at[:, step + 1], np.zeros(len(at), np.bool_)
    return at[:, step], np.full(len(at), ENDED, np.int32), walked.more


def behind(walked: Walked, top: int, step: int, key: str, to: str | None) -> I32:
    """Owners, ascending, of the paths through a node, or through its edge to `to` (END: that end there)."""
    at = shortened(walked.at, len(walked.labels), top)
    keys = {label: n for n, label in enumerate((*walked.labels, OTHER))}
    if step >= at.shape[1] or key not in keys:
        return np.empty(0, np.int32)
    here, following, more = _at(walked, at, step)
    through = here == keys[key]
    if to is not None:
        through &= (following == ENDED) & ~more if to == END else following == keys.get(to, len(keys))
    owners: I32 = np.unique(walked.owner[through]).astype(np.int32)
    return owners


def node_key(event: str, value: str | None = None, *, split: bool = False) -> str:
    """The key of an event's node; where its values are told apart, with the value (empty where it has none)."""
    return f"{EVENT}{event}\x1f{value or ''}" if split else EVENT + event
