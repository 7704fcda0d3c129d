import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Alert, App, Button, Drawer, Input, InputNumber, Select, Tag } from "antd";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { MendPreview } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Code } from "@/kit/small";
import { useFormat } from "@/kit/useFormat";
import { asSent, STEPS, suggested, type LettersWanted, type RuleStep } from "./ruleSteps";

interface MendProps {
  wanted: LettersWanted;
  about: string;
  onClose: () => void;
}

/** 修复并重放: steps, what they make of the first letters, and the job that does it to all. */
export function MendDrawer({ wanted, about, onClose }: MendProps) {
  const { t, w } = useLanguage();
  const { whole } = useFormat();
  const { message } = App.useApp();
  const navigate = useNavigate();
  const [steps, setSteps] = useState<RuleStep[]>(suggested(wanted.code));
  const rule = () => ({ wanted, steps: steps.map(asSent) });
  const preview = useWrite<void, MendPreview>(() => api.post("/api/dead-letters/preview", rule()), []);
  const start = useWrite<void, { job_id: string }>(() => api.post("/api/dead-letters/mend", rule()), ["/api/jobs", "/api/dead-letters"]);
  const complain = { onError: (error: { words: { zh: string; en: string } }) => void message.error(w(error.words)) };
  const change = (at: number, some: Partial<RuleStep>) => {
    preview.reset();
    setSteps(steps.map((step, number) => (number === at ? { ...step, ...some } : step)));
  };
  const items = preview.data?.items ?? [];
  const good = items.filter((item) => item.code === null).length;
  return (
    <Drawer
      open
      onClose={onClose}
      title={t("mend.title")}
      size="large"
      footer={
        <div className="drawer-foot">
          <Button onClick={() => preview.mutate(undefined, complain)} loading={preview.isPending} data-testid="mend-preview">
            {t("mend.preview")}
          </Button>
          <Button
            type="primary"
            disabled={good === 0}
            loading={start.isPending}
            data-testid="mend-start"
            onClick={() =>
              start.mutate(undefined, {
                ...complain,
                onSuccess: () => {
                  void message.success(t("mend.started"));
                  void navigate("/jobs");
                },
              })
            }
          >
            {preview.data ? t("mend.startN", { n: whole(preview.data.matching) }) : t("mend.start")}
          </Button>
        </div>
      }
    >
      <p className="faint">
        {t("mend.about")} <b>{about}</b>
      </p>
      <ol className="rule-steps" data-testid="mend-steps">
        {steps.map((step, at) => (
          <StepRow
            key={at}
            step={step}
            change={(some) => change(at, some)}
            remove={() => {
              preview.reset();
              setSteps(steps.filter((_, number) => number !== at));
            }}
          />
        ))}
      </ol>
      <Button
        type="dashed"
        icon={<PlusOutlined />}
        onClick={() => setSteps([...steps, { kind: "set", path: "", value: "" }])}
        disabled={steps.length >= 20}
        data-testid="mend-add"
      >
        {t("mend.add")}
      </Button>
      {preview.data && (
        <Alert
          className="rule-outcome"
          type={good === items.length && good > 0 ? "success" : good > 0 ? "warning" : "error"}
          showIcon
          title={t("mend.outcome", { good: whole(good), tried: whole(items.length), n: whole(preview.data.matching) })}
        />
      )}
      {items.map((item) => (
        <section key={item.id} className="mend-case">
          {item.code === null ? (
            <Tag color="success">{t("mend.stored", { event: item.event ?? "" })}</Tag>
          ) : (
            <Tag color="error">
              {w(item.message)} {item.place && <code>{item.place}</code>}
            </Tag>
          )}
          <div className="mend-pair">
            <Code text={item.before} />
            <Code text={item.after} />
          </div>
        </section>
      ))}
    </Drawer>
  );
}

interface StepProps {
  step: RuleStep;
  change: (some: Partial<RuleStep>) => void;
  remove: () => void;
}

function StepRow({ step, change, remove }: StepProps) {
  const { t } = useLanguage();
  const shape = STEPS.find((one) => one.kind === step.kind)!;
  return (
    <li>
      <Select
        value={step.kind}
        aria-label={t("mend.what")}
        onChange={(kind) => change({ kind, length: kind === "cut" ? 200 : undefined })}
        options={STEPS.map((one) => ({ value: one.kind, label: t(one.label) }))}
      />
      <Input
        value={step.path}
        placeholder={t(shape.whole ? "mend.pathWhole" : "mend.path")}
        aria-label={t("mend.path")}
        onChange={(event) => change({ path: event.target.value.trim() })}
      />
      {shape.asks === "length" && (
        <InputNumber value={step.length} min={1} max={4096} aria-label={t("mend.length")} onChange={(n) => change({ length: n ?? 200 })} />
      )}
      {shape.asks === "to" && (
        <Input value={step.to} placeholder={t("mend.to")} aria-label={t("mend.to")} onChange={(e) => change({ to: e.target.value.trim() })} />
      )}
      {shape.asks === "value" && (
        <Input value={step.value} placeholder={t("mend.value")} aria-label={t("mend.value")} onChange={(e) => change({ value: e.target.value })} />
      )}
      {shape.asks === "format" && (
        <Input value={step.format} placeholder="%Y-%m-%d %H:%M" aria-label={t("mend.format")} onChange={(e) => change({ format: e.target.value })} />
      )}
      <Button type="text" icon={<DeleteOutlined />} aria-label={t("mend.removeStep")} onClick={remove} />
    </li>
  );
}
