import type { MetricPoint } from "@/api/types";

const WIDTH = 96;
const HEIGHT = 24;

/** A line of a few values beside a number; what is unknown is left out, what is not complete ends in a ring. */
export function Spark({ points, label }: { points: MetricPoint[]; label: string }) {
  const known = points.map((point, at) => ({ at, point })).filter(({ point }) => point.value !== null);
  if (known.length < 2) return null;
  const all = known.map(({ point }) => point.value!);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const x = (at: number) => 2 + ((WIDTH - 6) * at) / Math.max(1, points.length - 1);
  const y = (value: number) => HEIGHT - 3 - ((HEIGHT - 6) * (value - low)) / (high - low || 1);
  const last = known.at(-1)!;
  const path = known.map(({ at, point }, place) => `${place ? "L" : "M"}${x(at).toFixed(1)} ${y(point.value!).toFixed(1)}`).join("");
  return (
    <svg className="spark" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.4" />
      <circle
        cx={x(last.at)}
        cy={y(last.point.value!)}
        r="2.4"
        stroke="currentColor"
        fill={last.point.state === "complete" ? "currentColor" : "none"}
      />
    </svg>
  );
}
