import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { AudiencesTab } from "./AudiencesTab";
import { CreatorsTab } from "./CreatorsTab";
import { SeedsTab } from "./SeedsTab";

const TABS: { key: string; label: Key }[] = [
  { key: "creators", label: "koc.tab.creators" },
  { key: "seeds", label: "koc.tab.seeds" },
  { key: "audiences", label: "koc.tab.audiences" },
];

export default function KocPage() {
  const { t } = useLanguage();
  const { tab = "creators" } = useParams();
  const navigate = useNavigate();
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/social/koc" />;
  return (
    <PageFrame testId="page-koc" title={t("nav.koc")} about={t("koc.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "creators" ? "/social/koc" : `/social/koc/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "creators" && <CreatorsTab />}
      {tab === "seeds" && <SeedsTab />}
      {tab === "audiences" && <AudiencesTab />}
    </PageFrame>
  );
}
