/** Receipts by day as a chart; pure, so that it can be looked at without a page. */
import type { ConsentNumbers } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

const DAY_MS = 86_400_000;
export const DAYS = 30;

export interface ReceiptDay {
  day: string;
  granted: number;
  refused: number;
}

/** The last 30 UTC days up to today, with zeros where no receipt came; `subject` "" is all of them. */
export function receiptDays(found: ConsentNumbers["by_day"], subject: string, nowMs: number): ReceiptDay[] {
  const today = Math.floor(nowMs / DAY_MS);
  const days = new Map<string, ReceiptDay>();
  for (let back = DAYS - 1; back >= 0; back -= 1) {
    const day = new Date((today - back) * DAY_MS).toISOString().slice(0, 10);
    days.set(day, { day, granted: 0, refused: 0 });
  }
  for (const one of found) {
    const kept = days.get(one.day);
    if (!kept || (subject !== "" && one.subject !== subject)) continue;
    kept.granted += one.granted;
    kept.refused += one.refused;
  }
  return [...days.values()];
}

export function receiptsPerDay(
  days: ReceiptDay[],
  palette: Palette,
  f: ReturnType<typeof useFormat>,
  t: (key: Key) => string,
): ChartOption {
  const lines = [
    { name: t("consent.granted"), colour: palette.good, of: (day: ReceiptDay) => day.granted },
    { name: t("consent.refused"), colour: palette.bad, of: (day: ReceiptDay) => day.refused },
  ];
  return {
    ...baseOption(palette),
    legend: { top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } },
    grid: { ...(baseOption(palette).grid as object), top: 28 },
    tooltip: {
      ...baseOption(palette).tooltip,
      axisPointer: { type: "shadow", shadowStyle: { color: palette.accentSoft, opacity: 0.6 } },
      formatter: (points) => {
        const first = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
        const day = days[first?.dataIndex ?? 0];
        return day ? tip(`${day.day} UTC`, lines.map((line) => ({ colour: line.colour, name: line.name, value: f.whole(line.of(day)) }))) : "";
      },
    },
    xAxis: categories(palette, days.map((day) => day.day), (day) => day.slice(5)),
    yAxis: values(palette, f.short),
    series: lines.map((line) => ({
      type: "bar" as const,
      name: line.name,
      stack: "receipts",
      data: days.map(line.of),
      barCategoryGap: "28%",
      itemStyle: { color: line.colour },
    })),
  };
}
