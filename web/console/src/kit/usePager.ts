import { useLocation, useNavigate, useSearchParams } from "react-router";

export interface Pager {
  cursor: string | undefined;
  /** 1 for the first page. */
  number: number;
  next: (cursor: string) => void;
  back: () => void;
}

/**
 * Pages by cursor, kept in the address; the cursors of the pages before travel in the history entry, so that the
 * browser's back button returns to the same page.
 */
export function usePager(name = "cursor"): Pager {
  const navigate = useNavigate();
  const location = useLocation();
  const [search] = useSearchParams();
  const cursor = search.get(name) ?? undefined;
  const state = location.state as Record<string, string[]> | null;
  const before = cursor === undefined ? [] : (state?.[name] ?? [""]);
  const go = (to: string, stack: string[]) => {
    const next = new URLSearchParams(search);
    if (to) next.set(name, to);
    else next.delete(name);
    void navigate({ search: next.toString() }, { state: { ...state, [name]: stack } });
  };
  return {
    cursor,
    number: before.length + 1,
    next: (to) => go(to, [...before, cursor ?? ""]),
    back: () => go(before[before.length - 1] ?? "", before.slice(0, -1)),
  };
}
