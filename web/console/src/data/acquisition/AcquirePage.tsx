import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { CostsTab } from "./CostsTab";
import { LinksTab } from "./LinksTab";
import { NamingTab } from "./NamingTab";
import { OverviewTab } from "./OverviewTab";

const TABS: { key: string; label: Key }[] = [
  { key: "overview", label: "acq.tab.overview" },
  { key: "links", label: "acq.tab.links" },
  { key: "costs", label: "acq.tab.costs" },
  { key: "naming", label: "acq.tab.naming" },
];

export default function AcquirePage() {
  const { t } = useLanguage();
  const { tab = "overview" } = useParams();
  const navigate = useNavigate();
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/acquire" />;
  return (
    <PageFrame testId="page-acquire" title={t("nav.acquire")} about={t("acq.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "overview" ? "/acquire" : `/acquire/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "overview" && <OverviewTab />}
      {tab === "links" && <LinksTab />}
      {tab === "costs" && <CostsTab />}
      {tab === "naming" && <NamingTab />}
    </PageFrame>
  );
}
