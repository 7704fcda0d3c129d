import type { Filters } from "@/kit/urlFilters";

/** The user list's filters as they stand in its address. `min_spend` is in whole currency units there, so that people can read it. */
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
  sort: "last_seen",
  order: "desc",
};
export type UserFilters = Filters<typeof USER_FILTERS>;
