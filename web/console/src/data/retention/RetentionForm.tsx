import { Segmented, Select } from "antd";
import { useRead } from "@/api/hooks";
import type { TagCard } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Asked, AskPanel } from "@/kit/AskPanel";
import { EventPicker } from "@/kit/EventPicker";
import { PeriodField } from "@/kit/PeriodField";
import { SegmentSelect } from "@/kit/SegmentSelect";
import { COUNTS, MODES, MOST_SEGMENTS, PERIODS, UNITS, type RetentionQuestion, type Unit } from "./question";

interface FormProps {
  question: RetentionQuestion;
  change: (some: Partial<RetentionQuestion>) => void;
}

export function RetentionForm({ question, change }: FormProps) {
  const { t, w } = useLanguage();
  const tags = useRead<TagCard[]>("/api/tags");
  const { unit, mode, count } = question;
  // a tag with a unit is a quantity: it has too many values to tell groups by
  const groupable = (tags.data ?? []).filter((tag) => tag.unit === null && tag.distribution.length > 0);
  const periods = question.periods ?? { day: 30, week: 12, month: 12 }[unit];
  return (
    <AskPanel testId="retention-form">
      <Asked label={t("retention.mode")}>
        <Segmented value={mode} onChange={(value) => change({ mode: value })} options={MODES.map((one) => ({ value: one, label: t(`retention.mode.${one}`) }))} />
      </Asked>
      <Asked label={t("retention.start")} wide>
        {mode === "new" ? (
          <span className="faint asked-text">{t("retention.startNew")}</span>
        ) : (
          <EventPicker any value={question.start} onChange={(start) => change({ start })} testId="retention-start" />
        )}
      </Asked>
      <Asked label={t("retention.back")} wide>
        <EventPicker any value={question.back} onChange={(back) => change({ back })} testId="retention-back" />
      </Asked>
      <Asked label={t("retention.count")}>
        <Segmented value={count} onChange={(value) => change({ count: value })} options={COUNTS.map((one) => ({ value: one, label: t(`retention.count.${one}`) }))} />
      </Asked>
      <Asked label={t("retention.unit")}>
        <Segmented<Unit> value={unit} onChange={(value) => change({ unit: value, periods: null })} options={UNITS.map((one) => ({ value: one, label: t(`retention.unit.${one}`) }))} />
      </Asked>
      <Asked label={t("retention.period")}>
        <PeriodField value={question} onChange={change} testId="retention-period" />
      </Asked>
      <Asked label={t("retention.periods")}>
        <Select
          value={periods}
          options={[...new Set([...PERIODS[unit], periods])].sort((a, b) => a - b).map((n) => ({ value: n, label: t(`retention.periods.${unit}`, { n }) }))}
          onChange={(value: number) => change({ periods: value })}
          aria-label={t("retention.periods")}
          data-testid="retention-periods"
        />
      </Asked>
      <Asked label={t("retention.tag")}>
        <Select
          showSearch={{ optionFilterProp: "label" }}
          value={question.tag}
          options={[{ value: "", label: t("retention.noTag") }, ...groupable.map((tag) => ({ value: tag.key, label: w(tag.words) }))]}
          onChange={(tag: string) => change({ tag, segments: tag ? [] : question.segments })}
          aria-label={t("retention.tag")}
          data-testid="retention-tag"
          popupMatchSelectWidth={false}
        />
      </Asked>
      <SegmentSelect
        label={t("retention.compare")}
        value={question.segments}
        most={MOST_SEGMENTS}
        onChange={(segments) => change({ segments, tag: segments.length > 0 ? "" : question.tag })}
        testId="retention-segments"
      />
    </AskPanel>
  );
}
