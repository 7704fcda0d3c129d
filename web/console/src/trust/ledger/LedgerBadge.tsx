import { Badge } from "antd";
import { useRead } from "@/api/hooks";
import { useLanguage } from "@/i18n";

const EVERY_MS = 60_000;
export const ALARM = "/api/ledger/alarm";

/** How many invariants of the ledger the last check found broken, beside the page's name in the navigation. */
export function LedgerBadge() {
  const { t } = useLanguage();
  const { data } = useRead<{ problems: number }>(ALARM, {}, { every: EVERY_MS });
  const n = data?.problems ?? 0;
  return <Badge count={n} size="small" className="nav-badge" title={t("ledger.alarm", { n })} data-testid="ledger-badge" />;
}
