"""Grouping identifiers into persons. Pure, and independent of the order in which facts arrived."""

import re
from collections.abc import Iterable

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from weaktie.data.identity.contracts import ERASED, Identifier

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]

PHONE = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}|\+\d{8,15}")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
ID_CARD = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{9}[\dXx]")
SPANS = pa.schema(
    [("alias_no", pa.int32()), ("from_us", pa.int64()), ("to_us", pa.int64()), ("owner_no", pa.int32())]
)
FOREVER_US = 2**62


def is_personal(kind: str, value: str) -> bool:
    """Whether the identifier itself is personal data: a phone number, an e-mail address, an identity card number."""
    if kind in ("phone", "email"):
        return True
    return bool(PHONE.fullmatch(value) or EMAIL.fullmatch(value) or ID_CARD.fullmatch(value))


def is_masked(value: str) -> bool:
    """Whether the value is masked (`186******05`): such a value is shared by many people and never a key."""
    return "***" in value


def normalised(kind: str, value: str) -> str:
    """The form in which a value is compared: phones without separators and the Chinese prefix, e-mail in lower case."""
    value = value.strip()
    if kind == "phone":
        digits = re.sub(r"[\s()-]", "", value)
        return re.sub(r"^(?:\+86|0086|86(?=1[3-9]\d{9}$))", "", digits)
    return value.lower() if kind == "email" else value


def is_usable(identifier: Identifier) -> bool:
    """Whether a value can name one person: not empty, not masked, not over 200 characters."""
    value = identifier[1].strip()
    return 0 < len(value) <= 200 and not is_masked(value)


def persons(
    aliases: int,
    strong: Iterable[tuple[int, int]],
    contacts: dict[int, list[int]],
    logins: dict[int, list[int]],
) -> tuple[I32, list[int]]:
    """The person of each alias number below `aliases`, and the anonymous ids that several persons share.

    `strong` pairs of logins are one person. A phone or e-mail (`contacts`: alias → logins) joins its login only where
    all its logins are one person; an anonymous id (`logins`: alias → logins) likewise. So two logins never merge
    through something that two people can share, and no order of facts changes the outcome.
    """
    parent = np.arange(aliases, dtype=np.int32)
    pairs = np.array(list(strong), np.int32).reshape(-1, 2)
    _unite(parent, pairs)
    settled = _roots(parent)
    shared: list[int] = []
    joined: list[tuple[int, int]] = []
    for table, may_share in ((contacts, False), (logins, True)):
        for alias, owners in table.items():
            people = {int(settled[o]) for o in owners}
            if len(people) == 1:
                joined.append((alias, people.pop()))
            elif may_share:
                shared.append(alias)
    _unite(parent, np.array(joined, np.int32).reshape(-1, 2))
    return _roots(parent), sorted(shared)


def hide(person_of: I32, erased: Iterable[int]) -> I32:
    """The map with erased identifiers belonging to nobody; the rest of a component keeps its smallest living number."""
    gone = np.fromiter(erased, np.int32)
    if len(gone) == 0:
        return person_of
    result = person_of.copy()
    result[gone] = ERASED
    living = np.flatnonzero(result != ERASED)
    smallest: dict[int, int] = {}
    for alias in living[np.isin(result[living], gone)]:
        smallest.setdefault(int(result[alias]), int(alias))
    for old, new in smallest.items():
        result[(result == old)] = new
    return result


def spans_of(alias_no: I32, at_us: I64, owner_no: I32) -> pa.Table:
    """Whose a shared anonymous id was when: from instants at which a login used it (any order).

    Its events belong to the login that used it last before them, and before the first login to that one.
    """
    order = np.lexsort((owner_no, at_us, alias_no))
    rows: list[tuple[int, int, int, int]] = []
    for i in order:
        alias, at, owner = int(alias_no[i]), int(at_us[i]), int(owner_no[i])
        if rows and rows[-1][0] == alias:
            last = rows[-1]
            if last[3] == owner:
                continue
            rows[-1] = (alias, last[1], at, last[3])
            rows.append((alias, at, FOREVER_US, owner))
        else:
            rows.append((alias, -FOREVER_US, FOREVER_US, owner))
    kept = [r for r in rows if r[1] < r[2]]
    columns = [pa.array([row[i] for row in kept], field.type) for i, field in enumerate(SPANS)]
    return pa.table(columns, schema=SPANS)


@numba.njit(cache=True)
def _find(parent, x):  # type: ignore[no-untyped-def]
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x


@numba.njit(cache=True)
def _unite(parent, pairs):  # type: ignore[no-untyped-def]
    for row in range(len(pairs)):
        a = _find(parent, pairs[row, 0])
        b = _find(parent, pairs[row, 1])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b


@numba.njit(cache=True)
def _roots(parent):  # type: ignore[no-untyped-def]
    result = np.empty_like(parent)
    for x in range(len(parent)):
        result[x] = _find(parent, x)
    return result
