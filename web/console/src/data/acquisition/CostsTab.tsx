import { CloudUploadOutlined } from "@ant-design/icons";
import { Alert, Tag, Upload } from "antd";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { ApiError, upload } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { CostBatch, CostDetail } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { CostDrawer } from "./CostDrawer";

export const COSTS = "/api/acquisition/costs";
const FILTERS = { batch: "" };
const COLOURS: Record<string, string> = { draft: "processing", applied: "success", undone: "default" };

export function BatchState({ state }: { state: CostBatch["state"] }) {
  const { named } = useLanguage();
  return (
    <Tag color={COLOURS[state]} data-state={state}>
      {named("cost.state", state)}
    </Tag>
  );
}

export function CostsTab() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const client = useQueryClient();
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<CostBatch[]>(COSTS);
  const [error, setError] = useState<ApiError | null>(null);
  const [sending, setSending] = useState(false);
  const send = (file: File) => {
    setSending(true);
    setError(null);
    upload<CostDetail>(COSTS, { filename: file.name }, file, () => undefined)
      .then((made) => {
        void client.invalidateQueries({ queryKey: [COSTS] });
        change({ batch: made.batch.batch_id });
      })
      .catch((problem: unknown) => setError(problem instanceof ApiError ? problem : null))
      .finally(() => setSending(false));
  };
  const totals = (one: CostBatch) => one.totals.map((sum) => f.shortMoney(sum.amount_minor, sum.currency)).join(" + ") || "–";
  const days = (one: CostBatch) => (one.from_day === one.to_day ? one.from_day : `${one.from_day} – ${one.to_day}`);
  const columns: Columns<CostBatch> = [
    { title: t("cost.file"), dataIndex: "filename", render: (name: string) => <b><Cut text={name} width={260} /></b> },
    { title: t("cost.platform"), key: "platform", render: (_, one) => w(one.platform_words) },
    { title: t("cost.state"), key: "state", render: (_, one) => <BatchState state={one.state} /> },
    { title: t("cost.days"), key: "days", render: (_, one) => <span className="number nowrap">{days(one) ?? "–"}</span> },
    { title: t("cost.total"), key: "total", align: "right", render: (_, one) => <b className="number">{totals(one)}</b> },
    { title: t("cost.rows"), dataIndex: "rows", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("cost.counts"), dataIndex: "counts", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    {
      title: t("cost.bad"),
      key: "bad",
      align: "right",
      render: (_, one) => <span className={one.bad.length > 0 ? "number bad" : "number"}>{f.whole(one.bad.length)}</span>,
    },
    { title: t("cost.when"), dataIndex: "made_time", render: (time: string) => <Ago time={time} /> },
  ];
  return (
    <>
      {may("operate") && (
        <Upload.Dragger
          className="gap"
          accept=".csv,.tsv,.txt,.xlsx"
          showUploadList={false}
          disabled={sending}
          beforeUpload={(file) => {
            send(file);
            return false;
          }}
        >
          <p className="drop-icon"><CloudUploadOutlined /></p>
          <p><b>{t("cost.drop")}</b></p>
          <p className="faint">{t("cost.dropText")}</p>
        </Upload.Dragger>
      )}
      {error && (
        <Alert className="gap" type="error" showIcon closable title={w(error.words)} data-testid="cost-error" onClose={() => setError(null)} />
      )}
      <Panel flush title={t("cost.batches")}>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.batch_id}
          label={t("cost.batches")}
          testId="costs-table"
          onOpen={(one) => change({ batch: one.batch_id })}
          empty={<Nothing title={t("cost.none")}>{t("cost.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => change({ batch: one.batch_id })}>
              <div className="card-top">
                <b className="break">{one.filename}</b>
                <BatchState state={one.state} />
              </div>
              <div className="faint">
                {w(one.platform_words)} · {totals(one)} · {f.whole(one.rows)} {t("cost.rows")} · <Ago time={one.made_time} />
              </div>
            </button>
          )}
        />
      </Panel>
      {filters.batch && <CostDrawer key={filters.batch} batchId={filters.batch} onClose={() => change({ batch: "" })} />}
    </>
  );
}
