import type { RightsKind } from "@/api/types";

/** In the order in which they are asked most. */
export const KINDS: RightsKind[] = ["see", "copy", "correct", "erase", "close", "explain"];

/** Answered by erasing the person: such a request closes by itself. */
export function erases(kind: RightsKind): boolean {
  return kind === "erase" || kind === "close";
}
