"""The door of risk: what was seen of accounts, judging cases, the queue, the rules, and the watch over the scorer."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from weaktie.business.risk import queue
from weaktie.business.risk import rules as rulebook
from weaktie.business.risk.contracts import (
    HOLD_FROM,
    REFUSE_FROM,
    SIGHTED_NUMBER,
    STALE_US,
    Accounts,
    Assessment,
    BadCase,
    Case,
    Decision,
    Evidence,
    Links,
    Reason,
    Rule,
    RuleCount,
    RulesVersion,
    StoredCase,
    Watch,
)
from weaktie.business.risk.logic import DAY_US, HARD_WORDS, OTHER_WORDS, forms, reasons_of, score, suggested
from weaktie.business.risk.queries import bought, last_seen
from weaktie.business.risk.reading import Neighbourhood, evidence_of, loaded, neighbourhood
from weaktie.business.risk.tables import risk_accounts, risk_canaries, risk_sightings
from weaktie.kit.clock import HOUR_US, MINUTE_US, Clock
from weaktie.kit.logs import get_logger
from weaktie.kit.pages import Page
from weaktie.kit.words import Words
from weaktie.store.database.service import Database, write_many
from weaktie.store.engine.contracts import Engine
from weaktie.store.lake.contracts import Lake
from weaktie.store.lake.tables import EVENTS, ORDERS

_LOG = get_logger("risk")
KEEP_DAYS = 180
"""How long sightings and accounts without a case of theirs are kept."""
FIGURES = ("orders", "refunds", "ordered_us", "seen_us")
FEEDBACK_DAYS = 180
REVIEW_DAYS = 120
MOST_REVIEWED = 500_000
CANARIES_KEPT = 500
LONGEST_REF = 128


class Keys(Protocol):
    """What risk needs of the vault."""

    def lookup_key(self, kind: str, value: str) -> str: ...


class People(Protocol):
    """What risk needs of identity."""

    def component(self, connection: Connection, alias_no: int) -> list[int]: ...


class Risk:
    """Judges sign-ups, invitations and rewards by what accounts share. Safe from any thread; every call that writes takes
    the caller's transaction."""

    def __init__(
        self, *, database: Database, clock: Clock, keys: Keys, people: People, lake: Lake, engine: Engine
    ) -> None:
        self.database, self.clock = database, clock
        self._keys, self._people, self._lake, self._engine = keys, people, lake, engine

    # --- what is seen ------------------------------------------------------------------------------------------------

    def sight(self, tx: Connection, account_no: int, evidence: Mapping[str, str], *, at_us: int) -> None:
        """Remember, as keyed hashes, what an account was seen with. Raises BadCase for evidence that is none."""
        self.sight_many(tx, [(account_no, evidence, at_us)])

    def sight_many(self, tx: Connection, seen: Iterable[tuple[int, Mapping[str, str], int]]) -> None:
        """The same of many: (account, evidence, instant); the first time of each thing stays."""
        rows: dict[tuple[int, int, str], int] = {}
        for account_no, evidence, at_us in seen:
            for kind, value in forms(evidence):
                rows.setdefault((account_no, SIGHTED_NUMBER[kind], self._thing(kind, value)), at_us)
        self._keep(tx, rows)

    def _thing(self, kind: str, value: str) -> str:
        return self._keys.lookup_key(f"risk.{kind}", value)[:32]

    def _keyed(self, hashed: Mapping[str, str]) -> list[tuple[int, str]]:
        for kind in hashed:
            if kind not in SIGHTED_NUMBER:
                raise BadCase(f"hashed.{kind}", Words("没有这种依据。", "There is no such evidence."))
        return [
            (SIGHTED_NUMBER[kind], self._thing(kind, f"keyed {value}"))
            for kind, value in hashed.items()
            if value
        ]

    def _keep(self, tx: Connection, rows: Mapping[tuple[int, int, str], int]) -> None:
        write_many(
            tx, "risk_sightings (account_no, kind, thing, at_us)", ("bigint", "smallint", "text", "bigint"),
            [(*key, at_us) for key, at_us in rows.items()], "(account_no, kind, thing) DO NOTHING",
        )  # fmt: skip

    def meet_many(
        self, tx: Connection, accounts: Iterable[tuple[int, int | None, int | None, int | None]]
    ) -> None:
        """Remember accounts: (account, who invited it, when it was invited, when it registered). What is known stays."""
        now_us = self.clock.now_us()
        rows = {number: (inviter, invited, registered) for number, inviter, invited, registered in accounts}
        write_many(
            tx,
            "risk_accounts (account_no, inviter_no, invited_us, registered_us, orders, refunds, met_us)",
            ("bigint", "bigint", "bigint", "bigint", "integer", "integer", "bigint"),
            [(number, *row, 0, 0, now_us) for number, row in rows.items()],
            "(account_no) DO UPDATE SET inviter_no = coalesce(risk_accounts.inviter_no, excluded.inviter_no), "
            "invited_us = coalesce(risk_accounts.invited_us, excluded.invited_us), "
            "registered_us = coalesce(risk_accounts.registered_us, excluded.registered_us)",
        )

    # --- judging -----------------------------------------------------------------------------------------------------

    def assess(self, tx: Connection, case: Case) -> Assessment:
        """Judge a case in the caller's transaction; the same `ref` gets the answer that it got, or what people decided.

        A scorer that fails, or whose watch is not content, lets nothing pass: it answers hold. Raises BadCase.
        """
        if not case.ref or len(case.ref) > LONGEST_REF:
            raise BadCase("ref", Words("缺少业务编号，或过长。", "The reference is missing or too long."))
        known, watch = queue.by_ref(tx, case.kind, case.ref), self.watch(tx)
        if known is not None:
            return Assessment(known.case_id, known.outcome, known.score, known.reasons, watch.at_us or 0)
        now_us = self.clock.now_us()
        at_us = now_us if case.at_us is None else case.at_us
        self.meet_many(tx, [(case.account_no, case.inviter_no, case.invited_us, case.registered_us)])
        if case.inviter_no is not None and case.inviter_no != case.account_no:
            self.meet_many(tx, [(case.inviter_no, None, None, None)])
        self.sight(tx, case.account_no, case.evidence, at_us=at_us)
        self._keep(tx, {(case.account_no, *one): at_us for one in self._keyed(case.hashed)})
        rules = rulebook.current(tx)
        near = neighbourhood(tx, case.account_no, at_us)
        total, reasons, decision = self._judged(tx, near, case, rules.rules)
        if decision == "pass" and not watch.ok:
            decision, reasons = "hold", [Reason("scorer_stale", OTHER_WORDS["scorer_stale"], 0.0), *reasons]
        stored = queue.put(tx, case, decision, total, reasons, version=rules.version, now_us=now_us)
        return Assessment(stored.case_id, decision, stored.score, tuple(reasons), watch.at_us or 0)

    def _judged(
        self, tx: Connection, near: Neighbourhood, case: Case, rules: Mapping[str, Rule]
    ) -> tuple[float, list[Reason], Decision]:
        try:
            scores = score(near.accounts, near.links, rules)
            row = near.row(case.account_no)
            found = [Reason(*one) for one in reasons_of(scores, row)]
            total = float(scores.score[row])
        except Exception:  # noqa: BLE001  what cannot be scored is held, never paid
            _LOG.exception("risk_scorer_failed")
            return 0.0, [Reason("scorer_down", OTHER_WORDS["scorer_down"], 0.0)], "hold"
        if case.inviter_no is not None and not any(r.code == "self_invite" for r in found):
            found = [*self._same_person(tx, case), *found]
        if any(reason.hard for reason in found):
            return max(total, float(REFUSE_FROM)), found, "refuse"
        return total, found, "refuse" if total >= REFUSE_FROM else "hold" if total >= HOLD_FROM else "pass"

    def _same_person(self, tx: Connection, case: Case) -> list[Reason]:
        same = case.inviter_no == case.account_no or case.inviter_no in self._people.component(
            tx, case.account_no
        )
        return [Reason("self_invite", HARD_WORDS["self_invite"], 100.0, True)] if same else []

    def outcome(self, connection: Connection, kind: str, ref: str) -> Decision | None:
        """What holds of a case now, None where it was never judged."""
        found = queue.by_ref(connection, kind, ref)
        return None if found is None else found.outcome

    def by_ref(self, connection: Connection, kind: str, ref: str) -> StoredCase | None:
        """The case of this name in the asker's books."""
        return queue.by_ref(connection, kind, ref)

    # --- the queue ---------------------------------------------------------------------------------------------------

    def cases(
        self, connection: Connection, which: queue.Which, *, accounts: Sequence[int] | None = None, cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[StoredCase]:  # fmt: skip
        """Cases, the newest first."""
        return queue.page(connection, which, accounts=accounts, cursor=cursor, limit=limit)

    def case(self, connection: Connection, case_id: str) -> StoredCase:
        """One case; raises NoCase."""
        return queue.by_id(connection, case_id)

    def evidence(self, connection: Connection, case_id: str) -> Evidence:
        """The accounts and shared things around a case as they are known now; raises NoCase."""
        case = queue.by_id(connection, case_id)
        if case.account_no is None:
            return Evidence([], [], [], [], [], 0)
        return evidence_of(neighbourhood(connection, case.account_no, case.at_us), case.account_no)

    def decide(self, tx: Connection, case_id: str, verdict: Decision, *, note: str, actor: str) -> StoredCase:
        """A person passes or refuses a case; raises NoCase, or BadCase where no reason is given."""
        if verdict not in ("pass", "refuse"):
            raise BadCase("verdict", Words("请选择通过或不予发放。", "Choose to pass or to refuse."))
        if not note.strip():
            raise BadCase("note", Words("请填写理由。", "Say why."))
        return queue.decide(tx, case_id, verdict, note=note.strip(), actor=actor, now_us=self.clock.now_us())

    def appeal(self, tx: Connection, case_id: str, words: str) -> StoredCase:
        """The owner of an account asks again, once and inside the time; raises NoCase, NoAppeal or BadCase."""
        if not words.strip():
            raise BadCase("words", Words("请填写申诉理由。", "Say what speaks against the refusal."))
        return queue.appeal(tx, case_id, words.strip(), now_us=self.clock.now_us())

    def tallies(self, connection: Connection) -> dict[str, int]:
        """How many cases wait, and how those of the last 30 days ended."""
        return queue.tallies(connection, self.clock.now_us() - 30 * DAY_US)

    # --- rules -------------------------------------------------------------------------------------------------------

    def rules(self, connection: Connection) -> list[RulesVersion]:
        """Every version, the newest first: it holds."""
        return rulebook.history(connection)

    def save_rules(self, tx: Connection, rules: Mapping[str, Rule], *, note: str, actor: str) -> RulesVersion:
        """Score by these rules from now on; raises BadRules."""
        return rulebook.save(tx, rules, note=note, actor=actor, now_us=self.clock.now_us())

    def suggestion(self, connection: Connection) -> tuple[dict[str, Rule], dict[str, RuleCount]]:
        """The rules as decisions of the last half year would have them, and these decisions by rule."""
        counts = rulebook.counts(connection, self.clock.now_us() - FEEDBACK_DAYS * DAY_US)
        return suggested(rulebook.current(connection).rules, counts), counts

    # --- the watch ---------------------------------------------------------------------------------------------------

    def watch(self, connection: Connection) -> Watch:
        """Whether the scorer may let anything pass now."""
        row = connection.execute(
            select(risk_canaries).order_by(risk_canaries.c.at_us.desc()).limit(1)
        ).first()
        if row is None:
            return Watch(False, None, None, None)
        fresh = 0 <= self.clock.now_us() - row.at_us <= STALE_US
        return Watch(bool(row.caught) and fresh, row.at_us, bool(row.caught), row.score)

    def canaries(self, connection: Connection, most: int = 48) -> list[Watch]:
        """The last canaries, the newest first."""
        rows = connection.execute(select(risk_canaries).order_by(risk_canaries.c.at_us.desc()).limit(most))
        return [Watch(bool(r.caught), r.at_us, bool(r.caught), r.score) for r in rows]

    def watch_over(self, *, every_us: int = HOUR_US) -> Watch:
        """Once an hour: run the canaries, bring the figures of accounts up to date, forget what is too old."""
        with self.database.connect() as connection:
            state = self.watch(connection)
        if state.at_us is not None and 0 <= self.clock.now_us() - state.at_us < every_us:
            return state
        _warm()
        caught, value = self._canary()
        with self.database.begin() as tx:
            # One of a clock that has stepped back since would stay the newest.
            tx.execute(delete(risk_canaries).where(risk_canaries.c.at_us >= self.clock.now_us()))
            tx.execute(insert(risk_canaries).values(at_us=self.clock.now_us(), caught=caught, score=value))
            old = select(risk_canaries.c.at_us).order_by(risk_canaries.c.at_us.desc()).offset(CANARIES_KEPT)
            tx.execute(delete(risk_canaries).where(risk_canaries.c.at_us.in_(old.scalar_subquery())))
        if not caught:
            _LOG.error("risk_canary_passed", score=round(value, 1))
        self.look()
        self.review()
        with self.database.connect() as connection:
            return self.watch(connection)

    def review(self) -> int:
        """Judge all invited accounts of the last weeks together, by the graph over all of them, and put those that would
        not pass and have no case yet into the queue; returns how many."""
        now_us = self.clock.now_us()
        with self.database.connect() as connection:
            query = select(risk_accounts.c.account_no).order_by(
                risk_accounts.c.met_us.desc(), risk_accounts.c.account_no
            )
            near = loaded(connection, list(connection.execute(query.limit(MOST_REVIEWED)).scalars()))
            rules = rulebook.current(connection)
        scores = score(near.accounts, near.links, rules.rules)
        decisions = scores.decisions()
        since_us = now_us - REVIEW_DAYS * DAY_US
        doubtful = np.flatnonzero(
            (decisions > 0) & (near.accounts.inviter >= 0) & (near.accounts.registered_us >= since_us)
        )
        made = 0
        with self.database.begin() as tx:
            for row in doubtful.tolist():
                case = Case(
                    kind="sign_up", ref=f"sign-up {near.numbers[row]}", account_no=near.numbers[row],
                    inviter_no=near.numbers[int(near.accounts.inviter[row])], at_us=int(near.accounts.registered_us[row]),
                )  # fmt: skip
                if queue.by_ref(tx, case.kind, case.ref) is None:
                    reasons = [Reason(*one) for one in reasons_of(scores, row)]
                    decision: Decision = "refuse" if decisions[row] == 2 else "hold"
                    queue.put(
                        tx,
                        case,
                        decision,
                        float(scores.score[row]),
                        reasons,
                        version=rules.version,
                        now_us=now_us,
                    )
                    made += 1
        return made

    def _canary(self) -> tuple[bool, float]:
        """A made-up farm has to be refused and a made-up honest account to pass, by the whole way through the database;
        nothing of it stays."""
        now_us = self.clock.now_us()
        farm = range(-12, 0)
        try:
            with self.database.begin() as tx:
                self.meet_many(tx, [(-13, None, None, now_us - DAY_US)])
                self.meet_many(
                    tx,
                    [(n, -13, now_us - HOUR_US - MINUTE_US, now_us - HOUR_US + n * MINUTE_US) for n in farm],
                )
                self.sight_many(
                    tx, [(n, {"device": f"canary {n // 6}", "ip": "240.0.0.1", "payout": "canary"}, now_us) for n in farm]
                )  # fmt: skip
                self.meet_many(tx, [(-20, None, None, now_us - DAY_US)])
                self.sight(tx, -20, {"device": "canary alone", "ip": "240.0.9.9"}, at_us=now_us)
                rules = rulebook.current(tx).rules
                bad, good = neighbourhood(tx, -1, now_us), neighbourhood(tx, -20, now_us)
                farmed = score(bad.accounts, bad.links, rules)
                honest = score(good.accounts, good.links, rules)
                value = float(farmed.score[bad.row(-1)])
                caught = (
                    int(farmed.decisions()[bad.row(-1)]) == 2 and int(honest.decisions()[good.row(-20)]) == 0
                )
                raise _Undo
        except _Undo:
            return caught, value
        except Exception:  # noqa: BLE001  a canary that cannot be run has not been caught
            _LOG.exception("risk_canary_failed")
            return False, 0.0

    def look(self) -> int:
        """Bring orders, refunds and last signs of the accounts up to date from the lake; returns how many changed."""
        now_us = self.clock.now_us()
        with self.database.begin() as tx:
            old = now_us - KEEP_DAYS * DAY_US
            tx.execute(delete(risk_sightings).where(risk_sightings.c.at_us < old))
            tx.execute(delete(risk_accounts).where(risk_accounts.c.met_us < old))
        with self.database.connect() as connection:
            numbers = list(connection.execute(select(risk_accounts.c.account_no)).scalars())
            snapshot = self._lake.snapshot(connection, tables=["orders", "events"])
        if not numbers:
            return 0
        with self._engine.session() as session:
            accounts = session.table(pa.table({"alias_no": pa.array(numbers, pa.int32())}))
            orders = session.scan([f.path for f in snapshot.of("orders")], ORDERS.schema)
            recent = snapshot.of("events", from_day=now_us // DAY_US - REVIEW_DAYS)
            events = session.scan([f.path for f in recent], EVENTS.schema)
            found = {row["alias_no"]: row for row in session.collect(bought(orders, accounts)).to_pylist()}
            seen = {
                row["alias_no"]: row["seen_us"]
                for row in session.collect(last_seen(events, accounts)).to_pylist()
            }
        return self._write_figures(numbers, found, seen)

    def _write_figures(
        self, numbers: Sequence[int], found: Mapping[int, Mapping[str, int]], seen: Mapping[int, int]
    ) -> int:
        rows = [
            (
                number, found[number]["orders"] if number in found else 0, found[number]["refunds"] if number in found else 0,
                found[number]["ordered_us"] if number in found else None, seen.get(number),
            )
            for number in numbers
            if number in found or number in seen
        ]  # fmt: skip
        with self.database.begin() as tx:
            columns = [risk_accounts.c[name] for name in FIGURES]
            known = {
                row[0]: tuple(row)[1:] for row in tx.execute(select(risk_accounts.c.account_no, *columns))
            }
            changed = [row for row in rows if row[0] in known and known[row[0]] != row[1:]]
            if changed:
                tx.execute(
                    update(risk_accounts)
                    .where(risk_accounts.c.account_no == bindparam("number"))
                    .values({name: bindparam(f"new_{name}") for name in FIGURES}),
                    [
                        dict(zip(("number", *(f"new_{n}" for n in FIGURES)), row, strict=True))
                        for row in changed
                    ],
                )
        return len(changed)


def _warm() -> None:
    """Have the scorer's kernels compiled before a transaction waits for them."""
    one = np.zeros(1, np.int64)
    none = np.zeros(1, np.int32)
    accounts = Accounts(one, one, none - 1, one, none, none, one, np.zeros(1, np.bool_))
    score(accounts, Links(none, none, none.astype(np.int8)))


class _Undo(Exception):
    """Ends a transaction of which nothing is to stay."""
