import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { SocialGraph } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { Ago } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { AudienceTab } from "./AudienceTab";
import { EgoTab } from "./EgoTab";
import { GRAPH, HERE } from "./fields";
import { OverviewTab } from "./OverviewTab";

const TABS: { key: string; label: Key }[] = [
  { key: "overview", label: "ties.tab.overview" },
  { key: "audience", label: "ties.tab.audience" },
  { key: "ego", label: "ties.tab.ego" },
];

export default function TiesPage() {
  const { t } = useLanguage();
  const { tab = "overview" } = useParams();
  const navigate = useNavigate();
  const read = useRead<SocialGraph>(GRAPH);
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to={HERE} />;
  return (
    <PageFrame
      testId="page-ties"
      title={t("nav.ties")}
      about={t("ties.about")}
      extra={
        read.data && (
          <span className="faint">
            {t("ties.built")} <Ago time={read.data.built_time} />
          </span>
        )
      }
    >
      {read.error?.code === "no_graph" ? (
        <Panel>
          <Nothing title={t("ties.none")}>{t("ties.noneText")}</Nothing>
        </Panel>
      ) : (
        <>
          <Tabs
            activeKey={tab}
            onChange={(key) => void navigate(key === "overview" ? HERE : `${HERE}/${key}`)}
            items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
          />
          <Shown read={read} rows={8}>
            {(graph) => (
              <>
                {tab === "overview" && <OverviewTab graph={graph} />}
                {tab === "audience" && <AudienceTab />}
                {tab === "ego" && <EgoTab graph={graph} />}
              </>
            )}
          </Shown>
        </>
      )}
    </PageFrame>
  );
}
