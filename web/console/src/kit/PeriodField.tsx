import { Input, Select } from "antd";
import { useLanguage } from "@/i18n";
import { useFormat } from "./useFormat";

const PRESETS = [7, 14, 30, 60, 90, 180];

interface Period {
  first_day: string | null;
  last_day: string | null;
}

function before(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() - days);
  return at.toISOString().slice(0, 10);
}

/** The days of an analysis: the last so many full days, or any two. Nothing chosen is the last 30. */
export function PeriodField({ value, onChange, testId }: { value: Period; onChange: (value: Period) => void; testId: string }) {
  const { t } = useLanguage();
  const { date } = useFormat();
  const yesterday = before(date(new Date().toISOString()), 1);
  const last = value.last_day ?? yesterday;
  const first = value.first_day ?? before(last, 29);
  const preset = last === yesterday ? PRESETS.find((days) => before(last, days - 1) === first) : undefined;
  return (
    <span className="period">
      <Select
        value={preset ?? 0}
        options={[
          ...PRESETS.map((days) => ({ value: days, label: t("period.last", { n: days }) })),
          ...(preset === undefined ? [{ value: 0, label: t("period.own") }] : []),
        ]}
        onChange={(days: number) =>
          days && onChange(days === 30 ? { first_day: null, last_day: null } : { first_day: before(yesterday, days - 1), last_day: yesterday })
        }
        aria-label={t("period.label")}
        data-testid={`${testId}-preset`}
      />
      <Input type="date" value={first} max={last} aria-label={t("period.from")} onChange={(e) => e.target.value && onChange({ first_day: e.target.value, last_day: last })} data-testid={`${testId}-from`} />
      <Input type="date" value={last} min={first} aria-label={t("period.to")} onChange={(e) => e.target.value && onChange({ first_day: first, last_day: e.target.value })} data-testid={`${testId}-to`} />
    </span>
  );
}
