/** The funnel of invitations, K-factor, cost of a new user, refused friends by reason, and the board. */
import { useMemo } from "react";
import { useRead } from "@/api/hooks";
import type { ReferralBoard, ReferralCampaign, ReferralFigures } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useLook } from "@/kit/look";
import { Hint, Panel, Tile } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { CAMPAIGNS } from "./CampaignsPage";
import { byDay } from "./charts";

const EVERY_MS = 5_000;
const SHOWN_PLACES = 8;

export function FiguresTab({ campaign }: { campaign: ReferralCampaign }) {
  const read = useRead<ReferralFigures>(`${CAMPAIGNS}/${campaign.campaign_id}/figures`, {}, { every: EVERY_MS });
  return <Shown read={read}>{(data) => <Figures data={data} campaign={campaign} />}</Shown>;
}

function Figures({ data, campaign }: { data: ReferralFigures; campaign: ReferralCampaign }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const board = useRead<ReferralBoard>(`${CAMPAIGNS}/${campaign.campaign_id}/board`, {}, { every: EVERY_MS });
  const option = useMemo(() => byDay(data, palette, f, t), [data, palette, f, t]);
  const money = (minor: number | null) => (minor === null ? "–" : f.money(minor, data.currency));
  const budget = campaign.current.spec.budget_minor;
  return (
    <>
      <div className="tiles tiles-4">
        <Tile label={t("ref.k")} definition={t("ref.kText")} value={data.k_factor === null ? "–" : data.k_factor.toFixed(2)} testId="ref-k" note={t("ref.participants", { n: f.whole(data.participants) })} />
        <Tile label={t("ref.costPer")} definition={t("ref.costPerText")} value={money(data.cost_per_new_minor)} testId="ref-cost" note={t("ref.paidInAll", { sum: money(data.cost_minor) })} />
        <Tile label={t("ref.promised")} definition={t("ref.promisedText")} value={money(data.promised_minor)} note={t("ref.ofBudget", { sum: f.shortMoney(budget, data.currency) })} />
        <Tile label={t("ref.available")} definition={t("ref.availableText")} value={money(data.available_minor)} testId="ref-available" note={data.cycle_days === null ? t("ref.noCycle") : t("ref.cycle", { n: data.cycle_days.toFixed(1) })} />
      </div>
      <div className="ref-two">
        <Panel title={t("ref.funnel")} extra={<Hint text={t("ref.funnelText")} />}>
          <Funnel data={data} />
        </Panel>
        <Panel title={t("ref.refused")}>
          {data.refused.length === 0 ? (
            <p className="faint">{t("ref.refusedNone")}</p>
          ) : (
            <ul className="ref-lines" data-testid="ref-refused">
              {data.refused.map((one) => (
                <li key={one.reason} data-reason={one.reason}>
                  <span>{w(one.words)}</span>
                  <b className="number">{f.whole(one.count)}</b>
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
      <div className="ref-two">
        <Panel title={t("ref.byDay")}>
          {data.days.length === 0 ? (
            <Nothing title={t("ref.noDays")}>{t("ref.noDaysText")}</Nothing>
          ) : (
            <Chart option={option} height={240} label={t("ref.byDay")} testId="ref-days" />
          )}
        </Panel>
        <Panel title={t("ref.board")} extra={<Hint text={t("ref.boardText")} />}>
          <Shown read={board} rows={3}>
            {(found) =>
              found.items.length === 0 ? (
                <p className="faint">{t("ref.boardNone")}</p>
              ) : (
                <ul className="ref-lines" data-testid="ref-board">
                  {found.items.slice(0, SHOWN_PLACES).map((one) => (
                    <li key={one.place}>
                      <span>
                        {one.place}. <code>{one.name}</code>
                      </span>
                      <b className="number">{f.whole(one.friends)}</b>
                    </li>
                  ))}
                </ul>
              )
            }
          </Shown>
        </Panel>
      </div>
    </>
  );
}

function Funnel({ data }: { data: ReferralFigures }) {
  const { t } = useLanguage();
  const f = useFormat();
  const steps = ["sent", "opened", "registered", "ordered", "rewarded"] as const;
  const most = Math.max(...steps.map((step) => data[step]), 1);
  return (
    <ol className="ref-funnel" data-testid="ref-funnel">
      {steps.map((step, place) => {
        const before = place === 0 ? null : data[steps[place - 1]!];
        return (
          <li key={step} data-step={step}>
            <div className="ref-funnel-head">
              <span>{t(`ref.step.${step}`)}</span>
              <span>
                <b className="number">{f.whole(data[step])}</b>{" "}
                <small className="faint">{before ? f.percent(data[step] / before) : ""}</small>
              </span>
            </div>
            <svg className="ref-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
              <rect width={(data[step] / most) * 100} height="6" rx="1" />
            </svg>
          </li>
        );
      })}
    </ol>
  );
}
