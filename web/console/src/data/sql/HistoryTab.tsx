/** What the person ran before. */
import { Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { Page, SqlRun } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Ago, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const COLOURS: Record<string, string> = { done: "success", failed: "error", running: "processing" };

export function HistoryTab({ onOpen }: { onOpen: (run: SqlRun) => void }) {
  const { t, named, w } = useLanguage();
  const { whole } = useFormat();
  const pager = usePager("runs");
  const read = useRead<Page<SqlRun>>("/api/sql/runs", { cursor: pager.cursor, limit: 20 }, { keep: true });
  const state = (run: SqlRun) => (
    <Tag color={COLOURS[run.state] ?? "default"} title={run.error ? w(run.error.message) : undefined}>
      {named("sql.state", run.state)}
    </Tag>
  );
  const text = (run: SqlRun, width: number) => (
    <code>
      <Cut text={run.sql.replace(/\s+/g, " ")} width={width} />
    </code>
  );
  const columns: Columns<SqlRun> = [
    { title: t("sql.when"), dataIndex: "made_time", render: (time: string) => <Ago time={time} /> },
    { title: t("sql.text"), key: "sql", render: (_, run) => text(run, 560) },
    { title: t("sql.stateTitle"), key: "state", render: (_, run) => state(run) },
    { title: t("sql.rows"), key: "rows", align: "right", render: (_, run) => (run.rows === null ? "–" : whole(run.rows)) },
    { title: t("sql.took"), key: "ms", align: "right", render: (_, run) => (run.ms === null ? "–" : `${whole(run.ms)} ms`) },
  ];
  return (
    <ListTable
      read={read}
      columns={columns}
      rowKey={(run) => run.run_id}
      label={t("sql.history")}
      testId="sql-history"
      pager={pager}
      onOpen={onOpen}
      empty={<Nothing title={t("sql.noHistory")}>{t("sql.noHistoryText")}</Nothing>}
      card={(run) => (
        <button type="button" className="card-button" onClick={() => onOpen(run)}>
          <div className="card-top">
            <Ago time={run.made_time} />
            {state(run)}
          </div>
          {text(run, 300)}
        </button>
      )}
    />
  );
}
