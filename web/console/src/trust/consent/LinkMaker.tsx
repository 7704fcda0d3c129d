import { Alert, Button, InputNumber } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { PersonalLink, Setting } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { At, Code } from "@/kit/small";
import { Refused } from "@/trust/rights/Refused";

const MOST_HOURS = 720;

/** Makes a link to one person's own page. The address is shown only now. */
export function LinkMaker({ userId }: { userId: string }) {
  const { t } = useLanguage();
  const [hours, setHours] = useState<number | null>(null);
  const settings = useRead<Setting[]>("/api/settings");
  const usual = settings.data?.find((one) => one.key === "consent.link_hours")?.value;
  const make = useWrite<void, PersonalLink>(() => api.post("/api/consent/links", { user_id: userId, hours }), ["/api/audit"]);
  const revoke = useWrite<string, null>((id) => api.remove(`/api/consent/links/${encodeURIComponent(id)}`), ["/api/audit"]);
  const link = make.data;
  const again = () => {
    revoke.reset();
    make.mutate();
  };
  return (
    <Panel title={t("centre.link")} testId="link-maker">
      <p className="faint gap">{t("centre.linkText")}</p>
      <div className="tag-drop">
        <InputNumber
          className="full"
          min={1}
          max={MOST_HOURS}
          precision={0}
          value={hours}
          onChange={setHours}
          placeholder={usual === undefined ? "" : String(usual)}
          prefix={t("centre.linkHours")}
          aria-label={t("centre.linkHours")}
        />
        <Button type="primary" loading={make.isPending} onClick={again} data-testid="link-make">
          {t("centre.linkMake")}
        </Button>
      </div>
      <Refused error={make.error ?? revoke.error} />
      {link && (
        <div className="gap-top">
          <Alert type={revoke.isSuccess ? "info" : "warning"} showIcon title={t(revoke.isSuccess ? "centre.linkRevoked" : "centre.linkOnce")} />
          {!revoke.isSuccess && (
            <>
              <Code text={link.url} testId="link-url" />
              <div className="tools">
                <span className="faint">
                  {t("centre.linkUntil")} <At time={link.expires_time} seconds={false} />
                </span>
                <Button size="small" danger type="text" loading={revoke.isPending} onClick={() => revoke.mutate(link.link_id)} data-testid="link-revoke">
                  {t("centre.linkRevoke")}
                </Button>
              </div>
            </>
          )}
        </div>
      )}
    </Panel>
  );
}
