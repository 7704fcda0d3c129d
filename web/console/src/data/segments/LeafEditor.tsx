import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, InputNumber, Select } from "antd";
import { Link } from "react-router";
import { useRead } from "@/api/hooks";
import type { SegmentCard, SegmentVocabulary } from "@/api/types";
import { useLanguage } from "@/i18n";
import { EventPicker } from "@/kit/EventPicker";
import { peopleHref } from "@/kit/people";
import { LEVELS, WAYS, type EventLeaf, type Leaf, type OrderLeaf, type RfmLeaf, type RfmList, type SegmentLeaf, type TieLeaf } from "./rule";
import { TagEditor } from "./TagEditor";

export interface Known {
  vocabulary: SegmentVocabulary | undefined;
  segments: SegmentCard[];
}
interface EditorProps<One extends Leaf> {
  leaf: One;
  onChange: (leaf: One) => void;
  known: Known;
  testId: string;
}

/** The fields of one condition. */
export function LeafEditor({ leaf, onChange, known, testId }: EditorProps<Leaf>) {
  const { t } = useLanguage();
  switch (leaf.is) {
    case "tag":
      return <TagEditor leaf={leaf} onChange={onChange} vocabulary={known.vocabulary} testId={testId} />;
    case "event":
      return <EventEditor leaf={leaf} onChange={onChange} known={known} testId={testId} />;
    case "order":
      return <OrderEditor leaf={leaf} onChange={onChange} known={known} testId={testId} />;
    case "rfm":
      return <RfmEditor leaf={leaf} onChange={onChange} known={known} testId={testId} />;
    case "tie":
      return <TieEditor leaf={leaf} onChange={onChange} known={known} testId={testId} />;
    case "segment":
      return <SegmentEditor leaf={leaf} onChange={onChange} known={known} testId={testId} />;
    case "people":
      return (
        <span>
          {t("segment.fromChart")} <Link to={peopleHref(leaf.query)}>{t("segment.seePeople")}</Link>
        </span>
      );
    case "list":
      return <span>{t("segment.fromList")}</span>;
  }
}

type Times = "least" | "most" | "exactly" | "never";

function timesOf(leaf: EventLeaf): Times {
  if (leaf.most === 0) return "never";
  if (leaf.most === undefined) return "least";
  return leaf.least === leaf.most ? "exactly" : "most";
}

function EventEditor({ leaf, onChange, testId }: EditorProps<EventLeaf>) {
  const { t } = useLanguage();
  const times = timesOf(leaf);
  const count = leaf.least ?? leaf.most ?? 1;
  const set = (how: Times, n: number) => {
    const { least: _least, most: _most, ...rest } = leaf;
    const bounds = {
      least: { least: n },
      most: { most: n },
      exactly: { least: n, most: n },
      never: { most: 0 },
    }[how];
    onChange({ ...rest, ...bounds });
  };
  return (
    <div className="leaf-stack">
      <EventPicker
        any
        value={{ event: leaf.event, where: leaf.where ?? [] }}
        onChange={({ event, where }) => onChange({ ...leaf, event, where })}
        testId={testId}
      />
      <div className="leaf-line">
        <Select<Times>
          value={times}
          onChange={(how) => set(how, how === "never" ? 0 : Math.max(1, count))}
          options={(["least", "most", "exactly", "never"] as const).map((value) => ({ value, label: t(`segment.times.${value}`) }))}
          aria-label={t("segment.times")}
          data-testid={`${testId}-times`}
        />
        {times !== "never" && (
          <InputNumber
            min={times === "least" ? 1 : 0}
            max={1_000_000}
            precision={0}
            value={count}
            onChange={(n) => n !== null && set(times, n)}
            suffix={t("segment.timesUnit")}
            aria-label={t("segment.times")}
            data-testid={`${testId}-count`}
          />
        )}
        <WindowFields leaf={leaf} onChange={onChange} testId={testId} />
      </div>
    </div>
  );
}

function WindowFields<One extends EventLeaf | OrderLeaf>({ leaf, onChange, testId }: { leaf: One; onChange: (leaf: One) => void; testId: string }) {
  const { t } = useLanguage();
  const how = leaf.days !== undefined ? "days" : leaf.since || leaf.until ? "dates" : "ever";
  const set = (window: Pick<EventLeaf, "days" | "since" | "until">) => {
    const { days: _d, since: _s, until: _u, ...rest } = leaf;
    onChange({ ...rest, ...window } as One);
  };
  const dates = (change: { since?: string; until?: string }) => {
    const { since, until } = { since: leaf.since, until: leaf.until, ...change };
    if (since || until) set({ ...(since && { since }), ...(until && { until }) });
  };
  return (
    <>
      <Select
        value={how}
        onChange={(chosen) =>
          set(chosen === "days" ? { days: 30 } : chosen === "dates" ? { since: new Date().toISOString().slice(0, 8) + "01" } : {})
        }
        options={(["days", "dates", "ever"] as const).map((value) => ({ value, label: t(`segment.window.${value}`) }))}
        aria-label={t("segment.window")}
        data-testid={`${testId}-window`}
      />
      {how === "days" && (
        <InputNumber
          min={1}
          max={3650}
          precision={0}
          value={leaf.days}
          onChange={(days) => days !== null && set({ days })}
          suffix={t("segment.daysUnit")}
          aria-label={t("segment.window")}
          data-testid={`${testId}-days`}
        />
      )}
      {how === "dates" && (
        <span className="leaf-dates">
          <Input type="date" value={leaf.since ?? ""} onChange={(event) => dates({ since: event.target.value })} aria-label={t("segment.since")} />
          –
          <Input type="date" value={leaf.until ?? ""} onChange={(event) => dates({ until: event.target.value })} aria-label={t("segment.until")} />
        </span>
      )}
    </>
  );
}

function OrderEditor({ leaf, onChange, testId }: EditorProps<OrderLeaf>) {
  const { t } = useLanguage();
  const set = (at: number, step: OrderLeaf["steps"][number]) =>
    onChange({ ...leaf, steps: leaf.steps.map((old, place) => (place === at ? step : old)) });
  const unit = leaf.within_minutes % 1440 === 0 ? 1440 : leaf.within_minutes % 60 === 0 ? 60 : 1;
  return (
    <div className="leaf-stack">
      {leaf.steps.map((step, at) => (
        <div key={at} className="leaf-step">
          <span className="leaf-step-number">{at + 1}</span>
          <EventPicker
            any
            value={{ event: step.event, where: step.where ?? [] }}
            onChange={(next) => set(at, next)}
            testId={`${testId}-step-${at}`}
          />
          {leaf.steps.length > 2 && (
            <Button
              type="text"
              size="small"
              icon={<DeleteOutlined />}
              onClick={() => onChange({ ...leaf, steps: leaf.steps.filter((_, place) => place !== at) })}
              aria-label={t("segment.removeStep")}
            />
          )}
        </div>
      ))}
      <div className="leaf-line">
        {leaf.steps.length < 8 && (
          <Button size="small" icon={<PlusOutlined />} onClick={() => onChange({ ...leaf, steps: [...leaf.steps, { event: "" }] })}>
            {t("segment.addStep")}
          </Button>
        )}
        <span>{t("segment.within")}</span>
        <InputNumber
          min={1}
          precision={0}
          value={leaf.within_minutes / unit}
          onChange={(n) => n !== null && onChange({ ...leaf, within_minutes: n * unit })}
          aria-label={t("segment.within")}
        />
        <Select
          value={unit}
          onChange={(next) => onChange({ ...leaf, within_minutes: Math.max(1, Math.round(leaf.within_minutes / unit)) * next })}
          options={[
            { value: 1, label: t("segment.minutes") },
            { value: 60, label: t("segment.hours") },
            { value: 1440, label: t("segment.daysUnit") },
          ]}
          aria-label={t("segment.within")}
        />
        <WindowFields leaf={leaf} onChange={onChange} testId={testId} />
      </div>
    </div>
  );
}

function RfmEditor({ leaf, onChange, known, testId }: EditorProps<RfmLeaf>) {
  const { t, w } = useLanguage();
  const pick = (name: RfmList, label: string, options: { value: string; label: string }[]) => (
    <Select
      key={name}
      mode="multiple"
      className="leaf-values"
      placeholder={label}
      value={leaf[name] ?? []}
      onChange={(values: string[]) => {
        const { [name]: _gone, ...rest } = leaf;
        onChange((values.length ? { ...rest, [name]: values } : rest) as RfmLeaf);
      }}
      options={options}
      aria-label={label}
      data-testid={`${testId}-${name}`}
    />
  );
  const levels = LEVELS.map((value) => ({ value, label: t(`rfm.level.${value}`) }));
  const named = (list: SegmentVocabulary["tiers"] | undefined) => (list ?? []).map((one) => ({ value: one.value, label: w(one.words) }));
  return (
    <div className="leaf-line">
      {pick("classes", t("segment.rfmClass"), named(known.vocabulary?.classes))}
      {pick("tiers", t("segment.rfmTier"), named(known.vocabulary?.tiers))}
      {pick("r", "R", levels)}
      {pick("f", "F", levels)}
      {pick("m", "M", levels)}
    </div>
  );
}

function SegmentSelect({ value, onChange, known, testId }: { value: string | undefined; onChange: (id: string) => void; known: Known; testId: string }) {
  const { t } = useLanguage();
  return (
    <Select
      showSearch={{ optionFilterProp: "label" }}
      className="leaf-values"
      value={value || undefined}
      placeholder={t("segment.choose")}
      onChange={onChange}
      options={known.segments.map((one) => ({ value: one.segment_id, label: one.name }))}
      aria-label={t("segment.choose")}
      data-testid={testId}
    />
  );
}

function SegmentEditor({ leaf, onChange, known, testId }: EditorProps<SegmentLeaf>) {
  return (
    <div className="leaf-line">
      <SegmentSelect value={leaf.segment} onChange={(segment) => onChange({ ...leaf, segment })} known={known} testId={`${testId}-segment`} />
    </div>
  );
}

function TieEditor({ leaf, onChange, known, testId }: EditorProps<TieLeaf>) {
  const { t } = useLanguage();
  const byUser = leaf.user !== undefined;
  return (
    <div className="leaf-line">
      <Select
        value={leaf.way}
        onChange={(way) => onChange({ ...leaf, way })}
        options={WAYS.map((value) => ({ value, label: t(`segment.way.${value}`) }))}
        popupMatchSelectWidth={false}
        aria-label={t("segment.way")}
        data-testid={`${testId}-way`}
      />
      <Select
        value={byUser ? "user" : "segment"}
        onChange={(of) => onChange({ is: "tie", way: leaf.way, ...(of === "user" ? { user: "" } : {}) })}
        options={[
          { value: "segment", label: t("segment.ofSegment") },
          { value: "user", label: t("segment.ofUser") },
        ]}
        aria-label={t("segment.way")}
      />
      {byUser ? (
        <Input
          className="leaf-values"
          defaultValue={leaf.user}
          key={leaf.user}
          placeholder={t("segment.userId")}
          onBlur={(event) => onChange({ ...leaf, user: event.target.value.trim() })}
          aria-label={t("segment.userId")}
        />
      ) : (
        <SegmentSelect value={leaf.segment} onChange={(segment) => onChange({ is: "tie", way: leaf.way, segment })} known={known} testId={`${testId}-segment`} />
      )}
    </div>
  );
}

export function useKnown(): Known {
  const vocabulary = useRead<SegmentVocabulary>("/api/segments/vocabulary");
  const segments = useRead<{ items: SegmentCard[] }>("/api/segments");
  return { vocabulary: vocabulary.data, segments: segments.data?.items ?? [] };
}
