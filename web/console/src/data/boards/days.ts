/** The days of a board: so many until today, or two dates. Pure. */
export interface Days {
  from: string;
  to: string;
}

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d\d-\d\d$/;
export const SPANS = [7, 30, 90];

/** Today's date in a zone. */
export function todayIn(zone: string, now: number): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** Two sound dates as they are, in order; else the span that ends today. */
export function daysOf(filters: { days: number; from: string; to: string }, today: string): Days {
  const { from, to } = filters;
  if (DATE.test(from) && DATE.test(to) && !Number.isNaN(Date.parse(from)) && !Number.isNaN(Date.parse(to))) {
    return from <= to ? { from, to } : { from: to, to: from };
  }
  const span = Math.max(1, Math.min(366, Math.round(filters.days) || 30));
  return { from: addDays(today, 1 - span), to: today };
}
