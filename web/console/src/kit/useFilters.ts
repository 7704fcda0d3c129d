import { useCallback, useMemo, useRef } from "react";
import { useSearchParams } from "react-router";
import { readFilters, writeFilters, type Filters, type FilterSpec } from "./urlFilters";

/** A page's filters, read from and written to its address. `spec` must be a constant. */
export function useFilters<Spec extends FilterSpec>(spec: Spec) {
  const [search, setSearch] = useSearchParams();
  const filters = useMemo(() => readFilters(search, spec), [search, spec]);
  const latest = useRef(search);
  latest.current = search;
  const change = useCallback(
    (some: Partial<Filters<Spec>>) => setSearch(writeFilters(latest.current, spec, some), { replace: true }),
    [setSearch, spec],
  );
  return { filters, change };
}
