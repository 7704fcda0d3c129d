/** The charts of influence as options; pure. */
import type { CascadeNode, CreatorFigures } from "@/api/types";
import type { Key } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, categories, tip, values } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

type Format = ReturnType<typeof useFormat>;
type Translate = (key: Key, values?: Record<string, string | number>) => string;

/** What a node of the drawn tree carries to whoever clicks it. */
export interface TreeData {
  name: string;
  node: CascadeNode;
  children: TreeData[];
}

function placeOf(points: unknown): number {
  return ((Array.isArray(points) ? points[0] : points) as { dataIndex: number } | undefined)?.dataIndex ?? 0;
}

/** How many people are drawn at the same height: by it a tree is given its room. */
export function leavesOf(node: CascadeNode): number {
  return node.children.length === 0 ? 1 : node.children.reduce((sum, child) => sum + leavesOf(child), 0);
}

export function nameOf(node: CascadeNode, t: Translate, f: Format): string {
  return node.others > 0 ? t("cas.others", { n: f.whole(node.others) }) : node.name || t("cas.shop");
}

/** The tree from left to right; who ordered is filled, "others" are hollow, and the size says how many are below. */
export function treeOf(top: CascadeNode, palette: Palette, t: Translate, f: Format, narrow: boolean): ChartOption {
  const most = Math.max(1, ...top.children.map((child) => child.below + 1));
  const data = (node: CascadeNode): TreeData & Record<string, unknown> => ({
    name: nameOf(node, t, f),
    node,
    symbolSize: node.others > 0 ? 7 : 7 + Math.round(9 * Math.sqrt(Math.min(node.below / most, 1))),
    itemStyle: {
      color: node.others > 0 ? palette.panel : node.orders > 0 ? palette.series[1]! : palette.series[0]!,
      borderColor: node.others > 0 ? palette.faint : palette.panel,
      borderWidth: 1,
    },
    label: { color: node.others > 0 ? palette.faint : palette.soft },
    children: node.children.map(data),
  });
  const { textStyle, color } = baseOption(palette);
  return {
    textStyle,
    color,
    animationDurationUpdate: 240,
    tooltip: {
      ...baseOption(palette).tooltip,
      trigger: "item",
      formatter: (point) => {
        const { node } = (point as unknown as { data: TreeData }).data;
        if (node.others > 0) return nameOf(node, t, f);
        return tip(nameOf(node, t, f), [
          { name: t("cas.below"), value: f.whole(node.below) },
          { name: t("cas.orders"), value: f.whole(node.orders) },
          ...(node.time ? [{ name: t("cas.last"), value: f.dateTime(node.time) }] : []),
        ]);
      },
    },
    series: [
      {
        type: "tree",
        data: [data(top)],
        top: 6,
        bottom: 6,
        left: narrow ? 12 : 24,
        right: narrow ? 92 : 130,
        layout: "orthogonal",
        orient: "LR",
        roam: true,
        initialTreeDepth: -1,
        expandAndCollapse: false,
        symbol: "circle",
        edgeShape: "curve",
        lineStyle: { color: palette.line, width: 1, curveness: 0.5 },
        label: { position: "right", fontSize: 10, distance: 5, width: narrow ? 84 : 120, overflow: "truncate" },
        emphasis: { focus: "ancestor" },
      },
    ],
  };
}

/** People by level of a cascade. */
export function levels(byDepth: number[], palette: Palette, t: Translate, f: Format): ChartOption {
  const base = baseOption(palette);
  const names = byDepth.map((_, depth) => (depth === 0 ? t("cas.began") : t("cas.level", { n: depth })));
  return {
    ...base,
    tooltip: {
      ...base.tooltip,
      formatter: (points) => {
        const at = placeOf(points);
        return tip(names[at] ?? "", [{ name: t("cas.people"), value: f.whole(byDepth[at] ?? 0) }]);
      },
    },
    xAxis: categories(palette, names),
    yAxis: values(palette, f.short),
    series: [{ type: "bar", barMaxWidth: 34, data: byDepth, itemStyle: { color: palette.series[0]! } }],
  };
}

/** Reach by month, the running one pale, with what is predicted for it. */
export function reachByMonth(data: CreatorFigures, palette: Palette, t: Translate, f: Format): ChartOption {
  const base = baseOption(palette);
  const { predicted } = data.creator;
  return {
    ...base,
    tooltip: {
      ...base.tooltip,
      formatter: (points) => {
        const one = data.months[placeOf(points)];
        if (!one) return "";
        return tip(one.month, [
          { colour: palette.series[0]!, name: t("creator.reachSeries"), value: f.whole(one.reach) },
          ...(one.complete || predicted === null
            ? []
            : [{ colour: palette.series[1]!, name: t("creator.predictedSeries"), value: f.whole(Math.round(predicted)) }]),
        ]);
      },
    },
    xAxis: categories(palette, data.months.map((one) => one.month)),
    yAxis: values(palette, f.short),
    series: [
      {
        type: "bar",
        name: t("creator.reachSeries"),
        barMaxWidth: 26,
        data: data.months.map((one) => ({ value: one.reach, itemStyle: { color: palette.series[0]!, opacity: one.complete ? 1 : 0.4 } })),
      },
      {
        type: "bar",
        name: t("creator.predictedSeries"),
        barMaxWidth: 26,
        data: data.months.map((one) => (one.complete || predicted === null ? null : Math.round(predicted))),
        itemStyle: { color: "transparent", borderColor: palette.series[1]!, borderType: "dashed", borderWidth: 1 },
      },
    ],
  };
}
