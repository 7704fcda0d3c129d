const WIDTH = 96;
const HEIGHT = 24;

/** A line of sizes without axes; one size alone is a level line. */
export function Spark({ values }: { values: number[] }) {
  if (values.length === 0) return <span className="faint">–</span>;
  const all = values.length === 1 ? [values[0]!, values[0]!] : values;
  const low = Math.min(...all);
  const span = Math.max(...all) - low || 1;
  const points = all.map((value, at) => {
    const x = (at * WIDTH) / (all.length - 1);
    const y = HEIGHT - 2 - ((value - low) * (HEIGHT - 4)) / span;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg className="spark" width={WIDTH} height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      <polyline points={points.join(" ")} />
    </svg>
  );
}
