/** Small marks of a request: its state, and how much time is left. */
import { Tag } from "antd";
import type { RightsRequest, RightsState } from "@/api/types";
import { useLanguage } from "@/i18n";
import { At } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";
import { daysLeft, urgency } from "./due";

const COLOURS: Record<RightsState, string> = {
  received: "warning",
  verified: "processing",
  in_progress: "processing",
  done: "success",
  refused: "default",
};

export function RequestState({ state }: { state: RightsState }) {
  const { t } = useLanguage();
  return (
    <Tag color={COLOURS[state]} data-state={state}>
      {t(`rights.state.${state}`)}
    </Tag>
  );
}

/** When an answer is due and what that means today. */
export function Due({ request }: { request: RightsRequest }) {
  const { t } = useLanguage();
  const { zone } = useFormat();
  const now = Date.now();
  const how = urgency(request, now, zone);
  const left = daysLeft(request.due_time, now, zone);
  return (
    <span className="row-tight wrap" data-urgency={how}>
      <At time={request.due_time} seconds={false} />
      {how === "late" && <Tag color="error">{left < 0 ? t("rights.lateDays", { n: -left }) : t("rights.late")}</Tag>}
      {how === "soon" && <Tag color="warning">{left === 0 ? t("rights.today") : t("rights.leftDays", { n: left })}</Tag>}
      {how === "calm" && <span className="faint nowrap">{t("rights.leftDays", { n: left })}</span>}
      {how === "kept" && <span className="faint nowrap">{t("rights.kept")}</span>}
      {how === "missed" && <span className="bad nowrap">{t("rights.missed")}</span>}
    </span>
  );
}
