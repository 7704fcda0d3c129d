/** Save a query: under a name, as another version of the one that is open, or as a copy. */
import { Form, Input, Switch } from "antd";
import { api } from "@/api/client";
import { useWrite } from "@/api/hooks";
import type { SavedQuery } from "@/api/types";
import { useLanguage } from "@/i18n";
import { FormDialog } from "@/kit/FormDialog";
import type { ChartSpec, Value } from "./params";

interface Wanted {
  name: string;
  shared: boolean;
}

interface SaveProps {
  /** The saved query that is open, if it is the person's own: it gets another version. */
  own: SavedQuery | null;
  sql: string;
  values: Record<string, Value>;
  chart: ChartSpec;
  onSaved: (query: SavedQuery) => void;
  onClose: () => void;
}

export function SaveDialog({ own, sql, values, chart, onSaved, onClose }: SaveProps) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Wanted>();
  const save = useWrite<Wanted, SavedQuery>(
    (wanted) => {
      const body = { ...wanted, name: wanted.name.trim(), sql, values, chart };
      return own ? api.patch(`/api/sql/queries/${encodeURIComponent(own.query_id)}`, body) : api.post("/api/sql/queries", body);
    },
    ["/api/sql/queries", "/api/sql/queries/"],
  );
  return (
    <FormDialog
      name="query"
      form={form}
      title={own ? t("sql.saveVersion", { n: own.version + 1 }) : t("sql.saveNew")}
      initialValues={{ name: own?.name ?? "", shared: own?.shared ?? false }}
      saving={save}
      onFinish={(wanted) => save.mutate(wanted, { onSuccess: onSaved })}
      onClose={onClose}
    >
      <Form.Item name="name" label={t("sql.name")} rules={[{ required: true, whitespace: true, message: t("form.required") }]}>
        <Input maxLength={120} data-testid="query-name" />
      </Form.Item>
      <Form.Item name="shared" label={t("sql.shareLabel")} valuePropName="checked" extra={t("sql.shareText")}>
        <Switch data-testid="query-shared" />
      </Form.Item>
    </FormDialog>
  );
}
