/** Reading and writing as hooks: what is read is cached by its address, what is written names what it made stale. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ApiError, type Query } from "./client";

interface ReadOptions {
  enabled?: boolean;
  /** Milliseconds between refreshes; false for none. */
  every?: number | false;
  /** Keep showing the last answer while another page loads. */
  keep?: boolean;
}

export function useRead<Answer>(path: string, query?: Query, options: ReadOptions = {}) {
  return useQuery<Answer, ApiError>({
    queryKey: [path, query ?? {}],
    queryFn: ({ signal }) => api.get<Answer>(path, query, signal),
    enabled: options.enabled,
    refetchInterval: options.every ?? false,
    placeholderData: options.keep ? keepPreviousData : undefined,
  });
}

/** `stale`: addresses to read again when the write succeeded; one that ends in `/` means everything below it. */
export function useWrite<Input, Answer>(run: (input: Input) => Promise<Answer>, stale: string[] = []) {
  const client = useQueryClient();
  return useMutation<Answer, ApiError, Input>({
    mutationFn: run,
    onSuccess: () =>
      client.invalidateQueries({
        predicate: (query) => stale.some((path) => {
            const read = String(query.queryKey[0]);
            return path.endsWith("/") ? read.startsWith(path) : read === path;
          }),
      }),
  });
}
