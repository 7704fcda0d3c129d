"""Cases as they are stored: put, found again, listed, decided, appealed against."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, insert, or_, select, update

from weaktie.business.risk.contracts import (
    APPEAL_DAYS,
    Case,
    Decision,
    NoAppeal,
    NoCase,
    Reason,
    StoredCase,
)
from weaktie.business.risk.logic import DAY_US
from weaktie.business.risk.tables import risk_cases
from weaktie.kit.ids import new_id
from weaktie.kit.pages import Page, page_size, read_cursor, write_cursor
from weaktie.kit.words import Words

Which = Literal["waiting", "held", "refused", "appealed", "passed", "all"]
LONGEST_NOTE: Final = 500
LONGEST_APPEAL: Final = 1_000
_HELD = and_(risk_cases.c.decision == "hold", risk_cases.c.verdict.is_(None))
_APPEALED = and_(
    risk_cases.c.appealed_us.is_not(None),
    or_(risk_cases.c.decided_us.is_(None), risk_cases.c.decided_us <= risk_cases.c.appealed_us),
)
_OUTCOME = func.coalesce(risk_cases.c.verdict, risk_cases.c.decision)
_WHICH: dict[str, ColumnElement[bool]] = {
    "waiting": or_(_HELD, _APPEALED),
    "held": _HELD,
    "refused": _OUTCOME == "refuse",
    "appealed": _APPEALED,
    "passed": _OUTCOME == "pass",
}


def put(
    tx: Connection, case: Case, decision: Decision, score: float, reasons: Sequence[Reason], *, version: int, now_us: int
) -> StoredCase:  # fmt: skip
    """Keep a case as it was judged."""
    at_us = now_us if case.at_us is None else case.at_us
    row: dict[str, Any] = {
        "case_id": new_id("risk", now_us), "kind": case.kind, "ref": case.ref, "account_no": case.account_no,
        "inviter_no": case.inviter_no, "at_us": at_us, "score": round(score, 1), "decision": decision,
        "reasons_json": _written(reasons), "rules_version": version, "verdict": None, "note": "", "decided_by": None,
        "decided_us": None, "appeal": None, "appealed_us": None,
        "appeal_until_us": now_us + APPEAL_DAYS * DAY_US if decision == "refuse" else None,
    }  # fmt: skip
    tx.execute(insert(risk_cases).values(**row))
    return _case(row)


def by_ref(connection: Connection, kind: str, ref: str) -> StoredCase | None:
    """The case of this name in the asker's books."""
    row = connection.execute(
        select(risk_cases).where(risk_cases.c.kind == kind, risk_cases.c.ref == ref)
    ).mappings().first()  # fmt: skip
    return None if row is None else _case(row)


def by_id(connection: Connection, case_id: str) -> StoredCase:
    """One case; raises NoCase."""
    row = connection.execute(select(risk_cases).where(risk_cases.c.case_id == case_id)).mappings().first()
    if row is None:
        raise NoCase
    return _case(row)


def page(
    connection: Connection, which: Which, *, accounts: Sequence[int] | None = None, cursor: str | None = None,
    limit: int | None = None,
) -> Page[StoredCase]:  # fmt: skip
    """Cases, the newest first; of these accounts only where they are given (as the judged or the inviter)."""
    size = page_size(limit)
    conditions = [_WHICH[which]] if which in _WHICH else []
    if accounts is not None:
        conditions.append(or_(risk_cases.c.account_no.in_(accounts), risk_cases.c.inviter_no.in_(accounts)))
    total = connection.execute(select(func.count()).select_from(risk_cases).where(*conditions)).scalar_one()
    if cursor:
        at_us, case_id = read_cursor(cursor, 2)
        conditions.append(
            or_(risk_cases.c.at_us < at_us, and_(risk_cases.c.at_us == at_us, risk_cases.c.case_id < case_id))
        )
    query = (
        select(risk_cases).where(*conditions).order_by(risk_cases.c.at_us.desc(), risk_cases.c.case_id.desc())
    )
    rows = connection.execute(query.limit(size + 1)).mappings().all()
    items = [_case(row) for row in rows[:size]]
    after = write_cursor(items[-1].at_us, items[-1].case_id) if len(rows) > size else None
    return Page(items, after, total)


def tallies(connection: Connection, since_us: int) -> dict[str, int]:
    """How many cases wait, and how those since then ended."""
    found = {
        name: int(
            connection.execute(select(func.count()).select_from(risk_cases).where(condition)).scalar_one()
        )
        for name, condition in (("waiting", _WHICH["waiting"]), ("appealed", _APPEALED))
    }
    rows = connection.execute(
        select(_OUTCOME, func.count()).where(risk_cases.c.at_us >= since_us).group_by(_OUTCOME)
    )
    return found | {"pass": 0, "hold": 0, "refuse": 0} | {str(name): int(many) for name, many in rows}


def decide(
    tx: Connection, case_id: str, verdict: Decision, *, note: str, actor: str, now_us: int
) -> StoredCase:
    """A person's decision, which replaces the score's; a refusal opens the time for an appeal. Raises NoCase."""
    case = by_id(tx, case_id)
    until = (
        now_us + APPEAL_DAYS * DAY_US
        if verdict == "refuse" and case.appealed_us is None
        else case.appeal_until_us
    )
    tx.execute(
        update(risk_cases)
        .where(risk_cases.c.case_id == case_id)
        .values(
            verdict=verdict, note=note[:LONGEST_NOTE], decided_by=actor[:64], decided_us=now_us,
            appeal_until_us=until if verdict == "refuse" else case.appeal_until_us,
        )
    )  # fmt: skip
    return by_id(tx, case_id)


def appeal(tx: Connection, case_id: str, words: str, *, now_us: int) -> StoredCase:
    """Ask again: once, against a refusal, inside its time. Raises NoCase or NoAppeal."""
    case = by_id(tx, case_id)
    if case.outcome != "refuse":
        raise NoAppeal(
            Words("该记录没有被拒绝，无需申诉。", "This was not refused: there is nothing to appeal against.")
        )
    if case.appealed_us is not None:
        raise NoAppeal(Words("该记录已经申诉过。", "An appeal was made already."))
    if case.appeal_until_us is None or now_us > case.appeal_until_us:
        raise NoAppeal(Words("申诉期限已过。", "The time for an appeal is over."))
    tx.execute(
        update(risk_cases)
        .where(risk_cases.c.case_id == case_id)
        .values(appeal=words[:LONGEST_APPEAL], appealed_us=now_us)
    )
    return by_id(tx, case_id)


def _written(reasons: Sequence[Reason]) -> str:
    said = [
        {"code": r.code, "zh": r.words.zh, "en": r.words.en, "points": r.points, "hard": r.hard}
        for r in reasons
    ]
    return msgspec.json.encode(said).decode()


def _read(text: str) -> tuple[Reason, ...]:
    return tuple(
        Reason(r["code"], Words(r["zh"], r["en"]), float(r["points"]), bool(r["hard"]))
        for r in msgspec.json.decode(text)
    )


def _case(row: Mapping[str, Any] | RowMapping) -> StoredCase:
    fields = {name: row[name] for name in StoredCase.__slots__ if name != "reasons"}
    return StoredCase(**fields, reasons=_read(row["reasons_json"]))
