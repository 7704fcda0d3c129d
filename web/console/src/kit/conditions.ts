/** Events and conditions as the server takes them; pure. */
import type { SeenProperty } from "@/api/types";

export type Op =
  | "eq" | "ne" | "in" | "not_in" | "gt" | "ge" | "lt" | "le" | "contains" | "set" | "unset"; // prettier-ignore
export type Value = string | number | boolean;
export interface Condition {
  property: string;
  op: Op;
  values: Value[];
}
export interface EventMatch {
  event: string;
  where: Condition[];
}

export const NO_VALUES: Op[] = ["set", "unset"];
export const MANY_VALUES: Op[] = ["in", "not_in"];
const OPS: Record<SeenProperty["type"], Op[]> = {
  text: ["eq", "ne", "in", "not_in", "contains", "set", "unset"],
  number: ["eq", "ne", "gt", "ge", "lt", "le", "set", "unset"],
  boolean: ["eq", "ne", "set", "unset"],
  time: ["gt", "ge", "lt", "le", "set", "unset"],
};

export function opsOf(type: SeenProperty["type"]): Op[] {
  return OPS[type];
}

/** What was typed as the property's type has it; null where it is none. */
export function asValue(type: SeenProperty["type"], text: string): Value | null {
  if (type === "boolean") return text === "true";
  if (type !== "number") return text === "" ? null : text;
  const number = Number(text);
  return text.trim() !== "" && Number.isFinite(number) ? number : null;
}

/** Whether a condition can be sent as it stands. */
export function isComplete(one: Condition): boolean {
  return one.property !== "" && (NO_VALUES.includes(one.op) || one.values.length > 0);
}

/** The event with those of its conditions that are complete. */
export function complete(match: EventMatch): EventMatch {
  return { event: match.event, where: match.where.filter(isComplete) };
}
