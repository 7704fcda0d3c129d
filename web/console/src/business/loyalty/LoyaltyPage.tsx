import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { CouponsTab } from "./CouponsTab";
import { PointsTab } from "./PointsTab";
import { ShopsTab } from "./ShopsTab";

const TABS: { key: string; label: Key }[] = [
  { key: "coupons", label: "loyalty.tab.coupons" },
  { key: "points", label: "loyalty.tab.points" },
  { key: "shops", label: "loyalty.tab.shops" },
];

export default function LoyaltyPage() {
  const { t } = useLanguage();
  const { tab = "coupons" } = useParams();
  const navigate = useNavigate();
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/loyalty" />;
  return (
    <PageFrame testId="page-loyalty" title={t("nav.coupons")} about={t("loyalty.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "coupons" ? "/loyalty" : `/loyalty/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "coupons" && <CouponsTab />}
      {tab === "points" && <PointsTab />}
      {tab === "shops" && <ShopsTab />}
    </PageFrame>
  );
}
