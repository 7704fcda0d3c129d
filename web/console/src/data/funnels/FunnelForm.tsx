/** The builder of a funnel: steps, exclusions, window, order, days, breakdown, segments. */
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Segmented, Select } from "antd";
import { useEffect, useState, type ReactNode } from "react";
import { useRead } from "@/api/hooks";
import type { SeenProperty, TagCard } from "@/api/types";
import { useLanguage } from "@/i18n";
import { EventPicker } from "@/kit/EventPicker";
import type { EventMatch } from "@/kit/conditions";
import { Hint, Panel } from "@/kit/page";
import { useFormat } from "@/kit/useFormat";
import {
  EMPTY_STEP, MOST_EXCLUSIONS, MOST_SEGMENTS, MOST_STEPS, unitOf, WINDOW_UNITS, type Exclusion, type FunnelQuestion, type WindowUnit,
} from "./question"; // prettier-ignore

interface FormProps {
  question: FunnelQuestion;
  change: (some: Partial<FunnelQuestion>) => void;
}
const RECENT = [7, 14, 30, 60, 90, 180];

export function FunnelForm({ question, change }: FormProps) {
  const { t } = useLanguage();
  return (
    <Panel title={t("funnel.steps")} className="funnel-form" testId="funnel-form">
      <Steps question={question} change={change} />
      <Exclusions question={question} change={change} />
      <div className="funnel-fields">
        <WindowField seconds={question.window_seconds} onChange={(window_seconds) => change({ window_seconds })} />
        <Field label={t("funnel.order")} hint={t("funnel.orderHint")}>
          <Segmented
            value={question.order}
            options={(["loose", "strict"] as const).map((order) => ({ value: order, label: t(`funnel.order.${order}`) }))}
            onChange={(order) => change({ order })}
          />
        </Field>
        <DaysField question={question} change={change} />
        <BreakdownField question={question} change={change} />
        <SegmentFields question={question} change={change} />
      </div>
    </Panel>
  );
}

function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }) {
  return (
    <div className="funnel-field">
      <span className="faint">
        {label} <Hint text={hint} />
      </span>
      {children}
    </div>
  );
}

function Steps({ question, change }: FormProps) {
  const { t } = useLanguage();
  const { steps } = question;
  const put = (next: EventMatch[]) => {
    const exclusions = question.exclusions.filter((one) => one.before <= next.length);
    change(exclusions.length === question.exclusions.length ? { steps: next } : { steps: next, exclusions });
  };
  const move = (from: number, to: number) => {
    const next = [...steps];
    next.splice(to, 0, ...next.splice(from, 1));
    put(next);
  };
  return (
    <>
      <ol className="funnel-steps" data-testid="funnel-steps">
        {steps.map((one, at) => (
          <li key={at}>
            <b className="funnel-number number">{at + 1}</b>
            <EventPicker
              value={one}
              onChange={(value) => put(steps.map((old, place) => (place === at ? value : old)))}
              testId={`step-${at}`}
            />
            <span className="funnel-tools">
              <Button type="text" size="small" icon={<ArrowUpOutlined />} disabled={at === 0} onClick={() => move(at, at - 1)} aria-label={t("funnel.up")} />
              <Button type="text" size="small" icon={<ArrowDownOutlined />} disabled={at === steps.length - 1} onClick={() => move(at, at + 1)} aria-label={t("funnel.down")} />
              <Button
                type="text"
                size="small"
                icon={<DeleteOutlined />}
                disabled={steps.length <= 2}
                onClick={() => put(steps.filter((_, place) => place !== at))}
                aria-label={t("funnel.removeStep")}
                data-testid={`step-${at}-remove`}
              />
            </span>
          </li>
        ))}
      </ol>
      <Button
        type="dashed"
        size="small"
        icon={<PlusOutlined />}
        disabled={steps.length >= MOST_STEPS}
        onClick={() => put([...steps, EMPTY_STEP])}
        data-testid="funnel-add"
      >
        {t("funnel.addStep")}
      </Button>
    </>
  );
}

function Exclusions({ question, change }: FormProps) {
  const { t } = useLanguage();
  const { exclusions, steps } = question;
  const put = (at: number, one: Partial<Exclusion>) =>
    change({ exclusions: exclusions.map((old, place) => (place === at ? { ...old, ...one } : old)) });
  const numbers = steps.map((_, at) => at + 1);
  return (
    <div className="funnel-exclusions">
      {exclusions.length > 0 && <div className="faint">{t("funnel.exclusions")} · {t("funnel.between")}</div>}
      {exclusions.map((one, at) => (
        <div key={at} className="funnel-exclusion">
          <EventPicker value={{ event: one.event, where: one.where }} onChange={(value) => put(at, value)} testId={`exclusion-${at}`} />
          <Select
            size="small"
            value={one.after}
            options={numbers.slice(0, -1).map((n) => ({ value: n, label: t("funnel.after", { n }) }))}
            onChange={(after: number) => put(at, { after, before: Math.max(one.before, after + 1) })}
            aria-label={t("funnel.after", { n: one.after })}
          />
          <Select
            size="small"
            value={one.before}
            options={numbers.slice(one.after).map((n) => ({ value: n, label: t("funnel.before", { n }) }))}
            onChange={(before: number) => put(at, { before })}
            aria-label={t("funnel.before", { n: one.before })}
          />
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            onClick={() => change({ exclusions: exclusions.filter((_, place) => place !== at) })}
            aria-label={t("funnel.removeExclusion")}
          />
        </div>
      ))}
      <Button
        type="link"
        size="small"
        disabled={exclusions.length >= MOST_EXCLUSIONS}
        onClick={() => change({ exclusions: [...exclusions, { event: "", where: [], after: 1, before: steps.length }] })}
        data-testid="funnel-exclude"
      >
        {t("funnel.addExclusion")}
      </Button>
    </div>
  );
}

function WindowField({ seconds, onChange }: { seconds: number; onChange: (seconds: number) => void }) {
  const { t } = useLanguage();
  const [unit, setUnit] = useState<WindowUnit>(unitOf(seconds));
  useEffect(() => {
    if (seconds % WINDOW_UNITS[unit] !== 0) setUnit(unitOf(seconds));
  }, [seconds, unit]);
  const most = Math.floor((180 * 86_400) / WINDOW_UNITS[unit]);
  const amount = Math.round(seconds / WINDOW_UNITS[unit]);
  return (
    <Field label={t("funnel.window")}>
      <span className="row-tight">
        <InputNumber
          min={1}
          max={most}
          precision={0}
          value={amount}
          changeOnWheel={false}
          onChange={(n) => typeof n === "number" && n >= 1 && onChange(n * WINDOW_UNITS[unit])}
          aria-label={t("funnel.amount")}
          data-testid="funnel-window"
          style={{ width: 84 }}
        />
        <Select
          value={unit}
          options={(Object.keys(WINDOW_UNITS) as WindowUnit[]).map((name) => ({ value: name, label: t(`funnel.unit.${name}`) }))}
          onChange={(name: WindowUnit) => {
            setUnit(name);
            onChange(Math.min(amount, Math.floor((180 * 86_400) / WINDOW_UNITS[name])) * WINDOW_UNITS[name]);
          }}
          aria-label={t("funnel.unit")}
          style={{ width: 92 }}
        />
      </span>
    </Field>
  );
}

function DaysField({ question, change }: FormProps) {
  const { t } = useLanguage();
  const { date } = useFormat();
  const { recent_days: recent, from_day: from, to_day: to } = question.days;
  const today = date(new Date().toISOString());
  const set = (from_day: string, to_day: string) => {
    if (from_day && to_day && from_day <= to_day) change({ days: { from_day, to_day } });
  };
  return (
    <Field label={t("funnel.days")}>
      <Select
        value={recent ?? 0}
        options={[...RECENT.map((n) => ({ value: n, label: t("funnel.recent", { n }) })), { value: 0, label: t("funnel.own") }]}
        onChange={(n: number) => change({ days: n ? { recent_days: n } : { from_day: today, to_day: today } })}
        aria-label={t("funnel.days")}
        data-testid="funnel-days"
      />
      {!recent && (
        <span className="row-tight wrap">
          <Input type="date" value={from ?? today} max={to ?? today} onChange={(e) => set(e.target.value, to ?? today)} aria-label={t("funnel.from")} style={{ width: 140 }} />
          <Input type="date" value={to ?? today} min={from ?? today} onChange={(e) => set(from ?? today, e.target.value)} aria-label={t("funnel.to")} style={{ width: 140 }} />
        </span>
      )}
    </Field>
  );
}

function BreakdownField({ question, change }: FormProps) {
  const { t, w } = useLanguage();
  const tags = useRead<TagCard[]>("/api/tags");
  const properties = useRead<{ items: SeenProperty[] }>("/api/behaviour/properties", { event: question.steps[0]?.event ?? "" });
  const { breakdown } = question;
  const options = [
    { label: t("funnel.breakdown.none"), value: "" },
    {
      label: t("funnel.breakdown.properties"),
      options: (properties.data?.items ?? []).map((one) => ({ value: `property:${one.property}`, label: w(one.words) })),
    },
    { label: t("funnel.breakdown.tags"), options: (tags.data ?? []).map((one) => ({ value: `tag:${one.key}`, label: w(one.words) })) },
  ];
  return (
    <Field label={t("funnel.breakdown")}>
      <Select
        showSearch={{ optionFilterProp: "label" }}
        value={breakdown ? `${breakdown.by}:${breakdown.key}` : ""}
        options={options}
        onChange={(chosen: string) => {
          const [by, ...key] = chosen.split(":");
          change({ breakdown: chosen ? { by: by as "tag" | "property", key: key.join(":") } : null, ...(chosen ? { segments: [] } : {}) });
        }}
        aria-label={t("funnel.breakdown")}
        data-testid="funnel-breakdown"
      />
    </Field>
  );
}

interface Segment {
  segment_id: string;
  name: string;
}

/** Not shown where the shop has no segments. */
function SegmentFields({ question, change }: FormProps) {
  const { t } = useLanguage();
  const read = useRead<Segment[] | { items: Segment[] }>("/api/segments");
  const known = Array.isArray(read.data) ? read.data : (read.data?.items ?? []);
  if (known.length === 0 && question.segments.length === 0 && question.within === null) return null;
  const options = known.map((one) => ({ value: one.segment_id, label: one.name }));
  return (
    <>
      <Field label={t("funnel.segments")}>
        <Select
          mode="multiple"
          maxCount={MOST_SEGMENTS}
          allowClear
          value={question.segments}
          options={options}
          onChange={(segments: string[]) => change({ segments, ...(segments.length ? { breakdown: null } : {}) })}
          aria-label={t("funnel.segments")}
          data-testid="funnel-segments"
        />
      </Field>
      <Field label={t("funnel.within")}>
        <Select
          allowClear
          placeholder={t("funnel.everybody")}
          value={question.within ?? undefined}
          options={options}
          onChange={(within: string | undefined) => change({ within: within ?? null })}
          aria-label={t("funnel.within")}
          data-testid="funnel-within"
        />
      </Field>
    </>
  );
}
