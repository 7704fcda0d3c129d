import { Alert, Button, Form, Input, InputNumber, Select } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { Reconciliation, ReconcileTerms } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Hint } from "@/kit/page";
import { useFormat } from "@/kit/useFormat";
import { ZoneField } from "./ZoneField";

interface Wanted {
  name?: string;
  measure: string;
  from_day: string;
  to_day: string;
  number: number;
  currency: string;
  zone: string;
  toggles: string[];
  their_zone: string;
}
const CURRENCIES = ["CNY", "USD", "EUR", "GBP", "HKD", "JPY", "SGD", "TWD", "KRW", "THB", "MYR", "VND", "INR", "AUD"];
const WHOLE = ["JPY", "KRW", "VND"];
const NO_TOGGLES = ["zone"];

/** Another system's number, with its definition where that is known. */
export function NumberForm({ onDone }: { onDone: (made: Reconciliation) => void }) {
  const { t, w } = useLanguage();
  const { zone, currency } = useFormat();
  const [form] = Form.useForm<Wanted>();
  const measure = Form.useWatch("measure", form) ?? "gmv";
  const terms = useRead<ReconcileTerms>("/api/reconciliations/terms");
  const explain = useWrite<Wanted, Reconciliation>((wanted) => {
    const digits = wanted.measure === "paid_orders" || WHOLE.includes(wanted.currency) ? 0 : 2;
    const known = wanted.toggles.length > 0 || wanted.their_zone !== "";
    return api.post("/api/reconciliations/number", {
      ...wanted,
      name: wanted.name || w(terms.data?.measures[wanted.measure]?.words),
      number: Math.round(wanted.number * 10 ** digits),
      toggles: known ? wanted.toggles : null,
      their_zone: wanted.their_zone || null,
    });
  }, ["/api/reconciliations"]);
  const required = [{ required: true, message: t("form.required") }];
  const reasons = Object.entries(terms.data?.reasons ?? {}).filter(([code]) => !NO_TOGGLES.includes(code));
  return (
    <Form
      form={form}
      layout="vertical"
      initialValues={{ measure: "gmv", currency, zone, toggles: [], their_zone: "" }}
      onFinish={(wanted) => explain.mutate(wanted, { onSuccess: onDone })}
    >
      {explain.error && <Alert type="error" showIcon className="gap" title={w(explain.error.words)} />}
      <div className="tools">
        <Form.Item
          name="measure"
          label={
            <>
              {t("reconcile.measure")}&nbsp;
              <Hint text={w(terms.data?.measures[measure]?.definition)} />
            </>
          }
        >
          <Select
            style={{ minWidth: 150 }}
            data-testid="reconcile-measure"
            options={Object.entries(terms.data?.measures ?? {}).map(([code, one]) => ({ value: code, label: w(one.words) }))}
          />
        </Form.Item>
        <Form.Item name="from_day" label={t("reconcile.from")} rules={required}>
          <Input type="date" data-testid="reconcile-from" />
        </Form.Item>
        <Form.Item name="to_day" label={t("reconcile.to")} rules={required}>
          <Input type="date" data-testid="reconcile-to" />
        </Form.Item>
        <Form.Item name="number" label={t("reconcile.theirNumber")} rules={required}>
          <InputNumber style={{ width: 160 }} data-testid="reconcile-theirs" controls={false} />
        </Form.Item>
        <Form.Item name="currency" label={t("reconcile.currency")}>
          <Select style={{ minWidth: 90 }} options={[...new Set([currency, ...CURRENCIES])].map((one) => ({ value: one, label: one }))} />
        </Form.Item>
        <Form.Item name="zone" label={t("reconcile.zone")}>
          <ZoneField label={t("reconcile.zone")} />
        </Form.Item>
        <Form.Item name="name" label={t("reconcile.system")}>
          <Input maxLength={120} autoComplete="off" />
        </Form.Item>
      </div>
      <Form.Item name="toggles" label={t("reconcile.known")}>
        <Select mode="multiple" options={reasons.map(([code, words]) => ({ value: code, label: w(words) }))} />
      </Form.Item>
      <div className="tools">
        <Form.Item name="their_zone" noStyle>
          <ZoneField label={t("reconcile.known")} none={t("reconcile.zoneUnknown")} />
        </Form.Item>
        <Button type="primary" htmlType="submit" loading={explain.isPending} data-testid="reconcile-explain">
          {t("reconcile.compare")}
        </Button>
      </div>
    </Form>
  );
}
