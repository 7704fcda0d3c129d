"""Versions of the rule of who is a KOC; the newest holds."""

from dataclasses import asdict
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from weaktie.ai.influence.contracts import KocRule, NoKocRule, RuleVersion
from weaktie.ai.influence.tables import rules
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

BOUNDS: Final[dict[str, tuple[float, float, Words]]] = {
    "min_friends": (0, 10_000_000, Words("好友数下限", "the least number of friends")),
    "min_fans": (1, 10_000_000, Words("粉丝数下限", "the least number of fans")),
    "min_interaction": (0, 1, Words("粉丝互动率下限", "the least interaction rate")),
    "min_repurchase": (0, 1, Words("粉丝复购率下限", "the least repurchase rate")),
    "interaction_days": (1, 90, Words("互动统计天数", "the days of interaction")),
    "repurchase_days": (1, 1_096, Words("复购统计天数", "the days of repurchase")),
    "cap": (1, 100, Words("7 天受众上限", "the cap of audiences in seven days")),
}


class BadKocRule(Refused):
    """A rule that cannot hold; `place` is the field."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_koc_rule", words, place=place)


def checked(rule: KocRule) -> KocRule:
    """The rule; raises BadKocRule."""
    for place, (low, high, words) in BOUNDS.items():
        if not low <= getattr(rule, place) <= high:
            raise BadKocRule(
                place, Words(f"{words.zh}须在 {low:g}–{high:g} 之间。", f"{words.en} has to be {low:g} to {high:g}.")
            )  # fmt: skip
    return rule


def current(connection: Connection) -> RuleVersion:
    """The rule that holds."""
    row = connection.execute(select(rules).order_by(rules.c.version.desc()).limit(1)).mappings().first()
    return RuleVersion(0, KocRule()) if row is None else _version(row)


def history(connection: Connection) -> list[RuleVersion]:
    """Every rule that was saved, the newest first, and the plan's own at the end."""
    rows = connection.execute(select(rules).order_by(rules.c.version.desc())).mappings()
    return [*(_version(row) for row in rows), RuleVersion(0, KocRule())]


def version(connection: Connection, number: int) -> RuleVersion:
    """One of them; raises NoKocRule."""
    for one in history(connection):
        if one.version == number:
            return one
    raise NoKocRule


def save(tx: Connection, rule: KocRule, actor: str, now_us: int, *, restored: int | None = None) -> int:
    """Keep a rule as the newest; its version. Raises BadKocRule."""
    number = int(tx.execute(select(func.max(rules.c.version))).scalar() or 0) + 1
    text = msgspec.json.encode(asdict(checked(rule))).decode()
    tx.execute(
        insert(rules).values(version=number, rule_json=text, made_by=actor, made_us=now_us, restored_from=restored)
    )  # fmt: skip
    return number


def _version(row: Any) -> RuleVersion:
    rule = msgspec.json.decode(row["rule_json"], type=KocRule)
    return RuleVersion(row["version"], rule, row["made_us"], row["made_by"], row["restored_from"])
