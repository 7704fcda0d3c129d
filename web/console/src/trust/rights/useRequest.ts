import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useRead } from "@/api/hooks";
import type { RightsRequest } from "@/api/types";
import { isClosed } from "./due";

export const QUEUE = "/api/rights-requests";
/** What a step about a request makes stale: the list, everything below it, and the records of what was done. */
export const STALE = [QUEUE, `${QUEUE}/`, "/api/audit", "/api/erasures"];
const ERASING_MS = 2_000;

export function requestPath(id: string, part = ""): string {
  return `${QUEUE}/${encodeURIComponent(id)}${part}`;
}

/** One request; while its person is being erased it is read again and again, until it closes by itself. */
export function useRequest(id: string) {
  const client = useQueryClient();
  const [erasing, setErasing] = useState(false);
  const read = useRead<RightsRequest>(requestPath(id), undefined, { every: erasing ? ERASING_MS : false });
  const running = read.data ? read.data.erasure_id !== null && !isClosed(read.data) : false;
  useEffect(() => {
    const stale = (path: string) => path.startsWith(QUEUE) || STALE.includes(path);
    if (erasing && !running) void client.invalidateQueries({ predicate: (one) => stale(String(one.queryKey[0])) });
    setErasing(running);
  }, [running, erasing, client]);
  return { read, running };
}
