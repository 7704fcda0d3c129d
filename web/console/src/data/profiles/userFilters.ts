import type { Filters } from "@/kit/urlFilters";

/** The user list's filters as they stand in its address. `min_spend` is in whole currency units there, so that people can read it.
 * `people` is a query of people as JSON, `segment` a segment's id, `visitors` "true" for anonymous visitors. */
export const USER_FILTERS = {
  search: "",
  tier: "",
  rfm: "",
  r: "",
  f: "",
  m: "",
  channel: "",
  gender: "",
  province: "",
  min_spend: 0,
  active_within: 0,
  people: "",
  segment: "",
  visitors: "",
  sort: "last_seen",
  order: "desc",
};
export type UserFilters = Filters<typeof USER_FILTERS>;
