"""Rules of boards: what tiles hold, who may change what, and the board that ships."""

import json
import re
from collections.abc import Sequence
from typing import Any

from weaktie.data.boards.contracts import COLUMNS, HIGHEST, MOST_TILES, SHIPPED, BadTile, Board, Tile
from weaktie.kit.errors import Refused
from weaktie.kit.words import Words

_HREF = re.compile(r"/(?![/\\])[^\x00-\x20\\]*")
"""A place of this console, and nowhere else."""
_HOLDS: dict[str, tuple[str, ...]] = {
    "metric": ("key", "show"), "query": ("query_id", "chart", "values"), "link": ("href",), "text": ("text",),
}  # fmt: skip


def may_see(board: Board, actor: str) -> bool:
    """Its owner, everybody where it is shared, and everybody the boards that ship."""
    return board.owner in (actor, SHIPPED) or board.access != "own"


def may_change(board: Board, actor: str) -> bool:
    """Its owner, and everybody where it says so."""
    return board.owner == actor or (board.access == "edit" and board.owner != SHIPPED)


def sound(tiles: Sequence[Tile]) -> tuple[Tile, ...]:
    """The tiles when each is as its kind has to be; raises BadTile or Refused `too_many_tiles`."""
    if len(tiles) > MOST_TILES:
        words = Words(f"一个看板最多 {MOST_TILES} 张卡片。", f"A board has at most {MOST_TILES} tiles.")
        raise Refused("too_many_tiles", words, place="tiles")
    seen: set[str] = set()
    for tile in tiles:
        if tile.tile_id in seen:
            raise BadTile(tile.tile_id, Words("卡片编号重复。", "Two tiles have the same id."))
        seen.add(tile.tile_id)
        if not 1 <= tile.wide <= COLUMNS or not 1 <= tile.high <= HIGHEST:
            raise BadTile(tile.tile_id, Words("卡片的大小无效。", "A tile cannot have this size."))
        extra = set(tile.holds) - set(_HOLDS[tile.kind])
        if extra:
            raise BadTile(
                tile.tile_id, Words("卡片的内容无效。", f"A tile of this kind holds no {min(extra)}.")
            )
        _check_content(tile)
    return tuple(tiles)


def _check_content(tile: Tile) -> None:
    needed = {"metric": "key", "query": "query_id", "link": "href", "text": "text"}[tile.kind]
    value = tile.holds.get(needed)
    if not isinstance(value, str) or not value.strip():
        raise BadTile(tile.tile_id, Words("卡片缺少内容。", f"The tile lacks its {needed}."))
    if tile.kind == "link" and not _HREF.fullmatch(value):
        raise BadTile(
            tile.tile_id, Words("链接只能指向本控制台的页面。", "A link leads to a page of this console.")
        )


def tiles_text(tiles: Sequence[Tile]) -> str:
    """Tiles as JSON."""
    return json.dumps(
        [
            {"tile_id": t.tile_id, "kind": t.kind, "title": t.title, "wide": t.wide, "high": t.high, "holds": t.holds}
            for t in tiles
        ],
        ensure_ascii=False,
    )  # fmt: skip


def tiles_of(text: str) -> tuple[Tile, ...]:
    """Tiles from their JSON."""
    return tuple(
        Tile(t["tile_id"], t["kind"], t["title"], t["wide"], t["high"], t["holds"]) for t in json.loads(text)
    )


def _metric(key: str, wide: int, high: int, show: str) -> Tile:
    holds: dict[str, Any] = {"key": key, "show": show}
    return Tile(key, "metric", "", wide, high, holds)


OVERVIEW_ID = "overview"
OVERVIEW_NAME = Words("经营概览", "Business overview")


def shipped(keys: Sequence[str]) -> Board:
    """The board that comes with the product: these metrics, the first four as numbers, then each over time."""
    numbers = [_metric(key, 3, 2, "number") for key in keys[:4]]
    lines = [
        Tile(f"{key}-days", "metric", "", 6, 4, {"key": key, "show": "line"}) for key in keys
    ]  # fmt: skip
    return Board(
        OVERVIEW_ID, OVERVIEW_NAME.zh, SHIPPED, "view", 1, tuple(numbers + lines), 0, 0, None, 0, SHIPPED
    )
