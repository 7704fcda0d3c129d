/** Weights of the rules, what people's decisions say of each, and every version. */
import { App, Button, Form, Input, InputNumber, Tag } from "antd";
import { useState } from "react";
import { api, type ApiError } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { RiskRuleRow, RiskRules, RiskVersion } from "@/api/types";
import { useLanguage, type Key } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { ListTable, type Columns } from "@/kit/ListTable";
import { Panel } from "@/kit/page";
import { useSession } from "@/kit/session";
import { At } from "@/kit/small";
import { Shown } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

type Weights = Record<string, { points: number; low: number; high: number }>;
type Field = "points" | "low" | "high";
const NAMES: Record<Field, Key> = { points: "risk.rulePoints", low: "risk.ruleLow", high: "risk.ruleHigh" };

export function RulesTab() {
  const read = useRead<RiskRules>("/api/risk/rules");
  return (
    <Shown read={read} rows={10}>
      {(data) => <Rules key={data.version} data={data} />}
    </Shown>
  );
}

function weightsOf(rules: RiskRuleRow[]): Weights {
  return Object.fromEntries(rules.map(({ key, points, low, high }) => [key, { points, low, high }]));
}

function Rules({ data }: { data: RiskRules }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const held = weightsOf(data.rules);
  const [weights, setWeights] = useState<Weights>(held);
  const [saving, setSaving] = useState(false);
  const changed = JSON.stringify(weights) !== JSON.stringify(held);
  const differs = data.rules.some((one) => one.suggested_points !== one.points);
  const set = (key: string, field: Field, value: number | null) =>
    value !== null && setWeights((all) => ({ ...all, [key]: { ...all[key]!, [field]: value } }));
  const take = () =>
    setWeights((all) => Object.fromEntries(data.rules.map((one) => [one.key, { ...all[one.key]!, points: one.suggested_points }])));
  const field = (one: RiskRuleRow, name: Field) => (
    <InputNumber
      size="small"
      className="risk-number"
      value={weights[one.key]?.[name]}
      min={name === "points" ? 0 : undefined}
      max={name === "points" ? 100 : undefined}
      disabled={!may("operate")}
      onChange={(value) => set(one.key, name, value)}
      aria-label={`${w(one.words)} ${t(NAMES[name])}`}
      data-testid={`risk-${one.key}-${name}`}
    />
  );
  const wanted = (one: RiskRuleRow) =>
    one.suggested_points === one.points ? <span className="faint">–</span> : <b className="number">{one.suggested_points}</b>;
  const columns: Columns<RiskRuleRow> = [
    { title: t("risk.rule"), key: "rule", render: (_, one) => w(one.words) },
    { title: t("risk.rulePoints"), key: "points", render: (_, one) => field(one, "points") },
    { title: t("risk.ruleLow"), key: "low", render: (_, one) => field(one, "low") },
    { title: t("risk.ruleHigh"), key: "high", render: (_, one) => field(one, "high") },
    { title: t("risk.ruleRefused"), dataIndex: "refused", align: "right", render: (n: number) => f.whole(n) },
    { title: t("risk.rulePassed"), dataIndex: "passed", align: "right", render: (n: number) => f.whole(n) },
    { title: t("risk.ruleWanted"), key: "wanted", align: "right", render: (_, one) => wanted(one) },
  ];
  return (
    <>
      <Panel title={t("risk.version", { n: data.version })} flush extra={changed ? <Tag color="warning">{t("risk.changed")}</Tag> : null}>
        <ListTable
          read={{ data: data.rules, error: null, refetch: () => undefined }}
          columns={columns}
          rowKey={(one) => one.key}
          label={t("risk.tab.rules")}
          testId="risk-rules"
          empty={null}
          card={(one) => (
            <>
              <div className="card-top">
                <b>{w(one.words)}</b>
                {wanted(one)}
              </div>
              <div className="tools">
                {(["points", "low", "high"] as const).map((name) => (
                  <span key={name} className="risk-field">
                    <span className="faint">{t(NAMES[name])}</span>
                    {field(one, name)}
                  </span>
                ))}
              </div>
              <div className="faint">
                {t("risk.ruleRefused")} {f.whole(one.refused)} · {t("risk.rulePassed")} {f.whole(one.passed)}
              </div>
            </>
          )}
        />
        <p className="foot-note faint">{t("risk.rulesNote")}</p>
        {may("operate") && (
          <div className="tools foot-note">
            <Button type="primary" disabled={!changed} onClick={() => setSaving(true)} data-testid="risk-save">
              {t("risk.save")}
            </Button>
            <Button disabled={!differs} onClick={take} data-testid="risk-take">
              {t("risk.takeWanted")}
            </Button>
            <Button disabled={!changed} onClick={() => setWeights(held)}>
              {t("risk.reset")}
            </Button>
          </div>
        )}
      </Panel>
      <Panel title={t("risk.hardTitle")}>
        <ul>
          {data.hard.map((words) => (
            <li key={words.en}>{w(words)}</li>
          ))}
        </ul>
      </Panel>
      <Versions data={data} />
      {saving && <SaveDialog weights={weights} onClose={() => setSaving(false)} />}
    </>
  );
}

function Versions({ data }: { data: RiskRules }) {
  const { t, w } = useLanguage();
  const { may } = useSession();
  const { message } = App.useApp();
  const restore = useWrite<number, RiskRules>((n) => api.post(`/api/risk/rules/${n}/restore`), ["/api/risk/rules"]);
  const back = (n: number) =>
    restore.mutate(n, {
      onSuccess: (now) => void message.success(t("risk.saved", { n: now.version })),
      onError: (error) => void message.error(w(error.words)),
    });
  const action = (one: RiskVersion) =>
    one.version === data.version ? (
      <Tag color="success">{t("risk.versionHolds")}</Tag>
    ) : (
      may("operate") && (
        <Button size="small" onClick={() => back(one.version)} data-testid={`risk-restore-${one.version}`}>
          {t("risk.restore")}
        </Button>
      )
    );
  const note = (one: RiskVersion) => (one.version === 0 ? t("risk.versionHouse") : one.note);
  const columns: Columns<RiskVersion> = [
    { title: t("risk.versions"), key: "version", render: (_, one) => t("risk.version", { n: one.version }) },
    { title: t("risk.saveWhy"), key: "note", render: (_, one) => note(one) },
    { title: t("risk.byPerson"), dataIndex: "made_by" },
    { title: t("risk.time"), dataIndex: "made_time", render: (time: string | null) => <At time={time} seconds={false} /> },
    { title: "", key: "action", align: "right", render: (_, one) => action(one) },
  ];
  return (
    <Panel title={t("risk.versions")} flush>
      <ListTable
        read={{ data: data.versions, error: null, refetch: () => undefined }}
        columns={columns}
        rowKey={(one) => one.version}
        label={t("risk.versions")}
        testId="risk-versions"
        empty={null}
        card={(one) => (
          <>
            <div className="card-top">
              <b>{t("risk.version", { n: one.version })}</b>
              {action(one)}
            </div>
            <div className="faint">
              {note(one)} · {one.made_by}
            </div>
          </>
        )}
      />
    </Panel>
  );
}

function SaveDialog({ weights, onClose }: { weights: Weights; onClose: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<{ note: string }>();
  const save = useWrite<{ note: string }, RiskRules>(
    ({ note }) => api.put("/api/risk/rules", { rules: weights, note }),
    ["/api/risk/rules"],
  );
  return (
    <FormDialog
      form={form}
      name="risk-rules"
      title={t("risk.saveTitle")}
      does={t("risk.save")}
      initialValues={{ note: "" }}
      saving={save as { isPending: boolean; error: ApiError | null }}
      onFinish={(wanted) =>
        save.mutate(wanted, {
          onSuccess: (now) => {
            void message.success(t("risk.saved", { n: now.version }));
            onClose();
          },
        })
      }
      onClose={onClose}
    >
      <Form.Item name="note" label={t("risk.saveWhy")} rules={[{ required: true, whitespace: true }]}>
        <Input maxLength={200} data-testid="risk-note" />
      </Form.Item>
    </FormDialog>
  );
}
