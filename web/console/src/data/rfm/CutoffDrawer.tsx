import { Alert, App, Button, Drawer, InputNumber, Select } from "antd";
import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Rfm, RfmCut, RfmPreview, RfmRule, RfmRules } from "@/api/types";
import { useLanguage } from "@/i18n";
import { minorDigits } from "@/kit/format";
import { Ago } from "@/kit/small";
import { Shown, Waiting } from "@/kit/states";
import { useFormat } from "@/kit/useFormat";

const RULES = "/api/rfm/rules";
const STALE = ["/api/rfm", RULES, "/api/rfm/moves", "/api/jobs"];
const MEASURES = ["r", "f", "m"] as const;
const HOWS = ["tertiles", "percent", "fixed"] as const;
const WAIT_MS = 500;
const TERTILES: RfmCut = { how: "tertiles", low: 0, high: 0 };

/** Changes where RFM is cut; who would be in another class is shown while typing, and earlier rules can be restored. */
export function CutoffDrawer({ rfm, onClose }: { rfm: Rfm; onClose: () => void }) {
  const read = useRead<RfmRules>(RULES);
  const { t } = useLanguage();
  return (
    <Drawer open onClose={onClose} title={t("rfm.editTitle")} size="large" data-testid="rfm-drawer">
      <p className="faint">{t("rfm.editAbout")}</p>
      <Shown read={read} rows={8}>
        {(rules) => <Editor rfm={rfm} rules={rules} onClose={onClose} />}
      </Shown>
    </Drawer>
  );
}

function Editor({ rfm, rules, onClose }: { rfm: Rfm; rules: RfmRules; onClose: () => void }) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [rule, setRule] = useState<RfmRule>(() => {
    const now = rules.items[0]?.rule ?? {};
    return Object.fromEntries(Object.keys(rfm.cutoffs).map((currency) => [currency, now[currency] ?? { r: TERTILES, f: TERTILES, m: TERTILES }]));
  });
  const preview = useWrite<RfmRule, RfmPreview>((wanted) => api.post(`${RULES}/preview`, { rule: wanted }));
  const save = useWrite<RfmRule, { version: number }>((wanted) => api.put(RULES, { rule: wanted }), STALE);
  const restore = useWrite<number, { version: number }>((version) => api.post(`${RULES}/${version}/restore`), STALE);
  const { mutate } = preview;
  useEffect(() => {
    const timer = setTimeout(() => mutate(rule), WAIT_MS);
    return () => clearTimeout(timer);
  }, [rule, mutate]);
  const change = (currency: string, measure: "r" | "f" | "m", cut: RfmCut) =>
    setRule({ ...rule, [currency]: { ...rule[currency]!, [measure]: cut } });
  const done = {
    onSuccess: () => {
      void message.success(t("rfm.saved"));
      onClose();
    },
    onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)),
  };
  return (
    <>
      {Object.entries(rule).map(([currency, cuts]) => (
        <section key={currency}>
          <h3>{currency}</h3>
          {MEASURES.map((measure) => (
            <CutRow
              key={measure}
              measure={measure}
              currency={currency}
              cut={cuts[measure]}
              now={rfm.cutoffs[currency]!}
              change={(cut) => change(currency, measure, cut)}
            />
          ))}
        </section>
      ))}
      {preview.error && <Alert className="gap" type="error" showIcon title={w(preview.error.words)} description={preview.error.place} data-testid="rfm-error" />}
      {!preview.data && !preview.error && <Waiting rows={3} />}
      {preview.data && !preview.error && <Effect found={preview.data} />}
      <Button type="primary" loading={save.isPending} disabled={preview.error !== null || !preview.data} onClick={() => save.mutate(rule, done)} data-testid="rfm-save">
        {t("rfm.save")}
      </Button>
      <h3>{t("rfm.history")}</h3>
      <ul className="tag-versions" data-testid="rfm-history">
        {rules.items.map((one, place) => (
          <li key={one.version}>
            <b>{one.version === 0 ? t("rfm.houseRule") : t("rfm.ruleN", { n: one.version })}</b>
            {one.made_time && (
              <span className="faint">
                {one.made_by} · <Ago time={one.made_time} />
              </span>
            )}
            {place === 0 ? (
              <span className="faint">{t("rfm.current")}</span>
            ) : (
              <Button size="small" loading={restore.isPending} onClick={() => restore.mutate(one.version, done)} data-testid={`rfm-undo-${one.version}`}>
                {t("rfm.undo")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

interface CutProps {
  measure: "r" | "f" | "m";
  currency: string;
  cut: RfmCut;
  now: Rfm["cutoffs"][string];
  change: (cut: RfmCut) => void;
}

/** One measure: how it is cut and at what; money is typed in whole units of the currency. */
function CutRow({ measure, currency, cut, now, change }: CutProps) {
  const { t } = useLanguage();
  const scale = measure === "m" && cut.how === "fixed" ? 10 ** minorDigits(currency) : 1;
  const started = { r: now.r_days, f: now.f, m: now.m_minor }[measure];
  const choose = (how: RfmCut["how"]) => {
    const [low, high] = how === "percent" ? [33, 67] : how === "fixed" ? [started[0] ?? 0, Math.max((started[0] ?? 0) + 1, started[1] ?? 1)] : [0, 0];
    change({ how, low, high });
  };
  const label = t(`rfm.cut.${measure}`);
  return (
    <div className="cut-grid">
      <span>{label}</span>
      <Select
        value={cut.how}
        onChange={choose}
        aria-label={`${label} ${t("rfm.how")}`}
        data-testid={`cut-${currency}-${measure}`}
        options={HOWS.map((how) => ({ value: how, label: t(`rfm.how.${how}`) }))}
      />
      {cut.how !== "tertiles" &&
        (["low", "high"] as const).map((end) => (
          <InputNumber
            key={end}
            aria-label={`${label} ${t(`rfm.${end}`)}`}
            placeholder={t(`rfm.${end}`)}
            value={cut[end] / scale}
            precision={scale === 1 ? 0 : undefined}
            onChange={(value) => change({ ...cut, [end]: Math.round((value ?? 0) * scale) })}
            data-testid={`cut-${currency}-${measure}-${end}`}
          />
        ))}
    </div>
  );
}

function Effect({ found }: { found: RfmPreview }) {
  const { t, w } = useLanguage();
  const f = useFormat();
  const before = new Map(found.before.map((one) => [one.key, one.count]));
  return (
    <div className="tag-previewed" data-testid="rfm-preview">
      <b>{found.moved > 0 ? t("rfm.moved", { n: f.whole(found.moved), all: f.whole(found.people) }) : t("rfm.unmoved")}</b>
      <div className="table-box">
        <table className="plain moves">
          <thead>
            <tr>
              <th>{t("rfm.classes")}</th>
              <th className="number">{t("rfm.before")}</th>
              <th className="number">{t("rfm.after")}</th>
            </tr>
          </thead>
          <tbody>
            {found.after.map((one) => (
              <tr key={one.key}>
                <td>{w(one.words)}</td>
                <td className="number">{f.whole(before.get(one.key) ?? 0)}</td>
                <td className="number">{f.whole(one.count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
