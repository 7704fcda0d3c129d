import { Badge } from "antd";
import { useRead } from "@/api/hooks";
import type { TrackingState } from "@/api/types";
import { useLanguage } from "@/i18n";

const EVERY_MS = 60_000;
export const STATE = "/api/tracking/state";

/** How many alerts about events nobody has looked at, beside the page's name in the navigation. */
export function AlertBadge() {
  const { t } = useLanguage();
  const { data } = useRead<TrackingState>(STATE, {}, { every: EVERY_MS });
  const open = data?.open_alerts ?? 0;
  return <Badge count={open} size="small" className="nav-badge" title={t("track.alerts.open", { n: open })} data-testid="alert-badge" />;
}
