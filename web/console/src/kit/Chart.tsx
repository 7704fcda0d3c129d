/** A chart that loads ECharts only when one is shown, follows its box's size and speaks to screen readers. */
import { Skeleton } from "antd";
import { lazy, Suspense } from "react";
import type { ChartOption } from "./ChartCanvas";

const ChartCanvas = lazy(() => import("./ChartCanvas"));

export interface ChartProps {
  option: ChartOption;
  height: number;
  /** What the chart shows, read out instead of it. */
  label: string;
  /** `kind` tells a node from an edge in a diagram of flows; `data` is what the series holds there. */
  onPick?: (dataIndex: number, seriesIndex: number, kind?: string, data?: unknown) => void;
  testId?: string;
}

export function Chart(props: ChartProps) {
  return (
    <Suspense fallback={<div style={{ height: props.height }}><Skeleton active title={false} /></div>}>
      <ChartCanvas {...props} />
    </Suspense>
  );
}
