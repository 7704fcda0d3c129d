"""Paging: opaque cursors over a stable order."""

import base64
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Item = TypeVar("Item")
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items, the cursor of the next page (None on the last) and, where it is cheap, how many there are in all."""

    items: list[Item]
    next_cursor: str | None = None
    total: int | None = None


def write_cursor(*values: str | int | float | None) -> str:
    """The position after the last item as an opaque text."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def read_cursor(cursor: str, length: int) -> list[str | int | float | None]:
    """The values of a cursor that has `length` of them; raises Refused `bad_cursor`."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        values: list[str | int | float | None] = msgspec.json.decode(raw, type=list[str | int | float | None])
    except (ValueError, msgspec.DecodeError):
        values = []
    if len(values) != length:
        raise Refused(
            "bad_cursor",
            Words(
                "分页游标无效，请从第一页重新开始。", "The cursor is not valid; start from the first page."
            ),
            place="cursor",
        )
    return values


def page_size(limit: int | None, default: int = 50) -> int:
    """A page length between 1 and 500."""
    return max(1, min(LARGEST_PAGE, default if limit is None else limit))
