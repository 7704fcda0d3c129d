/** Cells that the tables of acquisition share: money by head, shares that are not over yet, scores, small trends. */
import { Tag, Tooltip } from "antd";
import type { AcquiredGroup, WindowShare } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useFormat } from "@/kit/useFormat";

/** A share of newcomers whose window is over; greyed where nobody's is. */
export function ShareCell({ share }: { share: WindowShare }) {
  const { t } = useLanguage();
  const f = useFormat();
  if (share.value === null) {
    return (
      <Tooltip title={t("acq.incompleteText")}>
        <span className="faint" tabIndex={0} data-incomplete>
          {t("acq.incomplete")}
        </span>
      </Tooltip>
    );
  }
  return (
    <Tooltip title={t("acq.shareOf", { part: f.whole(share.part), whole: f.whole(share.whole) })}>
      <span className="number">{f.percent(share.value)}</span>
    </Tooltip>
  );
}

/** What a newcomer cost: never 0 where nobody knows. */
export function CacCell({ group }: { group: AcquiredGroup }) {
  const { t } = useLanguage();
  const f = useFormat();
  if (group.free) return <Tag color="green">{t("acq.free")}</Tag>;
  if (group.cost_missing) {
    return (
      <Tooltip title={t("acq.costMissingText")}>
        <Tag color="warning" tabIndex={0} data-testid="cost-missing">
          {t("acq.costMissing")}
        </Tag>
      </Tooltip>
    );
  }
  return (
    <span className="number">
      {group.costs.map((cost) => (
        <b key={cost.currency}>{cost.cac_minor === null ? t("acq.nobody") : f.money(cost.cac_minor, cost.currency)}</b>
      ))}
      {group.days_without_cost > 0 && (
        <Tooltip title={t("acq.partlyText", { n: group.days_without_cost })}>
          <span className="bad" tabIndex={0}>
            {" "}
            *
          </span>
        </Tooltip>
      )}
    </span>
  );
}

export function CostCell({ group }: { group: AcquiredGroup }) {
  const f = useFormat();
  if (group.costs.length === 0) return <span className="faint">–</span>;
  return (
    <span className="number">
      {group.costs.map((cost) => (
        <span key={cost.currency}>{f.shortMoney(cost.cost_minor, cost.currency)}</span>
      ))}
    </span>
  );
}

/** Revenue of the newcomers so far by their cost, and when it was reached. */
export function PaybackCell({ group }: { group: AcquiredGroup }) {
  const { t } = useLanguage();
  const f = useFormat();
  const cost = group.costs[0];
  if (!cost || cost.payback === null) return <span className="faint">–</span>;
  return (
    <Tooltip
      title={cost.payback_days === null ? t("acq.notPaidBack") : t("acq.paidBack", { n: cost.payback_days })}
    >
      <span className="number">{f.percent(cost.payback, 0)}</span>
    </Tooltip>
  );
}

export function ScoreCell({ group }: { group: AcquiredGroup }) {
  const { t, named } = useLanguage();
  const f = useFormat();
  const score = group.score;
  if (!score) return <span className="faint">–</span>;
  const part = (value: number | null) => (value === null ? "–" : f.percent(value, 0));
  const parts = t("acq.scoreParts", { q: part(score.quality), r: part(score.retention), p: part(score.payback) });
  if (score.value === null) {
    return (
      <Tooltip title={`${named("acq.missing", score.missing ?? "incomplete")} ${parts}`}>
        <span className="faint" tabIndex={0}>
          –
        </span>
      </Tooltip>
    );
  }
  return (
    <Tooltip title={parts}>
      <b className="number" tabIndex={0}>
        {score.value.toFixed(0)}
      </b>
    </Tooltip>
  );
}

const WIDE = 96;
const HIGH = 22;

/** Newcomers by day as a line; what it says is said in words for those who do not see it. */
export function Trend({ values, label }: { values: number[]; label: string }) {
  const most = Math.max(1, ...values);
  const step = values.length > 1 ? WIDE / (values.length - 1) : 0;
  const points = values.map((value, at) => `${(at * step).toFixed(1)},${(HIGH - 2 - (value / most) * (HIGH - 4)).toFixed(1)}`);
  return (
    <svg className="trend" width={WIDE} height={HIGH} viewBox={`0 0 ${WIDE} ${HIGH}`} role="img" aria-label={label}>
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinejoin="round" />
    </svg>
  );
}
