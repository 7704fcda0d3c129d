import type { Page } from "@/api/types";

/** The rows of a list, whether it came as a page or whole. */
export function itemsOf<Row>(list: Page<Row> | Row[] | undefined): Row[] {
  return list === undefined ? [] : Array.isArray(list) ? list : list.items;
}
