"""The ledger's arithmetic: names, seals, hashes, what a posting must be. Pure."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from weaktie.trust.ledger.contracts import KINDS, LARGEST, LONGEST_MEMO, Account, BadPosting, Move

FIRST_PREVIOUS: Final = "0" * 64
PERSON: Final = re.compile(r"p[0-9]{1,10}")
_OWNER: Final = re.compile(r"[A-Za-z0-9_.:-]{0,64}")
_UNIT: Final = re.compile(r"[A-Z]{3}|points|(?:coupon|goods):[A-Za-z0-9_.-]{1,64}")
_KIND: Final = re.compile(r"[a-z][a-z0-9_.]{0,39}")
_MEMO: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
MOST_MOVES: Final = 16
MOST_MEMOS: Final = 8
_ENCODED: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True).encode
Entry = tuple[int, int, str]
"""Account number, signed amount, the account's seal."""


def name_of(account: Account) -> str:
    """The account as one text."""
    return f"{account.kind}|{account.owner}|{account.unit}"


def seal_of(name: str, salt: str) -> str:
    """What the chain knows of an account's name: nothing once the salt is gone."""
    return hashlib.sha256(f"{salt}|{name}".encode()).hexdigest()


def key_digest(key: str) -> str:
    """How an idempotency key is kept."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def digest(value: object) -> str:
    """SHA-256 over a value's JSON without spaces, in hex."""
    return hashlib.sha256(_ENCODED(value).encode()).hexdigest()


def row_hash(
    row: Sequence[object], entries: Iterable[Entry], memos: Iterable[tuple[str, str]], previous_hash: str
) -> str:
    """The hash of a row: its own columns up to `reason` in their order, its entries, its memos by name, the hash before."""
    return digest([list(row), [list(e) for e in entries], sorted(map(list, memos)), previous_hash])


def check_posting(key: str, kind: str, memo: Mapping[str, str]) -> None:
    """Raises BadPosting unless key, kind and memo can be kept."""
    if not 1 <= len(key) <= 300:
        raise BadPosting("key")
    if not _KIND.fullmatch(kind):
        raise BadPosting("kind")
    if len(memo) > MOST_MEMOS:
        raise BadPosting("memo")
    for name, value in memo.items():
        plain = 0 < len(value) <= LONGEST_MEMO and value.isprintable()
        if not _MEMO.fullmatch(name) or not plain or value.startswith("@"):
            raise BadPosting(f"memo.{name}"[:60])


def check_moves(moves: Sequence[Move] | None) -> Sequence[Move]:
    """The moves when they are sound; raises BadPosting: there is one at least, accounts differ and have one unit."""
    if not moves or len(moves) > MOST_MOVES:
        raise BadPosting("moves")
    for move in moves:
        if type(move.amount) is not int or not 0 < move.amount <= LARGEST:
            raise BadPosting("amount")
        if move.src.unit != move.dst.unit or move.src == move.dst:
            raise BadPosting("unit")
        for account in (move.src, move.dst):
            if account.kind not in KINDS:
                raise BadPosting("kind")
            if not _OWNER.fullmatch(account.owner) or account.owner.startswith("erased:"):
                raise BadPosting("owner")
            if not _UNIT.fullmatch(account.unit):
                raise BadPosting("unit")
    return moves


def is_sound_account(kind: str, owner: str, unit: str) -> bool:
    """Whether there can be such an account."""
    return kind in KINDS and _OWNER.fullmatch(owner) is not None and _UNIT.fullmatch(unit) is not None


def remaining(original: Sequence[Move], taken_back: Sequence[Sequence[Move]]) -> list[Move]:
    """What of the original is not taken back yet, as moves in the original's direction."""
    left: dict[tuple[Account, Account], int] = {}
    for move in original:
        left[(move.src, move.dst)] = left.get((move.src, move.dst), 0) + move.amount
    for moves in taken_back:
        for move in moves:
            left[(move.dst, move.src)] = left.get((move.dst, move.src), 0) - move.amount
    return [Move(src, dst, amount) for (src, dst), amount in left.items() if amount > 0]


def backwards(left: Sequence[Move], wanted: Sequence[Move] | None) -> list[Move] | None:
    """The moves that take back what is wanted of what is left; None where less is left, or nothing.

    `wanted` may be given in the original's direction or in the direction in which it flows back; None wants everything.
    """
    if wanted is None:
        return [Move(m.dst, m.src, m.amount) for m in left] or None
    rest = {(m.src, m.dst): m.amount for m in left}
    found = []
    for move in wanted:
        way = (move.src, move.dst) if (move.src, move.dst) in rest else (move.dst, move.src)
        rest[way] = rest.get(way, 0) - move.amount
        if rest[way] < 0:
            return None
        found.append(Move(way[1], way[0], move.amount))
    return found
