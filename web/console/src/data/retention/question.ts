/** What the two tabs ask, and what comes of it as rows; pure. */
import type { LifecycleAnswer, RetentionAnswer, RetentionGroup, Words } from "@/api/types";
import { complete, type EventMatch } from "@/kit/conditions";

export type Unit = "day" | "week" | "month";
export const UNITS: Unit[] = ["day", "week", "month"];
export const MODES = ["first", "each", "new"] as const;
export const COUNTS = ["on", "after"] as const;
export const PERIODS: Record<Unit, number[]> = { day: [7, 14, 30, 60, 90], week: [4, 8, 12, 26], month: [3, 6, 12, 24] };
export const STATES = ["new", "retained", "resurrected", "dormant"] as const;
export type State = (typeof STATES)[number];
export const MOST_SEGMENTS = 4;
const ANY: EventMatch = { event: "", where: [] };

export interface RetentionQuestion {
  start: EventMatch;
  back: EventMatch;
  first_day: string | null;
  last_day: string | null;
  unit: Unit;
  mode: (typeof MODES)[number];
  count: (typeof COUNTS)[number];
  periods: number | null;
  segments: string[];
  tag: string;
}
export const RETENTION: RetentionQuestion = {
  start: ANY,
  back: ANY,
  first_day: null,
  last_day: null,
  unit: "day",
  mode: "first",
  count: "on",
  periods: null,
  segments: [],
  tag: "",
};

export interface LifeQuestion {
  event: EventMatch;
  first_day: string | null;
  last_day: string | null;
  unit: Unit;
  segments: string[];
}
export const LIFE: LifeQuestion = { event: ANY, first_day: null, last_day: null, unit: "day", segments: [] };

/** With both days said once they are known, so that the people behind a cell stay those of the table on any later day. */
export function asked(question: RetentionQuestion, answer?: RetentionAnswer): RetentionQuestion {
  return { ...question, start: complete(question.start), back: complete(question.back), ...days(answer) };
}

export function askedLife(question: LifeQuestion, answer?: LifecycleAnswer): LifeQuestion {
  return { ...question, event: complete(question.event), ...days(answer) };
}

function days(answer?: { first_day: string; last_day: string }) {
  return answer ? { first_day: answer.first_day, last_day: answer.last_day } : {};
}

type Row = (string | number | null)[];

/** A cohort a row: how many came back at each n, empty where it has not passed. */
export function retentionRows(answer: RetentionAnswer, w: (words: Words) => string, head: [string, string, string]): Row[] {
  const ns = answer.groups[0]?.average.map((one) => String(one.n)) ?? [];
  const rows: Row[] = [[...head, ...ns]];
  for (const group of answer.groups) {
    for (const cohort of group.cohorts) rows.push([w(group.words), cohort.day, cohort.size, ...cohort.returned]);
  }
  return rows;
}

export function lifeRows(answer: LifecycleAnswer, w: (words: Words) => string, head: string[]): Row[] {
  const rows: Row[] = [head];
  for (const group of answer.groups) {
    for (const one of group.stages) {
      rows.push([w(group.words), one.day, ...STATES.map((state) => one[state]), one.active, one.quick_ratio]);
    }
  }
  return rows;
}

export function anybody(groups: RetentionGroup[]): boolean {
  return groups.some((group) => group.cohorts.some((cohort) => cohort.size > 0));
}
