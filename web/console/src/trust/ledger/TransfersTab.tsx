import { App, Button, Drawer, Input } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { LedgerTransfer, Page, TransferDetail } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { Search } from "@/kit/Search";
import { onceKey } from "@/kit/onceKey";
import { useSession } from "@/kit/session";
import { Actor, Ago, At, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { usePager } from "@/kit/usePager";
import { AccountName, Amount, Memo, StepTag, Unit } from "./parts";

const FILTERS = { order: "" };
const TRANSFERS = "/api/ledger/transfers";

export function TransfersTab() {
  const { t, named } = useLanguage();
  const { filters, change } = useFilters(FILTERS);
  const pager = usePager();
  const about = filters.order ? { memo: "order", value: filters.order } : {};
  const read = useRead<Page<LedgerTransfer>>(TRANSFERS, { ...about, cursor: pager.cursor }, { keep: true });
  const [open, setOpen] = useState<string | null>(null);
  const columns: Columns<LedgerTransfer> = [
    { title: t("ledger.time"), dataIndex: "time", render: (time: string) => <Ago time={time} /> },
    {
      title: t("ledger.purpose"),
      key: "kind",
      render: (_, one) => (
        <>
          <b>{named("ledger.purpose", one.kind)}</b> <StepTag step={one.step} />
          <div className="faint small">
            <code>{one.transfer_id}</code>
          </div>
        </>
      ),
    },
    { title: t("ledger.from"), key: "from", render: (_, one) => one.moves[0] && <AccountName account={one.moves[0].source} /> },
    { title: t("ledger.to"), key: "to", render: (_, one) => one.moves[0] && <AccountName account={one.moves[0].target} /> },
    { title: t("ledger.amount"), key: "amount", align: "right", render: (_, one) => <Amounts transfer={one} /> },
    { title: t("ledger.memo"), key: "memo", render: (_, one) => <Memo memo={one.memo} /> },
    { title: t("ledger.actor"), key: "actor", render: (_, one) => <Actor id={one.actor} name={one.actor_name} width={110} /> },
  ];
  return (
    <>
      <div className="tools">
        <Search value={filters.order} onSearch={(order) => change({ order })} placeholder={t("ledger.transferSearch")} testId="ledger-order" />
      </div>
      <Panel flush>
        <ListTable
          read={read}
          columns={columns}
          rowKey={(one) => one.transfer_id}
          label={t("ledger.tab.transfers")}
          testId="ledger-transfers"
          pager={pager}
          onOpen={(one) => setOpen(one.transfer_id)}
          empty={<Nothing title={t(filters.order ? "list.noMatch" : "ledger.noTransfers")}>{t("ledger.noTransfersText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.transfer_id)}>
              <div className="card-top">
                <b>{named("ledger.purpose", one.kind)}</b>
                <Amounts transfer={one} />
              </div>
              <div className="card-top faint">
                <Ago time={one.time} />
                <StepTag step={one.step} />
              </div>
            </button>
          )}
        />
      </Panel>
      <Drawer open={open !== null} onClose={() => setOpen(null)} title={t("ledger.transfer")} size="large">
        {open && <OneTransfer id={open} />}
      </Drawer>
    </>
  );
}

function Amounts({ transfer }: { transfer: LedgerTransfer }) {
  const first = transfer.moves[0];
  if (!first) return <span className="faint">–</span>;
  return (
    <>
      <Amount amount={first.amount} unit={first.source.unit} />
      {transfer.moves.length > 1 && <span className="faint"> +{transfer.moves.length - 1}</span>}
    </>
  );
}

function OneTransfer({ id }: { id: string }) {
  const { t, w, named } = useLanguage();
  const { may } = useSession();
  const { modal, message } = App.useApp();
  const path = `${TRANSFERS}/${encodeURIComponent(id)}`;
  const read = useRead<TransferDetail>(path);
  const reverse = useWrite<{ key: string; reason: string }, LedgerTransfer>((body) => api.post(`${path}/reverse`, body), [path, TRANSFERS]);
  const ask = () => {
    let reason = "";
    void modal.confirm({
      title: t("ledger.reverseAsk"),
      content: (
        <>
          <p>{t("ledger.reverseText")}</p>
          <Input maxLength={200} placeholder={t("coupon.reason")} onChange={(event) => (reason = event.target.value)} data-testid="reverse-reason" />
        </>
      ),
      okText: t("ledger.reverse"),
      okButtonProps: { danger: true },
      onOk: () => reverse.mutateAsync({ key: onceKey(), reason }).catch((error) => void message.error(w(error.words))),
    });
  };
  return (
    <Shown read={read} rows={8}>
      {({ transfer, following }) => (
        <>
          <Facts
            items={[
              [t("ledger.purpose"), named("ledger.purpose", transfer.kind)],
              [t("ledger.step"), <StepTag key="step" step={transfer.step} />],
              [t("ledger.transfer"), <code key="id">{transfer.transfer_id}</code>],
              [t("ledger.time"), <At key="time" time={transfer.time} />],
              [t("ledger.actor"), <Actor key="actor" id={transfer.actor} name={transfer.actor_name} />],
              ...(transfer.refers ? [[t("ledger.refers"), <code key="refers">{transfer.refers}</code>] as [string, React.ReactNode]] : []),
              ...(transfer.until_time ? [[t("ledger.until"), <At key="until" time={transfer.until_time} />] as [string, React.ReactNode]] : []),
              ...(transfer.reason ? [[t("ledger.reason"), transfer.reason] as [string, React.ReactNode]] : []),
              ...Object.entries(transfer.memo).map(([name, value]) => [<code key={name}>{name}</code>, <span key="value" className="break">{value}</span>] as [React.ReactNode, React.ReactNode]),
            ]}
          />
          <ul className="ledger-moves">
            {transfer.moves.map((move, place) => (
              <li key={place}>
                <AccountName account={move.source} /> → <AccountName account={move.target} />{" "}
                <b>
                  <Amount amount={move.amount} unit={move.source.unit} />
                </b>{" "}
                <span className="faint">
                  <Unit unit={move.source.unit} />
                </span>
              </li>
            ))}
          </ul>
          <h3>{t("ledger.following")}</h3>
          {following.length === 0 ? (
            <p className="faint">{t("ledger.nothingFollowed")}</p>
          ) : (
            <ul className="ledger-moves">
              {following.map((one) => (
                <li key={one.transfer_id}>
                  <StepTag step={one.step} /> {named("ledger.purpose", one.kind)} <code>{one.transfer_id}</code> <At time={one.time} />{" "}
                  {one.reason && <span className="faint">{one.reason}</span>}
                </li>
              ))}
            </ul>
          )}
          {may("operate") && transfer.state === "posted" && transfer.step !== "reverse" && (
            <Button danger onClick={ask} loading={reverse.isPending} data-testid="transfer-reverse">
              {t("ledger.reverse")}
            </Button>
          )}
        </>
      )}
    </Shown>
  );
}
