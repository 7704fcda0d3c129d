"""The door of boards: list, save with versions, copy, archive."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, Select, and_, insert, or_, select, update

from weaktie.data.boards.contracts import (
    SHIPPED,
    Access,
    Board,
    BoardChanged,
    NoSuchBoard,
    NoSuchTile,
    NotYourBoard,
    Tile,
)
from weaktie.data.boards.logic import OVERVIEW_ID as OVERVIEW_ID
from weaktie.data.boards.logic import OVERVIEW_NAME as OVERVIEW_NAME
from weaktie.data.boards.logic import may_change as may_change
from weaktie.data.boards.logic import may_see, shipped, sound, tiles_of, tiles_text
from weaktie.data.boards.tables import board_versions, boards
from weaktie.kit.clock import Clock
from weaktie.kit.ids import new_id

OVERVIEW_METRICS: tuple[str, ...] = ("gmv", "orders", "active_users", "new_users")
"""Keys of the metric catalogue that the board which ships shows; what the catalogue lacks says so on its tile."""


def _joined() -> Select[tuple[object, ...]]:
    version = board_versions.c
    return select(boards, version.tiles_json, version.made_us, version.made_by).join(
        board_versions, and_(version.board_id == boards.c.board_id, version.version == boards.c.version)
    )


def list_boards(connection: Connection, actor: str, *, archived: bool = False) -> list[Board]:
    """The board that ships, then the person's own and the shared ones, by name."""
    query = _joined().where(or_(boards.c.owner == actor, boards.c.access != "own"))
    if not archived:
        query = query.where(boards.c.archived_us.is_(None))
    rows = connection.execute(query.order_by(boards.c.name)).mappings()
    return [shipped(OVERVIEW_METRICS), *(_board(r) for r in rows)]


def find(connection: Connection, actor: str, board_id: str) -> Board:
    """One that the person may see, archived ones too; raises NoSuchBoard."""
    if board_id == OVERVIEW_ID:
        return shipped(OVERVIEW_METRICS)
    row = connection.execute(_joined().where(boards.c.board_id == board_id)).mappings().one_or_none()
    if row is None or not may_see(_board(row), actor):
        raise NoSuchBoard
    return _board(row)


def tile_of(board: Board, tile_id: str) -> Tile:
    """One tile of a board; raises NoSuchTile."""
    found = next((t for t in board.tiles if t.tile_id == tile_id), None)
    if found is None:
        raise NoSuchTile
    return found


def create(
    tx: Connection, clock: Clock, *, actor: str, name: str, tiles: Sequence[Tile] = (), access: Access = "own"
) -> Board:
    """Make a board; raises BadTile."""
    now_us = clock.now_us()
    board_id = new_id("brd", now_us)
    tx.execute(
        insert(boards).values(
            board_id=board_id, name=name, owner=actor, access=access, version=1, created_us=now_us, changed_us=now_us
        )
    )  # fmt: skip
    _keep(tx, board_id, 1, actor, now_us, sound(tiles))
    return find(tx, actor, board_id)


def change(
    tx: Connection, clock: Clock, board_id: str, *, actor: str, name: str | None = None, access: Access | None = None,
    archived: bool | None = None, tiles: Sequence[Tile] | None = None, version: int | None = None,
) -> Board:  # fmt: skip
    """Change what is given; other tiles are a new version. `version` is the one that the caller changed.

    Who may share and archive is the owner. Raises NoSuchBoard, NotYourBoard, BoardChanged or BadTile.
    """
    before = find(tx, actor, board_id)
    owners = access is not None or archived is not None
    if before.owner == SHIPPED or not may_change(before, actor) or (owners and before.owner != actor):
        raise NotYourBoard
    now_us = clock.now_us()
    changed: dict[str, object] = {"changed_us": now_us}
    if name is not None:
        changed["name"] = name
    if access is not None:
        changed["access"] = access
    if archived is not None:
        changed["archived_us"] = now_us if archived else None
    if tiles is not None and tiles_text(tiles) != tiles_text(before.tiles):
        if version is not None and version != before.version:
            raise BoardChanged(before.version)
        _keep(tx, board_id, before.version + 1, actor, now_us, sound(tiles))
        changed["version"] = before.version + 1
    tx.execute(update(boards).where(boards.c.board_id == board_id).values(**changed))
    return find(tx, actor, board_id)


def versions(connection: Connection, actor: str, board_id: str) -> list[Board]:
    """Every version of a board, newest first; raises NoSuchBoard."""
    now = find(connection, actor, board_id)
    if now.owner == SHIPPED:
        return [now]
    query = (
        select(
            *(c for c in boards.c if c.name != "version"), *(c for c in board_versions.c if c.name != "board_id")
        )
        .join(board_versions, board_versions.c.board_id == boards.c.board_id)
        .where(boards.c.board_id == board_id)
        .order_by(board_versions.c.version.desc())
    )  # fmt: skip
    return [_board(r) for r in connection.execute(query).mappings()]


def restore(tx: Connection, clock: Clock, board_id: str, version: int, *, actor: str) -> Board:
    """Bring an earlier version back, as a new one; raises NoSuchBoard or NotYourBoard."""
    wanted = next((v for v in versions(tx, actor, board_id) if v.version == version), None)
    if wanted is None:
        raise NoSuchBoard
    return change(tx, clock, board_id, actor=actor, tiles=wanted.tiles)


def copy(tx: Connection, clock: Clock, board_id: str, *, actor: str, name: str) -> Board:
    """A board of the person's own with the same tiles; raises NoSuchBoard."""
    found = find(tx, actor, board_id)
    return create(tx, clock, actor=actor, name=name, tiles=found.tiles)


def _keep(
    tx: Connection, board_id: str, version: int, actor: str, now_us: int, tiles: Sequence[Tile]
) -> None:
    tx.execute(
        insert(board_versions).values(
            board_id=board_id,
            version=version,
            tiles_json=tiles_text(tiles),
            made_us=now_us,
            made_by=actor[:64],
        )
    )


def _board(row: RowMapping) -> Board:
    return Board(
        row["board_id"], row["name"], row["owner"], row["access"], row["version"], tiles_of(row["tiles_json"]),
        row["created_us"], row["changed_us"], row["archived_us"], row["made_us"], row["made_by"],
    )  # fmt: skip
