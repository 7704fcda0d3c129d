"""HTTP: what a shop's server tells and asks, the queue for people, rules, and the watch over the scorer."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import Connection

from weaktie.business.risk import bodies
from weaktie.business.risk.contracts import (
    ANSWER_DAYS,
    KINDS,
    SIGHTED,
    BadCase,
    Case,
    Evidence,
    NoAccount,
    NoCase,
    NoVersion,
    Reason,
    Rule,
    RulesVersion,
    StoredCase,
)
from weaktie.business.risk.logic import HARD_WORDS, RULE_WORDS
from weaktie.business.risk.queue import Which
from weaktie.business.risk.service import Risk
from weaktie.kit.clock import DAY_US, from_datetime, to_iso
from weaktie.kit.web import app_part, words_body
from weaktie.kit.words import Words
from weaktie.trust.accounts.api import Caller, require, write_key
from weaktie.trust.accounts.contracts import KeyRecord
from weaktie.trust.audit.service import record

router = APIRouter(tags=["risk"])
View = Annotated[Caller, Depends(require("view"))]
Operate = Annotated[Caller, Depends(require("operate"))]
Key = Annotated[KeyRecord, Depends(write_key)]
_VALUES = ("device", "app_id", "ip", "payout", "address", "phone")


# --- the shop's server ---------------------------------------------------------------------------------------------------


@router.post("/risk/v1/sightings")
def sightings(request: Request, _key: Key, given: bodies.RiskSightings) -> bodies.RiskTaken:
    """Tell what accounts were seen with, at their registration say. Values are hashed at once; the same again changes nothing."""
    risk = _part(request)
    numbers = _numbers(request, given.sightings)
    with risk.database.begin() as tx:
        for one in given.sightings:
            _meet(tx, risk, one, numbers)
            risk.sight(
                tx, numbers[one.user_id], _evidence(one), at_us=_us(one.time, "time") or risk.clock.now_us()
            )
    return bodies.RiskTaken(taken=len(given.sightings))


@router.post("/risk/v1/assess")
def assess(request: Request, _key: Key, given: bodies.RiskAsk) -> bodies.RiskAnswer:
    """Judge a sign-up, invitation or reward; asked again with the same `ref` the answer is what holds now."""
    risk = _part(request)
    numbers = _numbers(request, [given])
    inviter = None if given.inviter_id is None else numbers[given.inviter_id]
    case = Case(
        kind=given.kind, ref=given.ref, account_no=numbers[given.user_id], inviter_no=inviter, at_us=_us(given.time, "time"),
        invited_us=_us(given.invited_time, "invited_time"), registered_us=_us(given.registered_time, "registered_time"),
        evidence=_evidence(given),
    )  # fmt: skip
    with risk.database.begin() as tx:
        found = risk.assess(tx, case)
        return _answer(risk.case(tx, found.case_id))


@router.post("/risk/v1/appeals")
def server_appeal(request: Request, key: Key, given: bodies.RiskAppealAsk) -> bodies.RiskAnswer:
    """A refused person asks again, through the shop's own pages: once, inside the time."""
    risk = _part(request)
    with risk.database.begin() as tx:
        found = risk.by_ref(tx, given.kind, given.ref)
        if found is None:
            raise NoCase
        case = risk.appeal(tx, found.case_id, given.words)
        _audit(tx, risk, key.key_id, "risk.appeal", case)
        return _answer(case)


# --- the console -----------------------------------------------------------------------------------------------------------


@router.get("/api/risk/summary")
def summary(request: Request, _caller: View) -> bodies.RiskSummary:
    """How many cases wait, how those of the last 30 days ended, and whether the scorer is sound."""
    risk = _part(request)
    with risk.database.connect() as connection:
        counts, watch, canaries = risk.tallies(connection), risk.watch(connection), risk.canaries(connection)
    return bodies.RiskSummary(
        waiting=counts["waiting"], appealed=counts["appealed"], passed=counts["pass"], held=counts["hold"],
        refused=counts["refuse"], watch_ok=watch.ok, watch_time=_iso(watch.at_us),
        canaries=[
            bodies.RiskCanary(time=to_iso(c.at_us or 0), caught=bool(c.caught), score=round(c.score or 0.0, 1))
            for c in canaries
        ],
    )  # fmt: skip


@router.get("/api/risk/cases")
def cases(
    request: Request, _caller: View, which: Which = "waiting", user_id: Annotated[str, Query(max_length=200)] = "",
    cursor: str | None = None, limit: Annotated[int | None, Query(ge=1, le=500)] = None,
) -> bodies.RiskCases:  # fmt: skip
    """The queue and its history, the newest first; of one account only where it is named."""
    risk = _part(request)
    with risk.database.connect() as connection:
        accounts = None if not user_id else _named(request, connection, user_id)
        page = risk.cases(connection, which, accounts=accounts, cursor=cursor, limit=limit)
        said = _Sayer(request, connection, page.items)
    return bodies.RiskCases(
        items=[said.case(c) for c in page.items], next_cursor=page.next_cursor, total=page.total or 0
    )


@router.get("/api/risk/cases/{case_id}")
def case(request: Request, _caller: View, case_id: str) -> bodies.RiskCaseDetail:
    """One case with the accounts and shared things around it, as they are known now."""
    risk = _part(request)
    with risk.database.connect() as connection:
        found, around = risk.case(connection, case_id), risk.evidence(connection, case_id)
        said = _Sayer(request, connection, [found], around.accounts)
    return bodies.RiskCaseDetail(case=said.case(found), evidence=said.evidence(around))


@router.post("/api/risk/cases/{case_id}/decision")
def decide(
    request: Request, caller: Operate, case_id: str, given: bodies.RiskDecision
) -> bodies.RiskCaseBody:
    """Pass or refuse a case, with a reason; it replaces what the score said."""
    risk = _part(request)
    with risk.database.begin() as tx:
        found = risk.decide(tx, case_id, given.verdict, note=given.note, actor=caller.actor)
        _audit(tx, risk, caller.actor, f"risk.{given.verdict}", found)
        return _Sayer(request, tx, [found]).case(found)


@router.post("/api/risk/cases/{case_id}/appeal")
def appeal(request: Request, caller: Operate, case_id: str, given: bodies.RiskAppeal) -> bodies.RiskCaseBody:
    """Write down what the account's owner says against a refusal; the case comes back into the queue."""
    risk = _part(request)
    with risk.database.begin() as tx:
        found = risk.appeal(tx, case_id, given.words)
        _audit(tx, risk, caller.actor, "risk.appeal", found)
        return _Sayer(request, tx, [found]).case(found)


@router.get("/api/risk/rules")
def rules(request: Request, _caller: View) -> bodies.RiskRules:
    """The rules that hold, what people's decisions say of each, and every version."""
    risk = _part(request)
    with risk.database.connect() as connection:
        return _rules(request, connection, risk)


@router.put("/api/risk/rules")
def save_rules(request: Request, caller: Operate, given: bodies.RiskNewRules) -> bodies.RiskRules:
    """Score by these rules from now on, as a new version."""
    risk = _part(request)
    wanted = {name: Rule(r.points, r.low, r.high) for name, r in given.rules.items()}
    with risk.database.begin() as tx:
        _saved(tx, risk, caller, wanted, given.note)
        return _rules(request, tx, risk)


@router.post("/api/risk/rules/{version}/restore")
def restore_rules(request: Request, caller: Operate, version: int) -> bodies.RiskRules:
    """Score as an earlier version did, as a new version."""
    risk = _part(request)
    with risk.database.begin() as tx:
        old = next((v for v in risk.rules(tx) if v.version == version), None)
        if old is None:
            raise NoVersion
        _saved(tx, risk, caller, old.rules, f"← {version}")
        return _rules(request, tx, risk)


@router.post("/api/risk/canary")
def canary(request: Request, caller: Operate) -> bodies.RiskSummary:
    """Run the canaries now."""
    risk = _part(request)
    watch = risk.watch_over(every_us=0)
    with risk.database.begin() as tx:
        record(
            tx, risk.clock, actor=caller.actor, action="risk.canary", object_kind="risk", object_id="canary",
            detail={"caught": watch.caught},
        )  # fmt: skip
    return summary(request, caller)


# --- parts -----------------------------------------------------------------------------------------------------------------


class _Sayer:
    """Says cases with user ids and names of staff."""

    def __init__(
        self, request: Request, connection: Connection, cases: Sequence[StoredCase], more: Iterable[int] = ()
    ) -> None:
        numbers = {n for c in cases for n in (c.account_no, c.inviter_no) if n is not None} | set(more)
        described = app_part(request, "identity").described(connection, sorted(numbers))
        self._ids: dict[int, str] = {a.alias_no: a.value for a in described if a.value}
        self._staff: Mapping[str, str] = app_part(request, "accounts").names(connection)

    def case(self, c: StoredCase) -> bodies.RiskCaseBody:
        """One case of the queue."""
        open_appeal = c.appealed_us is not None and c.waits
        return bodies.RiskCaseBody(
            case_id=c.case_id, kind=c.kind, kind_words=words_body(KINDS[c.kind]), ref=c.ref, user_id=self._id(c.account_no),
            inviter_id=self._id(c.inviter_no), time=to_iso(c.at_us), score=c.score, decision=c.decision, outcome=c.outcome,
            waits=c.waits, reasons=_reasons(c.reasons), rules_version=c.rules_version, verdict=c.verdict, note=c.note,
            decided_by=None if c.decided_by is None else self._staff.get(c.decided_by, c.decided_by),
            decided_time=_iso(c.decided_us), appeal=c.appeal, appealed_time=_iso(c.appealed_us),
            appeal_until=_iso(c.appeal_until_us),
            answer_until=_iso((c.appealed_us or 0) + ANSWER_DAYS * DAY_US) if open_appeal else None,
        )  # fmt: skip

    def evidence(self, around: Evidence) -> bodies.RiskEvidence:
        """The neighbourhood; the judged account is the first."""
        return bodies.RiskEvidence(
            accounts=[
                bodies.RiskNode(user_id=self._id(n), registered_time=_iso(at if at >= 0 else None), judged=row == 0)
                for row, (n, at) in enumerate(zip(around.accounts, around.registered_us, strict=True))
            ],
            things=[bodies.RiskThing(kind=k, words=words_body(SIGHTED[k]), name=name) for k, name in around.things],
            edges=list(around.edges), invited=list(around.invited), more=around.more,
        )  # fmt: skip

    def _id(self, number: int | None) -> str | None:
        return None if number is None else self._ids.get(number)


def _part(request: Request) -> Risk:
    found: Risk = app_part(request, "risk")
    return found


def _numbers(request: Request, given: Sequence[bodies.RiskSighting]) -> dict[str, int]:
    """Numbers of all accounts that are named; who is not known yet becomes known."""
    ids = dict.fromkeys(u for one in given for u in (one.user_id, one.inviter_id) if u is not None)
    registry = app_part(request, "registry")
    found = registry.numbers([("user", u) for u in ids], _part(request).clock.now_us())
    return {u: int(found["user", u]) for u in ids}


def _named(request: Request, connection: Connection, user_id: str) -> list[int]:
    people = app_part(request, "identity")
    number = people.find(connection, user_id)
    if number is None:
        raise NoAccount("user_id")
    found: list[int] = people.component(connection, number)
    return found


def _meet(tx: Connection, risk: Risk, one: bodies.RiskSighting, numbers: Mapping[str, int]) -> None:
    inviter = None if one.inviter_id is None else numbers[one.inviter_id]
    row = (
        numbers[one.user_id],
        inviter,
        _us(one.invited_time, "invited_time"),
        _us(one.registered_time, "registered_time"),
    )
    others = [] if inviter is None or inviter == row[0] else [(inviter, None, None, None)]
    risk.meet_many(tx, [row, *others])


def _evidence(one: bodies.RiskSighting) -> dict[str, str]:
    return {name: value for name in _VALUES if (value := getattr(one, name)) is not None}


def _us(text: str | None, place: str) -> int | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadCase(place, Words("时间须为带时区的 ISO 8601。", "A time is ISO 8601 with its zone."))
    return from_datetime(moment)


def _iso(at_us: int | None) -> str | None:
    return None if at_us is None else to_iso(at_us)


def _reasons(reasons: Sequence[Reason]) -> list[bodies.RiskReason]:
    return [
        bodies.RiskReason(code=r.code, words=words_body(r.words), points=r.points, hard=r.hard)
        for r in reasons
    ]


def _answer(case: StoredCase) -> bodies.RiskAnswer:
    return bodies.RiskAnswer(
        case_id=case.case_id, decision=case.outcome, score=case.score, reasons=_reasons(case.reasons),
        appeal_until=_iso(case.appeal_until_us) if case.outcome == "refuse" else None,
    )  # fmt: skip


def _saved(tx: Connection, risk: Risk, caller: Caller, wanted: Mapping[str, Rule], note: str) -> RulesVersion:
    saved = risk.save_rules(tx, wanted, note=note, actor=caller.actor)
    record(
        tx, risk.clock, actor=caller.actor, action="risk.rules", object_kind="risk", object_id=str(saved.version),
        detail={"version": saved.version},
    )  # fmt: skip
    return saved


def _rules(request: Request, connection: Connection, risk: Risk) -> bodies.RiskRules:
    versions = risk.rules(connection)
    wanted, counts = risk.suggestion(connection)
    staff = app_part(request, "accounts").names(connection)
    held = versions[0]
    return bodies.RiskRules(
        version=held.version,
        rules=[
            bodies.RiskRuleRow(
                key=name, words=words_body(RULE_WORDS[name][0]), points=rule.points, low=rule.low, high=rule.high,
                refused=counts[name].refused, passed=counts[name].passed, suggested_points=wanted[name].points,
            )
            for name, rule in held.rules.items()
        ],
        hard=[words_body(words) for words in HARD_WORDS.values()],
        versions=[
            bodies.RiskVersion(
                version=v.version, note=v.note, made_by=staff.get(v.made_by, v.made_by), made_time=_iso(v.made_us or None),
                rules={name: bodies.RiskRule(points=r.points, low=r.low, high=r.high) for name, r in v.rules.items()},
            )
            for v in versions
        ],
    )  # fmt: skip


def _audit(tx: Connection, risk: Risk, actor: str, action: str, case: StoredCase) -> None:
    record(
        tx, risk.clock, actor=actor, action=action, object_kind="risk_case", object_id=case.case_id,
        detail={"kind": case.kind, "score": case.score},
    )  # fmt: skip
