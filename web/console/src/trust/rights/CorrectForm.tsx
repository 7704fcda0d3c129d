import { Button, Form, Input, Select } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { Correction, RightsRequest, Words } from "@/api/types";
import { useLanguage } from "@/i18n";
import { Panel } from "@/kit/page";
import { Refused } from "./Refused";
import { requestPath, STALE } from "./useRequest";

/** High enough to show every field at once. */
const FIELDS_PX = 420;

interface CorrectFormProps {
  request: RightsRequest;
  fields: Record<string, Words>;
  refresh: () => void;
}

/** Puts a right value in the place of a wrong one; several may follow each other under one request. */
export function CorrectForm({ request, fields, refresh }: CorrectFormProps) {
  const { t, w } = useLanguage();
  const [form] = Form.useForm<Correction>();
  const correct = useWrite<Correction, RightsRequest>(
    (given) => api.post(requestPath(request.request_id, "/correct"), { field: given.field, value: given.value.trim() }),
    [...STALE, "/api/profiles/", "/api/users"],
  );
  const done = request.steps.filter((step) => step.action === "correct").map((step) => step.note.split(" ")[0] ?? "");
  return (
    <Panel title={t("rights.correct")} testId="panel-correct">
      <p className="faint gap">{t("rights.correctText")}</p>
      <Refused error={correct.error} />
      <Form<Correction>
        form={form}
        layout="vertical"
        className="correct-form"
        onFinish={(given) => correct.mutate(given, { onSuccess: () => form.resetFields(), onError: refresh })}
      >
        <Form.Item name="field" label={t("rights.field")} rules={[{ required: true, message: t("form.required") }]}>
          <Select
            placeholder={t("rights.fieldPick")}
            listHeight={FIELDS_PX}
            options={Object.entries(fields).map(([value, words]) => ({ value, label: w(words) }))}
            data-testid="correct-field"
          />
        </Form.Item>
        <Form.Item name="value" label={t("rights.value")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
          <Input maxLength={200} autoComplete="off" data-testid="correct-value" />
        </Form.Item>
        <Button htmlType="submit" loading={correct.isPending} data-testid="correct-do">
          {t("rights.correctDo")}
        </Button>
      </Form>
      {done.length > 0 && (
        <p className="good" data-testid="corrected">
          {t("rights.corrected", { fields: [...new Set(done)].map((field) => w(fields[field]) || field).join(", ") })}
        </p>
      )}
    </Panel>
  );
}
