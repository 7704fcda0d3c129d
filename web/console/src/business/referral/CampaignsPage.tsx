/** Referral campaigns: the list, a new one from a template, and the shop's addresses that are told what happens. */
import { ApiOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Dropdown, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { useRead } from "@/api/hooks";
import type { ReferralCampaigns, ReferralCard, ReferralTemplate } from "@/api/types";
import { useLanguage } from "@/i18n";
import { ListTable, type Columns } from "@/kit/ListTable";
import { PageFrame, Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { Actor, Ago } from "@/kit/small";
import { Nothing } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { HooksDrawer } from "./HooksDrawer";

export const CAMPAIGNS = "/api/referral/campaigns";
const COLOURS: Record<string, string> = { draft: "default", checked: "blue", running: "processing", paused: "warning", ended: "default" };

export function CampaignState({ state, reason }: { state: string; reason: string }) {
  const { named } = useLanguage();
  return (
    <Tag color={COLOURS[state]} data-state={state}>
      {named("ref.state", reason ? `${state}.${reason}` : state)}
    </Tag>
  );
}

/** Says which parts that payouts need are missing: until they are there nothing is launched or paid. */
export function PortsBanner({ data }: { data: ReferralCampaigns | undefined }) {
  const { t } = useLanguage();
  if (!data || (data.ledger && data.scorer && data.ties)) return null;
  const missing = (["ledger", "scorer", "ties"] as const).filter((port) => !data[port]);
  return (
    <Alert
      className="gap"
      type={data.ledger && data.scorer ? "info" : "warning"}
      showIcon
      data-testid="ref-ports"
      title={t("ref.ports")}
      description={
        <ul>
          {missing.map((port) => (
            <li key={port}>{t(`ref.ports.${port}`)}</li>
          ))}
        </ul>
      }
    />
  );
}

export default function CampaignsPage() {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const navigate = useNavigate();
  const read = useRead<ReferralCampaigns>(CAMPAIGNS);
  const templates = useRead<ReferralTemplate[]>("/api/referral/templates", {}, { enabled: may("operate") });
  const [hooks, setHooks] = useState(false);
  const open = (one: ReferralCard) => void navigate(`/referral/${one.campaign_id}`);
  const days = (one: ReferralCard) => `${one.first_day} – ${one.last_day}`;
  const columns: Columns<ReferralCard> = [
    {
      title: t("ref.name"),
      key: "name",
      render: (_, one) => (
        <>
          <Link to={`/referral/${one.campaign_id}`}>{one.name}</Link>
          <div className="faint small nowrap">{days(one)}</div>
        </>
      ),
    },
    { title: t("ref.stateOf"), key: "state", render: (_, one) => <CampaignState state={one.state} reason={one.reason} /> },
    { title: t("ref.registered"), key: "registered", align: "right", render: (_, one) => <span className="number">{f.whole(one.registered)}</span> },
    { title: t("ref.paid"), key: "paid", align: "right", render: (_, one) => <span className="number">{f.money(one.paid_minor, one.currency)}</span> },
    { title: t("ref.held"), key: "held", align: "right", render: (_, one) => <span className="number">{f.whole(one.held)}</span> },
    { title: t("ref.budget"), key: "budget", align: "right", render: (_, one) => <span className="number">{f.shortMoney(one.budget_minor, one.currency)}</span> },
    { title: t("ref.made"), key: "made", render: (_, one) => <Ago time={one.created_time} /> },
    { title: t("ref.by"), key: "by", render: (_, one) => <Actor id={one.created_by} name={null} width={110} /> },
  ];
  const create = may("operate") && (
    <Dropdown
      trigger={["click"]}
      menu={{
        items: (templates.data ?? []).map((one) => ({
          key: one.key,
          label: <span data-testid={`ref-template-${one.key}`}>{w(one.words)}</span>,
        })),
        onClick: ({ key }) => void navigate(`/referral/new?template=${key}`),
      }}
    >
      <Button type="primary" icon={<PlusOutlined />} data-testid="ref-new">
        {t("ref.new")}
      </Button>
    </Dropdown>
  );
  return (
    <PageFrame
      testId="page-referral"
      title={t("nav.referral")}
      about={t("ref.about")}
      extra={
        <>
          <Button icon={<ApiOutlined />} onClick={() => setHooks(true)} data-testid="ref-hooks">
            {t("ref.hooks")}
          </Button>
          {create}
        </>
      }
    >
      <PortsBanner data={read.data} />
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.items }}
          columns={columns}
          rowKey={(one) => one.campaign_id}
          label={t("nav.referral")}
          testId="ref-table"
          onOpen={open}
          empty={
            <Nothing title={t("ref.none")} action={create}>
              {t("ref.noneText")}
            </Nothing>
          }
          card={(one) => (
            <button type="button" className="card-button" onClick={() => open(one)}>
              <div className="card-top">
                <b className="break">{one.name}</b>
                <CampaignState state={one.state} reason={one.reason} />
              </div>
              <div className="faint">{days(one)}</div>
              <div className="faint">
                {t("ref.registered")} {f.whole(one.registered)} · {t("ref.paid")} {f.money(one.paid_minor, one.currency)} · {t("ref.held")} {f.whole(one.held)}
              </div>
            </button>
          )}
        />
      </Panel>
      {hooks && <HooksDrawer onClose={() => setHooks(false)} />}
    </PageFrame>
  );
}
