/** Where the shop's own tags are read and written, and what a write makes stale. */
export const TAGS = "/api/custom-tags";
export const TAGS_STALE = [TAGS, "/api/custom-tags/", "/api/jobs"];
export const DIMENSIONS = ["basic", "behaviour", "social", "spending"] as const;
export const DTYPES = ["text", "number", "bool"] as const;
const DAY_MS = 86_400_000;

/** The moment `days` from now as the server takes it. */
export function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}
