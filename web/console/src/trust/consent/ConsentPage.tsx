import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { NumbersTab } from "./NumbersTab";
import { PersonTab } from "./PersonTab";
import { TextsTab } from "./TextsTab";

const TABS: { key: string; label: Key }[] = [
  { key: "numbers", label: "centre.tab.numbers" },
  { key: "texts", label: "centre.tab.texts" },
  { key: "person", label: "centre.tab.person" },
];

/** How people answered, what they are told before they answer, and one person's choices. */
export default function ConsentPage() {
  const { t } = useLanguage();
  const { tab = "numbers" } = useParams();
  const navigate = useNavigate();
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/consents" />;
  return (
    <PageFrame testId="page-consents" title={t("nav.consents")} about={t("centre.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "numbers" ? "/consents" : `/consents/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "numbers" && <NumbersTab />}
      {tab === "texts" && <TextsTab />}
      {tab === "person" && <PersonTab />}
    </PageFrame>
  );
}
