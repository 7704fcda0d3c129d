import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { App, Button, Form, Input, Segmented, Select, Switch } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { CustomMetric, Metric } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";

const OPS = ["eq", "ne", "in", "not_in", "gt", "ge", "lt", "le", "contains", "set", "unset"] as const;
const NUMBER = /^-?\d+(\.\d+)?$/;
const EMPTY: Measure = { of: "events", what: "count", event: "", field: "", where: [] };

interface Measure {
  of: "events" | "orders";
  what: "count" | "people" | "sum" | "average";
  event?: string;
  field?: string;
  where?: { property: string; op: string; text?: string }[];
}
interface Wanted {
  key: string;
  name_zh: string;
  name_en: string;
  definition_zh: string;
  definition_en: string;
  up_is_good: boolean;
  way: "measure" | "ratio" | "formula";
  numerator: Measure;
  denominator: Measure;
  first?: string;
  second?: string;
  shown_as: "ratio" | "share";
}
type Sent = Record<string, unknown>;

/** A typed text as the value it is: numbers are compared as numbers. */
function valueOf(text: string): string | number {
  return NUMBER.test(text) ? Number(text) : text;
}

function sent(one: Measure): Sent {
  const where = (one.where ?? []).map(({ property, op, text }) => {
    const values = op === "set" || op === "unset" ? [] : op === "in" || op === "not_in" ? (text ?? "").split(/[,，]/).map((part) => valueOf(part.trim())) : [valueOf((text ?? "").trim())];
    return { property, op, values };
  });
  const summed = one.what === "sum" || one.what === "average";
  return { of: one.of, what: one.what, event: one.of === "events" ? (one.event ?? "").trim() : "", field: summed ? (one.field ?? "").trim() : "", where };
}

function shown(given: unknown): Measure {
  const one = given as (Measure & { where?: { property: string; op: string; values: unknown[] }[] }) | null | undefined;
  if (!one) return EMPTY;
  return { ...one, where: (one.where ?? []).map((test) => ({ property: test.property, op: test.op, text: ((test as { values?: unknown[] }).values ?? []).join(",") })) };
}

interface CustomFormProps {
  metrics: Metric[];
  saved?: CustomMetric;
  onClose: () => void;
}

/** Makes a metric, or a new version of one: a measure, two divided, or two metrics divided. */
export function CustomForm({ metrics, saved, onClose }: CustomFormProps) {
  const { t, w } = useLanguage();
  const { message } = App.useApp();
  const [form] = Form.useForm<Wanted>();
  const spec = (saved?.spec ?? {}) as { numerator?: unknown; denominator?: unknown; formula?: string[]; shown_as?: "ratio" | "share" };
  const way = Form.useWatch("way", form) ?? (spec.formula?.length ? "formula" : spec.denominator ? "ratio" : "measure");
  const save = useWrite<Wanted, CustomMetric>(
    (wanted) => {
      const body: Sent = {
        name_zh: wanted.name_zh, name_en: wanted.name_en || wanted.name_zh, definition_zh: wanted.definition_zh,
        definition_en: wanted.definition_en || wanted.definition_zh, up_is_good: wanted.up_is_good,
        spec:
          wanted.way === "formula"
            ? { formula: [wanted.first, wanted.second], shown_as: wanted.shown_as }
            : { numerator: sent(wanted.numerator), denominator: wanted.way === "ratio" ? sent(wanted.denominator) : null, shown_as: wanted.shown_as },
      };
      return saved ? api.put(`/api/metrics/custom/${saved.key}`, body) : api.post("/api/metrics/custom", { ...body, key: wanted.key });
    },
    ["/api/metrics", "/api/metrics/"],
  );
  const metric = metrics.filter((one) => one.formula.length === 0).map((one) => ({ value: one.key, label: w(one.words) }));
  const required = [{ required: true, whitespace: true, message: t("form.required") }];
  return (
    <FormDialog
      form={form}
      name="custom"
      width={640}
      title={t(saved ? "metric.change" : "metric.add")}
      initialValues={{
        key: saved?.key, name_zh: saved?.words.zh, name_en: saved?.words.en, definition_zh: saved?.definition.zh,
        definition_en: saved?.definition.en, up_is_good: saved?.up_is_good ?? true, way, numerator: shown(spec.numerator),
        denominator: shown(spec.denominator), first: spec.formula?.[0], second: spec.formula?.[1], shown_as: spec.shown_as ?? "ratio",
      }}
      saving={save}
      onFinish={(wanted) =>
        save.mutate(wanted, {
          onSuccess: () => {
            void message.success(t("metric.saved"));
            onClose();
          },
        })
      }
      onClose={onClose}
    >
      <div className="form-two">
        <Form.Item name="name_zh" label={t("metric.nameZh")} rules={required}>
          <Input maxLength={80} data-testid="custom-name" />
        </Form.Item>
        <Form.Item name="name_en" label={t("metric.nameEn")}>
          <Input maxLength={80} />
        </Form.Item>
      </div>
      {!saved && (
        <Form.Item name="key" label={t("metric.key")} extra={t("metric.keyNote")} rules={[{ required: true, pattern: /^[a-z][a-z0-9_]{2,47}$/, message: t("metric.keyNote") }]}>
          <Input maxLength={48} data-testid="custom-key" />
        </Form.Item>
      )}
      <Form.Item name="definition_zh" label={t("metric.definitionZh")} rules={required}>
        <Input.TextArea rows={2} maxLength={400} data-testid="custom-definition" />
      </Form.Item>
      <Form.Item name="definition_en" label={t("metric.definitionEn")}>
        <Input.TextArea rows={2} maxLength={400} />
      </Form.Item>
      <Form.Item name="way" label={t("metric.way")}>
        <Segmented block options={(["measure", "ratio", "formula"] as const).map((one) => ({ value: one, label: t(`metric.way.${one}`) }))} data-testid="custom-way" />
      </Form.Item>
      {way === "formula" ? (
        <div className="form-two">
          <Form.Item name="first" label={t("metric.numerator")} rules={[{ required: true, message: t("form.required") }]}>
            <Select options={metric} showSearch={{ optionFilterProp: "label" }} />
          </Form.Item>
          <Form.Item name="second" label={t("metric.denominator")} rules={[{ required: true, message: t("form.required") }]}>
            <Select options={metric} showSearch={{ optionFilterProp: "label" }} />
          </Form.Item>
        </div>
      ) : (
        <>
          <MeasureFields name="numerator" title={way === "ratio" ? t("metric.numerator") : ""} />
          {way === "ratio" && <MeasureFields name="denominator" title={t("metric.denominator")} />}
        </>
      )}
      <div className="form-two">
        {way !== "measure" && (
          <Form.Item name="shown_as" label={t("metric.shownAs")}>
            <Segmented options={(["ratio", "share"] as const).map((one) => ({ value: one, label: t(`metric.shownAs.${one}`) }))} />
          </Form.Item>
        )}
        <Form.Item name="up_is_good" label={t("metric.up")} valuePropName="checked">
          <Switch />
        </Form.Item>
      </div>
    </FormDialog>
  );
}

function MeasureFields({ name, title }: { name: "numerator" | "denominator"; title: string }) {
  const { t } = useLanguage();
  const form = Form.useFormInstance<Wanted>();
  const of = Form.useWatch([name, "of"], form) ?? "events";
  const what = Form.useWatch([name, "what"], form) ?? "count";
  const summed = what === "sum" || what === "average";
  return (
    <fieldset className="measure">
      {title && <legend>{title}</legend>}
      <div className="form-two">
        <Form.Item name={[name, "of"]} label={t("metric.of")}>
          <Segmented block options={(["events", "orders"] as const).map((one) => ({ value: one, label: t(`metric.of.${one}`) }))} />
        </Form.Item>
        <Form.Item name={[name, "what"]} label={t("metric.what")}>
          <Select options={(["count", "people", "sum", "average"] as const).map((one) => ({ value: one, label: t(`metric.what.${one}`) }))} />
        </Form.Item>
        {of === "events" && (
          <Form.Item name={[name, "event"]} label={t("metric.event")} extra={t("metric.eventNote")}>
            <Input maxLength={80} placeholder="Content Liked" data-testid={`custom-event-${name}`} />
          </Form.Item>
        )}
        {summed &&
          (of === "events" ? (
            <Form.Item name={[name, "field"]} label={t("metric.field")} rules={[{ required: true, message: t("form.required") }]}>
              <Input maxLength={80} placeholder="amount_minor" />
            </Form.Item>
          ) : (
            <Form.Item name={[name, "field"]} label={t("metric.field")}>
              <Select options={(["net", "gross", "refunded"] as const).map((one) => ({ value: one, label: t(`metric.amount.${one}`) }))} />
            </Form.Item>
          ))}
      </div>
      <Form.List name={[name, "where"]}>
        {(rows, { add, remove }) => (
          <>
            {rows.map((row) => (
              <div className="measure-row" key={row.key}>
                <Form.Item name={[row.name, "property"]} rules={[{ required: true, message: t("form.required") }]}>
                  <Input placeholder={t(of === "orders" ? "metric.orderFields" : "metric.property")} aria-label={t("metric.property")} />
                </Form.Item>
                <Form.Item name={[row.name, "op"]} initialValue="eq">
                  <Select aria-label={t("metric.op")} options={OPS.map((one) => ({ value: one, label: t(`metric.op.${one}`) }))} />
                </Form.Item>
                <Form.Item name={[row.name, "text"]}>
                  <Input placeholder={t("metric.valueNote")} aria-label={t("metric.value")} />
                </Form.Item>
                <Button icon={<DeleteOutlined />} onClick={() => remove(row.name)} aria-label={t("metric.removeCondition")} />
              </div>
            ))}
            <Button size="small" icon={<PlusOutlined />} onClick={() => add({ property: "", op: "eq", text: "" })}>
              {t("metric.condition")}
            </Button>
          </>
        )}
      </Form.List>
    </fieldset>
  );
}
