import { App, Form, Input, Segmented } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { AddedMarks, MarkKind } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";

export const KINDS: MarkKind[] = ["person", "order_prefix", "product", "coupon"];

interface Wanted {
  kind: MarkKind;
  values: string;
  note?: string;
}

/** Marks own people or test orders, one a line. */
export function MarkForm({ onClose }: { onClose: () => void }) {
  const { t } = useLanguage();
  const { message, modal } = App.useApp();
  const [form] = Form.useForm<Wanted>();
  const kind = Form.useWatch("kind", form) ?? "person";
  const save = useWrite<Wanted, AddedMarks>(
    ({ kind, values, note }) =>
      api.post("/api/quality/marks", { kind, values: values.split(/[\n,，]/).map((one) => one.trim()).filter(Boolean), note: note ?? "" }),
    ["/api/quality", "/api/quality/marks", "/api/overview"],
  );
  const done = (added: AddedMarks) => {
    if (added.unknown.length > 0) {
      void modal.warning({
        title: t("quality.unknown", { n: added.unknown.length }),
        content: <div className="break" data-testid="mark-unknown">{added.unknown.join(", ")}</div>,
      });
    }
    if (added.marks.length > 0) void message.success(t("quality.marked", { n: added.marks.length }));
    onClose();
  };
  return (
    <FormDialog
      form={form}
      name="mark"
      title={t("quality.add")}
      does={t("quality.mark")}
      initialValues={{ kind: "person" }}
      saving={save}
      onFinish={(wanted) => save.mutate(wanted, { onSuccess: done })}
      onClose={onClose}
    >
      <Form.Item name="kind" label={t("quality.kind")}>
        <Segmented<MarkKind> block options={KINDS.map((one) => ({ value: one, label: t(`quality.kind.${one}`) }))} />
      </Form.Item>
      <Form.Item
        name="values"
        label={t(`quality.values.${kind}`)}
        extra={t("quality.valuesNote")}
        rules={[{ required: true, whitespace: true, message: t("form.required") }]}
      >
        <Input.TextArea rows={4} data-testid="mark-values" autoFocus />
      </Form.Item>
      <Form.Item name="note" label={t("quality.note")}>
        <Input maxLength={200} data-testid="mark-note" />
      </Form.Item>
    </FormDialog>
  );
}
