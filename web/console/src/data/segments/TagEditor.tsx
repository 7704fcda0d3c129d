import { Input, InputNumber, Select } from "antd";
import { useRead } from "@/api/hooks";
import type { SegmentVocabulary, TagValueCount } from "@/api/types";
import { useLanguage } from "@/i18n";
import type { Value } from "@/kit/conditions";
import { minorDigits } from "@/kit/format";
import { useFormat } from "@/kit/useFormat";
import { takesValues, type TagLeaf, type TagOp } from "./rule";

type TagOption = SegmentVocabulary["tags"][number];
const NUMBER_OPS: TagOp[] = ["ge", "le", "gt", "lt", "eq", "ne", "between", "set", "unset"];
const OPS: Record<TagOption["type"], TagOp[]> = {
  text: ["in", "not_in", "contains", "set", "unset"],
  number: NUMBER_OPS,
  money: NUMBER_OPS,
  day: NUMBER_OPS,
  bool: ["eq", "set", "unset"],
};

interface TagEditorProps {
  leaf: TagLeaf;
  onChange: (leaf: TagLeaf) => void;
  vocabulary: SegmentVocabulary | undefined;
  testId: string;
}

/** A tag, how it is compared, and with what. */
export function TagEditor({ leaf, onChange, vocabulary, testId }: TagEditorProps) {
  const { t, w } = useLanguage();
  const tags = vocabulary?.tags ?? [];
  const tag = tags.find((one) => one.key === leaf.tag);
  const dimensions = [...new Map(tags.map((one) => [one.dimension.en, one.dimension])).values()];
  // One value of a text is chosen in the same box as several.
  const op = tag?.type === "text" && leaf.op === "eq" ? "in" : tag?.type === "text" && leaf.op === "ne" ? "not_in" : leaf.op;
  return (
    <div className="leaf-line">
      <Select
        showSearch={{ optionFilterProp: "search" }}
        className="leaf-tag"
        value={leaf.tag || undefined}
        placeholder={t("segment.chooseTag")}
        loading={vocabulary === undefined}
        popupMatchSelectWidth={false}
        onChange={(key) => {
          const next = tags.find((one) => one.key === key);
          if (next) onChange({ is: "tag", tag: key, op: OPS[next.type][0]!, ...(next.type === "bool" && { values: [true] }) });
        }}
        options={dimensions.map((dimension) => ({
          label: w(dimension),
          title: w(dimension),
          options: tags
            .filter((one) => one.dimension.en === dimension.en)
            .map((one) => ({ value: one.key, label: w(one.words), search: `${one.words.zh} ${one.words.en} ${one.key}` })),
        }))}
        aria-label={t("segment.chooseTag")}
        data-testid={`${testId}-tag`}
      />
      {tag && (
        <>
          <Select
            value={op}
            popupMatchSelectWidth={false}
            onChange={(next: TagOp) => {
              const most = takesValues(next);
              const { values, ...rest } = leaf;
              onChange({ ...rest, op: next, ...(most > 0 && values && { values: values.slice(0, most === Infinity ? undefined : most) }) });
            }}
            options={OPS[tag.type].map((value) => ({ value, label: t(`segment.op.${value}`) }))}
            aria-label={t("behaviour.op")}
            data-testid={`${testId}-op`}
          />
          {takesValues(op) > 0 && <Values tag={tag} leaf={{ ...leaf, op }} onChange={onChange} testId={testId} />}
        </>
      )}
    </div>
  );
}

function Values({ tag, leaf, onChange, testId }: { tag: TagOption; leaf: TagLeaf; onChange: (leaf: TagLeaf) => void; testId: string }) {
  const { t, w } = useLanguage();
  const { short, currency } = useFormat();
  const offered = useRead<TagValueCount[]>("/api/segments/values", { tag: tag.key }, { enabled: tag.type === "text" });
  const put = (values: Value[]) => onChange({ ...leaf, values });
  if (tag.type === "bool") {
    return (
      <Select
        value={leaf.values?.[0] !== false}
        onChange={(yes) => put([yes])}
        options={[
          { value: true, label: t("behaviour.true") },
          { value: false, label: t("behaviour.false") },
        ]}
        aria-label={t("behaviour.value")}
        data-testid={`${testId}-value`}
      />
    );
  }
  if (tag.type === "text") {
    const most = takesValues(leaf.op);
    return (
      <Select
        mode="tags"
        className="leaf-values"
        maxCount={most === Infinity ? undefined : most}
        value={(leaf.values ?? []).map(String)}
        onChange={(values: string[]) => put(values)}
        loading={offered.isPending}
        options={(offered.data ?? []).map((one) => ({ value: one.value, label: w(one.words), count: one.count }))}
        optionRender={(option) => (
          <span className="event-option">
            <span>{option.label}</span>
            {typeof option.data.count === "number" && <span className="faint number">{short(option.data.count)}</span>}
          </span>
        )}
        placeholder={t("behaviour.values")}
        aria-label={t("behaviour.values")}
        data-testid={`${testId}-value`}
      />
    );
  }
  const scale = tag.type === "money" ? 10 ** minorDigits(currency) : 1;
  const one = (at: number) => {
    const set = (value: Value | null) => {
      const next = [...(leaf.values ?? [])];
      if (value === null) next.splice(at, 1);
      else next[at] = value;
      put(next.filter((v) => v !== undefined));
    };
    const value = leaf.values?.[at];
    return tag.type === "day" ? (
      <Input
        key={at}
        type="date"
        className="leaf-day"
        value={typeof value === "string" ? value : ""}
        onChange={(event) => set(event.target.value || null)}
        aria-label={t("behaviour.value")}
      />
    ) : (
      <InputNumber
        key={at}
        value={typeof value === "number" ? value / scale : null}
        onChange={(n) => set(n === null ? null : tag.type === "money" ? Math.round(n * scale) : n)}
        suffix={tag.type === "money" ? currency : w(tag.unit)}
        aria-label={t("behaviour.value")}
        data-testid={`${testId}-value${at ? `-${at}` : ""}`}
      />
    );
  };
  return leaf.op === "between" ? (
    <>
      {one(0)}–{one(1)}
    </>
  ) : (
    one(0)
  );
}
