import { Badge, Tabs } from "antd";
import { useNavigate, useParams } from "react-router";
import { useRead } from "@/api/hooks";
import type { ReviewCount } from "@/api/types";
import { useLanguage } from "@/i18n";
import { PageFrame } from "@/kit/page";
import { ReviewsTab } from "./ReviewsTab";
import { UnidentifiedTab } from "./UnidentifiedTab";

const DEVICES = "shared_device";

export default function IdentityPage() {
  const { t } = useLanguage();
  const navigate = useNavigate();
  const tab = useParams().tab === "unidentified" ? "unidentified" : "reviews";
  const counts = useRead<{ items: ReviewCount[] }>("/api/identity/reviews/counts");
  const waiting = (counts.data?.items ?? [])
    .filter((one) => one.state === "open" && one.reason !== DEVICES)
    .reduce((sum, one) => sum + one.count, 0);
  return (
    <PageFrame testId="page-identity" title={t("nav.identity")} about={t("identity.about")}>
      <Tabs
        activeKey={tab}
        onChange={(key) => void navigate(key === "reviews" ? "/identity" : `/identity/${key}`)}
        items={[
          {
            key: "reviews",
            label: (
              <Badge count={waiting} offset={[14, 0]} size="small" overflowCount={999}>
                {t("identity.tab.reviews")}
              </Badge>
            ),
          },
          { key: "unidentified", label: t("identity.tab.unidentified") },
        ]}
      />
      {tab === "reviews" ? <ReviewsTab counts={counts.data?.items ?? []} /> : <UnidentifiedTab />}
    </PageFrame>
  );
}
