import type { UserFilters } from "./userFilters";

const TAGS = { channel: "acquisition_channel", gender: "gender", province: "province" } as const;

/** The filters of the list as the rule of a segment; null where nothing narrows it. `scale` is minor units in a whole one. */
export function filterRule(filters: UserFilters, scale: number): object | null {
  const leaves: object[] = [];
  const rfm = Object.fromEntries(
    (
      [
        ["r", filters.r],
        ["f", filters.f],
        ["m", filters.m],
        ["classes", filters.rfm],
        ["tiers", filters.tier],
      ] as const
    )
      .filter(([, value]) => value)
      .map(([name, value]) => [name, [value]]),
  );
  if (Object.keys(rfm).length > 0) leaves.push({ is: "rfm", ...rfm });
  for (const [name, tag] of Object.entries(TAGS)) {
    const value = filters[name as keyof typeof TAGS];
    if (value) leaves.push({ is: "tag", tag, op: "eq", values: [value] });
  }
  if (filters.min_spend > 0) leaves.push({ is: "tag", tag: "spend_total", op: "ge", values: [filters.min_spend * scale] });
  if (filters.active_within > 0) leaves.push({ is: "event", event: "", least: 1, days: filters.active_within });
  return leaves.length === 0 ? null : { is: "all", of: leaves };
}

/** The rule of the people behind a figure, narrowed by the list's filters too. `people` is the query as JSON. */
export function peopleRule(people: string, filters: object | null): object {
  const query = JSON.parse(people) as Record<string, unknown>;
  const leaf = query.kind === "segment" ? { is: "segment", segment: query.segment_id } : { is: "people", query };
  return filters === null ? leaf : { is: "all", of: [leaf, filters] };
}
