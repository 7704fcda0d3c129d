/** The rules of a campaign as a form; what the linter of each channel says, and the rules as participants will read them, follow
 * while it is typed. */
import { MinusCircleOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, Button, Checkbox, Form, Input, InputNumber, Switch } from "antd";
import { useEffect, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { LintAnswer, NewReferral, ReferralCampaign, ReferralSpec } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { CAMPAIGNS } from "./CampaignsPage";
import { Findings } from "./Findings";
import { given, shown } from "./spec";

const PAUSE_MS = 400;
const CHANNELS = ["wechat", "wecom", "h5", "app", "sms"];
type Fields = ReferralSpec & { name: string };

export function CampaignEditor({ name, spec, campaign }: { name: string; spec: ReferralSpec; campaign?: ReferralCampaign }) {
  const { t, w, named } = useLanguage();
  const navigate = useNavigate();
  const [form] = Form.useForm<Fields>();
  const values = Form.useWatch([], form) as Fields | undefined;
  const [answer, setAnswer] = useState<LintAnswer | null>(null);
  const base = shown(spec);
  const path = campaign ? `${CAMPAIGNS}/${campaign.campaign_id}` : CAMPAIGNS;
  const save = useWrite<NewReferral, ReferralCampaign>(
    (wanted) => (campaign ? api.put(path, wanted) : api.post(path, wanted)),
    [CAMPAIGNS, path, `${path}/`],
  );
  const specOf = (fields: Fields) => {
    const { name: _, ...rest } = fields;
    return given(rest, base);
  };
  const asked = values ? JSON.stringify(specOf(values)) : "";
  useEffect(() => {
    if (!asked) return undefined;
    let over = false;
    const timer = setTimeout(() => {
      const query = campaign ? `?against=${encodeURIComponent(campaign.campaign_id)}` : "";
      api.post<LintAnswer>(`/api/referral/lint${query}`, { spec: JSON.parse(asked) as ReferralSpec }).then(
        (found) => !over && setAnswer(found),
        () => !over && setAnswer(null),
      );
    }, PAUSE_MS);
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [asked, campaign]);
  const launched = campaign?.state === "running" || campaign?.state === "paused";
  const amount = (field: string, label: string, help?: string) => (
    <Form.Item name={field} label={label} extra={help}>
      <InputNumber min={0} precision={2} className="wide" prefix={spec.currency} />
    </Form.Item>
  );
  const count = (field: string, label: string, help?: string) => (
    <Form.Item name={field} label={label} extra={help}>
      <InputNumber min={0} precision={0} className="wide" />
    </Form.Item>
  );
  return (
    <div className="ref-editor">
      <Form
        form={form}
        layout="vertical"
        initialValues={{ ...base, name }}
        onFinish={(fields) =>
          save.mutate(
            { name: fields.name, spec: specOf(fields) },
            { onSuccess: (made) => void navigate(`/referral/${made.campaign_id}`) },
          )
        }
        data-testid="ref-form"
      >
        {save.error && (
          <Alert type="error" showIcon className="gap" title={w(save.error.words)} description={save.error.place} data-testid="ref-error" />
        )}
        <Panel title={t("ref.basic")}>
          <Form.Item name="name" label={t("ref.name")} rules={[{ required: true }]}>
            <Input maxLength={120} data-testid="ref-name" />
          </Form.Item>
          <Form.Item name="channels" label={t("ref.channels")}>
            <Checkbox.Group className="ref-checks" options={CHANNELS.map((value) => ({ value, label: named("ref.channel", value) }))} />
          </Form.Item>
          <div className="columns-2">
            <Form.Item name="first_day" label={t("ref.firstDay")}>
              <Input type="date" />
            </Form.Item>
            <Form.Item name="last_day" label={t("ref.lastDay")}>
              <Input type="date" />
            </Form.Item>
          </div>
          <Form.Item name="target_url" label={t("ref.target")} extra={t("ref.targetText")}>
            <Input />
          </Form.Item>
          {amount("budget_minor", t("ref.budget"), t("ref.budgetText"))}
          <Form.Item name="from_events" label={t("ref.fromEvents")} valuePropName="checked" extra={t("ref.fromEventsText")}>
            <Switch data-testid="ref-from-events" />
          </Form.Item>
        </Panel>
        <Panel title={t("ref.texts")}>
          {(["zh", "en"] as const).map((lang) => (
            <Form.Item key={lang} name={["title", lang]} label={t(`ref.title.${lang}`)}>
              <Input maxLength={400} data-testid={`ref-title-${lang}`} />
            </Form.Item>
          ))}
          {(["zh", "en"] as const).map((lang) => (
            <Form.Item key={lang} name={["text", lang]} label={t(`ref.text.${lang}`)}>
              <Input.TextArea rows={3} maxLength={400} data-testid={`ref-text-${lang}`} />
            </Form.Item>
          ))}
        </Panel>
        <Panel title={t("ref.friend")}>
          <div className="columns-2">
            {amount("friend_minor", t("ref.friendAmount"), t("ref.friendText"))}
            {count("friend_valid_days", t("ref.validDays"))}
            {count("friend_stock", t("ref.stock"), t("ref.stockText"))}
            {count("window_days", t("ref.window"), t("ref.windowText"))}
          </div>
        </Panel>
        <Panel title={t("ref.inviter")}>
          <div className="columns-2">
            {amount("inviter_minor", t("ref.inviterAmount"), t("ref.inviterText"))}
            {amount("most_minor", t("ref.most"))}
            {amount("order_min_minor", t("ref.orderMin"))}
            {count("order_within_days", t("ref.orderWithin"))}
            {count("return_days", t("ref.returnDays"))}
            {count("settle_days", t("ref.settleDays"))}
            {count("daily_invitations", t("ref.daily"))}
            {count("friends_per_invitation", t("ref.perInvitation"))}
          </div>
          <Form.List name="bonuses">
            {(fields, { add, remove }) => (
              <>
                {fields.map((field) => (
                  <div className="ref-bonus" key={field.key}>
                    <Form.Item name={[field.name, "at"]} label={t("ref.bonusAt")}>
                      <InputNumber min={2} precision={0} className="wide" />
                    </Form.Item>
                    <Form.Item name={[field.name, "amount_minor"]} label={t("ref.bonusAmount")}>
                      <InputNumber min={0} precision={2} className="wide" prefix={spec.currency} />
                    </Form.Item>
                    <Button type="text" icon={<MinusCircleOutlined />} onClick={() => remove(field.name)} aria-label={t("ref.bonusRemove")} />
                  </div>
                ))}
                <Button icon={<PlusOutlined />} onClick={() => add({ at: fields.length + 3, amount_minor: 0 })}>
                  {t("ref.bonusAdd")}
                </Button>
              </>
            )}
          </Form.List>
        </Panel>
        <Panel title={t("ref.tiesTitle")}>
          <p className="faint">{t("ref.tiesText")}</p>
          <div className="columns-2">
            <Form.Item name={["strength", "strong_from"]} label={t("ref.strongFrom")}>
              <InputNumber min={0} max={1} step={0.05} className="wide" />
            </Form.Item>
            <Form.Item name={["strength", "strong_extra_minor"]} label={t("ref.strongExtra")}>
              <InputNumber min={0} precision={2} className="wide" prefix={spec.currency} />
            </Form.Item>
            <Form.Item name={["strength", "weak_below"]} label={t("ref.weakBelow")}>
              <InputNumber min={0} max={1} step={0.05} className="wide" />
            </Form.Item>
            <Form.Item name={["strength", "weak_extra_minor"]} label={t("ref.weakExtra")}>
              <InputNumber min={0} precision={2} className="wide" prefix={spec.currency} />
            </Form.Item>
          </div>
        </Panel>
        <Button type="primary" htmlType="submit" loading={save.isPending} data-testid="ref-save">
          {t("ref.save")}
        </Button>
      </Form>
      <div className="ref-side">
        <Panel title={t("ref.findings")} testId="ref-findings">
          {answer && answer.worse.length > 0 && launched && (
            <Alert
              type="warning"
              showIcon
              className="gap"
              title={t("ref.worse")}
              description={answer.worse.map((field) => named("ref.field", field)).join(" · ")}
              data-testid="ref-worse"
            />
          )}
          <Findings findings={answer?.findings} />
        </Panel>
        <Panel title={t("ref.published")}>
          <ol className="ref-rules">{answer?.rules.map((rule) => <li key={rule.en}>{w(rule)}</li>)}</ol>
        </Panel>
      </div>
    </div>
  );
}
