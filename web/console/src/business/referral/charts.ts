/** Charts of a campaign as options; pure. */
import type { ReferralCascade, ReferralFigures } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

type Format = ReturnType<typeof useFormat>;
type Say = (key: Key, params?: Record<string, string | number>) => string;

interface Series {
  name: string;
  data: number[];
}

function lines(days: string[], series: Series[], palette: Palette, f: Format, stacked: boolean): ChartOption {
  const colour = (n: number) => palette.series[n % palette.series.length]!;
  return {
    ...baseOption(palette),
    legend: { type: "scroll", top: 0, right: 0, itemWidth: 12, itemHeight: 8, icon: "roundRect", textStyle: { color: palette.soft, fontSize: 11 } },
    grid: { ...(baseOption(palette).grid as object), top: 30 },
    tooltip: {
      ...baseOption(palette).tooltip,
      formatter: (points) => {
        const at = ((Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
        return tip(days[at] ?? "", series.map((one, n) => ({ colour: colour(n), name: one.name, value: f.whole(one.data[at] ?? 0) })));
      },
    },
    xAxis: categories(palette, days, (day) => day.slice(5)),
    yAxis: values(palette, f.short),
    series: series.map((one, n) => ({
      type: "line" as const,
      name: one.name,
      data: one.data,
      symbol: "circle",
      symbolSize: days.length === 1 ? 7 : 4,
      ...(stacked ? { stack: "all", areaStyle: { opacity: 0.35 } } : {}),
      lineStyle: { width: 2, color: colour(n) },
      itemStyle: { color: colour(n) },
    })),
  };
}

/** Invitations, registrations and orders by day. */
export function byDay(data: ReferralFigures, palette: Palette, f: Format, t: Say): ChartOption {
  const series = (["sent", "registered", "ordered"] as const).map((step) => ({
    name: t(`ref.step.${step}`),
    data: data.days.map((day) => day[step]),
  }));
  return lines(data.days.map((day) => day.day), series, palette, f, false);
}

/** Friends by depth, cumulative by day. */
export function grown(data: ReferralCascade, palette: Palette, f: Format, t: Say): ChartOption {
  const series = data.depths.map((_, depth) => ({
    name: t("ref.depth", { n: depth + 1 }),
    data: data.grown.map((day) => day[depth] ?? 0),
  }));
  return lines(data.days, series, palette, f, true);
}

export interface Drawn {
  key: string;
  x: number;
  y: number;
  depth: number;
  at: number;
  from: { x: number; y: number } | null;
}

const ROW = 14;

/** The cascade as points: time runs to the right, each tree keeps its rows together, a child stands by its parent. */
export function laidOut(nodes: ReferralCascade["nodes"], width: number): { points: Drawn[]; height: number } {
  const times = nodes.map((node) => Date.parse(node.at));
  const first = Math.min(...times);
  const span = Math.max(Math.max(...times) - first, 1);
  const children = new Map<string, string[]>();
  const known = new Set(nodes.map((node) => node.key));
  const roots: string[] = [];
  for (const node of nodes) {
    const parent = node.parent ?? "";
    if (!known.has(parent) && !roots.includes(parent)) roots.push(parent);
    children.set(parent, [...(children.get(parent) ?? []), node.key]);
  }
  const at = new Map(nodes.map((node, place) => [node.key, { ...node, time: times[place]! }]));
  const placed = new Map<string, { x: number; y: number }>();
  const points: Drawn[] = [];
  let row = 0;
  const xOf = (time: number) => 16 + ((time - first) / span) * (width - 40);
  const visit = (key: string, root: boolean, seen: Set<string>): void => {
    if (seen.has(key)) return;
    seen.add(key);
    const own = at.get(key);
    const kids = children.get(key) ?? [];
    const x = own ? xOf(own.time) : Math.max(xOf(Math.min(...kids.map((kid) => at.get(kid)!.time))) - 14, 4);
    const y = ROW * (row + 1);
    placed.set(key, { x, y });
    const from = own?.parent ? (placed.get(own.parent) ?? null) : null;
    points.push({ key, x, y, depth: own?.depth ?? 0, at: own?.time ?? Math.min(...kids.map((kid) => at.get(kid)!.time)), from });
    kids.forEach((kid, place) => {
      if (place > 0) row += 1;
      visit(kid, false, seen);
    });
    if (root) row += 1;
  };
  const seen = new Set<string>();
  roots.forEach((root) => visit(root, true, seen));
  return { points, height: ROW * (row + 2) };
}
