"""Holding what came of people's properties against the plan, one lake file of `users` at a time.

An update of a person carries some of the properties, so none is ever called missing. Personal ones (phone, name …) live in
the vault and are not looked at; those with a column of their own (gender, city …) are texts there and never unplanned.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from weaktie.data.collect.service import trait_name
from weaktie.data.tracking.checking import (
    AUTOMATIC,
    BATCH_ROWS,
    MOST_LOOKS,
    MOST_NAMES,
    as_text,
    decoded,
    fits,
    is_hidden,
)
from weaktie.data.tracking.contracts import Plan, Property
from weaktie.data.tracking.report import OTHERS
from weaktie.kit.logs import mask

COLUMNS = ("gender", "age_band", "province", "city", "channel")
"""Columns of `users` that hold a property as text."""
Group = tuple[int, str]
"""Business day and source."""


@dataclass(slots=True)
class TraitFacts:
    """What a file says: updates and failed ones by group; violations with their count and a masked id of one."""

    updates: dict[Group, list[int]] = field(default_factory=dict)
    violations: dict[tuple[Group, str, str], tuple[int, str]] = field(default_factory=dict)


class TraitRules:
    """The plan's properties of people by the name that the lake has for them; without any nothing is a violation."""

    def __init__(self, plan: Plan) -> None:
        self.properties: Mapping[str, Property] = {trait_name(p.name): p for p in plan.user_properties}

    def differences(self, text: str | None, columns: tuple[str | None, ...]) -> Iterator[tuple[str, str]]:
        """Kinds of violations of one update and the property each is about."""
        if not self.properties:
            return
        for name, value in decoded(text).items():
            planned = self.properties.get(name)
            if value is None or is_hidden(value):
                continue
            if planned is None:
                if name not in AUTOMATIC:
                    yield "unplanned_property", name[:255]
            elif not fits(value, planned.type):
                yield "wrong_type", planned.name
            elif planned.type == "enum" and as_text(value) not in planned.values:
                yield "not_in_enum", planned.name
        for column, value in zip(COLUMNS, columns, strict=True):
            planned = self.properties.get(column)
            if (
                planned is not None
                and planned.type == "enum"
                and value is not None
                and value not in planned.values
            ):
                yield "not_in_enum", planned.name


def check_traits(path: Path, rules: TraitRules, beat: Callable[[], None] = lambda: None) -> TraitFacts:
    """Everything about one file of `users`; `beat` is called now and then."""
    facts = TraitFacts()
    looks: dict[tuple[str | None, ...], frozenset[tuple[str, str]]] = {}
    names: set[str] = set()
    for frame in _batches(path):
        beat()
        for day, source, text, *columns, n, sample in frame.iter_rows():
            key = (text, *columns)
            wrong = looks.get(key)
            if wrong is None:
                if len(looks) >= MOST_LOOKS:
                    looks.clear()
                found = rules.differences(text, tuple(columns))
                wrong = looks[key] = frozenset((kind, _counted(kind, name, names)) for kind, name in found)
            tally = facts.updates.setdefault((day, source), [0, 0])
            tally[0] += n
            tally[1] += n if wrong else 0
            for kind, name in wrong:
                at = ((day, source), kind, name)
                before = facts.violations.get(at)
                facts.violations[at] = (
                    (n, sample) if before is None else (before[0] + n, min(before[1], sample))
                )
    for at, (n, sample) in facts.violations.items():
        facts.violations[at] = (n, mask(sample)[:80])
    return facts


def _counted(kind: str, name: str, known: set[str]) -> str:
    """The name to count under; once a file has too many unplanned ones, new ones are counted together."""
    if kind != "unplanned_property" or name in known:
        return name
    if len(known) >= MOST_NAMES:
        return OTHERS
    known.add(name)
    return name


def _batches(path: Path) -> Iterator[pl.DataFrame]:
    keys = [
        pl.col("day"),
        pl.col("source").fill_null("").str.slice(0, 64),
        pl.col("traits"),
        *map(pl.col, COLUMNS),
    ]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(
            batch_size=BATCH_ROWS, columns=["day", "source", "traits", *COLUMNS, "event_id"]
        ):
            frame = pl.DataFrame(pl.from_arrow(batch))
            yield frame.group_by(keys, maintain_order=True).agg(
                pl.len().alias("n"), pl.col("event_id").min().fill_null("").alias("sample")
            )
