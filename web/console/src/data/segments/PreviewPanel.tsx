import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Alert, Button, Select, Spin } from "antd";
import { useEffect, useState } from "react";
import { api, type ApiError } from "@/api/client";
import type { SegmentCard, SegmentPreview } from "@/api/types";
import { useLanguage } from "@/i18n";
import { LeftOutBanner, Panel } from "@/kit/page";
import { useFormat } from "@/kit/useFormat";
import type { Rule } from "./rule";

const REST_MS = 350;

/** What was last said for a while: a rule that is being typed is not asked about at each key. */
function useRested<Value>(value: Value): Value {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

interface PreviewPanelProps {
  /** The rule's complete parts; null while there are none. */
  rule: Rule | null;
  unfinished: number;
  segments: SegmentCard[];
}

/** The size of the rule while it is edited, its sentence, and how it overlaps with segments. */
export function PreviewPanel({ rule, unfinished, segments }: PreviewPanelProps) {
  const { t, w } = useLanguage();
  const { whole, percent } = useFormat();
  const [overlaps, setOverlaps] = useState<string[]>([]);
  const [exact, setExact] = useState("");
  const asked = useRested(JSON.stringify(rule));
  const read = useQuery<SegmentPreview, ApiError>({
    queryKey: ["/api/segments/preview", asked, exact === asked, overlaps],
    queryFn: () => api.post("/api/segments/preview", { rule: JSON.parse(asked) as Rule, exact: exact === asked, overlaps }),
    enabled: asked !== "null",
    placeholderData: keepPreviousData,
  });
  const found = rule === null ? undefined : read.data;
  return (
    <Panel title={t("segment.preview")} extra={read.isFetching && <Spin size="small" />} testId="segment-preview">
      {rule === null && <p className="faint">{t("segment.previewNothing")}</p>}
      {rule !== null && read.error && (
        <Alert type="error" showIcon title={w(read.error.words)} description={<code>{read.error.place}</code>} data-testid="preview-error" />
      )}
      {found && !read.error && (
        <>
          <div className="preview-size" data-testid="preview-size">
            {found.sampled && "≈ "}
            {whole(found.size)}
            <small>{t("segment.ofEverybody", { share: percent(found.share), n: whole(found.everybody) })}</small>
          </div>
          <span className="bar preview-bar">
            <i style={{ width: `${100 * found.share}%` }} />
          </span>
          {found.sampled ? (
            <p className="faint">
              {t("segment.sampled", { low: whole(found.low), high: whole(found.high), n: whole(found.asked) })}{" "}
              <Button type="link" size="small" onClick={() => setExact(asked)} data-testid="preview-exact">
                {t("segment.exact")}
              </Button>
            </p>
          ) : (
            <p className="faint">{t("segment.counted", { ms: whole(found.took_ms) })}</p>
          )}
          <p className="preview-sentence" data-testid="preview-sentence">
            {w(found.sentence)}
          </p>
        </>
      )}
      {unfinished > 0 && <p className="faint">{t("segment.unfinished", { n: unfinished })}</p>}
      <div className="preview-overlaps">
        <Select
          mode="multiple"
          className="leaf-values"
          maxCount={8}
          value={overlaps}
          onChange={setOverlaps}
          placeholder={t("segment.overlapWith")}
          showSearch={{ optionFilterProp: "label" }}
          options={segments.map((one) => ({ value: one.segment_id, label: one.name }))}
          aria-label={t("segment.overlapWith")}
        />
        {found?.overlaps.map((one) => (
          <div key={one.segment_id} className="preview-overlap">
            <span className="cut" title={one.name}>
              {one.name}
            </span>
            <span className="bar">
              <i style={{ width: `${found.size > 0 ? (100 * one.both) / found.size : 0}%` }} />
            </span>
            <b className="number">{t("segment.both", { n: whole(one.both), share: percent(found.size > 0 ? one.both / found.size : 0) })}</b>
          </div>
        ))}
      </div>
      {found && <LeftOutBanner leftOut={found.left_out} />}
    </Panel>
  );
}
