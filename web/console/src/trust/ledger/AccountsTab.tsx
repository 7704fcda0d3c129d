import { DownloadOutlined } from "@ant-design/icons";
import { Button, Drawer, Select, Tag } from "antd";
import { useState } from "react";
import { address } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { LedgerAccount, LedgerState, LedgerStatement, Page } from "@/api/types";
import { useLanguage } from "@/i18n";
import { DayRange } from "@/kit/DayRange";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { useSession } from "@/kit/session";
import { Ago, At, Facts } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { usePager } from "@/kit/usePager";
import { AccountName, Amount, Memo, Unit } from "./parts";

const FILTERS = { kind: "", owner: "" };
const DAY_MS = 86_400_000;
type Line = LedgerStatement["items"][number];

export function AccountsTab() {
  const { t, w } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const read = useRead<Page<LedgerAccount>>("/api/ledger/accounts", { ...filters, cursor: pager.cursor }, { keep: true });
  const state = useRead<LedgerState>("/api/ledger/state");
  const kinds = new Map((state.data?.totals ?? []).map((one) => [one.kind, one.words]));
  const [open, setOpen] = useState<LedgerAccount | null>(null);
  const columns: Columns<LedgerAccount> = [
    { title: t("ledger.account"), key: "account", render: (_, one) => <AccountName account={one} /> },
    { title: t("ledger.unit"), key: "unit", render: (_, one) => <Unit unit={one.unit} /> },
    { title: t("ledger.posted"), key: "posted", align: "right", render: (_, one) => <Amount amount={one.posted} unit={one.unit} /> },
    { title: t("ledger.pendingOut"), key: "out", align: "right", render: (_, one) => <Amount amount={one.pending_out} unit={one.unit} /> },
    { title: t("ledger.available"), key: "available", align: "right", render: (_, one) => <Amount amount={one.available} unit={one.unit} /> },
    {
      title: t("ledger.opened"),
      key: "opened",
      render: (_, one) => (
        <>
          <Ago time={one.opened_time} /> {one.erased && <Tag>{t("ledger.erased")}</Tag>}
        </>
      ),
    },
  ];
  return (
    <>
      <div className="tools">
        <Search value={filters.owner} onSearch={(owner) => change({ owner })} placeholder={t("ledger.ownerSearch")} testId="ledger-owner" />
        <Select
          className="ledger-kind"
          value={filters.kind}
          aria-label={t("ledger.kind")}
          onChange={(kind: string) => change({ kind })}
          options={[{ value: "", label: t("ledger.allKinds") }, ...[...kinds].map(([kind, words]) => ({ value: kind, label: w(words) }))]}
        />
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.account_id}
          label={t("ledger.tab.accounts")}
          testId="ledger-accounts"
          pager={pager}
          onOpen={setOpen}
          empty={<Nothing title={t("ledger.noAccounts")}>{t("ledger.noneText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one)}>
              <div className="card-top">
                <AccountName account={one} />
                <Amount amount={one.posted} unit={one.unit} />
              </div>
              <div className="faint">
                <Unit unit={one.unit} /> · {t("ledger.available")} <Amount amount={one.available} unit={one.unit} />
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={t("ledger.statement")} size="large">
        {open && <StatementOf account={open} />}
      </Drawer>
    </>
  );
}

function StatementOf({ account }: { account: LedgerAccount }) {
  const { t, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const [days, setDays] = useState({ from: "", to: "" });
  const [cursors, setCursors] = useState<string[]>([]);
  const day = (ago: number) => f.date(new Date(Date.now() - ago * DAY_MS).toISOString());
  const query = { first_day: days.from || day(29), last_day: days.to || day(0) };
  const path = `/api/ledger/accounts/${account.account_id}/statement`;
  const read = useRead<LedgerStatement>(path, { ...query, cursor: cursors.at(-1) }, { keep: true });
  const change = (range: { from: string; to: string }) => {
    setDays(range);
    setCursors([]);
  };
  const columns: Columns<Line> = [
    { title: t("ledger.time"), dataIndex: "time", render: (time: string) => <At time={time} /> },
    { title: t("ledger.purpose"), dataIndex: "kind", render: (kind: string) => named("ledger.purpose", kind) },
    { title: t("ledger.counter"), key: "other", render: (_, one) => one.other.map((o) => <AccountName key={o.kind + o.owner} account={o} />) },
    { title: t("ledger.amount"), key: "amount", align: "right", render: (_, one) => <Amount amount={one.amount} unit={account.unit} signed /> },
    { title: t("ledger.after"), key: "after", align: "right", render: (_, one) => <Amount amount={one.after} unit={account.unit} /> },
    { title: t("ledger.memo"), key: "memo", render: (_, one) => <Memo memo={one.memo} /> },
  ];
  return (
    <>
      <Facts
        items={[
          [t("ledger.account"), <AccountName key="account" account={account} />],
          [t("ledger.unit"), <Unit key="unit" unit={account.unit} />],
          [t("ledger.opening"), read.data ? <Amount key="opening" amount={read.data.opening} unit={account.unit} /> : "–"],
          [t("ledger.closing"), read.data ? <Amount key="closing" amount={read.data.closing} unit={account.unit} /> : "–"],
        ]}
      />
      <div className="tools gap">
        <DayRange from={days.from} to={days.to} onChange={change} />
        {(may("operate") || may("query") || may("comply")) && (
          <Button icon={<DownloadOutlined />} href={address(`${path}.csv`, query)} data-testid="statement-csv">
            {t("ledger.csv")}
          </Button>
        )}
      </div>
      <ListTable
        read={{ ...read, data: read.data && { items: read.data.items, next_cursor: read.data.next_cursor } }}
        columns={columns}
        rowKey={(one) => one.transfer_id}
        label={t("ledger.statement")}
        testId="statement-lines"
        pager={{
          cursor: cursors.at(-1),
          number: cursors.length + 1,
          next: (cursor) => setCursors([...cursors, cursor]),
          back: () => setCursors(cursors.slice(0, -1)),
        }}
        empty={<Nothing title={t("ledger.noLines")} />}
        card={(one) => (
          <>
            <div className="card-top">
              <b>{named("ledger.purpose", one.kind)}</b>
              <Amount amount={one.amount} unit={account.unit} signed />
            </div>
            <div className="card-top faint">
              <At time={one.time} />
              <Amount amount={one.after} unit={account.unit} />
            </div>
          </>
        )}
      />
    </>
  );
}
