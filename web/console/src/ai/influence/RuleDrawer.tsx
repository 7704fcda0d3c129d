import { Alert, App, Button, Drawer, Form, InputNumber, Select } from "antd";
import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { KocPreview, KocRule, KocRules } from "@/api/types";
import { useLanguage } from "@/i18n";
import { useSession } from "@/kit/session";
import { Ago } from "@/kit/small";
import { Shown, Waiting } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";
import { CREATORS, RULES } from "./parts";

const STALE = [RULES, CREATORS, `${CREATORS}/`];
const WAIT_MS = 400;
const COUNTS = ["min_friends", "min_fans", "interaction_days", "repurchase_days", "cap"] as const;
const RATES = ["min_interaction", "min_repurchase"] as const;
const NEEDS = ["both", "either", "reach", "trust"] as const;

/** Changes who is a KOC; how many pass is shown while typing, and earlier rules can be restored. */
export function RuleDrawer({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const read = useRead<KocRules>(RULES);
  return (
    <Drawer open onClose={onClose} title={t("koc.rule.title")} size="large" data-testid="koc-drawer">
      <p className="faint">{t("koc.rule.about")}</p>
      <Shown read={read} rows={8}>
        {(rules) => <Editor rules={rules} onClose={onClose} />}
      </Shown>
    </Drawer>
  );
}

function Editor({ rules, onClose }: { rules: KocRules; onClose: () => void }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const { may } = useSession();
  const { message } = App.useApp();
  const [rule, setRule] = useState<KocRule>(rules.current.rule);
  const preview = useWrite<KocRule, KocPreview>((wanted) => api.post(`${RULES}/preview`, wanted));
  const save = useWrite<KocRule, { version: number }>((wanted) => api.put(RULES, wanted), STALE);
  const restore = useWrite<number, { version: number }>((version) => api.post(`${RULES}/${version}/restore`), STALE);
  const { mutate } = preview;
  useEffect(() => {
    const timer = setTimeout(() => mutate(rule), WAIT_MS);
    return () => clearTimeout(timer);
  }, [rule, mutate]);
  const done = {
    onSuccess: () => {
      void message.success(t("koc.rule.saved"));
      onClose();
    },
    onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)),
  };
  const found = preview.data;
  return (
    <>
      <Form layout="vertical" disabled={!may("operate")} className="rule-grid">
        <Form.Item label={t("koc.rule.need")}>
          <Select value={rule.need} onChange={(need) => setRule({ ...rule, need })} options={NEEDS.map((one) => ({ value: one, label: t(`koc.need.${one}`) }))} />
        </Form.Item>
        {COUNTS.map((key) => (
          <Form.Item key={key} label={t(`koc.rule.${key}`)}>
            <InputNumber value={rule[key]} precision={0} min={0} onChange={(value) => setRule({ ...rule, [key]: value ?? 0 })} data-testid={`rule-${key}`} />
          </Form.Item>
        ))}
        {RATES.map((key) => (
          <Form.Item key={key} label={t(`koc.rule.${key}`)}>
            <InputNumber
              value={Math.round(rule[key] * 1000) / 10}
              min={0}
              max={100}
              onChange={(value) => setRule({ ...rule, [key]: (value ?? 0) / 100 })}
              data-testid={`rule-${key}`}
            />
          </Form.Item>
        ))}
      </Form>
      {preview.error && <Alert className="gap" type="error" showIcon title={w(preview.error.words)} data-testid="rule-error" />}
      {!found && !preview.error && <Waiting rows={2} />}
      {found && !preview.error && (
        <Alert
          className="gap"
          type="info"
          showIcon
          data-testid="rule-effect"
          title={t("koc.rule.effect", { n: f.whole(found.koc), before: f.whole(found.before), entered: f.whole(found.entered), left: f.whole(found.left) })}
          description={t("koc.rule.parts", { reach: f.whole(found.reach), trust: f.whole(found.trust), all: f.whole(found.creators) })}
        />
      )}
      {may("operate") && (
        <Button type="primary" loading={save.isPending} disabled={preview.error !== null || !found} onClick={() => save.mutate(rule, done)} data-testid="rule-save">
          {t("koc.rule.save")}
        </Button>
      )}
      <h3>{t("koc.rule.history")}</h3>
      <ul className="tag-versions">
        {rules.versions.map((one, place) => (
          <li key={one.version}>
            <b>{one.version === 0 ? t("koc.rule.house") : t("koc.rule.n", { n: one.version })}</b>
            {one.made_time && (
              <span className="faint">
                {one.made_by_name ?? one.made_by} · <Ago time={one.made_time} />
              </span>
            )}
            {place === 0 && <span className="faint">{t("koc.rule.current")}</span>}
            {place > 0 && may("operate") && (
              <Button size="small" loading={restore.isPending} onClick={() => restore.mutate(one.version, done)} data-testid={`rule-restore-${one.version}`}>
                {t("koc.rule.restore")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
