/** Every version of a campaign's rules, the newest first, with what it made worse and since when it holds. */
import { Tag } from "antd";
import { useRead } from "@/api/hooks";
import type { ReferralCampaign, ReferralVersion } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Ago, At } from "@/kit/small";
import { Shown } from "@/kit/states";
import { CAMPAIGNS } from "./CampaignsPage";

export function VersionsTab({ campaign }: { campaign: ReferralCampaign }) {
  const { t, named } = useLanguage();
  const read = useRead<ReferralVersion[]>(`${CAMPAIGNS}/${campaign.campaign_id}/versions`);
  return (
    <Panel>
      <Shown read={read}>
        {(versions) => (
          <ul className="ref-lines" data-testid="ref-versions">
            {versions.map((one) => (
              <li key={one.version}>
                <span>
                  <b>{t("ref.version", { n: one.version })}</b> {one.version === campaign.current.version && <Tag color="processing">{t("ref.holds")}</Tag>}
                  {one.worse.length > 0 && (
                    <div className="faint">
                      {t("ref.worseFields")}: {one.worse.map((field) => named("ref.field", field)).join(" · ")}
                    </div>
                  )}
                </span>
                <span className="ref-right">
                  <Ago time={one.made_time} />
                  <div className="faint small">{one.effective_time ? <At time={one.effective_time} seconds={false} /> : t("ref.neverHeld")}</div>
                </span>
              </li>
            ))}
          </ul>
        )}
      </Shown>
    </Panel>
  );
}
