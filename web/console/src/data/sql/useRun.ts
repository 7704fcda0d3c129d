/** One person's run: handed in, looked at until it has ended, stopped. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { SqlRun } from "@/api/types";
import type { Value } from "./params";

const LOOK_MS = 300;
export interface Asked {
  sql: string;
  values: Record<string, Value>;
  query_id: string | null;
}

export function useRun() {
  const client = useQueryClient();
  const [run, setRun] = useState<SqlRun | null>(null);
  const [refused, setRefused] = useState<ApiError | null>(null);
  const start = useWrite<Asked, SqlRun>((asked) => api.post("/api/sql/runs", asked), ["/api/sql/runs"]);
  const stop = useWrite<string, SqlRun>((id) => api.post(`/api/sql/runs/${encodeURIComponent(id)}/cancel`), ["/api/sql/runs"]);
  /** Stopped before the server had said which run it is. */
  const unwanted = useRef(false);
  const running = run?.state === "running";
  const look = useRead<SqlRun>(`/api/sql/runs/${encodeURIComponent(run?.run_id ?? "")}`, undefined, {
    enabled: running,
    every: running ? LOOK_MS : false,
  });
  if (running && look.data && look.data.run_id === run.run_id && look.data.state !== "running") {
    setRun(look.data);
    void client.invalidateQueries({ queryKey: ["/api/sql/runs"] });
  }
  const go = useCallback(
    (asked: Asked) => {
      setRefused(null);
      unwanted.current = false;
      start.mutate(asked, {
        onSuccess: (made) => {
          setRun(made);
          if (unwanted.current) stop.mutate(made.run_id, { onSuccess: setRun });
        },
        onError: setRefused,
      });
    },
    [start, stop],
  );
  return {
    run,
    refused,
    busy: start.isPending || running,
    go,
    show: setRun,
    stop: () => {
      if (start.isPending) unwanted.current = true;
      else if (run) stop.mutate(run.run_id, { onSuccess: setRun });
    },
    stopping: stop.isPending,
  };
}
