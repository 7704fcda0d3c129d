import { DeleteOutlined, EyeOutlined } from "@ant-design/icons";
import { Button, Tabs, Tag } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { ApiError } from "@/api/client";
import { useRead } from "@/api/hooks";
import type { Profile, Revealed } from "@/api/types";
import { useSession } from "@/kit/session";
import { useLanguage } from "@/i18n";
import { PageFrame, Panel } from "@/kit/page";
import { Ago, Facts, TierTag } from "@/kit/small";
import { Failure, Nothing, Waiting } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { IdentityPanel } from "@/data/identity/IdentityPanel";
import { OwnTags } from "@/data/tags/OwnTags";
import { ConsentPanel } from "@/trust/consent/ConsentPanel";
import { EraseDialog } from "@/trust/rights/EraseDialog";
import { OrdersPanel } from "./OrdersPanel";
import { profilePath } from "@/kit/paths";
import { RelationsPanel } from "./RelationsPanel";
import { RevealDialog } from "./RevealDialog";
import { TagsPanel } from "./TagsPanel";
import { TimelinePanel } from "./TimelinePanel";

const NOT_GRANTED = "purpose_not_granted";

/** To the person's receipts, requests and personal link. */
function ToConsent({ userId }: { userId: string }) {
  const { t } = useLanguage();
  return (
    <Link to={`/consents/person?person=${encodeURIComponent(userId)}`} data-testid="to-consent">
      {t("centre.toPerson")}
    </Link>
  );
}

export default function ProfilePage() {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { userId = "" } = useParams();
  const read = useRead<Profile>(profilePath(userId));
  if (read.data) return <Person profile={read.data} userId={userId} />;
  if (read.error instanceof ApiError && read.error.code === NOT_GRANTED) {
    return (
      <Nothing title={w(read.error.words)} action={may("comply") && <ToConsent userId={userId} />}>
        {t("centre.notGrantedText")}
      </Nothing>
    );
  }
  if (read.error instanceof ApiError && read.error.status === 404) {
    return (
      <Nothing title={t("profile.none", { id: userId })} action={<Link to="/users">{t("profile.toList")}</Link>}>
        {t("profile.noneText")}
      </Nothing>
    );
  }
  if (read.error) return <Failure error={read.error} retry={() => void read.refetch()} />;
  return <Waiting rows={12} />;
}

function Person({ profile, userId }: { profile: Profile; userId: string }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const [revealing, setRevealing] = useState(false);
  const [erasing, setErasing] = useState(false);
  const [tab, setTab] = useState("tags");
  const [revealed, setRevealed] = useState<Revealed | null>(null);
  const names = revealed ?? profile.names;
  const { rfm, live } = profile;
  const canReveal = may("comply") || may("operate");
  return (
    <PageFrame
      testId="page-profile"
      title={
        <span className="row-tight wrap">
          <span className="break">{names.nickname || profile.user_id}</span>
          {rfm && <TierTag tier={rfm.tier}>{w(rfm.tier_words)}</TierTag>}
          {rfm && rfm.class !== rfm.tier && <Tag>{w(rfm.class_words)}</Tag>}
        </span>
      }
      about={
        <Link to="/users" className="faint">
          ← {t("nav.users")}
        </Link>
      }
      extra={
        <>
          {canReveal && !revealed && (
            <Button icon={<EyeOutlined />} onClick={() => setRevealing(true)} data-testid="reveal">
              {t("profile.reveal")}
            </Button>
          )}
          {may("comply") && (
            <Button danger icon={<DeleteOutlined />} onClick={() => setErasing(true)} data-testid="erase">
              {t("profile.erase")}
            </Button>
          )}
        </>
      }
    >
      <div className="profile">
        <aside>
          <Panel title={t("profile.basics")} testId="profile-basics">
            <Facts
              items={[
                [t("profile.userId"), <code key="id" className="break">{profile.user_id}</code>],
                [t("profile.nickname"), names.nickname ?? "–"],
                [t("profile.phone"), <span key="phone" data-testid="phone">{names.phone ?? "–"}</span>],
                [t("profile.email"), <span key="email" className="break">{names.email ?? "–"}</span>],
                [t("profile.lastSeen"), <Ago key="seen" time={live?.last_seen_time} />],
                [t("profile.events"), f.whole(profile.counts.events)],
                [t("profile.orders"), f.whole(profile.counts.orders)],
                [t("profile.built"), <Ago key="built" time={profile.built_time} fallback={t("overview.neverBuilt")} />],
              ]}
            />
            {live && live.events_since_build > 0 && (
              <p className="faint">
                {t("profile.sinceBuild", { n: f.whole(live.events_since_build), event: live.last_event ?? "–" })}
              </p>
            )}
          </Panel>
          {rfm && (
            <Panel title="RFM" testId="profile-rfm">
              <div className="rfm-mini">
                {(["r", "f", "m"] as const).map((name) => (
                  <div key={name} data-level={rfm[name]}>
                    <b>{t(`rfm.level.${rfm[name]}`)}</b>
                    <span>{t(`rfm.${name}.short`)}</span>
                  </div>
                ))}
              </div>
              <p className="faint">{w(rfm.class_words)}</p>
            </Panel>
          )}
          <Panel
            title={t("profile.aliases")}
            testId="profile-aliases"
            extra={
              <Button type="link" size="small" onClick={() => setTab("identity")} data-testid="identity-why">
                {t("identity.whyLink")}
              </Button>
            }
          >
            <ul className="aliases">
              {profile.aliases.map((alias, place) => (
                <li key={place}>
                  <span className="faint">{named("alias", alias.kind)}</span>
                  <code className="break">{alias.value || t("profile.hidden")}</code>
                  <span className="faint small">{f.date(alias.first_seen_time)}</span>
                </li>
              ))}
            </ul>
          </Panel>
        </aside>
        <div className="profile-main">
          <Panel>
            <Tabs
              activeKey={tab}
              onChange={setTab}
              items={[
                { key: "tags", label: t("profile.tab.tags"), children: (
                    <>
                      <TagsPanel tags={profile.tags} />
                      <OwnTags userId={userId} />
                    </>
                  ) },
                { key: "timeline", label: t("profile.tab.timeline"), children: <TimelinePanel userId={userId} /> },
                { key: "orders", label: t("profile.tab.orders"), children: <OrdersPanel userId={userId} /> },
                { key: "relations", label: t("profile.tab.relations"), children: <RelationsPanel userId={userId} /> },
                { key: "identity", label: t("profile.tab.identity"), children: <IdentityPanel userId={userId} /> },
                {
                  key: "consent",
                  label: t("profile.tab.consent"),
                  children: (
                    <>
                      <ConsentPanel userId={userId} purposes={profile.purposes} />
                      {may("comply") && (
                        <p className="gap-top">
                          <ToConsent userId={userId} />
                        </p>
                      )}
                    </>
                  ),
                },
              ]}
            />
          </Panel>
        </div>
      </div>
      {revealing && <RevealDialog userId={userId} onClose={() => setRevealing(false)} onRevealed={setRevealed} />}
      {erasing && <EraseDialog userId={profile.user_id} onClose={() => setErasing(false)} />}
    </PageFrame>
  );
}
