"""Who is near some people: by their own ties, or one step further. Pure."""

import numba
import numpy as np

from weaktie.data.graph.contracts import F32, F64, I32, I64, U8, Audience, AudienceKind, Ties


def audience(ties: Ties, kind: AudienceKind, of: I64, size: int | None) -> Audience:
    """People near those at the positions `of`, the best first, at most `size` of them.

    The score of a neighbour is the chance that at least one of their ties leads to an answer, 1 - product(1 - strength);
    of a friend of a friend the same over every way, a way being worth the product of its two ties. Those it is asked of are
    in none; friends of friends are nobody's neighbours among them. Equal scores stand in the order of person numbers.
    """
    asked = np.zeros(len(ties.people), np.uint8)
    asked[of] = 1
    if kind == "fof":
        silent, through, paths = _second(ties.indptr, ties.dst, ties.strength, of, asked)
    else:
        strong = float(np.float32(ties.strong_from))
        silent, through, paths = _first(
            ties.indptr, ties.dst, ties.strength, of, asked, strong, kind == "strong"
        )
    found = np.flatnonzero(paths > 0)
    scores = 1.0 - silent[found]
    order = np.lexsort((found, -scores))[: len(found) if size is None else size]
    chosen = found[order]
    return Audience(
        kind, ties.people[chosen], scores[order].astype(np.float32), ties.people[through[chosen]], paths[chosen],
        len(found), len(of),
    )  # fmt: skip


@numba.njit(cache=True, nogil=True)
def _first(
    indptr: I64, dst: I32, strength: F32, of: I64, asked: U8, strong_from: float, strong: bool
) -> tuple[F64, I32, I32]:
    """A neighbour's tie is weak only where none of those asked has a strong one with them."""
    nodes = len(indptr) - 1
    silent, best = np.ones(nodes, np.float64), np.zeros(nodes, np.float32)
    through, paths = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    barred = np.zeros(nodes, np.uint8)
    for u in of:
        for k in range(indptr[u], indptr[u + 1]):
            v, s = dst[k], strength[k]
            if asked[v] or (s >= strong_from) != strong:
                if not strong and s >= strong_from:
                    barred[v] = 1
                continue
            silent[v] *= 1.0 - s
            paths[v] += 1
            if s > best[v]:
                best[v], through[v] = s, u
    for v in range(nodes):
        if barred[v]:
            paths[v] = 0
    return silent, through, paths


@numba.njit(cache=True, nogil=True)
def _second(
    indptr: I64, dst: I32, strength: F32, of: I64, asked: U8
) -> tuple[F64, I32, I32]:  # fmt: skip
    nodes = len(indptr) - 1
    silent, best = np.ones(nodes, np.float64), np.zeros(nodes, np.float32)
    through, paths = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    near = np.zeros(nodes, np.uint8)
    for u in of:
        for k in range(indptr[u], indptr[u + 1]):
            near[dst[k]] = 1
    for u in of:
        for k in range(indptr[u], indptr[u + 1]):
            v, s = dst[k], strength[k]
            if asked[v]:
                continue
            for j in range(indptr[v], indptr[v + 1]):
                w = dst[j]
                if near[w] or asked[w]:
                    continue
                way = s * strength[j]
                silent[w] *= 1.0 - way
                paths[w] += 1
                if way > best[w]:
                    best[w], through[w] = way, v
    return silent, through, paths
