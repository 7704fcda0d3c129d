/** One campaign: what came of it, rewards, how it grew, its rules and versions. */
import { App, Alert, Button, Popconfirm, Tabs } from "antd";
import { useState } from "react";
import { Navigate, useNavigate, useParams, useSearchParams } from "react-router";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CheckedCampaign, LintFinding, ReferralCampaign, ReferralCampaigns, ReferralTemplate } from "@/api/types";
import { useLanguage } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Nothing, Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { CampaignEditor } from "./CampaignEditor";
import { CAMPAIGNS, CampaignState, PortsBanner } from "./CampaignsPage";
import { CascadeTab } from "./CascadeTab";
import { FiguresTab } from "./FiguresTab";
import { Findings } from "./Findings";
import { RewardsTab } from "./RewardsTab";
import { VersionsTab } from "./VersionsTab";

const TABS = ["figures", "rewards", "cascade", "rules", "versions"] as const;
const STEPS: Record<string, string[]> = { checked: ["launch"], running: ["pause", "end"], paused: ["resume", "end"] };

export default function CampaignPage() {
  const { t } = useLanguage();
  const { campaignId = "", tab } = useParams();
  const [search] = useSearchParams();
  const made = campaignId !== "new";
  const read = useRead<ReferralCampaign>(`${CAMPAIGNS}/${encodeURIComponent(campaignId)}`, {}, { enabled: made });
  const templates = useRead<ReferralTemplate[]>("/api/referral/templates", {}, { enabled: !made });
  if (!made) {
    const wanted = templates.data?.find((one) => one.key === search.get("template")) ?? templates.data?.[0];
    return (
      <PageFrame testId="page-campaign" title={t("ref.new")} about={t("ref.newAbout")}>
        <Shown read={{ ...templates, data: wanted }}>{(one) => <CampaignEditor name={one.spec.title.zh} spec={one.spec} />}</Shown>
      </PageFrame>
    );
  }
  return <Shown read={read}>{(campaign) => <One campaign={campaign} tab={tab} />}</Shown>;
}

function One({ campaign, tab }: { campaign: ReferralCampaign; tab: string | undefined }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const path = `${CAMPAIGNS}/${campaign.campaign_id}`;
  const stale = [CAMPAIGNS, path, `${path}/`];
  const ports = useRead<ReferralCampaigns>(CAMPAIGNS);
  const [findings, setFindings] = useState<LintFinding[] | null>(null);
  const move = useWrite<string, ReferralCampaign>((to) => api.post(`${path}/${to}`), stale);
  const check = useWrite<void, CheckedCampaign>(() => api.post(`${path}/check`), stale);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const draft = campaign.state === "draft" || campaign.state === "checked";
  const shown = tab ?? (draft ? "rules" : "figures");
  if (!(TABS as readonly string[]).includes(shown)) return <Navigate replace to={`/referral/${campaign.campaign_id}`} />;
  const spec = campaign.current.spec;
  return (
    <PageFrame
      testId="page-campaign"
      title={
        <>
          {campaign.name} <CampaignState state={campaign.state} reason={campaign.reason} />
        </>
      }
      about={`${spec.first_day} – ${spec.last_day} · ${t("ref.version", { n: campaign.current.version })}`}
      extra={
        may("operate") && (
          <>
            {draft && (
              <Button
                loading={check.isPending}
                data-testid="ref-check"
                onClick={() => check.mutate(undefined, { onSuccess: (done) => setFindings(done.findings), ...complain })}
              >
                {t("ref.check")}
              </Button>
            )}
            {(STEPS[campaign.state] ?? []).map((step) => (
              <Popconfirm key={step} title={t(`ref.sure.${step}` as "ref.sure.launch")} onConfirm={() => move.mutate(step, complain)}>
                <Button
                  type={step === "launch" || step === "resume" ? "primary" : "default"}
                  danger={step === "end"}
                  loading={move.isPending}
                  data-testid={`ref-${step}`}
                >
                  {t(`ref.do.${step}` as "ref.do.launch")}
                </Button>
              </Popconfirm>
            ))}
          </>
        )
      }
    >
      <PortsBanner data={ports.data} />
      {campaign.coming && (
        <Alert
          className="gap"
          type="info"
          showIcon
          title={t("ref.coming", { n: campaign.coming.version, day: f.dateTime(campaign.coming.effective_time) })}
          data-testid="ref-coming"
        />
      )}
      {findings && (
        <Panel title={t("ref.findings")} testId="ref-checked">
          <Findings findings={findings} />
        </Panel>
      )}
      <Tabs
        activeKey={shown}
        onChange={(key) => void navigate(`/referral/${campaign.campaign_id}/${key}`)}
        items={TABS.map((key) => ({ key, label: <span data-testid={`ref-tab-${key}`}>{t(`ref.tab.${key}`)}</span> }))}
      />
      {draft && shown !== "rules" && shown !== "versions" ? (
        <Panel>
          <Nothing title={t("ref.notLaunched")}>{t("ref.notLaunchedText")}</Nothing>
        </Panel>
      ) : (
        <>
          {shown === "figures" && <FiguresTab campaign={campaign} />}
          {shown === "rewards" && <RewardsTab campaign={campaign} />}
          {shown === "cascade" && <CascadeTab campaign={campaign} />}
          {shown === "versions" && <VersionsTab campaign={campaign} />}
        </>
      )}
      {shown === "rules" &&
        (campaign.state === "ended" || !may("operate") ? (
          <Panel title={t("ref.published")}>
            <ol className="ref-rules">{campaign.rules.map((rule) => <li key={rule.en}>{w(rule)}</li>)}</ol>
          </Panel>
        ) : (
          <CampaignEditor
            key={campaign.versions}
            name={campaign.name}
            spec={(campaign.coming ?? campaign.current).spec}
            campaign={campaign}
          />
        ))}
    </PageFrame>
  );
}
