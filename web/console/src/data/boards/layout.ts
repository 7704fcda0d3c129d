/** Where tiles stand: an order and sizes; the grid fills row by row. Pure. */
import type { BoardTile } from "@/api/types";

export const COLUMNS = 12;
export const HIGHEST = 12;
export const ROW_PX = 80;
export const GAP_PX = 14;
const NARROWEST = 2;

/** The tile at another place of the order; places beyond the ends are the ends. */
export function moved(tiles: BoardTile[], id: string, place: number): BoardTile[] {
  const from = tiles.findIndex((one) => one.tile_id === id);
  if (from < 0) return tiles;
  const rest = tiles.filter((one) => one.tile_id !== id);
  const to = Math.max(0, Math.min(rest.length, place));
  if (to === from) return tiles;
  return [...rest.slice(0, to), tiles[from]!, ...rest.slice(to)];
}

/** The tile wider and higher by so much, within the grid. */
export function resized(tiles: BoardTile[], id: string, wide: number, high: number): BoardTile[] {
  return tiles.map((one) => {
    if (one.tile_id !== id) return one;
    const next = {
      wide: Math.max(NARROWEST, Math.min(COLUMNS, Math.round(wide))),
      high: Math.max(1, Math.min(HIGHEST, Math.round(high))),
    };
    return next.wide === one.wide && next.high === one.high ? one : { ...one, ...next };
  });
}

/** Columns and rows that a size in pixels is, in a grid of this width. */
export function sizeOf(width: number, height: number, grid: number): { wide: number; high: number } {
  const column = (grid + GAP_PX) / COLUMNS;
  return { wide: (width + GAP_PX) / column, high: (height + GAP_PX) / (ROW_PX + GAP_PX) };
}

/** Pixels that a tile of this height has for what it holds. */
export function bodyHeight(high: number, head: number): number {
  return high * ROW_PX + (high - 1) * GAP_PX - head;
}

let made = 0;

/** An id that no tile of these has. */
export function newTileId(tiles: BoardTile[]): string {
  const taken = new Set(tiles.map((one) => one.tile_id));
  let id: string;
  do {
    made += 1;
    id = `tile-${made}`;
  } while (taken.has(id));
  return id;
}
