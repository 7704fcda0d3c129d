/** What is kept about a person, made ready to be read: by capability and table, without what is empty. Pure. */
import type { RightsData } from "@/api/types";

type Row = Record<string, unknown>;

export interface DataTable {
  name: string;
  columns: string[];
  rows: Row[];
}
export interface DataPart {
  name: string;
  rows: number;
  tables: DataTable[];
}

const LATEST_US = 4e15;

/** Tables without rows and columns without values are left out; a part without tables stays, to say that it is empty. */
export function partsOf(data: RightsData["data"]): DataPart[] {
  return Object.entries(data).map(([name, tables]) => {
    const filled = Object.entries(tables)
      .filter(([, rows]) => rows.length > 0)
      .map(([table, rows]) => ({ name: table, columns: columnsOf(rows), rows }));
    return { name, rows: filled.reduce((sum, table) => sum + table.rows.length, 0), tables: filled };
  });
}

function columnsOf(rows: Row[]): string[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row)));
  return [...names].filter((name) => rows.some((row) => row[name] !== null && row[name] !== undefined && row[name] !== ""));
}

/** A value as text; `_us` columns are instants in microseconds, objects read as `name: value`. */
export function shownValue(column: string, value: unknown, timeOf: (iso: string) => string): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "number" && column.endsWith("_us") && Math.abs(value) < LATEST_US) {
    return timeOf(new Date(value / 1000).toISOString());
  }
  if (Array.isArray(value)) return value.map((one) => shownValue("", one, timeOf)).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, one]) => `${name}: ${shownValue(name, one, timeOf)}`)
      .join(" · ");
  }
  return String(value);
}
