/** Choosing events and conditions. */
import type { zhBehaviour } from "./behaviour.zh-CN";

export const enBehaviour: Record<keyof typeof zhBehaviour, string> = {
  "behaviour.anyEvent": "Any event",
  "behaviour.chooseEvent": "Choose an event",
  "behaviour.noEvent": "No event has come yet",
  "behaviour.addCondition": "Add a condition",
  "behaviour.removeCondition": "Remove the condition",
  "behaviour.property": "Property",
  "behaviour.value": "Value",
  "behaviour.values": "Values",
  "behaviour.op": "Comparison",
  "behaviour.op.eq": "is",
  "behaviour.op.ne": "is not",
  "behaviour.op.in": "is one of",
  "behaviour.op.not_in": "is none of",
  "behaviour.op.gt": "more than",
  "behaviour.op.ge": "at least",
  "behaviour.op.lt": "less than",
  "behaviour.op.le": "at most",
  "behaviour.op.contains": "contains",
  "behaviour.op.set": "has a value",
  "behaviour.op.unset": "has no value",
  "behaviour.true": "yes",
  "behaviour.false": "no",
};
