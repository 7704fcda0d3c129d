/** Charts of metrics as options; pure. What is not complete is dashed, what is not known is a gap. */
import type { MetricSeries } from "@/api/types";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";

export interface Line {
  name: string;
  points: MetricSeries["points"];
  show: (value: number | null) => string;
}

/** Complete values, and those that are not with the point before each, so that the dashes join the line. */
export function parted(points: MetricSeries["points"]): { whole: (number | null)[]; dashed: (number | null)[] } {
  const open = (at: number) => points[at] !== undefined && points[at].state !== "complete" && points[at].value !== null;
  return {
    whole: points.map((point) => (point.state === "complete" ? point.value : null)),
    dashed: points.map((point, at) => (open(at) || open(at + 1) || open(at - 1) ? point.value : null)),
  };
}

export function linesOver(
  lines: Line[],
  names: string[],
  palette: Palette,
  note: (point: MetricSeries["points"][number]) => string,
  share: boolean,
): ChartOption {
  const colour = (at: number) => palette.series[at % palette.series.length]!;
  const first = lines[0];
  return {
    ...baseOption(palette),
    legend: {
      show: lines.length > 1, type: "scroll", top: 0, left: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect",
      textStyle: { color: palette.soft, fontSize: 11 }, data: lines.map((line) => line.name),
    },
    grid: { ...(baseOption(palette).grid as object), top: lines.length > 1 ? 34 : 14 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (found) => {
        const at = ((Array.isArray(found) ? found[0] : found) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
        const some = lines[0]?.points[at];
        return tip(`${names[at] ?? ""}${some ? note(some) : ""}`, lines.map((line, place) => ({
          colour: colour(place), name: line.name, value: line.show(line.points[at]?.value ?? null),
        })));
      },
    },
    xAxis: { ...categories(palette, names, (name) => name.replace(/^\d{4}-(\d\d-)/, "$1").replace(/ – .*/, "")), boundaryGap: false },
    yAxis: { ...values(palette, (value) => first?.show(value) ?? String(value)), ...(share ? { minInterval: 0 } : {}) },
    series: lines.flatMap((line, at) => {
      const { whole, dashed } = parted(line.points);
      const common = { type: "line" as const, name: line.name, showSymbol: true, symbolSize: 5, connectNulls: false, itemStyle: { color: colour(at) } };
      return [
        { ...common, data: whole, lineStyle: { width: 1.8, color: colour(at) } },
        { ...common, data: dashed, lineStyle: { width: 1.6, color: colour(at), type: "dashed" as const, opacity: 0.7 }, symbol: "emptyCircle" },
      ];
    }),
  };
}
