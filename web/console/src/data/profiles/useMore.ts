import { useInfiniteQuery } from "@tanstack/react-query";
import { api, ApiError, type Query } from "@/api/client";
import type { Page } from "@/api/types";

/** A long list that grows downwards: all pages read so far, and how to read one more. */
export function useMore<Row>(path: string, query: Query = {}) {
  const read = useInfiniteQuery<Page<Row>, ApiError, Row[], [string, Query], string | null>({
    queryKey: [path, { ...query, grows: true }],
    queryFn: ({ pageParam, signal }) => api.get<Page<Row>>(path, { ...query, cursor: pageParam }, signal),
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
    select: (data) => data.pages.flatMap((page) => page.items),
  });
  return read;
}
