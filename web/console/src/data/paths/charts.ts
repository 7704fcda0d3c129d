/** Flows between steps as an option; pure. */
import type { PathNode, PathsAnswer } from "@/api/types";
import type { Key, Params } from "@/i18n";
import type { ChartOption } from "@/kit/ChartCanvas";
import { baseOption, tip } from "@/kit/chartLook";
import type { Palette } from "@/kit/theme";
import type { useFormat } from "@/kit/useFormat";

export interface Flow {
  step: number;
  node: string;
  /** The key of the node it leads to, or `end`. */
  to: string | null;
}
interface Means {
  palette: Palette;
  f: ReturnType<typeof useFormat>;
  t: (key: Key, params?: Params) => string;
  name: (node: PathNode) => string;
}

export const END = "end";
const OTHER = "other";

/** The picture, and what stands behind each of its nodes and links by their place. Ends run to a grey node of the next step. */
export function sankey(answer: PathsAnswer, backwards: boolean, { palette, f, t, name }: Means): { option: ChartOption; nodes: Flow[]; links: Flow[] } {
  const last = Math.max(0, ...answer.nodes.map((node) => node.step));
  const deepest = Math.max(0, ...answer.nodes.map((node) => (node.ended > 0 ? node.step + 1 : node.step)));
  const depth = (step: number) => (backwards ? deepest - step : step);
  const colours = new Map<string, string>();
  const colour = (node: PathNode) => {
    if (node.key === OTHER) return palette.faint;
    const known = colours.get(node.event);
    if (known) return known;
    const next = palette.series[colours.size % palette.series.length]!;
    colours.set(node.event, next);
    return next;
  };
  const id = (step: number, key: string) => `${step}|${key}`;
  const nodes: Flow[] = [];
  const data = answer.nodes.map((node) => {
    nodes.push({ step: node.step, node: node.key, to: null });
    return { name: id(node.step, node.key), shown: name(node), count: node.count, depth: depth(node.step), itemStyle: { color: colour(node) } };
  });
  const links: Flow[] = [];
  const drawn = answer.edges.map((edge) => {
    links.push({ step: edge.step, node: edge.node, to: edge.to });
    const ends = [id(edge.step, edge.node), id(edge.step + 1, edge.to)];
    return { source: ends[backwards ? 1 : 0]!, target: ends[backwards ? 0 : 1]!, value: edge.count };
  });
  for (let step = 0; step <= last; step += 1) {
    const ended = answer.nodes.filter((node) => node.step === step && node.ended > 0);
    if (ended.length === 0) continue;
    // an end has no people of its own: it shows those of the flow that leads to it
    nodes.push({ step, node: "", to: END });
    data.push({
      name: id(step + 1, END),
      shown: t(backwards ? "paths.start" : "paths.end"),
      count: ended.reduce((sum, node) => sum + node.ended, 0),
      depth: depth(step + 1),
      itemStyle: { color: palette.line },
    });
    for (const node of ended) {
      links.push({ step, node: node.key, to: END });
      const ends = [id(step, node.key), id(step + 1, END)];
      drawn.push({ source: ends[backwards ? 1 : 0]!, target: ends[backwards ? 0 : 1]!, value: node.ended });
    }
  }
  const shown = new Map(data.map((one) => [one.name, one]));
  const share = (count: number) => `${f.whole(count)} · ${f.percent(answer.paths ? count / answer.paths : 0)}`;
  const option: ChartOption = {
    ...baseOption(palette),
    tooltip: {
      ...baseOption(palette).tooltip,
      trigger: "item",
      formatter: (point) => {
        const one = (Array.isArray(point) ? point[0] : point) as { dataType?: string; data: { name?: string; source?: string; target?: string; value?: number } } | undefined;
        if (!one) return "";
        if (one.dataType === "edge") {
          const [from, to] = [shown.get(one.data.source ?? ""), shown.get(one.data.target ?? "")];
          return tip(t("paths.flow", { from: from?.shown ?? "", to: to?.shown ?? "" }), [{ name: "", value: share(one.data.value ?? 0) }]);
        }
        const node = shown.get(one.data.name ?? "");
        return node ? tip(node.shown, [{ name: "", value: share(node.count) }]) : "";
      },
    },
    series: [
      {
        type: "sankey",
        left: 8,
        right: 150,
        top: 8,
        bottom: 12,
        nodeWidth: 12,
        nodeGap: 14,
        draggable: false,
        layoutIterations: 24,
        emphasis: { focus: "adjacency" },
        data,
        links: drawn,
        cursor: "pointer",
        lineStyle: { color: "source", opacity: palette.dark ? 0.3 : 0.22, curveness: 0.5 },
        label: {
          color: palette.text,
          fontSize: 11,
          width: 140,
          overflow: "truncate",
          formatter: (point) => {
            const node = shown.get(point.name);
            return node ? `${node.shown}  ${f.short(node.count)}` : "";
          },
        },
      },
    ],
  };
  return { option, nodes, links };
}
