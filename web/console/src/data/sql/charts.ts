/** A result as a chart's option; pure. */
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";
import type { ChartSpec, Column } from "./params";

export type Cell = string | number | boolean | null;
export interface Rows {
  columns: Column[];
  rows: Cell[][];
}
interface Series {
  name: string;
  data: (number | null)[];
}

/** As the server writes times, all of them in UTC. */
const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(?:\+00:00)?$/;
const MOST_SERIES = 12;
const MOST_SLICES = 12;

function numberOf(cell: Cell | undefined): number | null {
  if (cell === null || cell === undefined || cell === "" || typeof cell === "boolean") return null;
  const value = Number(cell);
  return Number.isFinite(value) ? value : null;
}

export function shown(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return "–";
  const time = INSTANT.exec(String(cell));
  if (!time) return String(cell);
  // Midnight is most likely the day that was asked for.
  if (time[2] === "00:00:00" && !time[3]) return time[1]!;
  return `${time[1]} ${time[2]}${(time[3] ?? "").replace(/0+$/, "")}`;
}

/** The values of x in the order of the rows, and a series for each column of y, or for each value of the split. */
export function seriesOf(result: Rows, chart: ChartSpec): { xs: string[]; series: Series[] } {
  const at = (name: string) => result.columns.findIndex((one) => one.name === name);
  const x = at(chart.x);
  const split = at(chart.series);
  const places = new Map<string, number>();
  for (const row of result.rows) {
    const key = shown(row[x]);
    if (!places.has(key)) places.set(key, places.size);
  }
  const found = new Map<string, (number | null)[]>();
  const columns = split >= 0 ? chart.y.slice(0, 1) : chart.y;
  for (const row of result.rows) {
    for (const name of columns) {
      const series = split >= 0 ? shown(row[split]) : name;
      if (!found.has(series)) {
        if (found.size >= MOST_SERIES) continue;
        found.set(series, Array.from({ length: places.size }, () => null));
      }
      const value = numberOf(row[at(name)]);
      const data = found.get(series)!;
      const place = places.get(shown(row[x]))!;
      // Rows with the same x and split are added up.
      if (value !== null) data[place] = (data[place] ?? 0) + value;
    }
  }
  return { xs: [...places.keys()], series: [...found].map(([name, data]) => ({ name, data })) };
}

/** The first value of y, for a result that is one number. */
export function numberIn(result: Rows, chart: ChartSpec): number | null {
  const place = result.columns.findIndex((one) => one.name === chart.y[0]);
  return numberOf(result.rows[0]?.[place]);
}

export function optionOf(
  result: Rows,
  chart: ChartSpec,
  palette: Palette,
  f: ReturnType<typeof useFormat>,
  other: string,
): ChartOption {
  const { xs, series } = seriesOf(result, chart);
  if (chart.kind === "pie") return pie(xs, series[0]?.data ?? [], palette, f, other);
  const legend = series.length > 1;
  return {
    ...baseOption(palette),
    legend: legend
      ? { type: "scroll", top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } }
      : undefined,
    grid: { ...(baseOption(palette).grid as object), top: legend ? 30 : 14 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const at = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
        const place = at?.dataIndex ?? 0;
        return tip(
          xs[place] ?? "",
          series.map((one, n) => ({
            colour: palette.series[n % palette.series.length],
            name: one.name,
            value: one.data[place] === null || one.data[place] === undefined ? "–" : f.whole(one.data[place]),
          })),
        );
      },
    },
    xAxis: categories(palette, xs),
    yAxis: { ...values(palette, f.short), minInterval: 0 },
    series: series.map((one, n) => ({
      type: chart.kind === "line" ? ("line" as const) : ("bar" as const),
      name: one.name,
      data: one.data,
      symbolSize: 5,
      showSymbol: xs.length < 40,
      connectNulls: false,
      barMaxWidth: 36,
      itemStyle: { color: palette.series[n % palette.series.length] },
    })),
  };
}

function pie(xs: string[], data: (number | null)[], palette: Palette, f: ReturnType<typeof useFormat>, other: string): ChartOption {
  const slices = xs
    .map((name, n) => ({ name, value: data[n] ?? 0 }))
    .filter((one) => one.value > 0)
    .sort((a, b) => b.value - a.value);
  const rest = slices.slice(MOST_SLICES - 1);
  const kept =
    slices.length > MOST_SLICES
      ? [...slices.slice(0, MOST_SLICES - 1), { name: other, value: rest.reduce((sum, one) => sum + one.value, 0) }]
      : slices;
  const total = kept.reduce((sum, one) => sum + one.value, 0);
  return {
    ...baseOption(palette),
    legend: undefined,
    xAxis: undefined,
    yAxis: undefined,
    tooltip: {
      ...baseOption(palette).tooltip,
      trigger: "item",
      formatter: (point) => {
        const one = point as { name: string; value: number; color?: string };
        return tip(one.name, [{ colour: one.color, name: f.percent(total ? one.value / total : 0), value: f.whole(one.value) }]);
      },
    },
    series: [
      {
        type: "pie" as const,
        radius: ["36%", "60%"],
        data: kept,
        label: { color: palette.soft, fontSize: 11, formatter: "{b}" },
        itemStyle: { borderColor: palette.panel, borderWidth: 2 },
      },
    ],
  };
}
