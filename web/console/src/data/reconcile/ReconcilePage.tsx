import { ListTable, type Columns } from "@/kit/ListTable";
import { useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { Page, Reconciliation } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Hint, PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { ExportForm } from "./ExportForm";
import { NumberForm } from "./NumberForm";

export default function ReconcilePage() {
  const { t, named } = useLanguage();
  const { whole, percent, money } = useFormat();
  const { may } = useSession();
  const go = useNavigate();
  const pager = usePager();
  const read = useRead<Page<Reconciliation>>("/api/reconciliations", { cursor: pager.cursor }, { keep: true });
  const open = (one: Reconciliation) => void go(`/reconcile/${encodeURIComponent(one.rec_id)}`);
  const found = (one: Reconciliation) => {
    if (!one.split) return `${t("reconcile.differing")} ${whole(one.differing)}`;
    if (one.split.unexplained === 0) return t("reconcile.exact");
    const left = one.split.unexplained;
    return `${t("reconcile.unexplained")} ${one.split.measure === "paid_orders" ? whole(left) : money(left, one.split.currency)}`;
  };
  const accuracy = (one: Reconciliation) => (one.accuracy === null ? "–" : percent(one.accuracy, 2));
  const columns: Columns<Reconciliation> = [
    { title: t("reconcile.name"), dataIndex: "name", render: (name: string) => <Cut text={name} width={260} /> },
    { title: t("reconcile.kind"), key: "kind", render: (_, one) => named("reconcile.kind", one.kind) },
    { title: t("reconcile.period"), key: "period", render: (_, one) => <span className="number nowrap">{one.from_day} – {one.to_day}</span> },
    {
      title: (
        <>
          {t("reconcile.accuracy")} <Hint text={t("reconcile.accuracyHelp")} />
        </>
      ),
      key: "accuracy",
      align: "right",
      render: (_, one) => <b className="number">{accuracy(one)}</b>,
    },
    { title: t("reconcile.differing"), key: "found", render: (_, one) => found(one) },
    { title: t("reconcile.made"), dataIndex: "created_time", render: (time: string) => <Ago time={time} /> },
  ];
  return (
    <PageFrame testId="page-reconcile" title={t("nav.reconcile")} about={t("reconcile.about")}>
      {may("operate") && (
        <>
          <Panel title={t("reconcile.export")} testId="reconcile-export">
            <p className="faint gap">{t("reconcile.exportAbout")}</p>
            <ExportForm onDone={open} />
          </Panel>
          <Panel title={t("reconcile.number")} testId="reconcile-number">
            <p className="faint gap">{t("reconcile.numberAbout")}</p>
            <NumberForm onDone={open} />
          </Panel>
        </>
      )}
      <Panel title={t("reconcile.history")} flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.rec_id}
          label={t("reconcile.history")}
          testId="reconcile-history"
          pager={pager}
          onOpen={open}
          empty={<Nothing title={t("reconcile.none")}>{t("reconcile.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => open(one)}>
              <div className="card-top">
                <b>{one.name}</b>
                <Ago time={one.created_time} />
              </div>
              <div className="faint">
                {named("reconcile.kind", one.kind)} · {accuracy(one)} · {found(one)}
              </div>
            </button>
          )}
        />
      </Panel>
    </PageFrame>
  );
}
