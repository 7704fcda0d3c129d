import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Form, Input, Modal, Segmented, Select } from "antd";
import { useState } from "react";
import type { Cell, Prepared } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FIELD_WORDS } from "./fields";

export const STATUSES = ["paid", "refunded", "cancelled", "adjustment", "not_paid"] as const;
const ZONES = ["Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Bangkok", "Asia/Jakarta", "Asia/Tokyo", "Europe/London", "America/New_York", "America/Los_Angeles", "UTC"];

interface FieldDialogProps {
  one: Prepared;
  field: string;
  reading: string;
  busy: boolean;
  onClose: () => void;
  onSave: (cell: Record<string, unknown> | "") => void;
}

/** All that can be said about where one field comes from: columns, a constant, zone, format, translation of values. */
export function FieldDialog({ one, field, reading, busy, onClose, onSave }: FieldDialogProps) {
  const { t, w } = useLanguage();
  const now: Cell | undefined = one.cells[field];
  const [constant, setConstant] = useState(now?.constant !== null && now?.constant !== undefined);
  const [columns, setColumns] = useState<string[]>(now?.columns ?? []);
  const [fixed, setFixed] = useState(now?.constant ?? "");
  const [zone, setZone] = useState(now?.zone ?? undefined);
  const [format, setFormat] = useState(now?.format ?? "");
  const [strip, setStrip] = useState(now?.strip ?? "");
  const [pairs, setPairs] = useState<[string, string][]>(() => startingPairs(one, field, now));
  const save = () => {
    if (constant) return onSave(fixed === "" ? "" : { constant: fixed });
    if (columns.length === 0) return onSave("");
    const kept = Object.fromEntries(pairs.filter(([from, to]) => from !== "" && to !== ""));
    onSave({
      columns,
      ...(zone ? { zone } : {}),
      ...(format ? { format } : {}),
      ...(strip ? { strip } : {}),
      ...(Object.keys(kept).length > 0 ? { values: kept } : {}),
      ...(now?.prefixes ? { prefixes: now.prefixes } : {}),
      ...(now?.default !== null && now?.default !== undefined ? { default: now.default } : {}),
      ...(now?.before ? { before: now.before } : {}),
    });
  };
  return (
    <Modal
      open
      title={t("mapping.field", { name: w(FIELD_WORDS[field] ?? field) })}
      okText={t("form.save")}
      okButtonProps={{ "data-testid": "field-save" }}
      confirmLoading={busy}
      onCancel={onClose}
      onOk={save}
    >
      <Form layout="vertical">
        <Form.Item label={t("mapping.source")}>
          <Segmented
            value={constant ? "constant" : "column"}
            options={[
              { value: "column", label: t("mapping.fromColumn") },
              { value: "constant", label: t("mapping.fromConstant") },
            ]}
            onChange={(way) => setConstant(way === "constant")}
          />
        </Form.Item>
        {constant ? (
          <Form.Item label={t("mapping.constant")}>
            {reading === "status" ? (
              <StatusSelect value={fixed} onChange={setFixed} />
            ) : (
              <Input value={fixed} maxLength={200} onChange={(event) => setFixed(event.target.value)} data-testid="field-constant" />
            )}
          </Form.Item>
        ) : (
          <>
            <Form.Item label={t("mapping.columns")}>
              <Select
                mode="multiple"
                value={columns}
                onChange={setColumns}
                aria-label={t("mapping.columns")}
                options={one.columns.map((name) => ({ value: name, label: name }))}
                optionRender={(option) => <Sampled name={String(option.value)} samples={one.samples[String(option.value)]} />}
              />
            </Form.Item>
            {reading === "time" && (
              <>
                <Form.Item label={t("mapping.zone")}>
                  <Select
                    showSearch
                    allowClear
                    value={zone}
                    placeholder={t("mapping.zonePlain")}
                    onChange={(name?: string) => setZone(name)}
                    aria-label={t("mapping.zone")}
                    options={[...new Set([...(zone ? [zone] : []), ...ZONES])].map((name) => ({ value: name, label: name }))}
                  />
                </Form.Item>
                <Form.Item label={t("mapping.format")}>
                  <Input value={format} placeholder={t("mapping.formatPlain")} onChange={(event) => setFormat(event.target.value)} />
                </Form.Item>
              </>
            )}
            {reading === "text" && (
              <Form.Item label={t("mapping.strip")}>
                <Input value={strip} onChange={(event) => setStrip(event.target.value)} />
              </Form.Item>
            )}
            {(reading === "status" || reading === "text") && (
              <Form.Item label={t("mapping.values")} help={t("mapping.valuesText")}>
                <ul className="value-pairs">
                  {pairs.map(([from, to], place) => (
                    <li key={place}>
                      <Input value={from} aria-label={t("mapping.from")} onChange={(event) => setPairs(put(pairs, place, [event.target.value, to]))} />
                      <span aria-hidden>→</span>
                      {reading === "status" ? (
                        <StatusSelect value={to} onChange={(next) => setPairs(put(pairs, place, [from, next]))} />
                      ) : (
                        <Input value={to} aria-label={t("mapping.to")} onChange={(event) => setPairs(put(pairs, place, [from, event.target.value]))} />
                      )}
                      <Button
                        type="text"
                        size="small"
                        icon={<DeleteOutlined />}
                        aria-label={t("mapping.removeValue")}
                        onClick={() => setPairs(pairs.filter((_, other) => other !== place))}
                      />
                    </li>
                  ))}
                </ul>
                <Button size="small" icon={<PlusOutlined />} onClick={() => setPairs([...pairs, ["", ""]])}>
                  {t("mapping.addValue")}
                </Button>
              </Form.Item>
            )}
          </>
        )}
      </Form>
    </Modal>
  );
}

/** The translations that hold, and the values of the file that nobody has translated yet. */
function startingPairs(one: Prepared, field: string, cell: Cell | undefined): [string, string][] {
  const held = Object.entries(cell?.values ?? {});
  const open = one.statuses.filter((status) => status.field === field && status.becomes === null && !(status.value in (cell?.values ?? {})));
  return [...held, ...open.map((status): [string, string] => [status.value, ""])];
}

function put(pairs: [string, string][], place: number, pair: [string, string]): [string, string][] {
  return pairs.map((other, at) => (at === place ? pair : other));
}

function StatusSelect({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useLanguage();
  return (
    <Select
      value={value || undefined}
      onChange={onChange}
      placeholder={t("mapping.unknown")}
      aria-label={t("mapping.to")}
      options={STATUSES.map((status) => ({ value: status, label: t(`mapping.status.${status}`) }))}
    />
  );
}

export function Sampled({ name, samples }: { name: string; samples: string[] | undefined }) {
  return (
    <div className="sampled">
      <span>{name}</span>
      <span className="faint cut">{samples?.slice(0, 2).join(" · ")}</span>
    </div>
  );
}
