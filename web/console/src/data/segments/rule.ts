/** Rules of segments as the server takes them; pure. */
import { complete, type EventMatch, type Value } from "@/kit/conditions";

export type Group = { is: "all"; of: Rule[] } | { is: "any"; of: Rule[] };
export interface Negation {
  is: "not";
  of: Rule;
}
export type TagOp = "eq" | "ne" | "in" | "not_in" | "gt" | "ge" | "lt" | "le" | "between" | "contains" | "set" | "unset";
export interface TagLeaf {
  is: "tag";
  tag: string;
  op: TagOp;
  values?: Value[];
}
interface Window {
  days?: number;
  since?: string;
  until?: string;
}
export interface EventLeaf extends Window, Partial<Pick<EventMatch, "where">> {
  is: "event";
  event: string;
  least?: number;
  most?: number;
}
export interface OrderLeaf extends Window {
  is: "order";
  steps: (Partial<Pick<EventMatch, "where">> & { event: string })[];
  within_minutes: number;
}
export const WAYS = ["friend_of", "followed_by", "follows", "invited_by", "invited"] as const;
export interface TieLeaf {
  is: "tie";
  way: (typeof WAYS)[number];
  segment?: string;
  user?: string;
}
export const LEVELS = ["high", "mid", "low"] as const;
export type RfmList = "r" | "f" | "m" | "classes" | "tiers";
export interface RfmLeaf extends Partial<Record<RfmList, string[]>> {
  is: "rfm";
}
export interface SegmentLeaf {
  is: "segment";
  segment: string;
}
export interface PeopleLeaf {
  is: "people";
  query: Record<string, unknown>;
}
export interface ListLeaf {
  is: "list";
  list: string;
}
export type Leaf = TagLeaf | EventLeaf | OrderLeaf | TieLeaf | RfmLeaf | SegmentLeaf | PeopleLeaf | ListLeaf;
export type Rule = Group | Negation | Leaf;

export const NEW_LEAVES = {
  tag: { is: "tag", tag: "", op: "eq" },
  event: { is: "event", event: "", least: 1, days: 30 },
  order: { is: "order", steps: [{ event: "" }, { event: "" }], within_minutes: 1440, days: 30 },
  rfm: { is: "rfm" },
  tie: { is: "tie", way: "friend_of" },
  segment: { is: "segment", segment: "" },
} satisfies Record<string, Leaf>;
export type NewLeaf = keyof typeof NEW_LEAVES;

/** The rule without its negation, and whether it had one. */
export function unwrapped(rule: Rule): { inner: Exclude<Rule, Negation>; negated: boolean } {
  let inner: Rule = rule;
  let negated = false;
  while (inner.is === "not") {
    inner = inner.of;
    negated = !negated;
  }
  return { inner, negated };
}

export function wrapped(inner: Exclude<Rule, Negation>, negated: boolean): Rule {
  return negated ? { is: "not", of: inner } : inner;
}

/** A rule whose outermost part is a group, as the builder shows it. */
export function asGroup(rule: Rule): Rule {
  const { inner } = unwrapped(rule);
  return inner.is === "all" || inner.is === "any" ? rule : { is: "all", of: [rule] };
}

const NO_VALUE: TagOp[] = ["set", "unset"];

export function takesValues(op: TagOp): number {
  return NO_VALUE.includes(op) ? 0 : op === "between" ? 2 : op === "in" || op === "not_in" ? Infinity : 1;
}

function leafIsComplete(leaf: Leaf): boolean {
  switch (leaf.is) {
    case "tag": {
      const wanted = takesValues(leaf.op);
      const given = leaf.values?.length ?? 0;
      return leaf.tag !== "" && (wanted === Infinity ? given > 0 : given === wanted);
    }
    case "event":
      return leaf.least !== undefined || leaf.most !== undefined;
    case "order":
      return leaf.steps.length >= 2 && leaf.within_minutes > 0;
    case "tie":
      return Boolean(leaf.segment) !== Boolean(leaf.user);
    case "rfm":
      return (["r", "f", "m", "classes", "tiers"] as const).some((name) => (leaf[name]?.length ?? 0) > 0);
    case "segment":
      return leaf.segment !== "";
    default:
      return true;
  }
}

function trimmed(leaf: Leaf): Leaf {
  if (leaf.is === "event") return { ...leaf, where: complete({ event: leaf.event, where: leaf.where ?? [] }).where };
  if (leaf.is === "order") {
    return { ...leaf, steps: leaf.steps.map((one) => complete({ event: one.event, where: one.where ?? [] })) };
  }
  return leaf;
}

/** The rule with those of its parts that are complete; null where nothing is left. Groups without parts go. */
export function completed(rule: Rule): Rule | null {
  if (rule.is === "all" || rule.is === "any") {
    const parts = rule.of.map(completed).filter((part): part is Rule => part !== null);
    return parts.length === 0 ? null : { is: rule.is, of: parts };
  }
  if (rule.is === "not") {
    const inner = completed(rule.of);
    return inner === null ? null : { is: "not", of: inner };
  }
  return leafIsComplete(rule) ? trimmed(rule) : null;
}

/** How many conditions are there, and how many of them are not filled in. */
export function unfinished(rule: Rule): number {
  if (rule.is === "all" || rule.is === "any") return rule.of.reduce((sum, part) => sum + unfinished(part), 0);
  if (rule.is === "not") return unfinished(rule.of);
  return leafIsComplete(rule) ? 0 : 1;
}

const KINDS = ["tag", "event", "order", "tie", "rfm", "segment", "people", "list"];

function isRule(found: unknown): found is Rule {
  if (typeof found !== "object" || found === null || !("is" in found)) return false;
  const of = "of" in found ? found.of : undefined;
  if (found.is === "all" || found.is === "any") return Array.isArray(of) && of.every(isRule);
  if (found.is === "not") return isRule(of);
  return KINDS.includes(String(found.is)) && (found.is !== "order" || ("steps" in found && Array.isArray(found.steps)));
}

/** A rule from an address; null where it is none. */
export function ruleFrom(text: string | null): Rule | null {
  if (!text) return null;
  try {
    const found: unknown = JSON.parse(text);
    return isRule(found) ? found : null;
  } catch {
    return null;
  }
}
