import { Segmented, Select, Switch } from "antd";
import { useRead } from "@/api/hooks";
import type { SeenProperty } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Asked, AskPanel } from "@/kit/AskPanel";
import { EventPicker, useSeenEvents } from "@/kit/EventPicker";
import { PeriodField } from "@/kit/PeriodField";
import { SegmentSelect } from "@/kit/SegmentSelect";
import { COUNTED, DIRECTIONS, MINUTES, MOST_EVENTS, STEPS, TOPS, type PathsQuestion } from "./question";

interface FormProps {
  question: PathsQuestion;
  change: (some: Partial<PathsQuestion>) => void;
}

const withOwn = (choices: number[], own: number) => [...new Set([...choices, own])].sort((a, b) => a - b);

export function PathsForm({ question, change }: FormProps) {
  const { t, w } = useLanguage();
  const events = useSeenEvents();
  const known = (events.data?.items ?? []).map((one) => ({ value: one.event, label: w(one.words) }));
  const named = (name: string) => known.find((one) => one.value === name) ?? { value: name, label: name };
  const { direction } = question;
  return (
    <AskPanel testId="paths-form">
      <Asked label={t("paths.direction")}>
        <Segmented value={direction} onChange={(value) => change({ direction: value })} options={DIRECTIONS.map((one) => ({ value: one, label: t(`paths.direction.${one}`) }))} />
      </Asked>
      <Asked label={t(`paths.anchor.${direction}`)} wide>
        <EventPicker any value={question.anchor} onChange={(anchor) => change({ anchor })} testId="paths-anchor" />
      </Asked>
      <Asked label={t("paths.events")}>
        <Select
          mode="multiple"
          allowClear
          maxCount={MOST_EVENTS}
          maxTagCount={3}
          className="asked-events"
          showSearch={{ optionFilterProp: "label" }}
          value={question.events}
          placeholder={t("paths.allEvents")}
          options={[...known, ...question.events.filter((name) => !known.some((one) => one.value === name)).map(named)]}
          onChange={(chosen: string[]) => change({ events: chosen })}
          aria-label={t("paths.events")}
          data-testid="paths-events"
        />
      </Asked>
      <Asked label={t("retention.period")}>
        <PeriodField value={question} onChange={change} testId="paths-period" />
      </Asked>
      <Asked label={t("paths.unit")}>
        <Segmented value={question.unit} onChange={(unit) => change({ unit })} options={COUNTED.map((one) => ({ value: one, label: t(`paths.unit.${one}`) }))} />
      </Asked>
      <Choice label={t("paths.session")} value={question.session_minutes} choices={MINUTES} words={(n) => t("paths.minutes", { n })} onChange={(session_minutes) => change({ session_minutes })} />
      <Choice label={t("paths.steps")} value={question.steps} choices={STEPS} words={(n) => t("paths.stepsN", { n })} onChange={(steps) => change({ steps })} />
      <Choice label={t("paths.top")} value={question.top} choices={TOPS} words={(n) => t("paths.topN", { n })} onChange={(top) => change({ top })} />
      <Asked label={t("paths.collapse")}>
        <Switch checked={question.collapse} onChange={(collapse) => change({ collapse })} aria-label={t("paths.collapse")} data-testid="paths-collapse" />
      </Asked>
      <Asked label={t("paths.split")}>
        <span className="row wrap">
          <Select
            showSearch={{ optionFilterProp: "label" }}
            value={question.split?.event ?? ""}
            options={[{ value: "", label: t("paths.noSplit") }, ...known, ...(question.split && !known.some((one) => one.value === question.split?.event) ? [named(question.split.event)] : [])]}
            onChange={(event: string) => change({ split: event ? { event, property: "" } : null })}
            aria-label={t("paths.split")}
            data-testid="paths-split"
            popupMatchSelectWidth={false}
          />
          {question.split && <SplitProperty split={question.split} onChange={(split) => change({ split })} />}
        </span>
      </Asked>
      <SegmentSelect
        label={t("paths.segment")}
        value={question.segment ? [question.segment] : []}
        most={1}
        onChange={(chosen) => change({ segment: chosen[0] ?? "" })}
        testId="paths-segment"
      />
    </AskPanel>
  );
}

interface ChoiceProps {
  label: string;
  value: number;
  choices: number[];
  words: (n: number) => string;
  onChange: (n: number) => void;
}

function Choice({ label, value, choices, words, onChange }: ChoiceProps) {
  return (
    <Asked label={label}>
      <Select value={value} options={withOwn(choices, value).map((n) => ({ value: n, label: words(n) }))} onChange={onChange} aria-label={label} />
    </Asked>
  );
}

function SplitProperty({ split, onChange }: { split: { event: string; property: string }; onChange: (split: { event: string; property: string }) => void }) {
  const { t, w } = useLanguage();
  const read = useRead<{ items: SeenProperty[] }>("/api/behaviour/properties", { event: split.event });
  return (
    <Select
      showSearch={{ optionFilterProp: "label" }}
      value={split.property || undefined}
      placeholder={t("paths.by")}
      loading={read.isPending}
      options={(read.data?.items ?? []).map((one) => ({ value: one.property, label: w(one.words) }))}
      onChange={(property: string) => onChange({ ...split, property })}
      aria-label={t("paths.by")}
      data-testid="paths-property"
      popupMatchSelectWidth={false}
    />
  );
}
