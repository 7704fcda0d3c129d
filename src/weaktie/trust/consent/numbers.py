"""How many people have granted, refused or not said, by purpose and by source, and how that went over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, func, select

from weaktie.kit.clock import DAY_US
from weaktie.trust.consent.contracts import (
    I32,
    NAME_OF,
    PURPOSE_NAMES,
    SEPARATE_NAMES,
    SUBJECTS,
    U8,
    Purpose,
    SeenIn,
)
from weaktie.trust.consent.logic import held_masks
from weaktie.trust.consent.tables import consent_receipts

if TYPE_CHECKING:
    from weaktie.trust.consent.service import Consent

DAYS = 30


@dataclass(frozen=True, slots=True)
class Count:
    """People by their answer to one subject; `unknown` have said nothing and no basis speaks for them."""

    subject: str
    granted: int
    refused: int
    unknown: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """Receipts of one UTC day."""

    day: int
    subject: str
    granted: int
    refused: int


@dataclass(frozen=True, slots=True)
class Numbers:
    """The figures of the consent page."""

    people: int
    minors: int
    subjects: list[Count]
    by_source: list[tuple[str, int, list[Count]]]
    by_day: list[DayCount]


def numbers_of(
    consent: "Consent", connection: Connection, person_of: I32, seen: SeenIn, basis_of: Mapping[str, int]
) -> Numbers:
    """Counts of living people; arguments as in `Consent.person_masks`."""
    granted, refused = consent.person_masks(connection, person_of, lambda _: seen, basis_of)
    own_granted, own_refused = _separate(connection, person_of)
    granted, refused = granted | own_granted, refused | own_refused
    people = np.flatnonzero(person_of == np.arange(len(person_of))).astype(np.int32)
    people = people[people > 0]
    inside = seen.alias_nos < len(person_of)
    owners, codes = person_of[seen.alias_nos[inside]], seen.source_codes[inside]
    by_source = []
    for code, source_id in enumerate(seen.source_ids):
        there = np.unique(owners[(codes == code) & (owners > 0)])
        by_source.append((source_id, len(there), _counts(there, granted, refused, PURPOSE_NAMES)))
    minors = int(np.count_nonzero(consent.ages.masks(connection, person_of)[people]))
    return Numbers(
        len(people),
        minors,
        _counts(people, granted, refused, SUBJECTS),
        by_source,
        _days(consent, connection),
    )


def _separate(connection: Connection, person_of: I32) -> tuple[U8, U8]:
    rows = connection.execute(
        select(consent_receipts.c.alias_no, consent_receipts.c.purpose, consent_receipts.c.granted)
        .where(consent_receipts.c.purpose >= int(Purpose.SENSITIVE))
        .order_by(consent_receipts.c.at_us, consent_receipts.c.receipt_id)
    ).all()
    yes, no, _ = held_masks(
        person_of, np.asarray([r.alias_no for r in rows], np.int32), np.asarray([r.purpose for r in rows], np.uint8),
        np.asarray([int(r.granted) for r in rows], np.int8), SEPARATE_NAMES.values(),
    )  # fmt: skip
    return yes, no


def _counts(people: I32, granted: U8, refused: U8, subjects: Mapping[str, Purpose]) -> list[Count]:
    found = []
    for name, purpose in subjects.items():
        bit = np.uint8(purpose)
        yes = int(np.count_nonzero(granted[people] & bit))
        no = int(np.count_nonzero((refused[people] & bit) & ~granted[people]))
        found.append(Count(name, yes, no, len(people) - yes - no))
    return found


def _days(consent: "Consent", connection: Connection) -> list[DayCount]:
    since = (consent.clock.now_us() // DAY_US - DAYS + 1) * DAY_US
    start = consent_receipts.c.at_us - consent_receipts.c.at_us % DAY_US
    rows = connection.execute(
        select(
            start, consent_receipts.c.purpose, func.count().filter(consent_receipts.c.granted), func.count()
        )
        .where(consent_receipts.c.at_us >= since)
        .group_by(start, consent_receipts.c.purpose)
        .order_by(start, consent_receipts.c.purpose)
    )
    return [
        DayCount(int(day) // DAY_US, NAME_OF[Purpose(purpose)], int(yes), int(every) - int(yes))
        for day, purpose, yes, every in rows
    ]
