/** What the page asks: the definition of a funnel as it stands in the address; pure. */
import type { components } from "@/api/schema";
import { complete, type EventMatch } from "@/kit/conditions";
import type { Key, Params } from "@/i18n";

export type FunnelAnswer = components["schemas"]["FunnelFiguresBody"];
export type FunnelGroup = FunnelAnswer["groups"][number];
export type SavedFunnel = components["schemas"]["SavedBody"];
export interface Exclusion extends EventMatch {
  after: number;
  before: number;
}
export interface Days {
  recent_days?: number | null;
  from_day?: string | null;
  to_day?: string | null;
}
export interface FunnelQuestion {
  steps: EventMatch[];
  window_seconds: number;
  days: Days;
  order: "loose" | "strict";
  exclusions: Exclusion[];
  breakdown: { by: "tag" | "property"; key: string } | null;
  segments: string[];
  within: string | null;
  grain: "day" | "week";
}
export const MOST_STEPS = 20;
export const MOST_EXCLUSIONS = 5;
export const MOST_SEGMENTS = 4;
export const ALL = "all";
const step = (event: string): EventMatch => ({ event, where: [] });

/** The way through a content shop: see, click, view a product, add, order. */
export const FUNNEL: FunnelQuestion = {
  steps: ["Content Viewed", "Content Clicked", "Product Viewed", "Product Added", "Order Completed"].map(step),
  window_seconds: 7 * 86_400,
  days: { recent_days: 30 },
  order: "loose",
  exclusions: [],
  breakdown: null,
  segments: [],
  within: null,
  grain: "day",
};
export const EMPTY_STEP: EventMatch = step("");

/** The question without what is not chosen yet; null where that leaves fewer than two steps. */
export function asked(question: FunnelQuestion): FunnelQuestion | null {
  const steps = question.steps.filter((one) => one.event !== "").map(complete);
  if (steps.length < 2) return null;
  const exclusions = question.exclusions
    .filter((one) => one.event !== "" && one.after < one.before && one.before <= steps.length)
    .map((one) => ({ ...complete(one), after: one.after, before: one.before }));
  return { ...question, steps, exclusions, segments: question.breakdown ? [] : question.segments };
}

/** The people of a point; the days of a moving range are said, so that the people stay those of the figure. */
export function peopleOf(question: FunnelQuestion, answer: FunnelAnswer, step: number, more: Record<string, unknown>): Record<string, unknown> {
  const days = { from_day: answer.from_day, to_day: answer.to_day };
  return { kind: "funnel", funnel: { ...question, days }, step, ...more };
}

const UNITS: [number, Key][] = [
  [86_400, "funnel.daysLong"],
  [3_600, "funnel.hours"],
  [60, "funnel.minutes"],
  [1, "funnel.seconds"],
];

/** 3.5 小时, 12 min: the largest unit that fits. */
export function lasting(seconds: number, t: (key: Key, params?: Params) => string): string {
  const [size, key] = UNITS.find(([unit]) => seconds >= unit) ?? [1, "funnel.seconds" as Key];
  const value = seconds / size;
  return t(key, { n: value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1) });
}

export const WINDOW_UNITS = { seconds: 1, minutes: 60, hours: 3_600, days: 86_400 } as const;
export type WindowUnit = keyof typeof WINDOW_UNITS;

/** The largest unit in which the window is a whole number. */
export function unitOf(seconds: number): WindowUnit {
  const names = Object.keys(WINDOW_UNITS) as WindowUnit[];
  return [...names].reverse().find((name) => seconds % WINDOW_UNITS[name] === 0) ?? "seconds";
}
