"""The door of the graph: ties of those who may be looked at now, neighbourhoods, audiences, communities and bridges."""

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from weaktie.data.behaviour.contracts import Crowd
from weaktie.data.behaviour.service import Behaviour
from weaktie.data.graph import audiences, logic, state
from weaktie.data.graph.contracts import (
    AUDIENCES,
    F32,
    I8,
    I32,
    I64,
    PARTS,
    SOCIAL,
    Audience,
    AudienceKind,
    BadAudience,
    Built,
    Ego,
    Measures,
    NoGraph,
    Tie,
    Ties,
)
from weaktie.data.graph.kernels import reverse
from weaktie.data.graph.measuring import Figures as Figures
from weaktie.data.graph.measuring import figures_of
from weaktie.data.graph.tables import TIE_PEOPLE, TIES
from weaktie.data.profiles.contracts import Grounds, Permits
from weaktie.kit.words import Words
from weaktie.store.lake.contracts import LakeFile

MOST_SIZE: Final = 1_000_000
MOST_NODES: Final = 500
MOST_EDGES: Final = 1_500
OLDEST_S: Final = 30.0
"""Who grants the social purpose is looked at again at least so often, and at once where somebody said something."""


class GraphParts(Grounds, Protocol):
    """What the graph works with."""

    @property
    def behaviour(self) -> Behaviour: ...
    @property
    def permits(self) -> Permits: ...


@dataclass(frozen=True, slots=True)
class _Published:
    """The ties of a build as they lie in the lake, before anybody is left out."""

    number: int
    built: Built
    src: I32
    dst: I32
    columns: Mapping[str, np.ndarray[Any, Any]]
    files: list[int]
    people: I32
    measures: Mapping[str, np.ndarray[Any, Any]]


class Graph:
    """Ties of the last build among people of the crowd who grant social analysis. Safe from any thread."""

    def __init__(self, parts: GraphParts) -> None:
        self.parts = parts
        self._lock = threading.RLock()
        self._published: _Published | None = None
        self._ties: tuple[Ties, Measures] | None = None
        self._figures: tuple[str, Figures] | None = None
        self._may: tuple[str, float, I32] | None = None

    def built(self) -> Built:
        """The build that is read now; raises NoGraph before the first."""
        with self.parts.database.connect() as connection:
            found = state.newest(connection)
        if found is None:
            raise NoGraph
        return found

    def ties(self, crowd: Crowd | None = None) -> Ties:
        """Every tie among those of the crowd who grant social analysis now. Raises NoGraph.

        A withdrawal, an erasure or a merge of identities since the build holds within OLDEST_S.
        """
        return self._now(crowd)[0]

    def measures(self, crowd: Crowd | None = None) -> Measures:
        """Community, core, degree, clustering and bridge along `ties(crowd).people`. Raises NoGraph."""
        return self._now(crowd)[1]

    def may(self, crowd: Crowd | None = None) -> I32:
        """The persons of the crowd who grant social analysis now, ascending."""
        found: I32 = np.flatnonzero(self._granted(crowd or self.parts.behaviour.crowd())).astype(np.int32)
        return found

    def figures(self, crowd: Crowd | None = None) -> Figures:
        """Numbers of `ties(crowd)`. Raises NoGraph."""
        ties, measures = self._now(crowd)
        with self._lock:
            if self._figures is None or self._figures[0] != ties.key:
                self._figures = (ties.key, figures_of(ties, measures))
            return self._figures[1]

    def audience(
        self, kind: AudienceKind, of: Sequence[int] | I32, size: int | None = None, crowd: Crowd | None = None
    ) -> Audience:
        """People near these, the best first, at most `size`: `strong` and `weak` ties of theirs, or friends of friends (`fof`)
        who are nobody's neighbours among them. Raises BadAudience, NoGraph."""
        if kind not in AUDIENCES:
            known = ", ".join(AUDIENCES)
            raise BadAudience(
                "audience", Words(f"人群类型只能是 {known}。", f"An audience is one of {known}.")
            )
        if size is not None and not 1 <= size <= MOST_SIZE:
            raise BadAudience("size", Words("人数须在 1 与 100 万之间。", "A size is from 1 to a million."))
        ties = self.ties(crowd)
        return audiences.audience(ties, kind, ties.positions(of), size)

    def ego(self, person: int, *, nodes: int = 100, steps: int = 1, crowd: Crowd | None = None) -> Ego:
        """Somebody's neighbourhood of at most `nodes` people (MOST_NODES): neighbours by strength, then for two steps the best
        friends of friends. Empty where the person has no tie or may not be looked at. Raises NoGraph."""
        ties, measures = self._now(crowd)
        nodes = max(2, min(nodes, MOST_NODES))
        at = ties.position(person)
        if at < 0:
            empty = np.empty(0, np.int32)
            return Ego(person, empty, np.empty(0, np.int8), empty, (), 0, 0)
        row = np.arange(ties.indptr[at], ties.indptr[at + 1])
        either = np.maximum(ties.strength[row], ties.strength[ties.rev[row]])
        near = ties.dst[row[np.lexsort((ties.dst[row], -either))]][: nodes - 1]
        far = np.empty(0, np.int32)
        if steps > 1 and len(near) < nodes - 1:
            best = audiences.audience(ties, "fof", np.array([at]), nodes - 1 - len(near))
            far = np.searchsorted(ties.people, best.people).astype(np.int32)
        places = np.concatenate([[at], near, far]).astype(np.int64)
        distance: I8 = np.repeat([0, 1, 2], [1, len(near), len(far)]).astype(np.int8)
        edges = self._between(ties, places)
        weights = self.built().weights
        return Ego(
            person, ties.people[places], distance, measures.community[places],
            tuple(_tie(ties, int(e), weights) for e in edges), len(row), len(row) - len(near),
        )  # fmt: skip

    def tie(self, src: int, dst: int, crowd: Crowd | None = None) -> Tie | None:
        """One tie with its reasons; None where there is none between those who may be looked at."""
        ties = self.ties(crowd)
        a, b = ties.position(src), ties.position(dst)
        if a < 0 or b < 0:
            return None
        row = ties.dst[ties.indptr[a] : ties.indptr[a + 1]]
        place = int(np.searchsorted(row, b))
        if place == len(row) or row[place] != b:
            return None
        return _tie(ties, int(ties.indptr[a]) + place, self.built().weights)

    def _between(self, ties: Ties, places: I64) -> I64:
        """Rows of the ties among these people: those of the first always, then the strongest."""
        inside = np.zeros(len(ties.people), np.bool_)
        inside[places] = True
        rows = np.concatenate([np.arange(ties.indptr[p], ties.indptr[p + 1]) for p in places.tolist()])
        rows = rows[inside[ties.dst[rows]]]
        src = np.searchsorted(ties.indptr, rows, side="right") - 1
        rank = np.lexsort((-ties.strength[rows], (src != places[0]) & (ties.dst[rows] != places[0])))
        found: I64 = rows[rank][:MOST_EDGES]
        return found

    # ---- what is read, and who is left out of it

    def _now(self, crowd: Crowd | None) -> tuple[Ties, Measures]:
        crowd = crowd or self.parts.behaviour.crowd()
        with self._lock:
            published = self._read()
            granted = self._granted(crowd)
            now = _persons_now(published.people, crowd, granted)
            said = f"{published.number}|{hashlib.sha256(now.tobytes()).hexdigest()[:16]}"
            if self._ties is None or self._ties[0].key != said:
                self._ties = _kept(published, now, said)
            return self._ties

    def _granted(self, crowd: Crowd) -> I32:
        """By person number whether the person grants social analysis."""
        now = self.parts.clock.monotonic()
        with self._lock:
            if self._may is not None and self._may[0] == crowd.key and now - self._may[1] < OLDEST_S:
                return self._may[2]
            with self.parts.database.connect() as connection:
                granted, _ = self.parts.permits.masks(connection, crowd.persons)
            there = np.zeros(len(granted), np.bool_)
            there[crowd.persons[crowd.persons >= 0]] = True
            found: I32 = (there & ((granted & SOCIAL) != 0)).astype(np.int32)
            self._may = (crowd.key, now, found)
            return found

    def _read(self) -> _Published:
        with self.parts.database.connect() as connection:
            number = state.newest_number(connection)
            kept = self._published
            if kept is not None and kept.number == number and self._files(connection) == kept.files:
                return kept
            built = state.newest(connection)
            if built is None:
                raise NoGraph
            snapshot = self.parts.lake.snapshot(connection, tables=[TIES.name, TIE_PEOPLE.name])
        ties = self._table(TIES.schema, snapshot.of(TIES.name), ("src", "dst"))
        people = self._table(TIE_PEOPLE.schema, snapshot.of(TIE_PEOPLE.name), ("person_no",))
        names = ("strength", *PARTS, "common", "interactions", "last_day", "kinds")
        columns = {n: ties[n].to_numpy() for n in names}
        measures = {n: people[n].to_numpy() for n in ("community", "core", "degree", "clustering", "bridge")}
        self._published = _Published(
            number, built, ties["src"].to_numpy(), ties["dst"].to_numpy(), columns, [f.file_id for f in snapshot.files],
            people["person_no"].to_numpy(), measures,
        )  # fmt: skip
        return self._published

    def _files(self, connection: Connection) -> list[int]:
        """The files that count: an erasure rewrites them without a build."""
        return [
            f.file_id for f in self.parts.lake.snapshot(connection, tables=[TIES.name, TIE_PEOPLE.name]).files
        ]

    def _table(self, schema: pa.Schema, files: list[LakeFile], sort: tuple[str, ...]) -> pa.Table:
        """The rows in order of the columns; they are so already unless an engine dealt them out in another."""
        with self.parts.engine.session() as session:
            table = session.collect(
                session.scan([f.path for f in files], schema).drop("as_of_day", "purposes")
            )
        keys = [table[c].to_numpy().astype(np.int64) for c in sort]
        key = keys[0] if len(keys) == 1 else keys[0] << 32 | keys[1]
        if len(key) > 1 and not (key[1:] > key[:-1]).all():
            table = table.take(pa.array(np.argsort(key, kind="stable")))
        return table.combine_chunks()


def _persons_now(people: I32, crowd: Crowd, granted: I32) -> I32:
    """Who each published person is now; -1 for who may not be looked at."""
    known = people < len(crowd.persons)
    now = np.where(known, crowd.persons[np.where(known, people, 0)], np.int32(-1)).astype(np.int32)
    found: I32 = np.where((now >= 0) & (granted[np.maximum(now, 0)] > 0), now, np.int32(-1)).astype(np.int32)
    return found


def _kept(published: _Published, now: I32, key: str) -> tuple[Ties, Measures]:
    """The published ties between those who may be looked at, with who they are now; of ties that became one the stronger."""
    place = np.full(int(published.people.max(initial=0)) + 1, -1, np.int32)
    place[published.people] = now
    src, dst = place[published.src], place[published.dst]
    rows = np.flatnonzero((src >= 0) & (dst >= 0) & (src != dst))
    src, dst = src[rows], dst[rows]
    pair = src.astype(np.int64) << 32 | dst
    if len(pair) > 1 and not (pair[1:] > pair[:-1]).all():
        order = np.lexsort((-published.columns["strength"][rows], pair))
        order = order[np.concatenate([[True], pair[order][1:] != pair[order][:-1]])]
        rows, src, dst = rows[order], src[order], dst[order]
    at = np.zeros(int(src.max(initial=0)) + 1, np.int32)
    at[src] = 1
    people = np.flatnonzero(at).astype(np.int32) if len(src) else np.empty(0, np.int32)
    at[people] = np.arange(len(people), dtype=np.int32)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(at[src], minlength=len(people)))]).astype(np.int64)
    near = at[dst]
    columns = {n: c[rows] for n, c in published.columns.items()}
    ties = Ties(
        key, published.built.as_of_day, people, indptr, near, columns["strength"], {p: columns[p] for p in PARTS},
        columns["common"], columns["interactions"], columns["last_day"], columns["kinds"],
        float(str(published.built.figures["strong_from"])), reverse(indptr, near),
    )  # fmt: skip
    # Whoever merged has the measures of the one who gave the name.
    where = np.minimum(np.searchsorted(published.people, people), max(0, len(published.people) - 1))
    measures = Measures(
        people,
        *(published.measures[n][where] for n in ("community", "core", "degree", "clustering", "bridge")),
    )
    return ties, measures


def _tie(ties: Ties, row: int, weights: Any) -> Tie:
    src = int(np.searchsorted(ties.indptr, row, side="right")) - 1
    strength: F32 = ties.strength
    return Tie(
        int(ties.people[src]), int(ties.people[ties.dst[row]]), float(strength[row]), bool(strength[row] >= ties.strong_from),
        logic.reasons_of({p: float(ties.parts[p][row]) for p in PARTS}, weights), int(ties.common[row]),
        int(ties.interactions[row]), int(ties.last_day[row]), logic.kinds_in(int(ties.kinds[row])),
    )  # fmt: skip
