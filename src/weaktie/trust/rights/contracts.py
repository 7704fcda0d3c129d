"""Erasure and access, as those who own data and those who ask see them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from weaktie.kit.errors import NotFound, Refused
from weaktie.kit.words import Words

RUNNING, DONE = "running", "done"
STEP_WAITING, STEP_DONE, STEP_FAILED = "waiting", "done", "failed"


@dataclass(frozen=True, slots=True)
class Person:
    """One person by number, with all their identifiers' numbers."""

    person_no: int
    alias_nos: tuple[int, ...]


class PersonOf(Protocol):
    """Where identity tells who stands behind an id of any kind."""

    def __call__(self, connection: Connection, user_id: str, /) -> Person | None:
        """The living person, or None."""
        ...


class Bury(Protocol):
    """Where identity hides a person at once."""

    def __call__(self, tx: Connection, alias_nos: Sequence[int], now_us: int, /) -> Mapping[int, str]:
        """Put tombstones on the identifiers in the caller's transaction; returns the look-up text each of them had. Those
        that are hidden already are left out."""
        ...


class LookupsOf(Protocol):
    """Where identity lists everybody, so that erasures can be found again in a restored backup."""

    def __call__(self, connection: Connection, /) -> Iterable[tuple[int, str]]:
        """(alias number, look-up text) of every living identifier."""
        ...


class Eraser(Protocol):
    """What every capability that keeps data about people gives the registry."""

    name: str

    def erase(self, alias_nos: Sequence[int]) -> dict[str, int]:
        """Remove what is kept about these identifiers, in transactions of its own; returns how many rows went, by table.

        Doing it twice removes nothing more. Raises a Refused (`busy`) when it must be tried again later.
        """
        ...


class Exporter(Protocol):
    """What every capability that keeps data about people gives for a copy of it."""

    name: str

    def export(self, connection: Connection, alias_nos: Sequence[int]) -> dict[str, list[dict[str, object]]]:
        """Rows about these identifiers, by table, in plain values."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """What one eraser did: rows by table, and the SHA-256 over its outcome and the step before it."""

    name: str
    state: str
    removed: dict[str, int]
    note: str | None
    at_us: int | None
    digest: str | None

    @property
    def rows(self) -> int:
        """Rows that went, all tables together."""
        return sum(self.removed.values())


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure and its proof. `subject` is the beginning of a keyed hash; the identifier itself is not kept."""

    erasure_id: str
    subject: str
    state: str
    reason: str
    actor: str
    asked_us: int
    ended_us: int | None
    identifiers: int
    proof: str | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What re-applying the journal did: lines read, lines that are damaged, erasures that had to be done again."""

    lines: int
    damaged: int
    again: list[str]


@dataclass(frozen=True, slots=True)
class Hit:
    """A planted value that was found: which one (its index), in which file or table, and where in it."""

    needle: int
    store: str
    place: str


class NoPerson(NotFound):
    """Nobody living has this id."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_person", Words("没有这个用户。", "There is no such person."), place="user_id"
        )


class NotConfirmed(Refused):
    """An erasure cannot be undone; the id has to be typed again."""

    def __init__(self) -> None:
        super().__init__(
            "not_confirmed",
            Words("请再次输入该用户的 ID 以确认删除。", "Type the person's id again to confirm the erasure."),
            place="confirm",
        )


# --- requests --------------------------------------------------------------------------------------------------------

KINDS: dict[str, Words] = {
    "see": Words("查阅", "See"),
    "copy": Words("复制（导出）", "Copy"),
    "correct": Words("更正", "Correct"),
    "erase": Words("删除", "Erase"),
    "close": Words("注销账号", "Close account"),
    "explain": Words("要求解释", "Explain"),
}
CLOSED = ("done", "refused")
WORKABLE = ("verified", "in_progress")
"""States in which the identity was checked and the request may be acted on."""
NEXT_STATES: dict[str, frozenset[str]] = {
    "received": frozenset({"verified", "refused"}),
    "verified": frozenset({"in_progress", "done", "refused"}),
    "in_progress": frozenset({"in_progress", "done", "refused"}),
    "done": frozenset(),
    "refused": frozenset(),
}


@dataclass(frozen=True, slots=True)
class RequestStep:
    """One thing that was done about a request, and the state after it."""

    action: str
    state: str
    actor: str
    note: str
    at_us: int


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for by right. It names the person by a number only."""

    request_id: str
    kind: str
    state: str
    channel: str
    alias_no: int
    actor: str
    asked_us: int
    due_us: int
    closed_us: int | None
    erasure_id: str | None
    proof: str | None
    steps: tuple[RequestStep, ...]


class CopyGone(NotFound):
    """A ticket for a copy that is unknown, used or too old: one answer for all."""

    def __init__(self) -> None:
        super().__init__(
            "copy_gone",
            Words(
                "该副本已下载过或已过期，请重新生成。",
                "This copy was fetched already or has expired; make it again.",
            ),
            place="ticket",
        )
