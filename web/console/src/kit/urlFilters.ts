/** A page's filters as they stand in its address, so that a view can be bookmarked, shared and gone back to. */

/** Every filter with its value when the address says nothing; the type of the default is the type of the filter. */
export type FilterSpec = Record<string, string | number>;
export type Filters<Spec extends FilterSpec> = {
  [Name in keyof Spec]: Spec[Name] extends number ? number : string;
};

/** Unknown names are ignored; a number that is none falls back to the default. */
export function readFilters<Spec extends FilterSpec>(search: URLSearchParams, spec: Spec): Filters<Spec> {
  const found: Record<string, string | number> = {};
  for (const [name, fallback] of Object.entries(spec)) {
    const text = search.get(name);
    if (text === null) found[name] = fallback;
    else if (typeof fallback === "number") {
      const value = Number(text);
      found[name] = text.trim() !== "" && Number.isFinite(value) ? value : fallback;
    } else found[name] = text;
  }
  return found as Filters<Spec>;
}

/** Values equal to their default leave the address; names outside the spec stay, except `cursor`: a changed filter starts at the first page. */
export function writeFilters<Spec extends FilterSpec>(
  search: URLSearchParams,
  spec: Spec,
  change: Partial<Filters<Spec>>,
): URLSearchParams {
  const next = new URLSearchParams(search);
  next.delete("cursor");
  for (const [name, value] of Object.entries(change)) {
    if (!(name in spec)) continue;
    if (value === undefined || value === spec[name]) next.delete(name);
    else next.set(name, String(value));
  }
  return next;
}

/** How many filters differ from their default, not counting `except`. */
export function activeFilters<Spec extends FilterSpec>(
  filters: Filters<Spec>,
  spec: Spec,
  except: (keyof Spec)[] = [],
): number {
  return Object.keys(spec).filter((name) => !except.includes(name) && filters[name] !== spec[name]).length;
}

/** Only a path of this console may follow a sign-in: anything that could lead elsewhere becomes `/`. */
export function safeNext(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next) || /[\u0000-\u001f\\]/.test(next)) return "/";
  return next;
}
