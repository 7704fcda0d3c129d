/** The charts of a funnel, as options; pure. */
import type { Key, Params } from "@/i18n";
import type { Words } from "@/api/types";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";
import { lasting, type FunnelAnswer, type FunnelGroup } from "./question";

export interface Tools {
  palette: Palette;
  f: ReturnType<typeof useFormat>;
  t: (key: Key, params?: Params) => string;
  w: (words: Words) => string;
  narrow: boolean;
}
const at = (points: unknown) => ((Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
const legend = (palette: Palette) => ({
  top: 0, right: 0, type: "scroll" as const, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 },
}); // prettier-ignore

/** One group: bars with what was lost on top. Several: a bar a group, as shares of each one's first step. */
export function stepsChart(answer: FunnelAnswer, groups: FunnelGroup[], { palette, f, t, w, narrow }: Tools): ChartOption {
  const room = Math.floor((narrow ? 280 : 700) / answer.steps.length) - 8;
  const names = answer.steps.map((one, place) => `${place + 1} ${w(one.words)}`);
  const base = { ...baseOption(palette), grid: { ...(baseOption(palette).grid as object), top: 34 }, legend: legend(palette) };
  const xAxis = {
    ...categories(palette, names),
    axisLabel: {
      color: palette.soft,
      fontSize: 11,
      interval: 0,
      width: room,
      overflow: "truncate" as const,
      formatter: (name: string, place: number) => (room < 40 ? String(place + 1) : name),
    },
  };
  if (groups.length > 1) {
    return {
      ...base,
      tooltip: {
        ...base.tooltip,
        formatter: (points) => {
          const place = at(points);
          const lines = groups.map((one, n) => ({
            colour: palette.series[n % palette.series.length],
            name: w(one.words),
            value: `${f.whole(one.steps[place]!.people)} · ${f.percent(one.steps[place]!.of_first ?? 0)}`,
          }));
          return tip(names[place] ?? "", lines);
        },
      },
      xAxis,
      yAxis: { ...values(palette, (share) => f.percent(share, 0)), minInterval: 0, max: 1 },
      series: groups.map((one, n) => ({
        type: "bar" as const,
        name: w(one.words),
        data: one.steps.map((s) => s.of_first ?? 0),
        itemStyle: { color: palette.series[n % palette.series.length]!, borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 26,
        cursor: "pointer",
      })),
    };
  }
  const steps = groups[0]?.steps ?? [];
  return {
    ...base,
    tooltip: {
      ...base.tooltip,
      formatter: (points) => {
        const one = steps[at(points)];
        if (!one) return "";
        return tip(names[at(points)] ?? "", [
          { colour: palette.accent, name: t("funnel.reached"), value: `${f.whole(one.people)} · ${f.percent(one.of_first ?? 0)}` },
          ...(at(points) > 0 ? [{ colour: palette.line, name: t("funnel.lost"), value: f.whole(one.lost) }] : []),
        ]);
      },
    },
    xAxis,
    yAxis: values(palette, f.short),
    series: [
      {
        type: "bar",
        stack: "all",
        name: t("funnel.reached"),
        data: steps.map((one) => one.people),
        itemStyle: { color: palette.accent },
        barMaxWidth: 96,
        barMinHeight: 3,
        cursor: "pointer",
        label: {
          show: true,
          position: "insideTop",
          formatter: ({ dataIndex }) => f.percent(steps[dataIndex]?.of_first ?? 0),
          color: palette.onAccent,
          textBorderColor: palette.accent,
          textBorderWidth: 2,
          fontSize: 11,
        },
      },
      {
        type: "bar",
        stack: "all",
        name: t("funnel.lost"),
        data: steps.map((one) => one.lost),
        itemStyle: { color: palette.line },
        barMaxWidth: 96,
        cursor: "pointer",
        label: {
          show: true,
          position: "top",
          formatter: ({ dataIndex }) => (dataIndex ? `−${f.short(steps[dataIndex]?.lost ?? 0)}` : ""),
          color: palette.faint,
          fontSize: 11,
        },
      },
    ],
  };
}

/** Entries as bars and conversion as a line; where windows are open the bar is grey and the line stops. */
export function trendChart(answer: FunnelAnswer, { palette, f, t }: Tools): ChartOption {
  const rows = answer.trend;
  return {
    ...baseOption(palette),
    grid: { ...(baseOption(palette).grid as object), top: 34 },
    legend: legend(palette),
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const row = rows[at(points)];
        if (!row) return "";
        const title = row.until_day === row.day ? row.day : `${row.day} – ${row.until_day}`;
        return tip(title, [
          { colour: row.converted === null ? palette.line : palette.series[2], name: t("funnel.entered"), value: f.whole(row.entered) },
          {
            colour: palette.accent,
            name: t("funnel.share"),
            value: row.converted === null ? t("funnel.incomplete") : row.share === null ? "–" : `${f.percent(row.share)} · ${f.whole(row.converted)}`,
          },
        ]);
      },
    },
    xAxis: categories(palette, rows.map((row) => row.day), (day) => day.slice(5)),
    yAxis: [
      values(palette, f.short),
      { ...values(palette, (share) => f.percent(share, 0), "right"), minInterval: 0, min: 0 },
    ],
    series: [
      {
        type: "bar",
        name: t("funnel.entered"),
        itemStyle: { color: palette.series[2] },
        data: rows.map((row) => (row.converted === null ? { value: row.entered, itemStyle: { color: palette.line } } : row.entered)),
        barCategoryGap: "36%",
        cursor: "pointer",
      },
      {
        type: "line",
        name: t("funnel.share"),
        yAxisIndex: 1,
        data: rows.map((row) => row.share),
        connectNulls: false,
        showSymbol: rows.length < 15,
        itemStyle: { color: palette.accent },
        lineStyle: { width: 2 },
      },
    ],
  };
}

export function timeChart(answer: FunnelAnswer, histogram: number[], { palette, f, t }: Tools): ChartOption {
  const bounds = answer.bounds_s;
  const names = histogram.map((_, place) =>
    place < bounds.length ? t("funnel.upTo", { time: lasting(bounds[place]!, t) }) : t("funnel.more", { time: lasting(bounds.at(-1)!, t) }),
  );
  return {
    ...baseOption(palette),
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => tip(names[at(points)] ?? "", [{ colour: palette.accent, name: t("funnel.people"), value: f.whole(histogram[at(points)] ?? 0) }]),
    },
    xAxis: categories(palette, names),
    yAxis: values(palette, f.short),
    series: [{ type: "bar", data: histogram, itemStyle: { color: palette.accent }, barCategoryGap: "24%" }],
  };
}
