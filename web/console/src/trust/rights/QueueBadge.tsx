import { Badge } from "antd";
import { useRead } from "@/api/hooks";
import type { RightsQueue } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { QUEUE } from "./useRequest";

const EVERY_MS = 60_000;

/** How many requests wait, beside the page's name; red where one is late. */
export function QueueBadge() {
  const { t } = useLanguage();
  const { may } = useSession();
  const { data } = useRead<RightsQueue>(`${QUEUE}/queue`, {}, { every: EVERY_MS, enabled: may("comply") });
  const late = data?.overdue ?? 0;
  return (
    <Badge
      count={data?.open ?? 0}
      size="small"
      color={late > 0 ? undefined : "var(--faint)"}
      className="nav-badge"
      title={t(late > 0 ? "rights.badgeLate" : "rights.badge", { n: data?.open ?? 0, late })}
      data-testid="rights-badge"
    />
  );
}
