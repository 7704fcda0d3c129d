"""What a pull is, and how it refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from weaktie.data.imports.contracts import Kind
from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

Way = Literal["folder", "http", "database"]
WAYS: tuple[Way, ...] = ("folder", "http", "database")


class BadPull(Refused):
    """A pull that cannot be made or carried out as it is written; `place` names the field."""


class NoSuchPull(NotFound):
    """There is no pull with this id or name."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_pull", Words("没有这个定时拉取。", "There is no such pull."), place="pull_id"
        )


class PullNameTaken(Conflict):
    """Another pull has the name."""

    def __init__(self) -> None:
        super().__init__(
            "pull_name_taken", Words("已有同名的定时拉取。", "Another pull has this name."), place="name"
        )


@dataclass(frozen=True, slots=True)
class Options:
    """What only some ways need. `pattern` of file names (folder); `header` that carries the secret (http); `query` and
    `mark_column`, by which only newer rows are read (database); `most_rows` of one run."""

    pattern: str = "*"
    header: str = "Authorization"
    query: str = ""
    mark_column: str = ""
    most_rows: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Pull:
    """Something that is fetched on a schedule and imported. `address` never holds the secret; `{secret}` in it is where
    the secret goes when it is fetched. Either `every_minutes` or `daily_at` (hh:mm in the workspace's zone) is set."""

    pull_id: str
    name: str
    way: Way
    address: str
    options: Options
    has_secret: bool
    kind: Kind
    mapping: str | None
    source_id: str | None
    basis: Mapping[str, str] | None
    every_minutes: int | None
    daily_at: str | None
    paused: bool
    next_us: int
    mark: Mapping[str, Any] | None
    actor: str
    made_us: int


@dataclass(frozen=True, slots=True)
class PullRun:
    """What one run brought; `error` is the body of a refusal."""

    run_id: str
    pull_id: str
    job_id: str | None
    state: Literal["running", "done", "failed"]
    started_us: int
    ended_us: int | None
    files: int
    rows: int
    bad: int
    duplicates: int
    import_ids: list[str] = field(default_factory=list)
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """One file to import: where it lies, how it is called, what tells it from others, and how far the pull is after it."""

    path: Path
    name: str
    sha256: str
    fingerprints: tuple[str, ...] = ()
    mark: Mapping[str, Any] | None = None
    more: bool = False
