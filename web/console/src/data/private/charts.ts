/** The charts of the private domain as options; pure. */
import type { OwnedChannel, PrivateFigures, PrivateSide } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

type Format = ReturnType<typeof useFormat>;
type Translate = (key: Key) => string;

export interface Measure {
  of: (side: PrivateSide) => number | null;
  show: (value: number) => string;
}

function placeOf(points: unknown): number {
  return ((Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
}

function legend(palette: Palette) {
  return { top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } };
}

/** One measure of both sides by period; periods that are not over are pale. */
export function sidesByPeriod(data: PrivateFigures, measure: Measure, palette: Palette, t: Translate): ChartOption {
  const base = baseOption(palette);
  const sides = [
    { name: t("priv.private"), colour: palette.series[0]!, side: "private" as const },
    { name: t("priv.public"), colour: palette.series[1]!, side: "public" as const },
  ];
  return {
    ...base,
    legend: legend(palette),
    grid: { ...(base.grid as object), top: 28 },
    tooltip: {
      ...base.tooltip,
      formatter: (points) => {
        const period = data.periods[placeOf(points)];
        if (!period) return "";
        const head = period.first_day === period.last_day ? period.first_day : `${period.first_day} – ${period.last_day}`;
        return tip(
          period.complete ? head : `${head} · ${t("priv.notOver")}`,
          sides.map((one) => {
            const value = measure.of(period[one.side]);
            return { colour: one.colour, name: one.name, value: value === null ? "–" : measure.show(value) };
          }),
        );
      },
    },
    xAxis: categories(palette, data.periods.map((one) => one.first_day), (day) => day.slice(5)),
    yAxis: { ...values(palette, measure.show), minInterval: 0 },
    series: sides.map((one) => ({
      type: "bar" as const,
      name: one.name,
      barMaxWidth: 26,
      itemStyle: { color: one.colour },
      data: data.periods.map((period) => ({
        value: measure.of(period[one.side]),
        itemStyle: { color: one.colour, opacity: period.complete ? 1 : 0.35 },
      })),
    })),
  };
}

/** Joins above the line and leaves below it, by day and channel. */
export function movesByDay(
  channels: OwnedChannel[],
  palette: Palette,
  f: Format,
  name: (channel: OwnedChannel) => string,
): ChartOption {
  const base = baseOption(palette);
  const days = channels[0]?.moves.map((one) => one.day) ?? [];
  const colour = (n: number) => palette.series[n % palette.series.length]!;
  return {
    ...base,
    legend: { type: "scroll", ...legend(palette) },
    grid: { ...(base.grid as object), top: 28 },
    tooltip: {
      ...base.tooltip,
      formatter: (points) => {
        const at = placeOf(points);
        return tip(
          days[at] ?? "",
          channels.map((one, n) => ({
            colour: colour(n),
            name: name(one),
            value: `+${f.whole(one.moves[at]?.joins ?? 0)} / −${f.whole(one.moves[at]?.leaves ?? 0)}`,
          })),
        );
      },
    },
    xAxis: categories(palette, days, (day) => day.slice(5)),
    yAxis: values(palette, (value) => f.short(Math.abs(value))),
    series: channels.flatMap((one, n) => [
      { type: "bar" as const, stack: "moves", name: name(one), data: one.moves.map((move) => move.joins), itemStyle: { color: colour(n) } },
      { type: "bar" as const, stack: "moves", name: name(one), data: one.moves.map((move) => -move.leaves), itemStyle: { color: colour(n), opacity: 0.5 } },
    ]),
  };
}
