"""RFM: levels by tertiles, six classes, four tiers; pure arithmetic over arrays. Defined in docs/reference/rfm.md."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.profiles.rules import TERTILES, Rule
from weaktie.kit.words import Words

I64 = npt.NDArray[np.int64]
I8 = npt.NDArray[np.int8]

LEVELS: Final = ("low", "mid", "high")
LOW, MID, HIGH = 0, 1, 2
NEW_DAYS: Final = 30
"""A first order fewer than this many days before the as-of day makes a new customer."""

CLASSES: Final = ("high_value", "potential", "at_risk", "new", "ordinary", "lost")
TIERS: Final = ("high_value", "potential", "ordinary", "at_risk")
CLASS_WORDS: Final = {
    "high_value": Words("高价值用户", "High value"),
    "potential": Words("潜力用户", "Potential"),
    "at_risk": Words("流失风险用户", "At risk"),
    "new": Words("新用户", "New"),
    "ordinary": Words("普通用户", "Ordinary"),
    "lost": Words("流失用户", "Lost"),
}
TIER_WORDS: Final = {
    "high_value": Words("高价值", "High value"),
    "potential": Words("潜力", "Potential"),
    "ordinary": Words("普通", "Ordinary"),
    "at_risk": Words("流失风险", "At risk"),
}
TIER_OF_CLASS: Final = {
    "high_value": "high_value", "potential": "potential", "new": "ordinary", "ordinary": "ordinary",
    "at_risk": "at_risk", "lost": "at_risk",
}  # fmt: skip
DEFINITION: Final = Words(
    "R 为距最近一次成交的天数（至基准日），F 为成交订单数，M 为净消费金额（主要货币）。每种货币内切为高、中、低（默认三分位，"
    "可调整分界），相同的值同级。高价值=R高F高M高；潜力=R低F高M高；流失风险=R低F中M中；其余：首单距今不足 30 天为新用户，R低为流失用户，"
    "否则为普通用户。",
    "R is days from the last order that counts to the as-of day, F the orders that count, M the net amount in the main "
    "currency. Within each currency they are cut into high, mid and low, by tertiles unless somebody chose other cut-offs; "
    "equal values share a level. High value = R high, F high, M high; potential = R low, F high, M high; at risk = R low, F "
    "mid, M mid; of the others: new if the first order is under 30 days old, lost if R is low, else ordinary.",
)


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The two cut-offs of each measure in one currency: at most the first, at most the second, above."""

    r_days: tuple[int, int]
    f: tuple[int, int]
    m_minor: tuple[int, int]

    def as_dict(self) -> dict[str, list[int]]:
        """Lists, as the HTTP API gives them."""
        return {"r_days": list(self.r_days), "f": list(self.f), "m_minor": list(self.m_minor)}


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels (0 low, 1 mid, 2 high) and class (index into CLASSES) of each person."""

    r: I8
    f: I8
    m: I8
    cls: I8
    cutoffs: dict[str, Cutoffs]


def tertiles(values: I64) -> tuple[int, int]:
    """The values at ranks ⌈n/3⌉ and ⌈2n/3⌉ of the ascending order; n > 0. Equal values can never be cut apart."""
    assert len(values) > 0, "no values to cut"
    return TERTILES.r.of(values)


def level(values: I64, cuts: tuple[int, int]) -> I8:
    """0 up to the first cut-off, 1 up to the second, 2 above."""
    return ((values > cuts[0]).astype(np.int8) + (values > cuts[1]).astype(np.int8)).astype(np.int8)


def classify(r: I8, f: I8, m: I8, first_order_age_days: I64) -> I8:
    """The class of each person as an index into CLASSES; complete and exclusive over all 27 cells."""
    result = np.full(len(r), CLASSES.index("ordinary"), np.int8)
    result[r == LOW] = CLASSES.index("lost")
    result[first_order_age_days < NEW_DAYS] = CLASSES.index("new")
    result[(r == LOW) & (f == MID) & (m == MID)] = CLASSES.index("at_risk")
    result[(r == LOW) & (f == HIGH) & (m == HIGH)] = CLASSES.index("potential")
    result[(r == HIGH) & (f == HIGH) & (m == HIGH)] = CLASSES.index("high_value")
    return result


def rfm(
    currency: npt.NDArray[np.object_],
    r_days: I64,
    f_orders: I64,
    m_minor: I64,
    first_order_age_days: I64,
    rule: Rule | None = None,
) -> Levels:
    """Levels and classes, cut within each currency by the rule. All arrays have one entry for each buyer."""
    n = len(r_days)
    r, f, m = (np.zeros(n, np.int8) for _ in range(3))
    cutoffs: dict[str, Cutoffs] = {}
    for name in sorted(set(currency.tolist())):
        at = np.flatnonzero(currency == name)
        own = (rule or {}).get(name, TERTILES)
        cuts = Cutoffs(own.r.of(r_days[at]), own.f.of(f_orders[at]), own.m.of(m_minor[at]))
        r[at] = HIGH - level(r_days[at], cuts.r_days)
        f[at] = level(f_orders[at], cuts.f)
        m[at] = level(m_minor[at], cuts.m_minor)
        cutoffs[name] = cuts
    return Levels(r, f, m, classify(r, f, m, first_order_age_days), cutoffs)


EIGHTS: Final = {
    "important_value": (Words("重要价值客户", "Champions"), (True, True, True)),
    "important_growth": (Words("重要发展客户", "Valuable, seldom"), (True, False, True)),
    "important_keep": (Words("重要保持客户", "Valuable, away"), (False, True, True)),
    "important_rescue": (Words("重要挽留客户", "Valuable, at risk"), (False, False, True)),
    "general_value": (Words("一般价值客户", "Regulars"), (True, True, False)),
    "general_growth": (Words("一般发展客户", "Newcomers"), (True, False, False)),
    "general_keep": (Words("一般保持客户", "Regulars, away"), (False, True, False)),
    "general_rescue": (Words("一般挽留客户", "Sleeping"), (False, False, False)),
}
"""The trade's eight classes: whether R, F and M are up. Up is mid or high: above the first cut-off."""


def eight_of(r: str, f: str, m: str) -> str:
    """Which of the trade's eight classes a cell (levels by name) belongs to."""
    up = tuple(level != LEVELS[LOW] for level in (r, f, m))
    return next(key for key, (_, wanted) in EIGHTS.items() if wanted == up)


def bucket_labels(bounds: tuple[float, ...], *, whole: bool = False) -> list[str]:
    """Labels of the classes that upper bounds cut: `≤ a`, `a–b`, `> z`, whole numbers without decimals.

    Counts (`whole`) begin at zero and have nothing between two neighbours: `0`, `1`, `2–5`, `≥ 6`.
    """
    if whole:
        firsts = [0, *(int(b) + 1 for b in bounds[:-1])]
        spans = [f"{a}" if a == int(b) else f"{a}–{int(b)}" for a, b in zip(firsts, bounds, strict=True)]
        return [*spans, f"≥ {int(bounds[-1]) + 1}"]
    text = [f"{b:g}" for b in bounds]
    between = [f"{a}–{b}" for a, b in pairwise(text)]
    return [f"≤ {text[0]}", *between, f"> {text[-1]}"]


def masked(field: str, value: str) -> str:
    """A personal value as everybody with access may see it: two digits of a phone, the first letter of a name."""
    if field == "phone":
        return f"{value[:3]}******{value[-2:]}" if len(value) >= 7 else "***"
    if field == "email":
        name, _, host = value.partition("@")
        return f"{name[:1]}***@{host}" if host else "***"
    return f"{value[:1]}***" if value else ""


def neutralised(value: object) -> object:
    """A cell that no spreadsheet runs as a formula: texts that begin like one get an apostrophe. Numbers stay."""
    if value is None:
        return ""
    text = str(value)
    risky = text[:1] in ("=", "+", "-", "@", "\t", "\r", "\n")
    return "'" + text if risky and isinstance(value, str) and not _is_number(text) else value


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def with_choices(
    tags: pa.Table,
    person_of: npt.NDArray[np.int32],
    deleted: Sequence[tuple[int, str]],
    corrected: Sequence[tuple[int, str, str]],
) -> pa.Table:
    """The tags (one row for each `person_no`) as people want them: corrected values in the place of computed ones, then nothing
    where somebody deleted a tag. Both are given by identifier."""
    rows = {number: row for row, number in enumerate(tags["person_no"].to_pylist())}
    changes: dict[str, dict[int, str | None]] = {}
    for alias_no, tag, value in [*corrected, *((a, t, None) for a, t in deleted)]:
        row = rows.get(int(person_of[alias_no])) if alias_no < len(person_of) else None
        if row is not None and tag in tags.schema.names:
            changes.setdefault(tag, {})[row] = value
    for tag, values in changes.items():
        column = tags[tag].to_pylist()
        for row, value in values.items():
            column[row] = value
        position = tags.schema.get_field_index(tag)
        tags = tags.set_column(
            position, tags.schema.field(tag), pa.array(column, tags.schema.field(tag).type)
        )
    return tags
