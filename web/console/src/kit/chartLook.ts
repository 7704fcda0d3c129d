/** How all charts look: one place for axes, tooltips and colours. */
import type { Palette } from "@/kit/theme";
import { FONT } from "@/kit/theme";
import type { ChartOption } from "./ChartCanvas";

export interface TipLine {
  colour?: string;
  name: string;
  value: string;
}

/** A tooltip as elements with classes: as HTML text its style attributes would break the content policy. */
export function tip(title: string, lines: TipLine[]): HTMLElement {
  const box = document.createElement("div");
  box.className = "tip";
  const head = box.appendChild(document.createElement("div"));
  head.className = "tip-title";
  head.textContent = title;
  for (const line of lines) {
    const row = box.appendChild(document.createElement("div"));
    row.className = "tip-row";
    const mark = row.appendChild(document.createElement("i"));
    if (line.colour) mark.style.backgroundColor = line.colour;
    row.appendChild(document.createElement("span")).textContent = line.name;
    row.appendChild(document.createElement("b")).textContent = line.value;
  }
  return box;
}

export function baseOption(palette: Palette): ChartOption {
  return {
    color: palette.series,
    animationDuration: 240,
    animationDurationUpdate: 240,
    textStyle: { fontFamily: FONT, color: palette.soft, fontSize: 11 },
    grid: { left: 4, right: 8, top: 14, bottom: 2, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    tooltip: {
      trigger: "axis",
      confine: true,
      backgroundColor: palette.panel,
      borderColor: palette.line,
      borderWidth: 1,
      padding: [6, 10],
      textStyle: { color: palette.text, fontSize: 12 },
      axisPointer: { type: "line", lineStyle: { color: palette.faint, type: "dashed" } },
    },
  };
}

export function categories(palette: Palette, values: string[], label?: (value: string, index: number) => string) {
  return {
    type: "category" as const,
    data: values,
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: { color: palette.faint, fontSize: 11, hideOverlap: true, formatter: label },
  };
}

export function values(palette: Palette, label: (value: number) => string, position: "left" | "right" = "left") {
  return {
    type: "value" as const,
    position,
    splitNumber: 3,
    minInterval: 1,
    splitLine: { show: position === "left", lineStyle: { color: palette.line } },
    axisLabel: { color: palette.faint, fontSize: 11, formatter: label },
  };
}
