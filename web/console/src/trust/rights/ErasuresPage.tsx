import { Drawer, Tag } from "antd";
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { Erasure, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { Actor, At, Cut, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";

const COLOURS: Record<string, string> = { running: "processing", done: "success", failed: "error" };

function ErasureState({ state }: { state: string }) {
  const { named } = useLanguage();
  return <Tag color={COLOURS[state]}>{named("erasure.state", state)}</Tag>;
}

export default function ErasuresPage() {
  const { t } = useLanguage();
  const pager = usePager();
  const read = useRead<Page<Erasure>>("/api/erasures", { cursor: pager.cursor }, { keep: true });
  const [search] = useSearchParams();
  const [open, setOpen] = useState(search.get("open"));
  const columns: Columns<Erasure> = [
    { title: t("erasure.requested"), dataIndex: "requested_time", render: (time: string) => <At time={time} /> },
    { title: t("erasure.number"), dataIndex: "erasure_id", render: (id: string) => <code>{id}</code> },
    { title: t("erasure.state"), dataIndex: "state", render: (state: string) => <ErasureState state={state} /> },
    { title: t("erasure.reason"), dataIndex: "reason", render: (reason: string) => <Cut text={reason} /> },
    { title: t("erasure.actor"), key: "actor", render: (_, row) => <Actor id={row.actor} name={row.actor_name} /> },
    { title: t("erasure.finished"), dataIndex: "finished_time", render: (time: string | null) => <At time={time} /> },
  ];
  return (
    <PageFrame testId="page-erasures" title={t("erasure.title")} about={t("erasure.about")}>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(row) => row.erasure_id}
          label={t("erasure.title")}
          testId="erasures-table"
          pager={pager}
          onOpen={(row) => setOpen(row.erasure_id)}
          empty={<Nothing title={t("erasure.none")}>{t("erasure.noneText")}</Nothing>}
          card={(row) => (
            <button type="button" className="card-button" onClick={() => setOpen(row.erasure_id)}>
              <div className="card-top">
                <code>{row.erasure_id}</code>
                <ErasureState state={row.state} />
              </div>
              <div>{row.reason}</div>
              <div className="faint">
                <Actor id={row.actor} name={row.actor_name} /> · <At time={row.requested_time} />
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={t("erasure.proof")} size="large">
        {open && <Proof id={open} />}
      </Drawer>
    </PageFrame>
  );
}

/** What each store reports to have removed. */
function Proof({ id }: { id: string }) {
  const { t } = useLanguage();
  const { whole } = useFormat();
  const read = useRead<Erasure>(`/api/erasures/${encodeURIComponent(id)}`);
  return (
    <Shown read={read}>
      {(erasure) => (
        <>
          <Facts
            items={[
              [t("erasure.number"), <code key="id">{erasure.erasure_id}</code>],
              [t("erasure.state"), <ErasureState key="state" state={erasure.state} />],
              [t("erasure.reason"), erasure.reason],
              [t("erasure.actor"), <Actor key="actor" id={erasure.actor} name={erasure.actor_name} />],
              [t("erasure.requested"), <At key="from" time={erasure.requested_time} />],
              [t("erasure.finished"), <At key="to" time={erasure.finished_time} />],
              [t("erasure.digest"), <code key="proof" className="break">{erasure.proof ?? "–"}</code>],
            ]}
          />
          <table className="plain" data-testid="erasure-steps">
            <thead>
              <tr>
                <th>{t("erasure.store")}</th>
                <th className="right">{t("erasure.removed")}</th>
                <th>{t("erasure.finished")}</th>
              </tr>
            </thead>
            <tbody>
              {erasure.steps.map((step) => (
                <tr key={step.store}>
                  <td>
                    {step.store}
                    {step.note && <div className="faint">{step.note}</div>}
                  </td>
                  <td className="right number">{whole(step.removed)}</td>
                  <td>
                    <At time={step.finished_time} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Shown>
  );
}
