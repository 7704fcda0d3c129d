/** Risk 风控: who waits for a decision and why, the rules, and the watch over the scorer. */
import { Alert, App, Button, Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { RiskSummary } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame, Tile } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { QueueTab } from "./QueueTab";
import { RulesTab } from "./RulesTab";

const TABS: { key: string; label: Key }[] = [
  { key: "queue", label: "risk.tab.queue" },
  { key: "rules", label: "risk.tab.rules" },
];
const HOME = "/referral/risk";

export default function RiskPage() {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const { tab = "queue" } = useParams();
  const navigate = useNavigate();
  const read = useRead<RiskSummary>("/api/risk/summary", undefined, { every: 60_000 });
  const run = useWrite<void, RiskSummary>(() => api.post("/api/risk/canary"), ["/api/risk/"]);
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to={HOME} />;
  const look = () =>
    run.mutate(undefined, {
      onSuccess: () => void message.success(t("risk.watchRan")),
      onError: (error) => void message.error(w(error.words)),
    });
  return (
    <PageFrame
      testId="page-risk"
      title={t("nav.risk")}
      about={t("risk.about")}
      extra={
        may("operate") && (
          <Button onClick={look} loading={run.isPending} data-testid="risk-canary">
            {t("risk.watchRun")}
          </Button>
        )
      }
    >
      <Shown read={read} rows={2}>
        {(data) => <Summary data={data} />}
      </Shown>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "queue" ? HOME : `${HOME}/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "queue" ? <QueueTab /> : <RulesTab />}
    </PageFrame>
  );
}

function Summary({ data }: { data: RiskSummary }) {
  const { t } = useLanguage();
  const f = useFormat();
  return (
    <>
      {!data.watch_ok && (
        <Alert type="error" showIcon className="gap" title={t("risk.watchAlarm")} data-testid="risk-alarm" />
      )}
      <div className="tiles tiles-4">
        <Tile
          testId="tile-risk-waiting"
          label={t("risk.waiting")}
          value={f.whole(data.waiting)}
          note={t("risk.waitingNote", { n: f.whole(data.appealed) })}
        />
        <Tile testId="tile-risk-refused" label={t("risk.refused")} value={f.whole(data.refused)} note={t("risk.days30")} />
        <Tile testId="tile-risk-held" label={t("risk.held")} value={f.whole(data.held)} note={t("risk.days30")} />
        <Tile
          testId="tile-risk-watch"
          label={t("risk.watch")}
          value={<span className={data.watch_ok ? "good" : "bad"}>{t(data.watch_ok ? "risk.watchOk" : "risk.watchBad")}</span>}
          note={data.watch_time ? t("risk.watchAt", { ago: f.ago(data.watch_time) }) : t("risk.watchNever")}
        />
      </div>
    </>
  );
}
