import { Select } from "antd";
import { useRead } from "@/api/hooks";
import { useLanguage } from "@/i18n";
import { Asked } from "./AskPanel";

interface Segment {
  segment_id: string;
  name: string;
}
interface SegmentSelectProps {
  label: string;
  value: string[];
  most: number;
  onChange: (ids: string[]) => void;
  testId: string;
}

/** Segments to compare or to narrow to, as a field of a question; not shown where the shop has none. */
export function SegmentSelect({ label, value, most, onChange, testId }: SegmentSelectProps) {
  const { t } = useLanguage();
  const read = useRead<Segment[] | { items: Segment[] }>("/api/segments");
  const segments = Array.isArray(read.data) ? read.data : (read.data?.items ?? []);
  if (segments.length === 0 && value.length === 0) return null;
  const unknown = value.filter((id) => !segments.some((one) => one.segment_id === id));
  return (
    <Asked label={label}>
      <Select
        mode="multiple"
        maxCount={most}
        allowClear
        value={value}
        placeholder={t("segments.everybody")}
        options={[
          ...segments.map((one) => ({ value: one.segment_id, label: one.name })),
          ...unknown.map((id) => ({ value: id, label: id })),
        ]}
        onChange={onChange}
        aria-label={label}
        data-testid={testId}
        className="segment-select"
      />
    </Asked>
  );
}
