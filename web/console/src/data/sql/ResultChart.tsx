/** A result as a line, bars, a pie or one number; and the fields that say which. */
import { Select } from "antd";
import { useMemo } from "react";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useLook } from "@/kit/look";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { numberIn, optionOf, type Rows } from "./charts";
import { fitting, isNumber, type ChartSpec, type Column } from "./params";
import { RowsTable } from "./ResultTable";

export const KINDS = ["table", "line", "bar", "pie", "number"] as const;

interface DrawnProps {
  result: Rows;
  chart: ChartSpec;
  height: number;
  label: string;
  testId?: string;
}

export function Drawn({ result, chart, height, label, testId }: DrawnProps) {
  const { t } = useLanguage();
  const { palette } = useLook();
  const f = useFormat();
  const fits = useMemo(() => fitting(chart, result.columns), [chart, result.columns]);
  const option = useMemo(
    () => (fits.kind === "table" || fits.kind === "number" ? null : optionOf(result, fits, palette, f, t("sql.other"))),
    [result, fits, palette, f, t],
  );
  if (result.rows.length === 0) return <Nothing title={t("sql.noRows")}>{t("sql.noRowsText")}</Nothing>;
  if (fits.kind === "number") {
    const value = numberIn(result, fits);
    return (
      <div className="sql-number" style={{ minHeight: height }} data-testid={testId}>
        <b title={value === null ? undefined : f.whole(value)}>{value === null ? "–" : f.short(value)}</b>
        <span className="faint">{fits.y[0]}</span>
      </div>
    );
  }
  if (option === null) return <RowsTable columns={result.columns} rows={result.rows} testId={testId} />;
  return <Chart option={option} height={height} label={label} testId={testId} />;
}

interface FieldsProps {
  columns: Column[];
  chart: ChartSpec;
  onChange: (chart: ChartSpec) => void;
}

export function ChartFields({ columns, chart, onChange }: FieldsProps) {
  const { t, named } = useLanguage();
  const all = columns.map((one) => ({ value: one.name, label: one.name }));
  const numbers = columns.filter((one) => isNumber(one.type)).map((one) => ({ value: one.name, label: one.name }));
  return (
    <div className="sql-fields">
      <label>
        <span>{t("sql.kind")}</span>
        <Select
          value={chart.kind}
          onChange={(kind: ChartSpec["kind"]) => onChange({ ...chart, kind })}
          options={KINDS.filter((kind) => kind !== "table").map((kind) => ({ value: kind, label: named("sql.kind", kind) }))}
          data-testid="chart-kind"
        />
      </label>
      {chart.kind !== "number" && (
        <label>
          <span>{t("sql.x")}</span>
          <Select value={chart.x || undefined} onChange={(x: string) => onChange({ ...chart, x })} options={all} data-testid="chart-x" />
        </label>
      )}
      <label>
        <span>{t("sql.y")}</span>
        <Select
          mode="multiple"
          maxCount={chart.kind === "pie" || chart.kind === "number" || chart.series ? 1 : 8}
          value={chart.y}
          onChange={(y: string[]) => onChange({ ...chart, y })}
          options={numbers}
          data-testid="chart-y"
        />
      </label>
      {(chart.kind === "line" || chart.kind === "bar") && (
        <label>
          <span>{t("sql.series")}</span>
          <Select
            allowClear
            value={chart.series || undefined}
            onChange={(series: string | undefined) => onChange({ ...chart, series: series ?? "", y: series ? chart.y.slice(0, 1) : chart.y })}
            options={all}
            placeholder={t("sql.noSeries")}
            data-testid="chart-series"
          />
        </label>
      )}
    </div>
  );
}
