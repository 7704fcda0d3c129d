/** The curve of retention and the bars of the lifecycle as options; pure. */
import type { LifeStage, RetentionGroup, Words } from "@/api/types";
import type { Key, Params } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";
import { STATES, type Unit } from "./question";

interface Means {
  palette: Palette;
  f: ReturnType<typeof useFormat>;
  t: (key: Key, params?: Params) => string;
  w: (words: Words) => string;
}

function placeOf(points: unknown): number {
  const first = (Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined;
  return first?.dataIndex ?? 0;
}

function legend(palette: Palette) {
  return {
    top: 0,
    right: 0,
    itemWidth: 12,
    itemHeight: 8,
    icon: "roundRect",
    textStyle: { color: palette.soft, fontSize: 11 },
  };
}

/** From the first unit after their own on: at 0 everybody is there. */
export function curve(all: RetentionGroup[], unit: Unit, { palette, f, t, w }: Means): ChartOption {
  const groups = all.map((group) => ({ ...group, average: group.average.slice(1) }));
  const ns = groups[0]?.average.map((one) => one.n) ?? [];
  const colour = (place: number) => palette.series[place % palette.series.length]!;
  return {
    ...baseOption(palette),
    legend: { ...legend(palette), show: groups.length > 1 },
    grid: { ...(baseOption(palette).grid as object), top: groups.length > 1 ? 30 : 14 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const at = placeOf(points);
        return tip(
          t(`retention.n.${unit}`, { n: ns[at] ?? 0 }),
          groups.map((group, place) => {
            const one = group.average[at];
            const told =
              !one || one.share === null
                ? t(`retention.why.${one?.why ?? "nobody"}`)
                : `${f.percent(one.share)} · ${f.whole(one.returned)} / ${f.whole(one.people)}`;
            return { colour: colour(place), name: w(group.words), value: told };
          }),
        );
      },
    },
    xAxis: { ...categories(palette, ns.map(String), (n) => t(`retention.n.${unit}`, { n })), boundaryGap: false },
    yAxis: { ...values(palette, (share) => f.percent(share, 0)), minInterval: 0, min: 0 },
    series: groups.map((group, place) => ({
      type: "line" as const,
      name: w(group.words),
      data: group.average.map((one) => one.share),
      showSymbol: ns.length <= 15,
      symbolSize: 5,
      lineStyle: { width: 1.8, color: colour(place) },
      itemStyle: { color: colour(place) },
    })),
  };
}

/** New, retained and resurrected people upwards, dormant ones downwards. */
export function bars(stages: LifeStage[], { palette, f, t }: Means): ChartOption {
  const colours = [palette.series[0]!, palette.series[2]!, palette.series[1]!, palette.faint];
  return {
    ...baseOption(palette),
    legend: legend(palette),
    grid: { ...(baseOption(palette).grid as object), top: 30 },
    tooltip: {
      ...baseOption(palette).tooltip,
      axisPointer: { type: "shadow", shadowStyle: { color: palette.accentSoft, opacity: 0.6 } },
      formatter: (points) => {
        const one = stages[placeOf(points)];
        if (!one) return "";
        if (one.why) return tip(one.day, [{ name: t(`retention.why.${one.why}`), value: "" }]);
        return tip(one.day, [
          ...STATES.map((state, place) => ({
            colour: colours[place],
            name: t(`life.state.${state}`),
            value: f.whole(state === "dormant" ? -(one[state] ?? 0) : (one[state] ?? 0)),
          })),
          { name: t("life.active"), value: f.whole(one.active ?? 0) },
          { name: t("life.ratio"), value: one.quick_ratio === null ? "–" : f.whole(one.quick_ratio) },
        ]);
      },
    },
    xAxis: categories(palette, stages.map((one) => one.day), (day) => day.slice(5)),
    yAxis: values(palette, f.short),
    series: STATES.map((state, place) => ({
      type: "bar" as const,
      stack: "people",
      name: t(`life.state.${state}`),
      data: stages.map((one) => {
        const count = one[state];
        return count === null ? null : state === "dormant" ? -count : count;
      }),
      barCategoryGap: "30%",
      cursor: "pointer",
      itemStyle: { color: colours[place] },
    })),
  };
}
