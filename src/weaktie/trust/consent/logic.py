"""The rules of consent: what a basis grants, what a receipt overrides. No I/O."""

from collections.abc import Iterable, Mapping

import numpy as np

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words
from weaktie.trust.consent.contracts import (
    BASES,
    I32,
    NAME_OF,
    NO_SOURCE_WORDS,
    PURPOSE_NAMES,
    RECEIPT_WORDS,
    U8,
    PurposeState,
    Receipt,
    SeenIn,
    SourceBasis,
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


def states(receipts: Iterable[Receipt], bases: Iterable[SourceBasis]) -> list[PurposeState]:
    """Each purpose of one person: the latest receipt holds, else the first source whose basis grants it, else none."""
    latest = latest_by_purpose(receipts)
    ordered = sorted(bases, key=lambda b: b.since_us)
    found = []
    for name, purpose in PURPOSE_NAMES.items():
        receipt = latest.get(int(purpose))
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
    yes = np.zeros(len(person_of), np.uint8)
    no = np.zeros(len(person_of), np.uint8)
    inside = alias_nos < len(person_of)
    people = person_of[alias_nos[inside]]
    purposes, granted = purposes[inside], granted[inside]
    for purpose in PURPOSE_NAMES.values():
        mine = (purposes == purpose) & (people >= 0)
        held = np.full(len(person_of), -1, np.int8)
        held[people[mine]] = granted[mine]  # of repeated indices the last one stays
        yes |= np.where(held == 1, np.uint8(purpose), np.uint8(0))
        no |= np.where(held == 0, np.uint8(purpose), np.uint8(0))
    return yes, no


def effective_masks(basis: U8, granted: U8, refused: U8) -> U8:
    """What may be served: the basis without what was refused, and what was granted."""
    return (basis & ~refused) | granted


def named(mask: int) -> list[str]:
    """The names of a mask's purposes."""
    return [name for purpose, name in NAME_OF.items() if mask & purpose]
