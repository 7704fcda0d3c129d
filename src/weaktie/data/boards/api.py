"""HTTP: boards and what their tiles show."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from weaktie.data.boards import service as boards
from weaktie.data.boards.contracts import SHIPPED, Board, NoSuchTile, QueryNotShared, Tile
from weaktie.data.sql.contracts import NoSuchQuery, SavedQuery
from weaktie.data.sql.service import SqlPage, find_query, rows_body
from weaktie.kit.clock import Clock, to_iso
from weaktie.kit.web import PlainText, WordsBody, app_part, words_body
from weaktie.kit.words import Words
from weaktie.store.database.service import Database
from weaktie.trust.accounts.api import require
from weaktie.trust.accounts.contracts import Caller
from weaktie.trust.accounts.service import Accounts
from weaktie.trust.audit.service import record

router = APIRouter(prefix="/api/boards", tags=["boards"])
View = Annotated[Caller, Depends(require("view"))]
Maker = Annotated[Caller, Depends(require("operate", "query"))]
Name = Annotated[PlainText, Field(min_length=1, max_length=120)]
Day = Annotated[str | None, Query(pattern=r"^\d{4}-\d\d-\d\d$")]
MOST_ROWS = 2_000


class TileChart(BaseModel):
    """How a tile of a query is drawn."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["table", "line", "bar", "pie", "number"] = "table"
    x: Annotated[PlainText, Field(max_length=200)] = ""
    y: Annotated[list[Annotated[PlainText, Field(max_length=200)]], Field(max_length=8)] = Field(
        default_factory=list
    )
    series: Annotated[PlainText, Field(max_length=200)] = ""


class TileHolds(BaseModel):
    """What a tile holds; which of these, its kind says."""

    model_config = ConfigDict(extra="forbid")

    key: Annotated[PlainText, Field(max_length=120)] | None = None
    show: Literal["number", "line", "bar"] | None = None
    query_id: Annotated[PlainText, Field(max_length=40)] | None = None
    chart: TileChart | None = None
    values: (
        dict[Annotated[str, Field(max_length=64)], Annotated[PlainText, Field(max_length=400)] | int | float]
        | None
    ) = None
    href: Annotated[PlainText, Field(max_length=4_000)] | None = None
    text: Annotated[PlainText, Field(max_length=4_000)] | None = None


class TileBody(BaseModel):
    """One tile: `wide` of twelve columns, `high` in rows."""

    model_config = ConfigDict(extra="forbid")

    tile_id: Annotated[PlainText, Field(min_length=1, max_length=64)]
    kind: Literal["metric", "query", "link", "text"]
    title: Annotated[PlainText, Field(max_length=120)] = ""
    wide: int
    high: int
    holds: TileHolds


class BoardBody(BaseModel):
    """A board at one version; `may_change` and `mine` are the caller's. `words` is the name of one that ships."""

    board_id: str
    name: str
    words: WordsBody | None
    owner: str
    owner_name: str | None
    mine: bool
    may_change: bool
    access: Literal["own", "view", "edit"]
    version: int
    tiles: list[TileBody]
    created_time: str | None
    changed_time: str | None
    archived_time: str | None
    made_time: str | None
    made_by_name: str | None


class BoardRequest(BaseModel):
    """A board to make; `copy_of` takes another one's tiles."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    tiles: list[TileBody] = Field(default_factory=list)
    access: Literal["own", "view", "edit"] = "own"
    copy_of: Annotated[str, Field(max_length=40)] | None = None


class BoardPatch(BaseModel):
    """What changes of a board; other tiles are a new version, made from `version`."""

    model_config = ConfigDict(extra="forbid")

    name: Name | None = None
    access: Literal["own", "view", "edit"] | None = None
    archived: bool | None = None
    tiles: list[TileBody] | None = None
    version: int | None = None


class TileColumn(BaseModel):
    """A column of a tile's result."""

    name: str
    type: str


class TileDataBody(BaseModel):
    """What a tile of a query shows; while it is running there is nothing yet, ask again."""

    state: Literal["running", "done", "failed"]
    query_name: str
    columns: list[TileColumn]
    rows: list[list[Any]]
    total: int
    cut: bool
    error: WordsBody | None


@router.get("")
def list_boards(request: Request, caller: View, archived: bool = False) -> list[BoardBody]:
    """The board that ships, then the caller's own and the shared ones."""
    with _database(request).connect() as connection:
        names = _accounts(request).names(connection)
        found = boards.list_boards(connection, caller.actor, archived=archived)
    return [_body(one, caller.actor, names) for one in found]


@router.post("", status_code=201)
def make_board(request: Request, caller: Maker, given: BoardRequest) -> BoardBody:
    """Make a board, empty, with tiles, or as a copy."""
    with _database(request).begin() as tx:
        if given.copy_of is not None:
            made = boards.copy(
                tx, _clock(request), given.copy_of, actor=caller.actor, name=given.name.strip()
            )
        else:
            made = boards.create(
                tx, _clock(request), actor=caller.actor, name=given.name.strip(), access=given.access,
                tiles=[_tile(t) for t in given.tiles],
            )  # fmt: skip
        _note(request, tx, caller, "board.save", made, {"copy_of": given.copy_of})
        return _body(made, caller.actor, _accounts(request).names(tx))


@router.get("/{board_id}")
def one_board(request: Request, caller: View, board_id: str) -> BoardBody:
    """A board that the caller may see."""
    with _database(request).connect() as connection:
        found = boards.find(connection, caller.actor, board_id)
        return _body(found, caller.actor, _accounts(request).names(connection))


@router.patch("/{board_id}")
def patch_board(request: Request, caller: Maker, board_id: str, given: BoardPatch) -> BoardBody:
    """Change what is given. Sharing and archiving are the owner's; archiving can be undone."""
    with _database(request).begin() as tx:
        after = boards.change(
            tx, _clock(request), board_id, actor=caller.actor, name=None if given.name is None else given.name.strip(),
            access=given.access, archived=given.archived, version=given.version,
            tiles=None if given.tiles is None else [_tile(t) for t in given.tiles],
        )  # fmt: skip
        detail = given.model_dump(exclude_unset=True, include={"access", "archived"})
        _note(request, tx, caller, "board.change", after, detail)
        return _body(after, caller.actor, _accounts(request).names(tx))


@router.get("/{board_id}/versions")
def board_versions(request: Request, caller: View, board_id: str) -> list[BoardBody]:
    """Every version of a board, newest first."""
    with _database(request).connect() as connection:
        names = _accounts(request).names(connection)
        return [_body(b, caller.actor, names) for b in boards.versions(connection, caller.actor, board_id)]


@router.post("/{board_id}/versions/{version}/restore")
def restore_board(request: Request, caller: Maker, board_id: str, version: int) -> BoardBody:
    """Bring an earlier version back, as a new one."""
    with _database(request).begin() as tx:
        after = boards.restore(tx, _clock(request), board_id, version, actor=caller.actor)
        _note(request, tx, caller, "board.change", after, {"restored": version})
        return _body(after, caller.actor, _accounts(request).names(tx))


@router.get("/{board_id}/tiles/{tile_id}")
def tile_data(
    request: Request, caller: View, board_id: str, tile_id: str, from_day: Annotated[Day, Query(alias="from")] = None,
    to_day: Annotated[Day, Query(alias="to")] = None,
) -> TileDataBody:  # fmt: skip
    """What a tile of a query shows, for the days of the board where its query has `{{from}}` and `{{to}}`.

    The result is the same for everybody who looks, and a minute old at most once the lake has changed.
    """
    with _database(request).connect() as connection:
        board = boards.find(connection, caller.actor, board_id)
        tile = boards.tile_of(board, tile_id)
        query = _query(connection, tile, caller)
    page: SqlPage = app_part(request, "sql_page")
    values = dict(tile.holds.get("values") or {})
    values |= {n: v for n, v in (("from", from_day), ("to", to_day)) if v is not None}
    ticket = page.shared(query, values)
    outcome = ticket.outcome
    if outcome is None:
        return _data(query, "running")
    if outcome.state != "done":
        return _data(query, "failed", error=outcome.error or Words("查询已停止。", "The query was stopped."))
    shown = rows_body(page.runner.read(ticket), 0, MOST_ROWS, cut=outcome.cut)
    return TileDataBody(
        state="done", query_name=query.name, columns=[TileColumn(name=c.name, type=c.type) for c in shown.columns],
        rows=shown.rows, total=shown.total, cut=shown.cut, error=None,
    )  # fmt: skip


def _query(connection: Connection, tile: Tile, caller: Caller) -> SavedQuery:
    """The saved query of a tile, when the caller may see it: it is shared, or the caller's own."""
    if tile.kind != "query":
        raise NoSuchTile
    try:
        return find_query(connection, caller.actor, str(tile.holds.get("query_id")))
    except NoSuchQuery:
        raise QueryNotShared from None


def _data(query: SavedQuery, state: Literal["running", "failed"], error: Words | None = None) -> TileDataBody:
    return TileDataBody(
        state=state, query_name=query.name, columns=[], rows=[], total=0, cut=False,
        error=None if error is None else words_body(error),
    )  # fmt: skip


def _tile(given: TileBody) -> Tile:
    holds = given.holds.model_dump(exclude_none=True)
    return Tile(given.tile_id, given.kind, given.title, given.wide, given.high, holds)


def _body(board: Board, actor: str, names: Any) -> BoardBody:
    ships = board.owner == SHIPPED
    return BoardBody(
        board_id=board.board_id, name=board.name, words=words_body(boards.OVERVIEW_NAME) if ships else None,
        owner=board.owner, owner_name=names.get(board.owner), mine=board.owner == actor,
        may_change=boards.may_change(board, actor), access=board.access, version=board.version,
        tiles=[
            TileBody(
                tile_id=t.tile_id, kind=t.kind, title=t.title, wide=t.wide, high=t.high,
                holds=TileHolds.model_validate(t.holds),
            )
            for t in board.tiles
        ],
        created_time=None if ships else to_iso(board.created_us), changed_time=None if ships else to_iso(board.changed_us),
        archived_time=None if board.archived_us is None else to_iso(board.archived_us),
        made_time=None if ships else to_iso(board.made_us), made_by_name=names.get(board.made_by),
    )  # fmt: skip


def _note(
    request: Request, tx: Connection, caller: Caller, action: str, board: Board, detail: dict[str, object]
) -> None:
    record(
        tx, _clock(request), actor=caller.actor, action=action, object_kind="board", object_id=board.board_id,
        detail={"version": board.version, "tiles": len(board.tiles), **detail},
    )  # fmt: skip


def _database(request: Request) -> Database:
    found: Database = app_part(request, "database")
    return found


def _clock(request: Request) -> Clock:
    found: Clock = app_part(request, "clock")
    return found


def _accounts(request: Request) -> Accounts:
    found: Accounts = app_part(request, "accounts")
    return found
