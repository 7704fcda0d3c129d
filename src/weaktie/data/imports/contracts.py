"""What an import is, what it needs of others, and how it refuses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Connection

from weaktie.data.collect.contracts import BadRow, Event, LoadBatch, LoadOutcome
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

Kind = Literal["events", "orders", "users", "products", "contents", "relations"]
KINDS: tuple[Kind, ...] = ("events", "orders", "users", "products", "contents", "relations")
State = Literal["new", "waiting", "running", "done", "failed"]

Progress = Callable[[float, Words], None]
"""Called with the finished part (0 to 1) and what is being done."""


class BadImport(Refused):
    """The file or its mapping cannot be used as a whole; single lines are never refused this way."""


REASONS: dict[str, Words] = {
    "missing_required": Words("必填列为空", "a required value is missing"),
    "not_a_number": Words("不是数字", "not a number"),
    "not_a_time": Words("不是可识别的时间", "not a time that is understood"),
    "not_json": Words("不是有效的 JSON", "not valid JSON"),
    "too_long": Words("内容过长", "the text is too long"),
    "lone_surrogate": Words("含有无法解码的字符", "the text holds characters that cannot be decoded"),
    "nul_character": Words("含有 NUL 字符", "the text holds a NUL character"),
    "amount_out_of_range": Words("金额超出范围", "the amount is out of range"),
    "unknown_currency": Words("未知的货币代码", "the currency is not known"),
    "unknown_status": Words("未知的订单状态", "the order status is not known"),
    "not_paid": Words("订单尚未付款，不导入", "the order is not paid yet and is left out"),
    "ragged_line": Words("列数与表头不一致", "the line has another number of columns than the header"),
    "open_quote": Words("引号没有闭合", "a quotation mark is never closed"),
    "order_disagrees": Words(
        "同一订单的各行内容不一致", "lines of the same order disagree about what belongs to the whole order"
    ),
    "order_has_bad_line": Words(
        "同一订单的另一行有错误，整单未导入",
        "another line of the same order is bad, so the whole order is left out",
    ),
}
"""Why a line is left out, by code."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not stored: where it is, why, and its cells as they stood in the file."""

    line: int
    code: str
    column: str
    cells: tuple[str, ...] = ()
    said: Words | None = None

    @property
    def words(self) -> Words:
        """The reason in both languages: a decoder's own where one says it."""
        return self.said or REASONS[self.code]


@dataclass(frozen=True, slots=True)
class Cell:
    """Where one field comes from: columns of the file (the first that is filled counts) or a constant.

    `zone` is the zone of times without an offset, `format` a strptime pattern; `strip` is a suffix to take off,
    `values` translates values by equality, `prefixes` by how the text begins (`default` where none does); `before`
    is put in front of what is there, so that another system's numbers do not meet ours.
    """

    columns: tuple[str, ...] = ()
    constant: str | None = None
    zone: str | None = None
    format: str | None = None
    strip: str | None = None
    values: Mapping[str, str] | None = None
    prefixes: Mapping[str, str] | None = None
    default: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How the columns of a file become the fields of a kind.

    `rest` lets columns that no field names go into properties (events) or traits (users). `derive_products` and
    `derive_users` make product and user rows out of order lines; the latter maps trait names to columns. `empty` are
    cells that stand for nothing. A file whose header has all of `recognise` is taken to be of this mapping. With
    `decoder` a line is a call of that protocol, read as the collector's door would read it: there are no fields.
    """

    name: str
    kind: Kind
    words: Words
    fields: Mapping[str, Cell]
    header: bool = True
    rest: bool = True
    derive_products: bool = False
    derive_users: Mapping[str, str] | None = None
    empty: tuple[str, ...] = ()
    recognise: tuple[str, ...] = ()
    decoder: str | None = None


@dataclass(frozen=True, slots=True)
class ImportSpec:
    """What to import, on which ground. Either a source is named or its basis per purpose is declared.

    `mapping` is a shipped name, a TOML file, `{field: column}`, or None to follow the header.
    """

    path: Path
    kind: Kind
    mapping: str | Path | Mapping[str, Any] | None = None
    filename: str | None = None
    source_id: str | None = None
    basis: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows exactly as they will be stored (persons by their id, personal fields masked), and the bad lines
    among the first 1,000."""

    kind: Kind
    columns: list[str]
    mapping: FileMapping
    suggested: bool
    tables: dict[str, list[dict[str, object]]]
    bad: list[BadLine]
    lines_read: int

    @property
    def rows(self) -> list[dict[str, object]]:
        """The rows of the kind's own table."""
        return self.tables.get(self.kind, [])


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did. `rows_duplicate` were there already; `stored` counts rows by table."""

    import_id: str
    kind: Kind
    source_id: str
    rows_done: int
    rows_bad: int
    rows_duplicate: int
    stored: dict[str, int] = field(default_factory=dict)
    bad_path: Path | None = None

    def as_dict(self) -> dict[str, object]:
        """For a job's result; where the bad lines lie on the server is not part of it."""
        return {
            "import_id": self.import_id, "kind": self.kind, "source_id": self.source_id, "rows": self.rows_done,
            "bad": self.rows_bad, "duplicates": self.rows_duplicate, "stored": dict(self.stored),
            "bad_rows_link": f"/api/imports/{self.import_id}/bad-rows" if self.bad_path else None,
        }  # fmt: skip


class Load(Protocol):
    """The bulk entry of collect: all batches and `commit` in one transaction, or nothing.

    A row whose event_id was ever loaded into its table counts as a duplicate, whatever else it holds: the id of a
    versioned row (orders, users, products, contents) already covers its content, and `version_time` is no part of it.
    """

    def __call__(
        self, batches: Sequence[LoadBatch], commit: Callable[[Connection, Sequence[LoadOutcome]], None]
    ) -> Sequence[LoadOutcome]: ...


class History(Protocol):
    """Collect's entry for calls that another system kept: read by the decoder that reads live ones."""

    def decode(self, protocol: str, line: bytes) -> tuple[list[Event], list[BadRow]]:
        """The events of one stored call, and the reasons of those that cannot be stored."""
        ...

    def load(
        self,
        events: Sequence[tuple[int, Event]],
        *,
        source_id: str,
        purposes: int,
        origin: str,
        commit: Callable[[Connection, Mapping[str, int], int], None],
    ) -> None:
        """Store (line, event) pairs whose id is new, with `commit(tx, rows stored by table, duplicates)`, or nothing."""
        ...


class Sources(Protocol):
    """The sources service, as far as an import needs it."""

    def for_import(
        self, tx: Connection, *, source_id: str | None, basis: Mapping[str, str] | None
    ) -> tuple[str, int]:
        """The id and the granted purposes of the named source, or of the source of kind `import` with this basis
        (made when there is none). Raises NotFound for an unknown source, Refused for a bad basis."""
        ...
