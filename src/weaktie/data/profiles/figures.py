"""The figures of whole pages: distributions of tags, cells and classes of RFM, facets. From one wide table; pure."""

from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from weaktie.data.profiles.catalogue import BY_KEY, TAGS
from weaktie.data.profiles.logic import (
    CLASS_WORDS,
    CLASSES,
    LEVELS,
    TIER_WORDS,
    TIERS,
    Cutoffs,
    bucket_labels,
)  # fmt: skip
from weaktie.data.profiles.tags import Tag
from weaktie.kit.words import Words

LARGEST_VALUES = 12
OTHERS = Words("其他", "Others")
YES, NO = Words("是", "Yes"), Words("否", "No")
Json = dict[str, Any]


def tag_figures(facts: pa.Table) -> Json:
    """For each tag its coverage (share of people with a value) and its distribution."""
    people = max(facts.num_rows, 1)
    found = {}
    for tag in TAGS:
        column = facts[tag.key].drop_null()
        found[tag.key] = {"coverage": len(column) / people, "distribution": _distribution(tag, column)}
    return found


def facets(facts: pa.Table) -> Json:
    """How many people have which tier, class, channel, province, gender; the most frequent first."""
    genders, channels = BY_KEY["gender"].labels or {}, BY_KEY["acquisition_channel"].labels or {}
    return {
        "tiers": _facet(facts["tier"], TIER_WORDS, TIERS),
        "rfm": _facet(facts["rfm_class"], CLASS_WORDS, CLASSES),
        "channels": _facet(facts["acquisition_channel"], channels),
        "provinces": _facet(facts["province"], {}),
        "genders": _facet(facts["gender"], genders),
    }


def rfm_figures(facts: pa.Table, cutoffs: dict[str, Cutoffs]) -> Json:
    """Cells, classes and tiers with people, net spend by currency and orders; cut-offs by currency.

    `spend_minor` of a cell or class is in the currency with most buyers; `spend` has every currency apart.
    """
    rows = facts.filter(pc.is_valid(facts["rfm_class"]))
    people = rows.num_rows
    currencies = rows["currency"].value_counts().to_pylist()
    main = min((c["values"] for c in sorted(currencies, key=lambda c: -c["counts"])[:1]), default=None)
    grouped = _grouped(rows, ["r", "f", "m"])
    levels = tuple(reversed(LEVELS))
    cells = [
        {"r": r, "f": f, "m": m} | _sums(grouped.get((r, f, m), {}), people, main)
        for r, f, m in product(levels, levels, levels)
    ]
    classes, tiers = _grouped(rows, ["rfm_class"]), _grouped(rows, ["tier"])
    return {
        "people": people,
        "currency": main,
        "cells": cells,
        "classes": [
            {"key": k, "words": CLASS_WORDS[k].as_dict()} | _sums(classes.get((k,), {}), people, main)
            for k in CLASSES
        ],
        "tiers": [
            {"key": k, "words": TIER_WORDS[k].as_dict()} | _sums(tiers.get((k,), {}), people, main)
            for k in TIERS
        ],
        "cutoffs": {name: cuts.as_dict() for name, cuts in cutoffs.items()},
    }


def _grouped(rows: pa.Table, keys: list[str]) -> dict[tuple[str, ...], dict[str, Json]]:
    """By key, then by currency: count, spend_minor, orders."""
    table = rows.group_by([*keys, "currency"]).aggregate(
        [("person_no", "count"), ("m_minor", "sum"), ("f_orders", "sum")]
    )
    found: dict[tuple[str, ...], dict[str, Json]] = {}
    for row in table.to_pylist():
        found.setdefault(tuple(row[k] for k in keys), {})[row["currency"]] = {
            "count": row["person_no_count"],
            "spend_minor": row["m_minor_sum"],
            "orders": row["f_orders_sum"],
        }
    return found


def _sums(by_currency: dict[str, Json], people: int, main: str | None) -> Json:
    count = sum(c["count"] for c in by_currency.values())
    return {
        "count": count,
        "share": count / people if people else 0.0,
        "orders": sum(c["orders"] for c in by_currency.values()),
        "spend_minor": by_currency[main]["spend_minor"] if main in by_currency else 0,
        "spend": [
            {"amount_minor": c["spend_minor"], "currency": name} for name, c in sorted(by_currency.items())
        ],
    }


def _facet(column: pa.ChunkedArray, words: dict[str, Words], order: tuple[str, ...] = ()) -> list[Json]:
    counts = {c["values"]: c["counts"] for c in column.value_counts().to_pylist() if c["values"] is not None}
    values = order or sorted(counts, key=lambda v: (-counts[v], v))[:200]
    return [
        {"value": v, "words": words.get(v, Words(v, v)).as_dict(), "count": counts.get(v, 0)}
        for v in values
        if v
    ]


def _distribution(tag: Tag, column: pa.ChunkedArray) -> list[Json]:
    if len(column) == 0:
        return []
    if tag.dtype == "text":
        counts = {c["values"]: c["counts"] for c in column.value_counts().to_pylist()}
        ranked = sorted(counts, key=lambda v: (-counts[v], v))
        labels = tag.labels or {}
        shown = [(labels.get(v) or Words(v or "—", v or "—"), counts[v]) for v in ranked[:LARGEST_VALUES]]
        rest = sum(counts[v] for v in ranked[LARGEST_VALUES:])
        shown += [(OTHERS, rest)] if rest else []
    elif tag.dtype == "bool":
        yes = int(pc.sum(column).as_py() or 0)
        shown = [(YES, yes), (NO, len(column) - yes)]
    else:
        at = np.searchsorted(np.array(tag.bounds, float), column.to_numpy().astype(float), side="left")
        counted = np.bincount(at, minlength=len(tag.bounds) + 1).tolist()
        shown = [(Words(t, t), n) for t, n in zip(_bucket_words(tag), counted, strict=True)]
    return [{"label": words.as_dict(), "count": count} for words, count in shown]


def _bucket_words(tag: Tag) -> list[str]:
    scale = 100 if tag.share else 0.01 if tag.dtype == "money" else 1
    labels = bucket_labels(tuple(b * scale for b in tag.bounds), whole=tag.dtype == "int")
    return [f"{label} %" for label in labels] if tag.share else labels
