/** What the page of paths asks, and what comes of it as rows; pure. */
import type { PathNode, PathsAnswer } from "@/api/types";
import { complete, type EventMatch } from "@/kit/conditions";

export const DIRECTIONS = ["from", "to"] as const;
export const COUNTED = ["people", "sessions"] as const;
export const MINUTES = [5, 15, 30, 60, 120, 1440];
export const STEPS = [2, 3, 4, 5, 6, 8, 10];
export const TOPS = [3, 4, 6, 8, 12, 20];
export const MOST_EVENTS = 30;

export interface PathsQuestion {
  anchor: EventMatch;
  direction: (typeof DIRECTIONS)[number];
  events: string[];
  first_day: string | null;
  last_day: string | null;
  session_minutes: number;
  steps: number;
  top: number;
  collapse: boolean;
  unit: (typeof COUNTED)[number];
  split: { event: string; property: string } | null;
  segment: string;
}
export const PATHS: PathsQuestion = {
  anchor: { event: "", where: [] },
  direction: "from",
  events: [],
  first_day: null,
  last_day: null,
  session_minutes: 30,
  steps: 6,
  top: 6,
  collapse: true,
  unit: "people",
  split: null,
  segment: "",
};

/** As the server takes it: half a breakdown is none, and the days are said once they are known. */
export function asked(question: PathsQuestion, answer?: PathsAnswer): PathsQuestion {
  return {
    ...question,
    anchor: complete(question.anchor),
    split: question.split?.event && question.split.property ? question.split : null,
    ...(answer ? { first_day: answer.first_day, last_day: answer.last_day } : {}),
  };
}

/** One row for each flow and each end, from the first step on. */
export function flowRows(answer: PathsAnswer, name: (node: PathNode) => string, end: string, head: string[]): (string | number)[][] {
  const nodes = new Map(answer.nodes.map((node) => [`${node.step} ${node.key}`, node]));
  const rows: (string | number)[][] = [head];
  for (const edge of answer.edges) {
    const [from, to] = [nodes.get(`${edge.step} ${edge.node}`), nodes.get(`${edge.step + 1} ${edge.to}`)];
    if (from && to) rows.push([edge.step + 1, name(from), name(to), edge.count]);
  }
  for (const node of answer.nodes) {
    if (node.ended > 0) rows.push([node.step + 1, name(node), end, node.ended]);
  }
  return rows.sort((a, b) => (a === head ? -1 : b === head ? 1 : Number(a[0]) - Number(b[0]) || Number(b[3]) - Number(a[3])));
}
