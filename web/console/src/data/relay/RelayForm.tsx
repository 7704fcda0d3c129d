import { Form, Input, InputNumber, Select } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Purpose, Relay, Source } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import { itemsOf } from "@/kit/itemsOf";
import { PURPOSES } from "../sources/BasisFields";

const BITS: Record<Purpose, number> = { analytics: 1, personalisation: 2, marketing: 4, social: 8 };
const KINDS = ["sensors", "segment", "posthog"] as const;
type Kind = (typeof KINDS)[number];
const HOUR_S = 3600;

interface Wanted {
  source_id: string;
  kind: Kind;
  url: string;
  key?: string;
  purposes: Purpose[];
  max_lag_h: number;
  threshold_percent: number;
  connections: number;
}

/** Makes a relay, or changes one; the key is written and never read. */
export function RelayForm({ relay, taken, onClose }: { relay: Relay | null; taken: string[]; onClose: () => void }) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const kind = Form.useWatch("kind", form) ?? "sensors";
  const sources = useRead<Source[]>("/api/sources");
  const save = useWrite<Wanted, Relay>(
    ({ source_id, key, purposes, max_lag_h, threshold_percent, ...rest }) => {
      const setup = {
        ...rest,
        key: key ? key.trim() : null,
        purposes: purposes.reduce((mask, one) => mask | BITS[one], 0),
        max_lag_s: Math.round(max_lag_h * HOUR_S),
        threshold: threshold_percent / 100,
      };
      return relay
        ? api.patch(`/api/relays/${encodeURIComponent(relay.relay_id)}`, { setup })
        : api.post("/api/relays", { ...setup, source_id });
    },
    ["/api/relays"],
  );
  const free = itemsOf(sources.data).filter((one) => one.archived_time === null && !taken.includes(one.source_id));
  const required = [{ required: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="relay"
      title={t(relay ? "relay.edit" : "relay.new")}
      initialValues={{
        source_id: relay?.source_id,
        kind: (relay?.kind ?? "sensors") as Kind,
        url: relay?.url,
        purposes: PURPOSES.filter((one) => (relay?.purposes ?? 1) & BITS[one]),
        max_lag_h: (relay?.max_lag_s ?? 72 * HOUR_S) / HOUR_S,
        threshold_percent: (relay?.threshold ?? 0.02) * 100,
        connections: relay?.connections ?? 8,
      }}
      saving={save}
      onFinish={(wanted) => save.mutate(wanted, { onSuccess: onClose })}
      onClose={onClose}
    >
      {!relay && (
        <Form.Item name="source_id" label={t("relay.source")} rules={required}>
          <Select data-testid="relay-source" options={free.map((one) => ({ value: one.source_id, label: one.name }))} />
        </Form.Item>
      )}
      <Form.Item name="kind" label={t("relay.kind")}>
        <Select data-testid="relay-kind" options={KINDS.map((one) => ({ value: one, label: t(`relay.kind.${one}`) }))} />
      </Form.Item>
      <Form.Item name="url" label={t("relay.url")} rules={required} extra={t(`relay.url.${kind}`)}>
        <Input data-testid="relay-url" autoComplete="off" />
      </Form.Item>
      <Form.Item name="key" label={t("relay.key")} extra={t(relay?.has_key ? "relay.keyKept" : "relay.keyNote")}>
        <Input.Password data-testid="relay-key" autoComplete="new-password" />
      </Form.Item>
      <Form.Item name="purposes" label={t("relay.purposes")}>
        <Select mode="multiple" options={PURPOSES.map((one) => ({ value: one, label: t(`purpose.${one}`) }))} />
      </Form.Item>
      <Form.Item name="max_lag_h" label={t("relay.maxLag")} extra={t("relay.maxLagNote")} rules={required}>
        <InputNumber min={0.02} max={720} />
      </Form.Item>
      <div className="tools">
        <Form.Item name="threshold_percent" label={t("relay.threshold")} rules={required}>
          <InputNumber min={0} max={100} step={0.5} />
        </Form.Item>
        <Form.Item name="connections" label={t("relay.connections")} rules={required}>
          <InputNumber min={1} max={32} precision={0} />
        </Form.Item>
      </div>
    </FormDialog>
  );
}
