import { Segmented, Tag } from "antd";
import { useState } from "react";
import { useRead } from "@/api/hooks";
import type { Page, RiskCase } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { Ago, Cut } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { CaseDrawer } from "./CaseDrawer";

const WHICH = ["waiting", "appealed", "refused", "passed", "all"] as const;
const FILTERS = { which: "waiting", user_id: "" };
const COLOURS = { pass: "success", hold: "warning", refuse: "error" } as const;

export function OutcomeTag({ outcome }: { outcome: RiskCase["outcome"] }) {
  const { t } = useLanguage();
  return (
    <Tag color={COLOURS[outcome]} data-outcome={outcome}>
      {t(`risk.outcome.${outcome}`)}
    </Tag>
  );
}

export function QueueTab() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<Page<RiskCase>>("/api/risk/cases", { ...filters, cursor: pager.cursor }, { keep: true });
  const [open, setOpen] = useState<string | null>(null);
  const account = (one: RiskCase) => one.user_id ?? <span className="faint">{t("risk.unknown")}</span>;
  const first = (one: RiskCase) => (one.reasons[0] ? w(one.reasons[0].words) : "–");
  const columns: Columns<RiskCase> = [
    { title: t("risk.account"), key: "account", render: (_, one) => account(one) },
    { title: t("risk.inviter"), key: "inviter", render: (_, one) => one.inviter_id ?? <span className="faint">–</span> },
    { title: t("risk.kind"), key: "kind", render: (_, one) => w(one.kind_words) },
    {
      title: t("risk.score"),
      dataIndex: "score",
      align: "right",
      render: (score: number) => <b className="number">{f.whole(Math.round(score))}</b>,
    },
    { title: t("risk.outcome"), key: "outcome", render: (_, one) => <OutcomeTag outcome={one.outcome} /> },
    {
      title: t("risk.reasons"),
      key: "reasons",
      render: (_, one) => (
        <>
          <Cut text={first(one)} width={320} />
          {one.reasons.length > 1 && <span className="faint"> {t("risk.more", { n: one.reasons.length - 1 })}</span>}
        </>
      ),
    },
    { title: t("risk.time"), dataIndex: "time", render: (time: string) => <Ago time={time} /> },
  ];
  return (
    <>
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.which}
          onChange={(which) => change({ which })}
          options={WHICH.map((one) => ({ value: one, label: t(`risk.which.${one}`) }))}
        />
        <Search value={filters.user_id} onSearch={(user_id) => change({ user_id })} placeholder={t("risk.search")} />
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.case_id}
          label={t("risk.tab.queue")}
          testId="risk-table"
          pager={pager}
          onOpen={(one) => setOpen(one.case_id)}
          empty={<Nothing title={t("risk.empty")}>{t("risk.emptyText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.case_id)}>
              <div className="card-top">
                <b>
                  {account(one)} · <span className="number">{f.whole(Math.round(one.score))}</span>
                </b>
                <OutcomeTag outcome={one.outcome} />
              </div>
              <div>{first(one)}</div>
              <div className="faint">
                {w(one.kind_words)} · <Ago time={one.time} />
              </div>
            </button>
          )}
        />
      </Panel>
      {open && <CaseDrawer caseId={open} onClose={() => setOpen(null)} />}
    </>
  );
}
