"""Choosing seeds over the shop's own ties, and keeping what was chosen."""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from sqlalchemy import Connection, RowMapping, insert, select

from weaktie.ai.influence.contracts import (
    F32,
    I32,
    MOST_SEEDS,
    BadSeeds,
    Choice,
    Edges,
    Model,
    NoPlan,
    NoTies,
    TieSource,
    Weights,
)
from weaktie.ai.influence.logic import choose_seeds, network
from weaktie.ai.influence.reading import Book, Social
from weaktie.ai.influence.tables import plan_people, plans
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id
from weaktie.kit.words import Words

MOST_COST = 10**12
WORKERS = 4


@dataclass(frozen=True, slots=True)
class SeedAsk:
    """What is to be chosen: at most `most` people within `budget_minor` (None for no limit of money), of whom each costs
    `base_minor` and `per_friend_minor` for each person whom their word reaches at once."""

    most: int = 50
    budget_minor: int | None = None
    base_minor: int = 0
    per_friend_minor: int = 0
    among: Literal["everybody", "creators", "koc", "people"] = "everybody"
    people: Mapping[str, Any] | None = None
    model: Model = "cascade"
    weights: Weights = "in_degree"
    epsilon: float = 0.1


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice over people: `people[i]` is node i, `seeds` are person numbers of the chosen method, in its order."""

    choice: Choice
    people: I32
    seeds: I32
    cost_minor: list[int]
    ties: int
    candidates: int


class Planner:
    """Seeds under a budget. One choice at a time: each takes all the memory and cores that it may."""

    def __init__(
        self, book: Book, clock: Clock, ties: TieSource, asked: Callable[[SeedAsk], I32 | None]
    ) -> None:
        self._book, self._clock, self._ties, self._asked = book, clock, ties, asked
        self._lock = threading.Lock()

    def edges(self, social: Social) -> Edges:
        """The ties among people who may be looked at now; raises NoTies."""
        found = self._ties.edges()
        size = social.size
        known = (found.src < size) & (found.dst < size)
        persons = social.crowd.persons
        # Whoever stands for themselves in the map is a person who agreed.
        own = persons[:size] == np.arange(size)
        known[known] &= own[found.src[known]] & own[found.dst[known]]
        if not known.any():
            raise NoTies
        if known.all():
            return found
        return Edges(found.src[known], found.dst[known], found.strength[known], found.key)

    def choose(self, ask: SeedAsk) -> Chosen:
        """The best seeds for a question. Raises BadSeeds, NoTies, BadPeople, or what a segment raises."""
        checked(ask)
        social = self._book.social()
        edges = self.edges(social)
        people, ends = np.unique(np.concatenate([edges.src, edges.dst]), return_inverse=True)
        src, dst = ends[: len(edges.src)].astype(np.int32), ends[len(edges.src) :].astype(np.int32)
        wanted = self._asked(ask)
        allowed = np.ones(len(people), np.uint8)
        if wanted is not None:
            allowed = np.isin(people, wanted).astype(np.uint8)
        if not allowed.any():
            raise BadSeeds("among", Words("候选人中没有人有社交关系。", "None of the candidates has a tie."))
        degree = np.bincount(src, minlength=len(people))
        cost = ask.base_minor + ask.per_friend_minor * degree.astype(np.int64)
        priced = ask.budget_minor is not None
        if priced and int(cost[allowed != 0].min()) > (ask.budget_minor or 0):
            raise BadSeeds("budget", Words("预算不够选任何一个人。", "The budget does not pay for anybody."))
        net = network(
            len(people), src, dst, weights_of(edges, dst, len(people), ask.weights), model=ask.model
        )
        with self._lock:
            choice = choose_seeds(
                net, k=ask.most, budget=float(ask.budget_minor or 0) if priced else None,
                cost=cost.astype(np.float64) if priced else None, allowed=allowed, epsilon=ask.epsilon,
                workers=min(WORKERS, os.cpu_count() or 1), clock=self._clock.monotonic,
            )  # fmt: skip
        seeds = choice.chosen.seeds
        return Chosen(
            choice, people.astype(np.int32), people[seeds].astype(np.int32), [int(c) for c in cost[seeds]], len(src),
            int(allowed.sum()),
        )  # fmt: skip


def weights_of(edges: Edges, dst: I32, n: int, weights: Weights) -> F32 | None:
    """How likely each tie carries: None for 1 / in-degree; by strength its part of all strength that leads to the other."""
    if weights == "in_degree":
        return None
    total = np.bincount(dst, edges.strength, minlength=n)
    part: F32 = (edges.strength / np.maximum(total, 1e-9)[dst]).astype(np.float32)
    return part


def checked(ask: SeedAsk) -> SeedAsk:
    """The question; raises BadSeeds."""
    if not 1 <= ask.most <= MOST_SEEDS:
        raise BadSeeds("most", Words(f"人数须为 1–{MOST_SEEDS}。", f"Choose 1 to {MOST_SEEDS} people."))
    if not 0.05 <= ask.epsilon <= 0.5:
        raise BadSeeds("epsilon", Words("精度须为 0.05–0.5。", "The precision has to be 0.05 to 0.5."))
    for place in ("budget_minor", "base_minor", "per_friend_minor"):
        value = getattr(ask, place)
        if value is not None and not 0 <= value <= MOST_COST:
            raise BadSeeds(place, Words("金额无效。", "The amount is not valid."))
    if ask.budget_minor is not None and not ask.base_minor and not ask.per_friend_minor:
        raise BadSeeds(
            "base_minor", Words("设了预算时，请填写每人成本。", "With a budget, say what each person costs.")
        )
    if ask.among == "people" and not ask.people:
        raise BadSeeds("people", Words("请选择人群。", "Name the people."))
    return ask


def keep(tx: Connection, ask: SeedAsk, found: Chosen, actor: str, now_us: int) -> str:
    """Keep a choice with its people; its id."""
    plan_id = new_id("sed", now_us)
    choice = found.choice
    result = {
        "method": choice.method, "sets": choice.sets, "guarantee": choice.guarantee, "took_ms": choice.took_ms,
        "people": len(found.people), "ties": found.ties, "candidates": found.candidates,
        "overlap": overlap(choice),
        "methods": [
            {
                "method": m.method, "seeds": len(m.seeds), "cost_minor": round(m.cost), "mean": m.spread.mean, "low": m.spread.low,
                "high": m.spread.high, "covered": m.covered * len(found.people),
            }
            for m in choice.methods
        ],
    }  # fmt: skip
    tx.execute(
        insert(plans).values(
            plan_id=plan_id, made_us=now_us, made_by=actor, ask_json=msgspec.json.encode(ask).decode(),
            result_json=msgspec.json.encode(result).decode(),
        )
    )  # fmt: skip
    rows = [
        {"plan_id": plan_id, "alias_no": int(person), "place": place, "gain": float(gain), "alone": float(alone), "cost_minor": cost}
        for place, (person, gain, alone, cost) in enumerate(
            zip(found.seeds.tolist(), choice.gain.tolist(), choice.alone.tolist(), found.cost_minor, strict=True), 1
        )
    ]  # fmt: skip
    if rows:
        tx.execute(insert(plan_people), rows)
    return plan_id


def overlap(choice: Choice) -> float | None:
    """Which part of what the seeds reach one by one is reached twice; None of nobody."""
    total = float(choice.alone.sum())
    return 1.0 - float(choice.gain.sum()) / total if total else None


def every(connection: Connection) -> list[RowMapping]:
    """The last hundred choices, the newest first."""
    query = select(plans).order_by(plans.c.made_us.desc(), plans.c.plan_id).limit(100)
    return list(connection.execute(query).mappings())


def one(connection: Connection, plan_id: str) -> tuple[RowMapping, list[RowMapping]]:
    """A choice and its people in their order; raises NoPlan."""
    row = connection.execute(select(plans).where(plans.c.plan_id == plan_id)).mappings().first()
    if row is None:
        raise NoPlan
    chosen = select(plan_people).where(plan_people.c.plan_id == plan_id).order_by(plan_people.c.place)
    return row, list(connection.execute(chosen).mappings())
