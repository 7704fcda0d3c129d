"""The door of influence: creators and KOCs, their predicted reach, audiences of friends of friends; seeds and cascades beside."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sqlalchemy import Connection, insert, select

from weaktie.ai.influence import audiences, creators, planning, rules
from weaktie.ai.influence.contracts import (
    F64,
    I32,
    MOST_AUDIENCE,
    PART_WORDS,
    AudienceDraft,
    Bools,
    Creators,
    Directory,
    KocRule,
    NoCreator,
    Reached,
    ReachError,
    ReachModel,
    RuleVersion,
    TieSource,
)
from weaktie.ai.influence.erase import InfluenceEraser as InfluenceEraser
from weaktie.ai.influence.erase import InfluenceExporter as InfluenceExporter
from weaktie.ai.influence.logic import asked as asked
from weaktie.ai.influence.logic import choose_seeds as choose_seeds
from weaktie.ai.influence.logic import imm as imm
from weaktie.ai.influence.logic import network as network
from weaktie.ai.influence.logic import opim as opim
from weaktie.ai.influence.logic import rivals as rivals
from weaktie.ai.influence.logic import simulate as simulate
from weaktie.ai.influence.planning import Planner, SeedAsk
from weaktie.ai.influence.reading import Book, Permits, Social
from weaktie.ai.influence.spreads import Spreads
from weaktie.ai.influence.tables import predictions
from weaktie.ai.influence.ties import GraphLike, GraphTies, RelationTies
from weaktie.data.behaviour.contracts import BadPeople, only
from weaktie.data.behaviour.service import Behaviour
from weaktie.kit.clock import Clock
from weaktie.kit.errors import NotFound
from weaktie.kit.words import Words
from weaktie.store.database.service import Database


class People(Protocol):
    """What influence asks of identity."""

    def find(self, connection: Connection, user_id: str) -> int | None:
        """The living alias number of an id of any kind."""
        ...


@dataclass(frozen=True, slots=True)
class Koc:
    """Creators with what the rule says of them. `predicted` is the reach of the running month, None where nothing can be said;
    `before` what was predicted for the last full month."""

    version: RuleVersion
    found: Creators
    reach: Bools
    trust: Bools
    koc: Bools
    model: ReachModel | None
    predicted: F64 | None
    before: F64 | None
    kept: bool

    @property
    def month(self) -> int:
        """The place of the running month."""
        return len(self.found.months) - 1

    def actual(self) -> I32:
        """The reach of the last full month."""
        reach: I32 = self.found.reach[self.month - 1]
        return reach


class Influence:
    """Whose word travels. Safe from any thread; everything is about people who grant social analysis now.

    `graph` gives the ties of the social graph; without it they are made of relations and openings.
    """

    def __init__(
        self, *, database: Database, clock: Clock, behaviour: Behaviour, permits: Permits, directory: Directory, people: People,
        graph: Callable[[], GraphLike] | None = None,
    ) -> None:  # fmt: skip
        self.database, self.clock, self.behaviour, self.directory, self.identity = (
            database,
            clock,
            behaviour,
            directory,
            people,
        )
        self.book = Book(behaviour, permits)
        self.ties: TieSource = RelationTies(self.book) if graph is None else GraphTies(self.book, graph)
        self.spreads = Spreads(self.book)
        self.planner = Planner(self.book, clock, self.ties, self._candidates)
        self._keeping = threading.Lock()

    # --- creators ---------------------------------------------------------------------------------------------------

    def koc(self) -> Koc:
        """All creators by the rule that holds."""
        with self.database.connect() as connection:
            version = rules.current(connection)
        social = self.book.social()
        found = self._creators(social, version.rule)
        reach, trust, koc = creators.passes(version.rule, found)
        running = len(found.months) - 1
        model, earlier = creators.fit(found, running), creators.fit(found, running - 1)
        before = self._kept(social, found, found.months[running - 1])
        kept = before is not None
        if before is None and earlier is not None:
            before = creators.predict(earlier, found, running - 1)
        predicted = creators.predict(model, found, running) if model is not None else None
        return Koc(version, found, reach, trust, koc, model, predicted, before, kept)

    def _creators(self, social: Social, rule: KocRule) -> Creators:
        key = ("creators", social.crowd.key, self.book.today, rule.interaction_days, rule.repurchase_days)
        return self.book.once(key, lambda: creators.creators(self.book, social, rule))

    def error(self, koc: Koc) -> ReachError:
        """Last month's predictions beside what came, over creators who reached anybody or were predicted to."""
        month = koc.found.months[koc.month - 1]
        if koc.before is None:
            return ReachError(month, 0, None, None, False)
        actual = koc.actual().astype(np.float64)
        about = np.isfinite(koc.before) & ((actual > 0) | (koc.before >= 1))
        was, came = koc.before[about], actual[about]
        if not len(was):
            return ReachError(month, 0, None, None, koc.kept)
        wrong = np.abs(was - came) / np.maximum(came, 1.0)
        return ReachError(month, len(was), float(np.median(wrong)), creators.spearman(was, came), koc.kept)

    def _kept(self, social: Social, found: Creators, month: str) -> F64 | None:
        """What was stored for a month, along the creators; NaN of whom nothing was."""
        with self.database.connect() as connection:
            rows = connection.execute(select(predictions).where(predictions.c.month == month)).all()
        if not rows:
            return None
        kept = np.full(len(found), np.nan)
        for row in rows:
            person = int(social.crowd.persons[row.alias_no]) if row.alias_no < social.size else -1
            at = found.place(person) if person >= 0 else -1
            if at >= 0:
                kept[at] = row.predicted
        return kept

    def keep_predictions(self) -> int:
        """Store what is predicted for the running month where nothing is stored yet; how many creators it is said of. They stay
        as they are, to be held against what comes."""
        with self._keeping:
            koc = self.koc()
            month = koc.found.months[koc.month]
            with self.database.begin() as tx:
                known = tx.execute(
                    select(predictions.c.month).where(predictions.c.month == month).limit(1)
                ).first()
                if known is not None or koc.model is None or koc.predicted is None:
                    return 0
                about = np.flatnonzero((koc.predicted >= 0.5) | (koc.actual() > 0))
                rows = [
                    {
                        "month": month, "alias_no": int(koc.found.people[i]), "predicted": round(float(koc.predicted[i]), 2),
                        "pairs": koc.model.pairs, "made_us": self.clock.now_us(),
                    }
                    for i in about.tolist()
                ]  # fmt: skip
                if rows:
                    tx.execute(insert(predictions), rows)
            return len(rows)

    def preview(self, rule: KocRule) -> dict[str, int]:
        """How many creators pass each part of a rule, and how many come and go against the one that holds. Raises BadKocRule."""
        rules.checked(rule)
        with self.database.connect() as connection:
            held = rules.current(connection).rule
        social = self.book.social()
        found = self._creators(social, rule)
        reach, trust, koc = creators.passes(rule, found)
        before = creators.passes(held, self._creators(social, held))[2]
        return {
            "creators": len(found), "reach": int(reach.sum()), "trust": int(trust.sum()), "koc": int(koc.sum()),
            "before": int(before.sum()), "entered": int((koc & ~before).sum()), "left": int((before & ~koc).sum()),
        }  # fmt: skip

    # --- people -----------------------------------------------------------------------------------------------------

    def person(self, user_id: str) -> int:
        """The person behind an id of any kind, or behind `@number`, who grants social analysis; raises NoCreator."""
        social = self.book.social()
        if user_id[:1] == "@" and user_id[1:].isascii() and user_id[1:].isdigit() and len(user_id) < 12:
            alias: int | None = int(user_id[1:])
        else:
            with self.database.connect() as connection:
                alias = self.identity.find(connection, user_id)
        person = int(social.crowd.persons[alias]) if alias is not None and alias < social.size else -1
        if person < 0:
            raise NoCreator
        return person

    def living(self, alias_nos: Sequence[int]) -> list[int]:
        """The person of each identifier, -1 where they may not be told now."""
        social = self.book.social()
        persons = social.crowd.persons
        return [int(persons[a]) if 0 <= a < social.size else -1 for a in alias_nos]

    def names(self, people: Sequence[int] | I32) -> dict[int, str]:
        """What lists call people; `@number` of whom no build has published."""
        wanted = np.unique(np.asarray(people, np.int32))
        wanted = wanted[wanted >= 0]
        known = {int(n): str(i) for part in self.directory.ids_of(wanted) for n, i in part}
        return {n: known.get(n, f"@{n}") for n in wanted.tolist()}

    def _candidates(self, ask: SeedAsk) -> I32 | None:
        if ask.among == "everybody":
            return None
        if ask.among == "people":
            return self.behaviour.people(dict(ask.people or {}))
        koc = self.koc()
        return koc.found.people if ask.among == "creators" else koc.found.people[koc.koc]

    def around(self, person: int) -> dict[str, I32]:
        """The people around a creator, by part: friends, followers, fans, and those of the fans who interacted, bought, and
        bought again."""
        with self.database.connect() as connection:
            rule = rules.current(connection).rule
        return creators.around(self.book, self.book.social(), rule, person)

    # --- audiences --------------------------------------------------------------------------------------------------

    def draft(self, creator: int, content_id: str, size: int) -> AudienceDraft:
        """Whom a creator's content would go to: friends of friends, the likeliest first. Raises NoTies."""
        with self.database.connect() as connection:
            cap = rules.current(connection).rule.cap
            return self._draft(connection, creator, content_id, size, cap)

    def _draft(
        self, connection: Connection, creator: int, content_id: str, size: int, cap: int
    ) -> AudienceDraft:
        social = self.book.social()
        reached, friends = self._around(social, creator)
        seen = self._seen(social, content_id)
        capped = audiences.capped_people(connection, social, cap, self.clock.now_us())
        return audiences.draft(
            reached, friends, social, creator, content_id, seen, capped, min(size, MOST_AUDIENCE)
        )

    def _around(self, social: Social, creator: int) -> tuple[Reached, int]:
        edges = self.planner.edges(social)
        return self.book.once(
            ("around", edges.key, creator),
            lambda: audiences.friends_of_friends(edges, creator, social.size),
        )

    def _seen(self, social: Social, content_id: str) -> I32:
        if not content_id:
            return np.zeros(0, np.int32)
        return self.book.once(
            ("saw", social.crowd.key, content_id), lambda: self.book.saw(social, content_id)
        )

    def make_audience(
        self, tx: Connection, creator: int, asked: audiences.NewAudience, actor: str
    ) -> tuple[str, AudienceDraft]:
        """Choose an audience and keep it, one after another, so that nobody is taken over the cap; raises NobodyLeft, NoTies.

        Whoever calls has asked for a draft before the transaction began: what is slow to read is in memory since.
        """
        now_us = self.clock.now_us()
        audiences.take_turn(tx, now_us)
        found = self._draft(tx, creator, asked.content_id, asked.size, asked.cap)
        return audiences.keep(tx, asked, found, actor, now_us), found

    # --- queries of people ------------------------------------------------------------------------------------------

    def people(self, query: Mapping[str, Any]) -> I32:
        """People of the kinds koc, fans, seeds, koc_audience and spread, ascending; raises BadPeople."""
        kind = str(query.get("kind"))
        if kind == "spread":
            return self.spreads.people(query)
        if kind == "koc":
            koc = self.koc()
            part = {"reach": koc.reach, "trust": koc.trust}.get(str(query.get("passes")), koc.koc)
            return koc.found.people[part]
        if kind == "fans":
            return self._fans(query)
        with self.database.connect() as connection:
            rows = self._stored(connection, kind, query)
        found = np.array(sorted({p for p in self.living(rows) if p >= 0}), np.int32)
        return only(self.behaviour.crowd().people(), found)

    def _fans(self, query: Mapping[str, Any]) -> I32:
        part, creator = str(query.get("part")), str(query.get("creator"))
        if part not in PART_WORDS:
            raise BadPeople(Words("没有这样的人群。", "There is no such part."), "people.part")
        try:
            return self.around(self.person(f"@{creator}"))[part]
        except NoCreator as error:
            raise BadPeople(error.words, "people.creator") from None

    def _stored(self, connection: Connection, kind: str, query: Mapping[str, Any]) -> list[int]:
        try:
            if kind == "seeds":
                return [r["alias_no"] for r in planning.one(connection, str(query.get("plan_id")))[1]]
            return [r["alias_no"] for r in audiences.members(connection, str(query.get("audience_id")))]
        except NotFound as error:
            raise BadPeople(error.words, f"people.{error.place}") from None

    def describe(self, query: Mapping[str, Any]) -> Words:
        """Who they are, in a few words; raises BadPeople."""
        kind = str(query.get("kind"))
        if kind == "spread":
            return self.spreads.describe(query)
        if kind == "koc":
            part = str(query.get("passes"))
            named = {
                "reach": Words("达到触达标准的创作者", "creators who pass the rule of reach"),
                "trust": Words("达到信任标准的创作者", "creators who pass the rule of trust"),
            }
            return named.get(part, Words("KOC（关键意见消费者）", "KOCs"))
        if kind == "fans":
            self._fans(query)
            words = PART_WORDS[str(query.get("part"))]
            return Words(f"创作者的{words.zh}", f"{words.en} of a creator")
        with self.database.connect() as connection:
            rows = self._stored(connection, kind, query)
            if kind == "seeds":
                return Words(f"种子用户方案（{len(rows)} 人）", f"seeds of a plan ({len(rows)} people)")
            name = audiences.one(connection, str(query.get("audience_id")))["name"]
        return Words(f"弱连接受众：{name}", f"weak-tie audience: {name}")
