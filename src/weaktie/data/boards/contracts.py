"""Boards, their tiles, and their refusals."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from weaktie.kit.errors import Conflict, NotFound, Refused
from weaktie.kit.words import Words

Access = Literal["own", "view", "edit"]
TileKind = Literal["metric", "query", "link", "text"]
MOST_TILES = 40
COLUMNS = 12
HIGHEST = 12
SHIPPED: Final = "shipped"
"""The owner of the boards that come with the product; nobody changes them, everybody may copy them."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: `wide` of twelve columns, `high` in rows of 80 pixels.

    What else it holds depends on its kind: a metric's `key` and `show`, a query's `query_id` and `chart`, a link's `href`,
    a text's `text`; `title` may be empty where the kind has a name of its own.
    """

    tile_id: str
    kind: TileKind
    title: str
    wide: int
    high: int
    holds: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Board:
    """A board at one version."""

    board_id: str
    name: str
    owner: str
    access: Access
    version: int
    tiles: tuple[Tile, ...]
    created_us: int
    changed_us: int
    archived_us: int | None
    made_us: int
    made_by: str


class NoSuchBoard(NotFound):
    """There is no such board that the caller may see."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_board",
            Words("没有这个看板，或未与您共享。", "There is no such board, or it is not shared with you."),
            place="board_id",
        )


class NoSuchTile(NotFound):
    """The board has no such tile."""

    def __init__(self) -> None:
        super().__init__(
            "no_such_tile", Words("看板上没有这张卡片。", "The board has no such tile."), place="tile_id"
        )


class NotYourBoard(Refused):
    """The caller may look at the board and not change it."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "not_your_board",
            Words("您只能查看这个看板；可以复制一份再修改。", "You may look at this board; copy it to change it."),
            place="board_id",
        )  # fmt: skip


class BoardChanged(Conflict):
    """Somebody saved the board since the caller read it."""

    def __init__(self, version: int) -> None:
        super().__init__(
            "board_changed",
            Words(
                f"看板已被他人保存为第 {version} 版，请重新载入后再改。",
                f"Somebody saved the board as version {version}; load it again first.",
            ),
            place="version",
        )


class BadTile(Refused):
    """A tile cannot be like this; `place` names it."""

    def __init__(self, tile_id: str, words: Words) -> None:
        super().__init__("bad_tile", words, place=tile_id)


class QueryNotShared(Refused):
    """The tile's query is its owner's alone."""

    status = 403

    def __init__(self) -> None:
        super().__init__(
            "query_not_shared",
            Words("这张卡片的查询没有共享给您。", "The query of this tile is not shared with you."),
            place="tile_id",
        )
