/** The chart of what figures leave out, as an option; pure. */
import type { Quality } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

export function leftOutPerDay(
  days: Quality["days"],
  palette: Palette,
  f: ReturnType<typeof useFormat>,
  t: (key: Key) => string,
): ChartOption {
  const [first, second] = [palette.series[0]!, palette.series[1]!];
  const parts = [
    { name: t("quality.crawlers"), colour: first, of: (day: Quality["days"][number]) => day.crawlers },
    { name: t("quality.rates"), colour: second, of: (day: Quality["days"][number]) => day.rates },
  ];
  return {
    ...baseOption(palette),
    legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } },
    grid: { ...(baseOption(palette).grid as object), top: 28 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const at = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
        const day = days[at?.dataIndex ?? 0];
        return day ? tip(day.day, parts.map((one) => ({ colour: one.colour, name: one.name, value: f.whole(one.of(day)) }))) : "";
      },
    },
    xAxis: categories(palette, days.map((one) => one.day), (day) => day.slice(5)),
    yAxis: values(palette, f.short),
    series: parts.map((one) => ({
      type: "bar" as const,
      stack: "all",
      name: one.name,
      data: days.map(one.of),
      barCategoryGap: "36%",
      itemStyle: { color: one.colour },
    })),
  };
}
