import { expect, test } from "vitest";
import type { BoardTile } from "@/api/types";
import { moved, newTileId, resized, sizeOf } from "@/data/boards/layout";

const tile = (tile_id: string, wide = 3, high = 2): BoardTile => ({ tile_id, kind: "text", title: "", wide, high, holds: { text: "x" } }) as BoardTile;
const ids = (tiles: BoardTile[]) => tiles.map((one) => one.tile_id).join("");

test("a tile moves to a place, and not beyond the ends", () => {
  const tiles = ["a", "b", "c"].map((id) => tile(id));
  expect(ids(moved(tiles, "a", 1))).toBe("bac");
  expect(ids(moved(tiles, "a", 9))).toBe("bca");
  expect(ids(moved(tiles, "c", -1))).toBe("cab");
  expect(moved(tiles, "b", 1)).toBe(tiles);
  expect(moved(tiles, "gone", 1)).toBe(tiles);
});

test("a tile keeps within the grid", () => {
  expect(resized([tile("a")], "a", 40, 40)[0]).toMatchObject({ wide: 12, high: 12 });
  expect(resized([tile("a")], "a", 0, 0)[0]).toMatchObject({ wide: 2, high: 1 });
  const same = [tile("a")];
  expect(resized(same, "a", 3.2, 1.9)[0]).toBe(same[0]);
});

test("pixels become columns and rows", () => {
  const half = sizeOf(493, 174, 1000);
  expect(half.wide).toBeCloseTo(6);
  expect(half.high).toBeCloseTo(2);
});

test("a new id is no one else's", () => {
  const first = newTileId([]);
  expect(newTileId([tile(`tile-${Number(first.slice(5)) + 1}`)])).not.toBe(`tile-${Number(first.slice(5)) + 1}`);
});
