/** Questions that are posted and only read; and a page's question as it stands in its address. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { api, type ApiError } from "@/api/client";

export function useAsk<Answer>(path: string, body: unknown, enabled = true) {
  return useQuery<Answer, ApiError>({
    queryKey: [path, body],
    queryFn: () => api.post<Answer>(path, body),
    enabled,
    placeholderData: keepPreviousData,
  });
}

/** The state of an analysis page in `?q=`: a link or a bookmark opens the same figure. What cannot be read is the default. */
export function useAddress<State extends object>(fallback: State): [State, (some: Partial<State>) => void] {
  const [search, setSearch] = useSearchParams();
  const text = search.get("q");
  const state = useMemo(() => {
    try {
      const read: unknown = JSON.parse(text ?? "{}");
      const known = Object.entries(read as object).filter(
        ([name, value]) => name in fallback && typeof value === typeof fallback[name as keyof State],
      );
      return { ...fallback, ...Object.fromEntries(known) };
    } catch {
      return fallback;
    }
  }, [text, fallback]);
  const change = useCallback(
    (some: Partial<State>) => setSearch({ q: JSON.stringify({ ...state, ...some }) }, { replace: true }),
    [setSearch, state],
  );
  return [state, change];
}
