/** What of a neighbourhood is drawn how. */
import type { GraphData } from "@antv/g6";
import type { Ego, EgoTie } from "@/api/types";
import type { Palette } from "@/kit/theme";

const MOST_NAMES = 24;

/** One line for each two people: the stronger direction; colours are communities, the person asked for stands out. */
export function drawn(ego: Ego, palette: Palette): GraphData {
  const self = ego.nodes[0]?.person_no;
  const lines = new Map<string, EgoTie>();
  for (const tie of ego.ties) {
    const key = [Math.min(tie.src, tie.dst), Math.max(tie.src, tie.dst)].join("-");
    const known = lines.get(key);
    if (!known || known.strength < tie.strength) lines.set(key, tie);
  }
  const colours = palette.series;
  const communities = [...new Set(ego.nodes.map((node) => node.community))];
  return {
    nodes: ego.nodes.map((node, place) => ({
      id: String(node.person_no),
      style: {
        size: node.person_no === self ? 26 : node.distance === 1 ? 14 : 9,
        fill: colours[communities.indexOf(node.community) % colours.length],
        stroke: node.person_no === self ? palette.text : palette.panel,
        lineWidth: node.person_no === self ? 2 : 1,
        labelText: place < MOST_NAMES ? (node.user_id ?? `@${node.person_no}`) : "",
      },
    })),
    edges: [...lines].map(([id, tie]) => ({
      id,
      source: String(tie.src),
      target: String(tie.dst),
      style: lineOf(tie, tie.src === self || tie.dst === self, palette),
    })),
  };
}

/** The person's own ties stand out before those among the others. */
function lineOf(tie: EgoTie, own: boolean, palette: Palette) {
  return {
    stroke: tie.strong ? palette.accent : palette.faint,
    lineWidth: own ? 1 + 4 * tie.strength : 0.5 + tie.strength,
    strokeOpacity: own ? 0.85 : 0.2,
  };
}

/** The tie that a line stands for; of a node its tie with the person asked for. */
export function tieOf(ego: Ego, id: string): EgoTie | undefined {
  const [a, b] = id.split("-").map(Number);
  const self = ego.nodes[0]?.person_no;
  const ends = b === undefined ? [self, a] : [a, b];
  const between = ego.ties.filter((tie) => ends.includes(tie.src) && ends.includes(tie.dst) && tie.src !== tie.dst);
  return between.find((tie) => tie.src === self) ?? between.sort((one, other) => other.strength - one.strength)[0];
}
