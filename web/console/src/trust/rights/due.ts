/** How much time is left for an answer, counted in calendar days of the workspace's zone. Pure. */
import type { RightsRequest } from "@/api/types";
import { date } from "@/kit/format";

const DAY_MS = 86_400_000;
const SOON_DAYS = 3;
const CLOSED: string[] = ["done", "refused"];

/** `late`: open and past its time; `soon`: open and due within three days. */
export type Urgency = "kept" | "missed" | "late" | "soon" | "calm";
type Dated = Pick<RightsRequest, "state" | "due_time" | "closed_time" | "overdue">;

export function isClosed(request: Pick<RightsRequest, "state">): boolean {
  return CLOSED.includes(request.state);
}

/** Days from today to the day of `dueIso`: 0 is today, below 0 is past. */
export function daysLeft(dueIso: string, nowMs: number, zone: string): number {
  const day = (iso: string) => Date.parse(`${date(iso, zone)}T00:00:00Z`);
  return Math.round((day(dueIso) - day(new Date(nowMs).toISOString())) / DAY_MS);
}

/** The server's word on what is late counts; a closed request was closed in time or not. */
export function urgency(request: Dated, nowMs: number, zone: string): Urgency {
  if (isClosed(request)) {
    const closed = request.closed_time ?? request.due_time;
    return Date.parse(closed) <= Date.parse(request.due_time) ? "kept" : "missed";
  }
  if (request.overdue) return "late";
  return daysLeft(request.due_time, nowMs, zone) <= SOON_DAYS ? "soon" : "calm";
}
