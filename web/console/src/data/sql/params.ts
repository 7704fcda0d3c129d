/** What a query's text asks for, and how a result's columns can be drawn. Pure. */
export type Value = string | number;

const PARAMETER = /\{\{\s*([A-Za-z_]\w*)\s*\}\}/g;

/** The names of `{{parameters}}`, in the order of their first mention, in lower case as the server knows them. */
export function parametersOf(sql: string): string[] {
  return [...new Set([...sql.matchAll(PARAMETER)].map((found) => found[1]!.toLowerCase()))];
}

/** A typed value: what looks like a number is one. */
export function valueOf(text: string): Value {
  const trimmed = text.trim();
  return /^-?\d+(\.\d+)?$/.test(trimmed) && trimmed.length < 16 ? Number(trimmed) : text;
}

const NUMBERS = /^(u?int\d+|double|float|halffloat|decimal)/;
const TIMES = /^(date|timestamp|time)/;

export const isNumber = (type: string): boolean => NUMBERS.test(type);
export const isTime = (type: string): boolean => TIMES.test(type);

export interface Column {
  name: string;
  type: string;
}
export interface ChartSpec {
  kind: "table" | "line" | "bar" | "pie" | "number";
  x: string;
  y: string[];
  series: string;
}
export const NO_CHART: ChartSpec = { kind: "table", x: "", y: [], series: "" };

/** A first guess of how a result is drawn: a number alone, a line over time, else bars. */
export function guess(columns: Column[], rows: number): ChartSpec {
  const numbers = columns.filter((one) => isNumber(one.type));
  const y = numbers[numbers.length - 1]?.name;
  if (y === undefined) return NO_CHART;
  if (rows === 1) return { kind: "number", x: "", y: [y], series: "" };
  const x = columns.find((one) => isTime(one.type)) ?? columns.find((one) => one.name !== y);
  if (x === undefined) return { kind: "number", x: "", y: [y], series: "" };
  return { kind: isTime(x.type) ? "line" : "bar", x: x.name, y: [y], series: "" };
}

/** The chart with columns that the result still has; what is missing is left out. */
export function fitting(chart: ChartSpec, columns: Column[]): ChartSpec {
  const names = new Set(columns.map((one) => one.name));
  const y = chart.y.filter((name) => names.has(name));
  const x = names.has(chart.x) ? chart.x : "";
  const drawable = y.length > 0 && (chart.kind === "number" || x !== "");
  if (chart.kind === "table" || !drawable) return { ...NO_CHART };
  return { kind: chart.kind, x, y, series: names.has(chart.series) ? chart.series : "" };
}
