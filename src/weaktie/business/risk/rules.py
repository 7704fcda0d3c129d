"""The rules by version: the newest holds, an earlier one comes back as a new one, decisions suggest the next."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
from sqlalchemy import Connection, RowMapping, func, insert, select

from weaktie.business.risk.contracts import Rule, RuleCount, RulesVersion
from weaktie.business.risk.logic import RULES, checked_rules
from weaktie.business.risk.tables import risk_cases, risk_rules

HOUSE = RulesVersion(0, RULES, "system", 0, "")


def current(connection: Connection) -> RulesVersion:
    """The rules that hold."""
    row = (
        connection.execute(select(risk_rules).order_by(risk_rules.c.version.desc()).limit(1))
        .mappings()
        .first()
    )
    return HOUSE if row is None else _version(row)


def history(connection: Connection) -> list[RulesVersion]:
    """Every version, the newest first, the house's own last."""
    rows = connection.execute(select(risk_rules).order_by(risk_rules.c.version.desc())).mappings()
    return [*(_version(row) for row in rows), HOUSE]


def save(tx: Connection, rules: Mapping[str, Rule], *, note: str, actor: str, now_us: int) -> RulesVersion:
    """Keep rules as the newest version; raises BadRules."""
    kept = checked_rules(rules)
    version = int(tx.execute(select(func.max(risk_rules.c.version))).scalar() or 0) + 1
    text = msgspec.json.encode({name: asdict(rule) for name, rule in kept.items()}).decode()
    tx.execute(
        insert(risk_rules).values(
            version=version, rules_json=text, note=note[:200], made_by=actor[:64], made_us=now_us
        )
    )
    return RulesVersion(version, kept, actor, now_us, note)


def counts(connection: Connection, since_us: int) -> dict[str, RuleCount]:
    """How the cases that people decided since then ended, by rule that had given points."""
    refused: dict[str, int] = {}
    passed: dict[str, int] = {}
    query = select(risk_cases.c.reasons_json, risk_cases.c.verdict).where(
        risk_cases.c.verdict.is_not(None), risk_cases.c.decided_us >= since_us
    )
    for text, verdict in connection.execute(query):
        into = refused if verdict == "refuse" else passed
        for reason in codes_of(text):
            into[reason] = into.get(reason, 0) + 1
    return {code: RuleCount(code, refused.get(code, 0), passed.get(code, 0)) for code in RULES}


def codes_of(reasons_json: str) -> Sequence[str]:
    """The codes of stored reasons that gave at least one point."""
    return [r["code"] for r in msgspec.json.decode(reasons_json) if r["points"] >= 1]


def _version(row: RowMapping) -> RulesVersion:
    given = msgspec.json.decode(str(row["rules_json"]), type=dict[str, Rule])
    # A rule of a later release counts as the house has it.
    rules = {name: given.get(name, rule) for name, rule in RULES.items()}
    return RulesVersion(row["version"], rules, row["made_by"], row["made_us"], row["note"])
