import { Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { TraitReport, TraitViolation } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

/** Where properties of people differ from the plan. */
export function TraitsPanel({ days }: { days: string }) {
  const { t, w } = useLanguage();
  const { whole, percent } = useFormat();
  const read = useRead<TraitReport>("/api/tracking/traits", { days }, { keep: true });
  const report = read.data;
  const columns: Columns<TraitViolation> = [
    { title: t("column.property"), key: "property", render: (_, row) => <code className="break">{row.property}</code> },
    { title: t("track.reason"), key: "kind", render: (_, row) => <Tag color="error">{w(row.message)}</Tag> },
    { title: t("dead.source"), dataIndex: "source" },
    { title: t("trait.updates"), key: "updates", align: "right", render: (_, row) => <span className="number">{whole(row.updates)}</span> },
    {
      title: t("trait.share"),
      key: "share",
      align: "right",
      render: (_, row) => <span className="number">{row.share === null ? "–" : percent(row.share)}</span>,
    },
    { title: t("track.sample"), key: "sample", render: (_, row) => <code className="cut track-sample" title={row.sample}>{row.sample}</code> },
  ];
  const planned = (report?.planned ?? 0) > 0;
  return (
    <Panel
      flush
      title={t("trait.title")}
      extra={report && <span className="faint">{t("trait.checked", { n: whole(report.updates), failed: whole(report.failed) })}</span>}
    >
      <ListTable
        read={{ ...read, data: report?.items }}
        columns={columns}
        rowKey={(row) => [row.property, row.kind, row.source].join("\u0001")}
        label={t("trait.title")}
        testId="traits-table"
        empty={<Nothing title={t(planned ? "trait.none" : "trait.noPlan")}>{t(planned ? "trait.noneText" : "trait.noPlanText")}</Nothing>}
        card={(row) => (
          <>
            <div className="card-top">
              <code className="break">{row.property}</code>
              <b className="number">{whole(row.updates)}</b>
            </div>
            <div className="faint break">
              {w(row.message)} · {row.source}
            </div>
          </>
        )}
      />
    </Panel>
  );
}
