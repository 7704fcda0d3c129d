/** Rewards by state and reason in sums, and one by one; what the scorer holds is decided here by a person, with a reason. */
import { Button, Drawer, Form, Input, Segmented, Tag } from "antd";
import { useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { ReferralCampaign, ReferralFigures, ReferralReward } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { At, Facts } from "@/kit/small";
import { Nothing, Shown } from "@/kit/states";
import { useFilters } from "@/kit/useFilters";
import { useFormat } from "@/kit/useFormat";
import { CAMPAIGNS } from "./CampaignsPage";

const FILTERS = { state: "held" };
const SHOWN = ["held", "refused", "pending", "paid", "voided,clawed_back,clawback_open"];
const COLOURS: Record<string, string> = { pending: "blue", held: "warning", paid: "success", refused: "error", clawback_open: "error" };

export function RewardsTab({ campaign }: { campaign: ReferralCampaign }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const path = `${CAMPAIGNS}/${campaign.campaign_id}`;
  const { filters, change } = useFilters(FILTERS);
  const read = useRead<{ items: ReferralReward[] }>(`${path}/rewards`, { state: filters.state }, { keep: true, every: 5_000 });
  const figures = useRead<ReferralFigures>(`${path}/figures`);
  const [open, setOpen] = useState<string | null>(null);
  const chosen = read.data?.items.find((one) => one.reward_id === open);
  const state = (one: ReferralReward) => <Tag color={COLOURS[one.state]}>{w(one.state_words)}</Tag>;
  const columns: Columns<ReferralReward> = [
    { title: t("ref.kind"), key: "kind", render: (_, one) => named("ref.kind", one.kind) },
    { title: t("ref.person"), key: "person", render: (_, one) => <code>{one.person}</code> },
    { title: t("ref.amount"), key: "amount", align: "right", render: (_, one) => <span className="number">{f.money(one.amount_minor, one.currency)}</span> },
    { title: t("ref.stateOf"), key: "state", render: (_, one) => state(one) },
    { title: t("ref.reason"), key: "reason", render: (_, one) => <span className="ref-reason">{one.reason_words ? w(one.reason_words) : "–"}</span> },
    { title: t("ref.score"), key: "score", align: "right", render: (_, one) => <span className="number">{one.score ?? "–"}</span> },
    { title: t("ref.due"), key: "due", render: (_, one) => <At time={one.due_time} seconds={false} /> },
  ];
  return (
    <>
      <Panel title={t("ref.sums")}>
        <Shown read={figures} rows={2}>
          {(data) =>
            data.money.length === 0 ? (
              <p className="faint">{t("ref.noRewards")}</p>
            ) : (
              <ul className="ref-lines" data-testid="ref-sums">
                {data.money.map((one) => (
                  <li key={`${one.kind}-${one.state}-${one.reason}`}>
                    <span>
                      {named("ref.kind", one.kind)} · {named("ref.reward", one.state)}
                      {one.words && <small className="faint"> {w(one.words)}</small>}
                    </span>
                    <b className="number nowrap">
                      {f.whole(one.count)} · {f.money(one.amount_minor, data.currency)}
                    </b>
                  </li>
                ))}
              </ul>
            )
          }
        </Shown>
      </Panel>
      <div className="tools">
        <Segmented
          className="scrolling"
          value={filters.state}
          onChange={(value) => change({ state: value })}
          options={SHOWN.map((value) => ({ value, label: named("ref.reward", value.split(",")[0]!) }))}
        />
      </div>
      <Panel flush>
        <ListTable
          read={{ ...read, data: read.data?.items }}
          columns={columns}
          rowKey={(one) => one.reward_id}
          label={t("ref.tab.rewards")}
          testId="ref-rewards"
          onOpen={(one) => setOpen(one.reward_id)}
          empty={<Nothing title={t("ref.noneInState")}>{t("ref.noneInStateText")}</Nothing>}
          card={(one) => (
            <button type="button" className="card-button" onClick={() => setOpen(one.reward_id)}>
              <div className="card-top">
                <b>{f.money(one.amount_minor, one.currency)}</b>
                {state(one)}
              </div>
              <div className="faint">
                {named("ref.kind", one.kind)} · <code>{one.person}</code>
              </div>
              {one.reason_words && <div>{w(one.reason_words)}</div>}
            </button>
          )}
        />
      </Panel>
      <Drawer open={chosen !== undefined} onClose={() => setOpen(null)} title={t("ref.rewardOne")} size="large">
        {chosen && <Detail reward={chosen} stale={[`${path}/`, path]} />}
      </Drawer>
    </>
  );
}

function Detail({ reward, stale }: { reward: ReferralReward; stale: string[] }) {
  const { t, w, named } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const [deciding, setDeciding] = useState<boolean | null>(null);
  const appeal = reward.state === "refused" && ["risk_refused", "refused_by_review"].includes(reward.reason);
  const decides = (may("operate") || may("comply")) && (reward.state === "held" || appeal);
  return (
    <>
      <Facts
        items={[
          [t("ref.kind"), named("ref.kind", reward.kind)],
          [t("ref.person"), <code key="person">{reward.person}</code>],
          [t("ref.amount"), f.money(reward.amount_minor, reward.currency)],
          [t("ref.form"), named("ref.form", reward.form)],
          [t("ref.stateOf"), w(reward.state_words)],
          [t("ref.reason"), reward.reason_words ? w(reward.reason_words) : "–"],
          [t("ref.tie"), named("ref.note", reward.note)],
          [t("ref.score"), reward.score ?? t("ref.notScored")],
          [t("ref.evidence"), reward.evidence.length ? reward.evidence.map((one) => w(one)).join(" · ") : "–"],
          [t("ref.due"), <At key="due" time={reward.due_time} />],
          [t("ref.made"), <At key="made" time={reward.made_time} />],
        ]}
      />
      {decides && (
        <div className="tools gap">
          <Button type="primary" disabled={reward.state === "held" && reward.reason !== "risk"} onClick={() => setDeciding(true)} data-testid="ref-pay">
            {t("ref.letPass")}
          </Button>
          {reward.state === "held" && (
            <Button danger onClick={() => setDeciding(false)} data-testid="ref-refuse">
              {t("ref.refuse")}
            </Button>
          )}
          <span className="faint">{t("ref.decideText")}</span>
        </div>
      )}
      {deciding !== null && <Decide reward={reward} pay={deciding} stale={stale} onClose={() => setDeciding(null)} />}
    </>
  );
}

function Decide({ reward, pay, stale, onClose }: { reward: ReferralReward; pay: boolean; stale: string[]; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<{ reason: string }>();
  const save = useWrite<{ reason: string }, ReferralReward>(
    ({ reason }) => api.post(`/api/referral/rewards/${encodeURIComponent(reward.reward_id)}/review`, { pay, reason }),
    stale,
  );
  return (
    <FormDialog
      form={form}
      title={t(pay ? "ref.letPass" : "ref.refuse")}
      does={t(pay ? "ref.letPass" : "ref.refuse")}
      initialValues={{}}
      saving={save}
      onFinish={(given) => save.mutate(given, { onSuccess: onClose })}
      onClose={onClose}
      name="ref-decide"
    >
      <Form.Item name="reason" label={t("ref.decideReason")} rules={[{ required: true }]}>
        <Input.TextArea rows={3} maxLength={300} data-testid="ref-decide-reason" />
      </Form.Item>
    </FormDialog>
  );
}
