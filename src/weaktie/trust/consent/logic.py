"""The rules of consent: what a basis grants, what a receipt overrides. No I/O."""

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np

from weaktie.kit.clock import EPOCH_DAY
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import (
    ADULT,
    BASES,
    CHILD_WORDS,
    I32,
    NAME_OF,
    NO_SOURCE_WORDS,
    OUTDATED_WORDS,
    PURPOSE_NAMES,
    RECEIPT_WORDS,
    U8,
    Band,
    Material,
    Notice,
    Prompt,
    Purpose,
    PurposeState,
    Receipt,
    SeenIn,
    SourceBasis,
    Young,
)


def checked_basis(basis: Mapping[str, object]) -> dict[str, str]:
    """A basis with every purpose named, in their order; a purpose that is not given is `ask_us`.

    Raises Refused `bad_basis` for an unknown purpose or basis.
    """
    for purpose, given in basis.items():
        if purpose not in PURPOSE_NAMES or given not in BASES:
            raise Refused(
                "bad_basis",
                Words(
                    "用途只能是 " + "、".join(PURPOSE_NAMES) + "；依据只能是 " + "、".join(BASES) + "。",
                    f"Purposes are {', '.join(PURPOSE_NAMES)}; bases are {', '.join(BASES)}.",
                ),
                place=f"basis.{purpose}"[:64],
            )
    return {purpose: str(basis.get(purpose, "ask_us")) for purpose in PURPOSE_NAMES}


def purposes_of_basis(basis: Mapping[str, str]) -> int:
    """The mask of purposes a basis grants by itself: by contract or by consent upstream; `ask_us` grants none."""
    mask = 0
    for name, purpose in PURPOSE_NAMES.items():
        if basis.get(name) in ("contract", "consented_upstream"):
            mask |= purpose
    return mask


def latest_by_purpose(receipts: Iterable[Receipt]) -> dict[int, Receipt]:
    """The receipt that holds for each purpose: the latest; of two at the same instant the one recorded later."""
    latest: dict[int, Receipt] = {}
    for receipt in sorted(receipts, key=lambda r: (r.at_us, r.receipt_id)):
        latest[int(receipt.purpose)] = receipt
    return latest


def outdated(receipt: Receipt, material: Mapping[int, Material]) -> bool:
    """Whether a grant was given to a text that has changed materially since. A grant to no text is as old as its time."""
    changed = material.get(int(receipt.purpose))
    if changed is None or not receipt.granted:
        return False
    if receipt.notice_version is None:
        return receipt.at_us < changed.published_us
    return receipt.notice_version < changed.version


def states(
    receipts: Iterable[Receipt],
    bases: Iterable[SourceBasis],
    material: Mapping[int, Material] | None = None,
    young: Young = ADULT,
) -> list[PurposeState]:
    """Each purpose of one person: a child's age refuses first; then the latest receipt holds, unless its text changed
    materially; else the first source whose basis grants it, else none."""
    latest = latest_by_purpose(receipts)
    ordered = sorted(bases, key=lambda b: b.since_us)
    found = []
    for name, purpose in PURPOSE_NAMES.items():
        receipt = latest.get(int(purpose))
        if young.refused & purpose:
            found.append(PurposeState(purpose, False, "minor", CHILD_WORDS, None, None))
            continue
        if receipt is not None and outdated(receipt, material or {}):
            found.append(
                PurposeState(purpose, False, "outdated", OUTDATED_WORDS, receipt.source_id, receipt.at_us)
            )
            continue
        if receipt is not None:
            found.append(
                PurposeState(
                    purpose, receipt.granted, receipt.basis, BASES.get(receipt.basis, RECEIPT_WORDS),
                    receipt.source_id, receipt.at_us,
                )
            )  # fmt: skip
            continue
        granting = [b for b in ordered if purposes_of_basis(b.basis) & purpose]
        asking = granting or ordered
        if asking:
            basis = asking[0].basis.get(name, "ask_us")
            found.append(
                PurposeState(
                    purpose, bool(granting), basis, BASES[basis], asking[0].source_id, asking[0].since_us
                )
            )
        else:
            found.append(PurposeState(purpose, False, "none", NO_SOURCE_WORDS, None, None))
    return found


def basis_masks(person_of: I32, seen: SeenIn, basis_of: Mapping[str, int]) -> U8:
    """The mask that the sources grant each person, indexed by person number: all sources of all identifiers together."""
    masks = np.zeros(len(person_of), np.uint8)
    codes = np.asarray([basis_of.get(source, 0) for source in seen.source_ids] or [0], np.uint8)
    inside = seen.alias_nos < len(person_of)
    people = person_of[seen.alias_nos[inside]]
    living = people >= 0
    np.bitwise_or.at(masks, people[living], codes[seen.source_codes[inside][living]])
    return masks


def override_masks(
    person_of: I32, alias_nos: I32, purposes: U8, granted: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[U8, U8]:
    """Masks granted and refused by receipts, indexed by person number. Receipts come oldest first; the last of a person and
    purpose holds, whichever identifier it came through."""
    yes, no, _ = held_masks(person_of, alias_nos, purposes, granted.astype(np.int8))
    return yes, no


REFUSED, GRANTED, OUTDATED = 0, 1, 2


def held_masks(
    person_of: I32,
    alias_nos: I32,
    purposes: U8,
    said: np.ndarray[tuple[int], np.dtype[np.int8]],
    subjects: Iterable[Purpose] = tuple(PURPOSE_NAMES.values()),
) -> tuple[U8, U8, U8]:
    """`override_masks` with a third answer: masks granted, refused, and granted to a text that has changed since."""
    masks = np.zeros((3, len(person_of)), np.uint8)
    inside = alias_nos < len(person_of)
    people = person_of[alias_nos[inside]]
    purposes, said = purposes[inside], said[inside]
    for purpose in subjects:
        mine = (purposes == purpose) & (people >= 0)
        held = np.full(len(person_of), -1, np.int8)
        held[people[mine]] = said[mine]  # of repeated indices the last one stays
        for answer in (GRANTED, REFUSED, OUTDATED):
            masks[answer] |= np.where(held == answer, np.uint8(purpose), np.uint8(0))
    return masks[GRANTED], masks[REFUSED], masks[OUTDATED]


def effective_masks(basis: U8, granted: U8, refused: U8) -> U8:
    """What may be served: the basis without what was refused, and what was granted."""
    return (basis & ~refused) | granted


def named(mask: int) -> list[str]:
    """The names of a mask's purposes."""
    return [name for purpose, name in NAME_OF.items() if mask & purpose]


# --- age -------------------------------------------------------------------------------------------------------------

FAR_DAY = 1_000_000
"""A day that never comes: a child of whom no date is known stays one until somebody says otherwise."""
YEAR_DAYS = 366


def age_days(name: str, value: str, today: int) -> tuple[int, int] | None:
    """(day from which 14, day from which 18) of a stated `birthday` (any date with a year first) or `age` in years, each
    rounded to the later side so that protection never ends early; None for what cannot be read."""
    if name == "age":
        try:
            years = int(float(value))
        except (ValueError, OverflowError):
            return None
        if not 0 <= years <= 130:
            return None
        return today + (14 - years) * YEAR_DAYS, today + (18 - years) * YEAR_DAYS
    found = re.match(r"\s*(\d{4})(?:[-/.年]?(\d{1,2}))?", value)
    if found is None or not 1900 <= int(found[1]) <= 2200:
        return None
    year, month = int(found[1]), int(found[2] or 12)
    if not 1 <= month <= 12:
        return None
    return _month_after(year + 14, month), _month_after(year + 18, month)


def _month_after(year: int, month: int) -> int:
    ahead = date(year + month // 12, month % 12 + 1, 1)
    return (ahead - EPOCH_DAY).days


def band_of(turns_14_day: int, turns_18_day: int, today: int) -> Band:
    """The band on a day."""
    if today < turns_14_day:
        return "child"
    return "youth" if today < turns_18_day else "adult"


# --- asking ----------------------------------------------------------------------------------------------------------


def decide_prompt(
    state: PurposeState,
    notice: Notice | None,
    *,
    refused_us: int | None,
    asked_us: int | None,
    now_us: int,
    wait_us: int,
) -> Prompt:
    """Whether to ask for one subject now. `refused_us` is when the person last said no, if that still holds; `asked_us`
    when a shop was last told to ask. After a refusal there is at most one prompt in `wait_us`."""
    subject = NAME_OF[state.purpose]
    if notice is None:
        return Prompt(subject, False, "no_text", None)
    if state.basis == "minor":
        return Prompt(subject, False, "minor", notice)
    if state.granted:
        return Prompt(subject, False, "granted", notice)
    if refused_us is not None:
        again_us = max(refused_us, asked_us or 0) + wait_us
        if now_us < again_us:
            return Prompt(subject, False, "refused_recently", notice, again_us)
        return Prompt(subject, True, "refused_long_ago", notice)
    return Prompt(subject, True, "text_changed" if state.basis == "outdated" else "not_asked", notice)


def text_diff(before: str, after: str) -> list[tuple[str, str]]:
    """Lines of two texts as (`same`, `gone` or `new`, line), in reading order."""
    names = {"  ": "same", "- ": "gone", "+ ": "new"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(names[line[:2]], line[2:]) for line in lines if line[:2] in names]
