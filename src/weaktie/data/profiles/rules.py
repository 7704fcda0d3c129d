"""How RFM is cut: by tertiles, by percentiles, or at fixed values, in each currency. Versions, of which the newest holds."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, func, insert, select

from weaktie.data.profiles.tables import rfm_rules
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

I64 = npt.NDArray[np.int64]
How = Literal["tertiles", "percent", "fixed"]
MEASURES: Final = ("r", "f", "m")
LARGEST: Final = 10**15


@dataclass(frozen=True, slots=True)
class Cut:
    """The two cut-offs of one measure. `percent`: the values at these percentiles of the buyers; `fixed`: these values
    (days, orders, minor units). Up to the first is the lowest level, above the second the highest."""

    how: How = "tertiles"
    low: int = 0
    high: int = 0

    def of(self, values: I64) -> tuple[int, int]:
        """The cut-offs among these values; at least one."""
        if self.how == "fixed":
            return self.low, self.high
        ordered, n = np.sort(values), len(values)
        if self.how == "percent":
            return int(ordered[-(-n * self.low // 100) - 1]), int(ordered[-(-n * self.high // 100) - 1])
        return int(ordered[-(-n // 3) - 1]), int(ordered[-(-2 * n // 3) - 1])


@dataclass(frozen=True, slots=True)
class CurrencyRule:
    """The cuts of one currency."""

    r: Cut = field(default_factory=Cut)
    f: Cut = field(default_factory=Cut)
    m: Cut = field(default_factory=Cut)


Rule = Mapping[str, CurrencyRule]
"""By currency; one that is not named is cut by tertiles."""
TERTILES: Final = CurrencyRule()


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule as it was saved; version 0 is the house's own."""

    version: int
    rule: Rule
    made_by: str
    made_us: int


class BadRule(Refused):
    """A rule cannot cut; `place` is `currency.measure`."""

    def __init__(self, place: str, words: Words) -> None:
        super().__init__("bad_rfm_rule", words, place=place)


def checked(rule: Rule) -> Rule:
    """The rule; raises BadRule."""
    for currency, cuts in rule.items():
        for name in MEASURES:
            cut: Cut = getattr(cuts, name)
            place = f"{currency}.{name}"
            if cut.how == "percent" and not 1 <= cut.low < cut.high <= 99:
                raise BadRule(
                    place, Words("分位须满足 1 ≤ 低 < 高 ≤ 99。", "Percentiles need 1 ≤ low < high ≤ 99.")
                )
            if cut.how == "fixed" and not (
                cut.low < cut.high and abs(cut.low) <= LARGEST and abs(cut.high) <= LARGEST
            ):
                raise BadRule(
                    place, Words("低分界须小于高分界。", "The low cut-off has to be under the high one.")
                )
    return rule


def as_dict(rule: Rule) -> dict[str, Any]:
    """The shape of the HTTP API: currency → measure → how, low, high."""
    return {currency: asdict(cuts) for currency, cuts in rule.items()}


def read(text: str) -> Rule:
    """A rule as it was written by `as_dict`."""
    return msgspec.json.decode(text, type=dict[str, CurrencyRule])


def current(connection: Connection) -> RuleVersion:
    """The rule that holds."""
    query = select(rfm_rules).order_by(rfm_rules.c.version.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return RuleVersion(0, {}, "system", 0) if row is None else _version(row)


def history(connection: Connection) -> list[RuleVersion]:
    """Every rule that was saved, the newest first, and the house's own at the end."""
    rows = connection.execute(select(rfm_rules).order_by(rfm_rules.c.version.desc())).mappings()
    return [*(_version(row) for row in rows), RuleVersion(0, {}, "system", 0)]


def save(tx: Connection, rule: Rule, actor: str, now_us: int) -> int:
    """Keep a rule as the newest; returns its version."""
    version = int(tx.execute(select(func.max(rfm_rules.c.version))).scalar() or 0) + 1
    text = msgspec.json.encode(as_dict(rule)).decode()
    tx.execute(insert(rfm_rules).values(version=version, rule_json=text, made_by=actor, made_us=now_us))
    return version


def _version(row: Any) -> RuleVersion:
    return RuleVersion(row["version"], read(row["rule_json"]), row["made_by"], row["made_us"])
