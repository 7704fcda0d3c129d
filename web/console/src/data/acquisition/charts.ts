/** The chart of newcomers as an option; pure. */
import type { AcquiredGroup, Acquisition } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

const DAY_MS = 86_400_000;

export function daysFrom(first: string, count: number): string[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, n) => new Date(start + n * DAY_MS).toISOString().slice(0, 10));
}

/** Newcomers by day, one stack a channel; the series stand in the order of `channels`. */
export function newcomersPerDay(
  data: Acquisition,
  palette: Palette,
  f: ReturnType<typeof useFormat>,
  t: (key: Key) => string,
  name: (group: AcquiredGroup) => string,
): ChartOption {
  const days = daysFrom(data.from_day, data.everybody.trend.length);
  const colour = (n: number) => palette.series[n % palette.series.length]!;
  return {
    ...baseOption(palette),
    legend: { type: "scroll", top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } },
    grid: { ...(baseOption(palette).grid as object), top: 30 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const at = ((Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
        const lines = data.channels
          .map((group, n) => ({ colour: colour(n), name: name(group), count: group.trend[at] ?? 0 }))
          .filter((line) => line.count > 0)
          .map((line) => ({ colour: line.colour, name: line.name, value: f.whole(line.count) }));
        return tip(days[at] ?? "", [...lines, { name: t("acq.newcomers"), value: f.whole(data.everybody.trend[at] ?? 0) }]);
      },
    },
    xAxis: categories(palette, days, (day) => day.slice(5)),
    yAxis: values(palette, f.short),
    series: data.channels.map((group, n) => ({
      type: "bar" as const,
      stack: "all",
      name: name(group),
      data: group.trend,
      barCategoryGap: "36%",
      itemStyle: { color: colour(n) },
    })),
  };
}
