import { Tabs } from "antd";
import { Navigate, useNavigate, useParams } from "react-router";
import { useLanguage, type Key } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { AccountsTab } from "./AccountsTab";
import { BudgetsTab } from "./BudgetsTab";
import { OverviewTab } from "./OverviewTab";
import { TransfersTab } from "./TransfersTab";

const TABS: { key: string; label: Key }[] = [
  { key: "overview", label: "ledger.tab.overview" },
  { key: "accounts", label: "ledger.tab.accounts" },
  { key: "transfers", label: "ledger.tab.transfers" },
  { key: "budgets", label: "ledger.tab.budgets" },
];

export default function LedgerPage() {
  const { t } = useLanguage();
  const { tab = "overview" } = useParams();
  const navigate = useNavigate();
  if (!TABS.some((one) => one.key === tab)) return <Navigate replace to="/ledger" />;
  return (
    <PageFrame testId="page-ledger" title={t("nav.ledger")} about={t("ledger.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "overview" ? "/ledger" : `/ledger/${key}`)}
        items={TABS.map((one) => ({ key: one.key, label: t(one.label) }))}
      />
      {tab === "overview" && <OverviewTab />}
      {tab === "accounts" && <AccountsTab />}
      {tab === "transfers" && <TransfersTab />}
      {tab === "budgets" && <BudgetsTab />}
    </PageFrame>
  );
}
