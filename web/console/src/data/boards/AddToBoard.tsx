/** Puts a saved query onto a board. */
import type { SavedQuery } from "@/api/types";
import type { ChartSpec } from "@/data/sql/params";

export function AddToBoard(_: { query: SavedQuery; chart: ChartSpec }) {
  return null;
}
