import { Input, Segmented } from "antd";
import { useLanguage } from "@/i18n";
import { useFormat } from "./useFormat";

const DAY_MS = 86_400_000;
const LENGTHS = [7, 30, 60, 90];

interface DayRangeProps {
  /** ISO dates; empty where the default holds. */
  from: string;
  to: string;
  /** How many days the default shows. */
  days?: number;
  onChange: (range: { from: string; to: string }) => void;
}

/** The days a page looks at: some usual lengths up to today, or two dates. */
export function DayRange({ from, to, days = 30, onChange }: DayRangeProps) {
  const { t } = useLanguage();
  const { date } = useFormat();
  const ago = (n: number) => date(new Date(Date.now() - n * DAY_MS).toISOString());
  const today = ago(0);
  const length = from === "" && to === "" ? days : LENGTHS.find((n) => to === today && from === ago(n - 1));
  return (
    <>
      <Segmented
        className="scrolling"
        value={length ?? 0}
        onChange={(n) => onChange(n === days ? { from: "", to: "" } : { from: ago(Number(n) - 1), to: today })}
        options={LENGTHS.map((n) => ({ value: n, label: t("range.last", { n }) }))}
      />
      <Input
        type="date"
        className="range-day"
        value={from || ago(days - 1)}
        max={to || today}
        aria-label={t("range.from")}
        onChange={(event) => event.target.value && onChange({ from: event.target.value, to: to || today })}
        data-testid="range-from"
      />
      <Input
        type="date"
        className="range-day"
        value={to || today}
        max={today}
        aria-label={t("range.to")}
        onChange={(event) => event.target.value && onChange({ from: from || ago(days - 1), to: event.target.value })}
        data-testid="range-to"
      />
    </>
  );
}
