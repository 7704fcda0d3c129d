import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { LifecycleTab } from "./LifecycleTab";
import { RetentionTab } from "./RetentionTab";

const HOME = "/analyse/retention";

export default function RetentionPage() {
  const { t } = useLanguage();
  const { tab = "table" } = useParams();
  const navigate = useNavigate();
  if (tab !== "table" && tab !== "lifecycle") return <Navigate replace to={HOME} />;
  return (
    <PageFrame testId="page-retention" title={t("nav.retention")} about={t(tab === "table" ? "retention.about" : "life.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "table" ? HOME : `${HOME}/${key}`)}
        items={[
          { key: "table", label: t("retention.tab.table") },
          { key: "lifecycle", label: t("retention.tab.lifecycle") },
        ]}
      />
      {tab === "table" ? <RetentionTab /> : <LifecycleTab />}
    </PageFrame>
  );
}
