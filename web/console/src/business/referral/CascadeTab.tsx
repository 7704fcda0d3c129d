/** How a campaign grew from person to person; a slider goes back in time. Content travels so; pay has depth one. */
import { PlayCircleOutlined } from "@ant-design/icons";
import { Button, Slider } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useRead } from "@/api/hooks";
import type { ReferralCampaign, ReferralCascade } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Chart } from "@/kit/Chart";
import { useLook } from "@/kit/look";
import { Panel } from "@/kit/page";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { CAMPAIGNS } from "./CampaignsPage";
import { grown, laidOut } from "./charts";

const EVERY_MS = 5_000;
const STEP_MS = 60;
const STEPS = 100;
const WIDTH = 900;

export function CascadeTab({ campaign }: { campaign: ReferralCampaign }) {
  const { t } = useLanguage();
  const read = useRead<ReferralCascade>(`${CAMPAIGNS}/${campaign.campaign_id}/cascade`, {}, { every: EVERY_MS });
  return (
    <Shown read={read}>
      {(data) =>
        data.total === 0 ? (
          <Panel>
            <Nothing title={t("ref.noCascade")}>{t("ref.noCascadeText")}</Nothing>
          </Panel>
        ) : (
          <Grown data={data} />
        )
      }
    </Shown>
  );
}

function Grown({ data }: { data: ReferralCascade }) {
  const { t } = useLanguage();
  const f = useFormat();
  const { palette } = useLook();
  const [step, setStep] = useState(STEPS);
  const [playing, setPlaying] = useState(false);
  const option = useMemo(() => grown(data, palette, f, t), [data, palette, f, t]);
  const { points, height } = useMemo(() => laidOut(data.nodes, WIDTH), [data.nodes]);
  useEffect(() => {
    if (!playing) return undefined;
    const timer = setInterval(() => setStep((now) => Math.min(now + 1, STEPS)), STEP_MS);
    return () => clearInterval(timer);
  }, [playing]);
  useEffect(() => {
    if (step >= STEPS) setPlaying(false);
  }, [step]);
  const first = Math.min(...points.map((point) => point.at));
  const last = Math.max(...points.map((point) => point.at));
  const until = first + ((last - first) * step) / STEPS;
  const visible = points.filter((point) => point.at <= until);
  const colour = (depth: number) => (depth === 0 ? palette.faint : palette.series[(depth - 1) % palette.series.length]!);
  const play = () => {
    setStep(0);
    setPlaying(true);
  };
  return (
    <>
      <Panel
        title={t("ref.cascade")}
        extra={
          <Button size="small" icon={<PlayCircleOutlined />} onClick={play} data-testid="ref-play">
            {t("ref.play")}
          </Button>
        }
      >
        <p className="faint">{t("ref.cascadeText", { n: f.whole(data.total), shown: f.whole(data.nodes.length) })}</p>
        <ul className="ref-depths" data-testid="ref-depths">
          {data.depths.map((count, depth) => (
            <li key={depth}>
              <svg width="10" height="10" aria-hidden="true">
                <circle cx="5" cy="5" r="4" fill={colour(depth + 1)} />
              </svg>
              {t("ref.depth", { n: depth + 1 })} <b className="number">{f.whole(count)}</b>
            </li>
          ))}
        </ul>
        <Slider min={0} max={STEPS} value={step} onChange={setStep} tooltip={{ formatter: null }} aria-label={t("ref.until")} />
        <p className="faint small" data-testid="ref-until">
          {f.dateTime(new Date(until).toISOString())} · {f.whole(visible.filter((point) => point.depth > 0).length)}
        </p>
        <div className="ref-tree">
          <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={t("ref.cascade")} data-testid="ref-tree">
            {visible.map((point) =>
              point.from ? (
                <path
                  key={`e-${point.key}`}
                  d={`M${point.from.x} ${point.from.y}C${(point.from.x + point.x) / 2} ${point.from.y} ${(point.from.x + point.x) / 2} ${point.y} ${point.x} ${point.y}`}
                  fill="none"
                  stroke={palette.line}
                  strokeWidth="1.5"
                />
              ) : null,
            )}
            {visible.map((point) => (
              <circle key={point.key} cx={point.x} cy={point.y} r={point.depth === 0 ? 3.5 : 4.5} fill={colour(point.depth)}>
                <title>{`${point.key} · ${t("ref.depth", { n: point.depth })}`}</title>
              </circle>
            ))}
          </svg>
        </div>
      </Panel>
      <Panel title={t("ref.grown")}>
        <Chart option={option} height={220} label={t("ref.grown")} testId="ref-grown" />
      </Panel>
    </>
  );
}
