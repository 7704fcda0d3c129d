/** The overview's charts as options; pure, so that they can be looked at without a page. */
import type { Overview } from "@/api/types";
import type { Palette } from "@/kit/theme";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { useFormat } from "@/kit/useFormat";

type Format = ReturnType<typeof useFormat>;
type Translate = (key: Key) => string;
interface Point {
  dataIndex: number;
}

/** ECharts hands one point or a list of them; all we need is where. */
function placeOf(points: unknown): number {
  const first = (Array.isArray(points) ? points[0] : points) as Point | undefined;
  return first?.dataIndex ?? 0;
}

function monthDay(day: string): string {
  return day.slice(5);
}

const TALLEST = 6;

/**
 * How high the live chart reaches. One bulk load would press every other minute flat, so bars beyond six times the
 * usual minute are cut and say their number; null where nothing needs cutting.
 */
export function ceiling(events: number[]): number | null {
  const busy = events.filter((n) => n > 0).sort((a, b) => a - b);
  const usual = busy[Math.floor((busy.length - 1) / 2)] ?? 0;
  return (busy.at(-1) ?? 0) > TALLEST * usual ? TALLEST * usual : null;
}

export function eventsPerMinute(
  minutes: Overview["events_per_minute"],
  palette: Palette,
  f: Format,
  t: Translate,
): ChartOption {
  const cut = ceiling(minutes.map((one) => one.events));
  return {
    ...baseOption(palette),
    grid: { ...(baseOption(palette).grid as object), top: cut === null ? 14 : 26 },
    tooltip: {
      ...baseOption(palette).tooltip,
      axisPointer: { type: "shadow", shadowStyle: { color: palette.accentSoft, opacity: 0.6 } },
      formatter: (points) => {
        const minute = minutes[placeOf(points)];
        return minute
          ? tip(f.clock(minute.minute_time, false), [
              { colour: palette.accent, name: t("overview.events"), value: f.whole(minute.events) },
            ])
          : "";
      },
    },
    xAxis: categories(palette, minutes.map((one) => one.minute_time), (time) => f.clock(time, false)),
    yAxis: { ...values(palette, f.short), max: cut ?? undefined },
    series: [
      {
        type: "bar",
        data: minutes.map((one) =>
          cut !== null && one.events > cut
            ? {
                value: cut,
                itemStyle: { color: palette.accent, opacity: 0.45 },
                label: { show: true, position: "top" as const, color: palette.soft, formatter: f.short(one.events) },
              }
            : one.events,
        ),
        barCategoryGap: "24%",
        itemStyle: { color: palette.accent, borderRadius: [2, 2, 0, 0] },
      },
    ],
  };
}

export function salesPerDay(
  days: Overview["orders_per_day"],
  currency: string,
  palette: Palette,
  f: Format,
  t: Translate,
): ChartOption {
  const shown = days.filter((one) => one.currency === currency);
  const [first, second] = [palette.series[0]!, palette.series[1]!];
  return {
    ...baseOption(palette),
    legend: {
      top: 0,
      right: 0,
      itemWidth: 12,
      itemHeight: 8,
      icon: "roundRect",
      textStyle: { color: palette.soft, fontSize: 11 },
    },
    grid: { ...(baseOption(palette).grid as object), top: 28 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const day = shown[placeOf(points)];
        return day
          ? tip(day.day, [
              { colour: first, name: t("overview.gmv"), value: f.money(day.amount_minor, day.currency) },
              { colour: second, name: t("overview.orders"), value: f.whole(day.orders) },
            ])
          : "";
      },
    },
    xAxis: categories(palette, shown.map((one) => one.day), monthDay),
    yAxis: [
      values(palette, (value) => f.shortMoney(value, currency)),
      values(palette, f.short, "right"),
    ],
    series: [
      {
        type: "bar",
        name: t("overview.gmv"),
        data: shown.map((one) => one.amount_minor),
        barCategoryGap: "36%",
        itemStyle: { color: first, borderRadius: [2, 2, 0, 0] },
      },
      {
        type: "line",
        name: t("overview.orders"),
        yAxisIndex: 1,
        data: shown.map((one) => one.orders),
        showSymbol: false,
        lineStyle: { width: 1.8, color: second },
        itemStyle: { color: second },
      },
    ],
  };
}

export function activePerDay(
  days: Overview["active_users_per_day"],
  palette: Palette,
  f: Format,
  t: Translate,
): ChartOption {
  const colour = palette.series[0]!;
  return {
    ...baseOption(palette),
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const day = days[placeOf(points)];
        return day ? tip(day.day, [{ colour, name: t("overview.activeUsers"), value: f.whole(day.users) }]) : "";
      },
    },
    xAxis: { ...categories(palette, days.map((one) => one.day), monthDay), boundaryGap: false },
    yAxis: values(palette, f.short),
    series: [
      {
        type: "line",
        data: days.map((one) => one.users),
        showSymbol: false,
        lineStyle: { width: 1.8, color: colour },
        areaStyle: { color: palette.accentSoft, opacity: 0.7 },
        itemStyle: { color: colour },
      },
    ],
  };
}
