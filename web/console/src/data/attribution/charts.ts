/** Attribution by model as grouped bars; pure. */
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";

export function modelsByChannel(
  channels: string[],
  models: { name: string; values: number[] }[],
  palette: Palette,
  show: (value: number) => string,
): ChartOption {
  const colour = (at: number) => palette.series[at % palette.series.length]!;
  return {
    ...baseOption(palette),
    legend: { type: "scroll", top: 0, left: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } },
    grid: { ...(baseOption(palette).grid as object), top: 34 },
    tooltip: {
      ...baseOption(palette).tooltip,
      axisPointer: { type: "shadow", shadowStyle: { color: palette.accentSoft, opacity: 0.6 } },
      formatter: (found) => {
        const at = ((Array.isArray(found) ? found[0] : found) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
        return tip(channels[at] ?? "", models.map((model, n) => ({ colour: colour(n), name: model.name, value: show(model.values[at] ?? 0) })));
      },
    },
    xAxis: categories(palette, channels),
    yAxis: values(palette, show),
    series: models.map((model, n) => ({
      type: "bar" as const, name: model.name, data: model.values, barGap: "10%", barCategoryGap: "28%",
      itemStyle: { color: colour(n), borderRadius: [2, 2, 0, 0] },
    })),
  };
}
