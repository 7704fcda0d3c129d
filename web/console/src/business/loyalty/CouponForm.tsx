import { Form, Input, InputNumber, Segmented, Select, Switch } from "antd";
import { api } from "@/api/client";
import { useRead, useWrite } from "@/api/hooks";
import type { CouponTemplate, LedgerBudget, NewTemplate } from "@/api/types";
import { useLanguage } from "@/i18n";
import { minorDigits } from "@/kit/format";
import { FormDialog } from "@/kit/FormDialog";
import { itemsOf } from "@/kit/itemsOf";
import { useFormat } from "@/kit/useFormat";
import { TEMPLATES } from "./CouponsTab";

const DAY_MS = 86_400_000;

interface Wanted {
  name: string;
  kind: "amount" | "percent";
  currency: string;
  amount: number;
  percent: number;
  mostOff: number;
  minimum: number;
  stacking: "alone" | "others";
  lastDay: string;
  validDays: number;
  perPerson: number;
  source: "stock" | "codes" | "made";
  stock: number;
  codeCount: number;
  codes: string;
  elsewhere: boolean;
  budget: string;
}

/** What is sent: money in minor units, the last day until its end where the person is. */
export function templateOf(given: Wanted): NewTemplate {
  const minor = (major: number | null | undefined) => Math.round((major ?? 0) * 10 ** minorDigits(given.currency));
  return {
    name: given.name,
    terms: {
      kind: given.kind,
      currency: given.currency,
      amount_minor: given.kind === "amount" ? minor(given.amount) : 0,
      percent: given.kind === "percent" ? given.percent : 0,
      most_off_minor: given.kind === "percent" ? minor(given.mostOff) : 0,
      minimum_minor: minor(given.minimum),
      stacking: given.stacking,
      products: [],
      channels: [],
    },
    ends_time: new Date(`${given.lastDay}T23:59:59`).toISOString(),
    valid_days: given.validDays ?? 0,
    per_person: given.perPerson ?? 0,
    stock: given.source === "stock" ? (given.stock ?? 0) : 0,
    codes: given.source === "codes" ? codesOf(given.codes) : [],
    code_count: given.source === "made" ? (given.codeCount ?? 0) : 0,
    elsewhere: given.elsewhere,
    budget_id: given.budget || null,
  };
}

/** The codes of a text with one in each line. */
export const codesOf = (text: string) =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");

export function CouponForm({ onClose, onMade }: { onClose: () => void; onMade: (made: CouponTemplate) => void }) {
  const { t } = useLanguage();
  const f = useFormat();
  const [form] = Form.useForm<Wanted>();
  const budgets = useRead<LedgerBudget[]>("/api/ledger/budgets");
  const save = useWrite<NewTemplate, CouponTemplate>((body) => api.post(TEMPLATES, body), [TEMPLATES]);
  const kind = Form.useWatch("kind", form) ?? "amount";
  const source = Form.useWatch("source", form) ?? "stock";
  const needed = [{ required: true, message: t("form.required") }];
  const payers = itemsOf(budgets.data).map((one) => ({ value: one.budget_id, label: `${one.name} · ${f.money(one.available_minor, one.currency)}` }));
  return (
    <FormDialog
      form={form}
      name="coupon"
      title={t("coupon.new")}
      width={680}
      initialValues={{
        name: "", kind: "amount", currency: f.currency, mostOff: 0, minimum: 0, stacking: "alone", validDays: 0, perPerson: 1,
        lastDay: f.date(new Date(Date.now() + 30 * DAY_MS).toISOString()), source: "stock", stock: 100, codeCount: 100, codes: "",
        elsewhere: false, budget: "",
      }}
      saving={save}
      onFinish={(given) => save.mutate(templateOf({ ...form.getFieldsValue(true), ...given }), { onSuccess: onMade })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("coupon.name")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={120} />
      </Form.Item>
      <Form.Item name="kind" label={t("coupon.kind")}>
        <Segmented
          block
          options={[
            { value: "amount", label: t("coupon.kind.amount") },
            { value: "percent", label: t("coupon.kind.percent") },
          ]}
        />
      </Form.Item>
      <div className="form-pair">
        {kind === "amount" ? (
          <Form.Item name="amount" label={t("coupon.amount")} rules={needed}>
            <InputNumber className="field-wide" min={0.01} precision={2} />
          </Form.Item>
        ) : (
          <>
            <Form.Item name="percent" label={t("coupon.percent")} rules={needed}>
              <InputNumber className="field-wide" min={1} max={99} precision={0} />
            </Form.Item>
            <Form.Item name="mostOff" label={t("coupon.mostOff")}>
              <InputNumber className="field-wide" min={0} precision={2} />
            </Form.Item>
          </>
        )}
        <Form.Item name="minimum" label={t("coupon.minimum")}>
          <InputNumber className="field-wide" min={0} precision={2} />
        </Form.Item>
        <Form.Item name="currency" label={t("coupon.currency")} rules={[{ pattern: /^[A-Z]{3}$/, message: t("form.required") }]}>
          <Input maxLength={3} />
        </Form.Item>
        <Form.Item name="stacking" label={t("coupon.stacking")}>
          <Select
            options={[
              { value: "alone", label: t("coupon.stacking.alone") },
              { value: "others", label: t("coupon.stacking.others") },
            ]}
          />
        </Form.Item>
        <Form.Item name="lastDay" label={t("coupon.ends")} rules={needed}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="validDays" label={t("coupon.validDays")}>
          <InputNumber className="field-wide" min={0} max={3650} precision={0} />
        </Form.Item>
        <Form.Item name="perPerson" label={t("coupon.perPerson")}>
          <InputNumber className="field-wide" min={0} max={1000} precision={0} />
        </Form.Item>
        <Form.Item name="budget" label={t("coupon.budget")}>
          <Select options={[{ value: "", label: t("coupon.noBudget") }, ...payers]} />
        </Form.Item>
      </div>
      <Form.Item name="source" label={t("coupon.source")}>
        <Segmented
          className="scrolling"
          options={(["stock", "made", "codes"] as const).map((one) => ({ value: one, label: t(`coupon.source.${one}`) }))}
        />
      </Form.Item>
      {source === "stock" && (
        <Form.Item name="stock" label={t("coupon.stock")}>
          <InputNumber className="field-wide" min={0} max={10_000_000} precision={0} />
        </Form.Item>
      )}
      {source === "made" && (
        <Form.Item name="codeCount" label={t("coupon.codeCount")} rules={needed}>
          <InputNumber className="field-wide" min={1} max={10_000} precision={0} />
        </Form.Item>
      )}
      {source === "codes" && (
        <>
          <Form.Item name="codes" label={t("coupon.codes")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
            <Input.TextArea rows={5} />
          </Form.Item>
          <Form.Item name="elsewhere" label={t("coupon.elsewhere")} valuePropName="checked">
            <Switch />
          </Form.Item>
        </>
      )}
    </FormDialog>
  );
}
