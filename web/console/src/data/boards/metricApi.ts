/** The catalogue of metrics as boards ask for it. */
import type { Words } from "@/api/types";

export interface Metric {
  key: string;
  words: Words;
  definition: Words;
  unit: string;
  up_is_good: boolean | null;
  no_data: Words | null;
}
export interface MetricPoint {
  from: string;
  to: string;
  value: number | null;
  state: "complete" | "incomplete" | "missing";
  reason: Words | null;
  previous: { value: number | null; change: number | null; reason: Words | null };
}
export interface MetricSeries {
  metric: string;
  split: string;
  split_words: Words;
  currency: string;
  points: MetricPoint[];
}
export interface MetricAnswer {
  metrics: Metric[];
  series: MetricSeries[];
}
