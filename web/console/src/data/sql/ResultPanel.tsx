/** How a run went: its rows, a chart of them, or what was wrong. */
import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Segmented, Spin } from "antd";
import type { ReactNode } from "react";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { SqlRows, SqlRun } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Failure, Nothing, Waiting } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import type { Cell } from "./charts";
import type { ChartSpec } from "./params";
import { guess } from "./params";
import { ChartFields, Drawn } from "./ResultChart";
import { ResultTable } from "./ResultTable";

const DRAWN_ROWS = 5_000;

interface ResultProps {
  run: SqlRun | null;
  busy: boolean;
  chart: ChartSpec;
  onChart: (chart: ChartSpec) => void;
  extra: ReactNode;
}

export function ResultPanel({ run, busy, chart, onChart, extra }: ResultProps) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  if (busy) {
    return (
      <Panel title={t("sql.result")}>
        <div className="sql-busy" data-testid="sql-busy" aria-live="polite">
          <Spin /> {t("sql.running")}
        </div>
      </Panel>
    );
  }
  if (run === null) {
    return (
      <Panel title={t("sql.result")}>
        <Nothing title={t("sql.notRun")}>{t("sql.notRunText")}</Nothing>
      </Panel>
    );
  }
  if (run.state === "failed" || run.state === "cancelled") {
    const error = run.error;
    return (
      <Panel title={t("sql.result")}>
        <Alert
          type={run.state === "failed" ? "error" : "info"}
          showIcon
          data-testid="sql-error"
          title={error ? w(error.message) : t("sql.cancelled")}
          description={error?.line ? t("sql.place", { line: error.line, column: error.column ?? 1 }) : undefined}
        />
      </Panel>
    );
  }
  const rows = run.rows ?? 0;
  const href = (format: string) => address(`/api/sql/runs/${encodeURIComponent(run.run_id)}/export`, { format });
  const drawn = chart.kind !== "table";
  return (
    <Panel
      title={t("sql.result")}
      testId="sql-result"
      flush={!drawn}
      extra={
        <div className="row wrap">
          <span className="faint number" data-testid="sql-count">
            {t("sql.count", { n: whole(rows), ms: whole(run.ms ?? 0) })}
          </span>
          {run.available && rows > 0 && (
            <>
              <Segmented
                size="small"
                value={drawn ? "chart" : "table"}
                onChange={(to) => onChart(to === "table" ? { ...chart, kind: "table" } : guess(run.columns, rows))}
                options={[
                  { value: "table", label: t("sql.table") },
                  { value: "chart", label: <span data-testid="sql-to-chart">{t("sql.chart")}</span> },
                ]}
              />
              <Button size="small" icon={<DownloadOutlined />} href={href("csv")} data-testid="sql-csv">
                CSV
              </Button>
              <Button size="small" icon={<DownloadOutlined />} href={href("parquet")}>
                Parquet
              </Button>
            </>
          )}
          {extra}
        </div>
      }
    >
      {run.cut && <Alert type="warning" banner showIcon title={t("sql.cut", { n: whole(rows) })} data-testid="sql-cut" />}
      {!run.available ? (
        <Nothing title={t("sql.gone")}>{t("sql.goneText")}</Nothing>
      ) : rows === 0 ? (
        <Nothing title={t("sql.noRows")}>{t("sql.noRowsText")}</Nothing>
      ) : drawn ? (
        <Draw run={run} chart={chart} onChart={onChart} />
      ) : (
        <ResultTable key={run.run_id} runId={run.run_id} total={rows} />
      )}
    </Panel>
  );
}

function Draw({ run, chart, onChart }: { run: SqlRun; chart: ChartSpec; onChart: (chart: ChartSpec) => void }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const read = useRead<SqlRows>(`/api/sql/runs/${encodeURIComponent(run.run_id)}/rows`, { offset: 0, limit: DRAWN_ROWS });
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  if (!read.data) return <Waiting rows={4} />;
  return (
    <>
      <ChartFields columns={run.columns} chart={chart} onChange={onChart} />
      <Drawn
        result={{ columns: read.data.columns, rows: read.data.rows as Cell[][] }}
        chart={chart}
        height={320}
        label={t("sql.chart")}
        testId="sql-drawn"
      />
      {read.data.total > DRAWN_ROWS && <p className="faint">{t("sql.drawnOf", { n: whole(DRAWN_ROWS) })}</p>}
    </>
  );
}
