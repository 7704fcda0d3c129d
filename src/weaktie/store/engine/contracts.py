"""What every engine promises: lazy narwhals frames in, Arrow tables out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import narwhals as nw
import pyarrow as pa

from weaktie.kit.errors import Refused, Unavailable
from weaktie.kit.words import Words

MemberType = Literal["text", "number"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(time: str) -> nw.Expr:
    """A time column as microseconds since 1970 UTC."""
    return (nw.col(time) - nw.lit(EPOCH)).dt.total_microseconds()


def has_bit(column: str, bit: int) -> nw.Expr:
    """Whether a column of flags has a bit; null has none."""
    return (nw.coalesce(nw.col(column), nw.lit(0)) // bit) % 2 == 1


class Engine(Protocol):
    """Runs queries; a session is used by one thread."""

    @property
    def in_process(self) -> bool:
        """Whether rows come into this process cheaply, so that a walk over arrays beats a query."""
        ...

    def session(self) -> "Session":
        """A connection of its own, closed by the caller (a context manager)."""
        ...

    def close(self) -> None:
        """Give the resources back."""
        ...


class Session(Protocol):
    """One thread's connection to the engine."""

    def __enter__(self) -> "Session": ...
    def __exit__(self, *args: object) -> None: ...

    def seal(self, files: list[Path]) -> None:
        """From now on the whole engine reads these files and nothing else, writes nothing, and stays so: for an engine of one's
        own (`service.open_apart`) before it runs what a person wrote."""
        ...

    def interrupt(self) -> None:
        """Stop what the session runs, from another thread; the call that ran it raises."""
        ...

    def scan(
        self, paths: list[Path], schema: pa.Schema, *, may_lack: Collection[str] = ()
    ) -> nw.LazyFrame[Any]:
        """The files as one lazy frame in the columns of the schema; with no file an empty frame of it.

        Files may have more columns, which are not seen. A column of `may_lack` is null in the files without it.
        """
        ...

    def table(self, data: pa.Table) -> nw.LazyFrame[Any]:
        """An Arrow table as a lazy frame of this session."""
        ...

    def members(
        self, frame: nw.LazyFrame[Any], column: str, wanted: "Mapping[str, tuple[str, MemberType]]"
    ) -> nw.LazyFrame[Any]:
        """The frame with further columns, `wanted[new column]` being (key of the JSON object in `column`, type).

        As `text` numbers and what is nested are their JSON; as `number` only finite numbers and texts that are nothing but
        one have a value. Null where the key is missing or null, or the column holds no JSON. Any key is safe.
        """
        ...

    def collect(self, frame: nw.LazyFrame[Any]) -> pa.Table:
        """Run the frame."""
        ...

    def text(self, frame: nw.LazyFrame[Any]) -> str:
        """A frame over files alone as a text of the engine's own SQL, for another process."""
        ...

    def sql(
        self,
        query: str,
        tables: Mapping[str, "nw.LazyFrame[Any] | pa.Table"],
        values: Mapping[str, object] | None = None,
    ) -> pa.Table:
        """The escape hatch: the engine's own SQL over named frames with bound `$name` values."""
        ...


class EngineMissing(Unavailable):
    """This machine lacks what the engine's address needs; the words say what, and how to get it."""

    def __init__(self, words: Words) -> None:
        super().__init__("engine_missing", words, place="addresses.engine")


class EngineUnreachable(Unavailable):
    """Nobody answers at the engine's address."""

    def __init__(self, address: str, why: str) -> None:
        words = Words(
            f"无法连接查询引擎 {address}（{why}）。", f"The engine {address} does not answer ({why})."
        )
        super().__init__("engine_unreachable", words, place="addresses.engine")


# ---- queries that people wrote


@dataclass(frozen=True, slots=True)
class Limits:
    """What one query of people may take."""

    seconds: float
    memory_bytes: int
    scratch_bytes: int
    threads: int
    most_rows: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a query ended. `columns` are names and Arrow types, `position` a byte of the text; `cut` says that the result was
    longer than the limits."""

    state: Literal["done", "failed", "cancelled"]
    columns: tuple[tuple[str, str], ...] = ()
    rows: int = 0
    cut: bool = False
    ms: int = 0
    error: Words | None = None
    error_code: str = ""
    position: int | None = None


class BadSql(Refused):
    """The text of a query may not be run; `line` and `column` (from 1) say where, when it is known."""

    def __init__(self, words: Words, text: str = "", position: int | None = None) -> None:
        self.line: int | None = None
        self.column: int | None = None
        if position is not None:
            self.line, self.column = line_and_column(text, position)
        place = "" if self.line is None else f"{self.line}:{self.column}"
        super().__init__("bad_sql", words, place=place)


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """The line and column, from 1, of a byte of the text."""
    before = text.encode()[:position].decode(errors="ignore")
    return before.count("\n") + 1, len(before) - before.rfind("\n")
