import { useEffect, useRef, useState } from "react";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { LiveEvent } from "@/api/types";

const KEPT = 120;
export type Line = "connecting" | "open" | "lost";

/** New events in front, each id once, never more than are kept. */
export function merge(known: LiveEvent[], arrived: LiveEvent[]): LiveEvent[] {
  const seen = new Set(arrived.map((one) => one.event_id));
  return [...arrived, ...known.filter((one) => !seen.has(one.event_id))].slice(0, KEPT);
}

/**
 * The events that arrived last and those that arrive now. While paused, arriving events wait and are counted; going
 * on shows them. A broken line is opened again by the browser.
 */
export function useLiveEvents(event: string, source: string, paused: boolean) {
  const query = { event, source };
  const first = useRead<{ items: LiveEvent[] }>("/api/live/events", { ...query, limit: 100 });
  const [shown, setShown] = useState<LiveEvent[]>([]);
  const [waiting, setWaiting] = useState<LiveEvent[]>([]);
  const [line, setLine] = useState<Line>("connecting");
  const held = useRef(paused);
  held.current = paused;
  useEffect(() => {
    setShown([]);
    setWaiting([]);
    setLine("connecting");
    const stream = new EventSource(address("/api/live/stream", { event, source }));
    stream.onopen = () => setLine("open");
    stream.onerror = () => setLine("lost");
    stream.addEventListener("events", (message) => {
      const arrived = JSON.parse((message as MessageEvent<string>).data) as LiveEvent[];
      if (held.current) setWaiting((before) => merge(before, arrived));
      else setShown((before) => merge(before, arrived));
    });
    return () => stream.close();
  }, [event, source]);
  useEffect(() => {
    if (paused) return;
    setWaiting((late) => {
      if (late.length > 0) setShown((before) => merge(before, late));
      return [];
    });
  }, [paused]);
  const events = merge(first.data?.items ?? [], shown);
  return { events, waiting: waiting.length, line, first };
}
