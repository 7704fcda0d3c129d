/** How a metric's value, change and days are written. */
import { ArrowDownOutlined, ArrowUpOutlined } from "@ant-design/icons";
import { Tooltip } from "antd";
import type { Metric, MetricChange, MetricPoint } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";

export const DAY_MS = 86_400_000;

/** Today in the workspace's zone, as 2026-11-25. */
export function today(zone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(Date.now());
}

export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

export function lastOf(points: MetricPoint[], test: (point: MetricPoint) => boolean): MetricPoint | undefined {
  return points.filter(test).at(-1);
}

/** 2026-11-23, 11-23 – 11-29, 2026-11: a period as an axis names it. */
export function periodName(point: Pick<MetricPoint, "from" | "to">, by: string): string {
  if (by === "month") return point.from.slice(0, 7);
  return point.from === point.to ? point.from : `${point.from} – ${point.to.slice(5)}`;
}

export function useValue() {
  const f = useFormat();
  const { t } = useLanguage();
  return (unit: Metric["unit"], value: number | null | undefined, currency = ""): string => {
    if (value === null || value === undefined) return "–";
    if (unit === "share") return f.percent(value);
    if (unit === "money") return f.shortMoney(Math.round(value), currency || null);
    if (unit === "minutes") return t("metric.minutes", { n: f.whole(Math.round(value * 10) / 10) });
    if (unit === "months") return t("metric.months", { n: f.whole(Math.round(value * 10) / 10) });
    if (unit === "score") return f.whole(Math.round(value * 10) / 10);
    if (unit === "ratio" || unit === "number") return Math.abs(value) < 1 ? String(Number(value.toPrecision(3))) : f.short(Math.round(value * 100) / 100);
    return f.short(value);
  };
}

interface ChangedProps {
  change: MetricChange;
  upIsGood: boolean | null;
}

/** ↑ 12.3 %, green where that is good; a dash with its reason where there is nothing to compare with. */
export function Changed({ change, upIsGood }: ChangedProps) {
  const f = useFormat();
  const { w } = useLanguage();
  if (change.change === null) {
    return (
      <Tooltip title={change.reason ? w(change.reason) : ""}>
        <span className="faint">–</span>
      </Tooltip>
    );
  }
  const flat = Math.abs(change.change) < 0.0005;
  const good = upIsGood === null || flat ? "faint" : change.change > 0 === upIsGood ? "good" : "bad";
  return (
    <span className={`nowrap number ${good}`}>
      {flat ? null : change.change > 0 ? <ArrowUpOutlined /> : <ArrowDownOutlined />} {f.percent(Math.abs(change.change))}
    </span>
  );
}
