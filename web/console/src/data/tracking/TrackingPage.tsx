import { DownloadOutlined, ImportOutlined, SyncOutlined } from "@ant-design/icons";
import { Alert, App, Badge, Button, Tabs } from "antd";
import { useState } from "react";
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { address, api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Plan, TrackingState } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { STATE } from "./AlertBadge";
import { AlertsTab } from "./AlertsTab";
import { ColumnsTab } from "./ColumnsTab";
import { CoverageTab } from "./CoverageTab";
import { ImportDialog } from "./ImportDialog";
import { PlanTab } from "./PlanTab";
import { ReportTab } from "./ReportTab";
import { VersionsTab } from "./VersionsTab";

const TABS: { key: string; label: Key }[] = [
  { key: "plan", label: "track.tab.plan" },
  { key: "coverage", label: "track.tab.coverage" },
  { key: "report", label: "track.tab.report" },
  { key: "alerts", label: "track.tab.alerts" },
  { key: "columns", label: "track.tab.columns" },
  { key: "versions", label: "track.tab.versions" },
];
const RECHECK_DAYS = 30;

export default function TrackingPage() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { tab = "plan" } = useParams();
  const navigate = useNavigate();
  const [importing, setImporting] = useState(false);
  const plan = useRead<Plan>("/api/tracking/plan");
  const state = useRead<TrackingState>(STATE);
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/tracking" />;
  const label = (key: string, name: Key) =>
    key === "alerts" && state.data ? (
      <Badge count={state.data.open_alerts} size="small" offset={[10, -2]}>
        {t(name)}
      </Badge>
    ) : (
      t(name)
    );
  return (
    <PageFrame
      testId="page-tracking"
      title={t("nav.tracking")}
      about={
        <>
          {t("track.about")} {t("track.checked")} <Ago time={state.data?.checked_time} fallback={t("track.checkedNever")} />
        </>
      }
      extra={
        <>
          <Button icon={<DownloadOutlined />} href={address("/api/tracking/plan/yaml")} data-testid="track-yaml">
            {t("track.exportYaml")}
          </Button>
          {may("develop") && (
            <Button icon={<ImportOutlined />} onClick={() => setImporting(true)} data-testid="track-import">
              {t("track.import")}
            </Button>
          )}
        </>
      }
    >
      {state.data && <Stale state={state.data} />}
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "plan" ? "/tracking" : `/tracking/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: label(one.key, one.label) }))}
      />
      {tab === "plan" && <Shown read={plan}>{(shown) => <PlanTab plan={shown} />}</Shown>}
      {tab === "coverage" && <CoverageTab />}
      {tab === "report" && <ReportTab />}
      {tab === "alerts" && <AlertsTab />}
      {tab === "columns" && <Shown read={plan}>{(shown) => <ColumnsTab plan={shown} />}</Shown>}
      {tab === "versions" && <VersionsTab />}
      {importing && plan.data && <ImportDialog version={plan.data.version} onClose={() => setImporting(false)} />}
    </PageFrame>
  );
}

/** Says that the past was held against an older plan, and offers to do it again. */
function Stale({ state }: { state: TrackingState }) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const [asked, setAsked] = useState(false);
  const again = useWrite<void, { job_id: string }>(() => api.post("/api/tracking/recheck", { days: RECHECK_DAYS }), ["/api/jobs"]);
  if (state.stale_files === 0 || state.plan_version === 0) return null;
  return (
    <Alert
      type="info"
      showIcon
      data-testid="track-stale"
      title={t("track.stale", { n: whole(state.stale_files), version: state.plan_version })}
      action={
        asked ? (
          <Link to="/jobs">{t("track.recheckJob")}</Link>
        ) : (
          may("develop") && (
            <Button
              size="small"
              icon={<SyncOutlined />}
              loading={again.isPending}
              data-testid="track-recheck"
              onClick={() =>
                again.mutate(undefined, {
                  onSuccess: () => setAsked(true),
                  onError: (error) => void message.error(w(error.words)),
                })
              }
            >
              {t("track.recheck", { n: RECHECK_DAYS })}
            </Button>
          )
        )
      }
    />
  );
}
