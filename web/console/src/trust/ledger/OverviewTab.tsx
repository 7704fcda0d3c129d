import { DownloadOutlined, SafetyCertificateOutlined } from "@ant-design/icons";
import { Alert, App, Button, Input } from "antd";
import { useState } from "react";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { LedgerCheck, LedgerState, LedgerTotal } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { ALARM } from "./LedgerBadge";
import { Amount, Unit } from "./parts";

const STATE = "/api/ledger/state";

export function OverviewTab() {
  const { t, w, lang } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const read = useRead<LedgerState>(STATE);
  const [month, setMonth] = useState(f.date(new Date().toISOString()).slice(0, 7));
  const verify = useWrite<void, LedgerCheck>(() => api.post("/api/ledger/verify"), [STATE, ALARM]);
  const columns: Columns<LedgerTotal> = [
    { title: t("ledger.kind"), key: "kind", render: (_, one) => <b>{w(one.words)}</b> },
    { title: t("ledger.unit"), key: "unit", render: (_, one) => <Unit unit={one.unit} /> },
    { title: t("ledger.accounts"), dataIndex: "accounts", align: "right", render: (n: number) => <span className="number">{f.whole(n)}</span> },
    { title: t("ledger.posted"), key: "posted", align: "right", render: (_, one) => <Amount amount={one.posted} unit={one.unit} /> },
    { title: t("ledger.pendingIn"), key: "in", align: "right", render: (_, one) => <Amount amount={one.pending_in} unit={one.unit} /> },
    { title: t("ledger.pendingOut"), key: "out", align: "right", render: (_, one) => <Amount amount={one.pending_out} unit={one.unit} /> },
  ];
  return (
    <>
      <CheckState check={read.data?.check ?? null} known={read.data !== undefined} />
      <div className="tools">
        {(may("operate") || may("comply") || may("develop")) && (
          <Button
            icon={<SafetyCertificateOutlined />}
            loading={verify.isPending}
            onClick={() => verify.mutate(undefined, { onError: (error) => void message.error(w(error.words)) })}
            data-testid="ledger-verify"
          >
            {t("ledger.verify")}
          </Button>
        )}
        <span className="grow" />
        {(may("operate") || may("query") || may("comply")) && (
          <>
            <Input
              type="month"
              className="ledger-month"
              value={month}
              aria-label={t("ledger.monthPick")}
              onChange={(event) => event.target.value && setMonth(event.target.value)}
            />
            <Button icon={<DownloadOutlined />} href={address(`/api/ledger/months/${month}`, { language: lang })} data-testid="ledger-month">
              {t("ledger.month")}
            </Button>
          </>
        )}
      </div>
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.totals }}
          columns={columns}
          rowKey={(one) => `${one.kind} ${one.unit}`}
          label={t("ledger.tab.overview")}
          testId="ledger-totals"
          empty={<Nothing title={t("ledger.none")}>{t("ledger.noneText")}</Nothing>}
          card={(one) => (
            <>
              <div className="card-top">
                <span>
                  <b>{w(one.words)}</b> <Unit unit={one.unit} />
                </span>
                <Amount amount={one.posted} unit={one.unit} />
              </div>
              <div className="faint">
                {t("ledger.accounts")} {f.whole(one.accounts)} · {t("ledger.pendingOut")} <Amount amount={one.pending_out} unit={one.unit} />
              </div>
            </>
          )}
        />
      </Panel>
    </>
  );
}

function CheckState({ check, known }: { check: LedgerCheck | null; known: boolean }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  if (!known) return null;
  if (!check) return <Alert className="gap" type="info" showIcon title={t("ledger.unchecked")} data-testid="ledger-unchecked" />;
  if (check.ok) {
    return (
      <Alert
        className="gap"
        type="success"
        showIcon
        data-testid="ledger-sound"
        title={
          <>
            {t("ledger.sound")} <span className="faint">· <Ago time={check.time} /></span>
          </>
        }
        description={t("ledger.soundText", { rows: whole(check.rows), ms: whole(check.ms) })}
      />
    );
  }
  return (
    <Alert
      className="gap"
      type="error"
      showIcon
      data-testid="ledger-broken"
      title={
        <>
          {t("ledger.broken", { n: check.problems.length })} <span className="faint">· <Ago time={check.time} /></span>
        </>
      }
      description={
        <ul>
          {check.problems.map((one) => (
            <li key={one.code}>
              {w(one.words)} <b>{whole(one.count)}</b>
              <div className="faint break">
                {t("ledger.where")} <code>{one.examples.join(", ")}</code>
              </div>
            </li>
          ))}
        </ul>
      }
    />
  );
}
