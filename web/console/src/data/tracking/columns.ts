/** Properties as columns: addresses, types, and the name that is suggested for one. */
import type { ColumnType, PlannedProperty } from "@/api/types";

export const COLUMNS = "/api/tracking/columns";
export const COLUMNS_STALE = [COLUMNS, "/api/jobs"];
export const COLUMN_TYPES: ColumnType[] = ["text", "number", "integer", "boolean", "time"];

/** The column's type for a property's. */
export function typeOf(planned: PlannedProperty["type"]): ColumnType {
  if (planned === "money") return "number";
  return planned === "enum" || planned === "list" ? "text" : planned;
}

/** `itemColor` gives `p_item_color`; nothing where no Latin letter or digit is, so that somebody types a name. */
export function suggestedColumn(property: string): string {
  const words = property
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return words.length ? ["p", ...words].join("_").slice(0, 63).replace(/_+$/, "") : "";
}
