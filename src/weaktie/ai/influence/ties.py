"""Where ties come from: the graph's own, or plain ones of standing relations and of who came through whom."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from weaktie.ai.influence.contracts import F32, Edges
from weaktie.ai.influence.reading import Book, Social
from weaktie.data.behaviour.contracts import I32, I64
from weaktie.kit.errors import Refused

BASE = {"friend": 0.20, "follow": 0.15, "group": 0.10, "invite": 0.20}
"""Strength of a relation of which nothing more is known."""
OTHER = 0.10
WINDOW_DAYS = 90
HALF = 4.0
"""After so many months' openings the rest up to 1 is closed by 1 - 1/e."""


class RelationTies:
    """`contracts.TieSource` over relations and openings. A friendship carries both ways, a follow from the followed to who
    follows, everything else from src to dst."""

    def __init__(self, book: Book) -> None:
        self._book = book

    def edges(self) -> Edges:
        """See `contracts.TieSource`."""
        social = self._book.social()
        return self._book.once(("plain ties", social.crowd.key), lambda: self._made(social))

    def _made(self, social: Social) -> Edges:
        related = self._book.relations(social)
        base = np.array([BASE.get(str(k), OTHER) for k in related.kind], np.float64)
        turned = related.kind == "follow"
        src = np.where(turned, related.dst, related.src)
        dst = np.where(turned, related.src, related.dst)
        mutual = related.kind == "friend"
        today = self._book.today
        _, came, _ = self._book.month_of(social, (today - WINDOW_DAYS + 1, today))
        heads = np.concatenate([src, dst[mutual], came.creator]).astype(np.int64)
        tails = np.concatenate([dst, src[mutual], came.person]).astype(np.int64)
        missed = np.concatenate(
            [1.0 - base, 1.0 - base[mutual], np.full(len(came.person), np.exp(-1.0 / HALF))]
        )
        size = max(social.size, 1)
        pairs, place = np.unique(heads * size + tails, return_inverse=True)
        # Each sign of a tie is one chance that word carries; the strength is that at least one does.
        logs = np.bincount(place, np.log(missed), minlength=len(pairs))
        return Edges(
            (pairs // size).astype(np.int32), (pairs % size).astype(np.int32), (1.0 - np.exp(logs)).astype(np.float32),
            f"plain|{social.crowd.key}",
        )  # fmt: skip


class GraphLike(Protocol):
    """Ties as `data/graph` gives them: `dst` are positions in `people`, the ties of `people[i]` are rows `indptr[i]` to
    `indptr[i + 1]`."""

    @property
    def key(self) -> str: ...
    @property
    def people(self) -> I32: ...
    @property
    def indptr(self) -> I64: ...
    @property
    def dst(self) -> I32: ...
    @property
    def strength(self) -> F32: ...


class GraphTies:
    """`contracts.TieSource` over the graph's ties; while no build has made any (`no_graph`) over the plain ones."""

    def __init__(self, book: Book, ties: Callable[[], GraphLike]) -> None:
        self._book, self._ties, self._plain = book, ties, RelationTies(book)

    def edges(self) -> Edges:
        """See `contracts.TieSource`."""
        try:
            found = self._ties()
        except Refused as error:
            if error.code != "no_graph":
                raise
            return self._plain.edges()
        return self._book.once(("graph ties", found.key), lambda: _flat(found))


def _flat(found: GraphLike) -> Edges:
    src = np.repeat(found.people, np.diff(found.indptr)).astype(np.int32)
    return Edges(src, found.people[found.dst].astype(np.int32), found.strength, f"graph|{found.key}")
