"""Cascades of invitations: who was brought by whom, how deep, how fast. Pure."""

from dataclasses import dataclass

import numpy as np

from weaktie.data.behaviour.contracts import I32, I64
from weaktie.kit.clock import DAY_US

MOST_DEPTHS = 12


@dataclass(frozen=True, slots=True)
class Brought:
    """Everybody who was brought, in order of time: by whom, when, how many links from the beginning of the cascade, and the
    time in days since the inviter was brought (NaN where nobody brought the inviter)."""

    person: I32
    inviter: I32
    day: I32
    depth: I32
    cycle_days: "np.ndarray[tuple[int], np.dtype[np.float64]]"


@dataclass(frozen=True, slots=True)
class Cascades:
    """Acceptances of a period: how many people stand at each depth, the deepest, the mean, and the median cycle in days."""

    accepted: int
    by_depth: list[int]
    deepest: int
    mean_depth: float | None
    cycle_days: float | None
    cycles: int


def brought(invites: tuple[I32, I32, I32, I64]) -> Brought:
    """The forest of invitations. Only a person's first acceptance with a known inviter counts, nobody invites themselves, and
    one that would close a circle is left out; a depth of 1 was brought by somebody whom nobody brought.

    `invites` are invited person, inviter, day and instant in µs, in order of time.
    """
    parent: dict[int, int] = {}
    at: dict[int, int] = {}
    rows: list[int] = []
    for row, (person, inviter, us) in enumerate(
        zip(invites[0].tolist(), invites[1].tolist(), invites[3].tolist(), strict=True)
    ):
        if inviter < 0 or inviter == person or person in parent or _leads_to(parent, inviter, person):
            continue
        parent[person], at[person] = inviter, us
        rows.append(row)
    depth: dict[int, int] = {}
    for person in parent:
        chain = [person]
        while chain[-1] in parent and chain[-1] not in depth:
            chain.append(parent[chain[-1]])
        base = depth.get(chain[-1], 0)
        for steps, one in enumerate(reversed(chain[:-1]), 1):
            depth[one] = base + steps
    who = [int(invites[0][r]) for r in rows]
    cycle = [
        (at[p] - at[parent[p]]) / DAY_US if parent[p] in at and at[p] >= at[parent[p]] else np.nan
        for p in who
    ]
    return Brought(
        np.array(who, np.int32), np.array([parent[p] for p in who], np.int32), invites[2][rows].astype(np.int32),
        np.array([depth[p] for p in who], np.int32), np.array(cycle, np.float64),
    )  # fmt: skip


def cascades(found: Brought, first: int, last: int) -> Cascades:
    """What the acceptances of these days come to."""
    mask = (found.day >= first) & (found.day <= last)
    depth, cycle = found.depth[mask], found.cycle_days[mask]
    cycle = cycle[~np.isnan(cycle)]
    counts = np.bincount(np.minimum(depth, MOST_DEPTHS), minlength=1)[1:]
    return Cascades(
        int(mask.sum()), [int(n) for n in counts], int(depth.max(initial=0)),
        float(depth.mean()) if len(depth) else None, float(np.median(cycle)) if len(cycle) else None, len(cycle),
    )  # fmt: skip


def _leads_to(parent: dict[int, int], start: int, wanted: int) -> bool:
    """Whether following inviters from `start` meets `wanted`."""
    while start in parent:
        if start == wanted:
            return True
        start = parent[start]
    return start == wanted
